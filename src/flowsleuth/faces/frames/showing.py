"""Showing the start of a frame: escaped HTML in a notebook, plain text elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

from flowsleuth.schema.printable import printable_text

if TYPE_CHECKING:
    import pandas as pd


class Shown:
    """The start of a frame with its title."""

    def __init__(self, frame: pd.DataFrame, title: str, rows: int) -> None:
        self._frame = frame
        self._title = f"{title}: {len(frame):,} of {rows:,} rows" if title else f"{len(frame):,} of {rows:,} rows"

    def _repr_html_(self) -> str:
        return f"<h4>{escape(self._title)}</h4>{self._frame.to_html(escape=True)}"

    def __repr__(self) -> str:
        return "\n".join(map(printable_text, f"{self._title}\n{self._frame}".split("\n")))


def show_frame(frame: pd.DataFrame, title: str, rows: int, show: Callable[[Any], Any] | None) -> None:
    """Show it by what was given, the notebook's ``display``, or ``print``."""
    shown = Shown(frame, title, rows)
    (show or _notebook_display() or print)(shown)


def _notebook_display() -> Callable[[Any], Any] | None:
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        return None
    return display if get_ipython() is not None else None
