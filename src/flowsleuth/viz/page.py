"""What a dossier says in words on a page: the same for HTML and PDF, as plain text that the page escapes."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from flowsleuth.viz.canvas import bytes_text, count_text

if TYPE_CHECKING:
    from flowsleuth.investigate.dossier import Dossier, Section

FIGURES = ("impact", "progression", "places", "volumes", "timeline")
"""Figures of a page, in order."""
EXPLAINED = {
    "impact": "How many addresses were touched, by the way the connections went, and the networks they are in.",
    "progression": "From the target outwards: way, network, peer. Thicker lines carried more bytes.",
    "places": "Where the peers are. An arc begins at who opened the connections.",
    "timeline": "A lane for each peer, coloured by way; a mark for its connections, taller for more bytes. UTC.",
    "volumes": "A ribbon leaves who sent the bytes and ends at who got them.",
}
TABLES = ("peers", "sources_by_connections", "destinations_by_connections", "sources_by_bytes", "destinations_by_bytes")
PEER_COLUMNS = {
    "peer": "peer",
    "network": "network",
    "country": "country",
    "city": "city",
    "owner": "owner",
    "as_name": "AS",
    "way": "way",
    "services": "services",
    "connections": "connections",
    "bytes_out": "sent to it",
    "bytes_in": "got from it",
    "first_seen": "first seen (UTC)",
    "last_seen": "last seen (UTC)",
}
TOP_COLUMNS = {
    "peer": "peer",
    "network": "network",
    "connections": "connections",
    "bytes": "bytes",
    "services": "services",
}
SEARCH_COLUMNS = {
    "src_ip": "source",
    "dst_ip": "destination",
    "dst_port": "port",
    "proto": "protocol",
    "first_seen": "first seen (UTC)",
    "last_seen": "last seen (UTC)",
    "connections": "connections",
    "total_src_bytes": "source sent",
    "total_dst_bytes": "destination sent",
    "max_src_bytes": "most at once",
}
ADDRESSES = ("peer", "source", "destination")
NUMBERS = (
    "connections",
    "bytes",
    "sent to it",
    "got from it",
    "source sent",
    "destination sent",
    "most at once",
    "port",
)


def facts_of(dossier: Dossier) -> dict[str, Any]:
    """The key facts as a dict; empty when there are none."""
    table = dossier["facts"].table
    return {} if table is None or not len(table) else table.to_pylist()[0]


def time_text(moment: dt.datetime | None) -> str:
    """A time to the second, or nothing.

    Examples
    --------
    >>> time_text(dt.datetime(2020, 5, 1, 12, 0, tzinfo=dt.UTC))
    '2020-05-01 12:00:00'
    """
    return "" if moment is None else moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")


def window_text(dossier: Dossier) -> str:
    """The window in words."""
    start, end = time_text(dossier.start), time_text(dossier.end)
    if start and end:
        return f"{start} to {end} UTC"
    if start or end:
        return f"from {start} UTC" if start else f"until {end} UTC"
    return "all stored flows"


def tiles(dossier: Dossier) -> list[tuple[str, str, str]]:
    """The numbers that are told first: (number, what, more)."""
    facts = facts_of(dossier)
    if not facts:
        return []
    ways = ", ".join(f"{facts[way]:,} {way}" for way in ("inbound", "outbound", "two way") if facts[way])
    active = time_text(facts["first_seen"])
    until = time_text(facts["last_seen"])
    return [
        (f"{facts['peers']:,}", "peers", ways or "none"),
        (f"{facts['external_peers']:,}", "of them external", f"{facts['peers'] - facts['external_peers']:,} internal"),
        (f"{facts['connections']:,}", "connections", _rate(facts)),
        (bytes_text(facts["bytes_out"]), "sent", f"by {facts['target']}"),
        (bytes_text(facts["bytes_in"]), "received", f"by {facts['target']}"),
        (_span(facts), "from first to last", f"{active[:16]} to {until[:16]}" if active else ""),
    ]


def _rate(facts: dict[str, Any]) -> str:
    return f"{facts['within']:,} more within the network" if facts["within"] else "all of them with peers"


def _span(facts: dict[str, Any]) -> str:
    if facts["first_seen"] is None:
        return "never"
    seconds = (facts["last_seen"] - facts["first_seen"]).total_seconds()
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def findings_text(dossier: Dossier) -> list[str]:
    """What was found, in sentences."""
    facts = facts_of(dossier)
    if not facts or not facts["connections"]:
        return ["No flow of the target was found in this window."]
    kind = {True: "an internal", False: "an external", None: "a partly internal"}[facts["is_internal"]]
    noun = "network" if "/" in facts["target"] else "address"
    first, last = time_text(facts["first_seen"]), time_text(facts["last_seen"])
    much, many = count_text(facts["connections"], "connection"), count_text(facts["peers"], "peer")
    outside = f"{facts['external_peers']:,} of them external"
    said = [
        f"{facts['target']}, {kind} {noun}, exchanged {much} with {many}, {outside}, between {first} and {last} UTC."
    ]
    table = dossier["peers"].table
    peers = [] if table is None else table.to_pylist()
    loud = next((peer for peer in peers if peer["bytes_out"] or peer["bytes_in"]), None)
    if loud is not None:
        out, back = bytes_text(loud["bytes_out"]), bytes_text(loud["bytes_in"])
        said.append(f"Most bytes went with {_named(loud)}: {out} sent to it, {back} received from it ({_how(loud)}).")
    busy = max(peers, key=lambda p: p["connections"], default=None)
    if busy is not None and (loud is None or busy["peer"] != loud["peer"]):
        said.append(f"Most connections were with {_named(busy)}: {busy['connections']:,} ({_how(busy)}).")
    return said


def _how(peer: dict[str, Any]) -> str:
    return f"{peer['way']}, {peer['services']}"


def _named(peer: dict[str, Any]) -> str:
    known = [peer.get(name) for name in ("server_name", "network", "owner", "as_name", "country")]
    extra = [str(word) for word in known if word and word != peer["peer"]]
    return f"{peer['peer']} ({', '.join(extra[:2])})" if extra else str(peer["peer"])


def table_of(section: Section, limit: int | None = None) -> tuple[list[str], list[list[str]], int]:
    """Columns and rows of a table as text, and how many rows there are in all; columns without values are left out."""
    if section.table is None:
        return [], [], 0
    wanted = PEER_COLUMNS if section.id == "peers" else SEARCH_COLUMNS if section.id == "search" else TOP_COLUMNS
    rows = section.table if limit is None else section.table.slice(0, limit)
    names = [name for name in wanted if name in rows.column_names and rows[name].null_count < len(rows)]
    columns = [[_cell(name, value) for value in rows[name].to_pylist()] for name in names]
    return [wanted[name] for name in names], [list(row) for row in zip(*columns, strict=True)], len(section.table)


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return time_text(value)
    if "bytes" in name:
        return bytes_text(value)
    return f"{value:,}" if isinstance(value, int) and name == "connections" else str(value)


def provenance_text(dossier: Dossier) -> list[str]:
    """Who made it, from what, and what was left out."""
    known = dossier.provenance
    made = str(known.get("made", "")).replace("T", " ").replace("Z", " UTC")
    by = f" by {known['analyst']}" if known.get("analyst") else ""
    said = [f"Made with flowsleuth {known.get('flowsleuth', '')}{by}, {made}.".replace("  ", " ")]
    if known.get("home"):
        said.append(f"Home networks: {', '.join(known['home'])}.")
    said.append(f"Context files: {', '.join(known.get('context') or ['none'])}.")
    return [*said, *(f"{note}." for note in known.get("notes", []))]
