"""What is left of suspects that were rated in part: the flows without a rating, shown by the strongest of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flowsleuth.schema import FLOW
from flowsleuth.triage.members import member_flows
from flowsleuth.workspace.queue_parts import fact_of, load_detector, service_port

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    from flowsleuth.store import Store


_ENDS = ("src_ip", "src_port", "dst_ip", "dst_port")


def left_over(store: Store, detector: str, suspects: pa.Table, rated: npt.NDArray[np.int64]) -> pa.Table:
    """The same suspects by their flows that have no rating.

    Parameters
    ----------
    store : Store
    detector : str
    suspects : pyarrow.Table
        Rows of the queue, each rated in part.
    rated : array of int64
        Ids of their rated flows.

    Returns
    -------
    pyarrow.Table
        Rows with the columns of `suspects`; a suspect with no flow left is left out.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    pieces = list(member_flows(store, detector, suspects, ("start", *_ENDS, "src_bytes", "dst_bytes")))
    if not pieces:
        return suspects.slice(0, 0)
    flows = pa.concat_tables(pieces).combine_chunks()
    flows = flows.filter(pa.array(~np.isin(flows["flow_id"].to_numpy(), rated)))
    first, spans = _strongest(flows), _spans(flows)
    whole = _whole_flows(store, first, [name for name in suspects.column_names if name in FLOW.names])
    columns: dict[str, Any] = {}
    for table, key in ((suspects, "suspect_id"), (spans, "suspect_id"), (whole, "flow_id")):
        taken = table.take(pc.index_in(first[key], value_set=table[key].combine_chunks()))
        columns |= {name: taken[name] for name in taken.column_names}
    columns |= {name: first[name] for name in ("suspect_id", "flow_id", "score", "surprise")}
    columns |= _words(store, detector, pa.table(columns))
    schema = suspects.schema
    return pa.table([columns[field.name].cast(field.type) for field in schema], schema=schema)


def _whole_flows(store: Store, flows: pa.Table, columns: list[str]) -> pa.Table:
    """All columns of a few flows; the statistics of the files tell where they are."""
    import pyarrow.compute as pc

    dates = pc.unique(pc.strftime(flows["start"], format="%Y-%m-%d")).to_pylist()
    flow = store.table("flow", dates)
    return store.arrow(flow.filter(flow.flow_id.isin(flows["flow_id"].to_pylist())).select(*columns))


def _strongest(flows: pa.Table) -> pa.Table:
    """Of each suspect the flow with the highest score, then surprise, then the smallest id."""
    order = np.lexsort(
        (
            flows["flow_id"].to_numpy(), -flows["surprise"].to_numpy(), -flows["score"].to_numpy(),
            flows["suspect_id"].to_numpy(),
        )
    )  # fmt: skip
    _, first = np.unique(flows["suspect_id"].to_numpy()[order], return_index=True)
    return flows.take(order[first])


def _spans(flows: pa.Table) -> pa.Table:
    """Count, times, distinct ends and bytes of each suspect's flows."""
    import pyarrow.compute as pc

    asked: list[Any] = [(name, "count_distinct", pc.CountOptions(mode="only_valid")) for name in _ENDS]
    asked += [("flow_id", "count"), ("start", "min"), ("start", "max"), ("src_bytes", "sum"), ("dst_bytes", "sum")]
    found = flows.group_by("suspect_id").aggregate(asked)
    names = {
        "flow_id_count": "flows", "start_min": "first_seen", "start_max": "last_seen",
        "src_bytes_sum": "group_src_bytes", "dst_bytes_sum": "group_dst_bytes",
    }  # fmt: skip
    names |= {f"{name}_count_distinct": f"{name}s" for name in _ENDS}
    return found.rename_columns([names.get(name, name) for name in found.column_names])


def _words(store: Store, name: str, rows: pa.Table) -> dict[str, Any]:
    """Reason, service port and taught nats of the flows that are shown now."""
    import pyarrow.compute as pc

    detector = load_detector(store, name)
    ids = rows["flow_id"].to_pylist()
    dates = pc.unique(pc.strftime(rows["first_seen"], format="%Y-%m-%d")).to_pylist()
    scored = store.table("score", dates, name)
    found = store.arrow(scored.filter(scored.flow_id.isin(ids)).select("flow_id", "evidence"))
    evidence = found.take(pc.index_in(rows["flow_id"], value_set=found["flow_id"].combine_chunks()))["evidence"]
    words = {
        "reason": detector.reasons(rows.append_column("evidence", evidence)),
        "service_port": service_port(rows, fact_of(detector, evidence, "owner")),
    }
    has_taught = "taught" in detector.evidence_names
    return words | ({"taught": fact_of(detector, evidence, "taught")} if has_taught else {})
