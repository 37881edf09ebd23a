"""Pivots of addresses over flows: the flows themselves, and the peers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from flowsleuth.errors import OptionError
from flowsleuth.investigate.target import Target, condition, is_listable
from flowsleuth.schema import FLOW
from flowsleuth.workspace.pivots.pivot import ASKED, Found, Pivot, Question
from flowsleuth.workspace.pivots.stored import Meaning, addresses_meant, one_of, rows_about, rows_within

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

ORDER = ("start", "flow_id")
FLOW_COLUMNS = (
    "flow_id", "start", "end", "src_ip", "src_port", "dst_ip", "dst_port", "proto", "service", "src_bytes", "dst_bytes",
    "src_packets", "dst_packets", "conn_state", "direction", "action", "src_host", "dst_host", "server_name",
)  # fmt: skip
"""What a pivot gives of a flow unless it is told otherwise: to read all columns takes twice as long."""
FLOW_OPTIONS = ("columns",)
PEER_COLUMNS = (
    "peer", "way", "is_internal", "connections", "connections_to_peer", "connections_from_peer", "bytes_out",
    "bytes_in", "packets_out", "packets_in", "ports", "service", "server_name", "first_seen", "last_seen",
)  # fmt: skip


def flow_columns(question: Question) -> tuple[str, ...]:
    """The columns of flows that are asked for by the option ``columns``: names, or ``all``.

    Raises
    ------
    OptionError
        Flows have no such column.
    """
    asked = question.options.get("columns")
    if asked is None:
        return FLOW_COLUMNS
    if asked == "all":
        return FLOW.names
    names = tuple(name.strip() for name in asked.split(",")) if isinstance(asked, str) else tuple(asked)
    if unknown := [str(name) for name in names if name not in FLOW.names]:
        raise OptionError("flows have no such columns", where=", ".join(unknown), available=FLOW.names)
    return names


def ip_flows(question: Question) -> Found:
    """Flows that an address, or one of a network, has a part in; earliest first."""
    flow = rows_within(question, "flow")
    meaning = addresses_meant(question, flow, "src_ip", "dst_ip")
    return rows_about(
        question, flow, {"src_ip": meaning, "dst_ip": meaning}, order=ORDER, columns=flow_columns(question)
    )


def ip_peers(question: Question) -> Found:
    """Who an address exchanged flows with, which way, how much."""
    flow = rows_within(question, "flow")
    targets = [Target(value) for value in question.values]
    if len(targets) == 1 and not targets[0].is_address and is_listable(targets[0]):
        return _peers(question, _sides_of_network(flow, targets[0]))
    return peers_of(question, flow, addresses_meant(question, flow, "src_ip", "dst_ip"))


def peers_of(question: Question, flow: ir.Table, meaning: Meaning) -> Found:
    """Peers of the addresses that mean asked values; most bytes first. What means the same value is no peer of it."""
    import ibis
    import pyarrow as pa

    pairs = [(address, value) for address, values in meaning.items() for value in values]
    if all(address == value for address, value in pairs):
        sides = _sides(flow, meaning)
    else:
        rows = {"address": [address for address, _ in pairs], ASKED: [value for _, value in pairs]}
        table = pa.table({name: pa.array(values, pa.string()) for name, values in rows.items()})
        sides = _sides_of_many(flow, meaning, ibis.memtable(table))
    return _peers(question, sides)


def _peers(question: Question, sides: ir.Table) -> Found:
    """Flows as asked ones see them, put together by peer."""
    import ibis

    found = sides.group_by(ASKED, "peer").aggregate(
        connections=sides.count(),
        connections_to_peer=sides.opened.sum(),
        **{name: sides[name].sum() for name in ("bytes_out", "bytes_in", "packets_out", "packets_in")},
        ports=sides.dst_port.nunique(),
        service=sides.service.max(),
        server_name=sides.server_name.max(),
        first_seen=sides.start.min(),
        last_seen=ibis.coalesce(sides.end, sides.start).max(),
    )
    volume = found.bytes_out.coalesce(0) + found.bytes_in.coalesce(0)
    found = found.order_by([ibis.desc(volume), ibis.desc("connections"), "peer", ASKED])
    if question.limit is not None:
        found = found.limit(question.limit + 1)
    fetched = question.workspace.store.arrow(found)
    notes: tuple[str, ...] = ()
    if question.limit is not None and len(fetched) > question.limit:
        fetched = fetched.slice(0, question.limit)
        notes = (f"only the {question.limit:,} peers with most bytes: limit=None gives all",)
    return Found(_with_way(question, fetched), notes)


def _sides(flow: ir.Table, meaning: Meaning) -> ir.Table:
    """Flows as the asked addresses see them: once for each end that is asked about."""
    out = flow.filter(one_of(flow.src_ip, meaning), flow.src_ip != flow.dst_ip)
    back = flow.filter(one_of(flow.dst_ip, meaning), flow.src_ip != flow.dst_ip)
    return _seen(out, out.src_ip, is_opener=True).union(_seen(back, back.dst_ip, is_opener=False))


def _sides_of_network(flow: ir.Table, network: Target) -> ir.Table:
    """The same for one network, told by the text of addresses alone."""
    import ibis

    is_mine = condition(network)
    src, dst = is_mine(flow.src_ip), is_mine(flow.dst_ip)
    asked = ibis.literal(network.text)
    out, back = flow.filter(src & ~dst), flow.filter(dst & ~src)
    return _seen(out, asked, is_opener=True).union(_seen(back, asked, is_opener=False))


def _sides_of_many(flow: ir.Table, meaning: Meaning, pairs: ir.Table) -> ir.Table:
    """The same where an asked value is several addresses; flows among them are left out."""
    out = flow.filter(one_of(flow.src_ip, meaning)).inner_join(pairs, [("src_ip", "address")])
    back = flow.filter(one_of(flow.dst_ip, meaning)).inner_join(pairs, [("dst_ip", "address")])
    seen = _seen(out, out[ASKED], is_opener=True).union(_seen(back, back[ASKED], is_opener=False))
    return seen.anti_join(pairs, [seen.peer == pairs.address, seen[ASKED] == pairs[ASKED]])


def _seen(flow: ir.Table, asked: ir.StringValue, *, is_opener: bool) -> ir.Table:
    import ibis

    mine, theirs = ("src", "dst") if is_opener else ("dst", "src")
    return flow.select(
        "start",
        "end",
        "dst_port",
        "service",
        "server_name",
        **{ASKED: asked},
        peer=flow[f"{theirs}_ip"],
        opened=ibis.literal(int(is_opener), "int64"),
        bytes_out=flow[f"{mine}_bytes"],
        bytes_in=flow[f"{theirs}_bytes"],
        packets_out=flow[f"{mine}_packets"],
        packets_in=flow[f"{theirs}_packets"],
    )


def _with_way(question: Question, rows: pa.Table) -> pa.Table:
    """The rows with what is internal, and the way seen from the asked one's own side."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from flowsleuth.workspace.investigation import load_context

    workspace = question.workspace
    inside = load_context(workspace.folder / workspace.settings.context, workspace.settings.home).inside
    to_peer = rows["connections_to_peer"]
    from_peer = pc.subtract(rows["connections"], to_peer)
    is_mine = pa.array(inside.covers(_first_addresses(rows[ASKED])))
    opened_only, received_only = pc.equal(from_peer, 0), pc.equal(to_peer, 0)
    outbound = pc.if_else(is_mine, opened_only, received_only)
    inbound = pc.if_else(is_mine, received_only, opened_only)
    made: Mapping[str, pa.ChunkedArray] = {
        "is_internal": pa.array(inside.covers(rows["peer"])),
        "connections_from_peer": from_peer,
        "way": pc.if_else(outbound, "outbound", pc.if_else(inbound, "inbound", "two way")),
    }
    columns = {name: made[name] if name in made else rows[name] for name in (ASKED, *PEER_COLUMNS)}
    return pa.table(columns)


def _first_addresses(asked: pa.ChunkedArray) -> pa.ChunkedArray:
    """Of a network its first address, which tells its side; a name is on our side."""
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pc.replace_substring_regex(asked, r"/\d+$", "")
    is_address = pc.match_substring_regex(text, r"^[0-9a-fA-F:.]*[:.][0-9a-fA-F:.]*$")
    return pc.if_else(is_address, text, pa.scalar("127.0.0.1"))


IP_FLOWS = Pivot(
    "IpAddress", "flows", "Flows of an address or network, earliest first.", ip_flows, "table flow", FLOW_OPTIONS
)
IP_PEERS = Pivot("IpAddress", "peers", "Who it exchanged flows with, which way, how much.", ip_peers, "table flow")
