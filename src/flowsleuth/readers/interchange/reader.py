"""Flows of OCSF, ECS and ASIM: JSON lines or arrays, Parquet and CSV, by the mapping files beside this.

A field that no column takes goes to ``extra`` by its dotted name. Of a column that several fields are allowed for, the
first with a value is taken. ``direction`` is worked out by home networks first, as for every source. Records of other
classes are counted. Times that name no zone are UTC.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flowsleuth.errors import ReaderError
from flowsleuth.readers.arrays import flat, mask_of
from flowsleuth.readers.azure_tables import split_header
from flowsleuth.readers.contract import MAX_RAW, Batch, Position, ReadContext, Reject
from flowsleuth.readers.conversions import as_text
from flowsleuth.readers.delimited import line_reject, lines_like, read_delimited
from flowsleuth.readers.fields import in_order
from flowsleuth.readers.interchange import Schema, load_schema
from flowsleuth.readers.interchange.rows import RecordRows
from flowsleuth.readers.json_plan import Plan
from flowsleuth.readers.json_shape import Path, Shape, dotted
from flowsleuth.readers.json_source import first_records, read_json
from flowsleuth.readers.own import MAGIC, as_file, open_parquet, record_batches
from flowsleuth.readers.streams import CHUNK, Sample, Source


@dataclass(frozen=True)
class InterchangeOptions:
    """The records say what they are, so there is nothing to set."""


class InterchangeReader:
    """Reads records of one schema.

    Parameters
    ----------
    chunk_size : int
        Bytes of JSON handled at a time.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    Options: ClassVar[type] = InterchangeOptions

    def __init__(self, chunk_size: int = CHUNK) -> None:
        self._chunk_size = chunk_size

    @property
    def schema(self) -> Schema:
        """The mapping."""
        return load_schema(self.name)

    def sniff(self, sample: Sample) -> str | None:
        """Recognise a record of the schema."""
        if sample.head.startswith(MAGIC):
            return f"{self.schema.title} (Parquet)" if self._is_parquet(sample) else None
        if not sample.is_text():
            return None
        records = first_records(sample)
        if not records:
            names = set(_csv_names(next(iter(sample.lines()), "")))
            return f"{self.schema.title} (CSV)" if set(self._needed()) <= names else None
        return f"{self.schema.title} (JSON)" if any(self._is_ours(record) for record in records) else None

    def _is_ours(self, record: Mapping[str, Any]) -> bool:
        body = record.get(self.schema.within, record) if self.schema.within else record
        if not isinstance(body, dict):
            return False
        return all(_has(value_of(body, name), wanted) for name, wanted in self.schema.is_ours.items())

    def _needed(self) -> list[str]:
        """Columns that a table of this schema must have."""
        return [*self.schema.is_ours, *(self.schema.fields[side][0].field for side in ("src_ip", "dst_ip"))]

    def _is_parquet(self, sample: Sample) -> bool:
        if sample.path is None or sample.compression:
            return False
        try:
            names = flattened(pq.read_schema(sample.path).empty_table()).column_names
            if not set(self._needed()) <= set(names):
                return False
            with pq.ParquetFile(sample.path) as file:
                fixed = {field: value for field, value in self.schema.is_ours.items() if value is not True}
                first = next(file.iter_batches(batch_size=1, columns=list(fixed)), None) if fixed else None
        except (pa.ArrowException, OSError):
            return False
        return first is None or not len(first) or first.to_pylist()[0] == fixed

    def _classify(self, record: Mapping[str, Any]) -> tuple[str | None, str]:
        word = record.get("EventSchema", "")
        return (None, str(word)) if word and str(word) != self.schema.constants.get("EventSchema") else (self.name, "")

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        """Read batch after batch; see :class:`~flowsleuth.readers.contract.Reader`."""
        if source.sample.head.startswith(MAGIC):
            return self._read_parquet(source, context)
        is_json = source.sample.head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))
        return self._read_json(source, context) if is_json else self._read_csv(source, context)

    def _plan(self) -> Plan:
        """By the field that names the class, where the schema has one; else every record should be ours."""
        shape = _shape(self.schema)
        named = {field: str(value) for field, value in self.schema.is_ours.items() if value is not True}
        if not named:
            return Plan({self.name: shape}, self._classify, self.name)
        field, kind = next(iter(named.items()))
        shape.known = {**shape.known, field: "text"}
        shape.paths[(field,)] = field
        shape.spec[field] = "VARCHAR"

        def classify(record: Mapping[str, Any]) -> tuple[str | None, str]:
            word = record.get(field)
            return (kind, kind) if str(word) == kind else (None, "" if word is None else str(word))

        return Plan({kind: shape}, classify, None, (field,))

    def _read_json(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        schema = self.schema
        for batch in read_json(source, self._plan(), context, self._chunk_size):
            tables, rejects = [], list(batch.rejects)
            for part in batch.parts:
                columns = {name: flat(column) for name, column in part.columns.items()}
                made = RecordRows(schema, columns, len(part.rows), part.more, is_json=True)
                table, bad = made.build(batch.line_of(part.rows), part.rows, context)
                tables.append(table)
                rejects += [batch.reject(int(part.rows[at]), reason, detail) for at, reason, detail in bad]
            rejects.sort(key=lambda reject: reject.source_row)
            rows = {"flow": in_order("flow", tables)} if tables else {}
            yield Batch(batch.end, rows, rejects, batch.skipped, batch.is_tail)

    def _read_parquet(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        done = source.start.line
        with as_file(source) as path, open_parquet(path, context.source_file) as file:
            for found in record_batches(file, done):
                if isinstance(found, Reject):
                    yield Batch(Position(done, done), {}, [found])
                    return
                before, given = found
                table = flattened(given)
                columns = {name: flat(table[name]) for name in table.column_names}
                at, columns, skipped = self._ours(columns, len(table))
                built, bad = RecordRows(self.schema, columns, len(at)).build(before + 1 + at, before + 1 + at, context)
                rejects = [
                    Reject(
                        before + 1 + int(at[row]),
                        why,
                        detail,
                        str(given.slice(int(at[row]), 1).to_pylist()[0])[:MAX_RAW],
                    )
                    for row, why, detail in bad
                ]
                done = before + len(table)
                yield Batch(Position(done, done), {"flow": built}, rejects, skipped)

    def _ours(
        self, columns: dict[str, pa.Array], size: int
    ) -> tuple[npt.NDArray[np.int64], dict[str, pa.Array], dict[str, int]]:
        """Which records are of our class, their columns, and how many are of which other."""
        fixed = {field: str(value) for field, value in self.schema.is_ours.items() if value is not True}
        if not fixed:
            return np.arange(size, dtype=np.int64), columns, {}
        field, kind = next(iter(fixed.items()))
        words = as_text(columns[field]).fill_null("")
        is_ours = pc.equal(words, kind)
        others = words.filter(pc.invert(is_ours)).value_counts().to_pylist()
        skipped = {f"{field} {one['values']}".strip(): one["counts"] for one in others}
        kept = {name: column.filter(is_ours) for name, column in columns.items()} if skipped else columns
        return np.flatnonzero(mask_of(is_ours)).astype(np.int64), kept, skipped

    def _read_csv(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        header = str(json.loads(source.start.state)["header"]) if source.start.state else ""
        for chunk in source.chunks():
            header = header or chunk.line(0).decode("utf-8", errors="replace")
            names = _csv_names(header)
            if not set(self._needed()) <= set(names):
                raise ReaderError(f"no {self.schema.title}", where=context.source_file, available=self._needed())
            parsed = read_delimited(chunk, names, {}, skip=lines_like(chunk, [header.rstrip("\r").encode()]))
            at, columns, skipped = self._ours({name: flat(parsed.table[name]) for name in names}, len(parsed.lines))
            lines = chunk.first_line + parsed.lines[at]
            built, bad = RecordRows(self.schema, columns, len(at)).build(lines, lines, context)
            rejects = [line_reject(chunk, int(parsed.lines[at[row]]), why, detail) for row, why, detail in bad]
            rejects = sorted(parsed.rejects + rejects, key=lambda reject: reject.source_row)
            end = Position(chunk.end, chunk.first_line + len(chunk) - 1, json.dumps({"header": header}))
            yield Batch(end, {"flow": built}, rejects, skipped, chunk.is_tail)


class OcsfReader(InterchangeReader):
    """Reads OCSF network activity."""

    name: ClassVar[str] = "ocsf"
    summary: ClassVar[str] = "OCSF network_activity (class 4001), JSON, Parquet or CSV"


class EcsReader(InterchangeReader):
    """Reads network events in the Elastic Common Schema."""

    name: ClassVar[str] = "ecs"
    summary: ClassVar[str] = "Elastic Common Schema network events, JSON (also exported documents), Parquet or CSV"


class AsimReader(InterchangeReader):
    """Reads ASIM network sessions."""

    name: ClassVar[str] = "asim"
    summary: ClassVar[str] = "ASIM NetworkSession of Microsoft Sentinel, JSON, Parquet or CSV"


def _csv_names(line: str) -> list[str]:
    """Columns of a CSV; without the zone that the portal of Log Analytics writes behind."""
    return [name.removesuffix(" [UTC]") for name in split_header(line)]


def _has(value: Any, wanted: Any) -> bool:
    return isinstance(value, str) if wanted is True else value == wanted


def value_of(record: Mapping[str, Any], name: str) -> Any:
    """A field by its dotted name, nested or written with dots.

    Examples
    --------
    >>> value_of({"source": {"ip": "a"}}, "source.ip"), value_of({"source.ip": "b"}, "source.ip")
    ('a', 'b')
    """
    if name in record:
        return record[name]
    first, _, rest = name.partition(".")
    inner = record.get(first)
    return value_of(inner, rest) if rest and isinstance(inner, dict) else None


def flattened(table: pa.Table) -> pa.Table:
    """Nested columns under dotted names."""
    while any(pa.types.is_struct(column.type) for column in table.columns):
        table = table.flatten()
    return table


def _shape(schema: Schema) -> Shape:
    names = [*schema.known_fields(), *(f"{schema.rest}.{name}" for name in schema.rest_columns())]
    opened: set[Path] = set()
    for name in [*names, *schema.constants, *schema.sums, *schema.provenance]:
        path = tuple(name.split("."))
        opened |= {path[:at] for at in range(1, len(path))}
    if schema.within:
        opened |= {(schema.within, *path) for path in opened} | {(schema.within,)}

    def name_of(path: Path) -> str:
        return dotted(path[1:] if len(path) > 1 and path[0] == schema.within else path)

    return Shape(dict.fromkeys(names, "text"), frozenset(opened), name_of=name_of)
