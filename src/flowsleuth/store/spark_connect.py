"""The usual door to Spark: Spark Connect (``sc://host:port``), with no Java on this side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import EngineError
from flowsleuth.store.spark_errors import first_line, reach

if TYPE_CHECKING:
    import pyarrow as pa

RETRIES = 4
"""For the first and the last word with the server; in between Spark's own patience (some ten minutes) holds."""


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

        try:
            address = DefaultChannelBuilder(url)
            host, _, port = address.endpoint.rpartition(":")
            place = (host, int(port))
        except (PySparkException, ValueError) as error:
            raise EngineError(f"not an address: {first_line(error)}", where=url, hint="like sc://host:15002") from None
        if not host:
            raise EngineError("not an address: it names no host", where=url, hint="like sc://host:15002")
        reach(url, [place])
        self.session = SparkSession(connection=url)
        self._greet(url)

    def _greet(self, url: str) -> None:
        """Exchange a first word, without the ten minutes of patience that Spark's client has."""
        import grpc
        from pyspark.errors import PySparkException

        patient = self.session.client.get_retry_policies()
        self._be_brief()
        try:
            _ = self.session.version
        except (PySparkException, grpc.RpcError) as error:
            self.session.release_session_on_close = False
            self.close()
            hint = "is it a Spark Connect server, and is its version near that of pyspark here?"
            raise EngineError(f"no Spark Connect answers: {first_line(error)}", where=url, hint=hint) from error
        self.session.client.set_retry_policies(patient)

    def _be_brief(self) -> None:
        from pyspark.sql.connect.client.retries import DefaultPolicy

        self.session.client.set_retry_policies([DefaultPolicy(max_retries=RETRIES)])

    def stream(self, frame: Any) -> Iterator[pa.RecordBatch]:
        """Arrow batches of a result as the server sends them, in order.

        The server computes all partitions at once and keeps those that it cannot send yet, at most its own
        ``spark.driver.maxResultSize`` of them; this side keeps one batch.
        """
        import pyarrow as pa

        plan, client = frame._plan, self.session.client
        for piece in client.to_table_as_iterator(plan.to_proto(client), plan.observations):
            if isinstance(piece, pa.Table):
                yield from piece.to_batches()

    def close(self) -> None:
        """Release the session on the server, with all that it holds."""
        self._be_brief()
        self.session.stop()
