"""Rows of alerts and events as mappings, and frames of them, of whatever make they come."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.schema.entities import Entity

if TYPE_CHECKING:
    import pyarrow as pa


def row_of(row: Any) -> dict[str, Any]:
    """A row as a mapping; what our own tables keep of the source's columns in ``extra`` comes up beside the others.

    Examples
    --------
    >>> row_of({"name": "scan", "source_kind": "sentinel", "extra": '{"AlertType": "X"}'})["AlertType"]
    'X'
    """
    if row is None:
        return {}
    if isinstance(row, Entity):
        return {**row.additional, **dict(row)}
    if hasattr(row, "_asdict"):
        row = row._asdict()
    elif hasattr(row, "to_dict") and not isinstance(row, Mapping) and not hasattr(row, "columns"):
        row = row.to_dict()
    if not isinstance(row, Mapping):
        hint = "give a mapping, a pandas row such as frame.iloc[0], or a named tuple"
        raise OptionError("not a row", where=type(row).__name__, hint=hint)
    told = {str(name): value for name, value in row.items()}
    if "source_kind" in told and isinstance(told.get("extra"), str):
        told = {**_extra(told["extra"]), **told}
    return told


def _extra(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def rows_of(data: Any) -> Iterator[dict[str, Any]]:
    """The rows of a frame, a table, or an iterable of rows, one after the other."""
    if isinstance(data, Mapping) or hasattr(data, "_asdict"):
        yield row_of(data)
    elif is_frame(data):
        for batch in table_of(data).to_batches(max_chunksize=1_000):
            yield from map(row_of, batch.to_pylist())
    elif isinstance(data, Iterable) and not isinstance(data, str | bytes):
        yield from map(row_of, data)
    else:
        yield row_of(data)


def table_of(data: Any) -> pa.Table:
    """A frame as an Arrow table; an iterable of rows too, whose mixed columns become text."""
    import pyarrow as pa

    from flowsleuth.schema.tabular import to_table

    if is_frame(data):
        return to_table(data)
    rows = list(rows_of(data))
    try:
        return pa.Table.from_pylist(rows)
    except (pa.ArrowException, TypeError, OverflowError):
        import pandas

        return to_table(pandas.DataFrame(rows))


def is_frame(data: Any) -> bool:
    """Whether it has rows and columns: pandas, polars, Arrow, or our own results."""
    return hasattr(data, "column_names") or hasattr(data, "to_arrow") or hasattr(data, "columns")
