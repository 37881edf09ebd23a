"""The HTML file of a display, opened from disk: it becomes live, fetches nothing, and runs nothing of a log."""

from __future__ import annotations

import pandas as pd
from tests.browser.conftest import HOSTILE_NAMES
from tests.browser.steps import drawn, until
from tests.faces.test_displays import displays

from flowsleuth.faces.views.page import figures_page
from flowsleuth.toolkit import plot_map, plot_matrix, plot_network


def hostile_frame() -> pd.DataFrame:
    times = pd.date_range("2019-02-14", periods=len(HOSTILE_NAMES), freq="h", tz="UTC")
    return pd.DataFrame({"start": times, "who": HOSTILE_NAMES, "what": HOSTILE_NAMES, "bytes": range(len(times))})


def test_the_file_becomes_live_and_tells_source_columns(open_page, tmp_path):
    shown = displays(hostile_frame(), HOSTILE_NAMES[3], "who", "what")[0]
    page, _ = open_page(shown.to_html(tmp_path / "a.html").as_uri())
    page.wait_for_selector(".live canvas")
    assert page.locator("main svg").count() == 0  # the still picture made room
    assert page.inner_text("h1") == HOSTILE_NAMES[3]
    page.focus(".fs-stage")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".fs-tip")
    assert any(name in page.inner_text(".fs-tip") for name in HOSTILE_NAMES)
    assert page.locator("main img").count() == 0
    page.click(".fs-tool:has-text('Table')")
    assert HOSTILE_NAMES[0] in page.inner_text(".fs-table")


def test_all_displays_share_a_page(open_page, tmp_path):
    frame = hostile_frame()
    made = displays(frame, HOSTILE_NAMES[0], "who", "what")
    made += [plot_matrix(frame, "who", "what", **how) for how in ({}, {"invert": True}, {"intersect": True})]
    made.append(plot_network(frame, "who", "what", source_attrs="what", edge_attrs="what"))
    placed = frame.assign(lat=[10, 20, 30, 40], lon=[1, 2, 3, 4])
    made.append(plot_map(placed, "who", layer_column="what", tooltip_columns="what", location=(20, 2), zoom_start=4))
    specs = [shown.spec for shown in made]
    path = tmp_path / "all.html"
    path.write_text(figures_page(specs, "All of them"), encoding="utf-8")
    page, _ = open_page(path.as_uri(), height=4000)
    until(page, "n => document.querySelectorAll('.live canvas').length === n", len(specs))
    drawn(page, ".live")
    for stage in page.locator(".fs-stage").all():
        stage.focus()
        page.keyboard.press("ArrowRight")  # a tooltip of each
    assert page.locator("main img").count() == 0


def test_without_scripts_the_still_picture_stays(browser, tmp_path):
    shown = displays(hostile_frame(), "T", "who", "what")[0]
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(shown.to_html(tmp_path / "a.html").as_uri())
        assert page.locator("main svg").is_visible()
    finally:
        context.close()
