"""Stored flows written in another schema, batch after batch."""

from __future__ import annotations

import datetime as dt
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, get_args

from flowsleuth.errors import FlowsleuthError, OptionError

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.readers.interchange import Schema
    from flowsleuth.store import Store

ConvertFormat = Literal["json", "parquet", "csv"]
FORMATS: tuple[ConvertFormat, ...] = get_args(ConvertFormat)
_ENDINGS: dict[str, ConvertFormat] = {".parquet": "parquet", ".csv": "csv"}


def convert(
    store: Store,
    to: str,
    output: Path | None,
    form: str | None = None,
    *,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
) -> int:
    """See :meth:`flowsleuth.Workspace.convert`."""
    from flowsleuth.readers.interchange import load_schema

    schema = load_schema(to)
    chosen = form or _ENDINGS.get("" if output is None else output.suffix.lower(), "json")
    if chosen not in FORMATS:
        raise OptionError("no such format", where=f"--format {form}", available=FORMATS)
    if output is None and chosen == "parquet":
        raise OptionError("Parquet goes to a file", where="--format parquet", hint="give --output FILE")
    flows = _flows(store, start, end)
    with _file(output) as file:
        if chosen == "json":
            return _write_lines(flows, schema, file)
        return _write_parquet(flows, schema, file) if chosen == "parquet" else _write_csv(flows, schema, file)


def _flows(store: Store, start: dt.datetime | None, end: dt.datetime | None) -> Iterator[pa.Table]:
    """Stored flows, day after day."""
    import pyarrow as pa

    from flowsleuth.investigate.queries import within

    first = "" if start is None else start.astimezone(dt.UTC).date().isoformat()
    last = "9999-12-31" if end is None else end.astimezone(dt.UTC).date().isoformat()
    for day in sorted({part.date for part in store.catalog.parts("flow") if part.date}):
        if first <= day <= last:
            for batch in store.batches(within(store.table("flow", [day]), start, end)):
                if len(batch):
                    yield pa.Table.from_batches([batch])


@contextmanager
def _file(output: Path | None) -> Iterator[IO[bytes]]:
    """Standard output, or a file that takes its name only when it is whole."""
    if output is None:
        yield sys.stdout.buffer
        return
    aside = output.with_name(f".{output.name}.{uuid.uuid4().hex[:8]}")
    try:
        with aside.open("wb") as file:
            yield file
        aside.replace(output)
    except OSError as error:
        raise FlowsleuthError(f"cannot be written: {error.strerror}", where=str(output)) from None
    finally:
        aside.unlink(missing_ok=True)


def _write_lines(flows: Iterator[pa.Table], schema: Schema, file: IO[bytes]) -> int:
    import pyarrow.compute as pc

    from flowsleuth.readers.interchange.writer import json_lines

    rows = 0
    for table in flows:
        lines: Any = pc.binary_join_element_wise(json_lines(table, schema), "\n", "").cast("large_binary")
        file.write(_content(lines))
        rows += len(table)
    return rows


def _content(lines: pa.LargeBinaryArray) -> memoryview:
    """The bytes of all lines, one behind the other."""
    import numpy as np

    _, offsets, data = lines.buffers()
    ends = np.frombuffer(offsets, dtype=np.int64)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(data)[int(ends[0]) : int(ends[-1])]


def _write_parquet(flows: Iterator[pa.Table], schema: Schema, file: IO[bytes]) -> int:
    import pyarrow.parquet as pq

    from flowsleuth.readers.interchange.writer import nested_table
    from flowsleuth.schema import FLOW

    rows = 0
    columns = nested_table(FLOW.arrow_schema().empty_table(), schema).schema
    with pq.ParquetWriter(file, columns, compression="zstd") as writer:
        for table in flows:
            writer.write_table(nested_table(table, schema).cast(columns))
            rows += len(table)
    return rows


def _write_csv(flows: Iterator[pa.Table], schema: Schema, file: IO[bytes]) -> int:
    """A spreadsheet must not take a cell of a log for a formula: such cells get an apostrophe before them."""
    import pyarrow.csv as pcsv

    from flowsleuth.readers.interchange.writer import flat_table
    from flowsleuth.schema import FLOW
    from flowsleuth.viz.cells import safe_cells

    rows = 0
    names = flat_table(FLOW.arrow_schema().empty_table(), schema).column_names
    file.write((",".join(names) + "\n").encode())
    for table in flows:
        pcsv.write_csv(safe_cells(flat_table(table, schema)), file, pcsv.WriteOptions(include_header=False))
        rows += len(table)
    return rows
