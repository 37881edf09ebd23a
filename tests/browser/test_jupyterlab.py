"""The analyst's loop in JupyterLab: the notebooks' panels, driven by mouse in a real browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.browser.conftest import write_context
from tests.browser.lab import OUTPUT, PATIENCE_MS, Lab, all_ran, cell, prefer, run_all
from tests.browser.steps import until
from tests.browser.test_loop import ASSETS

import flowsleuth
from flowsleuth.faces.notebook import write_notebooks

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def books(lab: Lab, demo_case: Path, tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Path, Path]:
    """A folder of JupyterLab's with the notebooks of a copy of the demo's workspace, and the workspace."""
    case = Path(shutil.copytree(demo_case, tmp_path / "case"))
    folder = lab.books / request.node.name
    write_notebooks(folder, case)
    return folder, case


def out(page: Page) -> Any:
    """The first panel on the page."""
    return page.locator(OUTPUT).filter(has=page.locator(".jupyter-widgets")).first


def says(page: Page, text: str) -> None:
    out(page).get_by_role("status").filter(has_text=text).first.wait_for(timeout=PATIENCE_MS)


def test_rate_investigate_tell(lab: Lab, books: tuple[Path, Path], open_page: Callable[..., Any]) -> None:
    folder, case = books
    size = {"width": 1400, "height": 2400, "theme": "light"}

    page, _ = open_page(lab.page(folder / "Edge_Investigation.ipynb"), **size)
    run_all(page)
    panel = out(page)
    panel.get_by_role("table").first.wait_for(timeout=PATIENCE_MS)
    assert panel.get_by_role("row").count() > 10
    panel.locator("select").nth(2).select_option(value="10.0.1.4  (20)")
    panel.get_by_role("button", name="Preview", exact=True).click()
    says(page, "This would rate")
    with flowsleuth.open(case) as ws:
        asked = ws.preview(src_ip="10.0.1.4")
        assert f"This would rate {asked.suspects:,} suspects, {asked.flows:,} flows." in panel.inner_text()
    panel.get_by_label("1 high").check()
    panel.get_by_label("Comment").fill("<img src=x onerror=alert(1)>")
    panel.get_by_label("Comment").press("Enter")
    panel.get_by_role("button", name="Rate", exact=True).click()
    says(page, "Rated")
    with flowsleuth.open(case) as ws:
        (rating,) = ws.ratings().table.to_pylist()
        assert (rating["severity"], rating["suspects"]) == (1, asked.suspects)
        assert rating["comment"] == "<img src=x onerror=alert(1)>"
        assert set(ws.queue().rows.table["src_ip"].to_pylist()) == {"10.0.1.6"}

    page, _ = open_page(lab.page(folder / "Threat_Investigation.ipynb"), **size)
    run_all(page)
    panel = out(page)
    panel.locator("select").first.select_option(index=1)
    panel.get_by_role("button", name="Search", exact=True).click()
    says(page, "connections")
    panel.locator("canvas").first.wait_for(timeout=PATIENCE_MS)
    panel.get_by_label("Title").fill("Implant on 10.0.1.4")
    panel.get_by_label("Title").press("Enter")
    panel.get_by_label("Comments").fill("<script>alert(1)</script>")
    panel.get_by_label("Comments").blur()
    panel.get_by_role("button", name="Save", exact=True).click()
    says(page, "is saved")

    page, _ = open_page(lab.page(folder / "Storyboard.ipynb"), **size)
    run_all(page)
    panel = out(page)
    panel.locator("select").first.select_option(index=1)
    panel.get_by_role("heading", name="Implant on 10.0.1.4").wait_for(timeout=PATIENCE_MS)
    panel.locator("canvas").nth(2).wait_for(timeout=PATIENCE_MS)
    assert "<script>alert(1)</script>" in panel.inner_text()
    panel.get_by_role("button", name="Export", exact=True).click()
    says(page, "Written")
    (written,) = (folder / "stories").iterdir()
    assert written.suffix == ".html"
    assert "<script>alert(1)" not in written.read_text()


def picture(page: Page, at: Any, name: str) -> None:
    """A picture for the manual, when they are asked for: FLOWSLEUTH_PICTURES=1."""
    if os.environ.get("FLOWSLEUTH_PICTURES") != "1":
        return
    page.set_viewport_size({"width": 1280, "height": 800})
    page.keyboard.press("Control+b")  # the list of files takes much room
    at.scroll_into_view_if_needed()
    at.evaluate("one => one.closest('.jp-Cell').scrollIntoView({block: 'start'})")
    page.wait_for_timeout(900)
    path = ASSETS / f"{name}.png"
    page.screenshot(path=path)
    assert path.stat().st_size < 300_000, f"{name}: {path.stat().st_size}"
    page.keyboard.press("Control+b")
    page.set_viewport_size({"width": 1400, "height": 2400})


def test_an_address_from_every_side(lab: Lab, books: tuple[Path, Path], open_page: Callable[..., Any]) -> None:
    folder, case = books
    write_context(case / "context")
    page, watch = open_page(
        lab.page(folder / "Entity_Explorer_IP_Address.ipynb"), width=1400, height=2400, theme="light"
    )
    run_all(page)
    all_ran(page)
    assert (
        "10.0.1.4 \u00b7 all time \u00b7 Private \u00b7 Internal" in cell(page, "ip_result.step_table()").inner_text()
    )
    for name in ("az_network_flows_timeline", "outbound_volume_timeline", "relations"):
        cell(page, f'seen(ip_result, "{name}")').locator("canvas").first.wait_for(timeout=PATIENCE_MS)
    assert "nothing is stored in table alert" in cell(page, "ip_result.browse_alerts() if").inner_text()
    cell(page, 'seen(flows, "geo_map")').locator("canvas").first.wait_for(timeout=PATIENCE_MS)
    picture(page, cell(page, 'seen(ip_result, "outbound_volume_timeline")'), "notebook-ip-address")

    # another address, in the box; then the cells below once more
    box = page.get_by_label("IP address").first
    box.fill("192.168.0.4")
    box.press("Enter")
    page.locator(".jp-CodeCell").filter(has_text="summary.list_options()").locator(".cm-content").click()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run Selected Cell and All Below").click()
    page.wait_for_timeout(1_000)
    all_ran(page)
    assert cell(page, "ip_result.step_table()").inner_text().startswith("192.168.0.4")
    watch.check()


def test_the_flows_of_a_host(
    lab: Lab, books: tuple[Path, Path], open_page: Callable[..., Any], request: pytest.FixtureRequest
) -> None:
    folder, case = books
    write_context(case / "context")
    prefer(lab.config, "apputils-extension/themes", theme="JupyterLab Dark")
    request.addfinalizer(lambda: prefer(lab.config, "apputils-extension/themes", theme="JupyterLab Light"))
    page, watch = open_page(lab.page(folder / "Network_Flow_Summary.ipynb"), width=1400, height=2400, theme="dark")
    run_all(page)
    all_ran(page)
    names = ("plot_flows_by_protocol", "plot_flows_by_direction", "plot_flow_values", "geo_map_selected", "geo_map")
    for name in names:
        cell(page, f'seen(result, "{name}")').locator("canvas").first.wait_for(timeout=PATIENCE_MS)
    picture(page, cell(page, 'seen(result, "plot_flows_by_protocol")'), "notebook-flows")

    # what is chosen counts at once
    panel = cell(page, "result.select_asns()")
    assert "1 of 3 chosen" in panel.inner_text()
    panel.get_by_role("button", name="Add all", exact=True).click()
    panel.get_by_role("status").filter(has_text="3 of 3 chosen").wait_for(timeout=PATIENCE_MS)
    page.locator(".jp-CodeCell").filter(has_text="result.data_properties(), result").locator(".cm-content").click()
    page.keyboard.press("End")
    page.keyboard.type(", result.selected_asns")
    page.keyboard.press("Control+Enter")
    until(page, "document.body.innerText.includes(\"['hosting provider', 'servers', 'workstations']\")", timeout_s=30)
    watch.check()


def test_the_demo_from_an_alert_to_the_network(
    lab: Lab, books: tuple[Path, Path], open_page: Callable[..., Any]
) -> None:
    folder, _ = books
    page, watch = open_page(lab.page(folder / "flowsleuth_demo.ipynb"), width=1400, height=2400, theme="light")
    run_all(page)
    all_ran(page)
    for code in ("alerts from", "plot_entity_graph(graph)", "build_and_show_process_tree(processes", "geo_map\n",
                 "Flows by direction", "Allowed flows by protocol", "Flows by autonomous system"):  # fmt: skip
        cell(page, code).locator("canvas, svg").first.wait_for(timeout=PATIENCE_MS)
    picture(page, cell(page, "build_and_show_process_tree(processes"), "notebook-demo")

    # another alert, by its name and the keyboard; the cells below tell of it
    choice = cell(page, "SelectAlert(")
    choice.get_by_role("textbox").first.fill("using Certutil")
    options = choice.get_by_role("option")
    options.filter(has_not_text="ertutil").first.wait_for(state="detached", timeout=PATIENCE_MS)
    options.filter(has_text="Suspicious download using Certutil detected").first.wait_for()
    assert options.count() < 5
    watch.check()
