"""Lanes: what happened over time, one lane per protocol, direction, source of data or product.

Section: a series whose ``table`` is one of :mod:`flowsleuth.viz.binned`, a row per bin and lane that has something;
the first measure decides how tall and strong a mark is.

Spec::

    {kind: "lanes", title, note, absent, bin_s: seconds, measures: ["flows", "bytes", "denied"],
     lanes: [{name, totals: [value, …], marks: [[start_ms, value, …], …]}]}

Values are in the order of ``measures``; a bin that is not listed had nothing. The strongest lane comes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowsleuth.viz import Spec, spec_of
from flowsleuth.viz.binned import KEYS, read_binned
from flowsleuth.viz.measures import measures_of, told, total

if TYPE_CHECKING:
    from flowsleuth.investigate.dossier import Section

LANES = 20
"""Lanes, at most; the last of them holds the others."""
NOTHING = "nothing was found"


def lanes(section: Section) -> Spec:
    """Make the spec of lanes.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from flowsleuth.investigate.dossier import Section
    >>> rows = pa.table({"start": pa.array([60_000_000], pa.timestamp("us", tz="UTC")), "series": ["dns"],
    ...     "bin_s": [60], "flows": [3], "bytes": [900]})
    >>> lanes(Section("by_protocol", "Flows by protocol", "series", table=rows))["lanes"]
    [{'name': 'dns', 'totals': [3, 900], 'marks': [[60000, 3, 900]]}]
    """
    if section.table is None or not len(section.table):
        return spec_of(section, "lanes", absent=section.absent or NOTHING, bin_s=None, measures=[], lanes=[])
    measures = measures_of(section.table, KEYS)
    found = read_binned(section.table, measures, LANES, "lanes")
    made = [
        {
            "name": name,
            "totals": [total(mark[at] for mark in marks) for at in range(1, len(measures) + 1)],
            "marks": marks,
        }
        for name, marks in found.series.items()
    ]
    note = told(section.note, found.note)
    return spec_of(section, "lanes", note=note, bin_s=found.bin_s, measures=measures, lanes=made)
