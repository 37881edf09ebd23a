"""Columns of networks as text → ranges of addresses, whole columns at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsleuth.schema.ipv4 import parse_ipv4
from flowsleuth.schema.ranges import Pieces, RangeMap, cut, parse_ipv6

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

_SPLIT = r"^\s*(?P<address>[^/\s]+)(?P<bits>(?:/\d{1,3})?)\s*$"
_NUMBER = r"^\d+$"
LAID_AT_MOST = 40_000_000
"""Overlapping ranges are cut as whole columns up to so many segments covered (0.6 GB), else one by one."""


@dataclass(frozen=True)
class Networks:
    """Ranges of one column, in order of their rows; IPv4 as uint32, IPv6 as 16 bytes.

    Attributes
    ----------
    four, six : Pieces
        ``owner`` is the row's number; they may overlap.
    bad : numpy array of int64
        Rows that are no network.
    """

    four: Pieces
    six: Pieces
    bad: npt.NDArray[np.int64]

    def to_map(self) -> RangeMap:
        """Ready to be asked; the most specific range counts, of equal ones the later."""
        return RangeMap.of_pieces(_disjoint(self.four, 4), _disjoint(self.six, 16))


def parse_networks(column: pa.Array) -> Networks:
    """Read addresses and CIDRs; host bits are set to 0.

    Parameters
    ----------
    column : pyarrow.Array of string

    Examples
    --------
    >>> import pyarrow as pa
    >>> read = parse_networks(pa.array(["10.0.0.0/8", "2001:db8::/32", "192.0.2.7", "here", None, "10.0.0.0/33"]))
    >>> read.bad.tolist(), read.to_map().find(pa.array(["10.1.2.3", "2001:db8::9", "192.0.2.8"])).tolist()
    ([3, 4, 5], [0, 1, -1])
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = pc.extract_regex(column, _SPLIT)
    address = pc.struct_field(parts, "address")
    given = pc.utf8_slice_codeunits(pc.struct_field(parts, "bits"), 1)
    bits = pc.cast(pc.if_else(pc.equal(given, ""), "-1", given), pa.int16()).fill_null(-1).to_numpy()
    values, is_four = parse_ipv4(address)
    others = np.flatnonzero(~is_four)
    packed, is_packed = parse_ipv6(address.take(pa.array(others)))
    four_rows = np.flatnonzero(is_four & (bits <= 32))
    is_six = is_packed & (bits[others] <= 128)
    six_rows = others[is_six]
    four = _spread4(values[four_rows], bits[four_rows], four_rows)
    six = _spread6(packed[is_six], bits[six_rows], six_rows)
    return Networks(four, six, _rest(len(column), four_rows, six_rows))


def parse_ends(low: pa.Array, high: pa.Array) -> Networks:
    """Read ranges from two columns of addresses, or of their numbers (as text); the end is included.

    Examples
    --------
    >>> import pyarrow as pa
    >>> parse_ends(pa.array(["16777216", "::1"]), pa.array(["1.0.0.255", "::2"])).to_map().find(
    ...     pa.array(["1.0.0.9", "::2", "::3"])).tolist()
    [0, 1, -1]
    """
    import numpy as np

    (first4, is_first4), (last4, is_last4) = _ipv4_or_number(low), _ipv4_or_number(high)
    four_rows = np.flatnonzero(is_first4 & is_last4 & (first4 <= last4))
    (first6, is_first6), (last6, is_last6) = parse_ipv6(low), parse_ipv6(high)
    six_rows = np.flatnonzero(is_first6 & is_last6 & (first6 <= last6))
    four = Pieces(first4[four_rows], last4[four_rows], four_rows)
    six = Pieces(first6[six_rows], last6[six_rows], six_rows)
    return Networks(four, six, _rest(len(low), four_rows, six_rows))


def _ipv4_or_number(column: pa.Array) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.bool_]]:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    values, is_four = parse_ipv4(column)
    is_number = pc.match_substring_regex(column, _NUMBER).fill_null(False)
    if pc.any(is_number).as_py():
        short = pc.and_(is_number, pc.less_equal(pc.utf8_length(column), 10)).fill_null(False)
        numbers = pc.cast(pc.if_else(short, column, "-1"), pa.int64()).fill_null(-1).to_numpy()
        fits = (numbers >= 0) & (numbers < 2**32)
        values = np.where(fits, numbers, values).astype(np.uint32)
        is_four = is_four | fits
    return values, is_four


def _spread4(value: Any, bits: Any, rows: Any) -> Pieces:
    import numpy as np

    bits = np.where(bits < 0, 32, bits).astype(np.uint64)
    host = ((np.uint64(1) << (np.uint64(32) - bits)) - np.uint64(1)).astype(np.uint32)
    return Pieces(value & ~host, value | host, rows)


def _spread6(packed: Any, bits: Any, rows: Any) -> Pieces:
    import numpy as np

    bits = np.where(bits < 0, 128, bits).astype(np.int64)
    high, low = halves(packed)
    host_high, host_low = host_mask(bits)
    return Pieces(join(high & ~host_high, low & ~host_low), join(high | host_high, low | host_low), rows)


def host_mask(bits: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """The host part of IPv6 prefixes of these lengths, as two halves.

    Examples
    --------
    >>> import numpy as np
    >>> [half.tolist() for half in host_mask(np.array([128, 124]))]
    [[0, 0], [0, 15]]
    """
    return _ones(64 - bits), _ones(128 - bits)


def _ones(count: Any) -> Any:
    """So many low bits set, at least none and at most 64."""
    import numpy as np

    count = np.clip(count, 0, 64).astype(np.uint64)
    full = np.uint64(2**64 - 1)
    return np.where(count == 0, np.uint64(0), full >> (np.uint64(64) - np.maximum(count, np.uint64(1))))


def halves(packed: Any) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """16 bytes each as two numbers."""
    import numpy as np

    pairs = np.ascontiguousarray(packed).view(">u8").reshape(-1, 2).astype(np.uint64)
    return pairs[:, 0], pairs[:, 1]


def join(high: Any, low: Any) -> Any:
    """Two numbers each as 16 bytes.

    Examples
    --------
    >>> import numpy as np
    >>> [half.tolist() for half in halves(join(np.array([1], "u8"), np.array([2], "u8")))]
    [[1], [2]]
    """
    import numpy as np

    return np.ascontiguousarray(np.stack([high, low], axis=1).astype(">u8")).view("S16").ravel()


def _rest(size: int, four: Any, six: Any) -> npt.NDArray[np.int64]:
    import numpy as np

    is_bad = np.ones(size, dtype=bool)
    is_bad[four] = False
    is_bad[six] = False
    return np.flatnonzero(is_bad)


def _disjoint(pieces: Pieces, width: int) -> Pieces:
    """Sorted, and cut where they overlap: each address belongs to the smallest range over it, of equal ones the later.

    The ends of all ranges cut the space into segments; ranges are laid over the segments from the largest to the
    smallest, as one assignment in which the last one counts.
    """
    import numpy as np

    order = np.argsort(pieces.low, kind="stable")
    low, high, owner = pieces.low[order], pieces.high[order], pieces.owner[order]
    if bool((low[1:] > high[:-1]).all()):
        return Pieces(low, high, owner)
    after, is_last = successor(high, width)
    starts = in_order(np.concatenate([low, after[~is_last]]))
    first = np.searchsorted(starts, low)
    count = np.where(is_last, len(starts), np.searchsorted(starts, after)) - first
    if int(count.sum()) > LAID_AT_MOST:
        return _cut_one_by_one(low, high, owner, width)
    largest_first = np.lexsort((owner, *(~half for half in _extent(low, high, width))))
    first, count, owner = first[largest_first], count[largest_first], owner[largest_first]
    places = np.arange(int(count.sum())) + np.repeat(first - np.cumsum(count) + count, count)
    laid = np.full(len(starts), -1, dtype=np.int64)
    laid[places] = np.repeat(owner, count)
    return segments(starts, laid, width)


def in_order(ends: Any) -> Any:
    """Sorted, each once; ``numpy.unique`` is several times slower on 16 bytes."""
    import numpy as np

    ends = np.sort(ends)
    return ends[np.concatenate([[True], ends[1:] != ends[:-1]])] if len(ends) else ends


def segments(starts: Any, owner: npt.NDArray[np.int64], width: int) -> Pieces:
    """Segments that have an owner; neighbours of one owner as one."""
    import numpy as np

    changes = np.flatnonzero(np.concatenate([[True], owner[1:] != owner[:-1]]))
    low, owner = starts[changes], owner[changes]
    ends = np.concatenate([_predecessor(low[1:], width), _highest(width)])
    kept = owner >= 0
    return Pieces(low[kept], ends[kept], owner[kept])


def _highest(width: int) -> Any:
    import numpy as np

    return np.array([2**32 - 1], np.uint32) if width == 4 else np.array([b"\xff" * 16], "S16")


def successor(ends: Any, width: int) -> tuple[Any, npt.NDArray[np.bool_]]:
    """The address after each, and which have none (their successor is of no meaning)."""
    import numpy as np

    if width == 4:
        return ends + np.uint32(1), ends == 2**32 - 1
    high, low = halves(ends)
    after = low + np.uint64(1)
    return join(high + (after == 0), after), (high & low) == 2**64 - 1


def _predecessor(ends: Any, width: int) -> Any:
    import numpy as np

    if width == 4:
        return ends - np.uint32(1)
    high, low = halves(ends)
    return join(high - (low == 0), low - np.uint64(1))


def _extent(low: Any, high: Any, width: int) -> tuple[Any, ...]:
    """How large each range is, as one number or two halves, the lower one first."""
    if width == 4:
        return (high - low,)
    (low_high, low_low), (high_high, high_low) = halves(low), halves(high)
    return high_low - low_low, high_high - low_high - (high_low < low_low)


def _cut_one_by_one(low: Any, high: Any, owner: npt.NDArray[np.int64], width: int) -> Pieces:
    """The same for ranges that overlap very often: slower, and never large."""
    import numpy as np

    made = cut(list(zip(_whole(low, width), _whole(high, width), owner.tolist(), strict=True)))
    if width == 4:
        ends = [np.array([piece[at] for piece in made], dtype=np.uint32) for at in (0, 1)]
    else:
        ends = [np.frombuffer(b"".join(p[at].to_bytes(16, "big") for p in made), dtype="S16") for at in (0, 1)]
    return Pieces(ends[0], ends[1], np.array([piece[2] for piece in made], dtype=np.int64))


def _whole(ends: Any, width: int) -> list[int]:
    if width == 4:
        return [int(end) for end in ends.tolist()]
    high, low = halves(ends)
    return [(a << 64) | b for a, b in zip(high.tolist(), low.tolist(), strict=True)]
