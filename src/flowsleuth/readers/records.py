"""Records of any source as text columns, and how their fields become canonical columns, by declared tables.

A source says, for each of our columns, which of its fields fill it and how (:class:`Field`); the rest of a record goes
to ``extra``. A value that does not fit its column is null there and stays in ``extra``; only a record without a time is
no row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import Mask, by_value, flat, mask_of, only
from flowsleuth.readers.contract import MAX_RAW, ReadContext, Reject
from flowsleuth.readers.field_values import HOWS, PARTIAL
from flowsleuth.readers.mapped_json import as_texts, unused_fields
from flowsleuth.readers.rows import BadRow, build_rows, json_extra
from flowsleuth.readers.streams import printable
from flowsleuth.schema import Table

NOT_A_TIME = "not a time"

Rows = npt.NDArray[np.int64]


@dataclass
class Records:
    """Consecutive records of a source.

    Attributes
    ----------
    columns : mapping of str to pyarrow.Array of string
        Fields by name; null where a record has none. Nested values of JSON are JSON text.
    source_row : array of int64
        The line each begins on, or its number.
    ordinal : array of int64
        What ids are made of.
    raws : sequence of bytes
        As they stand in the file.
    objects : sequence of dict, optional
        The records themselves, where they were JSON: ``extra`` then keeps their types.
    extra : pyarrow.Array of string, optional
        ``extra`` of each, where the reader makes it itself.
    """

    columns: Mapping[str, pa.Array]
    source_row: Rows
    ordinal: Rows
    raws: Sequence[bytes]
    objects: Sequence[dict[str, Any]] | None = None
    extra: pa.Array | None = None

    def __len__(self) -> int:
        return len(self.source_row)

    def get(self, name: str) -> pa.Array:
        """A field; all null when there is none of that name."""
        column = self.columns.get(name)
        return pa.nulls(len(self), pa.string()) if column is None else column

    def some(self, mask: Mask) -> Records:
        """Those under a mask."""
        if mask.all():
            return self
        at, chosen = np.flatnonzero(mask).tolist(), pa.array(mask)
        columns = {name: column.filter(chosen) for name, column in self.columns.items()}
        objects = None if self.objects is None else [self.objects[i] for i in at]
        extra = None if self.extra is None else self.extra.filter(chosen)
        return Records(columns, self.source_row[mask], self.ordinal[mask], [self.raws[i] for i in at], objects, extra)

    def reject(self, at: int, reason: str, detail: str | None = None) -> Reject:
        """One record as a reject."""
        raw = printable(bytes(self.raws[at]).rstrip(b"\r\n"))[:MAX_RAW]
        return Reject(int(self.source_row[at]), reason, detail, raw)


def of_objects(objects: Sequence[dict[str, Any]], source_row: Rows, ordinal: Rows, raws: Sequence[bytes]) -> Records:
    """JSON objects (nested ones under dotted names) as records."""
    names = dict.fromkeys(name for record in objects for name in record)
    columns = {name: as_texts(objects, name) for name in names}
    return Records(columns, source_row, ordinal, raws, objects)


class Field(NamedTuple):
    """Which fields fill a column (the first one that has a value), and how; see :mod:`.field_values`."""

    names: tuple[str, ...]
    how: str = "text"


Fields = Mapping[str, Field]


def field(*names: str, how: str = "text") -> Field:
    """A shorter way to write a :class:`Field`."""
    return Field(names, how)


@dataclass
class Made:
    """Canonical columns of some records, and what is left for ``extra``."""

    columns: dict[str, Any]
    used: dict[str, Mask]

    def take(self, name: str, taken: Mask) -> None:
        """Note in which records a field was used up."""
        self.used[name] = self.used[name] | taken if name in self.used else taken


def columns_of(records: Records, fields: Fields) -> Made:
    """Fill our columns from the declared fields."""
    made = Made({}, {})
    for canonical, (names, how) in fields.items():
        column: pa.Array | None = None
        for name in names:
            if name not in records.columns:
                continue
            values = HOWS[how](flat(records.columns[name]))
            if column is None:
                taken, column = pc.is_valid(values), values
            else:
                taken = pc.and_(pc.is_null(column), pc.is_valid(values))
                column = pc.coalesce(column, values)
            if how not in PARTIAL:
                made.take(name, mask_of(taken))
        if column is not None:
            made.columns[canonical] = column
    return made


def rows_of(
    table: Table, records: Records, made: Made, context: ReadContext, time_fields: Sequence[str] = ()
) -> tuple[pa.Table, list[Reject]]:
    """Canonical rows of records, and rejects of those that are none.

    ``time_fields`` are looked at for the words of a time that is none.
    """
    columns = {name: column for name, column in made.columns.items() if name in table.names}
    columns.setdefault("start", pa.nulls(len(records), table["start"].arrow_type()))
    columns["extra"] = extra_of(records, made)
    built = build_rows(table, columns, records.source_row, context, ordinal=records.ordinal)
    rejects = [_why(records, bad, time_fields) for bad in built.bad]
    return built.table, rejects


def _why(records: Records, bad: BadRow, time_fields: Sequence[str]) -> Reject:
    for name in time_fields if bad.detail == "start" else ():
        said = records.get(name)[bad.index].as_py()
        if said is not None:
            return records.reject(bad.index, NOT_A_TIME, f"{name}={said!r}"[:300])
    return records.reject(bad.index, bad.reason, bad.detail)


def extra_of(records: Records, made: Made) -> pa.Array:
    """All that no column took, as a JSON object per record."""
    if records.extra is not None:
        return records.extra
    if records.objects is not None:
        rest = [
            {name: value for name, value in record.items() if not _is_used(made, name, at) and _says(value)}
            for at, record in enumerate(records.objects)
        ]
        return unused_fields(rest, ())
    left = {}
    for name, column in records.columns.items():
        if not name:
            continue  # a numbered index that a program put in front of the table
        unused = only(pa.array(~made.used[name]), column) if name in made.used else column
        left[name] = by_value(unused, lambda text: text if _says(text) else None, pa.string())
    return json_extra(left, len(records))


def _is_used(made: Made, name: str, at: int) -> bool:
    return name in made.used and bool(made.used[name][at])


def _says(value: Any) -> bool:
    return value is not None and value != ""


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of record that has a table.

    Attributes
    ----------
    name : str
        What the source calls it.
    table : Table
    fields : mapping
        Which of its fields fill which of our columns.
    settle : callable, optional
        What takes more than one field; changes the columns that were made.
    """

    name: str
    table: Table
    fields: Fields
    settle: Callable[[Records, Made], None] | None = None

    def rows(self, records: Records, context: ReadContext) -> tuple[pa.Table, list[Reject]]:
        """Canonical rows, and rejects of the records that are none."""
        made = columns_of(records, self.fields)
        if "event_type" in self.table.names and "event_type" not in made.columns:
            made.columns["event_type"] = pa.repeat(self.name, len(records))
        if self.settle is not None:
            self.settle(records, made)
        times = self.fields["start"].names if "start" in self.fields else ()
        return rows_of(self.table, records, made, context, times)
