"""Rows counted by time and series in the engine: the table that lanes and histograms are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flowsleuth.investigate.timeline import bin_width, in_words
from flowsleuth.notebooklets.attributes import Found

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

US_PER_S = 1_000_000


def binned(run: Run, rows: ir.Table, measures: Sequence[str], *, nothing: str) -> Found:
    """Count rows by bin and series.

    Parameters
    ----------
    run : Run
    rows : ibis table
        ``start``, ``series`` (string) and the measures (whole numbers), which are summed.
    measures : sequence of str
        The first decides how large a mark is.
    nothing : str
        What to say when there is no row.

    Returns
    -------
    Found
        ``start series bin_s`` and the measures; see :mod:`flowsleuth.viz.lanes`.
    """
    ends = run.arrow(
        rows.aggregate(first=rows.start.min(), last=rows.start.max(), series=rows.series.nunique())
    ).to_pylist()[0]
    if ends["first"] is None:
        return Found(absent=nothing)
    width = bin_width((ends["last"] - ends["first"]).total_seconds(), ends["series"])
    return Found(_counted(run, rows, measures, width), note=f"counted by {in_words(width)}")


def _counted(run: Run, rows: ir.Table, measures: Sequence[str], width: int) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    from flowsleuth.store.portable import time_bin

    numbered = rows.mutate(bin=time_bin(rows.start, width))
    sums = {name: numbered[name].sum().cast("int64") for name in measures}
    counted = run.arrow(numbered.group_by("bin", "series").aggregate(**sums))
    begins = pc.multiply(counted["bin"].cast(pa.int64()), pa.scalar(width * US_PER_S, pa.int64()))
    columns = {
        "start": begins.cast(pa.timestamp("us", tz="UTC")),
        "series": counted["series"],
        "bin_s": pa.array([width] * len(counted), pa.int64()),
        **{name: counted[name] for name in measures},
    }
    return pa.table(columns).sort_by([("start", "ascending"), ("series", "ascending")])
