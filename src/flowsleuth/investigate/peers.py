"""From the rows of an expanded search to the peers: who they are, which way they talked, how much.

A flow is seen from the target's own side. For an internal target, inbound is what others opened to it and outbound
what it opened; for an external one the opposite, because its connections come in to us. A peer with both is two way.
Numbers are summed over all rows of a peer. The target is never among its own peers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowsleuth.schema.investigation import PEER, TOP

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from flowsleuth.investigate.sides import Inside
    from flowsleuth.investigate.target import Target

WAYS = ("inbound", "outbound", "two way")
SERVICES_TOLD = 3


def seen_from(search: pa.Table, target: Target, inside: Inside) -> pa.Table:
    """The rows of a search turned to the target's side; rows between two of its own addresses are left out.

    Returns
    -------
    pyarrow.Table
        ``peer``, ``is_opener`` (the target opened the flows), ``is_outward`` (from inside to outside, or the target's
        own way out), ``connections``, ``bytes_out``, ``bytes_in``, ``packets_out``, ``packets_in``, ``max_bytes``,
        ``dst_port``, ``proto``, ``server_name``, ``as_number``, ``first_seen``, ``last_seen``.
    """
    import numpy as np
    import pyarrow as pa

    mine_src, mine_dst = target.owns(search["src_ip"]), target.owns(search["dst_ip"])
    opened = search.filter(pa.array(mine_src & ~mine_dst))
    received = search.filter(pa.array(mine_dst & ~mine_src))
    home_src, home_dst = inside.covers(opened["src_ip"]), inside.covers(received["dst_ip"])
    return pa.concat_tables(
        [
            _turned(opened, mine="src", peer="dst", is_outward=home_src),
            _turned(received, mine="dst", peer="src", is_outward=np.logical_not(home_dst)),
        ]
    )


def _turned(rows: pa.Table, *, mine: str, peer: str, is_outward: object) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    empty = pa.nulls(len(rows), pa.string())
    return pa.table(
        {
            "peer": rows[f"{peer}_ip"],
            "is_opener": pa.array([mine == "src"] * len(rows), pa.bool_()),
            "is_outward": pa.array(is_outward, pa.bool_()),
            "connections": rows["connections"],
            "bytes_out": rows[f"total_{mine}_bytes"],
            "bytes_in": rows[f"total_{peer}_bytes"],
            "packets_out": rows[f"total_{mine}_packets"],
            "packets_in": rows[f"total_{peer}_packets"],
            "max_bytes": pc.max_element_wise(rows["max_src_bytes"], rows["max_dst_bytes"]),
            "dst_port": rows["dst_port"],
            "proto": rows["proto"],
            "server_name": rows["server_name"] if peer == "dst" else empty,
            "as_number": rows[f"{peer}_as"],
            "first_seen": rows["first_seen"],
            "last_seen": rows["last_seen"],
        }
    )


def peers_of(seen: pa.Table, inside: Inside) -> pa.Table:
    """One row per peer, most bytes first: the columns of :data:`flowsleuth.schema.investigation.PEER`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    marked = seen.append_column("to", _where(seen, "is_opener")).append_column("outward", seen["is_outward"])
    found = marked.group_by("peer").aggregate(
        [
            ("connections", "sum"),
            ("to", "sum"),
            *[(name, "sum") for name in ("bytes_out", "bytes_in", "packets_out", "packets_in")],
            ("outward", "all"),
            ("is_outward", "any"),
            ("server_name", "max"),
            ("as_number", "max"),
            ("first_seen", "min"),
            ("last_seen", "max"),
            ("dst_port", "count_distinct"),
        ]
    )
    way = pc.if_else(found["outward_all"], "outbound", pc.if_else(found["is_outward_any"], "two way", "inbound"))
    columns = {
        "peer": found["peer"],
        "way": way,
        "is_internal": pa.array(inside.covers(found["peer"])),
        "connections": found["connections_sum"],
        "connections_to_peer": found["to_sum"],
        "connections_from_peer": pc.subtract(found["connections_sum"], found["to_sum"]),
        **{name: found[f"{name}_sum"] for name in ("bytes_out", "bytes_in", "packets_out", "packets_in")},
        "ports": found["dst_port_count_distinct"],
        "services": services_of(seen, found["peer"]),
        "server_name": found["server_name_max"],
        "first_seen": found["first_seen_min"],
        "last_seen": found["last_seen_max"],
        "as_number": found["as_number_max"],
    }
    typed = {c.name: pc.cast(columns[c.name], c.arrow_type()) for c in PEER.columns}
    return by_volume(pa.table(typed))


def _where(seen: pa.Table, name: str) -> pa.ChunkedArray:
    """Connections of the rows where a mark is set, 0 elsewhere."""
    import pyarrow.compute as pc

    return pc.if_else(seen[name], seen["connections"], 0)


def volume(rows: pa.Table) -> pa.ChunkedArray:
    """Bytes both ways; null where no flow told either.

    Examples
    --------
    >>> import pyarrow as pa
    >>> volume(pa.table({"bytes_out": pa.array([5, None, None]), "bytes_in": pa.array([1, 2, None])})).to_pylist()
    [6, 2, None]
    """
    import pyarrow.compute as pc

    out, back = rows["bytes_out"], rows["bytes_in"]
    both = pc.add(pc.fill_null(out, 0), pc.fill_null(back, 0))
    return pc.if_else(pc.or_(pc.is_valid(out), pc.is_valid(back)), both, None)


def by_volume(peers: pa.Table) -> pa.Table:
    """Peers in order: most bytes, then most connections, then address; those without a byte count last."""
    order = peers.append_column("_volume", volume(peers))
    keys = [("_volume", "descending"), ("connections", "descending"), ("peer", "ascending")]
    return order.sort_by(keys).drop_columns(["_volume"])


def services_of(seen: pa.Table, peers: pa.ChunkedArray) -> pa.Array:
    """For each peer its most used protocols and ports as text, such as ``tcp/443, udp/53``."""
    import pyarrow as pa
    import pyarrow.compute as pc

    counted = seen.group_by(["peer", "proto", "dst_port"]).aggregate([("connections", "sum")])
    keys = [("peer", "ascending"), ("connections_sum", "descending"), ("dst_port", "ascending"), ("proto", "ascending")]
    counted = counted.sort_by(keys).combine_chunks()
    place = _place_in_group(counted["peer"])
    counted = counted.filter(pa.array(place < SERVICES_TOLD))
    proto = pc.fill_null(counted["proto"], "?")
    port = pc.cast(counted["dst_port"], pa.string())
    word = pc.if_else(pc.is_valid(port), pc.binary_join_element_wise(proto, port, "/", null_handling="skip"), proto)
    words = pa.table({"peer": counted["peer"], "word": word}).group_by("peer", use_threads=False)
    listed = words.aggregate([("word", "list")])
    text = pc.binary_join(listed["word_list"].combine_chunks(), ", ")
    at = pc.index_in(peers, value_set=listed["peer"].combine_chunks())
    return text.take(at.combine_chunks() if isinstance(at, pa.ChunkedArray) else at)


def _place_in_group(ordered: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """For rows ordered by group, the place of each in its group, from 0."""
    import numpy as np

    codes = ordered.combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    places: npt.NDArray[np.int64] = np.arange(len(codes))
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]]) if len(codes) else np.array([], dtype=np.int64)
    return places - np.repeat(starts, np.diff(np.r_[starts, len(codes)]))


TOPS = {
    "sources_by_connections": (False, "connections"),
    "destinations_by_connections": (True, "connections"),
    "sources_by_bytes": (False, "bytes"),
    "destinations_by_bytes": (True, "bytes"),
}
"""The four tables of an investigation: peers that opened flows to the target, and peers it opened flows to."""


def top_peers(seen: pa.Table, kind: str, top: int) -> pa.Table:
    """The ``top`` peers of one of the four tables; each peer once, whatever its ports.

    Returns
    -------
    pyarrow.Table
        The columns of :data:`flowsleuth.schema.investigation.TOP`.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    is_opener, measure = TOPS[kind]
    rows = seen.filter(pc.equal(seen["is_opener"], is_opener))
    rows = rows.append_column("bytes", volume(rows))
    found = rows.group_by("peer").aggregate([("connections", "sum"), ("bytes", "sum"), ("max_bytes", "max")])
    found = found.rename_columns(["peer", "connections", "bytes", "max_bytes"])
    other = "bytes" if measure == "connections" else "connections"
    found = found.sort_by([(measure, "descending"), (other, "descending"), ("peer", "ascending")]).slice(0, top)
    columns = {name: found[name] for name in found.column_names} | {"services": services_of(rows, found["peer"])}
    return pa.table({c.name: pc.cast(columns[c.name], c.arrow_type()) for c in TOP.columns})


def kept_peers(peers: pa.Table, top: int) -> pa.Table:
    """Of each way the ``top`` peers by bytes and the ``top`` by connections: those a story shows one by one."""
    import numpy as np
    import pyarrow as pa

    ways = peers["way"].to_numpy()
    by_bytes = np.arange(len(peers))
    by_connections = np.argsort(-peers["connections"].to_numpy(), kind="stable")
    keep = np.zeros(len(peers), dtype=bool)
    for way in WAYS:
        for order in (by_bytes, by_connections):
            keep[order[ways[order] == way][:top]] = True
    return peers.filter(pa.array(keep))
