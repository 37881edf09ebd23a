"""Lines of Zeek's text logs to columns, and columns to typed fields; what does not fit is told with its reason."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from flowsleuth.readers.fields import Fields
from flowsleuth.readers.instants import FIRST_SECOND, LAST_SECOND, instants_of_seconds, split_cast
from flowsleuth.readers.zeek_fields import Log
from flowsleuth.readers.zeek_header import Header
from flowsleuth.readers.zeek_values import Values, clean_text, extra_json, flags_of, lists_as_json

Column: TypeAlias = pa.Array | pa.ChunkedArray
Rows: TypeAlias = npt.NDArray[np.int64]

WRONG_WIDTH = "wrong number of fields"
NO_HEADER = "no #fields line before the record"
BAD_VALUE = "value is not of the field's type"
BAD_TIME = "time outside the years 1 to 9999"
NUL_BYTE = "NUL byte in the line"
STRAY_RETURN = "carriage return in the line"
_ARROW = {
    "time": pa.float64(),
    "float": pa.float64(),
    "int32": pa.int32(),
    "int64": pa.int64(),
}


def is_plain(data: bytes, header: Header) -> bool:
    """Whether Arrow's parser sees the same lines and fields as we do."""
    if len(header.separator) != 1 or not header.separator.isascii() or b"\0" in data:
        return False
    return b"\r" not in data or data.count(b"\r") == data.count(b"\r\n")


def fault_of(line: bytes, separator: bytes, width: int) -> tuple[str, str | None] | None:
    """Why a line cannot be a record."""
    if not width:
        return NO_HEADER, None
    fields = line.count(separator) + 1
    if fields != width:
        return WRONG_WIDTH, f"{fields} fields, expected {width}"
    if b"\0" in line:
        return NUL_BYTE, None
    return (STRAY_RETURN, None) if b"\r" in line else None


def typed_columns(header: Header, log: Log) -> dict[str, pa.DataType]:
    """What the parser makes of each field; numbers that only go to ``extra`` stay text."""
    wanted = {name: log.fields.get(name, "") for name in header.fields}
    return {name: _ARROW.get(kind, pa.string()) for name, kind in wanted.items() if name not in log.kept}


def parse(data: bytes | memoryview, header: Header, types: dict[str, pa.DataType], block: int) -> pa.Table | None:
    """Lines as a table whose columns are called by their numbers; None where they do not parse so."""
    names = [str(at) for at in range(len(header.fields))]
    by_name = {str(at): types.get(name, pa.string()) for at, name in enumerate(header.fields)}
    try:
        return pacsv.read_csv(
            pa.BufferReader(pa.py_buffer(data)),
            read_options=pacsv.ReadOptions(column_names=names, block_size=block),
            parse_options=pacsv.ParseOptions(
                delimiter=header.separator,
                quote_char=False,
                double_quote=False,
                escape_char=False,
                newlines_in_values=False,
                ignore_empty_lines=False,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=by_name, null_values=[header.unset], strings_can_be_null=True
            ),
        )
    except pa.ArrowInvalid:
        return None


def as_text(lines: list[bytes], header: Header, log: Log) -> tuple[dict[str, Column], dict[int, str]]:
    """Lines of the right width to columns, numbers cast one column at a time; and the values that did not fit."""
    separator = header.separator.encode()
    cells = separator.join(lines).decode("utf-8", errors="backslashreplace").split(header.separator)
    width = len(header.fields)
    types = typed_columns(header, log)
    columns: dict[str, Column] = {}
    bad: dict[int, str] = {}
    for at, name in enumerate(header.fields):
        texts = [None if cell == header.unset else cell for cell in cells[at::width]]
        column = pa.array(texts, type=pa.string())
        wanted = types.get(name, pa.string())
        if wanted != pa.string():
            cast, is_bad = split_cast(pc.utf8_trim(column, " \t"), wanted)
            _note(bad, name, column, is_bad)
            column = cast
        columns[name] = column
    return columns, bad


def _note(bad: dict[int, str], name: str, column: Column, is_bad: npt.NDArray[np.bool_] | None) -> None:
    if is_bad is not None:
        for at in np.flatnonzero(is_bad):
            bad.setdefault(int(at), f"{name}={str(column[int(at)].as_py())[:200]}")


def fields_of(
    columns: dict[str, Column], rows: Rows, header: Header, log: Log, has_escapes: bool
) -> tuple[Fields, dict[int, tuple[str, str]]]:
    """Parsed columns to typed fields and ``extra``, with the reason and detail of each row that does not fit."""
    typed: dict[str, Column] = {}
    extra: dict[str, Column] = {}
    wrong: dict[int, str] = {}
    early: dict[int, str] = {}
    for name, column in columns.items():
        kind = log.fields.get(name)
        values = Values(column, None)
        if kind == "time":
            typed[name] = _instants(column, early)
        elif kind == "text":
            typed[name] = column if name in _NEVER_ESCAPED else clean_text(column, header, has_escapes)
        elif kind == "bool":
            values = flags_of(column)
            typed[name] = values.column
        elif kind == "json":
            values = lists_as_json(column, _list_type(header, name), header)
            typed[name] = values.column
        elif kind is not None and name not in log.kept:
            typed[name] = column
        if kind is None or name in log.kept:
            values = extra_json(column, header.type_of(name), header, has_escapes)
            extra[name] = values.column
        _note(wrong, name, column, values.is_bad)
    _type_kept(columns, typed, wrong, header, log)
    bad = {at: (BAD_TIME, detail) for at, detail in early.items()}
    bad |= {at: (BAD_VALUE, detail) for at, detail in wrong.items()}
    return Fields(typed, extra, rows), bad


_NEVER_ESCAPED = frozenset({"uid", "id.orig_h", "id.resp_h", "proto", "conn_state"})
"""Zeek makes these itself from letters, digits and dots, so they are taken as they stand."""


def _list_type(header: Header, name: str) -> str:
    kind = header.type_of(name)
    return kind if "[" in kind else f"vector[{kind}]"


def _type_kept(
    columns: dict[str, Column], typed: dict[str, Column], wrong: dict[int, str], header: Header, log: Log
) -> None:
    """Numbers that were left as text, where a column needs them after all."""
    for name in log.kept & columns.keys():
        is_payload = name in ("orig_bytes", "resp_bytes")
        if log.fields[name] != "int64" or (is_payload and name.replace("_", "_ip_", 1) in header.fields):
            continue
        if not is_payload and name != "ip_proto":
            continue
        typed[name], is_bad = split_cast(columns[name], pa.int64())
        _note(wrong, name, columns[name], is_bad)


def _instants(seconds: Column, bad: dict[int, str]) -> Column:
    try:
        return instants_of_seconds(seconds)
    except pa.ArrowInvalid:
        fits = pc.and_(pc.greater_equal(seconds, FIRST_SECOND), pc.less_equal(seconds, LAST_SECOND))
        is_bad = pc.fill_null(pc.invert(fits), False).to_numpy(zero_copy_only=False)
        _note(bad, "ts", seconds, is_bad)
        return instants_of_seconds(pc.if_else(fits, seconds, pa.scalar(None, pa.float64())))
