"""A window of time by hand: an origin with so much before and after it, or so far back from an origin."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ipywidgets as widgets

from flowsleuth.errors import OptionError
from flowsleuth.faces.widgets.panel import Panel
from flowsleuth.faces.widgets.parts import heading
from flowsleuth.faces.widgets.remembered import remember, remembered
from flowsleuth.schema.moments import moment_text, utc
from flowsleuth.schema.time_range import TimeRange

UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
"""Seconds of each."""
USUAL = {
    "second": (60, 10, 600, 100), "minute": (60, 10, 600, 100), "hour": (6, 1, 120, 48), "day": (1, 1, 28, 28),
    "week": (4, 1, 52, 4),
}  # fmt: skip
"""Before, after, and the most of each, where none are told."""
_NARROW = widgets.Layout(width="170px")
_STYLE = {"description_width": "initial"}


def unit_named(text: str) -> str:
    """A unit, in full or shortened.

    Raises
    ------
    OptionError
        There is none of that name.

    Examples
    --------
    >>> unit_named("d"), unit_named("Hours"), unit_named("min")
    ('day', 'hour', 'minute')
    """
    plain = text.strip().casefold()
    plain = plain[:-1] if len(plain) > 1 and plain.endswith("s") else plain
    found = next((unit for unit in UNITS if plain and unit.startswith(plain)), None)
    if found is None:
        raise OptionError("no unit of time", where=text, available=UNITS)
    return found


class QueryTime(Panel):
    """A window around an origin, in UTC; can be handed to queries and to ``ws`` wherever a window is asked for.

    Parameters
    ----------
    origin_time : datetime or str, optional
        Now when not given; UTC when it has no zone.
    before, after : int, optional
        How many units before and after it.
    units : str
        ``second``, ``minute``, ``hour``, ``day`` or ``week``, or the beginning of one.
    max_before, max_after : int, optional
        The most that can be set; never less than ``before`` and ``after``.
    start, end : datetime or str, optional
        The window itself, instead of these; the origin is its end.
    label, description : str
    id : str, optional
        Under which the last setting is remembered while this Python runs.
    auto_display : bool

    Attributes
    ----------
    origin, before, after, units : widgets
        Its controls; the slider sets ``before`` and ``after`` together.

    Examples
    --------
    >>> times = QueryTime(units="day", origin_time="2019-02-17", before=3, after=2, max_before=20, max_after=5)
    >>> print(times.start, times.end, sep="\\n")
    2019-02-14 00:00:00+00:00
    2019-02-19 00:00:00+00:00
    >>> times.before.value = 10
    >>> times.value
    TimeRange('2019-02-07T00:00:00Z', '2019-02-19T00:00:00Z')
    >>> TimeRange.of(times) == times.value
    True
    """

    def __init__(
        self, *, origin_time: Any = None, before: int | None = None, after: int | None = None, units: str = "minute",
        max_before: int | None = None, max_after: int | None = None, start: Any = None, end: Any = None,
        timespan: Any = None, label: str | None = None, description: str | None = None, id: str | None = None,
        auto_display: bool = False,
    ) -> None:  # fmt: skip
        self.id = id
        unit = unit_named(units)
        usual = USUAL[unit]
        ahead, behind = usual[0] if before is None else int(before), usual[1] if after is None else int(after)
        if ahead < 0 or behind < 0:
            raise OptionError("less than nothing", where=f"before={ahead}, after={behind}")
        most = (max(max_before or usual[2], ahead), max(max_after or usual[3], behind))
        self.origin = widgets.NaiveDatetimePicker(
            value=_naive(origin_time), description="Origin (UTC)", style=_STYLE, layout=widgets.Layout(width="320px")
        )
        self.before = widgets.BoundedIntText(
            value=ahead, min=0, max=most[0], description="Before", layout=_NARROW, style=_STYLE
        )
        self.after = widgets.BoundedIntText(
            value=behind, min=0, max=most[1], description="After", layout=_NARROW, style=_STYLE
        )
        self.units = widgets.Dropdown(
            options=list(UNITS), value=unit, description="Units", layout=_NARROW, style=_STYLE
        )
        self.slider = widgets.IntRangeSlider(
            value=(-ahead, behind), min=-most[0], max=most[1], description="Range", continuous_update=False,
            layout=widgets.Layout(width="80%"), style=_STYLE,
        )  # fmt: skip
        self.shown = widgets.HTML()
        title = heading(label or description or "Set query time boundaries")
        row = widgets.HBox([self.origin, self.before, self.after, self.units])
        super().__init__([title, row, self.slider, self.shown])
        given = timespan if timespan is not None else remembered("QueryTime", id)
        if start is not None or end is not None:
            given = TimeRange.of(start=start, end=end)
        if given is not None:
            self.set_time(given)
        for control in (self.origin, self.before, self.after, self.units):
            control.observe(lambda _: self._changed(), names="value")
        self.slider.observe(lambda change: self._slid(change["new"]), names="value")
        self._changed()
        if auto_display:
            self.display()

    @property
    def start(self) -> dt.datetime:
        """Where it begins, UTC, in it."""
        return self._origin - int(self.before.value) * self._unit

    @property
    def end(self) -> dt.datetime:
        """Where it ends, UTC, not in it."""
        return self._origin + int(self.after.value) * self._unit

    @property
    def value(self) -> TimeRange:
        """The window.

        Raises
        ------
        OptionError
            Nothing is before nor after the origin.
        """
        return TimeRange(self.start, self.end)

    @value.setter
    def value(self, window: Any) -> None:
        self.set_time(window)

    timespan = value

    def set_time(self, timespan: Any = None, *, start: Any = None, end: Any = None) -> None:
        """Set the window; the origin becomes its end, and units and limits are changed where they must be.

        Parameters
        ----------
        timespan : optional
            Anything that ``TimeRange.of`` reads; or ``start`` and ``end``.

        Raises
        ------
        OptionError
            One end is open.
        """
        window = TimeRange.of(timespan) if timespan is not None else TimeRange.of(start=start, end=end)
        if window.start is None or window.end is None:
            raise OptionError("an end is open", where=str(window), hint="give start and end")
        length = (window.end - window.start).total_seconds()
        fits = [unit for unit, seconds in UNITS.items() if length % seconds == 0 and length >= seconds]
        if length % UNITS[self.units.value] != 0:
            self.units.value = fits[-1] if fits else "second"
        before = round(length / UNITS[self.units.value])
        with self.hold_trait_notifications():
            self.before.max = max(self.before.max, before)
            self.origin.value = window.end.replace(tzinfo=None)
            self.before.value, self.after.value = before, 0
        self._changed()

    @property
    def _origin(self) -> dt.datetime:
        told: dt.datetime = self.origin.value or dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
        return told.replace(tzinfo=dt.UTC)

    @property
    def _unit(self) -> dt.timedelta:
        return dt.timedelta(seconds=UNITS[self.units.value])

    def _slid(self, ends: tuple[int, int]) -> None:
        self.before.value, self.after.value = max(0, -ends[0]), max(0, ends[1])

    def _changed(self) -> None:
        """Show the window as it is now, and remember it."""
        self.slider.min, self.slider.max = -self.before.max, self.after.max
        self.slider.value = (-self.before.value, self.after.value)
        self.shown.value = f"<b>{moment_text(self.start)}</b> to <b>{moment_text(self.end)}</b>"
        if self.start < self.end:
            remember("QueryTime", self.id, self.value)


class Lookback(Panel):
    """So far back from an origin, in UTC.

    Parameters
    ----------
    default : int
    description : str
        ``{units}`` in it is the unit.
    origin_time : datetime or str, optional
        Now when not given.
    min_value, max_value : int
    units : str
    id : str, optional
        Under which the last value is remembered while this Python runs.
    auto_display : bool

    Examples
    --------
    >>> back = Lookback(default=2, units="day", origin_time="2019-02-17")
    >>> back.value, back.time_range
    (2, TimeRange('2019-02-15T00:00:00Z', '2019-02-17T00:00:00Z'))
    """

    def __init__(
        self, default: int = 4, description: str = "Select time ({units}) to look back", *, origin_time: Any = None,
        min_value: int = 1, max_value: int = 240, units: str = "hour", id: str | None = None,
        auto_display: bool = False,
    ) -> None:  # fmt: skip
        self.id, self.unit = id, unit_named(units)
        self.origin_time = utc(_naive(origin_time))
        first = int(remembered("Lookback", id, default))
        low, high = min(min_value, first), max(max_value, first)
        self.slider = widgets.BoundedIntText(
            value=first, min=low, max=high, description=description.format(units=self.unit), style=_STYLE,
            layout=widgets.Layout(width="420px"),
        )  # fmt: skip
        self.shown = widgets.HTML()
        super().__init__([self.slider, self.shown])
        self.slider.observe(lambda _: self._changed(), names="value")
        self._changed()
        if auto_display:
            self.display()

    @property
    def value(self) -> int:
        """How many units."""
        return int(self.slider.value)

    lookback = value

    @property
    def start(self) -> dt.datetime:
        """Where it begins."""
        return self.origin_time - dt.timedelta(seconds=self.value * UNITS[self.unit])

    @property
    def end(self) -> dt.datetime:
        """The origin."""
        return self.origin_time

    @property
    def time_range(self) -> TimeRange:
        """The window."""
        return TimeRange(self.start, self.end)

    def _changed(self) -> None:
        self.shown.value = f"<b>{moment_text(self.start)}</b> to <b>{moment_text(self.end)}</b>"
        remember("Lookback", self.id, self.value)


def _naive(moment: Any) -> dt.datetime:
    """A moment as the picker has it: UTC, whole seconds, no zone."""
    if moment is None:
        return dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    found = TimeRange.of(start=moment).start
    assert found is not None
    return found.replace(tzinfo=None, microsecond=0)
