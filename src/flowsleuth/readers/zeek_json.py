"""Zeek's logs as JSON lines, one log or several mixed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import pyarrow as pa

from flowsleuth.readers.contract import MAX_RAW, Batch, Position, ReadContext, Reject
from flowsleuth.readers.fields import Fields, in_order
from flowsleuth.readers.json_plan import Outcome, Part, Plan
from flowsleuth.readers.json_records import Records
from flowsleuth.readers.json_shape import Path, Shape, dotted
from flowsleuth.readers.json_text import as_json
from flowsleuth.readers.streams import CHUNK, Chunk, Source, printable
from flowsleuth.readers.zeek_columns import make_rows
from flowsleuth.readers.zeek_fields import LOGS, STREAM_KEYS, field_name, log_of, other_log_of
from flowsleuth.store.json_lines import JsonLines

Column: TypeAlias = pa.Array | pa.ChunkedArray

MIXED = "mixed"
SNIFF_LINES = 20
"""Lines among which one must be whole to be recognised."""


def sniff_lines(lines: Sequence[str]) -> str | None:
    """Name of the log that JSON lines are of, ``"mixed"``, or None when they are not Zeek's.

    Examples
    --------
    >>> sniff_lines(['{"ts":1.5,"uid":"C1","id.orig_h":"10.0.0.1","conn_state":"SF"}'])
    'conn'
    """
    for line in lines[:SNIFF_LINES]:
        if not line.strip() or line.startswith("#"):
            continue
        try:
            record = json.loads(line.removeprefix("\ufeff"))
        except (ValueError, RecursionError):
            continue
        return _name(record) if isinstance(record, dict) else None
    return None


def _name(record: Mapping[str, Any]) -> str | None:
    names = {field_name(key) for key in record}
    if any(isinstance(record.get(key), str) for key in STREAM_KEYS):
        return MIXED if "ts" in record else None
    if "ts" not in names or "event_type" in names:
        return None
    has_ends = "id.orig_h" in names or isinstance(record.get("id"), dict)
    return (log_of(names) if has_ends else None) or other_log_of(names)


def _classify(record: Mapping[str, Any]) -> tuple[str | None, str]:
    """The log of a record: by the name it gives, or by its fields."""
    for key in STREAM_KEYS:
        name = record.get(key)
        if name is not None:
            word = name if isinstance(name, str) else json.dumps(name)
            return (word, word) if word in LOGS else (None, word)
    log = log_of(field_name(key) for key in record)
    return log, log or other_log_of(record) or "other"


def _name_of(path: Path) -> str:
    return field_name(path[0]) if len(path) == 1 else dotted(path)


def _shapes(is_mixed: bool) -> dict[str, Shape]:
    """What is taken out of each log; where records name their log, its fields need not prove it."""
    shapes: dict[str, Shape] = {}
    barred = frozenset(STREAM_KEYS)
    streams = dict.fromkeys(STREAM_KEYS, "text")
    for name, log in LOGS.items():
        opened = frozenset({("id",)})
        if is_mixed:
            paths: dict[Path, str] = {(key,): key for key in STREAM_KEYS}
            shape = Shape({**log.fields, **streams}, opened, name_of=_name_of, paths=paths)
            shape.spec.update(dict.fromkeys(STREAM_KEYS, "VARCHAR"))
        else:
            shape = Shape(log.fields, opened, log.marks, log.needs, barred, _name_of)
            barred |= log.marks
        shapes[name] = shape
    return shapes


class JsonLog:
    """Reads JSON lines of Zeek.

    Parameters
    ----------
    context : ReadContext
    head : sequence of str
        The first lines, which tell what to expect.
    """

    def __init__(self, context: ReadContext, head: Sequence[str]) -> None:
        self._context = context
        found = sniff_lines(head)
        kind = None if found == MIXED else found or "other"
        self._engine = JsonLines()
        plan = Plan(_shapes(found == MIXED), _classify, kind, STREAM_KEYS, b"#")
        self._records = Records(self._engine, plan, context.tz)

    def __enter__(self) -> JsonLog:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.close()

    def batches(self, source: Source, size: int = CHUNK) -> Iterator[Batch]:
        """Read batch after batch."""
        for chunk in source.chunks(size):
            data = chunk.data
            if not chunk.start:
                data = data.removeprefix(b"\xef\xbb\xbf")
            outcome = self._records.read(data, chunk.first_line)
            yield self._batch(chunk, outcome)

    def _batch(self, chunk: Chunk, outcome: Outcome) -> Batch:
        tables: dict[str, list[pa.Table]] = {}
        rejects = list(outcome.rejects)
        for part in outcome.parts:
            built = make_rows(part.kind, _fields(part), self._context)
            if len(built.table):
                tables.setdefault(LOGS[part.kind].table, []).append(built.table)
            for bad in built.bad:
                number = int(part.rows[bad.index])
                raw = printable(chunk.line(number - chunk.first_line))[:MAX_RAW]
                rejects.append(Reject(number, bad.reason, bad.detail, raw))
        rejects.sort(key=lambda reject: reject.source_row)
        end = Position(chunk.end, chunk.first_line - 1 + len(chunk))
        made = {name: in_order(name, parts) for name, parts in tables.items()}
        return Batch(end, made, rejects, outcome.skipped, chunk.is_tail)


def _fields(part: Part) -> Fields:
    """Columns by field name to typed fields and ``extra``."""
    log = LOGS[part.kind]
    typed: dict[str, Column] = {}
    extra: dict[str, Column] = {}
    for name, column in part.columns.items():
        if name in STREAM_KEYS:
            continue
        if name in log.fields:
            typed[name] = column
        if name not in log.fields or name in log.kept:
            extra[name] = as_json(column, log.fields.get(name, "json"))
    return Fields(typed, extra, part.rows, part.more)
