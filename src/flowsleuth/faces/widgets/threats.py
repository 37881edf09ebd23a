"""Threat Investigation: from what was rated high to everything an address did, and a story about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from flowsleuth.errors import OptionError
from flowsleuth.faces.views.figure import Figure
from flowsleuth.faces.widgets import parts
from flowsleuth.faces.widgets.parts import Told
from flowsleuth.faces.widgets.table import RowsTable
from flowsleuth.viz import figures

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.workspace import Workspace

TOP = {
    "sources_by_connections": "Top sources by connections",
    "sources_by_bytes": "Top sources by bytes",
    "destinations_by_connections": "Top destinations by connections",
    "destinations_by_bytes": "Top destinations by bytes",
}


class ThreatInvestigation(widgets.VBox):
    """The panel of the Threat Investigation notebook.

    Parameters
    ----------
    workspace : Workspace
    target : str, optional
        An address or network to begin with.
    start, end : datetime, optional
        The window; open when not given.
    top_results : int
        Rows of the four top tables and lanes of the timeline.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        target: str | None = None,
        start: Any = None,
        end: Any = None,
        top_results: int = 20,
    ) -> None:
        self.workspace, self.window, self.top_results = workspace, (start, end), top_results
        self.told = Told()
        self.threats = widgets.Select(options=[], rows=8, layout=widgets.Layout(width="420px"))
        self.address = parts.text_box("Address or network", "10.0.0.5 or 10.0.0.0/24", target or "", width="360px")
        self.story_title = parts.text_box("Title", width="520px")
        self.comment = widgets.Textarea(description="Comments", layout=widgets.Layout(width="720px", height="90px"))
        self.evidence = widgets.VBox()
        self.found: Any = None
        search = parts.button("Search", self.search, self.told, style="primary", tip="everything this address did")
        save = parts.button("Save", self.save, self.told, style="success", tip="keep title, comments and evidence")
        super().__init__(
            [
                self.told,
                widgets.HBox(
                    [widgets.VBox([parts.heading("Rated high"), self.threats]), widgets.VBox([self.address, search])]
                ),
                self.evidence,
                widgets.VBox([parts.heading("Story"), self.story_title, self.comment, save]),
            ],
            layout=parts.WIDE,
        )
        self.threats.observe(self._chosen, names="value")
        self.refresh()
        if target:
            with self.told.errors():
                self.search()

    def refresh(self) -> None:
        """List the addresses of suspects that were rated high."""
        rows = self.workspace.threats().table.to_pylist()
        self.threats.options = [("choose an address", "")] + [
            (
                f"{row['address']}  {row['suspects']:,} suspects{', has a story' if row['has_story'] else ''}",
                row["address"],
            )
            for row in rows
        ]
        if not rows:
            self.told.say("Nothing was rated high yet; any address can be searched.")

    def _chosen(self, _: object) -> None:
        if self.threats.value:
            self.address.value = self.threats.value

    def search(self) -> None:
        """Expanded search of the address, in / out / two-way, top tables, timeline, chord."""
        target = self.address.value.strip()
        if not target:
            raise OptionError("no address", where="search", hint="choose one of the list or type one")
        start, end = self.window
        self.told.say(f"Searching {target} …")
        self.found = self.workspace.investigate(target, start=start, end=end, top=self.top_results)
        self._fill_story(target)
        self.evidence.children = self._shown()
        self.told.say(f"{len(self.found.search):,} connections, {len(self.found.peers):,} peers.")

    def _fill_story(self, target: str) -> None:
        for row in self.workspace.stories().table.to_pylist():
            if row["target"] == target:
                self.story_title.value, self.comment.value = row["title"], row["text"]
                return

    def _shown(self) -> list[widgets.Widget]:
        found = self.found
        drawn = [Figure(spec=spec) for spec in figures(found.dossier()).values()]
        ways = {
            f"Peers: {way} ({len(rows):,})": _table(rows, way)
            for way, rows in ((way, _of_way(found.peers.table, way)) for way in ("inbound", "outbound", "two way"))
        }
        top = {title: _table(found.top(kind).table, title) for kind, title in TOP.items()}
        search = {f"Expanded search ({len(found.search):,})": _table(found.search.table, "Expanded search")}
        return [parts.folded(search, opened=0), parts.folded(ways), parts.folded(top), *drawn]

    def save(self) -> None:
        """Keep the story; what was saved of this address before is replaced."""
        if self.found is None:
            raise OptionError("nothing was searched yet", where="save", hint="search an address first")
        story = self.found.save_story(title=self.story_title.value, text=self.comment.value)
        self.refresh()
        self.told.say(f"Story {story.story_id} about {story.target} is saved.")


def _of_way(peers: pa.Table, way: str) -> pa.Table:
    import pyarrow.compute as pc

    return peers.filter(pc.equal(peers["way"], way))


def _table(rows: pa.Table, caption: str) -> RowsTable:
    made = RowsTable()
    made.show(rows, rows.column_names, caption)
    return made
