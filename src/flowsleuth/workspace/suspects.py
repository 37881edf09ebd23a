"""Suspects: scored flows or groups of them, ranked, each with its reason and the way back to the raw line."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from flowsleuth.detect import DETECTORS
from flowsleuth.errors import OptionError
from flowsleuth.schema import FLOW
from flowsleuth.schema.addresses import canonical_address
from flowsleuth.workspace.queue_parts import QUEUE_DEPTH, detectors_with_scores, is_fresh, load_detector
from flowsleuth.workspace.scoring import default_detectors

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.store import Store

By = Literal["group", "flow"]
DIRECT = 1_000
"""Up to so many rows are looked up by their ids; more are joined by the engine."""

MARGIN = 1e-9
"""More than a number loses on its way through SQL text."""

_GROUP_COLUMNS = ("flows", "first_seen", "last_seen")


@dataclass(frozen=True)
class Question:
    """Which suspects are asked for.

    Attributes
    ----------
    by : ``group`` or ``flow``
        Groups of near-identical flows, or single flows.
    top : int or None
        How many; None for all.
    ip : str or None
        Only flows with this address at either end.
    detector : str or None
        Only this one; else the default ones that have scores, or else those that have.
    """

    by: By = "group"
    top: int | None = 250
    ip: str | None = None
    detector: str | None = None

    def __post_init__(self) -> None:
        if self.by not in ("group", "flow"):
            raise OptionError("not a kind of suspect", where=f"--by {self.by}", available=["group", "flow"])
        if self.top is not None and self.top < 1:
            raise OptionError("must be at least 1", where=f"--top {self.top}")
        if self.ip is not None:
            try:
                object.__setattr__(self, "ip", canonical_address(self.ip))
            except ValueError as error:
                raise OptionError(str(error), where=f"--ip {self.ip}") from None


def chosen_detector(store: Store, question: Question) -> str | None:
    """The detector whose scores answer; None when nothing was scored yet.

    Raises
    ------
    OptionError
        The detector that was asked for has no scores.
    """
    there = detectors_with_scores(store)
    if question.detector is not None:
        if question.detector not in there:
            DETECTORS.load(question.detector)
            hint = f"flowsleuth score -w {store.folder} {question.detector}"
            raise OptionError("has not scored yet", where=question.detector, available=there, hint=hint)
        return question.detector
    return next((name for name in default_detectors() if name in there), there[0] if there else None)


def find_suspects(store: Store, question: Question, rows: int = 100_000) -> Iterator[pa.Table]:
    """Stream suspects in order of rank.

    Yields
    ------
    pyarrow.Table
        ``rank`` (from 1), ``score``, ``detector``, ``reason``; for groups also ``flows``, ``first_seen`` and
        ``last_seen``; then the columns of the (strongest) flow, ``source_file`` and ``source_row`` among them.

    Notes
    -----
    Order: score, then surprise, highest first; then ``flow_id``, smallest first.
    """
    detector = chosen_detector(store, question)
    if detector is None:
        return
    made_by = load_detector(store, detector)
    if (kept := _from_queue(store, detector, question)) is not None:
        if len(kept):
            yield _in_order(kept, kept["reason"], detector, question.by, itertools.count(1))
        return
    name = "suspect" if question.by == "group" else "score"
    ranked = store.table(name, tag=detector)
    flow = store.table("flow")
    if question.ip is not None:
        mine = flow.filter((flow.src_ip == question.ip) | (flow.dst_ip == question.ip)).select("flow_id")
        ranked = ranked.semi_join(mine, "flow_id")
    ordered = _ordered(ranked)
    if question.top is not None and question.top <= DIRECT:
        tables: Iterator[pa.Table] = iter([_look_up(store, ordered.limit(question.top), detector)])
    else:
        tables = _joined(store, ordered if question.top is None else ordered.limit(question.top), question.by, rows)
    first = itertools.count(1)
    for table in tables:
        if len(table):
            yield _in_order(table, made_by.reasons(table), detector, question.by, first)


def _from_queue(store: Store, detector: str, question: Question) -> pa.Table | None:
    """The same answer from the queue at rest, where that holds enough of the strongest groups; else None."""
    import pyarrow.compute as pc

    top = question.top
    if question.by != "group" or top is None or top > QUEUE_DEPTH or not is_fresh(store, detector):
        return None
    queue = store.table("queue", tag=detector)
    if question.ip is not None:
        queue = queue.filter((queue.src_ip == question.ip) | (queue.dst_ip == question.ip))
    rows = store.arrow(_ordered(queue).limit(top))
    kept, scored = (_rows_by_day(store, name, detector) for name in ("queue", "suspect"))
    cut_days = [date for date, count in scored.items() if kept.get(date, 0) < count]
    if not cut_days or question.ip is None:
        return rows
    # beyond the queue's end there may be more of this address: what is found must be stronger than all of that
    if len(rows) < top:
        return None
    whole = store.table("queue", cut_days, detector)
    ends = store.arrow(whole.group_by("run").aggregate(least=whole.score.min()))  # each day has a run of its own
    return rows if pc.min(rows["score"]).as_py() > pc.max(ends["least"]).as_py() else None


def _rows_by_day(store: Store, table: str, detector: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in store.catalog.parts(table, tag=detector):
        found[str(part.date)] = found.get(str(part.date), 0) + part.rows
    return found


def _ordered(table: ir.Table) -> ir.Table:
    import ibis

    return table.order_by([ibis.desc("score"), ibis.desc("surprise"), ibis.asc("flow_id")])


def _look_up(store: Store, ranked: ir.Table, detector: str) -> pa.Table:
    """The flows of a few suspects, found by id; in the order of the suspects.

    Wide columns are fetched only for the rows that are shown; the evidence of high scores is in parts of their own
    (see :mod:`flowsleuth.workspace.scoring`), so the others are not opened.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    narrow = [name for name in ranked.columns if name not in ("evidence", "run", "detector")]
    top = store.arrow(ranked.select(*narrow))
    ids = top["flow_id"].to_pylist()
    if not ids:
        return top
    flow, scored = store.table("flow"), store.table("score", tag=detector)
    lowest = pc.min(top["score"]).as_py() - MARGIN
    evidence = scored.filter(scored.score >= lowest, scored.flow_id.isin(ids)).select("flow_id", "evidence")
    columns = {name: top[name] for name in top.column_names}
    for part in (store.arrow(flow.filter(flow.flow_id.isin(ids))), store.arrow(evidence)):
        at = pc.index_in(top["flow_id"], value_set=part["flow_id"].combine_chunks())
        taken = part.take(at)
        columns |= {name: taken[name] for name in taken.column_names if name not in columns}
    return pa.table(columns)


def _joined(store: Store, ranked: ir.Table, by: By, rows: int) -> Iterator[pa.Table]:
    """The flows of many suspects, joined and ordered by the engine."""
    import pyarrow as pa

    if by == "group":
        scored = store.table("score", tag=None).select("flow_id", "detector", "evidence")
        ranked = ranked.inner_join(scored, ["flow_id", "detector"])
    flow = store.table("flow")
    wanted = [name for name in flow.columns if name == "flow_id" or name not in ranked.columns]
    expression = _ordered(ranked.inner_join(flow.select(*wanted), "flow_id"))
    for batch in store.batches(expression, rows):
        yield pa.Table.from_batches([batch])


def _in_order(table: pa.Table, reasons: Any, detector: str, by: By, first: Iterator[int]) -> pa.Table:
    """Number the rows and put the columns in order."""
    import pyarrow as pa

    ranks = pa.array(list(itertools.islice(first, len(table))), pa.int64())
    names = [name for name in FLOW.names if name in table.column_names]
    columns = {"rank": ranks, "score": table["score"], "detector": pa.repeat(detector, len(table)), "reason": reasons}
    if by == "group":
        columns |= {name: table[name] for name in _GROUP_COLUMNS}
    return pa.table(columns | {name: table[name] for name in names})
