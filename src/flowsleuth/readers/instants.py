"""Times as logs write them, to exact microseconds UTC, and casts that tell which values did not fit."""

from __future__ import annotations

from typing import TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Column: TypeAlias = pa.Array | pa.ChunkedArray

INSTANT = pa.timestamp("us", tz="UTC")
LAST_SECOND = 253_402_300_799
"""31 December 9999, the last day that Python and SQL engines can show."""
FIRST_SECOND = -62_135_596_800
"""1 January of the year 1."""
MILLIS_FROM = 1e11
"""Epoch numbers at least this large are milliseconds: as seconds they would lie behind the year 5138."""

_ZONED = r"(?:[Zz]|[+-]\d\d(?::?\d\d)?)$"


def microseconds(seconds: Column) -> Column:
    """Seconds as float64 to whole microseconds, rounded, as int64.

    A decimal text with six digits behind the point, read as float64, comes out exact up to the year 2112.

    Raises
    ------
    pyarrow.ArrowInvalid
        A value is not finite, or too large.

    Examples
    --------
    >>> import pyarrow as pa
    >>> microseconds(pa.array([1588205199.82437])).to_pylist()
    [1588205199824370]
    """
    return pc.cast(pc.round(pc.multiply(seconds, 1e6)), pa.int64())


def instants_of_seconds(seconds: Column) -> Column:
    """Seconds since 1970 as float64 to instants.

    Raises
    ------
    pyarrow.ArrowInvalid
        A value is not finite, or lies outside the years 1 to 9999.
    """
    if len(seconds) > seconds.null_count:
        found = pc.min_max(seconds).as_py()
        if not (found["min"] >= FIRST_SECOND and found["max"] <= LAST_SECOND):
            raise pa.ArrowInvalid("time outside the years 1 to 9999")
    return microseconds(seconds).cast(INSTANT)


def epoch_seconds(numbers: Column) -> Column:
    """Epoch numbers that may be milliseconds (from 1e11 on) to seconds."""
    if len(numbers) == numbers.null_count or pc.max(numbers).as_py() < MILLIS_FROM:
        return numbers
    return pc.if_else(pc.less(numbers, MILLIS_FROM), numbers, pc.divide(numbers, 1e3))


def split_cast(column: Column, wanted: pa.DataType) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """Cast what can be cast; the rest becomes null.

    Returns
    -------
    column : pyarrow.Array of ``wanted``
    is_bad : numpy array of bool
        Values that were there but do not fit.

    Examples
    --------
    >>> import pyarrow as pa
    >>> column, is_bad = split_cast(pa.array(["1", "x", None]), pa.int64())
    >>> column.to_pylist(), is_bad.tolist()
    ([1, None, None], [False, True, False])
    """
    whole = pa.concat_arrays(column.chunks) if isinstance(column, pa.ChunkedArray) and column.num_chunks else column
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.array([], type=whole.type)
    is_bad = np.zeros(len(whole), dtype=bool)
    _mark_bad(whole, wanted, is_bad, 0)
    if is_bad.any():
        whole = pc.if_else(pa.array(is_bad), pa.scalar(None, whole.type), whole)
    return pc.cast(whole, wanted), is_bad


def _mark_bad(part: pa.Array, wanted: pa.DataType, is_bad: npt.NDArray[np.bool_], at: int) -> None:
    """Halve until the values that do not fit stand alone."""
    try:
        pc.cast(part, wanted)
    except pa.ArrowInvalid:
        if len(part) == 1:
            is_bad[at] = True
            return
        middle = len(part) // 2
        _mark_bad(part[:middle], wanted, is_bad, at)
        _mark_bad(part[middle:], wanted, is_bad, at + middle)


def instants_of_text(texts: Column, tz: ZoneInfo) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """ISO 8601 text to instants; a time without zone is taken in ``tz``.

    Returns
    -------
    instants : pyarrow.Array of timestamp
    is_bad : numpy array of bool
        Texts that are no time.

    Examples
    --------
    >>> import pyarrow as pa
    >>> found, is_bad = instants_of_text(pa.array(["2021-06-06T15:59:46.457984+0200", "soon"]), ZoneInfo("UTC"))
    >>> str(found[0]), is_bad.tolist()
    ('2021-06-06 13:59:46.457984+00:00', [False, True])
    """
    whole = pa.concat_arrays(texts.chunks) if isinstance(texts, pa.ChunkedArray) else texts
    is_zoned = pc.match_substring_regex(whole, _ZONED)
    if len(whole) == whole.null_count or pc.all(is_zoned).as_py():
        return split_cast(whole, INSTANT)
    nothing = pa.scalar(None, whole.type)
    zoned, bad_zoned = split_cast(pc.if_else(is_zoned, whole, nothing), INSTANT)
    local, bad_local = split_cast(pc.if_else(is_zoned, nothing, whole), pa.timestamp("us"))
    placed = pc.assume_timezone(local, tz.key, ambiguous="earliest", nonexistent="earliest").cast(INSTANT)
    return pc.coalesce(zoned, placed), bad_zoned | bad_local
