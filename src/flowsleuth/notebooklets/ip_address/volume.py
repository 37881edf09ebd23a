"""How much the address sent over time, what is expected, and when it was far more or less."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsleuth.analyze.expected_volume import CYCLES, HOUR_S, HOURS, Expected, expect
from flowsleuth.investigate.queries import within
from flowsleuth.investigate.timeline import US_PER_S, WIDTHS_S, in_words
from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.ip_address.foreign_rows import check_sources
from flowsleuth.notebooklets.ip_address.holding import need_rows
from flowsleuth.notebooklets.ip_address.traffic import FLOW_SOURCES, seen_flows
from flowsleuth.notebooklets.network_flow.seen import WITHIN
from flowsleuth.store.portable import time_bin

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

HISTORY = dt.timedelta(days=28)
"""So long before the window flows are taken for what is expected."""
BINS = 200
"""Bins of a span that is too short for hours of day."""
PEERS = 3
"""Peers that are named for an anomaly."""
METHODS = {
    "seasonal": "expected is the median of the same hour on other days",
    "rolling": "expected is the median of the neighbouring bins",
    "none": "too little history for an expectation",
}
SERIES = "sent"
HEADROOM = 1.25
"""A band is drawn up to so many times of what was sent or expected at most."""


@dataclass(frozen=True)
class _Series:
    """Bytes by bin, none left out; ``first_s`` is the beginning of the first, seconds since 1970."""

    volume: npt.NDArray[np.float64]
    first_s: int
    bin_s: int

    def begins(self) -> pa.Array:
        import numpy as np
        import pyarrow as pa

        at = (self.first_s + np.arange(len(self.volume), dtype=np.int64) * self.bin_s) * US_PER_S
        return pa.array(at).cast(pa.timestamp("us", tz="UTC"))


def read_volume(run: Run) -> dict[str, Any]:
    """Bytes sent, with the band in which they are expected, and the anomalies."""
    check_sources(run, *FLOW_SOURCES, "CommonSecurityLog")
    need_rows(run, "flow")
    sent = _sent(run, run.rows("flow"))
    ends = run.arrow(sent.aggregate(first=sent.start.min(), last=sent.start.max())).to_pylist()[0]
    if ends["first"] is None:
        why = "no flow tells how many bytes it sent in this window"
        return {
            name: Found(absent=why) for name in ("outbound_volume", "outbound_anomalies", "outbound_volume_timeline")
        }
    series = _series(run, ends["first"], ends["last"])
    found = expect(series.volume, series.bin_s, series.first_s, float(run.parameters.least_bytes))
    whole = _table(series, found)
    shown = _in_window(whole, run, series.bin_s)
    note = f"by {in_words(series.bin_s)}; {METHODS[found.method]}"
    return {
        "outbound_volume": Found(_whole_bytes(shown.drop_columns(["series"])), note=note),
        "outbound_anomalies": _anomalies(run, shown, found),
        "outbound_volume_timeline": _drawn(shown, note),
    }


def _whole_bytes(rows: pa.Table) -> pa.Table:
    """Bounds in whole bytes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for name in ("expected", "low", "high"):
        whole = pc.round(rows[name]).cast(pa.int64(), safe=False)
        rows = rows.set_column(rows.column_names.index(name), name, whole)
    return rows


def _drawn(rows: pa.Table, note: str) -> Found:
    """The rows for the figure: a band far above all that was sent would hide it, so it is drawn up to a bound."""
    import pyarrow.compute as pc

    most = max(pc.max(rows[name]).as_py() or 0 for name in ("bytes", "expected"))
    bound = HEADROOM * most
    if (pc.max(rows["high"]).as_py() or 0) <= bound:
        return Found(rows, note=note)
    cut = rows.set_column(
        rows.column_names.index("high"), "high", pc.min_element_wise(rows["high"], bound, skip_nulls=False)
    )
    return Found(cut, note=f"{note}; where the band reaches {round(bound):,} bytes it goes on above")


def _sent(run: Run, flow: ir.Table) -> ir.Table:
    """Flows of which it is known how many bytes the address sent."""
    mine = seen_flows(run, flow)
    return mine.filter(mine.bytes_out.notnull(), mine.way != WITHIN)


def _series(run: Run, first: dt.datetime, last: dt.datetime) -> _Series:
    """By hours with the history before the window where that makes enough days; else finer, of the window alone."""
    import numpy as np

    begin = _earliest(run, first - HISTORY)
    width = HOUR_S
    if last - begin < dt.timedelta(days=CYCLES + 1):
        begin, width = first, _width((last - first).total_seconds())
    store = run.ws.store
    flow = within(store.table("flow", store.days("flow", begin, run.time.end)), begin, run.time.end)
    sent = _sent(run, flow)
    binned = sent.mutate(bin=time_bin(sent.start, width))
    counted = run.arrow(binned.group_by("bin").aggregate(sent=binned.bytes_out.sum())).sort_by("bin")
    at = np.asarray(counted["bin"].to_numpy(), dtype=np.int64)
    first_bin, last_bin = int(at[0]), int(at[-1])
    volume = np.zeros(last_bin - first_bin + 1, dtype=np.float64)
    volume[at - first_bin] = counted["sent"].to_numpy().astype(np.float64)
    return _Series(volume, first_bin * width, width)


def _earliest(run: Run, bound: dt.datetime) -> dt.datetime:
    """When the first flow after a moment was."""
    store = run.ws.store
    flow = within(store.table("flow", store.days("flow", bound, run.time.end)), bound, run.time.end)
    sent = _sent(run, flow)
    found: dt.datetime = run.arrow(sent.aggregate(first=sent.start.min()))["first"][0].as_py()
    return found


def _width(span_s: float) -> int:
    return next((width for width in WIDTHS_S if width * BINS >= span_s), HOUR_S * HOURS)


def _table(series: _Series, found: Expected) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    size = len(series.volume)

    def known(values: npt.NDArray[np.float64]) -> pa.Array:
        return pa.array(values, pa.float64(), mask=~np.isfinite(values))

    return pa.table(
        {
            "start": series.begins(),
            "series": pa.array([SERIES] * size, pa.string()),
            "bin_s": pa.array([series.bin_s] * size, pa.int64()),
            "bytes": pa.array(series.volume.astype(np.int64)),
            "expected": known(found.expected),
            "low": known(found.low),
            "high": known(found.high),
            "is_anomaly": pa.array(found.is_anomaly),
        }
    )


def _in_window(rows: pa.Table, run: Run, bin_s: int) -> pa.Table:
    """Bins of the run's window; history before it was for comparing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if run.time.start is None:
        return rows
    first = pa.scalar(run.time.start - dt.timedelta(seconds=bin_s), pa.timestamp("us", tz="UTC"))
    return rows.filter(pc.greater(rows["start"], first))


def _anomalies(run: Run, rows: pa.Table, found: Expected) -> Found:
    """The anomalies, farthest off first, with the peers that got most."""
    import pyarrow as pa

    far = rows.filter(rows["is_anomaly"]).to_pylist()
    if not far:
        why = METHODS["none"] if found.method == "none" else "every volume is as expected"
        return Found(absent=why)
    far.sort(key=lambda row: (-abs(row["bytes"] ** (1 / 3) - row["expected"] ** (1 / 3)), row["start"]))
    shown = far[: run.parameters.top]
    peers = _peers(run, shown)
    columns = {
        "start": [row["start"] for row in shown],
        "end": [row["start"] + dt.timedelta(seconds=row["bin_s"]) for row in shown],
        "bytes": [row["bytes"] for row in shown],
        "expected": [round(row["expected"]) for row in shown],
        "deviation": ["more" if row["bytes"] > row["expected"] else "less" for row in shown],
        "peers": [peers.get(row["start"], []) for row in shown],
    }
    time = pa.timestamp("us", tz="UTC")
    kinds = (time, time, pa.int64(), pa.int64(), pa.string(), pa.list_(pa.string()))
    table = pa.table({name: pa.array(cells, kind) for (name, cells), kind in zip(columns.items(), kinds, strict=True)})
    return Found(table, note=f"only the {len(shown)} farthest off of {len(far)}" if len(far) > len(shown) else "")


def _peers(run: Run, far: list[dict[str, Any]]) -> dict[dt.datetime, list[str]]:
    """Of each span the peers that got most bytes."""
    width = far[0]["bin_s"]
    bins = [int(row["start"].timestamp()) // width for row in far]
    sent = _sent(run, run.rows("flow"))
    binned = sent.mutate(bin=time_bin(sent.start, width))
    binned = binned.filter(binned.bin.isin(bins))
    counted = run.arrow(binned.group_by("bin", "peer").aggregate(got=binned.bytes_out.sum()))
    found: dict[dt.datetime, list[str]] = {}
    for row in counted.sort_by([("got", "descending"), ("peer", "ascending")]).to_pylist():
        start = dt.datetime.fromtimestamp(row["bin"] * width, dt.UTC)
        told = found.setdefault(start, [])
        if len(told) < PEERS and row["got"]:
            told.append(f"{row['peer']} ({row['got']:,} bytes)")
    return found
