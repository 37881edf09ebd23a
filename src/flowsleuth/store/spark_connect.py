"""The usual door to Spark: Spark Connect (``sc://host:port``), with no Java on this side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import EngineError

if TYPE_CHECKING:
    import pyarrow as pa

RETRIES = 4
"""For the first word with the server only; afterwards Spark's own patience (some ten minutes) holds."""


class ConnectDoor:
    """A session of our own on a Spark Connect server; others, in this process or elsewhere, do not see it.

    Parameters
    ----------
    url : str
        ``sc://host[:port][/;parameter=value…]``, as Spark documents it (``token``, ``use_ssl``, ``user_id``, …).

    Raises
    ------
    ImportError
        PySpark or gRPC is not installed.
    EngineError
        Nobody answers there, or who answers is no Spark Connect server.
    """

    def __init__(self, url: str) -> None:
        from pyspark.errors import PySparkException
        from pyspark.sql.connect.client import DefaultChannelBuilder
        from pyspark.sql.connect.session import SparkSession

        from flowsleuth.store.spark_engine import reach

        try:
            address = DefaultChannelBuilder(url)
        except (PySparkException, ValueError) as error:
            raise EngineError(f"not an address: {error}", where=url, hint="write it like sc://host:15002") from None
        reach(url, [(address.host, address._port)])
        self.session = SparkSession(connection=url)
        self._greet(url)

    def _greet(self, url: str) -> None:
        """Exchange a first word, without the ten minutes of patience that Spark's client has."""
        from pyspark.errors import PySparkException
        from pyspark.sql.connect.client.retries import DefaultPolicy

        client = self.session.client
        patient = client.get_retry_policies()
        client.set_retry_policies([DefaultPolicy(max_retries=RETRIES)])
        try:
            _ = self.session.version
        except (PySparkException, OSError, RuntimeError) as error:
            self.close()
            hint = "is it a Spark Connect server, and is its version near that of pyspark here?"
            raise EngineError(f"the server does not answer as one: {first_line(error)}", where=url, hint=hint) from None
        client.set_retry_policies(patient)

    def stream(self, frame: Any) -> Iterator[pa.RecordBatch]:
        """Arrow batches of a result as the server sends them, in order.

        The server computes all partitions at once and keeps those that it cannot send yet, at most its own
        ``spark.driver.maxResultSize`` of them; this side keeps one batch.
        """
        import pyarrow as pa

        plan = frame._plan
        for piece in self.session.client.to_table_as_iterator(plan.to_proto(self.session.client), plan.observations):
            if isinstance(piece, pa.Table):
                yield from piece.to_batches()

    def close(self) -> None:
        """Release the session on the server, with all that it holds."""
        self.session.stop()


def first_line(error: BaseException) -> str:
    """The first line of an exception's text."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
