"""Parents that rows tell of and that have no row of their own: one row for each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowsleuth.analyze.process_columns import NO_TIME, ProcessColumns

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from flowsleuth.analyze.process_links import Links
    from flowsleuth.analyze.process_schema import ProcessSchema

    Ints = npt.NDArray[np.int64]

TOLD_OF_PARENT = {
    "process_id": "parent_id",
    "process_name": "parent_name",
    "process_guid": "parent_guid",
    "time_stamp": "parent_start",
    "host_name_column": "host_name_column",
    "parent_id": "grandparent_id",
    "parent_name": "grandparent_name",
    "parent_start": "grandparent_start",
}
"""Field of the parent's row → field of the child's row that tells it."""


@dataclass(frozen=True)
class Missing:
    """Parents without a row.

    Attributes
    ----------
    rows : pyarrow.Table
        One row each, with the columns of the children's table; null where the children tell nothing.
    of_child : array of int64
        For each child the number of its missing parent; -1 where it has none.
    pid : array of int64
    first_child : array of int64
        When the first child began, microseconds; the parent began before.
    """

    rows: pa.Table
    of_child: Ints
    pid: Ints
    first_child: Ints


def missing_parents(table: pa.Table, columns: ProcessColumns, links: Links, schema: ProcessSchema) -> Missing:
    """Make a row for each missing parent; children that tell the same of theirs have the same.

    Parameters
    ----------
    table : pyarrow.Table
        The children.
    columns : ProcessColumns
        The same children.
    links : Links
        Of them.
    schema : ProcessSchema
    """
    import numpy as np

    asked = np.flatnonzero(links.is_missing)
    told = columns.take(asked)
    by_guid = told.parent_guid >= 0
    # who is told by guid is that one, whatever else is told
    what = [told.host, told.parent_guid] + [
        np.where(by_guid, 0, values)
        for values in (told.parent_pid, told.parent_name, told.parent_start, links.rejected[asked])
    ]
    order = np.lexsort((asked, told.start, *what))
    keys = np.stack([values[order] for values in what]) if len(asked) else np.zeros((1, 0), dtype=np.int64)
    is_first = np.r_[True, np.any(np.diff(keys, axis=1) != 0, axis=0)] if len(asked) else np.zeros(0, dtype=bool)
    group = np.cumsum(is_first) - 1
    of_child = np.full(len(columns), -1)
    of_child[asked[order]] = group
    first = asked[order[is_first]]
    began = np.where(told.start[order] == NO_TIME, np.iinfo(np.int64).max, told.start[order])
    first_child = np.minimum.reduceat(began, np.flatnonzero(is_first)) if len(asked) else began
    first_child = np.where(first_child == np.iinfo(np.int64).max, NO_TIME, first_child)
    return Missing(_rows(table, first, schema), of_child, columns.parent_pid[first], first_child)


def _rows(table: pa.Table, children: Ints, schema: ProcessSchema) -> pa.Table:
    """What children tell of their parents, in the columns of a row of its own."""
    import pyarrow as pa

    told = {
        getattr(schema, of_row): table[getattr(schema, of_child)].take(pa.array(children))
        for of_row, of_child in TOLD_OF_PARENT.items()
        if getattr(schema, of_row) and getattr(schema, of_child)
    }
    columns = [
        _as_type(told[field.name], field.type) if field.name in told else pa.nulls(len(children), field.type)
        for field in table.schema
    ]
    return pa.table(columns, schema=table.schema)


def _as_type(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray | pa.Array:
    """A column as another type; null where it cannot be: its values are told in ``proc_…`` columns all the same."""
    import pyarrow as pa

    if column.type == kind:
        return column
    try:
        return column.cast(kind, safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.nulls(len(column), kind)
