"""Who ranks hosts, pairs and flows of a day: our list, our detectors alone, RITA, and what anyone could write.

Each gives, of one day (and the days before it), a number for every host, every pair and every flow, or for some of the
three; high is suspicious. Where a contender scores flows only, a host is as suspicious as its worst flow, and so is a
pair. None of them is told anything else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edges_of_day import Day, Edges, date_of
from flowsleuth.detect import DETECTORS
from flowsleuth.testing.detectors import MemoryDay, run_detector
from flowsleuth.workspace.injection.ranks import strengths
from our_list import finder, fused
from outliers import ecod, forest, hbos
from rita_list import rita_list

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Ranking:
    """One contender's numbers.

    Attributes
    ----------
    host : array of float or None
        In the order of :attr:`Edges.hosts`.
    pair : array of float or None
        One for each row of its list of pairs.
    pair_of : array of int or None
        Row of that list for each flow of :attr:`Edges.own`, -1 for none; None where rows are the pairs of `Edges`.
    flow : array of float or None
        In the order of the day's flows.
    """

    host: Floats | None = None
    pair: Floats | None = None
    pair_of: Ints | None = None
    flow: Floats | None = None


def worst(edges: Edges, score: Floats) -> Ranking:
    """Hosts and pairs by their worst flow."""
    own = score[edges.rows]
    host, pair = np.full(len(edges.hosts), -np.inf), np.full(edges.n_pairs, -np.inf)
    np.maximum.at(host, edges.host_of, own)
    np.maximum.at(pair, edges.pair_of, own)
    return Ranking(host, pair, None, score)


def _detector(name: str) -> Callable[[Day], Ranking]:
    def rank(day: Day) -> Ranking:
        earlier = {date_of(one): one for one in day.past}
        with MemoryDay(day.flows, day.date, earlier) as memory:
            scored = run_detector(DETECTORS.load(name)(), memory)[0]
        return worst(day.edges, strengths(scored).astype(float))

    return rank


def _newness(day: Day) -> Ranking:
    """Pairs by how late they first spoke, those of earlier days last; hosts by how many peers they spoke to first."""
    e = day.edges
    pair = np.where(e.was_pair, -np.inf, e.first_s)
    order = np.lexsort((np.arange(e.pair_of.size), e.start_s, e.pair_of))
    place = np.empty(order.size)
    first = np.concatenate([[0], np.cumsum(np.bincount(e.pair_of, minlength=e.n_pairs))])
    place[order] = np.arange(order.size) - first[e.pair_of[order]]
    flow = np.full(len(day.flows), -np.inf)
    flow[e.rows] = np.where(e.was_pair[e.pair_of], -1e9, -place)
    return Ranking(e.begun.astype(float), pair, None, flow)


def _rarity(day: Day) -> Ranking:
    """Pairs by how few hosts speak to the peer, then by flows; hosts by the sum of one over those."""
    e = day.edges
    few = 1.0 / e.sources[e.pair_peer]
    flows = e.per_pair(np.ones(e.pair_of.size))
    pair = few + 1e-9 * flows
    flow = np.zeros(len(day.flows))
    flow[e.rows] = few[e.pair_of]
    host = np.asarray(np.bincount(e.pair_host, weights=few, minlength=len(e.hosts)), dtype=float)
    return Ranking(host, pair, None, flow)


def _volume(day: Day) -> Ranking:
    """Bytes sent to the outside; to anyone, where a host or pair sends none there."""
    e = day.edges
    sent = e.number("src_bytes")
    out = sent * e.outside
    flow = np.zeros(len(day.flows))
    flow[e.rows] = sent
    return Ranking(e.per_host(out) + 1e-12 * e.per_host(sent), e.per_pair(out) + 1e-12 * e.per_pair(sent), None, flow)


def _activity(day: Day) -> Ranking:
    """Flows."""
    e = day.edges
    ones = np.ones(e.host_of.size)
    return Ranking(e.per_host(ones), e.per_pair(ones))


def _destinations(day: Day) -> Ranking:
    """Hosts by their peers."""
    e = day.edges
    return Ranking(np.bincount(e.pair_host, minlength=len(e.hosts)).astype(float))


def _failures(day: Day) -> Ranking:
    """Failed flows and distinct peers of the source on the port, as rankers.py has it; pairs by failed flows."""
    e = day.edges
    keys, of = np.unique(e.host_of * 65_537 + e.port + 1, return_inverse=True)
    of = of.reshape(-1)
    count = np.bincount(of, weights=e.failed) + e.distinct(of, e.peer_of, keys.size)
    host = np.zeros(len(e.hosts))
    np.maximum.at(host, keys // 65_537, count)
    flow = np.zeros(len(day.flows))
    flow[e.rows] = count[of]
    return Ranking(host, e.per_pair(e.failed), None, flow)


def _on_features(method: Callable[[Floats], Floats]) -> Callable[[Day], Ranking]:
    """An outlier score of hosts, of pairs and of flows, each among its like."""

    def rank(day: Day) -> Ranking:
        e = day.edges
        flow = np.full(len(day.flows), -np.inf)
        flow[e.rows] = method(_flow_features(e))
        return Ranking(method(e.host_features), method(e.pair_features), None, flow)

    return rank


def _flow_features(e: Edges) -> Floats:
    """Sizes, time, ports and the clock of each flow, and how many speak to the peer."""
    sizes = [np.log1p(e.number(name)) for name in ("src_bytes", "dst_bytes", "duration_s")]
    clock = e.start_s % 86_400 / 86_400 * 2 * np.pi
    ports = np.log1p(np.maximum(e.port, 0))
    rest = [ports, e.failed, e.outside, np.sin(clock), np.cos(clock), np.log1p(e.sources[e.peer_of])]
    return np.column_stack([*sizes, *rest])


def _rita(day: Day) -> Ranking:
    """RITA v5's threat scores at its defaults; a host by its highest row."""
    e = day.edges
    threat, row_of = rita_list(e)
    host = np.full(len(e.hosts), -np.inf)
    listed = row_of >= 0
    np.maximum.at(host, e.host_of[listed], threat[row_of[listed]])
    flow = np.full(len(day.flows), -np.inf)
    flow[e.rows[listed]] = threat[row_of[listed]]
    return Ranking(host, threat, row_of, flow)


def _chance(day: Day) -> Ranking:
    """Everything ties."""
    return worst(day.edges, np.zeros(len(day.flows)))


BASELINES: dict[str, Callable[[Day], Ranking]] = {
    "newness": _newness,
    "rarity": _rarity,
    "volume out": _volume,
    "activity": _activity,
    "destinations": _destinations,
    "failures": _failures,
    "isolation forest": _on_features(forest),
    "HBOS": _on_features(hbos),
    "ECOD": _on_features(ecod),
    "spot": _detector("spot"),
    "RITA v5": _rita,
    "chance": _chance,
}


def _fused(day: Day) -> Ranking:
    """Our list."""
    return Ranking(*fused(day))


def one_finder(name: str) -> Callable[[Day], Ranking]:
    """One finder's findings, without the others."""

    def rank(day: Day) -> Ranking:
        return Ranking(*finder(name)(day))

    return rank


OURS = "fused"
CONTENDERS: dict[str, Callable[[Day], Ranking]] = {
    OURS: _fused, "suspicious": _detector("suspicious"), **BASELINES,
}  # fmt: skip
