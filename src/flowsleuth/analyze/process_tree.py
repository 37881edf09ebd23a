"""Process trees: rows that tell of processes become a forest, one node a process, in the order in which it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flowsleuth.analyze.columns import micros_of, text_of
from flowsleuth.analyze.forest import linked, tree_table
from flowsleuth.analyze.process_columns import ProcessColumns, coded, process_ids, read_columns
from flowsleuth.analyze.process_links import NOBODY, latest_before, repeated
from flowsleuth.analyze.process_schema import ProcessSchema, is_event, schema_of
from flowsleuth.schema.tabular import like, row_labels, to_table

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    Ints = npt.NDArray[np.int64]

TREE_COLUMNS = (
    "node", "parent_node", "root_node", "level", "child_count", "descendant_count", "is_inferred", "linked_by",
    "proc_name", "proc_pid", "proc_started", "proc_user", "proc_command", "proc_host", "record_count", "source_index",
)  # fmt: skip
"""What a tree adds to the columns it is built from; see :func:`build_process_tree`."""


@dataclass(frozen=True)
class ProcessTree:
    """A forest of processes, and how its table was read.

    Attributes
    ----------
    table : pyarrow.Table
        One row a process; see :func:`build_process_tree`.
    schema : ProcessSchema
        Which columns were taken for what.
    left_out : int
        Rows that tell of no start of a process.
    repeated : int
        Rows that tell of a process that another row tells of.
    """

    table: pa.Table
    schema: ProcessSchema
    left_out: int
    repeated: int

    def read_as(self) -> str:
        """Which schema the rows were read by, and what became of rows that are no nodes.

        Examples
        --------
        >>> import pyarrow as pa
        >>> procs = pa.table({"NewProcessId": ["0x4"], "ProcessId": ["0x0"], "NewProcessName": ["System"]})
        >>> process_tree(procs).read_as()
        'read as windows_4688 (process NewProcessId, parent ProcessId, name NewProcessName, no time, one host)'
        """
        told = self.schema
        when = f"time {told.time_stamp}" if told.time_stamp else "no time"
        where = f"host {told.host_name_column}" if told.host_name_column else "one host"
        names = f"process {told.process_id}, parent {told.parent_id}, name {told.process_name}, {when}, {where}"
        lost = f"; {_rows(self.left_out, 'is no start', 'are no starts')} of a process" if self.left_out else ""
        twice = f"; {_rows(self.repeated, 'tells', 'tell')} what another row tells" if self.repeated else ""
        return f"read as {told.name} ({names}){lost}{twice}"


def _rows(count: int, one: str, many: str) -> str:
    return f"1 row {one}" if count == 1 else f"{count:,} rows {many}"


def build_process_tree(procs: Any, schema: ProcessSchema | Mapping[str, Any] | str | None = None) -> Any:
    """The tree of processes: who started whom, on each host.

    The parent of a process is the one with the guid that its row tells; else the latest of the parent's id that began
    before it on its host, unless the row tells another name or start of the parent, or it had ended. Ids are compared
    as numbers, however they are spelled. A parent without a row is put in as a row of its own (``is_inferred``). What
    names itself as its parent is a root, and circles are cut at their earliest process.

    Parameters
    ----------
    procs : table
        pandas, polars or Arrow; one row for each process that was started. It is not changed.
    schema : ProcessSchema, mapping or str, optional
        Which columns tell what: a :class:`~flowsleuth.analyze.process_schema.ProcessSchema`, the same as a mapping, or
        the name of one of :data:`~flowsleuth.analyze.process_schema.SCHEMAS` (``windows_4688``, ``sysmon_1``, ``mde``,
        ``auditd``, ``osquery``, …). When not given, it is guessed from the columns and their rows, and the frame's
        ``attrs`` (the schema's metadata of an Arrow table) tell which.

    Returns
    -------
    table of the make that was given
        One row a process, a parent before its children; all columns that were given, and (if one of them has such a
        name, it is called ``…_given``):

        - ``node``: number in this order, from 0; all below a node have the ``descendant_count`` numbers after its own
        - ``parent_node`` (null for roots), ``root_node``, ``level`` (0 for roots), ``child_count``,
          ``descendant_count``
        - ``is_inferred``: only its children tell of it
        - ``linked_by``: ``guid``, ``id``, ``inferred`` (the parent has no row), ``self`` or ``circle`` (told parents
          that cannot be), null (no parent is told)
        - ``proc_name`` (without folder), ``proc_pid``, ``proc_started`` (UTC), ``proc_user``, ``proc_command``,
          ``proc_host``: whatever the columns are called
        - ``record_count``: rows that tell of this process; the first of those that tell most is kept
        - ``source_index``: label of that row in what was given; null when inferred

    Raises
    ------
    OptionError
        No schema fits, or a column is not there.

    Notes
    -----
    Blind spots: a source that misses starts gives inferred parents, two of the same id that no row tells apart are one;
    clocks that jump back part children from parents. Without a column of hosts all rows are taken as of one.

    Examples
    --------
    >>> import pandas
    >>> procs = pandas.DataFrame({
    ...     "TimeGenerated": ["2019-01-15 05:15:02", "2019-01-15 05:15:01", "2019-01-15 05:15:03"], "Computer": "WS1",
    ...     "NewProcessId": ["0xbc8", "500", "0x10"], "ProcessId": ["0x1f4", "0x4", "0xBC8"],
    ...     "NewProcessName": ["C:/Windows/cmd.exe", "C:/Windows/explorer.exe", "C:/Temp/ftp.exe"]})
    >>> tree = build_process_tree(procs)
    >>> tree["proc_pid"].tolist(), tree["level"].tolist(), tree["is_inferred"].tolist()
    ([4, 500, 3016, 16], [0, 1, 2, 3], [True, False, False, False])
    >>> tree["proc_name"].tolist()[1:], tree.attrs["process_schema"]["name"]
    (['explorer.exe', 'cmd.exe', 'ftp.exe'], 'windows_4688')
    """
    tree = process_tree(procs, schema)
    made = like(tree.table, procs)
    if hasattr(made, "attrs"):
        made.attrs = {"process_schema": {"name": tree.schema.name, **tree.schema.columns()}, "read_as": tree.read_as()}
    return made


def process_tree(procs: Any, schema: ProcessSchema | Mapping[str, Any] | str | None = None) -> ProcessTree:
    """The same with how the rows were read; see :func:`build_process_tree`."""
    import numpy as np
    import pyarrow as pa

    given, labels = _without_tree(to_table(procs)), row_labels(procs)
    chosen = schema_of(schema, given)
    wanted = _wanted(given, chosen)
    table = _rows_at(given, wanted)
    columns = _with_ends(read_columns(table, chosen), table, given, chosen)
    kept, counts = _kept(columns)
    table, columns = _rows_at(table, kept), columns if len(kept) == len(table) else columns.take(kept)
    made = tree_table(linked(table, columns, chosen), chosen, counts, labels.take(pa.array(wanted[kept])))
    metadata = {f"process_schema.{field}": column for field, column in chosen.columns().items()}
    made = made.replace_schema_metadata({"process_schema": chosen.name, **metadata})
    return ProcessTree(made, chosen, len(given) - len(wanted), int(np.sum(counts - 1)))


def _rows_at(table: pa.Table, numbers: Ints) -> pa.Table:
    """Some rows, in their order; all of them cost nothing."""
    return table if len(numbers) == len(table) else table.take(numbers)


def _without_tree(table: pa.Table) -> pa.Table:
    """A table that is a tree already without what made it one; columns of the tree's names under another."""
    import pyarrow.compute as pc

    if set(TREE_COLUMNS) <= set(table.column_names):
        return table.filter(pc.invert(table["is_inferred"])).drop_columns(list(TREE_COLUMNS))
    names = [f"{name}_given" if name in TREE_COLUMNS else name for name in table.column_names]
    return table.rename_columns(names)


def _wanted(table: pa.Table, schema: ProcessSchema) -> Ints:
    """Rows that tell of the start of a process; if none is of that kind, all that tell an id or a name."""
    import numpy as np
    import pyarrow.compute as pc

    is_start = is_event(table, schema.event_id_column, schema.event_id_identifier)
    if not is_start.any():
        is_start = ~is_event(table, schema.event_id_column, schema.exit_identifier) | (schema.exit_identifier is None)
    told = pc.or_(pc.is_valid(table[schema.process_id]), pc.is_valid(table[schema.process_name]))
    return np.flatnonzero(is_start & told.to_numpy(zero_copy_only=False))


def _with_ends(columns: ProcessColumns, table: pa.Table, given: pa.Table, schema: ProcessSchema) -> ProcessColumns:
    """Ends of processes from rows of their own: the latest of that id that had begun has ended."""
    import numpy as np
    import pyarrow.compute as pc

    if schema.exit_identifier is None or schema.exit_id is None or schema.time_stamp is None:
        return columns
    rows = np.flatnonzero(is_event(given, schema.event_id_column, schema.exit_identifier))
    if not len(rows):
        return columns
    ended = given.take(rows)
    texts = [pc.utf8_lower(text_of(part, schema.host_name_column)) for part in (table, ended)]
    (hosts, exit_hosts), _ = coded(*texts)
    when = micros_of(ended, schema.time_stamp)
    found = latest_before(replace(columns, host=hosts), exit_hosts, process_ids(ended, schema.exit_id), when)
    end = columns.end.copy()
    end[found[found != NOBODY]] = when[found != NOBODY]
    return replace(columns, end=end)


def _kept(columns: ProcessColumns) -> tuple[Ints, Ints]:
    """Rows that stand for a process, and how many tell of each."""
    import numpy as np

    kept, counts = np.unique(repeated(columns), return_counts=True)
    return kept, counts
