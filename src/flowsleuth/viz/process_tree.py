"""A process tree: a line a process, moved in below the one that started it.

Section: a graph whose ``nodes`` are rows of a tree, as :func:`flowsleuth.analyze.process_tree.build_process_tree` gives
them (:func:`process_tree_section` makes one of a frame); a column ``group`` (string), where there is one, decides the
colour; ``value`` may say what it is called (``group_by``).

Spec::

    {kind: "process_tree", title, note, absent, group_by: "Account", groups: [{name, processes}],
     names: [str, …], users: [str, …], commands: [str, …],
     nodes: [[node, parent, name, pid, start_ms, user, command, group, is_inferred, hidden], …]}

Nodes come in the order in which a tree is written, a parent before its children. ``parent`` is the place of the parent
in ``nodes``, -1 for the top ones; ``name``, ``user``, ``command`` and ``group`` are places in the lists (``group`` in
``groups``), -1 where not told; ``hidden`` counts processes below the node that are in no node. At most :data:`NODES`
nodes, those nearest to the roots; ``note`` tells how many are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.viz import Spec, spec_of
from flowsleuth.viz.canvas import count_text
from flowsleuth.viz.measures import UNKNOWN, told

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from flowsleuth.investigate.dossier import Section

    Ints = npt.NDArray[np.int64]

NODES = 10_000
GROUPS = 8
"""Colours, at most; the last is of all other groups."""
LETTERS = 240
"""Letters of a command line, at most; fewer when there are many."""
FEWEST_LETTERS = 40
TEXT = 600_000
"""Letters of all command lines together."""
NOTHING = "no process"
COLUMNS = (
    "node", "parent_node", "level", "descendant_count", "is_inferred", "proc_name", "proc_pid", "proc_started",
    "proc_user", "proc_command",
)  # fmt: skip


def process_tree_section(
    tree: Any, *, group_by: str | None = None, title: str = "Process tree", note: str = ""
) -> Section:
    """A section that shows a tree.

    Parameters
    ----------
    tree : table
        What :func:`flowsleuth.analyze.process_tree.build_process_tree` gives, or some rows of it.
    group_by : str, optional
        The column that decides the colour; by user when not given.
    title, note : str

    Raises
    ------
    OptionError
        It is no tree, or has no such column.

    Examples
    --------
    >>> from flowsleuth.analyze.tree_rows import example_tree
    >>> process_tree_section(example_tree()).figure
    'process_tree'
    """
    from flowsleuth.investigate.dossier import Section
    from flowsleuth.schema.tabular import column_names, need_columns, text_column, to_table

    if not set(COLUMNS) <= set(column_names(tree)):
        hint = "build_process_tree makes one"
        raise OptionError("not a process tree", where=", ".join(column_names(tree)[:6]), hint=hint)
    group_by = group_by or "proc_user"
    need_columns(tree, [group_by])
    nodes = to_table(tree).select(list(COLUMNS))
    nodes = nodes.append_column("group", text_column(tree, group_by))
    absent = None if len(nodes) else NOTHING
    value = {"group_by": group_by}
    return Section(
        "process_tree", title, "graph", nodes=nodes, figure="process_tree", note=note, absent=absent, value=value
    )


def process_tree(section: Section) -> Spec:
    """Make the spec of a process tree.

    Examples
    --------
    >>> from flowsleuth.analyze.tree_rows import example_tree
    >>> spec = process_tree(process_tree_section(example_tree()))
    >>> [(spec["names"][node[2]], node[1], node[3]) for node in spec["nodes"]][:3]
    [('explorer.exe', -1, 500), ('cmd.exe', 0, 3016), ('ftp.exe', 1, 5504)]
    """
    from flowsleuth.analyze.tree_rows import ints
    from flowsleuth.analyze.tree_text import below_among, chosen

    if section.nodes is None or not len(section.nodes):
        blank: dict[str, list[Any]] = {"groups": [], "names": [], "users": [], "commands": [], "nodes": []}
        return spec_of(section, "process_tree", absent=section.absent or NOTHING, group_by="", **blank)
    import pyarrow as pa

    rows = section.nodes.sort_by("node")
    node, level = ints(rows, "node"), ints(rows, "level")
    below = below_among(node, ints(rows, "descendant_count"))
    shown = chosen(node, level, below, NODES)
    group_of, groups = _groups(rows)
    drawn = rows.take(pa.array(shown))
    parent = _places(node[shown], ints(drawn, "parent_node"))
    left_out = len(rows) - len(shown)
    columns, lists = _columns(drawn, parent, group_of[shown], _hidden(parent, below[shown]))
    fewer = f"{count_text(len(shown), 'process', 'processes')} nearest to the roots are drawn, {left_out:,} are counted"
    return spec_of(
        section,
        "process_tree",
        note=told(section.note, fewer if left_out else ""),
        group_by=_group_by((section.value or {}).get("group_by", "group")),
        groups=groups,
        **lists,
        nodes=[list(values) for values in zip(*columns, strict=True)],
    )


def _group_by(name: str) -> str:
    """What a column is called on the picture."""
    return {"proc_user": "user", "proc_name": "program", "proc_host": "host"}.get(name, name)


def _groups(rows: pa.Table) -> tuple[Ints, list[dict[str, Any]]]:
    """The group of each row as a number, largest groups first; the weaker together as one."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if "group" not in rows.column_names:
        return np.full(len(rows), -1), []
    names = pc.fill_null(rows["group"].cast(pa.string()), UNKNOWN)
    counted = pc.value_counts(names).to_pylist()
    ranked = sorted(((one["values"], one["counts"]) for one in counted), key=lambda pair: (-pair[1], pair[0]))
    own = ranked if len(ranked) <= GROUPS else ranked[: GROUPS - 1]
    rest = ranked[len(own) :]
    groups = [{"name": name, "processes": count} for name, count in own]
    if rest:
        groups.append({"name": f"{len(rest):,} others", "processes": sum(count for _, count in rest)})
    places = pc.index_in(names, value_set=pa.array([name for name, _ in own], pa.string()))
    return pc.fill_null(places.cast(pa.int64()), len(own)).to_numpy(), groups


def _places(node: Ints, parent: Ints) -> Ints:
    """Where the parents stand among the nodes; -1 for those that are not there."""
    import numpy as np

    at = np.searchsorted(node, parent).clip(max=max(len(node) - 1, 0))
    return np.where((parent >= 0) & (node[at] == parent), at, -1)


def _hidden(parent: Ints, below: Ints) -> Ints:
    """Processes below each node that stand in no node, and below no other node."""
    import numpy as np

    has = parent >= 0
    return below - np.bincount(parent[has], weights=below[has] + 1, minlength=len(parent)).astype(np.int64)


def _columns(rows: pa.Table, parent: Ints, group: Ints, hidden: Ints) -> tuple[list[list[Any]], dict[str, list[str]]]:
    import pyarrow.compute as pc

    from flowsleuth.analyze.tree_rows import ints
    from flowsleuth.viz.timeline import milliseconds

    name_of, names = _listed(rows["proc_name"])
    user_of, users = _listed(rows["proc_user"])
    distinct = max(1, int(pc.count_distinct(rows["proc_command"]).as_py()))
    letters = max(FEWEST_LETTERS, min(LETTERS, TEXT // distinct))
    command_of, commands = _listed(_cut(rows["proc_command"], letters))
    columns = [
        ints(rows, "node").tolist(), parent.tolist(), name_of, rows["proc_pid"].to_pylist(),
        milliseconds(rows["proc_started"]), user_of, command_of, group.tolist(), ints(rows, "is_inferred").tolist(),
        hidden.tolist(),
    ]  # fmt: skip
    return columns, {"names": names, "users": users, "commands": commands}


def _listed(column: pa.ChunkedArray) -> tuple[list[int], list[str]]:
    """A column as places in a list of its texts; -1 for null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    coded = pa.concat_arrays([pa.array([], pa.string()), *column.cast(pa.string()).chunks]).dictionary_encode()
    return pc.fill_null(coded.indices.cast(pa.int64()), -1).to_pylist(), coded.dictionary.to_pylist()


def _cut(texts: pa.ChunkedArray, letters: int) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = texts.cast(pa.string())
    is_long = pc.greater(pc.utf8_length(texts), letters)
    short = pc.binary_join_element_wise(pc.utf8_slice_codeunits(texts, 0, letters - 1), "…", "")
    return pc.if_else(is_long, short, texts)
