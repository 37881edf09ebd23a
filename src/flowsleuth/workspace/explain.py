"""Explain one flow: the reason in full, the raw line, and the flows around it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import FlowsleuthError, OptionError
from flowsleuth.readers import READERS
from flowsleuth.readers.streams import Source, printable
from flowsleuth.readers.zip_members import split_member
from flowsleuth.schema.identity import file_key_of
from flowsleuth.workspace.queue_parts import detectors_with_scores, load_detector
from flowsleuth.workspace.results import Rows

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.store import Store

AROUND = dt.timedelta(minutes=5)
AROUND_ROWS = 20
_AROUND_COLUMNS = (
    "flow_id", "start", "src_ip", "src_port", "dst_ip", "dst_port", "proto", "service", "src_bytes", "dst_bytes",
    "conn_state", "server_name",
)  # fmt: skip


@dataclass(frozen=True)
class Explanation:
    """What is known of one flow.

    Attributes
    ----------
    flow : dict
        The canonical row.
    scores : list of dict
        For each detector: score, surprise, reason, evidence by name, and the group's count and times.
    raw : str or None
        The record as it stands in the file.
    raw_absent : str or None
        Why there is no raw record.
    around : Rows
        The nearest flows of the same source in time, this one included.
    """

    flow: dict[str, Any]
    scores: list[dict[str, Any]] = field(default_factory=list)
    raw: str | None = None
    raw_absent: str | None = None
    around: Rows | None = None


def explain(store: Store, flow_id: int) -> Explanation:
    """Explain a flow by its id.

    Raises
    ------
    OptionError
        No flow has this id.
    """
    flow = store.table("flow")
    found = store.arrow(flow.filter(flow.flow_id == flow_id))
    if not len(found):
        hint = "take the flow_id of a row of: flowsleuth suspects"
        raise OptionError("no flow has this id", where=str(flow_id), hint=hint)
    row = found.to_pylist()[0]
    raw, absent = _raw(store, row)
    scores = [_score(store, name, found) for name in detectors_with_scores(store)]
    return Explanation(row, [s for s in scores if s], raw, absent, _around(store, flow, row))


def _score(store: Store, name: str, found: pa.Table) -> dict[str, Any]:
    """One detector's word on the flow."""
    flow_id = found["flow_id"][0].as_py()
    scored = store.table("score", tag=name)
    own = store.arrow(scored.filter(scored.flow_id == flow_id))
    if not len(own):
        return {}
    detector = load_detector(store, name)
    joined = found
    for column in ("score", "surprise", "suspect_id", "evidence"):
        joined = joined.append_column(column, own[column])
    values = own.to_pylist()[0]
    suspects = store.table("suspect", tag=name)
    group = store.arrow(suspects.filter(suspects.suspect_id == values["suspect_id"])).to_pylist()
    evidence = dict(zip(detector.evidence_names, values["evidence"] or [], strict=False))
    return {
        "detector": name,
        "run": values["run"],
        "score": values["score"],
        "surprise": values["surprise"],
        "reason": detector.reasons(joined)[0].as_py(),
        "evidence": evidence,
        "group": {k: group[0][k] for k in ("suspect_id", "flows", "first_seen", "last_seen")} if group else None,
    }


def _around(store: Store, flow: ir.Table, row: dict[str, Any]) -> Rows:
    """The flows of the same source that are nearest in time."""
    import ibis
    import pyarrow as pa

    start: dt.datetime = row["start"]
    near = flow.filter(
        flow.src_ip == row["src_ip"],
        flow.start >= ibis.literal(start - AROUND),
        flow.start <= ibis.literal(start + AROUND),
    ).select(*_AROUND_COLUMNS)
    before = near.filter(near.start <= ibis.literal(start)).order_by([ibis.desc("start"), ibis.desc("flow_id")])
    after = near.filter(near.start > ibis.literal(start)).order_by(["start", "flow_id"])
    half = AROUND_ROWS // 2
    rows = pa.concat_tables([store.arrow(before.limit(half + 1)), store.arrow(after.limit(half))])
    return Rows(rows.sort_by([("start", "ascending"), ("flow_id", "ascending")]))


def _raw(store: Store, row: dict[str, Any]) -> tuple[str | None, str | None]:
    """The record as it stands in its file, or why it cannot be shown."""
    key = file_key_of(row["flow_id"])
    entry = next((s for s in store.catalog.sources() if s.file_key == key), None)
    if entry is None or entry.path is None:
        return None, f"{row['source_file']} was not a file on disk"
    if not split_member(entry.path)[0].exists():
        return None, f"{entry.path} is not there any more"
    try:
        reader = READERS.load(entry.reader)
        if hasattr(reader, "raw_record"):
            with Source(entry.path) as source:
                raw = reader().raw_record(source, row)
            return raw, None if raw else f"{entry.path} has changed since"
        return raw_line(entry.path, row["source_row"])
    except (FlowsleuthError, OSError) as error:
        return None, str(error)


def raw_line(path: str, number: int) -> tuple[str | None, str | None]:
    """Line ``number`` (from 1) of a text file, decompressed; or why there is none."""
    with Source(path) as source:
        if not source.sample.is_text():
            return None, f"{path} is a binary file; the row is record {number:,} of it"
        for chunk in source.chunks():
            if chunk.first_line + len(chunk) > number:
                return printable(chunk.line(number - chunk.first_line)), None
    return None, f"{path} has no line {number:,} any more"
