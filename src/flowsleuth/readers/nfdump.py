"""nfdump's CSV output, in its three dialects: 1.6 (``ts,te,td,sa,…``), 1.7 (``firstSeen,duration,…``) and csv-fast.

The header tells the dialect; 1.7 headers of any known fields in any order are taken. Times carry no zone: they are in
the zone of the machine that ran nfdump (``--tz``), except csv-fast and raw times, which are counted in UTC. The summary
block at the end is no record. What the fields become is in :mod:`flowsleuth.readers.netflow`.

Format: https://github.com/phaag/nfdump, ``src/output/output_csv.c`` and ``output_csv_fast.c``; of 1.6,
``bin/output_csv.c``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flowsleuth.errors import ReaderError
from flowsleuth.readers.contract import Batch, Position, ReadContext, Reject
from flowsleuth.readers.delimited import bad_row_rejects, line_reject, lines_like, read_delimited
from flowsleuth.readers.netflow import flows_of, without
from flowsleuth.readers.nfdump_fields import SYNONYMS, TAGS, field_types
from flowsleuth.readers.rows import build_rows
from flowsleuth.readers.streams import Chunk, Sample, Source
from flowsleuth.schema import FLOW

_NEEDED = {"firstSeen", "srcAddr", "dstAddr"}
_NEEDED_TAGS = {"ts", "sa", "da"}
_SUMMARY = b"Summary"
_SUMMARY_LINES = 2
"""Lines that follow the word Summary: names and values."""
_TEXT_SUMMARY = (b"Summary: ", b"Time window: ", b"Total flows processed: ", b"Sys: ")


def fields_of_header(line: str) -> list[str] | None:
    """The fields of a header by their 1.7 names, or None when the line is no header of nfdump.

    Examples
    --------
    >>> fields_of_header("ts,te,td,sa,da,sp,dp,pr")
    ['firstSeen', 'lastSeen', 'duration', 'srcAddr', 'dstAddr', 'srcPort', 'dstPort', 'proto']
    """
    given = [word.strip() for word in line.strip("\r\n").split(",")]
    if set(given) >= _NEEDED_TAGS:
        given = [TAGS.get(word, word) for word in given]
    elif not set(given) >= _NEEDED:
        return None
    names: list[str] = []
    for word in given:
        name = SYNONYMS.get(word, word)
        while name in names or not name:
            name += "_again"
        names.append(name)
    return names


def dialect_of(names: list[str], line: str) -> str:
    """What to call a header: ``1.6``, ``1.7`` or ``csv-fast``."""
    if line.startswith("cnt,af,"):
        return "csv-fast"
    return "1.6" if set(line.strip().split(",")) >= _NEEDED_TAGS else "1.7"


@dataclass(frozen=True)
class NfdumpOptions:
    """nfdump CSV needs no options."""


class NfdumpReader:
    """Flows printed by nfdump as CSV."""

    name: ClassVar[str] = "nfdump"
    summary: ClassVar[str] = "nfdump CSV output (1.6, 1.7, csv-fast)"
    Options: ClassVar[type] = NfdumpOptions

    def sniff(self, sample: Sample) -> str | None:
        """Recognise the header."""
        lines = sample.lines() if sample.is_text() else []
        names = fields_of_header(lines[0]) if lines else None
        return f"flows (CSV, {dialect_of(names, lines[0])})" if names else None

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        """Read chunk after chunk; see :class:`~flowsleuth.readers.contract.Reader`."""
        state = _State.load(source.start.state) if source.start.state else None
        for chunk in source.chunks():
            if state is None:
                state = _State.of_header(chunk, context)
            skip = state.no_records(chunk)
            tables, rejects = _rows(chunk, state.names, skip, context)
            end = Position(chunk.end, chunk.first_line + len(chunk) - 1, state.dump())
            yield Batch(end, tables, rejects, is_tail=chunk.is_tail)


@dataclass
class _State:
    """The header, and how many lines of a summary are still to come."""

    header: str
    names: list[str]
    summary_left: int = 0

    @classmethod
    def of_header(cls, chunk: Chunk, context: ReadContext) -> _State:
        header = chunk.line(0).decode("utf-8", errors="replace")
        names = fields_of_header(header)
        if names is None:
            hint = "the first line must be the header that nfdump prints"
            raise ReaderError("no nfdump CSV header", where=context.source_file, hint=hint)
        return cls(header, names)

    @classmethod
    def load(cls, text: str) -> _State:
        saved = json.loads(text)
        return cls(saved["header"], fields_of_header(saved["header"]) or [], saved["summary_left"])

    def dump(self) -> str:
        return json.dumps({"header": self.header, "summary_left": self.summary_left})

    def no_records(self, chunk: Chunk) -> npt.NDArray[np.bool_]:
        """Header lines (also repeated ones) and summary blocks."""
        skip = lines_like(chunk, [self.header.encode()])
        skip[: self.summary_left] = True
        left = max(0, self.summary_left - len(chunk))
        for at in map(int, np.flatnonzero(lines_like(chunk, [_SUMMARY]))):
            if chunk.line(at) == _SUMMARY:
                skip[at : at + 1 + _SUMMARY_LINES] = True
                left = max(0, at + _SUMMARY_LINES - (len(chunk) - 1))
            else:
                skip |= lines_like(chunk, _TEXT_SUMMARY)
        self.summary_left = left
        return skip


def _rows(
    chunk: Chunk, names: list[str], skip: npt.NDArray[np.bool_], context: ReadContext
) -> tuple[dict[str, pa.Table], list[Reject]]:
    parsed = read_delimited(chunk, names, field_types(names), null_values=("",), quote=None, skip=skip)
    flows = flows_of(parsed.table, context.tz)
    rejects = parsed.rejects + [line_reject(chunk, int(parsed.lines[row]), *why) for row, why in flows.bad.items()]
    columns, lines = without(flows, parsed.lines)
    built = build_rows(FLOW, columns, chunk.first_line + lines, context)
    rejects += bad_row_rejects(chunk, lines, built.bad)
    rejects.sort(key=lambda reject: reject.source_row)
    return {"flow": built.table}, rejects
