"""Rows of a table: a list to choose from, and the chosen one whole, without what is blank."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from flowsleuth.faces.widgets import parts
from flowsleuth.faces.widgets.table import MOST, RowsTable
from flowsleuth.viz.cells import cell_text, is_name

if TYPE_CHECKING:
    import pyarrow as pa


class EventBrowser(widgets.VBox):
    """Choose a row, see all of it.

    Parameters
    ----------
    rows : pyarrow.Table
    columns : sequence of str
        Of the list.

    Examples
    --------
    >>> import pyarrow as pa
    >>> browser = EventBrowser(pa.table({"name": ["scan <b>"], "note": [None]}), ["name"])
    >>> "scan &lt;b&gt;" in browser.shown.value, "note" in browser.shown.value
    (True, False)
    """

    def __init__(self, rows: pa.Table, columns: Sequence[str]) -> None:
        self.rows = rows
        self.table = RowsTable()
        self.table.show(rows, columns, f"{len(rows):,} rows; choose one to see it whole")
        self.shown = widgets.HTML()
        super().__init__([self.table, self.shown], layout=parts.WIDE)
        self.table.observe(lambda _: self.show(), names="selected")
        self.show()

    def show(self) -> None:
        """Show the chosen row, the first when none is chosen."""
        chosen = [place for place in self.table.selected if 0 <= place < min(len(self.rows), MOST)]
        self.shown.value = row_html(self.rows.slice((chosen or [0])[-1], 1).to_pylist()[0])


def row_html(row: dict[str, Any]) -> str:
    """All that a row tells, a line each; text of any origin is escaped."""
    told = ((name, _text(name, value)) for name, value in row.items() if value not in (None, "", []))
    lines = (
        f'<tr><th style="text-align:left;vertical-align:top;padding-right:1em">{escape(name)}</th>'
        f'<td style="white-space:pre-wrap;overflow-wrap:anywhere">{escape(text)}</td></tr>'
        for name, text in told
    )
    return f"<table>{''.join(lines)}</table>"


def _text(name: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(name, one) for one in value)
    return cell_text(value, is_name=is_name(name)) or ""
