"""SQL about the tables of a workspace: the engine's own words, values bound, nothing else within reach."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import EngineError
from flowsleuth.schema import TABLES
from flowsleuth.store.duckdb_engine import connect_duckdb

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from flowsleuth.store.store import Store

_WORD = re.compile(r"[a-z_]\w*")
_WIDE = 38
"""Digits of DuckDB's 128-bit integers, which it gives as sums of 64-bit ones."""


def ask_sql(store: Store, text: str, bound: Mapping[str, Any]) -> pa.Table:
    """Ask in DuckDB's SQL; tables are those of :data:`flowsleuth.schema.TABLES`, ``$name`` stands for a bound value.

    The embedded engine is asked in a session of its own that can open the workspace's files and nothing else. It is
    asked directly, without Ibis: a whole command answers half a second sooner. On Spark the question is translated.

    Returns
    -------
    pyarrow.Table
        Times in UTC, sums as int64 where they fit.

    Raises
    ------
    EngineError
        The SQL is not right, or asks none of the tables.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from flowsleuth.store import Store
    >>> store = Store(pathlib.Path(tempfile.mkdtemp()))
    >>> ask_sql(store, "SELECT count(*) AS n FROM flow WHERE src_ip = $ip", {"ip": "x' OR 1=1 --"}).to_pylist()
    [{'n': 0}]
    >>> store.close()
    """
    if not store.is_embedded:
        from flowsleuth.store.stored_queries import ask_store

        return ask_store(store, text, bound)
    import duckdb

    connection = connect_duckdb(store.scratch)
    try:
        _offer(connection, store, text)
        return _plain(_run(connection, text, bound).to_arrow_table())
    except duckdb.Error as error:
        raise EngineError(str(error).strip().partition("\n")[0], where="SQL", available=TABLES) from None
    finally:
        connection.close()


def _offer(connection: duckdb.DuckDBPyConnection, store: Store, text: str) -> None:
    """Make views of the tables that the text may name, then shut the door to all other files."""
    words = set(_WORD.findall(text.casefold()))
    named = [name for name in TABLES if name in words]
    if not named:
        raise EngineError("asks no table", where="SQL", available=TABLES)
    allowed = []
    for name in named:
        listed = [part.path for part in store.catalog.parts(name) if part.rows] or [store.empty(name)]
        paths = [str((store.folder / path).absolute()) for path in listed]
        connection.read_parquet(paths, hive_partitioning=False, union_by_name=True).create_view(name)
        allowed += paths
    connection.execute(f"SET allowed_paths = {_literal(allowed)}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _run(connection: duckdb.DuckDBPyConnection, text: str, bound: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
    """Ask with values bound by EXECUTE, not through Python, where DuckDB imports pandas to look at them."""
    if not bound:
        return connection.execute(text)
    connection.execute(f"PREPARE question AS {text}")
    values = ", ".join(f"{_name(name)} := {_literal(value)}" for name, value in bound.items())
    return connection.execute(f"EXECUTE question({values})")


def _name(name: str) -> str:
    if not _WORD.fullmatch(name.casefold()):
        raise EngineError("not a name of a value", where=name)
    return name


def _literal(value: Any) -> str:
    """A value as DuckDB writes it; in its text nothing but the quote means anything.

    Examples
    --------
    >>> print(_literal("it's"), _literal([1, None]), _literal(dt.datetime(2025, 3, 1, tzinfo=dt.UTC)))
    'it''s' [1, NULL] TIMESTAMPTZ '2025-03-01 00:00:00.000000+00:00'
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool | int | float):
        return repr(value) if math.isfinite(value) else f"'{value}'::DOUBLE"
    if isinstance(value, dt.datetime):
        return f"TIMESTAMPTZ '{value.astimezone(dt.UTC).isoformat(sep=' ', timespec='microseconds')}'"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_literal, value))}]"
    text = str(value)
    if "\0" in text:
        raise EngineError("a NUL character in a value", where=repr(text)[:200])
    return "'" + text.replace("'", "''") + "'"


def _plain(rows: pa.Table) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    for at, field in enumerate(rows.schema):
        if pa.types.is_timestamp(field.type):
            rows = rows.set_column(at, field.name, rows.column(at).cast(pa.timestamp("us", tz="UTC")))
        elif pa.types.is_decimal(field.type) and (field.type.precision, field.type.scale) == (_WIDE, 0):
            most = pc.min_max(rows.column(at)).as_py()
            if most["min"] is None or -(2**63) <= most["min"] <= most["max"] < 2**63:
                rows = rows.set_column(at, field.name, rows.column(at).cast(pa.int64()))
    return rows
