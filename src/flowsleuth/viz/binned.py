"""Tables of what happened per bin of time and name: what lanes and histograms are drawn from.

Columns: ``start`` (timestamp, the beginning of the bin), ``series`` (string, null is "unknown"), ``bin_s`` (int64, the
width of a bin, the same in all rows), and the measures (:mod:`flowsleuth.viz.measures`). Bins without anything may be
left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsleuth.investigate.timeline import WIDTHS_S, in_words
from flowsleuth.viz.measures import folded, plain, summed, told
from flowsleuth.viz.timeline import milliseconds

if TYPE_CHECKING:
    import pyarrow as pa

MARKS = 6_000
"""Bins of all series together, at most."""
US_PER_S = 1_000_000
KEYS = ("start", "series", "bin_s")


@dataclass(frozen=True)
class Binned:
    """A table as lists.

    Attributes
    ----------
    bin_s : int
        Width of a bin.
    series : dict
        The bins of each series in order of time, ``[start_ms, value of each measure, …]``; the strongest series first.
    note : str
        What was put together here.
    """

    bin_s: int
    series: dict[str, list[list[Any]]]
    note: str


def read_binned(rows: pa.Table, measures: Sequence[str], most_series: int, noun: str) -> Binned:
    """What a table says, bounded: weak series are put together, and narrow bins, and both are told.

    Parameters
    ----------
    rows : pyarrow.Table
        At least one row.
    measures : sequence of str
    most_series : int
    noun : str
        What a series is called when there are several: "lanes".

    Examples
    --------
    >>> import pyarrow as pa
    >>> start = pa.array([120_000_000, 60_000_000], pa.timestamp("us", tz="UTC"))
    >>> rows = pa.table({"start": start, "series": ["dns", "dns"], "bin_s": [60, 60], "flows": [2, 1]})
    >>> read_binned(rows, ["flows"], 20, "lanes").series
    {'dns': [[60000, 1], [120000, 2]]}
    """
    given: int = rows["bin_s"][0].as_py()
    kept, names, put_together = folded(rows, "series", measures, most_series, ["start"])
    kept, width = _widened(kept, measures, given)
    kept = kept.sort_by([("start", "ascending")])
    series: dict[str, list[list[Any]]] = {name: [] for name in names}
    columns = [milliseconds(kept["start"]), *(plain(kept[name].to_pylist()) for name in measures)]
    for name, *mark in zip(kept["series"].to_pylist(), *columns, strict=True):
        series[name].append(mark)
    fewer = f"the {put_together:,} smallest {noun} are put together" if put_together else ""
    wider = f"bins of {in_words(given)} are put together as {in_words(width)}" if width > given else ""
    return Binned(width, series, told(fewer, wider))


def _widened(rows: pa.Table, measures: Sequence[str], width: int) -> tuple[pa.Table, int]:
    """Rows in bins so wide that they are few enough."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found, wide = rows, width
    kind = rows["start"].type
    micros = pc.cast(pc.cast(rows["start"], pa.timestamp("us", kind.tz)), pa.int64())
    while len(found) > MARKS:
        wide = next((one for one in WIDTHS_S if one > wide and one % width == 0), 2 * wide)
        wide_us = wide * US_PER_S
        # integer division goes towards zero; times before 1970 have to go down
        down = pc.subtract(micros, pc.if_else(pc.less(micros, 0), wide_us - 1, 0))
        start = pc.cast(pc.multiply(pc.divide(down, wide_us), wide_us), pa.timestamp("us", kind.tz))
        found = summed(rows.set_column(rows.column_names.index("start"), "start", start), ["series", "start"], measures)
    return found, wide


def coarser(marks: list[list[Any]], low: int, width_ms: int) -> list[list[Any]]:
    """Bins summed into wider ones, which begin at ``low``.

    Examples
    --------
    >>> coarser([[0, 1, None], [60_000, 2, None], [120_000, 4, 7]], 0, 120_000)
    [[0, 3, None], [120000, 4, 7]]
    """
    found: dict[int, list[Any]] = {}
    for start, *values in marks:
        at = low + (start - low) // width_ms * width_ms
        before = found.get(at)
        found[at] = values if before is None else [_added(*pair) for pair in zip(before, values, strict=True)]
    return [[start, *values] for start, values in sorted(found.items())]


def _added(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else one + other
