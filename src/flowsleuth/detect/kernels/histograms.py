"""How unusual rows of numbers are, from a histogram of each column."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def bin_nats(features: Floats) -> tuple[Floats, Ints]:
    """Of each value, how much rarer its bin is than the fullest, in nats; and how many rows are in its bin.

    Bins of equal width between a column's smallest and largest value, as many as the square root of the rows, rounded
    up. A column of one value says nothing. A row's sum is its histogram-based outlier score (HBOS).

    Parameters
    ----------
    features : array of float64, shape (n, d)

    Returns
    -------
    tuple of array of float64 and array of int64, each of shape (n, d)

    References
    ----------
    Goldstein, Dengel, "Histogram-based Outlier Score (HBOS)", KI 2012; static bins.

    Examples
    --------
    Four rows, two bins; three values in the first and one in the second:

    >>> nats, rows = bin_nats(np.array([[0.0], [0.1], [0.2], [1.0]]))
    >>> nats.ravel().round(4).tolist(), rows.ravel().tolist()
    ([0.0, 0.0, 0.0, 1.0986], [3, 3, 3, 1])
    """
    n = len(features)
    bins = int(np.ceil(np.sqrt(n)))
    nats, rows = np.zeros(features.shape), np.full(features.shape, n, dtype=np.int64)
    for at, column in enumerate(features.T):
        low, high = column.min(initial=np.inf), column.max(initial=-np.inf)
        if not high > low:
            continue
        place = np.minimum(((column - low) / (high - low) * bins).astype(np.int64), bins - 1)
        height = np.bincount(place, minlength=bins)
        rows[:, at] = height[place]
        nats[:, at] = np.log(height.max() / height[place])
    return nats, rows
