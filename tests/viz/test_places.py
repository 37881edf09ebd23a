"""Places: markers by hand; every address is counted once per way, nothing is lost, nothing grows unbounded."""

from __future__ import annotations

import json

import pyarrow.compute as pc
import pytest

from flowsleuth.viz import figure
from flowsleuth.viz.canvas import Text
from flowsleuth.viz.drawn import draw
from flowsleuth.viz.drawn_places import fan, grouped, slices
from flowsleuth.viz.places import MARKERS
from flowsleuth.viz.svg import svg
from tests.viz.tables import many_places, placed, series

ROWS = [
    ("10.3.0.4", 52.37, 4.9, "Amsterdam", "host", None, None, None, 9, 90),
    ("192.0.2.1", 59.91, 10.75, "Oslo", "peer", "outbound", None, "ACME", 5, 50),
    ("192.0.2.2", 59.91, 10.75, "Oslo", "peer", "outbound", None, "ACME", 6, None),
    ("192.0.2.3", 59.91, 10.75, "Oslo", "peer", "inbound", None, None, 1, 10),
    ("192.0.2.4", 59.91, 10.75, "Oslo", "peer", "inbound", "high", None, 2, 20),
    ("192.0.2.5", -33.9, 151.2, "Sydney", "peer", None, None, None, 3, 30),
    ("192.0.2.6", None, None, None, "peer", "outbound", "warning", None, 4, 40),
    ("192.0.2.7", float("nan"), 1.0, None, "peer", "outbound", None, None, 0, None),
    ("192.0.2.8", 91.0, 1.0, None, "peer", "outbound", None, None, 0, None),
]


def places(rows, **words):
    return figure(series(placed(rows), "places", **words))


def test_places_by_hand():
    spec = places(ROWS, note="offline")
    assert spec["note"] == "offline; 3 addresses have no place (13% of flows)"  # 4 of 30
    assert spec["measures"] == ["flows", "bytes"]
    found = [(m["kind"], m["way"], m["ips"], m["addresses"], m["values"]) for m in spec["markers"]]
    assert found == [
        ("outbound", "outbound", ["192.0.2.2", "192.0.2.1"], 2, [11, 50]),
        ("host", "unknown", ["10.3.0.4"], 1, [9, 90]),
        ("unknown", "unknown", ["192.0.2.5"], 1, [3, 30]),
        ("threat", "inbound", ["192.0.2.4"], 1, [2, 20]),
        ("inbound", "inbound", ["192.0.2.3"], 1, [1, 10]),
    ]
    oslo = spec["markers"][0]
    assert (oslo["lat"], oslo["lon"], oslo["places"], oslo["as_names"], oslo["severities"]) == (
        59.91, 10.75, ["Oslo"], ["ACME"], [],
    )  # fmt: skip
    assert spec["markers"][3]["severities"] == ["high"]
    assert [(one["kind"], one["addresses"], one["values"]) for one in spec["kinds"]] == [
        ("host", 1, [9, 90]),
        ("outbound", 2, [11, 50]),
        ("inbound", 1, [1, 10]),
        ("unknown", 1, [3, 30]),
        ("threat", 1, [2, 20]),
    ]
    json.dumps(spec, allow_nan=False)


def test_an_address_with_both_ways_is_one_address_and_two_markers():
    """Direction is told, never guessed: N4's two markers per row do not come back."""
    both = [ROWS[1], (*ROWS[1][:5], "inbound", *ROWS[1][6:])]
    spec = places(both)
    assert [(m["kind"], m["addresses"]) for m in spec["markers"]] == [("outbound", 1), ("inbound", 1)]
    assert len(places([ROWS[1]] * 25)["markers"]) == 1  # msticnb: 52 markers of 25 rows


def test_no_address_with_a_place_says_so():
    spec = places(ROWS[6:])
    assert spec["absent"] == "3 addresses have no place (100% of flows)"
    assert draw(spec) is None


def test_the_legend_is_truthful():
    drawing = draw(places(ROWS))
    texts = [shape.text for shape in drawing.shapes if isinstance(shape, Text)]
    assert {"host · 1 address", "outbound · 2 addresses", "threat · 1 address"} <= set(texts)
    assert "threat: 1 address" in drawing.said


def test_a_drawn_marker_tells_all_of_it():
    text = svg(draw(places(ROWS)))
    assert "192.0.2.2, 192.0.2.1 · outbound · Oslo · ACME · 11 flows, 50 B" in text
    assert "192.0.2.4 · threat (high) · inbound · Oslo · 2 flows, 20 B" in text
    assert "10.3.0.4 · host · Amsterdam · 9 flows, 90 B" in text


@pytest.mark.parametrize("count", [2_000, 20_000])
def test_many_peers_are_joined_and_the_sums_stay(count):
    table = many_places(count)
    spec = figure(series(table, "places"))
    there = table.filter(pc.is_valid(table["lat"]))
    assert len(spec["markers"]) <= MARKERS
    assert f"{count // 20:,} addresses have no place" in spec["note"]
    assert "are joined to" in spec["note"]
    for at, name in enumerate(("flows", "bytes")):
        total = pc.sum(there[name]).as_py()
        assert sum(marker["values"][at] for marker in spec["markers"]) == total
        assert sum(one["values"][at] for one in spec["kinds"]) == total
    assert sum(marker["addresses"] for marker in spec["markers"]) == len(there)
    assert sum(one["addresses"] for one in spec["kinds"] if one["kind"] == "threat") == count // 100
    assert len(json.dumps(spec, ensure_ascii=False)) < 900_000
    assert len(svg(draw(spec))) < 400_000


def test_clusters_do_not_lose_a_marker():
    points = [(at * 7.0 % 100, at * 13.0 % 90) for at in range(200)]
    groups = grouped(points, range(200))
    assert sorted(at for group in groups for at in group.members) == list(range(200))
    centres = [points[group.members[0]] for group in groups]
    apart = [(a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 for at, a in enumerate(centres) for b in centres[:at]]
    assert min(apart) >= 42**2


def test_a_single_threat_is_seen_among_a_thousand():
    angles = slices({"outbound": 5_000, "inbound": 1, "threat": 1})
    assert angles["threat"][1] - angles["threat"][0] == pytest.approx(0.35)
    assert angles["threat"][1] == pytest.approx(6.283185, abs=1e-5)


def test_marks_of_one_place_stand_around_it():
    first, *around = fan((0.0, 0.0), [12.0, 6.0, 5.0, 5.0, 5.0])
    assert first == (0.0, 0.0)
    assert all(x * x + y * y == pytest.approx(25**2) for x, y in around)  # 12 + 6, and 7 between
    many = fan((0.0, 0.0), [5.0] * 13)
    apart = [((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5 for at, a in enumerate(many) for b in many[:at]]
    assert min(apart) > 10


def test_a_page_tells_what_the_figure_put_together():
    from flowsleuth.viz.page_sections import section_html

    page = section_html(series(placed(ROWS), "places", note="offline"))
    assert '<p class="note">offline; 3 addresses have no place (13% of flows).</p>' in page
    assert '<p class="absent">3 addresses have no place (100% of flows)</p>' in section_html(
        series(placed(ROWS[6:]), "places")
    )
