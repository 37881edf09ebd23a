"""Where the peers are, and arcs between the target and each of them: source and target named, never paired by place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flowsleuth.enrich.facts import AddressFacts, with_facts
from flowsleuth.investigate.peers import volume

if TYPE_CHECKING:
    import pyarrow as pa


def places(target: str, peers: pa.Table, facts: Sequence[AddressFacts]) -> tuple[pa.Table, pa.Table, str]:
    """Points, arcs and a note on what has no place.

    Parameters
    ----------
    target : str
    peers : pyarrow.Table
        Peers with ``lat`` and ``lon``.
    facts : sequence of AddressFacts
        Asked where the target is.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    own = with_facts(pa.table({"peer": [target.partition("/")[0]]}), "peer", [f for f in facts if f.absent is None])
    placed = peers.filter(pc.and_(pc.is_valid(peers["lat"]), pc.is_valid(peers["lon"])))
    has_home = "lat" in own.column_names and own["lat"][0].is_valid and own["lon"][0].is_valid
    points = _points(placed, placed["peer"], "peer")
    if has_home:
        points = pa.concat_tables([_points(own, pa.chunked_array([pa.array([target])]), "target"), points])
    notes = []
    hidden = len(peers) - len(placed)
    if hidden:
        notes.append(f"{hidden:,} of {len(peers):,} peers shown one by one have no place in the geography file")
    if not has_home and len(placed):
        notes.append("the target has none either, so there are no arcs; a row for its range in iploc.csv gives it one")
    return points, _arcs(target, placed if has_home else placed.slice(0, 0)), "; ".join(notes)


def _points(rows: pa.Table, addresses: pa.ChunkedArray, role: str) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    blank = pa.array([""] * len(rows), pa.string())  # without it rows of nulls alone vanish
    known = [rows[name] for name in ("city", "country", "owner") if name in rows.column_names]
    joined = pc.binary_join_element_wise(*known, blank, ", ", null_handling="skip")
    label = pc.if_else(pc.equal(joined, ""), pa.scalar(None, pa.string()), pc.utf8_slice_codeunits(joined, 0, -2))
    return pa.table(
        {
            "ip": addresses,
            "lat": rows["lat"],
            "lon": rows["lon"],
            "label": label,
            "owner": rows["owner"] if "owner" in rows.column_names else pa.nulls(len(rows), pa.string()),
            "role": pa.array([role] * len(rows), pa.string()),
        }
    )


def _arcs(target: str, peers: pa.Table) -> pa.Table:
    """From who opened the connections to the other; for two way from the target."""
    import pyarrow as pa
    import pyarrow.compute as pc

    towards_target = pc.equal(peers["connections_to_peer"], 0)
    home = pa.array([target] * len(peers), pa.string())
    return pa.table(
        {
            "source": pc.if_else(towards_target, peers["peer"], home),
            "target": pc.if_else(towards_target, home, peers["peer"]),
            "kind": peers["way"],
            "bytes": volume(peers),
            "connections": peers["connections"],
        }
    )
