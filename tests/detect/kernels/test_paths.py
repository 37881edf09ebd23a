"""Paths in order of time."""

from __future__ import annotations

import numpy as np
import pytest

from flowsleuth.detect.kernels.p_values import both, least_of
from flowsleuth.detect.kernels.paths import best_paths


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def test_three_hops_are_less_likely_than_two_of_them() -> None:
    p = np.array([0.01, 0.02, 0.03])
    found = best_paths(ints(1, 2, 3), ints(2, 3, 4), ints(0, 10, 20), ints(1, 11, 21), p, wait_us=100, most_hops=4)
    assert found.edges(0) == [0, 1, 2]
    assert found.p_value[0] == pytest.approx(3 * both(p[:1], both(p[1:2], p[2:]))[0])
    assert found.edges(1) == [1, 2]
    assert (found.p_value[2], found.hops[2]) == (1.0, 1)


def test_no_path_goes_back_in_time_waits_too_long_or_returns() -> None:
    half = np.full(2, 0.01)
    assert best_paths(
        ints(1, 2), ints(2, 3), ints(10, 9), ints(10, 9), half, wait_us=100, most_hops=3
    ).hops.tolist() == [1, 1]
    assert best_paths(
        ints(1, 2), ints(2, 3), ints(0, 111), ints(10, 111), half, wait_us=100, most_hops=3
    ).hops.tolist() == [1, 1]
    assert best_paths(
        ints(1, 2), ints(2, 3), ints(0, 110), ints(10, 111), half, wait_us=100, most_hops=3
    ).hops.tolist() == [2, 1]
    assert best_paths(
        ints(1, 2), ints(2, 1), ints(0, 5), ints(10, 5), half, wait_us=100, most_hops=3
    ).hops.tolist() == [1, 1]


def test_the_best_of_many_ways_on_counts_for_less() -> None:
    src, dst = ints(1, *[2] * 9), ints(2, *range(10, 19))
    p = np.array([0.01, *np.linspace(0.9, 0.01, 9)])
    at = np.arange(10)
    found = best_paths(src, dst, at, at, p, wait_us=100, most_hops=2)
    assert found.edges(0) == [0, 9]
    assert found.p_value[0] == pytest.approx(both(p[:1], least_of(p[9:], ints(9)))[0])


def test_against_every_path_by_hand() -> None:
    chance = np.random.default_rng(2)
    pairs = np.unique(chance.integers(0, 12, size=(60, 2)), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    first = chance.permutation(len(pairs)) * 10
    last, p, wait = first + chance.integers(0, 50, len(pairs)), chance.random(len(pairs)) * 0.2, 80
    found = best_paths(pairs[:, 0], pairs[:, 1], first, last, p, wait_us=wait, most_hops=3)
    met = {(int(a), int(b)): int(t) for (a, b), t in zip(pairs, first, strict=True)}

    def ways(edge: int) -> list[int]:
        return [f for f in range(len(pairs)) if pairs[f, 0] == pairs[edge, 1]
                and first[edge] <= first[f] <= last[edge] + wait
                and met.get((int(pairs[f, 1]), int(pairs[f, 0])), 10**9) > first[f]]  # fmt: skip

    def tail(edge: int, hops: int) -> float:
        if hops == 1:
            return float(p[edge])
        tails = [tail(way, hops - 1) for way in ways(edge)]
        least = min(tails, default=2.0)
        if least > 1.0:
            return 2.0 if not tails else float(both(p[edge : edge + 1], np.ones(1))[0])
        return float(both(p[edge : edge + 1], least_of(np.array([least]), ints(len(tails))))[0])

    expected = [min(1.0, 2 * min(1.0, tail(edge, 2), tail(edge, 3))) for edge in range(len(pairs))]
    assert found.p_value == pytest.approx(np.array(expected))


def test_the_chance_under_the_null_is_not_smaller_than_told() -> None:
    chance = np.random.default_rng(4)
    told, tested = 0, 0
    for _ in range(200):
        pairs = np.unique(chance.integers(0, 40, size=(150, 2)), axis=0)
        pairs = pairs[pairs[:, 0] != pairs[:, 1]]
        at = chance.permutation(len(pairs)) * 10
        found = best_paths(pairs[:, 0], pairs[:, 1], at, at + 5, chance.random(len(pairs)), wait_us=300, most_hops=4)
        told += int(np.sum(found.p_value <= 0.02))
        tested += len(pairs)
    assert told / tested <= 0.02


def test_no_edges() -> None:
    none = ints()
    assert best_paths(none, none, none, none, np.zeros(0), wait_us=10, most_hops=4).p_value.size == 0
