"""Suspects and flows chosen by their ids, whether or not the queue is deep enough to hold them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flowsleuth.errors import OptionError
from flowsleuth.triage.members import LABEL_COLUMNS, Match, settle
from flowsleuth.workspace.queue_parts import load_detector, queue_rows

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.store import Store
    from flowsleuth.triage.filters import Criteria


def chosen_suspects(
    store: Store, detector: str, rows: pa.Table, ids: Sequence[int], *, is_open: bool = True
) -> pa.Table:
    """Rows of the queue for suspects chosen by id.

    Parameters
    ----------
    store : Store
    detector : str
    rows : pyarrow.Table
        The queue.
    ids : sequence of int
    is_open : bool
        Suspects beyond the queue's depth are looked up too.

    Raises
    ------
    OptionError
        One does not exist.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pa.array(sorted(set(ids)), pa.int64())
    found = rows.filter(pc.is_in(rows["suspect_id"], value_set=wanted))
    if not is_open or len(found) == len(wanted):
        return found
    missing = wanted.filter(pc.invert(pc.is_in(wanted, value_set=found["suspect_id"].combine_chunks())))
    deep = _deep(store, detector, missing.to_pylist(), rows.column_names)
    if len(deep) < len(missing):
        there = deep["suspect_id"].to_pylist()
        gone = [str(one) for one in missing.to_pylist() if one not in there][:5]
        raise OptionError(
            "no suspect has this id", where=", ".join(gone), hint="take a suspect_id of: flowsleuth queue"
        )
    return pa.concat_tables([found, deep])


def _deep(store: Store, detector: str, ids: list[int], columns: list[str]) -> pa.Table:
    """Suspects that are not in the queue, made as if they were."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from flowsleuth.schema import QUEUE

    suspects = store.table("suspect", tag=detector)
    found = store.arrow(suspects.filter(suspects.suspect_id.isin(ids)))
    days = pc.strftime(found["first_seen"], format="%Y-%m-%d")
    made_by = load_detector(store, detector)
    tables = [QUEUE.arrow_schema().empty_table()]
    for date in pc.unique(days).to_pylist():
        scores = store.catalog.parts("score", [date], detector)
        tables.append(queue_rows(store, made_by, date, found.filter(pc.equal(days, date)), scores))
    return pa.concat_tables(tables).select(columns)


def chosen_flows(store: Store, detector: str, rows: pa.Table, criteria: Criteria, dates: Sequence[str] | None) -> Match:
    """Flows chosen by id that meet the other criteria; a suspect all of whose flows are chosen is meant as a whole.

    Raises
    ------
    OptionError
        One has no score of this detector.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    ids = sorted(set(criteria.flows or ()))
    score, flow = store.table("score", dates, detector), store.table("flow", dates)
    scored = score.filter(score.flow_id.isin(ids)).select("suspect_id", "flow_id", "score", "surprise")
    columns = sorted({*LABEL_COLUMNS, *criteria.expression().columns})
    flows = store.arrow(scored.inner_join(flow.filter(flow.flow_id.isin(ids)).select("flow_id", *columns), "flow_id"))
    there = flows["flow_id"].to_pylist()
    if gone := [str(one) for one in ids if one not in set(there)][:5]:
        raise OptionError(f"{detector} has scored no flow with this id", where=", ".join(gone))
    flows = flows.filter(criteria.expression().judge(flows, of_groups=False))
    flows = flows.select(["suspect_id", "flow_id", "score", "surprise", *LABEL_COLUMNS])
    wanted = criteria.suspects or pc.unique(flows["suspect_id"]).to_pylist()
    is_open = criteria.filter is None
    suspects = chosen_suspects(store, detector, rows, wanted, is_open=is_open) if wanted else rows.slice(0, 0)
    flows = flows.filter(pc.is_in(flows["suspect_id"], value_set=suspects["suspect_id"].combine_chunks()))
    return settle(rows.slice(0, 0), suspects, pa.table(flows))
