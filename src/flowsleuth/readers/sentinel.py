"""Tables of Microsoft Sentinel, Log Analytics and Defender, exported as CSV or JSON (lines or an array).

``SecurityAlert`` becomes ``alert``; ``SecurityEvent`` 4688 and ``DeviceProcessEvents`` become ``process``;
``SecurityEvent`` 4624 and 4625, ``DeviceLogonEvents`` and ``SigninLogs`` become ``logon``; ``Syslog`` becomes
``syslog``, and what its messages say of logons ``logon``; Linux audit events, packed or as a table, become ``syslog``,
``process`` and ``logon``. Other event ids are counted.

Times without a zone are UTC, as these services define them. Cells may hold line ends; ``source_row`` is the line that a
record begins on. A column of the export that no column of ours takes is in ``extra``, as it was; the numbered index
that pandas puts in front is not.

Format: https://learn.microsoft.com/azure/azure-monitor/reference/tables-index
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from flowsleuth.errors import ReaderError
from flowsleuth.readers.contract import MAX_RAW, Batch, Position, ReadContext, Reject
from flowsleuth.readers.exports import Export, export_of
from flowsleuth.readers.fields import in_order
from flowsleuth.readers.json_objects import pieces
from flowsleuth.readers.mapped_json import JsonLines, parse_json_lines
from flowsleuth.readers.quoted_csv import CsvRecords, QuotedCsv, header_of
from flowsleuth.readers.records import Records, of_objects
from flowsleuth.readers.streams import CHUNK, Sample, Source, printable

NOT_OF_A_TABLE = "not a row of a table that is known"
_SNIFF = 5
_OPENING = b"\xef\xbb\xbf \t\r\n"


@dataclass(frozen=True)
class SentinelOptions:
    """The exports describe themselves."""


class SentinelReader:
    """Rows of exported alert, process, logon and syslog tables."""

    name: ClassVar[str] = "sentinel"
    summary: ClassVar[str] = (
        "alert, process, logon and syslog tables of Sentinel, Log Analytics and Defender (CSV, JSON)"
    )
    Options: ClassVar[type] = SentinelOptions

    def sniff(self, sample: Sample) -> str | None:
        """Recognise a table by its columns."""
        first = sample.head.partition(b"\n")[0]
        if b"\x00" in first:  # behind the header there may be some: titles of Linux programs have them
            return None
        if sample.head.lstrip(_OPENING).startswith((b"{", b"[")):
            found = _export_of_json(sample)
            return f"{found[0].name} (JSON{' array' if found[1] else ' lines'})" if found else None
        lines = sample.lines()
        export = export_of(header_of(lines[0])) if lines else None
        return f"{export.name} (CSV)" if export else None

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        """Read batch after batch; see :class:`~flowsleuth.readers.contract.Reader`.

        Raises
        ------
        ReaderError
            The columns are of no table that is known.
        """
        if not source.sample.head.lstrip(_OPENING).startswith((b"{", b"[")):
            yield from _read_csv(source, context)
            return
        found = _export_of_json(source.sample)
        if found is not None and found[1]:
            yield from _read_array(source, context)
        else:
            yield from _read_lines(source, context)


def _parse(texts: list[bytes]) -> JsonLines:
    """Objects whose columns are their outermost keys, as in the tables."""
    return parse_json_lines(texts, is_nested=True)


def _export_of_json(sample: Sample) -> tuple[Export, bool] | None:
    """The table of the first objects, and whether they are not one a line."""
    lines = [line.encode() for line in sample.lines()[:_SNIFF]]
    parsed = _parse([lines[0].removeprefix(b"\xef\xbb\xbf"), *lines[1:]] if lines else [])
    for record in parsed.records:
        if export := export_of(record):
            return export, False
    if parsed.records:
        return None
    first = next(pieces([sample.head], len(sample.head)), None)
    texts = [found.text for found in first.found[:_SNIFF]] if first else []
    for record in _parse(texts).records:
        if export := export_of(record):
            return export, True
    return None


def _read_csv(source: Source, context: ReadContext) -> Iterator[Batch]:
    csv = QuotedCsv(source.start.state)
    end = source.start
    for chunk in source.chunks():
        found = csv.take(chunk)
        export = export_of(csv.names)
        if export is None:
            raise ReaderError("not the columns of a table that is known", where=f"{context.source_file}")
        end = Position(chunk.end, chunk.first_line + len(chunk) - 1, csv.state())
        yield _of_csv(found, export, context, end, is_tail=chunk.is_tail)
    export = export_of(csv.names)
    if csv.has_rest and export is not None:
        yield _of_csv(csv.rest(), export, context, end, is_tail=True)


def _of_csv(found: CsvRecords, export: Export, context: ReadContext, end: Position, *, is_tail: bool) -> Batch:
    columns = {name: found.table[name].combine_chunks() for name in found.table.column_names}
    records = Records(columns, found.lines, found.lines, found.raws)
    batch = batch_of([(export, records)], context)
    batch.rejects = sorted(found.rejects + batch.rejects, key=lambda reject: reject.source_row)
    batch.end, batch.is_tail = end, is_tail
    return batch


def _read_lines(source: Source, context: ReadContext) -> Iterator[Batch]:
    for chunk in source.chunks():
        lines = [chunk.line(at) for at in range(len(chunk))]
        if chunk.start == 0 and lines:
            lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
        numbers = np.arange(chunk.first_line, chunk.first_line + len(lines), dtype=np.int64)
        batch = _of_json(_parse(lines), lines, numbers, numbers, context)
        batch.end, batch.is_tail = Position(chunk.end, chunk.first_line + len(chunk) - 1), chunk.is_tail
        yield batch


def _read_array(source: Source, context: ReadContext) -> Iterator[Batch]:
    count = int(source.start.state or 0)
    for piece in pieces(source.blocks(), CHUNK, source.start.offset, source.start.line):
        texts = [found.text for found in piece.found]
        numbers = np.array([found.line for found in piece.found], dtype=np.int64)
        ordinals = np.arange(count + 1, count + 1 + len(texts), dtype=np.int64)
        count += len(texts)
        batch = _of_json(_parse(texts), texts, numbers, ordinals, context)
        batch.end, batch.is_tail = Position(piece.end, piece.line, str(count)), piece.is_rest
        yield batch


def _of_json(
    parsed: JsonLines,
    texts: list[bytes],
    numbers: np.ndarray[tuple[int], np.dtype[np.int64]],
    ordinals: np.ndarray[tuple[int], np.dtype[np.int64]],
    context: ReadContext,
) -> Batch:
    """Rows of JSON objects, by the table that each is of."""
    groups: dict[str, tuple[Export, list[int]]] = {}
    rejects = [Reject(int(numbers[at]), why, what, _raw(texts[at])) for at, why, what in parsed.bad]
    known: dict[frozenset[str], Export | None] = {}
    for place, record in enumerate(parsed.records):
        keys = frozenset(record)
        if keys not in known:
            known[keys] = export_of(keys)
        export = known[keys]
        at = parsed.lines[place]
        if export is None:
            rejects.append(Reject(int(numbers[at]), NOT_OF_A_TABLE, None, _raw(texts[at])))
        else:
            groups.setdefault(export.name, (export, []))[1].append(place)
    parts = []
    for export, places in groups.values():
        where = [parsed.lines[place] for place in places]
        objects = [parsed.records[place] for place in places]
        parts.append((export, of_objects(objects, numbers[where], ordinals[where], [texts[i] for i in where])))
    batch = batch_of(parts, context)
    batch.rejects = sorted(rejects + batch.rejects, key=lambda reject: reject.source_row)
    return batch


def _raw(text: bytes) -> str:
    return printable(text)[:MAX_RAW]


def batch_of(parts: list[tuple[Export, Records]], context: ReadContext) -> Batch:
    """Rows, rejects and counts of records of some tables."""
    batch = Batch(Position())
    tables: dict[str, list[pa.Table]] = {}
    for export, records in parts:
        one = export.read(records, context)
        batch.rejects += one.rejects
        for word, count in one.skipped.items():
            batch.skipped[word] = batch.skipped.get(word, 0) + count
        for name, rows in one.tables.items():
            tables.setdefault(name, []).append(rows)
    batch.tables = {name: in_order(name, made) for name, made in tables.items()}
    return batch
