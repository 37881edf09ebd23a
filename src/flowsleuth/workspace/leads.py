"""Leads and findings as they are asked for, and the flows behind them."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from flowsleuth.errors import OptionError
from flowsleuth.schema.addresses import canonical_address
from flowsleuth.workspace.queue import checked_dates

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.store import Store

By = Literal["host", "pair"]
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class LeadQuestion:
    """Which leads are asked for.

    Attributes
    ----------
    by : ``host`` or ``pair``
    top : int or None
        How many; None for all.
    ip : str or None
        Only those with this address.
    dates : tuple of str or None
        Only these days, ``YYYY-MM-DD``.
    detector : str or None
        Only those with a finding of this one.
    """

    by: By = "host"
    top: int | None = 250
    ip: str | None = None
    dates: tuple[str, ...] | None = None
    detector: str | None = None

    def __post_init__(self) -> None:
        if self.top is not None and self.top < 1:
            raise OptionError("must be at least 1", where=f"--top {self.top}")
        checked_dates(self.dates)
        if self.ip is not None:
            try:
                object.__setattr__(self, "ip", canonical_address(self.ip))
            except ValueError as error:
                raise OptionError(str(error), where=f"--ip {self.ip}") from None


def find_leads(store: Store, question: LeadQuestion) -> pa.Table:
    """Leads in order of their chance, least first: rows of ``schema.LEAD``, of all days together.

    ``rank`` is the place in the day's own list.
    """
    import ibis

    lead = store.table("lead", question.dates)
    lead = lead.filter(lead.by == question.by)
    if question.ip is not None:
        lead = lead.filter((lead.host == question.ip) | (lead.src_ip == question.ip) | (lead.dst_ip == question.ip))
    if question.detector is not None:
        lead = lead.filter((ibis.literal(", ") + lead.detectors + ",").contains(f", {question.detector},"))
    ordered = lead.order_by([lead.p_value, lead.q_value, ibis.desc("surprise"), ibis.desc("day"), lead["rank"]])
    return store.arrow(ordered if question.top is None else ordered.limit(question.top))


def find_findings(
    store: Store,
    *,
    lead_id: int | None = None,
    host: str | None = None,
    detector: str | None = None,
    dates: tuple[str, ...] | None = None,
) -> pa.Table:
    """Findings, the least likely first: rows of ``schema.FINDING``.

    Raises
    ------
    OptionError
        No lead has this id.
    """
    finding = store.table("finding", checked_dates(dates))
    if lead_id is not None:
        finding = finding.filter(finding.finding_id.isin(json.loads(one_lead(store, lead_id)["finding_ids"]) or [0]))
    if host is not None:
        finding = finding.filter(finding.host == canonical_address(host))
    if detector is not None:
        finding = finding.filter(finding.detector == detector)
    return store.arrow(finding.order_by([finding.p_value, finding.finding_id]))


def one_lead(store: Store, lead_id: int) -> dict[str, Any]:
    """A lead by its id.

    Raises
    ------
    OptionError
        There is none.
    """
    lead = store.table("lead")
    rows: list[dict[str, Any]] = store.arrow(lead.filter(lead.lead_id == lead_id)).to_pylist()
    if not rows:
        raise OptionError("no such lead", where=str(lead_id), hint="ids: flowsleuth suspects --by host --format json")
    return rows[0]


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
    found = flow.filter(_ends(flow, row)).order_by(["start", "flow_id"])
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
