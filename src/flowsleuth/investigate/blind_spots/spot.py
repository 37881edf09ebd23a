"""One blind spot, and many of them as a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

ALL_FLOWS = "all flows"
MOST = 5
"""Rows of one kind that are listed; the rest is counted in one more."""


@dataclass(frozen=True)
class BlindSpot:
    """Something that hides what goes on.

    Attributes
    ----------
    kind : str
        ``sampling``, ``one way``, ``silence`` …
    place : str
        Which sensor, table, address or source.
    how_much : str
        In words and numbers.
    share : float or None
        The same as a share, where it is one.
    since, until : datetime or None
        UTC.
    hides : str
        What cannot be seen.
    families : tuple of str
        Kinds of evidence that suffer, as finders declare theirs.
    advice : str
        What to do.
    """

    kind: str
    place: str
    how_much: str
    share: float | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    hides: str = ""
    families: tuple[str, ...] = ()
    advice: str = ""


@dataclass(frozen=True)
class Finders:
    """Finders by what they look at.

    Attributes
    ----------
    by_family : mapping of str to sequence of str
        Kind of evidence → names of finders.
    by_table : mapping of str to sequence of str
        Table other than ``flow`` → names of the finders that read it.
    """

    by_family: Mapping[str, Sequence[str]]
    by_table: Mapping[str, Sequence[str]]

    def of(self, families: Iterable[str]) -> str:
        """Names of all that look at some kinds of evidence, with commas."""
        return ", ".join(sorted({name for family in families for name in self.by_family.get(family, ())}))


def as_table(spots: Iterable[BlindSpot], finders: Finders) -> pa.Table:
    """A row each: the columns of :class:`BlindSpot`, with ``detectors`` for the families.

    Examples
    --------
    >>> spot = BlindSpot("clock", "sensor a", "3 flows in the future", families=("timing",))
    >>> as_table([spot], Finders({"timing": ["beats"]}, {}))["detectors"].to_pylist()
    ['beats']
    """
    import pyarrow as pa

    time = pa.timestamp("us", tz="UTC")
    kinds = {"share": pa.float64(), "since": time, "until": time}
    told = [
        {**{one.name: getattr(spot, one.name) for one in fields(spot)}, "detectors": finders.of(spot.families)}
        for spot in spots
    ]
    names = [one.name if one.name != "families" else "detectors" for one in fields(BlindSpot)]
    return pa.Table.from_pylist(told, schema=pa.schema([(name, kinds.get(name, pa.string())) for name in names]))


def listed(spots: Sequence[BlindSpot]) -> list[BlindSpot]:
    """The first of one kind, and how many more there are.

    Examples
    --------
    >>> many = [BlindSpot("silence", f"sensor {number}", "2 h") for number in range(8)]
    >>> [spot.place for spot in listed(many)][-2:]
    ['sensor 4', '3 more']
    """
    if len(spots) <= MOST:
        return list(spots)
    first, more = spots[0], len(spots) - MOST
    rest = BlindSpot(
        first.kind, f"{more:,} more", "likewise", hides=first.hides, families=first.families, advice=first.advice
    )
    return [*spots[:MOST], rest]


def sensor_place(sensor: str | None) -> str:
    """A sensor in words; all flows where the source names none."""
    return ALL_FLOWS if sensor is None else f"sensor {sensor}"
