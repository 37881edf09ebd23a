"""A window of time, however it is written: datetimes, ISO 8601, ``-2d``, pairs, a start and a period. Always UTC."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from flowsleuth.errors import OptionError

HINT = "write it like 2021-06-06, 2021-06-06T12:00+02:00, now, -36h or -2d"
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_PERIOD = re.compile(r"([+-]?)(\d+(?:\.\d+)?)\s*([smhdw])", re.I)
_OFFSET = re.compile(r"(now)?(?:([+-]\d+(?:\.\d+)?)\s*([smhdw]))?(?:@([smhd]))?", re.I)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|\d{8}")
_ISO_PERIOD = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.I)
_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class TimeRange:
    """A window of time in UTC: ``start`` is in it, ``end`` is not; None is open.

    Make one with :meth:`of`, which reads nearly everything.

    Attributes
    ----------
    start, end : datetime or None
        UTC.
    assumed : tuple of str
        Which of the two had no zone and were taken as UTC; told in ``str()``, no part of equality.

    Raises
    ------
    OptionError
        The window ends before, or when, it begins.

    Examples
    --------
    >>> TimeRange.of("2021-06-06T12:00+02:00", "2021-06-07")
    TimeRange('2021-06-06T10:00:00Z', '2021-06-07T00:00:00Z')
    >>> print(TimeRange.of("2021-06-06"))
    2021-06-06T00:00:00Z to 2021-06-07T00:00:00Z (start, end had no zone: taken as UTC)
    >>> print(TimeRange())
    all time
    """

    start: dt.datetime | None = None
    end: dt.datetime | None = None
    assumed: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        told = list(self.assumed)
        for name in ("start", "end"):
            moment = getattr(self, name)
            if moment is None:
                continue
            if not isinstance(moment, dt.datetime) or not _is_a_time(moment):
                raise OptionError("not a moment", where=f"{name}={moment!r}", hint="use TimeRange.of(…)")
            if moment.tzinfo is None:
                told.append(name)
            object.__setattr__(self, name, _utc(moment))
        object.__setattr__(self, "assumed", tuple(dict.fromkeys(told)))
        if self.start is not None and self.end is not None and self.end <= self.start:
            where = f"{_text(self.start)} to {_text(self.end)}"
            raise OptionError("this window ends before or when it begins", where=where, hint="swap start and end")

    # making -------------------------------------------------------------------------------------------------------

    @classmethod
    def of(
        cls, spec: Any = None, end: Any = None, *, start: Any = None, period: Any = None,
        now: dt.datetime | None = None, zone: str = "UTC",
    ) -> TimeRange:  # fmt: skip
        """Read a window from what the user has at hand.

        Parameters
        ----------
        spec : optional
            A TimeRange; a pair of moments; a moment and a timedelta; a moment alone (from then on); a day (that day);
            ``-2d`` or a timedelta (until now); ``2021-06-06/2021-06-08`` or ``2021-06-06/P2D``; anything with ``start``
            and ``end``. Moments are datetimes, dates, pandas Timestamps, numpy datetime64, ISO 8601 text, ``now``,
            ``-36h``, ``now-1w``, ``-3d@d`` (rounded down to the day).
        end : optional
            A moment; ``spec`` is then the start.
        start : optional
            A moment, by name; a day is its first moment.
        period : timedelta or str, optional
            With one of start and end: the length, such as ``2d``, ``36h`` or ``P2D``. Alone: until now.
        now : datetime, optional
            What ``now`` is; the clock's when not given.
        zone : str
            IANA zone of moments that name none.

        Raises
        ------
        OptionError
            It cannot be read, is empty, or ends before it begins.

        Examples
        --------
        >>> noon = dt.datetime(2021, 6, 6, 12, tzinfo=dt.UTC)
        >>> TimeRange.of("-2d", now=noon)
        TimeRange('2021-06-04T12:00:00Z', '2021-06-06T12:00:00Z')
        >>> TimeRange.of("2021-06-01", period="36h").end.isoformat()
        '2021-06-02T12:00:00+00:00'
        """
        if spec is not None and start is not None:
            raise OptionError("start was given twice", where=f"{spec!r}, start={start!r}")
        clock = _Clock(_utc(now) if now else dt.datetime.now(dt.UTC), zone)
        if end is None and period is None:
            return cls._of_one(spec, clock) if start is None else clock.window(start, None)
        spec = start if spec is None else spec
        if period is None:
            return clock.window(spec, end)
        length = parse_period(period)
        if spec is not None and end is not None:
            raise OptionError("start, end and period together", where=f"period={period!r}", hint="give two of them")
        if spec is not None:
            first = clock.moment(spec, "start")
            return cls(first, first + length, clock.told)
        last = clock.now if end is None else clock.moment(end, "end")
        return cls(last - length, last, clock.told)

    @classmethod
    def _of_one(cls, spec: Any, clock: _Clock) -> TimeRange:
        """From one thing."""
        if spec is None or isinstance(spec, cls):
            return spec or cls()
        if isinstance(spec, str):
            return _of_text(spec.strip(), clock)
        if isinstance(spec, dt.timedelta):
            return cls(clock.now - abs(spec), clock.now)
        if isinstance(spec, dt.date) and not isinstance(spec, dt.datetime):
            return _of_text(spec.isoformat(), clock)
        return cls._of_parts(spec, clock)

    @classmethod
    def _of_parts(cls, spec: Any, clock: _Clock) -> TimeRange:
        """From what has a start and an end, or is a moment."""
        if isinstance(spec, Mapping):
            _only(spec, ("start", "end", "period"))
            return cls.of(spec.get("start"), spec.get("end"), period=spec.get("period"), now=clock.now, zone=clock.zone)
        if isinstance(spec, tuple | list):
            return _of_pair(spec, clock)
        if hasattr(spec, "start") and hasattr(spec, "end"):
            return clock.window(spec.start, spec.end)
        return clock.window(spec, None)

    # using --------------------------------------------------------------------------------------------------------

    @property
    def period(self) -> dt.timedelta | None:
        """How long it is; None when an end is open."""
        return None if self.start is None or self.end is None else self.end - self.start

    @property
    def is_open(self) -> bool:
        """Whether neither start nor end is set."""
        return self.start is None and self.end is None

    def __contains__(self, moment: dt.datetime) -> bool:
        at = _utc(moment)
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)

    def __iter__(self) -> Iterator[dt.datetime | None]:
        yield self.start
        yield self.end

    def around(self, before: Any = "0s", after: Any = "0s") -> TimeRange:
        """The same window, longer at either end; open ends stay open.

        Examples
        --------
        >>> TimeRange.of("2021-06-06", "2021-06-07").around("1h", "2h")
        TimeRange('2021-06-05T23:00:00Z', '2021-06-07T02:00:00Z')
        """
        start = None if self.start is None else self.start - parse_period(before, may_be_zero=True)
        end = None if self.end is None else self.end + parse_period(after, may_be_zero=True)
        return TimeRange(start, end)

    def to_json(self) -> dict[str, str | None]:
        """As JSON can hold it; :meth:`of` reads it back.

        Examples
        --------
        >>> TimeRange.of(TimeRange.of("2021-06-06").to_json()) == TimeRange.of("2021-06-06")
        True
        """
        return {"start": _text(self.start), "end": _text(self.end)}

    def __repr__(self) -> str:
        return f"TimeRange({_text(self.start)!r}, {_text(self.end)!r})"

    def __str__(self) -> str:
        if self.is_open:
            return "all time"
        told = f" ({', '.join(self.assumed)} had no zone: taken as UTC)" if self.assumed else ""
        if self.start is None:
            return f"before {_text(self.end)}{told}"
        return (
            f"from {_text(self.start)} on{told}"
            if self.end is None
            else f"{_text(self.start)} to {_text(self.end)}{told}"
        )


class _Clock:
    """Reads moments: what is now, which zone is meant when none is named, and which moments named none."""

    def __init__(self, now: dt.datetime, zone: str) -> None:
        self.now = now
        self.zone = zone
        self._told: list[str] = []

    @property
    def told(self) -> tuple[str, ...]:
        return tuple(self._told) if self.zone == "UTC" else ()

    def window(self, start: Any, end: Any) -> TimeRange:
        """From two moments; a relative start without an end ends now."""
        first = None if start is None else self.moment(start, "start")
        if end is None and isinstance(start, str) and _is_offset(start.strip()):
            return TimeRange(first, self.now)
        if isinstance(end, dt.timedelta):
            raise OptionError("the end is a length", where=f"end={end!r}", hint="give it as period=…")
        last = None if end is None else self.moment(end, "end")
        return TimeRange(first, last, self.told)

    def moment(self, spec: Any, name: str) -> dt.datetime:
        """One moment, UTC."""
        found = self._read(spec, name)
        if found.tzinfo is None:
            self._told.append(name)
            found = found.replace(tzinfo=_zone(self.zone))
        return _utc(found)

    def _read(self, spec: Any, name: str) -> dt.datetime:
        where = f"{name}={spec!r}"
        if getattr(getattr(spec, "dtype", None), "kind", "") == "M":  # numpy.datetime64
            spec = spec.astype("datetime64[us]").item()
        if isinstance(spec, dt.datetime):
            if not _is_a_time(spec):
                raise OptionError("no time", where=where)
            return _plain(spec)
        if isinstance(spec, dt.date):
            return dt.datetime(spec.year, spec.month, spec.day)
        if not isinstance(spec, str):
            raise OptionError("not a time", where=where, hint=HINT)
        text = spec.strip()
        if offset := _is_offset(text):
            return self._offset(offset)
        try:
            return dt.datetime.fromisoformat(text)
        except ValueError:
            raise OptionError("not a time", where=where, hint=HINT) from None

    def _offset(self, offset: re.Match[str]) -> dt.datetime:
        """``now``, ``-2d``, ``now-36h``, ``-3d@d``."""
        _, number, unit, rounded = offset.groups()
        try:
            moment = self.now + (
                dt.timedelta(seconds=float(number) * _UNITS[unit.lower()]) if number else dt.timedelta()
            )
        except OverflowError:
            raise OptionError("too far away", where=offset[0]) from None
        if rounded:
            step = _UNITS[rounded.lower()]
            whole = int((moment - _EPOCH).total_seconds() // step) * step
            moment = _EPOCH + dt.timedelta(seconds=whole)
        return moment


def _is_offset(text: str) -> re.Match[str] | None:
    found = _OFFSET.fullmatch(text)
    return found if text and found and any(found.groups()) else None


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


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


def _of_text(text: str, clock: _Clock) -> TimeRange:
    """``-2d``, a day, a moment, or two of them with a slash between."""
    if "/" in text:
        first, _, last = text.partition("/")
        ends = [None if part.strip() in ("", "..") else part.strip() for part in (first, last)]
        return _of_pair(ends, clock)
    if _is_offset(text):
        return TimeRange(clock.moment(text, "start"), clock.now)
    first_moment = clock.moment(text, "start")
    if _DAY.fullmatch(text):
        return TimeRange(
            first_moment, _next_midnight(first_moment, clock.zone), (*clock.told, "end") if clock.told else ()
        )
    return TimeRange(first_moment, None, clock.told)


def _next_midnight(midnight: dt.datetime, zone: str) -> dt.datetime:
    """The end of a day, also of one that has 23 or 25 hours."""
    local = midnight.astimezone(_zone(zone)).replace(tzinfo=None) + _ONE_DAY
    return _utc(local.replace(tzinfo=_zone(zone)))


def _of_pair(pair: Any, clock: _Clock) -> TimeRange:
    """Start and end, or a moment and a length in either order."""
    if len(pair) != 2:
        raise OptionError("not a pair of start and end", where=repr(pair), hint="give two moments, or one and a length")
    start, end = pair
    if (length := _length_of(end)) is not None:
        return TimeRange.of(start=start, period=length, now=clock.now, zone=clock.zone)
    if (length := _length_of(start)) is not None:
        return TimeRange.of(end=end, period=length, now=clock.now, zone=clock.zone)
    return clock.window(start, end)


def _length_of(part: Any) -> dt.timedelta | None:
    """A length of time in a pair; ``-2d`` is a moment there."""
    if isinstance(part, dt.timedelta):
        return part
    return _period_of(part.strip()) if isinstance(part, str) and part.strip()[:1] not in ("+", "-") else None


def _only(spec: Mapping[str, Any], known: tuple[str, ...]) -> None:
    if unknown := sorted(set(spec) - set(known)):
        raise OptionError(f"unknown parts {unknown}", where=repr(dict(spec)), available=known)


def _zone(name: str) -> dt.tzinfo:
    if name == "UTC":
        return dt.UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise OptionError("no such time zone", where=name, hint="use a name like UTC or Europe/Prague") from None


def _is_a_time(moment: dt.datetime) -> bool:
    """Not so for ``pandas.NaT``, which is a datetime that equals nothing."""
    return moment == moment.replace()


def _plain(moment: dt.datetime) -> dt.datetime:
    """A datetime of the standard library: nanoseconds of pandas are dropped."""
    if type(moment) is dt.datetime:
        return moment
    parts = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second, moment.microsecond)
    return dt.datetime(*parts, tzinfo=moment.tzinfo, fold=getattr(moment, "fold", 0))


def _utc(moment: dt.datetime) -> dt.datetime:
    """The same moment in UTC; without a zone it is UTC already."""
    plain = _plain(moment)
    try:
        return plain.replace(tzinfo=dt.UTC) if plain.tzinfo is None else plain.astimezone(dt.UTC)
    except OverflowError:
        raise OptionError("out of the range of times", where=str(moment)) from None


def _text(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
