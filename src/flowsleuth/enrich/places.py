"""``iploc.csv``, which may have millions of rows, read as whole columns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.range_facts import PLACE_COLUMNS, RangeFacts, shorten
from flowsleuth.schema.ranges import Range, RangeMap, range_between

if TYPE_CHECKING:
    import pyarrow as pa

_HIGHEST_IPV4 = 2**32 - 1
_NAMES = ("low", "high", *(column.name for column in PLACE_COLUMNS))
_DEGREES = r"^[+-]?\d{1,3}(\.\d+)?$"


def read_places(path: Path) -> RangeFacts:
    """Read the file.

    Notes
    -----
    Rows with another number of fields, or whose ends are no addresses, are left out and told in ``notes``.
    """
    notes: list[str] = []
    rows = _read(path, notes)
    ranges, kept = _ranges(rows, path, notes)
    rows = rows if kept is None else rows.take(kept)
    values = {column.name: _value(rows[column.name], column.name) for column in PLACE_COLUMNS}
    import pyarrow as pa

    return RangeFacts(path.name, ranges, pa.table(values), PLACE_COLUMNS, notes=shorten(notes))


def _read(path: Path, notes: list[str]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.csv as pcsv

    def refuse(row: Any) -> str:
        notes.append(f"{path.name}: {row.actual_columns} fields instead of {row.expected_columns}")
        return "skip"

    content = path.read_bytes()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        content = content.decode("utf-8", "replace").encode()
    if not content.strip():
        return pa.table({name: pa.array([], pa.string()) for name in _NAMES})
    return pcsv.read_csv(
        pa.BufferReader(content),
        read_options=pcsv.ReadOptions(column_names=list(_NAMES)),
        parse_options=pcsv.ParseOptions(invalid_row_handler=refuse, newlines_in_values=False),
        convert_options=pcsv.ConvertOptions(
            column_types={name: pa.string() for name in _NAMES}, strings_can_be_null=False
        ),
    )


def _ranges(rows: pa.Table, path: Path, notes: list[str]) -> tuple[RangeMap, Any]:
    """The ranges, and which rows they are of; None for all of them."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    numeric = pc.and_(*(pc.match_substring_regex(rows[name], r"^\d{1,10}$") for name in ("low", "high")))
    if len(rows) and pc.all(numeric).as_py():
        low, high = (pc.cast(rows[name], pa.uint64()).to_numpy() for name in ("low", "high"))
        if bool((high <= _HIGHEST_IPV4).all()) and bool((low <= high).all()):
            return RangeMap.from_ipv4(low.astype(np.uint32), high.astype(np.uint32)), None
    made: list[Range] = []
    kept: list[int] = []
    for at, (first, last) in enumerate(zip(rows["low"].to_pylist(), rows["high"].to_pylist(), strict=True)):
        try:
            made.append(range_between(first, last))
        except ValueError as error:
            if at:  # a header row is no fault
                notes.append(f"{path.name}, row {at + 1}: {error}")
            continue
        kept.append(at)
    return RangeMap(made), pa.array(kept, pa.int64())


def _value(column: pa.ChunkedArray, name: str) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pc.utf8_trim_whitespace(column)
    if name not in ("lat", "lon"):
        return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text).combine_chunks()
    numbers = pc.cast(pc.if_else(pc.match_substring_regex(text, _DEGREES), text, None), pa.float64())
    possible = pc.less_equal(pc.abs(numbers), 90.0 if name == "lat" else 180.0)
    return pc.if_else(possible, numbers, pa.scalar(None, pa.float64())).combine_chunks()
