"""Histogram over time: how much per bin, stacked by series; with the band it was expected in where one is known.

Section: a series whose ``table`` is one of :mod:`flowsleuth.viz.binned`; its first measure is drawn. A table of one
series may tell what was expected, null where it is not known: ``expected``, ``low``, ``high`` (float64, in the units of
the measure) and ``is_anomaly`` (bool; both ways, above ``high`` and below ``low``).

Spec::

    {kind: "histogram", title, note, absent, bin_s, measure: "flows",
     series: [{name, values: [[start_ms, value], …]}],
     band: [[start_ms, expected, low, high], …], anomalies: [[start_ms, value, "above"|"below"], …]}

Values are in order of time; a bin that is not listed had nothing, or nothing was told. The largest series comes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.viz import Spec, spec_of
from flowsleuth.viz.binned import KEYS, MARKS, read_binned
from flowsleuth.viz.lanes import NOTHING
from flowsleuth.viz.measures import measures_of, plain, told
from flowsleuth.viz.timeline import milliseconds

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.investigate.dossier import Section

SERIES = 8
"""Series, at most; the last of them holds the others. There are as many colours."""
BAND = ("expected", "low", "high")


def histogram(section: Section) -> Spec:
    """Make the spec of a histogram.

    Examples
    --------
    >>> from flowsleuth.investigate.dossier import Section
    >>> histogram(Section("rows", "Rows per minute", "series", absent="nothing was ingested"))["series"]
    []
    """
    rows = section.table
    if rows is None or not len(rows):
        blank: dict[str, Any] = {"bin_s": None, "measure": "", "series": [], "band": [], "anomalies": []}
        return spec_of(section, "histogram", absent=section.absent or NOTHING, **blank)
    measure = measures_of(rows, (*KEYS, *BAND))[0]
    found = read_binned(rows, [measure], SERIES, "series")
    band, anomalies, unsaid = _expected(rows, measure)
    return spec_of(
        section,
        "histogram",
        note=told(section.note, found.note, unsaid),
        bin_s=found.bin_s,
        measure=measure,
        series=[
            {"name": name, "values": [mark for mark in marks if mark[1] is not None]}
            for name, marks in found.series.items()
        ],
        band=band,
        anomalies=anomalies,
    )


def _expected(rows: pa.Table, measure: str) -> tuple[list[list[Any]], list[list[Any]], str]:
    """The band, what lies outside of it, and why there is no band though the table has one."""
    import pyarrow.compute as pc

    if not set(BAND) <= set(rows.column_names):
        return [], [], ""
    if len(rows) > MARKS or len(pc.unique(rows["series"])) > 1:
        return [], [], f"what was expected is left out: it is drawn for one series in at most {MARKS:,} bins"
    rows = rows.sort_by([("start", "ascending")])
    starts = milliseconds(rows["start"])
    low_high = [plain(rows[name].to_pylist()) for name in BAND]
    band = [list(row) for row in zip(starts, *low_high, strict=True) if None not in row]
    values = plain(rows[measure].to_pylist())
    flags = rows["is_anomaly"].to_pylist() if "is_anomaly" in rows.column_names else [False] * len(rows)
    expected = [0.0 if value is None else value for value in low_high[0]]
    anomalies = [
        [start, value, "above" if value >= usual else "below"]
        for start, value, usual, flag in zip(starts, values, expected, flags, strict=True)
        if flag and value is not None
    ]
    return band, anomalies, ""
