"""SQL about the tables of a workspace: the engine's own words, values bound, nothing else within reach."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from flowsleuth.errors import EngineError
from flowsleuth.schema import TABLES
from flowsleuth.store.csv_copy import copy_csv, pipe_to
from flowsleuth.store.duckdb_engine import connect_duckdb, offer_parquet
from flowsleuth.store.duckdb_questions import ask, shut

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from flowsleuth.store.store import Store

_WORD = re.compile(r"[a-z_]\w*")


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
    with _session(store, text) as connection:
        return ask(connection, text, bound)


def sql_to_csv(store: Store, text: str, bound: Mapping[str, Any], file: IO[str]) -> int | None:
    """The answer of :func:`ask_sql` as CSV, row by row from the engine into an open file, without Arrow.

    Returns
    -------
    int or None
        Rows. None, and nothing is written, where it takes :func:`ask_sql` to know: on Spark, for columns of lists,
        or what is wrong with the text.

    Raises
    ------
    EngineError
        The SQL asks none of the tables, or failed on the way.
    OSError
        The file took no more.
    """
    if not store.is_embedded:
        return None
    with pipe_to(file) as path, _session(store, text, path) as connection:
        return copy_csv(connection, text, bound, file, path)


@contextmanager
def _session(store: Store, text: str, *paths: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that knows the tables that the text may name, and reaches their files and the given paths only."""
    connection = connect_duckdb(store.scratch)
    try:
        _offer(connection, store, text, paths)
        yield connection
    except EngineError as error:
        if error.where != "SQL":
            raise
        raise EngineError(error.message, where="SQL", available=TABLES) from None
    finally:
        connection.close()


def _offer(connection: duckdb.DuckDBPyConnection, store: Store, text: str, also: Iterable[str]) -> None:
    """Make views of the tables that the text may name, then shut the door to all other files."""
    words = set(_WORD.findall(text.casefold()))
    named = [name for name in TABLES if name in words]
    if not named:
        raise EngineError("asks no table", where="SQL", available=TABLES)
    allowed: list[Path | str] = [*also]
    for name in named:
        paths = [path.absolute() for path in store.files(name, store.catalog.parts(name))]
        offer_parquet(connection, name, paths).create_view(name)
        allowed += paths
    shut(connection, allowed)
