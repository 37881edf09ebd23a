"""Moments and lengths of time, however they are written; always UTC."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

from flowsleuth.errors import OptionError

HINT = "write it like 2021-06-06, 2021-06-06T12:00+02:00, now, -36h or -2d"
ONE_DAY = dt.timedelta(days=1)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_PERIOD = re.compile(r"([+-]?)(\d+(?:\.\d+)?)\s*([smhdw])", re.I)
_OFFSET = re.compile(r"(now)?(?:([+-]\d+(?:\.\d+)?)\s*([smhdw]))?(?:@([smhd]))?", re.I)
_ISO_PERIOD = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.I)


class Clock:
    """Reads moments: what is now, which zone is meant when none is named, and which moments named none."""

    def __init__(self, now: dt.datetime, zone: str) -> None:
        self.now = now
        self.zone = zone
        self._told: list[str] = []

    @property
    def told(self) -> tuple[str, ...]:
        return tuple(self._told) if self.zone == "UTC" else ()

    def moment(self, spec: Any, name: str) -> dt.datetime:
        """One moment, UTC."""
        found = self._read(spec, name)
        if found.tzinfo is None:
            self._told.append(name)
            found = found.replace(tzinfo=_zone(self.zone))
        return utc(found)

    def _read(self, spec: Any, name: str) -> dt.datetime:
        where = f"{name}={spec!r}"
        if getattr(getattr(spec, "dtype", None), "kind", "") == "M":  # numpy.datetime64
            spec = spec.astype("datetime64[us]").item()
        if isinstance(spec, dt.datetime):
            if not is_a_time(spec):
                raise OptionError("no time", where=where)
            return _plain(spec)
        if isinstance(spec, dt.date):
            return dt.datetime(spec.year, spec.month, spec.day)
        if not isinstance(spec, str):
            raise OptionError("not a time", where=where, hint=HINT)
        text = spec.strip()
        if offset := is_offset(text):
            return self._offset(offset)
        try:
            return dt.datetime.fromisoformat(text)
        except ValueError:
            raise OptionError("not a time", where=where, hint=HINT) from None

    def _offset(self, offset: re.Match[str]) -> dt.datetime:
        """``now``, ``-2d``, ``now-36h``, ``-3d@d``."""
        _, number, unit, rounded = offset.groups()
        try:
            seconds = float(number) * _UNITS[unit.lower()] if number else 0
            moment = self.now + dt.timedelta(seconds=seconds)
        except OverflowError:
            raise OptionError("too far away", where=offset[0]) from None
        if rounded:
            step = _UNITS[rounded.lower()]
            whole = int((moment - _EPOCH).total_seconds() // step) * step
            moment = _EPOCH + dt.timedelta(seconds=whole)
        return moment


def is_offset(text: str) -> re.Match[str] | None:
    found = _OFFSET.fullmatch(text)
    return found if text and found and any(found.groups()) else None


def parse_period(spec: Any, *, may_be_zero: bool = False) -> dt.timedelta:
    """A length of time: a timedelta, ``2d``, ``36h``, ``P1DT12H``.

    Raises
    ------
    OptionError
        It is no length, or not longer than nothing.

    Examples
    --------
    >>> parse_period("36h"), parse_period("P1DT12H")
    (datetime.timedelta(days=1, seconds=43200), datetime.timedelta(days=1, seconds=43200))
    """
    found = spec if isinstance(spec, dt.timedelta) else _period_of(str(spec).strip())
    if found is None:
        raise OptionError("not a length of time", where=repr(spec), hint="write it like 90m, 36h, 2d or P1DT12H")
    if found < dt.timedelta() or (not found and not may_be_zero):
        raise OptionError("a length of time is more than nothing", where=repr(spec))
    return found


def _period_of(text: str) -> dt.timedelta | None:
    try:
        if match := _PERIOD.fullmatch(text):
            sign = -1 if match[1] == "-" else 1
            return dt.timedelta(seconds=sign * float(match[2]) * _UNITS[match[3].lower()])
        match = _ISO_PERIOD.fullmatch(text)
        if match and any(match.groups()):
            weeks, days, hours, minutes, seconds = (int(number or 0) for number in match.groups())
            return dt.timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        pass
    return None


def next_midnight(midnight: dt.datetime, zone: str) -> dt.datetime:
    """The end of a day, also of one that has 23 or 25 hours."""
    local = later(midnight.astimezone(_zone(zone)).replace(tzinfo=None), ONE_DAY)
    return utc(local.replace(tzinfo=_zone(zone)))


def length_of(part: Any) -> dt.timedelta | None:
    """A length of time in a pair; ``-2d`` is a moment there."""
    if isinstance(part, dt.timedelta):
        return part
    return _period_of(part.strip()) if isinstance(part, str) and part.strip()[:1] not in ("+", "-") else None


def later(moment: dt.datetime, length: dt.timedelta) -> dt.datetime:
    """A moment and a length.

    Raises
    ------
    OptionError
        No calendar goes that far.
    """
    try:
        return moment + length
    except OverflowError:
        raise OptionError("out of the range of times", where=f"{moment.isoformat()} and {length}") from None


def _zone(name: str) -> dt.tzinfo:
    if name == "UTC":
        return dt.UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise OptionError("no such time zone", where=name, hint="use a name like UTC or Europe/Prague") from None


def is_a_time(moment: dt.datetime) -> bool:
    """Not so for ``pandas.NaT``, which is a datetime that equals nothing."""
    return moment == moment.replace()


def _plain(moment: dt.datetime) -> dt.datetime:
    """A datetime of the standard library: nanoseconds of pandas are dropped."""
    if type(moment) is dt.datetime:
        return moment
    parts = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second, moment.microsecond)
    return dt.datetime(*parts, tzinfo=moment.tzinfo, fold=getattr(moment, "fold", 0))


def utc(moment: dt.datetime) -> dt.datetime:
    """The same moment in UTC; without a zone it is UTC already."""
    plain = _plain(moment)
    try:
        return plain.replace(tzinfo=dt.UTC) if plain.tzinfo is None else plain.astimezone(dt.UTC)
    except OverflowError:
        raise OptionError("out of the range of times", where=str(moment)) from None


def moment_text(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
