"""Draw the README's picture: the terminal output of a real command on the demo's logs, as SVG.

Usage: python scripts/picture.py WORKSPACE OUTPUT.svg   (after `make demo`)
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console

from flowsleuth.faces.cli import main, show

COLUMNS = 150


def draw(workspace: str, output: str) -> None:
    """Record ``flowsleuth suspects`` and write it as a picture without any web font."""
    recorder = Console(record=True, width=COLUMNS, file=io.StringIO(), highlight=False, markup=False, emoji=False)
    recorder.print("$ flowsleuth suspects --top 6", style="bold")
    show.console = lambda file=None: recorder
    main(["suspects", "-w", workspace, "--top", "6"])
    svg = recorder.export_svg(title="flowsleuth: APT29 evaluation, day 1, 613 connections")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.S)
    svg = svg.replace("Fira Code", "ui-monospace")
    Path(output).write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    draw(*sys.argv[1:3])
