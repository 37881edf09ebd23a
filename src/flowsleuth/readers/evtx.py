"""Windows event logs as Windows keeps them (``.evtx``), read with the library evtx (extra ``evtx``).

What becomes of the events is what :mod:`flowsleuth.readers.windows_events` says. ``source_row`` is the number of the
record in the file; a record that cannot be read is a reject with that number.

Library: https://github.com/omerbenamram/pyevtx-rs (MIT or Apache-2.0).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from flowsleuth.errors import MissingExtraError, ReaderError
from flowsleuth.readers.contract import MAX_RAW, Batch, Position, ReadContext, Reject
from flowsleuth.readers.own import as_file
from flowsleuth.readers.streams import Sample, Source
from flowsleuth.readers.windows_events import flat_event, rows_of_events

MAGIC = b"ElfFile\x00"
UNREADABLE = "damaged record"
BATCH_RECORDS = 20_000
FEWER = "fewer records than the file counts"
_HEADER, _CHUNK = 4_096, 65_536
_MOST_IN_CHUNK = 4_096
"""Records that fit a chunk, generously: one takes at least 24 bytes and its event."""


@dataclass(frozen=True)
class EvtxOptions:
    """Event logs describe themselves."""


class EvtxReader:
    """Events of Windows' own event logs."""

    name: ClassVar[str] = "evtx"
    summary: ClassVar[str] = 'Windows event logs, .evtx (needs the extra "evtx")'
    Options: ClassVar[type] = EvtxOptions

    def sniff(self, sample: Sample) -> str | None:
        """Recognise the file's magic."""
        return "events (EVTX)" if sample.head.startswith(MAGIC) else None

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        """Read batch after batch; see :class:`~flowsleuth.readers.contract.Reader`.

        Raises
        ------
        MissingExtraError
            The library is not installed.
        ReaderError
            The file's header is damaged.
        """
        try:
            from evtx import PyEvtxParser
        except ModuleNotFoundError:
            raise MissingExtraError("evtx", "evtx") from None
        done = source.start.line
        with as_file(source) as path:
            try:
                records = iter(PyEvtxParser(str(path)).records_json())
            except (RuntimeError, OSError) as error:
                raise ReaderError(f"the event log cannot be read: {error}", where=context.source_file) from None
            count = 0
            while batch_of := _take(records, BATCH_RECORDS):
                first, count = count, count + len(batch_of)
                if count > done:
                    skip = max(0, done - first)
                    yield _batch(batch_of[skip:], first + skip, count, context)
            if fault := _missing(path, count):
                yield Batch(Position(count, count), rejects=[fault], is_tail=True)


def _missing(path: Path, count: int) -> Reject | None:
    """A reject of the file as a whole where its chunks say that they hold more records than were found.

    The library passes over a chunk that is cut off without a word.
    """
    wanted = 0
    with path.open("rb") as file:
        size = file.seek(0, 2)
        for at in range(_HEADER, size, _CHUNK):
            file.seek(at)
            head = file.read(24)
            if head.startswith(b"ElfChnk\x00") and len(head) == 24:
                first, last = struct.unpack_from("<QQ", head, 8)
                wanted += last - first + 1 if first <= last < first + _MOST_IN_CHUNK else 0
    if count < wanted:
        return Reject(0, FEWER, f"{count} of {wanted} records could be read")
    is_cut = (size - _HEADER) % _CHUNK != 0
    return Reject(0, FEWER, "the file is cut off within a chunk") if is_cut and not wanted else None


def _take(records: Iterator[Any], most: int) -> list[Any]:
    """So many records; one that cannot be read as its error."""
    found: list[Any] = []
    while len(found) < most:
        try:
            found.append(next(records))
        except StopIteration:
            break
        except (RuntimeError, OSError, ValueError) as error:
            found.append(error)
    return found


def _batch(records: list[Any], before: int, count: int, context: ReadContext) -> Batch:
    events: list[dict[str, Any]] = []
    numbers: list[int] = []
    raws: list[bytes] = []
    rejects: list[Reject] = []
    for number, record in enumerate(records, before + 1):
        text = record.get("data") if isinstance(record, dict) else None
        event = flat_event(json.loads(text)) if text else None
        if event is None:
            rejects.append(Reject(number, UNREADABLE, str(text or record)[:300], str(text or "")[:MAX_RAW]))
            continue
        events.append(event)
        numbers.append(number)
        raws.append((text or "").encode())
    lines = np.array(numbers, dtype=np.int64)
    batch = rows_of_events(events, lines, lines, raws, context)
    batch.rejects = sorted(rejects + batch.rejects, key=lambda reject: reject.source_row)
    batch.end = Position(count, count)
    return batch
