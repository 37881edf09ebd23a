"""Flows over time, put into bins by the engine: by protocol and by direction, as many bins as a figure can show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.investigate.timeline import US_PER_S, bin_width, in_words
from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.network_flow.counts import FLOWS, seen_in_window
from flowsleuth.store.portable import time_bin

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

LANES = 20
"""As many as a figure has: beyond that the last holds the others."""
NOTHING = "no flow in this window"


def plot_flows(run: Run) -> dict[str, Any]:
    """Lanes by protocol and by direction."""
    return {
        "plot_flows_by_protocol": _timeline(run, "protocol"),
        "plot_flows_by_direction": _timeline(run, "way"),
    }


def plot_values(run: Run) -> dict[str, Any]:
    """How many flows there were, by protocol."""
    return {"plot_flow_values": _timeline(run, "protocol")}


def _timeline(run: Run, name: str) -> Found:
    """Bins of one kind of series: ``start``, ``series``, ``bin_s``, ``flows``, ``denied``, ``bytes``."""
    import pyarrow as pa
    import pyarrow.compute as pc

    index = run["flow_index_data"]
    if not len(index):
        return Found(absent=NOTHING)
    series, others = strongest(index, {"protocol": "L7Protocol", "way": "FlowDirection"}[name])
    width = bin_width(_span_s(run, index), len(series) + bool(others))
    rows = run.arrow(binned(_clipped(run, seen_in_window(run)), name, series, others, width))
    begins = pc.multiply(rows["bin"], width * US_PER_S).cast(pa.timestamp("us", tz="UTC"))
    table = pa.table(
        {"start": begins, "series": rows["series"], "bin_s": pa.array([width] * len(rows), pa.int64())}
        | {name: rows[name] for name in ("flows", "denied", "bytes")}
    )
    note = f"counted by {in_words(width)}" + (f"; weaker protocols are {others}" if others else "")
    return Found(table.sort_by([("start", "ascending"), ("series", "ascending")]), note=note)


def strongest(index: pa.Table, column: str) -> tuple[list[str], str]:
    """Names that get a lane of their own, most flows first; and what the lane of all others is called, if any."""
    import pyarrow as pa
    import pyarrow.compute as pc

    flows = pc.add(index[FLOWS], index["denied_flows"])
    counted = pa.table({"name": index[column], "flows": flows}).group_by("name").aggregate([("flows", "sum")])
    names = counted.sort_by([("flows_sum", "descending"), ("name", "ascending")])["name"].to_pylist()
    if len(names) <= LANES:
        return names, ""
    return names[: LANES - 1], f"{len(names) - LANES + 1:,} others"


def binned(rows: ir.Table, name: str, series: list[str], others: str, width_s: int) -> ir.Table:
    """Rows of :func:`flowsleuth.notebooklets.network_flow.seen.seen` put together by bin of time and series."""
    import ibis

    named = rows[name] if not others else ibis.ifelse(rows[name].isin(series), rows[name], ibis.literal(others))
    single = rows.select("allowed", "denied", "bytes_out", "bytes_in", series=named, bin=time_bin(rows.start, width_s))
    is_told = single.bytes_out.notnull() | single.bytes_in.notnull()
    both = single.bytes_out.coalesce(0) + single.bytes_in.coalesce(0)
    return single.group_by("bin", "series").aggregate(
        flows=(single.allowed + single.denied).sum().cast("int64"),
        denied=single.denied.sum().cast("int64"),
        bytes=ibis.ifelse(is_told, both, ibis.null("int64")).sum().cast("int64"),
    )


def _clipped(run: Run, rows: ir.Table) -> ir.Table:
    """Flows that began before the window are counted where it begins."""
    import ibis

    start, _ = run.time
    return rows if start is None else rows.mutate(start=ibis.greatest(rows.start, ibis.literal(start)))


def _span_s(run: Run, index: pa.Table) -> float:
    import pyarrow.compute as pc

    first, last = pc.min(index["first_seen"]).value, pc.max(index["last_start"]).value
    start, _ = run.time
    if start is not None:
        first = max(first, int(start.timestamp() * US_PER_S))
    return float(max(last - first, 0) / US_PER_S)
