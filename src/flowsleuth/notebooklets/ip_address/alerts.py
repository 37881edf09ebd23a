"""Alerts about the address and when they were raised; what people wrote down about it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.decided import bookmarks_of
from flowsleuth.notebooklets.ip_address.foreign_rows import check_sources, foreign_about
from flowsleuth.notebooklets.ip_address.holding import need_rows
from flowsleuth.notebooklets.told_alerts import alert_lanes, readable_alerts

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run
    from flowsleuth.schema.time_range import TimeRange

SHOWN = ["start", "name", "severity", "provider", "host", "src_ip", "dst_ip"]
"""Columns of the list of alerts."""


def read_alerts(run: Run) -> dict[str, Any]:
    """Alerts with it at either end or about it."""
    check_sources(run, "SecurityAlert")
    need_rows(run, "alert")
    rows = run.ask("IpAddress.alerts", limit=run.parameters.limit)
    if not len(rows):
        return {"related_alerts": Found(absent="no alert is about it in this window")}
    return {"related_alerts": readable_alerts(rows)}


def draw_alerts(run: Run) -> dict[str, Any]:
    """Alerts over time, a lane for each name."""
    return {"alert_timeline": alert_lanes(run, run["related_alerts"])}


# around one alert ---------------------------------------------------------------------------------------------------


def moment_of(alerts: pa.Table, alert: Any) -> dt.datetime:
    """When an alert was raised.

    Parameters
    ----------
    alerts : pyarrow.Table
    alert : int, str or row
        Its place in the table (0 is the first, -1 the last), its ``alert_id`` or ``event_id``, or a row of the table.

    Raises
    ------
    OptionError
        There is no such alert.
    """
    if hasattr(alert, "keys") and "start" in alert.keys():  # noqa: SIM118 - a pandas row is asked by keys too
        return _as_moment(alert["start"])
    rows = alerts.select(["start", "alert_id", "event_id"]).to_pylist()
    if isinstance(alert, int) and not isinstance(alert, bool) and -len(rows) <= alert < len(rows):
        return _as_moment(rows[alert]["start"])
    for row in rows:
        if str(alert) in (row["alert_id"], str(row["event_id"])):
            return _as_moment(row["start"])
    hint = "give its place in related_alerts, its alert_id or event_id, or a row"
    raise OptionError("no such alert", where=repr(alert)[:80], hint=hint)


def _as_moment(value: Any) -> dt.datetime:
    from flowsleuth.schema.time_range import TimeRange

    start = TimeRange.of(start=value.to_pydatetime() if hasattr(value, "to_pydatetime") else value).start
    assert start is not None
    return start


def window_around(moment: dt.datetime, before: Any, after: Any) -> TimeRange:
    """The window around a moment; ``before`` and ``after`` are periods such as ``1d`` or ``2h``."""
    from flowsleuth.schema.moments import parse_period
    from flowsleuth.schema.time_range import TimeRange

    spans = [one if isinstance(one, dt.timedelta) else parse_period(one) for one in (before, after)]
    return TimeRange(moment - spans[0], moment + spans[1])


# what people wrote down ---------------------------------------------------------------------------------------------


def read_bookmarks(run: Run) -> dict[str, Any]:
    """Stories about it, ratings of flows with it, hunting bookmarks that hold it."""
    import pyarrow as pa

    check_sources(run, "HuntingBookmark")
    kept = bookmarks_of(run, [run.asked.text])
    kept = kept.set_column(kept.column_names.index("id"), "id", kept["id"].cast(pa.string()))
    whole = pa.concat_tables([kept, pa.Table.from_pylist(_bookmarks(run), schema=kept.schema)])
    if not len(whole):
        return {"related_bookmarks": Found(absent="no story, rating or bookmark is about it")}
    note = "of all times: what people wrote is not cut by the window"
    return {"related_bookmarks": Found(whole, note=note)}


def _bookmarks(run: Run) -> list[dict[str, Any]]:
    rows = foreign_about(run, "HuntingBookmark")
    found = []
    for row in [] if rows is None else rows.to_pylist():
        made = row.get("CreatedTime") or row.get("TimeGenerated")
        names = {"analyst": "CreatedBy", "title": "BookmarkName", "comment": "Notes", "id": "BookmarkId"}
        told = {ours: None if row.get(theirs) is None else str(row[theirs]) for ours, theirs in names.items()}
        told["about"] = run.asked.text
        found.append({"kind": "bookmark", **told, "made": None if made is None else _as_moment(made)})
    return found
