"""The tests behind scans: what is usual of sources, learnt from their peers, and how unusual each is."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.edges import Groups
from flowsleuth.detect.days.first_contacts import Contacts, by_end_and_service
from flowsleuth.detect.days.flow_codes import FAILED
from flowsleuth.detect.dense_codes import distinct, group_starts, places_in
from flowsleuth.detect.kernels.p_values import simes
from flowsleuth.detect.kernels.walks import count_tail, highest_walk
from flowsleuth.detect.odds.peer_tails import PRIOR_PEERS, mean_of_others

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

USUAL_FAILING = 0.2
"""Share of first contacts that fail where nothing is known: Jung et al. take 0.8 to be answered."""
RATES = (0.05, 0.95)
"""Bounds of a learnt failing rate: no service is so good or bad that a single outcome decides."""
OWN_WEIGHT = 4.0
"""Outcomes that the mean rate weighs: hosts differ; of a mean of 0.2, one in ten has a rate above a half."""
SCANNER_WEIGHT = 5.0
"""The same of scanners: Beta(4, 1) for a mean of 0.8, by which higher rates are likelier all the way to 1."""
MOSTLY = 0.5
"""From this share on a service is one at which sources from outside fail as a rule."""
USUAL_TRIED = 1.25
"""Services of an address, or addresses of a service, that who fails tries, where nothing is known."""
MOST_VOTE = 5.0
"""Most of a count that a peer's vote tells, so that scanners do not make scanning usual."""
SIMILAR = 4.0
"""Private services of another address, times this, that make it like one: two who share files meet on some ports."""
SCATTERED = -1
"""In place of the service: services by each of which the source tried few addresses, together."""
FEW = 3
"""Most addresses that a source of a distributed scan tried in vain by the service: others are scanners themselves."""
LEAST_ADDRESSES = 5
"""Others of our addresses that were turned to from outside, at least, to say what is usual."""


@dataclass(frozen=True)
class Sweeps:
    """Sources that may have swept over addresses; arrays of shape (n,).

    Attributes
    ----------
    src, service : array of int64
        Host code, and code of the service by which it tried the most addresses in vain, or :data:`SCATTERED`.
    p_value : array of float64
    services, tried, failed, guessed : array of int64
        Services it swept by; first contacts by them, those in vain, and those whose outcome was guessed.
    usual, usual_tried : array of float64
        Usual failing rate on the service, and addresses that others try in vain.
    is_by_count : array of bool
        Told by how many, not by how often in vain.
    member : array of int64, shape (contacts,)
        Which sweep each contact is of; -1 for none.
    """

    src: Ints
    service: Ints
    p_value: Floats
    services: Ints
    tried: Ints
    failed: Ints
    guessed: Ints
    usual: Floats
    usual_tried: Floats
    is_by_count: Bools
    member: Ints

    @property
    def is_of_several(self) -> Bools:
        """Which are by more than one service."""
        return np.asarray((self.services > 1) | (self.service == SCATTERED))


@dataclass(frozen=True)
class _Walks:
    """Sources on services by which they tried enough addresses; arrays of shape (n,), but for `of`.

    As in :class:`Sweeps`; `of` is the walk of each contact, -1 for none.
    """

    src: Ints
    service: Ints
    p_value: Floats
    tried: Ints
    failed: Ints
    guessed: Ints
    usual: Floats
    usual_tried: Floats
    is_by_count: Bools
    of: Ints

    def __add__(self, other: _Walks) -> _Walks:
        both = {
            one.name: np.concatenate([getattr(self, one.name), getattr(other, one.name)])
            for one in fields(self)
            if one.name != "of"
        }
        return _Walks(**both, of=np.where(other.of >= 0, other.of + self.src.size, self.of))


def find_sweeps(known: Contacts, is_home: Bools, least: int, failing: float) -> Sweeps:
    """Test every source on every service by which it tried at least `least` addresses; one sweep a source.

    Addresses that it tried by other services are tested together, each by the first contact with it: who looks for
    anything that answers tries many services.
    """
    by_service = by_end_and_service(known.src, known.service)
    rest = np.flatnonzero(by_service.size[by_service.of] < least)
    rest = rest[np.lexsort((known.first_us[rest], known.dst[rest], known.src[rest]))]
    rest = rest[group_starts(np.stack([known.src[rest], known.dst[rest]]))]  # the first by whatever service
    rest = rest[np.lexsort((known.dst[rest], known.first_us[rest], known.src[rest]))]
    scattered = replace(known.take(rest), service=np.full(rest.size, SCATTERED))
    walks = _walk(known, is_home, least, failing)
    others = _walk(scattered, is_home, least, failing)
    of = np.full(len(known), -1)
    of[rest] = others.of
    return _by_source(walks + replace(others, of=of))


def _walk(known: Contacts, is_home: Bools, least: int, failing: float) -> _Walks:
    """Walks of contacts in order of (source, service, time)."""
    groups = by_end_and_service(known.src, known.service)
    starts = group_starts(groups.of)
    src, service = known.src[starts], known.service[starts]
    is_failed = known.outcome == FAILED
    failed, tried = groups.add_up(is_failed), groups.size
    peers, usual = _usual_rates(known, groups, failed / tried, src=src, service=service, is_inside=is_home[src])
    by_count, mean_tried = judge_counts(np.maximum(failed, 1.0), src, is_home[src], service)
    tested = np.flatnonzero(tried >= least)
    place = places_in(tested, tried.size)
    sizes = tried[tested]
    highest = highest_walk(
        is_failed[place[groups.of] >= 0],
        np.cumsum(sizes) - sizes,
        usual[tested],
        weight=OWN_WEIGHT,
        other_mean=failing,
        other_weight=SCANNER_WEIGHT,
    )
    is_by_count = (~is_home[src] & (peers >= MOSTLY))[tested]
    return _Walks(
        src[tested],
        service[tested],
        np.where(is_by_count, by_count[tested], np.exp(-highest)),
        sizes,
        failed[tested].astype(np.int64),
        groups.add_up(known.is_guess)[tested].astype(np.int64),
        usual[tested],
        mean_tried[tested],
        is_by_count,
        place[groups.of],
    )


def _by_source(walks: _Walks) -> Sweeps:
    """One sweep a source, of the services that count in Simes' test of all that were tested of it."""
    order = np.lexsort((walks.service, walks.p_value, walks.src))
    starts = group_starts(walks.src[order])
    best, is_swept, of = simes(walks.p_value[order], starts)
    swept, of = order[is_swept], of[is_swept]
    most = np.lexsort((walks.service[swept], -walks.failed[swept], of))
    top = swept[most[group_starts(of[most])]] if swept.size else swept
    place = np.full(walks.src.size + 1, -1)
    place[swept] = of

    def total(values: Floats | Ints) -> Ints:
        return np.bincount(of, weights=values[swept], minlength=starts.size).astype(np.int64)

    return Sweeps(
        src=walks.src[top],
        service=walks.service[top],
        p_value=best,
        services=np.bincount(of, minlength=starts.size),
        tried=total(walks.tried),
        failed=total(walks.failed),
        guessed=total(walks.guessed),
        usual=walks.usual[top],
        usual_tried=walks.usual_tried[top],
        is_by_count=walks.is_by_count[top],
        member=place[walks.of],
    )


def _usual_rates(
    known: Contacts, groups: Groups, rate: Floats, *, src: Ints, service: Ints, is_inside: Bools
) -> tuple[Floats, Floats]:
    """Failing rates usual for each (source, service): of the peers, and of them and the source's other services.

    A peer is another source on the service, of the same side; each has one vote, and :data:`.PRIOR_PEERS` votes are
    those of all sources, whatever the service, each one vote. The source's other services count against as many
    votes, one vote a service: somebody whose every service fails half of the time (file sharing among peers that come
    and go) does not scan. Addresses that it tried by several services are left out, because that is what scanners do.
    """
    everywhere = mean_of_others(rate, src, is_inside, USUAL_FAILING)
    peers = mean_of_others(rate, src, service * 2 + is_inside, everywhere)
    votes, n_votes = _own_votes(known, groups, Groups.by(src).of)
    mixed = (PRIOR_PEERS * peers + votes) / (PRIOR_PEERS + n_votes)
    return np.clip(peers, *RATES), np.clip(mixed, *RATES)


def _own_votes(known: Contacts, groups: Groups, source: NDArray[np.integer]) -> tuple[Floats, Floats]:
    """Sum and number of failing rates of each source's other services, at addresses it tried by one service only."""
    ends = Groups.by(known.src * (int(known.dst.max(initial=0)) + 1) + known.dst)
    is_single = ends.size[ends.of] == 1
    tried = groups.add_up(is_single)
    failed = groups.add_up(is_single & (known.outcome == FAILED))
    rate = np.divide(failed, tried, out=np.zeros(tried.size), where=tried > 0)
    votes, n_votes = np.bincount(source, weights=rate), np.bincount(source, weights=tried > 0)
    return np.asarray(votes[source] - rate), np.asarray(n_votes[source] - (tried > 0))


def judge_counts(counts: Floats | Ints, src: Ints, is_inside: Bools, on: Ints | None = None) -> tuple[Floats, Floats]:
    """Chance of counts at least as large, and the mean that is usual: each other source has one vote.

    Parameters
    ----------
    counts : array, shape (n,)
        At least 1.
    src : array of int64, shape (n,)
        Whose count it is.
    is_inside : array of bool, shape (n,)
        Sources of one side are compared with each other.
    on : array of int64, shape (n,), optional
        A service on which they are compared, the fewer there are, the more with all.
    """
    vote = np.minimum(counts, MOST_VOTE).astype(np.float64)
    usual = mean_of_others(vote, src, is_inside, USUAL_TRIED)
    if on is not None:
        usual = mean_of_others(vote, src, on * 2 + is_inside, usual)
    mean = np.maximum(usual, 1.0 + RATES[0])
    return count_tail(counts.astype(np.float64), mean), mean


def own_share(known: Contacts, failed: Ints, pairs: Groups, src: Ints) -> Floats:
    """Share of a source's other addresses, and :data:`.PRIOR_PEERS`, where it tried a quarter as many services in vain.

    Only services that the source tried at no other address count: who shares files tries other ports of each address,
    a scanner the same of all.

    Parameters
    ----------
    known : Contacts
    failed : array of int64
        Places of contacts that failed.
    pairs : Groups
        Those by source and destination.
    src : array of int64
        Source of each pair.
    """
    at = by_end_and_service(known.src[failed], known.service[failed])
    private = pairs.add_up(at.size[at.of] == 1)
    scaled = np.concatenate([SIMILAR * private, pairs.size])
    of = np.concatenate([src, src])
    order = np.lexsort((np.arange(scaled.size) >= src.size, -scaled, of))
    is_value = order < src.size
    above = np.cumsum(is_value)
    found = np.empty(scaled.size)
    found[order] = above
    sources = Groups.by(src)
    first = np.cumsum(sources.size) - sources.size
    larger = found[src.size :] - first[sources.of] - (scaled[: src.size] >= pairs.size)
    return np.asarray(larger / (sources.size[sources.of] - 1 + PRIOR_PEERS))


@dataclass(frozen=True)
class Targets:
    """Our addresses' services that several from outside tried in vain; arrays of shape (n,).

    Attributes
    ----------
    dst, service, sources : array of int64
    usual : array of float64
        Sources, of the same kind, on average at our other addresses.
    alike : array of int64
        Our addresses with as many at any of their services, itself included.
    p_value : array of float64
    member : array of int64, shape (contacts,)
        Which target each contact is of; -1 for none.
    """

    dst: Ints
    service: Ints
    sources: Ints
    usual: Floats
    alike: Ints
    p_value: Floats
    member: Ints


def judge_targets(known: Contacts, is_home: Bools, least: int) -> Targets:
    """Test every service of our addresses at which at least `least` sources from outside failed, and most of them.

    p is no less than the share of our addresses with as many sources at any of their services: the swarm of who shared
    files goes on to ask after he has left, at a port that no other address has.
    """
    inbound = np.flatnonzero(~is_home[known.src] & is_home[known.dst])
    there = known.take(inbound)
    is_failed = there.outcome == FAILED
    by_source = by_end_and_service(there.src, there.service)
    is_little = is_failed & (by_source.add_up(is_failed)[by_source.of] <= FEW)
    target = by_end_and_service(there.dst, there.service)
    at = np.unique(target.of, return_index=True)[1]
    dst, service = there.dst[at], there.service[at]
    sources = target.add_up(is_little)
    on = Groups.by(service)
    n_others = distinct(there.dst).size - 1
    usual = (on.add_up(sources)[on.of] - sources + 1.0) / (n_others + 1.0)
    most = np.zeros(n_others + 1)
    np.maximum.at(most, np.unique(dst, return_inverse=True)[1], sources)
    as_many = most.size - np.searchsorted(np.sort(most), sources)
    p_value = np.maximum(count_tail(sources + 1.0, usual + 1.0), as_many / (n_others + 1.0 + PRIOR_PEERS))
    is_told = (sources >= least) & (2 * sources > target.size) & (n_others >= LEAST_ADDRESSES)
    told = np.flatnonzero(is_told)
    place = places_in(told, target.size.size)
    member = np.full(len(known), -1)
    member[inbound[is_little]] = place[target.of[is_little]]
    return Targets(
        dst[told], service[told], sources[told].astype(np.int64), usual[told], as_many[told], p_value[told], member
    )
