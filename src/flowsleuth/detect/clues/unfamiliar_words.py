"""What was met that hardly anybody knows, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.kernels.familiarity import Familiarity
from flowsleuth.detect.wording import each, join, share

if TYPE_CHECKING:
    import pyarrow as pa

Ints = NDArray[np.int64]


def say_unfamiliar(judged: Familiarity, rows: Ints, days: int, *, hours: Ints, uses: Ints, unit: str) -> pa.Array:
    """Why what was met is odd: who else met it, since when, what this host meets else, how much it is used.

    Parameters
    ----------
    judged : Familiarity
    rows : array of int64, shape (n,)
        Which of it.
    days : int
        Earlier days that were looked at.
    hours, uses : array of int64, shape (n,)
        Hours of the day with uses, and uses.
    unit : str
        What a use is, in the plural.
    """
    first = f", first seen today, in {days + 1} days" if days else ""
    ages = each(judged.age[rows], lambda age: _since(age, first, days))
    own = each(np.where(judged.own_met > 0, np.nan_to_num(judged.own), -1.0)[rows], _part)
    met = each(judged.own_met[rows], lambda n: f"{n:,} other meeting{'' if n == 1 else 's'} " if n else "")
    return join(
        each(judged.others[rows], _others),
        ages,
        "; of this host's ",
        met,
        own,
        "; of everybody's ",
        each(judged.everywhere[rows], share),
        "; ",
        each(uses, lambda n: f"{n:,} {unit if n != 1 else unit.removesuffix('s')}"),
        " in ",
        each(hours, lambda n: f"{n} hour{'' if n == 1 else 's'}"),
        ", as much as ",
        each(judged.use_share[rows], share),
        " of hosts that met such",
    )


def _others(others: int) -> str:
    if not others:
        return "no other host met it"
    return f"{others:,} other host{'' if others == 1 else 's'} met it"


def _since(age: int, today: str, days: int) -> str:
    if not age:
        return today
    return f", first seen {age} day{'' if age == 1 else 's'} ago" if days else ""


def _part(value: float) -> str:
    if value < 0:
        return "other meetings there are none"
    return f"{share(value) if value else 'none'} {'was' if not value else 'were'} so unfamiliar"


def unfamiliar_evidence(judged: Familiarity, rows: Ints) -> dict[str, NDArray[Any]]:
    """The numbers of the reason."""
    return {
        "others": judged.others[rows],
        "first_seen_days_ago": judged.age[rows],
        "own_meetings": judged.own_met[rows],
        "own_share": judged.own[rows],
        "network_share": judged.everywhere[rows],
        "use_share": judged.use_share[rows],
    }
