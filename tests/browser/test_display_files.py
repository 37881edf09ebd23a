"""The HTML file of a display, opened from disk: it becomes live, fetches nothing, and runs nothing of a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from tests.browser.conftest import HOSTILE_NAMES
from tests.browser.steps import drawn, until
from tests.faces.test_displays import displays

from flowsleuth.analyze.relatives import example_tree
from flowsleuth.faces.views.page import figures_page
from flowsleuth.toolkit import (
    create_alert_graph,
    display_timeline,
    display_timeline_duration,
    display_timeline_values,
    display_timeseries_anomalies,
    plot_entity_graph,
    plot_map,
    plot_matrix,
    plot_network,
    plot_process_tree,
)

if TYPE_CHECKING:
    from flowsleuth.faces.views.display import Display

EVIL = HOSTILE_NAMES[0]


def hostile_frame() -> pd.DataFrame:
    times = pd.date_range("2019-02-14", periods=len(HOSTILE_NAMES), freq="h", tz="UTC")
    return pd.DataFrame({"start": times, "who": HOSTILE_NAMES, "what": HOSTILE_NAMES, "bytes": range(len(times))})


def every_display() -> dict[str, Display]:
    """One of each kind, of texts that attack whoever shows them."""
    rows = 4 * len(HOSTILE_NAMES)
    frame = pd.DataFrame({
        "start": pd.date_range("2019-02-14", periods=rows, freq="37min", tz="UTC"), "who": HOSTILE_NAMES * 4,
        "what": sorted(HOSTILE_NAMES * 4), "bytes": range(1, rows + 1), "baseline": 8.0, "low": 2.0, "high": 14.0,
        "anomalies": [-1, *[0] * (rows - 2), 1], "lat": [10, 20, 30, 40] * 4, "lon": [1, 2, 3, 4] * 4,
    })  # fmt: skip
    alert = {"AlertName": EVIL, "Severity": "High", "StartTimeUtc": "2019-02-14T02:00:00Z", "CompromisedEntity": EVIL}
    about = '[{"Type": "host", "HostName": "WEB1"}, {"Type": "account", "Name": "bob"}]'
    return {
        "event timeline": display_timeline(frame, group_by="who", source_columns=["what"], alert=alert, legend="right"),
        "timeline of values": display_timeline_values(frame, "bytes", group_by="who", kind=["vbar", "circle"]),
        "durations": display_timeline_duration(frame, "who", source_columns=["what"]),
        "process tree": plot_process_tree(example_tree(), legend_col="proc_name", title=EVIL),
        "matrix": plot_matrix(frame, "who", "what", title=EVIL),
        "entity graph": plot_entity_graph(create_alert_graph({**alert, "Entities": about})),
        "network": plot_network(frame, "who", "what", source_attrs="what", edge_attrs="bytes"),
        "map": plot_map(frame, "who", layer_column="what", tooltip_columns="what", location=(20, 2), zoom_start=4),
        "time series": display_timeseries_anomalies(frame, "bytes", source_columns=["who"]),
    }


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
    made = [*displays(frame, EVIL, "who", "what"), *every_display().values()]
    made += [plot_matrix(frame, "who", "what", **how) for how in ({"invert": True}, {"intersect": True})]
    specs = [shown.spec for shown in made]
    path = tmp_path / "all.html"
    path.write_text(figures_page(specs, "All of them"), encoding="utf-8")
    page, _ = open_page(path.as_uri(), height=7000)
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
