"""How an incident spread, as a tree: target → way → network → peer, each level the sum of the one below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.investigate.peers import WAYS, kept_peers, volume

if TYPE_CHECKING:
    import pyarrow as pa

UNNAMED = {True: "internal, unnamed", False: "external, unnamed"}


def network_names(peers: pa.Table) -> pa.ChunkedArray:
    """What the network of each peer is called: its name, or who owns it, or its AS, or nothing better.

    Examples
    --------
    >>> import pyarrow as pa
    >>> rows = pa.table({"network": ["DMZ", None], "as_number": pa.array([None, 64500]), "is_internal": [True, False]})
    >>> network_names(rows).to_pylist()
    ['DMZ', 'AS64500']
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    known = [peers[name] for name in ("network", "owner") if name in peers.column_names]
    number = pc.cast(peers["as_number"], pa.string())
    known.append(pc.binary_join_element_wise("AS", number, ""))
    return pc.coalesce(*known, pc.if_else(peers["is_internal"], UNNAMED[True], UNNAMED[False]))


def progression(target: str, peers: pa.Table, top: int) -> pa.Table:
    """The nodes of the tree.

    Parameters
    ----------
    target : str
    peers : pyarrow.Table
        All peers; every sum is over all of them.
    top : int
        Of each way the ``top`` peers by bytes and by connections get nodes of their own; "more" stands for the others.

    Returns
    -------
    pyarrow.Table
        ``node``, ``parent``, ``name``, ``role``, ``note``, ``peers``, ``connections``, ``bytes``; see
        :mod:`flowsleuth.viz.tree`.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    table = pa.table(
        {
            "peer": peers["peer"],
            "way": peers["way"],
            "network": network_names(peers),
            "connections": peers["connections"],
            "bytes": pc.fill_null(volume(peers), 0),
            "note": peers["services"],
        }
    )
    nodes = _Nodes()
    root = nodes.add(None, target, "target", _sums(table))
    kept = kept_peers(peers, top)["peer"].combine_chunks()
    listed = table.filter(pc.is_in(table["peer"], value_set=kept))
    networks = table.group_by(["way", "network"]).aggregate(
        [("peer", "count"), ("connections", "sum"), ("bytes", "sum")]
    )
    order = [("bytes_sum", "descending"), ("connections_sum", "descending"), ("network", "ascending")]
    by_way: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    for row in networks.sort_by(order).slice(0, None).to_pylist():
        by_way[row["way"]].append(row)
    by_network: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in listed.to_pylist():
        by_network.setdefault((row["way"], row["network"]), []).append(row)
    for way in WAYS:
        of_way = nodes.add(root, way, "way", _added(by_way[way]))
        _add_networks(nodes, of_way, by_way[way], {n: by_network.get((way, n), []) for _, n in by_network})
    return nodes.table()


NETWORKS_SHOWN = 40
"""Networks of one way that get nodes of their own, at most: those with most bytes."""


def _add_networks(
    nodes: _Nodes, parent: int, networks: list[dict[str, Any]], peers: dict[str, list[dict[str, Any]]]
) -> None:
    shown = networks[:NETWORKS_SHOWN]
    for network in shown:
        whole = {
            "peers": network["peer_count"],
            "connections": network["connections_sum"],
            "bytes": network["bytes_sum"],
        }
        node = nodes.add(parent, network["network"], "network", whole)
        mine = peers.get(network["network"], [])
        for row in mine:
            one = {"peers": 1, "connections": row["connections"], "bytes": row["bytes"]}
            nodes.add(node, row["peer"], "peer", one, row["note"] or "")
        _add_more(nodes, node, whole, mine)
    rest = networks[NETWORKS_SHOWN:]
    if rest:
        nodes.add(parent, f"{len(rest):,} more networks", "more", _added(rest))


def _add_more(nodes: _Nodes, node: int, whole: dict[str, int], listed: list[dict[str, Any]]) -> None:
    hidden = whole["peers"] - len(listed)
    if hidden:
        rest = {name: whole[name] - sum(row[name] for row in listed) for name in ("connections", "bytes")}
        word = f"{hidden:,} more" if listed else f"{hidden:,} peers" if hidden > 1 else "1 peer"
        nodes.add(node, word, "more", {"peers": hidden, **rest})


class _Nodes:
    """Nodes of a tree as they are added, parents first."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def add(self, parent: int | None, name: str, role: str, sums: dict[str, int], note: str = "") -> int:
        self.rows.append({"node": len(self.rows), "parent": parent, "name": name, "role": role, "note": note, **sums})
        return len(self.rows) - 1

    def table(self) -> pa.Table:
        import pyarrow as pa

        numbers = ("node", "parent", "peers", "connections", "bytes")
        names = ("node", "parent", "name", "role", "note", "peers", "connections", "bytes")
        kinds = {name: pa.int64() if name in numbers else pa.string() for name in names}
        return pa.table({name: pa.array([row[name] for row in self.rows], kinds[name]) for name in names})


def _sums(table: pa.Table) -> dict[str, int]:
    import pyarrow.compute as pc

    both = {name: pc.sum(table[name], min_count=0).as_py() for name in ("connections", "bytes")}
    return {"peers": len(table), **both}


def _added(networks: list[dict[str, Any]]) -> dict[str, int]:
    return {
        "peers": sum(row["peer_count"] for row in networks),
        "connections": sum(row["connections_sum"] for row in networks),
        "bytes": sum(row["bytes_sum"] for row in networks),
    }
