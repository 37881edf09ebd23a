"""How extreme a value is among its peers: an empirical tail, drawn to everybody's where the peers are few."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
    groups, of = np.unique(group, return_inverse=True)
    larger, n = at_least(values, of.reshape(-1), groups.size)
    everywhere, total = at_least(values, np.zeros(values.size, dtype=np.int64), 1)
    return np.asarray((larger + prior * everywhere / total) / (n + prior))
