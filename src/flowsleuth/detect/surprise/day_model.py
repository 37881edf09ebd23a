"""All that is learnt of one day, and the surprise of flows under it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.contract import DayInput
from flowsleuth.detect.days.day_counts import DayCounts
from flowsleuth.detect.days.edges import Edges, Groups
from flowsleuth.detect.dense_codes import TextCodes, hash_rows, to_signed
from flowsleuth.detect.surprise.behaviour import judge_outcome, judge_peers, judge_sweeps
from flowsleuth.detect.surprise.habits import learn_habits, make_vocabulary, port_rarity
from flowsleuth.detect.surprise.history import History, excuse
from flowsleuth.detect.surprise.sizes import Sizes

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

PARTS = ("service", "port", "peer", "outcome", "sweep", "new", "size", "hour")
"""Parts of the surprise, in nats; they add up to it."""
EDGE_PARTS = 6
"""The first of them are the same for all flows of an edge."""
EDGE_FACTS = (
    "service_end",
    "owner",
    "is_failed",
    "port_hosts",
    "peer_hosts",
    "failed_peers",
    "failed_ports",
    "failed_tries",
    "flows_before",
)
FACTS = (*EDGE_FACTS, "port_flows", "day_flows", "days_before", "size_kind", "size_below")
"""Numbers that the reason is written from.

service_end: which end makes the service unusual (0 client, 1 server; 2 and 3: the same, in vain); owner: who has the
service (0 destination, 1 source); is_failed; port_hosts: hosts that asked for the service; peer_hosts: hosts that began
something with the destination; failed_peers, failed_ports, failed_tries: addresses on this service, services at this
address, flows on this service at this address, that the source tried in vain; flows_before: flows of the client on the
service on earlier days (-1: there are none); port_flows, day_flows: flows on the service and of the day; days_before:
earlier days learnt from; size_kind, size_below: see :mod:`.sizes`.
"""

BLOCK = 16_384
"""Rows of evidence put together at a time: 3.5 MB, which stay in the processor's cache from column to column."""
MIN_SWEEP = 10
"""Vain attempts from which rows are put together as one sweep: nobody reads the eleventh."""
PAIR, SWEEP, PORT_SWEEP = 0, 1, 2


@dataclass(frozen=True)
class Judged:
    """A batch of flows under a model.

    Attributes
    ----------
    surprise : array of float64, shape (n,)
        Nats.
    suspect_id : array of int64, shape (n,)
    group_flows : array of float64, shape (n,)
        Flows of the day with the same suspect.
    evidence : array of float64, shape (n, len(PARTS) + len(FACTS) + spare)
    edge : array of int64, shape (n,)
        Which of the day's edges each flow belongs to.
    """

    surprise: Floats
    suspect_id: Ints
    group_flows: Floats
    evidence: Floats
    edge: Ints


class DayModel:
    """Hosts, services and sizes of one day.

    Parameters
    ----------
    day : DayInput
        Gives the counts.
    date : datetime.date
        Which day; need not be ``day.day``.
    earlier : list of datetime.date
        Days before it, newest first.
    topics, seed : int
    half_life_days : float
    """

    def __init__(
        self,
        day: DayInput,
        date: dt.date,
        earlier: list[dt.date],
        *,
        topics: int,
        seed: int,
        half_life_days: float,
    ) -> None:
        self.date = date
        self.counts = counts = DayCounts(day, date)
        hosts = day.arrow(counts.hosts).sort_by("host")
        self.addresses = TextCodes(hosts["ip"].combine_chunks())
        self.edges = edges = Edges(day.batches(counts.edges()), hosts["is_home"].to_numpy() > 0)
        self.n_flows = int(edges.flows.sum(dtype=np.int64))
        self.sizes = Sizes(edges, day.arrow(counts.uploads()), self.addresses)
        ages = {d: (date - d).days for d in earlier}
        self.history = History(day, ages, half_life_days, edges, self.addresses)
        vocabulary, clients = make_vocabulary(edges)
        habits = learn_habits(edges, vocabulary, self.history.uses, topics, seed)
        self.topic_model = habits.model
        self.words = vocabulary.size
        peers, sweeps = judge_peers(edges), judge_sweeps(edges)
        used = self.history.service_habit(edges, is_server=False)
        at_client = excuse(habits.client, used)
        at_server = excuse(habits.server, self.history.service_habit(edges, is_server=True))
        is_vain = np.where(at_server > at_client, habits.server_vain, habits.client_vain)
        service, outcome = _count_failure_once(np.maximum(at_client, at_server), judge_outcome(edges), is_vain)
        parts = np.stack(
            [
                service,
                excuse(port_rarity(clients)[edges.service], used),
                excuse(peers.surprise, self.history.pair_habit()),
                outcome,
                sweeps.surprise,
                self.history.judge_new(edges),
            ],
            axis=1,
            dtype=np.float32,
        )
        self._sum: Floats = parts.sum(axis=1, dtype=np.float64)
        port_flows = np.bincount(edges.service, weights=edges.flows, minlength=edges.n_services)
        facts = np.stack(
            [
                (at_server > at_client) + 2 * is_vain,
                edges.is_src_owner,
                edges.is_failed,
                clients[edges.service],
                peers.hosts[edges.dst],
                sweeps.peers,
                sweeps.ports,
                sweeps.tries,
                self.history.flows_before(edges),
            ],
            axis=1,
            dtype=np.float32,
            casting="same_kind",
        )
        # What all flows of an edge have, as evidence has it: one row is taken for a flow. The rest is each flow's own.
        self._known = np.concatenate(
            [parts, np.zeros_like(parts, shape=(len(edges), len(PARTS) - EDGE_PARTS)), facts], axis=1
        )
        self._port_flows = port_flows
        self._failed_peers, self._failed_ports = sweeps.peers, sweeps.ports
        self._suspects = self._name_suspects()
        groups = Groups.by(self._suspects)
        self._group_flows = groups.add_up(edges.flows)[groups.of]

    def judge(self, batch: pa.RecordBatch, spare: int = 0) -> Judged:
        """Surprise, group and evidence of flows with :data:`.day_counts.CODED`; `spare` zeros after the evidence."""
        edges = self.edges
        at = edges.find(batch)
        service, source = edges.service[at], edges.src[at]
        size = self.sizes.judge(batch, source, service, edges.is_failed[at])
        start = np.asarray(batch.column("start").cast("int64"))
        hour = self.history.judge_hours(source, start)
        flow_facts = (self._port_flows[service], self.n_flows, self.history.days, size.kind, size.below)
        n_known = self._known.shape[1]
        evidence = np.empty((at.size, len(PARTS) + len(FACTS) + spare))
        for low in range(0, at.size, BLOCK):
            some = slice(low, low + BLOCK)
            block, edge = evidence[some], at[some]
            block[:, :n_known] = self._known.take(edge, axis=0, mode="clip")
            block[:, EDGE_PARTS] = _as_told(size.surprise[some])
            block[:, EDGE_PARTS + 1] = _as_told(hour[some])
            for place, column in enumerate(flow_facts, start=n_known):
                block[:, place] = column[some] if isinstance(column, np.ndarray) else column
            block[:, len(PARTS) + len(FACTS) :] = 0.0
        surprise = self._sum[at] + (size.surprise + hour)
        return Judged(surprise, self._suspects[at], self._group_flows[at], evidence, at)

    def _name_suspects(self) -> Ints:
        """Ids of groups of near-identical flows, one per edge.

        Same source, destination, service, outcome and day; a sweep (:data:`MIN_SWEEP` addresses tried in vain on one
        service, or services at one address) is one group whatever the destination, or the service.
        """
        edges = self.edges
        is_sweep = edges.is_failed & (self._failed_peers >= MIN_SWEEP)
        is_port_sweep = edges.is_failed & ~is_sweep & (self._failed_ports >= MIN_SWEEP)
        kind = np.where(is_sweep, SWEEP, np.where(is_port_sweep, PORT_SWEEP, PAIR))
        hashes = self.addresses.hashes()
        zero = np.uint64(0)
        columns = [
            hashes[edges.src],
            np.where(is_sweep, zero, hashes[edges.dst]),
            np.where(is_port_sweep, 0, edges.services[edges.service]),
            np.where(is_port_sweep, 0, edges.is_src_owner),
            edges.outcome,
            kind,
            np.full(len(edges), self.date.toordinal()),
        ]
        return to_signed(hash_rows(np.stack([np.asarray(c).astype(np.uint64) for c in columns], axis=1)))


def _as_told(values: Floats) -> NDArray[np.float32]:
    """As the other parts are kept: further digits, which nobody reads, take 8 % of the room of scores (CTU-13)."""
    return values.astype(np.float32)


def _count_failure_once(service: Floats, outcome: Floats, is_vain: Bools) -> tuple[Floats, Floats]:
    """Where the service is surprising because it was in vain, that and the failure are one event: keep the larger."""
    is_service = is_vain & (service >= outcome)
    is_outcome = is_vain & ~is_service
    return np.where(is_outcome, 0.0, service), np.where(is_service, 0.0, outcome)
