"""What share of usual hosts, or pairs, has as much evidence: counted where there are enough, continued beyond."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_IN_TAIL, SHARE_IN_TAIL = 20, 0.02
"""Values that the tail beyond is learnt from: a median of fewer than twenty is an accident."""
STEP, STEPS = 0.25, 400
"""Nats by which evidence of earlier days is counted, and how many such steps: what is beyond 100 nats is one."""
LEAST_SCALE = 1.0
"""Nats per e-fold beyond: an honest ``-ln p`` falls by e every nat, so nothing falls faster."""


@dataclass(frozen=True)
class Calibration:
    """The survival function of usual evidence.

    Attributes
    ----------
    values : array of float64
        Evidence of the reference that is above 0, ascending, nats.
    total : float
        Entities of the reference, those without evidence among them.
    threshold, share : float
        Where the tail begins, and the share of the reference beyond.
    scale : float
        Nats per e-fold beyond the threshold.
    """

    values: Floats
    total: float
    threshold: float
    share: float
    scale: float

    @classmethod
    def of(cls, values: Floats, total: int) -> Calibration:
        """Learn from the evidence of a reference.

        Beyond a threshold that the twenty largest, or one in fifty, exceed, the excess is taken as exponential with
        the scale that its median gives, ``median / ln 2``, and at least a nat, which is that of an honest ``-ln p``.
        So a few real attacks in the reference, which are its largest values, do not make themselves usual: half of
        the twenty must have much evidence before much is usual (peaks over threshold, as in Siffer et al. 2017,
        "Anomaly detection in streams with extreme value theory", with a shape of 0 and a robust scale).

        Parameters
        ----------
        values : array of float64
            Evidence of those that have any, nats.
        total : int
            How many there are, with or without evidence.
        """
        ordered = np.sort(values[values > 0])
        total = max(int(total), ordered.size, 1)
        most = min(total, max(LEAST_IN_TAIL, int(SHARE_IN_TAIL * total)))
        threshold = float(ordered[-most - 1]) if most < ordered.size else 0.0
        excess = np.zeros(most)  # those that are not there have no evidence
        excess[: min(most, ordered.size)] = ordered[-most:] - threshold
        scale = max(LEAST_SCALE, float(np.median(excess)) / float(np.log(2.0)))
        return cls(ordered, float(total), threshold, most / total, scale)

    @classmethod
    def of_counts(cls, counts: NDArray[np.integer], total: int) -> Calibration:
        """The same from what :func:`count_evidence` gave, summed over days."""
        return cls.of(np.repeat((np.arange(counts.size) + 0.5) * STEP, counts), total)

    def tail(self, values: Floats) -> Floats:
        """P(one of the reference has as much evidence), in (0, 1]; 1 where there is none.

        Examples
        --------
        >>> usual = Calibration.of(np.linspace(0.1, 4.0, 40), 100)
        >>> usual.tail(np.array([0.0, 0.1, 2.0, 12.0])).round(4).tolist()
        [1.0, 0.4, 0.21, 0.0003]
        """
        above = self.values.size - np.searchsorted(self.values, values, side="left")
        counted = np.maximum(above, 1) / self.total
        beyond = self.share * np.exp(-(values - self.threshold) / self.scale)
        found: Floats = np.where(values > self.threshold, np.minimum(beyond, self.share), counted)
        return np.where(values > 0, np.clip(found, 1e-300, 1.0), 1.0)


def count_evidence(values: Floats) -> NDArray[np.int64]:
    """How many have evidence in each step of a quarter nat: shape (400,); those without any are not counted.

    Examples
    --------
    >>> count_evidence(np.array([0.0, 0.3, 0.4, 1e9]))[[0, 1, -1]].tolist()
    [0, 2, 1]
    """
    step = np.minimum((values[values > 0] / STEP), STEPS - 1).astype(np.int64)
    return np.bincount(step, minlength=STEPS)


def false_shares(p_value: Floats, tests: int | None = None) -> Floats:
    """Expected share of false leads in the list down to each, Benjamini and Hochberg (1995): shape (n,).

    Parameters
    ----------
    p_value : array of float64, shape (n,)
    tests : int, optional
        How many were tested, where those that are not here have a larger chance than any that is.

    Examples
    --------
    >>> false_shares(np.array([0.01, 0.5, 0.02])).round(3).tolist()
    [0.03, 0.5, 0.03]
    >>> false_shares(np.array([0.01]), tests=50).tolist()
    [0.5]
    """
    order = np.argsort(p_value, kind="stable")
    total = p_value.size if tests is None else max(tests, p_value.size)
    raw = p_value[order] * total / np.arange(1, p_value.size + 1)
    found = np.empty(p_value.size)
    found[order] = np.minimum.accumulate(raw[::-1])[::-1] if raw.size else raw
    return np.minimum(found, 1.0)
