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
import io
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from flowsleuth.enrich.places import read_places
from flowsleuth.enrich.range_facts import PLACE_COLUMNS, UNKNOWN, RangeFacts, shorten
from flowsleuth.errors import FlowsleuthError
from flowsleuth.schema.columns import Column
from flowsleuth.schema.ranges import Range, RangeMap, parse_range, range_between

NETWORK_NAMES, PLACES, INTERNAL_RANGES = "networkcontext_1.csv", "iploc.csv", "ipranges.csv"

NETWORK = Column("network", "string", "name of the network", null=UNKNOWN)


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
