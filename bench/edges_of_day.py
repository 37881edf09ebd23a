"""A day's flows as numbers: who spoke with whom, and what hosts and pairs of hosts did in all.

Hosts are the addresses of our own that began a flow; pairs are such a host and an address that it began flows to.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FAILED = ("S0", "REJ", "RSTOS0", "SH")
DNS = 53


@dataclass(frozen=True, eq=False)
class Edges:
    """Flows that hosts of our own began.

    Parameters
    ----------
    flows : pyarrow.Table
        The day, columns of ``schema.FLOW``.
    past : pyarrow.Table or None
        Earlier days in one table.
    """

    flows: pa.Table
    past: pa.Table | None = None

    @cached_property
    def rows(self) -> Ints:
        """Places of these flows in the day."""
        own = pc.is_in(self.flows["direction"], value_set=pa.array(["outbound", "internal"]))
        return np.flatnonzero(own.combine_chunks().to_numpy(zero_copy_only=False))

    @cached_property
    def own(self) -> pa.Table:
        """These flows."""
        return self.flows.take(pa.array(self.rows)).combine_chunks()

    def number(self, name: str) -> Floats:
        """A column as float; 0 for null."""
        return np.asarray(pc.fill_null(self.own[name].cast(pa.float64()), 0.0).to_numpy())

    @cached_property
    def _sources(self) -> tuple[Ints, list[str]]:
        return coded(self.own["src_ip"])

    @cached_property
    def _targets(self) -> tuple[Ints, list[str]]:
        return coded(self.own["dst_ip"])

    @property
    def host_of(self) -> Ints:
        """Place in :attr:`hosts` of each flow's source."""
        return self._sources[0]

    @property
    def hosts(self) -> list[str]:
        """Addresses of the hosts."""
        return self._sources[1]

    @property
    def peer_of(self) -> Ints:
        """Place in :attr:`peers` of each flow's destination."""
        return self._targets[0]

    @property
    def peers(self) -> list[str]:
        """Addresses of the destinations."""
        return self._targets[1]

    @cached_property
    def _pairs(self) -> tuple[Ints, Ints]:
        keys, of = np.unique(self.host_of * len(self.peers) + self.peer_of, return_inverse=True)
        return keys, of.reshape(-1)

    @property
    def pair_of(self) -> Ints:
        """Place of each flow's pair."""
        return self._pairs[1]

    @cached_property
    def pair_host(self) -> Ints:
        """Host of each pair."""
        return self._pairs[0] // max(len(self.peers), 1)

    @cached_property
    def pair_peer(self) -> Ints:
        """Peer of each pair."""
        return self._pairs[0] % max(len(self.peers), 1)

    @property
    def n_pairs(self) -> int:
        """How many pairs."""
        return self._pairs[0].size

    def place_of_pair(self, source: str, target: str) -> int:
        """Place of a pair; -1 where there is none."""
        if source not in self.hosts or target not in self.peers:
            return -1
        key = self.hosts.index(source) * len(self.peers) + self.peers.index(target)
        at = int(np.searchsorted(self._pairs[0], key))
        return at if at < self.n_pairs and self._pairs[0][at] == key else -1

    @cached_property
    def start_s(self) -> Floats:
        """Start of each flow, seconds."""
        return np.asarray(self.own["start"].cast("int64").to_numpy() / 1e6)

    @cached_property
    def failed(self) -> Bools:
        """Flows that got no answer or were refused."""
        found = pc.fill_null(pc.is_in(self.own["conn_state"], value_set=pa.array(FAILED)), False)
        return np.asarray(found.combine_chunks().to_numpy(zero_copy_only=False), dtype=bool)

    @cached_property
    def port(self) -> Ints:
        """Destination port; -1 where there is none."""
        return np.asarray(pc.fill_null(self.own["dst_port"], -1).to_numpy(), dtype=np.int64)

    @cached_property
    def outside(self) -> Bools:
        """Flows that left."""
        return np.asarray(pc.equal(self.own["direction"], "outbound").combine_chunks().to_numpy(zero_copy_only=False))

    @cached_property
    def sources(self) -> Ints:
        """Of each peer, how many hosts began flows to it."""
        return np.bincount(self.pair_peer, minlength=len(self.peers))

    @cached_property
    def first_s(self) -> Floats:
        """Of each pair, its first start on the day."""
        first = np.full(self.n_pairs, np.inf)
        np.minimum.at(first, self.pair_of, self.start_s)
        return first

    @cached_property
    def was_pair(self) -> Bools:
        """Pairs of an earlier day."""
        if self.past is None:
            return np.zeros(self.n_pairs, dtype=bool)
        known = set(zip(self.past["src_ip"].to_pylist(), self.past["dst_ip"].to_pylist(), strict=True))
        hosts, peers = self.hosts, self.peers
        return np.array([(hosts[h], peers[p]) in known for h, p in zip(self.pair_host, self.pair_peer, strict=True)])

    @cached_property
    def was_peer(self) -> Bools:
        """Peers to which anybody spoke on an earlier day."""
        if self.past is None:
            return np.zeros(len(self.peers), dtype=bool)
        known = set(self.past["dst_ip"].unique().to_pylist())
        return np.array([text in known for text in self.peers], dtype=bool)

    @cached_property
    def begun(self) -> Ints:
        """Of each host, to how many peers it was the first of all to speak, on any day."""
        order = np.lexsort((np.arange(self.n_pairs), self.first_s, self.pair_peer))
        is_first = np.ones(order.size, dtype=bool)
        is_first[1:] = self.pair_peer[order][1:] != self.pair_peer[order][:-1]
        first = order[is_first & ~self.was_peer[self.pair_peer[order]]]
        return np.bincount(self.pair_host[first], minlength=len(self.hosts))

    def per_host(self, values: Floats | Bools) -> Floats:
        """Sums by host of numbers of flows."""
        return np.asarray(np.bincount(self.host_of, weights=values, minlength=len(self.hosts)), dtype=float)

    def per_pair(self, values: Floats | Bools) -> Floats:
        """Sums by pair of numbers of flows."""
        return np.asarray(np.bincount(self.pair_of, weights=values, minlength=self.n_pairs), dtype=float)

    def distinct(self, owner: Ints, values: Ints, owners: int) -> Ints:
        """How many different values each owner has."""
        keys = np.unique(owner * (int(values.max(initial=0)) + 2) + values + 1)
        return np.bincount(keys // (int(values.max(initial=0)) + 2), minlength=owners)

    @cached_property
    def host_features(self) -> Floats:
        """What anyone would take of a host's day, shape (hosts, 10)."""
        flows = self.per_host(np.ones(self.host_of.size))
        n = len(self.hosts)
        return np.column_stack(
            [
                np.log1p(flows),
                np.log1p(self.distinct(self.host_of, self.peer_of, n)),
                np.log1p(self.distinct(self.host_of, self.port, n)),
                np.log1p(self.per_host(self.failed)),
                self.per_host(self.failed) / flows,
                np.log1p(self.per_host(self.number("src_bytes"))),
                np.log1p(self.per_host(self.number("dst_bytes"))),
                self.per_host(np.log1p(self.number("duration_s"))) / flows,
                self.per_host(self.outside) / flows,
                self.per_host(self.port == DNS) / flows,
            ]
        )

    @cached_property
    def pair_features(self) -> Floats:
        """The same of a pair's, shape (pairs, 9)."""
        flows = self.per_pair(np.ones(self.pair_of.size))
        return np.column_stack(
            [
                np.log1p(flows),
                np.log1p(self.distinct(self.pair_of, self.port, self.n_pairs)),
                self.per_pair(self.failed) / flows,
                np.log1p(self.per_pair(self.number("src_bytes"))),
                np.log1p(self.per_pair(self.number("dst_bytes"))),
                self.per_pair(np.log1p(self.number("duration_s"))) / flows,
                np.log1p(self.sources[self.pair_peer]),
                self.per_pair(self.outside) / flows,
                np.log1p(np.maximum(self.port[_first(self.pair_of, self.n_pairs)], 0)),
            ]
        )


def coded(texts: pa.ChunkedArray) -> tuple[Ints, list[str]]:
    """Place of each text among the different ones, and those."""
    found = texts.combine_chunks().dictionary_encode()
    return found.indices.to_numpy().astype(np.int64), found.dictionary.to_pylist()


def _first(owner: Ints, owners: int) -> Ints:
    """Place of each owner's first row."""
    first = np.full(owners, owner.size)
    np.minimum.at(first, owner, np.arange(owner.size))
    return first


@dataclass(frozen=True, eq=False)
class Day:
    """What a contender sees.

    Attributes
    ----------
    flows : pyarrow.Table
    past : tuple of pyarrow.Table
        Earlier days, oldest first.
    home : tuple of str
        Networks that are the site's own.
    """

    flows: pa.Table
    past: tuple[pa.Table, ...] = ()
    home: tuple[str, ...] = ()

    @cached_property
    def edges(self) -> Edges:
        """The flows as numbers, with all earlier days in one table."""
        return Edges(self.flows, pa.concat_tables(self.past) if self.past else None)

    @property
    def date(self) -> dt.date:
        """The UTC day."""
        return date_of(self.flows)


def date_of(flows: pa.Table) -> dt.date:
    """The UTC day of the first flow."""
    return flows["start"][0].as_py().date()  # type: ignore[no-any-return]
