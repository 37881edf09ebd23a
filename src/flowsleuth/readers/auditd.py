"""The Linux audit log as auditd writes it (``/var/log/audit/audit.log``), also with ``node=`` and interpreted.

Records of an event may be interleaved with those of others. An event is whole at its PROCTITLE or EOE record, with its
only record where a program and not the kernel wrote it, or when two seconds have passed in the log: what ``auparse``
does. Events that may still go on at the end of the file are read again when it grows.

Events of usual lines are read whole columns at a time (:mod:`.audit_lines`), the others one after the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar
from zoneinfo import ZoneInfo

from flowsleuth.readers.audit_columns import rows_of_usual
from flowsleuth.readers.audit_events import AuditEvent, parse_record
from flowsleuth.readers.audit_gathering import Gathered, HeldLines, gather
from flowsleuth.readers.audit_kinds import rows_of_events
from flowsleuth.readers.contract import Batch, Position, ReadContext
from flowsleuth.readers.streams import Sample, Source, one_ahead, printable

CHUNK = 2 << 20
"""Bytes taken at a time: events need some twenty times as many while they are put together."""
_SNIFF = 20


@dataclass(frozen=True)
class AuditdOptions:
    """The audit log describes itself."""


class AuditdReader:
    """Events of the Linux audit log."""

    name: ClassVar[str] = "auditd"
    summary: ClassVar[str] = "the Linux audit log (raw auditd, also with node= and interpreted)"
    Options: ClassVar[type] = AuditdOptions
    raw_lies: ClassVar[str] = "lines"

    def sniff(self, sample: Sample) -> str | None:
        """Recognise ``type=… msg=audit(…):``."""
        utc = ZoneInfo("UTC")
        for line in sample.lines()[:_SNIFF] if b"audit(" in sample.head else []:
            if parse_record(line, utc) is not None:
                return "events (auditd)"
        return None

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        """Read batch after batch; see :class:`~flowsleuth.readers.contract.Reader`."""
        for found, end in one_ahead(gathered(source, context.tz)):
            yield rows_of_gathered(found, context, end, is_tail=found.is_end)


def gathered(source: Source, tz: ZoneInfo) -> Iterator[tuple[Gathered, Position]]:
    """Events of chunk after chunk, and how far the file is read with them."""
    held = lines_of_state(source.start.state)
    end = source.start
    for chunk in source.chunks(CHUNK):
        found = gather(held, chunk.data, chunk.first_line, tz, is_end=chunk.is_tail)
        if chunk.is_tail:
            yield found, end
            return
        held = found.held
        end = Position(chunk.end, chunk.first_line + len(chunk) - 1, state_of(held))
        yield found, end
    if held:
        yield gather(held, b"", end.line + 1, tz, is_end=True), end


def state_of(held: HeldLines) -> str:
    """Lines of events that may go on, as the state of a reader."""
    return json.dumps([(line, raw.decode("utf-8", "surrogateescape")) for line, raw in held]) if held else ""


def lines_of_state(state: str) -> HeldLines:
    """The lines that :func:`state_of` wrote."""
    return [(line, text.encode("utf-8", "surrogateescape")) for line, text in json.loads(state)] if state else []


def rows_of_gathered(found: Gathered, context: ReadContext, end: Position, is_tail: bool = False) -> Batch:
    """Canonical rows of events, in the order in which they ended."""
    batch = rows_of_events(one_by_one(found, context.tz), context)
    usual = found.usual_events()
    if len(usual):
        when = found.when[found.usual]
        parts = rows_of_usual(usual, when, context)
        for name, rows in parts.items():
            if name in batch.tables and len(batch.tables[name]):
                rows = found.in_order([rows, batch.tables[name]])  # noqa: PLW2901
            batch.tables[name] = rows
    batch.rejects += found.rejects
    batch.skipped = found.skipped
    batch.end, batch.is_tail = end, is_tail
    return batch


def one_by_one(found: Gathered, tz: ZoneInfo) -> list[AuditEvent]:
    """Events with an unusual line."""
    made = []
    for at in found.other_events():
        event: AuditEvent | None = None
        for line in at:
            raw = found.lines.raw(line)
            record = parse_record(printable(raw), tz)
            if record is None:
                continue
            event = event or AuditEvent(record, int(found.numbers[line]))
            event.add(record, raw)
        if event is not None:
            made.append(event)
    return made
