"""What an engine must do, and the list of engines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from flowsleuth.catalogue import Catalogue
from flowsleuth.errors import EngineError

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

ENGINES = Catalogue(
    "flowsleuth.engines",
    {
        "duckdb": "flowsleuth.store.duckdb_engine:DuckDBEngine",
        "sc": "flowsleuth.store.spark_engine:SparkEngine",
        "spark": "flowsleuth.store.spark_engine:SparkEngine",
    },
)


class Engine(Protocol):
    """Runs Ibis expressions over Parquet files."""

    def __init__(self, url: str, scratch: Path) -> None: ...

    def view(self, name: str, paths: Sequence[Path]) -> ir.Table:
        """An Ibis table over Parquet files, under a name of the engine's own session."""
        ...

    def arrow(self, expression: ir.Table) -> pa.Table:
        """Fetch a whole result."""
        ...

    def batches(self, expression: ir.Table, rows: int) -> Iterator[pa.RecordBatch]:
        """Stream a result, in the order the expression gives (or none)."""
        ...

    def keep(self, expression: ir.Table) -> ir.Table:
        """The rows of an expression that is asked more than once, worked out once, as a table of the engine's own."""
        ...

    def forget(self, kept: ir.Table) -> None:
        """Let go what :meth:`keep` gave; nobody asks it any more."""
        ...

    def interrupt(self) -> None:
        """Stop what another thread asked of this session; its question fails."""
        ...

    def close(self) -> None:
        """Let the session go."""
        ...


def connect(url: str, scratch: Path) -> Engine:
    """Open the engine a URL names: ``duckdb``, ``sc://host:port``, ``spark://host:port``.

    Raises
    ------
    EngineError
        No such engine, or it cannot be reached.
    """
    scheme = url.partition(":")[0]
    if scheme not in ENGINES.names():
        raise EngineError("no such engine", where=url, available=["duckdb", "sc://host:port", "spark://host:port"])
    engine: Engine = ENGINES.load(scheme)(url, scratch)
    return engine
