"""What a run of a detector or finder on a day gave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ScoredDay:
    """One detector's, or finder's, run on one day.

    Attributes
    ----------
    detector, date : str
    flows : int
        Flows scored, or looked at.
    suspects : int
        Groups of near-identical flows; findings of a finder; hosts and pairs with a finding of ``leads``.
    is_new : bool
        False when what is stored was up to date already.
    notes : dict
        What the detector says of the run.
    unit : ``groups``, ``findings`` or ``leads``
        What `suspects` counts.
    """

    detector: str
    date: str
    flows: int
    suspects: int
    is_new: bool
    notes: dict[str, Any] = field(default_factory=dict)
    unit: str = "groups"
