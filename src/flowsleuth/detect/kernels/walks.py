"""Walks of a likelihood ratio over first contacts, and tails of counts: what tells a scanner from who errs at times."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

TAIL = 3
"""Exponent of :func:`count_tail`: the smallest whole one at which a count has a variance, so the heaviest such tail."""


def highest_walk(
    is_failed: Bools, starts: Ints, mean: Floats, *, weight: float, other_mean: float, other_weight: float
) -> Floats:
    """The highest point of each group's log likelihood ratio, other law to null, over its outcomes in their order.

    Under the null a group fails independently at a rate of its own, drawn from a Beta law with that mean, which weighs
    as `weight` outcomes would; under the other law likewise. The ratio is a martingale of mean 1 under the null, so
    that ``P(highest ratio >= x) <= 1 / x`` (Ville): ``exp(-highest)`` is a p-value whenever one stops looking.

    Parameters
    ----------
    is_failed : array of bool, shape (n,)
        Outcomes, group by group, in the order in which they came.
    starts : array of int64, shape (groups,)
        Where each group begins; none is empty.
    mean : array of float64, shape (groups,)
        Mean failing rate under the null, in (0, 1).
    weight, other_weight : float
        Sums of the Beta laws' parameters: the smaller, the more the rates of groups differ.
    other_mean : float
        Mean failing rate under the other law.

    Returns
    -------
    array of float64, shape (groups,)
        At least 0: the walk begins there.

    Examples
    --------
    Three failures where one in ten is usual, and a scanner fails at four of five:

    >>> law = {"weight": 4.0, "other_mean": 0.8, "other_weight": 5.0}
    >>> highest_walk(np.ones(3, bool), np.array([0]), np.array([0.1]), **law).round(3).tolist()
    [3.932]
    """
    if not starts.size:
        return np.zeros(0)
    sizes = np.diff(np.append(starts, is_failed.size))
    of = np.repeat(np.arange(starts.size), sizes)
    before = np.arange(is_failed.size) - starts[of]
    failed: Ints = np.cumsum(is_failed) - is_failed
    failed -= failed[starts][of]
    came = np.where(is_failed, failed, before - failed)
    share = np.where(is_failed, mean[of], 1.0 - mean[of])
    other = np.where(is_failed, other_mean, 1.0 - other_mean)
    step = np.log((other_weight * other + came) / (other_weight + before))
    step -= np.log((weight * share + came) / (weight + before))
    walk = np.cumsum(step)
    base = (walk - step)[starts]
    return np.asarray(np.maximum(np.maximum.reduceat(walk - base[of], starts), 0.0))


def count_tail(count: Floats, mean: Floats) -> Floats:
    """P(a count is at least as large) under a Waring law of counts from 1 on with that mean: float64 in (0, 1].

    The count goes on by one again and again with a chance that differs from one to the next by a Beta law; what comes
    out falls as ``count ** -3`` (:data:`TAIL`): heavier than any Poisson, geometric or negative binomial count.

    Parameters
    ----------
    count, mean : array of float64, shape (n,)
        At least 1; means above 1.

    Examples
    --------
    >>> count_tail(np.array([1.0, 3.0, 30.0]), np.array([1.25, 1.25, 1.25])).round(5).tolist()
    [1.0, 0.04762, 7e-05]
    """
    first = (mean - 1.0) * (TAIL - 1)
    tail = np.ones(count.size)
    for step in range(TAIL):
        tail *= (first + step) / (first + count - 1.0 + step)
    return tail


def wild_tail(count: Floats, log_mean: Floats) -> Floats:
    """P(a count is at least as large) under a Waring law without a variance, told by its mean logarithm.

    Like :func:`count_tail`, but falling as ``count ** -2``, which numbers of connections do; a mean says nothing of
    such, and the mean of ``ln count`` little of floods. ``e (exp(mean) - 1)`` is at least the law's scale (equal to it
    in the limit of large counts), so that the tail is no smaller than the true one.

    Parameters
    ----------
    count : array of float64, shape (n,)
        At least 1.
    log_mean : array of float64, shape (n,)
        Mean of ``ln count`` of the peers, above 0.

    Examples
    --------
    >>> wild_tail(np.array([1.0, 40.0]), np.log([1.25, 1.25])).round(5).tolist()
    [1.0, 0.00071]
    """
    scale = np.e * np.expm1(log_mean)
    return np.asarray(scale * (scale + 1.0) / ((scale + count - 1.0) * (scale + count)))
