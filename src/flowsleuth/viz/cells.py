"""Values as they are read in a table: on a page, in a widget, in a spreadsheet (where none may become a formula)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

NARROW = {"extra", "source_file", "source_row", "source_kind", "uid", "community_id", "flow_id", "event_id"}
"""Columns that terminals and pages are too narrow for; files have them."""
EXPONENT = 1e15
"""Numbers from here on are told with an exponent."""
FORMULA = r"^[=+\-@\t\r]"


def is_name(column: str) -> bool:
    """Whether the numbers of a column name something: nobody reads a port with a comma in it.

    Examples
    --------
    >>> [is_name(column) for column in ("dst_port", "DestPort", "SourceASN", "flows")]
    [True, True, True, False]
    """
    return column.lower().endswith(("port", "_id", "_as", "asn", "pid"))


def cell_text(value: Any, *, is_name: bool = False) -> str | None:
    """A value as it is read in a table; numbers that are names are left as they are.

    Examples
    --------
    >>> import datetime as dt
    >>> cell_text(dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)), cell_text(1234567), cell_text(0.99951), cell_text(None)
    ('2026-11-20 12:00:00', '1,234,567', '0.9995', None)
    >>> cell_text(450_512.25), cell_text(1e-7), cell_text(1e30)
    ('450,512', '1e-07', '1e+30')
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value) if is_name else f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if 10_000 <= abs(value) < EXPONENT else f"{value:.4g}"
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def safe_cells(rows: pa.Table) -> pa.Table:
    """The same rows; texts that begin with ``=``, ``+``, ``-``, ``@``, tab or return get a ``'`` before them.

    No chunk of the answer is empty, so that it can be given to Arrow's CSV writer as it is.

    Examples
    --------
    >>> import pyarrow as pa
    >>> safe_cells(pa.table({"server_name": ["=cmd|' /C calc'!A0", "example.org"], "n": [-1, 2]})).to_pylist()
    [{'server_name': "'=cmd|' /C calc'!A0", 'n': -1}, {'server_name': 'example.org', 'n': 2}]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = {}
    for name in rows.column_names:
        column = rows[name]
        if pa.types.is_string(column.type):
            risky = pc.match_substring_regex(column, FORMULA)
            if pc.any(risky).as_py():  # the join imports pandas
                column = pc.if_else(risky, pc.binary_join_element_wise("'", column, ""), column)
        columns[name] = column
    safe = pa.table(columns)
    # an empty chunk before others makes Arrow 26 write what else is in memory
    return pa.Table.from_batches([batch for batch in safe.to_batches() if len(batch)], safe.schema)
