"""Which range an address is in, for whole columns: the most specific one of ranges that may overlap.

Overlapping ranges are cut into pieces that do not overlap, each belonging to the smallest range over it, so a look-up
is one binary search; and an address after the end of a piece is in none, whatever comes before it.
"""

from __future__ import annotations

import heapq
import itertools
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from flowsleuth.schema.addresses import canonical_address
from flowsleuth.schema.ipv4 import parse_ipv4

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

NONE = -1


@dataclass(frozen=True)
class Range:
    """Addresses from ``low`` to ``high``, both included, as integers; ``version`` is 4 or 6."""

    version: int
    low: int
    high: int


def parse_range(text: str) -> Range:
    """Read an address, a CIDR, or a range ``low-high``.

    Raises
    ------
    ValueError
        It is none of these, its ends are of different versions, or the end comes first.

    Examples
    --------
    >>> parse_range("10.0.0.1-10.0.0.9").high - parse_range("10.0.0.1").low
    8
    """
    text = text.strip()
    if "-" in text:
        first, _, last = text.partition("-")
        return range_between(first, last)
    if "/" in text:
        network = ip_network(text, strict=False)
        return Range(network.version, int(network.network_address), int(network.broadcast_address))
    return range_between(text, text)


def range_between(first: str, last: str) -> Range:
    """Read the two ends of a range; each an address, or its number.

    Raises
    ------
    ValueError
        As :func:`parse_range`.

    Examples
    --------
    >>> range_between("16777216", "16777471") == range_between("1.0.0.0", "1.0.0.255")
    True
    """
    low, high = (_address(text.strip()) for text in (first, last))
    if low.version != high.version:
        raise ValueError(f"ends of different versions: {first} and {last}")
    if int(low) > int(high):
        raise ValueError(f"ends before it begins: {first} to {last}")
    return Range(low.version, int(low), int(high))


def _address(text: str) -> Any:
    if text.isascii() and text.isdigit():
        return ip_address(int(text))
    return ip_address(canonical_address(text))


class RangeMap:
    """Ranges, ready to be asked about whole columns.

    Parameters
    ----------
    ranges : iterable of Range
        May overlap. Of two that are the same, the later one counts.

    Examples
    --------
    >>> import pyarrow as pa
    >>> nested = RangeMap([parse_range("10.0.0.0/8"), parse_range("10.1.0.0/16"), parse_range("2001:db8::/32")])
    >>> nested.find(pa.array(["10.1.2.3", "10.2.0.0", "2001:db8::9", "11.0.0.0", None])).tolist()
    [1, 0, 2, -1, -1]
    """

    def __init__(self, ranges: Iterable[Range]) -> None:
        import numpy as np

        listed = list(ranges)
        four = [(r.low, r.high, at) for at, r in enumerate(listed) if r.version == 4]
        six = [(r.low, r.high, at) for at, r in enumerate(listed) if r.version == 6]
        pieces = cut(four)
        self._four = Pieces(
            *(np.array([p[i] for p in pieces], kind) for i, kind in enumerate((np.uint32,) * 2 + (np.int64,)))
        )
        pieces = cut(six)
        packed = [[number.to_bytes(16, "big") for number in (p[0], p[1])] for p in pieces]
        ends = [np.array([pair[i] for pair in packed], dtype="S16") for i in (0, 1)]
        self._six = Pieces(ends[0], ends[1], np.array([p[2] for p in pieces], np.int64))

    @classmethod
    def of_pieces(cls, four: Pieces, six: Pieces) -> RangeMap:
        """A map of ranges that were cut already, of IPv4 and of IPv6."""
        made = cls([])
        made._four, made._six = four, six
        return made

    @property
    def pieces(self) -> tuple[Pieces, Pieces]:
        """What it is made of, IPv4 and IPv6: to be kept."""
        return self._four, self._six

    @classmethod
    def from_ipv4(cls, low: npt.NDArray[np.uint32], high: npt.NDArray[np.uint32]) -> RangeMap:
        """A map of many IPv4 ranges; quick when they are sorted and do not overlap, as in geography files."""
        import numpy as np

        if len(low) and bool((low <= high).all()) and bool((low[1:] > high[:-1]).all()):
            made = cls([])
            made._four = Pieces(low, high, np.arange(len(low), dtype=np.int64))
            return made
        return cls(Range(4, a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True))

    def find(self, addresses: pa.Array | AddressKeys) -> npt.NDArray[np.int64]:
        """The number of the range each address is in, in the order they were given; -1 for none.

        Parameters
        ----------
        addresses : pyarrow.Array of string, or AddressKeys
            Canonical text; null is in no range. Keys, where many maps are asked about the same addresses.
        """
        import numpy as np

        keys = addresses if isinstance(addresses, AddressKeys) else AddressKeys.of(addresses)
        found = np.full(keys.size, NONE, dtype=np.int64)
        found[keys.four_at] = self._four.find(keys.four)
        if len(self._six.low):
            found[keys.six_at] = self._six.find(keys.six)
        return found


@dataclass(frozen=True)
class AddressKeys:
    """A column of addresses, parsed.

    Attributes
    ----------
    size : int
        Rows of the column.
    four, six : numpy array
        IPv4 as uint32, IPv6 as 16 bytes.
    four_at, six_at : numpy array of int64
        Where they are in the column; what is in neither is no address.
    """

    size: int
    four: npt.NDArray[np.uint32]
    four_at: npt.NDArray[np.int64]
    six: npt.NDArray[Any]
    six_at: npt.NDArray[np.int64]

    @classmethod
    def of(cls, addresses: pa.Array) -> AddressKeys:
        """Parse a column of text.

        Examples
        --------
        >>> import pyarrow as pa
        >>> keys = AddressKeys.of(pa.array(["::1", "10.0.0.1", "host"]))
        >>> keys.four.tolist(), keys.four_at.tolist(), keys.six_at.tolist()
        ([167772161], [1], [0])
        """
        import numpy as np
        import pyarrow.compute as pc

        values, is_ipv4 = parse_ipv4(addresses)
        four_at, others = np.flatnonzero(is_ipv4), np.flatnonzero(~is_ipv4)
        texts = addresses.take(_indices(others))
        has_colon = pc.match_substring(texts, ":").fill_null(False)  # names are told apart before they are tried
        packed, is_ipv6 = parse_ipv6(texts.filter(has_colon))
        six_at = others[has_colon.to_numpy(zero_copy_only=False)][is_ipv6]
        return cls(len(addresses), values[four_at], four_at, packed[is_ipv6], six_at)


@dataclass(frozen=True)
class Pieces:
    """Pieces that do not overlap, in order.

    Attributes
    ----------
    low, high : numpy array
        First and last address: uint32 for IPv4, 16 bytes (``S16``) for IPv6.
    owner : numpy array of int64
        Which range it is a piece of.
    """

    low: npt.NDArray[Any]
    high: npt.NDArray[Any]
    owner: npt.NDArray[np.int64]

    def find(self, asked: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        import numpy as np

        if not len(self.low):
            return np.full(len(asked), NONE, dtype=np.int64)
        at = np.searchsorted(self.low, asked, side="right") - 1
        inside = (at >= 0) & (asked <= self.high[at])
        return np.where(inside, self.owner[at], NONE)


def _indices(places: npt.NDArray[Any]) -> Any:
    import pyarrow as pa

    return pa.array(places)


_PACK = partial(socket.inet_pton, socket.AF_INET6)
_NOTHING = bytes(16)


def parse_ipv6(column: pa.Array) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """IPv6 text to 16 bytes each, and whether it was IPv6.

    Examples
    --------
    >>> import pyarrow as pa
    >>> packed, is_ipv6 = parse_ipv6(pa.array(["::1", "10.0.0.1", None]))
    >>> bytes(packed[0])[-1], is_ipv6.tolist()
    (1, [True, False, False])
    """
    import numpy as np

    texts = column.to_pylist()
    is_ipv6 = np.ones(len(texts), dtype=bool)
    try:
        packed = b"".join(map(_PACK, texts))
    except (OSError, ValueError, TypeError):
        tried = [_packed(text) for text in texts]
        is_ipv6 = np.array([p is not None for p in tried], dtype=bool)
        packed = b"".join(p or _NOTHING for p in tried)
    return np.frombuffer(packed, dtype="S16"), is_ipv6


def _packed(text: str | None) -> bytes | None:
    try:
        return None if text is None else _PACK(text)
    except (OSError, ValueError):
        return None


def cut(ranges: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Cut ranges ``(low, high, owner)`` into pieces that do not overlap, each owned by the smallest range over it.

    Examples
    --------
    >>> cut([(0, 9, 0), (3, 5, 1)])
    [(0, 2, 0), (3, 5, 1), (6, 9, 0)]
    """
    ordered = sorted(ranges)
    borders = sorted({low for low, _, _ in ranges} | {high + 1 for _, high, _ in ranges})
    pieces: list[tuple[int, int, int]] = []
    open_ones: list[tuple[int, int, int]] = []
    coming = 0
    for border, after in itertools.pairwise(borders):
        while coming < len(ordered) and ordered[coming][0] == border:
            low, high, owner = ordered[coming]
            heapq.heappush(open_ones, (high - low, -owner, high))
            coming += 1
        while open_ones and open_ones[0][2] < border:
            heapq.heappop(open_ones)
        if not open_ones:
            continue
        owner = -open_ones[0][1]
        if pieces and pieces[-1][2] == owner and pieces[-1][1] == border - 1:
            pieces[-1] = (pieces[-1][0], after - 1, owner)
        else:
            pieces.append((border, after - 1, owner))
    return pieces
