"""What a lead or a finding rests on: each finding with its numbers and the raw flows behind it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.workspace.results import Rows

if TYPE_CHECKING:
    from flowsleuth.store import Store
    from flowsleuth.workspace.lead_desk import LeadDesk

FINDINGS, FLOWS = 10, 5
"""Findings that are shown with their flows, and flows of each; all of them are one call away."""


@dataclass(frozen=True)
class FindingEvidence:
    """One finding.

    Attributes
    ----------
    finding : dict
        A row of ``schema.FINDING``; ``evidence`` is read already.
    flows : Rows
        The first of the flows behind it, rows of ``schema.FLOW``: ``source_file`` and ``source_row`` among them.
    """

    finding: dict[str, Any]
    flows: Rows


@dataclass(frozen=True)
class LeadExplanation:
    """What is known of a lead, or of a finding.

    Attributes
    ----------
    lead : dict or None
        The lead as it stands; None when a finding was asked for.
    findings : list of FindingEvidence
        The strongest first.
    more : int
        Findings that are not among them.
    """

    lead: dict[str, Any] | None
    findings: list[FindingEvidence] = field(default_factory=list)
    more: int = 0


def explain_lead(store: Store, desk: LeadDesk, number: int, *, flows: int = FLOWS) -> LeadExplanation | None:
    """Explain a lead or a finding by its id; None where neither has it.

    Parameters
    ----------
    store : Store
    desk : LeadDesk
    number : int
        A ``lead_id`` or a ``finding_id``.
    flows : int
        How many flows of each finding.
    """
    if (lead := _lead(store, desk, number)) is not None:
        return of_lead(store, lead, flows=flows)
    finding = store.table("finding")
    rows = store.arrow(finding.filter(finding.finding_id == number)).to_pylist()
    return LeadExplanation(None, [_evidence(store, rows[0], flows)]) if rows else None


def _lead(store: Store, desk: LeadDesk, number: int) -> dict[str, Any] | None:
    """A lead as it stands."""
    import numpy as np

    from flowsleuth.workspace.lead_list import standing_rows

    lead = store.table("lead")
    stored = store.arrow(lead.filter(lead.lead_id == number).select("by", "day")).to_pylist()
    if not stored:
        return None
    view = desk.view(stored[0]["by"], [stored[0]["day"].date().isoformat()])
    at = np.flatnonzero(view.rows["lead_id"].to_numpy() == number)
    found: dict[str, Any] = standing_rows(desk, view, at).to_pylist()[0]
    return found


def of_lead(store: Store, lead: dict[str, Any], *, flows: int = FLOWS, most: int = FINDINGS) -> LeadExplanation:
    """The findings behind a lead, in its order."""
    found = findings_behind(store, lead)
    return LeadExplanation(lead, [_evidence(store, row, flows) for row in found[:most]], max(len(found) - most, 0))


def findings_behind(store: Store, lead: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of the findings behind a lead, the strongest first; groups of flows that were fused among them."""
    import pyarrow as pa

    from flowsleuth.workspace.lead_findings import findings_of

    listed = json.loads(lead["finding_ids"])
    one = pa.table({"day": pa.array([lead["day"]], pa.timestamp("us", tz="UTC")), "finding_ids": [lead["finding_ids"]]})
    behind = findings_of(store, one)
    rows = {row["finding_id"]: row for row in behind.rows.take(pa.array(behind.finding)).to_pylist()}
    return [rows[number] for number in listed if number in rows]


def behind(store: Store, number: int) -> list[dict[str, Any]]:
    """See :meth:`flowsleuth.Workspace.behind_lead`."""
    lead, finding = store.table("lead"), store.table("finding")
    if rows := store.arrow(lead.filter(lead.lead_id == number).select("day", "finding_ids")).to_pylist():
        return findings_behind(store, rows[0])
    found: list[dict[str, Any]] = store.arrow(finding.filter(finding.finding_id == number)).to_pylist()
    if not found:
        hint = "take a lead_id of: flowsleuth suspects --by host"
        raise OptionError("no lead or finding has this id", where=str(number), hint=hint)
    return found


def _evidence(store: Store, row: dict[str, Any], flows: int) -> FindingEvidence:
    from flowsleuth.workspace.leads import finding_flows

    told = row | {"evidence": json.loads(row["evidence"])}
    return FindingEvidence(told, Rows(finding_flows(store, row, flows)))
