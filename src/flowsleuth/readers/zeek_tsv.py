"""Zeek's own text logs: a chunk at a time through Arrow's CSV parser, line by line only where that fails.

The fast road reads typed columns. A chunk that does not parse that way (a header in mid-file, a blank line, a broken
record) takes the careful road: it is cut at its ``#`` lines, lines of the wrong width are set aside, columns are read
as text and cast one by one, and what does not fit becomes a reject. Lines are never lost: rows + rejects = records.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from flowsleuth.readers.contract import MAX_RAW, Batch, Position, ReadContext, Reject
from flowsleuth.readers.fields import Fields
from flowsleuth.readers.instants import FIRST_SECOND, LAST_SECOND, instants_of_seconds, split_cast
from flowsleuth.readers.streams import CHUNK, Chunk, Source, printable
from flowsleuth.readers.zeek_columns import make_rows
from flowsleuth.readers.zeek_fields import LOGS, Log
from flowsleuth.readers.zeek_header import Header
from flowsleuth.readers.zeek_values import Values, clean_text, extra_json, flags_of, lists_as_json

Column: TypeAlias = pa.Array | pa.ChunkedArray
Rows = npt.NDArray[np.int64]

WRONG_WIDTH = "wrong number of fields"
NO_HEADER = "no #fields line before the record"
BAD_VALUE = "value is not of the field's type"
BAD_TIME = "time outside the years 1 to 9999"
NUL_BYTE = "NUL byte in the line"
STRAY_RETURN = "carriage return in the line"

_BLOCK = 4 << 20
_LINES = 16_384
"""Lines that the careful road holds as text at a time."""
_ARROW = {
    "time": pa.float64(),
    "float": pa.float64(),
    "int32": pa.int32(),
    "int64": pa.int64(),
}


@dataclass
class _Found:
    """What a chunk gave."""

    tables: dict[str, list[pa.Table]] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)


class TsvLog:
    """Reads one text log; the header in force goes from chunk to chunk.

    Parameters
    ----------
    context : ReadContext
    header : Header
        In force before the first line: of an earlier reading, or the default.
    """

    def __init__(self, context: ReadContext, header: Header) -> None:
        self._context = context
        self.header = header

    def batches(self, source: Source, size: int = CHUNK) -> Iterator[Batch]:
        """Read batch after batch."""
        for chunk in source.chunks(size):
            found = self._read(chunk)
            found.rejects.sort(key=lambda reject: reject.source_row)
            line = chunk.first_line - 1 + len(chunk)
            yield Batch(
                end=Position(chunk.end, line, self.header.to_state()),
                tables={name: pa.concat_tables(tables) for name, tables in found.tables.items()},
                rejects=found.rejects,
                skipped=found.skipped,
                is_tail=chunk.is_tail,
            )

    def _read(self, chunk: Chunk) -> _Found:
        found = _Found()
        low, high, first, last = self._peel(chunk.data)
        size = len(chunk) - first - last
        if low < high and not self._read_fast(chunk, memoryview(chunk.data)[low:high], first, size, found):
            self._read_carefully(chunk, chunk.data[low:high], first, size, found)
        for line in chunk.data[high:].split(b"\n"):
            if line.startswith(b"#"):
                self.header = self.header.with_line(line.rstrip(b"\r"))
        return found

    def _peel(self, data: bytes) -> tuple[int, int, int, int]:
        """Take the ``#`` lines off the beginning and the end: bytes between them, and lines taken off on each side."""
        low, first = 0, 0
        while data.startswith((b"#", b"\xef\xbb\xbf#"), low):
            end = data.find(b"\n", low) + 1 or len(data)
            self.header = self.header.with_line(data[low:end].rstrip(b"\r\n"))
            low, first = end, first + 1
        high, last = len(data), 0
        while high > low:
            start = data.rfind(b"\n", low, high - 1) + 1 or low
            if not data.startswith(b"#", start):
                break
            high, last = start, last + 1
        return low, high, first, last

    def _read_fast(self, chunk: Chunk, data: memoryview, first: int, size: int, found: _Found) -> bool:
        """Read typed columns; False when anything about the chunk is out of the ordinary."""
        header = self.header
        log = LOGS.get(header.log or "")
        if log is None or len(header.fields) < 2 or not _is_plain(chunk.data, header):
            return False
        if header.fields[0] != "ts" and b"\n#" in chunk.data:
            return False
        table = _parse(data, header, _typed_columns(header, log), _BLOCK)
        if table is None or len(table) != size:
            return False
        rows = np.arange(chunk.first_line + first, chunk.first_line + first + size, dtype=np.int64)
        columns = {name: table.column(at) for at, name in enumerate(header.fields)}
        self._make(chunk, columns, rows, found)
        return True

    def _read_carefully(self, chunk: Chunk, data: bytes, first: int, size: int, found: _Found) -> None:
        """Cut at ``#`` lines and read what is between them."""
        starts = chunk.starts[first : first + size + 1]
        numbers = np.arange(chunk.first_line + first, chunk.first_line + first + size, dtype=np.int64)
        begins = np.frombuffer(chunk.data, dtype=np.uint8)[starts[:-1]]
        is_record = begins != ord("#")
        for at in np.flatnonzero((begins <= 32) & is_record):
            is_record[at] = bool(chunk.data[starts[at] : starts[at + 1]].strip())
        comments = np.flatnonzero(begins == ord("#"))
        low = 0
        for at in [*comments, size]:
            if low < at:
                lines = low + np.flatnonzero(is_record[low:at])
                self._read_records(chunk, starts, lines, numbers[lines], found)
            if at < size:
                self.header = self.header.with_line(chunk.data[starts[at] : starts[at + 1]].rstrip(b"\r\n"))
            low = int(at) + 1

    def _read_records(self, chunk: Chunk, starts: Rows, lines: Rows, numbers: Rows, found: _Found) -> None:
        """Read records of one header, some at a time."""
        header = self.header
        if not len(lines):
            return
        log = LOGS.get(header.log or "")
        if header.fields and log is None:
            found.skipped[header.name] = found.skipped.get(header.name, 0) + len(lines)
            return
        for low in range(0, len(lines), _LINES):
            part = slice(low, low + _LINES)
            text = [chunk.data[starts[at] : starts[at + 1]].rstrip(b"\n").removesuffix(b"\r") for at in lines[part]]
            self._read_some(chunk, text, numbers[part], log, found)

    def _read_some(self, chunk: Chunk, lines: list[bytes], numbers: Rows, log: Log | None, found: _Found) -> None:
        header = self.header
        separator, kept, kept_rows = header.separator.encode(), [], []
        for line, number in zip(lines, numbers.tolist(), strict=True):
            fault = _fault(line, separator, len(header.fields))
            if fault is None:
                kept.append(line)
                kept_rows.append(number)
            else:
                found.rejects.append(Reject(number, *fault, printable(line)[:MAX_RAW]))
        if not kept or log is None:
            return
        rows = np.array(kept_rows, dtype=np.int64)
        if len(separator) == 1 and len(header.fields) > 1:
            data = b"\n".join(kept)
            table = _parse(data, header, _typed_columns(header, log), max(_BLOCK, len(data) + 1))
            if table is not None and len(table) == len(kept):
                self._make(chunk, {name: table.column(at) for at, name in enumerate(header.fields)}, rows, found)
                return
        columns, bad = _as_text(kept, header, log)
        for at in sorted(bad):
            found.rejects.append(Reject(int(rows[at]), BAD_VALUE, bad[at], printable(kept[at])[:MAX_RAW]))
        if bad:
            keep = np.ones(len(rows), dtype=bool)
            keep[list(bad)] = False
            columns, rows = {name: column.filter(pa.array(keep)) for name, column in columns.items()}, rows[keep]
        self._make(chunk, columns, rows, found)

    def _make(self, chunk: Chunk, columns: dict[str, Column], rows: Rows, found: _Found) -> None:
        """Columns as parsed to rows and rejects."""
        header = self.header
        name = header.log
        assert name is not None
        fields, bad = _fields_of(columns, rows, header, LOGS[name], b"\\" in chunk.data)
        if bad:
            keep = np.ones(len(rows), dtype=bool)
            keep[list(bad)] = False
            mask = pa.array(keep)
            fields = Fields(
                {key: column.filter(mask) for key, column in fields.typed.items()},
                {key: column.filter(mask) for key, column in fields.extra.items()},
                rows[keep],
            )
        built = make_rows(name, fields, self._context)
        faults = [(int(rows[at]), *bad[at]) for at in bad]
        faults += [(int(fields.source_row[row.index]), row.reason, row.detail) for row in built.bad]
        for number, reason, detail in faults:
            raw = printable(chunk.line(number - chunk.first_line))[:MAX_RAW]
            found.rejects.append(Reject(number, reason, detail, raw))
        if len(built.table):
            found.tables.setdefault(LOGS[name].table, []).append(built.table)


def _is_plain(data: bytes, header: Header) -> bool:
    """Whether Arrow's parser sees the same lines and fields as we do."""
    if len(header.separator) != 1 or not header.separator.isascii() or b"\0" in data:
        return False
    return b"\r" not in data or data.count(b"\r") == data.count(b"\r\n")


def _fault(line: bytes, separator: bytes, width: int) -> tuple[str, str | None] | None:
    """Why a line cannot be a record."""
    if not width:
        return NO_HEADER, None
    fields = line.count(separator) + 1
    if fields != width:
        return WRONG_WIDTH, f"{fields} fields, expected {width}"
    if b"\0" in line:
        return NUL_BYTE, None
    return (STRAY_RETURN, None) if b"\r" in line else None


def _typed_columns(header: Header, log: Log) -> dict[str, pa.DataType]:
    """What the parser makes of each field; numbers that only go to ``extra`` stay text."""
    wanted = {name: log.fields.get(name, "") for name in header.fields}
    return {name: _ARROW.get(kind, pa.string()) for name, kind in wanted.items() if name not in log.kept}


def _parse(data: bytes | memoryview, header: Header, types: dict[str, pa.DataType], block: int) -> pa.Table | None:
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


def _as_text(lines: list[bytes], header: Header, log: Log) -> tuple[dict[str, Column], dict[int, str]]:
    """Lines of the right width to columns, numbers cast one column at a time; and the values that did not fit."""
    separator = header.separator.encode()
    cells = separator.join(lines).decode("utf-8", errors="backslashreplace").split(header.separator)
    width = len(header.fields)
    types = _typed_columns(header, log)
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


def _fields_of(
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


_HEADER_LINE = re.compile(rb"\A(?:\xef\xbb\xbf)?#(?:separator |fields[^\w\s:]|fields\t)")


def sniff_header(head: bytes) -> Header | None:
    """The header at the beginning of a text, or None when it has none of Zeek's."""
    header, is_zeek = Header(), False
    for line in head.split(b"\n"):
        if line.strip() and not line.startswith((b"#", b"\xef\xbb\xbf#")):
            break
        is_zeek = is_zeek or bool(_HEADER_LINE.match(line))
        header = header.with_line(line.rstrip(b"\r")) if line.strip() else header
    return header if is_zeek and header.fields else None
