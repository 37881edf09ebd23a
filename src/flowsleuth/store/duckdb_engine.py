"""DuckDB over Parquet: embedded, nothing to start, works out of core."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import EngineError
from flowsleuth.schema import GROWN
from flowsleuth.store.arrow_results import conform, rebatch
from flowsleuth.store.compiled import compiled
from flowsleuth.store.portable import MICROS

if TYPE_CHECKING:
    import duckdb
    import ibis.expr.types as ir
    import pyarrow as pa

CONFIG: dict[str, Any] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "preserve_insertion_order": "false",
}


def connect_duckdb(scratch: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A private in-memory connection: UTC, no extension downloads, spilling to ``scratch``."""
    import duckdb

    config = dict(CONFIG)
    if scratch is not None:
        config["temp_directory"] = str(scratch)
    connection = duckdb.connect(":memory:", config=config)
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    return connection


def offer_parquet(connection: duckdb.DuckDBPyConnection, name: str, paths: Sequence[Path]) -> duckdb.DuckDBPyRelation:
    """The Parquet files of a table; columns are matched by name only where older files lack some: it opens them all."""
    files = [str(path) for path in paths]
    return connection.read_parquet(files, hive_partitioning=False, union_by_name=name in GROWN)


class DuckDBEngine:
    """The default engine.

    Parameters
    ----------
    url : str
        ``duckdb``.
    scratch : Path
        Where results larger than memory spill to.
    """

    def __init__(self, url: str, scratch: Path) -> None:
        import ibis

        if url != "duckdb":
            raise EngineError("this engine takes no address", where=url, available=["duckdb"])
        self._connection = connect_duckdb(scratch)
        self._connection.execute(f"CREATE MACRO {MICROS}(moment) AS epoch_us(moment)")
        self._ibis = ibis.duckdb.from_connection(self._connection)
        self._names = itertools.count()
        self._streams: set[duckdb.DuckDBPyConnection] = set()
        # One question at a time: DuckDB gives a connection's answer to whoever asks last.
        self._turn = threading.RLock()

    def view(self, name: str, paths: Sequence[Path]) -> ir.Table:
        unique = f"{name}_{next(self._names)}"
        # Not Ibis' read_parquet: its views are temporary, and so unknown to the cursors of batches().
        with self._turn:
            offer_parquet(self._connection, name, paths).create_view(unique)
            return self._ibis.table(unique)

    def arrow(self, expression: ir.Table) -> pa.Table:
        with self._turn:
            question = compiled(expression, self._ibis)
            if question.holds_memory:
                self._ibis._run_pre_execute_hooks(expression)
            # Not Ibis' to_pyarrow, which imports pandas: a third of a second for a question that takes as long.
            found = self._connection.execute(question.sql).to_arrow_table()
        return conform(found, question.schema)

    def batches(self, expression: ir.Table, rows: int) -> Iterator[pa.RecordBatch]:
        """Each stream has a cursor of its own: DuckDB silently ends one when its connection is asked something else."""
        question = compiled(expression, self._ibis)
        if question.holds_memory:  # cursors do not know it
            yield from rebatch(self.arrow(expression).to_batches(), question.schema, rows)
            return
        with self._connection.cursor() as cursor:
            self._streams.add(cursor)
            try:
                cursor.execute(question.sql)
                yield from rebatch(cursor.to_arrow_reader(rows), question.schema, rows)
            finally:
                self._streams.discard(cursor)

    def keep(self, expression: ir.Table) -> ir.Table:
        """A table in DuckDB's own memory, which it moves to ``scratch`` when it runs short."""
        unique = f"kept_{next(self._names)}"
        with self._turn:
            question = compiled(expression, self._ibis)
            if question.holds_memory:
                self._ibis._run_pre_execute_hooks(expression)
            self._connection.execute(f"CREATE TABLE {unique} AS {question.sql}")
            return self._ibis.table(unique)

    def forget(self, kept: ir.Table) -> None:
        with self._turn:
            self._ibis.drop_table(kept.op().name)  # get_name() would tell the catalogue as well

    def interrupt(self) -> None:
        for connection in (self._connection, *self._streams):
            connection.interrupt()

    def close(self) -> None:
        self._ibis.disconnect()
