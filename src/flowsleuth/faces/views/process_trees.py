"""Process trees as pictures whose lines can be marked, and read back as rows."""

from __future__ import annotations

from typing import Any

from flowsleuth.faces.views.display import Display, shown
from flowsleuth.viz.process_tree import process_tree_section


class ProcessTreeDisplay(Display):
    """A picture of a process tree; ``value`` are the rows of the processes that are marked in it.

    Parameters
    ----------
    tree : table
        What :func:`flowsleuth.analyze.process_tree.build_process_tree` gives, or some rows of it.
    group_by : str, optional
        The column that decides the colour; by user when not given.
    title, note : str

    Examples
    --------
    >>> from flowsleuth.analyze.tree_rows import example_tree
    >>> shown = ProcessTreeDisplay(example_tree())
    >>> shown.pick(1, 3)
    >>> shown.value["proc_name"].to_pylist()
    ['cmd.exe', 'reg.exe']
    """

    def __init__(self, tree: Any, *, group_by: str | None = None, title: str = "Process tree", note: str = "") -> None:
        super().__init__(process_tree_section(tree, group_by=group_by, title=title, note=note))
        self.tree = tree
        self._picked: list[int] = []

    @property
    def nodes(self) -> list[int]:
        """The nodes that are marked: by click (with Ctrl or Shift several) or Enter, or by :meth:`pick`."""
        live = self.picked
        return self._picked if live is None else [int(node) for node in live.get("nodes", [])]

    @property
    def value(self) -> Any:
        """The rows of the processes that are marked, in the make of the tree."""
        import numpy as np

        from flowsleuth.analyze.tree_rows import ints, rows_where

        return rows_where(self.tree, np.isin(ints(self.tree, "node"), self.nodes))

    def pick(self, *nodes: int) -> None:
        """Mark processes, instead of by hand.

        Parameters
        ----------
        *nodes : int
            Their ``node``.
        """
        self._picked = list(nodes)
        if self._widget is not None:
            self._widget.set_trait("picked", {"nodes": self._picked} if nodes else None)


def build_and_show_process_tree(
    data: Any,
    schema: Any = None,
    legend_col: str | None = None,
    *,
    title: str = "Process tree",
    hide: bool = False,
) -> ProcessTreeDisplay:
    """Build the tree of processes and show it.

    Parameters
    ----------
    data : table
        pandas, polars or Arrow; one row for each process that was started.
    schema : ProcessSchema, mapping or str, optional
        Which columns tell what; guessed when not given. See :func:`flowsleuth.analyze.process_tree.build_process_tree`.
    legend_col : str, optional
        The column that decides the colour; by user when not given.
    title : str
    hide : bool
        Do not show it where it is called in a notebook.

    Raises
    ------
    OptionError
        No schema fits, or there is no such column.

    Examples
    --------
    >>> import pyarrow as pa
    >>> procs = pa.table({"name": ["sh", "curl"], "pid": [7, 9], "parent_pid": [1, 7], "user": ["root", "root"]})
    >>> build_and_show_process_tree(procs, legend_col="user")
    <Display of Process tree: 3 processes in 1 tree; read as flowsleuth (process pid, parent parent_pid, name name, no time, one host)>
    """  # noqa: E501
    from flowsleuth.analyze.process_tree import process_tree
    from flowsleuth.schema.tabular import like

    made = process_tree(data, schema)
    return shown(
        ProcessTreeDisplay(like(made.table, data), group_by=legend_col, title=title, note=made.read_as()), hide
    )


def plot_process_tree(
    data: Any, schema: Any = None, legend_col: str | None = None, *, title: str = "Process tree", hide: bool = False
) -> ProcessTreeDisplay:
    """Show a process tree, which is built first when ``data`` is none yet.

    Examples
    --------
    >>> from flowsleuth.analyze.tree_rows import example_tree
    >>> plot_process_tree(example_tree(), legend_col="proc_name")
    <Display of Process tree: 5 processes in 2 trees>
    """
    from flowsleuth.schema.tabular import column_names
    from flowsleuth.viz.process_tree import COLUMNS

    if not set(COLUMNS) <= set(column_names(data)):
        return build_and_show_process_tree(data, schema, legend_col, title=title, hide=hide)
    return shown(ProcessTreeDisplay(data, group_by=legend_col, title=title), hide)
