"""Hosts compared with hosts about as busy: a mean, or a tail, in which each counts the more the closer it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CELL = 0.5
"""Nats of flows, and of peers, within which hosts count as equally busy: a factor of 1.6."""
SPAN = 1000
"""More cells than there are along one axis: e to the 500th flows."""
WIDTH = 1.0
"""Standard deviation of the weights, nats: a host of e times the flows, or of an e-th, counts 0.6."""
EVERYBODY = 2.0
"""What all hosts together count at least, however far away: who is like nobody is compared with all."""


@dataclass(frozen=True, eq=False)
class AsBusy:
    """Which hosts are about as busy as which.

    Attributes
    ----------
    cell : array of int64, shape (n_hosts,)
        Hosts as busy as one another.
    weights : array of float64, shape (n_cells, n_cells)
        What a host of each column's cell counts to a host of each row's; above 0.
    """

    cell: Ints
    weights: Floats

    @classmethod
    def of(cls, flows: NDArray[np.number], peers: NDArray[np.number]) -> AsBusy:
        """By how many flows each host began, and to how many peers: of what others do too (:mod:`.population`).

        Examples
        --------
        >>> AsBusy.of(np.array([10, 11, 9000]), np.array([2, 2, 300])).cell.tolist()
        [0, 0, 1]
        """
        steps = [np.floor(np.log1p(count.astype(np.float64)) / CELL).astype(np.int64) for count in (flows, peers)]
        keys, of = np.unique(steps[0] * SPAN + steps[1], return_inverse=True)
        cells = np.stack(np.divmod(keys, SPAN), axis=1).astype(np.float64)
        apart = ((cells[:, None, :] - cells[None]) ** 2).sum(axis=2) * CELL**2
        return cls(of.reshape(-1), np.exp(-0.5 * apart / WIDTH**2) + EVERYBODY / max(of.size, 1))

    def excess(self, values: Floats) -> Floats:
        """How much more each host's like have, on average, than all hosts have; the host itself is left out of both.

        Examples
        --------
        >>> AsBusy.of(np.full(3, 10), np.full(3, 2)).excess(np.array([1.0, 3.0, 8.0])).round(9).tolist() == [0.0] * 3
        True
        >>> busy = AsBusy.of(np.array([3, 3, 9000, 9000]), np.array([1, 1, 800, 800]))
        >>> busy.excess(np.array([0.0, 0.0, 4.0, 4.0])).round(2).tolist()
        [-1.07, -1.07, 1.07, 1.07]
        """
        n = self.cell.size
        if n < 2:
            return np.zeros(n)
        cells = len(self.weights)
        total, held = (self.weights @ np.bincount(self.cell, weights, cells) for weights in (values, None))
        own = self.weights.diagonal()[self.cell]
        like = (total[self.cell] - own * values) / (held[self.cell] - own)
        found: Floats = like - (values.sum() - values) / (n - 1)
        return found

    def tail(self, values: Floats) -> Floats:
        """Chance of a value as large among each host's like, in (0, 1]; evenly spread where all hosts are of a kind.

        ``(1 + (n - 1) s) / n`` of n hosts, where s is the share of its like, without the host, that have as much; of
        those that have just as much, half.

        Examples
        --------
        >>> AsBusy.of(np.full(4, 10), np.full(4, 2)).tail(np.array([1.0, 3.0, 3.0, 8.0])).round(3).tolist()
        [1.0, 0.625, 0.625, 0.25]
        """
        n = values.size
        if n < 2:
            return np.ones(n)
        order = np.argsort(values, kind="stable")
        first, last = (np.searchsorted(values[order], values, side=side) for side in ("left", "right"))
        found = np.empty(n)
        for number, weights in enumerate(self.weights):
            mine = np.flatnonzero(self.cell == number)
            before = np.append(0.0, np.cumsum(weights[self.cell[order]]))
            larger, equal = before[-1] - before[last[mine]], before[last[mine]] - before[first[mine]]
            own = weights[number]
            found[mine] = (larger + 0.5 * np.maximum(equal - own, 0.0)) / (before[-1] - own)
        return np.clip((1.0 + (n - 1.0) * found) / n, 0.0, 1.0)
