"""osquery's results log (``osqueryd.results.log``): each result is a row of ``syslog``, with the query as its event.

A process that a query reports as added is a row of ``process`` too. What is removed, and snapshots (a whole answer in
one record), are rows of ``syslog`` only.

Format: https://osquery.readthedocs.io/en/stable/deployment/logging/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.contract import Batch, Position, ReadContext
from flowsleuth.readers.delimited import line_reject
from flowsleuth.readers.mapped_json import as_json_text, parse_json_lines
from flowsleuth.readers.record_kinds import read_kinds
from flowsleuth.readers.records import Kind, Made, Records, field, of_objects
from flowsleuth.readers.streams import Chunk, Sample, Source
from flowsleuth.readers.times import scaled_times
from flowsleuth.schema import PROCESS, SYSLOG

NOT_A_RESULT = "not a result of osquery"
_NEEDED = frozenset({"name", "hostIdentifier", "unixTime"})
_RESULTS = ("columns", "snapshot", "diffResults")
_SNIFF = 10
_BORN = 1e9
"""Seconds: a start time before this is counted from the start of the machine."""


@dataclass(frozen=True)
class OsqueryOptions:
    """Results describe themselves."""


class OsqueryReader:
    """Results of scheduled queries."""

    name: ClassVar[str] = "osquery"
    summary: ClassVar[str] = "osquery results log (JSON lines)"
    Options: ClassVar[type] = OsqueryOptions

    def sniff(self, sample: Sample) -> str | None:
        """Recognise query name, host, time and answer."""
        for record in parse_json_lines([line.encode() for line in sample.lines()[:_SNIFF]], is_nested=True).records:
            if _is_result(record):
                return "results (osquery)"
        return None

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        """Read chunk after chunk; see :class:`~flowsleuth.readers.contract.Reader`."""
        for chunk in source.chunks():
            batch = _batch(chunk, context)
            batch.end = Position(chunk.end, chunk.first_line + len(chunk) - 1)
            batch.is_tail = chunk.is_tail
            yield batch


def _is_result(record: dict[str, Any]) -> bool:
    return record.keys() >= _NEEDED and any(isinstance(record.get(name), dict | list) for name in _RESULTS)


def _batch(chunk: Chunk, context: ReadContext) -> Batch:
    lines = [line.rstrip(b"\r") for line in chunk.data.split(b"\n")]
    parsed = parse_json_lines(lines, is_nested=True)
    rejects = [line_reject(chunk, at, why, what) for at, why, what in parsed.bad]
    objects: list[dict[str, Any]] = []
    places: list[int] = []
    for at, record in zip(parsed.lines, parsed.records, strict=True):
        if _is_result(record):
            objects.append(_opened(record))
            places.append(at)
        else:
            rejects.append(line_reject(chunk, at, NOT_A_RESULT))
    batch = Batch(Position())
    if objects:
        numbers = chunk.first_line + np.array(places, dtype=np.int64)
        records = of_objects(objects, numbers, numbers, [lines[at] for at in places])
        is_process = np.array([_is_started(one) for one in objects], dtype=bool)
        split = [(RESULT, np.ones(len(objects), dtype=bool)), (STARTED, is_process)]
        batch = read_kinds(records, (split, {}), context)
    batch.rejects = sorted(rejects + batch.rejects, key=lambda reject: reject.source_row)
    return batch


def _opened(record: dict[str, Any]) -> dict[str, Any]:
    """A result with its answer as text, and the columns of its one row under names of their own."""
    answer = next(record[name] for name in _RESULTS if isinstance(record.get(name), dict | list))
    rest = {name: value for name, value in record.items() if name not in _RESULTS}
    columns = record.get("columns")
    if isinstance(columns, dict):
        rest |= {f"columns.{name}": value for name, value in columns.items()}
    return rest | {"answer": as_json_text(answer)}


def _is_started(record: dict[str, Any]) -> bool:
    named = all(f"columns.{name}" in record for name in ("pid", "cmdline"))
    has_parent = "columns.parent" in record
    return named and has_parent and record.get("action") == "added"


def _settle_result(records: Records, made: Made) -> None:
    made.columns["start"] = _moment(records, "unixTime")
    made.columns["program"] = pa.repeat("osqueryd", len(records))
    everything = np.ones(len(records), dtype=bool)
    for name in records.columns:
        if name.startswith("columns.") or name == "unixTime":
            made.take(name, everything)


def _settle_started(records: Records, made: Made) -> None:
    seen, born = _moment(records, "unixTime"), _moment(records, "columns.start_time")
    made.columns["start"] = pc.coalesce(born, seen)
    made.take("unixTime", np.ones(len(records), dtype=bool))
    made.take("answer", np.ones(len(records), dtype=bool))


def _moment(records: Records, name: str) -> pa.Array:
    """Seconds since 1970 as times; null where they are none."""
    values = [_seconds(text) for text in records.get(name).to_pylist()]
    return scaled_times(pa.array(values, pa.float64()), 1)


def _seconds(text: str | None) -> float | None:
    try:
        value = float(text) if text else 0.0
    except ValueError:
        return None
    return value if _BORN < value < 1e11 else None


RESULT = Kind(
    "result",
    SYSLOG,
    {"host": field("hostIdentifier"), "event_type": field("name"), "message": field("answer", how="whole")},
    _settle_result,
)
STARTED = Kind(
    "process",
    PROCESS,
    {
        "host": field("hostIdentifier"),
        "pid": field("columns.pid", how="int"),
        "name": field("columns.name"),
        "path": field("columns.path"),
        "command_line": field("columns.cmdline", how="whole"),
        "cwd": field("columns.cwd"),
        "user": field("columns.username"),
        "user_id": field("columns.uid"),
        "parent_pid": field("columns.parent", how="int"),
        "parent_command_line": field("columns.pcmdline", how="whole"),
        "event_type": field("name"),
    },
    _settle_started,
)
