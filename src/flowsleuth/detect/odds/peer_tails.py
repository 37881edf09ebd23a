"""How a value stands among its peers: an empirical tail, the mean of the others, the largest of the others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.edges import Groups
from flowsleuth.detect.dense_codes import placed
from flowsleuth.detect.tails import at_least

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PRIOR_PEERS = 20.0
"""Peers at everybody's tail that each group is given: what a group of a few says of a one-in-twenty tail is little."""


def peer_tail(values: Floats, group: NDArray[np.integer], *, prior: float = PRIOR_PEERS) -> Floats:
    """P(a peer has a value as large): ``(k + m T) / (n + m)``, in (0, 1].

    Of the n values of the group, k are at least as large, this one included; T is that share over all values, m =
    `prior`. Each value is one vote: give one for each host or pair, not for each flow. Under the null, that a value is
    drawn as its peers' are, the chance of a p-value of at most x is at most about x, for ``x >= 1 / (n + m)``; smaller
    ones do not occur: to be the largest of n is worth 1 / n, however large.

    Parameters
    ----------
    values : array of float64, shape (n,)
        Not NaN.
    group : array of int, shape (n,)
        At least 0.
    prior : float

    Examples
    --------
    >>> peer_tail(np.array([1.0, 5.0, 9.0]), np.array([0, 0, 0])).round(2).tolist()
    [1.0, 0.67, 0.33]
    """
    if not values.size:
        return np.zeros(0)
    groups, of = placed(group)
    larger, n = at_least(values, of, groups.size)
    everywhere, total = at_least(values, np.zeros(values.size, dtype=np.int64), 1)
    return np.asarray((larger + prior * everywhere / total) / (n + prior))


def mean_of_others(votes: Floats, who: Ints, group: NDArray[Any], usual: Floats | float) -> Floats:
    """Mean of the others in each one's group, drawn to what is usual: shape (n,).

    Each of the others has one vote, the mean of its own in the group; :data:`PRIOR_PEERS` votes are for `usual`.

    Parameters
    ----------
    votes : array of float64, shape (n,)
    who : array of int64, shape (n,)
        Whose it is, at least 0.
    group : array of int, shape (n,)
    usual : array of float64, shape (n,), or float

    Examples
    --------
    >>> mean_of_others(np.array([1.0, 3.0, 9.0]), np.array([0, 0, 1]), np.zeros(3, int), 0.0).round(2).tolist()
    [0.43, 0.43, 0.1]
    """
    voters, of = _voters(who, group)
    own = voters.add_up(votes) / voters.size
    total, n = np.bincount(of, weights=own), np.bincount(of)
    others, n_others = (total[of] - own)[voters.of], (n[of] - 1)[voters.of]
    return np.asarray((others + PRIOR_PEERS * usual) / (n_others + PRIOR_PEERS))


def highest_of_others(values: NDArray[Any], who: Ints, group: NDArray[Any]) -> Floats:
    """The largest value of the others in each one's group: shape (n,); NaN where there are none.

    Parameters
    ----------
    values : array, shape (n,)
    who : array of int64, shape (n,)
        Whose it is, at least 0.
    group : array of int, shape (n,)

    Examples
    --------
    >>> highest_of_others(np.array([5.0, 9.0, 7.0, 4.0]), np.array([0, 0, 1, 2]), np.array([0, 0, 0, 1])).tolist()
    [7.0, 7.0, 9.0, nan]
    """
    voters, of = _voters(who, group)
    best = np.full(voters.keys.size, -np.inf)
    np.maximum.at(best, voters.of, values)
    order = np.lexsort((best, of))
    n = np.bincount(of)
    last = np.cumsum(n) - 1
    second = np.where(n > 1, best[order[last - 1]], np.nan)
    is_top = np.zeros(best.size, dtype=bool)
    is_top[order[last]] = True
    return np.asarray(np.where(is_top, second[of], best[order[last]][of])[voters.of])


def _voters(who: Ints, group: NDArray[Any]) -> tuple[Groups, Ints]:
    """Items of one of a group together, in order of group; and the group of each, from 0."""
    at = placed(group)[1]
    width = int(who.max(initial=0)) + 1
    voters = Groups.by(at * width + who)
    return voters, voters.keys // width
