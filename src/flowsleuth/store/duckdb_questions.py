"""Questions to a DuckDB session: values bound without pandas, answers with times in UTC, complaints in a line."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import EngineError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_WIDE = 38
"""Digits of DuckDB's 128-bit integers, which it gives as sums of 64-bit ones."""


def ask(connection: duckdb.DuckDBPyConnection, text: str, bound: Mapping[str, Any]) -> pa.Table:
    """Ask with values bound by EXECUTE, not through Python, where DuckDB imports pandas to look at them.

    Returns
    -------
    pyarrow.Table
        Times in UTC, sums as int64 where they fit.

    Raises
    ------
    EngineError
        The SQL is not right, or a value cannot be bound.

    Examples
    --------
    >>> from flowsleuth.store.duckdb_engine import connect_duckdb
    >>> ask(connect_duckdb(), "SELECT $ip AS ip, sum(1) AS n", {"ip": "x' OR 1=1 --"}).to_pylist()
    [{'ip': "x' OR 1=1 --", 'n': 1}]
    """
    import duckdb

    try:
        _refuse_other_than_questions(text)
        return plain(run_bound(connection, text, bound).to_arrow_table())
    except duckdb.Error as error:
        raise EngineError(said(error), where="SQL") from None


def _refuse_other_than_questions(text: str) -> None:
    """A session reads its files and may not write them: COPY could, as what it may open it may also overwrite.

    A PIVOT comes as two statements: CREATE of a type within the session, and SELECT.
    """
    import duckdb

    kinds = [one.type for one in duckdb.extract_statements(text)]
    able = {duckdb.StatementType.SELECT, duckdb.StatementType.CREATE}
    if not kinds or set(kinds) - able or kinds[-1] != duckdb.StatementType.SELECT:
        named = ", ".join(kind.name for kind in kinds) or "nothing"
        raise EngineError(f"not a question but {named}", where="SQL", hint="ask with SELECT, WITH, FROM or PIVOT")


def run_bound(connection: duckdb.DuckDBPyConnection, text: str, bound: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
    """Run a statement; DuckDB's own errors pass through.

    Raises
    ------
    EngineError
        A value cannot be bound.
    """
    if not bound:
        return connection.execute(text)
    connection.execute(f"PREPARE question AS {text}")
    values = ", ".join(f"{_name(name)} := {literal(value)}" for name, value in bound.items())
    return connection.execute(f"EXECUTE question({values})")


def shut(connection: duckdb.DuckDBPyConnection, paths: Iterable[object]) -> None:
    """From here on a session reads these files, and nothing else on disk or in the network."""
    connection.execute(f"SET allowed_paths = {literal([str(path) for path in paths])}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def said(error: Exception) -> str:
    """The first line of what DuckDB says; what follows shows the SQL once more."""
    return str(error).strip().partition("\n")[0]


def identifier(name: str) -> str:
    """A name as SQL has it.

    Examples
    --------
    >>> print(identifier('one "odd" name'))
    "one ""odd"" name"
    """
    return '"' + name.replace('"', '""') + '"'


def literal(value: Any) -> str:
    """A value as DuckDB writes it; in its text nothing but the quote means anything.

    Raises
    ------
    EngineError
        A text has a NUL character, which ends a text for DuckDB.

    Examples
    --------
    >>> print(literal("it's"), literal([1, None]), literal(dt.datetime(2025, 3, 1, tzinfo=dt.UTC)))
    'it''s' [1, NULL] TIMESTAMPTZ '2025-03-01 00:00:00.000000+00:00'
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool | int | float):
        return repr(value) if math.isfinite(value) else f"'{value}'::DOUBLE"
    if isinstance(value, dt.datetime):
        return f"TIMESTAMPTZ '{value.astimezone(dt.UTC).isoformat(sep=' ', timespec='microseconds')}'"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    text = str(value)
    if "\0" in text:
        raise EngineError("a NUL character in a value", where=repr(text)[:200])
    return "'" + text.replace("'", "''") + "'"


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise EngineError("not a name of a value", where=name)
    return identifier(name)


def plain(rows: pa.Table) -> pa.Table:
    """Times in microseconds UTC; sums of whole numbers as int64 where they fit."""
    import pyarrow as pa

    for at, field in enumerate(rows.schema):
        if pa.types.is_timestamp(field.type) and field.type != pa.timestamp("us", tz="UTC"):
            rows = rows.set_column(at, field.name, rows.column(at).cast(pa.timestamp("us", tz="UTC")))
        elif pa.types.is_decimal(field.type) and (field.type.precision, field.type.scale) == (_WIDE, 0):
            rows = _without_decimals(rows, at)
    return rows


def _without_decimals(rows: pa.Table, at: int) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    most = pc.min_max(rows.column(at)).as_py()
    if most["min"] is None or -(2**63) <= most["min"] <= most["max"] < 2**63:
        return rows.set_column(at, rows.schema.field(at).name, rows.column(at).cast(pa.int64()))
    return rows
