"""Countries and names of autonomous systems from the data of the package geoip2fast (extra ``geo``), read as ranges.

The package is MIT; its data are MaxMind's GeoLite2 of June 2024 under MaxMind's terms, so it is an extra that the user
chooses. "This product includes GeoLite2 data created by MaxMind, available from https://www.maxmind.com." It names the
autonomous systems and does not number them.

The data are a pickle of lists, numbers and texts. Only the file of the installed package is read, whose code the user
trusts already, and by a reader that refuses anything but those: no class, no function.
"""

from __future__ import annotations

import datetime as dt
import gzip
import importlib.util
import io
import itertools
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.countries import country_names
from flowsleuth.enrich.networks import host_mask, in_order, join, segments, successor
from flowsleuth.enrich.place_columns import columns_of
from flowsleuth.enrich.range_facts import RangeFacts
from flowsleuth.errors import FlowsleuthError
from flowsleuth.schema.ranges import Pieces, RangeMap

if TYPE_CHECKING:
    import numpy.typing as npt

FILE_NAME = "geoip2fast-asn-ipv6.dat.gz"
_NOBODY = ("<unknown>", "IANA.ORG")
_FIRST_IPV6 = 2**32
_HALF = 2**64 - 1
_PAIR = 2**32
"""A country and a system as one number: (country + 1) x this + system + 1, so that 0 is neither."""


class _ListsOnly(pickle.Unpickler):
    """Reads lists, dicts, numbers and texts; nothing that could run."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it names {module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("it has outside references")


def installed_file() -> Path | None:
    """The data file of the installed package; None when it is not installed. The package is not imported."""
    found = importlib.util.find_spec("geoip2fast")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent / FILE_NAME
    return path if path.is_file() else None


def read_geoip2fast(path: Path) -> RangeFacts:
    """Read the file; call it with :func:`installed_file` only.

    Raises
    ------
    FlowsleuthError
        It is not built as it was in version 1.2.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        with gzip.open(path) as file:
            _, about, _, base = _ListsOnly(io.BytesIO(file.read())).load()
        countries, names = base[2], base[3]
        places = _pieces(base[4], base[6], base[8])
        systems = _pieces(base[5], base[7], base[9])
        made = dt.datetime.strptime(about["info"][-8:], "%Y%m%d").replace(tzinfo=dt.UTC)
    except (OSError, EOFError, ValueError, TypeError, KeyError, IndexError, pickle.UnpicklingError) as error:
        raise FlowsleuthError(f"not readable as geoip2fast's data: {error}", where=str(path)) from None
    (four, four_pairs), (six, six_pairs) = (
        _overlaid(a, b, w) for a, b, w in zip(places, systems, (4, 16), strict=True)
    )
    pairs, owner = np.unique(np.concatenate([four_pairs, six_pairs]), return_inverse=True)
    ranges = RangeMap.of_pieces(
        Pieces(four.low, four.high, owner[: len(four.low)]), Pieces(six.low, six.high, owner[len(four.low) :])
    )
    kept = [None if name in _NOBODY else str(name) for name in names]
    codes, titles = (_taken(of_all, pairs // _PAIR - 1) for of_all in _countries(countries))
    named = pc.coalesce(country_names(codes), titles)  # theirs only for codes that ISO lacks, such as Kosovo's
    values = pa.table({"country_code": codes, "country": named, "as_name": _taken(kept, pairs % _PAIR - 1)})
    return RangeFacts("geoip2fast (GeoLite2)", ranges, values, columns_of(values), as_of=made)


def _pieces(starts: Sequence[Any], codes: Sequence[Any], bits: Sequence[Any]) -> tuple[Pieces, Pieces]:
    """Networks of one kind, IPv4 and IPv6."""
    import numpy as np

    flat = [list(itertools.chain.from_iterable(one)) for one in (starts, codes, bits)]
    first = next((at for at, start in enumerate(flat[0]) if start >= _FIRST_IPV6), len(flat[0]))
    owner, length = (np.array(column, np.int64) for column in flat[1:])
    low = np.array(flat[0][:first], np.uint64)
    high = low + (np.uint64(1) << (32 - length[:first]).astype(np.uint64)) - np.uint64(1)
    four = Pieces(low.astype(np.uint32), high.astype(np.uint32), owner[:first])
    upper = np.array([start >> 64 for start in flat[0][first:]], np.uint64)
    lower = np.array([start & _HALF for start in flat[0][first:]], np.uint64)
    host_upper, host_lower = host_mask(length[first:])
    six = Pieces(join(upper, lower), join(upper | host_upper, lower | host_lower), owner[first:])
    return four, six


def _overlaid(places: Pieces, systems: Pieces, width: int) -> tuple[Pieces, npt.NDArray[Any]]:
    """Ranges in which neither country nor system changes, and the two codes of each as one number."""
    import numpy as np

    ends = []
    for one in (places, systems):
        after, is_last = successor(one.high, width)
        ends += [one.low, after[~is_last]]
    starts = in_order(np.concatenate(ends))
    pairs = (places.find(starts) + 1) * _PAIR + systems.find(starts) + 1
    made = segments(starts, np.where(pairs == 0, np.int64(-1), pairs), width)
    return made, made.owner


def _countries(listed: Sequence[str]) -> tuple[list[str | None], list[str | None]]:
    """Codes and names; the reserved ranges that are listed among them have none."""
    split = [
        (code, name) if code.isalpha() else (None, None) for code, _, name in (one.partition(":") for one in listed)
    ]
    return [code for code, _ in split], [name for _, name in split]


def _taken(values: list[str | None], at: npt.NDArray[Any]) -> Any:
    import pyarrow as pa

    return pa.array(values, pa.string()).take(pa.array(at, mask=at < 0))
