"""Relatives of a process in a tree: parent, children, ancestors, descendants, siblings; and a tree in numbers.

A tree is what :func:`flowsleuth.analyze.process_tree.build_process_tree` gives, or some rows of one. A process is named
by its ``node``, or by its row. Tables come back in the make they were given, in the order of the tree.
"""

from __future__ import annotations

from typing import Any

from flowsleuth.analyze.tree_rows import NONE, column_of, example_tree, first_where, ints, node_of, rows_where, texts_of
from flowsleuth.errors import OptionError
from flowsleuth.schema.tabular import need_columns

__all__ = [
    "example_tree", "get_ancestors", "get_children", "get_descendants", "get_parent", "get_path", "get_process",
    "get_root", "get_root_tree", "get_roots", "get_siblings", "get_summary_info", "get_tree_depth", "get_trees_below",
]  # fmt: skip
PATH_NAMES = 40
"""Names that a path tells at most; of a longer one the first and the last."""


def get_process(tree: Any, source: Any) -> dict[str, Any]:
    """The row of a process, by column.

    Raises
    ------
    OptionError
        There is no such node in the tree.

    Examples
    --------
    >>> tree = example_tree()
    >>> get_process(tree, 1)["proc_name"]
    'cmd.exe'
    """
    node = node_of(source)
    found = first_where(tree, ints(tree, "node") == node)
    if found is None:
        raise OptionError("no such node in this tree", where=f"node {node}")
    return found


def get_parent(tree: Any, source: Any) -> dict[str, Any] | None:
    """The row of the parent; None for a root, or when the parent is not among the rows.

    Examples
    --------
    >>> tree = example_tree()
    >>> get_parent(tree, 1)["proc_name"], get_parent(tree, 0)
    ('explorer.exe', None)
    """
    parent = get_process(tree, source)["parent_node"]
    return None if parent is None else first_where(tree, ints(tree, "node") == int(parent))


def get_roots(tree: Any) -> Any:
    """Processes without a parent.

    Examples
    --------
    >>> get_roots(example_tree())["proc_name"].to_pylist()
    ['explorer.exe', 'services.exe']
    """
    return rows_where(tree, ints(tree, "parent_node") == NONE)


def get_root(tree: Any, source: Any) -> dict[str, Any] | None:
    """The row of the root above a process; None when it is not among the rows.

    Examples
    --------
    >>> get_root(example_tree(), 2)["proc_name"]
    'explorer.exe'
    """
    return first_where(tree, ints(tree, "node") == int(get_process(tree, source)["root_node"]))


def get_root_tree(tree: Any, source: Any) -> Any:
    """The whole tree that a process stands in.

    Examples
    --------
    >>> get_root_tree(example_tree(), 2)["proc_name"].to_pylist()
    ['explorer.exe', 'cmd.exe', 'ftp.exe', 'reg.exe']
    """
    return rows_where(tree, ints(tree, "root_node") == int(get_process(tree, source)["root_node"]))


def get_children(tree: Any, source: Any, include_source: bool = False) -> Any:
    """Processes that a process started.

    Examples
    --------
    >>> get_children(example_tree(), 1)["proc_name"].to_pylist()
    ['ftp.exe', 'reg.exe']
    """
    node = int(get_process(tree, source)["node"])
    wanted = ints(tree, "parent_node") == node
    return rows_where(tree, wanted | (ints(tree, "node") == node) if include_source else wanted)


def get_descendants(tree: Any, source: Any, include_source: bool = True, max_levels: int = -1) -> Any:
    """All that came from a process.

    Parameters
    ----------
    tree : table
    source : int or row
    include_source : bool
    max_levels : int
        How far down; -1 is all the way.

    Examples
    --------
    >>> get_descendants(example_tree(), 0, include_source=False)["proc_name"].to_pylist()
    ['cmd.exe', 'ftp.exe', 'reg.exe']
    """
    own = get_process(tree, source)
    node, below = int(own["node"]), int(own["descendant_count"])
    nodes = ints(tree, "node")
    wanted = (nodes > node - include_source) & (nodes <= node + below)
    if max_levels >= 0:
        wanted &= ints(tree, "level") <= int(own["level"]) + max_levels
    return rows_where(tree, wanted)


def get_trees_below(tree: Any, what: str | int) -> Any:
    """All processes of a name or id, with all that came from them.

    Parameters
    ----------
    tree : table
    what : str or int
        A process id, decimal or ``0x…``; or a name, in which ``*`` and ``?`` stand for letters, whatever their case.

    Examples
    --------
    >>> get_trees_below(example_tree(), "CMD*")["proc_name"].to_pylist()
    ['cmd.exe', 'ftp.exe', 'reg.exe']
    >>> get_trees_below(example_tree(), "0x16fc")["proc_name"].to_pylist()
    ['reg.exe']
    """
    from fnmatch import fnmatchcase

    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from flowsleuth.analyze.process_columns import NO_ID, process_id

    number = process_id(str(what))
    nodes = ints(tree, "node")
    if number != NO_ID:
        is_top = ints(tree, "proc_pid") == number
    else:
        wanted = str(what).casefold()
        coded = pc.dictionary_encode(column_of(tree, "proc_name").cast(pa.string()), null_encoding="encode")
        coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
        is_named = [fnmatchcase((name or "").casefold(), wanted) for name in coded.dictionary.to_pylist()]
        is_top = np.array(is_named, dtype=bool)[coded.indices.to_numpy()]
    begins, ends = nodes[is_top], (nodes + ints(tree, "descendant_count"))[is_top]
    order = np.argsort(begins)
    reach = np.maximum.accumulate(ends[order]) if len(order) else ends
    at = np.searchsorted(begins[order], nodes, side="right") - 1
    return rows_where(tree, (at >= 0) & (nodes <= np.append(reach, NONE)[at]))


def get_ancestors(tree: Any, source: Any, include_source: bool = True) -> Any:
    """The processes from the root down to a process.

    Examples
    --------
    >>> get_ancestors(example_tree(), 3)["proc_name"].to_pylist()
    ['explorer.exe', 'cmd.exe', 'reg.exe']
    """
    node = int(get_process(tree, source)["node"])
    nodes = ints(tree, "node")
    wanted = (nodes <= node) & (node <= nodes + ints(tree, "descendant_count"))
    return rows_where(tree, wanted if include_source else wanted & (nodes != node))


def get_siblings(tree: Any, source: Any, include_source: bool = True) -> Any:
    """Processes with the same parent; roots have no siblings but themselves.

    Examples
    --------
    >>> get_siblings(example_tree(), 2, include_source=False)["proc_name"].to_pylist()
    ['reg.exe']
    """
    own = get_process(tree, source)
    is_own = ints(tree, "node") == int(own["node"])
    parent = own["parent_node"]
    wanted = is_own if parent is None else ints(tree, "parent_node") == int(parent)
    return rows_where(tree, wanted if include_source else wanted & ~is_own)


def get_path(tree: Any, source: Any, separator: str = " / ") -> str:
    """The names from the root down to a process; what is in the middle of a very long path is counted.

    Examples
    --------
    >>> get_path(example_tree(), 3)
    'explorer.exe / cmd.exe / reg.exe'
    """
    names = [str(name) for name in texts_of(get_ancestors(tree, source), "proc_name")]
    if len(names) > PATH_NAMES:
        half = PATH_NAMES // 2
        names = [*names[:half], f"… {len(names) - 2 * half:,} more …", *names[-half:]]
    return separator.join(names)


def get_tree_depth(tree: Any) -> int:
    """The deepest level, counted from 1; 0 for no processes.

    Examples
    --------
    >>> get_tree_depth(example_tree())
    3
    """
    return int(ints(tree, "level").max(initial=-1)) + 1


def get_summary_info(tree: Any) -> dict[str, int]:
    """A tree in numbers.

    Returns
    -------
    dict
        ``Processes`` (with those that are inferred), ``RootProcesses`` (whose parents are not among the rows),
        ``LeafProcesses``, ``BranchProcesses`` (neither root nor leaf), ``IsolatedProcesses`` (root and leaf),
        ``LargestTreeDepth`` (levels), ``InferredProcesses``, ``Records``, ``Hosts``, ``Programs``, ``Users``.

    Examples
    --------
    >>> told = get_summary_info(example_tree())
    >>> told["Processes"], told["RootProcesses"], told["LargestTreeDepth"], told["IsolatedProcesses"]
    (5, 2, 3, 1)
    """
    import numpy as np

    parent = ints(tree, "parent_node")
    is_root, is_leaf = ~np.isin(parent, ints(tree, "node")), ints(tree, "child_count") == 0
    return {
        "Processes": len(is_root),
        "RootProcesses": int(is_root.sum()),
        "LeafProcesses": int(is_leaf.sum()),
        "BranchProcesses": int((~is_root & ~is_leaf).sum()),
        "IsolatedProcesses": int((is_root & is_leaf).sum()),
        "LargestTreeDepth": get_tree_depth(tree),
        "InferredProcesses": int(ints(tree, "is_inferred").sum()),
        "Records": int(ints(tree, "record_count").sum()),
        "Hosts": _different(tree, "proc_host"),
        "Programs": _different(tree, "proc_name"),
        "Users": _different(tree, "proc_user"),
    }


def _different(tree: Any, name: str) -> int:
    import pyarrow.compute as pc

    need_columns(tree, [name])
    return int(pc.count_distinct(column_of(tree, name)).as_py())
