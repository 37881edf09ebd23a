"""Which values meet which indicators: whole columns at a time.

Addresses meet addresses and CIDRs; names meet domains, with their subdomains; URLs meet URLs, whatever the scheme;
hashes meet hashes. A value may meet several indicators, of several feeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flowsleuth.extract.observables import ADDRESSES, CIDR, HASHES
from flowsleuth.extract.urls import url_key
from flowsleuth.schema.ranges import AddressKeys, RangeMap, parse_range

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

DEEPEST = 12
"""Labels of a name that are looked at from its end on; longer names are made up by machines, below a short domain."""


@dataclass(frozen=True)
class Pairs:
    """Which values meet which indicators.

    Attributes
    ----------
    values, indicators : numpy array of int64
        Row numbers of both, as many as there are meetings.
    """

    values: npt.NDArray[np.int64]
    indicators: npt.NDArray[np.int64]

    @classmethod
    def join(cls, parts: Sequence[Pairs]) -> Pairs:
        """Several as one."""
        import numpy as np

        if not parts:
            return cls(np.zeros(0, np.int64), np.zeros(0, np.int64))
        return cls(np.concatenate([p.values for p in parts]), np.concatenate([p.indicators for p in parts]))


class _Exact:
    """Texts, each owned by one or more indicators."""

    def __init__(self, texts: pa.Array, owners: npt.NDArray[np.int64]) -> None:
        import numpy as np

        encoded = texts.dictionary_encode()
        self._distinct = encoded.dictionary
        codes = encoded.indices.to_numpy(zero_copy_only=False)
        order = np.argsort(codes, kind="stable")
        self._owners = owners[order]
        self._begin = np.searchsorted(codes[order], np.arange(len(self._distinct) + 1))

    def find(self, values: pa.Array) -> Pairs:
        import numpy as np
        import pyarrow.compute as pc

        if not len(self._distinct):
            return Pairs.join([])
        place = pc.index_in(values, value_set=self._distinct)
        found = np.flatnonzero(place.is_valid().to_numpy(zero_copy_only=False))
        if not len(found):
            return Pairs.join([])
        code = place.drop_null().to_numpy(zero_copy_only=False).astype(np.int64)
        counts = (self._begin[code + 1] - self._begin[code]).astype(np.int64)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return Pairs(np.repeat(found, counts), self._owners[np.repeat(self._begin[code], counts) + within])


class Matcher:
    """Indicators, ready to be compared with whole columns.

    Parameters
    ----------
    indicators : pyarrow.Table
        Rows of ``schema.INDICATOR``.

    Examples
    --------
    >>> import pyarrow as pa
    >>> listed = {"indicator": ["198.51.100.0/24", "198.51.100.7", "evil.com"]}
    >>> matcher = Matcher(pa.table({"feed": ["a", "a", "b"], "is_exact": [False] * 3} | listed
    ...     | {"indicator_type": ["cidr", "ipv4", "domain"]}))
    >>> pairs = matcher.addresses(pa.array(["198.51.100.7", "8.8.8.8", "198.51.100.9"]))
    >>> pairs.values.tolist(), pairs.indicators.tolist()
    ([0, 0, 2], [1, 0, 0])
    >>> matcher.domains(pa.array(["www.evil.com", "notevil.com", "EVIL.com."])).values.tolist()
    [0, 2]
    """

    def __init__(self, indicators: pa.Table) -> None:
        self.indicators = indicators

    @cached_property
    def _addresses(self) -> _Exact:
        return self._exact(ADDRESSES)

    @cached_property
    def _domains(self) -> _Exact:
        return self._exact(("domain",))

    @cached_property
    def _parents(self) -> _Exact:
        """Domains that stand for what is below them."""
        return self._exact(("domain",), with_exact=False)

    @cached_property
    def _hashes(self) -> _Exact:
        return self._exact(HASHES)

    def _rows(self, types: Sequence[str]) -> npt.NDArray[np.int64]:
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        wanted = pc.is_in(self.indicators["indicator_type"], value_set=pa.array(list(types), pa.string()))
        return np.flatnonzero(wanted.to_numpy(zero_copy_only=False)).astype(np.int64)

    def _exact(self, types: Sequence[str], *, with_exact: bool = True) -> _Exact:
        import pyarrow as pa

        rows = self._rows(types)
        if not with_exact:
            is_exact = self.indicators["is_exact"].to_numpy(zero_copy_only=False).astype(bool)
            rows = rows[~is_exact[rows]]
        return _Exact(_plain(self.indicators["indicator"].take(pa.array(rows))), rows)

    @cached_property
    def _urls(self) -> _Exact:
        import pyarrow as pa

        rows = self._rows(("url",))
        keys = [url_key(text) for text in self.indicators["indicator"].take(pa.array(rows)).to_pylist()]
        return _Exact(pa.array(keys, pa.string()), rows)

    @cached_property
    def _networks(self) -> list[tuple[RangeMap, npt.NDArray[np.int64]]]:
        """One map for each feed: within a feed the most specific network counts."""
        import numpy as np
        import pyarrow as pa

        rows = self._rows((CIDR,))
        chosen = self.indicators.take(pa.array(rows))
        by_feed: dict[str, list[int]] = {}
        for at, feed in enumerate(chosen["feed"].to_pylist()):
            by_feed.setdefault(feed, []).append(at)
        texts = chosen["indicator"].to_pylist()
        return [
            (RangeMap(parse_range(texts[at]) for at in places), rows[np.array(places)]) for places in by_feed.values()
        ]

    def has(self, *types: str) -> bool:
        """Whether there are indicators of any of some types."""
        return self._rows(types).size > 0

    @property
    def sites(self) -> list[str]:
        """Hosts (with port where it is not the usual one) of URL indicators."""
        urls = self.indicators["indicator"].to_pylist()
        keys = (url_key(urls[row]) for row in self._rows(("url",)).tolist())
        return sorted({key.partition("/")[0] for key in keys if key is not None})

    def addresses(self, values: pa.Array) -> Pairs:
        """Canonical addresses; null meets nothing."""
        import numpy as np

        plain = _plain(values)
        parts = [self._addresses.find(plain)]
        keys = AddressKeys.of(plain)
        for ranges, owners in self._networks:
            found = ranges.find(keys)
            inside = np.flatnonzero(found >= 0).astype(np.int64)
            parts.append(Pairs(inside, owners[found[inside]]))
        return _ordered(Pairs.join(parts))

    def domains(self, values: pa.Array) -> Pairs:
        """Names in any case, with a final dot or not: itself, and every domain it is below of."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        name = pc.utf8_rtrim(pc.utf8_lower(_plain(values)), characters=".")
        parts = [self._domains.find(name)]
        rows = np.arange(len(name), dtype=np.int64)
        for _ in range(DEEPEST):
            has_parent = pc.fill_null(pc.match_substring(name, "."), False).to_numpy(zero_copy_only=False)
            if not has_parent.any():
                break
            rows, name = rows[has_parent], name.filter(pa.array(has_parent))
            name = pc.replace_substring_regex(name, pattern=r"^[^.]*\.", replacement="")
            found = self._parents.find(name)
            parts.append(Pairs(rows[found.values], found.indicators))
        return _ordered(Pairs.join(parts))

    def urls(self, values: Sequence[str | None]) -> Pairs:
        """URLs, compared by site and target."""
        import pyarrow as pa

        keys = [None if value is None else url_key(value) for value in values]
        return _ordered(self._urls.find(pa.array(keys, pa.string())))

    def hashes(self, values: pa.Array) -> Pairs:
        """Hashes in any case, with colons between their bytes or not."""
        import pyarrow.compute as pc

        plain = pc.replace_substring(pc.utf8_lower(_plain(values)), pattern=":", replacement="")
        return _ordered(self._hashes.find(plain))


def _plain(values: Any) -> pa.Array:
    """A column as one array of text."""
    import pyarrow as pa

    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    return values if values.type == pa.string() else values.cast(pa.string())


def _ordered(pairs: Pairs) -> Pairs:
    import numpy as np

    order = np.argsort(pairs.values, kind="stable")
    return Pairs(pairs.values[order], pairs.indicators[order])
