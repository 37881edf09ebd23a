"""Timelines of values of frames: bars, points, lines, and series with what was expected of them.

Times and sizes as in :mod:`flowsleuth.faces.views.timelines`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flowsleuth.errors import OptionError
from flowsleuth.faces.views.columns import Columns, names_of, sources_of
from flowsleuth.faces.views.display import Display, shown
from flowsleuth.investigate.dossier import Section
from flowsleuth.schema.tabular import column_names, need_columns
from flowsleuth.viz.looks import Look, colour_of
from flowsleuth.viz.measures import told
from flowsleuth.viz.reference_marks import reference_marks
from flowsleuth.viz.series import KINDS
from flowsleuth.viz.value_rows import Values, read_values


def display_timeline_values(
    data: Any,
    value_column: str | None = None,
    time_column: str | None = None,
    source_columns: Columns = None,
    *,
    y: str | None = None,
    kind: Columns = "vbar",
    group_by: Columns = None,
    title: str | None = None,
    alert: Any = None,
    ref_event: Any = None,
    ref_time: Any = None,
    ref_times: Iterable[Any] = (),
    ref_events: Any = None,
    ref_time_col: str | None = None,
    ref_col: str | None = None,
    ref_label: str | None = None,
    height: int | None = None,
    width: int | None = None,
    legend: str | None = None,
    yaxis: bool = True,
    range_tool: bool = True,
    color: str | None = None,
    hide: bool = False,
) -> Display:
    """Values over time as bars, points or lines, by series.

    Of more than 10,000 values the first, last, smallest and largest of each bin of time are shown: that looks the same.

    Parameters
    ----------
    data : table
    value_column, y : str
        The column of numbers; either name.
    kind : str or sequence of str
        ``vbar``, ``circle``, ``line``, one or more of them.
    group_by : str or sequence of str, optional
        Columns whose values are the series. At most 8; the smallest are put together.
    others
        As of :func:`~flowsleuth.faces.views.timelines.display_timeline`.

    Raises
    ------
    OptionError
        As of :func:`~flowsleuth.faces.views.timelines.display_timeline`; or no column of numbers was named.

    Examples
    --------
    >>> import pyarrow as pa
    >>> flows = pa.table({"FlowStartTime": ["2019-02-14 13:46:48", "2019-02-14 14:00:00"], "TotalAllowedFlows": [1, 7]})
    >>> display_timeline_values(flows, y="TotalAllowedFlows", time_column="FlowStartTime", kind=["vbar", "circle"])
    <Display of TotalAllowedFlows over time: 2 values in 1 series; times without a zone are taken as UTC>
    """
    value = value_column or y
    if value is None:
        raise OptionError("no column of values is named", where="value_column", available=column_names(data))
    kinds, groups = names_of(kind) or ["vbar"], names_of(group_by)
    if strange := [one for one in kinds if one not in KINDS]:
        raise OptionError("no such kind", where=", ".join(strange), available=KINDS)
    sources = sources_of(data, source_columns, time_column)
    values = read_values(data, value, time_column, group_by=groups, sources=sources)
    refs, more = reference_marks(
        ref_time=ref_time, ref_label=ref_label, ref_times=ref_times, ref_event=ref_event, alert=alert,
        ref_events=ref_events, ref_time_col=ref_time_col, ref_col=ref_col, data_time_col=time_column,
    )  # fmt: skip
    colours = {} if groups else dict.fromkeys(values.totals, colour_of(color))
    title = title if title is not None else f"{value} over time"
    own = {"measure": value, "draw": kinds, "refs": refs, "look": Look(height, width, legend, yaxis, range_tool).told()}
    return shown(_values_display(title, values, colours, own, more), hide)


def display_timeseries_anomalies(
    data: Any,
    y: str = "Total",
    time_column: str | None = None,
    anomalies_column: str = "anomalies",
    *,
    value_column: str | None = None,
    expected: str = "baseline",
    low: str = "low",
    high: str = "high",
    source_columns: Columns = (),
    title: str | None = None,
    ref_time: Any = None,
    ref_times: Iterable[Any] = (),
    ref_events: Any = None,
    ref_time_col: str | None = None,
    ref_col: str | None = None,
    ref_label: str | None = None,
    height: int | None = None,
    width: int | None = None,
    legend: str | None = None,
    yaxis: bool = True,
    range_tool: bool = True,
    color: str | None = None,
    hide: bool = False,
) -> Display:
    """A series with the band it was expected in, and what lies outside of it: above as well as below.

    Parameters
    ----------
    data : table
        What a decomposition gave: a row for each time.
    y, value_column : str
        The column of numbers; either name.
    anomalies_column : str
        A column that is not 0 (or is true) where a value is an anomaly.
    expected, low, high : str
        Columns of what was expected, and of the band around it; those that are not there are not drawn.
    others
        As of :func:`~flowsleuth.faces.views.timelines.display_timeline`.

    Raises
    ------
    OptionError
        A column is not there, is no time, or holds no numbers.

    Examples
    --------
    >>> import pyarrow as pa
    >>> hours = pa.table({"start": ["2019-02-14 13:00", "2019-02-14 14:00"], "Total": [9, 2], "baseline": [8.5, 8.0],
    ...     "anomalies": [0, -1]})
    >>> display_timeseries_anomalies(hours).spec["anomalies"]
    [[1550152800000, 2.0, 'below']]
    """
    value = value_column or y
    need_columns(data, [value, anomalies_column])
    there = column_names(data)
    band = {word: name for word, name in (("expected", expected), ("low", low), ("high", high)) if name in there}
    values = read_values(
        data, value, time_column, sources=names_of(source_columns), band=band, anomalies=anomalies_column
    )
    refs, more = reference_marks(
        ref_time=ref_time, ref_label=ref_label, ref_times=ref_times,
        ref_events=ref_events, ref_time_col=ref_time_col, ref_col=ref_col, data_time_col=time_column,
    )  # fmt: skip
    title = title if title is not None else f"{value}: what was expected, and anomalies"
    look = Look(height, width, legend, yaxis, range_tool).told()
    own = {"measure": value, "draw": ["line"], "refs": refs, "look": look}
    return shown(_values_display(title, values, dict.fromkeys(values.totals, colour_of(color)), own, more), hide)


def _values_display(
    title: str, values: Values, colours: Mapping[str, str | None], own: dict[str, Any], more: str
) -> Display:
    named = [[name, total, colours.get(name)] for name, total in values.totals.items()]
    value = {**own, "sources": values.sources, "series": named}
    note = told(values.note, more)
    return Display(
        Section("timeline_values", title, "series", note=note, figure="series", table=values.table, value=value)
    )
