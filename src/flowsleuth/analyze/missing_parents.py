"""Parents that rows tell of and that have no row of their own: one row for each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowsleuth.analyze.columns import NO_TIME
from flowsleuth.analyze.process_columns import NO_ID, ProcessColumns
from flowsleuth.analyze.process_links import OTHER_SOURCE_US

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
    last_child = np.maximum.reduceat(told.start[order], np.flatnonzero(is_first)) if len(asked) else began
    same = _told_by_guid_too(columns.take(first), first_child, last_child)
    kept = np.flatnonzero(same == np.arange(len(same)))
    place = np.cumsum(same == np.arange(len(same))) - 1
    of_child = np.where(of_child >= 0, place[same][of_child], -1) if len(same) else of_child
    np.minimum.at(first_child, same, first_child)
    first_child = np.where(first_child == np.iinfo(np.int64).max, NO_TIME, first_child)[kept]
    return Missing(_rows(table, first[kept], schema), of_child, columns.parent_pid[first[kept]], first_child)


def _told_by_guid_too(told: ProcessColumns, first: Ints, last: Ints) -> Ints:
    """For each missing parent the one it is, mostly itself.

    Where two sources tell of a host, one child may tell its parent's guid and another only its id. They are one when no
    other parent with that id is told by guid, the names do not differ, and the one's children began while the other's
    did.

    Parameters
    ----------
    told : ProcessColumns
        A child of each.
    first, last : array of int64
        When the first and the last child of each began.
    """
    import numpy as np

    same = np.arange(len(told))
    by_guid = told.parent_guid >= 0
    if not by_guid.any() or by_guid.all():
        return same
    places: dict[tuple[int, int], list[int]] = {}
    for at in np.flatnonzero(by_guid & (told.parent_pid >= 0)).tolist():
        places.setdefault((int(told.host[at]), int(told.parent_pid[at])), []).append(at)
    for at in np.flatnonzero(~by_guid).tolist():
        found = places.get((int(told.host[at]), int(told.parent_pid[at])), [])
        if len(found) == 1:
            (one,) = found
            names = {int(told.parent_name[one]), int(told.parent_name[at])} - {NO_ID}
            near = first[at] <= last[one] + OTHER_SOURCE_US and last[at] >= first[one] - OTHER_SOURCE_US
            same[at] = one if len(names) < 2 and near else at
    return same


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
