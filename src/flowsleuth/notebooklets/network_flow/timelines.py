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
    rows, note = counted(run)
    if rows is None:
        return dict.fromkeys(("plot_flows_by_protocol", "plot_flows_by_direction"), Found(absent=NOTHING))
    return {
        "plot_flows_by_protocol": Found(_by(rows, "protocol"), note=note),
        "plot_flows_by_direction": Found(_by(rows, "way"), note=note.partition(";")[0]),
    }


def plot_values(run: Run) -> dict[str, Any]:
    """How many flows there were, by protocol; the lanes by protocol have the same numbers."""
    lanes = run["plot_flows_by_protocol"]
    if lanes is not None:
        return {"plot_flow_values": Found(lanes.table, note=lanes.note)}
    rows, note = counted(run)
    return {"plot_flow_values": Found(absent=NOTHING) if rows is None else Found(_by(rows, "protocol"), note=note)}


def counted(run: Run) -> tuple[pa.Table | None, str]:
    """Bins of time by protocol and way, and how wide they are in words: ``start``, ``protocol``, ``way``, ``bin_s``,
    ``flows``, ``denied``, ``bytes``; None when there is no flow.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    index = run["flow_index_data"]
    if not len(index):
        return None, ""
    series, others = strongest(index)
    lanes = (len(series) + bool(others)) * pc.count_distinct(index["FlowDirection"]).as_py()
    width = bin_width(_span_s(run, index), lanes)
    rows = run.arrow(binned(_clipped(run, seen_in_window(run)), series, others, width))
    begins = pc.multiply(rows["bin"], width * US_PER_S).cast(pa.timestamp("us", tz="UTC"))
    rows = rows.set_column(rows.column_names.index("bin"), "start", begins)
    note = f"counted by {in_words(width)}" + (f"; weaker protocols are {others}" if others else "")
    return rows.append_column("bin_s", pa.array([width] * len(rows), pa.int64())), note


def _by(rows: pa.Table, name: str) -> pa.Table:
    """Bins of one kind of series: ``start``, ``series``, ``bin_s``, ``flows``, ``denied``, ``bytes``."""
    sums = ("flows", "denied", "bytes")
    found = rows.group_by(["start", name, "bin_s"]).aggregate([(one, "sum") for one in sums])
    found = found.rename_columns(["start", "series", "bin_s", *sums])
    return found.sort_by([("start", "ascending"), ("series", "ascending")])


def strongest(index: pa.Table) -> tuple[list[str], str]:
    """Protocols that get a lane of their own, most flows first; and what the lane of all others is called, if any."""
    import pyarrow as pa
    import pyarrow.compute as pc

    flows = pc.add(index[FLOWS], index["denied_flows"])
    counted = pa.table({"name": index["L7Protocol"], "flows": flows}).group_by("name").aggregate([("flows", "sum")])
    names = counted.sort_by([("flows_sum", "descending"), ("name", "ascending")])["name"].to_pylist()
    if len(names) <= LANES:
        return names, ""
    return names[: LANES - 1], f"{len(names) - LANES + 1:,} others"


def binned(rows: ir.Table, series: list[str], others: str, width_s: int) -> ir.Table:
    """Rows of :func:`flowsleuth.notebooklets.network_flow.seen.seen` put together by bin of time, protocol and way."""
    import ibis

    named = rows.protocol
    if others:
        named = ibis.ifelse(named.isin(series), named, ibis.literal(others))
    measures = ("way", "allowed", "denied", "bytes_out", "bytes_in")
    single = rows.select(*measures, protocol=named, bin=time_bin(rows.start, width_s))
    is_told = single.bytes_out.notnull() | single.bytes_in.notnull()
    both = single.bytes_out.coalesce(0) + single.bytes_in.coalesce(0)
    return single.group_by("bin", "protocol", "way").aggregate(
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
