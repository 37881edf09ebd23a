"""What is decided about addresses, or about to be: suspects, ratings, stories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.triage.set_aside import OF_FINDING

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

SUSPECTS_OF = 20
"""Addresses whose suspects are asked for; who has more is no single host."""


def suspects_of(run: Run, addresses: Sequence[str], top: int) -> pa.Table:
    """The strongest suspects that some addresses have a part in, each once; those with a flow in the window."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(addresses) > SUSPECTS_OF:
        run.note(f"suspects of the first {SUSPECTS_OF} of {len(addresses):,} addresses")
    parts = [run.ws.suspects(top, ip=address).to_arrow() for address in addresses[:SUSPECTS_OF]]
    parts = [part for part in parts if len(part)]
    if not parts:
        return pa.table({})
    whole = pa.concat_tables(parts, promote_options="default")
    order = pc.sort_indices(whole, [("score", "descending"), ("flow_id", "ascending")])
    ids = whole["flow_id"].take(order).to_pylist()
    first = {one: at for at, one in reversed(list(enumerate(ids)))}
    once = whole.take(order).take(pa.array(sorted(first.values()), pa.int64()))
    begins, ends = run.time
    for name, bound, holds in (("last_seen", begins, pc.greater_equal), ("first_seen", ends, pc.less)):
        if bound is not None:
            once = once.filter(holds(once[name], pa.scalar(bound, once[name].type)))
    return once.slice(0, top).drop_columns(["rank"])


def ratings_of(run: Run, addresses: Sequence[str]) -> pa.Table:
    """Ratings that hold of some addresses: a row per suspect, flow or lead that was rated; the latest first."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = run.ws.labels().to_arrow()
    rows = rows.filter(pc.invert(pc.starts_with(rows["detector"], OF_FINDING)))  # the lead they are behind is told
    mine = pa.array(list(addresses), pa.string())
    rows = rows.filter(pc.or_(pc.is_in(rows["src_ip"], value_set=mine), pc.is_in(rows["dst_ip"], value_set=mine)))
    return rows.sort_by([("made", "descending"), ("label_id", "descending")])


def stories_of(run: Run, addresses: Sequence[str]) -> pa.Table:
    """Live stories about some addresses, or about a network that one of them is in; the latest first."""
    import pyarrow as pa

    from flowsleuth.investigate.target import Target

    rows = run.ws.stories().to_arrow()
    mine = pa.chunked_array([pa.array(list(addresses), pa.string())])
    keep = [bool(Target(target).owns(mine).any()) for target in rows["target"].to_pylist()]
    return rows.filter(pa.array(keep, pa.bool_()))


SEVERITY = {1: "high", 2: "medium", 3: "low"}


def bookmarks_of(run: Run, addresses: Sequence[str]) -> pa.Table:
    """Ratings and stories in one list: ``kind made analyst about title comment start end id``; the latest first."""
    import pyarrow as pa

    rows: list[dict[str, Any]] = []
    is_there = run.ws.has_case
    for row in ratings_of(run, addresses).to_pylist() if is_there else ():
        about = f"{row['src_ip'] or 'several'} → {row['dst_ip'] or 'several'}"
        title = f"rated {SEVERITY.get(row['severity'], row['severity'])}: {row['flows']:,} flows, {row['detector']}"
        rows.append({**row, "kind": "rating", "about": about, "title": title, "id": row["rating_id"]})
    stories = stories_of(run, addresses).to_pylist() if is_there else []
    rows += [{**row, "kind": "story", "about": row["target"], "id": row["story_id"]} for row in stories]
    moment, text = pa.timestamp("us", tz="UTC"), pa.string()
    kinds = {
        "kind": text, "made": moment, "analyst": text, "about": text, "title": text, "comment": text, "start": moment,
        "end": moment, "id": pa.int64(),
    }  # fmt: skip
    found = pa.Table.from_pylist([{name: row.get(name) for name in kinds} for row in rows], schema=pa.schema(kinds))
    return found.sort_by([("made", "descending"), ("kind", "ascending"), ("id", "descending")])
