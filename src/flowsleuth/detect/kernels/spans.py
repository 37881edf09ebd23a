"""Stretches of time put together where they meet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def join_spans(key: Ints, start: Ints, end: Ints, gap: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Put together what has the same key and overlaps, or is no further apart than `gap`.

    Parameters
    ----------
    key : array of int64, shape (n,)
        At least 0; the number of keys times the longest time must stay below 2**63.
    start, end : array of int64, shape (n,)
        At least 0; `end` is not before `start`.
    gap : int

    Returns
    -------
    key, start, end, parts : array of int64
        In order of (key, start); `parts` is how many were put together.

    Examples
    --------
    >>> key, start, end = np.array([0, 0, 0, 1]), np.array([0, 50, 300, 40]), np.array([40, 90, 310, 45])
    >>> [part.tolist() for part in join_spans(key, start, end, 10)]
    [[0, 0, 1], [0, 300, 40], [90, 310, 45], [2, 1, 1]]
    """
    if not key.size:
        return key, start, end, key
    order = np.lexsort((end, start, key))
    places, of = np.unique(key[order], return_inverse=True)
    shift = of.reshape(-1) * (int(end.max()) + gap + 2)
    begin, until = start[order] + shift, np.maximum.accumulate(end[order] + shift)
    is_new = np.append(True, begin[1:] > until[:-1] + gap)
    first = np.flatnonzero(is_new)
    last = np.append(first[1:], key.size) - 1
    found = of.reshape(-1)[first]
    return places[found], start[order][first], until[last] - shift[last], last - first + 1
