"""Facts that belong to ranges of addresses, as a file of them gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowsleuth.schema.columns import Column
from flowsleuth.schema.ranges import RangeMap

if TYPE_CHECKING:
    import datetime as dt

    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

NOTES_SHOWN = 20
UNKNOWN = "not in the file"

PLACE_COLUMNS = (
    Column("country_code", "string", "ISO 3166-1 code", null=UNKNOWN),
    Column("country", "string", "", null=UNKNOWN),
    Column("region", "string", "state or region", null=UNKNOWN),
    Column("city", "string", "", null=UNKNOWN),
    Column("lat", "float64", "latitude", "degrees", "not in the file, or not readable as a latitude"),
    Column("lon", "float64", "longitude", "degrees", "not in the file, or not readable as a longitude"),
    Column("owner", "string", "who the range is registered to", null=UNKNOWN),
    Column("domain", "string", "", null=UNKNOWN),
)


class RangeFacts:
    """Facts that belong to ranges of addresses.

    Parameters
    ----------
    name : str
        What it is called in notes and provenance.
    ranges : RangeMap
    values : pyarrow.Table
        One row per range.
    columns : tuple of Column
        What the values are.
    absent : str, optional
        Why there are none.
    notes : tuple of str
        Rows that were left out.
    as_of : datetime, optional
        When what it says was true, UTC.
    """

    def __init__(
        self,
        name: str,
        ranges: RangeMap,
        values: pa.Table,
        columns: tuple[Column, ...],
        *,
        absent: str | None = None,
        notes: tuple[str, ...] = (),
        as_of: dt.datetime | None = None,
    ) -> None:
        self.name = name
        self.ranges = ranges
        self.values = values
        self.columns = columns
        self.absent = absent
        self.notes = notes
        self.as_of = as_of

    def look_up(self, addresses: pa.Array) -> pa.Table:
        """See :class:`flowsleuth.enrich.facts.AddressFacts`."""
        import pyarrow as pa

        found = self.ranges.find(addresses)
        return self.values.take(pa.array(found, mask=found < 0))

    def covers(self, addresses: pa.Array) -> npt.NDArray[np.bool_]:
        """Which addresses are in any range."""
        return self.ranges.find(addresses) >= 0


def shorten(notes: list[str]) -> tuple[str, ...]:
    """The first notes, and how many there are in all.

    Examples
    --------
    >>> len(shorten(["line"] * 100))
    21
    """
    if len(notes) <= NOTES_SHOWN:
        return tuple(notes)
    return (*notes[:NOTES_SHOWN], f"… {len(notes):,} rows left out in all")
