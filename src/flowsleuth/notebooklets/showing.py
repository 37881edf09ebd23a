"""Showing, when it was asked for: progress on standard error, help, a cell. Nothing here is called by itself."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from flowsleuth.errors import OptionError
from flowsleuth.notebooklets.step import Progress
from flowsleuth.schema.printable import printable_text

Tell = Callable[[Progress], None]


def teller(progress: Tell | None, *, is_shown: bool) -> Tell | None:
    """Who is told how far a run is: the caller, standard error, both or nobody."""
    if not is_shown:
        return progress

    def tell(told: Progress) -> None:
        if told.status != "started":
            print(printable_text(told), file=sys.stderr, flush=True)
        if progress is not None:
            progress(told)

    return tell


def shell() -> Any:
    """IPython's shell, None where there is none."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def show(*, html: Callable[[], str], text: Callable[[], str]) -> None:
    """Show HTML in a notebook, text elsewhere."""
    if shell() is None:
        print(text())
        return
    from IPython import display

    page: Any = display
    page.display(page.HTML(html()))


def next_cell(source: str) -> None:
    """Put text into the next cell.

    Raises
    ------
    OptionError
        This is no notebook.
    """
    there = shell()
    if there is None:
        raise OptionError("there is no cell outside of a notebook", where="import_cell", hint="call it in Jupyter")
    there.set_next_input(source)
