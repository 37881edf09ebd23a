"""The period of a regular series, its jitter, and the beats that were left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_MISSED = 5
"""Beats in a row that may be missing; a longer silence is a break."""


@dataclass(frozen=True)
class Periods:
    """Arrays of shape (n_pairs,).

    Attributes
    ----------
    period_s : array of float64
        NaN where there are fewer than two beats.
    jitter : array of float64
        Twice the median distance from the period, as a share of it: an interval drawn evenly from within 20 % of the
        period gives 0.2.
    missed : array of int64
        Beats that the period would have had and the series has not, outside breaks.
    breaks : array of int64
        Silences longer than :data:`MOST_MISSED` + 1 periods.
    """

    period_s: Floats
    jitter: Floats
    missed: Ints
    breaks: Ints


def find_periods(of: Ints, beat_ms: Ints, count: int) -> Periods:
    """Fit a period to the starts of beats.

    The median interval is the first guess; an interval of about k times it counts as k, and the median of the interval
    divided by its k is the period.

    Parameters
    ----------
    of : array of int64, shape (n,)
        Pair of each beat, ascending.
    beat_ms : array of int64, shape (n,)
        Ascending within a pair.
    count : int
        Number of pairs.

    Returns
    -------
    Periods

    Examples
    --------
    >>> found = find_periods(np.zeros(5, int), np.array([0, 60, 121, 240, 300]) * 1_000, 1)
    >>> found.period_s.tolist(), found.missed.tolist()
    ([60.0], [1])
    """
    is_inner = of[1:] == of[:-1]
    owner, gap = of[1:][is_inner], np.diff(beat_ms)[is_inner].astype(float)
    period = grouped_median(owner, gap, count)
    for _ in range(2):
        steps = np.maximum(np.round(gap / np.maximum(period[owner], 1.0)), 1.0)
        near = steps <= MOST_MISSED + 1
        period = grouped_median(owner[near], gap[near] / steps[near], count)
    steps = np.maximum(np.round(gap / np.maximum(period[owner], 1.0)), 1.0)
    near = steps <= MOST_MISSED + 1
    away = np.abs(gap[near] / steps[near] - period[owner[near]])
    with np.errstate(invalid="ignore"):
        jitter = 2.0 * grouped_median(owner[near], away, count) / period
    missed = np.bincount(owner[near], weights=steps[near] - 1, minlength=count).astype(np.int64)
    breaks = np.bincount(owner[~near], minlength=count)
    return Periods(period / 1_000.0, jitter, missed, breaks)


def grouped_median(of: Ints, values: Floats, count: int) -> Floats:
    """The median of each group (of two middle values the mean); NaN for an empty one.

    Examples
    --------
    >>> grouped_median(np.array([0, 0, 2]), np.array([1.0, 2.0, 5.0]), 3).tolist()
    [1.5, nan, 5.0]
    """
    order = np.lexsort((values, of))
    held = np.bincount(of, minlength=count)
    first = np.concatenate([[0], np.cumsum(held)])[:-1]
    found = np.full(count, np.nan)
    some = held > 0
    ranked = values[order]
    low, high = first[some] + (held[some] - 1) // 2, first[some] + held[some] // 2
    found[some] = (ranked[low] + ranked[high]) / 2.0
    return found
