"""What the user gets in hand: a table that is pandas, Arrow or Ibis, as asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True)
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
