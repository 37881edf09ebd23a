"""Leads and a host's page in a browser: ranked, explained, rated, and safe whatever their texts say."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.browser.steps import unnamed_controls, until
from tests.browser.test_loop import picture
from tests.leads.conftest import FOURTH
from tests.leads.conftest import scored_office as scored_office  # noqa: PLC0414
from tests.leads.hostile import HOSTILE, make_hostile


def ready(page) -> None:
    page.wait_for_selector(".leads-table tbody")
    page.wait_for_selector(".lead-findings .card")


def test_leads_are_read_rated_and_undone(scored_office, serve, open_page):
    served = serve(scored_office)
    page, watch = open_page(f"{served.url}/#/leads")
    ready(page)
    assert page.inner_text(".leads-table .address") == "10.0.0.9"
    assert "20,000 connections, one every 4 s" in page.inner_text(".leads-table .reason >> nth=0")
    assert "office.log:23941" in page.inner_text(".lead-findings .card >> nth=0")
    page.click("button:has-text('Pairs')")
    until(page, "location.hash.includes('by=pair')")
    until(page, "(document.querySelector('.leads-table .lead-peer')?.textContent ?? '') !== ''")
    assert page.inner_text(".leads-table .lead-peer >> nth=0") == "far.example (203.0.113.9)"
    ready(page)
    picture(page, "web-leads")
    before = page.inner_text(".pager strong")
    page.fill("#lead-filter", "203.0.113.10")
    page.press("#lead-filter", "Enter")
    until(page, "document.querySelector('.pager strong').textContent === '1'")
    assert page.inner_text(".leads-table .lead-peer") == "near.example (203.0.113.10)"
    page.click("button[aria-label='Clear the filter']")
    until(page, "n => document.querySelector('.pager strong').textContent === n", before)
    ready(page)
    page.click(".lead-buttons button:has-text('Low')")
    until(page, "n => Number(document.querySelector('.pager strong').textContent) === n - 1", int(before))
    assert "1 rated low or suppressed" in page.inner_text(".pager")
    page.click(".toast button:has-text('Undo')")
    until(page, "n => document.querySelector('.pager strong').textContent === n", before)
    assert unnamed_controls(page) == []
    watch.check()


def test_pairs_fit_beside_what_is_behind_them(scored_office, serve, open_page):
    page, watch = open_page(f"{serve(scored_office).url}/#/leads?by=pair")
    ready(page)
    for width in (1500, 1280, 1100):
        page.set_viewport_size({"width": width, "height": 800})
        until(
            page,
            "(({clientWidth, scrollWidth}) => scrollWidth <= clientWidth)(document.querySelector('.queue-scroll'))",
        )
    watch.check()


def test_a_hosts_page(scored_office, serve, open_page):
    served = serve(scored_office)
    page, watch = open_page(f"{served.url}/#/leads")
    ready(page)
    page.click(".leads-table .address:has-text('10.0.0.7')")
    page.wait_for_selector(".host-page .tiles")
    titles = page.locator(".host-page section h2").all_inner_texts()
    assert titles == [
        "Score history", "By day", "Findings", "Its pairs as leads", "Its suspects", "Timeline", "Who sent how much",
        "Peers", "Raw flows",
    ]  # fmt: skip
    page.wait_for_selector("section[aria-label='Score history'] canvas, section[aria-label='Score history'] svg")
    assert "strobes" in page.inner_text("section[aria-label='Findings']")
    assert "office.log:" in page.inner_text("section[aria-label='Raw flows']")
    picture(page, "web-host")
    page.click("section[aria-label='Peers'] tbody tr >> nth=0")
    until(page, "location.hash === '#/host/203.0.113.9'")
    page.wait_for_selector(".host-page h1:has-text('203.0.113.9')")
    assert unnamed_controls(page) == []
    watch.check()


@pytest.mark.parametrize("where", ["leads?by=pair", "host/10.0.0.9"])
def test_hostile_texts_are_text(scored_office, serve, open_page, tmp_path, where):
    case = Path(shutil.copytree(scored_office, tmp_path / "hostile"))
    make_hostile(case, FOURTH)
    page, watch = open_page(f"{serve(case).url}/#/{where}")
    page.wait_for_selector(".lead-findings .card, .host-page .tiles", timeout=60_000)
    assert HOSTILE in page.inner_text("main")
    assert page.locator("img[src=x]").count() == 0
    watch.check()
