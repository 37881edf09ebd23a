"""A graph of alerts as a section of evidence, which the figure ``relations`` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowsleuth.analyze.alerts import AlertGraph
    from flowsleuth.investigate.dossier import Section

COLUMNS = ("id", "kind", "label", "is_centre", "severity", "alerts")


def alert_graph_section(graph: AlertGraph, title: str = "") -> Section:
    """The section of a graph.

    Parameters
    ----------
    graph : AlertGraph
    title : str
        ``Entities of NAME`` when not given.

    Examples
    --------
    >>> from flowsleuth.analyze.alerts import create_alert_graph
    >>> graph = create_alert_graph({"SystemAlertId": "a", "AlertName": "Scan", "CompromisedEntity": "web1"})
    >>> section = alert_graph_section(graph)
    >>> section.title, section.nodes["label"].to_pylist()
    ('Entities of Scan', ['Scan', 'web1'])
    """
    from flowsleuth.investigate.dossier import Section

    nodes = graph.nodes
    centres = [row["label"] for row in nodes.to_pylist() if row["is_centre"]]
    about = centres[0] if len(centres) == 1 else f"{len(centres)} alerts"
    absent = None if len(nodes) else "no alert"
    return Section(
        "entity_graph",
        title or (f"Entities of {about}" if centres else "Entities"),
        "graph",
        absent=absent,
        figure="relations",
        nodes=nodes.select(list(COLUMNS)),
        edges=graph.edges,
    )
