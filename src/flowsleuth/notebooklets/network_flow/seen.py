"""Flows as the host sees them, as Ibis expressions: which way, with whom, and how many flows a row stands for.

A row stands for ``flow_count`` flows where its source says so, else for one. Where a record of several addresses became
several rows and has its counters only once (see :mod:`flowsleuth.readers.azure_tables`), the other rows stand for none
and are told as shared. So sums over rows are sums over flows, each counted once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from flowsleuth.investigate.target import Condition

OUTBOUND, INBOUND, WITHIN = "outbound", "inbound", "within"
"""The host opened the flow; a peer did; both ends are the host's own."""
UNKNOWN = "unknown"
DYNAMIC_PORTS = 49_152
"""From here on ports name no service (RFC 6335)."""
AZURE = "azure_tables"
_SHARED = '"counters_of"'
_DENIED = r'(?i)"denied{}flows[^"]*":\s*"?([0-9]+)'


def parts_of(flow: ir.Table, is_mine: Condition) -> tuple[ir.BooleanValue, ir.BooleanValue]:
    """Whether source and destination are the host's; an unknown address is not."""
    import ibis

    mine = [ibis.coalesce(is_mine(flow[name]), ibis.literal(False)) for name in ("src_ip", "dst_ip")]
    return mine[0], mine[1]


def flows_of_host(flow: ir.Table, is_mine: Condition) -> ir.Table:
    """Flows that the host has a part in."""
    src, dst = parts_of(flow, is_mine)
    return flow.filter(src | dst)


def seen(flow: ir.Table, is_mine: Condition, *, is_azure: bool) -> ir.Table:
    """The host's flows, turned to its side.

    Parameters
    ----------
    flow : ibis table
        Table ``flow``.
    is_mine : callable
    is_azure : bool
        There may be records of Azure's tables, whose denied and shared flows are told in ``extra``.

    Returns
    -------
    ibis table
        ``start``, ``end``, ``source``, ``dest``, ``peer``, ``way``, ``proto``, ``protocol`` (never null), ``dst_port``,
        ``allowed`` and ``denied`` flows, ``shared`` (1: the counters are in another row), ``bytes_out``, ``bytes_in``,
        ``packets_out``, ``packets_in``, ``duration_s``, ``source_as``, ``dest_as``.
    """
    import ibis

    rows = flows_of_host(flow, is_mine)
    src, dst = parts_of(rows, is_mine)
    is_in = dst & ~src
    shared = is_shared(rows, is_azure=is_azure)
    counted, denied = counts(rows, is_azure=is_azure)
    sides: dict[str, ir.Value] = {}
    for what in ("bytes", "packets"):
        sent, received = rows[f"src_{what}"], rows[f"dst_{what}"]
        sides |= {f"{what}_out": ibis.ifelse(is_in, received, sent), f"{what}_in": ibis.ifelse(is_in, sent, received)}
    return rows.select(
        "start",
        "end",
        "proto",
        "dst_port",
        "duration_s",
        source=rows.src_ip,
        dest=rows.dst_ip,
        peer=ibis.ifelse(is_in, rows.src_ip, rows.dst_ip),
        way=ibis.ifelse(src & dst, WITHIN, ibis.ifelse(src, OUTBOUND, INBOUND)),
        protocol=protocol(rows),
        allowed=counted - denied,
        denied=denied,
        shared=shared.cast("int64"),
        source_as=rows.src_as,
        dest_as=rows.dst_as,
        **sides,
    )


def protocol(rows: ir.Table) -> ir.StringValue:
    """What a flow speaks: the service that its source recognised, else transport and port, else the transport alone."""
    import ibis

    has_port = rows.dst_port.notnull() & (rows.dst_port < DYNAMIC_PORTS)
    by_port = rows.proto + ibis.literal("/") + rows.dst_port.cast("string")
    return ibis.coalesce(rows.service.lower().nullif(""), ibis.ifelse(has_port, by_port, rows.proto), UNKNOWN)


def is_shared(rows: ir.Table, *, is_azure: bool) -> ir.BooleanValue:
    """Whether the flows of a row are counted in another row of the same record."""
    import ibis

    if not is_azure:
        return ibis.literal(False)
    told = ibis.coalesce(rows.extra.contains(_SHARED), ibis.literal(False))
    return told & rows.flow_count.isnull()


def counts(rows: ir.Table, *, is_azure: bool) -> tuple[ir.IntegerValue, ir.IntegerValue]:
    """Flows that a row stands for, and how many of them were denied."""
    import ibis

    none, one = ibis.literal(0, "int64"), ibis.literal(1, "int64")
    counted = ibis.coalesce(rows.flow_count, one)
    partly = none
    if is_azure:
        counted = ibis.coalesce(rows.flow_count, ibis.ifelse(is_shared(rows, is_azure=True), none, one))
        told = [_denied(rows, way) for way in ("in", "out")]
        partly = ibis.least(ibis.ifelse(rows.action.isnull(), told[0] + told[1], none), counted)
    return counted, ibis.ifelse(ibis.coalesce(rows.action == "denied", ibis.literal(False)), counted, partly)


def _denied(rows: ir.Table, way: str) -> ir.IntegerValue:
    """Denied flows of a record that has allowed ones too."""
    import ibis

    text = ibis.coalesce(rows.extra, "").re_extract(_DENIED.format(way), 1)
    return ibis.coalesce(text.nullif("").cast("int64"), ibis.literal(0, "int64"))


def has_azure(flow: ir.Table) -> ir.Table:
    """A row if there are records of Azure's tables."""
    return flow.filter(flow.source_kind == AZURE).select("flow_id").limit(1)
