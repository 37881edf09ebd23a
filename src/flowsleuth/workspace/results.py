"""What the user gets in hand: a table that is pandas, Arrow or Ibis, as asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from flowsleuth.schema.printable import printable_text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd
    import pyarrow as pa


SHOWN_ROWS, SHOWN_CHARACTERS, CELL_CHARACTERS = 10, 110, 28


@dataclass(frozen=True, repr=False)
class Rows:
    """A result held in memory.

    Examples
    --------
    >>> import pyarrow as pa
    >>> rows = Rows(pa.table({"src_ip": ["10.0.0.1"]}))
    >>> len(rows), rows.to_pandas()["src_ip"][0]
    (1, '10.0.0.1')
    """

    table: pa.Table

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        return "\n".join([f"<{type(self).__name__}: {_count(self.table)}>", *_lines(self.table)])

    def to_arrow(self) -> pa.Table:
        """As a ``pyarrow.Table``."""
        return self.table

    def to_pandas(self) -> pd.DataFrame:
        """As a ``pandas.DataFrame``; times are UTC."""
        return self.table.to_pandas()

    def to_ibis(self) -> ir.Table:
        """As an Ibis expression, for further questions."""
        import ibis

        return ibis.memtable(self.table)

    def _repr_html_(self) -> str:
        """A notebook's table; every text is escaped."""
        return str(self.to_pandas().to_html(escape=True, max_rows=60))


def _count(table: pa.Table) -> str:
    rows, columns = len(table), table.num_columns
    return f"{rows:,} row{'' if rows == 1 else 's'}, {columns} column{'' if columns == 1 else 's'}"


def _lines(table: pa.Table) -> Iterator[str]:
    """The first rows and columns as plain text, safe on a terminal; what is left out is told."""
    head = table.slice(0, SHOWN_ROWS)
    cells = [
        [_cell(name), *map(_cell, column.to_pylist())]
        for name, column in zip(head.column_names, head.columns, strict=True)
    ]
    widths = [max(map(len, column)) for column in cells]
    ends = list(accumulate(width + 2 for width in widths))
    shown = max(1, sum(end <= SHOWN_CHARACTERS for end in ends))
    for row in zip(*cells[:shown], strict=True):
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths[:shown], strict=True)).rstrip()
    if len(table) > SHOWN_ROWS:
        yield f"… {len(table) - SHOWN_ROWS:,} more rows"
    if shown < len(cells):
        yield f"… more columns: {', '.join(map(_cell, head.column_names[shown:]))}"


def _cell(value: object) -> str:
    if isinstance(value, dt.datetime):
        value = value.isoformat(sep=" ")
    text = printable_text(value)
    return text if len(text) <= CELL_CHARACTERS else f"{text[: CELL_CHARACTERS - 1]}…"
