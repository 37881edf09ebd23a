"""Rows of ``flow`` as records of another schema: JSON lines, Parquet with nested columns, CSV with dotted ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import by_value, flat
from flowsleuth.readers.interchange import Field, Schema
from flowsleuth.readers.json_text import as_json, pack_object
from flowsleuth.schema.protocols import KEYWORDS

_NUMBERS = {keyword: number for number, keyword in KEYWORDS.items()}
_DATETIME = "%Y-%m-%dT%H:%M:%SZ"

Columns = dict[str, pa.Array]


def field_columns(rows: pa.Table, schema: Schema) -> Columns:
    """Fields of the schema by dotted name, typed, for rows of ``flow``; the rest and the constants are among them."""
    size = len(rows)
    columns: Columns = {}
    for name, fields in schema.fields.items():
        for field in fields:
            if field.is_written:
                columns[field.field] = _formed(flat(rows[name]), field)
    for name, parts in schema.sums.items():
        columns[name] = pc.add(*(flat(rows[part]) for part in parts))
    for name, column in schema.provenance.items():
        columns[name] = flat(rows[column]).cast(pa.string())
    for name in schema.rest_columns():
        column = flat(rows[name])
        is_time = pa.types.is_timestamp(column.type)
        columns[f"{schema.rest}.{name}"] = pc.strftime(column, format=_DATETIME) if is_time else column
    _leave_exact(columns, rows, schema)
    for name, value in schema.constants.items():
        columns[name] = pa.array([value] * size, pa.array([value]).type)
    return columns


def _leave_exact(columns: Columns, rows: pa.Table, schema: Schema) -> None:
    """Of a column that a field holds inexactly, leave only the values that it does not hold."""
    for name, fields in schema.fields.items():
        field = fields[0]
        if field.is_exact or not field.is_written:
            continue
        per_second = 1e3 if field.form == "milliseconds" else 1e9
        held = pc.divide(columns[field.field].cast(pa.float64()), per_second)
        rest = f"{schema.rest}.{name}"
        given = flat(rows[name])
        columns[rest] = pc.if_else(pc.equal(held, given), pa.scalar(None, given.type), given)


def _formed(column: pa.Array, field: Field) -> pa.Array:
    if field.values:
        kind = pa.int64() if field.form == "integer" else pa.string()
        return by_value(column, field.values.get, kind)
    if field.form == "datetime":
        return pc.strftime(column, format=_DATETIME)
    if field.form in ("milliseconds", "nanoseconds"):
        if pa.types.is_timestamp(column.type):
            return pc.floor(pc.divide(column.cast(pa.int64()).cast(pa.float64()), 1e3)).cast(pa.int64())
        return pc.round(pc.multiply(column, 1e3 if field.form == "milliseconds" else 1e9)).cast(pa.int64())
    if field.form in ("protocol_number", "protocol_text"):
        numbers = by_value(column, _protocol_number, pa.int64())
        return numbers if field.form == "protocol_number" else numbers.cast(pa.string())
    made = column if field.form == "integer" else column.cast(pa.string())
    return pc.utf8_upper(made) if field.form == "upper" else made


def _protocol_number(keyword: str) -> int | None:
    return int(keyword) if keyword.isdecimal() else _NUMBERS.get(keyword)


def json_lines(rows: pa.Table, schema: Schema) -> pa.Array:
    """Each row as one line of JSON (without its line end); absent fields are left out."""
    texts = {name: _as_json(column) for name, column in field_columns(rows, schema).items()}
    texts[f"{schema.rest}.extra"] = flat(rows["extra"])
    return _object(texts, len(rows))


def _as_json(column: pa.Array) -> pa.Array:
    if pa.types.is_list(column.type):
        return pa.array(
            [json.dumps(column[0].as_py(), separators=(",", ":"))] * len(column) if len(column) else [], pa.string()
        )
    kind = "text" if pa.types.is_string(column.type) else "bool" if pa.types.is_boolean(column.type) else "number"
    return flat(as_json(column, kind))


def _tree(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted names as nested mappings."""
    tree: dict[str, Any] = {}
    for name, column in columns.items():
        *above, last = name.split(".")
        level = tree
        for key in above:
            level = level.setdefault(key, {})
        level[last] = column
    return tree


def _object(texts: Mapping[str, pa.Array], size: int) -> pa.Array:
    def pack(level: Mapping[str, Any]) -> pa.Array:
        packed = {key: pack(value) if isinstance(value, dict) else value for key, value in level.items()}
        return flat(pack_object(packed, size))

    return pack(_tree(texts))


def nested_table(rows: pa.Table, schema: Schema) -> pa.Table:
    """Each row as one record with nested columns, for Parquet; always the same columns."""
    columns = field_columns(rows, schema)
    columns[f"{schema.rest}.extra"] = flat(rows["extra"])

    def nest(level: Mapping[str, Any]) -> pa.Array:
        arrays = [nest(value) if isinstance(value, dict) else value for value in level.values()]
        masks = [array.is_valid().to_numpy(zero_copy_only=False) for array in arrays]
        is_absent = pa.array(~np.logical_or.reduce(masks))
        return pa.StructArray.from_arrays(arrays, list(level), mask=is_absent)

    tree = _tree(columns)
    return pa.table({key: nest(value) if isinstance(value, dict) else value for key, value in tree.items()})


def flat_table(rows: pa.Table, schema: Schema) -> pa.Table:
    """Each row as one record with dotted names, for CSV."""
    columns = field_columns(rows, schema)
    columns[f"{schema.rest}.extra"] = flat(rows["extra"])
    texts = {name: _as_json(c) if pa.types.is_list(c.type) else c for name, c in columns.items()}
    return pa.table(texts)
