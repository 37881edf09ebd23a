"""How good a ranking is when many rows tie: expected values under random tie breaking.

A detector that gives a million flows one score has not ranked them; sorting would let the file's order decide. Each
measure here is the exact expectation over all orders of the tied rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def _tie_groups(score: Floats, is_positive: Bools | Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Per row in falling order of score: group size, positives in it, rows before it, positives before it."""
    order = np.argsort(-score, kind="stable")
    ordered, positive = score[order], is_positive[order].astype(float)
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    size = np.diff(np.append(first, ordered.size)).astype(float)
    hits = np.add.reduceat(positive, first)
    before = np.cumsum(hits) - hits
    return tuple(np.repeat(a, size.astype(int)) for a in (size, hits, first.astype(float), before))  # type: ignore[return-value]


def average_precision(score: Floats, is_positive: Bools) -> float:
    """Mean over the positives of the precision at their rank (step-wise area under precision and recall).

    Examples
    --------
    >>> average_precision(np.array([3.0, 2.0, 1.0]), np.array([True, False, True])).__round__(4)
    0.8333
    >>> average_precision(np.array([1.0, 1.0]), np.array([True, False]))
    0.75
    """
    total = float(is_positive.sum())
    if not total:
        return float("nan")
    size, hits, rows_before, hits_before = _tie_groups(score, is_positive)
    place = np.arange(score.size) - rows_before  # 0-based place inside the group
    among = np.divide((hits - 1) * place, size - 1, out=np.zeros_like(place), where=size > 1)
    precision = (hits_before + 1 + among) / (rows_before + place + 1)
    return float((hits / size * precision).sum() / total)


def hits_at(score: Floats, is_positive: Bools | Floats, k: int) -> float:
    """Expected positives among the first k rows; or the sum of what rows hold, where that is given in their place.

    Examples
    --------
    >>> hits_at(np.array([1.0, 1.0, 0.0]), np.array([True, False, False]), 1)
    0.5
    >>> hits_at(np.array([3.0, 2.0, 2.0]), np.array([0.0, 4.0, 0.0]), 2)
    2.0
    """
    size, hits, _, _ = _tie_groups(score, is_positive)
    return float((hits / size)[:k].sum())


def expected_rank(score: Floats, at: int) -> float:
    """1-based rank of one row, ties averaged.

    Examples
    --------
    >>> expected_rank(np.array([5.0, 1.0, 1.0]), 2)
    2.5
    """
    return float((score > score[at]).sum() + ((score == score[at]).sum() + 1) / 2)
