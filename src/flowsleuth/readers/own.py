"""flowsleuth's own Parquet: rows of a canonical table, exported from another workspace.

``source_kind``, ``source_file`` and ``source_row`` stay those of the original, so that a finding still leads to the raw
line. Ids are made anew, of this file and the number of the row: an id names its file within one workspace only.
``direction`` is worked out anew, as home networks may differ here. Times without a zone are UTC. Rejects and
``Position`` count records of the Parquet file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flowsleuth.errors import ReaderError
from flowsleuth.readers.arrays import flat
from flowsleuth.readers.contract import MAX_RAW, Batch, Position, ReadContext, Reject
from flowsleuth.readers.rows import build_rows
from flowsleuth.readers.streams import Sample, Source
from flowsleuth.schema import TABLES, Table

MAGIC = b"PAR1"
BATCH_ROWS = 131_072
UNREADABLE = "Parquet data cannot be read"

_PROVENANCE = ("source_kind", "source_file", "source_row")
_PARTITION = "date"


def table_of(names: list[str]) -> Table | None:
    """The canonical table that has all these columns; None when it is not exactly one.

    Examples
    --------
    >>> table_of(["flow_id", "start", "src_ip", "dst_ip", "source_kind", "source_file", "source_row"]).name
    'flow'
    """
    given = set(names) - {_PARTITION}
    found = [
        table
        for table in TABLES.values()
        if set(_PROVENANCE) <= given <= set(table.names)
        and table.time_column in given
        and table.id_column in given
        and (table.name != "flow" or {"src_ip", "dst_ip"} <= given)
    ]
    return found[0] if len(found) == 1 else None


@contextmanager
def as_file(source: Source) -> Iterator[Path]:
    """A source as a file that a library or program can open: its own, or a temporary copy of its content."""
    if source.path is not None and not source.compression:
        yield source.path.absolute()
        return
    with tempfile.NamedTemporaryFile(prefix="flowsleuth-") as copy:
        if source.path is None:
            copy.writelines(source.blocks())
        else:  # from its beginning, wherever the source stands
            with source.again() as fresh:
                copy.writelines(fresh.blocks())
        copy.flush()
        yield Path(copy.name)


@dataclass(frozen=True)
class OwnOptions:
    """Exported rows need no options."""


class OwnReader:
    """Canonical rows in flowsleuth's own Parquet."""

    name: ClassVar[str] = "flowsleuth"
    summary: ClassVar[str] = "flowsleuth's own Parquet export"
    Options: ClassVar[type] = OwnOptions

    def sniff(self, sample: Sample) -> str | None:
        """Recognise Parquet with the columns of one canonical table."""
        if not sample.head.startswith(MAGIC) or sample.path is None or sample.compression:
            return None
        try:
            table = table_of(pq.read_schema(sample.path).names)
        except (pa.ArrowException, OSError):
            return None
        return f"{table.name} (flowsleuth Parquet)" if table else None

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        """Read batch after batch; see :class:`~flowsleuth.readers.contract.Reader`."""
        with as_file(source) as path, open_parquet(path, context.source_file) as file:
            table = table_of(file.schema_arrow.names)
            if table is None:
                names = ", ".join(file.schema_arrow.names)
                raise ReaderError("no columns of a canonical table", where=f"{context.source_file} ({names})")
            yield from _batches(file, table, source.start.line, context)


@contextmanager
def open_parquet(path: Path, name: str) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file, or say why it cannot be.

    Raises
    ------
    ReaderError
        It is no Parquet file, or its footer is damaged.
    """
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise ReaderError(f"Parquet cannot be opened: {error}", where=name) from None
    try:
        yield file
    finally:
        file.close()


def record_batches(file: pq.ParquetFile, done: int) -> Iterator[tuple[int, pa.Table] | Reject]:
    """Records of a Parquet file behind the first ``done``, each batch with the number of records before it.

    A reject ends them where the data is damaged.
    """
    before = 0
    for group in range(file.metadata.num_row_groups):
        rows = file.metadata.row_group(group).num_rows
        if before + rows <= done:
            before += rows
            continue
        try:
            for batch in file.iter_batches(batch_size=BATCH_ROWS, row_groups=[group]):
                table = pa.Table.from_batches([batch])
                skip = min(max(0, done - before), len(table))
                if skip < len(table):
                    yield before + skip, table.slice(skip)
                before += len(table)
        except (pa.ArrowException, OSError) as error:
            lost = file.metadata.num_rows - before
            yield Reject(0, UNREADABLE, f"{lost} records from record {before + 1} on: {error}"[:2_000])
            return


def _batches(file: pq.ParquetFile, table: Table, done: int, context: ReadContext) -> Iterator[Batch]:
    for found in record_batches(file, done):
        if isinstance(found, Reject):
            yield Batch(Position(done, done), {}, [found])
            return
        before, given = found
        done = before + len(given)
        yield _batch(before, given, table, context)


def _batch(before: int, given: pa.Table, table: Table, context: ReadContext) -> Batch:
    """Rows as they were, without those that are no rows (an export of ours has none)."""
    made = (table.id_column, *_PROVENANCE, _PARTITION)
    kept = {name: _as_declared(given, table, name, context) for name in given.column_names if name != _PARTITION}
    numbers = np.arange(before + 1, before + len(given) + 1, dtype=np.int64)
    columns: dict[str, Any] = {name: column for name, column in kept.items() if name not in made}
    built = build_rows(table, columns, numbers, context, sensor_direction=columns.pop("direction", None))
    rows = built.table
    good = np.ones(len(given), dtype=bool)
    good[[bad.index for bad in built.bad]] = False
    for name in _PROVENANCE:
        original = kept[name].filter(pa.array(good))
        rows = rows.set_column(rows.column_names.index(name), name, pc.coalesce(original, flat(rows[name])))
    rejects = [
        Reject(int(numbers[bad.index]), bad.reason, bad.detail, str(given.slice(bad.index, 1).to_pylist()[0])[:MAX_RAW])
        for bad in built.bad
    ]
    last = before + len(given)
    return Batch(Position(last, last), {table.name: rows.cast(table.arrow_schema())}, rejects)


def _as_declared(given: pa.Table, table: Table, name: str, context: ReadContext) -> pa.Array:
    """A column in its declared type."""
    column, wanted = flat(given[name]), table[name].arrow_type()
    try:
        if pa.types.is_timestamp(column.type):
            return column.cast(wanted, safe=column.type.unit != "ns")
        return column.cast(wanted)
    except pa.ArrowException as error:
        where = f"{context.source_file}: {table.name}.{name}"
        raise ReaderError(f"a column of type {column.type} does not fit {wanted}: {error}", where=where) from None
