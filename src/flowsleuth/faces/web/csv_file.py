"""Tables as a CSV file for spreadsheets: plain times, lists as text, no cell that one would run."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def csv_bytes(tables: Sequence[pa.Table]) -> bytes:
    """Tables of the same columns as one file.

    Examples
    --------
    >>> import pyarrow as pa
    >>> csv_bytes([pa.table({"name": ["=1+1"], "ports": [[80, 443]]})]).decode().splitlines()
    ['"name","ports"', '"\\'=1+1","80, 443"']
    """
    import pyarrow as pa
    import pyarrow.csv as pcsv

    from flowsleuth.viz.cells import safe_cells

    sink = io.BytesIO()
    pcsv.write_csv(safe_cells(_plain(pa.concat_tables(tables))), sink)
    return sink.getvalue()


def _plain(table: pa.Table) -> pa.Table:
    """Times as ISO 8601, UTC; lists with commas."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for at, column in enumerate(table.schema):
        if pa.types.is_timestamp(column.type):
            table = table.set_column(at, column.name, pc.strftime(table[column.name], format="%Y-%m-%dT%H:%M:%SZ"))
        elif pa.types.is_list(column.type):
            texts = [None if cell is None else ", ".join(map(str, cell)) for cell in table[column.name].to_pylist()]
            table = table.set_column(at, column.name, pa.array(texts, pa.string()))
    return table
