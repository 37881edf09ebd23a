"""Whatever a log says is shown as text; a viewer sees nothing to write with; errors come with what to do."""

from __future__ import annotations

from tests.browser.conftest import HOSTILE_NAMES, PEOPLE
from tests.browser.steps import queue_ready, side, total


def test_hostile_names_are_text(hostile_case, serve, open_page):
    served = serve(hostile_case)
    page, watch = open_page(f"{served.url}/")
    queue_ready(page)
    seen = page.inner_text(".queue")
    for name in HOSTILE_NAMES:
        assert name in seen, name
    assert page.locator(".queue img, .queue script, .queue [onmouseover]").count() == 0
    for row in page.locator(".queue tbody").all()[:8]:
        row.locator(".q-rank").click()
        page.wait_for_selector(".reasons")
        page.hover(".network canvas >> nth=0")
    page.wait_for_timeout(300)
    assert page.locator(".dock img, .dock script").count() == 0

    # the same words as a comment, a title and a story
    attack = HOSTILE_NAMES[0]
    page.fill("#rate-comment", attack)
    page.click(".rate-button.is-high")
    page.wait_for_selector(".toast")
    side(page, "History")
    page.wait_for_selector(".card .comment")
    assert page.inner_text(".card .comment") == attack
    page.click("nav >> text=Investigation")
    page.click(".list-item >> nth=0")
    page.wait_for_selector(".findings")
    page.fill(".story-editor input", f"{attack} title")
    page.fill(".story-editor textarea", f"{attack}\n\n{HOSTILE_NAMES[3]}")
    page.click(".story-editor button[type=submit]")
    page.click(".toast >> text=Open it")
    page.wait_for_selector(".story h1")
    assert page.inner_text(".story h1") == f"{attack} title"
    assert HOSTILE_NAMES[3] in page.inner_text(".briefing")
    assert page.locator(".story img").count() == 0
    watch.check()


def test_a_hostile_link_is_a_filter_and_no_more(demo_case, serve, open_page):
    served = serve(demo_case)
    for attack in ("%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E", "javascript%3Aalert(1)"):
        page, watch = open_page(f"{served.url}/#/suspicious?f={attack}")
        page.wait_for_selector(".chip")
        page.wait_for_selector(".empty")
        page.goto(f"{served.url}/#/investigate/{attack}")
        page.wait_for_selector(".fault, .empty")
        watch.check()


def test_a_viewer_sees_no_write_control(demo_case, serve, open_page):
    served = serve(demo_case, "--login", people=PEOPLE)
    page, _ = open_page(f"{served.url}/", log_in="vera")
    queue_ready(page)
    before = total(page)
    assert page.locator(".rate-button, .q-check input, #rate-comment").count() == 0
    for key in ("1", "2", "3", "u", "x"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    assert total(page) == before
    assert page.locator(".toast").count() == 0
    for name in ("Suppress", "History", "Rules"):
        side(page, name)
        page.wait_for_timeout(200)
        assert page.locator(".side-body form, .side-body .is-primary, .side-body .danger-zone").count() == 0, name
    page.goto(f"{served.url}/#/investigate/10.0.1.4")
    page.wait_for_selector(".findings")
    assert page.locator(".story-editor").count() == 0
    page.click("[aria-label='vera, viewer']")
    page.click("text=Log out")
    page.wait_for_selector("#password")


def test_an_analyst_logs_in_and_rates(demo_case, serve, open_page):
    served = serve(demo_case, "--login", people=PEOPLE)
    page, _ = open_page(f"{served.url}/", log_in="ana")
    queue_ready(page)
    before = total(page)
    page.keyboard.press("2")
    page.wait_for_selector(".toast:has-text('Rated medium')")
    side(page, "History")
    page.wait_for_selector(".card:has-text('ana')")
    queue_ready(page)
    assert total(page) == before - 1


def test_strangers_see_the_login_page_only(demo_case, serve, open_page):
    served = serve(demo_case, "--login", people=PEOPLE)
    page, _ = open_page(f"{served.url}/")
    page.wait_for_selector("#password")
    assert page.locator(".queue").count() == 0


def test_a_wrong_filter_says_what_is_wrong(demo_case, serve, open_page):
    served = serve(demo_case)
    page, _ = open_page(f"{served.url}/")
    queue_ready(page)
    page.click("#filter-input")
    page.keyboard.type("bytes>lots")
    page.keyboard.press("Enter")
    assert "500kB" in page.inner_text(".filter-fault")
    page.goto(f"{served.url}/#/suspicious?f=src:10.0.0.999")
    page.wait_for_selector(".fault")
    assert page.inner_text(".queue-panel .fault").strip()
