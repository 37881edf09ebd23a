"""Histogram over time: rows per bin, a series per kind of row.

Section: a series whose ``table`` has ``start`` (timestamp, the beginning of the bin), ``series`` (string), ``rows``
(int64), ``bin_s`` (int64). Bins without rows may be left out.

Spec::

    {kind: "histogram", title, note, absent, bin_s,
     series: [{name, values: [[start_ms, count], …]}]}

Values are in order of time; a bin that is not listed had no row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowsleuth.viz import Spec, spec_of
from flowsleuth.viz.timeline import milliseconds

if TYPE_CHECKING:
    from flowsleuth.investigate.dossier import Section


def histogram(section: Section) -> Spec:
    """Make the spec of a histogram.

    Examples
    --------
    >>> from flowsleuth.investigate.dossier import Section
    >>> histogram(Section("rows", "Rows per minute", "series", absent="nothing was ingested"))["series"]
    []
    """
    series: dict[str, list[list[int]]] = {}
    bin_s: int | None = None
    if section.table is not None and len(section.table):
        rows = section.table.sort_by([("series", "ascending"), ("start", "ascending")])
        bin_s = rows["bin_s"][0].as_py()
        counts = zip(milliseconds(rows["start"]), rows["rows"].to_pylist(), strict=True)
        for name, (start, count) in zip(rows["series"].to_pylist(), counts, strict=True):
            series.setdefault(name, []).append([start, count])
    made = [{"name": name, "values": values} for name, values in series.items()]
    return spec_of(section, "histogram", bin_s=bin_s, series=made)
