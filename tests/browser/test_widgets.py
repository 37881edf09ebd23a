"""The small widgets in JupyterLab, by the keyboard alone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.browser.lab import PATIENCE_MS, Lab, all_ran, cell, run_all
from tests.browser.steps import until
from tests.browser.test_loop import ASSETS

if TYPE_CHECKING:
    from playwright.sync_api import Page

nbformat = pytest.importorskip("nbformat")
pytestmark = pytest.mark.timeout(400)

CELLS = (
    """import json, pathlib
import pandas as pd
from flowsleuth.toolkit import (
    EntityGraphBrowser, GetEnvironmentKey, GetText, Lookback, OptionButtons, Progress, QueryTime, SecurityAlert,
    SelectAlert, SelectSubset, create_alert_graph, display_timeline, format_alert)
def say(**told): pathlib.Path("said.jsonl").open("a").write(json.dumps(told, default=str) + "\\n")""",
    """times = QueryTime(units="day", origin_time="2019-02-17", before=3, after=2, max_before=20, max_after=5)
times.before.observe(lambda _: say(times=[times.start, times.end]), names="value")
times""",
    """alerts = pd.DataFrame({
    "SystemAlertId": ["a1", "a2", "a3"], "AlertName": ["New account", "Odd logon", "<img src=x onerror=alert(1)>"],
    "Severity": ["High", "Low", "Medium"], "CompromisedEntity": ["WEB1", "WEB1", "db2"],
    "StartTimeUtc": ["2019-02-14T09:15:00Z", "2019-02-15T11:00:00Z", "2019-02-16T11:00:00Z"]})
select = SelectAlert(alerts, action=lambda row: (say(alert=row["SystemAlertId"]), format_alert(SecurityAlert(row)))[1])
select""",
    """graph = EntityGraphBrowser(create_alert_graph(alerts.iloc[0], alerts))
graph.nodes.observe(lambda _: say(node=graph.value), names="value")
graph""",
    """display_timeline(alerts, "StartTimeUtc", ["AlertName"], title="Alerts")""",
    """key = GetEnvironmentKey("FS_TEST_TOKEN")
key.text.observe(lambda _: say(key=len(key.value or "")), names="value")
key""",
    """subset = SelectSubset({"Web": 80, "DNS": 53})
subset.told.observe(lambda _: say(subset=subset.value), names="value")
subset""",
    """back = Lookback(default=4, origin_time="2019-02-17")
back.slider.observe(lambda _: say(back=back.value), names="value")
text = GetText("web1", prompt="Host")
text.text.observe(lambda _: say(text=text.value), names="value")
display(back, text)""",
    """question = OptionButtons("Go on?", ["Yes", "No"], timeout=60)
answer = await question.display_async()
say(answer=answer)
bar = Progress(4, auto_display=True)
bar.update_progress(delta=3)""",
)
LAST = len(CELLS) - 1


@pytest.fixture
def book(lab: Lab) -> Path:
    """A notebook of every small widget, in a folder of its own."""
    folder = lab.books / "widgets"
    folder.mkdir()
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, folder / "widgets.ipynb")
    return folder / "widgets.ipynb"


def said(folder: Path, page: Page, wanted: dict[str, Any]) -> None:
    """Wait until Python has been told it."""
    file = folder / "said.jsonl"
    for _ in range(300):
        lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        if wanted in lines:
            return
        page.wait_for_timeout(100)
    pytest.fail(f"{wanted} is not among {lines}")


def focus(page: Page, at: Any) -> None:
    """The keyboard is there now."""
    at.wait_for(timeout=PATIENCE_MS)
    at.focus()
    assert at.evaluate("one => one === document.activeElement")


def test_every_widget_by_the_keyboard(lab: Lab, book: Path, open_page: Callable[..., Any]) -> None:
    folder = book.parent
    page, watch = open_page(lab.page(book), width=1400, height=3200, theme="light")
    run_all(page)
    keys = page.keyboard

    # a question that a cell waits for
    out = cell(page, CELLS[LAST][:40])
    focus(page, out.get_by_role("button", name="No", exact=True))
    keys.press("Enter")
    said(folder, page, {"answer": "No"})
    all_ran(page)

    # a window: the box, then the arrow keys
    out = cell(page, CELLS[1][:40])
    focus(page, out.get_by_label("Before"))
    keys.press("Control+a")
    keys.type("7")
    keys.press("Tab")
    said(folder, page, {"times": ["2019-02-10 00:00:00+00:00", "2019-02-19 00:00:00+00:00"]})
    until(page, "document.body.innerText.includes('2019-02-10T00:00:00Z')")
    focus(page, out.get_by_label("Before"))
    keys.press("ArrowUp")
    keys.press("Tab")
    said(folder, page, {"times": ["2019-02-09 00:00:00+00:00", "2019-02-19 00:00:00+00:00"]})

    # an alert: filter, then the list
    out = cell(page, "select = SelectAlert(")
    focus(page, out.get_by_label("Filter"))
    keys.type("WEB1")
    until(page, "[...document.querySelectorAll('select')].some(one => one.options.length === 2)")
    keys.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SELECT"
    keys.press("ArrowDown")
    said(folder, page, {"alert": "a2"})
    until(page, "document.body.innerText.includes('alert id')")
    focus(page, out.get_by_label("Filter"))
    keys.press("Control+a")
    keys.type("img")
    said(folder, page, {"alert": "a3"})  # hostile text stays text: watched below

    # the graph: a node of the list, then the button
    out = cell(page, "graph = EntityGraphBrowser(")
    focus(page, out.locator("select").first)
    keys.press("ArrowDown")
    said(folder, page, {"node": "host:web1"})
    focus(page, out.get_by_role("button", name="Expand", exact=True))
    keys.press("Space")
    out.get_by_role("status").filter(has_text="1 new node").first.wait_for(timeout=PATIENCE_MS)

    # a picture in a cell of its own, and its table: JupyterLab would choose another cell
    out = cell(page, "display_timeline(alerts")
    focus(page, out.locator(".fs-stage"))
    for told in ("New account", "Odd logon"):
        keys.press("ArrowDown")
        out.locator(".fs-tip").filter(has_text=told).wait_for()
    focus(page, out.get_by_role("button", name="Show as a table"))
    keys.press("Enter")
    focus(page, out.locator(".fs-table").filter(has_text="Odd logon"))
    keys.press("ArrowDown")
    page.wait_for_timeout(300)
    assert out.locator(".fs-table").evaluate("one => one === document.activeElement")

    # a secret
    out = cell(page, "key = GetEnvironmentKey(")
    focus(page, out.get_by_label("Enter the value:"))
    keys.type("s3cret-31415")
    keys.press("Enter")
    said(folder, page, {"key": len("s3cret-31415")})
    until(page, "[...document.querySelectorAll('input[type=password]')].every(one => one.value === '')")

    # two lists
    out = cell(page, "subset = SelectSubset(")
    focus(page, out.locator("select").first)
    keys.press("ArrowDown")
    focus(page, out.get_by_role("button", name="Add", exact=True))
    keys.press("Enter")
    said(folder, page, {"subset": [80]})

    # a number and a text
    out = cell(page, "back = Lookback(")
    focus(page, out.get_by_role("spinbutton").first)
    keys.press("ArrowUp")
    keys.press("Tab")
    said(folder, page, {"back": 5})
    focus(page, out.get_by_label("Host"))
    keys.press("Control+a")
    keys.type("db2")
    said(folder, page, {"text": "db2"})
    assert "75%" in cell(page, CELLS[LAST][:40]).inner_text()

    page.locator(".jp-Notebook").press("Control+s")
    page.wait_for_timeout(2_000)
    text = book.read_text()
    assert "s3cret" not in text and "s3cret" not in lab.log.read_text()
    take_picture(page)
    watch.check()


def take_picture(page: Page) -> None:
    """A picture for the manual, when they are asked for: FLOWSLEUTH_PICTURES=1."""
    if os.environ.get("FLOWSLEUTH_PICTURES") != "1":
        return
    page.set_viewport_size({"width": 1280, "height": 860})
    page.keyboard.press("Escape")
    page.keyboard.press("Control+b")
    cell(page, CELLS[1][:40]).evaluate("one => one.closest('.jp-Cell').scrollIntoView({block: 'start'})")
    page.wait_for_timeout(1_000)
    path = ASSETS / "notebook-widgets.png"
    page.screenshot(path=path)
    assert path.stat().st_size < 300_000
