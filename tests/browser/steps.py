"""What a person does on the pages, and what they see."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page


def until(page: Page, expression: str, arg: Any = None, timeout_s: float = 15.0) -> None:
    """Wait for an expression to hold. (Playwright's own wait evaluates text in the page, which our policy forbids.)"""
    deadline = time.monotonic() + timeout_s
    while not page.evaluate(expression, arg):
        assert time.monotonic() < deadline, f"did not come: {expression} {arg!r}"
        page.wait_for_timeout(50)


def queue_ready(page: Page) -> None:
    """The queue is there and is not about to change."""
    page.wait_for_selector(".queue tbody")
    until(page, "document.querySelector('.queue-scroll')?.getAttribute('aria-busy') === 'false'")


def total(page: Page) -> int:
    """Suspects that fit the filter."""
    return int(page.inner_text(".pager strong").replace(",", ""))


def suspects(page: Page) -> list[str]:
    """Ids of the rows on the page."""
    return [str(row.get_attribute("data-suspect")) for row in page.query_selector_all(".queue tbody")]


def cursor(page: Page) -> str:
    """The suspect under the cursor."""
    return str(page.get_attribute(".queue tbody.is-cursor", "data-suspect"))


def total_becomes(page: Page, number: int) -> None:
    until(page, "n => document.querySelector('.pager strong')?.textContent.replaceAll(',', '') === String(n)", number)
    queue_ready(page)


def filter_by(page: Page, words: str) -> None:
    """Type into the filter bar."""
    page.click("#filter-input")
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.wait_for_timeout(150)
    queue_ready(page)


def side(page: Page, name: str) -> None:
    """Open a tab beside the queue."""
    page.get_by_role("tab", name=name).click()


DRAWN = """([within, many]) => [...document.querySelectorAll(`${within} canvas`)].filter(canvas => {
    const {width, height} = canvas;
    if (!width || !height) return false;
    const data = canvas.getContext('2d').getImageData(0, 0, width, height).data;
    let painted = 0;
    for (let i = 3; i < data.length; i += 4) if (data[i]) painted += 1;
    return painted > 200;
}).length >= many"""


def drawn(page: Page, within: str, many: int = 1) -> None:
    """Wait until so many figures have painted something."""
    until(page, DRAWN, [within, many])


UNNAMED = (Path(__file__).parent / "unnamed.js").read_text(encoding="utf-8")


def unnamed_controls(page: Page) -> list[str]:
    """Controls that a screen reader could not name."""
    found: list[Any] = page.evaluate(UNNAMED)
    return [str(one) for one in found]
