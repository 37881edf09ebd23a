"""Palo Alto Networks' firewall logs: TRAFFIC to flows, THREAT to alerts, as CSV.

With a header line (exports) or without one (syslog files, also with syslog's words before the first comma). The fields
stand where PAN-OS puts them; those that later versions add behind are kept in ``extra``.

- ``src`` began the session. ``start`` and ``duration_s`` are the session's; ``extra`` has why it ended, rule, zones,
  users, translated addresses. Times are in the firewall's zone (``--tz``).
- A TRAFFIC record of subtype ``start`` has null counters (they are in ``extra``): the session's end tells them all.
- ``action`` is allowed or denied; of an alert, ``alert`` lets the packets pass. Severity critical and high is 1, medium
  2, low 3, informational 4.
- ``service`` is the application that the firewall recognised; ``incomplete``, ``insufficient-data`` and ``unknown-tcp``
  are none. Other types of log are counted.

Format: https://docs.paloaltonetworks.com/pan-os, "Syslog Field Descriptions".
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.errors import ReaderError
from flowsleuth.readers.arrays import flat, mask_of
from flowsleuth.readers.contract import Batch, Position, ReadContext, Reject
from flowsleuth.readers.delimited import WRONG_WIDTH, Delimited, line_reject, lines_like, read_delimited
from flowsleuth.readers.fields import in_order
from flowsleuth.readers.paloalto_rows import FIELDS, Words, alert_columns, flow_columns
from flowsleuth.readers.rows import build_rows
from flowsleuth.readers.streams import Chunk, Sample, Source
from flowsleuth.schema import table as schema_table

TYPE_AT = 3
_LEAST = 36
"""Fields that every version has."""
_TYPE = re.compile(r"^[A-Z][A-Z0-9_-]{2,30}$")
_LINE = re.compile(r"^[^,]*,\d{4}/\d\d/\d\d \d\d:\d\d:\d\d,[^,]*,(TRAFFIC|THREAT),[^,]*,[^,]*,\d{4}/\d\d/\d\d ")
_HEADER = ("receive time", "type", "source address", "destination address", "session id")
_TABLES = {"TRAFFIC": "flow", "THREAT": "alert"}
NO_TYPE = "no type of log"
_BOM = "\ufeff"


@dataclass(frozen=True)
class PaloAltoOptions:
    """The records say what they are, so there is nothing to set."""


class PaloAltoReader:
    """Reads TRAFFIC and THREAT logs."""

    name: ClassVar[str] = "paloalto"
    summary: ClassVar[str] = "Palo Alto Networks TRAFFIC and THREAT logs (CSV export or syslog)"
    Options: ClassVar[type] = PaloAltoOptions

    def sniff(self, sample: Sample) -> str | None:
        """Recognise the header, or the first fields of a record."""
        lines = [line for line in sample.lines()[:20] if line.strip()] if sample.is_text() else []
        if not lines:
            return None
        if header_names(lines[0]):
            return "PAN-OS log (header)"
        found = next((match for line in lines if (match := _LINE.match(line))), None)
        return f"PAN-OS {found[1]} log" if found else None

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        """Read chunk after chunk; see :class:`~flowsleuth.readers.contract.Reader`."""
        state: dict[str, Any] = json.loads(source.start.state or "{}")
        header, width = state.get("header", ""), state.get("width", 0)
        for chunk in source.chunks():
            if not width:
                line = chunk.line(0).decode("utf-8", errors="replace")
                header = line if header_names(line) else ""
                width = len(header_names(line)) or _first_width(source.sample, context)
            batch = _Lines(chunk, header, width, context).batch()
            said = json.dumps({"header": header, "width": width})
            batch.end = Position(chunk.end, chunk.first_line + len(chunk) - 1, said)
            yield batch


def header_names(line: str) -> list[str]:
    """Names in a header line; empty when it is none."""
    try:
        names = [word.strip() for word in next(csv.reader([line.removeprefix(_BOM).strip("\r\n")]))]
    except (csv.Error, StopIteration):
        return []
    return names if {word.lower() for word in names} >= set(_HEADER) and len(names) >= _LEAST else []


def _first_width(sample: Sample, context: ReadContext) -> int:
    for line in sample.lines():
        if _LINE.match(line):
            return len(next(csv.reader([line])))
    hint = "TRAFFIC and THREAT logs as PAN-OS writes them, with or without a header line"
    raise ReaderError("no PAN-OS log", where=context.source_file, hint=hint)


@dataclass
class _Lines:
    """The lines of a chunk on their way to rows."""

    chunk: Chunk
    header: str
    width: int
    context: ReadContext

    def batch(self) -> Batch:
        tables: dict[str, list[pa.Table]] = {}
        rejects: list[Reject] = []
        skipped: dict[str, int] = {}
        for parsed in self._parsed(rejects):
            kinds = flat(parsed.table[f"f{TYPE_AT}"]).cast(pa.string())
            for kind in pc.unique(kinds).to_pylist():
                mask = mask_of(pc.is_null(kinds) if kind is None else pc.equal(kinds, kind))
                lines = parsed.lines[mask]
                if kind in _TABLES:
                    table, bad = self._rows(kind, parsed.table.filter(pa.array(mask)), lines)
                    tables.setdefault(_TABLES[kind], []).append(table)
                    rejects += bad
                elif kind is not None and _TYPE.match(kind):
                    skipped[kind] = skipped.get(kind, 0) + len(lines)
                else:
                    rejects += [line_reject(self.chunk, int(at), NO_TYPE, str(kind)[:200]) for at in lines]
        rejects.sort(key=lambda reject: reject.source_row)
        made = {name: in_order(name, parts) for name, parts in tables.items()}
        return Batch(Position(), made, rejects, skipped, self.chunk.is_tail)

    def _parsed(self, rejects: list[Reject]) -> Iterator[Delimited]:
        """Records of the usual number of fields, then those of other versions and types."""
        skip = lines_like(self.chunk, [self.header.encode()]) if self.header else None
        usual = self._read(self.width, skip)
        others = [r for r in usual.rejects if not self.header and _width(r) not in (0, self.width)]
        rejects += [r for r in usual.rejects if r not in others]
        yield usual
        for width in sorted({_width(reject) for reject in others}):
            at = [reject.source_row - self.chunk.first_line for reject in others if _width(reject) == width]
            is_other = np.ones(len(self.chunk), dtype=bool)
            is_other[at] = False
            if width <= TYPE_AT:
                rejects += [r for r in others if _width(r) == width]
                continue
            parsed = self._read(width, is_other)
            rejects += parsed.rejects
            yield parsed

    def _read(self, width: int, skip: npt.NDArray[np.bool_] | None) -> Delimited:
        words = pa.dictionary(pa.int32(), pa.string())
        names = [f"f{at}" for at in range(width)]
        return read_delimited(self.chunk, names, dict.fromkeys(names, words), skip=skip)

    def _rows(self, kind: str, table: pa.Table, lines: npt.NDArray[np.int64]) -> tuple[pa.Table, list[Reject]]:
        known = FIELDS[kind]
        labels = header_names(self.header) if self.header else []
        fields: dict[str, pa.Array] = {}
        names: dict[str, str] = {}
        for at in range(table.num_columns):
            label = labels[at] if labels and labels[at] else f"field_{at + 1}"
            name = known[at] if at < len(known) else label
            fields[name], names[name] = flat(table[f"f{at}"]), label if labels else name
        target = schema_table(_TABLES[kind])
        if table.num_columns < _LEAST:
            bad = [line_reject(self.chunk, int(at), WRONG_WIDTH, f"{table.num_columns} fields") for at in lines]
            return target.arrow_schema().empty_table(), bad
        words = Words(fields, names, self.context.tz)
        columns = flow_columns(words) if kind == "TRAFFIC" else alert_columns(words)
        keep = np.ones(len(lines), dtype=bool)
        keep[list(words.faults)] = False
        good = pa.array(keep)
        kept = {name: flat(column).filter(good) for name, column in columns.items()}
        built = build_rows(target, kept, self.chunk.first_line + lines[keep], self.context)
        bad = [line_reject(self.chunk, int(lines[at]), *why) for at, why in words.faults.items()]
        bad += [line_reject(self.chunk, int(lines[keep][row.index]), row.reason, row.detail) for row in built.bad]
        return built.table, bad


def _width(reject: Reject) -> int:
    """Fields that a line refused for its width has; 0 for another reason."""
    found = re.match(r"(\d+) fields", reject.detail or "") if reject.reason == WRONG_WIDTH else None
    return int(found[1]) if found else 0
