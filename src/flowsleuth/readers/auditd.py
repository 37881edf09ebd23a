"""The Linux audit log as auditd writes it (``/var/log/audit/audit.log``), also with ``node=`` and interpreted.

Records of an event may be interleaved with those of others. An event is whole at its PROCTITLE or EOE record, with its
only record where a program and not the kernel wrote it, or when two seconds have passed in the log: what ``auparse``
does. Events that may still go on at the end of the file are read again when it grows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from flowsleuth.readers.audit_events import AuditEvent, AuditRecord, parse_record
from flowsleuth.readers.audit_kinds import rows_of_events
from flowsleuth.readers.contract import MAX_RAW, Batch, Position, ReadContext, Reject
from flowsleuth.readers.streams import Chunk, Sample, Source, printable

NO_RECORD = "not an audit record"
PATIENCE = timedelta(seconds=2)
CHUNK = 2 << 20
"""Bytes taken at a time: events need some twenty times as many while they are put together."""
_SNIFF = 20
_OF_PROGRAMS = ("USER_", "CRED_", "SERVICE_", "DAEMON_", "SYSTEM_", "ACCT_", "ADD_", "DEL_", "GRP_", "CRYPTO_", "VIRT_")
_LAST = frozenset({"PROCTITLE", "EOE"})


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
        gathering = _Gathering(context.tz, source.start.state)
        end = source.start
        for chunk in source.chunks(CHUNK):
            if chunk.is_tail:
                done, rejects = gathering.take(chunk)
                yield _batch([*done, *gathering.rest()], rejects, context, end, is_tail=True)
                return
            done, rejects = gathering.take(chunk)
            end = Position(chunk.end, chunk.first_line + len(chunk) - 1, gathering.state())
            yield _batch(done, rejects, context, end)
        if left := gathering.rest():
            yield _batch(left, [], context, end, is_tail=True)


def _batch(
    events: list[AuditEvent], rejects: list[Reject], context: ReadContext, end: Position, is_tail: bool = False
) -> Batch:
    batch = rows_of_events(events, context)
    batch.rejects += rejects
    batch.end, batch.is_tail = end, is_tail
    return batch


class _Gathering:
    """Puts records together as events, in the order in which the events end."""

    def __init__(self, tz: ZoneInfo, state: str) -> None:
        self._tz = tz
        self._open: dict[tuple[str | None, str, str], tuple[AuditEvent, list[tuple[int, bytes]]]] = {}
        for line, text in json.loads(state) if state else []:
            self._add(line, text.encode("utf-8", "surrogateescape"))

    def state(self) -> str:
        lines = sorted(line for _, held in self._open.values() for line in held)
        return json.dumps([(line, raw.decode("utf-8", "surrogateescape")) for line, raw in lines]) if lines else ""

    def rest(self) -> list[AuditEvent]:
        """Events that were not closed."""
        left = [event for event, _ in self._open.values()]
        self._open.clear()
        return left

    def take(self, chunk: Chunk) -> tuple[list[AuditEvent], list[Reject]]:
        """Events that ended in a chunk, and lines that are no records."""
        done: list[AuditEvent] = []
        rejects: list[Reject] = []
        for line, raw in enumerate(chunk.data.split(b"\n"), chunk.first_line):
            if not raw or raw.isspace() or raw.startswith(b"----"):
                continue  # ausearch parts events by a line of dashes
            raw = raw.rstrip(b"\r")  # noqa: PLW2901
            record = self._add(line, raw)
            if record is None:
                rejects.append(Reject(line, NO_RECORD, None, printable(raw)[:MAX_RAW]))
                continue
            if record.type in _LAST or record.type.startswith(_OF_PROGRAMS):
                done.append(self._open.pop(record.event)[0])
            if self._open:
                self._end_overdue(record.when, done)
        return done, rejects

    def _add(self, line: int, raw: bytes) -> AuditRecord | None:
        record = parse_record(printable(raw), self._tz)
        if record is None:
            return None
        known = self._open.get(record.event)
        if known is None:
            known = self._open[record.event] = AuditEvent(record, line), []
        known[0].add(record, raw)
        known[1].append((line, raw))
        return record

    def _end_overdue(self, now: datetime, done: list[AuditEvent]) -> None:
        """End the events that began too long ago; they are open in the order in which they began."""
        while self._open:
            key, (event, _) = next(iter(self._open.items()))
            if now - event.first.when <= PATIENCE:
                return
            done.append(event)
            del self._open[key]
