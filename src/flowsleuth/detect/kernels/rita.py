"""RITA v5's beacon score of many pairs at once: the baseline its users know, to the third decimal.

The rules are those of RITA v5 (activecm/rita, ``analysis/beacons.go`` and ``default_config.hjson``), written anew for
whole arrays; :mod:`flowsleuth.detect.kernels.rita_threat` turns the scores into RITA's severity.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flowsleuth.detect.kernels.topics_counts import as_indices, check_range
from flowsleuth.errors import OptionError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST_TIMES = 4  # RITA's floor: three gaps are the fewest that have quartiles
STROBE_CONNECTIONS = 86_400  # one a second for a day: RITA calls it a strobe and scores no beacon
SKEW_SPREAD = 10  # quartiles closer than this (seconds, bytes) say nothing about skew
N_BINS = 24
BIMODAL_BINS = 11  # filled bins from which two heights may explain the histogram
BIMODAL_OUTLIERS = 1
HEIGHT_STEP = 0.05  # of the highest bar: bars within one step count as equally high
DURATION_BINS = 6
STEADY_BINS = 12  # a run of filled bins this long is full marks
LARGEST = 2**50  # sums of a few values stay exact, in int64 and in float64
BLOCK_ROWS = 1 << 20  # connections worked on at a time: bounds the memory


@dataclass(frozen=True, eq=False)
class RitaScores:
    """RITA v5's beacon score of each pair and its four parts, in [0, 1], 1 = most regular.

    Attributes
    ----------
    beacon : array of float64, shape (n_pairs,)
        Weighted mean of the four parts, to 3 decimals. NaN, like all parts, where RITA does not score the pair.
    timestamps : array of float64, shape (n_pairs,)
        How alike the gaps between connections are: mean of the skew and the spread score.
    sizes : array of float64, shape (n_pairs,)
        The same of the originator's bytes per connection.
    duration : array of float64, shape (n_pairs,)
        How much of the window the pair covers, or how many bins in a row it fills.
    histogram : array of float64, shape (n_pairs,)
        How flat the 24 counts over the window are, or how well two heights explain them.
    """

    beacon: Floats
    timestamps: Floats
    sizes: Floats
    duration: Floats
    histogram: Floats


def rita_scores(
    offsets: ArrayLike,
    times_s: ArrayLike,
    sizes: ArrayLike,
    begin_s: int,
    end_s: int,
    *,
    weights: tuple[float, float, float, float] = (0.25, 0.25, 0.25, 0.25),
    min_times: int = FEWEST_TIMES,
) -> RitaScores:
    """How much each pair looks like a beacon to RITA v5.

    Parameters
    ----------
    offsets : array of int, shape (n_pairs + 1,)
        Pair ``i`` owns the rows ``offsets[i]:offsets[i + 1]``. A pair without rows is allowed.
    times_s : array of int, shape (n_rows,)
        Start of each connection, whole seconds since the epoch (UTC), ascending within a pair, equal ones allowed.
        RITA looks at the window only: pass no others (what lies outside counts in the first or last bin).
    sizes : array of int, shape (n_rows,)
        IP bytes the originator sent in each connection, at least 0; zeros count as values.
    begin_s, end_s : int
        The window, seconds since the epoch. RITA's is the 24 hours before the newest connection of the data set, so
        that each of the 24 bins is an hour.
    weights : tuple of four floats
        Of timestamps, sizes, duration and histogram, each in [0, 1]; they sum to 1.
    min_times : int
        Distinct seconds a pair needs, at least 4.

    Returns
    -------
    RitaScores
        NaN in all five for pairs with fewer than `min_times` distinct seconds or 86,400 connections and more.

    Raises
    ------
    OptionError
        The arrays do not fit together, times go down within a pair, a value is out of range (a negative size), the
        window is empty, or weights or `min_times` are out of bounds.

    Notes
    -----
    Blind spots, with a 24-hour window and constant sizes. There is no null model: a memoryless client of one
    connection a minute scores 0.85, because half of the score (duration and histogram) measures persistence only.
    A beacon every 8 hours is not scored; every 4 hours it has histogram 0 and 0.71 in all; in office hours
    only (09:00 to 17:00) 0.66; two hours at 10 seconds and then silence 0.49. Even 100 % jitter costs less than 0.1,
    padded sizes cost 0.15. High scores are common among benign software (updates, clocks, weather tiles).

    References
    ----------
    RITA v5, https://github.com/activecm/rita, ``analysis/beacons.go``: formulas, thresholds and rounding.

    Examples
    --------
    One pair every ten minutes all day, and one that connects three times only:

    >>> times = np.concatenate([np.arange(0, 86_400, 600), [5, 70, 900]])
    >>> scores = rita_scores([0, 144, 147], times, np.full(147, 500), 0, 86_400)
    >>> scores.beacon.tolist(), scores.histogram.tolist()
    ([1.0, nan], [1.0, nan])
    """
    bounds, seconds, octets = check_rows(offsets, times_s, sizes)
    check_options(begin_s, end_s, weights, min_times)
    scores = np.full((1 + len(weights), bounds.size - 1), np.nan)
    for pairs, rows, lengths in blocks(bounds, eligible(bounds, seconds, min_times)):
        parts = score_block(lengths, seconds[rows], octets[rows], begin_s, end_s)
        scores[1:, pairs] = parts
        scores[0, pairs] = weigh(parts, weights)
    return RitaScores(*scores)


def weigh(parts: Floats, weights: tuple[float, ...]) -> Floats:
    """Beacon score from the four parts, shape (4, n_pairs), to 3 decimals."""
    return round3(sum_rows(parts * np.array(weights)[:, None]))


def eligible(bounds: Ints, seconds: Ints, min_times: int) -> Ints:
    """Indices of the pairs that RITA scores: enough distinct seconds, and no strobe."""
    steps = np.zeros(seconds.size + 1, dtype=np.int64)  # steps[i + 1] - steps[j]: changes of time among rows j to i
    np.cumsum(np.diff(seconds) > 0, out=steps[2:][: max(seconds.size - 1, 0)])
    n_connections = np.diff(bounds)
    filled = n_connections > 0
    n_times = np.zeros(n_connections.size, dtype=np.int64)
    n_times[filled] = 1 + steps[bounds[1:][filled]] - steps[bounds[:-1][filled] + 1]
    return np.flatnonzero((n_times >= min_times) & (n_connections < STROBE_CONNECTIONS))


def blocks(bounds: Ints, pairs: Ints) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Cut `pairs` into runs of about BLOCK_ROWS connections: their indices, their rows, rows of each."""
    lengths = np.diff(bounds)[pairs]
    ends = np.cumsum(lengths)
    start = 0
    while start < pairs.size:
        done = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + BLOCK_ROWS, side="right")))
        own = lengths[start:stop]
        shift = bounds[:-1][pairs[start:stop]] - (ends[start:stop] - own - done)
        yield pairs[start:stop], np.repeat(shift, own) + np.arange(own.sum()), own
        start = stop


def score_block(lengths: Ints, seconds: Ints, octets: Ints, begin_s: int, end_s: int) -> Floats:
    """The four parts of each pair, shape (4, n_pairs): timestamps, sizes, duration, histogram; all pairs eligible."""
    pair = np.repeat(np.arange(lengths.size), lengths)
    gaps = np.diff(seconds)
    counted = (pair[1:] == pair[:-1]) & (gaps > 0)
    last = np.cumsum(lengths) - 1
    span_s = seconds[last] - seconds[last - lengths + 1]
    counts = bin_counts(pair, lengths.size, seconds, begin_s, end_s)
    return np.stack(
        [
            evenness(pair[1:][counted], lengths.size, gaps[counted], default=1.0),
            evenness(pair, lengths.size, octets, default=0.0),
            duration_score(counts, span_s / (end_s - begin_s)),
            np.maximum(flatness(counts), bimodal_fit(counts)),
        ]
    )


def evenness(pair: Ints, n_pairs: int, values: Ints, *, default: float) -> Floats:
    """Mean of skew and spread score of each pair's values; `default` is the spread score where the median is below 1.

    Sums of two and of four stand for the medians, so that all up to the division is whole and exact. Values are at
    least 0, so their deviation never exceeds their median and RITA's floor of the spread score at 0 has no work.
    """
    lengths = np.bincount(pair, minlength=n_pairs)
    starts = np.cumsum(lengths) - lengths
    half = lengths // 2  # the middle value of an odd count belongs to neither half
    ordered = sort_within(pair, n_pairs, values)
    q1 = twice_median(ordered, starts, half)
    q2 = twice_median(ordered, starts, lengths)
    q3 = twice_median(ordered, starts + lengths - half, half)
    is_skewed = (q3 - q1 >= 2 * SKEW_SPREAD) & (q2 != q1) & (q2 != q3)
    skew = np.divide(q1 + q3 - 2 * q2, q3 - q1, out=np.zeros(n_pairs), where=is_skewed)
    away = sort_within(pair, n_pairs, np.abs(2 * values - q2[pair]))
    mad = twice_median(away, starts, lengths)  # four times the median absolute deviation
    spread = np.divide(2 * q2 - mad, 2 * q2, out=np.full(n_pairs, default), where=q2 >= 2)
    return round3(((1 - np.abs(skew)) + spread) / 2)


def sort_within(pair: Ints, n_pairs: int, values: Ints) -> Ints:
    """Values sorted within their pair; `pair` ascends, values are at least 0."""
    reach = int(values.max(initial=0)) + 1
    if reach * n_pairs >= 2**63:
        ordered: Ints = values[np.lexsort((values, pair))]
        return ordered
    base = pair * reach
    keys = base + values
    keys.sort()
    return keys - base


def twice_median(ordered: Ints, starts: Ints, lengths: Ints) -> Ints:
    """Twice the median of each sorted segment (the sum of its two middle values); no segment is empty."""
    twice: Ints = ordered[starts + (lengths - 1) // 2] + ordered[starts + lengths // 2]
    return twice


def bin_counts(pair: Ints, n_pairs: int, seconds: Ints, begin_s: int, end_s: int) -> Ints:
    """Connections in each of the 24 equal bins of the window, shape (24, n_pairs)."""
    edges = begin_s + np.arange(1, N_BINS) * ((end_s - begin_s) / N_BINS)
    place = np.searchsorted(edges, seconds.astype(np.float64), side="right")
    return np.bincount(place * n_pairs + pair, minlength=N_BINS * n_pairs).reshape(N_BINS, n_pairs)


def flatness(counts: Ints) -> Floats:
    """One minus the coefficient of variation of the counts, 0 where that is above 1."""
    mean = counts.sum(axis=0) / N_BINS
    variation = np.sqrt(sum_rows((counts - mean) ** 2) / N_BINS) / mean
    return round3(np.maximum(1 - variation, 0))


def bimodal_fit(counts: Ints) -> Floats:
    """Share of the filled bins that two heights explain, one outlier forgiven; 0 with fewer than 11 filled bins."""
    n_bars = (counts > 0).sum(axis=0)
    step = np.ceil(counts.max(axis=0) * HEIGHT_STEP)
    heights = np.floor(counts / step).astype(np.int64)
    n_pairs = counts.shape[1]
    n_heights = int(1 / HEIGHT_STEP) + 1
    places = (heights * n_pairs + np.arange(n_pairs))[counts > 0]
    groups = np.sort(np.bincount(places, minlength=n_heights * n_pairs).reshape(n_heights, n_pairs), axis=0)
    fit = (groups[-1] + groups[-2]) / np.maximum(n_bars - BIMODAL_OUTLIERS, 1)
    return np.where(n_bars >= BIMODAL_BINS, np.minimum(round3(fit), 1), 0.0)


def duration_score(counts: Ints, coverage: Floats) -> Floats:
    """The larger of coverage and steadiness, each rounded up and at most 1; 0 with fewer than 6 filled bins."""
    steady = longest_run(counts > 0) / STEADY_BINS
    score = np.maximum(np.ceil(coverage * 1000) / 1000, np.ceil(steady * 1000) / 1000)
    return np.where((counts > 0).sum(axis=0) >= DURATION_BINS, np.minimum(score, 1), 0.0)


def longest_run(filled: NDArray[np.bool_]) -> Ints:
    """Longest run of filled bins of each pair, the last bin followed by the first."""
    run = np.zeros(filled.shape[1], dtype=np.int64)
    longest = run.copy()
    for bin_filled in np.concatenate([filled, filled]):
        run = (run + 1) * bin_filled
        np.maximum(longest, run, out=longest)
    return np.minimum(longest, N_BINS)


def sum_rows(rows: Floats) -> Floats:
    """Sum down the columns, first row first, so that the last bit is the one a plain loop gets."""
    total = np.zeros(rows.shape[1])
    for row in rows:
        total = total + row
    return total


def round3(values: Floats) -> Floats:
    """To three decimals, halves up, as Go's math.Round does for what is not negative (NumPy rounds halves to even)."""
    scaled = values * 1000
    whole = np.floor(scaled)
    return (whole + (scaled - whole >= 0.5)) / 1000


def check_rows(offsets: ArrayLike, times_s: ArrayLike, sizes: ArrayLike) -> tuple[Ints, Ints, Ints]:
    """The three arrays as int64, or OptionError saying which one does not fit."""
    bounds, seconds = as_indices(offsets, "offsets", np.int64), as_indices(times_s, "times_s", np.int64)
    octets = as_indices(sizes, "sizes", np.int64)
    if seconds.ndim != 1 or seconds.shape != octets.shape:
        raise OptionError(f"{octets.shape} sizes for {seconds.shape} times", where="sizes")
    if bounds.ndim != 1 or bounds.size == 0 or bounds[0] != 0 or bounds[-1] != seconds.size:
        raise OptionError(f"does not run from 0 to the {seconds.size} rows", where="offsets")
    if np.any(np.diff(bounds) < 0):
        raise OptionError("goes down", where="offsets")
    falls = np.flatnonzero(np.diff(seconds) < 0) + 1
    if falls.size and np.any(bounds[np.searchsorted(bounds, falls)] != falls):
        raise OptionError("goes down within a pair", where="times_s", hint="sort by pair, then time")
    check_range(octets, LARGEST, "sizes")
    check_range(seconds, LARGEST, "times_s", lowest=-LARGEST)
    return bounds, seconds, octets


def check_options(begin_s: int, end_s: int, weights: tuple[float, ...], min_times: int) -> None:
    """Raise OptionError unless window, weights and the fewest times are within RITA's bounds."""
    if end_s <= begin_s:
        raise OptionError(f"the window {begin_s} to {end_s} is empty", where="begin_s, end_s")
    if len(weights) != 4 or not all(0 <= weight <= 1 for weight in weights) or abs(sum(weights) - 1) > 1e-9:
        raise OptionError(f"{weights} is not four shares that sum to 1", where="weights")
    if min_times < FEWEST_TIMES:
        raise OptionError(f"{min_times} is below {FEWEST_TIMES}", where="min_times")
