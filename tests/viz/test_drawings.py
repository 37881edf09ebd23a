"""Figures: every spec can be drawn, says what it leaves out, and carries hostile text as text."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pyarrow as pa
import pytest

from flowsleuth.investigate.briefing import write_dossier
from flowsleuth.investigate.dossier import Section
from flowsleuth.viz import FIGURES, figure, figures
from flowsleuth.viz.canvas import Text, fitted, text_width
from flowsleuth.viz.drawn import DRAWINGS, draw
from flowsleuth.viz.drawn_map import place
from flowsleuth.viz.drawn_tree import LEAVES
from flowsleuth.viz.places import KINDS
from flowsleuth.viz.svg import svg
from flowsleuth.viz.world_map import world
from tests.investigate.flows import flow
from tests.investigate.test_findings import X, find

HOSTILE = "</svg><script>alert(1)</script>\x00\x1b[31m\"'&"


def specs():
    """One spec of every kind, with hostile names in all texts."""
    rows = [flow(n * 60, X, f"198.51.100.{n % 90}", 443, src_bytes=n * 1000, dst_bytes=n) for n in range(300)]
    rows += [flow(n, f"203.0.113.{n}", X, 22, src_bytes=50) for n in range(60)]
    found = figures(write_dossier(find(rows), title="t"))
    text = json.dumps(found).replace("198.51.100.7", json.dumps(HOSTILE)[1:-1])
    made = json.loads(text)
    made["places"] = {
        "kind": "map", "title": HOSTILE, "note": "", "absent": None,
        "points": [
            {"ip": HOSTILE, "lat": 50.0, "lon": 14.0, "label": HOSTILE, "owner": HOSTILE, "role": "target"},
            {"ip": "192.0.2.1", "lat": -33.0, "lon": 151.0, "label": None, "owner": None, "role": "peer"},
        ],
        "arcs": [{
            "from": {"ip": HOSTILE, "lat": 50.0, "lon": 14.0}, "to": {"ip": "192.0.2.1", "lat": -33.0, "lon": 151.0},
            "kind": "outbound", "bytes": None, "connections": 1,
        }],
    }  # fmt: skip
    made["network"] = {
        "kind": "network", "title": "n", "note": "", "absent": None,
        "nodes": [
            {"id": HOSTILE, "is_internal": True, "suspects": 3}, {"id": "b", "is_internal": False, "suspects": 1},
        ],
        "edges": [{"source": HOSTILE, "target": "b", "weight": 0.9, "suspects": 3}],
    }  # fmt: skip
    made["rows"] = {
        "kind": "histogram", "title": "h", "note": "", "absent": None, "bin_s": 60, "measure": HOSTILE,
        "series": [{"name": HOSTILE, "values": [[0, 3], [60_000, 1], [600_000, 5]]}],
        "band": [[0, 2.0, 1.0, 3.5], [60_000, 2.0, 1.0, 3.5]],
        "anomalies": [[600_000, 5, "above"], [60_000, 1, "below"]],
    }  # fmt: skip
    made["lanes"] = {
        "kind": "lanes", "title": HOSTILE, "note": HOSTILE, "absent": None, "bin_s": 60,
        "measures": [HOSTILE, "denied"],
        "lanes": [{"name": HOSTILE, "totals": [4, None], "marks": [[0, 3, None], [600_000, 1, 2]]}],
    }  # fmt: skip
    made["grid"] = {
        "kind": "matrix", "title": HOSTILE, "note": "", "absent": None, "measures": [HOSTILE],
        "rows": [HOSTILE, "b"], "columns": [HOSTILE], "cells": [[0, 0, 7], [1, 0, 1_000_000]],
        "row_totals": [[7], [1_000_000]], "column_totals": [[1_000_007]],
    }  # fmt: skip
    made["related"] = {
        "kind": "relations", "title": HOSTILE, "note": "", "absent": None,
        "measures": [HOSTILE], "edge_measures": [HOSTILE],
        "kinds": [{"kind": HOSTILE, "nodes": 2}],
        "nodes": [
            {"id": name, "kind": HOSTILE, "label": HOSTILE, "is_centre": True, "severity": HOSTILE, "values": [3]}
            for name in (HOSTILE, "b")
        ],
        "edges": [{"source": HOSTILE, "target": "b", "label": HOSTILE, "values": [1]}],
    }  # fmt: skip
    marker = {"way": "inbound", "as_names": [HOSTILE], "severities": [HOSTILE], "addresses": 2, "values": [7]}
    made["markers"] = {
        "kind": "places", "title": HOSTILE, "note": HOSTILE, "absent": None, "measures": [HOSTILE],
        "kinds": [{"kind": kind, "addresses": 2, "values": [7]} for kind in KINDS],
        "markers": [
            marker | {"kind": kind, "lat": lat, "lon": 14.0, "places": [HOSTILE], "ips": [HOSTILE, "192.0.2.1"]}
            for kind in KINDS for lat in (50.0, 50.5, -30.0)
        ],
    }  # fmt: skip
    return made


@pytest.mark.parametrize(
    "name",
    [
        "progression",
        "impact",
        "places",
        "timeline",
        "volumes",
        "network",
        "rows",
        "lanes",
        "markers",
        "grid",
        "related",
    ],
)
def test_every_kind_is_drawn_and_hostile_text_stays_text(name):
    drawing = draw(specs()[name])
    text = svg(drawing)
    tree = ET.fromstring(text)  # well-formed, so nothing has broken out
    kinds = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert kinds <= {"svg", "path", "rect", "circle", "text", "title"}
    assert not any(attribute.startswith("on") or "href" in attribute for e in tree.iter() for attribute in e.attrib)
    assert tree.attrib["aria-label"]
    assert all(shape.y <= drawing.height for shape in drawing.shapes if isinstance(shape, Text))
    assert len(text) < 400_000


def test_there_is_a_drawing_for_every_figure():
    assert DRAWINGS.names() == FIGURES.names()


@pytest.mark.parametrize("name", FIGURES.names())
def test_every_figure_says_why_it_is_absent(name):
    spec = figure(Section("s", "T", "table", absent="because", figure=name))
    assert (spec["kind"], spec["title"], spec["absent"], spec["note"]) == (name, "T", "because", "")
    assert draw(spec) is None
    json.dumps(spec, allow_nan=False)


def test_a_tree_is_folded_to_the_page():
    drawing = draw(specs()["progression"])
    assert sum("more" in shape.text for shape in drawing.shapes if isinstance(shape, Text)) >= 1
    assert drawing.height < 21 * (LEAVES + 12)


def test_the_world_is_on_the_map():
    """Coasts that cross the date line stay in one piece, and nothing is far off the page."""
    for country in world()["countries"]:
        assert country["rings"]
        for ring in country["rings"]:
            assert len(ring) % 2 == 0
    assert place(0, 0)[0] == 480
    assert place(180, 0)[0] == pytest.approx(960)


def test_texts_fit():
    for width in (10, 40, 200):
        assert text_width(fitted("2001:db8:1234:5678:9abc:def0:1234:5678", 12, width), 12) <= max(width, 12)


def test_bytes_above_53_bits_in_a_spec_are_numbers():
    nodes = pa.table({"name": ["a", "b"], "is_internal": [True, False]})
    edges = pa.table({"source": ["a"], "target": ["b"], "bytes": pa.array([2**60], pa.int64()), "packets": [1]})
    spec = figure(Section("c", "C", "graph", figure="chord", nodes=nodes, edges=edges))
    assert spec["links"][0]["bytes"] == 2**60
    assert draw(spec) is not None


def test_every_kind_goes_on_paper():
    pytest.importorskip("reportlab")
    from flowsleuth.viz.pdf_layout import Layout

    page = Layout("Figures")
    for spec in specs().values():
        page.figure("T", "", draw(spec), spec["note"])
    assert page.build().startswith(b"%PDF-")
