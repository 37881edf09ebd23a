"""The entity graph of alerts, live: nodes are chosen in the picture or the list, looked at, expanded, noted on."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from flowsleuth.errors import OptionError
from flowsleuth.faces.views.figure import Figure
from flowsleuth.faces.views.graphs import plot_entity_graph
from flowsleuth.faces.widgets import parts
from flowsleuth.faces.widgets.panel import Panel

if TYPE_CHECKING:
    from flowsleuth.analyze.alerts import AlertGraph


class EntityGraphBrowser(Panel):
    """The graph, a list of its nodes, what is known of the chosen one, and buttons that let the graph grow.

    Parameters
    ----------
    graph : AlertGraph
        It is changed: what is expanded or noted here is in it.
    title : str
    expands : bool
        Expand a node when it is chosen in the picture.
    auto_display : bool

    Examples
    --------
    >>> from flowsleuth.analyze.alerts import create_alert_graph
    >>> scan = {"SystemAlertId": "a", "AlertName": "Scan", "CompromisedEntity": "web1"}
    >>> logon = {"SystemAlertId": "b", "AlertName": "<b>Logon</b>", "CompromisedEntity": "WEB1"}
    >>> browser = EntityGraphBrowser(create_alert_graph(scan, [scan, logon]))
    >>> browser.nodes.value = "host:web1"
    >>> browser.expand()
    >>> browser.value, len(browser.graph), "<b>Logon" in browser.card.value
    ('host:web1', 3, False)
    """

    def __init__(
        self, graph: AlertGraph, *, title: str = "", expands: bool = False, auto_display: bool = False
    ) -> None:
        self.graph, self._title = graph, title
        self.told = parts.Told()
        self.figure = Figure(spec=self._spec())
        self.nodes = widgets.Select(options=[], rows=12, layout=widgets.Layout(width="380px"))
        self.expands = widgets.Checkbox(value=expands, description="Expand when chosen in the picture", indent=False)
        self.note = parts.text_box("Note", "what you found out", width="380px")
        self.card = widgets.HTML(layout=widgets.Layout(max_height="360px", overflow="auto", width="560px"))
        acts = [
            parts.button("Expand", self.expand, self.told, style="primary", tip="ask what more is known about it"),
            parts.button("Add note", self.add_note, self.told),
            parts.button("Remove", self.remove, self.told, tip="take the node out of the graph"),
        ]
        left = widgets.VBox([parts.heading("Nodes"), self.nodes, widgets.HBox(acts), self.expands, self.note])
        super().__init__([self.figure, widgets.HBox([left, self.card])])
        self.nodes.observe(lambda _: self._show(), names="value")
        self.figure.observe(lambda change: self._picked(change["new"]), names="picked")
        self.refresh()
        if auto_display:
            self.display()

    @property
    def value(self) -> str | None:
        """Id of the chosen node."""
        chosen: str | None = self.nodes.value
        return chosen

    @property
    def thing(self) -> Any:
        """What the chosen node is: an entity, an alert, an event; None for a note."""
        return None if self.value is None else self.graph[self.value].thing

    def refresh(self) -> None:
        """Draw the graph as it is now; after it was changed elsewhere, too."""
        kept = self.value
        rows = self.graph.nodes.to_pylist()
        self.figure.spec = self._spec()
        listed = [(f"{row['kind']}: {row['label']}"[:120] + f"  [{row['id'][-12:]}]", row["id"]) for row in rows]
        self.nodes.options = listed
        ids = [row["id"] for row in rows]
        self.nodes.value = kept if kept in ids else (ids[0] if ids else None)
        self._show()

    def _spec(self) -> dict[str, Any]:
        return plot_entity_graph(self.graph, self._title, hide=True).spec

    def expand(self) -> None:
        """Ask what more is known about the chosen node."""
        new = self.graph.expand(self._chosen())
        self.refresh()
        self.told.say(f"{len(new)} new node{'' if len(new) == 1 else 's'}")

    def add_note(self) -> None:
        """Put the note to the chosen node."""
        if not self.note.value.strip():
            raise OptionError("the note is empty", where="note")
        self.graph.add_note(self.note.value, attached_to=self._chosen())
        self.note.value = ""
        self.refresh()

    def remove(self) -> None:
        """Take the chosen node out."""
        self.graph.remove_node(self._chosen())
        self.refresh()

    def _chosen(self) -> str:
        if self.value is None:
            raise OptionError("no node is chosen", where="graph")
        return self.value

    def _picked(self, picked: dict[str, Any] | None) -> None:
        if picked and picked.get("name") in self.graph:
            self.nodes.value = picked["name"]
            if self.expands.value:
                self.expand()

    def _show(self) -> None:
        """What is known of the chosen node."""
        if self.value is None or self.value not in self.graph:
            self.card.value = ""
            return
        node = self.graph[self.value]
        html = getattr(node.thing, "_repr_html_", None)
        self.card.value = html() if callable(html) else f"<p>{escape(node.description or node.label)}</p>"
