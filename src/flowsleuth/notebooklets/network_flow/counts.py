"""Flows counted: each once, by source, destination, protocol, port and direction; unknowns are groups of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.network_flow.scope import Scope
from flowsleuth.notebooklets.network_flow.seen import WITHIN, flows_of_host, has_azure, parts_of, seen
from flowsleuth.notebooklets.network_flow.seen import counts as counts_of

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

FLOWS = "TotalAllowedFlows"
SUMS = (FLOWS, "denied_flows", "shared_records", "records", "bytes_out", "bytes_in", "packets_out", "packets_in")
INDEX = ("source", "dest", "L7Protocol", "FlowDirection")
FLOW_COLUMNS = (
    "flow_id", "start", "end", "duration_s", "src_ip", "src_port", "dst_ip", "dst_port", "proto", "service",
    "src_bytes", "dst_bytes", "src_packets", "dst_packets", "conn_state", "tcp_flags", "direction", "action",
    "src_host", "dst_host", "server_name", "src_as", "dst_as", "sensor", "flow_count",
)  # fmt: skip


def seen_in_window(run: Run) -> ir.Table:
    """The host's flows that have a part in the window, as it sees them."""
    return turned(run, run.rows("flow", overlapping=True))


def turned(run: Run, flow: ir.Table) -> ir.Table:
    """Some flows as the host sees them."""
    is_azure = len(run.arrow(has_azure(flow))) > 0
    return seen(flow, Scope.of(run).is_mine, is_azure=is_azure)


def read_flows(run: Run) -> dict[str, Any]:
    """The flows one by one, as many as are kept."""
    import ibis

    flow, limit = run.rows("flow", overlapping=True), run.parameters.limit
    is_azure = len(run.arrow(has_azure(flow))) > 0
    scope = Scope.of(run)
    mine = flows_of_host(flow, scope.is_mine)
    src, dst = parts_of(mine, scope.is_mine)
    counted, denied = counts_of(mine, is_azure=is_azure)
    way = ibis.ifelse(src & dst, WITHIN, ibis.ifelse(src, "outbound", "inbound"))
    told = mine.select(*FLOW_COLUMNS, FlowDirection=way, TotalAllowedFlows=counted - denied, denied_flows=denied)
    rows = run.arrow(told.order_by(["start", "flow_id"]).limit(limit + 1))
    note = ""
    if len(rows) > limit:
        rows, note = rows.slice(0, limit), f"only the first {limit:,}: limit= keeps more; all are counted elsewhere"
    return {"network_flows": Found(rows, note=note)}


# counting -----------------------------------------------------------------------------------------------------------


def count_flows(run: Run) -> dict[str, Any]:
    """Flows by all that tells them apart, and their totals."""
    rows = seen_in_window(run)
    keys = {
        "source": rows.source,
        "dest": rows.dest,
        "peer": rows.peer,
        "L4Protocol": rows.proto,
        "L7Protocol": rows.protocol,
        "DestPort": rows.dst_port,
        "FlowDirection": rows.way,
    }
    found = run.arrow(rows.group_by(**keys).aggregate(**_measures(rows)))
    found = found.sort_by([(FLOWS, "descending"), ("records", "descending"), *((name, "ascending") for name in keys)])
    if not len(found):
        return {"flow_index_data": found, "totals": _totals(found)}
    shared = _sum(found, "shared_records")
    note = f"the flows of {shared:,} rows are counted with another address of the same record" if shared else ""
    return {"flow_index_data": Found(found, note=note), "totals": _totals(found)}


def _measures(rows: ir.Table) -> dict[str, ir.Value]:
    import ibis

    sums = {name: rows[name].sum() for name in ("bytes_out", "bytes_in", "packets_out", "packets_in")}
    return {
        FLOWS: rows.allowed.sum().cast("int64"),
        "denied_flows": rows.denied.sum().cast("int64"),
        "records": rows.count(),
        "shared_records": rows.shared.sum().cast("int64"),
        **{name: total.cast("int64") for name, total in sums.items()},
        "duration_s": rows.duration_s.sum(),
        "longest_s": rows.duration_s.max(),
        "first_seen": rows.start.min(),
        "last_start": rows.start.max(),
        "last_seen": ibis.coalesce(rows.end, rows.start).max(),
        "source_as": rows.source_as.max(),
        "dest_as": rows.dest_as.max(),
    }


def _sum(rows: pa.Table, name: str) -> int:
    import pyarrow.compute as pc

    return int(pc.sum(rows[name]).as_py() or 0)


def _totals(rows: pa.Table) -> dict[str, Any]:
    """All of it in one line; bytes and packets are null where no flow told any."""
    import pyarrow.compute as pc

    told: dict[str, Any] = {name: _sum(rows, name) for name in SUMS[:4]}
    sums = {name: pc.sum(rows[name]).as_py() for name in SUMS[4:]}
    ends = {"first_seen": pc.min(rows["first_seen"]).as_py(), "last_seen": pc.max(rows["last_seen"]).as_py()}
    peers = rows.filter(pc.not_equal(rows["FlowDirection"], WITHIN))
    told |= {**sums, "peers": pc.count_distinct(peers["peer"], mode="all").as_py() if len(peers) else 0, **ends}
    told["flows"] = told[FLOWS] + told["denied_flows"]
    return told


def index_flows(run: Run) -> dict[str, Any]:
    """Flows by source, destination, protocol and direction."""
    return {"flow_index": summed(run["flow_index_data"], INDEX)}


def summed(rows: pa.Table, keys: Sequence[str], *, lists: Sequence[str] = ()) -> pa.Table:
    """Rows of the index put together by fewer columns; most flows first.

    Parameters
    ----------
    rows : pyarrow.Table
        ``flow_index_data``, maybe with more columns.
    keys : sequence of str
        Null is a group of its own.
    lists : sequence of str
        Columns whose different values are listed.
    """
    import pyarrow as pa

    ends = [("duration_s", "sum"), ("longest_s", "max"), ("first_seen", "min"), ("last_seen", "max")]
    wanted = [*((name, "sum") for name in SUMS), *ends, *((name, "distinct") for name in lists)]
    grouped = rows.group_by(list(keys)).aggregate(wanted)
    made: dict[str, Any] = {name: grouped[name] for name in keys}
    made |= {name: grouped[f"{name}_sum"].cast(pa.int64()) for name in SUMS}
    made |= {name: grouped[f"{name}_{how}"] for name, how in ends}
    made |= {name: _ordered(grouped[f"{name}_distinct"]) for name in lists}
    order = [(FLOWS, "descending"), ("records", "descending"), *((name, "ascending") for name in keys)]
    return pa.table(made).sort_by(order)


def _ordered(lists: pa.ChunkedArray) -> pa.Array:
    """Lists whose values are in order, without null."""
    import pyarrow as pa

    kind = lists.type.value_type
    return pa.array([sorted(one for one in cell if one is not None) for cell in lists.to_pylist()], pa.list_(kind))
