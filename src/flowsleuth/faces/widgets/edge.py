"""Edge Investigation: the queue of suspects, rated by selection, by four fields or by one address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from flowsleuth.errors import OptionError
from flowsleuth.faces.widgets import parts
from flowsleuth.faces.widgets.decisions import heuristics_panel, rules_panel, suppressions_panel
from flowsleuth.faces.widgets.parts import ANY, Told
from flowsleuth.faces.widgets.table import RowsTable

if TYPE_CHECKING:
    from flowsleuth.workspace import Workspace

FIELDS = {
    "src_ip": "Source address",
    "dst_ip": "Destination address",
    "src_port": "Source port",
    "dst_port": "Destination port",
}
COLUMNS = (
    "rank", "score", "severity", "moved", "src_ip", "dst_ip", "dst_port", "proto", "flows", "reason", "moved_why",
    "server_name", "first_seen", "src_port", "src_bytes", "dst_bytes",
)  # fmt: skip
FILTERS = {
    "ip": ("Either end", "10.0.0.0/8"),
    "proto": ("Protocol", "tcp"),
    "direction": ("Direction", "outbound"),
    "min_bytes": ("Bytes from", "1000000"),
    "reason": ("Reason holds", "sweep"),
}


class EdgeInvestigation(widgets.VBox):
    """The panel of the Edge Investigation notebook.

    Parameters
    ----------
    workspace : Workspace
        Open, and scored.
    detector : str, optional
        Whose queue; the default detector's when not given.
    coff : int
        Most values in each of the four lists, and rows in the table.
    """

    def __init__(self, workspace: Workspace, *, detector: str | None = None, coff: int = 250) -> None:
        self.workspace, self.detector, self.coff = workspace, detector, coff
        self.told = Told()
        self.lists = {name: parts.value_list(label) for name, label in FIELDS.items()}
        self.filters = {name: parts.text_box(label, hint, width="230px") for name, (label, hint) in FILTERS.items()}
        self.state = parts.choice("Show", [("unrated", "unrated"), ("rated", "rated"), ("all", "all")], width="150px")
        self.order = parts.choice("Order", ["rank", "severity", "first_seen", "src_bytes", "flows"], width="160px")
        self.address = parts.text_box("Quick address", "either end, with the lists above", width="340px")
        self.severity = widgets.RadioButtons(options=parts.SEVERITIES, value=3, description="Severity")
        self.comment = parts.text_box("Comment", "why", width="420px")
        self.table = RowsTable()
        self.history = RowsTable()
        self.shown: Any = None
        self._is_asking = False
        super().__init__(self._children(), layout=parts.WIDE)
        for box in (*self.lists.values(), *self.filters.values(), self.state, self.order):
            box.observe(lambda _: self.refresh(), names="value")
        self.refresh()

    def _children(self) -> list[widgets.Widget]:
        lists = [widgets.VBox([parts.heading(FIELDS[name]), box]) for name, box in self.lists.items()]
        act = [
            parts.button("Preview", self.preview, self.told, tip="what a rating would match, before it is made"),
            parts.button("Rate", self.rate, self.told, style="primary", tip="rate exactly what the preview tells"),
            parts.button("Undo", self.undo, self.told, tip="take the last rating back"),
            parts.button("Save", self.save, self.told, tip="order by severity, then score, and show what is left"),
        ]
        self.buttons = {made.description: made for made in act}
        more = {
            "History": self.history,
            "Rules": rules_panel(self.workspace, self.told, self.refresh),
            "Suppressions": suppressions_panel(self.workspace, self.told, self.refresh),
            "Heuristics": heuristics_panel(self.workspace, self.told),
        }
        return [
            self.told,
            widgets.HBox([self.state, self.order, *self.filters.values()], layout=widgets.Layout(flex_flow="row wrap")),
            widgets.HBox(lists, layout=widgets.Layout(flex_flow="row wrap")),
            widgets.HBox([self.severity, widgets.VBox([self.address, self.comment, widgets.HBox(act)])]),
            self.table,
            parts.folded(more),
        ]

    # what is asked for --------------------------------------------------------------------------------------------

    def criteria(self) -> dict[str, Any]:
        """What a rating is about: the chosen rows, or else the lists and the quick address together."""
        if self.table.selected:
            ids = self.shown["suspect_id"].to_pylist()
            return {"suspects": [ids[at] for at in self.table.selected]}
        chosen: dict[str, Any] = {name: box.value for name, box in self.lists.items() if box.value != ANY}
        if self.address.value.strip():
            chosen["ip"] = self.address.value.strip()
        if not chosen:
            raise OptionError(
                "nothing is chosen", where="rating", hint="choose rows, values of the lists or an address"
            )
        return chosen

    def filter(self) -> Any:
        """The queue's filter, as set in the panel."""
        from flowsleuth.triage.filters import QueueFilter

        asked: dict[str, Any] = {name: box.value.strip() for name, box in self.filters.items() if box.value.strip()}
        if "min_bytes" in asked:
            if not asked["min_bytes"].isdigit():
                raise OptionError("not a whole number", where="Bytes from")
            asked["min_bytes"] = int(asked["min_bytes"])
        asked |= {name: box.value for name, box in self.lists.items() if box.value != ANY}
        return QueueFilter(state=self.state.value, **asked)

    # what is done -------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Ask the queue again."""
        if self._is_asking:  # new values in a list are no choice
            return
        self._is_asking = True
        try:
            with self.told.errors():
                self._refresh()
        finally:
            self._is_asking = False

    def _refresh(self) -> None:
        asked = self.filter()
        page = self.workspace.queue(asked, detector=self.detector, sort=self.order.value, size=self.coff)
        self.shown = page.rows.table
        counts = page.counts
        told = ", ".join(f"{counts[name]:,} {name}" for name in ("unrated", "rated", "suppressed"))
        self.table.show(self.shown, COLUMNS, f"{page.detector}: {told}; {page.total:,} match")
        values = self.workspace.queue_values(asked, detector=self.detector, top=self.coff)
        for name, box in self.lists.items():
            parts.fill_list(box, values[name])
        history = self.workspace.ratings(limit=100).table
        self.history.show(
            history, ("rating_id", "made", "analyst", "severity", "suspects", "flows", "criteria", "comment"), "Ratings"
        )

    def preview(self) -> None:
        """Say what a rating would match."""
        found = self.workspace.preview(**self.criteria(), detector=self.detector)
        self.told.say(f"This would rate {found.suspects:,} suspects, {found.flows:,} flows.")

    def rate(self) -> None:
        """Rate what is chosen."""
        done = self.workspace.rate(
            self.severity.value, **self.criteria(), why=self.comment.value, detector=self.detector
        )
        self.address.value = ""
        self.refresh()
        self.told.say(
            f"Rated {done.suspects:,} suspects, {done.flows:,} flows as {done.severity} (no. {done.rating_id})."
        )

    def undo(self) -> None:
        """Take the last rating back."""
        rating_id = self.workspace.undo()
        self.refresh()
        self.told.say(f"Rating {rating_id} is taken back.")

    def save(self) -> None:
        """Order by severity, then score, as ONI's Save did; every rating is kept from the moment it is made."""
        self.order.value = "severity"
        self.refresh()
        self.told.say(
            "In order of severity, then score. Ratings are kept as they are made; nothing else is to be saved."
        )
