"""Timelines of frames: events one by one or by group, and from when to when groups were active.

Times without a zone are taken as UTC; rows without a time are left out; the display's ``note`` tells both, and what was
put together because there was too much of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flowsleuth.errors import OptionError
from flowsleuth.faces.views.columns import Columns, names_of, sources_of
from flowsleuth.faces.views.display import Display, shown
from flowsleuth.investigate.dossier import Section
from flowsleuth.schema.tabular import column_names, is_table, need_columns
from flowsleuth.viz.event_rows import DURATIONS, LANES, Events, Lanes, lanes_of, read_events
from flowsleuth.viz.looks import Look, colour_of
from flowsleuth.viz.measures import told
from flowsleuth.viz.reference_marks import reference_marks

OVERLAY = "overlay"
DATA = "data"


def display_timeline(
    data: Any,
    time_column: str | None = None,
    source_columns: Columns = None,
    *,
    group_by: Columns = None,
    overlay_data: Any = None,
    overlay_color: str | None = None,
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
    """Events over time: a lane for each group, a mark for each event.

    More than 10,000 events are put together in bins, small groups excepted, so that the size of the picture does not
    grow with the data; a bin tells how many events it has and their most common texts.

    Parameters
    ----------
    data : table, or dict
        A pandas, polars or Arrow table. Or name → table; or name → ``{"data": table, "time_column": …,
        "source_columns": …, "color": …}``: each is a lane.
    time_column : str, optional
        ``TimeGenerated``, or another of the usual names, when not given.
    source_columns : str or sequence of str, optional
        What a mark tells when it is pointed at.
    group_by : str or sequence of str, optional
        Columns whose values are the lanes. At most 40; the smallest are put together.
    overlay_data : table, optional
        Another table, as a lane of its own.
    title : str, optional
    alert, ref_event : object, optional
        An alert or event (object, dict or row of a frame) at whose time there is a reference mark.
    ref_time, ref_label : datetime or str, str, optional
    ref_times : sequence, optional
        Times, or pairs of time and label.
    ref_events, ref_time_col, ref_col : table, str, str, optional
        A table of references, its columns of times and labels.
    height, width : int, optional
        Pixels.
    legend : {"left", "right", "inline", "none"}, optional
        Where names are listed; a click on one hides its lane. None where there is one lane.
    yaxis : bool
        Whether lanes are named at the axis.
    range_tool : bool
        Whether there is a slider for the range of time.
    color, overlay_color : str, optional
        A name or ``#rrggbb``.
    hide : bool
        Do not show it where it is called in a notebook.

    Raises
    ------
    OptionError
        A column is not there (says which are), is no time; a place, size or colour is not known.

    Examples
    --------
    >>> import pyarrow as pa
    >>> alerts = pa.table({"TimeGenerated": ["2019-02-14 11:51:37", "2019-02-15 09:00:00", None],
    ...     "Severity": ["Low", "High", "High"]})
    >>> display_timeline(alerts, group_by="Severity")
    <Display of Timeline of Severity: 2 marks in 2 lanes; 1 of 3 rows has no time and is left out; ...>
    """
    look = Look(height, width, legend, yaxis, range_tool)
    groups = names_of(group_by)
    parts = _parts(data, time_column, source_columns, groups, color)
    if overlay_data is not None:
        parts.append((_events(overlay_data, time_column, source_columns, OVERLAY), colour_of(overlay_color)))
    refs = reference_marks(
        ref_time=ref_time, ref_label=ref_label, ref_times=ref_times, ref_event=ref_event, alert=alert,
        ref_events=ref_events, ref_time_col=ref_time_col, ref_col=ref_col, data_time_col=time_column,
    )  # fmt: skip
    lanes = lanes_of([events for events, _ in parts])
    colours = {name: colour for events, colour in parts if colour for name in events.rows["lane"].unique().to_pylist()}
    title = title if title is not None else f"Timeline of {', '.join(groups)}" if groups else "Timeline"
    return shown(_events_display(title, lanes, colours, refs, {"look": look.told()}), hide)


def display_timeline_duration(
    data: Any,
    group_by: Columns,
    time_column: str | None = None,
    end_time_column: str | None = None,
    *,
    source_columns: Columns = None,
    ylabel_cols: Columns = None,
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
    yaxis: bool = True,
    range_tool: bool = True,
    color: str | None = None,
    hide: bool = False,
) -> Display:
    """From when to when each group was active: a bar from its first to its last event, with the events on it.

    Parameters
    ----------
    data : table
    group_by : str or sequence of str
        Columns whose values name the groups. At most 100 lanes; the smallest groups are put together.
    time_column, end_time_column : str, optional
        When an event began and ended; without an end it is a moment.
    ylabel_cols : str or sequence of str, optional
        Those of the group's columns that are in the names of the lanes.
    others
        As of :func:`display_timeline`.

    Raises
    ------
    OptionError
        As of :func:`display_timeline`; or there is nothing to group by.

    Examples
    --------
    >>> import pyarrow as pa
    >>> logons = pa.table({"Account": ["bob", "bob", "eve"], "start": ["2019-02-14", "2019-02-15", "2019-02-16"]})
    >>> shown = display_timeline_duration(logons, "Account")
    >>> [(lane["name"], lane["span"]) for lane in shown.spec["lanes"]]
    [('bob', [1550102400000, 1550188800000]), ('eve', [1550275200000, 1550275200000])]
    """
    groups, labels = names_of(group_by), names_of(ylabel_cols)
    if not groups:
        raise OptionError("nothing to group by", where="group_by", available=column_names(data))
    need_columns(data, [*groups, *labels])
    if lost := [name for name in labels if name not in groups]:
        raise OptionError("not one of the columns that are grouped by", where=", ".join(lost), available=groups)
    sources = sources_of(data, source_columns, time_column)
    lanes = lanes_of(
        [read_events(data, time_column, sources, group_by=labels or groups, end=end_time_column)], DURATIONS
    )
    refs = reference_marks(
        ref_time=ref_time, ref_label=ref_label, ref_times=ref_times, ref_event=ref_event, alert=alert,
        ref_events=ref_events, ref_time_col=ref_time_col, ref_col=ref_col, data_time_col=time_column,
    )  # fmt: skip
    colours = dict.fromkeys(lanes.totals, colour_of(color)) if color else {}
    title = title if title is not None else f"From first to last by {', '.join(groups)}"
    look = Look(height, width, "none", yaxis, range_tool)
    return shown(_events_display(title, lanes, colours, refs, {"look": look.told(), "spans": True}), hide)


def _parts(
    data: Any, time: str | None, sources: Columns, groups: Sequence[str], color: str | None
) -> list[tuple[Events, str | None]]:
    """The events of each table with the colour that was asked for."""
    if not isinstance(data, Mapping):
        return [(_events(data, time, sources, DATA, groups), colour_of(color))]
    if not data:
        raise OptionError("no tables are given", where="data")
    if len(data) > LANES:
        raise OptionError(f"more than {LANES} tables", where="data", hint="put them together and group them")
    if groups:
        raise OptionError("several tables are not grouped", where="group_by", hint="put them together, or group one")
    found = []
    for name, given in data.items():
        own = given if isinstance(given, Mapping) and not is_table(given) else {"data": given}
        if "data" not in own:
            raise OptionError("has no table", where=str(name), hint='give it as "data"')
        events = _events(own["data"], own.get("time_column") or time, own.get("source_columns", sources), str(name))
        found.append((events, colour_of(own.get("color") or color)))
    return found


def _events(data: Any, time: str | None, sources: Columns, name: str, groups: Sequence[str] = ()) -> Events:
    return read_events(data, time, sources_of(data, sources, time), group_by=groups, name=name)


def _events_display(
    title: str, lanes: Lanes, colours: Mapping[str, str | None], refs: tuple[list[Any], str], own: dict[str, Any]
) -> Display:
    named = [[name, total, colours.get(name)] for name, total in lanes.totals.items()]
    marks, more = refs
    value = {"sources": lanes.sources, "lanes": named, "bin_ms": lanes.bin_ms, "refs": marks, **own}
    note = told(lanes.note, more)
    return Display(Section("timeline", title, "series", note=note, figure="events", table=lanes.table, value=value))
