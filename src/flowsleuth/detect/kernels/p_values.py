"""P-values of several tests together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

TINY = 1e-300


def both(p: Floats, q: Floats) -> Floats:
    """P-value of two independent ones together, Fisher's: ``t (1 - ln t)`` with ``t = p q``.

    Examples
    --------
    >>> both(np.array([0.1, 1.0]), np.array([0.1, 1.0])).round(3).tolist()
    [0.056, 1.0]
    """
    product = np.clip(p * q, TINY, 1.0)
    return np.asarray(product * (1.0 - np.log(product)))


def least_of(p: Floats, n: NDArray[np.integer]) -> Floats:
    """P-value of the least of n independent ones (Sidak): ``1 - (1 - p)^n``.

    Examples
    --------
    >>> least_of(np.array([0.01, 0.5]), np.array([1, 2])).round(3).tolist()
    [0.01, 0.75]
    """
    return np.asarray(-np.expm1(n * np.log1p(-np.minimum(p, 1.0 - 1e-16))))


def ranks(starts: Ints, size: int) -> Ints:
    """Place of each of `size` rows in its group, the first is 1; groups begin at `starts`.

    Examples
    --------
    >>> ranks(np.array([0, 3]), 5).tolist()
    [1, 2, 3, 1, 2]
    """
    return np.arange(size) - np.repeat(starts, np.diff(np.append(starts, size))) + 1


def simes(p_value: Floats, starts: Ints) -> tuple[Floats, Bools, Ints]:
    """Simes' p-value of each group, which of its own p-values count in it, and the group of each.

    ``min over k of n p_(k) / k``: valid where p-values are independent or depend on each other positively.

    Parameters
    ----------
    p_value : array of float64, shape (n,)
        Group by group, ascending within each.
    starts : array of int64, shape (groups,)
        Where each begins.

    Examples
    --------
    >>> best, counts, _ = simes(np.array([0.01, 0.011, 0.9, 0.2]), np.array([0, 3]))
    >>> best.round(4).tolist(), counts.tolist()
    ([0.0165, 0.2], [True, True, False, True])
    """
    if not starts.size:
        return np.zeros(0), np.zeros(0, dtype=bool), np.zeros(0, dtype=np.int64)
    sizes = np.diff(np.append(starts, p_value.size))
    of = np.repeat(np.arange(starts.size), sizes)
    rank = ranks(starts, p_value.size)
    weighed = np.minimum(p_value * sizes[of] / rank, 1.0)
    best = np.minimum.reduceat(weighed, starts)
    last = np.zeros(starts.size, dtype=np.int64)
    is_best = weighed <= best[of]
    np.maximum.at(last, of[is_best], rank[is_best])
    return best, rank <= last[of], of
