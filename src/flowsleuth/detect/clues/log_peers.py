"""What is usual of counts that vary wildly: the mean logarithm of the others, each one vote, and of earlier days."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.dense_codes import look_up
from flowsleuth.detect.kernels.walks import wild_tail
from flowsleuth.detect.odds.peer_tails import mean_of_others

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

USUAL = float(np.log(1.25))
"""Mean logarithm where nothing is known: a count is 1 as a rule, 2 at times."""


def others_log_mean(counts: Floats, who: Ints, group: Ints, usual: Floats | None = None) -> Floats:
    """Mean ``ln count`` of the others in the group, each of whom has one vote, drawn to what is usual: shape (n,).

    Parameters
    ----------
    counts : array of float64, shape (n,)
        At least 1.
    who, group : array of int64, shape (n,)
        Whose count it is, and what it is compared within.
    usual : array of float64, shape (n,), optional
        Mean logarithm where there are no others; that of all groups, drawn to :data:`USUAL`, when not given.

    Examples
    --------
    >>> others_log_mean(np.array([1.0, 1.0, 9.0]), np.array([0, 1, 2]), np.zeros(3, int)).round(2).tolist()
    [0.38, 0.38, 0.22]
    """
    vote = np.log(counts)
    if usual is None:
        usual = mean_of_others(vote, who, np.zeros(counts.size, dtype=np.int64), USUAL)
    return np.maximum(mean_of_others(vote, who, group, usual), USUAL)


def unusual(counts: Floats, log_mean: Floats, most_earlier: Floats) -> Floats:
    """Chance of counts as large, among peers and on a day as the busiest of the earlier ones: the larger of both.

    Parameters
    ----------
    counts : array of float64, shape (n,)
        At least 1.
    log_mean : array of float64, shape (n,)
        See :func:`others_log_mean`.
    most_earlier : array of float64, shape (n,)
        Its own count on the busiest earlier day; 0 where there is none.

    Examples
    --------
    >>> unusual(np.array([40.0, 40.0]), np.log([1.25, 1.25]), np.array([0.0, 50.0])).round(4).tolist()
    [0.0007, 0.5993]
    """
    by_peers = wild_tail(counts, log_mean)
    own = wild_tail(counts, np.log(np.maximum(most_earlier, 1.25)))
    return np.where(most_earlier > 0, np.maximum(by_peers, own), by_peers)


def most_of_days(keys: Ints, days: Iterable[tuple[Ints, NDArray[Any]]]) -> Floats:
    """The largest count that each had on any of some days; 0 where it had none: shape (n,).

    Parameters
    ----------
    keys : array of int64, shape (n,)
        Who, or who at what.
    days : iterable of two arrays
        Keys of each day, and their counts.

    Examples
    --------
    >>> days = [(np.array([5, 5]), np.array([2, 4])), (np.array([5, 6]), np.array([3, 9]))]
    >>> most_of_days(np.array([7, 5]), days).tolist()
    [0.0, 4.0]
    """
    distinct, of = np.unique(keys, return_inverse=True)
    most = np.zeros(distinct.size)
    for theirs, counts in days:
        at = look_up(distinct, theirs)
        np.maximum.at(most, at[at >= 0], counts[at >= 0])
    return most[of.reshape(-1)]
