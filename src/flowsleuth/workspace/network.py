"""The queue of suspects as a graph of addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from flowsleuth.workspace.investigation import load_context

if TYPE_CHECKING:
    from flowsleuth.workspace.casework import Casework


def network_of(workspace: Casework, filter: Any, top: int) -> dict[str, list[dict[str, Any]]]:
    """See :meth:`flowsleuth.Workspace.network`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    narrowed = {} if filter is None else {"filter": filter}
    page = cast(Any, workspace).queue(**narrowed, page=1, size=top)
    rows = page.rows.table
    if not len(rows):
        return {"nodes": [], "edges": []}
    swap = pc.greater(rows["src_ip"], rows["dst_ip"])
    pairs = pa.table(
        {
            "source": pc.if_else(swap, rows["dst_ip"], rows["src_ip"]),
            "target": pc.if_else(swap, rows["src_ip"], rows["dst_ip"]),
            "score": rows["score"],
        }
    )
    edges = pairs.group_by(["source", "target"]).aggregate([("score", "max"), ("score", "count")])
    edges = edges.select(["source", "target", "score_max", "score_count"])
    edges = edges.rename_columns(["source", "target", "weight", "suspects"])
    edges = edges.sort_by([("weight", "descending"), ("source", "ascending"), ("target", "ascending")])
    ends = pa.chunked_array(
        [*pairs["source"].chunks, *pairs.filter(pc.not_equal(pairs["source"], pairs["target"]))["target"].chunks]
    )
    counted = pc.value_counts(ends)
    nodes = pa.table({"id": counted.field("values"), "suspects": counted.field("counts")})
    inside = load_context(workspace.folder / workspace.settings.context, workspace.settings.home).inside
    nodes = nodes.append_column("is_internal", pa.array(inside.covers(nodes["id"])))
    nodes = nodes.sort_by([("suspects", "descending"), ("id", "ascending")])
    return {"nodes": nodes.to_pylist(), "edges": edges.to_pylist()}
