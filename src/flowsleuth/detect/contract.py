"""What a detector is: it gives every flow of a day a score in [0, 1], high = suspicious, and can say why.

A detector sees stored flows only as Ibis expressions, so it runs on every engine; what needs a numeric kernel it
fetches as aggregated counts or in batches. It writes nothing itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray


class Taught(Protocol):
    """What analysts' ratings taught, as a detector may ask for it.

    Attributes
    ----------
    names : pyarrow.Array of string
        Server names that something was taught about.
    """

    @property
    def names(self) -> pa.Array: ...

    def judge(self, rows: pa.Table) -> TaughtJudgement:
        """Judge rows of ``src_ip dst_ip proto service_port server_name``."""
        ...


class TaughtJudgement(Protocol):
    """What was taught about some rows, each an array of shape (n,).

    Attributes
    ----------
    nats : array of float64
        To be added to the surprise; 0 where nothing was taught.
    factor, verdict, alike, of : array of int64
        What it rests on: places in :data:`.taught_edges.SHARED` (-1: nothing) and :data:`.taught_edges.VERDICTS`, and
        how many of how many rated suspects.
    """

    @property
    def nats(self) -> NDArray[np.float64]: ...
    @property
    def factor(self) -> NDArray[np.int64]: ...
    @property
    def verdict(self) -> NDArray[np.int64]: ...
    @property
    def alike(self) -> NDArray[np.int64]: ...
    @property
    def of(self) -> NDArray[np.int64]: ...


class DayInput(Protocol):
    """The flows of one day, and what is known of the days before.

    Attributes
    ----------
    day : datetime.date
        The UTC day that is scored.
    flows : ibis table
        The flows to score: those of ``day``, within ``--start`` / ``--end`` when given. Columns of ``schema.FLOW``.
    is_whole : bool
        Whether these are all flows of the day.
    baseline : list of datetime.date
        Earlier days with flows, newest first.
    shared : dict of str to ibis table
        What was kept (:meth:`keep`) for all that look at the day in this run.
    taught : Taught or None
        What analysts' ratings taught; None where nothing was rated.
    dismissed : pyarrow.Table or None
        The flows, of any day, that analysts rated low (severity 3): ``start src_ip src_port dst_ip dst_port proto
        src_bytes src_packets``. None where there are none.
    """

    day: dt.date
    flows: ir.Table
    is_whole: bool
    baseline: list[dt.date]

    @property
    def shared(self) -> dict[str, ir.Table]: ...
    @property
    def taught(self) -> Taught | None: ...
    @property
    def dismissed(self) -> pa.Table | None: ...

    def table(self, name: str) -> ir.Table:
        """The day's rows of another table of ``schema`` (``dns``, ``http``, …), or all of one that has no days."""
        ...

    def counts(
        self,
        name: str,
        build: Callable[[ir.Table], ir.Table],
        days: list[dt.date],
        table: str = "flow",
        *,
        is_common: bool = False,
    ) -> ir.Table:
        """Mergeable counts of whole days, kept at rest: each day is built once, and again only when its rows change.

        Parameters
        ----------
        name : str
            What the counts are called; a new meaning needs a new name.
        build : callable
            Gives the counts of one day from that day's ``flow`` table (all of it, without ``--start`` / ``--end``).
        days : list of datetime.date
            Which days.
        table : str
            Another table to count the rows of.
        is_common : bool
            Whether all detectors mean the same by the name, so that it is counted once for them.

        Returns
        -------
        ibis table
            The columns of ``build`` and ``date`` (text ``YYYY-MM-DD``), all days together.
        """
        ...

    def made(
        self, name: str, make: Callable[[], pa.Table], days: list[dt.date], options: Mapping[str, Any]
    ) -> pa.Table:
        """A small table that kernels made of several days, kept at rest: made again only when something has changed.

        Parameters
        ----------
        name : str
            What the table is called; it is kept with the first of the days.
        make : callable
            Gives it, in any order of rows; it depends on nothing but the flows of these days and the options.
        days : list of datetime.date
            All days that it depends on.
        options : mapping
            What else it depends on, JSON-able.
        """
        ...

    def keep(self, expression: ir.Table) -> ir.Table:
        """The rows of an expression that is asked more than once in this run, worked out once."""
        ...

    def arrow(self, expression: ir.Table) -> pa.Table:
        """Fetch a (small or aggregated) result."""
        ...

    def batches(self, expression: ir.Table, rows: int = 131_072) -> Iterator[pa.RecordBatch]:
        """Stream a large result, in no particular order."""
        ...


@dataclass
class DayReport:
    """What a detector says of a run besides the scores.

    Attributes
    ----------
    scored : int
        Flows that got a score.
    notes : dict
        Numbers worth showing, JSON-able: topics, passes, likelihood, seed, vocabulary, threshold.
    """

    scored: int = 0
    notes: dict[str, Any] = field(default_factory=dict)


class Detector(Protocol):
    """Gives scores to flows.

    Attributes
    ----------
    name, summary : str
    is_default : bool
        Runs when no detector is named.
    Options : type
        A frozen dataclass; every field has a default and ``metadata={"help": …, "unit": …, "min": …, "max": …}``.
    evidence_names : tuple of str
        What each number of the ``evidence`` list is; a list may end early, what is missing is 0.
    version : int
        Raised when scores change for the same input and options.

    A detector with an option ``baseline_days`` gets that many earlier days, and as many more as its class attribute
    ``days_beyond`` says.

    A detector whose scores depend on ratings says so by a class attribute ``learns_from``, a tuple of the names that it
    reads: ``("taught",)``, ``("dismissed",)`` or both. Its runs are then told apart by what was rated.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    is_default: ClassVar[bool]
    Options: ClassVar[type]
    evidence_names: ClassVar[tuple[str, ...]]
    version: ClassVar[int]

    def __init__(self, options: Any = None) -> None: ...

    def score(self, day: DayInput, sink: Callable[[pa.Table], None]) -> DayReport:
        """Score every flow of ``day.flows``.

        ``sink`` takes tables with the columns ``flow_id``, ``start``, ``score``, ``surprise``, ``suspect_id`` and
        ``evidence`` of ``schema.SCORE``, in any order and number. Flows that are near-identical share a
        ``suspect_id`` (stable for the same content, unique over days). Row order of the input never matters; a
        second run gives the same scores; engines agree to 1e-9.
        """
        ...

    def reasons(self, rows: pa.Table) -> pa.Array:
        """Say in words and numbers why, one text per row.

        ``rows`` has the flow's columns and ``score``, ``surprise``, ``evidence``; for a group also ``flows``. Whole
        columns at a time, as every flow may be asked for.
        """
        ...
