"""Tail probabilities of a sum of uniform numbers (the Irwin-Hall distribution), for many sums at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_HALVINGS = 60
_CENTRE = 0.05
"""Standard deviations about the mean where the saddlepoint formula cancels out and the normal tail is as good."""


def lower_tail(total: Floats, terms: Ints) -> Floats:
    """P(U1 + … + Un <= total) for independent U uniform on [0, 1].

    Exact up to a total of 1 (``total^n / n!``) and, by symmetry, from ``n - 1`` on; between them the saddlepoint
    approximation of Lugannani and Rice, within 1.1 % of the truth.

    Parameters
    ----------
    total : array of float64, shape (n,)
    terms : array of int64, shape (n,)
        Numbers added up; where 0 the probability is 1.

    Returns
    -------
    array of float64, shape (n,)

    Examples
    --------
    >>> lower_tail(np.array([0.5, 1.0, 1.5]), np.array([1, 2, 3])).round(3).tolist()
    [0.5, 0.5, 0.5]
    """
    probability = np.ones(total.size)
    mean = terms / 2.0
    is_low = (terms > 0) & (total <= mean)
    probability[is_low] = _below_the_mean(total[is_low], terms[is_low])
    is_high = (terms > 0) & (total > mean) & (total < terms)
    probability[is_high] = 1.0 - _below_the_mean(terms[is_high] - total[is_high], terms[is_high])
    return probability


def _below_the_mean(total: Floats, terms: Ints) -> Floats:
    """The tail at or below the mean."""
    z = (total - terms / 2.0) / np.sqrt(np.maximum(terms, 1) / 12.0)
    is_corner = total <= 1.0
    is_inner = ~is_corner & (z < -_CENTRE)
    is_central = ~is_corner & ~is_inner
    found = np.empty(total.size)
    found[is_central] = _normal_below(z[is_central])
    with np.errstate(divide="ignore"):
        found[is_corner] = np.exp(terms[is_corner] * np.log(total[is_corner]) - _log_factorial(terms[is_corner]))
    found[is_inner] = _lugannani_rice(total[is_inner], terms[is_inner].astype(float))
    return found


def _log_factorial(number: Ints) -> Floats:
    table = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, int(number.max(initial=1)) + 1)))])
    return table[number]


def _lugannani_rice(total: Floats, terms: Floats) -> Floats:
    """Saddlepoint tail for a total below the mean; the saddle t is negative."""
    share = total / terms
    saddle = _saddle(share)
    cumulant = terms * (np.log(np.expm1(saddle) / saddle) - saddle * share)
    w = -np.sqrt(np.maximum(-2.0 * cumulant, 1e-300))
    u = saddle * np.sqrt(terms * _variance(saddle))
    tail: Floats = _normal_below(w) + np.exp(-0.5 * w * w) / np.sqrt(2.0 * np.pi) * (1.0 / w - 1.0 / u)
    return np.clip(tail, 0.0, 1.0)


def _mean(t: Floats) -> Floats:
    """Mean of a uniform number tilted by exp(t u), t < 0."""
    with np.errstate(over="ignore"):  # exp of much is infinite, and its inverse 0
        found: Floats = -1.0 / np.expm1(-t) - 1.0 / t
    return found


def _variance(t: Floats) -> Floats:
    with np.errstate(over="ignore"):
        found: Floats = 1.0 / (t * t) - 0.25 / np.sinh(t / 2.0) ** 2
    return found


def _saddle(share: Floats) -> Floats:
    """The tilt whose mean is `share` (below a half), by halving: the mean grows with the tilt."""
    low, high = -1.0 / np.maximum(share, 1e-12) - 1.0, np.full(share.size, -1e-6)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        is_over = _mean(middle) > share
        high, low = np.where(is_over, middle, high), np.where(is_over, low, middle)
    found: Floats = (low + high) / 2.0
    return found


def _normal_below(w: Floats) -> Floats:
    """The standard normal distribution below w <= 0."""
    import math

    found: Floats = np.array([0.5 * math.erfc(-x / math.sqrt(2.0)) for x in w.tolist()], dtype=np.float64)
    return found
