"""From rows of the workspace to answers: which of our columns is which of Spot's fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from flowsleuth.faces.graphql import types
from flowsleuth.faces.graphql.scalars import BigInt

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.workspace.investigation import Context as Known
    from flowsleuth.workspace.stories import Story

SUSPICIOUS = {
    "sev": "severity", "tstart": "start", "src_ip": "src_ip", "dst_ip": "dst_ip", "src_port": "src_port",
    "dst_port": "dst_port", "protocol": "proto", "in_pkts": "src_packets", "in_bytes": "src_bytes",
    "out_pkts": "dst_packets", "out_bytes": "dst_bytes", "score": "score", "rank": "rank", "reason": "reason",
    "surprise": "surprise", "moved": "moved", "flows": "flows", "first_seen": "first_seen", "last_seen": "last_seen",
    "server_name": "server_name", "service": "service", "suspect_id": "suspect_id", "flow_id": "flow_id",
}  # fmt: skip
EDGE = {
    "tstart": "start", "src_ip": "src_ip", "dst_ip": "dst_ip", "src_port": "src_port", "dst_port": "dst_port",
    "protocol": "proto", "tos": "tos", "in_bytes": "src_bytes", "in_pkts": "src_packets", "in_iface": "in_if",
    "out_iface": "out_if", "router_ip": "sensor", "out_bytes": "dst_bytes", "out_pkts": "dst_packets",
    "flow_id": "flow_id",
}  # fmt: skip
_FLAGS = ("tcp_flags", "conn_state")
EDGE_COLUMNS = (*EDGE.values(), *_FLAGS)
CHORD = {"src_ip": "src_ip", "dst_ip": "dst_ip", "in_bytes": "bytes", "in_pkts": "packets"}
SCORED = {
    "tstart": "start", "src_ip": "src_ip", "src_port": "src_port", "dst_ip": "dst_ip", "dst_port": "dst_port",
    "score": "severity", "rating_id": "rating_id",
}  # fmt: skip
DETAILS = {
    "first_seen": "first_seen", "last_seen": "last_seen", "src_ip": "src_ip", "dst_ip": "dst_ip",
    "dst_port": "dst_port", "protocol": "proto", "connections": "connections", "max_pkts": "max_src_packets",
    "max_bytes": "max_src_bytes", "total_bytes": "total_src_bytes", "total_out_bytes": "total_dst_bytes",
    "total_pkts": "total_src_packets", "total_out_pkts": "total_dst_packets",
}  # fmt: skip
TIMELINE = {
    "tstart": "start", "tend": "end", "src_ip": "src_ip", "dst_ip": "dst_ip", "protocol": "proto",
    "src_port": "src_port", "dst_port": "dst_port", "pkts": "src_packets", "bytes": "src_bytes",
}  # fmt: skip
LEAD = {
    name: name
    for name in (
        "lead_id", "by", "rank", "score", "q_value", "surprise", "host", "role", "src_ip", "dst_ip", "server_name",
        "service_port", "detectors", "technique", "flows", "first_seen", "last_seen", "reason", "normal_if",
        "is_hidden", "set_aside", "moved",
    )
} | {"protocol": "proto", "in_bytes": "src_bytes", "out_bytes": "dst_bytes", "sev": "severity"}  # fmt: skip
FINDING = {
    name: name
    for name in (
        "finding_id", "detector", "host", "src_ip", "dst_ip", "server_name", "service_port", "p_value", "technique",
        "flows", "first_seen", "last_seen", "reason", "evidence",
    )
} | {"protocol": "proto"}  # fmt: skip
WAYS = {"two way": 1, "inbound": 2, "outbound": 3}
"""Spot's numbers."""


def renamed(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Our columns by the names of the answer's fields."""
    return {field: row.get(column) for field, column in names.items()}


def suspicious(table: pa.Table, known: Known) -> list[types.Suspicious]:
    """Rows of the queue, with what the context files know of both ends."""
    facts = {side: facts_of(table[f"{side}_ip"], known) for side in ("src", "dst")} if len(table) else {}
    found = []
    for at, row in enumerate(table.to_pylist()):
        more: dict[str, Any] = {}
        for side, columns in facts.items():
            more |= {f"{side}_ip_{name}": values[at] for name, values in columns.items()}
        more["dst_ip_domain"] = more["dst_ip_domain"] or row.get("server_name")
        found.append(types.Suspicious(**renamed(row, SUSPICIOUS), **more))
    return found


def facts_of(addresses: pa.ChunkedArray, known: Known) -> dict[str, list[Any]]:
    """For each address: whether it is internal, its place and its domain."""
    import pyarrow as pa

    from flowsleuth.enrich.facts import with_facts

    told = with_facts(pa.table({"ip": addresses}), "ip", [f for f in known.facts if f.absent is None])
    columns: dict[str, list[Any]] = {
        name: told[name].to_pylist() if name in told.column_names else [None] * len(told)
        for name in ("city", "state", "country", "owner", "domain")
    }
    places = zip(columns["city"], columns["state"], columns["country"], columns["owner"], strict=True)
    return {
        "is_internal": [bool(value) for value in known.inside.covers(addresses)],
        "geoloc": [place_text(parts) for parts in places],
        "domain": [value or None for value in columns["domain"]],
    }


def place_text(parts: Iterable[str | None]) -> str | None:
    """A place in words.

    Examples
    --------
    >>> place_text(["Prague", None, "Czechia", "Example"])
    'Prague, Czechia, Example'
    """
    return ", ".join(part for part in parts if part) or None


def leads(table: pa.Table) -> list[types.Lead | None]:
    """Leads as they stand."""
    return [types.Lead(**renamed(row, LEAD), day=row["day"].date()) for row in table.to_pylist()]


def findings(table: pa.Table) -> list[types.Finding | None]:
    """Findings."""
    return [types.Finding(**renamed(row, FINDING), day=row["day"].date()) for row in table.to_pylist()]


def edge(row: Mapping[str, Any]) -> types.EdgeDetails:
    """One flow."""
    return types.EdgeDetails(**renamed(row, EDGE), flags=next(filter(None, map(row.get, _FLAGS)), None))


def details(row: Mapping[str, Any]) -> types.ThreatDetails:
    """One row of the expanded search."""
    means = {field: row.get(f"mean_src_{unit}") for field, unit in (("avg_pkts", "packets"), ("avg_bytes", "bytes"))}
    rounded: dict[str, Any] = {field: None if mean is None else round(mean) for field, mean in means.items()}
    return types.ThreatDetails(**renamed(row, DETAILS), **rounded)


def comment(story: Story) -> types.Comment:
    """A story's words."""
    return types.Comment(
        ip=story.target, title=story.title, text=story.text, story_id=BigInt(story.story_id), analyst=story.analyst
    )


def progression(node: Mapping[str, Any]) -> types.ProgressionNode:
    """A tree as :mod:`flowsleuth.viz.tree` makes it."""
    children: list[Any] = [progression(child) for child in node["children"]]
    return types.ProgressionNode(
        name=node["name"], impact=node["peers"], connections=node["connections"], children=children
    )


def impact(node: Mapping[str, Any]) -> types.ImpactNode:
    """Bars as :mod:`flowsleuth.viz.bars` makes them."""
    children: list[Any] = [impact(child) for child in node["children"]]
    return types.ImpactNode(name=node["name"], size=node["size"], bytes=node["bytes"], children=children)


def map_view(spec: Mapping[str, Any]) -> types.MapView:
    """A map as :mod:`flowsleuth.viz.world_map` makes it: each arc gives one end to each list."""
    labels = {point["ip"]: point["label"] for point in spec["points"]}

    def end(place: Mapping[str, Any], kind: str) -> types.MapEnd:
        where = types.Geometry(coordinates=[place["lon"], place["lat"]])
        who = types.PlaceFacts(ip=place["ip"], location=labels.get(place["ip"]), type=WAYS.get(kind))
        return types.MapEnd(geometry=where, properties=who)

    arcs = spec["arcs"]
    return types.MapView(
        src_ips=[end(arc["from"], arc["kind"]) for arc in arcs], dst_ips=[end(arc["to"], arc["kind"]) for arc in arcs]
    )
