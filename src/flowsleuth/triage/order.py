"""The order of the queue: scores as they are, moved by what ratings teach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Ranking:
    """One row per suspect, in the order that was given.

    Attributes
    ----------
    rank : array of int64
        Place in the queue, from 1.
    moved : array of int64
        Places that ratings moved it up (negative: down), among the unrated ones; 0 for the rated.
    adjusted : array of float64
        Surprise with what ratings teach now, nats.
    """

    rank: Ints
    moved: Ints
    adjusted: Floats


def rank(
    score: Floats, surprise: Floats, flow_id: Ints, day: Ints, nats: Floats, *, is_rated: Bools | None = None
) -> Ranking:
    """Rank suspects by score, then surprise, highest first, then ``flow_id``, smallest first.

    Parameters
    ----------
    score, surprise : array of float64, shape (n,)
        As stored. Within a day a higher surprise never has a lower score.
    flow_id, day : array of int64, shape (n,)
    nats : array of float64, shape (n,)
        What is to be added to the surprise. Where it is 0 the score stays as it is, so with no ratings the order is
        exactly that of the scores; elsewhere the score is read off the day's own relation of surprise and score.
    is_rated : array of bool, shape (n,), optional
        These have been looked at: what moves before or behind them has not moved for the analyst.

    Examples
    --------
    >>> score, surprise = np.array([0.9, 0.5]), np.array([5.0, 2.0])
    >>> found = rank(score, surprise, np.array([1, 2]), np.array([0, 0]), np.array([0.0, 9.0]))
    >>> found.rank.tolist(), found.moved.tolist()
    ([2, 1], [-1, 1])
    """
    base = _places(score, surprise, flow_id)
    if not nats.any():
        return Ranking(base, np.zeros_like(base), surprise)
    adjusted = surprise + nats
    moved_score = score.copy()
    for one in np.unique(day):
        mine = day == one
        changed = mine & (nats != 0.0)
        if changed.any():
            moved_score[changed] = score_at(adjusted[changed], surprise[mine], score[mine])
    now = _places(moved_score, adjusted, flow_id)
    waiting = np.ones(score.size, dtype=bool) if is_rated is None else ~is_rated
    moved = np.zeros_like(base)
    moved[waiting] = _order_of(base[waiting]) - _order_of(now[waiting])
    return Ranking(now, moved, adjusted)


def _order_of(places: Ints) -> Ints:
    """Places among some as places from 1 without gaps."""
    found = np.empty_like(places)
    found[np.argsort(places)] = np.arange(1, places.size + 1)
    return found


def _places(score: Floats, surprise: Floats, flow_id: Ints) -> Ints:
    order = np.lexsort((flow_id, -surprise, -score))
    places = np.empty(order.size, dtype=np.int64)
    places[order] = np.arange(1, order.size + 1)
    return places


def score_at(wanted: Floats, surprise: Floats, score: Floats) -> Floats:
    """Score that a surprise would have had, by the day's own suspects.

    Between known surprises ``-ln(1 - score)`` is taken as straight; beyond them it changes nat for nat, as the tail of
    an exponential does.

    Examples
    --------
    >>> score_at(np.array([2.0, 3.0]), np.array([2.0, 4.0]), np.array([0.5, 0.9])).round(3).tolist()
    [0.5, 0.776]
    """
    order = np.lexsort((score, surprise))
    known, height = surprise[order], -np.log(np.maximum(1.0 - score[order], 1e-300))
    height = np.maximum.accumulate(height)
    found = np.interp(wanted, known, height)
    found = np.where(wanted > known[-1], height[-1] + (wanted - known[-1]), found)
    found = np.where(wanted < known[0], height[0] - (known[0] - wanted), found)
    low: Floats = 1.0 - np.exp(-np.maximum(found, 0.0))
    return low
