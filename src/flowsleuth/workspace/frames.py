"""A workspace of rows that a user has in hand: gone when nobody holds it any more."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.schema import Table
from flowsleuth.schema import table as find_table
from flowsleuth.schema.tabular import to_table

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.store import Store
    from flowsleuth.workspace import Workspace


def open_frames(tables: Mapping[str, Any], like: Workspace | None = None) -> Workspace:
    """Put tables into a workspace of their own, in a temporary folder.

    Parameters
    ----------
    tables : mapping
        Name of a stored table → rows with its columns; those that are missing are null, others are left out.
    like : Workspace, optional
        Whose home networks, context files and analyst it has.

    Raises
    ------
    OptionError
        Rows have no time, or a column's values are not of its type.
    CatalogueError
        There is no such table.

    Examples
    --------
    >>> import pandas
    >>> flows = pandas.DataFrame({"start": ["2024-03-14T00:00Z"], "src_ip": ["10.0.0.5"], "dst_ip": ["192.0.2.7"]})
    >>> with open_frames({"flow": flows}) as ws:
    ...     len(ws.ip("192.0.2.7").flows())
    1
    """
    from flowsleuth.workspace import Workspace, init

    ready = {name: rows_of(find_table(name), rows) for name, rows in tables.items()}
    folder = Path(tempfile.mkdtemp(prefix="flowsleuth-frames-"))
    init(folder)
    settings = _settings(folder, like)
    made = Workspace(folder, settings, None if like is None else like.analyst)
    weakref.finalize(made, _drop, made.store, folder)
    with made.store.writing():
        for name, rows in ready.items():
            made.store.replace([], made.store.write(name, rows))
    return made


def _drop(store: Store, folder: Path) -> None:
    store.close()
    shutil.rmtree(folder, ignore_errors=True)


def _settings(folder: Path, like: Workspace | None) -> Any:
    from flowsleuth.settings import Settings

    if like is None:
        return Settings.load(folder)
    given = like.settings
    geography, lists = (_whole(like.folder, paths) for paths in (given.geography, given.lists))
    (context,) = _whole(like.folder, (given.context,))
    return replace(given, engine="duckdb", case_url="", context=context, geography=geography, lists=lists)


def _whole(folder: Path, paths: tuple[str, ...]) -> tuple[str, ...]:
    """Paths that mean the same from any folder."""
    return tuple(str((folder / path).resolve()) for path in paths)


def rows_of(table: Table, given: Any) -> pa.Table:
    """Rows with exactly the columns of a stored table; ids that are missing are numbered."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = to_table(given)
    if table.time_column is not None and table.time_column not in rows.column_names:
        hint = "rename the column that dates a row"
        raise OptionError(
            f"no column {table.time_column!r}", where=f"rows for table {table.name}", available=rows.column_names,
            hint=hint,
        )  # fmt: skip
    schema = table.arrow_schema()
    columns = {}
    for field in schema:
        if field.name in rows.column_names:
            columns[field.name] = _cast(rows[field.name], field, table)
        elif field.name == table.id_column:
            columns[field.name] = pa.array(range(1, len(rows) + 1), field.type)
        else:
            columns[field.name] = pa.nulls(len(rows), field.type)
    made = pa.table(columns, schema=schema)
    return made if table.time_column is None else made.filter(pc.is_valid(made[table.time_column]))


def _cast(column: pa.ChunkedArray, field: pa.Field, table: Table) -> pa.ChunkedArray:
    import pandas
    import pyarrow as pa

    try:
        if pa.types.is_timestamp(field.type) and pa.types.is_string(column.type):
            moments = pandas.to_datetime(column.to_pandas(), utc=True, format="ISO8601")
            return pa.chunked_array([pa.array(moments).cast(field.type, safe=False)])
        return column.cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
        where = f"column {field.name} of table {table.name}"
        raise OptionError(f"not of type {field.type}: {str(error)[:120]}", where=where) from None
