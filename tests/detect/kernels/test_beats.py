"""The test for beats: its tail is right, memoryless traffic is no beat, beacons of many kinds are."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsleuth.detect.kernels.beats import find_beats, pauses, spans
from flowsleuth.detect.kernels.periods import find_periods, grouped_median
from flowsleuth.detect.kernels.uniform_sums import lower_tail

HOUR, DAY = 3_600, 86_400


def exact_tail(total: Fraction, terms: int) -> float:
    """The Irwin-Hall distribution in fractions."""
    parts = ((-1) ** k * math.comb(terms, k) * (total - k) ** terms for k in range(math.floor(total) + 1))
    return float(sum(parts) / math.factorial(terms))


@pytest.mark.parametrize("terms", [1, 2, 3, 5, 8, 13, 30, 100])
@pytest.mark.parametrize("share", ["0.01", "0.1", "0.2", "0.3", "0.4", "0.49", "0.4999", "0.5", "0.6", "0.9", "1"])
def test_tail_of_a_sum_of_uniform_numbers(terms, share):
    total = Fraction(share) * terms
    found = lower_tail(np.array([float(total)]), np.array([terms]))[0]
    assert found == pytest.approx(exact_tail(total, terms), rel=0.012)


def test_tail_of_nothing_and_of_very_many():
    assert lower_tail(np.array([0.0, 0.0]), np.array([0, 1])).tolist() == [1.0, 0.0]
    million = 1_000_000
    sums = np.array([million / 2, million / 2 - 3 * math.sqrt(million / 12)])
    assert lower_tail(sums, np.array([million] * 2)) == pytest.approx([0.5, 0.00135], rel=0.01)


def found_in(series: list[np.ndarray], resolution_ms: int = 1):
    """The test of several series of starts in seconds, each connection lasting some 0.3 s."""
    rng = np.random.default_rng(5)
    offsets = np.concatenate([[0], np.cumsum([at.size for at in series])]).astype(np.int64)
    seconds = np.concatenate(series)
    ends = seconds + rng.exponential(0.3, seconds.size)
    start, end = ((np.floor(at * 1_000 / resolution_ms) * resolution_ms).astype(np.int64) for at in (seconds, ends))
    return find_beats(
        offsets, pauses(offsets, start, end), spans(offsets, start, end), np.full(len(series), resolution_ms)
    )


def beacon(rng, period, jitter, span, missing=0.0):
    at = rng.uniform(0, period) + np.cumsum(period * (1 + rng.uniform(-jitter, jitter, int(2 * span / period) + 2)))
    return at[(at < span) & (rng.random(at.size) >= missing)]


@pytest.mark.parametrize("resolution_ms", [1, 1_000])
@pytest.mark.parametrize("mean_s", [5, 20, 60, 360, 3_600, 20_000])
def test_arrivals_without_memory_are_beats_as_often_as_the_p_value_says(mean_s, resolution_ms):
    rng = np.random.default_rng(mean_s)
    span = min(200 * mean_s, 20 * DAY)
    found = found_in([np.sort(rng.uniform(0, span, rng.poisson(span / mean_s))) for _ in range(1_000)], resolution_ms)
    for level in (0.1, 0.01):
        spread = math.sqrt(level * (1 - level) / 1_000)
        assert np.mean(found.p_value <= level) <= level + 3.5 * spread


def test_a_rate_that_changes_by_day_and_night_is_no_beat():
    rng = np.random.default_rng(3)
    day = [
        np.concatenate([d * DAY + np.sort(rng.uniform(9 * HOUR, 17 * HOUR, 200)) for d in range(5)]) for _ in range(300)
    ]
    night = [np.sort(np.append(at, rng.uniform(0, 5 * DAY, 20))) for at in day]
    assert np.mean(found_in(night).p_value <= 0.01) <= 0.02


@pytest.mark.parametrize("resolution_ms", [1, 1_000])
@pytest.mark.parametrize(
    ("period", "jitter", "span", "missing"),
    [
        (60, 0.0, DAY, 0), (60, 0.2, DAY, 0), (60, 0.5, DAY, 0.3), (60, 1.0, DAY, 0), (3_600, 0.3, DAY, 0),
        (7_200, 0.0, DAY, 0), (10, 0.2, 2 * HOUR, 0), (8 * HOUR, 0.1, 14 * DAY, 0), (3 * DAY, 0.1, 30 * DAY, 0),
    ],
)  # fmt: skip
def test_beacons_are_found(period, jitter, span, missing, resolution_ms):
    rng = np.random.default_rng(11)
    found = found_in([beacon(rng, period, jitter, span, missing) for _ in range(60)], resolution_ms)
    assert np.mean(found.p_value <= 0.001) >= 0.85


def test_bursts_and_office_hours_do_not_hide_a_beacon():
    rng = np.random.default_rng(2)
    bursts = [np.sort(np.concatenate([beacon(rng, 600, 0.2, DAY) + rng.uniform(0, 1)] * 3)) for _ in range(20)]
    office = [
        np.concatenate([d * DAY + 9 * HOUR + beacon(rng, 60, 0.2, 8 * HOUR) for d in range(5)]) for _ in range(20)
    ]
    assert np.all(found_in(bursts).p_value < 1e-9) and np.all(found_in(office).p_value < 1e-9)


def test_a_long_connection_is_a_beat_to_its_end():
    start, end = np.array([0, 10, 3_000_000]), np.array([2_000_000, 20, 3_000_100])
    assert pauses(np.array([0, 3]), start, end).tolist() == [-1, 0, 1_000_000]
    assert pauses(np.array([0, 0, 2, 3]), start, end).tolist() == [-1, 0, -1]


def test_a_persons_days_are_no_beat():
    """Many visits within office hours: each night is a pause like the other, but the beats between are whole days."""
    rng = np.random.default_rng(8)
    visits = lambda: np.sort(rng.uniform(9 * HOUR, 17 * HOUR, rng.poisson(96)))  # noqa: E731
    found = found_in([np.concatenate([d * DAY + visits() for d in range(20)]) for _ in range(200)])
    assert np.mean(found.p_value <= 0.01) <= 0.03


@pytest.mark.soak
@given(st.lists(st.lists(st.integers(0, 10**7), max_size=40), min_size=1, max_size=5), st.sampled_from([1, 1_000]))
def test_pairs_together_are_as_each_alone(series, resolution):
    starts = [np.sort(np.array(at, dtype=np.int64)) for at in series]
    offsets = np.concatenate([[0], np.cumsum([at.size for at in starts])]).astype(np.int64)
    whole = np.concatenate(starts)
    together = find_beats(
        offsets, pauses(offsets, whole, whole + 5), spans(offsets, whole, whole + 5), np.full(len(starts), resolution)
    )
    for place, at in enumerate(starts):
        own = np.array([0, at.size])
        alone = find_beats(own, pauses(own, at, at + 5), spans(own, at, at + 5), np.array([resolution]))
        for name in ("p_value", "irregularity", "tests", "beats", "scale_ms"):
            assert np.array_equal(getattr(alone, name), getattr(together, name)[place : place + 1], equal_nan=True)


def test_periods_with_missed_beats_and_breaks():
    at = np.concatenate([np.arange(0, 20), np.arange(21, 30), np.arange(60, 80)]) * 60_000
    found = find_periods(np.zeros(at.size, np.int64), at, 2)
    assert (found.period_s[0], found.missed[0], found.breaks[0], found.jitter[0]) == (60.0, 1, 1, 0.0)
    assert np.isnan(found.period_s[1])
    rng = np.random.default_rng(1)
    jittery = (beacon(rng, 60, 0.2, DAY) * 1_000).astype(np.int64)
    found = find_periods(np.zeros(jittery.size, np.int64), jittery, 1)
    assert found.period_s[0] == pytest.approx(60, rel=0.02) and found.jitter[0] == pytest.approx(0.2, rel=0.1)


def test_medians():
    assert grouped_median(np.array([1, 0, 0, 0]), np.array([4.0, 3.0, 1.0, 2.0]), 2).tolist() == [2.0, 4.0]


@pytest.mark.parametrize("gaps_s", [(9.0, 14.0), (3.0, 6.0, 60.0), (20.0, 300.0)])
def test_a_round_of_two_or_three_pauses_is_a_beat(gaps_s):
    rng = np.random.default_rng(9)
    at = np.cumsum(np.tile(gaps_s, 40) * rng.uniform(0.95, 1.05, 40 * len(gaps_s)))
    assert found_in([at]).p_value[0] < 1e-12
