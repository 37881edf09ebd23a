"""How unusual a host's conduct is: whom it talks to, whether it gets answers, how wide its vain attempts go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.edges import KINDS, Edges, Groups
from flowsleuth.detect.days.flow_codes import ANSWERED, UNKNOWN
from flowsleuth.detect.tails import at_least, nats, own_tail

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PRIOR_PEERS = 10.0
"""Peers of the average host that every host is given before its own choice of peers counts."""
PRIOR_ATTEMPTS = 5.0
"""Attempts at the service's usual rate of failure that every host is given."""
PRIOR_CLIENTS = 2.0
"""Clients at the overall rate of failure that every service is given."""


@dataclass(frozen=True)
class Peers:
    """How alone a host is with its peer.

    Attributes
    ----------
    surprise : array of float64, shape (n_edges,)
        Nats; 0 for edges that failed.
    hosts : array of int64, shape (n_hosts,)
        Addresses that began a conversation with this one.
    """

    surprise: Floats
    hosts: Ints


def judge_peers(edges: Edges) -> Peers:
    """Surprise of a destination so little talked to, among the source's own destinations.

    ``p = (c - 1 + m G) / (n - 1 + m)``: of the source's n destinations, c are talked to by as few addresses as this one
    or fewer; G is that share over all (source, destination) pairs; m = :data:`PRIOR_PEERS`. A host that always talks
    to hosts nobody else talks to (file sharing, a mail relay) is not surprising for one more. Attempts that failed are
    no talk: that nobody else tries an address where nobody answers says nothing more.
    """
    talks = np.flatnonzero(~edges.is_failed)
    pairs = Groups.by(edges.src[talks].astype(np.int64) * edges.n_hosts + edges.dst[talks])
    src, dst = np.divmod(pairs.keys, edges.n_hosts)
    hosts = np.bincount(dst, minlength=edges.n_hosts)
    rarity = -hosts[dst].astype(float)
    lower, n = own_tail(rarity, src, np.ones(src.size), edges.n_hosts)
    everywhere, total = at_least(rarity, np.zeros(rarity.size, dtype=np.int64), 1)
    p = (lower + PRIOR_PEERS * everywhere / np.maximum(total, 1)) / (n + PRIOR_PEERS)
    surprise = np.zeros(len(edges))
    surprise[talks] = nats(p)[pairs.of]
    return Peers(surprise, hosts)


def judge_outcome(edges: Edges) -> Floats:
    """Surprise of an attempt that failed, in nats; 0 for one that did not.

    ``p = (f + m r) / (k + m)``: what the source tried on its *other* services, k attempts with f failures, drawn to
    the service's failure rate r among its *other* clients, each client counting once; m = :data:`PRIOR_ATTEMPTS`. So a
    sweep cannot make failing normal, neither for its source nor for the service.
    """
    is_clear = edges.outcome != UNKNOWN
    uses = edges.by_source_and_service
    src, service = np.divmod(uses.keys, edges.n_services)
    tried, failed = uses.add_up(is_clear), uses.add_up(edges.is_failed)
    is_use = tried > 0
    share = np.divide(failed, tried, out=np.zeros(tried.size), where=is_use)
    overall = (share.sum() + 0.5) / (is_use.sum() + 1.0)
    kinds = edges.n_services
    others = np.bincount(service, weights=is_use, minlength=kinds)[service] - is_use
    others_share = np.bincount(service, weights=share, minlength=kinds)[service] - share
    rate = (others_share + PRIOR_CLIENTS * overall) / (others + PRIOR_CLIENTS)
    hosts = edges.n_hosts
    elsewhere = np.bincount(src, weights=tried, minlength=hosts)[src] - tried
    failed_elsewhere = np.bincount(src, weights=failed, minlength=hosts)[src] - failed
    p = (failed_elsewhere + PRIOR_ATTEMPTS * rate) / (elsewhere + PRIOR_ATTEMPTS)
    return np.where(edges.is_failed, nats(np.clip(p, 1e-12, 1.0))[uses.of], 0.0)


@dataclass(frozen=True)
class Sweeps:
    """How wide, and how often, a source's vain attempts go.

    Attributes
    ----------
    surprise : array of float64, shape (n_edges,)
        Nats; 0 for edges that did not fail.
    peers, ports, tries : array of int64, shape (n_edges,)
        Addresses that never answered the source on this service; services on which this address never answered it;
        flows on this service to this address without an answer. 0 for edges that did not fail.
    """

    surprise: Floats
    peers: Ints
    ports: Ints
    tries: Ints


def judge_sweeps(edges: Edges) -> Sweeps:
    """Surprise of trying so many addresses, so many services, or one of them so often, in vain.

    Width is the larger of two excesses of failures over successes (Jung et al. 2004, "Fast portscan detection using
    sequential hypothesis testing": a success takes a step back): over the addresses on the service, and over the
    services at the address. Persistence is log2 of the number of flows to a service at an address that never answered:
    programs repeat themselves, so a hundred tries are one decision, where a hundred addresses are not. Both are 0 for a
    first attempt and have their tails among hosts (:func:`_tail_among_hosts`); the surprise is that of the harmonic
    mean of the two.
    """
    on_service, at_peer = edges.by_source_and_service, edges.by_pair
    same = Groups.by(edges.keys // KINDS)
    is_dead = edges.is_failed & (same.add_up(edges.outcome == ANSWERED) == 0)[same.of]
    first = edges.is_failed & edges.is_first_failed
    step = first.astype(float) - (edges.outcome == ANSWERED)
    dead = first & is_dead
    peers, ports = on_service.add_up(dead)[on_service.of], at_peer.add_up(dead)[at_peer.of]
    tries = same.add_up(edges.flows * edges.is_failed)[same.of]
    excess = np.maximum(on_service.add_up(step)[on_service.of], at_peer.add_up(step)[at_peer.of])
    width = np.where(edges.is_failed, np.maximum(excess - 1.0, 0.0), 0.0)
    persistence = np.where(is_dead, np.log2(np.maximum(tries, 1.0)), 0.0)
    tails = [_tail_among_hosts(edges, x) for x in (width, persistence)]
    p = len(tails) / sum(1.0 / tail for tail in tails)
    counts = (np.where(edges.is_failed, x, 0.0).astype(np.int64) for x in (peers, ports, tries))
    return Sweeps(nats(np.where(edges.is_failed, p, 1.0)), *counts)


def _tail_among_hosts(edges: Edges, x: Floats) -> Floats:
    """P(a host has an x as large): ``(1 / (1 + x) + g) / n``, 1 where x is 0.

    g of the other sources have an x as large; n sources are compared: for a source of ours our own, for one outside
    all. ``1 / (1 + x)`` stands for the source itself, as a host with a very heavy tail (Pareto, exponent 1) would: p
    goes on falling beyond the largest host, and among two hosts little is proved.
    """
    sources = Groups.by(edges.src)
    largest = np.zeros(sources.keys.size)
    np.maximum.at(largest, sources.of, x)
    at_home = edges.is_home[sources.keys]
    p = np.ones(x.size)
    for is_ours in (True, False):
        others = np.sort(largest[at_home] if is_ours else largest)
        mine = np.flatnonzero((at_home[sources.of] == is_ours) & (x > 0))
        larger = others.size - np.searchsorted(others, x[mine], side="left")
        is_me = largest[sources.of[mine]] >= x[mine]
        p[mine] = (1.0 / (1.0 + x[mine]) + larger - is_me) / others.size
    return p
