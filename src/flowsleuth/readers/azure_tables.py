"""Azure's flow tables as exported from Log Analytics: CSV (also the portal's) and JSON (lines or an array).

``AzureNetworkAnalytics_CL`` and ``NTANetAnalytics`` (Traffic Analytics), ``VMConnection`` (VM insights). Columns are
found whatever their case and suffix (``SrcIP_s``, ``SrcIp``, ``FlowStartTime [UTC]``).

- **Public addresses.** Where an address is blank, it is taken from the cell that lists the public ones, and a record
  of several becomes a row for each. ``ip|started|ended|out packets|in packets|out bytes|in bytes`` gives each row its
  own counters. Where a cell has only addresses, or the export was already a line per address (``AllExtIPs``), the
  record's counters are those of all of them together: they are in the first row only, and all rows say
  ``"counters_of": "record"`` in ``extra``. So sums are right, and no record is counted twice. Where an export is a line
  per address and each line has the whole cell with its counters, the first line tells all.
- ``flow_count`` is the number of flows that the row stands for. Traffic Analytics has dropped the source port, so
  ``src_port`` is null, and times are those of an aggregate.
- Times are UTC, as Log Analytics keeps them. ``action`` is null where some flows were allowed and some denied.
- ``VMConnection`` counts what the machine sent and received: on an inbound connection the machine is the destination.

Format: https://learn.microsoft.com/azure/network-watcher/traffic-analytics-schema and
https://learn.microsoft.com/azure/azure-monitor/reference/tables/vmconnection.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.errors import ReaderError
from flowsleuth.readers.arrays import flat, only
from flowsleuth.readers.azure_names import field_of, kind_of
from flowsleuth.readers.azure_table_rows import connections_of, flows_of
from flowsleuth.readers.contract import Batch, Position, ReadContext
from flowsleuth.readers.delimited import line_reject, lines_like, read_delimited
from flowsleuth.readers.json_plan import Plan
from flowsleuth.readers.json_shape import Shape
from flowsleuth.readers.json_source import first_records, read_json
from flowsleuth.readers.json_text import as_json, pack_object, strings_as_json
from flowsleuth.readers.rows import build_rows
from flowsleuth.readers.streams import CHUNK, Sample, Source
from flowsleuth.schema import FLOW

CONNECTIONS = "VMConnection"
_KEPT = frozenset(
    {
        "time", "interval_start", "interval_end", "allowed_in", "allowed_out", "denied_in", "denied_out", "way", "vm",
        "src_vm", "dst_vm", "type",
    }
)  # fmt: skip
_ONLY_FLOWS = "flowlog"


@dataclass(frozen=True)
class AzureTableOptions:
    """The tables describe themselves, so there is nothing to set."""


class AzureTableReader:
    """Reads exports of Azure's flow tables.

    Parameters
    ----------
    chunk_size : int
        Bytes of JSON handled at a time.
    """

    name: ClassVar[str] = "azure_tables"
    summary: ClassVar[str] = "AzureNetworkAnalytics_CL, NTANetAnalytics and VMConnection, exported as CSV or JSON"
    Options: ClassVar[type] = AzureTableOptions

    def __init__(self, chunk_size: int = CHUNK) -> None:
        self._chunk_size = chunk_size

    def sniff(self, sample: Sample) -> str | None:
        """Recognise the columns."""
        if not sample.is_text():
            return None
        records = first_records(sample)
        if records:
            kind = kind_of(name for record in records for name in record)
            return f"{kind} (JSON)" if kind else None
        names = _header_names(sample)
        kind = kind_of(names) if names else None
        return f"{kind} (CSV)" if kind else None

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        """Read batch after batch; see :class:`~flowsleuth.readers.contract.Reader`."""
        if first_records(source.sample):
            return _read_json(source, context, self._chunk_size)
        return _read_csv(source, context)


def _header_names(sample: Sample) -> list[str]:
    lines = sample.lines()
    return split_header(lines[0]) if lines else []


def split_header(line: str) -> list[str]:
    """Names of the columns of a CSV; one without a name, or that comes again, gets a number."""
    try:
        words = next(csv.reader([line.removeprefix("\ufeff").strip("\r\n")]))
    except (csv.Error, StopIteration):
        return []
    names: list[str] = []
    for at, word in enumerate(words, 1):
        name = word.strip() or f"column_{at}"
        names.append(name if name not in names else f"{name}_{at}")
    return names


def _read_csv(source: Source, context: ReadContext) -> Iterator[Batch]:
    state: dict[str, Any] = json.loads(source.start.state or "{}")
    header, rows, last = state.get("header", ""), state.get("rows", 0), state.get("last", "")
    for chunk in source.chunks():
        header = header or chunk.line(0).decode("utf-8", errors="replace")
        names = split_header(header)
        kind = kind_of(names)
        if kind is None:
            hint = "the first line must name the columns of one of the tables"
            raise ReaderError("no Azure flow table", where=context.source_file, hint=hint)
        parsed = read_delimited(chunk, names, {}, skip=lines_like(chunk, [header.rstrip("\r").encode()]))
        table = {name: flat(parsed.table[name]) for name in names}
        repeated, last = _repeated(table, last)
        records = Records(kind, table, chunk.first_line + parsed.lines, repeated)
        made, bad = records.rows(context, rows)
        rows += records.made
        rejects = parsed.rejects + [
            line_reject(chunk, int(parsed.lines[at]), reason, detail) for at, reason, detail in bad
        ]
        rejects.sort(key=lambda reject: reject.source_row)
        said = json.dumps({"header": header, "rows": rows, "last": last})
        end = Position(chunk.end, chunk.first_line + len(chunk) - 1, said)
        yield Batch(end, {"flow": made}, rejects, records.skipped, chunk.is_tail)


def _repeated(table: Mapping[str, pa.Array], last: str) -> tuple[npt.NDArray[np.bool_], str]:
    """Which lines are further addresses of the record before, in an export that has a line per address."""
    size = len(next(iter(table.values()))) if table else 0
    ones = [name for name in table if field_of(name) == "one_public"]
    if not size or not ones:
        return np.zeros(size, dtype=bool), ""
    keys_of = [name for name in table if name not in ones and not name.startswith("column_")]
    others = [table[name].fill_null("") for name in keys_of]
    keys = pc.binary_join_element_wise(*others, "\\x1f")
    same = np.zeros(size, dtype=bool)
    same[1:] = pc.equal(keys[1:], keys[:-1]).to_numpy(zero_copy_only=False)
    same[0] = hashlib.sha256(keys[0].as_py().encode()).hexdigest() == last
    return same, hashlib.sha256(keys[-1].as_py().encode()).hexdigest()


def _read_json(source: Source, context: ReadContext, chunk_size: int) -> Iterator[Batch]:
    kind = kind_of(name for record in first_records(source.sample) for name in record) or ""
    done, rows = source.start.state.partition("/")[::2]
    source.start = Position(source.start.offset, source.start.line, done)
    made_so_far = int(rows or 0)
    for batch in read_json(source, Plan({kind: Shape(_Known())}, lambda _: (kind, ""), kind), context, chunk_size):
        tables, rejects, skipped = [], list(batch.rejects), dict(batch.skipped)
        for part in sorted(batch.parts, key=lambda part: int(part.rows[0])):
            repeated = np.zeros(len(part.rows), dtype=bool)
            records = Records(kind, part.columns, batch.line_of(part.rows), repeated, part.more, is_json=True)
            made, bad = records.rows(context, made_so_far)
            made_so_far += records.made
            tables.append(made)
            for word, count in records.skipped.items():
                skipped[word] = skipped.get(word, 0) + count
            rejects += [batch.reject(int(part.rows[at]), reason, detail) for at, reason, detail in bad]
        end = Position(batch.end.offset, batch.end.line, f"{batch.end.state}/{made_so_far}")
        whole = pa.concat_tables([FLOW.arrow_schema().empty_table(), *tables])
        yield Batch(end, {"flow": whole}, sorted(rejects, key=lambda r: r.source_row), skipped, batch.is_tail)


class _Known(dict[str, str]):
    """Every column that is known by one of its names is read as text."""

    def get(self, name: str, default: Any = None) -> Any:
        return "text" if field_of(name) else default

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and field_of(name) is not None

    def __getitem__(self, name: str) -> str:
        return "text"


class Records:
    """Records of one table on their way to rows.

    Parameters
    ----------
    kind : str
        Name of the table.
    table : mapping of str to array
        By the source's names: known columns as text, the others as text of CSV or as JSON.
    lines : array of int64
    repeated : array of bool
        Records that stand for a further address of the record before.
    more : list of dict, optional
        Further fields of single records, as JSON text.
    is_json : bool
    """

    def __init__(
        self,
        kind: str,
        table: Mapping[str, Any],
        lines: npt.NDArray[np.int64],
        repeated: npt.NDArray[np.bool_],
        more: list[dict[str, str]] | None = None,
        *,
        is_json: bool = False,
    ) -> None:
        self.kind, self.lines, self.repeated, self.more = kind, lines, repeated, more
        self.table = {name: flat(column) for name, column in table.items()}
        self.is_json = is_json
        self.made = 0
        self.skipped: dict[str, int] = {}
        self.at = np.arange(len(lines), dtype=np.int64)
        self._leave_others()

    def _leave_others(self) -> None:
        """Count records that are no flows (topology, details of addresses)."""
        subtypes = self._fields().get("subtype")
        if subtypes is None:
            return
        word = pc.fill_null(subtypes, "")
        is_flow = pc.or_(pc.equal(word, ""), pc.equal(pc.utf8_lower(word), _ONLY_FLOWS))
        if pc.all(is_flow).as_py() is not False:
            return
        for value in word.filter(pc.invert(is_flow)).value_counts().to_pylist():
            self.skipped[f"{self.kind} {value['values']}"] = value["counts"]
        keep = is_flow.to_numpy(zero_copy_only=False)
        self.at, self.lines, self.repeated = self.at[keep], self.lines[keep], self.repeated[keep]
        self.table = {name: column.filter(is_flow) for name, column in self.table.items()}
        self.more = None if self.more is None else [self.more[at] for at in self.at.tolist()]

    def _fields(self) -> dict[str, pa.Array]:
        fields: dict[str, pa.Array] = {}
        for name, column in self.table.items():
            field = field_of(name)
            if field:
                fields[field] = pc.coalesce(fields[field], column) if field in fields else column
        return fields

    def rows(self, context: ReadContext, before: int) -> tuple[pa.Table, list[tuple[int, str, str | None]]]:
        """Canonical rows, and the records with a value that does not fit: index as given, reason, detail.

        ``before`` is the number of rows made of the file so far.
        """
        size = len(self.lines)
        fields = self._fields()
        is_flow = self.kind != CONNECTIONS
        flows = flows_of(fields, size, self.repeated) if is_flow else connections_of(fields, size)
        self.made = len(flows.of)
        keep = ~flows.again
        keep[list(flows.faults)] = False
        good = pa.array(keep)
        columns = {name: flat(column).filter(good) for name, column in flows.columns.items()}
        of = flows.of[keep]
        columns["extra"] = self._extra(of, flows.shared[keep])
        ordinal = np.arange(before + 1, before + 1 + self.made, dtype=np.int64)[keep]
        direction = flat(flows.sensor_direction).filter(good)
        built = build_rows(FLOW, columns, self.lines[of], context, ordinal=ordinal, sensor_direction=direction)
        faults = ((row, why) for row, why in sorted(flows.faults.items()) if not flows.again[row])
        bad = [(int(self.at[flows.of[row]]), *why) for row, why in faults]
        bad += [(int(self.at[of[row.index]]), row.reason, row.detail) for row in built.bad]
        return built.table, sorted(dict.fromkeys(bad), key=lambda one: one[0])

    def _extra(self, of: npt.NDArray[np.int64], shared: npt.NDArray[np.bool_]) -> pa.Array:
        """All that has no column, and whose counters a row has."""
        size, rows = len(of), pa.array(of)
        extra: dict[str, Any] = {}
        for name, column in self.table.items():
            field = field_of(name)
            if field is None or field in _KEPT:
                as_text = not self.is_json or field is not None
                text = strings_as_json(not_empty(column)) if as_text else as_json(column, "json")
                extra[name] = flat(text).take(rows)
        extra["counters_of"] = only(pa.array(shared), pa.array(['"record"'] * size, pa.string()))
        more = None if self.more is None else [self.more[at] for at in of.tolist()]
        return pack_object(extra, size, more)


def not_empty(column: pa.Array) -> pa.Array:
    """Text without empty values."""
    return only(pc.not_equal(column, ""), column)
