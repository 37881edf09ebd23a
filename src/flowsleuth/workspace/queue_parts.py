"""The queue at rest: a day's strongest suspects, each with its strongest flow and its reason, written at scoring.

Pages, lists and ``suspects`` by group then never open the millions of rows behind them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flowsleuth.detect import DETECTORS, FINDERS
from flowsleuth.detect.scored_rows import evidence_matrix
from flowsleuth.errors import DetectorError, StoreError
from flowsleuth.schema import QUEUE
from flowsleuth.store.queue_rows import strongest_rows

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.detect.contract import Detector
    from flowsleuth.store import Store
    from flowsleuth.store.catalog import Part

QUEUE_DEPTH = 20_000
"""Suspects of a day and detector that are kept in the queue: more than anybody looks at in a day."""
LEADS = "leads"
"""What the fusion of a day is called among the runs."""
FLOWS_OF = "queue_flows"
"""In the detail of a run: the version of the day's flows that its queue was written from."""
WELL_KNOWN = 1024
"""Ports below are services (RFC 6335, system ports); used only where a detector does not say who has the service."""

_SPANS = ("src_ips", "src_ports", "dst_ips", "dst_ports")


def strongest(suspects: pa.Table, depth: int = QUEUE_DEPTH) -> pa.Table:
    """The first suspects by score, then surprise, highest first, then ``flow_id``, smallest first; in that order.

    Examples
    --------
    >>> import pyarrow as pa
    >>> rows = pa.table({"score": [0.1, 0.9, 0.9], "surprise": [1.0, 2.0, 3.0], "flow_id": [7, 8, 9]})
    >>> strongest(rows, 2)["flow_id"].to_pylist()
    [9, 8]
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(suspects) > depth:
        score = suspects["score"].to_numpy()
        least = np.partition(score, len(score) - depth)[len(score) - depth]
        suspects = suspects.filter(pa.array(score >= least))
    keys = [("score", "descending"), ("surprise", "descending"), ("flow_id", "ascending")]
    return suspects.take(pc.sort_indices(suspects, sort_keys=keys)).slice(0, depth)


def queue_rows(store: Store, detector: Detector, date: str, suspects: pa.Table, scores: Iterable[Part]) -> pa.Table:
    """Rows of ``schema.QUEUE`` for the strongest suspects of a run, strongest first.

    Parameters
    ----------
    store : Store
    detector : Detector
        Writes the reasons.
    date : str
    suspects : pyarrow.Table
        All groups of the run, rows of ``schema.SUSPECT``.
    scores : iterable of Part
        Its score parts.
    """
    import pyarrow as pa

    schema = QUEUE.arrow_schema()
    top = strongest(suspects)
    if not len(top):
        return schema.empty_table()
    flows, evidence, extents = strongest_rows(store, top, scores, date)
    columns = _beside(top, flows, evidence)
    rows = pa.table(columns)
    columns |= {
        "taught": fact_of(detector, rows["evidence"], "taught").fill_null(0.0),
        "reason": detector.reasons(rows),
        "service_port": service_port(rows, fact_of(detector, rows["evidence"], "owner")),
        **_spans(rows, extents),
    }
    return pa.table([_cast(columns[f.name], f.type) for f in schema], schema=schema)


def _beside(top: pa.Table, flows: pa.Table, evidence: pa.Table) -> dict[str, Any]:
    """Suspects with the columns of their strongest flow and its evidence; those whose flow is gone are left out."""
    import pyarrow.compute as pc

    top = top.filter(pc.is_in(top["flow_id"], value_set=flows["flow_id"].combine_chunks()))
    columns = {name: top[name] for name in top.column_names}
    for part in (flows, evidence):
        taken = part.take(pc.index_in(top["flow_id"], value_set=part["flow_id"].combine_chunks()))
        columns |= {name: taken[name] for name in taken.column_names if name not in columns}
    return columns


def _cast(column: Any, kind: pa.DataType) -> Any:
    return column if column.type == kind else column.cast(kind)


def fact_of(detector: Detector, evidence: Any, name: str) -> pa.Array:
    """One number of a column of evidence; null where there is no evidence, or no such number at all."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if name not in detector.evidence_names:
        return pa.nulls(len(evidence), pa.float64())
    names = detector.evidence_names
    values = evidence_matrix(evidence, len(names))[:, names.index(name)]
    return pa.array(values, mask=pc.is_null(evidence).to_numpy(zero_copy_only=False))


def service_port(rows: pa.Table, owner: Any) -> Any:
    """Port of the side that has the service.

    Parameters
    ----------
    rows : pyarrow.Table
        ``src_port``, ``dst_port``.
    owner : column of float64
        1 where the detector learnt that the source has the service, 0 for the destination, null where it does not say:
        then it is the destination, unless only the source's port is below 1024.
    """
    import pyarrow.compute as pc

    src, dst = rows["src_port"], rows["dst_port"]
    is_turned = pc.and_(pc.less(src, WELL_KNOWN), pc.greater_equal(dst, WELL_KNOWN)).fill_null(False)
    at_src = pc.coalesce(pc.greater(owner, 0.5), is_turned)
    return pc.if_else(at_src, src, dst)


def _spans(rows: pa.Table, extents: pa.Table) -> dict[str, Any]:
    """What the groups span; a group of one flow spans that flow."""
    import pyarrow as pa
    import pyarrow.compute as pc

    at = pc.index_in(rows["suspect_id"], value_set=extents["suspect_id"].combine_chunks())
    found = extents.take(at)
    one = pa.repeat(pa.scalar(1, pa.int64()), len(rows))
    port = {end: pc.is_valid(rows[f"{end}_port"]).cast(pa.int64()) for end in ("src", "dst")}
    alone = {"src_ips": one, "src_ports": port["src"], "dst_ips": one, "dst_ports": port["dst"]}
    spans = {name: pc.if_else(pc.is_valid(at), found[name].cast(pa.int64()), alone[name]) for name in _SPANS}
    for end in ("src", "dst"):
        name = f"group_{end}_bytes"
        spans[name] = pc.if_else(pc.is_valid(at), found[name], rows[f"{end}_bytes"])
    return spans


def detectors_with_scores(store: Store) -> list[str]:
    """Names of the detectors of flows that have run."""
    others = {*FINDERS.names(), LEADS}
    return sorted({run["detector"] for run in store.catalog.runs()} - others)


def load_detector(store: Store, name: str) -> Detector:
    """The detector that made the stored scores, ready to write their reasons.

    Raises
    ------
    DetectorError
        The scores were made by another version of it, whose evidence means something else.
    """
    detector: Detector = DETECTORS.load(name)()
    made_by = {json.loads(run["detail"])["version"] for run in store.catalog.runs() if run["detector"] == name}
    if made_by - {detector.version}:
        hint = f"flowsleuth score -w {store.folder} {name}"
        raise DetectorError("the stored scores are of another version of the detector", where=name, hint=hint)
    return detector


def write_missing_queues(store: Store, name: str) -> list[str]:
    """Write the queue of days that were scored by a version that kept none; the days written.

    Nothing happens while another process writes to the workspace: the next call does it.

    Raises
    ------
    DetectorError
        The scores are those of another version of the detector.
    """
    days = _days_without(store, name)
    if not days:
        return []
    detector = load_detector(store, name)
    try:
        with store.writing():
            for run in _days_without(store, name):
                _write_missing(store, detector, run)
    except StoreError:
        return []
    return [run["date"] for run in days]


def _days_without(store: Store, name: str) -> list[dict[str, Any]]:
    """Runs with suspects and no queue."""
    there = {part.date for part in store.catalog.parts("queue", tag=name)}
    scored = {part.date for part in store.catalog.parts("suspect", tag=name) if part.rows}
    return [run for run in store.catalog.runs() if run["detector"] == name and run["date"] in scored - there]


def _write_missing(store: Store, detector: Detector, run: dict[str, Any]) -> None:
    date = run["date"]
    suspects = store.arrow(store.table("suspect", [date], detector.name))
    scores = store.catalog.parts("score", [date], detector.name)
    rows = queue_rows(store, detector, date, suspects, scores)
    detail = json.loads(run["detail"]) | {FLOWS_OF: store.catalog.version("flow", date)}
    parts = store.write("queue", rows, tag=detector.name)
    with store.catalog.transaction():
        store.catalog.add(parts)
        store.catalog.save_run(run["id"], detector.name, date, run["finished"], json.dumps(detail))


def is_fresh(store: Store, name: str) -> bool:
    """Whether every scored day has a queue, written from the flows as they are now."""
    runs = [run for run in store.catalog.runs() if run["detector"] == name]
    return all(json.loads(run["detail"]).get(FLOWS_OF) == store.catalog.version("flow", run["date"]) for run in runs)
