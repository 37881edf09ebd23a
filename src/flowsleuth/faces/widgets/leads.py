"""Leads in a notebook: hosts or pairs by all evidence of a day, what is behind each, ratings, and the host's page."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import pyarrow as pa

from flowsleuth.errors import OptionError
from flowsleuth.faces.views.figure import Figure
from flowsleuth.faces.widgets import parts
from flowsleuth.faces.widgets.parts import Told
from flowsleuth.faces.widgets.table import RowsTable
from flowsleuth.viz import figures

if TYPE_CHECKING:
    from flowsleuth.investigate.dossier import Dossier
    from flowsleuth.workspace import Workspace

COLUMNS = (
    "day", "rank", "score", "q_value", "severity", "host", "role", "dst_ip", "server_name", "service_port", "proto",
    "flows", "detectors", "technique", "reason", "normal_if", "first_seen", "last_seen",
)  # fmt: skip
"""Those of which the list knows nothing are left out: a host has no peer."""
FINDINGS = ("detector", "p_value", "technique", "dst_ip", "server_name", "service_port", "flows", "reason", "evidence")
FLOWS = (
    "start", "src_ip", "src_port", "dst_ip", "dst_port", "proto", "conn_state", "src_bytes", "dst_bytes",
    "server_name", "source_file", "source_row", "flow_id",
)  # fmt: skip
SHOWN = 250


class LeadReview(widgets.VBox):
    """Ranked hosts or pairs; the chosen one's findings and raw flows, its rating, and its host's page.

    Parameters
    ----------
    workspace : Workspace
    by : ``host`` or ``pair``
    dates : sequence of str, optional
        Only these UTC days.
    """

    def __init__(self, workspace: Workspace, *, by: str = "host", dates: Any = None) -> None:
        self.workspace, self.dates = workspace, dates
        self.told = Told()
        self.by = parts.choice("Ranked", (("hosts", "host"), ("pairs", "pair")), value=by, width="160px")
        self.state = parts.choice("State", ("open", "rated", "all"), width="160px")
        self.address = parts.text_box("Address", "10.0.0.5 or 10.0.0.0/8")
        self.text = parts.text_box("Words", "beacons, a name, a technique")
        self.listed, self.evidence = RowsTable(), widgets.VBox()
        self.severity = parts.choice("Severity", parts.SEVERITIES, value=3, width="160px")
        self.comment = parts.text_box("Comment", width="360px")
        self.rows: list[dict[str, Any]] = []
        for box in (self.by, self.state, self.address, self.text):
            box.observe(lambda _: self._refreshed(), names="value")
        acts = [
            parts.button("Evidence", self.explain, self.told, style="primary", tip="what the chosen one rests on"),
            parts.button("Host page", self.show_host, self.told, tip="standing by day, peers, findings, raw flows"),
            self.severity,
            self.comment,
            parts.button("Rate chosen", self.rate, self.told, tip="rated low, its findings do not come back"),
            parts.button("Undo", self.undo, self.told, tip="take your latest rating back"),
        ]
        wrapped = widgets.Layout(flex_flow="row wrap")
        super().__init__(
            [
                self.told,
                widgets.HBox([self.by, self.state, self.address, self.text], layout=wrapped),
                self.listed,
                widgets.HBox(acts, layout=wrapped),
                self.evidence,
            ],
            layout=parts.WIDE,
        )
        self._refreshed()

    def _refreshed(self) -> None:
        with self.told.errors():
            self.refresh()

    def refresh(self) -> None:
        """List the leads that the fields ask for."""
        from flowsleuth.workspace.lead_list import LeadFilter

        narrow = {"dates": self.dates, "ip": self.address.value.strip() or None, "text": self.text.value or None}
        page = self.workspace.leads(LeadFilter(self.by.value, self.state.value, **narrow), size=SHOWN)
        self.rows = page.rows.table.to_pylist()
        rows = _by_date(page.rows.table)
        told = [name for name in COLUMNS if not len(rows) or rows[name].null_count < len(rows)]
        self.listed.show(rows, told, "Hosts" if self.by.value == "host" else "Pairs")
        hidden = f"; {page.hidden:,} are rated low or suppressed" if page.hidden else ""
        self.told.say(
            f"{page.total:,} leads; of the first {page.down_to:,} some {page.expected_false:.1f} are expected to be "
            f"false{hidden}."
        )

    def _chosen(self) -> list[dict[str, Any]]:
        found = [self.rows[at] for at in self.listed.selected if at < len(self.rows)]
        if not found:
            raise OptionError("no lead is chosen", where="leads", hint="choose a row of the list")
        return found

    def explain(self) -> None:
        """The findings behind the chosen lead, each with its first raw flows."""
        lead = self._chosen()[0]
        found = self.workspace.explain_lead(lead["lead_id"])
        assert found is not None
        shown: dict[str, widgets.Widget] = {}
        for one in found.findings:
            row = one.finding
            table = pa.Table.from_pylist([{name: row[name] for name in FINDINGS} | {"evidence": str(row["evidence"])}])
            title = f"{row['detector']}: p {row['p_value']:.3g}, {row['flows']:,} flows"
            shown[title] = widgets.VBox(
                [_table(table, FINDINGS, "Finding"), _table(one.flows.table, FLOWS, "The first of its raw flows")]
            )
        self.evidence.children = [parts.folded(shown, opened=0)]

    def show_host(self) -> None:
        """The page of the chosen lead's host."""
        host = self._chosen()[0]["host"]
        self.told.say(f"Putting together what is known of {host} …")
        self.evidence.children = page_parts(self.workspace.host_page(host))
        self.told.say(f"Host {host}.")

    def rate(self) -> None:
        """Rate what is chosen."""
        leads = [row["lead_id"] for row in self._chosen()]
        made = self.workspace.rate(self.severity.value, leads=leads, why=self.comment.value)
        self.refresh()
        self.told.say(f"Rating {made.rating_id}: {made.suspects:,} leads, {made.flows:,} flows.")

    def undo(self) -> None:
        """Take the analyst's latest rating back."""
        rating_id = self.workspace.undo()
        self.refresh()
        self.told.say(f"Rating {rating_id} was taken back.")


def page_parts(dossier: Dossier) -> list[widgets.Widget]:
    """A host's page: what is told in words, figures, then tables that fold."""
    drawn = figures(dossier)
    words = [f"{one.title}: {one.absent or one.text}" for one in dossier.sections if one.kind == "text"]
    told = [widgets.HTML(f"<p>{escape(line)}</p>") for line in (dossier.title, *words)]
    tables = {
        f"{one.title} ({len(one.table):,})": _table(one.table, one.table.column_names, one.title)
        for one in dossier.sections
        if one.table is not None and one.id not in drawn and one.absent is None
    }
    return [*told, *(Figure(spec=spec) for spec in drawn.values()), parts.folded(tables)]


def _by_date(rows: pa.Table) -> pa.Table:
    """With the day as a date."""
    return rows.set_column(rows.schema.get_field_index("day"), "day", rows["day"].cast(pa.date32()))


def _table(rows: pa.Table, columns: Any, caption: str) -> RowsTable:
    made = RowsTable()
    made.show(rows, columns, caption)
    return made
