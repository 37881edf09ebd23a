"""A table in a notebook whose rows can be chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import anywidget
import traitlets

from flowsleuth.faces.views.module import module_text
from flowsleuth.viz.cells import cell_text, is_name

if TYPE_CHECKING:
    import pyarrow as pa

MOST = 1_000
"""Rows sent to the browser at most; the caption tells when there are more."""


class RowsTable(anywidget.AnyWidget):
    """Shows rows; ``selected`` holds the numbers of the chosen ones."""

    _esm = module_text("table.js")
    columns = traitlets.List(traitlets.Dict()).tag(sync=True)
    rows = traitlets.List(traitlets.List()).tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)
    selected = traitlets.List(traitlets.Int()).tag(sync=True)

    def show(self, table: pa.Table, columns: Sequence[str], caption: str = "") -> None:
        """Put other rows in; nothing is chosen then."""
        names = [name for name in columns if name in table.column_names]
        cut = table.select(names).slice(0, MOST)
        more = f" (the first {MOST:,} of {len(table):,})" if len(table) > MOST else ""
        with self.hold_sync():
            self.selected = []
            self.columns = [
                {"name": f.name, "title": f.name.replace("_", " "), "is_number": _is_number(f.type)} for f in cut.schema
            ]
            lists = [[cell_text(value, is_name=is_name(name)) for value in cut[name].to_pylist()] for name in names]
            self.rows = [list(row) for row in zip(*lists, strict=True)]
            self.caption = caption + more


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))
