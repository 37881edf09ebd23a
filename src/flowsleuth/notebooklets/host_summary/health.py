"""What the logs have of a host, how long they were silent, and what sensors say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets.host_identity import ADDRESSES, NAMES, rows_of_host, stored

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

BIN_S = 60
"""Silence is told to the minute."""


def measure_logs(run: Run) -> dict[str, Any]:
    """Rows of the host by log, with the longest time between two of them."""
    import pyarrow as pa

    moment = pa.timestamp("us", tz="UTC")
    kinds = {
        "log": pa.string(), "rows": pa.int64(), "first_seen": moment, "last_seen": moment,
        "longest_silence_s": pa.int64(), "silent_from": moment, "silent_until": moment,
    }  # fmt: skip
    tables = [name for name in dict.fromkeys((*NAMES, *ADDRESSES)) if stored(run, name)]
    rows = [{"log": name, **_measured(run, rows_of_host(run, name))} for name in tables]
    found = pa.Table.from_pylist(rows, schema=pa.schema(kinds))
    return {"log_health": found, "sensor_health": _sensors(run)}


def _measured(run: Run, rows: ir.Table) -> dict[str, Any]:
    """Count, ends, and the longest gap, of which both ends have a row within a minute."""
    from flowsleuth.store.portable import time_bin

    rows = rows.select("start", minute=time_bin(rows.start, BIN_S))
    counted = rows.group_by("minute").aggregate(rows=rows.count(), first=rows.start.min(), last=rows.start.max())
    found = run.arrow(counted.order_by("minute"))
    if not len(found):
        return {"rows": 0}
    firsts, lasts = found["first"].to_pylist(), found["last"].to_pylist()
    gaps = [(after - before, before, after) for before, after in zip(lasts, firsts[1:], strict=False)]
    longest, begins, ends = max(gaps, key=lambda gap: gap[0]) if gaps else (None, None, None)
    return {
        "rows": sum(found["rows"].to_pylist()),
        "first_seen": firsts[0],
        "last_seen": lasts[-1],
        "longest_silence_s": None if longest is None else int(longest.total_seconds()),
        "silent_from": begins,
        "silent_until": ends,
    }


def _sensors(run: Run) -> pa.Table:
    """What sensors whose flows or events have the host say of their own records."""
    import ibis

    if not stored(run, "health"):
        return run.arrow(run.rows("health").drop("extra").limit(0))
    names: set[str] = set()
    for table in stored(run, *(name for name in ADDRESSES if name != "syslog")):
        rows = rows_of_host(run, table)
        names |= set(run.arrow(rows.filter(rows.sensor.notnull()).select("sensor").distinct())["sensor"].to_pylist())
    health = run.rows("health", overlapping=True)
    mine = health.filter(health.sensor.isin(sorted(names) or [""]) | health.sensor.isnull())
    return run.arrow(mine.drop("extra").order_by([ibis.asc("start"), ibis.asc("event_id")]).limit(run.parameters.limit))
