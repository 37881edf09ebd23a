"""Long connections: a client that stays connected with a peer far longer than others do over the service."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.connected_time import KINDS, Connected, connected_time
from flowsleuth.detect.clues.connection_words import LEAST_BEFORE_S, Told
from flowsleuth.detect.clues.peer_names import names_of, peer_codes
from flowsleuth.detect.days.edges import Groups
from flowsleuth.detect.days.flow_codes import SPAN
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.days.pair_history import Had, PairHistory
from flowsleuth.detect.dense_codes import distinct, placed
from flowsleuth.detect.findings import KEPT_P, Extent, no_findings, tell
from flowsleuth.detect.odds.far_tails import FarTail, drawn_tail, tail_of_days
from flowsleuth.detect.option_bounds import check_bounds

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TUNNEL, REMOTE, CHANNEL = "T1572", "T1219", "T1071"
"""ATT&CK: protocol tunneling, remote access tools, application layer protocol of command and control."""
TUNNEL_PORTS = (22, 53, 500, 1194, 1701, 1723, 4500, 51_820)
"""Secure shell, names, and virtual private networks (IKE, OpenVPN, L2TP, PPTP, WireGuard)."""
TUNNEL_PROTOCOLS = (1, 4, 41, 47, 50, 58)
"""ICMP, IP in IP, IPv6 in IPv4, GRE, ESP, ICMPv6 (IANA's protocol numbers)."""
REMOTE_PORTS = (3389, 4899, 5500, 5800, 5900, 5901, 5902, 5938, 6568, 7070)
"""Remote desktop, Radmin, VNC, TeamViewer, AnyDesk."""
MOST_POPULAR = 20
COLUMNS = ("src", "dst", "service", "owner", "name", "duration_s")


@dataclass(frozen=True)
class LongConnectionOptions:
    """Options of :class:`LongConnectionFinder`."""

    least: float = field(
        default=1_800.0,
        metadata={
            "help": "seconds in a day for which a client and a peer are connected, that are worth a look",
            "unit": "seconds",
            "min": 120.0,
            "max": 1e7,
        },
    )

    def __post_init__(self) -> None:
        check_bounds(self)


class LongConnectionFinder:
    """Finds clients that stay connected with a peer far longer than others over the service, and than they used to.

    Judged are the longest connection and the time in which any was open, between a client and a peer (its name where
    flows give one) over one service. Records of the same ends and ports that meet are one connection: what an exporter
    cut at its active timeout counts whole, and so does what is still open where the data end, up to there. For each of
    the two the p-value is the largest of

    - the share of pairs on the service with as much, among peers that about as many clients have, and of the same side
      (out, in, within), drawn to those of all services (:func:`.far_tails.drawn_tail`);
    - the share of the clients that were connected as long with this peer, if others are: push services, gateways and
      pools of a database are everybody's;
    - the share of days, up to 14 earlier ones and this, on which the client was connected as long with this peer or
      with any but its regular ones.

    The finding's p-value is twice the smaller of the two (Bonferroni).

    Blind spots: records below 30 seconds are left out, so is an idle connection that an exporter ends at each pause; a
    connection counts on the day it began; behind a proxy all go to one peer.

    Source: own; long connections as RITA v5 has them, against peers instead of fixed hours.

    Parameters
    ----------
    options : LongConnectionOptions, optional
    """

    name: ClassVar[str] = "long_connections"
    summary: ClassVar[str] = "a client that stays connected with a peer far longer than others do"
    family: ClassVar[str] = "timing"
    normal_if: ClassVar[str] = "a connection with that peer were meant to stay open"
    is_default: ClassVar[bool] = True
    Options: ClassVar[type] = LongConnectionOptions
    version: ClassVar[int] = 3
    tables: ClassVar[tuple[str, ...]] = ()

    def __init__(self, options: LongConnectionOptions | None = None) -> None:
        self.options = options or LongConnectionOptions()

    def find(self, day: NetworkDay) -> pa.Table:
        """Long connections of the day; see :class:`.findings.Finder`."""
        if not len(day.pairs):
            return no_findings()
        every, least = connected_time(day), self.options.least
        there = Groups.by(every.peer * (int(every.service.max(initial=0)) + 1) + every.service)
        clients, voters = there.size[there.of], _clients_of_kind(every)
        values = (every.longest_s, every.total_s)
        peers = [
            np.maximum(_peer_tail(every, one, clients, least), _share_there(every, one, there.of, voters, least))
            for one in values
        ]
        rows = np.flatnonzero(
            (every.total_s >= least) & (2.0 * np.minimum(*peers) <= KEPT_P) & _concerns_us(day, every)
        )
        if not rows.size:
            return no_findings()
        before = _history(day).most_with_one(every.client[rows], every.peer[rows], every.kind[rows])
        chances = [one[rows] for one in peers]
        if len(before):
            of_days = [tail_of_days(one[rows], before, least) for one in values]
            chances = [np.maximum(*both) for both in zip(chances, of_days, strict=True)]
        p_value = np.minimum(2.0 * np.minimum(*chances), 1.0)
        keep = np.flatnonzero(p_value <= KEPT_P)
        told = Told(
            every.some(rows[keep]), clients[rows[keep]], voters[every.kind[rows[keep]]], len(before),
            before[:, keep].max(axis=0, initial=0.0),
        )  # fmt: skip
        one = told.connected
        return tell(
            day,
            src=one.client,
            dst=one.address,
            name=names_of(day, one.peer),
            service=one.service,
            p_value=p_value[keep],
            technique=_techniques(one.service),
            extent=Extent.of_groups(day.pairs, one.row, keep.size),
            reason=told.reasons(day),
            evidence=told.evidence(),
        )


def _concerns_us(day: NetworkDay, every: Connected) -> NDArray[np.bool_]:
    """One end is ours, or nobody is known to be."""
    return (every.kind > 0) | (not day.is_home.any())


def _clients_of_kind(every: Connected) -> Ints:
    pairs = distinct(every.client * KINDS + every.kind)
    return np.bincount(pairs % KINDS, minlength=KINDS)


def _peer_tail(every: Connected, value: Floats, clients: Ints, least: float) -> Floats:
    """Among pairs on the service whose peer about as many clients have, of the same kind."""
    service = placed(every.service)[1]
    popular = np.minimum(np.frexp(clients)[1], MOST_POPULAR).astype(np.int64)
    kind = every.kind * (MOST_POPULAR + 1) + popular
    return drawn_tail(value, every.client, service * (KINDS * (MOST_POPULAR + 1)) + kind, kind, least)


def _share_there(every: Connected, value: Floats, there: NDArray[np.int32], voters: Ints, least: float) -> Floats:
    """Among the clients of the same kind, each with what it has with this peer; 0 where nobody else deals with it."""
    found = np.zeros(value.size)
    for kind in range(KINDS):
        rows = np.flatnonzero(every.kind == kind)
        tail = FarTail.of(value[rows], there[rows], least, voters=float(voters[kind]))
        dealing = np.bincount(there[rows], minlength=1)[there[rows]]
        found[rows] = np.where(dealing > 1, tail.share, 0.0)
    return found


def _history(day: NetworkDay) -> PairHistory:
    """Seconds that the flows of clients with a peer over a service lasted in all on each earlier day.

    That is at least the connected time. Peers that this day does not have are not one peer.
    """
    days, peers, home = [], day.n_hosts + len(day.names), np.append(day.is_home, False).astype(np.int64)
    for _, pairs in day.earlier(*COLUMNS, only=_lasting):
        known = np.flatnonzero((pairs.client >= 0) & np.isfinite(pairs.duration_s))
        client, server = pairs.client[known].astype(np.int64), pairs.server[known].astype(np.int64)
        peer = peer_codes(pairs, day.n_hosts)[known].astype(np.int64)
        apart = np.where(peer >= 0, peer, peers + np.arange(peer.size))
        ends = Groups.by(client * (peers + peer.size) + apart).of.astype(np.int64)
        by = Groups.by(ends * (int(pairs.service.max(initial=0)) + 1) + pairs.service[known])
        one = np.unique(by.of, return_index=True)[1]
        kind = 2 * home[client[one]] + home[server[one]]
        days.append(Had(client[one], peer[one], kind, by.add_up(pairs.duration_s[known])))
    return PairHistory(days, peers, KINDS)


def _lasting(pairs: ir.Table, hosts: ir.Table) -> ir.Table:
    del hosts
    return pairs.filter((pairs.duration_ms >= LEAST_BEFORE_S * 1000).fill_null(False))


def _techniques(service: Ints) -> pa.Array:
    import pyarrow as pa

    proto, port = np.divmod(service, SPAN)
    is_tunnel = np.isin(proto, TUNNEL_PROTOCOLS) | np.isin(port, TUNNEL_PORTS)
    words = np.where(is_tunnel, TUNNEL, np.where(np.isin(port, REMOTE_PORTS), REMOTE, CHANNEL))
    return pa.array(words.tolist(), pa.string())
