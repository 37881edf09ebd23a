"""Alerts about the address and when they were raised; what people wrote down about it."""

from __future__ import annotations

import datetime as dt
import re
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.investigate.timeline import bin_width, in_words
from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.ip_address.holding import need_rows
from flowsleuth.notebooklets.ip_address.sources import address_pattern, check_sources, foreign_about

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run
    from flowsleuth.schema.time_range import TimeRange

US_PER_S = 1_000_000
SHOWN = ["start", "name", "severity", "provider", "host", "src_ip", "dst_ip"]
"""Columns of the list of alerts."""


def read_alerts(run: Run) -> dict[str, Any]:
    """Alerts with it at either end or about it."""
    check_sources(run, "SecurityAlert")
    need_rows(run, "alert")
    rows = run.ask("IpAddress.alerts", limit=run.parameters.limit)
    return {"related_alerts": Found(rows, absent=None if len(rows) else "no alert is about it in this window")}


def draw_alerts(run: Run) -> dict[str, Any]:
    """Alerts over time, a lane for each name."""
    rows = run["related_alerts"]
    table, width = binned(rows["start"], rows["name"], "alerts")
    return {"alert_timeline": Found(table, note=f"counted by {in_words(width)}")}


def binned(start: pa.ChunkedArray, series: pa.ChunkedArray, measure: str) -> tuple[pa.Table, int]:
    """Rows counted by bin and lane, as the figure ``lanes`` takes them; and the width of a bin in seconds."""
    import pyarrow as pa
    import pyarrow.compute as pc

    moments = start.cast(pa.int64())
    ends = pc.min_max(moments).as_py()
    width = bin_width((ends["max"] - ends["min"]) / US_PER_S, pc.count_distinct(series).as_py())
    step = pa.scalar(width * US_PER_S, pa.int64())
    begins = pc.multiply(pc.divide(moments, step), step).cast(pa.timestamp("us", tz="UTC"))
    counted = pa.table({"start": begins, "series": series.cast(pa.string())}).group_by(["start", "series"])
    rows = counted.aggregate([([], "count_all")]).rename_columns(["start", "series", measure])
    rows = rows.append_column("bin_s", pa.array([width] * len(rows), pa.int64()))
    return rows.sort_by([("start", "ascending"), ("series", "ascending")]), width


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
    """Stories about it, ratings that name it, hunting bookmarks that hold it."""
    import pyarrow as pa

    check_sources(run, "HuntingBookmark")
    rows = [*_stories(run), *_ratings(run), *_bookmarks(run)]
    if not rows:
        return {"related_bookmarks": Found(absent="no story, rating or bookmark is about it")}
    time = pa.timestamp("us", tz="UTC")
    schema = pa.schema(
        [("kind", pa.string()), ("id", pa.string()), ("title", pa.string()), ("text", pa.string()),
         ("analyst", pa.string()), ("made", time)]
    )  # fmt: skip
    note = "of all times: what people wrote is not cut by the window"
    return {"related_bookmarks": Found(pa.Table.from_pylist(rows, schema=schema), note=note)}


def _stories(run: Run) -> list[dict[str, Any]]:
    mine = ip_address(run.asked.text)
    found = []
    for row in run.ws.stories().to_arrow().to_pylist():
        network = ip_network(row["target"])
        if network.version == mine.version and mine in network:
            told = (str(row["story_id"]), row["title"], f"about {row['target']}", row["analyst"])
            found.append(_note("story", told, row["made"]))
    return found


def _ratings(run: Run) -> list[dict[str, Any]]:
    """Ratings that name the address, or that matched suspects of it."""
    words = {1: "high", 2: "medium", 3: "low"}
    matched = run.ws.labels().to_arrow()
    ids, sides = matched["rating_id"].to_pylist(), [matched[side].to_pylist() for side in ("src_ip", "dst_ip")]
    mine = {one for one, *ends in zip(ids, *sides, strict=True) if run.asked.text in ends}
    pattern = re.compile(address_pattern(run.asked.text), re.I)
    found = []
    for row in run.ws.ratings(limit=None).to_arrow().to_pylist():
        if row["rating_id"] in mine or pattern.search(str(row["criteria"] or "")):
            said = words.get(row["severity"], row["severity"])
            title = f"rated {said}: {row['suspects']:,} suspects, {row['flows']:,} flows"
            found.append(_note("rating", (str(row["rating_id"]), title, row["comment"], row["analyst"]), row["made"]))
    return found


def _bookmarks(run: Run) -> list[dict[str, Any]]:
    rows = foreign_about(run, "HuntingBookmark")
    found = []
    for row in [] if rows is None else rows.to_pylist():
        made = row.get("CreatedTime") or row.get("TimeGenerated")
        text = row.get("Notes") or row.get("QueryResultRow")
        told = (row.get("BookmarkId"), row.get("BookmarkName"), text, row.get("CreatedBy"))
        found.append(_note("bookmark", told, None if made is None else _as_moment(made)))
    return found


def _note(kind: str, told: tuple[Any, Any, Any, Any], made: dt.datetime | None) -> dict[str, Any]:
    texts = [None if one is None else str(one) for one in told]
    return {"kind": kind, **dict(zip(("id", "title", "text", "analyst"), texts, strict=True)), "made": made}
