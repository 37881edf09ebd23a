"""Heat, matrix and relations: specs by hand; what is put together or left out is told."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from flowsleuth.errors import FlowsleuthError
from flowsleuth.investigate.dossier import Section
from flowsleuth.viz import figure
from flowsleuth.viz.canvas import Rect, Text
from flowsleuth.viz.drawn import draw
from flowsleuth.viz.matrix import NAMES
from flowsleuth.viz.relations import EDGES, NODES
from flowsleuth.viz.svg import svg
from tests.viz.tables import series


def test_heat_by_hand():
    table = pa.table({"weekday": [7, 1, 1], "hour": [23, 0, 0], "failed_logons": [4, 2, 3], "accounts": [None, 1, 1]})
    spec = figure(series(table, "heat", note="UTC"))
    assert spec["cells"] == [[0, 0, 5, 2], [6, 23, 4, None]]
    assert (spec["rows"][0], spec["rows"][6], spec["columns"][23]) == ("Monday", "Sunday", "23")
    assert spec["row_totals"] == [[5, 2], *[[None, None]] * 5, [4, None]]
    assert spec["column_totals"][0] == [5, 2]
    assert spec["note"] == "UTC"
    tips = [shape.tip for shape in draw(spec).shapes if isinstance(shape, Rect) and shape.tip]
    assert tips == ["Monday, 00: 5 failed logons, 2 accounts", "Sunday, 23: 4 failed logons, accounts not told"]
    assert draw(spec).said == "Flows: 7 by 24 cells; most in Monday, 00: 5 failed logons, 2 accounts"


@pytest.mark.parametrize("cell", [(0, 5), (8, 5), (1, 24), (1, -1), (None, 1)])
def test_a_weekday_or_hour_that_does_not_exist_is_refused(cell):
    table = pa.table({"weekday": pa.array([cell[0]], pa.int64()), "hour": [cell[1]], "failed_logons": [1]})
    with pytest.raises(FlowsleuthError, match="weekdays are 1 to 7"):
        figure(series(table, "heat"))


def test_matrix_by_hand():
    table = pa.table(
        {"source": ["a", "b", None], "destination": ["x", "x", "y"], "flows": [1, 5, 2], "bytes": [9, None, 7]}
    )
    spec = figure(series(table, "matrix"))
    assert (spec["rows"], spec["columns"]) == (["b", "unknown", "a"], ["x", "y"])
    assert spec["cells"] == [[0, 0, 5, None], [1, 1, 2, 7], [2, 0, 1, 9]]
    assert spec["row_totals"] == [[5, None], [2, 7], [1, 9]]
    assert spec["column_totals"] == [[6, 9], [2, 7]]


def test_a_large_matrix_is_put_together_and_the_sum_stays():
    rows = [(f"10.0.{s}.1", f"198.51.{d}.1", 1 + (s * d) % 7) for s in range(140) for d in range(140)]
    source, destination, flows = zip(*rows, strict=True)
    spec = figure(series(pa.table({"source": source, "destination": destination, "flows": flows}), "matrix"))
    assert (len(spec["rows"]), len(spec["columns"])) == (NAMES, NAMES)
    assert (spec["rows"][-1], spec["columns"][-1]) == ("116 others", "116 others")
    assert spec["note"] == "the 116 weakest sources are put together; the 116 weakest destinations are put together"
    assert sum(cell[2] for cell in spec["cells"]) == sum(flows) == sum(total[0] for total in spec["row_totals"])
    assert len(svg(draw(spec))) < 300_000


NODES_BY_HAND = pa.table(
    {
        "id": ["ip", "h1", "h2", "a"],
        "kind": ["address", "host", "host", None],
        "label": ["203.0.113.9", None, "WEB", ""],
        "is_centre": [True, False, False, None],
        "severity": ["high", None, None, None],
        "events": [1, 3, 9, 2],
    }
)
EDGES_BY_HAND = pa.table(
    {
        "source": ["ip", "a", "ip"],
        "target": ["h1", "h2", "nobody"],
        "label": ["flows", None, "flows"],
        "events": [3, 9, 1],
    }
)


def graph(nodes=NODES_BY_HAND, edges=EDGES_BY_HAND, **words):
    return Section("g", "Relations", "graph", nodes=nodes, edges=edges, figure="relations", **words)


def test_relations_by_hand():
    spec = figure(graph())
    assert [(n["id"], n["kind"], n["label"], n["is_centre"], n["severity"], n["values"]) for n in spec["nodes"]] == [
        ("ip", "address", "203.0.113.9", True, "high", [1]),
        ("h2", "host", "WEB", False, None, [9]),
        ("h1", "host", "h1", False, None, [3]),
        ("a", "unknown", "a", False, None, [2]),
    ]
    assert spec["edges"] == [
        {"source": "a", "target": "h2", "label": "", "values": [9]},
        {"source": "ip", "target": "h1", "label": "flows", "values": [3]},
    ]
    assert spec["kinds"] == [
        {"kind": "host", "nodes": 2},
        {"kind": "address", "nodes": 1},
        {"kind": "unknown", "nodes": 1},
    ]
    json.dumps(spec, allow_nan=False)


def test_an_edge_without_its_end_is_told():
    assert figure(graph(note="UTC"))["note"] == "UTC; 1 edge to what is not shown is left out"


def test_a_graph_without_edges_is_drawn():
    assert draw(figure(graph(edges=None))) is not None
    assert draw(figure(graph(nodes=NODES_BY_HAND.slice(0, 1), edges=None))) is not None


def test_a_large_graph_keeps_the_centre_and_the_strongest():
    count = NODES + 40
    nodes = pa.table(
        {
            "id": [str(n) for n in range(count)],
            "kind": ["host"] * count,
            "label": pa.nulls(count, pa.string()),
            "is_centre": [n == 0 for n in range(count)],
            "severity": pa.nulls(count, pa.string()),
            "events": list(range(count)),
        }
    )
    ends = [(str(a), str(b)) for a in range(41, count) for b in range(41, count) if a < b]
    edges = pa.table(
        {
            "source": [a for a, _ in ends],
            "target": [b for _, b in ends],
            "label": ["flows"] * len(ends),
            "events": list(range(len(ends))),
        }
    )
    spec = figure(graph(nodes, edges))
    assert [node["id"] for node in spec["nodes"]] == ["0", *(str(n) for n in range(count - 1, 40, -1))]
    assert len(spec["edges"]) == EDGES
    assert spec["note"] == f"the 40 weakest nodes are left out; the {len(ends) - EDGES:,} weakest edges are left out"
    assert len(svg(draw(spec))) < 400_000


def test_drawn_relations_stay_on_the_page():
    drawing = draw(figure(graph()))
    assert drawing.said == "Relations: 2 relations between 2 × host, 1 × address, 1 × unknown"
    texts = [shape for shape in drawing.shapes if isinstance(shape, Text)]
    assert all(0 <= text.x <= drawing.width and text.y <= drawing.height for text in texts)
    tips = [shape.tip for shape in drawing.shapes if getattr(shape, "tip", "")]
    assert "203.0.113.9: address, threat (high), 1 event" in tips
    assert "203.0.113.9 flows h1: 3 events" in tips
