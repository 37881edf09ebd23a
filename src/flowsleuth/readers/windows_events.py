"""Windows events as JSON, one a line or in an array: as NXLog, PowerShell, winlogbeat and ``evtx_dump`` write them.

4688 and Sysmon 1 become ``process``, 4624 and 4625 ``logon``, Sysmon 3 ``flow``; all other events are counted by
channel and id. Times: Sysmon's own ``UtcTime`` first, else the time of the record. (Some published exports write local
time with a ``Z`` behind it; it is taken as it stands.) ``EventTime`` of NXLog names no zone: it is used only where
there is no other time, in ``--tz``.

Format: https://learn.microsoft.com/windows/security/threat-protection/auditing and
https://learn.microsoft.com/sysinternals/downloads/sysmon
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flowsleuth.readers.contract import MAX_RAW, Batch, Position, ReadContext, Reject
from flowsleuth.readers.json_objects import pieces
from flowsleuth.readers.mapped_json import JsonLines, parse_json_lines
from flowsleuth.readers.record_kinds import read_kinds
from flowsleuth.readers.records import Kind, of_objects
from flowsleuth.readers.streams import CHUNK, Sample, Source, printable
from flowsleuth.readers.times import parse_times
from flowsleuth.readers.windows_kinds import SECURITY_KINDS, SYSMON_KINDS

NOT_AN_EVENT = "not an event of Windows"
_SNIFF = 5
_OPENING = b"\xef\xbb\xbf \t\r\n"
_TIMES = ("TimeCreated", "SystemTime", "@timestamp", "UtcTime")

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class WindowsOptions:
    """Events describe themselves."""


class WindowsReader:
    """Events of Windows and of Sysmon as JSON."""

    name: ClassVar[str] = "windows"
    summary: ClassVar[str] = "Windows and Sysmon events as JSON (NXLog, PowerShell, winlogbeat, evtx_dump)"
    Options: ClassVar[type] = WindowsOptions

    def sniff(self, sample: Sample) -> str | None:
        """Recognise the id and the channel of an event."""
        if not sample.is_text() or not sample.head.lstrip(_OPENING).startswith((b"{", b"[")):
            return None
        return {True: "events (JSON array)", False: "events (JSON lines)"}.get(_is_array(sample))  # type: ignore[arg-type]

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        """Read batch after batch; see :class:`~flowsleuth.readers.contract.Reader`."""
        if _is_array(source.sample):
            count = int(source.start.state or 0)
            for piece in pieces(source.blocks(), CHUNK, source.start.offset, source.start.line):
                texts = [found.text for found in piece.found]
                lines = np.array([found.line for found in piece.found], dtype=np.int64)
                ordinals = np.arange(count + 1, count + 1 + len(texts), dtype=np.int64)
                count += len(texts)
                batch = _batch(texts, lines, ordinals, context)
                batch.end, batch.is_tail = Position(piece.end, piece.line, str(count)), piece.is_rest
                yield batch
            return
        for chunk in source.chunks():
            texts = [line.rstrip(b"\r") for line in chunk.data.split(b"\n")]
            if chunk.start == 0:
                texts[0] = texts[0].removeprefix(b"\xef\xbb\xbf")
            lines = np.arange(chunk.first_line, chunk.first_line + len(texts), dtype=np.int64)
            batch = _batch(texts, lines, lines, context)
            batch.end, batch.is_tail = Position(chunk.end, chunk.first_line + len(chunk) - 1), chunk.is_tail
            yield batch


def _parse(texts: list[bytes]) -> JsonLines:
    return parse_json_lines(texts, is_nested=True)


def _is_array(sample: Sample) -> bool | None:
    """Whether the first events are not one a line; None when they are no events."""
    lines = [line.encode() for line in sample.lines()[:_SNIFF]]
    records = _parse([lines[0].removeprefix(b"\xef\xbb\xbf"), *lines[1:]] if lines else []).records
    if records:
        return False if any(flat_event(record) is not None for record in records) else None
    first = next(pieces([sample.head], len(sample.head)), None)
    texts = [found.text for found in first.found[:_SNIFF]] if first else []
    return True if any(flat_event(record) is not None for record in _parse(texts).records) else None


def flat_event(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """An event with its fields and those of its header side by side; None when it is none.

    Examples
    --------
    >>> flat_event({"Event": {"System": {"EventID": 1, "Channel": "C"}, "EventData": {"Image": "a.exe"}}})
    {'EventID': 1, 'Channel': 'C', 'Image': 'a.exe'}
    """
    event, winlog = record.get("Event"), record.get("winlog")
    if isinstance(event, dict) and isinstance(event.get("System"), dict):
        return _of_system(event["System"], event.get("EventData") or event.get("UserData"))
    if isinstance(winlog, dict) and "event_id" in winlog:
        return _of_winlog(record, winlog)
    if "EventID" in record and ("Channel" in record or "SourceName" in record) and "TimeGenerated" not in record:
        return dict(record)
    return None


def _of_system(system: Mapping[str, Any], data: Any) -> dict[str, Any]:
    """The form of ``evtx_dump``: attributes of XML elements under ``#attributes``."""
    made: dict[str, Any] = {}
    for name, value in system.items():
        attributes = value.get("#attributes", value) if isinstance(value, dict) else None
        if name == "EventID" and isinstance(value, dict):
            made[name] = value.get("#text")
        elif name == "TimeCreated" and isinstance(attributes, dict):
            made["SystemTime"] = attributes.get("SystemTime")
        elif attributes is not None:
            made |= {f"{name}.{key}": inner for key, inner in attributes.items()}
        elif value is not None:
            made[name] = value
    if isinstance(data, dict):
        made |= {name: value for name, value in data.items() if name != "#attributes"}
    return made


def _of_winlog(record: Mapping[str, Any], winlog: Mapping[str, Any]) -> dict[str, Any]:
    """The form of winlogbeat."""
    names = {"event_id": "EventID", "channel": "Channel", "computer_name": "Computer", "record_id": "EventRecordID"}
    data = winlog.get("event_data")
    made = {names.get(name, f"winlog.{name}"): value for name, value in winlog.items() if name != "event_data"}
    rest = {name: value for name, value in record.items() if name != "winlog"}
    return rest | made | (data if isinstance(data, dict) else {})


def kind_of(event: Mapping[str, Any]) -> tuple[Kind | None, str]:
    """The kind of an event, if it has a table, and the word it is counted under."""
    channel = str(event.get("Channel") or event.get("SourceName") or "?")
    number = str(event.get("EventID")).removesuffix(".0")
    if "Sysmon" in channel:
        return SYSMON_KINDS.get(number), f"{channel} {number}"
    if channel in ("Security", "Microsoft-Windows-Security-Auditing"):
        return SECURITY_KINDS.get(number), f"{channel} {number}"
    return None, f"{channel} {number}"


def _batch(texts: list[bytes], lines: Rows, ordinals: Rows, context: ReadContext) -> Batch:
    parsed = _parse(texts)
    rejects = [Reject(int(lines[at]), why, what, printable(texts[at])[:MAX_RAW]) for at, why, what in parsed.bad]
    events: list[dict[str, Any]] = []
    places: list[int] = []
    for at, record in zip(parsed.lines, parsed.records, strict=True):
        event = flat_event(record)
        if event is None:
            rejects.append(Reject(int(lines[at]), NOT_AN_EVENT, None, printable(texts[at])[:MAX_RAW]))
        else:
            events.append(event)
            places.append(at)
    batch = rows_of_events(events, lines[places], ordinals[places], [texts[at] for at in places], context)
    batch.rejects = sorted(rejects + batch.rejects, key=lambda reject: reject.source_row)
    return batch


def rows_of_events(
    events: Sequence[dict[str, Any]], lines: Rows, ordinals: Rows, raws: Sequence[bytes], context: ReadContext
) -> Batch:
    """Rows of flat events; those without a table are counted."""
    skipped: dict[str, int] = {}
    groups: dict[Kind, list[int]] = {}
    for at, event in enumerate(events):
        kind, word = kind_of(event)
        if kind is None:
            skipped[word] = skipped.get(word, 0) + 1
        else:
            groups.setdefault(kind, []).append(at)
    chosen = sorted(at for places in groups.values() for at in places)
    batch = Batch(Position(), skipped=skipped)
    if not chosen:
        return batch
    kept = [_timed(events[at], context.tz) for at in chosen]
    records = of_objects(kept, lines[chosen], ordinals[chosen], [raws[at] for at in chosen])
    place_of = {at: place for place, at in enumerate(chosen)}
    split = []
    for kind, places in groups.items():
        mask = np.zeros(len(chosen), dtype=bool)
        mask[[place_of[at] for at in places]] = True
        split.append((kind, mask))
    made = read_kinds(records, (split, skipped), context)
    return made


def _timed(event: dict[str, Any], tz: ZoneInfo) -> dict[str, Any]:
    """An event whose only time names no zone gets it in UTC."""
    local = event.get("EventTime")
    if not isinstance(local, str) or any(event.get(name) for name in _TIMES):
        return event
    moment = parse_times(pa.array([local]), tz).values[0].as_py()
    return event | {"SystemTime": moment.isoformat()} if moment else event
