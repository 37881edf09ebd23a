"""What a lead or a finding rests on: each finding with its numbers and the raw flows behind it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowsleuth.detect.one_list.leads import FLOW_DETECTOR
from flowsleuth.errors import OptionError
from flowsleuth.schema.addresses import canonical_address
from flowsleuth.workspace.queue import checked_dates
from flowsleuth.workspace.results import Rows

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

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
    found = behind(store, number)
    if found is None:
        return None
    told = [_evidence(store, row, flows) for row in found.slice(0, FINDINGS).to_pylist()]
    return LeadExplanation(_lead(store, desk, number), told, max(len(found) - FINDINGS, 0))


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


def behind(store: Store, number: int) -> pa.Table | None:
    """The findings behind a lead, in its order; a finding's own id gives that one. None where neither has the id."""
    import pyarrow as pa

    from flowsleuth.workspace.lead_findings import findings_of

    lead, finding = store.table("lead"), store.table("finding")
    leads = store.arrow(lead.filter(lead.lead_id == number).select("day", "finding_ids"))
    if len(leads):
        found = findings_of(store, leads)
        return found.rows.take(pa.array(found.finding, pa.int64()))
    rows = store.arrow(finding.filter(finding.finding_id == number))
    return rows if len(rows) else None


def find_findings(
    store: Store,
    *,
    lead_id: int | None = None,
    host: str | None = None,
    detector: str | None = None,
    dates: Sequence[str] | None = None,
) -> pa.Table:
    """Rows of ``schema.FINDING``; see :meth:`flowsleuth.Workspace.findings`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    days, asked = checked_dates(dates), {"host": host and _address(host), "detector": detector}
    given = {name: value for name, value in asked.items() if value is not None}
    if lead_id is None:
        finding = store.table("finding", days)
        for name, value in given.items():
            finding = finding.filter(finding[name] == value)
        return store.arrow(finding.order_by([finding.p_value, finding.finding_id]))
    rows = behind(store, lead_id)
    if rows is None:
        hint = "take a lead_id of: flowsleuth suspects --by host"
        raise OptionError("no lead or finding has this id", where=str(lead_id), hint=hint)
    for name, value in given.items():
        rows = rows.filter(pc.equal(rows[name], value))
    if days is not None:
        rows = rows.filter(pc.is_in(pc.strftime(rows["day"], format="%Y-%m-%d"), pa.array(days, pa.string())))
    return rows


def _address(text: str) -> str:
    try:
        return canonical_address(text)
    except ValueError as error:
        raise OptionError(str(error), where=text[:100]) from None


def _evidence(store: Store, row: dict[str, Any], flows: int) -> FindingEvidence:
    told = row | {"evidence": json.loads(row["evidence"])}
    return FindingEvidence(told, Rows(finding_flows(store, row, flows)))


def finding_flows(store: Store, row: dict[str, Any], top: int | None = 1_000) -> pa.Table:
    """The flows that a finding, or a lead about a pair, rests on, the earliest first: rows of ``schema.FLOW``.

    Parameters
    ----------
    store : Store
    row : dict
        A row of ``schema.FINDING`` or ``schema.LEAD``.
    top : int or None
    """
    first, last = row["first_seen"], row["last_seen"]
    flow = store.table("flow", store.days("flow", first, last))
    flow = flow.filter((flow.start >= first) & (flow.start <= last))
    if row.get("detector") == FLOW_DETECTOR:
        score = store.table("score", [str(row["day"].date())], tag=FLOW_DETECTOR)
        found = flow.semi_join(score.filter(score.suspect_id == row["finding_id"]), "flow_id")
    else:
        found = flow.filter(_ends(flow, row))
    found = found.order_by(["start", "flow_id"])
    return store.arrow(found if top is None else found.limit(top))


def _ends(flow: ir.Table, row: dict[str, Any]) -> ir.BooleanValue:
    import ibis

    source = row["src_ip"] or row["host"]
    one = flow.src_ip == source
    if row["dst_ip"]:
        one &= flow.dst_ip == row["dst_ip"]
    elif row["server_name"]:
        one &= flow.server_name.lower() == row["server_name"]
    elif row["src_ip"] is None:
        one |= flow.dst_ip == source
    if row["proto"]:
        one &= flow.proto == row["proto"]
    if row["service_port"] is not None:
        port = ibis.literal(row["service_port"])
        one &= (flow.dst_port == port) | (flow.src_port == port)
    return one
