"""Every kind of figure draws what flowsleuth.viz specifies, shows names as text, and has a table of its facts."""

from __future__ import annotations

import pytest
from tests.browser.conftest import HOSTILE_NAMES
from tests.browser.steps import drawn, until

from flowsleuth.viz import FIGURES

EVIL = HOSTILE_NAMES[0]
LEAF = {"role": "peer", "note": EVIL, "peers": 1, "connections": 3, "bytes": 2**60, "children": []}
NETWORK = {"name": "servers", "role": "network", "note": "", "peers": 2, "connections": 6, "bytes": 99}
WAY = {"name": "outbound", "role": "way", "note": "", "peers": 2, "connections": 6, "bytes": 99}
BAR = {"size": 2, "bytes": 9, "connections": 4, "children": []}
HERE, THERE = {"ip": EVIL, "lat": 52.4, "lon": 4.9}, {"ip": "203.0.113.9", "lat": -33.9, "lon": 151.2}
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


@pytest.fixture
def page(hostile_case, serve, open_page):
    served = serve(hostile_case)
    page, _ = open_page(f"{served.url}/#/story")
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
