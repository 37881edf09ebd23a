"""What RITA v5 looks at: 24 hours of outbound pairs, by server name and by address, and their beacon scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.flow_codes import is_group, told_name
from flowsleuth.detect.days.pair_times import Asks, as_ints
from flowsleuth.detect.dense_codes import TextCodes
from flowsleuth.detect.kernels.rita import FEWEST_TIMES, LARGEST, STROBE_CONNECTIONS, rita_scores
from flowsleuth.store.portable import epoch_seconds

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Keep = Callable[["ir.Table"], "ir.Table"]

WINDOW_S, HOUR_S = 86_400, 3_600
MICRO = 1_000_000.0
"""Durations are added up as whole microseconds: such a sum does not depend on the order."""
KEYS = ("src_ip", "peer", "is_name")


@dataclass(frozen=True)
class RitaPairs:
    """Pairs of the window.

    Attributes
    ----------
    rows : pyarrow.Table
        :data:`KEYS`, ``connections``, ``duration_s``, ``src_bytes``, ``dst_bytes``, ``first``, ``last``, in order of
        the keys.
    beacon : array of float64, shape (n_pairs,)
        RITA's beacon score; NaN where it has none.
    connections : ibis table
        ``src_ip``, ``dst_ip`` and ``name`` of the window's connections.
    since_s : int
        Where the hour begins with which the window begins, seconds since 1970 (UTC).
    """

    rows: pa.Table
    beacon: Floats
    connections: ir.Table
    since_s: int


def read_rita_pairs(ask: Asks, flows: ir.Table, keep: Keep) -> RitaPairs | None:
    """Count and score the pairs of the 24 hours before the newest that counts; None where nothing does.

    Only what goes out counts, and what internal sources ask of internal proxies by name. By name are connections with
    a TLS or HTTP server name; a pair of addresses is left out when any connection of it was part of a name's pair that
    has a beacon score, as RITA does by Zeek's uid.
    """
    able = _connections(flows)
    ends = ask.arrow(able.aggregate(oldest=able.second.min(), newest=able.second.max())).to_pylist()[0]
    if ends["newest"] is None:
        return None
    newest = ends["newest"]
    begin = max(newest - WINDOW_S, ends["oldest"])
    since = begin - begin % HOUR_S
    connections = keep(able.filter(able.second >= since))
    pairs = keep(_pairs(connections))
    rows = ask.arrow(pairs).sort_by("pair").combine_chunks()
    return RitaPairs(rows, _beacons(ask, connections, pairs, len(rows), (begin, newest)), connections, since)


def _connections(flows: ir.Table) -> ir.Table:
    """What goes out, and what goes to a name by way of an internal proxy."""
    out = flows.mutate(
        name=told_name(flows.server_name),
        is_out=(flows.direction == "outbound").fill_null(False),
        second=epoch_seconds(flows.start),
    )
    is_local = out.src_ip.startswith("fe80:") | out.src_ip.startswith("169.254.")
    to_name = (out.direction == "internal") & out.name.notnull()
    out = out.filter((out.is_out | to_name) & ~is_group(out.dst_ip) & ~is_local)
    return out.select(
        "src_ip",
        "dst_ip",
        "start",
        "name",
        "is_out",
        "second",
        duration_us=(out.duration_s.coalesce(0.0) * MICRO).round().cast("int64"),
        src_bytes=out.src_bytes.coalesce(0),
        dst_bytes=out.dst_bytes.coalesce(0),
    )


def _both(connections: ir.Table) -> tuple[ir.Table, ir.Table]:
    """Connections by name and by address."""
    import ibis

    named = connections.filter(connections.name.notnull())
    return (
        named.mutate(peer=named.name, is_name=ibis.literal(True)),
        connections.filter(connections.is_out).mutate(peer=connections.dst_ip, is_name=ibis.literal(False)),
    )


def _pairs(connections: ir.Table) -> ir.Table:
    import ibis

    named, plain = (
        rows.group_by(*KEYS).aggregate(
            connections=lambda t: t.count(),
            times=lambda t: t.second.nunique(),
            duration_s=lambda t: t.duration_us.sum().cast("float64") / MICRO,
            src_bytes=lambda t: t.src_bytes.sum().cast("int64"),
            dst_bytes=lambda t: t.dst_bytes.sum().cast("int64"),
            first=lambda t: t.start.min(),
            last=lambda t: t.start.max(),
        )
        for rows in _both(connections)
    )
    scored = named.filter(_is_scored(named)).select(by="src_ip", of="peer")
    used = connections.semi_join(scored, [connections.src_ip == scored.by, connections.name == scored.of])
    spent = used.select(by="src_ip", of="dst_ip").distinct()
    pairs = ibis.union(named, plain.anti_join(spent, [plain.src_ip == spent.by, plain.peer == spent.of]))
    return pairs.mutate(pair=ibis.row_number().over(order_by=[pairs[key] for key in KEYS]).cast("int64"))


def _is_scored(pairs: ir.Table) -> ir.BooleanValue:
    return (pairs.times >= FEWEST_TIMES) & (pairs.connections < STROBE_CONNECTIONS)


def _beacons(ask: Asks, connections: ir.Table, pairs: ir.Table, n_pairs: int, window: tuple[int, int]) -> Floats:
    """Scores of all pairs; NaN where RITA has none."""
    wanted = pairs.filter(_is_scored(pairs)).select("pair", *KEYS)
    parts = [
        batch
        for rows in _both(connections)
        for batch in ask.batches(rows.join(wanted, list(KEYS)).select("pair", "second", size="src_bytes"))
    ]
    pair, second, size = (
        np.concatenate([as_ints(batch[name]) for batch in parts] or [np.zeros(0, dtype=np.int64)])
        for name in ("pair", "second", "size")
    )
    order = np.lexsort((second, pair))
    offsets = np.searchsorted(pair[order], np.arange(n_pairs + 1))
    return rita_scores(offsets, second[order], np.clip(size[order], 0, LARGEST), *window).beacon


def beacon_scores(ask: Asks, flows: ir.Table, keep: Keep, pairs: pa.Table) -> Floats:
    """RITA's beacon score of pairs by ``src_ip``, ``peer`` and ``is_name``; NaN where it has none.

    RITA knows no ports: pairs that differ in them have the same score. It looks at the last 24 hours of the flows.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    found = read_rita_pairs(ask, flows, keep) if len(pairs) else None
    if found is None:
        return np.full(len(pairs), np.nan)

    def key(rows: pa.Table) -> pa.Array:
        kind = pc.if_else(rows["is_name"], "name", "ip")
        return pc.binary_join_element_wise(rows["src_ip"], kind, rows["peer"], " ")

    codes = TextCodes(pa.chunked_array(key(found.rows)).combine_chunks())
    at = codes.of(key(pairs))
    return np.where(at >= 0, np.append(found.beacon, np.nan)[at], np.nan)
