"""What can go wrong between us and a Spark, said in our words."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flowsleuth.errors import EngineError

EXTRA = "pip install 'flowsleuth[spark]'"
JAVA_PACKAGE = "openjdk-17-jre-headless"
REACH_S = 10.0
"""How long a server may take to accept a connection."""

_HINTS = {
    "PATH_NOT_FOUND": "the server and its workers must see the workspace's folder under the same path",
    "FILE_NOT_EXIST": "the server and its workers must see the workspace's folder under the same path",
    "FAILED_READ_FILE": "the server and its workers must be able to read the workspace's folder",
    "Permission denied": "the server and its workers must be able to read the workspace's folder",
    "maxResultSize": "start the server with a larger spark.driver.maxResultSize (0 for no limit)",
    "OutOfMemoryError": "start the server with more spark.driver.memory, or spark.executor.memory for its workers",
    "SESSION_NOT_FOUND": "the server was restarted, or let the idle session go; open the workspace again",
    "SESSION_CLOSED": "the server let the idle session go; open the workspace again",
}
"""What to try, by a word in what Spark says."""


def first_line(error: BaseException) -> str:
    """The first line of an exception's text that says something.

    Examples
    --------
    >>> first_line(ValueError("An error occurred while calling o64.getResult.\\n: it broke\\n  at Foo.scala:12"))
    'it broke'
    """
    lines = [line.strip(" :") for line in str(error).splitlines()]
    said = [line for line in lines if line and not line.startswith("An error occurred while calling")]
    return said[0] if said else type(error).__name__


def missing_library(url: str, error: ImportError) -> EngineError:
    """PySpark or what its client needs is not installed."""
    return EngineError(f"PySpark is not installed: {first_line(error)}", where=url, hint=EXTRA)


def reach(url: str, places: Sequence[tuple[str, int]]) -> None:
    """Make sure that somebody answers at one of the places, because Spark's clients try for minutes.

    Raises
    ------
    EngineError
        Nobody does.
    """
    why = ""
    for host, port in places:
        try:
            socket.create_connection((host.strip("[]"), port), REACH_S).close()
        except OSError as error:
            why = first_line(error)
        else:
            return
    raise EngineError(f"cannot be reached: {why}", where=url, hint="is the server up, and are host and port right?")


@contextmanager
def spark_errors(url: str) -> Iterator[None]:
    """Turn what Spark throws into :class:`~flowsleuth.errors.EngineError`, whose cause is the original."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError) as error:
        text = str(error)
        hint = next((hint for word, hint in _HINTS.items() if word in text), None)
        raise EngineError(f"Spark refused: {first_line(error)}", where=url, hint=hint) from error
