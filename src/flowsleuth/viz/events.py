"""Events over time: a lane per group, a mark per event - or per bin of them - that tells its source columns.

Section: a series whose ``table`` has a row per mark: ``start``, ``end`` (timestamp; ``end`` is null for a moment; of a
bin they are its first and last event), ``lane`` (string), ``events`` (int64), and for each source column ``tip_0`` …
(string, of a bin the most common one), ``tip_0_n`` and ``tip_0_of`` (int64, null for a single event: how many of the
bin have it, and how many different ones there are). :mod:`flowsleuth.viz.event_rows` makes such rows. ``value``::

    {sources: [name of tip_0, …], lanes: [[name, events, colour or null], …], bin_ms: null or width,
     refs: [[ms, label], …], spans: whether a lane has a bar from its first to its last event, look: {…}}

Spec::

    {kind: "events", title, note, absent, bin_ms, tips: [name, …], texts: [[text, …] per tip],
     lanes: [{name, total, colour, span: [first_ms, last_ms] | null,
              marks: [[start_ms, lasts_ms, events, tip, …], …]}],
     refs: [[ms, label], …], look: {…}}

``tip`` is the place of a text in ``texts``, ``[place, how often, of how many]`` for a bin, or null. ``look`` is of
:mod:`flowsleuth.viz.looks`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.viz import Spec, spec_of
from flowsleuth.viz.lanes import NOTHING
from flowsleuth.viz.measures import told
from flowsleuth.viz.timeline import milliseconds
from flowsleuth.viz.tips import tips_of

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.investigate.dossier import Section


def events(section: Section) -> Spec:
    """Make the spec of a timeline of events.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from flowsleuth.investigate.dossier import Section
    >>> at = pa.array([1_000_000], pa.timestamp("us", tz="UTC"))
    >>> rows = pa.table({"start": at, "end": pa.nulls(1, at.type), "lane": ["Low"], "events": [1]})
    >>> events(Section("t", "Alerts", "series", table=rows))["lanes"]
    [{'name': 'Low', 'total': 1, 'colour': None, 'span': None, 'marks': [[1000, 0, 1]]}]
    """
    rows, asked = section.table, section.value or {}
    own: dict[str, Any] = {"bin_ms": asked.get("bin_ms"), "refs": asked.get("refs", []), "look": asked.get("look", {})}
    if rows is None or not len(rows):
        absent = section.absent or section.note or NOTHING
        return spec_of(section, "events", absent=absent, tips=[], texts=[], lanes=[], **own)
    sources = asked.get("sources", [])
    tips = tips_of(rows, [(f"tip_{at}", name) for at, name in enumerate(sources)])
    lanes: dict[str, dict[str, Any]] = {
        name: {"name": name, "total": total, "colour": colour, "span": None, "marks": []}
        for name, total, colour in asked.get("lanes") or _lanes_of(rows)
    }
    for lane, mark in zip(rows["lane"].to_pylist(), _marks(rows, tips.places), strict=True):
        lanes[lane]["marks"].append(mark)
    for lane in lanes.values():
        lane["marks"].sort(key=lambda mark: mark[0])
        if asked.get("spans") and lane["marks"]:
            lane["span"] = [lane["marks"][0][0], max(start + lasts for start, lasts, *_ in lane["marks"])]
    note = told(section.note, tips.note)
    return spec_of(section, "events", note=note, tips=tips.names, texts=tips.texts, lanes=list(lanes.values()), **own)


def _lanes_of(rows: pa.Table) -> list[tuple[str, int, None]]:
    found = rows.group_by("lane", use_threads=False).aggregate([("events", "sum")])
    return [(name, total, None) for name, total in zip(*found.to_pydict().values(), strict=True)]


def _marks(rows: pa.Table, places: list[list[int | None]]) -> list[list[Any]]:
    import pyarrow.compute as pc

    starts = milliseconds(rows["start"])
    ends = milliseconds(pc.coalesce(rows["end"], rows["start"]))
    lasts = [end - start for start, end in zip(starts, ends, strict=True)]
    columns: list[list[Any]] = [starts, lasts, rows["events"].to_pylist()]
    for at, place in enumerate(places):
        often, many = rows[f"tip_{at}_n"].to_pylist(), rows[f"tip_{at}_of"].to_pylist()
        columns.append(
            [one if n is None or one is None else [one, n, of] for one, n, of in zip(place, often, many, strict=True)]
        )
    return [list(mark) for mark in zip(*columns, strict=True)]
