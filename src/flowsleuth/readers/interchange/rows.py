"""Fields of records of another schema to rows of ``flow``, by its mapping."""

from __future__ import annotations

import json
from collections.abc import Mapping
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import by_value, flat, mask_of, only
from flowsleuth.readers.azure_table_rows import instants
from flowsleuth.readers.contract import ReadContext
from flowsleuth.readers.conversions import as_text, convert
from flowsleuth.readers.interchange import Field, Schema
from flowsleuth.readers.json_text import as_json, pack_object, strings_as_json
from flowsleuth.readers.mapped_json import join_objects
from flowsleuth.readers.mapping import Rule
from flowsleuth.readers.rows import build_rows
from flowsleuth.schema import FLOW

_UNITS = {"milliseconds": "ms", "nanoseconds": "ns"}
_UTC = ZoneInfo("UTC")

Faults = dict[int, tuple[str, str | None]]


class RecordRows:
    """Records of one schema on their way to rows.

    Parameters
    ----------
    schema : Schema
    columns : mapping of str to array
        Fields by dotted name: text where a column of ours takes them, else JSON text (``is_json``) or typed.
    size : int
        Number of records.
    more : list of dict, optional
        Further fields of single records, as JSON text.
    is_json : bool
    """

    def __init__(
        self,
        schema: Schema,
        columns: Mapping[str, pa.Array],
        size: int,
        more: list[dict[str, str]] | None = None,
        *,
        is_json: bool = False,
    ) -> None:
        self.schema, self.given, self.size, self.is_json = schema, dict(columns), size, is_json
        self.more = None if more is None else [dict(fields) for fields in more]
        self.faults: Faults = {}
        if self.more is not None:
            self._gather_written(self.more)
        self.left: dict[str, pa.Array] = {}

    def _gather_written(self, more: list[dict[str, str]]) -> None:
        """Of records that were read one by one: what we write into every record, as columns."""
        for name in (*self.schema.constants, *self.schema.sums, f"{self.schema.rest}.extra"):
            texts = pa.array([fields.pop(name, None) for fields in more], pa.string())
            if texts.null_count < self.size:
                self.given[name] = pc.coalesce(self.given[name], texts) if name in self.given else texts

    def build(
        self, lines: npt.NDArray[np.int64], numbers: npt.NDArray[np.int64], context: ReadContext
    ) -> tuple[pa.Table, list[tuple[int, str, str | None]]]:
        """Canonical rows, and the records with a value that does not fit: index, reason, detail."""
        columns = {name: self._column(name, fields) for name, fields in self.schema.fields.items()}
        for name in self.schema.rest_columns():
            kept = self._converted(name, Field(f"{self.schema.rest}.{name}", "text", {}, True, True))
            columns[name] = pc.coalesce(kept, columns[name]) if name in columns else kept
        columns["extra"] = self._extra()
        keep = np.ones(self.size, dtype=bool)
        keep[list(self.faults)] = False
        good = pa.array(keep)
        columns = {name: flat(column).filter(good) for name, column in columns.items()}
        direction = columns.pop("direction")
        built = build_rows(FLOW, columns, lines[keep], context, ordinal=numbers[keep], sensor_direction=direction)
        at = np.flatnonzero(keep)
        bad = [(row, *why) for row, why in self.faults.items()]
        bad += [(int(at[row.index]), row.reason, row.detail) for row in built.bad]
        return built.table, sorted(bad, key=lambda one: one[0])

    def _column(self, name: str, fields: tuple[Field, ...]) -> pa.Array:
        found = [self._converted(name, field) for field in fields if field.field in self.given]
        if not found:
            return pa.nulls(self.size, FLOW[name].arrow_type())
        return flat(pc.coalesce(*found)) if len(found) > 1 else found[0]

    def _converted(self, name: str, field: Field) -> pa.Array:
        column = self.given.get(field.field)
        if column is None:
            return pa.nulls(self.size, FLOW[name].arrow_type())
        if pa.types.is_string(column.type):
            column = only(pc.not_equal(column, ""), column)
        if field.form == "datetime" and pa.types.is_string(column.type):
            values, is_bad = instants(column)
            for at in np.flatnonzero(is_bad).tolist():
                self.faults.setdefault(at, ("not a time", f"{field.field}={column[at].as_py()!r}"[:300]))
        elif field.values:
            ours = {str(theirs).lower(): word for word, theirs in field.values.items()}
            values = by_value(as_text(column), lambda text: ours.get(text.lower()), pa.string())
        else:
            found = convert(column, FLOW[name], Rule(unit=_UNITS.get(field.form, "")), _UTC)
            values = flat(found.values)
            for at in np.flatnonzero(found.is_bad).tolist():
                self.faults.setdefault(at, (found.reason, f"{field.field}={column[at].as_py()!r}"[:300]))
        if name in ("action", "direction"):
            unknown = only(pc.is_null(values), as_text(column))
            if unknown.null_count < self.size:
                self.left[field.field] = flat(strings_as_json(unknown))
        return values

    def _extra(self) -> pa.Array:
        """What no column took, with the ``extra`` of a row that was ours."""
        known = {*self.schema.known_fields(), *(f"{self.schema.rest}.{name}" for name in self.schema.rest_columns())}
        ours = f"{self.schema.rest}.extra"
        others: dict[str, pa.Array] = dict(self.left)
        for name, column in self.given.items():
            if name not in known and name != ours:
                text = flat(column if self.is_json else _parquet_json(column))
                others[name] = self._without_ours(name, text)
        packed = flat(pack_object(others, self.size, self.more))
        kept = self.given.get(ours)
        return packed if kept is None else join_objects(flat(kept), packed)

    def _without_ours(self, name: str, text: pa.Array) -> pa.Array:
        """A field without the values that we wrote and need not keep: constants, and sums whose parts are there."""
        if name in self.schema.constants:
            constant = json.dumps(self.schema.constants[name], separators=(",", ":"))
            written = pa.array([constant, json.dumps(constant)])  # in CSV it is a text
            return only(pc.invert(pc.is_in(pc.replace_substring(text, ", ", ","), value_set=written)), text)
        if name in self.schema.sums:
            parts = [self.schema.fields[part][0].field for part in self.schema.sums[name]]
            if all(part in self.given for part in parts):
                is_known = np.logical_and.reduce([mask_of(pc.is_valid(self.given[part])) for part in parts])
                return only(pa.array(~is_known), text)
        return text


def _parquet_json(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_nested(kind):
        return as_text(column)
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    if number or pa.types.is_boolean(kind):
        return flat(as_json(column, "bool" if pa.types.is_boolean(kind) else "number"))
    return flat(strings_as_json(as_text(column))) if not pa.types.is_null(kind) else pa.nulls(len(column), pa.string())
