"""The questions an investigation asks of the flows, as Ibis expressions: the same on every engine, nothing fetched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from flowsleuth.schema.investigation import SEARCH
from flowsleuth.store.portable import first_rows, time_bin

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from flowsleuth.investigate.target import Condition
    from flowsleuth.store import Store

KEY = ("src_ip", "dst_ip", "dst_port", "proto")
NARROW = (
    "start", "end", "src_ip", "dst_ip", "dst_port", "proto", "src_bytes", "dst_bytes", "src_packets", "dst_packets",
    "service", "server_name", "src_as", "dst_as",
)  # fmt: skip
"""The columns of flows that an investigation reads."""


def within(rows: ir.Table, start: dt.datetime | None, end: dt.datetime | None) -> ir.Table:
    """Rows that start in a window; ``end`` is excluded, None is open.

    Examples
    --------
    >>> import ibis
    >>> flow = ibis.table({"start": "timestamp('UTC')"}, name="flow")
    >>> within(flow, None, None) is flow
    True
    """
    import ibis

    if start is not None:
        rows = rows.filter(rows.start >= ibis.literal(start))
    if end is not None:
        rows = rows.filter(rows.start < ibis.literal(end))
    return rows


def stored_within(store: Store, table: str, start: dt.datetime | None, end: dt.datetime | None) -> ir.Table:
    """Stored rows that start in a window; files of other days are not opened."""
    return within(store.table(table, store.days(table, start, end)), start, end)


def flows_of(flow: ir.Table, is_mine: Condition) -> ir.Table:
    """Flows that have the target at either end."""
    return flow.filter(is_mine(flow.src_ip) | is_mine(flow.dst_ip))


def how_many(rows: ir.Table) -> ir.Table:
    """One row: ``flows``."""
    return rows.aggregate(flows=rows.count())


def expanded_search(flows: ir.Table) -> ir.Table:
    """One row per (src_ip, dst_ip, dst_port, proto): the columns of :data:`flowsleuth.schema.investigation.SEARCH`."""
    return flows.group_by(*KEY).aggregate(**_measures(flows)).select(*SEARCH.names)


def _measures(flows: ir.Table) -> dict[str, ir.Value]:
    import ibis

    made: dict[str, ir.Value] = {
        "first_seen": flows.start.min(),
        "last_seen": ibis.coalesce(flows.end, flows.start).max(),
        "connections": flows.count(),
    }
    for column in ("src_bytes", "src_packets", "dst_bytes", "dst_packets"):
        values = flows[column]
        made |= {f"max_{column}": values.max(), f"mean_{column}": values.mean(), f"total_{column}": values.sum()}
    return made | {name: flows[name].max() for name in ("service", "server_name", "src_as", "dst_as")}


def strongest(search: ir.Table, rows: int) -> ir.Table:
    """The rows of a search with most bytes, in an order without ties."""
    import ibis

    volume = search.total_src_bytes.coalesce(0) + search.total_dst_bytes.coalesce(0)
    return search.order_by([ibis.desc(volume), ibis.desc("connections"), *KEY]).limit(rows)


def pairs(flows: ir.Table, is_mine: Condition, rows: int) -> ir.Table:
    """The same measures for the target's pairs with peers, those with most bytes; for a search with too many rows."""
    import ibis

    flows = flows.filter(~(is_mine(flows.src_ip) & is_mine(flows.dst_ip)))
    found = flows.group_by("src_ip", "dst_ip").aggregate(**_measures(flows))
    nothing = found.mutate(dst_port=ibis.null("int32"), proto=ibis.null("string"))
    return strongest(nothing.select(*SEARCH.names), rows)


def totals(flows: ir.Table, is_mine: Condition) -> ir.Table:
    """One row: flows with peers and within the target, bytes each way, first and last time."""
    import ibis

    mine_src, mine_dst = is_mine(flows.src_ip), is_mine(flows.dst_ip)
    opened, received = mine_src & ~mine_dst, mine_dst & ~mine_src

    def sent(opener: ir.IntegerColumn, other: ir.IntegerColumn) -> ir.IntegerScalar:
        return ibis.ifelse(opened, opener, ibis.ifelse(received, other, ibis.null("int64"))).sum()

    found = flows.aggregate(
        connections=(opened | received).sum(),
        within=(mine_src & mine_dst).sum(),
        bytes_out=sent(flows.src_bytes, flows.dst_bytes),
        bytes_in=sent(flows.dst_bytes, flows.src_bytes),
        first_seen=flows.start.min(),
        last_seen=ibis.coalesce(flows.end, flows.start).max(),
    )
    return found.mutate(bytes=found.bytes_out.coalesce(0) + found.bytes_in.coalesce(0))


def addresses_of(flow: ir.Table) -> ir.Table:
    """Every IPv6 address that is stored, as a column ``address``."""
    sources = flow.filter(flow.src_ip.contains(":")).select(address=flow.src_ip)
    destinations = flow.filter(flow.dst_ip.contains(":")).select(address=flow.dst_ip)
    return sources.distinct().union(destinations.distinct(), distinct=True)


def marks(flows: ir.Table, is_mine: Condition, lanes: Sequence[str]) -> ir.Table:
    """Flows with certain peers: ``lane``, ``start``, ``end``, ``connections`` (1), ``bytes``, ``dst_port``."""
    import ibis

    flows = flows.mutate(lane=ibis.ifelse(is_mine(flows.src_ip), flows.dst_ip, flows.src_ip))
    flows = flows.filter(flows.lane.isin(list(lanes)))
    is_told = flows.src_bytes.notnull() | flows.dst_bytes.notnull()
    both = flows.src_bytes.coalesce(0) + flows.dst_bytes.coalesce(0)
    return flows.select(
        "lane",
        "start",
        end=ibis.coalesce(flows.end, flows.start),
        connections=ibis.literal(1, "int64"),
        bytes=ibis.ifelse(is_told, both, ibis.null("int64")),
        dst_port=flows.dst_port,
    )


def binned_marks(single: ir.Table, width_s: int) -> ir.Table:
    """Marks put together by lane and bin of time, with the most used port of each."""
    import ibis

    numbered = single.mutate(bin=time_bin(single.start, width_s))
    by_port = numbered.group_by("lane", "bin", "dst_port").aggregate(
        start=numbered.start.min(),
        end=numbered.end.max(),
        connections=numbered.connections.sum(),
        bytes=numbered.bytes.sum(),
    )
    whole = ibis.window(group_by=["lane", "bin"])
    summed = by_port.mutate(
        of_port=by_port.connections,
        start=by_port.start.min().over(whole),
        end=by_port.end.max().over(whole),
        connections=by_port.connections.sum().over(whole),
        bytes=by_port.bytes.sum().over(whole),
    )
    found = first_rows(summed, ["lane", "bin"], [ibis.desc("of_port"), "dst_port"])
    return found.select("lane", "start", "end", "connections", "bytes", "dst_port")


def between(flow: ir.Table, one: str, other: str, start: dt.datetime, end: dt.datetime) -> ir.Table:
    """All flows between two addresses in a window, both directions, in order of time."""
    there = (flow.src_ip == one) & (flow.dst_ip == other)
    back = (flow.src_ip == other) & (flow.dst_ip == one)
    return within(flow.filter(there | back), start, end).order_by(["start", "flow_id"])


def volume_with(flow: ir.Table, ip: str, peers: Sequence[str]) -> ir.Table:
    """Bytes and packets between an address and some others, as the flows have them: by source and destination."""
    there = (flow.src_ip == ip) & flow.dst_ip.isin(list(peers))
    back = (flow.dst_ip == ip) & flow.src_ip.isin(list(peers))
    flows = flow.filter(there | back)
    sums = {f"total_{c}": flows[c].sum() for c in ("src_bytes", "src_packets", "dst_bytes", "dst_packets")}
    return flows.group_by("src_ip", "dst_ip").aggregate(**sums)


def rows_per_bin(rows: ir.Table, width_s: int) -> ir.Table:
    """Rows per bin of time: ``bin`` (its number since 1970) and ``rows``."""
    numbered = rows.select(bin=time_bin(rows.start, width_s))
    return numbered.group_by("bin").aggregate(rows=numbered.count())
