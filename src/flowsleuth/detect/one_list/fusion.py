"""All evidence of a day on one scale: findings of many kinds into one rank for each pair, and one for each host.

1. *A finder's p-value* is made no smaller than the share of the day's pairs (hosts) that it finds as extreme
   (:mod:`.calibration`): what many have is no evidence, however sure it is that they have it.
2. *A family's p-value* is the smallest of its finders': they look at one thing from several sides.
3. *A pair's evidence* is the sum of ``-ln p`` over families (Fisher's statistic). Families depend on one another, so
   its textbook distribution is not used: the p-value is the share of usual pairs with as much (:mod:`.calibration`),
   which has their dependence in it (as empirical Brown's method has; Poole et al. 2016).
4. *A host's pairs* give the chance that the best of so many is as good (Sidak), or the share of hosts whose pairs
   together are as odd, of the two the smaller: by how far, at most, the share of its pairs that are as good as some one
   is above the chance of that (Berk and Jones 1979). Pairs of a host depend on one another, so only the rank of that
   counts. Nothing where the chance is above one in five: to be busy is no evidence.
5. *A pair's place* is by its chance times the root of how many pairs its host has: half-way between pairs that count
   alike, where a host with thousands fills the list, and hosts that count alike. Pairs that our hosts began have nine
   tenths of the list's false leads to spend, those that others began one tenth (weights as in Genovese, Roeder and
   Wasserman 2006): what our hosts do says more than what is tried on them.
6. *A host's evidence* is the sum over that and the families of findings about the host itself, less what hosts about as
   busy have on average beyond what all hosts have (:mod:`.kernels.as_busy`): to be busy is no evidence. How busy a host
   is, is told by what it does of which another host does as much (:mod:`.population`), so that an attack makes nobody
   busier. Calibrated likewise.
7. Benjamini and Hochberg's share of false leads, over all pairs (hosts) of the day.

Pairs and hosts of which the source is ours are compared with one another, the others with one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.dense_codes import distinct, group_starts
from flowsleuth.detect.kernels.as_busy import AsBusy
from flowsleuth.detect.kernels.p_values import least_of, ranks
from flowsleuth.detect.odds.calibration import Calibration
from flowsleuth.detect.tails import at_least

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SMALLEST = 1e-300
HOST_P = 0.2
"""What a host's pairs are worth at most: of five pairs one is told with a chance of ``1 - 0.95 ** 5``, as much."""
SHARE_OF_HOST = 0.5
"""Exponent of a host's pairs in a pair's place: 0 counts pairs alike, 1 hosts alike."""
LEAST_NATS = 1e-9
BELOW_ONE = 1.0 - 1e-12
WEIGHTS = np.array([0.9, 0.1])
"""Of the pairs that ours, and that others began; they add up to 1."""


@dataclass(frozen=True)
class Evidence:
    """Findings of a day as arrays of shape (n,); each about a pair, or about a host as a whole.

    Attributes
    ----------
    detector : array of int64
        Place in the list of those that ran.
    family : array of int64, shape (n_detectors,)
        Each detector's family.
    host : array of int64
        Whose conduct it is: place in the hosts.
    pair : array of int64
        Place in the pairs; -1 for a finding about the host as a whole.
    p_value : array of float64
    """

    detector: Ints
    family: Ints
    host: Ints
    pair: Ints
    p_value: Floats

    def without(self, detector: int) -> Evidence:
        """What is left when a detector says nothing."""
        return self.some(np.flatnonzero(self.detector != detector))

    def some(self, rows: Ints) -> Evidence:
        """Findings at places."""
        return Evidence(self.detector[rows], self.family, self.host[rows], self.pair[rows], self.p_value[rows])


@dataclass(frozen=True)
class Population:
    """Who could have been found.

    Attributes
    ----------
    host_class, pair_class : array of int64
        0 or 1: of which population each host, and each pair that has a finding, is.
    hosts, pairs : array of int64, shape (2,)
        How many there are of each, with or without findings.
    pair_host : array of int64
        Host of each pair.
    host_pairs : array of int64
        How many pairs each host has, at least 1.
    busy : sequence of (array of int64, AsBusy)
        Of each class, its hosts and which of them are about as busy; nothing, and hosts are compared as they are.
    """

    host_class: Ints
    pair_class: Ints
    hosts: Ints
    pairs: Ints
    pair_host: Ints
    host_pairs: Ints
    busy: Sequence[tuple[Ints, AsBusy]] = ()


@dataclass(frozen=True)
class Usual:
    """What evidence is usual for pairs, pairs as listed, and hosts, of each class; None: the day's own."""

    pairs: Sequence[Calibration | None] = (None, None)
    listed: Sequence[Calibration | None] = (None, None)
    hosts: Sequence[Calibration | None] = (None, None)


@dataclass(frozen=True)
class Fused:
    """Evidence and chance of every pair that has a finding, and of every host.

    Attributes
    ----------
    evidence, pair_surprise, host_surprise : array of float64
        Nats, before calibration: of pairs, of pairs as they are listed, of hosts.
    pair_p, host_p : array of float64
    """

    evidence: Floats
    pair_surprise: Floats
    pair_p: Floats
    host_surprise: Floats
    host_p: Floats


def fuse(evidence: Evidence, population: Population, usual: Usual | None = None) -> Fused:
    """Fuse a day's findings; see the module's text.

    Examples
    --------
    Two of a host's pairs, one with evidence of two families:

    >>> evidence = Evidence(np.array([0, 1, 0]), np.array([0, 1]), np.array([0, 0, 0]), np.array([0, 0, 1]),
    ...     np.array([0.001, 0.01, 0.02]))
    >>> population = Population(np.zeros(1, int), np.zeros(2, int), np.array([40, 0]), np.array([1000, 0]),
    ...     np.zeros(2, int), np.array([5]))
    >>> fused = fuse(evidence, population)
    >>> fused.evidence.round(2).tolist(), bool(fused.pair_p[0] < fused.pair_p[1])
    ([11.51, 3.91], True)
    """
    usual = usual or Usual()
    n_pairs, n_hosts = population.pair_class.size, population.host_class.size
    on_pair = evidence.pair >= 0
    p_value = _no_rarer_than_it_is(evidence, population, on_pair)
    surprise = _add_families(evidence, p_value, np.where(on_pair, evidence.pair, -1), n_pairs)
    chance = _calibrated(surprise, population.pair_class, population.pairs, usual.pairs)
    listed = _as_listed(chance, population)
    pair_p = _calibrated(listed, population.pair_class, population.pairs, usual.listed)
    own = _add_families(evidence, p_value, np.where(on_pair, -1, evidence.host), n_hosts)
    host_surprise = _beyond_busy(own + _best_of_pairs(chance, population), population)
    host_p = _calibrated(host_surprise, population.host_class, population.hosts, usual.hosts)
    return Fused(surprise, listed, np.minimum(pair_p / WEIGHTS[population.pair_class], 1.0), host_surprise, host_p)


def _no_rarer_than_it_is(evidence: Evidence, population: Population, on_pair: Bools) -> Floats:
    """Step 1: each p-value, or the share of the class of which the same detector says as much, if that is larger."""
    p_value = np.maximum(evidence.p_value, SMALLEST)
    for about_pairs in (True, False):
        entity = evidence.pair if about_pairs else evidence.host
        classes = population.pair_class if about_pairs else population.host_class
        totals = population.pairs if about_pairs else population.hosts
        about = np.flatnonzero(on_pair == about_pairs)
        group = np.full(entity.size, -1)
        group[about] = evidence.detector[about] * 2 + classes[entity[about]]
        for number in distinct(group[group >= 0]).tolist():
            rows = np.flatnonzero(group == number)
            share = _share_with_as_much(-np.log(p_value[rows]), entity[rows], int(totals[number % 2]))
            p_value[rows] = np.maximum(p_value[rows], share)
    return np.minimum(p_value, 1.0)


def _share_with_as_much(surprise: Floats, entity: Ints, total: int) -> Floats:
    """Share of all entities with as much surprise, each counted by its most."""
    order = np.lexsort((-surprise, entity))
    is_first = np.append(True, np.diff(entity[order]) != 0)
    return Calibration.of(surprise[order][is_first], total).tail(surprise)


def _add_families(evidence: Evidence, p_value: Floats, entity: Ints, entities: int) -> Floats:
    """Steps 2 and 3: nats of each entity, summed over families."""
    families = int(evidence.family.max(initial=-1)) + 1
    rows = np.flatnonzero(entity >= 0)
    family = evidence.family[evidence.detector[rows]]
    found = np.ones(entities * families)
    np.minimum.at(found, entity[rows] * families + family, p_value[rows])
    total: Floats = -np.log(found).reshape(entities, families).sum(axis=1)
    return total


def _as_listed(chance: Floats, population: Population) -> Floats:
    """Step 5, in nats; never 0, so that what is listed stays."""
    many = np.log(population.host_pairs[population.pair_host].astype(float))
    listed: Floats = np.maximum(-np.log(chance) - SHARE_OF_HOST * many, LEAST_NATS)
    return listed


def _best_of_pairs(pair_p: Floats, population: Population) -> Floats:
    """Step 4, in nats; 0 where the chance is above HOST_P.

    A busy host always has some pair of which something is told: what is likely for so many must not put it above hosts
    of which nothing is told.
    """
    order = np.lexsort((pair_p, population.pair_host))
    host, p = population.pair_host[order], np.clip(pair_p[order], SMALLEST, BELOW_ONE)
    starts = group_starts(host)
    k = ranks(starts, host.size)
    pairs = np.maximum(population.host_pairs[host], k)
    chance, odd = np.ones(population.host_class.size), np.zeros(population.host_class.size)
    chance[host[starts]] = least_of(p[starts], pairs[starts])
    np.maximum.at(odd, host, _how_odd(np.minimum(k / pairs, BELOW_ONE), p) * pairs)
    at = np.flatnonzero(odd > 0.0)
    kind = population.host_class[at]
    as_odd, _ = at_least(odd[at], kind, 2)
    chance[at] = np.minimum(chance[at], as_odd / population.hosts[kind])
    either = np.clip(least_of(chance, np.full(chance.size, 2)), SMALLEST, 1.0)
    return np.where(either <= HOST_P, -np.log(either), 0.0)


def _beyond_busy(surprise: Floats, population: Population) -> Floats:
    """Step 6: hosts of which anything is told stay above 0."""
    found = surprise.copy()
    for hosts, busy in population.busy:
        found[hosts] -= busy.excess(surprise[hosts])
    return np.where(surprise > 0.0, np.maximum(found, LEAST_NATS), 0.0)


def _how_odd(share: Floats, p: Floats) -> Floats:
    """Divergence, in nats, of a coin that falls on its head with a share from one with a chance; 0 where it is less."""
    found = share * np.log(share / p) + (1.0 - share) * np.log((1.0 - share) / (1.0 - p))
    return np.where(share > p, found, 0.0)


def _calibrated(surprise: Floats, kind: Ints, totals: Ints, usual: Sequence[Calibration | None]) -> Floats:
    p_value = np.ones(surprise.size)
    for number in (0, 1):
        mine = np.flatnonzero(kind == number)
        reference = usual[number] or Calibration.of(surprise[mine], int(totals[number]))
        p_value[mine] = reference.tail(surprise[mine])
    return p_value


def strongest(evidence: Evidence, population: Population, usual: Usual | None = None) -> dict[int, Fused]:
    """What is left of the day without each of its detectors, by the detector's place."""
    found: dict[int, Any] = {}
    for detector in distinct(evidence.detector).tolist():
        found[detector] = fuse(evidence.without(detector), population, usual)
    return found
