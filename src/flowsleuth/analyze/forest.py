"""Processes with their parents, those that have no row put in, as a table in the order of the tree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flowsleuth.analyze.columns import NO_TIME, micros_of, text_of
from flowsleuth.analyze.missing_parents import Missing, missing_parents
from flowsleuth.analyze.process_columns import NO_ID, ProcessColumns, program_names, read_columns
from flowsleuth.analyze.process_links import BY_GUID, BY_ID, link
from flowsleuth.analyze.tree_shape import cut_cycles, shape_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from flowsleuth.analyze.process_links import Links
    from flowsleuth.analyze.process_schema import ProcessSchema
    from flowsleuth.analyze.tree_shape import Shape

    Ints = npt.NDArray[np.int64]

LINKED_BY = (None, "guid", "id", "inferred", "self", "circle")
"""How a process was linked to its parent; None where none is told."""


@dataclass(frozen=True)
class Forest:
    """Rows, those that were put in last, with the parent of each.

    Attributes
    ----------
    table : pyarrow.Table
    parent : array of int64
        Row of the parent; -1 for roots.
    linked_by : array of int64
        Places in :data:`LINKED_BY`.
    pid, start : array of int64
        Of the process itself.
    began : array of int64
        When it began; of one that was put in, when its first child did.
    own : int
        How many rows are not put in.
    """

    table: pa.Table
    parent: Ints
    linked_by: Ints
    pid: Ints
    start: Ints
    began: Ints
    own: int


def linked(table: pa.Table, columns: ProcessColumns, schema: ProcessSchema) -> Forest:
    """Rows with their parents; missing parents are put in, and their parents, where rows tell of grandparents."""
    import numpy as np
    import pyarrow as pa

    own = len(table)
    links = link(columns, columns)
    missing = missing_parents(table, columns, links, schema)
    parents, ways = [_with_missing(links, missing, own)], [_ways(links, columns)]
    tables, pids, began = [table, missing.rows], [columns.pid, missing.pid], [columns.start, missing.first_child]
    if schema.grandparent_id and len(missing.rows):
        first = replace(read_columns(pa.concat_tables(tables), schema), pid=np.concatenate(pids))
        places = np.arange(own, own + len(missing.rows))
        children = replace(first.take(places), start=missing.first_child)
        more = link(children, first)
        further = missing_parents(missing.rows, children, more, schema)
        parents.append(_with_missing(more, further, own + len(places)))
        ways.append(_ways(more, children))
        tables, pids = [*tables, further.rows], [*pids, further.pid]
        began.append(further.first_child)
    tops = sum(map(len, tables)) - sum(map(len, parents))
    parents.append(np.full(tops, -1))
    ways.append(np.zeros(tops, dtype=np.int64))
    starts = [columns.start, *(micros_of(put_in, schema.time_stamp) for put_in in tables[1:])]
    parent, linked_by, pid, start, began_at = map(np.concatenate, (parents, ways, pids, starts, began))
    return Forest(pa.concat_tables(tables), parent, linked_by, pid, start, began_at, own)


def _with_missing(links: Links, missing: Missing, offset: int) -> Ints:
    import numpy as np

    return np.where(missing.of_child >= 0, missing.of_child + offset, links.parent)


def _ways(links: Links, children: ProcessColumns) -> Ints:
    """How each child was linked, as places in :data:`LINKED_BY`."""
    import numpy as np

    told_guid = children.parent_guid != NO_ID
    itself = np.where(told_guid, children.parent_guid == children.guid, children.parent_pid == children.pid)
    is_self = itself & (told_guid | (children.pid != NO_ID)) & (links.parent < 0)
    found = [links.by == BY_GUID, links.by == BY_ID, links.is_missing, is_self]
    return np.select(found, [LINKED_BY.index(word) for word in ("guid", "id", "inferred", "self")], 0)


def tree_table(forest: Forest, schema: ProcessSchema, counts: Ints, labels: pa.Array) -> pa.Table:
    """The rows in the order of the tree, with what the tree tells of them."""
    import numpy as np
    import pyarrow as pa

    size, inferred = len(forest.parent), len(forest.parent) - forest.own
    began = np.where(forest.began == NO_TIME, np.iinfo(np.int64).max, forest.began)
    rank = np.empty(size, dtype=np.int64)
    rank[np.lexsort((np.arange(size), began))] = np.arange(size)
    parent, is_cut = cut_cycles(forest.parent, rank)
    shape = shape_of(parent, rank)
    order = pa.array(np.argsort(shape.number))
    ways = np.where(is_cut, LINKED_BY.index("circle"), forest.linked_by)
    facts = {
        **_shape_columns(shape, parent),
        "is_inferred": pa.array(np.arange(size) >= forest.own),
        "linked_by": pa.array(LINKED_BY, pa.string()).take(pa.array(ways)),
        **_process_columns(forest, schema),
        "record_count": pa.array(np.r_[counts, np.zeros(inferred, dtype=np.int64)]),
        "source_index": pa.concat_arrays([labels, pa.nulls(inferred, labels.type)]),
    }
    whole = pa.table({**dict(zip(forest.table.column_names, forest.table.columns, strict=True)), **facts})
    return whole.take(order).combine_chunks()


def _shape_columns(shape: Shape, parent: Ints) -> dict[str, pa.Array]:
    import numpy as np
    import pyarrow as pa

    is_root = parent < 0
    return {
        "node": pa.array(shape.number),
        "parent_node": pa.array(np.where(is_root, 0, shape.number[parent]), mask=is_root),
        "root_node": pa.array(shape.number[shape.root]),
        "level": pa.array(shape.level),
        "child_count": pa.array(shape.children),
        "descendant_count": pa.array(shape.below),
    }


def _process_columns(forest: Forest, schema: ProcessSchema) -> dict[str, pa.Array]:
    import pyarrow as pa

    return {
        "proc_name": program_names(forest.table, schema.process_name),
        "proc_pid": pa.array(forest.pid, mask=forest.pid == NO_ID),
        "proc_started": pa.array(forest.start, mask=forest.start == NO_TIME).cast(pa.timestamp("us", tz="UTC")),
        "proc_user": text_of(forest.table, schema.user_name),
        "proc_command": text_of(forest.table, schema.cmd_line),
        "proc_host": text_of(forest.table, schema.host_name_column),
    }
