"""Every table that holds the address: in columns of addresses exactly, within texts as a whole word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.exports import FIREWALL_KIND
from flowsleuth.notebooklets.ip_address.foreign_rows import FAILED, address_pattern, check_sources, foreign_about
from flowsleuth.notebooklets.ip_address.sources import FOREIGN_TABLES
from flowsleuth.notebooklets.step import SkipStep

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

ENDS = ("src_ip", "dst_ip")
PLACES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "flow": (ENDS, ()),
    "dns": (ENDS, ("answers",)),
    "http": (ENDS, ("host", "uri")),
    "tls": (ENDS, ("server_name",)),
    "alert": (ENDS, ("entities", "description", "extra")),
    "logon": (("src_ip",), ("extra",)),
    "syslog": (("host_ip",), ("message",)),
    "process": ((), ("command_line", "parent_command_line")),
    "fact": (("observable",), ()),
    "indicator": ((), ("value",)),
}
"""Stored table → columns that are addresses, and columns of text that may name one."""
COLUMNS = ("table", "columns", "rows", "first_seen", "last_seen")


def find_tables(run: Run) -> dict[str, Any]:
    """Tables that hold it, with counts."""
    import pyarrow as pa

    rows = []
    for name, (exact, texts) in PLACES.items():
        run.check()
        if any(part.rows for part in run.ws.store.catalog.parts(name)):
            rows += _counted(run, name, exact, texts)
    for name in FOREIGN_TABLES:
        rows += [] if name in (FAILED, FIREWALL_KIND) else _of_others(run, name)
    check_sources(run, "Tables")
    if not rows:
        return {"tables_with_ip": Found(absent="no table has it in this window")}
    types = (pa.string(), pa.string(), pa.int64(), pa.timestamp("us", tz="UTC"), pa.timestamp("us", tz="UTC"))
    columns = {name: pa.array([row[name] for row in rows], kind) for name, kind in zip(COLUMNS, types, strict=True)}
    return {"tables_with_ip": pa.table(columns).sort_by([("rows", "descending"), ("table", "ascending")])}


def _counted(run: Run, name: str, exact: tuple[str, ...], texts: tuple[str, ...]) -> list[dict[str, Any]]:
    """A row for a stored table that has it; one pass over the table."""
    from flowsleuth.schema import TABLES

    is_timed = TABLES[name].time_column is not None
    table = run.rows(name) if is_timed else run.ws.store.table(name)
    told = run.arrow(_question(table, run.asked.text, exact, texts, is_timed=is_timed)).to_pylist()[0]
    if not told["rows"]:
        return []
    held = [f"{column} {told[column]:,}" for column in (*exact, *texts) if told[column]]
    return [{"table": name, "columns": ", ".join(held), **{word: told.get(word) for word in COLUMNS[2:]}}]


def _question(
    table: ir.Table, address: str, exact: tuple[str, ...], texts: tuple[str, ...], *, is_timed: bool
) -> ir.Table:
    import ibis

    pattern = address_pattern(address)
    conditions = {column: table[column] == address for column in exact}
    for column in texts:
        text = table[column].cast("string").lower()
        conditions[column] = text.contains(address) & text.re_search(pattern)
    marked = table.mutate(**{f"_{name}": found.fill_null(False) for name, found in conditions.items()})
    anywhere = ibis.or_(*(marked[f"_{name}"] for name in conditions))
    mine = marked.filter(anywhere)
    counts = {name: mine[f"_{name}"].cast("int64").sum() for name in conditions}
    times = {"first_seen": mine.start.min(), "last_seen": mine.start.max()} if is_timed else {}
    return mine.aggregate(rows=mine.count(), **counts, **times)


def _of_others(run: Run, name: str) -> list[dict[str, Any]]:
    """Rows of a table of others; of ``Tables``, the counts that the other side made itself."""
    if name == "Tables":
        told = run.foreign(name)
        counts = [] if told is None else zip(told["Table"].to_pylist(), told["RowCount"].to_pylist(), strict=True)
        return [_row(table, int(count)) for table, count in counts]
    rows = foreign_about(run, name)
    return [_row(name, len(rows))] if rows is not None and len(rows) else []


def _row(table: str, count: int) -> dict[str, Any]:
    return {"table": table, "columns": "any", "rows": count, "first_seen": None, "last_seen": None}


def need_rows(run: Run, table: str) -> None:
    """Skip the step where nothing is stored in a table.

    Raises
    ------
    SkipStep
        There are no rows.
    """
    if not any(part.rows for part in run.ws.store.catalog.parts(table)):
        raise SkipStep(f"nothing is stored in table {table}")


def counted_by(rows: ir.Table, keys: list[str], **more: Any) -> ir.Table:
    """Rows put together by some columns, with how many and from when to when."""
    return rows.group_by(keys).aggregate(
        **more, Count=rows.count(), FirstOperation=rows.start.min(), LastOperation=rows.start.max()
    )


def sorted_counts(table: pa.Table, *keys: str) -> pa.Table:
    """Most first; equal ones in the order of their keys."""
    return table.sort_by([("Count", "descending"), *((key, "ascending") for key in keys)])
