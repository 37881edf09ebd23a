"""Apache Spot's three storyboard files, from a dossier: same keys, same nesting, its defects mended.

Differences from what Spot wrote:

- *All three*: a peer is inbound, outbound or two way from the target's own side (Spot: from the peer's), its numbers
  are sums (Spot: the last row), and the target is not among its own peers.
- ``stats``: a leaf is named VPN, DMZ, Proxy or FW only if its network is called so; others keep the first part of their
  network's name, and peers without a name are "internal, unnamed" or "external, unnamed" (Spot called all of them
  DMZ).
- ``threat-dendro``: peers without a network name are counted under these words too (Spot left them out), and
  ``impact`` of a branch is its number of peers (Spot: always 0).
- ``globe``: ``sourceips`` and ``destips`` are equally long and pair by position for every type, two way included (there
  the target is the source); each item tells its own owner; a pair of which one end has no place is left out as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.investigate.peers import WAYS

if TYPE_CHECKING:
    from flowsleuth.investigate.dossier import Dossier

BRANCHES = dict(zip(WAYS, ("Inbound Only", "Outbound Only", "two way"), strict=True))
TYPES = {"two way": 1, "inbound": 2, "outbound": 3}
_KINDS = ("VPN", "DMZ", "Proxy", "FW")


def file_names(target: str) -> dict[str, str]:
    """Names of the three files; what a file system may refuse becomes ``_``.

    Examples
    --------
    >>> file_names("2001:db8::/32")["stats"], file_names("10.0.0.5")["globe"]
    ('stats-2001_db8___32.json', 'globe-10.0.0.5.json')
    """
    safe = target.replace(":", "_").replace("/", "_")
    return {name: f"{name}-{safe}.json" for name in ("globe", "stats", "threat-dendro")}


def spot_files(dossier: Dossier) -> dict[str, dict[str, Any]]:
    """The content of ``globe``, ``stats`` and ``threat-dendro``."""
    nodes = dossier["progression"].nodes
    rows = [] if nodes is None else nodes.to_pylist()
    target = rows[0]["name"] if rows else ""
    networks = {way: _networks(rows, way) for way in WAYS}
    return {"globe": _globe(dossier), "stats": _stats(networks), "threat-dendro": _dendrogram(target, networks)}


def _networks(rows: list[dict[str, Any]], way: str) -> list[tuple[str, int]]:
    """Networks of one way, with their peers."""
    parents = {row["node"] for row in rows if row["role"] == "way" and row["name"] == way}
    return [(row["name"], row["peers"]) for row in rows if row["parent"] in parents]


def _stats(networks: dict[str, list[tuple[str, int]]]) -> dict[str, Any]:
    children = []
    for way, name in BRANCHES.items():
        leaves: dict[str, int] = {}
        for network, peers in networks[way]:
            kind = _kind(network)
            leaves[kind] = leaves.get(kind, 0) + peers
        size = sum(leaves.values())
        children.append({"name": name, "size": size, "children": [{"name": k, "size": n} for k, n in leaves.items()]})
    return {"name": "", "size": sum(child["size"] for child in children), "children": children}


def _kind(network: str) -> str:
    """What Spot would call a network.

    Examples
    --------
    >>> _kind("vpn-prague.example.org"), _kind("campus.north")
    ('VPN', 'campus')
    """
    first = network.partition(".")[0]
    return next((kind for kind in _KINDS if kind.lower() in first.lower()), first)


def _dendrogram(target: str, networks: dict[str, list[tuple[str, int]]]) -> dict[str, Any]:
    children = [
        {
            "name": name,
            "impact": sum(peers for _, peers in networks[way]),
            "children": [{"name": network, "impact": peers} for network, peers in networks[way]],
        }
        for way, name in BRANCHES.items()
    ]
    return {"name": target, "time": "", "children": children}


def _globe(dossier: Dossier) -> dict[str, Any]:
    section = dossier["places"]
    points = {} if section.nodes is None else {point["ip"]: point for point in section.nodes.to_pylist()}
    made: dict[str, Any] = {"type": "FeatureCollection", "sourceips": [], "destips": []}
    for arc in [] if section.edges is None else section.edges.to_pylist():
        if arc["source"] in points and arc["target"] in points:
            made["sourceips"].append(_feature(points[arc["source"]], TYPES[arc["kind"]]))
            made["destips"].append(_feature(points[arc["target"]], TYPES[arc["kind"]]))
    return made


def _feature(point: dict[str, Any], kind: int) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"location": point["owner"] or "", "ip": point["ip"], "type": kind},
        "geometry": {"type": "Point", "coordinates": [point["lon"], point["lat"]]},
    }
