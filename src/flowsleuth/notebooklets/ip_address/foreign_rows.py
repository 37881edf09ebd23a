"""Rows of tables of others, as steps read them: those about the address, and what could not be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.errors import FlowsleuthError
from flowsleuth.schema.tabular import to_table

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

FAILED = "failed sources"
"""Foreign table of what could not be asked: table name → error."""


def check_sources(run: Run, *tables: str) -> None:
    """Say which sources of a step could not be asked.

    Raises
    ------
    FlowsleuthError
        None of them could be asked.
    """
    told = run.foreign(FAILED)
    failed = {} if told is None else dict(zip(told["table"].to_pylist(), told["why"].to_pylist(), strict=True))
    mine = {name: failed[name] for name in tables if name in failed}
    for name, why in mine.items():
        run.note(f"{name} could not be asked: {why}")
    if mine and len(mine) == len(tables):
        raise FlowsleuthError("; ".join(dict.fromkeys(mine.values())), where=", ".join(mine))


def about(rows: pa.Table, question: Any) -> pa.Table:
    """Rows that have the address in a cell, in the window where they have a time."""
    import pyarrow as pa
    import pyarrow.compute as pc

    pattern = address_pattern(question.asked.text)
    rows = to_table(rows.replace_schema_metadata(None))
    keep = pa.chunked_array([pa.array([False] * len(rows), pa.bool_())])
    for name in rows.column_names:
        if pa.types.is_string(rows[name].type):
            keep = pc.or_(keep, pc.fill_null(pc.match_substring_regex(rows[name], pattern, ignore_case=True), False))
    name = next((one for one in _TIMES if one in rows.column_names), None)
    return rows.filter(keep if name is None else pc.and_(keep, _is_within(rows[name], question.time)))


_TIMES = ("TimeGenerated", "Timestamp")


def _is_within(column: pa.ChunkedArray, window: Any) -> pa.ChunkedArray:
    """Which moments are in the window; those that cannot be read are."""
    import pandas
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_timestamp(column.type):
        moments = pandas.to_datetime(column.to_pandas(), utc=True, errors="coerce", format="mixed")
        column = pa.chunked_array([pa.array(moments, pa.timestamp("us", tz="UTC"))])
    keep = pa.chunked_array([pa.array([True] * len(column), pa.bool_())])
    for bound, holds in ((window.start, pc.greater_equal), (window.end, pc.less)):
        if bound is not None:
            keep = pc.and_(keep, pc.fill_null(holds(column, pa.scalar(bound, column.type)), True))
    return keep


def foreign_about(run: Run, table: str) -> pa.Table | None:
    """Rows of a table of others that have the address; None when nobody gave the table."""
    rows = run.foreign(table)
    return None if rows is None else about(rows, run.question)


def address_pattern(address: str) -> str:
    """A regular expression (RE2) of an address that is not a part of a longer one, for any letter case.

    Examples
    --------
    >>> import re
    >>> [bool(re.search(address_pattern("10.0.0.5"), text)) for text in ("from 10.0.0.5.", "110.0.0.5", "10.0.0.51")]
    [True, False, False]
    >>> bool(re.search(address_pattern("::1"), "fe80::1")), bool(re.search(address_pattern("::1"), "[::1]:80"))
    (False, True)
    """
    escaped = address.replace(".", r"\.")
    if ":" in address:
        return rf"(^|[^0-9A-Fa-f:.]){escaped}($|[^0-9A-Fa-f:.])"
    return rf"(^|[^0-9.]){escaped}($|[^0-9.]|\.($|[^0-9]))"
