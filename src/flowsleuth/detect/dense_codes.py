"""Texts and packed keys as dense integer codes, whole columns at a time, the same for any row order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.kernels.topics_counts import mix64

if TYPE_CHECKING:
    import pyarrow as pa

Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]

Columns = TypeVar("Columns")

FEW, FITS_CACHE = 20_000, 200_000
_HALF = 32
"""Bits of a half of a number."""
_STEP = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio, as in SplitMix64


class TextCodes:
    """Distinct texts; a text's code is its place.

    Parameters
    ----------
    texts : pyarrow.Array of string
        Without null or repetition.

    Examples
    --------
    >>> import pyarrow as pa
    >>> codes = TextCodes.distinct(pa.chunked_array([["b", "a", "c", "a"]]))
    >>> len(codes), codes.of(pa.array(["c", "a", None])).tolist()
    (3, [2, 0, -1])
    """

    def __init__(self, texts: pa.Array) -> None:
        self.texts = texts

    @classmethod
    def distinct(cls, column: pa.ChunkedArray) -> TextCodes:
        """Codes for the distinct texts of a column, in sorted order; nulls are left out."""
        import pyarrow as pa
        import pyarrow.compute as pc

        found = pc.unique(column.cast(pa.string())).drop_null()
        return cls(found.take(pc.sort_indices(found)))

    def __len__(self) -> int:
        return len(self.texts)

    def of(self, column: Any) -> Ints:
        """Codes of a column of text; -1 for null and for a text that is not there."""
        import pyarrow as pa
        import pyarrow.compute as pc

        found = pc.index_in(column, value_set=self.texts).fill_null(-1)
        if isinstance(found, pa.ChunkedArray):
            found = found.combine_chunks()
        codes: Ints = np.asarray(found).astype(np.int64)
        return codes

    def hashes(self) -> Keys:
        """A 64-bit hash of each text, of its octets in UTF-8, the same on every machine and engine: shape (len,).

        Examples
        --------
        >>> import pyarrow as pa
        >>> a, b = TextCodes(pa.array(["böse.example", "\u202eexe.example"])).hashes()
        >>> bool(a == b)
        False
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        if not len(self.texts):
            return np.zeros(0, dtype=np.uint64)
        lengths = pc.binary_length(self.texts).to_numpy(zero_copy_only=False)
        hashes = np.empty(len(self.texts), dtype=np.uint64)
        for wide in distinct(lengths // 8 + 1):  # texts of like length together, so that a text's hash is its own
            at = np.flatnonzero(lengths // 8 + 1 == wide)
            octets = self.texts.take(pa.array(at)).cast(pa.binary())
            raw = octets.to_numpy(zero_copy_only=False).astype(f"S{wide * 8}")
            hashes[at] = hash_rows(raw.view("<u8").reshape(at.size, -1))
        return hashes


def hash_rows(words: NDArray[Any]) -> Keys:
    """Hash rows of 64-bit integers: uint64, shape (n_rows,).

    Examples
    --------
    >>> a, b = hash_rows(np.array([[1, 2], [2, 1]]))
    >>> bool(a == b)
    False
    """
    columns = np.asarray(words).astype(np.uint64).T
    total: Keys = np.full(columns.shape[1], _STEP, dtype=np.uint64)
    for column in columns:
        total = mix64((total ^ column) * _STEP + _STEP)
    return total


def to_signed(keys: Keys) -> Ints:
    """The same 64 bits as int64, which is what every engine can store."""
    return keys.view(np.int64)


def look_up(sorted_keys: Ints, wanted: NDArray[Any]) -> Ints:
    """Places of keys in a sorted array of distinct keys; -1 for a key that is not there.

    Many keys for a large array are sorted first: a search in order runs through the cache, one at random does not.

    Examples
    --------
    >>> look_up(np.array([3, 5, 9]), np.array([9, 4])).tolist()
    [2, -1]
    """
    if not sorted_keys.size:
        return np.full(wanted.shape, -1, dtype=np.int64)
    if wanted.size > FEW and sorted_keys.size > FITS_CACHE:
        order = np.argsort(wanted)
        found = np.empty(wanted.size, dtype=np.int64)
        found[order] = _search(sorted_keys, wanted[order])
        return found
    return _search(sorted_keys, wanted)


def _search(sorted_keys: Ints, wanted: NDArray[Any]) -> Ints:
    at = np.minimum(np.searchsorted(sorted_keys, wanted), sorted_keys.size - 1)
    return np.where(sorted_keys[at] == wanted, at, -1)


def group_starts(sorted_keys: NDArray[Any]) -> Ints:
    """Where each run of equal keys begins; a key may be of several numbers, then they are of shape (numbers, n).

    Examples
    --------
    >>> group_starts(np.array([4, 4, 7])).tolist()
    [0, 2]
    >>> group_starts(np.array([[4, 4, 4], [7, 8, 8]])).tolist()
    [0, 1]
    """
    if not sorted_keys.size:
        return np.zeros(0, dtype=np.int64)
    is_new = sorted_keys[..., 1:] != sorted_keys[..., :-1]
    return np.flatnonzero(np.append(True, is_new if is_new.ndim == 1 else is_new.any(axis=0)))


def distinct(values: NDArray[Any]) -> NDArray[Any]:
    """The distinct values, sorted. ``numpy.unique`` hashes whole numbers, and takes up to fifty times as long for it.

    Examples
    --------
    >>> distinct(np.array([5, 3, 5])).tolist()
    [3, 5]
    """
    ordered = np.sort(values, axis=None)
    return ordered[group_starts(ordered)]


def row_order(numbers: NDArray[Any]) -> Ints:
    """Rows in order of numbers, of equal ones as they came: ``numpy.argsort(kind="stable")``, faster.

    A number and its row are sorted as one where both fit in 63 bits, else by halves: whole numbers are sorted much
    faster than rows by them (three million in an eighth of the time, by halves in less than a half).

    Examples
    --------
    >>> row_order(np.array([9, -3, 9, 5])).tolist()
    [1, 3, 0, 2]
    """
    if numbers.size < 2:
        return np.arange(numbers.size)
    lowest = np.argmin(numbers)
    if numbers.dtype.kind == "f" and np.isnan(numbers[lowest]):  # its bits tell nothing of its place, which is the last
        return np.argsort(numbers, kind="stable")
    above = _bits(numbers)
    above -= above[lowest]
    if int(above.max()).bit_length() + (numbers.size - 1).bit_length() <= 63:
        return _order_with_rows(above)
    order = _order_with_rows(above & np.uint64(2**_HALF - 1))
    return order[_order_with_rows(above[order] >> np.uint64(_HALF))]


def _bits(numbers: NDArray[Any]) -> Keys:
    """The bits of numbers, such that what they are above the lowest, modulo 2^64, is in the numbers' own order."""
    if numbers.dtype.kind == "f":
        signed = (numbers.astype(np.float64) + 0.0).view(np.int64)  # one zero
        return (signed ^ ((signed >> 63) & np.int64(2**63 - 1))).view(np.uint64)
    return numbers.astype(np.uint64)


def _order_with_rows(numbers: Keys) -> Ints:
    """Order of numbers that fit in 63 bits together with their rows."""
    bits = np.uint64((numbers.size - 1).bit_length())
    both = (numbers << bits).view(np.int64)
    both |= np.arange(numbers.size)
    both.sort()
    both &= (1 << int(bits)) - 1
    return both


def placed(numbers: NDArray[Any]) -> tuple[NDArray[Any], Ints]:
    """Distinct whole numbers, sorted, and each row's place among them: ``numpy.unique`` and its inverse, faster.

    Examples
    --------
    >>> [found.tolist() for found in placed(np.array([9, -3, 9, 5]))]
    [[-3, 5, 9], [2, 0, 2, 1]]
    """
    if bool(np.all(numbers[1:] >= numbers[:-1])):
        starts = group_starts(numbers)
        return numbers[starts], _runs(starts, numbers.size)
    order = row_order(numbers)
    ordered = numbers[order]
    starts = group_starts(ordered)
    at = np.empty(numbers.size, dtype=np.int64)
    at[order] = _runs(starts, numbers.size)
    return ordered[starts], at


def _runs(starts: Ints, size: int) -> Ints:
    """Which run each of the sorted rows is in."""
    return np.repeat(np.arange(starts.size), np.diff(np.append(starts, size)))


def order_within(group: NDArray[Any], values: NDArray[Any]) -> Ints:
    """Order of rows by whole numbers, then by values: ``numpy.lexsort((values, group))``, faster.

    Examples
    --------
    >>> order_within(np.array([1, 0, 1]), np.array([7.0, 9.0, 3.0])).tolist()
    [1, 2, 0]
    """
    order = row_order(values)
    return order[row_order(group[order])]


def joined(parts: Sequence[Columns]) -> Columns:
    """Several sets of the same arrays, dataclasses of nothing else, as one.

    Examples
    --------
    >>> from flowsleuth.detect.kernels.familiarity import Met
    >>> one = Met(np.array([1]), np.array([2]), np.array([3]))
    >>> joined([one, one]).what.tolist()
    [2, 2]
    """
    columns = zip(*(vars(part).values() for part in parts), strict=True)
    return type(parts[0])(*(np.concatenate(column) for column in columns))


def in_runs(starts: Ints, sizes: Ints) -> tuple[Ints, Ints]:
    """Rows of several runs of consecutive ones, run after run: which run each is of, and the row.

    Examples
    --------
    >>> [a.tolist() for a in in_runs(np.array([7, 2]), np.array([2, 3]))]
    [[0, 0, 1, 1, 1], [7, 8, 2, 3, 4]]
    """
    run = np.repeat(np.arange(sizes.size), sizes)
    return run, np.arange(run.size) + np.repeat(starts - np.cumsum(sizes) + sizes, sizes)


def pack(*columns: NDArray[Any]) -> Ints:
    """One number for each row of whole numbers, in the order of the first, then of the second, and so on: shape (n,).

    Rows are sorted and told apart by it as by all columns, at the cost of one. Where the columns' ranges are too wide
    to be one number of 64 bits together, it is the row's place among the distinct ones.

    Examples
    --------
    >>> packed = pack(np.array([2, -1, 2]), np.array([5, 9, 5]))
    >>> bool(packed[1] < packed[0] == packed[2])
    True
    """
    if not columns[0].size:
        return np.zeros(0, dtype=np.int64)
    lowest, spans = _ranges(columns)
    if math.prod(spans) >= 2**63:
        places = np.unique(np.stack([column.astype(np.int64) for column in columns]), axis=1, return_inverse=True)[1]
        return np.asarray(places, dtype=np.int64).reshape(-1)
    packed = np.zeros(columns[0].size, dtype=np.int64)
    for column, low, span in zip(columns, lowest, spans, strict=True):
        packed = packed * span + (column.astype(np.int64) - low)
    return packed


def _ranges(columns: Sequence[NDArray[Any]]) -> tuple[list[int], list[int]]:
    """The smallest number of each column, and how many numbers there are from it to the largest."""
    lowest = [int(column.min()) for column in columns]
    return lowest, [int(column.max()) - low + 1 for column, low in zip(columns, lowest, strict=True)]


def order_of(*columns: NDArray[Any]) -> Ints:
    """Order of rows of whole numbers by the first column, then by the second, and so on; of equal rows as they came.

    ``numpy.lexsort``, faster: rows that fit in one number (:func:`pack`) are sorted by it.

    Examples
    --------
    >>> order_of(np.array([2, 1, 2]), np.array([5, 9, 4])).tolist()
    [1, 2, 0]
    """
    if not columns[0].size or math.prod(_ranges(columns)[1]) >= 2**63:
        return np.lexsort(columns[::-1])
    return row_order(pack(*columns))


def places_in(chosen: Ints, size: int) -> Ints:
    """The place in `chosen`, which repeats nothing, of each number below `size`; -1 for one that is not there.

    Examples
    --------
    >>> places_in(np.array([3, 1]), 5).tolist()
    [-1, 1, -1, 0, -1]
    """
    places = np.full(size, -1)
    places[chosen] = np.arange(chosen.size)
    return places


def only_value(values: NDArray[Any], of: NDArray[Any], groups: int) -> Ints:
    """The value that all of a group have; -1 where it has several. `of` is -1 for what is in no group.

    Examples
    --------
    >>> only_value(np.array([7, 7, 3, 4, 9]), np.array([0, 0, 1, 1, -1]), 2).tolist()
    [7, -1]
    """
    low, high = np.full(groups, np.iinfo(np.int64).max), np.full(groups, -1)
    at = np.flatnonzero(of >= 0)
    np.minimum.at(low, of[at], values[at])
    np.maximum.at(high, of[at], values[at])
    return np.where(low == high, low, -1)


def count_distinct(group: NDArray[Any], value: NDArray[Any], n_groups: int) -> Ints:
    """How many distinct values (of at least 0) each group has: shape (n_groups,).

    Examples
    --------
    >>> count_distinct(np.array([0, 0, 0, 2]), np.array([7, 7, 5, 0]), 3).tolist()
    [2, 0, 1]
    """
    span = int(value.max(initial=0)) + 1
    return np.bincount(distinct(group.astype(np.int64) * span + value) // span, minlength=n_groups)
