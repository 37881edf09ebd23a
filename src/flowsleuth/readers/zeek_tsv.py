"""Zeek's own text logs: a chunk at a time through Arrow's CSV parser, line by line only where that fails.

The fast road reads typed columns. A chunk that does not parse that way (a header in mid-file, a blank line, a broken
record) takes the careful road: it is cut at its ``#`` lines, lines of the wrong width are set aside, columns are read
as text and cast one by one, and what does not fit becomes a reject. Lines are never lost: rows + rejects = records.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from flowsleuth.readers.contract import MAX_RAW, Batch, Position, ReadContext, Reject
from flowsleuth.readers.fields import Fields
from flowsleuth.readers.streams import CHUNK, Chunk, Source, printable
from flowsleuth.readers.zeek_columns import make_rows
from flowsleuth.readers.zeek_fields import LOGS, Log
from flowsleuth.readers.zeek_header import Header
from flowsleuth.readers.zeek_text import (
    BAD_VALUE,
    Column,
    Rows,
    as_text,
    fault_of,
    fields_of,
    is_plain,
    parse,
    typed_columns,
)

_BLOCK = 4 << 20
_LINES = 16_384
"""Lines that the careful road holds as text at a time."""


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
        if log is None or len(header.fields) < 2 or not is_plain(chunk.data, header):
            return False
        if header.fields[0] != "ts" and b"\n#" in chunk.data:
            return False
        table = parse(data, header, typed_columns(header, log), _BLOCK)
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
            fault = fault_of(line, separator, len(header.fields))
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
            table = parse(data, header, typed_columns(header, log), max(_BLOCK, len(data) + 1))
            if table is not None and len(table) == len(kept):
                self._make(chunk, {name: table.column(at) for at, name in enumerate(header.fields)}, rows, found)
                return
        columns, bad = as_text(kept, header, log)
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
        fields, bad = fields_of(columns, rows, header, LOGS[name], b"\\" in chunk.data)
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
