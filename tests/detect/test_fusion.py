"""Fusion and its calibration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from flowsleuth.detect.kernels.as_busy import AsBusy
from flowsleuth.detect.odds.calibration import Calibration, count_evidence, false_shares
from flowsleuth.detect.one_list.fusion import Evidence, Population, Usual, fuse, strongest


def evidence(rows: list[tuple[int, int, int, float]], families: list[int]) -> Evidence:
    """Rows of detector, host, pair, p."""
    detector, host, pair, p_value = (np.array(column) for column in zip(*rows, strict=True))
    return Evidence(detector, np.array(families), host, pair, p_value.astype(float))


def population(pair_host: list[int], host_pairs: list[int], *, pairs: int = 10_000, hosts: int = 0) -> Population:
    n_hosts = len(host_pairs)
    return Population(
        np.zeros(n_hosts, int), np.zeros(len(pair_host), int), np.array([hosts or n_hosts, 0]), np.array([pairs, 0]),
        np.array(pair_host, int), np.array(host_pairs),
    )  # fmt: skip


def test_two_families_add_up_and_two_finders_of_one_do_not() -> None:
    rows = [(0, 0, 0, 1e-4), (1, 0, 0, 1e-3), (0, 1, 1, 1e-4), (2, 1, 1, 1e-3)]
    fused = fuse(evidence(rows, [0, 0, 1]), population([0, 1], [1, 1]))
    # the two finders of pair 0 are of one family: the smaller of their chances counts; pair 1 has another family's too
    assert fused.evidence.tolist() == pytest.approx([-np.log(1e-4), -np.log(1e-4) - np.log(1e-3)])
    assert fused.pair_p[1] < fused.pair_p[0]


def test_what_many_pairs_have_is_no_evidence() -> None:
    rows = [(0, 0, pair, 1e-12) for pair in range(400)]
    many = fuse(evidence(rows, [0]), population([0] * 400, [400], pairs=1000))
    alone = fuse(evidence(rows[:1], [0]), population([0], [400], pairs=1000))
    assert many.pair_p.min() > 0.2  # 400 of 1,000 have it
    assert alone.pair_p[0] < 1e-6


def test_the_best_of_many_pairs_is_worth_less_than_the_best_of_few() -> None:
    rows = [(0, 0, 0, 1e-4), (0, 1, 1, 1e-4)]
    fused = fuse(evidence(rows, [0]), population([0, 1], [2, 2000], hosts=50))
    assert fused.host_surprise[0] > fused.host_surprise[1] + 3.0
    assert fused.host_p[0] < fused.host_p[1]


def uniform(host_pairs: list[int], chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Owner and p-value of every pair, as chance has them."""
    owner = np.repeat(np.arange(len(host_pairs)), host_pairs)
    return owner, chance.random(owner.size)


def told(owner: np.ndarray, p_value: np.ndarray, hosts: int) -> tuple[Evidence, Population]:
    """What a finder tells of that: pairs with p up to 0.05."""
    at = np.flatnonzero(p_value <= 0.05)
    rows = [(0, int(owner[row]), place, float(p_value[row])) for place, row in enumerate(at)]
    sizes = np.bincount(owner, minlength=hosts).tolist()
    return evidence(rows, [0]), population(owner[at].tolist(), sizes, pairs=owner.size)


def test_many_pairs_that_are_a_little_odd_lift_a_host_of_which_no_pair_stands_out() -> None:
    chance = np.random.default_rng(11)
    owner, p_value = uniform([50] * 40, chance)
    mine = np.flatnonzero(owner == 7)
    p_value[mine[:25]] = 0.02 + 0.03 * chance.random(25)  # half of its pairs; one in twenty has as much
    p_value[mine[25:]] = 1.0
    fused = fuse(*told(owner, p_value, 40))
    assert np.argmin(fused.host_p) == 7
    assert fused.host_surprise[7] <= np.log(40.0)  # that no other of forty is so odd says no more than that


def test_a_host_alone_in_its_network_may_be_a_lead() -> None:
    assert fuse(evidence([(0, 0, 0, 1e-6)], [0]), population([0], [5], pairs=1000)).host_p[0] < 1.0


def test_without_a_detector_the_rest_is_what_it_would_be() -> None:
    rows = [(0, 0, 0, 1e-4), (1, 0, 0, 1e-3), (1, 1, 1, 1e-2)]
    whole, people = evidence(rows, [0, 1]), population([0, 1], [3, 3])
    rest = strongest(whole, people)
    assert sorted(rest) == [0, 1]
    again = fuse(evidence(rows[1:], [0, 1]), people)
    assert rest[0].pair_p.tolist() == again.pair_p.tolist()
    assert rest[0].host_p.tolist() == again.host_p.tolist()


def test_a_day_may_have_evidence_about_hosts_alone_or_about_pairs_alone() -> None:
    alone = fuse(evidence([(0, 1, -1, 1e-4)], [0]), population([], [3, 3]))
    assert alone.pair_p.tolist() == []
    assert alone.host_p[1] < alone.host_p[0] == 1.0
    pairs = fuse(evidence([(0, 0, 0, 1e-4)], [0]), population([0], [3, 3]))
    assert pairs.pair_p[0] < 1e-2


def test_under_the_null_hosts_rank_by_chance_and_busy_ones_no_higher() -> None:
    chance = np.random.default_rng(3)
    hosts, places = 60, []
    for _ in range(60):
        host_pairs = np.append(chance.integers(1, 20, hosts - 1), 3000)  # the last one is busy
        p = fuse(*told(*uniform(host_pairs.tolist(), chance), hosts)).host_p
        places.append((p < p[-1]).mean() + 0.5 * (p == p[-1]).mean())
    assert 0.4 < np.mean(places) < 0.6  # standard error 0.037


def test_what_hosts_as_busy_have_more_of_is_no_evidence() -> None:
    chance = np.random.default_rng(9)
    flows = np.append(chance.integers(5, 15, 100), chance.integers(5000, 15_000, 100))
    p_value = np.append(chance.uniform(0.3, 1.0, 100), chance.uniform(0.001, 0.3, 100))  # busy ones have more of it
    of_hosts = [(0, host, -1, float(p)) for host, p in enumerate(p_value)]
    plain = population([], [3] * 200)
    compared = replace(plain, busy=[(np.arange(200), AsBusy.of(flows, np.full(200, 3)))])
    before, after = (fuse(evidence(of_hosts, [0]), people) for people in (plain, compared))
    assert before.host_surprise[100:].min() > before.host_surprise[:100].max()
    place = (after.host_surprise[:, None] < after.host_surprise).mean(axis=0)
    assert 0.4 < place[100:].mean() < 0.6
    assert np.corrcoef(after.host_surprise[100:], before.host_surprise[100:])[0, 1] > 0.95
    assert (after.host_p[before.host_p < 1.0] < 1.0).all()  # a host of which something is told stays in the list


def test_chances_are_calibrated_against_earlier_days() -> None:
    chance = np.random.default_rng(4)
    earlier = np.maximum(chance.exponential(2.0, 20_000) - 1.0, 0.0)
    usual = Calibration.of_counts(count_evidence(earlier), earlier.size)
    today = np.maximum(chance.exponential(2.0, 20_000) - 1.0, 0.0)
    p_value = usual.tail(today)
    for level in (0.3, 0.1, 0.01, 0.001):
        assert np.mean(p_value <= level) == pytest.approx(level, rel=0.35)
    same = fuse(evidence([(0, 0, 0, 1e-5)], [0]), population([0], [5]), Usual(pairs=(usual, None)))
    assert same.evidence[0] == pytest.approx(-np.log(1e-5))
    listed = -np.log(usual.tail(same.evidence)[0]) - 0.5 * np.log(5)  # its host has five pairs
    assert same.pair_surprise[0] == pytest.approx(listed)


def test_a_pair_of_a_host_with_thousands_stands_lower_and_one_that_others_began_lower_still() -> None:
    rows = [(0, 0, 0, 1e-4), (0, 1, 1, 1e-4), (0, 2, 2, 1e-4)]
    people = Population(
        np.array([0, 0, 1]), np.array([0, 0, 1]), np.array([40, 900]), np.array([5000, 5000]),
        np.array([0, 1, 2]), np.array([4, 4000, 4]),
    )  # fmt: skip
    p_value = fuse(evidence(rows, [0]), people).pair_p
    assert p_value[0] < p_value[1]
    assert p_value[0] == pytest.approx(p_value[2] / 9)  # nine tenths against one tenth


def test_a_few_attacks_do_not_make_themselves_usual() -> None:
    quiet = np.random.default_rng(6).exponential(1.0, 200)
    clean, attacked = Calibration.of(quiet, 200), Calibration.of(np.append(quiet, [60.0, 70.0, 80.0]), 203)
    assert attacked.tail(np.array([60.0]))[0] < 1e-6
    assert attacked.scale == pytest.approx(clean.scale, rel=0.5)


def test_no_evidence_is_a_chance_of_one_and_the_list_may_be_empty() -> None:
    assert Calibration.of(np.zeros(0), 0).tail(np.zeros(3)).tolist() == [1.0, 1.0, 1.0]
    nothing = Evidence(*(np.zeros(0, int) for _ in range(4)), np.zeros(0))
    fused = fuse(nothing, population([], [4, 2]))
    assert fused.host_p.tolist() == [1.0, 1.0]
    assert not fused.pair_p.size


def test_the_share_of_false_leads_is_kept_under_the_null() -> None:
    chance = np.random.default_rng(8)
    false = [np.count_nonzero(false_shares(chance.random(500)) <= 0.1) > 0 for _ in range(300)]
    assert np.mean(false) <= 0.1 + 3 * np.sqrt(0.09 / 300)


def test_false_shares_by_hand() -> None:
    assert false_shares(np.array([0.01, 0.04, 0.03, 0.9])).tolist() == pytest.approx(
        [0.04, 4 * 0.04 / 3, 4 * 0.04 / 3, 0.9]
    )
    assert false_shares(np.array([])).tolist() == []
