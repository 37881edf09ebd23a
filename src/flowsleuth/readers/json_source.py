"""A source of JSON records, one per line, in an array or pretty-printed, as columns by kind of record.

What a reader of JSON adds to it: which fields there are (:class:`~flowsleuth.readers.json_records.Plan`), and what they
become.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flowsleuth.readers.contract import MAX_RAW, Position, ReadContext, Reject
from flowsleuth.readers.json_objects import Found, pieces
from flowsleuth.readers.json_plan import Part, Plan
from flowsleuth.readers.json_records import Records
from flowsleuth.readers.streams import CHUNK, Sample, Source, printable
from flowsleuth.store.json_lines import JsonLines

_BOM = b"\xef\xbb\xbf"
SNIFF_RECORDS = 20
_CLOSING = re.compile(rb"\s*\]\s*$")
_HELD = 256
"""Bytes kept back, to see whether they close the array."""


@dataclass
class JsonBatch:
    """Some consecutive records.

    Attributes
    ----------
    parts : list of Part
        Columns by kind; ``rows`` of a part are numbers for :meth:`line_of` and :meth:`raw_of`.
    rejects : list of Reject
    skipped : dict of str to int
    end : Position
        Its ``state`` is the number of records so far, for sources that are no lines.
    is_tail : bool
    """

    parts: list[Part]
    rejects: list[Reject]
    skipped: dict[str, int]
    end: Position
    is_tail: bool
    raw_of: Callable[[int], str]
    lines: npt.NDArray[np.int64] | None = field(default=None)
    before: int = 0

    def line_of(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Lines that records begin on."""
        return rows if self.lines is None else self.lines[rows - self.before - 1]

    def reject(self, number: int, reason: str, detail: str | None) -> Reject:
        """Make a reject of one record."""
        return Reject(int(self.line_of(np.array([number]))[0]), reason, detail, self.raw_of(number))


def first_records(sample: Sample) -> list[dict[str, Any]]:
    """The first whole JSON objects of a sample: of its lines, or else the first one in an array or on several lines."""
    head = sample.head.lstrip(_BOM + b" \t\r\n")
    if not head.startswith((b"{", b"[")):
        return []
    found = [_object(line) for line in sample.lines()[:SNIFF_RECORDS]]
    records = [record for record in found if record is not None]
    if records:
        return records
    first = next(pieces([sample.head], len(sample.head)), None)
    texts = [] if first is None else [one.text for one in first.found[:SNIFF_RECORDS]]
    return [record for text in texts if (record := _object(printable(text))) is not None]


def _object(text: str) -> dict[str, Any] | None:
    try:
        record = json.loads(text.removeprefix("\ufeff").strip().rstrip(","))
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def is_lines(sample: Sample) -> bool:
    """Whether the records are one per line."""
    if not sample.head.lstrip(_BOM + b" \t\r\n").startswith(b"{"):
        return False
    lines = [line for line in sample.lines()[:SNIFF_RECORDS] if line.strip()]
    return not lines or any(_object(line) is not None and not line.rstrip().endswith(",") for line in lines)


def read_json(source: Source, plan: Plan, context: ReadContext, chunk_size: int = CHUNK) -> Iterator[JsonBatch]:
    """Read the records of a source, batch after batch."""
    with JsonLines() as engine:
        records = Records(engine, plan, context.tz)
        if is_lines(source.sample):
            yield from _of_lines(source, records, chunk_size)
        else:
            yield from _of_array(source, records, chunk_size)


def _of_lines(source: Source, records: Records, chunk_size: int) -> Iterator[JsonBatch]:
    for chunk in source.chunks(chunk_size):
        data = chunk.data if chunk.start else chunk.data.removeprefix(_BOM)
        outcome = records.read(data, chunk.first_line)
        end = Position(chunk.end, chunk.first_line - 1 + len(chunk))

        def raw_of(number: int, chunk: Any = chunk) -> str:
            return printable(chunk.line(number - chunk.first_line))[:MAX_RAW]

        yield JsonBatch(outcome.parts, outcome.rejects, outcome.skipped, end, chunk.is_tail, raw_of)


def _of_array(source: Source, records: Records, chunk_size: int) -> Iterator[JsonBatch]:
    """Records anywhere; a row's number is that of the record. What closes the array is not counted: it may grow."""
    before = int(source.start.state or 0)
    blocks = _unclosed(source.uncounted_blocks())
    for piece in pieces(blocks, chunk_size, source.start.offset, source.start.line):
        found = [one for one in piece.found if one.text.strip()]
        if piece.is_rest and not found:
            continue
        batch = _array_batch(records, found, before) if found else JsonBatch([], [], {}, Position(), False, str)
        before += len(found)
        batch.end, batch.is_tail = Position(piece.end, piece.line, str(before)), piece.is_rest
        if not piece.is_rest:
            source.count_up_to(piece.end)
        yield batch
        if piece.is_rest:
            return
    yield JsonBatch([], [], {}, Position(), True, str)


def _unclosed(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The blocks without the bracket that closes the array."""
    held = b""
    for block in blocks:
        data = held + block
        cut = max(0, len(data) - _HELD)
        held = data[cut:]
        if cut:
            yield data[:cut]
    held = _CLOSING.sub(b"", held)
    if held:
        yield held


def _array_batch(records: Records, found: list[Found], before: int) -> JsonBatch:
    rows = np.arange(before + 1, before + 1 + len(found), dtype=np.int64)
    lines = np.array([one.line for one in found], dtype=np.int64)
    binary = pa.array([one.text for one in found], type=pa.large_binary())
    outcome = records.read_lines(pa.Array.from_buffers(pa.large_string(), len(binary), binary.buffers()), rows)
    batch = JsonBatch(
        outcome.parts, [], outcome.skipped, Position(), False,
        lambda number: printable(found[number - before - 1].text)[:MAX_RAW], lines, before,
    )  # fmt: skip
    batch.rejects = [replace(r, source_row=int(batch.line_of(np.array([r.source_row]))[0])) for r in outcome.rejects]
    return batch
