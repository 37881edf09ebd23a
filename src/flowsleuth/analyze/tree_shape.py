"""The shape of a forest, given the parent of each node: levels, order, sizes. Linear, or nearly, at any depth.

Arrays only. Nodes are numbered in the order in which a tree is written: a node, then its first child with all below it,
then the next child. Everything below a node therefore has the numbers that follow its own, and as many as are below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Bools = npt.NDArray[np.bool_]

NOBODY = -1


@dataclass(frozen=True)
class Shape:
    """One entry a node, in the order given.

    Attributes
    ----------
    number : array of int64
        Place in the written tree, from 0.
    level : array of int64
        0 for roots.
    below : array of int64
        Nodes below it, at any depth.
    children : array of int64
    root : array of int64
        The root, as a place in the arrays.
    """

    number: Ints
    level: Ints
    below: Ints
    children: Ints
    root: Ints


def cut_cycles(parent: Ints, order: Ints) -> tuple[Ints, Bools]:
    """Parents without circles: of each circle the node that comes first in ``order`` loses its parent.

    Parameters
    ----------
    parent : array of int64
        Place of the parent; :data:`NOBODY` for roots.
    order : array of int64
        A rank for each node, all different.

    Returns
    -------
    tuple
        Parents, and which nodes lost theirs.

    Examples
    --------
    >>> parents, is_cut = cut_cycles(np.array([1, 2, 0, 0, 4]), np.array([2, 1, 0, 3, 4]))
    >>> parents.tolist(), is_cut.tolist()
    ([1, 2, -1, 0, -1], [False, False, True, False, True])
    """
    size = len(parent)
    end = size  # a place above all roots
    up = np.r_[np.where(parent == NOBODY, end, parent), end]
    lowest = np.r_[order, np.iinfo(np.int64).max]
    jump = up
    for _ in range(max(size, 1).bit_length()):
        lowest = np.minimum(lowest, lowest[jump])
        jump = jump[jump]
    stuck = jump[:size] != end
    if not stuck.any():
        return parent, np.zeros(size, dtype=bool)
    on_circle = np.zeros(size + 1, dtype=bool)
    on_circle[jump[:size][stuck]] = True  # after more steps than there are nodes, all stand on a circle
    on_circle[end] = False
    is_cut = on_circle[:size] & (lowest[:size] == order)
    return np.where(is_cut, NOBODY, parent), is_cut


def shape_of(parent: Ints, rank: Ints) -> Shape:
    """Levels, order and sizes of a forest.

    Parameters
    ----------
    parent : array of int64
        Place of the parent, :data:`NOBODY` for roots; no circles.
    rank : array of int64
        Which of brothers, and of roots, comes first.

    Examples
    --------
    >>> shape = shape_of(np.array([-1, 0, 0, 1]), np.array([0, 2, 1, 3]))
    >>> shape.number.tolist(), shape.level.tolist(), shape.below.tolist(), shape.children.tolist()
    ([0, 2, 1, 3], [0, 1, 1, 2], [3, 1, 0, 0], [2, 1, 0, 0])
    """
    level, root = _levels(parent)
    order = np.lexsort((rank, level))  # parents before children
    above = parent[order].tolist()
    below, number = _sizes_and_numbers(order.tolist(), above)
    children = np.bincount(parent[parent != NOBODY], minlength=len(parent)).astype(np.int64)
    return Shape(np.array(number, dtype=np.int64), level, np.array(below, dtype=np.int64), children, root)


def _levels(parent: Ints) -> tuple[Ints, Ints]:
    """Steps to the root, and the root: each round doubles the steps, so that depth costs its logarithm."""
    jump = np.where(parent == NOBODY, np.arange(len(parent)), parent)
    level = (parent != NOBODY).astype(np.int64)
    while True:
        further = jump[jump]
        if np.array_equal(further, jump):
            return level, jump
        level = level + level[jump]
        jump = further


def _sizes_and_numbers(order: list[int], above: list[int]) -> tuple[list[int], list[int]]:
    """Sizes from the leaves up, then numbers from the roots down: two plain passes.

    A pass over whole columns would be one for each level, which a chain of processes has as many of as nodes.
    """
    size = [1] * len(order)
    for node, parent in zip(reversed(order), reversed(above), strict=True):
        if parent != NOBODY:
            size[parent] += size[node]
    free = [0] * len(order)
    number = [0] * len(order)
    next_root = 0
    for node, parent in zip(order, above, strict=True):
        if parent == NOBODY:
            at, next_root = next_root, next_root + size[node]
        else:
            at = free[parent]
            free[parent] = at + size[node]
        number[node] = at
        free[node] = at + 1
    return [one - 1 for one in size], number
