"""Syslog in files: RFC 5424, RFC 3164 with or without priority, and the ISO times that rsyslog writes.

Every line is a row of ``syslog``; what sshd says of logons is a row of ``logon`` too.

**Times without a year** (RFC 3164) take the option ``year`` for the first line; without it, the year before the file
was last changed. Further lines take the year that is nearest to the line before, so a file may go over New Year. Rows
whose year was not in the file say so in ``extra``. Times without a zone are in ``--tz``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from flowsleuth.errors import OptionError
from flowsleuth.readers.contract import Batch, Position, ReadContext, Reject
from flowsleuth.readers.delimited import line_reject
from flowsleuth.readers.message_rows import rows_of_messages
from flowsleuth.readers.records import NOT_A_TIME, Kind, Records, columns_of
from flowsleuth.readers.records import field as of
from flowsleuth.readers.streams import Chunk, Sample, Source, printable
from flowsleuth.readers.syslog_lines import Calendar, SyslogLine, facility_of, parse_syslog, severity_of
from flowsleuth.schema import SYSLOG

NO_HEADER = "no syslog header"
_SNIFF = 20
_ASSUMED = "year not in the log"

MESSAGE = Kind(
    "syslog",
    SYSLOG,
    {
        "start": of("time", how="time"),
        "host": of("host"),
        "facility": of("facility"),
        "severity": of("severity"),
        "program": of("program"),
        "pid": of("pid", how="int"),
        "event_type": of("event_type"),
        "message": of("message", how="whole"),
    },
)
_NAMES = ("time", "host", "facility", "severity", "program", "pid", "event_type", "message", "structured", _ASSUMED)


@dataclass(frozen=True)
class SyslogOptions:
    """How syslog is read.

    Attributes
    ----------
    year : int
        Year of the first line, where its time has none; 0: told by when the file was changed.
    """

    year: int = field(default=0, metadata={"help": "year of the first line, if its time names none (0: from the file)"})


class SyslogReader:
    """Messages of syslog files."""

    name: ClassVar[str] = "syslog"
    summary: ClassVar[str] = "syslog files (RFC 5424, RFC 3164, rsyslog)"
    Options: ClassVar[type] = SyslogOptions

    def sniff(self, sample: Sample) -> str | None:
        """Recognise the header in most of the first lines."""
        if not sample.is_text():
            return None
        calendar = Calendar(ZoneInfo("UTC"), datetime.now(UTC))
        lines = [line for line in sample.lines()[:_SNIFF] if line.strip()]
        good = sum(parse_syslog(line.removeprefix("\ufeff"), calendar) is not None for line in lines)
        return "messages (syslog)" if good and 2 * good >= len(lines) else None

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        """Read chunk after chunk; see :class:`~flowsleuth.readers.contract.Reader`.

        Raises
        ------
        OptionError
            ``year`` is no year.
        """
        last = datetime.fromisoformat(source.start.state) if source.start.state else None
        calendar = Calendar(context.tz, _latest(source, context), last)
        for chunk in source.chunks():
            batch = _batch(chunk, calendar, context)
            state = calendar.last.isoformat() if calendar.last else ""
            batch.end = Position(chunk.end, chunk.first_line + len(chunk) - 1, state)
            yield batch


def _latest(source: Source, context: ReadContext) -> datetime:
    """A moment that the first line is not later than."""
    said = context.options.year if context.options else 0
    try:
        year = int(said)
        if year:
            return datetime(year, 12, 30, 23, 59, 59, tzinfo=UTC)
    except (ValueError, OverflowError):
        raise OptionError("not a year", where=f"--option year={said}") from None
    if source.path is None:
        return datetime.now(UTC)
    return datetime.fromtimestamp(source.path.stat().st_mtime, UTC)


def _batch(chunk: Chunk, calendar: Calendar, context: ReadContext) -> Batch:
    lines = chunk.data.split(b"\n")
    rejects: list[Reject] = []
    found: list[SyslogLine] = []
    places: list[int] = []
    for at, raw in enumerate(lines):
        if not raw.strip():
            continue
        text = printable(raw.rstrip(b"\r"))
        line = parse_syslog(text.removeprefix("\ufeff") if at == 0 else text, calendar)
        if line is None:
            rejects.append(line_reject(chunk, at, NO_HEADER))
        elif line.when is None:
            rejects.append(line_reject(chunk, at, NOT_A_TIME, line.said_time))
        else:
            found.append(line)
            places.append(at)
    columns = dict(zip(_NAMES, zip(*map(_fields, found), strict=True), strict=True)) if found else {}
    numbers = chunk.first_line + np.array(places, dtype=np.int64)
    texts = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    records = Records(texts, numbers, numbers, [lines[at] for at in places])
    batch = Batch(Position(), rejects=rejects, is_tail=chunk.is_tail)
    if found:
        rows, refused = MESSAGE.rows(records, context)
        made = columns_of(records, MESSAGE.fields).columns
        told = rows_of_messages(records, records.get("message"), made["start"], made["host"], context)
        batch.tables = {"syslog": rows} | told.tables
        batch.rejects = sorted(rejects + refused, key=lambda reject: reject.source_row)
    return batch


def _fields(line: SyslogLine) -> tuple[str | None, ...]:
    assert line.when is not None
    return (
        line.when.isoformat(), line.host, facility_of(line.pri), severity_of(line.pri), line.program, line.pid,
        line.event_type, line.message, line.structured, None if line.has_year else str(line.when.year),
    )  # fmt: skip
