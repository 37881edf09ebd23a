"""How much is expected at each time of a series of volumes, and which times are far off: above or below.

Method. Volumes are compared by their cube roots, which makes skewed positive sums about normal (E. Wilson and
M. Hilferty, "The Distribution of Chi-square", PNAS 17, 1931). Where there are at least
:data:`CYCLES` values for an hour of day, the expectation is the median of the *other* values of that hour (seasonal);
else the median of the *other* values in a window of :data:`AROUND` neighbours (rolling). A value is an anomaly when it
is far off by :mod:`flowsleuth.analyze.robust_spread`. Less than a factor of two is never one. Where most of what is
compared is silence, silence is expected, and a value is too high only when it is far above the others that are not
silent, of which there must be :data:`FEWEST`: who speaks rarely is not strange each time.

Blind spots: a change that lasts for most of the history is what is expected; weekends are not told from working days;
a single value has no neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowsleuth.analyze.robust_spread import FAR, spread_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

CYCLES = 4
"""Values that an hour of day needs, the asked one not counted."""
AROUND = 12
"""Neighbours on each side of a rolling window."""
FEWEST = 8
"""Neighbours that a rolling expectation needs."""
FACTOR = 2.0
"""What differs by less is no anomaly."""
HOURS = 24
HOUR_S = 3_600


@dataclass(frozen=True)
class Expected:
    """For each time of the series.

    Attributes
    ----------
    expected, low, high : numpy array of float64
        NaN where there is too little to compare with; ``high`` is infinite where silence is expected and little else
        was heard.
    is_anomaly : numpy array of bool
    method : ``seasonal``, ``rolling`` or ``none``
    """

    expected: Numbers
    low: Numbers
    high: Numbers
    is_anomaly: npt.NDArray[np.bool_]
    method: str


def expect(volume: Numbers, bin_s: int, first_s: int, least: float = 0.0) -> Expected:
    """What is expected of a series.

    Parameters
    ----------
    volume : array of float64
        One value per bin, none left out; silence is 0.
    bin_s : int
        Width of a bin in seconds.
    first_s : int
        Beginning of the first bin, seconds since 1970, UTC.
    least : float
        Neither a value nor an expectation below this is worth telling: what is below on both sides is no anomaly.

    Examples
    --------
    >>> import numpy as np
    >>> day = np.r_[np.full(12, 1e5), np.full(12, 1e7)]
    >>> week = np.tile(day, 7) * np.random.default_rng(0).uniform(0.8, 1.25, 168)
    >>> week[100] = 2e9  # by day, where 1e5 is expected
    >>> week[90] = 0.0  # at night it would be nothing; 1e7 is expected
    >>> found = expect(week, 3600, 0)
    >>> found.method, np.flatnonzero(found.is_anomaly).tolist(), (week > found.high)[[90, 100]].tolist()
    ('seasonal', [90, 100], [False, True])
    """
    import numpy as np

    size = len(volume)
    roots = np.cbrt(volume)
    bounds = np.full((size, 3), np.nan)
    is_seasonal = bin_s == HOUR_S and size >= (CYCLES + 1) * HOURS
    if is_seasonal:
        hour = (first_s // HOUR_S + np.arange(size)) % HOURS
        for one in range(HOURS):
            of_hour = np.flatnonzero(hour == one)
            bounds[of_hour] = [_bounds(np.delete(roots[of_hour], place)) for place in range(len(of_hour))]
    else:
        for at in range(size):
            near = np.r_[roots[max(0, at - AROUND) : at], roots[at + 1 : at + 1 + AROUND]]
            if len(near) >= FEWEST:
                bounds[at] = _bounds(near)
    expected, low, high = (np.maximum(bounds, 0.0) ** 3).T
    is_far = (volume < low) | (volume > high)
    is_anomaly = is_far & (np.maximum(volume, expected) >= least)
    is_known = bool(np.any(~np.isnan(bounds)))
    return Expected(expected, low, high, is_anomaly, "seasonal" if is_seasonal else "rolling" if is_known else "none")


def _bounds(others: Numbers) -> tuple[float, float, float]:
    """What is expected, and the lowest and highest that are not strange, on the scale of cube roots."""
    import numpy as np

    centre = float(np.median(others))
    if centre > 0:
        reach = FAR * _spread(others, centre)
        return centre, centre - reach, centre + reach
    loud = others[others > 0]
    if len(loud) < FEWEST:
        return centre, centre, np.inf
    middle = float(np.median(loud))
    return centre, centre, middle + FAR * _spread(loud, middle)


def _spread(values: Numbers, centre: float) -> float:
    """As of a standard deviation; never so small that less than a factor of :data:`FACTOR` is far."""
    import numpy as np

    return max(spread_of(np.abs(values - centre)), centre * float(np.cbrt(FACTOR) - 1) / FAR)
