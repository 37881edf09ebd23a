"""Every kind of figure draws what flowsleuth.viz specifies, shows names as text, and has a table of its facts."""

from __future__ import annotations

import pytest
from tests.browser.conftest import HOSTILE_NAMES, serving
from tests.browser.steps import drawn, until

from flowsleuth.viz import FIGURES

EVIL = HOSTILE_NAMES[0]
LEAF = {"role": "peer", "note": EVIL, "peers": 1, "connections": 3, "bytes": 2**60, "children": []}
NETWORK = {"name": "servers", "role": "network", "note": "", "peers": 2, "connections": 6, "bytes": 99}
WAY = {"name": "outbound", "role": "way", "note": "", "peers": 2, "connections": 6, "bytes": 99}
BAR = {"size": 2, "bytes": 9, "connections": 4, "children": []}
HERE, THERE = {"ip": EVIL, "lat": 52.4, "lon": 4.9}, {"ip": "203.0.113.9", "lat": -33.9, "lon": 151.2}
PLACED = {"way": "inbound", "places": [EVIL], "ips": [EVIL], "addresses": 1, "as_names": [EVIL], "severities": []}
GRID = {
    "measures": ["flows", "bytes"], "cells": [[0, 0, 7, 2**60], [1, 1, 100, None]],
    "row_totals": [[7, 2**60], [100, None]], "column_totals": [[7, 2**60], [100, None]],
}  # fmt: skip
SPECS = {
    "tree": {
        "root": {"name": EVIL, "role": "target", "note": "", "peers": 2, "connections": 6, "bytes": 99, "children": [
            WAY | {"children": [NETWORK | {"children": [LEAF | {"name": "10.0.0.7"}, LEAF | {"name": "10.0.0.8"}]}]}]},
    },
    "bars": {
        "measure": "peers", "total": 3, "bytes": 10, "connections": 5,
        "children": [
            {"name": EVIL, "size": 2, "bytes": 9, "connections": 4, "children": [BAR | {"name": "10.0.0.7"}]},
            {"name": "inbound", "size": 1, "bytes": 1, "connections": 1, "children": []},
        ],
    },
    "map": {
        "points": [HERE | {"label": EVIL, "role": "target"}, THERE | {"label": "Sydney", "role": "peer"}],
        "arcs": [{"from": HERE, "to": THERE, "kind": "two way", "bytes": 5_000_000, "connections": 7}],
    },
    "timeline": {
        "binned_s": None,
        "lanes": [{"name": EVIL, "marks": [[1_700_000_000_000, 1_700_000_060_000, 1, 900, 443]]},
                  {"name": "10.0.0.8", "marks": [[1_700_000_030_000, 1_700_000_030_000, 1, None, None]]}],
    },
    "chord": {
        "nodes": [{"name": EVIL, "is_internal": True}, {"name": "203.0.113.9", "is_internal": False}],
        "links": [{"source": EVIL, "target": "203.0.113.9", "bytes": 4_000, "packets": 9},
                  {"source": "203.0.113.9", "target": EVIL, "bytes": 1_000, "packets": 8}],
    },
    "network": {
        "nodes": [{"id": EVIL, "is_internal": True, "suspects": 9},
                  {"id": "203.0.113.9", "is_internal": False, "suspects": 1}],
        "edges": [{"source": EVIL, "target": "203.0.113.9", "weight": 0.9, "suspects": 1}],
    },
    "histogram": {
        "bin_s": 60,
        "series": [{"name": EVIL, "values": [[1_700_000_040_000, 5], [1_700_000_160_000, 50]]},
                   {"name": "dns", "values": [[1_700_000_100_000, 7]]}],
    },
    "lanes": {
        "bin_s": 60, "measures": ["flows", "bytes", "denied"],
        "lanes": [{"name": EVIL, "totals": [4, None, 1],
                   "marks": [[1_700_000_040_000, 3, None, 1], [1_700_000_160_000, 1, None, 0]]},
                  {"name": "inbound", "totals": [2, 9_000, 0], "marks": [[1_700_000_100_000, 2, 9_000, 0]]}],
    },
    "heat": GRID | {"rows": [EVIL, "Tuesday"], "columns": ["00", "01"]},
    "matrix": GRID | {"rows": [EVIL, "10.0.0.7"], "columns": ["203.0.113.9", EVIL]},
    "process_tree": {
        "group_by": "user", "groups": [{"name": EVIL, "processes": 3}], "names": [EVIL, "cmd.exe"], "users": [EVIL],
        "commands": [EVIL, "cmd /c x"],
        "nodes": [[0, -1, 0, 500, 1_700_000_040_000, 0, 0, 0, 0, 0], [1, 0, 1, 3016, None, -1, 1, 0, 1, 4],
                  [2, 1, 1, 7, 1_700_000_050_000, 0, -1, 0, 0, 0]],
    },
    "relations": {
        "measures": ["events"], "edge_measures": ["events"],
        "kinds": [{"kind": "host", "nodes": 1}, {"kind": EVIL, "nodes": 1}],
        "nodes": [{"id": "h", "kind": "host", "label": EVIL, "is_centre": True, "severity": EVIL, "values": [4]},
                  {"id": "a", "kind": EVIL, "label": "alice", "is_centre": False, "severity": None, "values": [1]}],
        "edges": [{"source": "a", "target": "h", "label": EVIL, "values": [3]}],
    },
    "events": {
        "bin_ms": 60_000, "tips": ["CommandLine", EVIL], "texts": [[EVIL, "whoami"], ["x"]],
        "lanes": [{"name": EVIL, "total": 42, "colour": None, "span": [1_700_000_040_000, 1_700_000_160_000],
                   "marks": [[1_700_000_040_000, 0, 1, 0, None],
                             [1_700_000_100_000, 30_000, 41, [1, 40, 2], [0, 41, 1]]]},
                  {"name": "Low", "total": 1, "colour": "#c02c2c", "span": None,
                   "marks": [[1_700_000_160_000, 0, 1, 1, 0]]}],
        "refs": [[1_700_000_060_000, EVIL], [1_700_000_061_000, "alert"]],
        "look": {"legend": "right", "height": 260},
    },
    "series": {
        "measure": "flows", "draw": ["vbar", "circle", "line"], "tips": ["Account"], "texts": [[EVIL]],
        "series": [{"name": EVIL, "total": 3, "colour": None, "points": [
            [1_700_000_040_000, 5, 0], [1_700_000_100_000, -2, None], [1_700_000_160_000, 50, 0]]}],
        "band": [[1_700_000_040_000, 4, 2, 6], [1_700_000_100_000, 4, -3, 6], [1_700_000_160_000, 4, None, None]],
        "anomalies": [[1_700_000_160_000, 50, "above"]], "refs": [[1_700_000_060_000, EVIL]],
    },
    "places": {
        "measures": ["flows", "bytes"],
        "kinds": [{"kind": "host", "addresses": 1, "values": [9, 90]},
                  {"kind": "threat", "addresses": 3, "values": [7, 70]},
                  {"kind": "inbound", "addresses": 2, "values": [4, 40]}],
        "markers": [
            PLACED | {"kind": "host", "way": "unknown", "lat": 52.4, "lon": 4.9, "values": [9, 90]},
            PLACED | {"kind": "threat", "lat": -33.9, "lon": 151.2, "severities": [EVIL], "addresses": 3,
                      "values": [7, 70]},
            PLACED | {"kind": "inbound", "lat": -34.4, "lon": 150.9, "addresses": 2, "values": [4, 40]}],
    },
}  # fmt: skip
DRAW = """async ([spec, theme]) => {
    const { default: { render } } = await import('/static/figures.js');
    document.querySelector('#stand')?.remove();
    const stand = document.createElement('div');
    stand.id = 'stand';
    document.querySelector('main').prepend(stand);
    const values = { spec, theme };
    window.told = {};
    const set = (name, value) => { window.told[name] = value; };
    const model = { get: name => values[name], set, save_changes() {}, on() {}, off() {} };
    window.gone = render({ model, el: stand });
}"""


@pytest.fixture(scope="module")
def stand(hostile_case, tmp_path_factory, ready_python):
    """One server for every figure: the pages draw what they are handed, and write nothing."""
    with serving(tmp_path_factory.mktemp("stand"), ready_python) as serve:
        yield serve(hostile_case).url


@pytest.fixture
def page(stand, open_page):
    page, _ = open_page(f"{stand}/#/story")
    page.wait_for_selector(".empty")
    return page


def test_all_kinds_are_tried():
    assert set(SPECS) == set(FIGURES.names())


def test_every_kind_draws_and_tells_its_table(page):
    for theme in ("dark", "light"):
        for kind, own in SPECS.items():
            spec = {"kind": kind, "title": EVIL, "note": "", "absent": None} | own
            page.evaluate(DRAW, [spec, theme])
            drawn(page, "#stand")
            assert page.get_attribute("#stand .fs-stage", "aria-label"), kind
            assert page.inner_text("#stand figcaption") == EVIL
            box = page.locator("#stand .fs-stage").bounding_box()
            for share in (0.2, 0.5, 0.8):  # tooltips are made of elements, not of markup
                page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] * 0.5)
            page.click("#stand .fs-tool:has-text('Table')")
            table = page.inner_text("#stand .fs-table")
            assert EVIL in table, kind
            assert page.locator("#stand img, #stand script").count() == 0
            page.evaluate("window.gone()")
            assert page.locator("#stand canvas").count() == 0


def test_what_is_absent_says_why(page):
    spec = {"kind": "map", "title": "Places", "note": "", "absent": "no iploc.csv", "points": [], "arcs": []}
    page.evaluate(DRAW, [spec, "dark"])
    assert page.inner_text("#stand .fs-absent") == "no iploc.csv"
    assert page.locator("#stand canvas").count() == 0


def test_bars_open_and_go_back_by_keyboard(page):
    page.evaluate(DRAW, [{"kind": "bars", "title": "Impact", "note": "", "absent": None} | SPECS["bars"], "dark"])
    drawn(page, "#stand")
    box = page.locator("#stand .fs-stage").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.27)
    until(page, "window.told.picked?.name !== undefined")
    page.wait_for_selector("#stand .fs-tool:has-text('Back'):visible")
    page.focus("#stand .fs-stage")
    page.keyboard.press("Escape")
    page.wait_for_selector("#stand .fs-tool:has-text('Back')", state="hidden")


def test_sizes_beyond_2_to_the_53_keep_their_digits(page):
    """As text, to the last digit."""
    links = [{"source": EVIL, "target": "203.0.113.9", "bytes": "9007199254740993", "packets": "9007199254740993"}]
    spec = {"kind": "chord", "title": "", "note": "", "absent": None} | SPECS["chord"] | {"links": links}
    page.evaluate(DRAW, [spec, "dark"])
    drawn(page, "#stand")
    page.click("#stand .fs-tool:has-text('Table')")
    assert "9,007,199,254,740,993" in page.inner_text("#stand .fs-table")


def shown(page, kind, theme="dark", **own):
    """Draws one kind; the middle of its stage."""
    page.evaluate(DRAW, [{"kind": kind, "title": "T", "note": "", "absent": None} | SPECS[kind] | own, theme])
    drawn(page, "#stand")
    return page.locator("#stand .fs-stage").bounding_box()


TIP = "#stand .fs-tip"


def test_the_legend_hides_lanes_and_keys_walk_over_marks(page):
    box = shown(page, "lanes")
    page.focus("#stand .fs-stage")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(TIP)
    assert page.inner_text(f"{TIP} strong") == EVIL
    told = page.inner_text(TIP)
    assert "2023-11-14 22:14 UTC" in told
    assert "a red foot: denied" in told
    page.mouse.click(box["x"] + 10, box["y"] + 16)  # the first entry of the legend
    page.keyboard.press("Home")
    until(page, "document.querySelector('#stand .fs-tip strong')?.textContent === 'inbound'")
    assert "9.0 kB" in page.inner_text(TIP)


def test_lanes_tell_the_range_that_was_zoomed_to(page):
    box = shown(page, "lanes")
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 60)
    for _ in range(4):
        page.mouse.wheel(0, -300)
    until(page, "Array.isArray(window.told.range)")
    low, high = page.evaluate("window.told.range")
    assert 1_700_000_040_000 <= low < high <= 1_700_000_220_000
    page.click("#stand .fs-tool:has-text('Reset')")
    until(page, "window.told.range === null")


def test_a_histogram_tells_what_was_expected(page):
    start = 1_700_000_040_000
    band = {"band": [[start, 3.0, 1.0, 4.0]], "anomalies": [[start, 5, "above"]]}
    series = [{"name": "outbound", "values": [[start, 5], [start + 60_000, 3]]}]
    shown(page, "histogram", measure="flows", series=series, **band)
    page.focus("#stand .fs-stage")
    page.keyboard.press("Home")
    page.wait_for_selector(TIP)
    told = page.inner_text(TIP)
    assert "1 – 4" in told
    assert "anomaly: above the usual range" in told
    page.click("#stand .fs-tool:has-text('Table')")
    assert "above" in page.inner_text("#stand .fs-table")


def test_places_cluster_and_open(page):
    shown(page, "places")
    page.focus("#stand .fs-stage")
    page.keyboard.press("Home")
    page.wait_for_selector(TIP)
    assert page.inner_text(f"{TIP} strong") == "5 addresses near one another"
    assert "3 addresses" in page.inner_text(TIP)
    page.keyboard.press("Enter")  # opens
    page.keyboard.press("Home")
    until(page, "!document.querySelector('#stand .fs-tip strong')?.textContent.includes('near one another')")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    until(page, "window.told.picked?.names?.length === 1")
    assert page.evaluate("window.told.picked.name") == EVIL
    page.click("#stand .fs-tool:has-text('World')")
    page.focus("#stand .fs-stage")
    page.keyboard.press("End")  # the host stands alone and comes last
    until(page, "document.querySelector('#stand .fs-tip')?.textContent.includes('the host')")


def test_cells_of_a_grid_are_walked_and_picked(page):
    box = shown(page, "heat", rows=["Monday", "Tuesday"])
    page.focus("#stand .fs-stage")
    page.keyboard.press("End")
    page.wait_for_selector(TIP)
    assert page.inner_text(f"{TIP} strong") == "Tuesday, 01:00 to 01:59"
    assert "100" in page.inner_text(TIP)
    page.keyboard.press("Enter")
    until(page, "window.told.picked?.row === 'Tuesday' && window.told.picked.column === '01'")
    page.mouse.move(box["x"] + 92 + 20, box["y"] + 30 + 16)  # the first cell
    until(page, "document.querySelector('#stand .fs-tip strong')?.textContent === 'Monday, 00:00 to 00:59'")
    page.click("#stand .fs-tool:has-text('Table')")
    table = page.inner_text("#stand .fs-table").split()
    assert table[:4] == ["00", "01", "All", "Monday"]


def test_related_entities_are_walked_and_picked(page):
    shown(page, "relations")
    page.focus("#stand .fs-stage")
    page.keyboard.press("Home")
    page.wait_for_selector(TIP)
    assert page.inner_text(f"{TIP} strong") == EVIL
    page.keyboard.press("ArrowRight")
    until(page, "document.querySelector('#stand .fs-tip strong')?.textContent === 'alice'")
    page.keyboard.press("Enter")
    until(page, "window.told.picked?.name === 'a'")


def test_the_legend_hides_lanes_of_events_and_a_bin_tells_its_most_common_texts(page):
    shown(page, "events", look={})
    page.focus("#stand .fs-stage")
    page.keyboard.press("ArrowRight")  # the bar from the first to the last
    page.wait_for_selector(TIP)
    assert "42" in page.inner_text(TIP)
    page.keyboard.press("ArrowRight")
    until(page, "document.querySelector('#stand .fs-tip')?.textContent.includes('CommandLine')")
    assert EVIL in page.inner_text(TIP)
    page.keyboard.press("ArrowRight")
    until(page, "document.querySelector('#stand .fs-tip')?.textContent.includes('whoami (40, and 1 other value)')")
    assert "the most common values of these events" in page.inner_text(TIP)
    box = page.locator("#stand .fs-stage").bounding_box()
    page.mouse.click(box["x"] + 12, box["y"] + 14)  # the first entry of the legend
    page.focus("#stand .fs-stage")
    page.keyboard.press("Home")
    until(page, "document.querySelector('#stand .fs-tip strong')?.textContent === 'Low'")


def test_a_click_on_an_event_and_a_zoom_are_told(page):
    box = shown(page, "events", look={"legend": "none", "range_tool": False, "yaxis": False}, refs=[])
    page.mouse.click(box["x"] + 14 + (box["width"] - 30) * 0.988, box["y"] + 26 + 4 + 28 * 1.5)
    until(page, "window.told.picked?.name === 'Low'")
    assert page.evaluate("window.told.picked.start") == 1_700_000_160_000
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 50)
    for _ in range(4):
        page.mouse.wheel(0, -300)
    until(page, "Array.isArray(window.told.range)")


def test_a_value_tells_what_was_expected_and_its_source_columns(page):
    shown(page, "series")
    page.focus("#stand .fs-stage")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(TIP)
    told = page.inner_text(TIP)
    assert "2 – 6" in told
    assert EVIL in told
    shown(page, "series", draw=["line"])
    page.focus("#stand .fs-stage")
    page.keyboard.press("End")
    until(page, "document.querySelector('#stand .fs-tip')?.textContent.includes('anomaly: above what was expected')")


def test_processes_are_walked_marked_and_closed(page):
    box = shown(page, "process_tree", theme="light")
    page.focus("#stand .fs-stage")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector(TIP)
    assert page.inner_text(f"{TIP} strong") == EVIL
    assert "500 (0x1f4)" in page.inner_text(TIP)
    page.keyboard.press("ArrowDown")
    until(page, "document.querySelector('#stand .fs-tip strong')?.textContent === 'cmd.exe'")
    assert "only its children tell of it" in page.inner_text(TIP)
    page.keyboard.press("Enter")
    until(page, "window.told.picked?.nodes?.join() === '1'")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    until(page, "window.told.picked?.nodes?.join() === '1,2'")
    page.keyboard.press("ArrowLeft")  # to the parent
    page.keyboard.press("ArrowLeft")  # which is closed
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    until(page, "window.told.picked?.nodes?.join() === '1'")  # the last line is its own now
    page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    until(page, "window.told.picked?.nodes?.join() === '2'")
    page.mouse.click(box["x"] + 300, box["y"] + 34 + 10)  # the first line
    until(page, "window.told.picked?.nodes?.join() === '0'")
    page.mouse.click(box["x"] + 12, box["y"] + 34 + 10)  # its mark closes it
    page.keyboard.press("End")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")  # the marked one again: nothing is marked
    until(page, "window.told.picked === null")
