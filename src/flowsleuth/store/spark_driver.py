"""The other door to Spark: a driver of our own in this process (``spark://host:port``); it needs Java here."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from flowsleuth.errors import EngineError

if TYPE_CHECKING:
    import pyarrow as pa

JAVA_PACKAGE = "openjdk-17-jre-headless"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
DEFAULT_PORT = 7077
EXIT_S = 20.0


class DriverDoor:
    """A session of our own in this process' Spark application.

    Spark allows one application in a process, so engines of the same master share it, each with a session (views,
    settings) of its own; with the last of them it ends, and its Java process too. Settings such as
    ``spark.executor.memory`` or ``spark.cores.max`` come from ``$SPARK_CONF_DIR/spark-defaults.conf``, as always with
    Spark; without a limit of cores an application takes all there are, and the next one waits.

    Parameters
    ----------
    url : str
        ``spark://host:port[,host:port…]``.

    Raises
    ------
    ImportError
        PySpark is not installed.
    EngineError
        Java is missing, nobody answers there, or this process already drives another Spark.
    """

    _lock: ClassVar[threading.RLock] = threading.RLock()
    _shared: ClassVar[_Application | None] = None

    def __init__(self, url: str) -> None:
        import pyspark  # noqa: F401

        from flowsleuth.store.spark_engine import reach

        reach(url, _masters(url))
        with DriverDoor._lock:
            if DriverDoor._shared is None:
                DriverDoor._shared = _Application(url)
            elif DriverDoor._shared.url != url:
                hint = "close the workspace on it first; sc:// has no such limit"
                raise EngineError("this process drives another Spark", where=DriverDoor._shared.url, hint=hint)
            self._application = DriverDoor._shared
            self._application.users += 1
            self.session = self._application.new_session()
        self._is_open = True

    def stream(self, frame: Any) -> Iterator[pa.RecordBatch]:
        """Arrow batches of a result, partition after partition, in order; one partition is held at a time."""
        import pyarrow as pa
        from pyspark.serializers import NoOpSerializer
        from pyspark.sql.pandas.types import to_arrow_schema
        from pyspark.util import _local_iterator_from_socket

        schema = to_arrow_schema(frame.schema)
        served = self.session.sparkContext._jvm.PythonRDD.toLocalIteratorAndServe(frame._jdf.toArrowBatchRdd(), True)
        for message in _local_iterator_from_socket(served, NoOpSerializer()):
            yield pa.ipc.read_record_batch(pa.py_buffer(message), schema)

    def close(self) -> None:
        """Leave the application; the last one ends it."""
        with DriverDoor._lock:
            if not self._is_open:
                return
            self._is_open = False
            self._application.users -= 1
            if not self._application.users:
                self._application.stop()
                DriverDoor._shared = None


class _Application:
    """This process' Spark application: ours, or one that was running before, which is then left running."""

    def __init__(self, url: str) -> None:
        from pyspark import SparkContext

        self.url = url
        self.users = 0
        running = SparkContext._active_spark_context
        if running is not None and running.master != url:
            hint = "stop it first (SparkContext.stop); sc:// has no such limit"
            raise EngineError("this process drives another Spark", where=str(running.master), hint=hint)
        self._is_ours = running is None
        self._has_gateway = SparkContext._gateway is None
        self._context = running or _start(url)

    def new_session(self) -> Any:
        from pyspark.sql import SparkSession

        root = SparkSession._instantiatedSession or SparkSession(self._context)
        return root.newSession()

    def stop(self) -> None:
        """End the application and the Java process that was started for it."""
        if self._is_ours:
            _stop(self._context if self._has_gateway else None, self._context)


def _start(url: str) -> Any:
    from pyspark import SparkConf, SparkContext

    home = os.environ.get("JAVA_HOME")
    if shutil.which("java", path=f"{home}/bin" if home else None) is None:
        hint = f"install Java 17 or newer (Debian: {JAVA_PACKAGE}), or use sc://, which needs none here"
        raise EngineError("Java is not installed", where=url, hint=hint)
    conf = SparkConf().setMaster(url).setAppName("flowsleuth")
    conf.set("spark.ui.enabled", "false").set("spark.ui.showConsoleProgress", "false")
    if all(host in LOOPBACK for host, _ in _masters(url)):
        conf.set("spark.driver.host", "127.0.0.1").set("spark.driver.bindAddress", "127.0.0.1")
    try:
        return SparkContext(conf=conf)
    except Exception as error:  # Py4J and Spark raise whatever the other side threw
        from flowsleuth.store.spark_connect import first_line

        _end_java()
        hint = "is it a Spark master of the very version of pyspark here, and is Java 17 or newer installed?"
        raise EngineError(f"Spark does not start: {first_line(error)}", where=url, hint=hint) from error


def _stop(gateway_owner: Any | None, context: Any) -> None:
    from pyspark.sql import SparkSession

    context.stop()
    SparkSession._instantiatedSession = None
    SparkSession._activeSession = None
    if gateway_owner is not None:
        _end_java()


def _end_java() -> None:
    """End the Java process behind PySpark, which would otherwise stay as long as this one."""
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    if gateway is None:
        return
    SparkContext._gateway = SparkContext._jvm = None
    gateway.shutdown()
    if gateway.proc is not None:
        gateway.proc.stdin.close()
        gateway.proc.wait(EXIT_S)


def _masters(url: str) -> list[tuple[str, int]]:
    """Hosts and ports of a master's URL.

    Raises
    ------
    EngineError
        It is not of that form.

    Examples
    --------
    >>> _masters("spark://a:7077,b:7078")
    [('a', 7077), ('b', 7078)]
    """
    found = []
    for place in url.removeprefix("spark://").split(","):
        host, _, port = place.rpartition(":")
        if not host or not port.isdecimal():
            hint = f"write it like spark://host:{DEFAULT_PORT}"
            raise EngineError("not the address of a Spark master", where=url, hint=hint)
        found.append((host, int(port)))
    return found
