"""From findings to the dossier of a story: what an executive, and after him an engineer, reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.facts import AddressFacts
from flowsleuth.investigate.dossier import Dossier, Section
from flowsleuth.investigate.geography import places
from flowsleuth.investigate.progression import progression
from flowsleuth.investigate.volumes import volumes_of

if TYPE_CHECKING:
    from flowsleuth.investigate.findings import Findings

SEARCH_SHOWN = 500
"""Rows of the expanded search that a story keeps: those with most connections."""
CHORD_PEERS = 12
NO_FLOW = "no flow of the target in this window"
NO_SOURCE = "no peer opened a connection to the target"
NO_DESTINATION = "the target opened no connection to a peer"
TITLES = {
    "sources_by_connections": "Sources by connections",
    "destinations_by_connections": "Destinations by connections",
    "sources_by_bytes": "Sources by bytes",
    "destinations_by_bytes": "Destinations by bytes",
}


def write_dossier(
    findings: Findings,
    *,
    title: str,
    text: str = "",
    facts: Sequence[AddressFacts] = (),
    provenance: dict[str, Any] | None = None,
) -> Dossier:
    """The dossier of an investigation.

    Parameters
    ----------
    findings : Findings
    title, text : str
        What the analyst says.
    facts : sequence of AddressFacts
        Asked where the target is.
    provenance : dict, optional
        Who, when, from what.
    """
    inquiry = findings.inquiry
    sections = (
        Section(
            "briefing", "Executive briefing", "text", text=text, absent=None if text.strip() else "nothing written"
        ),
        _facts(findings),
        *_trees(findings),
        _places(findings, facts),
        Section(
            "timeline",
            "Timeline",
            "series",
            absent=None if len(findings.timeline.marks) else NO_FLOW,
            note=findings.timeline.note,
            figure="timeline",
            table=findings.timeline.marks,
        ),
        _volumes(findings),
        *_tables(findings),
    )
    question = f"What did {inquiry.target.text} exchange, with whom, and which way?"
    return Dossier(title, question, inquiry.start, inquiry.end, provenance or {}, sections)


def _facts(findings: Findings) -> Section:
    """One row: the numbers that are told first."""
    import pyarrow as pa

    from flowsleuth.schema import Column

    told = {"target": findings.inquiry.target.text, "is_internal": findings.is_internal, **findings.totals}
    kinds = {"target": "string", "is_internal": "bool", "first_seen": "timestamp", "last_seen": "timestamp"}
    columns = {
        name: pa.array([value], Column(name, kinds.get(name, "int64"), "").arrow_type())  # type: ignore[arg-type]
        for name, value in told.items()
    }
    return Section("facts", "Key facts", "table", table=pa.table(columns), note="; ".join(findings.notes))


def _trees(findings: Findings) -> tuple[Section, Section]:
    nodes = progression(findings.inquiry.target.text, findings.peers, findings.inquiry.top)
    absent = None if len(findings.peers) else NO_FLOW
    return (
        Section("progression", "Incident progression", "graph", absent=absent, figure="tree", nodes=nodes),
        Section("impact", "Impact analysis", "graph", absent=absent, figure="bars", nodes=nodes),
    )


def _places(findings: Findings, facts: Sequence[AddressFacts]) -> Section:
    if "lat" not in findings.peers.column_names:
        why = findings.absent.get("iploc.csv", "no source tells where an address is")
        return Section("places", "Geographic view", "map", absent=why, figure="map")
    target = findings.inquiry.target.text
    points, arcs, note = places(target, findings.kept(), facts)
    reason = None if len(points) else "none of the addresses has a place in the geography file"
    return Section("places", "Geographic view", "map", absent=reason, note=note, figure="map", nodes=points, edges=arcs)


def _volumes(findings: Findings) -> Section:
    target = findings.inquiry.target.text
    nodes, edges = volumes_of(target, findings.is_internal, findings.peers, CHORD_PEERS)
    absent = None if len(edges) else "no flow told how many bytes were sent"
    return Section("volumes", "Who sent how much", "graph", absent=absent, figure="chord", nodes=nodes, edges=edges)


def _tables(findings: Findings) -> list[Section]:
    absent = None if len(findings.peers) else NO_FLOW
    kept = findings.kept()
    more = len(findings.peers) - len(kept)
    top = findings.inquiry.top
    note = f"of each way the {top} with most bytes and the {top} with most connections; {more:,} more are counted above"
    made = [Section("peers", "Peers", "table", absent=absent, note=note if more else "", table=kept)]
    for kind, title in TITLES.items():
        rows = findings.top(kind)
        why = absent or (NO_SOURCE if kind.startswith("sources") else NO_DESTINATION)
        made.append(Section(kind, title, "table", absent=None if len(rows) else why, table=rows))
    search = findings.search.slice(0, SEARCH_SHOWN)
    note = f"the {SEARCH_SHOWN:,} rows with most connections of {len(findings.search):,}"
    note = note if len(search) < len(findings.search) else ""
    made.append(Section("search", "Expanded search", "table", absent=absent, note=note, table=search))
    return made
