"""Addresses that many hide behind: NAT and proxies inside, content networks outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowsleuth.detect.wording import share
from flowsleuth.investigate.blind_spots.spot import BlindSpot, listed

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from flowsleuth.store import Store

LEAST_HOSTS = 5
"""Where fewer addresses of ours go out, one of them having most is no sign."""
FRONT = 0.5
"""One address with half of all that goes out speaks for others."""
LEAST_FLOWS = 1_000
SHARED_NAMES = 20
"""Server names at one address from which it is taken for a shared one."""
LEAST_NAMED = 0.05
"""Share of the named flows that must go to shared addresses to be told."""


def fronts(store: Store, flows: ir.Table) -> Iterator[BlindSpot]:
    """An address of ours that has most of what goes out: NAT, a proxy, a VPN gateway."""
    out = flows.filter(flows.direction == "outbound")
    told = out.group_by("src_ip").aggregate(flows=out.count())
    rows = sorted(store.arrow(told).to_pylist(), key=lambda row: (-row["flows"], row["src_ip"]))
    total = sum(row["flows"] for row in rows)
    if len(rows) < LEAST_HOSTS or total < LEAST_FLOWS or rows[0]["flows"] < FRONT * total:
        return
    top = rows[0]
    part = top["flows"] / total
    mine = out.filter(out.src_ip == top["src_ip"])
    top |= store.arrow(mine.aggregate(first=mine.start.min(), last=mine.start.max())).to_pylist()[0]
    yield BlindSpot(
        "many behind one", top["src_ip"],
        f"{share(part)} of all outbound flows of {len(rows):,} addresses come from this one", part,
        top["first"], top["last"],
        "which host behind it did what, if it is a gateway (NAT, proxy, VPN); if not, look at it: it may be a scanner",
        ("timing", "volume", "newness", "rarity"),
        "record flows before the translation, or ingest the proxy's or gateway's own log",
    )  # fmt: skip


def shared_servers(store: Store, flows: ir.Table) -> Iterator[BlindSpot]:
    """Outside addresses that serve many names: what is new or bad there cannot be told by address."""
    named = flows.filter(flows.server_name.notnull() & (flows.server_name != ""))
    # One row per address and name first: it is far fewer than the flows.
    ends = named.group_by("dst_ip", name=named.server_name.lower()).aggregate(
        flows=named.count(), first=named.start.min(), last=named.start.max()
    )
    each = ends.group_by("dst_ip").aggregate(
        names=ends.count(), flows=ends.flows.sum(), first=ends["first"].min(), last=ends["last"].max()
    )
    total = store.arrow(each.aggregate(flows=each.flows.sum()))["flows"][0].as_py() or 0
    rows = store.arrow(each.filter(each.names >= SHARED_NAMES)).to_pylist()
    rows.sort(key=lambda row: (-row["names"], row["dst_ip"]))
    flows_there = sum(row["flows"] for row in rows)
    if not rows or flows_there < LEAST_NAMED * total:
        return
    part = flows_there / total
    yield from listed([BlindSpot(
        "shared address", f"{len(rows):,} address{'es' if len(rows) > 1 else ''}, most at {rows[0]['dst_ip']}",
        f"{SHARED_NAMES} or more server names each ({rows[0]['names']:,} there); {share(part)} of the named flows",
        part, min(row["first"] for row in rows), max(row["last"] for row in rows),
        "a bad service behind a content network or cloud; lists of addresses hit or miss all names there",
        ("intelligence", "newness", "rarity"), "judge by name, not by address; keep names coming (TLS, DNS, HTTP logs)",
    )])  # fmt: skip
