"""Timeline: one lane per peer, one mark per connection, or per bin of time where there are too many.

Section: a series whose ``table`` has ``lane``, ``way`` (string), ``start``, ``end`` (timestamp; the bin's when binned),
``connections`` (int64), ``bytes`` (int64, both ways; null when no flow said), ``dst_port`` (int32, the most used one;
null where there is none), ``binned_s`` (int64, null when a mark is one connection). Lanes in order of their first row.

Spec::

    {kind: "timeline", title, note, absent, binned_s: null|seconds,
     lanes: [{name, way, marks: [[start_ms, end_ms, connections, bytes, dst_port], …]}]}

Nothing is cut in silence: where marks are binned, ``note`` says so; where peers have no lane, ``note`` says how many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.viz import Spec, spec_of

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.investigate.dossier import Section


def timeline(section: Section) -> Spec:
    """Make the spec of a timeline.

    Examples
    --------
    >>> from flowsleuth.investigate.dossier import Section
    >>> timeline(Section("timeline", "Timeline", "series", absent="no flow"))["lanes"]
    []
    """
    lanes: dict[str, list[list[Any]]] = {}
    ways: dict[str, str] = {}
    binned: int | None = None
    if section.table is not None and len(section.table):
        rows = section.table
        binned = rows["binned_s"][0].as_py()
        columns = [milliseconds(rows["start"]), milliseconds(rows["end"])]
        columns += [rows[name].to_pylist() for name in ("connections", "bytes", "dst_port")]
        ways = dict(zip(rows["lane"].to_pylist(), rows["way"].to_pylist(), strict=True))
        for lane, *mark in zip(rows["lane"].to_pylist(), *columns, strict=True):
            lanes.setdefault(lane, []).append(mark)
    made = [{"name": name, "way": ways[name], "marks": marks} for name, marks in lanes.items()]
    return spec_of(section, "timeline", binned_s=binned, lanes=made)


def milliseconds(times: pa.ChunkedArray) -> list[int]:
    """Times as whole milliseconds since 1970-01-01 UTC, rounded down.

    Examples
    --------
    >>> import pyarrow as pa
    >>> milliseconds(pa.chunked_array([pa.array([1_999], pa.timestamp("us", tz="UTC"))]))
    [1]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    micros = pc.cast(times, pa.timestamp("us", tz="UTC")).cast(pa.int64())
    found: list[int] = pc.floor(pc.divide(micros.cast(pa.float64()), 1000.0)).cast(pa.int64()).to_pylist()
    return found
