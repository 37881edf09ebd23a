"""Whether connections of a pair come at regular times: a test against memoryless arrivals, for many pairs at once.

Connections that follow one another within ``scale`` are one *beat*. From the end of a beat to the start of the next is
a pause, which is longer than the scale; where connections come without memory, at whatever rate, what is left of a
pause after the scale is exponential, and of two successive pauses ``a`` and ``b`` the difference ``|a - b| / (a + b)``
is uniform on [0, 1] whatever the rate was there. So the rate may change by day and night, and people may come in crowds
(which makes the differences larger): both are on the safe side. A regular series makes them small. Their sum over
successive pauses, each used once, has a known lower tail (:mod:`.uniform_sums`).

An implant whose connection fails tries again, and a session may be two or three: then long and short pauses take turns.
So a pause is also compared with the next but one, and the one after, as if each place in the round beat by itself.

At scales of a quarter of an hour and more, night after night is a regular pause too; there only short beats count.

The null, in the words of Heard, Rubin-Delanchy and Lawson, "Filtering automated polling traffic in computer network
flow data" (2014), is that of a person who has forgotten when the last connection was; the test by successive pauses is
ours: it needs no fixed period over the whole span, so it outlives the pause of a night, a drifting clock, changed
sleeps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.kernels.uniform_sums import lower_tail

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SCALES_MS = (2_000, 15_000, 120_000, 900_000, 7_200_000, 43_200_000)
"""What is one beat, from seconds to half a day; the most regular is believed, at the price of having looked at all."""
ROUNDS = (1, 2, 3)
"""Pauses in a round: a pause is compared with the one so many later."""
LONG_SCALE_MS = 900_000
LONG_BEAT_MS = 1_800_000
"""From this scale on, a beat that lasts longer than half an hour on average is none: it is somebody's working day."""


@dataclass(frozen=True)
class Beats:
    """What was found of each pair, arrays of shape (n_pairs,).

    Attributes
    ----------
    p_value : array of float64
        Probability of pauses so even, or evener, if connections came without memory; 1 where too few.
    irregularity : array of float64
        Mean of the differences: 0 for a clock, 0.5 without memory; NaN where too few.
    tests : array of int64
        Differences that it rests on.
    beats : array of int64
        At the scale that is believed.
    scale_ms : array of int64
        That scale; -1 where too few.
    """

    p_value: Floats
    irregularity: Floats
    tests: Ints
    beats: Ints
    scale_ms: Ints


def pauses(offsets: Ints, start_ms: Ints, end_ms: Ints) -> Ints:
    """Milliseconds from the end of all that came before, within the pair, to each start; -1 for the first of a pair.

    Parameters
    ----------
    offsets : array of int64, shape (n_pairs + 1,)
        Pair i has the rows ``offsets[i]:offsets[i + 1]``.
    start_ms, end_ms : array of int64, shape (n,)
        Ascending starts within a pair; an end before its start counts as the start.

    Returns
    -------
    array of int64, shape (n,)

    Examples
    --------
    >>> pauses(np.array([0, 3]), np.array([0, 5, 60]), np.array([50, 6, 61])).tolist()
    [-1, 0, 10]
    """
    if not start_ms.size:
        return np.zeros(0, dtype=np.int64)
    base = int(start_ms.min())
    span = int(max(start_ms.max(), end_ms.max())) - base + 1
    of = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
    reach = np.maximum.accumulate(np.maximum(end_ms, start_ms) - base + of * span) - of * span
    found = np.empty(start_ms.size, dtype=np.int64)
    found[1:] = np.maximum(start_ms[1:] - base - reach[:-1], 0)
    found[offsets[:-1][np.diff(offsets) > 0]] = -1
    return found


def spans(offsets: Ints, start_ms: Ints, end_ms: Ints) -> Ints:
    """Milliseconds from the first start to the last end of each pair, shape (n_pairs,); 0 for an empty one.

    Examples
    --------
    >>> spans(np.array([0, 2, 2]), np.array([0, 5]), np.array([50, 6])).tolist()
    [50, 0]
    """
    found = np.zeros(offsets.size - 1, dtype=np.int64)
    some = np.flatnonzero(np.diff(offsets) > 0)
    if some.size:
        found[some] = np.maximum.reduceat(np.maximum(end_ms, start_ms), offsets[some]) - start_ms[offsets[some]]
    return found


def find_beats(
    offsets: Ints, pause_ms: Ints, span_ms: Ints, resolution_ms: Ints, scales_ms: tuple[int, ...] = SCALES_MS
) -> Beats:
    """Test each pair at every scale and for every length of a round.

    Parameters
    ----------
    offsets : array of int64, shape (n_pairs + 1,)
    pause_ms : array of int64, shape (n,)
        See :func:`pauses`.
    span_ms : array of int64, shape (n_pairs,)
        See :func:`spans`.
    resolution_ms : array of int64, shape (n_pairs,)
        How finely the times of a pair are told; a difference counts as twice this larger than it was read.
    scales_ms : tuple of int
        The scales that are tried, ascending.

    Returns
    -------
    Beats

    Examples
    --------
    >>> minute = np.array([-1] + [60_000] * 8)
    >>> found = find_beats(np.array([0, 9]), minute, np.array([480_000]), np.array([1_000]))
    >>> found.beats.tolist(), found.tests.tolist(), found.p_value.round(6).tolist()
    ([9], [4], [6e-06])
    """
    count = offsets.size - 1
    of = np.repeat(np.arange(count), np.diff(offsets))
    best = Beats(
        np.ones(count),
        np.full(count, np.nan),
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
        np.full(count, -1, np.int64),
    )
    looked = np.zeros(count, dtype=np.int64)
    for scale in scales_ms:
        rows = _long_pauses(scale, of, pause_ms, span_ms)
        for lag in ROUNDS:
            at = _at_scale(scale, of[rows], pause_ms[rows], resolution_ms, lag)
            looked += at.tests > 0
            is_better = (at.tests > 0) & ((at.p_value < best.p_value) | (best.scale_ms < 0))
            for name in ("p_value", "irregularity", "tests", "beats", "scale_ms"):
                getattr(best, name)[is_better] = getattr(at, name)[is_better]
    np.minimum(best.p_value * np.maximum(looked, 1), 1.0, out=best.p_value)
    return best


def _long_pauses(scale: int, of: Ints, pause_ms: Ints, span_ms: Ints) -> Ints:
    """Rows of the pauses that are longer than a scale."""
    rows = np.flatnonzero(pause_ms > scale)
    if scale >= LONG_SCALE_MS:
        rows = rows[_have_short_beats(of[rows], pause_ms[rows], span_ms)[of[rows]]]
    return rows


def _at_scale(scale: int, mine: Ints, pause_ms: Ints, resolution_ms: Ints, lag: int) -> Beats:
    """Test pauses longer than the scale, each used once, against those `lag` later."""
    count = resolution_ms.size
    held = np.bincount(mine, minlength=count)
    first = np.concatenate([[0], np.cumsum(held)])
    place = np.arange(mine.size) - first[mine]
    left = np.flatnonzero((place % (2 * lag) < lag) & (place + lag < held[mine]))
    a, b, owner = pause_ms[left] - scale, pause_ms[left + lag] - scale, mine[left]
    blur = resolution_ms[owner]
    difference = np.minimum((np.abs(a - b) + 2 * blur) / (a + b), 1.0)
    tests = np.bincount(owner, minlength=count)
    total: Floats = np.bincount(owner, weights=difference, minlength=count).astype(np.float64)
    with np.errstate(invalid="ignore"):
        irregularity = total / tests
    return Beats(lower_tail(total, tests), irregularity, tests, held + 1, np.full(count, scale, np.int64))


def _have_short_beats(of: Ints, pause_ms: Ints, span_ms: Ints) -> Bools:
    """Whether the beats of a pair are short on average: some seconds of a sleeper, not the day of a person."""
    held = np.bincount(of, minlength=span_ms.size)
    idle = np.bincount(of, weights=pause_ms, minlength=span_ms.size)
    found: Bools = (span_ms - idle) / (held + 1) <= LONG_BEAT_MS
    return found
