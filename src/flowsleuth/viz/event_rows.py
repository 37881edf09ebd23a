"""Events of frames as lanes over time, bounded whatever their number: one by one while they are few, else in bins.

The rows of a section of figure ``events`` (:mod:`flowsleuth.viz.events`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flowsleuth.schema.tabular import need_columns, text_column
from flowsleuth.viz.canvas import count_text
from flowsleuth.viz.event_bins import in_bins, timestamps, width_text
from flowsleuth.viz.measures import UNKNOWN, told
from flowsleuth.viz.moments import moments_of, said_of, time_column
from flowsleuth.viz.tips import shortened, shortened_all

if TYPE_CHECKING:
    import pyarrow as pa

POINTS = 10_000
"""Events that are shown one by one, at most."""
ALONE = 2_500
"""Where there are more, the events of small lanes that are still shown one by one, together."""
LANES = 40
DURATIONS = 100
"""Lanes of groups, at most, and of groups with their durations; the last of them holds the others."""
NAME = 200
"""Letters of a lane's name, at most."""
EMPTY = "(empty)"


@dataclass(frozen=True)
class Events:
    """Events of one frame.

    Attributes
    ----------
    rows : pyarrow.Table
        ``start``, ``end`` (int64, microseconds since 1970 UTC; ``end`` null for a moment), ``lane`` (string), and
        ``tip_0`` …, the texts of the source columns.
    sources : list of str
        What ``tip_0`` … are called.
    note : str
        What was left out, and how times were understood.
    """

    rows: pa.Table
    sources: list[str]
    note: str


@dataclass(frozen=True)
class Lanes:
    """What a section of events holds.

    Attributes
    ----------
    table : pyarrow.Table
        The columns of :mod:`flowsleuth.viz.events`.
    sources : list of str
        What ``tip_0`` … are called.
    totals : dict
        The lanes in their order, and how many events each has.
    bin_ms : int or None
        Width of a bin; None when each mark is one event.
    note : str
    """

    table: pa.Table
    sources: list[str]
    totals: dict[str, int]
    bin_ms: int | None
    note: str


def read_events(
    data: Any,
    time: str | None,
    sources: Sequence[str] = (),
    *,
    group_by: Sequence[str] = (),
    end: str | None = None,
    name: str = "events",
) -> Events:
    """The events of a frame.

    Parameters
    ----------
    data : table
        pandas, polars, Arrow or rows of our own; never changed.
    time, end : str or None
        Columns; the first of :data:`~flowsleuth.viz.moments.TIME_COLUMNS` when no time is named.
    sources : sequence of str
        Columns that are told of a mark.
    group_by : sequence of str
        Columns whose values name the lanes.
    name : str
        The lane when nothing is grouped.

    Raises
    ------
    OptionError
        A column is not there, or is no time.

    Examples
    --------
    >>> import pyarrow as pa
    >>> data = pa.table({"TimeGenerated": ["1970-01-01 00:00:01", None], "Severity": ["Low", "High"]})
    >>> found = read_events(data, None, ["Severity"], group_by=["Severity"])
    >>> found.rows.to_pylist()
    [{'start': 1000000, 'end': None, 'lane': 'Low', 'tip_0': 'Low'}]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    time = time_column(data, time)
    need_columns(data, [*sources, *group_by, *([end] if end else [])])
    begun = moments_of(data, time)
    starts, said = begun.micros, [begun]
    ends = pa.nulls(len(starts), pa.int64())
    if end and end != time:
        ended = moments_of(data, end)
        # a start that is not told is the end; an end that is not told, or is before the start, is the start
        starts = pc.coalesce(begun.micros, ended.micros)
        ends = pc.max_element_wise(ended.micros, starts)
        said = [replace(one, missing=starts.null_count) for one in (begun, ended)]
    columns = {"start": starts, "end": ends, "lane": lane_names(data, group_by, len(starts), name)}
    columns |= {f"tip_{at}": text_column(data, source) for at, source in enumerate(sources)}
    return Events(pa.table(columns).filter(pc.is_valid(starts)), list(sources), said_of(len(starts), *said))


def lane_names(data: Any, group_by: Sequence[str], rows: int, name: str) -> pa.Array | pa.ChunkedArray:
    """The name of each row's lane; long ones are shortened."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not group_by:
        # a lone surrogate has no UTF-8
        return pa.repeat(shortened(name.encode("utf-8", "replace").decode(), NAME), rows)
    parts = []
    for column in group_by:
        text = pc.fill_null(text_column(data, column), UNKNOWN)
        parts.append(pc.if_else(pc.equal(text, ""), EMPTY, text))
    return shortened_all(pc.binary_join_element_wise(*parts, " · ") if len(parts) > 1 else parts[0], NAME)


def lanes_of(sets: Sequence[Events], most: int = LANES) -> Lanes:
    """Lanes of one or more frames, bounded: small groups are put together, and where there are many events, those too.

    Parameters
    ----------
    sets : sequence of Events
        Their lanes one after the other; of each the strongest first.
    most : int
        Lanes of each set.

    Examples
    --------
    >>> import pyarrow as pa
    >>> data = pa.table({"start": ["1970-01-01 00:00:01", "1970-01-01 00:00:02"], "Severity": ["Low", "High"]})
    >>> found = lanes_of([read_events(data, "start", ["Severity"], group_by=["Severity"])])
    >>> list(found.totals), found.table.column_names
    (['High', 'Low'], ['start', 'end', 'lane', 'events', 'tip_0', 'tip_0_n', 'tip_0_of'])
    """
    import pyarrow as pa

    tips = list(dict.fromkeys(source for one in sets for source in one.sources))
    parts, said = [], [one.note for one in sets]
    totals: dict[str, int] = {}
    for one in sets:
        rows, counts, fewer = folded_lanes(one.rows, most)
        totals |= {name: totals.get(name, 0) + count for name, count in counts.items()}
        said.append(f"the {fewer:,} smallest groups are put together" if fewer else "")
        parts.append(_same_tips(rows, one.sources, tips))
    rows = pa.concat_tables(parts)
    told_once = list(dict.fromkeys(said))
    if len(rows) <= POINTS:
        return Lanes(_one_by_one(rows, len(tips)), tips, totals, None, told(*told_once))
    alone = _alone(totals)
    names = [name for name in totals if name not in alone]
    bin_us, binned = in_bins(_of_lanes(rows, names), names, len(tips))
    kept = _one_by_one(_of_lanes(rows, alone), len(tips))
    together = f"{len(rows):,} events are put together in bins of {width_text(bin_us // 1000)}"
    but = f"; those of {count_text(len(alone), 'small lane')} are shown one by one" if alone else ""
    return Lanes(pa.concat_tables([binned, kept]), tips, totals, bin_us // 1000, told(*told_once, together + but))


def folded_lanes(rows: pa.Table, most: int, *, keeps_rare: bool = False) -> tuple[pa.Table, dict[str, int], int]:
    """Rows whose small lanes are one, the lanes with their counts (largest first), and how many were put together.

    Parameters
    ----------
    rows : pyarrow.Table
        With a column ``lane``.
    most : int
        Lanes that are left.
    keeps_rare : bool
        Put the largest together, and not the smallest.

    Examples
    --------
    >>> import pyarrow as pa
    >>> folded_lanes(pa.table({"lane": ["a", "b", "c", "a"]}), 2)[1:]
    ({'a': 2, '2 others': 2}, 2)
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    order = [("lane_count", "ascending" if keeps_rare else "descending"), ("lane", "ascending")]
    counted = rows.group_by("lane").aggregate([("lane", "count")]).sort_by(order)
    names, counts = counted["lane"].to_pylist(), counted["lane_count"].to_pylist()
    if len(names) <= most:
        return rows, dict(zip(names, counts, strict=True)), 0
    weak = names[most - 1 :]
    others = f"{len(weak):,} others"
    lanes = pc.if_else(pc.is_in(rows["lane"], value_set=pa.array(weak, pa.string())), others, rows["lane"])
    found = dict(zip(names[: most - 1], counts, strict=False)) | {others: sum(counts[most - 1 :])}
    return rows.set_column(rows.column_names.index("lane"), "lane", lanes), found, len(weak)


def _same_tips(rows: pa.Table, sources: Sequence[str], tips: Sequence[str]) -> pa.Table:
    """Rows with the source columns of all sets."""
    import pyarrow as pa

    columns = {name: rows[name] for name in ("start", "end", "lane")}
    for at, name in enumerate(tips):
        known = f"tip_{sources.index(name)}" if name in sources else None
        columns[f"tip_{at}"] = rows[known] if known else pa.nulls(len(rows), pa.string())
    return pa.table(columns)


def _alone(totals: dict[str, int]) -> list[str]:
    """Lanes so small that their events can be shown one by one."""
    found, left = [], ALONE
    for name, count in sorted(totals.items(), key=lambda item: item[1]):
        left -= count
        if left < 0:
            break
        found.append(name)
    return found


def _of_lanes(rows: pa.Table, names: Sequence[str]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    return rows.filter(pc.is_in(rows["lane"], value_set=pa.array(names, pa.string())))


def _one_by_one(rows: pa.Table, tips: int) -> pa.Table:
    import pyarrow as pa

    columns = {name: timestamps(rows[name]) for name in ("start", "end")}
    columns |= {"lane": rows["lane"], "events": pa.repeat(pa.scalar(1, pa.int64()), len(rows))}
    for at in range(tips):
        columns |= {f"tip_{at}": rows[f"tip_{at}"]}
        columns |= {f"tip_{at}_{what}": pa.nulls(len(rows), pa.int64()) for what in ("n", "of")}
    return pa.table(columns).sort_by("start")
