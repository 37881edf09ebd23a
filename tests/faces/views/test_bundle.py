"""The built application in the package: small, whole, of our own files only, and equal to what its sources give."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
STATIC = REPOSITORY / "src" / "flowsleuth" / "faces" / "views" / "static"
WEB = REPOSITORY / "web"
FILES = {"app.html", "app.js", "app.css", "figures.js", "table.js", "icon.svg", "LICENSES.txt"}


def test_the_files_are_there_and_light():
    assert {path.name for path in STATIC.iterdir()} == FILES
    assert all(path.stat().st_size < 2 * 1024 * 1024 for path in STATIC.iterdir())
    first = sum(len(gzip.compress((STATIC / name).read_bytes())) for name in ("app.html", "app.js", "app.css"))
    assert first < 60_000  # what a page needs before it draws a figure


def test_the_page_names_only_our_own_files_and_no_inline_code():
    page = (STATIC / "app.html").read_text(encoding="utf-8")
    assert re.findall(r'(?:src|href)="([^"]+)"', page) == ["/static/icon.svg", "/static/app.css", "/static/app.js"]
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! type=\"module\" src=)", page)


@pytest.mark.parametrize("name", ["app.js", "figures.js", "app.css"])
def test_nothing_is_fetched_from_elsewhere(name):
    text = (STATIC / name).read_text(encoding="utf-8")
    fetched = re.findall(r"""(?:url\(|@import\s+|import\(|from\s*)["']?(https?:)?//[\w.-]+""", text)
    assert not fetched


def test_our_own_code_makes_no_element_of_text():
    """Text of logs is shown as text: no innerHTML, no evaluation, no markup attributes in our sources."""
    banned = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|\beval\(|new Function"
    )
    for source in WEB.glob("src/**/*.ts*"):
        assert not banned.search(source.read_text(encoding="utf-8")), source


def test_every_bundled_work_has_its_licence():
    told = (STATIC / "LICENSES.txt").read_text(encoding="utf-8")
    for work in ("echarts", "zrender", "tslib", "preact", "world-atlas"):
        assert re.search(rf"^{work} \d", told, re.M), work


@pytest.mark.slow
def test_the_bundle_is_what_the_sources_give(tmp_path):
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node is not installed")
    if not (WEB / "node_modules").is_dir():
        if os.environ.get("FLOWSLEUTH_REQUIRE_BROWSER") != "1":
            pytest.skip("web/node_modules is not there: make web")
        subprocess.run(["npm", "ci", "--no-fund", "--no-audit"], cwd=WEB, check=True, timeout=300, capture_output=True)
    subprocess.run(["node", "build.mjs", "--out", str(tmp_path)], cwd=WEB, check=True, timeout=120, capture_output=True)
    for path in sorted(STATIC.iterdir()):
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), f"{path.name}: make web"
