"""Panels for what is decided once and holds from then on: rules, suppressions, heuristics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

import ipywidgets as widgets
import pyarrow as pa

from flowsleuth.faces.widgets import parts
from flowsleuth.faces.widgets.table import RowsTable

if TYPE_CHECKING:
    from flowsleuth.faces.widgets.parts import Told
    from flowsleuth.workspace import Workspace

Refresh = Callable[[], None]


def rules_panel(workspace: Workspace, told: Told, refresh: Refresh) -> widgets.Widget:
    """List, try, add and remove rules."""
    from flowsleuth.triage.conditions import Condition
    from flowsleuth.triage.fields import FIELDS, OPERATORS
    from flowsleuth.triage.rules import Rule

    listed = RowsTable()
    name = parts.text_box("Name", "small packets to low ports")
    field = parts.choice("Field", FIELDS)
    operator = parts.choice("is", OPERATORS, width="120px")
    value = parts.text_box("Value", "1024", width="180px")
    severity = parts.choice("Severity", parts.SEVERITIES, value=2, width="160px")
    conditions: list[Condition] = []

    def show() -> None:
        listed.show(
            workspace.rules().table, ("rule_id", "name", "origin", "severity", "conditions", "matched"), "Rules"
        )

    def made() -> Rule:
        all_of = conditions or [Condition(field.value, operator.value, value.value)]
        return Rule(name=name.value, severity=severity.value, conditions=tuple(all_of))

    def more() -> None:
        conditions.append(Condition(field.value, operator.value, value.value))
        told.say("All of: " + "; ".join(f"{c.field} {c.operator} {c.value}" for c in conditions))

    def preview() -> None:
        found = workspace.preview_rule(made())
        told.say(f"The rule would rate {found.suspects:,} suspects, {found.flows:,} flows.")

    def add() -> None:
        rule_id = workspace.add_rule(made())
        rated = sum(report.suspects for report in workspace.apply_rules() if report.rule_id == rule_id)
        conditions.clear()
        show()
        refresh()
        told.say(f"Rule {rule_id} is in force; it rated {rated:,} suspects.")

    def remove() -> None:
        ids = [listed.rows[at][0] for at in listed.selected]
        for rule_id in ids:
            workspace.remove_rule(int(rule_id))
        show()
        refresh()
        told.say(f"{len(ids)} rules removed.")

    show()
    fields = widgets.HBox([name, field, operator, value, severity], layout=widgets.Layout(flex_flow="row wrap"))
    acts = [
        parts.button("And", more, told, tip="one more condition of the same rule"),
        parts.button("Preview rule", preview, told),
        parts.button("Add rule", add, told, style="primary"),
        parts.button("Remove chosen", remove, told),
    ]
    return widgets.VBox([listed, fields, widgets.HBox(acts)])


def suppressions_panel(workspace: Workspace, told: Told, refresh: Refresh) -> widgets.Widget:
    """List, try, make and lift suppressions."""
    from flowsleuth.triage.suppressions import KINDS

    listed = RowsTable()
    kind = parts.choice("Kind", KINDS, width="160px")
    value = parts.text_box("Value", "10.0.0.53")
    reason = parts.text_box("Reason", "our scanner")
    days = parts.text_box("Days", "for ever", width="120px")

    def show() -> None:
        listed.show(
            workspace.suppressions().table,
            ("suppression_id", "kind", "value", "reason", "until", "analyst"),
            "In force",
        )

    def preview() -> None:
        found = workspace.preview_suppression(kind.value, value.value)
        told.say(f"This would hide {found.suspects:,} suspects, {found.flows:,} flows.")

    def suppress() -> None:
        lasts = float(days.value) if days.value.strip() else None
        workspace.suppress(kind.value, value.value, reason=reason.value, days=lasts)
        show()
        refresh()
        told.say(f"{kind.value} {value.value} is suppressed.")

    def lift() -> None:
        for at in listed.selected:
            workspace.lift(int(listed.rows[at][0]))
        show()
        refresh()
        told.say("Lifted.")

    show()
    acts = [
        parts.button("Preview suppression", preview, told),
        parts.button("Suppress", suppress, told, style="primary"),
        parts.button("Lift chosen", lift, told),
    ]
    fields = widgets.HBox([kind, value, reason, days], layout=widgets.Layout(flex_flow="row wrap"))
    return widgets.VBox([listed, fields, widgets.HBox(acts)])


def heuristics_panel(workspace: Workspace, told: Told) -> widgets.Widget:
    """Run the named checks."""
    found = RowsTable()

    def run() -> None:
        findings = workspace.heuristics()
        rows = pa.Table.from_pylist([asdict(finding) for finding in findings])
        found.show(rows, ("name", "src_ip", "dst_ip", "count", "flows", "first_seen", "last_seen", "says"), "Findings")
        told.say(f"{len(findings)} findings.")

    return widgets.VBox([parts.button("Run heuristics", run, told), found])
