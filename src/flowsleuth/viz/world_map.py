"""Geographic view: where the peers are, and arcs that name their two ends.

Section: a map whose ``nodes`` are ``ip``, ``lat``, ``lon`` (float64, degrees), ``label``, ``owner``, ``role``; and
whose ``edges`` are ``source``, ``target`` (``ip`` of a node), ``kind``, ``bytes``, ``connections`` (int64).

Spec::

    {kind: "map", title, note, absent,
     points: [{ip, lat, lon, label, owner, role: "target"|"peer"}],
     arcs: [{from: {ip, lat, lon}, to: {ip, lat, lon}, kind: "inbound"|"outbound"|"two way", bytes, connections}]}

``from`` is who opened the connections; for "two way" it is the investigated address. An arc whose ends are not both
placed is left out, and ``note`` says how many addresses have no place. Land polygons: :func:`world`.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from flowsleuth.viz import Spec, spec_of

if TYPE_CHECKING:
    from flowsleuth.investigate.dossier import Section


def world_map(section: Section) -> Spec:
    """Make the spec of a map.

    Examples
    --------
    >>> from flowsleuth.investigate.dossier import Section
    >>> world_map(Section("places", "Places", "map", absent="no iploc.csv"))["arcs"]
    []
    """
    points = [] if section.nodes is None else section.nodes.to_pylist()
    placed = {point["ip"]: {name: point[name] for name in ("ip", "lat", "lon")} for point in points}
    arcs = [
        {
            "from": placed[edge["source"]],
            "to": placed[edge["target"]],
            "kind": edge["kind"],
            "bytes": edge["bytes"],
            "connections": edge["connections"],
        }
        for edge in ([] if section.edges is None else section.edges.to_pylist())
        if edge["source"] in placed and edge["target"] in placed
    ]
    return spec_of(section, "map", points=points, arcs=arcs)


@lru_cache(maxsize=1)
def world() -> dict[str, Any]:
    """Land of the world (Natural Earth, public domain), in degrees.

    Returns
    -------
    dict
        ``{attribution, countries: [{name, rings: [[lon, lat, lon, lat, …], …]}, …]}``

    Examples
    --------
    >>> len(world()["countries"]) > 100
    True
    """
    land: dict[str, Any] = json.loads(files("flowsleuth.viz").joinpath("data/world.json").read_text(encoding="utf-8"))
    return land
