"""The times of a frame's column, whatever they are written as, and what has to be said about them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.schema.tabular import column_names, need_columns, text_column
from flowsleuth.schema.time_columns import utc_times
from flowsleuth.viz.measures import left_out, told

if TYPE_CHECKING:
    import pyarrow as pa

TIME_COLUMNS = ("TimeGenerated", "first_seen", "start", "time", "timestamp", "TimeCreatedUtc", "StartTimeUtc")
"""Columns that are taken for the time when none is named, in this order."""
ZONE = r"(?i)(z|utc|gmt|[+-]\d{2}:?\d{2})\s*$|^[+-]?\d+(\.\d+)?$"
"""How a text ends that tells its zone; a number since 1970 needs none."""
FIRST_US, LAST_US = -62_135_596_800_000_000, 253_402_300_800_000_000
"""The years 1 to 9999: others have no name on an axis."""


@dataclass(frozen=True)
class Moments:
    """Times of a column.

    Attributes
    ----------
    micros : pyarrow.Array
        Microseconds since 1970 UTC, int64; null where there is no time.
    missing : int
        Rows without a time.
    is_naive : bool
        Whether some named no zone; they are taken as UTC.
    """

    micros: pa.Array
    missing: int
    is_naive: bool


def time_column(data: Any, asked: str | None = None) -> str:
    """The column of times: the one that was asked for, or the first of :data:`TIME_COLUMNS` that is there.

    Raises
    ------
    OptionError
        There is none, or it is not there.

    Examples
    --------
    >>> import pyarrow as pa
    >>> time_column(pa.table({"host": ["a"], "TimeGenerated": ["2019-02-14"]}))
    'TimeGenerated'
    """
    names = column_names(data)
    if asked is None:
        asked = next((name for name in TIME_COLUMNS if name in names), None)
        if asked is None:
            raise OptionError("no column of times is named", where="time_column", available=names)
    need_columns(data, [asked])
    return asked


def moments_of(data: Any, column: str) -> Moments:
    """The times of a column: of a time type, or texts that tell one.

    Raises
    ------
    OptionError
        There is no such column, or it holds numbers.

    Examples
    --------
    >>> import pyarrow as pa
    >>> found = moments_of(pa.table({"at": ["1970-01-01 00:00:01", None, "never", "1970-01-01T01:00:02+01:00"]}), "at")
    >>> found.micros.to_pylist(), found.missing, found.is_naive
    ([1000000, None, None, 2000000], 2, True)
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    given = _given(data, column)
    kind = given.type
    if pa.types.is_null(kind):
        given, kind = given.cast(pa.string()), pa.string()
    if not (pa.types.is_date(kind) or pa.types.is_timestamp(kind) or pa.types.is_string(kind)):
        raise OptionError("not a column of times", where=f"{column} ({kind})", hint="pandas.to_datetime makes one")
    micros = utc_times(pa.table({"at": given}), "at").cast(pa.int64())
    if pa.types.is_string(kind):
        is_naive = _is_naive(given, micros)
    else:
        is_naive = getattr(kind, "tz", None) is None and given.null_count < len(given)
    known = pc.and_(pc.greater_equal(micros, FIRST_US), pc.less(micros, LAST_US))
    micros = pc.if_else(known, micros, pa.scalar(None, pa.int64()))
    return Moments(micros, micros.null_count, is_naive)


def said_of(rows: int, *found: Moments) -> str:
    """What a reader has to know about the times.

    Examples
    --------
    >>> import pyarrow as pa
    >>> said_of(3, moments_of(pa.table({"at": ["2019-02-14", None, "2019-02-15"]}), "at"))
    '1 of 3 rows has no time and is left out; times without a zone are taken as UTC'
    """
    lost = left_out(max(one.missing for one in found), rows, "time")
    return told(lost, "times without a zone are taken as UTC" if any(one.is_naive for one in found) else "")


def moment_ms(moment: Any) -> int:
    """A single time as milliseconds since 1970 UTC; without a zone it is UTC.

    Raises
    ------
    OptionError
        It is no time.

    Examples
    --------
    >>> import datetime as dt
    >>> moment_ms("1970-01-01 00:00:01"), moment_ms(dt.datetime(1970, 1, 1, 1, tzinfo=dt.UTC))
    (1000, 3600000)
    """
    import pandas as pd

    try:
        if isinstance(moment, bool | int | float):
            raise TypeError
        found = pd.Timestamp(moment)
        if pd.isna(found):
            raise ValueError
        found = found.tz_localize("UTC") if found.tzinfo is None else found.tz_convert("UTC")
        seconds: float = found.timestamp()
        return math.floor(seconds * 1000)
    except (TypeError, ValueError, OverflowError):
        hint = "give a datetime or a text like 2019-02-14 13:46:48"
        raise OptionError("not a time", where=repr(moment)[:80], hint=hint) from None


def _given(data: Any, column: str) -> pa.Array:
    """The column as it is, in one piece; what Arrow has no type for as text."""
    import pyarrow as pa

    need_columns(data, [column])
    if hasattr(data, "iloc"):
        cells = data.iloc[:, [str(name) for name in data.columns].index(column)]
        try:
            given = pa.array(cells, from_pandas=True)
        except (pa.ArrowException, UnicodeError, TypeError, ValueError, OverflowError):
            given = text_column(data, column)
    else:
        given = (data if isinstance(data, pa.Table) else data.to_arrow()).column(column)
    if isinstance(given, pa.ChunkedArray):
        given = given.combine_chunks()
    if pa.types.is_dictionary(given.type):
        given = given.cast(given.type.value_type)
    return given.cast(pa.string()) if pa.types.is_large_string(given.type) else given


def _is_naive(texts: pa.Array, micros: pa.Array) -> bool:
    """Whether a text that tells a time tells no zone; numbers since 1970 need none."""
    import pyarrow.compute as pc

    is_zoned = pc.match_substring_regex(texts, ZONE)
    return bool(pc.any(pc.and_(pc.invert(is_zoned), pc.is_valid(micros))).as_py())
