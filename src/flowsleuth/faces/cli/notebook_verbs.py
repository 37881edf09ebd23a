"""``flowsleuth notebooks``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.catalogue import Catalogue

if TYPE_CHECKING:
    import argparse

WRITERS = Catalogue("flowsleuth.notebooks", {"jupyter": "flowsleuth.faces.notebook.write:write_notebooks"})


def add_notebooks(verbs: Any) -> None:
    """The grammar of ``flowsleuth notebooks``."""
    what = (
        "Write the notebooks: Edge Investigation, Threat Investigation, Storyboard, Entity Explorer - IP Address, "
        "Network Flow Summary, Advanced Mode."
    )
    parser = verbs.add_parser("notebooks", help="write the notebooks into a folder", description=what)
    parser.add_argument("folder", metavar="DIR", help="made if it is not there")
    parser.add_argument(
        "-w", "--workspace", metavar="DIR", default=".", help="what their parameters name (default: here)"
    )
    parser.add_argument("--replace", action="store_true", help="overwrite notebooks that are there, with your notes")


def notebooks(parsed: argparse.Namespace) -> int:
    """Write them and say how to open them."""
    for path in WRITERS.load("jupyter")(parsed.folder, Path(parsed.workspace).resolve(), replace=parsed.replace):
        print(path)
    print(f'next: jupyter lab {parsed.folder}   (pip install "flowsleuth[notebook]" jupyterlab)')
    return 0
