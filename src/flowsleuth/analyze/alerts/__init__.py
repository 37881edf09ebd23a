"""Alerts and events as objects: what they are about, what else is about it, which belong together, and their graph.

Everything an alert says was chosen by others: texts are escaped when they are shown, and nothing is run or fetched.
"""

from flowsleuth.analyze.alerts.alert import SecurityAlert, read_alerts
from flowsleuth.analyze.alerts.cards import AlertCard, format_alert
from flowsleuth.analyze.alerts.event import SecurityEvent
from flowsleuth.analyze.alerts.graph import AlertGraph
from flowsleuth.analyze.alerts.graph_making import add_related_alerts, create_alert_graph
from flowsleuth.analyze.alerts.incidents import IncidentOptions, Incidents, group_incidents, read_incidents
from flowsleuth.analyze.alerts.related import get_related_alerts

__all__ = [
    "AlertCard",
    "AlertGraph",
    "IncidentOptions",
    "Incidents",
    "SecurityAlert",
    "SecurityEvent",
    "add_related_alerts",
    "create_alert_graph",
    "format_alert",
    "get_related_alerts",
    "group_incidents",
    "read_alerts",
    "read_incidents",
]
