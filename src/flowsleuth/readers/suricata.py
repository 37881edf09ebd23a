"""Suricata's EVE log: flow, netflow, alert, dns, http and tls events, as JSON lines or as an array.

Format: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flowsleuth.errors import ReaderError
from flowsleuth.readers.contract import MAX_RAW, Batch, Position, ReadContext, Reject
from flowsleuth.readers.fields import Fields, in_order
from flowsleuth.readers.json_objects import Piece, pieces
from flowsleuth.readers.json_plan import Outcome, Part, Plan
from flowsleuth.readers.json_records import Records
from flowsleuth.readers.json_text import as_json
from flowsleuth.readers.streams import CHUNK, Chunk, Sample, Source, printable
from flowsleuth.readers.suricata_columns import make_rows
from flowsleuth.readers.suricata_fields import EVENTS, KIND_KEY, classify, shapes
from flowsleuth.store.json_lines import JsonLines

SNIFF_LINES = 20
"""Lines among which one must be whole to be recognised."""


@dataclass(frozen=True)
class SuricataOptions:
    """EVE describes itself, so there is nothing to set."""


class SuricataReader:
    """Reads Suricata's EVE events; event types without a table are counted.

    Times without a zone are taken in the workspace's zone. A DNS or alert row has the addresses as the event gives
    them: some versions write those of the packet, so the answer's ``src_ip`` may be the server.

    Parameters
    ----------
    chunk_size : int
        Bytes handled at a time.
    """

    name: ClassVar[str] = "suricata"
    summary: ClassVar[str] = "Suricata EVE flow, netflow, alert, dns, http and tls events, JSON lines or array"
    Options: ClassVar[type] = SuricataOptions

    def __init__(self, chunk_size: int = CHUNK) -> None:
        self._chunk_size = chunk_size

    def sniff(self, sample: Sample) -> str | None:
        """``"eve (JSON lines)"`` or ``"eve (JSON array)"``."""
        for line in sample.lines()[:SNIFF_LINES]:
            if _is_event(line.removeprefix("\ufeff")):
                return "eve (JSON lines)"
        if not sample.head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"[", b"{")):
            return None
        first = next(pieces([sample.head], len(sample.head)), None)
        if first is not None and first.found and _is_event(printable(first.found[0].text)):
            return "eve (JSON array)"
        return None

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        """Read batch after batch.

        Raises
        ------
        ReaderError
            The content does not begin like JSON.
        """
        head = source.sample.head.lstrip(b"\xef\xbb\xbf \t\r\n")
        if not head.startswith((b"[", b"{")):
            raise ReaderError("not an EVE log", where=source.name, hint="EVE is JSON: one event per line, or an array")
        with JsonLines() as engine:
            plan = Plan(shapes(), classify, kind_keys=(KIND_KEY,))
            events = _Events(Records(engine, plan, context.tz), context, self._chunk_size)
            is_lines = head.startswith(b"{") and self.sniff(source.sample) != "eve (JSON array)"
            yield from events.of_lines(source) if is_lines else events.of_array(source)


def _is_event(text: str) -> bool:
    if not text.lstrip().startswith("{"):
        return False
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(record, dict) and isinstance(record.get(KIND_KEY), str) and "timestamp" in record


@dataclass(frozen=True)
class _Numbers:
    """Lines that consecutive events begin on; the first is event number ``before`` + 1."""

    lines: npt.NDArray[np.int64]
    before: int

    def line(self, number: int) -> int:
        return int(self.lines[number - self.before - 1])


@dataclass
class _Events:
    """Reads the events of one source."""

    records: Records
    context: ReadContext
    chunk_size: int

    def of_lines(self, source: Source) -> Iterator[Batch]:
        """One event per line."""
        for chunk in source.chunks(self.chunk_size):
            data = chunk.data if chunk.start else chunk.data.removeprefix(b"\xef\xbb\xbf")
            outcome = self.records.read(data, chunk.first_line)
            end = Position(chunk.end, chunk.first_line - 1 + len(chunk))
            yield self._batch(outcome, end, chunk.is_tail, _raw_of(chunk))

    def of_array(self, source: Source) -> Iterator[Batch]:
        """Events anywhere; ids are made of the event's number, ``source_row`` is the line it begins on."""
        count = int(source.start.state or 0)
        for piece in pieces(source.blocks(), self.chunk_size, source.start.offset, source.start.line):
            yield self._of_piece(piece, count)
            count += len(piece.found)

    def _of_piece(self, piece: Piece, before: int) -> Batch:
        texts = [found.text for found in piece.found]
        rows = np.arange(before + 1, before + 1 + len(texts), dtype=np.int64)
        lines = np.array([found.line for found in piece.found], dtype=np.int64)
        binary = pa.array(texts, type=pa.large_binary())
        array = pa.Array.from_buffers(pa.large_string(), len(binary), binary.buffers())
        outcome = self.records.read_lines(array, rows) if texts else Outcome()

        number_of = _Numbers(lines, before)
        outcome.rejects = [replace(r, source_row=number_of.line(r.source_row)) for r in outcome.rejects]
        end = Position(piece.end, piece.line, str(before + len(texts)))
        raw = [printable(text)[:MAX_RAW] for text in texts]
        return self._batch(outcome, end, piece.is_rest, lambda number: raw[number - before - 1], numbers=number_of)

    def _batch(
        self,
        outcome: Outcome,
        end: Position,
        is_tail: bool,
        raw_of: Callable[[int], str],
        *,
        numbers: _Numbers | None = None,
    ) -> Batch:
        """Rows of an outcome; its row numbers are lines, or count events, whose lines ``numbers`` knows."""
        tables: dict[str, list[pa.Table]] = {}
        rejects = list(outcome.rejects)
        for part in outcome.parts:
            rows = part.rows if numbers is None else numbers.lines[part.rows - numbers.before - 1]
            ordinal = None if numbers is None else part.rows
            built = make_rows(part.kind, _fields(part, rows), self.context, ordinal)
            if len(built.table):
                tables.setdefault(EVENTS[part.kind].table, []).append(built.table)
            for bad in built.bad:
                raw = raw_of(int(part.rows[bad.index]))
                rejects.append(Reject(int(rows[bad.index]), bad.reason, bad.detail, raw))
        rejects.sort(key=lambda reject: reject.source_row)
        made = {name: in_order(name, parts) for name, parts in tables.items()}
        return Batch(end, made, rejects, outcome.skipped, is_tail)


def _raw_of(chunk: Chunk) -> Callable[[int], str]:
    return lambda number: printable(chunk.line(number - chunk.first_line))[:MAX_RAW]


def _fields(part: Part, rows: Any) -> Fields:
    event = EVENTS[part.kind]
    typed = {name: column for name, column in part.columns.items() if name in event.fields}
    others = {name for name in part.columns if name not in event.fields} | (event.kept & part.columns.keys())
    extra = {name: as_json(part.columns[name], event.fields.get(name, "json")) for name in others}
    typed.pop(KIND_KEY, None)
    return Fields(typed, extra, rows, part.more)
