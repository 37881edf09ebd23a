"""Every kind of display as a section of a story, on the page of the application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.browser.steps import drawn
from tests.browser.test_display_files import EVIL, every_display

import flowsleuth
from flowsleuth.investigate.dossier import Dossier, Section
from flowsleuth.store.case import now


@pytest.fixture
def story(hostile_case: Path, serve: Callable[..., Any]) -> tuple[str, list[Section]]:
    """Where the story is, and its sections."""
    served = serve(hostile_case)
    sections = [replace(shown.section, id=name.replace(" ", "_")) for name, shown in every_display().items()]
    dossier = Dossier("Displays", "?", sections=tuple(sections))
    row = {"target": "10.0.0.5", "start": None, "end": None, "title": EVIL, "text": EVIL, "analyst": "ana"}
    with flowsleuth.open(served.case) as ws, ws.case.transaction("ana") as writing:
        number = writing.insert("story", row | {"dossier": dossier.to_dict(), "made": now()})
    return f"{served.url}/#/story/{number}", sections


def test_every_display_is_drawn_in_the_application(story, open_page):
    url, sections = story
    for theme in ("dark", "light"):
        page, _ = open_page(url, height=5000, theme=theme)
        page.wait_for_selector(".story-grid .fs-stage")
        drawn(page, ".story-grid", len(sections))
        for section in sections:
            place = page.locator(f".story-grid .fs-figure[data-kind={section.figure}]").first
            assert place.locator(".fs-stage").get_attribute("aria-label"), section.id
        labels = page.evaluate("[...document.querySelectorAll('.story-grid section')].map(one => one.ariaLabel)")
        assert labels == [section.title for section in sections]
        assert page.locator("main img, .story-grid .absent").count() == 0


def test_marks_of_every_display_are_walked_and_told_in_the_application(story, open_page):
    url, sections = story
    page, _ = open_page(url, height=5000)
    page.wait_for_selector(".story-grid .fs-stage")
    drawn(page, ".story-grid", len(sections))
    figures = page.locator(".story-grid .fs-figure")
    for number, section in enumerate(sections):
        figure = figures.nth(number)
        figure.locator(".fs-stage").focus()
        page.keyboard.press("ArrowDown")
        figure.locator(".fs-tip").first.wait_for()
        assert figure.locator(".fs-tip strong").first.inner_text(), section.id
        figure.get_by_role("button", name="Show as a table").click()
        assert figure.locator(".fs-table tbody tr").count() > 0, section.id
    assert page.locator("main img").count() == 0
