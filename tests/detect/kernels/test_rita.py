"""RITA v5's beacon score: its own known answers, its behaviour on known traffic, and each rule worked out by hand."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from statistics import median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsleuth.detect.kernels import rita
from flowsleuth.detect.kernels.rita import RitaScores, rita_scores, weigh
from flowsleuth.errors import OptionError

DAY = 86_400
HOUR = 3_600
NAMES = ("beacon", "timestamps", "sizes", "duration", "histogram")


def score(pairs: list[tuple[list[int], list[int]]], begin: int = 0, end: int = DAY, **options) -> RitaScores:
    offsets = np.cumsum([0, *(len(times) for times, _ in pairs)])
    times = np.array([second for own, _ in pairs for second in own], dtype=np.int64)
    sizes = np.array([size for _, own in pairs for size in own], dtype=np.int64)
    return rita_scores(offsets, times, sizes, begin, end, **options)


def one(times, sizes=None, begin: int = 0, end: int = DAY, **options) -> dict[str, float]:
    times = [int(second) for second in times]
    scores = score([(times, [500] * len(times) if sizes is None else list(sizes))], begin, end, **options)
    return {name: float(getattr(scores, name)[0]) for name in NAMES}


def from_gaps(gaps: list[int], start: int = 0) -> list[int]:
    return [start, *(start + np.cumsum(gaps)).tolist()]


# The text of the rules, one pair at a time, in plain Python: shares no code with the kernel.


def thousandths(value: float) -> float:
    return math.floor(value * 1000 + 0.5) / 1000


def slow_even(values: list[int], default: float) -> float:
    values = sorted(values)
    half = len(values) // 2
    q1, q2, q3 = median(values[:half]), median(values), median(values[-half:])
    skew = 0.0 if q3 - q1 < 10 or q2 in (q1, q3) else (q1 + q3 - 2 * q2) / (q3 - q1)
    mad = median(abs(value - q2) for value in values)
    spread = default if q2 < 1 else max((q2 - mad) / q2, 0.0)
    return thousandths((1 - abs(skew) + spread) / 2)


def slow_scores(times: list[int], sizes: list[int], begin: int, end: int, min_times: int = 4) -> list[float]:
    if len(set(times)) < min_times or len(times) >= 86_400:
        return [math.nan] * 5
    gaps = [later - sooner for sooner, later in pairwise(times) if later > sooner]
    width = (end - begin) / 24
    bins = [0] * 24
    for second in times:
        bins[sum(second >= begin + edge * width for edge in range(1, 24))] += 1
    bars = [count for count in bins if count]
    mean = sum(bins) / 24
    squares = 0.0
    for count in bins:
        squares += (count - mean) ** 2
    variation = math.sqrt(squares / 24) / mean
    flat = 0.0 if variation > 1 else thousandths(1 - variation)
    step = math.ceil(0.05 * max(bars))
    groups = sorted(Counter(count // step for count in bars).values())[-2:]
    fit = min(thousandths(sum(groups) / max(len(bars) - 1, 1)), 1.0) if len(bars) >= 11 else 0.0
    runs = "".join("#" if count else " " for count in bins * 2).split()
    steady = math.ceil(min(max(map(len, runs)), 24) / 12 * 1000) / 1000
    covered = math.ceil((times[-1] - times[0]) / (end - begin) * 1000) / 1000
    duration = min(max(steady, covered), 1.0) if len(bars) >= 6 else 0.0
    parts = [slow_even(gaps, 1.0), slow_even(sizes, 0.0), duration, max(flat, fit)]
    return [thousandths(sum(0.25 * part for part in parts)), *parts]


pairs_of_rows = st.lists(
    st.lists(st.tuples(st.integers(0, DAY), st.integers(0, 2_000)), max_size=60)
    | st.lists(st.tuples(st.integers(0, 40).map(lambda hour: hour * 2_400), st.integers(0, 3)), max_size=60),
    max_size=12,
)


class TestAgainstTheText:
    @given(pairs_of_rows, st.integers(4, 9))
    @settings(max_examples=150, deadline=None)
    def test_many_at_once_equal_each_alone_and_the_slow_reading(self, drawn, min_times):
        pairs = [(sorted(second for second, _ in rows), [size for _, size in rows]) for rows in drawn]
        together = score(pairs, min_times=min_times)
        for i, (times, sizes) in enumerate(pairs):
            ours = [float(getattr(together, name)[i]) for name in NAMES]
            alone = list(one(times, sizes, min_times=min_times).values())
            np.testing.assert_array_equal(ours, alone)
            np.testing.assert_array_equal(ours, slow_scores(times, sizes, 0, DAY, min_times))

    def test_busy_pairs_with_every_height(self):
        chance = np.random.default_rng(7)
        pairs = []
        for _ in range(60):
            gaps = chance.exponential(chance.uniform(20, 3_000), 4_000).cumsum()
            times = [int(second) for second in gaps if second < DAY]
            pairs.append((times, chance.lognormal(6, 1, len(times)).astype(int).tolist()))
        scores = score(pairs)
        for i, (times, sizes) in enumerate(pairs):
            np.testing.assert_array_equal(
                [getattr(scores, name)[i] for name in NAMES], slow_scores(times, sizes, 0, DAY)
            )

    @pytest.mark.parametrize("block", [1, 7, 50])
    def test_blocks_do_not_show(self, monkeypatch, block):
        chance = np.random.default_rng(3)
        pairs = [(sorted(chance.integers(0, DAY, n).tolist()), chance.integers(0, 9, n).tolist()) for n in range(30)]
        whole = score(pairs)
        monkeypatch.setattr(rita, "BLOCK_ROWS", block)
        cut = score(pairs)
        for name in NAMES:
            np.testing.assert_array_equal(getattr(cut, name), getattr(whole, name))

    def test_sizes_too_wide_for_one_sort_key(self):
        chance = np.random.default_rng(4)
        pairs = []
        for _ in range(20_000):
            times = np.sort(chance.integers(0, DAY, 5)).tolist()
            pairs.append((times, chance.integers(0, 2**50, 5).tolist()))
        scores = score(pairs)
        for i in range(0, 20_000, 1_000):
            np.testing.assert_array_equal([getattr(scores, n)[i] for n in NAMES], slow_scores(*pairs[i], 0, DAY))


class TestKnownAnswers:
    def test_close_intervals(self):
        assert one(from_gaps([98, 99, 99, 100, 100, 100, 101, 101, 102]))["timestamps"] == 0.995

    def test_two_alternating_intervals(self):
        # quartiles 98, 199, 300: no skew; MAD 101: (1 + 98/199)/2
        assert one(from_gaps([98, 300] * 5))["timestamps"] == 0.746

    def test_wild_intervals(self):
        # quartiles 13.5, 90, 1000: skew 833.5/986.5; MAD 89: (0.15509 + 1/90)/2
        assert one(from_gaps([1, 299, 25, 4975, 90, 2, 42, 500, 1500]))["timestamps"] == 0.083

    def test_only_empty_connections(self):
        assert one(range(0, 600, 60), [0] * 10)["sizes"] == 0.5

    def test_weights(self):
        parts = np.array([[0.8, 1.0], [0.7, 1.0], [0.6, 1.0], [0.5, 1.0]])
        assert weigh(parts, (0.2, 0.2, 0.3, 0.3)).tolist() == [0.63, 1.0]


def jittered(period: float, jitter: float, chance: np.random.Generator, begin: int = 0, end: int = DAY) -> list[int]:
    gaps = period * (1 + chance.uniform(-jitter, jitter, int(3 * (end - begin) / period) + 10))
    times = begin + np.cumsum(gaps) - gaps[0]
    return times[times < end].astype(int).tolist()


def memoryless(mean: float, chance: np.random.Generator) -> list[int]:
    times = np.cumsum(chance.exponential(mean, int(2 * DAY / mean)))
    return times[times < DAY].astype(int).tolist()


def padded(times: list[int], chance: np.random.Generator) -> list[int]:
    return chance.lognormal(math.log(500), 1.5, len(times)).astype(int).tolist()


KNOWN_TRAFFIC = {  # name: (times of a draw, are sizes padded, beacon, timestamps, sizes, duration, histogram)
    "60s_exact": (lambda c: jittered(60, 0, c), False, 1.000, 1.00, 1, 1, 1),
    "60s_jitter_20": (lambda c: jittered(60, 0.2, c), False, 0.984, 0.94, 1, 1, 1),
    "60s_jitter_50": (lambda c: jittered(60, 0.5, c), False, 0.960, 0.86, 1, 1, 0.98),
    "60s_jitter_100": (lambda c: jittered(60, 1.0, c), False, 0.917, 0.74, 1, 1, 0.93),
    "60s_jitter_50_padded": (lambda c: jittered(60, 0.5, c), True, 0.802, 0.86, 0.38, 1, 0.97),
    "600s_jitter_50": (lambda c: jittered(600, 0.5, c), False, 0.922, 0.83, 1, 1, 0.86),
    "1h_jitter_30": (lambda c: jittered(HOUR, 0.3, c), False, 0.952, 0.81, 1, 1, 1),
    "2h_exact": (lambda c: jittered(2 * HOUR, 0, c), False, 0.979, 1, 1, 0.92, 1),
    "4h_exact": (lambda c: jittered(4 * HOUR, 0, c), False, 0.708, 1, 1, 0.83, 0),
    "8h_exact": (lambda c: jittered(8 * HOUR, 0, c), False, *[math.nan] * 5),
    "office_hours": (lambda c: jittered(60, 0.1, c, 9 * HOUR, 17 * HOUR), False, 0.660, 0.98, 1, 0.67, 0),
    "10s_for_2h": (lambda c: jittered(10, 0.1, c, 0, 2 * HOUR), False, 0.493, 0.97, 1, 0, 0),
    "poisson_60s": (lambda c: memoryless(60, c), False, 0.850, 0.52, 1, 1, 0.88),
    "poisson_360s": (lambda c: memoryless(360, c), False, 0.806, 0.54, 1, 1, 0.69),
    "poisson_360s_padded": (lambda c: memoryless(360, c), True, 0.649, 0.52, 0.38, 1, 0.69),
}


@pytest.mark.parametrize("name", KNOWN_TRAFFIC)
def test_known_traffic_scores_as_printed(name):
    """Means of 40 draws. Jitter j spreads gaps evenly over period*(1-j) to period*(1+j); padding is log-normal, sigma
    1.5; the two rows that print 0.97 and 0.98 for timestamps have 10 % jitter."""
    draw, is_padded, *printed = KNOWN_TRAFFIC[name]
    chance = np.random.default_rng(sorted(KNOWN_TRAFFIC).index(name))
    times = [draw(chance) for _ in range(40)]
    scores = score([(own, padded(own, chance) if is_padded else [500] * len(own)) for own in times])
    means = [float(getattr(scores, part).mean()) for part in NAMES]
    assert means == pytest.approx(printed, abs=0.05, nan_ok=True)


class TestTimestampsAndSizes:
    def test_skew_needs_quartiles_ten_apart(self):
        # sorted 10,11,12,13,18,18,19: q1 11, q2 13, q3 18: spread 7 < 10, skew 0; MAD 2..: |x-13| = 0,1,2,3,5,5,6 -> 3
        assert one(range(7), [10, 11, 12, 13, 18, 18, 19])["sizes"] == 0.885  # (1 + 10/13)/2 = 0.8846
        # ten times as far apart: q1 110, q2 130, q3 180: skew (290-260)/70 = 3/7; MAD 30: (4/7 + 10/13)/2 = 0.6703
        assert one(range(7), [100, 110, 120, 130, 180, 180, 190])["sizes"] == 0.67

    def test_skew_of_exactly_ten_counts(self):
        # q1 20, q2 22, q3 30: skew (50-44)/10 = 0.6; |x-22| = 0,2,2,8,8,8,9 -> 8: (0.4 + 14/22)/2
        assert one(range(7), [14, 20, 20, 22, 30, 30, 31])["sizes"] == 0.518
        assert one(range(7), [14, 20, 20, 22, 29, 29, 31])["sizes"] == 0.841  # 9 apart: no skew; MAD 7: (1 + 15/22)/2

    @pytest.mark.parametrize("middle", [[100, 100, 100, 100, 500, 500, 500], [100, 100, 100, 500, 500, 500, 500]])
    def test_median_on_a_quartile_has_no_skew(self, middle):
        # MAD is 0 both times; the median is one quartile, the other 400 away
        assert one(range(7), middle)["sizes"] == 1.0

    def test_spread_never_goes_below_nothing(self):
        # q1 0, q2 1, q3 90: skew 88/90; MAD of 0,1,1,89,89 is 1: spread (1-1)/1 = 0; (1 - 88/90)/2 = 0.0111
        assert one(range(5), [0, 0, 1, 90, 90])["sizes"] == 0.011
        # 1,1,1,9,9,9: median 5, MAD 4, q1 1, q3 9, spread 8: (1 + 1/5)/2
        assert one(range(6), [1, 1, 1, 9, 9, 9])["sizes"] == 0.6
        # 0,0,0,3,40,40,40: |x-3| = 0,3,3,3,37,37,37 -> 3: spread 0; q1 0, q3 40: skew 34/40: (0.15 + 0)/2
        assert one(range(7), [0, 0, 0, 3, 40, 40, 40])["sizes"] == 0.075

    def test_median_below_one_byte_has_spread_zero(self):
        assert one(range(4), [0, 0, 1, 1])["sizes"] == 0.5  # median 0.5
        assert one(range(4), [0, 1, 1, 1])["sizes"] == 1.0  # median 1, MAD 0

    def test_repeated_seconds_make_no_gap(self):
        assert one([0, 0, 0, 60, 60, 120, 180, 180])["timestamps"] == 1.0

    def test_halves_round_up(self):
        # median 1000, MAD 1: (1 + 0.999)/2 = 0.9995, which goes to 1
        assert one(range(7), [999, 999, 999, 1000, 1001, 1001, 1001])["sizes"] == 1.0


def hours(*filled: int, each: int = 1) -> list[int]:
    return sorted(hour * HOUR + k for hour in filled for k in range(each))


class TestHistogramAndDuration:
    def test_ten_bars_are_too_few_for_two_heights(self):
        # 10 of 24 bins hold one: mean 10/24, sd sqrt(10/24*14/24): cv sqrt(14/10) = 1.18 > 1
        assert one(hours(*range(10)))["histogram"] == 0.0
        assert one(hours(*range(11)))["histogram"] == 1.0  # cv sqrt(13/11) > 1 too, but 11 bars of one height

    def test_two_heights_forgive_one_bar(self):
        # 12 bars: 6 of 20, 4 of 40, 1 of 60, 1 of 100; steps of 5: (6 + 4)/11
        times = sorted(
            hour * HOUR + k for hour, n in enumerate([20] * 6 + [40] * 4 + [60, 100]) for k in range(n)
        )  # mean 480/24 = 20, squares 2400+6400+3600+10000 = 22400: cv sqrt(22400/24 - 400)/20 = 1.15 > 1
        assert one(times)["histogram"] == 0.909

    def test_bars_within_a_step_are_one_height(self):
        # steps of ceil(0.05*100) = 5: 95..99 are one height, 100 another; half of the bins: cv > 0.99, flat < 0.01
        heights = [95, 96, 97, 98, 99, 99, 98, 97, 96, 95, 100, 100]
        times = [hour * HOUR + k for hour, n in enumerate(heights) for k in range(n)]
        assert one(times)["histogram"] == 1.0

    def test_flat_counts_without_two_heights(self):
        # twelve bins of each 10 and 30: mean 20, sd 10: cv 0.5; but two heights explain all of it
        times = [hour * HOUR + k for hour in range(24) for k in range(10 if hour % 2 else 30)]
        assert one(times)["histogram"] == 1.0
        # 16 bins of one connection: cv sqrt(8/16) = 0.707; the bimodal part says min(16/15, 1)
        assert one(hours(*range(16)))["histogram"] == 1.0
        # four in each of bins 0-3, one in 4-9 (ten bars): mean 22/24, squares 70: cv sqrt(70/24 - 0.8403)/0.9167 > 1
        assert one(hours(*range(4), each=4) + hours(*range(4, 10)))["histogram"] == 0.0

    def test_flatness_with_ten_bars_beside_it(self):
        # 24 bars of counts 1..24: mean 12.5, sd sqrt(575/12) = 6.9222: 1 - 0.5538 = 0.446; steps of 2: groups
        # of 2 (13 of them, the first and last 1): (2 + 2)/23
        times = [hour * HOUR + k for hour in range(24) for k in range(hour + 1)]
        assert one(times)["histogram"] == 0.446

    def test_five_bars_have_no_duration(self):
        assert one(hours(0, 5, 10, 15, 23))["duration"] == 0.0
        assert one(hours(0, 4, 8, 12, 16, 20))["duration"] == 0.834  # 20/24 rounded up

    def test_run_wraps_round_midnight(self):
        # bins 21, 22, 23, 0, 1, 2 and 10 are filled: covers 23/24; the same moved so that coverage is small
        assert one(hours(0, 1, 2, 10, 21, 22, 23))["duration"] == 0.959
        wrapped = np.zeros((24, 1), dtype=bool)
        wrapped[[0, 1, 2, 10, 21, 22, 23]] = True
        assert rita.longest_run(wrapped).tolist() == [6]
        assert rita.longest_run(np.ones((24, 2), dtype=bool)).tolist() == [24, 24]
        assert rita.longest_run(np.zeros((24, 1), dtype=bool)).tolist() == [0]

    def test_run_counts_more_than_coverage(self):
        # bins 4 to 10, first to last 6 hours: coverage 0.25, run 7/12 = 0.5833, rounded up
        assert one(hours(*range(4, 11)))["duration"] == 0.584

    def test_coverage_is_capped(self):
        inside = hours(*range(0, 24, 2))
        assert one([-HOUR, *inside, DAY + 5 * HOUR])["duration"] == 1.0
        assert one(hours(*range(24)))["duration"] == 1.0  # a run of 24 of the 12 that are full marks

    def test_last_second_belongs_to_the_last_bin(self):
        # bin 23 holds 23:00 and the window's end: with 10 other bars, 11 in all, so two heights explain them
        assert one([*hours(*range(10)), 23 * HOUR, DAY])["histogram"] == 1.0
        assert one([*hours(*range(10)), DAY])["histogram"] == 1.0

    def test_bins_follow_the_window_not_the_clock(self):
        late = [1_700_000_123 + second for second in hours(*range(0, 24, 2))]
        moved = one(late, begin=1_700_000_123, end=1_700_000_123 + DAY)
        assert moved == one(hours(*range(0, 24, 2)))
        assert list(moved.values()) == [0.979, 1.0, 1.0, 0.917, 1.0]

    def test_windows_that_24_does_not_divide(self):
        times = list(range(0, 1_001, 13))
        assert list(one(times, begin=0, end=1_000).values()) == slow_scores(times, [500] * len(times), 0, 1_000)


class TestEligibility:
    def test_four_distinct_seconds(self):
        scores = score([([0, 60, 120], [1] * 3), ([0, 60, 120, 120], [1] * 4), ([0, 60, 120, 180], [1] * 4), ([], [])])
        for name in NAMES:
            assert np.isnan(getattr(scores, name)).tolist() == [True, True, False, True]

    def test_a_higher_floor(self):
        assert math.isnan(one(range(5), min_times=6)["beacon"])
        assert not math.isnan(one(range(6), min_times=6)["beacon"])

    def test_a_strobe_is_not_scored(self):
        assert math.isnan(one(range(DAY))["beacon"])
        assert one(range(DAY - 1))["beacon"] == 1.0

    def test_nothing_at_all(self):
        assert score([]).beacon.shape == (0,)
        assert np.isnan(score([([], []), ([5], [5])]).beacon).tolist() == [True, True]

    def test_neighbours_that_start_earlier_are_no_gap(self):
        scores = score([([500, 560, 620, 680], [9] * 4), ([0, 60, 120, 180], [9] * 4)])
        assert scores.timestamps.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"offsets": [0, 3]}, "offsets"),
        ({"offsets": [1, 4]}, "offsets"),
        ({"offsets": [0, 5, 4]}, "offsets"),
        ({"offsets": []}, "offsets"),
        ({"times_s": [0, 60, 50, 120]}, "times_s"),
        ({"times_s": [0.0, 1.0, 2.0, 3.0]}, "times_s"),
        ({"times_s": [0, 1, 2, 2**60]}, "times_s"),
        ({"sizes": [1, 2, 3]}, "sizes"),
        ({"sizes": [1, 2, 3, -4]}, "sizes"),
        ({"begin_s": DAY}, "begin_s"),
        ({"weights": (0.3, 0.3, 0.3, 0.3)}, "weights"),
        ({"weights": (1.5, -0.5, 0, 0)}, "weights"),
        ({"weights": (0.5, 0.5)}, "weights"),
        ({"min_times": 3}, "min_times"),
    ],
)
def test_what_does_not_fit_is_refused(change, where):
    call = {"offsets": [0, 4], "times_s": [0, 1, 2, 3], "sizes": [1] * 4, "begin_s": 0, "end_s": DAY, **change}
    with pytest.raises(OptionError, match=where):
        rita_scores(**call)


def test_inputs_are_left_alone():
    offsets, times, sizes = np.array([0, 5]), np.array([0, 9, 9, 20, 30]), np.array([5, 4, 3, 2, 1])
    rita_scores(offsets, times, sizes, 0, DAY)
    assert (offsets.tolist(), times.tolist(), sizes.tolist()) == ([0, 5], [0, 9, 9, 20, 30], [5, 4, 3, 2, 1])
