"""Times as logs write them, whole columns at a time, to microseconds UTC.

A time that names no zone is taken to be in the zone of the log. Where clocks are put back an hour exists twice: the
first one is meant. Where they are put forward an hour does not exist: the time is read with the offset from before, as
PEP 495 has it, so that differences between neighbours stay right.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import flat

UTC_US = pa.timestamp("us", tz="UTC")

_NAIVE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?$"
_ZONED = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}.*([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)$"
_ZERO = r"^0{4}-0{2}-0{2}"
_MINUTE_US = 60_000_000
_EPOCH = datetime(1970, 1, 1)
"""Naive on purpose: it is counted in the log's zone."""


class Times(NamedTuple):
    """Result of :func:`parse_times`.

    Attributes
    ----------
    values : pyarrow.Array of timestamp
        Microseconds UTC; null where the text was null, all zeros, or is no time.
    is_bad : numpy array of bool
        The text is no time.
    """

    values: pa.Array
    is_bad: npt.NDArray[np.bool_]


def in_zone(naive_us: npt.NDArray[np.int64], tz: ZoneInfo) -> npt.NDArray[np.int64]:
    """Wall-clock microseconds of a zone to microseconds UTC.

    Examples
    --------
    >>> (in_zone(np.array([0]), ZoneInfo("Europe/Prague")) // 1_000_000).tolist()
    [-3600]
    """
    if tz.key in ("UTC", "Etc/UTC"):
        return naive_us
    minutes, rows = np.unique(naive_us // _MINUTE_US, return_inverse=True)
    offsets = np.array([_offset_us(int(minute), tz) for minute in minutes], dtype=np.int64)
    return np.asarray(naive_us - offsets[rows], dtype=np.int64)


def _offset_us(minute: int, tz: ZoneInfo) -> int:
    try:
        offset = (_EPOCH + timedelta(minutes=minute)).replace(tzinfo=tz).utcoffset()
    except OverflowError:
        offset = None
    return 0 if offset is None else int(offset / timedelta(microseconds=1))


def to_utc(naive: pa.Array, tz: ZoneInfo) -> pa.Array:
    """Timestamps without a zone (any unit down to microseconds) to microseconds UTC."""
    wall = flat(naive).cast(pa.timestamp("us")).cast(pa.int64())
    valid = wall.is_valid().to_numpy(zero_copy_only=False)
    moved = in_zone(wall.fill_null(0).to_numpy(zero_copy_only=False), tz)
    return pa.array(moved, mask=~valid).cast(UTC_US)


def parse_times(column: pa.Array | pa.ChunkedArray, tz: ZoneInfo) -> Times:
    """Read dates with times (ISO 8601 or with ``/`` in the date), with or without a zone.

    Parameters
    ----------
    column : pyarrow array of string
    tz : ZoneInfo
        Zone of times that name none.

    Returns
    -------
    Times

    Examples
    --------
    >>> found = parse_times(pa.array(["2011/08/16 10:01:46.972101", "2011-08-16T10:01:46Z", "soon"]), ZoneInfo("UTC"))
    >>> [str(value) for value in found.values], found.is_bad.tolist()
    (['2011-08-16 10:01:46.972101+00:00', '2011-08-16 10:01:46+00:00', 'None'], [False, False, True])
    """
    text = flat(column)
    nothing_bad = np.zeros(len(text), dtype=bool)
    for _ in range(2):
        try:
            return Times(to_utc(pc.cast(text, pa.timestamp("us")), tz), nothing_bad)
        except pa.ArrowInvalid:
            text = pc.replace_substring(text, "/", "-")
    return _parse_mixed(pc.utf8_trim_whitespace(text), tz)


def _parse_mixed(text: pa.Array, tz: ZoneInfo) -> Times:
    """Times of several kinds in one column: each kind as a whole, and what no kind takes, one by one."""
    text = pc.replace_substring_regex(text, r"(\.[0-9]{6})[0-9]+", r"\1")
    nothing = pa.scalar(None, pa.string())
    is_naive = pc.match_substring_regex(text, _NAIVE)
    zero = pc.fill_null(pc.match_substring_regex(text, _ZERO), False)
    try:
        naive = pc.if_else(pc.and_(is_naive, pc.invert(zero)), text, nothing).cast(pa.timestamp("us"))
        zoned_text = pc.if_else(pc.match_substring_regex(text, _ZONED), text, nothing)
        values = pc.coalesce(to_utc(naive, tz), zoned_text.cast(UTC_US))
    except pa.ArrowInvalid:
        values = pa.array([_parse_one(value, tz) for value in text.to_pylist()], type=UTC_US)
    is_bad = pc.and_(pc.and_(pc.is_valid(text), pc.is_null(values)), pc.invert(zero))
    return Times(flat(values), np.asarray(is_bad.to_numpy(zero_copy_only=False), dtype=bool))


def _parse_one(text: str | None, tz: ZoneInfo) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=tz)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def scaled_times(column: pa.Array | pa.ChunkedArray, per_second: int) -> pa.Array:
    """Numbers since 1970 UTC to microseconds UTC; null where they are no finite number or out of range.

    Parameters
    ----------
    column : pyarrow array of number
    per_second : int
        1 for seconds, 1000 for milliseconds, 1_000_000 and 1_000_000_000.

    Examples
    --------
    >>> str(scaled_times(pa.array([1565635847.958]), 1)[0])
    '2019-08-12 18:50:47.958000+00:00'
    """
    numbers = flat(column)
    if pa.types.is_integer(numbers.type) and per_second > 1_000_000:
        return pc.divide(numbers.cast(pa.int64()), per_second // 1_000_000).cast(UTC_US)
    if pa.types.is_integer(numbers.type):
        factor = 1_000_000 // per_second
        limit = 2**62 // factor
        fits = pc.and_(pc.less(numbers, limit), pc.greater(numbers, -limit))
        kept = pc.if_else(fits, numbers, pa.scalar(None, numbers.type))
        return pc.multiply(kept.cast(pa.int64()), factor).cast(UTC_US)
    micros = pc.round(pc.multiply(numbers, 1_000_000 / per_second))
    fits = pc.less(pc.abs(micros), 2.0**62)
    return pc.if_else(fits, micros, pa.scalar(None, pa.float64())).cast(pa.int64()).cast(UTC_US)


def plus_seconds(start: pa.Array, seconds: pa.Array) -> pa.Array:
    """A time so many seconds later, to the microsecond; null where either is null."""
    micros = pc.round(pc.multiply(seconds, 1e6))
    fits = pc.less(pc.abs(micros), 2.0**62)
    moved = pc.if_else(fits, micros, pa.scalar(None, pa.float64())).cast(pa.int64())
    return flat(pc.add(flat(start).cast(pa.int64()), moved).cast(UTC_US))


def seconds_between(start: pa.Array, end: pa.Array) -> pa.Array:
    """End minus start in seconds; null where either is null."""
    micros = pc.subtract(flat(end).cast(pa.int64()), flat(start).cast(pa.int64()))
    return flat(pc.divide(micros.cast(pa.float64()), 1e6))
