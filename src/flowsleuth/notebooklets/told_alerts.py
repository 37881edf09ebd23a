"""Alerts as a result shows them: each once, readable, and over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.binned_counts import binned

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

COLUMNS = (
    "start", "end", "name", "severity", "provider", "category", "tactics", "host", "src_ip", "src_port", "dst_ip",
    "dst_port", "proto", "service", "action", "signature_id", "description", "alert_id", "event_id", "source_file",
    "source_row",
)  # fmt: skip
"""What is kept of an alert; its entities are told as text in ``about``. The raw row is found by ``event_id``."""

LONGEST = 200
"""Characters of a description that are kept."""


def readable_alerts(rows: pa.Table) -> pa.Table:
    """Alerts without those told for a second value, earliest first, with what they are about in words.

    Parameters
    ----------
    rows : pyarrow.Table
        Of a pivot over alerts.
    """
    import pyarrow as pa

    first = {one: at for at, one in reversed(list(enumerate(rows["event_id"].to_pylist())))}
    kept = rows.take(pa.array(sorted(first.values()), pa.int64()))
    kept = kept.sort_by([("start", "ascending"), ("event_id", "ascending")])
    about = pa.array([about_text(text) for text in kept["entities"].to_pylist()], pa.string())
    at = kept.column_names.index("description")
    kept = kept.set_column(at, "description", shortened(kept["description"]))
    return kept.select(list(COLUMNS)).add_column(COLUMNS.index("host"), "about", about)


def shortened(column: pa.ChunkedArray, longest: int = LONGEST) -> pa.ChunkedArray:
    """Texts of which a page shows the beginning; what is cut ends with an ellipsis.

    Examples
    --------
    >>> import pyarrow as pa
    >>> shortened(pa.chunked_array([["abcdef", "abc", None]]), 3).to_pylist()
    ['abc…', 'abc', None]
    """
    import pyarrow.compute as pc

    beginning = pc.binary_join_element_wise(pc.utf8_slice_codeunits(column, 0, longest), "…", "")
    return pc.if_else(pc.greater(pc.utf8_length(column), longest), beginning, column)


def about_text(entities: str | None) -> str | None:
    """The entities of an alert in one line; null where there are none that can be read.

    Examples
    --------
    >>> about_text('[{"Type": "host", "HostName": "WEB1"}, {"Type": "ip", "Address": "192.0.2.7"}]')
    'Host WEB1, IpAddress 192.0.2.7'
    """
    from flowsleuth.errors import FlowsleuthError
    from flowsleuth.schema.entities import parse_entities

    try:
        found = parse_entities(entities or "")
    except FlowsleuthError:
        return None
    return ", ".join(dict.fromkeys(f"{type(one).__name__} {one.label}" for one in found)) or None


def alert_lanes(run: Run, alerts: pa.Table) -> Found:
    """Lanes of alerts by their names."""
    import ibis

    rows = ibis.memtable(alerts.select(["start", "name"]))
    rows = rows.select("start", series=rows.name, alerts=ibis.literal(1))
    return binned(run, rows, ["alerts"], nothing="no alert in this window")
