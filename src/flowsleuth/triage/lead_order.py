"""The order of leads as they stand: what is set aside last, the rest by their chance, moved by what ratings teach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

LEAST = 1e-300


@dataclass(frozen=True)
class LeadOrder:
    """One row per lead of one day and kind, in the order that was given.

    Attributes
    ----------
    surprise : array of float64
        Nats, with what ratings teach and without what is set aside.
    p_value : array of float64
    rank : array of int64
        From 1; what is set aside comes after the rest.
    moved : array of int64
        Places up among those that are not set aside; 0 for the others.
    """

    surprise: Floats
    p_value: Floats
    rank: Ints
    moved: Ints


def order_leads(surprise: Floats, p_value: Floats, taught: Floats, is_hidden: Bools, before: Ints) -> LeadOrder:
    """Rank the leads of a day.

    Parameters
    ----------
    surprise, p_value : array of float64, shape (n,)
        As fused, of what is not set aside.
    taught : array of float64, shape (n,)
        Nats that ratings teach: log-odds, so that each divides the chance by e. 0 leaves it as it is.
    is_hidden : array of bool, shape (n,)
    before : array of int64, shape (n,)
        Rank as fused, which orders equals too.

    Examples
    --------
    The second is rated up by six nats; the third is set aside:

    >>> surprise, p = np.array([9.0, 6.0, 5.0]), np.exp(-np.array([9.0, 6.0, 5.0]))
    >>> found = order_leads(surprise, p, np.array([0, 6, 0]), np.array([False, False, True]),
    ...     np.array([1, 2, 3]))
    >>> found.rank.tolist(), found.moved.tolist(), found.p_value.round(7).tolist()
    ([2, 1, 3], [-1, 1, 0], [0.0001234, 6.1e-06, 0.0067379])
    """
    chance = np.where(taught == 0.0, p_value, np.clip(p_value * np.exp(-taught), LEAST, 1.0))
    now = np.maximum(surprise + taught, 0.0)
    rank = _places(before, -now, chance, is_hidden)
    moved = np.where(is_hidden, 0, _places(before, is_hidden) - rank)
    return LeadOrder(now, chance, rank, moved)


def _places(*keys: npt.NDArray[Any]) -> Ints:
    """Places from 1 by the last key, then by those before it."""
    order = np.lexsort(keys)
    places = np.empty(order.size, dtype=np.int64)
    places[order] = np.arange(1, order.size + 1)
    return places
