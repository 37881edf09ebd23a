"""Windows event logs as Windows keeps them (``.evtx``), read with the library evtx (extra ``evtx``).

What becomes of the events is what :mod:`flowsleuth.readers.windows_events` says. ``source_row`` is the number of the
record in the file; a record that cannot be read is a reject with that number.

Library: https://github.com/omerbenamram/pyevtx-rs (MIT or Apache-2.0).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
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
