"""When an implant connects: seconds from the beginning of a span, ascending, drawn from a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]
Draw = Callable[[np.random.Generator], Times]
DAY = 86_400.0
OFFICE = (9 * 3_600.0, 17 * 3_600.0)
"""Nine to five, seconds from midnight."""
OFFICE_SLACK_S = 1_800.0
"""A working day begins within half an hour of nine."""


def beacon(period_s: float, jitter: float, span_s: float = DAY, missing: float = 0.0) -> Draw:
    """Sleeps of a period, each drawn evenly from within `jitter` of it; some beats are lost.

    Examples
    --------
    >>> at = beacon(600, 0.2)(np.random.default_rng(1))
    >>> bool(at.size > 130 and np.all(np.abs(np.diff(at) - 600) <= 120))
    True
    """

    def draw(rng: np.random.Generator) -> Times:
        count = int(span_s / (period_s * (1 - jitter / 2))) + 2
        at = rng.uniform(0, period_s) + np.cumsum(period_s * (1 + rng.uniform(-jitter, jitter, count)))
        kept: Times = at[(at < span_s) & (rng.random(at.size) >= missing)]
        return kept

    return draw


def in_office_hours(draw: Draw, days: int = 5) -> Draw:
    """The same within office hours of working days; the day begins within half an hour of nine."""
    return within(draw, [(day * DAY + OFFICE[0], day * DAY + OFFICE[1]) for day in range(days)])


def within(draw: Draw, hours: Sequence[tuple[float, float]]) -> Draw:
    """The same anew in each of some intervals, begun within half an hour of its beginning."""

    def limited(rng: np.random.Generator) -> Times:
        found = [np.zeros(0)]
        for begin, end in hours:
            at = draw(rng) + rng.uniform(-OFFICE_SLACK_S, OFFICE_SLACK_S) + begin
            found.append(at[at < end])
        return np.concatenate(found)

    return limited


def in_bursts(draw: Draw, size: int = 3, within_s: float = 4.0) -> Draw:
    """Each arrival is several connections."""

    def burst(rng: np.random.Generator) -> Times:
        at = draw(rng)
        return np.sort(np.concatenate([at + rng.uniform(0, within_s, at.size) for _ in range(size)]))

    return burst
