"""Flows of the address: themselves, summed, over time; what firewalls logged of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flowsleuth.investigate.target import Target, condition
from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.binned_counts import binned
from flowsleuth.notebooklets.exports import FIREWALL_KIND
from flowsleuth.notebooklets.ip_address.foreign_rows import check_sources, foreign_about
from flowsleuth.notebooklets.ip_address.holding import need_rows
from flowsleuth.notebooklets.network_flow.seen import flows_of_host, has_azure, seen

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

FLOW_SOURCES = ("AzureNetworkAnalytics_CL", "NTANetAnalytics", "VMConnection")
FIREWALLS = ("paloalto", FIREWALL_KIND)
"""``source_kind`` of flows that a firewall logged."""
NOTHING = "no flow has it in this window"
MOST_PEERS = 100
"""Peers that a line of the summary lists; it counts all."""


def seen_flows(run: Run, flow: ir.Table) -> ir.Table:
    """Flows of the address as it sees them; see :func:`flowsleuth.notebooklets.network_flow.seen.seen`."""
    is_mine = condition(Target(run.asked.text))
    return seen(flow, is_mine, is_azure=len(run.arrow(has_azure(flow))) > 0)


def read_flows(run: Run) -> dict[str, Any]:
    """The flows, and their sums: every flow once, unknown protocols as their own."""
    check_sources(run, *FLOW_SOURCES)
    need_rows(run, "flow")
    rows = run.ask("IpAddress.flows", limit=run.parameters.limit)
    if not len(rows):
        return {"az_network_flows": Found(absent=NOTHING), "az_network_flow_summary": Found(absent=NOTHING)}
    return {"az_network_flows": rows, "az_network_flow_summary": _summed(run)}


def _summed(run: Run) -> pa.Table:
    """By protocol and way; ``ExtIPs`` are the peers, each once."""
    import pyarrow as pa

    mine = seen_flows(run, run.rows("flow"))
    keys = {"L7Protocol": mine.protocol, "FlowDirection": mine.way}
    counted = run.arrow(
        mine.group_by(**keys).aggregate(
            ExtIPCount=mine.peer.nunique(), TotalAllowedFlows=mine.allowed.sum(), DeniedFlows=mine.denied.sum(),
            Records=mine.count(), BytesOut=mine.bytes_out.sum(), BytesIn=mine.bytes_in.sum(),
            FirstFlow=mine.start.min(), LastFlow=mine.start.max(),
        )
    )  # fmt: skip
    order = [("TotalAllowedFlows", "descending"), ("L7Protocol", "ascending"), ("FlowDirection", "ascending")]
    sums = counted.sort_by(order)
    peers = mine.group_by(**keys, peer=mine.peer).aggregate(n=(mine.allowed + mine.denied).sum())
    ordered = run.arrow(peers).sort_by([("n", "descending"), ("peer", "ascending")])
    listed: dict[tuple[str, str], list[str]] = {}
    for row in ordered.to_pylist():
        listed.setdefault((row["L7Protocol"], row["FlowDirection"]), []).append(row["peer"])
    pairs = zip(sums["L7Protocol"].to_pylist(), sums["FlowDirection"].to_pylist(), strict=True)
    told = [listed[pair][:MOST_PEERS] for pair in pairs]
    return sums.add_column(2, "ExtIPs", pa.array(told, pa.list_(pa.string())))


def draw_flows(run: Run) -> dict[str, Any]:
    """Flows over time, a lane for each protocol."""
    return {"az_network_flows_timeline": over_time(run, "protocol")}


def over_time(run: Run, lane: str) -> Found:
    """Flows and bytes by bin and lane (``protocol`` or ``way``), put together by the engine."""
    need_rows(run, "flow")
    mine = seen_flows(run, run.rows("flow"))
    is_told = mine.bytes_out.notnull() | mine.bytes_in.notnull()
    both = mine.bytes_out.fill_null(0) + mine.bytes_in.fill_null(0)
    rows = mine.select(
        "start", "denied", series=mine[lane], flows=mine.allowed + mine.denied, bytes=is_told.ifelse(both, None)
    )
    found = binned(run, rows, ("flows", "bytes", "denied"), nothing=NOTHING)
    if found.value is None or found.value["bytes"].null_count < len(found.value):
        return found
    return replace(found, value=found.value.drop_columns(["bytes"]))


def read_firewalls(run: Run) -> dict[str, Any]:
    """Flows that firewalls logged; as they logged them where the rows were given so."""
    check_sources(run, "CommonSecurityLog")
    raw = foreign_about(run, FIREWALL_KIND)
    if raw is not None:
        return {"common_security": _trimmed(raw)}
    need_rows(run, "flow")
    flow = run.rows("flow")
    mine = flows_of_host(flow, condition(Target(run.asked.text)))
    mine = mine.filter(mine.source_kind.isin(FIREWALLS)).order_by(["start", "flow_id"])
    limit = run.parameters.limit
    rows = run.arrow(mine.limit(limit + 1))
    note = f"only the first {limit:,}" if len(rows) > limit else ""
    absent = "no record of a firewall has it in this window" if not len(rows) else None
    return {"common_security": Found(_trimmed(rows.slice(0, limit)), note=note, absent=absent)}


def _trimmed(rows: pa.Table) -> pa.Table:
    """Without columns that say nothing."""
    return rows.select([name for name in rows.column_names if rows[name].null_count < len(rows)])
