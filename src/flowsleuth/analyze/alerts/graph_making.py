"""The graph of an alert, of related ones, and what a frame of alerts knows about a node."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from flowsleuth.analyze.alerts.alert import SecurityAlert, read_alerts, severity_rank
from flowsleuth.analyze.alerts.graph import AlertGraph, Neighbour, Source
from flowsleuth.analyze.alerts.graph_nodes import Node
from flowsleuth.analyze.alerts.item import SecurityItem
from flowsleuth.analyze.alerts.related import things_of
from flowsleuth.analyze.alerts.rows import is_frame
from flowsleuth.analyze.alerts.same_things import may_be_same
from flowsleuth.schema.entities import Entity, Incident

EXPANDED_AT_MOST = 20
"""Alerts that one node is expanded by at a time: the most severe, then the latest."""


def create_alert_graph(alert: Any, alerts: Any = None) -> AlertGraph:
    """The graph of an alert, an incident, or several, and what they are about.

    Parameters
    ----------
    alert : SecurityAlert, Alert, Incident, a row, or a frame of alerts
    alerts : frame, optional
        Who is asked when a node is expanded: ``graph.expand("web1")`` adds those of its alerts that are about it.

    Examples
    --------
    >>> scan = {"SystemAlertId": "a", "AlertName": "Scan", "Entities": '[{"Type": "ip", "Address": "192.0.2.7"}]'}
    >>> login = {"SystemAlertId": "b", "AlertName": "Logon", "Entities": '[{"Type": "ip", "Address": "192.0.2.7"},'
    ...     '{"Type": "account", "Name": "ana"}]'}
    >>> graph = create_alert_graph(scan, [scan, login])
    >>> graph.expand("192.0.2.7"), graph.expand("Logon")
    (['alert:b'], ['account:ana'])
    """
    graph = AlertGraph([] if alerts is None else [alerts_source(alerts)])
    if isinstance(alert, Incident):
        graph.add_incident(alert)
    elif is_frame(alert) or isinstance(alert, list | tuple):
        for one in read_alerts(alert):
            graph.add_alert(one, is_centre=True)
    else:
        graph.add_alert(alert, is_centre=True)
    return graph


def add_related_alerts(related_alerts: Any, alertgraph: AlertGraph) -> AlertGraph:
    """A graph with more alerts in it, joined to what they are about too; the given one stays as it is.

    Parameters
    ----------
    related_alerts : frame, or iterable of rows
    alertgraph : AlertGraph

    Examples
    --------
    >>> def about(name, host):
    ...     return {"SystemAlertId": name, "Entities": f'[{{"Type": "host", "HostName": "{host}"}}]'}
    >>> graph = create_alert_graph(about("a", "web1"))
    >>> add_related_alerts([about("b", "WEB1.example.org")], graph).nodes["id"].to_pylist(), len(graph)
    (['alert:a', 'host:web1', 'alert:b'], 2)
    """
    made = alertgraph.copy()
    for one in read_alerts(related_alerts):
        made.add_alert(one, is_whole=False)
    return made


def alerts_source(alerts: Any) -> Source:
    """What a frame of alerts knows about a node: the alerts about that thing; of one that is only named, the whole."""
    listed = sorted(read_alerts(alerts), key=_order)

    def ask(node: Node) -> Iterator[Neighbour]:
        if isinstance(node.thing, SecurityAlert):
            whole = _whole(node.thing, listed)
            if whole is not None and whole is not node.thing:
                yield whole, "told in full"
        elif isinstance(node.thing, Entity):
            found = (one for one in listed if is_about(one, node.thing))
            yield from ((one, "about") for one in islice(found, EXPANDED_AT_MOST))

    return ask


def _order(alert: SecurityAlert) -> tuple[int, float]:
    seen = alert.first_seen
    return severity_rank(alert.severity), -seen.timestamp() if seen else 0.0


def _whole(item: SecurityAlert, listed: list[SecurityAlert]) -> SecurityAlert | None:
    """The alert with all that its row tells, where another only names it."""
    ids = {text.casefold() for text in (item.id, *item.alert.SystemAlertIds) if text}
    return next((one for one in listed if (one.id or "").casefold() in ids), None)


def is_about(item: SecurityItem, thing: Entity) -> bool:
    """Whether an alert or event is about a thing.

    Examples
    --------
    >>> from flowsleuth.schema.entities import Host
    >>> is_about(SecurityAlert({"Entities": '[{"Type": "host", "HostName": "WEB1"}]'}), Host("web1.example.org"))
    True
    """
    return any(may_be_same(thing, one) for one in things_of(item, (type(thing),)))
