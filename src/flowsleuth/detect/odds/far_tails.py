"""How extreme a size is among its peers, far beyond the largest of them too, under a stated heavy tail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.dense_codes import group_starts, order_within, placed
from flowsleuth.detect.odds.peer_tails import PRIOR_PEERS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TAIL_EXPONENT = 1.0
"""Pareto exponent beyond the largest peer: sizes of transfers have 1.0 to 1.3 (Crovella, Bestavros 1997,
"Self-similarity in World Wide Web traffic"), and the smallest claims the least."""
MOST_VOTES = 50.0
"""Votes of one source in a group: one with more destinations than a person has in a day has no more say."""


@dataclass(frozen=True)
class FarTail:
    """Where each value stands in its group; arrays of shape (n,).

    Attributes
    ----------
    share : array of float64
        Share of the group's votes that are on values as large, in (0, 1]. Of the largest, if it is alone, ``s u / v``:
        s is the share of its own vote, v the value and u the next largest, or `least`, if that is larger. 1 where
        there is nobody else.
    others : array of float64
        Votes of the group but for the value's own.
    """

    share: Floats
    others: Floats

    @classmethod
    def of(
        cls,
        values: Floats,
        group: NDArray[np.integer],
        least: float,
        *,
        votes: Floats | None = None,
        voters: float = 0.0,
    ) -> FarTail:
        """Rank values within groups.

        If values are drawn alike and the tail beyond the largest falls as a Pareto law with :data:`TAIL_EXPONENT` or
        faster, the chance of a share of at most x is at most about x: of such a law, the ratio of the largest to the
        next is distributed as the law itself (Rényi 1953).

        Parameters
        ----------
        values : array of float64, shape (n,)
        group : array of int, shape (n,)
        least : float
            Smaller values are as good as none, above 0.
        votes : array of float64, shape (n,), optional
            What each value counts; 1 when not given.
        voters : float
            Votes that each group has at least: those that are missing are for less than `least`.

        Examples
        --------
        >>> values, group = np.array([1.0, 5.0, 50.0, 7.0]), np.array([0, 0, 0, 1])
        >>> FarTail.of(values, group, 1.0).share.round(3).tolist()
        [1.0, 0.667, 0.033, 1.0]
        >>> FarTail.of(values, group, 1.0, voters=5.0).share.round(3).tolist()
        [1.0, 0.4, 0.02, 0.029]
        """
        if not values.size:
            return cls(np.zeros(0), np.zeros(0))
        votes = np.ones(values.size) if votes is None else votes
        values = np.maximum(values, least)
        order = order_within(np.asarray(group), values)
        v, g, w = values[order], np.asarray(group)[order], votes[order]
        starts = group_starts(g)
        run = np.repeat(np.arange(starts.size), np.diff(np.append(starts, g.size)))
        voted = np.add.reduceat(w, starts)
        total = np.maximum(voted, voters)
        before = np.cumsum(w) - w
        smaller = before - before[starts][run] + (total - voted)[run] * (v > least)
        is_first = np.append(True, (v[1:] != v[:-1]) | (g[1:] != g[:-1]))
        first = np.maximum.accumulate(np.where(is_first, np.arange(v.size), 0))
        share = (total[run] - smaller[first]) / total[run]
        last = np.append(starts[1:], v.size) - 1
        alone = last[is_first[last] & (total > w[last])]
        following = np.where(alone > starts[run[alone]], v[np.maximum(alone - 1, 0)], least)
        share[alone] = w[alone] / total[run[alone]] * (following / v[alone]) ** TAIL_EXPONENT
        found = np.empty((2, v.size))
        found[:, order] = np.clip(share, 1e-300, 1.0), total[run] - w
        return cls(found[0], found[1])


def votes_of(source: NDArray[np.integer], group: NDArray[np.integer]) -> Floats:
    """What each value counts in its group: 1, or less where its source has more than :data:`MOST_VOTES` there.

    Examples
    --------
    >>> votes_of(np.array([7] * 100 + [8]), np.zeros(101, dtype=int))[[0, 100]].tolist()
    [0.5, 1.0]
    """
    wide = int(group.max(initial=0)) + 1
    of = placed(source.astype(np.int64) * wide + group)[1]
    return np.asarray(np.minimum(1.0, MOST_VOTES / np.bincount(of)))[of]


def drawn_tail(
    values: Floats,
    source: NDArray[np.integer],
    group: NDArray[np.integer],
    kind: NDArray[np.integer],
    least: float,
    *,
    is_rare_in_kind: bool = False,
) -> Floats:
    """P(a peer has a value as large), of the group, drawn to all of its kind where the group has few others.

    ``(n S + m T) / (n + m)``: S is the share of the group (:class:`FarTail`), which has n votes besides; T that of all
    of the kind; m = :data:`.peer_tails.PRIOR_PEERS`. A value alone in its group is compared with its kind alone.

    Parameters
    ----------
    values : array of float64, shape (n,)
    source : array of int, shape (n,)
        At least 0; has :data:`MOST_VOTES` at most in a group, and in a kind.
    group, kind : array of int, shape (n,)
        At least 0; a group is of one kind.
    least : float
        Smaller values are as good as none.
    is_rare_in_kind : bool
        Nothing is rarer in its group than among all of its kind.

    Examples
    --------
    >>> found = drawn_tail(np.array([1.0, 2.0, 3.0, 60.0]), np.arange(4), np.array([0, 0, 0, 1]), np.zeros(4, int), 1.0)
    >>> found[[2, 3]].round(4).tolist()
    [0.4747, 0.0125]
    """
    near = FarTail.of(values, group, least, votes=votes_of(source, group))
    wide = FarTail.of(values, kind, least, votes=votes_of(source, kind))
    drawn = (near.others * near.share + PRIOR_PEERS * wide.share) / (near.others + PRIOR_PEERS)
    return np.maximum(drawn, wide.share) if is_rare_in_kind else np.asarray(drawn)


def tail_of_days(value: Floats, before: Floats, least: float) -> Floats:
    """P(a day has as much) of today's value among earlier days' and itself, beyond the largest as :class:`FarTail`.

    Parameters
    ----------
    value : array of float64, shape (n,)
        Of today.
    before : array of float64, shape (n_days, n)
        Of earlier days, 0 where there was nothing.
    least : float
        Smaller values are as good as none.

    Examples
    --------
    >>> tail_of_days(np.array([100.0, 3.0]), np.array([[5.0, 2.0], [10.0, 4.0], [0.0, 1.0]]), 1.0).tolist()
    [0.025, 0.5]
    """
    value, before = np.maximum(value, least), np.maximum(before, least)
    larger = np.count_nonzero(before >= value, axis=0)
    beyond = (before.max(axis=0, initial=least) / value) ** TAIL_EXPONENT
    return np.asarray(np.where(larger > 0, larger + 1.0, beyond) / (len(before) + 1.0))
