"""The axis of time of a drawing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flowsleuth.viz.canvas import GRID, MUTED, Drawing, Text, text_width

STEPS_MS = tuple(
    1000 * s
    for s in (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 2592000, 7776000)
)
TICKS = 8
SECOND, MINUTE, DAY = "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"


def when(moment_ms: float, form: str = SECOND) -> str:
    """A time, UTC.

    Examples
    --------
    >>> when(86_400_000)
    '1970-01-02 00:00:00'
    """
    return (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=moment_ms)).strftime(form)


@dataclass(frozen=True)
class TimeAxis:
    """From ``low`` to ``high`` (milliseconds since 1970) between two places on the page.

    Examples
    --------
    >>> TimeAxis(0, 1000, 100.0, 300.0).x(500)
    200.0
    """

    low: int
    high: int
    left: float
    right: float

    def x(self, moment: float) -> float:
        """Where a time is."""
        return self.left + (self.right - self.left) * (moment - self.low) / (self.high - self.low)

    def draw(self, drawing: Drawing, top: float, bottom: float, *, names_above: bool) -> None:
        """Lines at round times with their names, and the two ends in full below."""
        span = self.high - self.low
        step = next((step for step in STEPS_MS if span / step <= TICKS), STEPS_MS[-1])
        form = "%H:%M:%S" if step < 60_000 else "%H:%M" if step < 86_400_000 else DAY
        for tick in range(-(-self.low // step) * step, self.high + 1, step):
            x = self.x(tick)
            drawing.line((x, top), (x, bottom), GRID)
            if min(x, drawing.width - x) < text_width(when(tick, form), 10.5) / 2:
                continue  # its name would be cut off by the page
            drawing.add(Text(x, top - 6 if names_above else bottom + 16, when(tick, form), 10.5, "middle", MUTED))
        ends = bottom + (20 if names_above else 34)
        drawing.add(Text(self.left, ends, f"{when(self.low)} UTC", 10.5, fill=MUTED))
        drawing.add(Text(self.right, ends, f"{when(self.high)} UTC", 10.5, "end", MUTED))
