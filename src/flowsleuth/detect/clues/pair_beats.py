"""Whether the connections of pairs beat, at which period, and over which of their connections that is told."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.pair_times import PairTimes
from flowsleuth.detect.dense_codes import count_distinct
from flowsleuth.detect.kernels.beats import SCALES_MS, Beats, find_beats, pauses, spans
from flowsleuth.detect.kernels.periods import Periods, find_periods
from flowsleuth.detect.wording import count, duration, each, join, share

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SECOND_US = 1_000_000
LEAST_PAUSES = 4
"""Pauses that a test needs to say anything: two differences."""


@dataclass(frozen=True)
class PairBeats:
    """The test of some pairs (:mod:`.kernels.beats`), and what it believes to be their beats.

    Parameters
    ----------
    times : PairTimes
    scales_ms : tuple of int
        What is one beat; each is tried.
    """

    times: PairTimes
    scales_ms: tuple[int, ...] = SCALES_MS

    @cached_property
    def _start_ms(self) -> Ints:
        return self.times.start_us // 1_000

    @cached_property
    def _pause_ms(self) -> Ints:
        return pauses(self.times.offsets, self._start_ms, self.times.end_us // 1_000)

    @cached_property
    def beats(self) -> Beats:
        """The result at the scale that is believed; see :func:`.kernels.beats.find_beats`."""
        offsets = self.times.offsets
        if offsets.size < 2:
            return find_beats(offsets, self._pause_ms, np.zeros(0, np.int64), np.zeros(0, np.int64))
        is_fine = np.add.reduceat(self.times.start_us % SECOND_US, offsets[:-1]) > 0
        span = spans(offsets, self._start_ms, self.times.end_us // 1_000)
        return find_beats(offsets, self._pause_ms, span, np.where(is_fine, 1, 1_000), self.scales_ms)

    @property
    def span_us(self) -> Ints:
        """From the first connection to the last of each pair."""
        start, offsets = self.times.start_us, self.times.offsets
        return start[offsets[1:] - 1] - start[offsets[:-1]]

    @property
    def p_value(self) -> Floats:
        """Chance of pauses so even; 1 where there are too few."""
        return np.where(2 * self.beats.tests >= LEAST_PAUSES, self.beats.p_value, 1.0)

    @property
    def evenness(self) -> Floats:
        """How even the pauses are: 1 for a clock, 0 without memory or where there are too few."""
        return np.clip(1.0 - 2.0 * np.nan_to_num(self.beats.irregularity, nan=0.5), 0.0, 1.0)

    @cached_property
    def _rows(self) -> tuple[Ints, Ints]:
        """Pair and place of each beat's first connection."""
        of = np.repeat(np.arange(self.times.pair.size), np.diff(self.times.offsets))
        at = np.flatnonzero((self._pause_ms < 0) | (self._pause_ms > self.beats.scale_ms[of]))
        return of[at], at

    @cached_property
    def periods(self) -> Periods:
        """Period, jitter, missed beats and breaks of each pair."""
        of, at = self._rows
        return find_periods(of, self._start_ms[at], self.times.pair.size)

    def distinct(self, unit_us: int, cycle_us: int | None = None) -> Ints:
        """In how many distinct units of time, or places within a cycle, each pair has a beat."""
        of, at = self._rows
        moment = self.times.start_us[at]
        value = (moment if cycle_us is None else moment % cycle_us) // unit_us
        return count_distinct(of, value, self.times.pair.size)


def say_period(period_s: Floats, jitter: Floats, beats: NDArray[Any]) -> pa.Array:
    """Periods in words.

    Examples
    --------
    >>> say_period(np.array([60.0, 600.0]), np.array([0.0, 0.2]), np.array([5, 144])).to_pylist()
    ['every 60 s, 5 beats', 'every 10 min ± 20 %, 144 beats']
    """
    return join(
        "every ",
        each(period_s, duration),
        each(jitter, lambda part: "" if part < 0.0005 else f" ± {share(part)}"),
        ", ",
        each(beats, count),
        " beats",
    )


def say_silences(missed: NDArray[Any], breaks: NDArray[Any]) -> pa.Array:
    """Beats that were left out, in words; nothing where there are none.

    Examples
    --------
    >>> say_silences(np.array([0, 2]), np.array([0, 1])).to_pylist()
    ['', ', 2 missed, 1 break']
    """
    return join(
        each(missed, lambda n: f", {count(n)} missed" if n else ""),
        each(breaks, lambda n: f", {count(n)} break{'' if n == 1 else 's'}" if n else ""),
    )
