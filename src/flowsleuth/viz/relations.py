"""Relations: what an entity has to do with which others - hosts, accounts, addresses, alerts.

Section: a graph whose ``nodes`` are ``id``, ``kind`` ("host", "account", "address", "alert", "domain", "process", or
any other word), ``label`` (string, null is the id), ``is_centre`` (bool, whom the question is about), ``severity``
(string, null when it is no threat) and measures (:mod:`flowsleuth.viz.measures`), the first of which decides the size;
and whose ``edges`` are ``source``, ``target`` (``id`` of a node), ``label`` (string, what the source does to the
target) and measures, the first of which decides the width. Both may have ``facts`` (strings, each "name: text"), which
are told of them. ``value`` may say ``is_directed`` (false: edges have no arrows) and ``look``.

Spec::

    {kind: "relations", title, note, absent, measures: ["events"], edge_measures: ["events"],
     kinds: [{kind, nodes}],
     nodes: [{id, kind, label, is_centre, severity, values: [value, …], facts: [text, …]}],
     edges: [{source, target, label, values: [value, …], facts: [text, …]}], is_directed, look}

``facts`` are left out where the section has none.

At most :data:`NODES` nodes: the centres, then the strongest; ``note`` tells how many are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.viz import Spec, spec_of
from flowsleuth.viz.canvas import count_text
from flowsleuth.viz.lanes import NOTHING
from flowsleuth.viz.measures import measures_of, named, plain, told

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.investigate.dossier import Section

NODES = 80
EDGES = 400
NODE_KEYS = ("id", "kind", "label", "is_centre", "severity")
EDGE_KEYS = ("source", "target", "label")
FACTS = "facts"


def relations(section: Section) -> Spec:
    """Make the spec of a graph of relations.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from flowsleuth.investigate.dossier import Section
    >>> nodes = pa.table({"id": ["a", "b"], "kind": ["host", "account"], "label": ["WEB", None],
    ...     "is_centre": [True, False], "severity": pa.nulls(2, pa.string()), "events": [3, 3]})
    >>> edges = pa.table({"source": ["b"], "target": ["a"], "label": ["logged on"], "events": [3]})
    >>> spec = relations(Section("graph", "Relations", "graph", nodes=nodes, edges=edges))
    >>> [node["label"] for node in spec["nodes"]], spec["edges"]
    (['WEB', 'b'], [{'source': 'b', 'target': 'a', 'label': 'logged on', 'values': [3]}])
    """
    asked = section.value or {}
    own = {"is_directed": asked.get("is_directed", True), "look": asked.get("look", {})}
    if section.nodes is None or not len(section.nodes):
        blank: dict[str, list[Any]] = {"measures": [], "edge_measures": [], "kinds": [], "nodes": [], "edges": []}
        return spec_of(section, "relations", absent=section.absent or NOTHING, **blank, **own)
    measures = measures_of(section.nodes, NODE_KEYS)
    nodes = named(section.nodes, "kind").sort_by(
        [("is_centre", "descending"), (measures[0], "descending"), ("id", "ascending")]
    )
    left_out = max(0, len(nodes) - NODES)
    nodes = nodes.slice(0, NODES)
    edge_measures, edges, unsaid = _edges(section.edges, nodes["id"].combine_chunks())
    said = [f"the {left_out:,} weakest nodes are left out" if left_out else "", *unsaid]
    return spec_of(
        section,
        "relations",
        note=told(section.note, *said),
        measures=measures,
        edge_measures=edge_measures,
        kinds=[{"kind": kind, "nodes": count} for kind, count in Counter(nodes["kind"].to_pylist()).most_common()],
        nodes=[
            row | {"label": row["label"] or row["id"], "is_centre": bool(row["is_centre"])}
            for row in _rows(nodes, NODE_KEYS, measures)
        ],
        edges=[row | {"label": row["label"] or ""} for row in _rows(edges, EDGE_KEYS, edge_measures)],
        **own,
    )


def _edges(edges: pa.Table | None, ids: pa.Array) -> tuple[list[str], pa.Table | None, list[str]]:
    """Measures and rows of the edges whose both ends are shown, and which are left out."""
    import pyarrow.compute as pc

    if edges is None or not len(edges):
        return [], None, []
    measures = measures_of(edges, EDGE_KEYS)
    both = pc.and_(*(pc.is_in(edges[end], value_set=ids) for end in ("source", "target")))
    order = [(measures[0], "descending"), ("source", "ascending"), ("target", "ascending")]
    shown = edges.filter(both).sort_by(order)
    lost, weak = len(edges) - len(shown), max(0, len(shown) - EDGES)
    said = [f"{count_text(lost, 'edge')} to what is not shown {'is' if lost == 1 else 'are'} left out" if lost else ""]
    said += [f"the {weak:,} weakest edges are left out" if weak else ""]
    return measures, shown.slice(0, EDGES), said


def _rows(table: pa.Table | None, keys: Sequence[str], measures: Sequence[str]) -> list[dict[str, Any]]:
    if table is None:
        return []
    values = [plain(row) for row in zip(*(table[name].to_pylist() for name in measures), strict=True)]
    rows: list[dict[str, Any]] = table.select([*keys, *([FACTS] if FACTS in table.column_names else [])]).to_pylist()
    return [row | {"values": own} for row, own in zip(rows, values, strict=True)]
