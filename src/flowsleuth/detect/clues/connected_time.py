"""How long clients were connected with their peers on a day, whatever an exporter cut their connections into."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.peer_names import peer_codes
from flowsleuth.detect.days.day_counts import OUTCOMES, DayCounts
from flowsleuth.detect.days.edges import Groups
from flowsleuth.detect.days.flow_codes import FAILED, told_name
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.days.pair_times import as_ints
from flowsleuth.detect.dense_codes import distinct, look_up, only_value, places_in
from flowsleuth.detect.kernels.spans import join_spans

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

LONG_RECORD_S = 30.0
"""Shorter records are not looked at: exporters cut at an active timeout of a minute or more."""
MEET_MS = 60_000
"""Records of the same two ends and ports no further apart are one connection: ports are not used again sooner
(TIME_WAIT, RFC 9293), and exporters end an idle flow after 15 to 60 seconds."""
OPEN_MS = 60_000
"""A connection is taken to be open still if it ends so shortly before the last of the data."""
KINDS = 4
"""Whether the client is ours, and whether the peer is: 0 to 3."""
THEIRS_WITH_OURS = 1
"""The kind of a client that is not ours, and a peer that is."""


@dataclass(frozen=True)
class Connected:
    """A client's connections with one peer over one service; arrays of shape (n,).

    Attributes
    ----------
    client : array of int64
        Host code.
    peer : array of int64
        Host code, or ``n_hosts`` + the code of a name.
    service : array of int64
    address : array of int64
        Host code of the peer; -1 where it has several addresses.
    kind : array of int64
        Of :data:`KINDS`.
    row : array of int32, shape (rows of the day's pairs,)
        Which of these each row of :attr:`.network_day.NetworkDay.pairs` is of; -1 for none.
    longest_s, total_s : array of float64
        Of the longest connection, and of the time in which any was open; 0 where all were short.
    connections, records : array of int64
        Connections that were not short, and the records that they are made of.
    is_open : array of bool
        Whether one is still open where the day's data end.
    """

    client: Ints
    peer: Ints
    service: Ints
    address: Ints
    kind: Ints
    row: Ints
    longest_s: Floats
    total_s: Floats
    connections: Ints
    records: Ints
    is_open: Bools

    def some(self, rows: Ints) -> Connected:
        """Those at places; :attr:`row` has the others as -1."""
        place = np.append(places_in(rows, self.client.size), -1)
        found = {one.name: getattr(self, one.name)[rows] for one in fields(self) if one.name != "row"}
        return Connected(row=place[self.row], **found)


def connected_time(day: NetworkDay) -> Connected:
    """Connected time of all pairs of the day that conversed."""
    pairs = day.pairs
    talked = np.flatnonzero(pairs.flows > pairs.failed)
    keys = _Keys(day)
    by = Groups.by(keys.of(pairs.client[talked], peer_codes(pairs, day.n_hosts)[talked], pairs.service[talked]))
    row = np.full(len(pairs), -1)
    row[talked] = by.of
    n = by.keys.size
    one = np.zeros(n, dtype=np.int64)
    one[by.of] = talked
    client, server = pairs.client[one].astype(np.int64), pairs.server[one].astype(np.int64)
    spans = _Spans.of(day, keys, by.keys)
    return Connected(
        client=client,
        peer=peer_codes(pairs, day.n_hosts)[one],
        service=pairs.service[one].astype(np.int64),
        address=only_value(pairs.server[talked], by.of, n),
        kind=2 * day.is_home[client].astype(np.int64) + day.is_home[server],
        row=row,
        longest_s=spans.longest_s,
        total_s=spans.total_s,
        connections=spans.connections,
        records=spans.records,
        is_open=spans.is_open,
    )


class _Keys:
    """One integer for a client, peer and service of the day."""

    def __init__(self, day: NetworkDay) -> None:
        self._peers = day.n_hosts + len(day.names)
        self._services = distinct(day.pairs.service).astype(np.int64)
        self._ends = distinct(self._both(day.pairs.client, peer_codes(day.pairs, day.n_hosts)))

    def _both(self, client: NDArray[Any], peer: Ints) -> Ints:
        return client.astype(np.int64) * self._peers + peer

    def of(self, client: NDArray[Any], peer: Ints, service: NDArray[Any]) -> Ints:
        """Codes that are not of the day give a key that nothing has."""
        ends, place = look_up(self._ends, self._both(client, peer)), look_up(self._services, service.astype(np.int64))
        return np.where((ends >= 0) & (place >= 0), ends * self._services.size + place, -1)


@dataclass(frozen=True)
class _Spans:
    longest_s: Floats
    total_s: Floats
    connections: Ints
    records: Ints
    is_open: Bools

    @classmethod
    def of(cls, day: NetworkDay, keys: _Keys, wanted: Ints) -> _Spans:
        """Of each of some keys (sorted)."""
        rows = _long_records(day)
        owns = rows["kind"].to_numpy() >= OUTCOMES
        src, dst = rows["src"].to_numpy().astype(np.int64), rows["dst"].to_numpy().astype(np.int64)
        client, server = np.where(owns, dst, src), np.where(owns, src, dst)
        name = day.names.of(rows["server_name"])
        peer = np.where(name >= 0, day.n_hosts + name, server)
        pair = look_up(wanted, keys.of(client, peer, rows["service"].to_numpy()))
        ports = [rows[one].fill_null(-1).to_numpy().astype(np.int64) for one in ("src_port", "dst_port")]
        port = np.where(owns, ports[1], ports[0]) + 1
        start, end = _millis(rows["start"]), _millis(rows["end"])
        zero = int(start.min()) if start.size else 0
        use = np.flatnonzero(pair >= 0)
        ends = Groups.by((pair[use] * max(day.n_hosts, 1) + server[use]) * 65_537 + port[use])
        of, begin, until, parts = join_spans(
            ends.of.astype(np.int64), start[use] - zero, np.maximum(end, start)[use] - zero, MEET_MS
        )
        mine = ends.keys[of] // 65_537 // max(day.n_hosts, 1)
        whole, since, to, _ = join_spans(mine, begin, until, 0)
        n = wanted.size
        longest, is_open = np.zeros(n), np.zeros(n, dtype=bool)
        np.maximum.at(longest, mine, (until - begin) / 1000.0)
        data_end = max(int(until.max(initial=0)), int(day.pairs.last_us.max(initial=0)) // 1000 - zero)
        is_open[mine[until >= data_end - OPEN_MS]] = True
        return cls(
            longest,
            np.bincount(whole, weights=(to - since) / 1000.0, minlength=n).astype(np.float64),
            np.bincount(mine, minlength=n),
            np.bincount(mine, weights=parts, minlength=n).astype(np.int64),
            is_open,
        )


def _long_records(day: NetworkDay) -> pa.Table:
    counts = DayCounts(day.input, day.date)

    def build(flows: ir.Table) -> ir.Table:
        coded = counts.coded(flows)
        long = coded.filter((coded.duration_s >= LONG_RECORD_S).fill_null(False) & (coded.kind % OUTCOMES != FAILED))
        until, name = long["end"].coalesce(long.start), told_name(long.server_name)
        ends = ("src", "dst", "service", "kind", "src_port", "dst_port")
        return long.select(*ends, "start", end=until, server_name=name)

    return day.input.arrow(day.input.counts("long_records", build, [day.date]).drop("date"))


def _millis(column: pa.ChunkedArray) -> Ints:
    return as_ints(column) // 1000
