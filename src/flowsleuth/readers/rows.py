"""From a reader's columns to canonical rows: types, addresses, direction, ids, provenance.

Every reader ends here, so what a row must satisfy is written once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.errors import ReaderError
from flowsleuth.readers.contract import ReadContext
from flowsleuth.schema import Table
from flowsleuth.schema.addresses import canonical_addresses
from flowsleuth.schema.identity import MAX_ROW, row_id

NO_TIME = "no start time"
NO_ADDRESS = "no address"
BAD_ADDRESS = "not an IP address"
BAD_PORT = "port out of range"
NEGATIVE = "negative counter"

_DIRECTIONS = pa.array(["external", "inbound", "outbound", "internal"])
_COUNTERS = ("src_bytes", "dst_bytes", "src_packets", "dst_packets", "flow_count", "sampling_rate")

Column: TypeAlias = "pa.Array | pa.ChunkedArray"
Columns = Mapping[str, Any]


@dataclass(frozen=True)
class BadRow:
    """A row that was refused: its index in what was given, the reason, and the field with its value."""

    index: int
    reason: str
    detail: str


@dataclass
class Built:
    """Result of :func:`build_rows`."""

    table: pa.Table
    bad: list[BadRow] = field(default_factory=list)


def build_rows(
    table: Table,
    columns: Columns,
    source_row: npt.NDArray[np.int64],
    context: ReadContext,
    *,
    ordinal: npt.NDArray[np.int64] | None = None,
    sensor_direction: Column | None = None,
) -> Built:
    """Make canonical rows of a reader's columns.

    Parameters
    ----------
    table : Table
        What is built, e.g. ``schema.FLOW``.
    columns : mapping of str to pyarrow array
        Columns by canonical name, all of one length, cast to the column's type where needed; absent ones become null.
        Ids, ``direction`` and the provenance columns are not given. ``src_ip`` and ``dst_ip`` are text as read.
    source_row : array of int64
        1-based line or record number of each row.
    context : ReadContext
    ordinal : array of int64, optional
        What ids are made of when several rows share a ``source_row``; below 2**31 and unique in the file.
    sensor_direction : array of string, optional
        ``outbound`` / ``inbound`` / ``internal`` / ``external`` as the sensor says; used where neither end is ours.

    Returns
    -------
    Built
        The good rows, and for each bad one its index, reason and detail.

    Raises
    ------
    ReaderError
        The file has more than 2**31 - 1 records.
    """
    size = len(source_row)
    number = source_row if ordinal is None else ordinal
    if size and int(number[-1]) > MAX_ROW:
        raise ReaderError(f"more than {MAX_ROW:,} records in one file", where=context.source_file, hint="split it")
    given: dict[str, Column] = {name: _cast(table, name, column) for name, column in columns.items()}
    bad: dict[int, BadRow] = {}
    is_home: dict[str, npt.NDArray[np.bool_]] = {}
    is_flow = table.name == "flow"
    for name in ("src_ip", "dst_ip"):
        if name in given:
            raw = given[name]
            found = canonical_addresses(raw, context.home)
            given[name], is_home[name] = found.text, found.is_home
            for at in np.flatnonzero(found.is_bad):
                bad.setdefault(int(at), BadRow(int(at), BAD_ADDRESS, f"{name}={_show(raw[int(at)])}"))
            if is_flow:
                _refuse_null(bad, raw, NO_ADDRESS, name)
        elif is_flow:
            raise ValueError(f"a flow needs {name}")
    if table.time_column:
        _refuse_null(bad, given[table.time_column], NO_TIME, table.time_column)
    for name in ("src_port", "dst_port"):
        _refuse(bad, given.get(name), name, BAD_PORT, high=65_535)
    if is_flow:
        for name in _COUNTERS:
            _refuse(bad, given.get(name), name, NEGATIVE)
        given["direction"] = _direction(is_home, sensor_direction)
    given[table.id_column or "event_id"] = pa.array(number.astype(np.int64) | np.int64(row_id(context.file_key, 0)))
    given["source_row"] = pa.array(source_row.astype(np.int64))
    given["source_kind"] = pa.repeat(context.source_kind, size)
    given["source_file"] = pa.repeat(context.source_file, size)
    schema = table.arrow_schema()
    arrays = [given[f.name] if f.name in given else pa.nulls(size, f.type) for f in schema]
    built = pa.table(arrays, schema=schema)
    if bad:
        keep = np.ones(size, dtype=bool)
        keep[list(bad)] = False
        built = built.filter(pa.array(keep))
    return Built(built, [bad[at] for at in sorted(bad)])


def _cast(table: Table, name: str, column: Column) -> Column:
    wanted = table[name].arrow_type()
    if column.type == wanted:
        return column
    if pa.types.is_dictionary(column.type):
        return column.cast(wanted)
    return pc.cast(column, wanted)


def _show(value: pa.Scalar) -> str:
    return str(value.as_py())[:200]


def _refuse_null(bad: dict[int, BadRow], column: Column, reason: str, name: str) -> None:
    if column.null_count:
        for at in np.flatnonzero(pc.is_null(column).to_numpy(zero_copy_only=False)):
            bad.setdefault(int(at), BadRow(int(at), reason, name))


def _refuse(
    bad: dict[int, BadRow], column: Column | None, name: str, reason: str, *, low: int = 0, high: int | None = None
) -> None:
    """Refuse the rows of an integer column outside a range (nulls are fine)."""
    if column is None or len(column) == column.null_count:
        return
    found = pc.min_max(column).as_py()
    if found["min"] >= low and (high is None or found["max"] <= high):
        return
    outside = pc.less(column, low)
    if high is not None:
        outside = pc.or_(outside, pc.greater(column, high))
    for at in np.flatnonzero(pc.fill_null(outside, False).to_numpy(zero_copy_only=False)):
        bad.setdefault(int(at), BadRow(int(at), reason, f"{name}={_show(column[int(at)])}"))


def _direction(is_home: Mapping[str, npt.NDArray[np.bool_]], sensor: Column | None) -> Column:
    """Home networks first, then the sensor's word."""
    code = is_home["src_ip"].astype(np.int32) * 2 + is_home["dst_ip"].astype(np.int32)
    direction = _DIRECTIONS.take(pa.array(code))
    if sensor is None:
        return direction
    unknown = pa.array(code == 0)
    return pc.if_else(pc.and_(unknown, pc.is_valid(sensor)), sensor, direction)


def json_extra(fields: Mapping[str, Column], size: int) -> pa.Array:
    """Pack the other fields of each record in a JSON object, whole columns at a time.

    Parameters
    ----------
    fields : mapping of str to array
        Numbers and booleans are written bare, text as JSON strings, nulls are left out.
    size : int
        Number of rows.

    Returns
    -------
    pyarrow.Array of string
        Null where a record has no other field.

    Examples
    --------
    >>> json_extra({"missed_bytes": pa.array([0, None]), "label": pa.array(['a"b', None])}, 2).to_pylist()
    ['{"missed_bytes":0,"label":"a\\\\"b"}', None]
    """
    pieces: list[Column] = []
    for name, column in fields.items():
        if column.null_count == len(column):
            continue
        key = json.dumps(name)
        pieces.append(pc.binary_join_element_wise(f"{key}:", _json_text(column), ""))
    if not pieces:
        return pa.nulls(size, pa.string())
    if len(pieces) == 1:
        joined = pieces[0]
    else:
        joined = pc.binary_join_element_wise(*pieces, "", ",", null_handling="skip")  # without "" all-null rows vanish
        joined = pc.if_else(pc.equal(joined, ""), pa.scalar(None, pa.string()), pc.utf8_slice_codeunits(joined, 0, -1))
    return pc.binary_join_element_wise("{", joined, "}", "")


def _json_text(column: Column) -> Column:
    """Each value as JSON text; null stays null."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        return _json_text(column.dictionary).take(column.indices)
    if pa.types.is_boolean(kind):
        return pc.if_else(column, "true", "false")
    if pa.types.is_integer(kind):
        return column.cast(pa.string())
    if pa.types.is_floating(kind):
        finite = pc.if_else(pc.is_finite(column), column, pa.scalar(None, kind))
        return finite.cast(pa.string())
    text = column.cast(pa.string())
    special = pc.any(pc.match_substring_regex(text, r'[\x00-\x1f"\\\x7f]')).as_py()
    if special:
        values = text.to_pylist()
        return pa.array([None if v is None else json.dumps(v, ensure_ascii=False) for v in values], type=pa.string())
    return pc.binary_join_element_wise('"', text, '"', "")
