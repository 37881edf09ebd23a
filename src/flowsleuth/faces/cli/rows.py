"""A table of any columns on a terminal: those that tell something, as many as fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowsleuth.faces.cli.show import print_table, terminal_text
from flowsleuth.viz.cells import NARROW

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN_COLUMNS = 12


def print_columns(table: pa.Table, top: int | None = None) -> None:
    """Print the columns that tell something, those that come first, of the first ``top`` rows."""
    import pyarrow as pa

    told = [name for name in table.column_names if name not in NARROW and table[name].null_count < len(table)]
    shown = told[:SHOWN_COLUMNS]
    right = [name for name in shown if pa.types.is_integer(table[name].type) or pa.types.is_floating(table[name].type)]
    cut = table.select(shown).slice(0, top)
    rows = [[terminal_text(row[name], whole_seconds=True) for name in shown] for row in cut.to_pylist()]
    print_table(rows, shown, right=right, wrap=[name for name in shown if name not in right])
    fewer = f"the first {len(cut):,} of " if len(cut) < len(table) else ""
    more = f"; more columns with --format json: {', '.join(told[SHOWN_COLUMNS:])}" if len(told) > len(shown) else ""
    print(f"{fewer}{len(table):,} rows{more}")
