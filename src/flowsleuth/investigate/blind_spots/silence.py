"""Sensors that fell silent, began late, or have gaps, judged by their own rate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.wording import count, duration
from flowsleuth.investigate.blind_spots.spot import BlindSpot, listed, sensor_place

if TYPE_CHECKING:
    import pyarrow as pa

Ints = NDArray[np.int64]

BIN_S = 300
"""Five minutes: what collectors put in a file, and longer than the timeouts of most exporters."""
EXPECTED = 50.0
"""A silence is told when its usual rate would have given so many flows in it; traffic comes in crowds."""
STRAY = 0.005
"""Share of the flows at either end that may be strays, such as long connections that began before the capture did."""
BINS_A_DAY = 86_400 // BIN_S
MOST_DAYS = 400
"""Only so many of the last days are looked at."""
MANY_DAYS = 6
"""From so many days of a kind on, a day's own share in the median does no harm."""
FIRST_WEEKDAY = 3
"""1970-01-01 was a Thursday: day number + 3, modulo 7, is 0 on Mondays."""


@dataclass(frozen=True)
class Silence:
    """A time without flows of a sensor; bins of :data:`BIN_S` since 1970, ``until`` outside.

    Attributes
    ----------
    since, until : int
    expected : float
        Flows that its own usual rate would have given.
    kind : str
        ``began late``, ``gap`` or ``fell silent``.
    """

    since: int
    until: int
    expected: float
    kind: str


def silences(counted: pa.Table) -> Iterator[BlindSpot]:
    """Silences of every sensor, those with most missing flows first.

    Parameters
    ----------
    counted : pyarrow.Table
        Columns ``sensor``, ``bin`` and ``flows``.
    """
    if not len(counted):
        return
    first, last = _span(counted)
    told = [
        (sensor, one)
        for sensor, at, flows in _each(counted)
        for one in find_silences(*_within(at, flows, first, last), first, last)
    ]
    told.sort(key=lambda row: (-row[1].expected, row[1].since, row[0] or ""))
    yield from listed([_spot(sensor, one) for sensor, one in told])


def _span(counted: pa.Table) -> tuple[int, int]:
    """First bin and the one after the last, strays left out."""
    bins, flows = counted["bin"].to_numpy(), counted["flows"].to_numpy()
    order = np.argsort(bins, kind="stable")
    part = np.cumsum(flows[order]) / flows.sum()
    first, last = np.searchsorted(part, [STRAY, 1.0 - STRAY])
    end = int(bins[order[last]]) + 1
    return max(int(bins[order[first]]), end - MOST_DAYS * BINS_A_DAY), end


def _within(bins: Ints, flows: Ints, first: int, last: int) -> tuple[Ints, Ints]:
    is_in = (bins >= first) & (bins < last)
    return bins[is_in], flows[is_in]


def _each(counted: pa.Table) -> Iterator[tuple[str | None, Ints, Ints]]:
    """Bins and flows of each sensor, in order of time."""
    import pyarrow.compute as pc

    coded = counted["sensor"].combine_chunks().dictionary_encode()
    code = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
    names = coded.dictionary.to_pylist()
    bins, flows = counted["bin"].to_numpy(), counted["flows"].to_numpy()
    order = np.lexsort((bins, code))
    found, begin = np.unique(code[order], return_index=True)
    for one, mine in zip(found.tolist(), np.split(order, begin[1:]), strict=True):
        yield (names[one] if one >= 0 else None), bins[mine], flows[mine]


def find_silences(bins: Ints, flows: Ints, first: int, last: int) -> list[Silence]:
    """Silences of one sensor.

    What a bin would usually have is the median of the same time (UTC) on the sensor's other days of the same kind,
    working day or weekend; where there is no such day, the mean between the sensor's first and last flow. So nights are
    no silence from the second day on.

    Parameters
    ----------
    bins : array of int64, shape (n,)
        Bins with flows, ascending.
    flows : array of int64, shape (n,)
        How many.
    first, last : int
        The span in which any sensor has flows; `last` is outside.

    Returns
    -------
    list of Silence
        In order of time.

    Examples
    --------
    >>> bins = np.r_[0:100, 160:200]
    >>> find_silences(bins, np.full(bins.size, 10), 0, 288)
    [Silence(since=100, until=160, expected=420.0, kind='gap'), Silence(since=200, until=288, expected=616.0, \
kind='fell silent')]
    """
    if not bins.size:
        return []
    counts = np.zeros(last - first)
    counts[bins - first] = flows
    usual = np.concatenate([[0.0], np.cumsum(_usual(counts, first, int(bins[0]), int(bins[-1]) + 1))])
    edges = np.flatnonzero(np.diff(np.concatenate([[0], counts == 0, [0]]).astype(np.int8)))
    found = []
    for since, until in edges.reshape(-1, 2).tolist():
        expected = float(usual[until] - usual[since])
        if expected >= EXPECTED:
            kind = "began late" if since == 0 else "fell silent" if until == counts.size else "gap"
            found.append(Silence(first + since, first + until, expected, kind))
    return found


def _usual(counts: NDArray[np.float64], first: int, begin: int, end: int) -> NDArray[np.float64]:
    """What each bin of a span would usually have."""
    place = first + np.arange(counts.size)
    day = place // BINS_A_DAY - first // BINS_A_DAY
    whole = np.full((int(day[-1]) + 1, BINS_A_DAY), np.nan)
    whole[day, place % BINS_A_DAY] = counts
    is_weekend = (first // BINS_A_DAY + np.arange(len(whole)) + FIRST_WEEKDAY) % 7 >= 5
    mean = counts.sum() / (end - begin)
    usual = np.full(whole.shape, mean)
    for kind in (is_weekend, ~is_weekend):
        days = np.flatnonzero(kind)
        if days.size >= MANY_DAYS:
            _fill(usual, days, whole[days])
        for one in days.tolist() if days.size < MANY_DAYS else ():
            _fill(usual, np.array([one]), whole[days[days != one]])
    found: NDArray[np.float64] = usual[day, place % BINS_A_DAY]
    return found


def _fill(usual: NDArray[np.float64], days: Ints, like: NDArray[np.float64]) -> None:
    """Put the median of some days into others, where it is known."""
    is_known = ~np.isnan(like).all(axis=0) if len(like) else np.zeros(BINS_A_DAY, bool)
    usual[np.ix_(days, np.flatnonzero(is_known))] = np.nanmedian(like[:, is_known], axis=0)


def _spot(sensor: str | None, one: Silence) -> BlindSpot:
    length = duration((one.until - one.since) * BIN_S)
    said = {"gap": "silent for", "began late": "began late, after", "fell silent": "fell silent, for"}
    return BlindSpot(
        "silence", sensor_place(sensor),
        f"{said[one.kind]} {length}: at its own usual rate {count(round(one.expected))} flows are missing", None,
        _moment(one.since), _moment(one.until), "everything that this sensor alone sees",
        ("timing", "volume", "reach", "newness", "names", "access", "intelligence", "rarity"),
        "ask whether it was down, and ingest what it kept; a beacon shows a break here",
    )  # fmt: skip


def _moment(place: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(place * BIN_S, dt.UTC)
