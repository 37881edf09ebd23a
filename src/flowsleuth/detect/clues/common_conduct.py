"""How usual it is among our hosts to do as much to the same peer, or by the same service."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.edges import Groups
from flowsleuth.detect.dense_codes import distinct

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def others_share(strength: Floats, src: Ints, peer: Ints, service: Ints, asked: Ints) -> Floats:
    """Share of our other hosts that do as much: in [0, 1], shape (n_asked,).

    Of our other hosts, those that talk to the same peer as strongly; or, if that is more, as strongly by the same
    service to anybody. As nearly every host does anything by a service like HTTPS to somebody, the latter is no more
    than the share of the others' pairs on the service that are so strong. One host's many peers never vouch for one
    another. Where there is no other host it is 0.

    Parameters
    ----------
    strength : array of float64, shape (n,)
        Of each pair, at least 0.
    src, peer, service : array of int64, shape (n,)
        At least 0.
    asked : array of int64
        Pairs to tell of.

    Examples
    --------
    Four hosts; three have the clock in common, and one of them another peer.

    >>> src, peer, clock = np.array([0, 1, 2, 3, 2]), np.array([9, 9, 9, 8, 7]), np.array([123, 123, 123, 443, 443])
    >>> others_share(np.array([5.0, 5.0, 5.0, 0.0, 5.0]), src, peer, clock, np.arange(5)).round(2).tolist()
    [0.67, 0.67, 0.67, 0.33, 0.0]
    """
    others = distinct(src).size - 1
    if others < 1 or not asked.size:
        return np.zeros(asked.size)
    by_service, by_user = Groups.by(service), Groups.by(service * (src.max() + 1) + src)
    held = by_service.size[by_service.of[asked]] - by_user.size[by_user.of[asked]]
    some = np.flatnonzero(strength >= strength[asked].min())  # no other is as strong as any that is asked for
    rank = np.unique(strength[some], return_inverse=True)[1].reshape(-1)
    at = np.searchsorted(some, asked)
    at_service, at_user = (groups.of[some].astype(np.int64) for groups in (by_service, by_user))
    to_peer: Floats = (_hosts_at_least(rank, src[some], peer[some], at) - 1) / others
    served = (_hosts_at_least(rank, src[some], at_service, at) - 1) / others
    strong = _at_least(rank, at_service, rank[at], at_service[at]) - _at_least(rank, at_user, rank[at], at_user[at])
    of_pairs: Floats = np.divide(strong, held, out=np.zeros(asked.size), where=held > 0)
    found: Floats = np.maximum(to_peer, np.minimum(served, of_pairs))
    return found


def sources_of(src: Ints, peer: Ints) -> Ints:
    """How many of the sources talk to each pair's peer."""
    both = Groups.by(peer * (src.max(initial=0) + 1) + src)
    groups = Groups.by(peer)
    first = np.unique(both.of, return_index=True)[1]
    return np.bincount(groups.of[first], minlength=groups.keys.size)[groups.of].astype(np.int64)


def _hosts_at_least(rank: Ints, src: Ints, group: Ints, asked: Ints) -> Ints:
    """How many sources have a pair of the group that is as strong as the one that is asked for, its own included."""
    both = Groups.by(group * (src.max() + 1) + src)
    best = np.zeros(both.keys.size, dtype=np.int64)
    np.maximum.at(best, both.of, rank)
    return _at_least(best, both.keys // (src.max() + 1), rank[asked], group[asked])


def _at_least(rank: Ints, group: Ints, wanted: Ints, of: Ints) -> Ints:
    """How many members of each wanted group have at least the wanted rank."""
    span = int(rank.max(initial=0)) + 1
    ordered = np.sort(group * span + rank)
    found: Ints = np.searchsorted(ordered, (of + 1) * span) - np.searchsorted(ordered, of * span + wanted)
    return found
