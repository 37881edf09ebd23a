"""What the manual says is tested: every command and every Python example of README and docs runs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = sorted([REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *REPOSITORY.glob("docs/**/*.md")])
FENCE = re.compile(r"(<!-- needs: (?P<needs>\w+) -->\n)?```(?P<kind>sh|python)\n(?P<body>.*?)```", re.S)
FIRST = re.compile(r"(?:flowsleuth (?:init|ingest|score)\b[^\n|>;&\\]*\n)+")
"""What pages begin with."""
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)(#[^)]*)?\)")


def blocks(page: Path) -> list[re.Match[str]]:
    return list(FENCE.finditer(page.read_text(encoding="utf-8")))


Run = Callable[[Path, str, str, Path], None]
"""Runs a page's block, of a kind, in a folder."""


def run_page(page: Path, folder: Path, run_block: Run, first: Callable[[str], Path]) -> None:
    """Run a page's blocks in order, in a folder that has the demo's logs in ``logs/``.

    Many pages begin with the same commands: `first` gives a folder in which they ran, which is copied.
    """
    is_begun = False
    for block in blocks(page):
        if block["needs"]:
            continue
        body = block["body"]
        if not is_begun:
            begin = FIRST.match(body) if block["kind"] == "sh" else None
            shutil.copytree(first(begin[0] if begin else ""), folder, dirs_exist_ok=True)
            body = body[begin.end() :] if begin else body
            is_begun = True
        run_block(page, block["kind"], body, folder)


@pytest.fixture(scope="module")
def run_block(ready_python: list[str], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Commands start without the time that imports take; further below are some that start as users start them."""
    programs = tmp_path_factory.mktemp("programs")
    (programs / "flowsleuth").write_text(f'#!/bin/sh\nexec {shlex.join(ready_python)} "$@"\n', encoding="utf-8")
    (programs / "flowsleuth").chmod(0o755)

    def run(page: Path, kind: str, body: str, folder: Path) -> None:
        run_line(page, ["sh", "-eu", "-c", body] if kind == "sh" else [*ready_python, "-c", body], folder, programs)

    return run


def run_line(page: Path, line: list[str], folder: Path, *programs: Path) -> None:
    path = os.pathsep.join(map(str, [*programs, Path(sys.executable).parent, os.environ["PATH"]]))
    done = subprocess.run(
        line, check=False, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"{page.name}: {line[-1]}\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="module")
def first(run_block: Run, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A folder with the demo's logs in which some commands ran, once for all pages that begin with them."""
    known: dict[str, Path] = {}

    def ran(commands: str) -> Path:
        if commands not in known:
            folder = tmp_path_factory.mktemp("first")
            shutil.copytree(REPOSITORY / "demo" / "logs", folder / "logs")
            run_block(Path("first"), "sh", commands, folder)
            known[commands] = folder
        return known[commands]

    return ran


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p)], ids=lambda p: p.name)
def test_every_command_runs(page, tmp_path, run_block, first):
    run_page(page, tmp_path, run_block, first)


@pytest.mark.slow
def test_commands_of_a_page_run_as_installed_too(tmp_path):
    """As above, of the first page, but each command a new process, as a user's is."""
    shutil.copytree(REPOSITORY / "demo" / "logs", tmp_path / "logs")
    page = REPOSITORY / "README.md"
    for block in blocks(page):
        if not block["needs"]:
            line = ["sh", "-eu", "-c"] if block["kind"] == "sh" else [sys.executable, "-c"]
            run_line(page, [*line, block["body"]], tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_link_leads_somewhere(page):
    for match in LINK.finditer(page.read_text(encoding="utf-8")):
        assert (page.parent / match[1]).exists(), match[1]


def test_the_commands_shown_are_runnable_blocks():
    """A block that shows a flowsleuth command is marked as shell, so it is run above (output and plain text aside)."""
    for page in PAGES:
        for kind, body in re.findall(r"```(\w*)\n(.*?)```", page.read_text(encoding="utf-8"), re.S):
            if kind not in ("sh", "python"):
                assert not re.search(r"^\s*flowsleuth (init|ingest|score|suspects|explain|info)", body, re.M), page
