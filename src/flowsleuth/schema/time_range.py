"""A window of time, however it is written: datetimes, ISO 8601, ``-2d``, pairs, a start and a period. Always UTC."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flowsleuth.errors import OptionError
from flowsleuth.schema.moments import (
    Clock,
    is_a_time,
    is_offset,
    later,
    length_of,
    moment_text,
    next_midnight,
    parse_period,
    utc,
)

__all__ = ["TimeRange", "parse_period"]
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|\d{8}")


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
            if not isinstance(moment, dt.datetime) or not is_a_time(moment):
                raise OptionError("not a moment", where=f"{name}={moment!r}", hint="use TimeRange.of(…)")
            if moment.tzinfo is None:
                told.append(name)
            object.__setattr__(self, name, utc(moment))
        object.__setattr__(self, "assumed", tuple(dict.fromkeys(told)))
        if self.start is not None and self.end is not None and self.end <= self.start:
            where = f"{moment_text(self.start)} to {moment_text(self.end)}"
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
        clock = Clock(utc(now) if now else dt.datetime.now(dt.UTC), zone)
        if end is None and period is None:
            return cls._of_one(spec, clock) if start is None else _window(clock, start, None)
        spec = start if spec is None else spec
        if period is None:
            return _window(clock, spec, end)
        length = parse_period(period)
        if spec is not None and end is not None:
            raise OptionError("start, end and period together", where=f"period={period!r}", hint="give two of them")
        if spec is not None:
            first = clock.moment(spec, "start")
            return cls(first, later(first, length), clock.told)
        last = clock.now if end is None else clock.moment(end, "end")
        return cls(later(last, -length), last, clock.told)

    @classmethod
    def _of_one(cls, spec: Any, clock: Clock) -> TimeRange:
        """From one thing."""
        if spec is None or isinstance(spec, cls):
            return spec or cls()
        if isinstance(spec, str):
            return _of_text(spec.strip(), clock)
        if isinstance(spec, dt.timedelta):
            return cls(later(clock.now, -abs(spec)), clock.now)
        if isinstance(spec, dt.date) and not isinstance(spec, dt.datetime):
            return _of_text(spec.isoformat(), clock)
        return cls._of_parts(spec, clock)

    @classmethod
    def _of_parts(cls, spec: Any, clock: Clock) -> TimeRange:
        """From what has a start and an end, or is a moment."""
        if isinstance(spec, Mapping):
            _only(spec, ("start", "end", "period"))
            return cls.of(spec.get("start"), spec.get("end"), period=spec.get("period"), now=clock.now, zone=clock.zone)
        if isinstance(spec, tuple | list):
            return _of_pair(spec, clock)
        if hasattr(spec, "start") and hasattr(spec, "end"):
            return _window(clock, spec.start, spec.end)
        return _window(clock, spec, None)

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
        at = utc(moment)
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
        return {"start": moment_text(self.start), "end": moment_text(self.end)}

    def __repr__(self) -> str:
        return f"TimeRange({moment_text(self.start)!r}, {moment_text(self.end)!r})"

    def __str__(self) -> str:
        if self.is_open:
            return "all time"
        told = f" ({', '.join(self.assumed)} had no zone: taken as UTC)" if self.assumed else ""
        if self.start is None:
            return f"before {moment_text(self.end)}{told}"
        return (
            f"from {moment_text(self.start)} on{told}"
            if self.end is None
            else f"{moment_text(self.start)} to {moment_text(self.end)}{told}"
        )


def _window(clock: Clock, start: Any, end: Any) -> TimeRange:
    """From two moments; a relative start without an end ends now."""
    first = None if start is None else clock.moment(start, "start")
    if end is None and isinstance(start, str) and is_offset(start.strip()):
        return TimeRange(first, clock.now)
    if isinstance(end, dt.timedelta):
        raise OptionError("the end is a length", where=f"end={end!r}", hint="give it as period=…")
    last = None if end is None else clock.moment(end, "end")
    return TimeRange(first, last, clock.told)


def _of_text(text: str, clock: Clock) -> TimeRange:
    """``-2d``, a day, a moment, or two of them with a slash between."""
    if "/" in text:
        first, _, last = text.partition("/")
        ends = [None if part.strip() in ("", "..") else part.strip() for part in (first, last)]
        return _of_pair(ends, clock)
    if is_offset(text):
        return TimeRange(clock.moment(text, "start"), clock.now)
    first_moment = clock.moment(text, "start")
    if _DAY.fullmatch(text):
        told = (*clock.told, "end") if clock.told else ()
        return TimeRange(first_moment, next_midnight(first_moment, clock.zone), told)
    return TimeRange(first_moment, None, clock.told)


def _of_pair(pair: Any, clock: Clock) -> TimeRange:
    """Start and end, or a moment and a length in either order."""
    if len(pair) != 2:
        raise OptionError("not a pair of start and end", where=repr(pair), hint="give two moments, or one and a length")
    start, end = pair
    if (length := length_of(end)) is not None:
        return TimeRange.of(start=start, period=length, now=clock.now, zone=clock.zone)
    if (length := length_of(start)) is not None:
        return TimeRange.of(end=end, period=length, now=clock.now, zone=clock.zone)
    return _window(clock, start, end)


def _only(spec: Mapping[str, Any], known: tuple[str, ...]) -> None:
    if unknown := sorted(set(spec) - set(known)):
        raise OptionError(f"unknown parts {unknown}", where=repr(dict(spec)), available=known)
