"""Leads rated: a label on the lead, which teaches, and one on each finding behind it, which sets it aside or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from flowsleuth.errors import OptionError
from flowsleuth.triage.conditions import AllOf, Condition
from flowsleuth.triage.filters import check_severity
from flowsleuth.triage.set_aside import FLOWS_FOUND_BY, OF_FINDING, OF_LEAD, as_flows, meets
from flowsleuth.workspace.lead_desk import KINDS, with_source
from flowsleuth.workspace.lead_findings import findings_of
from flowsleuth.workspace.queue_parts import LEADS
from flowsleuth.workspace.rating import PREVIEWED, Preview, Rating, act_row, check_comment, record_labels
from flowsleuth.workspace.results import Rows

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.triage.rules import Rule
    from flowsleuth.workspace.desk import Desk

ENDS = ("src_ip", "dst_ip", "dst_port", "ip", "name")


@dataclass(frozen=True)
class LeadCriteria:
    """Which leads a rating is about; everything that is given must hold.

    Attributes
    ----------
    by : ``host``, ``pair`` or None
        Leads of both kinds when not given.
    leads : sequence of int, optional
        Chosen by id.
    src_ip, dst_ip, ip : str, optional
        Address, CIDR, or several with commas; of a host's lead the host is the source. `ip` is met by either end.
    dst_port : str or int, optional
        Port of the service, range, or several with commas.
    name : str, optional
        Server name; ``*.example.com`` is everything below it.

    Raises
    ------
    OptionError
        Nothing is given, or a value cannot be.
    """

    by: str | None = None
    leads: Sequence[int] | None = None
    src_ip: str | None = None
    dst_ip: str | None = None
    dst_port: str | int | None = None
    ip: str | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        if self.by is not None and self.by not in KINDS:
            raise OptionError("not a kind of lead", where=str(self.by)[:50], available=KINDS)
        for value in self.leads or ():
            if isinstance(value, bool) or not isinstance(value, int):
                raise OptionError("an id is a whole number", where=f"leads {value!r}"[:100])
        if not self.leads and not self.expression().parts:
            hint = "give an address, a port, a name or leads"
            raise OptionError("at least one criterion is needed", where="criteria", hint=hint, available=ENDS)

    def expression(self) -> AllOf:
        """The conditions among them."""
        from flowsleuth.triage.suppressions import canonical_value, scope

        given = [(name, getattr(self, name)) for name in ("src_ip", "dst_ip", "dst_port", "ip")]
        parts: list[Any] = [Condition(name, "in", value) for name, value in given if value is not None]
        return AllOf((*parts, *([] if self.name is None else [scope("name", canonical_value("name", self.name))])))

    def as_dict(self) -> dict[str, Any]:
        """What was given, JSON-able."""
        found = {name: value for name in ("by", *ENDS) if (value := getattr(self, name)) is not None}
        return found | ({"leads": list(self.leads)} if self.leads else {})

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of which kind the leads are."""
        return KINDS if self.by is None else (self.by,)

    @property
    def origin(self) -> str:
        """What kind of act it is: ``address`` (either end), ``criteria`` or ``selection``."""
        if self.ip is not None:
            return "address"
        return "criteria" if self.expression().parts else "selection"


def matching_leads(desk: Desk, criteria: LeadCriteria, dates: Sequence[str] | None = None) -> pa.Table:
    """The leads that criteria mean, as they were fused.

    Raises
    ------
    OptionError
        A chosen lead does not exist.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = pa.concat_tables([desk.leads.rows(by, dates) for by in criteria.kinds])
    if criteria.leads:
        rows = rows.filter(pc.is_in(rows["lead_id"], value_set=pa.array(sorted(set(criteria.leads)), pa.int64())))
        there = set(rows["lead_id"].to_pylist())
        if gone := [str(one) for one in criteria.leads if one not in there][:5]:
            hint = "take a lead_id of: flowsleuth suspects --by host"
            raise OptionError("no lead has this id", where=", ".join(gone), hint=hint)
    seen = as_flows(with_source(rows))
    is_meant = criteria.expression().judge(seen, of_groups=False)
    return rows.filter(is_meant)


def preview_leads(desk: Desk, criteria: LeadCriteria, dates: Sequence[str] | None = None) -> Preview:
    """What a rating would match; nothing is changed."""
    import pyarrow.compute as pc

    found = matching_leads(desk, criteria, dates)
    rated = 0
    for view in (desk.leads.view(by, dates) for by in criteria.kinds):
        is_meant = pc.is_in(view.rows["lead_id"], value_set=found["lead_id"].combine_chunks()).to_numpy()
        rated += int(np.count_nonzero(is_meant & (view.verdicts.severity > 0)))
    flows = int(pc.sum(found["flows"]).as_py() or 0)
    return Preview(len(found), flows, rated, Rows(found.slice(0, PREVIEWED)))


def rate_leads(
    desk: Desk,
    analyst: str,
    severity: int,
    criteria: LeadCriteria,
    *,
    dates: Sequence[str] | None = None,
    comment: str = "",
) -> Rating:
    """Rate leads, and with each the findings behind it.

    Raises
    ------
    OptionError
        Not a severity, nothing matches, or the comment is too long.
    """
    checked = check_severity(severity)
    check_comment(comment)
    found = matching_leads(desk, criteria, dates)
    if not len(found):
        hint = "see what is there: flowsleuth suspects --by host"
        raise OptionError("no lead matches", where=str(criteria.as_dict())[:300], hint=hint)
    row = act_row(checked, criteria.origin, criteria.as_dict(), detector=LEADS, dates=dates, comment=comment)
    labels = labels_of_leads(found) + labels_of_findings(_behind(desk, found))
    flows = sum(label["flows"] for label in labels if label["detector"].startswith(OF_LEAD))
    with desk.case.transaction(analyst) as case:
        return record_labels(case, row, labels, suspects=len(found), flows=flows)


def _behind(desk: Desk, leads: pa.Table) -> pa.Table:
    """The findings behind leads, each once."""
    import pyarrow as pa

    behind = findings_of(desk.store, leads)
    return behind.rows.take(pa.array(np.unique(behind.finding)))


def findings_meeting(desk: Desk, rule: Rule, dates: Sequence[str] | None = None) -> pa.Table | None:
    """What finders told behind leads that meets a rule; None where it asks for what a finding does not tell.

    Groups of flows that count as findings are rated in the queue.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    found = _behind(desk, pa.concat_tables([desk.leads.rows(by, dates) for by in KINDS]))
    found = found.filter(pc.not_equal(found["detector"], FLOWS_FOUND_BY))
    met = meets(found, rule)
    return None if met is None else found.filter(pa.array(met))


def labels_of_leads(leads: pa.Table) -> list[dict[str, Any]]:
    """A label per lead: what it says of its ends teaches."""
    rows = with_source(leads)
    return _labels(rows, OF_LEAD, "by", "lead_id", rows["surprise"])


def labels_of_findings(findings: pa.Table) -> list[dict[str, Any]]:
    """A label per finding: it is known again by who found it between which ends."""
    import pyarrow.compute as pc

    surprise = pc.negate(pc.ln(pc.max_element_wise(findings["p_value"], 1e-300)))
    return _labels(findings, OF_FINDING, "detector", "finding_id", surprise)


_SAME = ("src_ip", "dst_ip", "proto", "service_port", "server_name", "src_bytes", "dst_bytes", "flows", "score")


def _labels(rows: pa.Table, prefix: str, detector: str, key: str, surprise: Any) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = {name: rows[name] for name in _SAME} | {
        "detector": pc.binary_join_element_wise(prefix, rows[detector], ""),
        "suspect_id": rows[key],
        "flow_id": pa.nulls(len(rows), pa.int64()),
        "date": pc.strftime(rows["day"], format="%Y-%m-%d"),
        "start": rows["first_seen"],
        "surprise": surprise,
        "dst_port": rows["service_port"],
    }
    found: list[dict[str, Any]] = pa.table(columns).to_pylist()
    return found
