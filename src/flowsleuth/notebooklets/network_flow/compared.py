"""With what the window is compared: the host's own earlier days, and what other hosts do in the same window."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets.network_flow.counts import turned
from flowsleuth.notebooklets.network_flow.scope import Scope
from flowsleuth.notebooklets.network_flow.seen import INBOUND, OUTBOUND, UNKNOWN, WITHIN, parts_of
from flowsleuth.store.portable import time_bin

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

DAY_S = 86_400
MOST_ADDRESSES = 300_000
"""More addresses than this in the whole network are not looked up for a comparison."""


@dataclass(frozen=True)
class Baseline:
    """The host's flows in the days before the window.

    Attributes
    ----------
    peers : pyarrow.Table
        ``peer``, ``day`` (number since 1970), ``flows``.
    ports : pyarrow.Table
        ``service`` (see :func:`service`), ``day``, ``flows``.
    days : int
        Days on which the host has flows.
    absent : str
        Why there is nothing to compare with; empty when there is.
    """

    peers: pa.Table | None
    ports: pa.Table | None
    days: int
    absent: str = ""


def baseline_of(run: Run) -> Baseline:
    """Ask for the days before the window."""
    start, _ = run.time
    length = run.parameters.baseline_days
    if start is None or not length:
        why = "the window has no beginning" if start is None else "baseline_days is 0"
        return Baseline(None, None, 0, f"no earlier days to compare with: {why}")
    from flowsleuth.investigate.queries import within

    early = start - dt.timedelta(days=length)
    store = run.ws.store
    flow = within(store.table("flow", store.days("flow", early, start)), early, start)
    rows = turned(run, flow)
    rows = rows.filter(rows.way != WITHIN).mutate(day=time_bin(rows.start, DAY_S), service=service(rows))
    weight = (rows.allowed + rows.denied + rows.shared).sum().cast("int64")
    peers = run.arrow(rows.group_by("peer", "day").aggregate(flows=weight))
    ports = run.arrow(rows.group_by("service", "day").aggregate(flows=weight))
    days = len(peers["day"].unique())
    if not days:
        return Baseline(None, None, 0, f"no earlier days to compare with: no flow in the {length} days before")
    return Baseline(peers, ports, days)


def service(rows: ir.Table) -> ir.StringValue:
    """Which port the host used or served: ``tcp/443 outbound``; ports of no service by their protocol alone."""
    import ibis

    proto = ibis.coalesce(rows.proto, ibis.literal(UNKNOWN))
    port = ibis.ifelse(rows.dst_port.notnull(), ibis.literal("/") + rows.dst_port.cast("string"), "")
    return proto + port + ibis.literal(" ") + rows.way


@dataclass(frozen=True)
class Network:
    """What other hosts do in the window.

    Attributes
    ----------
    hosts : int
        Other hosts with flows: those inside, or all where nothing is inside.
    peers, groups, ports : pyarrow.Table
        ``item`` and ``others``, how many of them have flows with it.
    absent : str
        Why there is nothing to compare with.
    """

    hosts: int
    peers: pa.Table | None = None
    groups: pa.Table | None = None
    ports: pa.Table | None = None
    absent: str = ""


def network_of(run: Run, group_of: Any) -> Network:
    """Ask what others do.

    Parameters
    ----------
    run : Run
    group_of : callable
        Table with ``address`` and ``record_as`` → table with ``address``, ``asn_group``, ``is_internal``.
    """
    import ibis

    flow = run.rows("flow", overlapping=True)
    src, dst = parts_of(flow, Scope.of(run).is_mine)
    rows = flow.filter(~(src | dst) & flow.src_ip.notnull() & flow.dst_ip.notnull())
    sides = [rows.select(address=rows[f"{end}_ip"], record_as=rows[f"{end}_as"]) for end in ("src", "dst")]
    both = sides[0].union(sides[1])
    listed = both.group_by("address").aggregate(record_as=both.record_as.max()).limit(MOST_ADDRESSES + 1)
    addresses = run.arrow(listed)
    if not len(addresses):
        return Network(0, absent="no other host to compare with: all flows of the window are its own")
    if len(addresses) > MOST_ADDRESSES:
        return Network(0, absent=f"not compared with the network: it has more than {MOST_ADDRESSES:,} addresses")
    known = _inside(group_of(addresses))
    table = ibis.memtable(known)
    inside = table.filter(table.is_host).select(other="address")
    pairs = rows.select(one=rows.src_ip, two=rows.dst_ip).distinct()
    contacts = pairs.select(item="one", other="two").union(pairs.select(item="two", other="one"))
    contacts = contacts.semi_join(inside, "other")
    peers = contacts.group_by("item").aggregate(others=contacts.other.nunique())
    grouped = contacts.inner_join(table.select(item="address", group="asn_group"), "item")
    groups = grouped.group_by(item="group").aggregate(others=grouped.other.nunique())
    hosts = sum(known["is_host"].to_pylist())
    return Network(hosts, run.arrow(peers), run.arrow(groups), _ports(run, rows, inside))


def _inside(known: pa.Table) -> pa.Table:
    """Which addresses count as hosts of the network: those inside; all, where none is."""
    import pyarrow as pa
    import pyarrow.compute as pc

    is_host = pc.fill_null(known["is_internal"], False)
    if not pc.any(is_host).as_py():
        is_host = pa.array([True] * len(known))
    return pa.table({"address": known["address"], "asn_group": known["asn_group"], "is_host": is_host})


def _ports(run: Run, rows: ir.Table, inside: ir.Table) -> pa.Table:
    """Which ports others used, and which they served."""
    parts = []
    for way, end in ((OUTBOUND, "src_ip"), (INBOUND, "dst_ip")):
        import ibis

        ends = rows.select("proto", "dst_port", other=rows[end], way=ibis.literal(way))
        mine = ends.semi_join(inside, "other")
        mine = mine.select("other", item=service(mine))
        parts.append(run.arrow(mine.group_by("item").aggregate(others=mine.other.nunique())))
    import pyarrow as pa

    return pa.concat_tables(parts)
