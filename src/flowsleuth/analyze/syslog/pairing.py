"""Beginnings and ends that belong together, whole columns at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

NONE = -1


def pair_nested(group: Ints, is_begin: npt.NDArray[np.bool_]) -> Ints:
    """For each beginning the end that belongs to it: within a group, the last that began ends first.

    Parameters
    ----------
    group : array of int64
        Numbers from 0.
    is_begin : array of bool
        Beginnings, and ends; in the order of time.

    Returns
    -------
    array of int64
        The place of the end; -1 for beginnings that do not end, and for ends.

    Examples
    --------
    >>> import numpy as np
    >>> pair_nested(np.array([0, 0, 0, 1, 0]), np.array([True, True, False, False, False])).tolist()
    [4, 2, -1, -1, -1]
    """
    import numpy as np

    size = len(group)
    found = np.full(size, NONE, dtype=np.int64)
    if not size:
        return found
    order = np.argsort(group, kind="stable")
    groups, steps = group[order], np.where(is_begin[order], 1, -1)
    total = np.cumsum(steps)
    starts = np.flatnonzero(np.append(True, groups[1:] != groups[:-1]))
    number = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, size)))
    since = total - (total[starts] - steps[starts])[number]
    apart = 2 * size + 2  # so that the lowest of one group is above all of the next
    lowest = np.minimum(np.minimum.accumulate(since - number * apart) + number * apart, 0)
    before = np.append(0, lowest[:-1])
    before[starts] = 0
    is_paired = lowest == before  # an end that lowers the lowest has no beginning
    level = since - lowest + (steps < 0)
    kept = np.flatnonzero(is_paired)
    sequence = kept[np.lexsort((kept, level[kept], number[kept]))]
    one, other = sequence[:-1], sequence[1:]
    joins = (steps[one] > 0) & (steps[other] < 0) & (number[one] == number[other]) & (level[one] == level[other])
    found[order[one[joins]]] = order[other[joins]]
    return found


def last_before(group: Ints, is_asked: npt.NDArray[np.bool_], is_answer: npt.NDArray[np.bool_]) -> Ints:
    """For each place that asks, the last one before it in its group that answers; -1 where there is none.

    Examples
    --------
    >>> import numpy as np
    >>> last_before(np.array([0, 1, 0]), np.array([False, True, True]), np.array([True, False, False])).tolist()
    [-1, -1, 0]
    """
    import numpy as np

    size = len(group)
    order = np.argsort(group, kind="stable")
    place = np.where(is_answer[order], np.arange(size), NONE)
    latest = np.maximum.accumulate(place) if size else place
    starts = np.flatnonzero(np.append(True, group[order][1:] != group[order][:-1])[:size])
    first = np.repeat(starts, np.diff(np.append(starts, size)))
    is_found = is_asked[order] & (latest >= first) & (latest != NONE)
    found = np.full(size, NONE, dtype=np.int64)
    found[order[is_found]] = order[latest[is_found]]
    return found
