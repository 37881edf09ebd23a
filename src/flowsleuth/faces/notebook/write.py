"""Pages in percent format, as people edit them, to Jupyter's format (nbformat 4.5).

``# %%`` begins a code cell, ``# %% [markdown]`` a text cell whose lines begin with ``#``; words
after it in brackets are tags. The cell tagged ``parameters`` is the one that papermill replaces.
"""

from __future__ import annotations

import hashlib
import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

from flowsleuth.errors import OptionError, WorkspaceError

PAGES = {
    "Edge_Investigation": "rate what was ranked; rules, suppressions, heuristics",
    "Threat_Investigation": "everything an address did, and a story about it",
    "Storyboard": "saved stories: briefing, progression, impact, map, timeline; export",
    "Entity_Explorer_IP_Address": "an address from every side: whose, alerts, intelligence, map, traffic, accounts",
    "Network_Flow_Summary": "the flows of a host by time, protocol, direction, peer and system; what is rare; map",
    "flowsleuth_demo": "from an alert to the network: the toolkit on data of its own, without a workspace",
    "Advanced_Mode": "questions of your own: tables, Ibis, pandas, figures",
}
_CELL = re.compile(r"^# %%(?P<words>.*)$")
_WORD = re.compile(r"\[(\w+)\]")
CASE = 'case = "case"'
"""The line of the parameters that names the workspace."""


def cells_of(page: str) -> list[dict[str, Any]]:
    """The cells of a page in percent format.

    Examples
    --------
    >>> [cell["cell_type"] for cell in cells_of("# %% [markdown]\\n# # Title\\n# %% [parameters]\\nx = 1\\n")]
    ['markdown', 'code']
    """
    found: list[tuple[list[str], list[str]]] = []
    for line in page.splitlines():
        begin = _CELL.match(line)
        if begin:
            found.append((_WORD.findall(begin["words"]), []))
        elif found:
            found[-1][1].append(line)
    return [_cell(tags, lines, at) for at, (tags, lines) in enumerate(found)]


def _cell(tags: list[str], lines: list[str], at: int) -> dict[str, Any]:
    is_text = "markdown" in tags
    if is_text:
        lines = [line.removeprefix("#").removeprefix(" ") for line in lines]
    source = "\n".join(lines).strip("\n")
    metadata = {"tags": [tag for tag in tags if tag != "markdown"]} if set(tags) - {"markdown"} else {}
    name = hashlib.sha256(f"{at} {source}".encode()).hexdigest()[:12]
    cell: dict[str, Any] = {"id": name, "metadata": metadata, "source": source.splitlines(keepends=True)}
    if is_text:
        return {"cell_type": "markdown", **cell}
    return {"cell_type": "code", "execution_count": None, "outputs": [], **cell}


def notebook_of(page: str) -> dict[str, Any]:
    """A whole notebook of a page in percent format."""
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells_of(page), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def demo_data() -> Path:
    """The folder of the data that the notebook *flowsleuth demo* shows; ORIGIN.md there tells where they come from.

    Examples
    --------
    >>> sorted(path.name for path in (demo_data() / "tables").iterdir())
    ['AzureNetworkAnalytics.csv.gz', 'SecurityAlert.csv.gz', 'process_tree.csv.gz']
    """
    return Path(str(resources.files("flowsleuth.faces.notebook").joinpath("demo_data")))


def page_text(name: str) -> str:
    """A page of the package, in percent format."""
    pages = resources.files("flowsleuth.faces.notebook").joinpath("pages")
    return pages.joinpath(f"{name.lower()}.txt").read_text(encoding="utf-8")


def write_notebooks(folder: str | Path, case: str | Path = "case", *, replace: bool = False) -> list[Path]:
    """Write the notebooks into a folder.

    Parameters
    ----------
    folder : path
        Made if it is not there.
    case : path
        The workspace that their parameters name.
    replace : bool
        Overwrite notebooks that are there; they may hold your notes.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    OptionError
        A notebook of that name is there and ``replace`` was not asked for; nothing is written then.
    WorkspaceError
        The folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> [path.name for path in write_notebooks(tempfile.mkdtemp())][0]
    'Edge_Investigation.ipynb'
    """
    place = Path(folder)
    targets = {name: place / f"{name}.ipynb" for name in PAGES}
    there = [str(path) for path in targets.values() if path.exists()]
    if there and not replace:
        raise OptionError("is there already", where=there[0], hint="give another folder, or --replace")
    parameter = f"case = {json.dumps(str(case), ensure_ascii=False)}"
    try:
        place.mkdir(parents=True, exist_ok=True)
        for name, path in targets.items():
            made = notebook_of(page_text(name).replace(CASE, parameter))
            path.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise WorkspaceError(f"cannot be written: {error.strerror}", where=str(place)) from None
    return list(targets.values())
