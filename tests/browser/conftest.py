"""A real server, a real Chromium, and a count of every request that would leave this machine."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from tests.browser.lab import Lab, running_lab

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

REPOSITORY = Path(__file__).resolve().parents[2]
REQUIRED = os.environ.get("FLOWSLEUTH_REQUIRE_BROWSER") == "1"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-default-apps", "--disable-domain-reliability",
)  # fmt: skip
LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "::1"}
PASSWORD = "correct horse battery"
PEOPLE = {"vera": "viewer", "ana": "analyst"}
FAILED = pytest.StashKey[bool]()
LATE = "[anywidget] Failed to initialize model."
"""All that it says is that a widget's module took more than two seconds to come; it is drawn then (anywidget 0.11)."""
HOSTILE_NAMES = (
    "<img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    '"onmouseover="alert(1)',
    "</script><script>alert(1)</script>",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser takes seconds for each of them."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.slow)


@dataclass
class Served:
    """A running server."""

    url: str
    case: Path


@dataclass
class Watch:
    """What happened in a page that should not have."""

    strangers: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def check(self) -> None:
        assert self.strangers == [], "requests that leave loopback"
        assert self.faults == [], "errors of scripts, or of the content security policy"
        assert self.dialogs == [], "text of a log ran as a script"


def missing(what: str) -> None:
    """Skip, or fail where browsers are demanded."""
    if REQUIRED:
        pytest.fail(f"{what} is not installed")
    pytest.skip(f"{what} is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium for one file: Playwright's event loop runs in this thread, and no other test may find it there."""
    if CHROMIUM is None:
        missing("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        missing("playwright")
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield chromium
        chromium.close()
    assert asyncio._get_running_loop() is None


def write_context(folder: Path) -> None:
    """Names and places (made up) of the networks of the exercise that the demo's logs come from."""
    folder.mkdir(exist_ok=True)
    (folder / "networkcontext_1.csv").write_text(
        "address,name\n10.0.0.0/24,servers\n10.0.1.0/24,workstations\n192.168.0.0/24,hosting provider\n",
        encoding="utf-8",
    )
    places = (
        (10, 0, 0, "US", "United States", "New York", 40.71, -74.01, "our data centre"),
        (10, 0, 1, "US", "United States", "Denver", 39.74, -104.99, "our office"),
        (192, 168, 0, "NL", "Netherlands", "Amsterdam", 52.37, 4.9, "hosting provider"),
    )
    lines = []
    for a, b, c, code, country, city, lat, lon, owner in places:
        first = (a << 24) + (b << 16) + (c << 8)
        fields = (first, first + 255, code, country, "", city, lat, lon, owner, "")
        lines.append(",".join(f'"{one}"' for one in fields))
    (folder / "iploc.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def start_server(program: list[str], case: Path, *words: str) -> tuple[subprocess.Popen[str], str]:
    """``flowsleuth serve`` on a free port."""
    command = [*program, "serve", "-w", str(case), "--port", "0", *words]
    ours = os.environ | {"LOGNAME": "ana"}
    server = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=ours)
    assert server.stderr is not None
    said = server.stderr.readline()
    found = re.search(r"https?://[^ ]+/", said)
    assert found, said + server.stderr.read()
    return server, found[0].rstrip("/")


def stop_server(server: subprocess.Popen[str]) -> None:
    server.send_signal(signal.SIGINT)
    try:
        server.wait(120)
    finally:
        server.kill()


@contextmanager
def serving(folder: Path, program: list[str]) -> Iterator[Callable[..., Served]]:
    """Serves copies of workspaces in a folder until the end of the block."""
    running: list[subprocess.Popen[str]] = []

    def go(case: Path, *words: str, people: dict[str, str] | None = None) -> Served:
        copy = Path(shutil.copytree(case, folder / "apt29-day1"))
        write_context(copy / "context")
        if people:
            import flowsleuth
            from flowsleuth.workspace.accounts import Accounts

            with flowsleuth.open(copy) as ws:
                for name, role in people.items():
                    Accounts(ws.case).add(name, PASSWORD, role, by="test")
        server, url = start_server(program, copy, *words)
        running.append(server)
        return Served(url, copy)

    try:
        yield go
    finally:
        for server in running:
            stop_server(server)


@pytest.fixture
def serve(tmp_path: Path, ready_python: list[str]) -> Iterator[Callable[..., Served]]:
    """Serves a copy of a workspace, so that tests do not see each other's work."""
    with serving(tmp_path, ready_python) as go:
        yield go


@pytest.fixture(scope="session")
def hostile_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Flows whose server names are attacks on whoever shows them."""
    import flowsleuth

    folder = tmp_path_factory.mktemp("hostile")
    rows = [
        f"{1_700_000_000 + i * 7},10.0.0.{5 + i % 9},{40_000 + i},198.51.100.7,443,tcp,{900 + i},www.example.org"
        for i in range(200)
    ]
    for i, name in enumerate(HOSTILE_NAMES):
        quoted = '"' + name.replace('"', '""') + '"'
        rows.append(
            f"{1_700_000_500 + i},10.0.0.{5 + i},5{i}000,203.0.113.{9 + i},{4444 + i},tcp,{3_100_000 + i},{quoted}"
        )
    (folder / "flows.csv").write_text("when,a,ap,b,bp,proto,sent,name\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (folder / "flows.toml").write_text(
        '[flow]\nstart = { column = "when", unit = "s" }\nsrc_ip = "a"\nsrc_port = "ap"\ndst_ip = "b"\n'
        'dst_port = "bp"\nproto = "proto"\nsrc_bytes = "sent"\nserver_name = "name"\n',
        encoding="utf-8",
    )
    with flowsleuth.open(folder / "case", create=True) as ws:
        ws.ingest(folder / "flows.csv", reader="table", options={"mapping": str(folder / "flows.toml")})
        ws.score()
    return folder / "case"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One JupyterLab for a file."""
    pytest.importorskip("jupyterlab")
    with running_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture
def lab(running: Lab) -> Iterator[Lab]:
    """JupyterLab; every test has a folder and kernels of its own."""
    yield running
    running.stop_kernels()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Pages of a test know how it went."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture
def open_page(
    browser: Browser, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[..., tuple[Page, Watch]]]:
    """Opens pages; at the end none of them may have done anything wrong. A failed test leaves pictures of them."""
    opened: list[tuple[Any, Watch]] = []

    def go(
        url: str, *, width: int = 1280, height: int = 800, theme: str = "dark", touch: bool = False, log_in: str = ""
    ) -> tuple[Page, Watch]:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,
            has_touch=touch,
            reduced_motion="reduce",
            accept_downloads=True,
        )  # type: ignore[arg-type]
        watch = Watch()
        page = context.new_page()
        page.set_default_timeout(15_000)
        context.on("request", lambda request: outside(request.url) and watch.strangers.append(request.url))
        page.on(
            "pageerror", lambda error: is_wrong(error) and watch.faults.append(f"{error} {(error.stack or '')[:600]}")
        )
        page.on("console", lambda message: is_fault(message) and watch.faults.append(message.text))
        page.on("dialog", lambda dialog: (watch.dialogs.append(dialog.message), dialog.dismiss()))
        opened.append((context, watch))
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        if log_in:
            page.goto(f"{origin}/login")
            page.fill("#name", log_in)
            page.fill("#password", PASSWORD)
            page.click("button[type=submit]")
            page.wait_for_selector(".topbar")
        page.goto(url)
        return page, watch

    yield go
    for at, (context, watch) in enumerate(opened):
        if request.node.stash.get(FAILED, False):
            for page in context.pages:
                page.screenshot(path=tmp_path / f"page-{at}.png")
                print(f"{page.url} looked like {tmp_path}/page-{at}.png; {watch}")
        context.close()
    for _, watch in opened:
        watch.check()


def outside(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https", "ws", "wss") and (parts.hostname or "") not in LOOPBACK


def is_wrong(error: Any) -> bool:
    """Errors that nobody caught; not what a slow machine is told."""
    return LATE not in str(error)


def is_fault(message: Any) -> bool:
    """Errors of scripts and policy; a refused answer (4xx) is told by the page itself."""
    return message.type == "error" and "Failed to load resource" not in message.text
