"""Values of a frame over time, bounded whatever their number: all of them while they are few, else the telling ones.

The rows of a section of figure ``series`` (:mod:`flowsleuth.viz.series`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.schema.tabular import need_columns, text_column, to_table
from flowsleuth.viz.event_bins import bin_width, timestamps, width_text
from flowsleuth.viz.event_rows import folded_lanes, lane_names
from flowsleuth.viz.measures import left_out, told
from flowsleuth.viz.moments import moments_of, said_of, time_column

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

POINTS = 10_000
"""Values that are all shown, at most."""
KEPT = 8_000
"""About how many are shown where there are more."""
ANOMALIES = 2_000
"""Anomalies that are kept whatever else is left out, at most."""
SERIES = 8
"""Series, at most; the last of them holds the others. There are as many colours."""
BAND = ("expected", "low", "high")
LARGEST = 1e300
"""Of larger numbers no axis can be drawn."""


@dataclass(frozen=True)
class Values:
    """What a section of values holds.

    Attributes
    ----------
    table : pyarrow.Table
        The columns of :mod:`flowsleuth.viz.series`.
    sources : list of str
        What ``tip_0`` … are called.
    totals : dict
        The series in their order, and how many values each has.
    note : str
        What was left out, and how times were understood.
    """

    table: pa.Table
    sources: list[str]
    totals: dict[str, int]
    note: str


def read_values(
    data: Any,
    value: str,
    time: str | None = None,
    *,
    group_by: Sequence[str] = (),
    sources: Sequence[str] = (),
    band: Mapping[str, str] | None = None,
    anomalies: str | None = None,
) -> Values:
    """The values of a column over time.

    Parameters
    ----------
    data : table
        pandas, polars, Arrow or rows of our own; never changed.
    value, time : str
        Columns; the first of :data:`~flowsleuth.viz.moments.TIME_COLUMNS` when no time is named.
    group_by, sources : sequence of str
        Columns whose values name the series; columns that are told of a point.
    band : mapping, optional
        ``expected``, ``low``, ``high`` → the column that tells it.
    anomalies : str, optional
        A column that is not 0 (or is true) where a value is an anomaly.

    Raises
    ------
    OptionError
        A column is not there, is no time, or holds no numbers.

    Examples
    --------
    >>> import pyarrow as pa
    >>> data = pa.table({"start": ["1970-01-01 00:00:01", "1970-01-01 00:00:02"], "flows": [3, None]})
    >>> found = read_values(data, "flows")
    >>> found.table.to_pydict()["value"], found.note
    ([3.0], '1 of 2 rows has no value and is left out; times without a zone are taken as UTC')
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    time = time_column(data, time)
    band = band or {}
    flags = [anomalies] if anomalies else []
    need_columns(data, [value, *group_by, *sources, *band.values(), *flags])
    times = moments_of(data, time)
    numbers = numbers_of(data, [value, *band.values(), *flags])
    columns = {"time": times.micros, "lane": lane_names(data, group_by, len(times.micros), value)}
    columns |= {"value": numbers[value], **{word: numbers[name] for word, name in band.items()}}
    if anomalies:
        columns["is_anomaly"] = pc.fill_null(pc.not_equal(numbers[anomalies], 0), False)
    columns |= {f"tip_{at}": text_column(data, name) for at, name in enumerate(sources)}
    rows = pa.table(columns)
    timed = rows.filter(pc.is_valid(rows["time"]))
    valued = timed.filter(pc.is_valid(timed["value"]))
    said = left_out(len(timed) - len(valued), len(rows), "value")
    found, totals, fewer = folded_lanes(valued, SERIES)
    together = f"the {fewer:,} smallest groups are put together" if fewer else ""
    kept, fewer_points = _fewer(found.sort_by("time"), list(totals))
    kept = kept.set_column(0, "time", timestamps(kept["time"]))
    kept = kept.rename_columns(["series" if name == "lane" else name for name in kept.column_names])
    return Values(kept, list(sources), totals, told(said, said_of(len(rows), times), together, fewer_points))


def numbers_of(data: Any, names: Sequence[str]) -> dict[str, pa.ChunkedArray]:
    """Columns as numbers; what is none, not finite or beyond all measure is null."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    table = to_table(_only(data, names))
    found = {}
    for name in dict.fromkeys(names):
        column = table[name]
        if pa.types.is_string(column.type):
            read = pd.to_numeric(column.to_pandas(), errors="coerce")
            column = pa.chunked_array([pa.array(read, pa.float64(), from_pandas=True)])
            if len(column) and column.null_count == len(column) and table[name].null_count < len(column):
                raise OptionError("not a column of numbers", where=name)
        elif pa.types.is_boolean(column.type):
            column = column.cast(pa.int8())
        elif not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
            raise OptionError("not a column of numbers", where=f"{name} ({column.type})")
        column = column.cast(pa.float64(), safe=False)  # a picture does not need the last digit
        found[name] = pc.if_else(pc.less_equal(pc.abs(column), LARGEST), column, pa.scalar(None, pa.float64()))
    return found


def _only(data: Any, names: Sequence[str]) -> Any:
    """The table with these columns alone: the others need not be read."""
    if hasattr(data, "iloc"):
        there = [str(name) for name in data.columns]
        return data.iloc[:, [there.index(name) for name in dict.fromkeys(names)]]
    return data.select(list(dict.fromkeys(names))) if hasattr(data, "select") else data


def _fewer(rows: pa.Table, names: Sequence[str]) -> tuple[pa.Table, str]:
    """Few enough rows that look the same: of each series and bin the first, the last, the smallest and the largest.

    (U. Jugel, Z. Jerzak, G. Hackenbroich, V. Markl: M4, a visualization-oriented time series data aggregation, 2014.)
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(rows) <= POINTS:
        return rows, ""
    time, value = rows["time"].to_numpy(), rows["value"].to_numpy()
    width = bin_width(int(time[-1] - time[0]), 4 * len(names), KEPT)
    series = pc.index_in(rows["lane"], value_set=pa.array(names, pa.string())).to_numpy().astype(np.int64)
    keys = (time // width) * len(names) + series
    order = np.lexsort((np.arange(len(keys)), keys))
    begins = np.flatnonzero(np.diff(keys[order], prepend=keys[order[0]] - 1))
    ends = np.append(begins[1:], len(order)) - 1
    by_value = np.lexsort((value, keys))
    kept = [order[begins], order[ends], by_value[begins], by_value[ends]]
    if "is_anomaly" in rows.column_names:
        kept.append(_strongest(rows, ANOMALIES))
    places = np.unique(np.concatenate(kept))
    said = f"{len(places):,} of {len(rows):,} values are shown: "
    said += f"of each {width_text(width // 1000)} the first, the last, the smallest and the largest"
    return rows.take(pa.array(places)), said


def _strongest(rows: pa.Table, most: int) -> npt.NDArray[np.int64]:
    """Places of the anomalies, the largest first when there are too many."""
    import numpy as np

    places = np.flatnonzero(rows["is_anomaly"].to_numpy())
    away = np.abs(rows["value"].to_numpy()[places])
    if "expected" in rows.column_names:
        usual = rows["expected"].to_numpy()[places]
        away = np.where(np.isnan(usual), away, np.abs(rows["value"].to_numpy()[places] - usual))
    found: npt.NDArray[np.int64] = places[np.argsort(-away, kind="stable")[:most]]
    return found
