"""When the target talked with whom: flows one by one while they are few, else put together by the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowsleuth.investigate import queries
from flowsleuth.schema.investigation import MARK

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.investigate.target import Condition

MARKS = 5_000
"""More than so many marks are put together in bins."""
WIDTHS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 604_800)
US_PER_S = 1_000_000

Fetch = Callable[["ir.Table"], "pa.Table"]


@dataclass(frozen=True)
class Timeline:
    """Marks of the target's peers.

    Attributes
    ----------
    marks : pyarrow.Table
        The columns of :data:`flowsleuth.schema.investigation.MARK`; lanes in the order they were asked for.
    binned_s : int or None
        Width of a bin; None when each mark is one flow.
    note : str
        What was put together or has no lane.
    """

    marks: pa.Table
    binned_s: int | None
    note: str


def bin_width(span_s: float, lanes: int) -> int:
    """The smallest round width that leaves no more than :data:`MARKS` marks.

    Examples
    --------
    >>> bin_width(86_400, 20), bin_width(3_600, 1)
    (600, 1)
    """
    wanted = span_s * max(lanes, 1) / MARKS
    return next((width for width in WIDTHS_S if width >= wanted), -(-int(wanted) // WIDTHS_S[-1]) * WIDTHS_S[-1])


def make_timeline(fetch: Fetch, flows: ir.Table, is_mine: Condition, peers: pa.Table, others: int) -> Timeline:
    """The timeline of some peers.

    Parameters
    ----------
    fetch : callable
        Runs an expression.
    flows : ibis table
        The target's flows.
    is_mine : callable
        Which addresses are the target's.
    peers : pyarrow.Table
        ``peer``, ``way``, ``connections``, ``first_seen``, ``last_seen`` of those that get a lane, in order.
    others : int
        How many peers get none.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(peers):
        return Timeline(MARK.arrow_schema().empty_table(), None, "")
    single = queries.marks(flows, is_mine, peers["peer"].to_pylist())
    count = pc.sum(peers["connections"]).as_py()
    width = None
    if count > MARKS:
        first, last = pc.min(peers["first_seen"]), pc.max(peers["last_seen"])
        width = bin_width((last.value - first.value) / US_PER_S, len(peers))
    rows = fetch(single if width is None else queries.binned_marks(single, width))
    rows = rows.append_column("binned_s", pa.array([width] * len(rows), pa.int64()))
    lane = pc.index_in(rows["lane"], value_set=peers["peer"].combine_chunks())
    keys = [("_lane", "ascending"), ("start", "ascending"), ("end", "ascending"), ("dst_port", "ascending")]
    way = peers["way"].combine_chunks().take(lane.combine_chunks())
    rows = rows.append_column("way", way).append_column("_lane", lane).sort_by(keys)
    typed = pa.table({c.name: pc.cast(rows[c.name], c.arrow_type()) for c in MARK.columns})
    return Timeline(typed, width, _note(width, count, others))


def _note(width: int | None, count: int, others: int) -> str:
    said = []
    if width is not None:
        said.append(f"{count:,} connections are put together by peer and {in_words(width)}")
    if others:
        said.append(f"{others:,} more peers have no lane")
    return "; ".join(said)


def in_words(seconds: int) -> str:
    """A width of time in words.

    Examples
    --------
    >>> in_words(600), in_words(1), in_words(86_400)
    ('10 minutes', 'second', 'day')
    """
    for unit, size in (("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        if seconds % size == 0 and seconds >= size:
            return unit if seconds == size else f"{seconds // size} {unit}s"
    return f"{seconds} seconds"
