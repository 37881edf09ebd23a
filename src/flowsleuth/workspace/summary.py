"""What is in a workspace: tables, times, rows per minute, gaps, rejects, sources, sensors, skipped files."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import TYPE_CHECKING, Any

from flowsleuth.store.portable import time_bin

if TYPE_CHECKING:
    from flowsleuth.store import Store

GAP_MINUTES = 10
"""A hole in the flow record is told from so many empty minutes on."""
GAPS_SHOWN = 50
SENSORS_SHOWN = 50
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_US_PER_MINUTE = 60_000_000


def _time(micros: int | None) -> str | None:
    if micros is None:
        return None
    return (_EPOCH + dt.timedelta(microseconds=micros)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def summarize(store: Store) -> dict[str, Any]:
    """All of it, as plain JSON-able values.

    Returns
    -------
    dict
        ``tables.<name>.{rows, first, last}``; ``rejects.{rows, by_reason}``; ``sources[].{file, reader, kind, records,
        rows, rejects, …}``; ``skipped[].{file, kind, reason, records}``; ``sensors[]``; ``rows_per_minute``; ``gaps``;
        ``scores[]``. Times are ISO 8601, UTC.
    """
    tables = store.catalog.tables()
    shown = {
        name: {"rows": facts["rows"], "first": _time(facts["first_us"]), "last": _time(facts["last_us"])}
        for name, facts in tables.items()
        if not name.startswith("count_") and name not in ("reject", "score", "suspect", "queue")
    }
    return {
        "workspace": str(store.folder),
        "tables": shown,
        "rejects": _rejects(store, tables.get("reject", {}).get("rows") or 0),
        "sources": [
            {
                "file": s.file,
                "reader": s.reader,
                "kind": s.kind,
                "compression": s.compression,
                "records": s.records,
                "rows": s.rows,
                "rejects": s.rejects,
                "is_complete": s.is_done,
            }
            for s in store.catalog.sources()
        ],
        "skipped": [
            {"file": s.file, "kind": s.kind, "reason": s.reason, "records": s.records} for s in store.catalog.skipped()
        ],
        "sensors": _sensors(store) if "flow" in shown else [],
        **(_minutes(store) if "flow" in shown else {"rows_per_minute": None, "gaps": [], "gaps_total": 0}),
        "scores": _scores(store),
    }


def _rejects(store: Store, rows: int) -> dict[str, Any]:
    if not rows:
        return {"rows": 0, "by_reason": {}}
    reject = store.table("reject")
    counted = store.arrow(reject.group_by("reason").agg(n=reject.count())).to_pylist()
    ordered = sorted(counted, key=lambda row: (-row["n"], row["reason"]))
    return {"rows": rows, "by_reason": {row["reason"]: row["n"] for row in ordered}}


def _sensors(store: Store) -> list[dict[str, Any]]:
    flow = store.table("flow")
    counted = store.arrow(flow.group_by("sensor").agg(rows=flow.count())).to_pylist()
    ordered = sorted(counted, key=lambda row: (-row["rows"], row["sensor"] or ""))
    return [{"sensor": row["sensor"], "rows": row["rows"]} for row in ordered[:SENSORS_SHOWN]]


def minute_counts(store: Store) -> list[tuple[int, int]]:
    """Flows by minute of their start: (minutes since 1970, flows), in order of time; empty minutes are left out."""
    flow = store.table("flow")
    counted = store.arrow(flow.group_by(minute=time_bin(flow.start, 60)).agg(rows=flow.count()))
    pairs = zip(counted["minute"].to_pylist(), counted["rows"].to_pylist(), strict=True)
    return sorted(pairs)


def _minutes(store: Store) -> dict[str, Any]:
    """Mean and peak rows per minute, and the holes."""
    pairs = minute_counts(store)
    minutes = [minute for minute, _ in pairs]
    span = minutes[-1] - minutes[0] + 1
    peak_minute, peak = max(pairs, key=lambda pair: (pair[1], -pair[0]))
    holes = [(a + 1, b) for a, b in itertools.pairwise(minutes) if b - a > GAP_MINUTES]
    longest = sorted(holes, key=lambda hole: (hole[0] - hole[1], hole[0]))[:GAPS_SHOWN]
    return {
        "rows_per_minute": {
            "mean": sum(rows for _, rows in pairs) / span,
            "peak": peak,
            "peak_at": _time(peak_minute * _US_PER_MINUTE),
            "minutes": span,
            "minutes_with_rows": len(minutes),
        },
        "gaps": [
            {"from": _time(a * _US_PER_MINUTE), "to": _time(b * _US_PER_MINUTE), "minutes": b - a}
            for a, b in sorted(longest)
        ],
        "gaps_total": len(holes),
    }


def _scores(store: Store) -> list[dict[str, Any]]:
    import json

    found = []
    for run in store.catalog.runs():
        detail = json.loads(run["detail"])
        kept = {key: detail[key] for key in ("flows", "suspects", "options", "window", "baseline", "notes")}
        found.append({"detector": run["detector"], "date": run["date"], "run": run["id"], **kept})
    return found
