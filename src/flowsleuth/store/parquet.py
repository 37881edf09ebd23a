"""How rows are written: one Parquet file per table and day, encodings chosen per column."""

from __future__ import annotations

import os
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flowsleuth.schema import Table
from flowsleuth.store.catalog import Part

ROW_GROUP = 327_680
"""Room for the rows of one commit and the block that made it full, so that a part has one row group."""
PAGE_ROWS = 65_536
"""A whole number of the 2,048 rows that DuckDB works on at a time: those that cross from one page to the next are
copied (with Arrow's 20,000 the flows of one address took a quarter longer)."""
LEVEL = 1
"""Of zstd."""
US_PER_DAY = 86_400_000_000

_DELTA = ("flow_id", "event_id", "source_row", "start", "end")
_PLAIN = ("uid", "extra", "community_id", "score", "surprise", "suspect_id", "raw", "duration_s")
_BARE = ("uid", "extra", "raw", "history")
"""Smallest and largest value of a row group say nothing about which rows are in it."""


def write_options(schema: pa.Schema, *, is_counts: bool = False) -> dict[str, Any]:
    """Encodings: deltas for ids, rows and times; plain for what rarely repeats; dictionaries for the rest.

    What rarely repeats fills most of a file and is packed with zstd. The rest is what questions filter and count by:
    LZ4 takes a quarter more room for it, and the question of one address's flows a fifth less time. Of kept counts,
    numbers of 64 bits (sums and times) are plain: a dictionary of them makes a file an eighth smaller and takes a third
    more time to write, and twice as much to read where most of a table is such numbers.
    """
    delta = {f.name: "DELTA_BINARY_PACKED" for f in schema if f.name in _DELTA}
    codecs = {_leaf(f): "zstd" if f.name in _PLAIN or pa.types.is_nested(f.type) else "lz4" for f in schema}
    rest = [f.name for f in schema if f.name not in delta and f.name not in _PLAIN and not pa.types.is_nested(f.type)]
    if is_counts:
        rest = [name for name in rest if not _is_wide(schema.field(name).type)]
    return {
        "compression": codecs,
        "compression_level": {path: LEVEL for path, codec in codecs.items() if codec == "zstd"},
        "max_rows_per_page": PAGE_ROWS,
        "use_dictionary": rest,
        "column_encoding": delta or None,
        "write_page_index": False,
        "write_statistics": [f.name for f in schema if f.name not in _BARE and not pa.types.is_nested(f.type)],
    }


def _is_wide(kind: pa.DataType) -> bool:
    return bool(pa.types.is_primitive(kind) and kind.bit_width == 64)


def _leaf(field: pa.Field) -> str:
    """Name of a column, or of what is in its lists, as Parquet calls it; there is no other nested kind."""
    return f"{field.name}.list.element" if pa.types.is_list(field.type) else str(field.name)


def day_text(day: int) -> str:
    """Days since 1970 as ``YYYY-MM-DD``.

    Examples
    --------
    >>> day_text(0)
    '1970-01-01'
    """
    return str(np.datetime64(int(day), "D"))


def split_days(rows: pa.Table, time_column: str) -> list[tuple[str, pa.Table]]:
    """Rows by UTC day of a time column.

    Examples
    --------
    >>> import pyarrow as pa
    >>> times = pa.array([0, 86_400_000_000, 5], pa.timestamp("us", tz="UTC"))
    >>> [(day, len(part)) for day, part in split_days(pa.table({"start": times}), "start")]
    [('1970-01-01', 2), ('1970-01-02', 1)]
    """
    micros = pc.cast(rows[time_column], pa.int64()).to_numpy()
    days = micros // US_PER_DAY
    if len(days) == 0:
        return []
    low, high = int(days.min()), int(days.max())
    if low == high:
        return [(day_text(low), rows)]
    order = np.argsort(days, kind="stable")
    distinct, first = np.unique(days[order], return_index=True)
    bounds = [*first.tolist(), len(days)]
    return [
        (day_text(day), rows.take(pa.array(order[bounds[at] : bounds[at + 1]])))
        for at, day in enumerate(distinct.tolist())
    ]


def write_part(
    folder: Path, table: Table, date: str | None, rows: pa.Table, like: Part, *, is_counts: bool = False
) -> Part:
    """Write one Parquet file and flush it to the disk; it counts only once it is listed in the catalogue."""
    place = f"tables/{table.name}" + (f"/date={date}" if date else "")
    path = f"{place}/part-{uuid.uuid4().hex[:20]}.parquet"
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        pq.write_table(rows, file, row_group_size=ROW_GROUP, **write_options(rows.schema, is_counts=is_counts))
        file.flush()
        os.fsync(file.fileno())
    first = last = None
    if table.time_column and len(rows):
        found = pc.min_max(rows[table.time_column])
        first, last = (found[key].value for key in ("min", "max"))
    size = target.stat().st_size
    return replace(like, path=path, tbl=table.name, date=date, rows=len(rows), bytes=size, first_us=first, last_us=last)
