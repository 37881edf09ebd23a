"""Values as small numbers, alone and in pairs: what whole columns are grouped by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

_LARGEST = 2**62


def pairs(one: Ints, other: Ints) -> Ints:
    """Numbers that are equal where both are, ordered as the first, then the second.

    Examples
    --------
    >>> pairs(np.array([5, 5, 0]), np.array([1, 2, 9])).tolist()
    [45, 46, 8]
    """
    if not len(one):
        return one
    firsts, seconds = one - one.min(), other - other.min()
    if int(firsts.max()) >= _LARGEST // (int(seconds.max()) + 1):
        firsts, seconds = ranks(firsts), ranks(seconds)
    both: Ints = firsts * (int(seconds.max()) + 1) + seconds
    return both


def ranks(values: Ints) -> Ints:
    """The values as numbers from 0, without gaps.

    Examples
    --------
    >>> ranks(np.array([70, -2, 70])).tolist()
    [1, 0, 1]
    """
    return np.unique(values, return_inverse=True)[1].ravel()
