"""The tree of the processes that are stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowsleuth.schema import PROCESS
from flowsleuth.workspace.results import Rows

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.schema.time_range import TimeRange
    from flowsleuth.viz import Spec
    from flowsleuth.workspace import Workspace

MOST = 2_000_000
"""Processes of one tree; of more the first ones."""
_NOT_NEEDED = ("extra", "md5", "sha1", "sha256", "domain", "user_id", "integrity", "is_success", "logon_id")


@dataclass(frozen=True, repr=False)
class ProcessTreeRows(Rows):
    """A process tree: one row a process, a parent before its children.

    Attributes
    ----------
    read_as : str
        Which columns were taken for what, and what became of rows that are no nodes.

    See :func:`flowsleuth.analyze.process_tree.build_process_tree` for the columns.
    """

    read_as: str = ""

    def text(self, most: int | None = 500, width: int | None = 160) -> str:
        """The tree as text; see :func:`flowsleuth.analyze.tree_text.tree_to_text`."""
        from flowsleuth.analyze.tree_text import tree_to_text

        return tree_to_text(self.table, most=most, width=width)

    def summary(self) -> dict[str, int]:
        """The tree in numbers; see :func:`flowsleuth.analyze.relatives.get_summary_info`."""
        from flowsleuth.analyze.relatives import get_summary_info

        return get_summary_info(self.table)

    def figure(self, group_by: str | None = None) -> Spec:
        """The figure of it, coloured by a column (by user when none is named)."""
        from flowsleuth.viz import figure
        from flowsleuth.viz.process_tree import process_tree_section

        made = figure(process_tree_section(self.table, group_by=group_by))
        assert made is not None
        return made

    def started(self) -> pa.Table:
        """The processes that have a row of their own, in the order of their starts."""
        import pyarrow.compute as pc

        return self.table.filter(pc.invert(self.table["is_inferred"])).sort_by("start")

    def of_host(self, host: str) -> ProcessTreeRows:
        """Only the processes of a host, whatever the case of its letters."""
        import pyarrow.compute as pc

        wanted = pc.equal(pc.utf8_lower(self.table["proc_host"]), host.lower())
        return ProcessTreeRows(self.table.filter(wanted), self.read_as)

    def below(self, what: str | int) -> ProcessTreeRows:
        """Only some processes with all that came from them.

        Parameters
        ----------
        what : str or int
            Their process id, decimal or ``0x…``, or their name, in which ``*`` and ``?`` stand for letters.
        """
        from flowsleuth.analyze.relatives import get_trees_below

        return ProcessTreeRows(get_trees_below(self.table, what), self.read_as)

    def _repr_html_(self) -> str:
        """A notebook's picture, which needs no script."""
        from flowsleuth.viz.svg import still_picture

        return still_picture(self.figure())


def process_tree_of(workspace: Workspace, host: str | None, window: TimeRange) -> ProcessTreeRows:
    """Read the processes of a window, and join them.

    Parameters
    ----------
    workspace : Workspace
    host : str, optional
        Only this one, whatever the case of its letters.
    window : TimeRange
    """
    from flowsleuth.analyze.process_tree import process_tree
    from flowsleuth.investigate.queries import stored_within

    rows = stored_within(workspace.store, PROCESS.name, window.start, window.end)
    if host is not None:
        rows = rows.filter(rows.host.lower() == host.lower())
    rows = rows.order_by(["start", "event_id"]).limit(MOST)
    found = workspace.store.arrow(rows.drop(*_NOT_NEEDED))
    tree = process_tree(found, "flowsleuth")
    cut = f"; only the first {MOST:,} processes" if len(found) == MOST else ""
    return ProcessTreeRows(tree.table, tree.read_as() + cut)
