"""Crossed random effects under a logistic link, fitted by Newton's method: arrays in, arrays out.

The model is that of a table whose rows belong to a member of each of several factors at once (a source, a destination,
a service, a pair …; Gelman and Hill, *Data Analysis Using Regression and Multilevel/Hierarchical Models*, 2007, ch. 14
and 15): ``logit P(y = 1) = a + b x + sum over factors of u_factor[member]``, every u normal around 0 with a spread per
factor. The spread is what keeps a member with one observation near 0 and lets one with many have its say; members that
explain the same observations share the credit by the squares of their spreads.

The mode of the posterior is found (not its mean): the problem is convex, so there is one, and any start leads there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GRADIENT = 1e-10
"""Largest slope of the objective, in nats per prior standard deviation, at which the mode is found."""
NEWTON_STEPS, CG_STEPS, HALVINGS = 100, 400, 40
CG_FALL = 0.1
"""A step is exact enough when its residual has fallen by this, or by as much as the gradient is small: then the number
of right digits still doubles with each step (Dembo, Eisenstat and Steihaug, *Inexact Newton methods*, 1982)."""


@dataclass(frozen=True)
class Priors:
    """What is believed before anything is rated.

    Attributes
    ----------
    intercept, slope : tuple of float
        Mean and standard deviation.
    spread : tuple of float
        Standard deviation of the effects of each factor.
    """

    intercept: tuple[float, float]
    slope: tuple[float, float]
    spread: tuple[float, ...]


@dataclass(frozen=True)
class Observations:
    """What was observed.

    Attributes
    ----------
    outcome : array of float64, shape (n,)
        In [0, 1]; 1 is suspicious.
    weight : array of float64, shape (n,)
        How much each observation counts, at least 0.
    x : array of float64, shape (n,)
        The known predictor.
    members : sequence of array of int64, each of shape (n,)
        For each factor the member that an observation belongs to; -1 for none.
    sizes : sequence of int
        Members of each factor.
    """

    outcome: Floats
    weight: Floats
    x: Floats
    members: Sequence[Ints]
    sizes: Sequence[int]


@dataclass(frozen=True)
class CrossedEffects:
    """The mode.

    Attributes
    ----------
    intercept, slope : float
    effects : list of array of float64
        One array a factor, by member.
    steps : int
        Newton steps taken.
    is_converged : bool
    """

    intercept: float
    slope: float
    effects: list[Floats]
    steps: int
    is_converged: bool


def fit_crossed_effects(observed: Observations, priors: Priors) -> CrossedEffects:
    """Fit the mode.

    Examples
    --------
    >>> observed = Observations(np.array([1.0, 1.0, 0.0]), np.ones(3), np.zeros(3), [np.array([0, 0, 1])], [2])
    >>> found = fit_crossed_effects(observed, Priors((0.0, 1.0), (1.0, 0.1), (2.0,)))
    >>> [bool(u > 0) for u in found.effects[0]]
    [True, False]
    """
    objective = _Objective(observed, priors)
    theta = objective.prior_mean.copy()
    value, slope_of = objective.value(theta), objective.gradient(theta)
    steps = 0
    while objective.steepness(slope_of) > GRADIENT and steps < NEWTON_STEPS:
        step = objective.newton_step(theta, slope_of)
        theta, value, moved = _go(objective, theta, value, step, _dot(slope_of, step))
        steps += 1
        slope_of = objective.gradient(theta)
        if not moved:
            break
    effects = np.split(theta[2:], np.cumsum(np.asarray(observed.sizes, dtype=np.int64))[:-1])
    is_converged = objective.steepness(slope_of) < np.sqrt(GRADIENT)
    return CrossedEffects(float(theta[0]), float(theta[1]), effects, steps, is_converged)


class _Objective:
    """Minus the log posterior, its gradient, and Newton's step by conjugate gradients."""

    def __init__(self, observed: Observations, priors: Priors) -> None:
        self._y, self._w, self._x = observed.outcome, observed.weight, observed.x
        starts = np.cumsum([2, *observed.sizes])
        self._size = int(starts[-1])
        pairs = zip(observed.members, starts[:-1], strict=True)
        places = [np.where(of >= 0, of + start, self._size) for of, start in pairs]
        self._at: Ints = np.stack(places, axis=1).astype(np.int64)
        spread = np.repeat(np.array(priors.spread, dtype=float), np.array(observed.sizes, dtype=np.int64))
        self._precision: Floats = np.concatenate([[priors.intercept[1]], [priors.slope[1]], spread]) ** -2.0
        self.prior_mean: Floats = np.zeros(self._size)
        self.prior_mean[:2] = priors.intercept[0], priors.slope[0]

    def _predict(self, theta: Floats) -> Floats:
        padded = np.append(theta, 0.0)
        total: Floats = theta[0] + theta[1] * self._x + padded[self._at].sum(axis=1)
        return total

    def _collect(self, per_row: Floats) -> Floats:
        """Transpose of :meth:`_predict`."""
        spread = np.repeat(per_row, self._at.shape[1])
        total = np.bincount(self._at.ravel(), weights=spread, minlength=self._size + 1)[: self._size].astype(float)
        total[0], total[1] = per_row.sum(), _dot(per_row, self._x)
        return total

    def value(self, theta: Floats) -> float:
        eta = self._predict(theta)
        off = theta - self.prior_mean
        fit = _dot(self._w, np.logaddexp(0.0, eta) - self._y * eta)
        return fit + 0.5 * _dot(self._precision, off * off)

    def gradient(self, theta: Floats) -> Floats:
        missed = self._w * (_logistic(self._predict(theta)) - self._y)
        found: Floats = self._collect(missed) + self._precision * (theta - self.prior_mean)
        return found

    def steepness(self, gradient: Floats) -> float:
        """The largest part of a gradient, each in units of its prior standard deviation."""
        return float(np.abs(gradient * self._precision**-0.5).max())

    def newton_step(self, theta: Floats, gradient: Floats) -> Floats:
        """Solve ``H step = -gradient`` by conjugate gradients, scaled by the diagonal of H."""
        p = _logistic(self._predict(theta))
        curve = self._w * p * (1.0 - p)
        diagonal = self._collect(curve) + self._precision
        diagonal[1] = self._precision[1] + _dot(curve, self._x * self._x)
        step, rest = np.zeros(self._size), -gradient
        scaled = rest / diagonal
        way, size = scaled.copy(), _dot(rest, scaled)
        enough = size * min(CG_FALL, self.steepness(gradient)) ** 2
        for _ in range(min(CG_STEPS, 2 * self._size)):
            if size <= enough:
                break
            bent = self._collect(curve * self._predict(way)) + self._precision * way
            far = size / _dot(way, bent)
            step += far * way
            rest = rest - far * bent
            scaled = rest / diagonal
            size, before = _dot(rest, scaled), size
            way = scaled + (size / before) * way
        return step


def _go(objective: _Objective, theta: Floats, value: float, step: Floats, fall: float) -> tuple[Floats, float, bool]:
    """The longest of the step, its half, its quarter … that lowers the objective as it should."""
    length = 1.0
    for _ in range(HALVINGS):
        there = theta + length * step
        found = objective.value(there)
        if found <= value + 1e-4 * length * fall or abs(length * fall) <= 1e-13 * max(1.0, abs(value)):
            return there, found, True
        length /= 2.0
    return theta, value, False


def _dot(a: Floats, b: Floats) -> float:
    """Not BLAS, whose sum hangs on the number of its threads, and whose threads wait for busy processors."""
    return float(np.sum(a * b))


def _logistic(eta: Floats) -> Floats:
    found: Floats = 0.5 * (1.0 + np.tanh(0.5 * eta))
    return found
