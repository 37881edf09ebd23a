"""Apache Spot's three context files, as facts about addresses: network names, places, internal ranges.

=====================  =============================================================================================
file                   columns
=====================  =============================================================================================
networkcontext_1.csv   address (one, ``low-high`` or CIDR), name; header row; the most specific one counts
iploc.csv              low, high (numbers or addresses), country code, country, state, city, latitude, longitude,
                       owner, domain; no header; an address after the end of a range is in none
ipranges.csv           low, high, name; no header; addresses that are ours, as the home networks are
=====================  =============================================================================================

IPv4 and IPv6. A row that cannot be read is left out and told in ``notes``; it never stops the rest.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import FlowsleuthError
from flowsleuth.schema.columns import Column
from flowsleuth.schema.ranges import Range, RangeMap, parse_range, range_between

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

NETWORK_NAMES, PLACES, INTERNAL_RANGES = "networkcontext_1.csv", "iploc.csv", "ipranges.csv"
NOTES_SHOWN = 20
UNKNOWN = "not in the file"

NETWORK = Column("network", "string", "name of the network", null=UNKNOWN)
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


def _nothing(name: str, columns: tuple[Column, ...], reason: str) -> RangeFacts:
    import pyarrow as pa

    empty = pa.schema([pa.field(c.name, c.arrow_type()) for c in columns]).empty_table()
    return RangeFacts(name, RangeMap([]), empty, columns, absent=reason)


def load_network_names(path: Path) -> RangeFacts:
    """Read ``networkcontext_1.csv``; without the file, facts that are absent.

    Examples
    --------
    >>> import tempfile, pyarrow as pa
    >>> path = Path(tempfile.mkdtemp()) / "networkcontext_1.csv"
    >>> _ = path.write_text("address,name\\n10.0.0.0/8,Campus\\n10.1.0.0/16,VPN Prague\\n")
    >>> load_network_names(path).look_up(pa.array(["10.1.2.3", "10.9.9.9", "8.8.8.8"]))["network"].to_pylist()
    ['VPN Prague', 'Campus', None]
    """
    return _load(_read_network_names, path, NETWORK_NAMES, (NETWORK,))


def load_internal_ranges(path: Path) -> RangeFacts:
    """Read ``ipranges.csv``; without the file, facts that are absent."""
    return _load(_read_internal_ranges, path, INTERNAL_RANGES, (NETWORK,))


def load_places(path: Path) -> RangeFacts:
    """Read ``iploc.csv``; without the file, facts that are absent.

    Examples
    --------
    >>> import tempfile, pyarrow as pa
    >>> path = Path(tempfile.mkdtemp()) / "iploc.csv"
    >>> _ = path.write_text('"16777216","16777471","AU","Australia","","Brisbane","-27.5","153.0","APNIC","x.au"')
    >>> load_places(path).look_up(pa.array(["1.0.0.9", "1.0.1.0"]))["city"].to_pylist()
    ['Brisbane', None]
    """
    from flowsleuth.enrich.places import read_places

    return _load(read_places, path, PLACES, PLACE_COLUMNS)


def _load(read: Any, path: Path, name: str, columns: tuple[Column, ...]) -> RangeFacts:
    try:
        facts = path.stat()
    except OSError:
        return _nothing(name, columns, f"there is no {name} in the folder {path.parent.name}")
    return _cached(read, path, facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=16)
def _cached(read: Any, path: Path, _size: int, _changed: int) -> RangeFacts:
    """One reading of a file as it is now; a server asks for the same file again and again."""
    try:
        made: RangeFacts = read(path)
    except OSError as error:
        raise FlowsleuthError(f"cannot be read: {error.strerror}", where=str(path)) from None
    return made


def _rows(path: Path, notes: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Rows of a small CSV file with their line numbers; undecodable bytes are replaced, blank lines passed by."""
    text = path.read_bytes().decode("utf-8-sig", "replace")
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
    try:
        for row in reader:
            if any(field.strip() for field in row):
                yield reader.line_num, row
    except csv.Error as error:
        notes.append(f"{path.name}, line {reader.line_num}: {error}; the rest was not read")


def _read_network_names(path: Path) -> RangeFacts:
    ranges: list[Range] = []
    names: list[str] = []
    notes: list[str] = []
    for line, row in _rows(path, notes):
        try:
            if len(row) < 2:
                raise ValueError("no name")
            made = parse_range(row[0])
        except ValueError as error:
            if line > 1:
                notes.append(f"{path.name}, line {line}: {error}")
            continue
        ranges.append(made)
        names.append(row[1].strip())
    return _named(path, ranges, names, notes)


def _read_internal_ranges(path: Path) -> RangeFacts:
    ranges: list[Range] = []
    names: list[str] = []
    notes: list[str] = []
    for line, row in _rows(path, notes):
        try:
            if len(row) < 2:
                raise ValueError("no end")
            made = range_between(row[0], row[1])
        except ValueError as error:
            notes.append(f"{path.name}, line {line}: {error}")
            continue
        ranges.append(made)
        names.append(row[2].strip() if len(row) > 2 else "")
    return _named(path, ranges, names, notes)


def _named(path: Path, ranges: list[Range], names: list[str], notes: list[str]) -> RangeFacts:
    import pyarrow as pa

    values = pa.table({"network": pa.array([name or None for name in names], pa.string())})
    return RangeFacts(path.name, RangeMap(ranges), values, (NETWORK,), notes=shorten(notes))


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
