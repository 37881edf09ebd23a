"""What a driver is: it sends a finished query to where the data are and gives back a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from flowsleuth.query.languages.values import Rendered

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes
    ----------
    rows : pyarrow.Table
        Times are UTC.
    warnings : tuple of str
        What the other side said about a result that is not whole (cut off, shards failed); empty means it is whole.
    """

    rows: pa.Table
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Request:
    """One query on its way: finished text, the window it asks about, and what the caller set for this call.

    ``most_rows`` is a limit that the query has by default: an answer of as many rows may be cut off, and says so.
    ``sends_window`` says that the text has no window of its own, so that the driver sends it beside the text, where the
    other side takes one.
    """

    query: Rendered
    start: dt.datetime | None = None
    end: dt.datetime | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    sends_window: bool = False
    most_rows: int | None = None


@runtime_checkable
class Driver(Protocol):
    """A place to put queries to.

    A driver is made with keyword arguments (its connection), does nothing until :meth:`connect`, may be called from
    several threads at once, and raises errors of :class:`flowsleuth.errors.QueryError` only: ``QueryLoginError`` when
    it is not let in, ``QueryThrottledError`` when it shall come back later (the caller does). It never prints.

    Attributes
    ----------
    environment : str
        Which part of the query library is for it, such as ``Sentinel``.
    language : str
        ``kql``, ``spl``, ``elastic`` or ``sql``.
    summary : str
        One sentence.
    is_local : bool
        Whether all data are here: then a query without a window asks about all time, else about the last day.
    parallel : int
        How many queries at once it takes well.
    """

    environment: ClassVar[str]
    language: ClassVar[str]
    summary: ClassVar[str]
    is_local: ClassVar[bool]
    parallel: int

    def connect(self) -> None:
        """Make ready, and fail early: a missing package, wrong settings, no such folder."""
        ...

    def run(self, request: Request) -> Answer:
        """Ask, and wait for the whole answer."""
        ...

    def tables(self) -> dict[str, dict[str, str]]:
        """Tables with their columns and types, where the other side tells; else empty."""
        ...

    def close(self) -> None:
        """Let connections go; harmless when called twice."""
        ...
