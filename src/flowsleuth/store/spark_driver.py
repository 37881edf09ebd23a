"""The other door to Spark: a driver of our own in this process (``spark://host:port``); it needs Java here."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from flowsleuth.errors import EngineError
from flowsleuth.store.spark_errors import JAVA_PACKAGE, first_line, reach

if TYPE_CHECKING:
    import pyarrow as pa

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
EXIT_S = 20.0
"""How long the Java process may take to end."""


class DriverDoor:
    """A session of our own in this process' Spark application.

    Spark allows one application in a process, so engines of the same master share it, each with a session (views,
    settings) of its own; with the last of them it ends, and its Java process too. An application that was running
    before is used, and left running. Settings such as ``spark.executor.memory`` or ``spark.cores.max`` come from
    ``$SPARK_CONF_DIR/spark-defaults.conf``, as always with Spark; without a limit of cores an application takes all
    there are, and the next one waits.

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

        places = masters(url)
        require_java(url)
        reach(url, places)
        with DriverDoor._lock:
            if DriverDoor._shared is None:
                DriverDoor._shared = _Application(url)
            self._application = DriverDoor._shared
            self._application.check(url)
            self._application.users += 1
            self.session = self._application.new_session()
        self._is_open = True

    def stream(self, frame: Any) -> Iterator[pa.RecordBatch]:
        """Arrow batches of a result, partition after partition, in order; two partitions are held at a time."""
        import pyarrow as pa
        from pyspark.serializers import NoOpSerializer
        from pyspark.sql.pandas.types import to_arrow_schema
        from pyspark.util import _local_iterator_from_socket

        schema = to_arrow_schema(frame.schema)
        java = self.session.sparkContext._jvm.PythonRDD
        served = java.toLocalIteratorAndServe(frame._jdf.toArrowBatchRdd(), True)
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
                DriverDoor._shared = None
                self._application.stop()


class _Application:
    """This process' Spark application: ours, or one that was running before."""

    def __init__(self, url: str) -> None:
        from pyspark import SparkContext

        self.users = 0
        running = SparkContext._active_spark_context
        self._is_ours = running is None
        self._has_java = SparkContext._gateway is None
        self._context = _start(url) if running is None else running

    def check(self, url: str) -> None:
        """Make sure that it is the application of this master."""
        if self._context.master != url:
            hint = "end that one first (close its workspaces, or SparkContext.stop); sc:// has no such limit"
            raise EngineError(f"this process drives another Spark, {self._context.master}", where=url, hint=hint)

    def new_session(self) -> Any:
        from pyspark.sql import SparkSession

        first = SparkSession._instantiatedSession or SparkSession(self._context)
        return first.newSession()

    def stop(self) -> None:
        """End it, and the Java process that was started for it, if it is ours."""
        from pyspark.sql import SparkSession

        if not self._is_ours:
            return
        self._context.stop()
        SparkSession._instantiatedSession = SparkSession._activeSession = None
        if self._has_java:
            _end_java()


def _start(url: str) -> Any:
    from py4j.protocol import Py4JError
    from pyspark import SparkConf, SparkContext
    from pyspark.errors import PySparkException

    conf = SparkConf().setMaster(url).setAppName("flowsleuth")
    conf.set("spark.ui.enabled", "false").set("spark.ui.showConsoleProgress", "false")
    if all(host in LOOPBACK for host, _ in masters(url)):
        conf.set("spark.driver.host", "127.0.0.1").set("spark.driver.bindAddress", "127.0.0.1")
    try:
        return SparkContext(conf=conf)
    except (PySparkException, Py4JError, OSError) as error:
        _end_java()
        hint = "is it a Spark master of the very version of pyspark here, and is Java 17 or newer here?"
        raise EngineError(f"Spark does not start: {first_line(error)}", where=url, hint=hint) from error


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


def require_java(url: str) -> None:
    """Make sure that there is a Java to start.

    Raises
    ------
    EngineError
        There is none.
    """
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java", path=f"{home}/bin" if home else None) is None:
        hint = f"install Java 17 or newer (Debian: apt-get install {JAVA_PACKAGE}), or use sc://, which needs none here"
        raise EngineError("Java is not installed", where=url, hint=hint)


def masters(url: str) -> list[tuple[str, int]]:
    """Hosts and ports in a master's URL.

    Raises
    ------
    EngineError
        It is not of that form.

    Examples
    --------
    >>> masters("spark://a:7077,b:7078")
    [('a', 7077), ('b', 7078)]
    """
    found = []
    for place in url.removeprefix("spark://").split(","):
        host, _, port = place.rpartition(":")
        if not host or not port.isdecimal():
            raise EngineError("not the address of a Spark master", where=url, hint="write it like spark://host:7077")
        found.append((host, int(port)))
    return found
