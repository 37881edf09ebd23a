"""Summaries in the browser: found, asked, watched, cancelled, read, downloaded, shared; hostile text stays text."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from tests.browser.conftest import HOSTILE_NAMES, PEOPLE
from tests.browser.steps import drawn, queue_ready, unnamed_controls, until
from tests.browser.test_loop import picture, saved

FIRST, LAST = "2020-04-30T00:00:00Z", "2020-05-01T00:00:00Z"


def found(page, seconds: float = 30.0) -> None:
    """The result is there and drawn."""
    until(page, "document.querySelector('.findings .run-title') !== null", timeout_s=seconds)
    until(page, "document.querySelector('.spinner') === null")


def test_a_summary_by_mouse(demo_case, serve, open_page):
    served = serve(demo_case)
    page, _ = open_page(f"{served.url}/#/notebooklets")
    page.fill("[aria-label='Find a summary']", "phishing")
    until(page, "document.querySelectorAll('.list-pane .list-item').length === 1")
    page.click(".list-item:has-text('URL summary')")
    page.click(".run-form >> text=Help")
    page.wait_for_selector("dialog .notebooklet-help code:has-text('certificates')")
    page.keyboard.press("Escape")

    page.fill(".run-form .is-large", "http://192.168.0.4/webdav/OfficeSupplies.7z")
    page.click(".option:has-text('whois')")
    page.click("text=Parameters")
    page.fill(".run-parameters input[type=number]", "5000")
    page.click("button:has-text('Run')")
    found(page)
    assert "options=requests%2Cnames%2Cflows%2Ccertificates%2Calerts&set.limit=5000" in page.url
    assert page.inner_text(".run-title h2") == "http://192.168.0.4/webdav/OfficeSupplies.7z"
    drawn(page, "#section-request_timeline")
    assert page.locator("#section-requests tbody tr").count() == 28
    page.click("#section-requests th >> text=Status")
    page.fill("#section-requests [type=search]", "207")
    assert page.locator("#section-requests tbody tr").count() == 4
    page.click("summary:has-text('steps done')")
    assert "option whois was not chosen" in page.inner_text(".steps")

    for name, begins in (("HTML", b"<!doctype html"), ("Excel", b"pk"), ("JSON", b"{")):
        with page.expect_download() as download:
            page.click(f".story-actions >> text={name}")
        assert saved(download.value).read_bytes().lower().startswith(begins), name
    with page.expect_download() as download:
        page.click("#section-requests >> text=CSV")
    assert len(Path(download.value.path()).read_text(encoding="utf-8").splitlines()) == 29

    # a reload shows what was kept; a link without its id runs the same again
    kept = page.url
    made = page.inner_text(".run-title p")
    page.reload()
    found(page)
    assert page.inner_text(".run-title p") == made
    shared = kept.partition("&run=")[0]
    assert shared != kept
    other, _ = open_page(shared)
    found(other)
    assert other.locator("#section-requests tbody tr").count() == 28
    assert other.locator("[aria-label='Your recent runs'] .list-item").count() == 2
    other.click("[aria-label='Your recent runs'] .list-item >> nth=1")
    until(other, "url => location.href === url", kept)
    found(other)


def test_a_link_alone_asks_nobody_else(demo_case, serve, open_page):
    """Who opens a colleague's link, or a stranger's, sends nothing to others before they say so."""
    served = serve(demo_case)
    for ending in ("&options=ti", "&set.online=true"):
        page, _ = open_page(f"{served.url}/#/notebooklets/UrlSummary?value=http%3A%2F%2Fa.example%2F{ending}")
        page.wait_for_selector("text=Press Run to begin")
        page.wait_for_timeout(300)
        assert page.locator(".findings, .run-progress, [aria-label='Your recent runs']").count() == 0
        assert "over the network" in page.inner_text(".run-online")


def test_from_a_suspect_and_from_an_investigation(demo_case, serve, open_page):
    served = serve(demo_case)
    page, _ = open_page(f"{served.url}/")
    queue_ready(page)
    source = page.inner_text(".dock-actions button >> nth=0")
    page.click(".dock-actions >> text=Summaries")
    page.click(".summary-menu a >> nth=0")
    until(page, "value => location.hash.includes('value=' + value)", source)
    found(page)
    assert page.inner_text(".run-title h2") == source
    page.goto(f"{served.url}/#/investigate/10.0.1.4?start={quote(FIRST)}&end={quote(LAST)}")
    page.wait_for_selector(".findings .target-head")
    page.click(".target-head >> text=Summaries")
    page.click(".summary-menu a >> nth=0")
    until(page, "location.hash.includes('start=2020-04-30')")
    found(page)
    assert "2020-04-30 00:00 to 2020-05-01 00:00" in page.inner_text(".run-title p")


def test_hostile_names_and_links_are_text(hostile_case, serve, open_page):
    served = serve(hostile_case)
    page, watch = open_page(f"{served.url}/#/notebooklets/HostSummary?value=10.0.0.5")
    until(page, "document.querySelector('.findings, .fault') !== null", timeout_s=30)
    page.goto(f"{served.url}/#/notebooklets/UrlSummary?value=http%3A%2F%2F203.0.113.9%2F%3Fq%3D{quote('<img/src=x>')}")
    found(page)
    assert page.locator(".findings img, .findings script, .findings [onmouseover]").count() == 0
    for attack in HOSTILE_NAMES:
        page.goto(f"{served.url}/#/notebooklets/{quote(attack, safe='')}?value={quote(attack, safe='')}")
        page.wait_for_selector("text=There is no")
        page.goto(f"{served.url}/#/notebooklets/UrlSummary?value={quote(attack, safe='')}&run={quote(attack, safe='')}")
        page.wait_for_selector(".fault")
    watch.check()


def test_a_viewer_runs_what_stays_here(demo_case, serve, open_page):
    served = serve(demo_case, "--login", people=PEOPLE)
    page, _ = open_page(f"{served.url}/#/notebooklets/UrlSummary?value=http%3A%2F%2F192.168.0.4%2F", log_in="vera")
    found(page)
    assert page.get_by_role("checkbox", name="ti", exact=True).is_disabled()
    assert page.locator("[aria-label='Go on']").count() == 0
    assert page.locator("#section-flows tbody tr").count() > 0


def test_the_page_fits_and_every_control_has_a_name(demo_case, serve, open_page):
    served = serve(demo_case)
    for theme, width, height in (("dark", 1280, 800), ("light", 1024, 768)):
        page, _ = open_page(f"{served.url}/#/notebooklets", theme=theme, width=width, height=height)
        page.wait_for_selector(".list-item")
        page.click(".list-item:has-text('URL summary')")
        page.fill(".run-form .is-large", "http://192.168.0.4/webdav/OfficeSupplies.7z")
        page.keyboard.press("Enter")
        found(page)
        drawn(page, "#section-request_timeline")
        assert unnamed_controls(page) == []
        widths = "[document.documentElement, document.querySelector('main')].map(one => one.scrollWidth)"
        assert max(page.evaluate(widths)) <= page.evaluate("innerWidth")


def test_systems_are_chosen_and_shown_on_a_map(demo_case, serve, open_page):
    served = serve(demo_case)
    options = "plot_flows,plot_flow_values,flow_summary,resolve_host,geo_map"
    about = f"value=10.0.1.4&start={quote(FIRST)}&end={quote(LAST)}&options={options}"
    page, watch = open_page(f"{served.url}/#/notebooklets/NetworkFlowSummary?{about}")
    found(page)
    for name in ("plot_flows_by_protocol", "plot_flows_by_direction", "plot_flow_values", "geo_map"):
        drawn(page, f"#section-{name}")
    counted = [
        int(one.replace(",", "")) for one in page.locator("#section-flow_index td:nth-child(5)").all_inner_texts()
    ]
    assert sum(counted) == 178
    picture(page, "web-summary")

    chosen = page.locator(".choice-list input:checked")
    before = chosen.count()
    page.click(".choice-list >> text=none")
    assert page.locator(".follow-up-act button >> nth=0").is_disabled()
    page.click(".choice-list >> text=the suggested")
    assert chosen.count() == before > 0
    page.click(".follow-up-act >> text=Show them on a map")
    drawn(page, "#section-geo_map_selected")
    assert page.locator(".run-contents >> text=Map of selected ASNs").count() == 1
    page.evaluate("document.querySelector(\".follow-up\").scrollIntoView({block: 'center'})")
    picture(page, "web-summary-next")
    watch.check()


def test_a_flow_summary_by_day_light(demo_case, serve, open_page):
    served = serve(demo_case)
    page, _ = open_page(f"{served.url}/#/notebooklets/NetworkFlowSummary?value=10.0.1.4", theme="light")
    found(page)
    drawn(page, "#section-plot_flows_by_protocol")
    title = page.inner_text("#section-plot_flow_values h2")
    page.click(f".run-contents button:text-is('{title}')")
    page.wait_for_timeout(400)
    picture(page, "web-summary-light")
