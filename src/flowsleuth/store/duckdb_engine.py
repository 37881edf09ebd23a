"""DuckDB over Parquet: embedded, nothing to start, works out of core."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import EngineError
from flowsleuth.store.arrow_results import conform, rebatch, result_schema

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
    connection.execute("SET TimeZone = 'UTC'")
    return connection


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
        self._ibis = ibis.duckdb.from_connection(connect_duckdb(scratch))
        self._names = itertools.count()

    def view(self, name: str, paths: Sequence[Path]) -> ir.Table:
        unique = f"{name}_{next(self._names)}"
        return self._ibis.read_parquet([str(path) for path in paths], table_name=unique, hive_partitioning=False)

    def arrow(self, expression: ir.Table) -> pa.Table:
        return conform(expression.to_pyarrow(), result_schema(expression))

    def batches(self, expression: ir.Table, rows: int) -> Iterator[pa.RecordBatch]:
        yield from rebatch(expression.to_pyarrow_batches(chunk_size=rows), result_schema(expression), rows)

    def close(self) -> None:
        self._ibis.disconnect()
