"""Tail probabilities from counts: how much of what was seen is as extreme as this, smoothed so that none is zero."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.dense_codes import order_within, row_order

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

N_BINS = 64
LOG_STEP = 0.002
"""Tails that differ by less than this in the logarithm need no knot of their own."""
TOP_SHARE = 0.01
"""Share of the reference whose excesses give the exponential tail beyond its largest value."""


def nats(p: Floats) -> Floats:
    """Surprise of a tail probability, ``-ln p``, never negative."""
    return np.maximum(0.0, -np.log(p))


def rarity_mass(weight: Floats) -> Floats:
    """Share of all weight that is on types as rare as this one or rarer (itself included): float64, shape (n_types,).

    ``P(weight(type) <= weight(this))`` for a token drawn at random, i.e. the p-value of having met so rare a type. For
    a type met once it is the share of once-met types, the Good-Turing estimate of meeting something new.

    Parameters
    ----------
    weight : array, shape (n_types,)
        Tokens of each type, at least 0.

    Examples
    --------
    >>> rarity_mass(np.array([1.0, 1.0, 8.0])).tolist()
    [0.2, 0.2, 1.0]
    """
    if not weight.size:
        return np.zeros(0)
    order = row_order(weight)
    ordered = weight[order]
    mass = np.cumsum(ordered)
    if mass[-1] <= 0:
        return np.ones(weight.size)
    last = np.searchsorted(ordered, ordered, side="right") - 1
    result = np.empty(weight.size)
    result[order] = mass[last] / mass[-1]
    return result


def at_least(values: Floats, group: Ints, n_groups: int) -> tuple[Ints, Ints]:
    """For each value, how many of its group are at least as large (itself included), and how many are in the group.

    Examples
    --------
    >>> [a.tolist() for a in at_least(np.array([1.0, 3.0, 3.0, 9.0]), np.array([0, 0, 0, 1]), 2)]
    [[3, 2, 2, 1], [3, 3, 3, 1]]
    """
    size = np.bincount(group, minlength=n_groups)
    if not values.size:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    order = order_within(group, values)
    v, g = values[order], group[order]
    ends = np.cumsum(size)
    is_first = np.concatenate([[True], (v[1:] != v[:-1]) | (g[1:] != g[:-1])])
    first = np.maximum.accumulate(np.where(is_first, np.arange(v.size), 0))
    found = np.empty(v.size, dtype=np.int64)
    found[order] = ends[g] - first
    return found, size[group]


def weight_at_least(
    values: Floats, group: Ints, weight: Floats, n_groups: int, order: Ints | None = None
) -> tuple[Floats, Floats]:
    """As :func:`at_least`, but the weight of those that are as large, and of all in the group.

    `order`, where it is known, is that of :func:`.dense_codes.order_within`.

    Examples
    --------
    >>> found = weight_at_least(np.array([1.0, 3.0, 3.0]), np.array([0, 0, 0]), np.array([1.0, 2.0, 5.0]), 1)
    >>> [a.tolist() for a in found]
    [[8.0, 7.0, 7.0], [8.0, 8.0, 8.0]]
    """
    total = np.bincount(group, weights=weight, minlength=n_groups).astype(np.float64)
    if not values.size:
        return np.zeros(0), np.zeros(0)
    order = order_within(group, values) if order is None else order
    v, g = values[order], group[order]
    before = np.concatenate([[0.0], np.cumsum(weight[order])])
    is_first = np.concatenate([[True], (v[1:] != v[:-1]) | (g[1:] != g[:-1])])
    first = np.maximum.accumulate(np.where(is_first, np.arange(v.size), 0))
    found = np.empty(v.size)
    found[order] = np.cumsum(total)[g] - before[first]
    return found, total[group]


def own_tail(values: Floats, source: Ints, weight: Floats, n_sources: int) -> tuple[Floats, Floats]:
    """For each choice of a source, the weight of its *other* choices with a value as large, and of all its others.

    What :func:`.behaviour.judge_peers` and :func:`.kernels.familiarity.judge_met` draw to everybody's share.

    Examples
    --------
    >>> [a.tolist() for a in own_tail(np.array([1.0, 3.0, 3.0]), np.array([0, 0, 0]), np.ones(3), 1)]
    [[2.0, 1.0, 1.0], [2.0, 2.0, 2.0]]
    """
    larger, all_of_it = weight_at_least(values, source, weight, n_sources)
    return np.maximum(larger - weight, 0.0), all_of_it - weight


@dataclass(frozen=True)
class Histograms:
    """Counts by row and bit length, and the tail beyond any value.

    Bins are bit lengths: bin b holds the values from ``2**(b - 1)`` to below ``2**b``, bin 0 the zeros.
    """

    counts: Floats

    @classmethod
    def of(cls, rows: Any, bins: Any, weight: Floats | None, n_rows: int) -> Histograms:
        """Sum weights (each 1 for None) by row and bin."""
        flat = np.bincount(rows * np.int64(N_BINS) + bins, weights=weight, minlength=n_rows * N_BINS)
        return cls(flat.reshape(n_rows, N_BINS).astype(np.float64))

    @cached_property
    def above(self) -> Floats:
        """Count in each bin and above; one more column, of zeros, for what is beyond the last."""
        above = np.zeros((len(self.counts), N_BINS + 1))
        above[:, :-1] = np.cumsum(self.counts[:, ::-1], axis=1)[:, ::-1]
        return above

    @cached_property
    def tails(self) -> Floats:
        """`above`, with the count of a value that is alone at the top put down by its distance from the next.

        To be the largest of n is worth 1 / n however large; each octave beyond the next largest bin halves that, the
        tail of a Pareto law of exponent 1, heavier than sizes and durations have as a rule.
        """
        found = self.above.copy()
        rows = np.arange(len(found))
        top = N_BINS - 1 - np.argmax(self.counts[:, ::-1] > 0, axis=1)
        rest = self.counts.copy()
        rest[rows, top] = 0.0
        second = np.where(rest.any(axis=1), N_BINS - 1 - np.argmax(rest[:, ::-1] > 0, axis=1), top)
        alone = np.flatnonzero((self.counts[rows, top] == 1.0) & (second < top))
        found[alone, top[alone]] = 0.5 ** (top - second - 1.0)[alone]
        found[alone, top[alone] + 1] = 0.5 ** (top - second)[alone]
        return found

    def below(self, rows: Any, bins: Ints) -> Floats:
        """Share of the row's count in lower bins: what the value is certainly above."""
        total = self.above[rows, 0]
        found: Floats = np.divide(total - self.above[rows, bins], total, out=np.zeros(bins.size), where=total > 0)
        return found


def bins_of(values: Floats) -> tuple[Ints, Floats]:
    """Bit length of each value, and its place inside that bin, in [0, 1).

    Examples
    --------
    >>> [a.round(2).tolist() for a in bins_of(np.array([0.0, 1.0, 3.0, 4.0]))]
    [[0, 1, 2, 3], [0.0, 0.0, 0.5, 0.0]]
    """
    mantissa, exponent = np.frexp(np.maximum(values, 0.0))
    is_small = values < 1.0
    place = np.where(is_small, np.maximum(values, 0.0), 2.0 * mantissa - 1.0)
    return np.where(is_small, 0, exponent).astype(np.int64), place


@dataclass(frozen=True)
class Reference:
    """What surprise is usual: the survival function of reference flows, continued exponentially beyond them.

    Attributes
    ----------
    values : array of float64
        Distinct surprises, ascending.
    log_tail : array of float64
        ln P(at least as surprising), falling.
    scale : float
        Nats per e-fold beyond the largest value.
    """

    values: Floats
    log_tail: Floats
    scale: float

    @classmethod
    def of(cls, surprise: Floats, weight: Floats | None = None) -> Reference:
        """Learn from the surprises of reference flows; their order does not matter.

        The tail of a value is ``(W + 1) / (sum of weights + 1)`` with W the weight of those at least as large,
        log-linear between values; beyond the largest it falls by e every `scale` nats, the mean excess of the top
        :data:`TOP_SHARE` over their threshold (at least 1 nat, which is what an honest surprise in nats falls by).

        Parameters
        ----------
        surprise : array of float64, shape (n,)
        weight : array of float64, shape (n,), optional
            How much each counts; 1 when not given. With 1 / (size of its group) a flood has one vote.
        """
        if not surprise.size:
            return cls(np.zeros(1), np.zeros(1), 1.0)
        weight = np.ones(surprise.size) if weight is None else weight
        order = np.lexsort((weight, surprise))
        ordered, votes = surprise[order], weight[order]
        at_least = np.cumsum(votes[::-1])[::-1]
        values, first = np.unique(ordered, return_index=True)
        total = float(at_least[0])
        top = at_least <= max(TOP_SHARE * total, float(at_least[max(0, surprise.size - 2)]))
        excess = float(np.average(ordered[top] - ordered[top][0], weights=votes[top]))
        log_tail = np.log((at_least[first] + 1.0) / (total + 1.0))
        step = np.floor(log_tail / LOG_STEP)
        is_knot = np.concatenate([[True], step[1:] != step[:-1]])
        is_knot[-1] = True
        return cls(values[is_knot], log_tail[is_knot], max(1.0, excess))

    @classmethod
    def of_rows(cls, rows: pa.Table) -> Reference:
        """What :meth:`rows` gave, in any order."""
        rows = rows.sort_by("value")
        return cls(rows["value"].to_numpy(), rows["log_tail"].to_numpy(), float(rows["scale"][0].as_py()))

    def rows(self) -> pa.Table:
        """Columns ``value``, ``log_tail`` and ``scale``, to be kept.

        Examples
        --------
        >>> Reference.of_rows(Reference.of(np.array([1.0, 2.0, 7.0])).rows()).at(0.75)
        2.0
        """
        import pyarrow as pa

        scale = np.full(self.values.size, self.scale)
        return pa.table({"value": self.values, "log_tail": self.log_tail, "scale": scale})

    def tail(self, surprise: Floats) -> Floats:
        """P(a reference flow is at least as surprising): strictly falling in (0, 1]."""
        inside = np.interp(surprise, self.values, self.log_tail, left=0.0)
        beyond = np.maximum(0.0, surprise - self.values[-1]) / self.scale
        found: Floats = np.exp(inside - beyond)
        return found

    def at(self, p: float) -> float:
        """The surprise that a share p of the reference reaches: the inverse of :meth:`tail`."""
        if np.log(p) < self.log_tail[-1]:
            return float(self.values[-1] + self.scale * (self.log_tail[-1] - np.log(p)))
        return float(np.interp(-np.log(p), -self.log_tail, self.values))
