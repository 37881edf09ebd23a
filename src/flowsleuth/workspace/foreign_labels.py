"""Labels made on one detector's suspects, as labels on another's: a label says what a flow is, whoever ranked it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flowsleuth.triage.standing import ALL_FLOWS, Labels, strength

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.store import Store


def as_labels(rows: pa.Table) -> Labels:
    """Rows of the label table (with ``by_rule``) as columns."""
    import pyarrow.compute as pc

    def whole(name: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        column = pc.fill_null(rows[name], ALL_FLOWS)
        return np.asarray(column.to_numpy(), dtype=np.int64)

    by_person = ~np.asarray(rows["by_rule"].to_numpy(), dtype=bool)
    label_strength = strength(whole("label_id"), by_person)
    return Labels(whole("suspect_id"), whole("flow_id"), whole("severity"), whole("rating_id"), label_strength)


def foreign_labels(store: Store, detector: str, suspects: pa.Table, labels: pa.Table) -> list[Labels]:
    """Labels on the suspects of other detectors as labels on flows of this one's suspects.

    Parameters
    ----------
    store : Store
    detector : str
        Whose queue it is for.
    suspects : pyarrow.Table
        Its suspects: ``suspect_id``, ``flows``.
    labels : pyarrow.Table
        Live labels with ``by_rule``; those of `detector` itself are passed over.
    """
    import pyarrow.compute as pc

    found = []
    for other in pc.unique(labels["detector"]).to_pylist():
        if other != detector:
            found += _from(store, detector, suspects, other, labels.filter(pc.equal(labels["detector"], other)))
    return found


def _from(store: Store, detector: str, suspects: pa.Table, other: str, labels: pa.Table) -> list[Labels]:
    import pyarrow.compute as pc

    dates = pc.unique(labels["date"]).to_pylist()
    mine = store.table("score", dates, detector).select("flow_id", here="suspect_id")
    theirs = store.table("score", dates, other).select("flow_id", there="suspect_id")
    on_flows = labels.filter(pc.is_valid(labels["flow_id"]))
    on_whole = labels.filter(pc.is_null(labels["flow_id"]))
    found = []
    if len(on_flows):
        ids = pc.unique(on_flows["flow_id"]).to_pylist()
        pairs = store.arrow(mine.filter(mine.flow_id.isin(ids)))
        found.append(_moved(on_flows, on_flows["flow_id"], pairs["flow_id"], pairs, suspects))
    if len(on_whole):
        ids = pc.unique(on_whole["suspect_id"]).to_pylist()
        pairs = store.arrow(theirs.filter(theirs.there.isin(ids)).inner_join(mine, "flow_id"))
        found.append(_moved(on_whole, on_whole["suspect_id"], pairs["there"], pairs, suspects))
    return [one for one in found if len(one)]


def _moved(
    labels: pa.Table, key: pa.ChunkedArray, pair_key: pa.ChunkedArray, pairs: pa.Table, suspects: pa.Table
) -> Labels:
    """Every label on every flow that it covers, with the suspect that the flow has here."""
    import pyarrow as pa
    import pyarrow.compute as pc

    known = pc.is_in(pairs["here"], value_set=suspects["suspect_id"].combine_chunks())
    left = pa.table({"key": pair_key, "here": pairs["here"], "flow": pairs["flow_id"]}).filter(known)
    right = pa.table({"key": key, "row": pa.array(np.arange(len(labels)))})
    joined = left.join(right, "key", join_type="inner")
    moved = as_labels(labels).take(joined["row"].to_numpy())
    here, flow = joined["here"].to_numpy(), joined["flow"].to_numpy()
    return Labels(here, flow, moved.severity, moved.rating_id, moved.strength)
