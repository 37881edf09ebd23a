"""The whole loop on the demo's logs, as a person walks it; the pictures of the manual are made on the way."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.browser.steps import (
    cursor,
    drawn,
    filter_by,
    queue_ready,
    side,
    suspects,
    total,
    total_becomes,
    unnamed_controls,
    until,
)

if TYPE_CHECKING:
    from playwright.sync_api import Download, Page

ASSETS = Path(__file__).resolve().parents[2] / "docs" / "assets"
TITLE = "Implant on 10.0.1.4 spreads to 10.0.1.6"
TEXT = (
    "A script that came by mail opened port 1234 to 192.168.0.5 at 00:08 and fetched a second stage over TLS.\n\n"
    "From 00:33 on it moved to 10.0.1.6 by WinRM and SMB. Isolate both hosts; block 192.168.0.4 and 192.168.0.5."
)


def picture(page: Page, name: str, *, closes: bool = True) -> None:
    """A picture for the manual, when they are asked for: FLOWSLEUTH_PICTURES=1."""
    if os.environ.get("FLOWSLEUTH_PICTURES") != "1":
        return
    while closes and page.locator(".toast").count():
        page.locator(".toast .icon-button").first.click()
    page.wait_for_timeout(700)
    path = ASSETS / f"{name}.png"
    page.screenshot(path=path)
    assert path.stat().st_size < 300_000, f"{name}: {path.stat().st_size}"


def saved(download: Download) -> Path:
    path = Path(download.path())
    assert path.stat().st_size > 0
    return path


def test_by_mouse(demo_case, serve, open_page):
    served = serve(demo_case)
    page, watch = open_page(f"{served.url}/")
    queue_ready(page)
    everything = total(page)
    assert everything > 20
    drawn(page, ".network")
    assert "%" in page.inner_text(".reasons")
    picture(page, "web-suspicious")

    # the lists narrow the queue and one another, and the address bar tells it
    page.click(".facet li button:has-text('10.0.1.4')")
    until(page, "location.hash.includes('src')")
    queue_ready(page)
    until(page, "n => Number(document.querySelector('.pager strong').textContent) < n", everything)
    narrowed = total(page)
    filter_by(page, "port:400-500 bytes>1kB")
    assert 0 < total(page) < narrowed
    shared = page.url
    page.click("[aria-label='Clear the filter']")
    total_becomes(page, everything)

    # a shared link shows the same
    other, _ = open_page(shared)
    queue_ready(other)
    assert other.locator(".chip").count() == 3
    assert 0 < total(other) < narrowed

    # four fields: what would be rated is told before it is
    page.click("text=Four fields")
    said = page.locator(".rate-says strong")
    said.first.wait_for()
    promised = int(said.first.inner_text())
    page.fill("#rate-comment", "to an address nobody else talks to")
    page.click(".rate-button.is-high")
    total_becomes(page, everything - promised)
    assert f"Rated high: {promised}" in page.inner_text(".toast")

    # taken back from the message, and made again
    page.click(".toast >> text=Undo")
    total_becomes(page, everything)
    page.click(".rate-button.is-high")
    total_becomes(page, everything - promised)

    # a rule, with its preview
    side(page, "Rules")
    page.click("text=New rule")
    page.fill("[aria-label=Value]", "445")
    page.fill("dialog .field input >> nth=0", "smb")
    matches = page.locator("dialog .preview strong").first
    matches.wait_for()
    hits = int(matches.inner_text())
    assert hits > 0
    picture(page, "web-rule", closes=False)
    page.click("dialog >> text=Save and apply")
    page.wait_for_selector(".card:has-text('smb')")
    queue_ready(page)
    after_rule = total(page)
    assert everything - promised - hits <= after_rule < everything - promised

    # a suppression, in force at once, and lifted
    side(page, "Suppress")
    page.fill(".suppress-form .field:has-text('Value') input", "10.0.1.255")
    page.fill(".suppress-form .field:has-text('Reason') input", "broadcasts")
    page.wait_for_selector(".rate-says:has-text('Would hide')")
    page.click(".suppress-form button[type=submit]")
    page.wait_for_selector(".card:has-text('10.0.1.255')")
    until(page, "n => Number(document.querySelector('.pager strong').textContent) < n", after_rule)
    page.click(".card:has-text('10.0.1.255') >> text=Lift")
    total_becomes(page, after_rule)

    # everything that was done is in the history
    side(page, "History")
    page.wait_for_selector(".card.is-undone")
    assert page.locator(".card").count() >= 3

    # what is filtered leaves as a file
    page.click("[aria-label='Export what is filtered']")
    with page.expect_download() as csv:
        page.click("text=CSV,")
    assert "suspect_id" in saved(csv.value).read_text(encoding="utf-8").splitlines()[0]

    investigate(page)
    watch.check()


def investigate(page: Page) -> None:
    """From the addresses rated high to a saved story and its files."""
    page.click("nav >> text=Investigation")
    page.click(".list-item:has-text('10.0.1.4')")
    page.wait_for_selector(".findings canvas")
    page.wait_for_timeout(400)
    drawn(page, ".findings")
    assert page.locator(".top-grid .block").count() == 4
    assert "10.0.1.4" not in page.locator("[aria-label=Peers] tbody tr td:first-child").all_inner_texts()
    page.fill(".story-editor input", TITLE)
    page.fill(".story-editor textarea", TEXT)
    picture(page, "web-investigation")
    page.click(".story-editor button[type=submit]")
    page.wait_for_selector(".toast:has-text('saved')")
    page.click(".toast >> text=Open it")

    page.wait_for_selector(".story-grid canvas")
    page.wait_for_timeout(400)
    assert page.inner_text(".story h1") == TITLE
    drawn(page, ".story-grid", 3)
    picture(page, "web-storyboard")
    page.evaluate("document.querySelector('[aria-label=\"Geographic view\"]').scrollIntoView({block: 'center'})")
    drawn(page, "[aria-label='Geographic view']")
    picture(page, "web-map")
    for name in ("HTML", "PDF", "Spot JSON", "Spot CSV"):
        with page.expect_download() as download:
            page.click(f".story-actions >> text={name}")
        file = saved(download.value)
        if name == "HTML":
            assert TITLE in file.read_text(encoding="utf-8")
        elif name == "PDF":
            assert file.read_bytes().startswith(b"%PDF")
        else:
            with zipfile.ZipFile(file) as archive:
                names = archive.namelist()
                assert len(names) >= 2
                if name == "Spot JSON":
                    json.loads(archive.read(names[0]))

    page.click("nav >> text=Ingest")
    page.wait_for_selector(".ingest canvas")
    page.wait_for_timeout(400)
    drawn(page, ".ingest")
    page.wait_for_selector("section[aria-label='Blind spots'] article >> text=what to do")
    picture(page, "web-ingest")


def test_by_keyboard(demo_case, serve, open_page):
    """Triage without the mouse: next, previous, rate, undo, select, filter, help."""
    served = serve(demo_case)
    page, _ = open_page(f"{served.url}/", theme="light")
    queue_ready(page)
    everything, order = total(page), suspects(page)
    assert cursor(page) == order[0]
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    assert cursor(page) == order[2]
    page.keyboard.press("k")
    assert cursor(page) == order[1]

    page.keyboard.press("1")
    total_becomes(page, everything - 1)
    assert cursor(page) != order[1]
    assert order[1] not in suspects(page)
    page.keyboard.press("u")
    total_becomes(page, everything)

    page.keyboard.press("Home")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("3")
    total_becomes(page, everything - 2)
    page.keyboard.press("u")
    total_becomes(page, everything)
    page.keyboard.press("2")
    total_becomes(page, everything - 1)
    page.wait_for_selector(".reasons")
    picture(page, "web-light")

    page.keyboard.press("/")
    page.keyboard.type("port:443")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.wait_for_selector(".chip")
    queue_ready(page)
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open] kbd")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog[open]", state="detached")
    page.keyboard.press("Enter")
    until(page, "location.hash.startsWith('#/investigate/')")
    page.wait_for_selector(".findings")


def test_a_rating_moves_its_neighbours_and_says_so(demo_case, serve, open_page):
    served = serve(demo_case)
    page, _ = open_page(f"{served.url}/")
    queue_ready(page)
    for key in ("1", "1", "3"):
        before = total(page)
        page.keyboard.press(key)
        total_becomes(page, before - 1)
    page.wait_for_selector(".tag:has-text('taught')")
    moved = page.locator(".moved.is-up, .moved.is-down")
    assert moved.count() > 0
    assert any("rated" in (moved.nth(i).get_attribute("title") or "") for i in range(moved.count()))
    picture(page, "web-taught")


def test_hover_and_click_link_the_frames(demo_case, serve, open_page):
    served = serve(demo_case)
    page, _ = open_page(f"{served.url}/")
    queue_ready(page)
    page.click("role=tab[name='Pair and minute']")
    page.wait_for_selector(".dock tbody tr")
    page.click("role=tab[name^='Chord of']")
    page.wait_for_selector(".dock canvas")
    page.wait_for_timeout(300)
    drawn(page, ".dock")
    picture(page, "web-chord")
    # each figure has its facts as a table
    page.hover(".dock .fs-figure")
    page.click(".dock .fs-tool:has-text('Table')")
    assert "Bytes sent" in page.inner_text(".dock .fs-table")
    page.click("[aria-label='Enlarge the network view']")
    page.wait_for_selector("dialog canvas")
    page.keyboard.press("Escape")


def test_resetting_a_day_asks_first_and_can_be_restored(demo_case, serve, open_page):
    served = serve(demo_case)
    page, _ = open_page(f"{served.url}/")
    queue_ready(page)
    everything = total(page)
    page.keyboard.press("1")
    total_becomes(page, everything - 1)
    side(page, "History")
    page.click("text=Reset a day")
    page.click("button:has-text('Reset 2020-04-30')")
    page.click("dialog >> text=Cancel")
    assert total(page) == everything - 1
    page.click("button:has-text('Reset 2020-04-30')")
    page.click("dialog >> text=Reset the day")
    total_becomes(page, everything)
    page.click(".toast >> text=Restore")
    total_becomes(page, everything - 1)


@pytest.mark.parametrize(
    ("theme", "width", "height", "touch"),
    [("dark", 1280, 800, False), ("light", 1024, 768, True)],
    ids=["desk", "tablet"],
)
def test_every_page_fits_and_every_control_has_a_name(demo_case, serve, open_page, theme, width, height, touch):
    served = serve(demo_case)
    page, _ = open_page(f"{served.url}/", theme=theme, width=width, height=height, touch=touch)
    queue_ready(page)
    for at in ("#/suspicious", "#/investigate/10.0.1.4", "#/story", "#/ingest"):
        page.evaluate("hash => { location.hash = hash }", at)
        until(page, "document.querySelector('.spinner') === null && document.querySelector('main').children.length > 0")
        page.wait_for_timeout(300)
        assert unnamed_controls(page) == [], at
        widths = "[document.documentElement, document.querySelector('main')].map(one => one.scrollWidth)"
        assert max(page.evaluate(widths)) <= page.evaluate("innerWidth"), at
        if at == "#/suspicious":
            side(page, "Suppress")
            side(page, "Checks")
            assert unnamed_controls(page) == []


def test_scoring_can_be_begun_from_an_empty_queue(tmp_path, serve, open_page):
    import flowsleuth

    with flowsleuth.open(tmp_path / "fresh", create=True) as ws:
        ws.ingest(Path(__file__).resolve().parents[2] / "demo" / "logs")
    served = serve(tmp_path / "fresh")
    page, _ = open_page(f"{served.url}/")
    page.click("text=Score them now")
    queue_ready(page)
    assert total(page) > 20


def test_a_server_that_is_gone_is_told_kindly(demo_case, serve, open_page):
    served = serve(demo_case)
    page, watch = open_page(f"{served.url}/")
    queue_ready(page)
    page.context.set_offline(True)
    page.keyboard.press("1")
    page.wait_for_selector(".toast.is-bad")
    assert "does not answer" in page.inner_text(".toast.is-bad")
    page.context.set_offline(False)
    watch.faults.clear()
