"""Where each suspect stands: rated or not, how severely, by which rating, and which of its flows are left.

Labels are about flows. For every flow the rule is:

1. a person's label beats a rule's;
2. of two by persons, or two by rules, the later one holds;
3. a label on a suspect is a label on all its flows, those that a later run adds to the same group included.

A suspect is rated when all its flows are; it shows the gravest severity among them. When only some are, it stays in the
queue with the flows that are left.

Labels count in the queues of all detectors: a label says what a flow is, whoever ranked it. Labels on another
detector's suspects are handed in as labels on the flows they cover.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

ALL_FLOWS = -1
"""In the place of a flow's id: the label is on the whole suspect."""


@dataclass(frozen=True)
class Labels:
    """Live labels as columns.

    Attributes
    ----------
    suspect_id, flow_id : array of int64
        `flow_id` is :data:`ALL_FLOWS` for a label on the whole suspect.
    severity, rating_id : array of int64
    strength : array of int64
        Of two labels on the same flow the one with more holds: see :func:`strength`.
    """

    suspect_id: Ints
    flow_id: Ints
    severity: Ints
    rating_id: Ints
    strength: Ints

    def __len__(self) -> int:
        return int(self.suspect_id.size)

    def take(self, at: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> Labels:
        """Some of them."""
        return Labels(*(getattr(self, name)[at] for name in _COLUMNS))

    @classmethod
    def join(cls, parts: list[Labels]) -> Labels:
        """Several together."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS))


_COLUMNS = ("suspect_id", "flow_id", "severity", "rating_id", "strength")
_BY_PERSON = 2**62


def strength(label_id: Ints, by_person: npt.NDArray[np.bool_]) -> Ints:
    """Precedence as one number: persons above rules, then the later above the earlier.

    Examples
    --------
    >>> rule, person = strength(np.array([9, 4]), np.array([False, True]))
    >>> bool(person > rule)
    True
    """
    return label_id + np.where(by_person, _BY_PERSON, 0)


@dataclass(frozen=True)
class Standing:
    """One row per suspect, in the order that was given.

    Attributes
    ----------
    severity : array of int64
        1, 2, 3; 0 where it is unrated, or rated in part.
    rating_id : array of int64
        The rating behind the severity; 0 where there is none.
    rated_flows : array of int64
        How many of its flows have a label, where not all have.
    parts : dict
        Place of a suspect that is rated in part → ids of its rated flows, sorted.
    """

    severity: Ints
    rating_id: Ints
    rated_flows: Ints
    parts: dict[int, Ints]


def stand(suspect_id: Ints, flows: Ints, labels: Labels) -> Standing:
    """Settle what holds of each suspect.

    Parameters
    ----------
    suspect_id, flows : array of int64, shape (n,)
        The suspects, each once, and how many flows they have.
    labels : Labels
        Those of other suspects are passed over.

    Examples
    --------
    >>> flow_id, severity, rating_id = np.array([100, ALL_FLOWS]), np.array([1, 3]), np.array([1, 2])
    >>> labels = Labels(np.array([7, 7]), flow_id, severity, rating_id, np.array([5, 6]))
    >>> found = stand(np.array([7, 8]), np.array([3, 1]), labels)
    >>> found.severity.tolist(), found.rating_id.tolist()
    ([3, 0], [2, 0])
    """
    size = suspect_id.size
    severity, rating_id, rated = (np.zeros(size, dtype=np.int64) for _ in range(3))
    if not len(labels) or not size:
        return Standing(severity, rating_id, rated, {})
    at, held = _strongest(suspect_id, labels)
    is_whole = held.flow_id == ALL_FLOWS
    whole = np.full(size, -1, dtype=np.int64)
    whole[at[is_whole]] = held.strength[is_whole]
    # a flow's own label counts where the label on its suspect is not the stronger
    counts = is_whole | (held.strength > whole[at])
    own = counts & ~is_whole
    np.add.at(rated, at[own], 1)
    overruled = is_whole & (rated[at] >= flows[at])
    counts &= ~overruled
    is_rated = (whole >= 0) | (rated >= flows)
    use = counts & is_rated[at]
    order = np.lexsort((-held.strength[use], held.severity[use], at[use]))
    places, first = np.unique(at[use][order], return_index=True)
    severity[places] = held.severity[use][order][first]
    rating_id[places] = held.rating_id[use][order][first]
    parts = _parts(at[own], held.flow_id[own], is_rated)
    rated[is_rated] = 0
    return Standing(severity, rating_id, rated, parts)


def _strongest(suspect_id: Ints, labels: Labels) -> tuple[Ints, Labels]:
    """For each suspect and flow (or whole) the label that holds, and the suspect's place."""
    order = np.argsort(suspect_id)
    found = np.minimum(np.searchsorted(suspect_id, labels.suspect_id, sorter=order), suspect_id.size - 1)
    at = order[found]
    is_known = suspect_id[at] == labels.suspect_id
    at, labels = at[is_known], labels.take(is_known)
    by = np.lexsort((labels.strength, labels.flow_id, at))
    at, labels = at[by], labels.take(by)
    is_last = np.ones(at.size, dtype=bool)
    is_last[:-1] = (at[1:] != at[:-1]) | (labels.flow_id[1:] != labels.flow_id[:-1])
    return at[is_last], labels.take(is_last)


def _parts(at: Ints, flow_id: Ints, is_rated: npt.NDArray[np.bool_]) -> dict[int, Ints]:
    keep = ~is_rated[at]
    at, flow_id = at[keep], flow_id[keep]
    if not at.size:
        return {}
    places, first = np.unique(at, return_index=True)
    return {int(place): np.sort(ids) for place, ids in zip(places, np.split(flow_id, first[1:]), strict=True)}
