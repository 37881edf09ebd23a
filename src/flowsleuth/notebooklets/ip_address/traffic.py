"""Flows of the address: themselves, summed, over time; what firewalls logged of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.investigate.timeline import US_PER_S, bin_width, in_words
from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.exports import FIREWALL_KIND
from flowsleuth.notebooklets.ip_address.holding import need_rows
from flowsleuth.notebooklets.ip_address.sources import check_sources, foreign_about
from flowsleuth.store.portable import time_bin

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

FLOW_SOURCES = ("AzureNetworkAnalytics_CL", "NTANetAnalytics", "VMConnection")
FIREWALLS = ("paloalto", FIREWALL_KIND)
"""``source_kind`` of flows that a firewall logged."""
WAYS = ("out", "in")
MOST_PEERS = 100
"""Peers that a line of the summary lists; it counts all."""


def flows_of(run: Run) -> ir.Table:
    """Flows that have the address at either end."""
    flow, address = run.rows("flow"), run.asked.text
    return flow.filter((flow.src_ip == address) | (flow.dst_ip == address))


def described(run: Run, flows: ir.Table) -> ir.Table:
    """Flows with what the address sees of them: protocol, way, peer, flows that a record stands for, bytes each way."""
    import ibis

    is_src = flows.src_ip == run.asked.text
    return flows.mutate(
        protocol=ibis.coalesce(flows.service, flows.proto, "unknown"),
        way=ibis.ifelse(is_src, "outbound", "inbound"),
        peer=ibis.ifelse(is_src, flows.dst_ip, flows.src_ip),
        stands_for=flows.flow_count.fill_null(1),
        bytes_out=ibis.ifelse(is_src, flows.src_bytes, flows.dst_bytes),
        bytes_in=ibis.ifelse(is_src, flows.dst_bytes, flows.src_bytes),
    )


def read_flows(run: Run) -> dict[str, Any]:
    """The flows, and their sums: every flow once, unknown protocols as their own."""
    check_sources(run, *FLOW_SOURCES)
    need_rows(run, "flow")
    rows = run.ask("IpAddress.flows", limit=run.parameters.limit)
    if not len(rows):
        why = "no flow has it in this window"
        return {"az_network_flows": Found(rows, absent=why), "az_network_flow_summary": Found(absent=why)}
    return {"az_network_flows": rows, "az_network_flow_summary": _summed(run)}


def _summed(run: Run) -> pa.Table:
    """By protocol and way; ``ExtIPs`` are the peers, each once."""
    import pyarrow as pa

    mine = described(run, flows_of(run))
    keys = {"L7Protocol": mine.protocol, "FlowDirection": mine.way}
    sums = run.arrow(
        mine.group_by(**keys).aggregate(
            ExtIPCount=mine.peer.nunique(), Records=mine.count(), Flows=mine.stands_for.sum(),
            DeniedRecords=(mine.action == "denied").fill_null(False).cast("int64").sum(),
            BytesOut=mine.bytes_out.sum(), BytesIn=mine.bytes_in.sum(),
            FirstFlow=mine.start.min(), LastFlow=mine.start.max(),
        )
    ).sort_by([("Flows", "descending"), ("L7Protocol", "ascending"), ("FlowDirection", "ascending")])  # fmt: skip
    peers = mine.group_by(**keys, peer=mine.peer).aggregate(n=mine.stands_for.sum())
    listed: dict[tuple[str, str], list[str]] = {}
    ordered = run.arrow(peers).sort_by([("n", "descending"), ("peer", "ascending")])
    for protocol, way, peer in zip(
        *(ordered[name].to_pylist() for name in ("L7Protocol", "FlowDirection", "peer")), strict=True
    ):
        told = listed.setdefault((protocol, way), [])
        if len(told) < MOST_PEERS:
            told.append(peer)
    pairs = zip(sums["L7Protocol"].to_pylist(), sums["FlowDirection"].to_pylist(), strict=True)
    return sums.add_column(2, "ExtIPs", pa.array([listed[pair] for pair in pairs], pa.list_(pa.string())))


def draw_flows(run: Run) -> dict[str, Any]:
    """Flows over time, a lane for each protocol."""
    return {"az_network_flows_timeline": over_time(run, "protocol")}


def over_time(run: Run, lane: str) -> Found:
    """Flows and bytes by bin and lane (``protocol`` or ``way``), put together by the engine."""
    import pyarrow as pa
    import pyarrow.compute as pc

    need_rows(run, "flow")
    mine = described(run, flows_of(run))
    ends = run.arrow(
        mine.aggregate(first=mine.start.min(), last=mine.start.max(), lanes=mine[lane].nunique())
    ).to_pylist()[0]
    if ends["first"] is None:
        return Found(absent="no flow has it in this window")
    width = bin_width((ends["last"] - ends["first"]).total_seconds(), ends["lanes"])
    rows = mine.mutate(bin=time_bin(mine.start, width), series=mine[lane])
    counted = rows.group_by("bin", "series").aggregate(
        flows=rows.stands_for.sum(),
        bytes=(rows.bytes_out.fill_null(0) + rows.bytes_in.fill_null(0)).sum(),
        counted=rows.bytes_out.count() + rows.bytes_in.count(),
    )
    found = run.arrow(counted).sort_by([("bin", "ascending"), ("series", "ascending")])
    begins = pc.multiply(found["bin"].cast(pa.int64()), width * US_PER_S).cast(pa.timestamp("us", tz="UTC"))
    table = pa.table(
        {"start": begins, "series": found["series"], "bin_s": pa.array([width] * len(found), pa.int64()),
         "flows": found["flows"].cast(pa.int64()), "bytes": found["bytes"].cast(pa.int64())}
    )  # fmt: skip
    if not pc.sum(found["counted"]).as_py():
        table = table.drop_columns(["bytes"])
    return Found(table, note=f"counted by {in_words(width)}")


def read_firewalls(run: Run) -> dict[str, Any]:
    """Flows that firewalls logged; as they logged them where the rows were given so."""
    check_sources(run, "CommonSecurityLog")
    raw = foreign_about(run, FIREWALL_KIND)
    if raw is not None:
        return {"common_security": _trimmed(raw)}
    need_rows(run, "flow")
    mine = flows_of(run)
    mine = mine.filter(mine.source_kind.isin(FIREWALLS)).order_by(["start", "flow_id"])
    limit = run.parameters.limit
    rows = run.arrow(mine.limit(limit + 1))
    note = f"only the first {limit:,}" if len(rows) > limit else ""
    absent = "no record of a firewall has it in this window" if not len(rows) else None
    return {"common_security": Found(_trimmed(rows.slice(0, limit)), note=note, absent=absent)}


def _trimmed(rows: pa.Table) -> pa.Table:
    """Without columns that say nothing."""
    return rows.select([name for name in rows.column_names if rows[name].null_count < len(rows)])
