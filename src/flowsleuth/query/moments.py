"""Moments as queries give them: datetimes, ISO 8601, offsets from now such as ``-2d``, ``-3d@d`` or ``-1``; all UTC."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from typing import Any

from flowsleuth.errors import OptionError

_OFFSET = re.compile(r"\s*([+-]?)\s*(\d+)\s*(mon|[ywdhms])?\s*(?:@\s*(mon|[ywdhms])\w*)?\s*", re.IGNORECASE)
_SPANS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_HINT = "write a time like 2021-06-06T12:00, or an offset from now like -2d, -6h or -3d@d"


def utc(moment: dt.datetime) -> dt.datetime:
    """A datetime in UTC; one without a zone is taken as UTC.

    Examples
    --------
    >>> utc(dt.datetime(2021, 6, 6)).isoformat()
    '2021-06-06T00:00:00+00:00'
    """
    if moment != moment.replace():  # pandas.NaT equals nothing
        raise OptionError("no time", where=str(moment))
    parts = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second, moment.microsecond)
    plain = dt.datetime(*parts, tzinfo=moment.tzinfo or dt.UTC, fold=moment.fold)
    return plain.astimezone(dt.UTC)


def parse_moment(value: Any, now: dt.datetime | None = None) -> dt.datetime:
    """A moment in UTC.

    Parameters
    ----------
    value : datetime, date, number or str
        A datetime (naive is UTC), a date (its first moment), a number of days from now (``-1`` is a day ago), or text:
        ISO 8601, or an offset from now with a unit (``y``, ``mon``, ``w``, ``d``, ``h``, ``m``, ``s``; days when there
        is none), rounded by ``@unit``: down for negative offsets, up for positive ones; ``now``.
    now : datetime, optional
        What offsets count from; the present by default.

    Raises
    ------
    OptionError
        It is none of these.

    Examples
    --------
    >>> noon = dt.datetime(2024, 3, 31, 12, 30, tzinfo=dt.UTC)
    >>> parse_moment("-3d@d", noon).isoformat(), parse_moment("-1mon", noon).isoformat()
    ('2024-03-28T00:00:00+00:00', '2024-02-29T12:30:00+00:00')
    >>> parse_moment(-1, noon).isoformat(), parse_moment("2021-06-06T12:00+02:00").isoformat()
    ('2024-03-30T12:30:00+00:00', '2021-06-06T10:00:00+00:00')
    """
    now = utc(now or dt.datetime.now(dt.UTC))
    if isinstance(value, dt.datetime):
        return utc(value)
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _days_from(now, value)
    if hasattr(value, "astype"):  # numpy.datetime64, without importing numpy
        return dt.datetime.fromtimestamp(int(value.astype("datetime64[us]").astype("int64")) / 1e6, dt.UTC)
    if isinstance(value, str):
        return _parse_text(value, now)
    raise OptionError("not a time", where=repr(value), hint=_HINT)


def _days_from(now: dt.datetime, days: float) -> dt.datetime:
    try:
        return now + dt.timedelta(days=days)
    except (OverflowError, ValueError):
        raise OptionError("a time outside the calendar", where=str(days), hint=_HINT) from None


def _parse_text(text: str, now: dt.datetime) -> dt.datetime:
    if text.strip().lower() == "now":
        return now
    offset = _OFFSET.fullmatch(text)
    if offset and (offset[1] or offset[3] or offset[2] == "0" or len(offset[2]) < 4):
        return _offset(text, offset, now)
    try:
        return utc(dt.datetime.fromisoformat(text.strip()))
    except ValueError:
        raise OptionError("not a time", where=text, hint=_HINT) from None


def _offset(text: str, match: re.Match[str], now: dt.datetime) -> dt.datetime:
    sign = -1 if match[1] == "-" else 1
    count, unit = sign * int(match[2]), (match[3] or "d").lower()
    try:
        if unit in _SPANS:
            moment = now + dt.timedelta(**{_SPANS[unit]: count})
        else:
            moment = add_months(now, count * (12 if unit == "y" else 1))
        return _rounded(moment, match[4].lower(), up=sign > 0) if match[4] else moment
    except (OverflowError, ValueError):
        raise OptionError("a time outside the calendar", where=text, hint=_HINT) from None


def add_months(moment: dt.datetime, months: int) -> dt.datetime:
    """The same day and time some months on; the month's last day where it has no such day.

    Examples
    --------
    >>> add_months(dt.datetime(2024, 1, 31), 1)
    datetime.datetime(2024, 2, 29, 0, 0)
    """
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def _rounded(moment: dt.datetime, unit: str, *, up: bool) -> dt.datetime:
    floor = moment.replace(microsecond=0)
    for at, name in (("second", "mhdwy"), ("minute", "hdwy"), ("hour", "dwy")):
        if unit == "mon" or unit in name:
            floor = floor.replace(**{at: 0})  # type: ignore[arg-type]
    if unit == "w":
        floor -= dt.timedelta(days=floor.weekday())
    elif unit in ("mon", "y"):
        floor = floor.replace(day=1, month=1 if unit == "y" else floor.month)
    if not up or floor == moment:
        return floor
    if unit in _SPANS:
        return floor + dt.timedelta(**{_SPANS[unit]: 1})
    return add_months(floor, 12 if unit == "y" else 1)
