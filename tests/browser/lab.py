"""JupyterLab on loopback, and what a person does in it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.browser.steps import until

if TYPE_CHECKING:
    from playwright.sync_api import Page

PATIENCE_MS = 90_000
OUTPUT = ".jp-OutputArea"


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: its notebooks are in folders of `books`, what it says is in `log`."""

    url: str
    books: Path
    config: Path
    log: Path

    def page(self, notebook: Path) -> str:
        """Where a notebook is opened, without what was open before."""
        return f"{self.url}/lab/tree/{notebook.relative_to(self.books).as_posix()}?token=test&reset"

    def stop_kernels(self) -> None:
        """What notebooks that were closed still run."""
        headers = {"Authorization": "token test"}
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/api/kernels", headers=headers)) as answer:
            kernels = [one["id"] for one in json.load(answer)]
        for kernel in kernels:
            one = urllib.request.Request(f"{self.url}/api/kernels/{kernel}", headers=headers, method="DELETE")
            urllib.request.urlopen(one).close()


@contextmanager
def running_lab(folder: Path) -> Iterator[Lab]:
    """JupyterLab with settings of its own, until the end of the block."""
    lab = Lab(f"http://127.0.0.1:{_free_port()}", folder / "books", folder / "CONFIG", folder / "lab.log")
    lab.books.mkdir()
    prefer(lab.config, "notebook-extension/tracker", windowingMode="none")  # cells out of sight stay there
    prefer(lab.config, "apputils-extension/notification", fetchNews="false")
    own = {f"JUPYTER_{what}_DIR": str(folder / what) for what in ("CONFIG", "DATA", "RUNTIME")}
    settings = [
        "--allow-root", "--no-browser", "--ip=127.0.0.1", f"--port={lab.url.rpartition(':')[2]}",
        "--IdentityProvider.token=test", f"--notebook-dir={lab.books}", "--LabApp.news_url=None",
        "--LabApp.extension_manager=readonly", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    with lab.log.open("w") as log:
        command = [sys.executable, "-m", "jupyterlab", *settings]
        server = subprocess.Popen(command, env=os.environ | own, stdout=log, stderr=log)
        try:
            _wait_for(f"{lab.url}/api?token=test", server)
            yield lab
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(30)
            finally:
                server.kill()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def prefer(config: Path, plugin: str, **settings: str) -> None:
    """A user's settings of JupyterLab; they hold for pages opened from now on."""
    file = config / "lab" / "user-settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(settings), encoding="utf-8")


def _wait_for(url: str, server: subprocess.Popen[bytes], patience_s: float = 90.0) -> None:
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        assert server.poll() is None, "JupyterLab stopped"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                assert answer.status == 200
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail("JupyterLab did not start")


def run_all(page: Page) -> None:
    """Run every cell."""
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=PATIENCE_MS)
    page.get_by_text("| Idle").first.wait_for(timeout=PATIENCE_MS)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_timeout(1_000)
    for answer in page.locator(".jp-Dialog").get_by_role("button", name="Select", exact=True).all():
        answer.click()  # a kernel that is not ready yet is asked for


def all_ran(page: Page) -> None:
    """Every code cell has run, and none ended in an error."""
    prompts = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(one => one.textContent.trim())"
    until(page, f"{prompts}.every(text => /^\\[\\d+\\]:$/.test(text))", timeout_s=120)
    assert page.locator("[data-mime-type='application/vnd.jupyter.stderr'], .jp-RenderedText .ansi-red-fg").count() == 0


def cell(page: Page, code: str) -> Any:
    """The output of the cell with some code."""
    return page.locator(".jp-CodeCell").filter(has_text=code).last.locator(OUTPUT).first
