"""Outlier scores without labels: an isolation forest; HBOS and ECOD, written from their papers. High is unusual."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.kernels.histograms import bin_nats

Floats = NDArray[np.float64]


def hbos(features: Floats) -> Floats:
    """Histogram-based outlier score: our own kernel's nats (its source is there), summed over features.

    Examples
    --------
    >>> hbos(np.array([[0.0], [0.1], [0.2], [1.0]])).round(4).tolist()
    [0.0, 0.0, 0.0, 1.0986]
    """
    return bin_nats(features)[0].sum(axis=1)


def ecod(features: Floats) -> Floats:
    """Empirical-cumulative-distribution outlier score.

    For each feature the tail probabilities to the left and to the right, from the empirical distribution; their
    negative logarithms are summed over features three ways: all left, all right, and for each feature the side of its
    long tail (by skewness). The score is the largest of the three sums.

    Parameters
    ----------
    features : array of float, shape (n, d)

    References
    ----------
    Li, Zhao, Hu, Botta, Ionescu, Chen, "ECOD", IEEE TKDE 2022, algorithm 1.

    Examples
    --------
    >>> ecod(np.array([[1.0], [2.0], [3.0], [10.0]])).round(4).tolist()
    [1.3863, 0.6931, 0.6931, 1.3863]
    """
    rows = len(features)
    left, right, auto = np.zeros(rows), np.zeros(rows), np.zeros(rows)
    for column in features.T:
        ordered = np.sort(column)
        below = -np.log(np.searchsorted(ordered, column, side="right") / rows)
        above = -np.log((rows - np.searchsorted(ordered, column, side="left")) / rows)
        left += below
        right += above
        auto += below if _skewness(column) < 0 else above
    return np.asarray(np.maximum(np.maximum(left, right), auto))


def forest(features: Floats) -> Floats:
    """scikit-learn's isolation forest at its defaults, from a set seed.

    Parameters
    ----------
    features : array of float, shape (n, d)
    """
    from sklearn.ensemble import IsolationForest

    return np.asarray(-IsolationForest(random_state=0).fit(features).score_samples(features))


def _skewness(column: Floats) -> float:
    """Third standardized moment; 0 where all values are equal."""
    away = column - column.mean()
    spread = float(np.mean(away**2))
    return float(np.mean(away**3)) / spread**1.5 if spread > 0 else 0.0
