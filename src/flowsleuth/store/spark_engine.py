"""Spark over the same Parquet, for data that one machine has outgrown."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from flowsleuth.errors import EngineError
from flowsleuth.store.arrow_results import conform, rebatch
from flowsleuth.store.compiled import compiled
from flowsleuth.store.spark_errors import missing_library, spark_errors

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.variable.substitute": "false",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
}
"""Of the session: times in UTC; an overflow is an error; ``${…}`` in a value is text; dates as Parquet means them."""


class Door(Protocol):
    """A way to a Spark: a session, and results as a stream."""

    session: Any

    def stream(self, frame: Any) -> Iterator[pa.RecordBatch]: ...

    def close(self) -> None: ...


class SparkEngine:
    """Runs expressions on a Spark cluster that sees the workspace's folder under the same path.

    The driver of flowsleuth writes the files, Spark only reads them. It pays for data that one machine does not hold;
    on the same cores DuckDB is several times faster, and the first answer takes seconds.

    Parameters
    ----------
    url : str
        ``sc://host:port`` (Spark Connect) or ``spark://host:port`` (a driver in this process; needs Java).
    scratch : Path
        Not used: results go straight to the caller.

    Raises
    ------
    EngineError
        PySpark or Java is missing, or the cluster cannot be reached.
    """

    def __init__(self, url: str, scratch: Path) -> None:
        self._url = url
        self._names = itertools.count()
        try:
            import ibis.backends.pyspark

            self._door = _open(url)
        except ImportError as error:
            raise missing_library(url, error) from None
        try:
            with spark_errors(url):
                for name, value in SETTINGS.items():
                    self._door.session.conf.set(name, value)
                self._ibis = ibis.pyspark.connect(self._door.session)
        except BaseException:
            self._door.close()
            raise

    def view(self, name: str, paths: Sequence[Path]) -> ir.Table:
        import ibis
        import ibis.expr.operations as ops
        import pyarrow.parquet as pq
        from pyspark.sql.pandas.types import from_arrow_schema

        schema = pq.read_schema(paths[0])
        unique = f"{name}_{next(self._names)}"
        with spark_errors(self._url):
            reader = self._door.session.read.schema(from_arrow_schema(schema))
            reader.parquet(*(file_url(path) for path in paths)).createOrReplaceTempView(unique)
        # Not self._ibis.table(): Ibis takes Spark's timestamps for ones without a zone.
        table = ops.DatabaseTable(name=unique, schema=ibis.Schema.from_pyarrow(schema), source=self._ibis)
        return table.to_expr()

    def arrow(self, expression: ir.Table) -> pa.Table:
        with spark_errors(self._url):
            frame, schema = self._frame(expression)
            return conform(frame.toArrow(), schema)

    def batches(self, expression: ir.Table, rows: int) -> Iterator[pa.RecordBatch]:
        with spark_errors(self._url):
            frame, schema = self._frame(expression)
            yield from rebatch(self._door.stream(frame), schema, rows)

    def _frame(self, expression: ir.Table) -> tuple[Any, pa.Schema]:
        """The expression as a Spark DataFrame, and what its rows are; tables held in memory are sent over first."""
        question = compiled(expression, self._ibis)
        if question.holds_memory:
            self._ibis._run_pre_execute_hooks(expression)
        return self._door.session.sql(question.sql), question.schema

    def keep(self, expression: ir.Table) -> ir.Table:
        """Rows that the workers hold, from the first question about them on, in memory or on their disks."""
        import ibis.expr.operations as ops

        unique = f"kept_{next(self._names)}"
        with spark_errors(self._url):
            self._frame(expression)[0].createOrReplaceTempView(unique)
            self._door.session.catalog.cacheTable(unique)
        return ops.DatabaseTable(name=unique, schema=expression.schema(), source=self._ibis).to_expr()

    def forget(self, kept: ir.Table) -> None:
        with spark_errors(self._url):
            self._door.session.catalog.uncacheTable(kept.get_name())
            self._door.session.catalog.dropTempView(kept.get_name())

    def interrupt(self) -> None:
        self._door.session.interruptAll()

    def close(self) -> None:
        self._door.close()


def file_url(path: Path) -> str:
    """A file's absolute path as Hadoop wants it: a URL that is not percent-encoded, pattern characters escaped.

    Examples
    --------
    >>> print(file_url(Path("/data/case [1]/part-1.parquet")))
    file:///data/case \\[1\\]/part-1.parquet
    """
    escaped = re.sub(r"([\\{}\[\]*?,])", r"\\\1", str(path.absolute()))
    return f"file://{escaped}"


def _open(url: str) -> Door:
    if url.startswith("sc://"):
        from flowsleuth.store.spark_connect import ConnectDoor

        return ConnectDoor(url)
    if url.startswith("spark://"):
        from flowsleuth.store.spark_driver import DriverDoor

        return DriverDoor(url)
    raise EngineError("not the address of a Spark", where=url, available=["sc://host:port", "spark://host:port"])
