"""Any table (CSV, JSON lines, Parquet) by a mapping file that says which of its columns is which of ours.

It is never chosen by content: ask for it with ``--reader table --mapping FILE``. What a mapping file says is in
:mod:`flowsleuth.readers.mapping`. Columns that it does not name go to ``extra``, nested ones of JSON and Parquet by
their dotted names. A value that does not fit its column makes the record a reject that names the value. Of a flow,
``end`` is worked out of ``duration_s`` and the other way round; a negative duration is not trusted: both are null, and
the words are in ``extra``. Ports of protocols without ports go to ``extra`` too, under the table's name for them.

In CSV one record is one line (no line ends inside quotes); JSON is one object a line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.errors import ReaderError
from flowsleuth.readers.arrays import by_value, flat, mask_of, not_zero, only, unless
from flowsleuth.readers.contract import MAX_RAW, Batch, Position, ReadContext, Reject
from flowsleuth.readers.conversions import Converted, as_text, convert
from flowsleuth.readers.delimited import line_reject, lines_like, read_delimited
from flowsleuth.readers.mapped_json import as_texts, join_objects, parse_json_lines, unused_fields
from flowsleuth.readers.mapping import Rule, TableMapping, load_mapping
from flowsleuth.readers.own import MAGIC, as_file, open_parquet, record_batches
from flowsleuth.readers.rows import build_rows, json_extra
from flowsleuth.readers.streams import Chunk, Sample, Source
from flowsleuth.readers.times import plus_seconds, seconds_between

_WITH_PORTS = ("tcp", "udp", "sctp", "dccp", "udplite")
_BOM = "\ufeff"


@dataclass(frozen=True)
class MappedOptions:
    """How a table is read.

    Attributes
    ----------
    mapping : str
        Path of the mapping file.
    """

    mapping: str = field(default="", metadata={"help": "TOML file that says which column is which"})


class MappedReader:
    """Rows of any table, by a mapping file."""

    name: ClassVar[str] = "table"
    summary: ClassVar[str] = "any CSV, JSON lines or Parquet, with --mapping FILE"
    is_by_name_only: ClassVar[bool] = True
    Options: ClassVar[type] = MappedOptions

    def sniff(self, sample: Sample) -> str | None:
        """Claim nothing: it is used by name only."""
        return None

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        """Read batch after batch; see :class:`~flowsleuth.readers.contract.Reader`.

        Raises
        ------
        OptionError
            The mapping file is missing or wrong.
        ReaderError
            A mapped column does not exist.
        """
        mapping = load_mapping(context.options.mapping if context.options else "")
        kind = mapping.format or _kind_of(source.sample)
        if kind == "parquet":
            yield from _read_parquet(source, mapping, context)
        elif kind == "json":
            yield from _read_json(source, mapping, context)
        else:
            yield from _read_csv(source, mapping, context)


def _kind_of(sample: Sample) -> str:
    if sample.head.startswith(MAGIC):
        return "parquet"
    return "json" if sample.head.lstrip().startswith(b"{") else "csv"


def _check_columns(mapping: TableMapping, available: Iterable[str], context: ReadContext) -> None:
    """Refuse a mapping that names columns the table has not."""
    names = list(available)
    missing = [name for name, rule in mapping.columns().items() if name not in names and not rule.optional]
    if missing:
        word = "no such column" if len(missing) == 1 else "no such columns"
        raise ReaderError(f"{word}: {', '.join(missing)}", where=context.source_file, available=names)


def _read_csv(source: Source, mapping: TableMapping, context: ReadContext) -> Iterator[Batch]:
    header: str | None = json.loads(source.start.state)["header"] if source.start.state else None
    for chunk in source.chunks():
        if header is None and not mapping.names:
            header = chunk.line(0).decode("utf-8", errors="replace")
        names = list(mapping.names) or _header_names(header or "", mapping.delimiter)
        _check_columns(mapping, names, context)
        skip = lines_like(chunk, [header.encode()]) if header else None
        parsed = read_delimited(chunk, names, {}, delimiter=mapping.delimiter, null_values=mapping.null, skip=skip)
        batch = _rows(parsed.table, chunk, parsed.lines, mapping, context)
        batch.rejects = sorted(parsed.rejects + batch.rejects, key=lambda reject: reject.source_row)
        batch.end = Position(chunk.end, chunk.first_line + len(chunk) - 1, json.dumps({"header": header}))
        yield batch


def _header_names(header: str, delimiter: str) -> list[str]:
    """Names of the columns; one that comes again gets a number."""
    names: list[str] = []
    for at, word in enumerate(header.removeprefix(_BOM).strip("\r\n").split(delimiter), 1):
        name = word.strip().strip('"') or f"column_{at}"
        names.append(name if name not in names else f"{name}_{at}")
    return names


def _read_json(source: Source, mapping: TableMapping, context: ReadContext) -> Iterator[Batch]:
    first = parse_json_lines([line.encode() for line in source.sample.lines()])
    if first.records:
        _check_columns(mapping, dict.fromkeys(name for record in first.records for name in record), context)
    used = mapping.columns()
    for chunk in source.chunks():
        parsed = parse_json_lines([chunk.line(at) for at in range(len(chunk))])
        rejects = [line_reject(chunk, at, reason, detail) for at, reason, detail in parsed.bad]
        table = pa.table({name: as_texts(parsed.records, name) for name in used} | {"": pa.nulls(len(parsed.lines))})
        more = unused_fields(parsed.records, used)
        batch = _rows(table, chunk, np.array(parsed.lines, dtype=np.int64), mapping, context, more=more)
        batch.rejects = sorted(rejects + batch.rejects, key=lambda reject: reject.source_row)
        batch.end = Position(chunk.end, chunk.first_line + len(chunk) - 1)
        yield batch


def _flattened(table: pa.Table) -> pa.Table:
    while any(pa.types.is_struct(column.type) for column in table.columns):
        table = table.flatten()
    return table


def _read_parquet(source: Source, mapping: TableMapping, context: ReadContext) -> Iterator[Batch]:
    done = source.start.line
    with as_file(source) as path, open_parquet(path, context.source_file) as file:
        for found in record_batches(file, done):
            if isinstance(found, Reject):
                yield Batch(Position(done, done), {}, [found])
                return
            before, given = found
            table = _flattened(given)
            _check_columns(mapping, table.column_names, context)
            batch = _rows(table, before + 1, np.arange(len(table), dtype=np.int64), mapping, context)
            done = before + len(table)
            batch.end = Position(done, done)
            yield batch


def _rows(
    table: pa.Table,
    origin: Chunk | int,
    lines: npt.NDArray[np.int64],
    mapping: TableMapping,
    context: ReadContext,
    *,
    more: pa.Array | None = None,
) -> Batch:
    """Canonical rows of a table of records.

    ``origin`` is their chunk, or the number of the first one; ``more`` has their other fields as JSON objects.
    """
    given = {name: flat(table[name]) for name in table.column_names}
    size = len(lines)
    columns, faults, extra = _mapped(given, size, mapping, context)
    keep = np.ones(size, dtype=bool)
    keep[list(faults)] = False
    first = origin if isinstance(origin, int) else origin.first_line
    packed = json_extra({name: _bare(column) for name, column in extra.items()}, size)
    columns["extra"] = packed if more is None else join_objects(more, packed)
    direction = columns.pop("direction", None)
    good = pa.array(keep)
    kept = {name: column.filter(good) for name, column in columns.items()}
    sensor = None if direction is None else direction.filter(good)
    built = build_rows(mapping.table, kept, first + lines[keep], context, sensor_direction=sensor)
    at = np.flatnonzero(keep)
    faults |= {int(at[bad.index]): (bad.reason, bad.detail) for bad in built.bad}
    rejects = [_reject(table, origin, lines, row, why) for row, why in sorted(faults.items())]
    is_tail = isinstance(origin, Chunk) and origin.is_tail
    return Batch(Position(), {mapping.table.name: built.table}, rejects, is_tail=is_tail)


def _bare(column: pa.Array) -> pa.Array:
    """A column as it goes to extra: numbers and booleans as they are, all else as text."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        return column
    return pa.nulls(len(column), pa.string()) if pa.types.is_null(kind) else as_text(column)


def _reject(
    table: pa.Table, origin: Chunk | int, lines: npt.NDArray[np.int64], row: int, why: tuple[str, str]
) -> Reject:
    if isinstance(origin, Chunk):
        return line_reject(origin, int(lines[row]), *why)
    raw = json.dumps(table.slice(row, 1).to_pylist()[0], ensure_ascii=False, default=str)
    return Reject(origin + row, *why, raw[:MAX_RAW])


Faults = dict[int, tuple[str, str]]


def _mapped(
    given: Mapping[str, pa.Array], size: int, mapping: TableMapping, context: ReadContext
) -> tuple[dict[str, Any], Faults, dict[str, pa.Array]]:
    """Our columns, the rows with values that do not fit, and the fields for extra."""
    columns: dict[str, Any] = {}
    faults: Faults = {}
    used = mapping.columns()
    extra = {name: column for name, column in given.items() if name not in used and name}
    for name, rule in mapping.rules.items():
        column = _source_column(given, size, rule)
        found: Converted = convert(column, mapping.table[name], rule, context.tz)
        for row in np.flatnonzero(found.is_bad):
            faults.setdefault(int(row), (found.reason, f"{rule.column or name}={column[int(row)].as_py()!r}"[:300]))
        columns[name] = found.values
        if name in ("action", "direction") and rule.column is not None:
            extra[rule.column] = only(pc.is_null(found.values), column)
    if mapping.table.name == "flow":
        _settle_times(columns, mapping, given, extra)
        _settle_ports(columns, mapping, extra)
    return columns, faults, extra


def _source_column(given: Mapping[str, pa.Array], size: int, rule: Rule) -> pa.Array:
    if rule.column is None:
        return pa.array([rule.value] * size)
    return given.get(rule.column, pa.nulls(size, pa.string()))


def _settle_times(
    columns: dict[str, Any], mapping: TableMapping, given: Mapping[str, pa.Array], extra: dict[str, pa.Array]
) -> None:
    """End out of duration or the other way round; neither where the duration is negative."""
    start, end, duration = columns["start"], columns.get("end"), columns.get("duration_s")
    if end is None and duration is None:
        return
    if duration is None:
        duration = seconds_between(start, end)
    negative = pc.fill_null(pc.less(duration, 0), False)
    if end is None:
        end = plus_seconds(start, duration)
    else:
        negative = pc.or_(negative, pc.fill_null(pc.less(end, start), False))
    columns["end"], columns["duration_s"] = unless(negative, end), unless(negative, duration)
    if mask_of(negative).any():
        for name in ("end", "duration_s"):
            source = mapping.rules[name].column if name in mapping.rules else None
            if source in given:
                extra[str(source)] = only(negative, given[str(source)])


def _settle_ports(columns: dict[str, Any], mapping: TableMapping, extra: dict[str, pa.Array]) -> None:
    """Ports only where the protocol has ports."""
    if "proto" not in columns:
        return
    has_ports = pc.fill_null(by_value(columns["proto"], lambda word: word in _WITH_PORTS, pa.bool_()), True)
    for name in ("src_port", "dst_port"):
        if name in columns:
            source = mapping.rules[name].column or name
            extra[source] = not_zero(unless(has_ports, columns[name]))
            columns[name] = only(has_ports, columns[name])
