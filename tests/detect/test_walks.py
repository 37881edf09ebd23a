"""Walks of a likelihood ratio, and tails of counts."""

from __future__ import annotations

import numpy as np

from flowsleuth.detect.kernels.walks import count_tail, highest_walk, wild_tail

LAW = {"weight": 4.0, "other_mean": 0.8, "other_weight": 5.0}


def test_a_walk_by_hand() -> None:
    """Beta(4, 1) to Beta(0.8, 3.2): a failure, a success, a failure."""
    outcomes = np.array([True, False, True])
    first = np.log(4 / 5) - np.log(0.8 / 4)
    second = np.log(1 / 6) - np.log(3.2 / 5)
    third = np.log(5 / 7) - np.log(1.8 / 6)
    found = highest_walk(outcomes, np.array([0]), np.array([0.2]), **LAW)
    assert found[0] == max(first, first + second, first + second + third)


def test_groups_do_not_see_each_other() -> None:
    outcomes = np.array([False] * 50 + [True] * 4)
    found = highest_walk(outcomes, np.array([0, 50]), np.array([0.2, 0.2]), **LAW)
    alone = highest_walk(outcomes[50:], np.array([0]), np.array([0.2]), **LAW)
    assert found[0] == 0.0
    assert abs(found[1] - alone[0]) < 1e-12


def test_the_walk_is_seldom_high_under_the_null() -> None:
    """Rates drawn from the Beta law that is taken for usual: p below x in at most a share x, at any stopping."""
    chance = np.random.default_rng(3)
    groups, length = 20_000, 60
    rates = chance.beta(0.8, 3.2, size=groups)
    outcomes = (chance.random((groups, length)) < rates[:, None]).reshape(-1)
    p = np.exp(-highest_walk(outcomes, np.arange(groups) * length, np.full(groups, 0.2), **LAW))
    for x in (0.1, 0.05, 0.01, 0.001):
        assert np.mean(p <= x) <= x + 3 * np.sqrt(x / groups)
    assert np.mean(p <= 0.05) > 0.005


def test_the_tail_of_counts_is_that_of_its_law() -> None:
    """A Waring count: a geometric one whose chance to go on is drawn from Beta(b, 3), of mean 1 + b / 2."""
    chance = np.random.default_rng(4)
    going_on = chance.beta(1.0, 3.0, size=200_000)
    counts = chance.geometric(1.0 - going_on).astype(float)
    assert abs(counts.mean() - 1.5) < 0.01
    p = count_tail(counts, np.full(counts.size, 1.5))
    for x in (0.5, 0.1, 0.05, 0.01, 0.001):
        assert np.mean(p <= x) <= x * 1.05 + 3 * np.sqrt(x / counts.size)
    assert abs(count_tail(np.array([2.0]), np.array([1.5]))[0] - np.mean(counts >= 2)) < 0.005


def test_the_wild_tail_is_no_smaller_than_that_of_its_law() -> None:
    """A geometric count whose chance to go on is drawn from Beta(b, 2): the scale learnt from the mean logarithm."""
    chance = np.random.default_rng(6)
    for scale in (0.3, 1.0, 10.0, 100.0):
        counts = chance.geometric(1.0 - chance.beta(scale, 2.0, size=100_000)).astype(float)
        p = wild_tail(counts, np.full(counts.size, np.log(counts).mean()))
        for x in (0.1, 0.05, 0.01, 0.001):
            assert np.mean(p <= x) <= x * 1.05 + 3 * np.sqrt(x / counts.size)


def test_nothing_in_nothing_out() -> None:
    assert highest_walk(np.zeros(0, bool), np.zeros(0, np.int64), np.zeros(0), **LAW).size == 0
