"""Text that people open in a spreadsheet: a cell from a log must not become a formula."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

FORMULA = r"^[=+\-@\t\r]"


def safe_cells(rows: pa.Table) -> pa.Table:
    """The same rows; texts that begin with ``=``, ``+``, ``-``, ``@``, tab or return get a ``'`` before them.

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
            column = pc.if_else(risky, pc.binary_join_element_wise("'", column, ""), column)
        columns[name] = column
    return pa.table(columns)
