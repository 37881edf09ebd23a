"""The entity graph of alerts as a picture, live in notebooks and on files of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.faces.views.display import Display
from flowsleuth.viz.alert_graph import alert_graph_section

if TYPE_CHECKING:
    from flowsleuth.analyze.alerts import AlertGraph


def plot_entity_graph(entity_graph: AlertGraph, title: str = "", **ignored: Any) -> Display:
    """Show the graph of alerts and what they are about: a shape and colour per kind, arrows with their words.

    Parameters
    ----------
    entity_graph : AlertGraph
        Of :func:`flowsleuth.analyze.alerts.create_alert_graph`.
    title : str
    **ignored
        MSTICPy's ``width``, ``height``, ``node_size`` …: the picture fits itself to its place.

    Returns
    -------
    Display
        ``picked`` is the node that was clicked last; ``to_html``, ``to_svg``, ``to_png`` write it.

    Examples
    --------
    >>> from flowsleuth.analyze.alerts import create_alert_graph
    >>> graph = create_alert_graph({"SystemAlertId": "a", "AlertName": "Scan", "CompromisedEntity": "web1"})
    >>> plot_entity_graph(graph, width=800, node_size=15)
    <Display of Entities of Scan: 2 nodes and 1 edge>
    """
    return Display(alert_graph_section(entity_graph, title))
