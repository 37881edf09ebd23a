"""The least likely path in order of time from each edge on: hop by hop, whole columns at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.dense_codes import placed, row_order
from flowsleuth.detect.kernels.p_values import both, least_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Paths:
    """The best path that begins with each edge.

    Attributes
    ----------
    p_value : array of float64, shape (n_edges,)
        Of the best path of two hops or more; 1 where none goes on.
    hops : array of int64, shape (n_edges,)
        Edges of that path; 1 where none goes on.
    after : array of int64, shape (most_hops + 1, n_edges)
        ``after[h, e]``: the edge that follows e in the best path of h hops from e; -1 where there is none.
    """

    p_value: Floats
    hops: Ints
    after: Ints

    def edges(self, first: int) -> list[int]:
        """The edges of the best path that begins with an edge, in order."""
        path, left = [first], int(self.hops[first])
        while left > 1:
            path.append(int(self.after[left, path[-1]]))
            left -= 1
        return path


def best_paths(
    src: Ints, dst: Ints, first_us: Ints, last_us: Ints, p: Floats, *, wait_us: int, most_hops: int
) -> Paths:
    """The least likely path of two to `most_hops` edges that begins with each edge.

    An edge may follow another that ends where it begins, when it begins after that one and at most `wait_us` after that
    one's end; the way back of an earlier edge follows nothing. The p-value of a path is made from its end: that of an
    edge and of the best of n ways to go on, taken as the least of n (Sidak), put together as two independent ones
    (Fisher); the best of all lengths, times their number. Hops are independent under the null that what a host does
    next does not depend on who came to it. (Neil et al. 2013 scan paths of three edges with a likelihood ratio.)

    Parameters
    ----------
    src, dst : array of int64, shape (n_edges,)
        Hosts; each ordered pair once.
    first_us, last_us : array of int64
    p : array of float64
        P-value of each edge.
    wait_us, most_hops : int

    Examples
    --------
    >>> src, dst, at = np.array([1, 2, 3]), np.array([2, 3, 4]), np.array([0, 10, 20])
    >>> found = best_paths(src, dst, at, at, np.array([0.01, 0.01, 0.5]), wait_us=100, most_hops=3)
    >>> found.edges(0), float(found.p_value[0].round(4))
    ([0, 1], 0.002)
    """
    n = src.size
    after = np.full((most_hops + 1, n), -1, dtype=np.int64)
    if not n or most_hops < 2:
        return Paths(np.ones(n), np.ones(n, dtype=np.int64), after)
    order = np.lexsort((first_us, src))
    starts = _Starts(src[order], first_us[order])
    low = starts.place(dst, first_us)
    high = np.maximum(starts.place(dst, last_us + wait_us + 1), low)
    goes_on = ~_is_way_back(src, dst, first_us)[order]
    ways = np.concatenate([[0], np.cumsum(goes_on)])
    count = ways[high] - ways[low]
    best, hops, tail = np.ones(n), np.ones(n, dtype=np.int64), p
    for length in range(2, most_hops + 1):
        least = _least_in(np.where(goes_on, tail[order], 2.0), low, high)
        has_way = count > 0
        follows = order[np.maximum(least, 0)]
        after[length] = np.where(has_way, follows, -1)
        tail = np.where(has_way, both(p, least_of(np.minimum(tail[follows], 1.0), count)), 2.0)
        is_better = has_way & (tail < best)
        best, hops = np.where(is_better, tail, best), np.where(is_better, length, hops)
    return Paths(np.minimum(best * (most_hops - 1), 1.0), hops, after)


class _Starts:
    """Where, in edges sorted by (source, first time), those of a source from a time on begin."""

    def __init__(self, src: Ints, first_us: Ints) -> None:
        self._times, rank = placed(first_us)
        self._radix = self._times.size + 1
        self._keys = src * self._radix + rank

    def place(self, src: Ints, time_us: Ints) -> Ints:
        rank = np.searchsorted(self._times, time_us, side="left")
        return np.searchsorted(self._keys, src * self._radix + rank, side="left").astype(np.int64)


def _is_way_back(src: Ints, dst: Ints, first_us: Ints) -> NDArray[np.bool_]:
    """Which edges go back where an earlier one came from."""
    radix = int(max(src.max(), dst.max())) + 1
    order = row_order(src * radix + dst)
    keys = (src * radix + dst)[order]
    back = dst * radix + src
    at = np.minimum(np.searchsorted(keys, back), keys.size - 1)
    return np.asarray((keys[at] == back) & (first_us[order][at] <= first_us))


def _least_in(values: Floats, low: Ints, high: Ints) -> Ints:
    """Place of the least value in each range ``[low, high)``, the first of equals; -1 for an empty range.

    By a table of the least of every 2^k values in a row, so that any range is two of them.
    """
    n = values.size
    tables = [np.arange(n)]
    while 2 ** len(tables) <= n:
        half = 2 ** (len(tables) - 1)
        a, b = tables[-1][: n - 2 * half + 1], tables[-1][half : n - half + 1]
        tables.append(np.where(values[a] <= values[b], a, b))
    found = np.full(low.size, -1, dtype=np.int64)
    width = high - low
    for level, table in enumerate(tables):
        rows = np.flatnonzero((width >= 2**level) & (width < 2 ** (level + 1)))
        a, b = table[low[rows]], table[high[rows] - 2**level]
        found[rows] = np.where(values[a] <= values[b], a, b)
    return found
