"""What the manual says is tested: every command and every Python example of README and docs runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = sorted([REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *REPOSITORY.glob("docs/**/*.md")])
FENCE = re.compile(r"(<!-- needs: (?P<needs>\w+) -->\n)?```(?P<kind>sh|python)\n(?P<body>.*?)```", re.S)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)(#[^)]*)?\)")


def blocks(page: Path) -> list[re.Match[str]]:
    return list(FENCE.finditer(page.read_text(encoding="utf-8")))


def run_page(page: Path, folder: Path, replace: dict[str, str] | None = None) -> int:
    """Run a page's blocks in order, in a folder that has the demo's logs in ``logs/``."""
    shutil.copytree(REPOSITORY / "demo" / "logs", folder / "logs")
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    ran = 0
    for block in blocks(page):
        if block["needs"] and not replace:
            continue
        body = block["body"]
        for old, new in (replace or {}).items():
            body = body.replace(old, new)
        command = ["sh", "-eu", "-c", body] if block["kind"] == "sh" else [sys.executable, "-c", body]
        done = subprocess.run(
            command, check=False, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, f"{page.name}: {body}\n{done.stdout}\n{done.stderr}"
        ran += 1
    return ran


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p)], ids=lambda p: p.name)
def test_every_command_runs(page, tmp_path):
    run_page(page, tmp_path)


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
