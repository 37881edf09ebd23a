"""A graph of alerts, events and what they are about, that grows: things are added, nodes are expanded.

The same thing is one node, however its name is written. Tables of nodes and edges are those that the figure
``relations`` draws (:mod:`flowsleuth.viz.relations`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from flowsleuth.analyze.alerts.alert import SecurityAlert, alert_of
from flowsleuth.analyze.alerts.graph_nodes import GraphNodes, Node
from flowsleuth.analyze.alerts.item import SecurityItem
from flowsleuth.analyze.alerts.node_names import RELATIONS, is_drawn, kind_of, node_label, node_text
from flowsleuth.schema.entities import Account, Alert, Entity, Host, Incident, IpAddress, entity_graph

_DIRECT = (Host, Account, IpAddress, Alert)
"""Things that an alert is joined to even when another of its things names them."""
Neighbour = tuple[Any, str]
"""An alert, event or entity, and what the node has to do with it."""
Source = Callable[[Node], Iterable[Neighbour]]
"""What more is known about a node."""


class AlertGraph(GraphNodes):
    """The graph. Methods that name a node take its id, its label, or the thing itself.

    Parameters
    ----------
    sources : iterable of callable
        Who is asked when a node is expanded.

    Examples
    --------
    >>> graph = AlertGraph()
    >>> graph.add_alert({"SystemAlertId": "a", "AlertName": "Scan", "Entities":
    ...     '[{"Type": "host", "HostName": "WEB1"}]'}, is_centre=True)
    'alert:a'
    >>> graph.add_note("asked the owner", attached_to="web1", user="ana")
    'note:1'
    >>> graph.nodes["id"].to_pylist(), graph.edges["label"].to_pylist()
    (['alert:a', 'host:web1', 'note:1'], ['about', 'about'])
    """

    def __init__(self, sources: Iterable[Source] = ()) -> None:
        super().__init__()
        self.sources = list(sources)

    def add_alert(self, alert: Any, *, is_centre: bool = False, is_whole: bool = True) -> str:
        """Add an alert and what it is about; the id of its node.

        Parameters
        ----------
        alert : SecurityAlert, Alert or a row
        is_centre : bool
        is_whole : bool
            With all it is about; else it is joined to those of its things that are there already.
        """
        item = alert_of(alert)
        at = f"alert:{item.id.casefold() if item.id else f'without id {len(self._nodes)}'}"
        known = self._nodes.get(at)
        if known is None or not known.thing.entities:
            told = item.description or ""
            self._put(Node(at, "alert", item.name, is_centre, item.severity, item.first_seen, told, item))
        if is_centre:
            self._put(replace(self._nodes[at], is_centre=True))
        if is_whole:
            self._add_things(at, item)
        else:
            self._join_things(at, item)
        return at

    def add_event(self, event: Any, attached_to: Any = None) -> str:
        """Add an event and what it tells of.

        Parameters
        ----------
        event : SecurityEvent or a row
        attached_to : node, optional
        """
        from flowsleuth.analyze.alerts.event import SecurityEvent

        item = event if isinstance(event, SecurityEvent) else SecurityEvent(event)
        told = item.properties.get("event_id") or item.properties.get("EventRecordId") or f"{len(self._nodes)}"
        at = f"event:{item.event_type or ''}:{told}"
        if at not in self._nodes:
            self._put(Node(at, "event", item.label, first_seen=item.first_seen, thing=item))
        if attached_to is not None:
            self._link(self._named(attached_to), at, "seen in")
        self._add_things(at, item)
        return at

    def add_entity(self, entity: Entity, attached_to: Any = None, relation: str = "about") -> str:
        """Add a thing and what it names; an alert or incident with what it is about.

        Parameters
        ----------
        entity : Entity
        attached_to : node, optional
        relation : str
            What that node has to do with it.
        """
        if isinstance(entity, Alert):
            at = self.add_alert(entity)
        elif isinstance(entity, Incident):
            at = self.add_incident(entity)
        else:
            at = self._add_named([entity])[entity]
        if attached_to is not None:
            self._link(self._named(attached_to), at, relation)
        return at

    def add_incident(self, incident: Incident) -> str:
        """Add an incident with its alerts."""
        at = f"incident:{node_text(incident)}"
        told = Node(
            at, "incident", incident.label, severity=(incident.Severity or "").casefold() or None,
            first_seen=incident.FirstActivityTime, description=incident.Description or "", thing=incident,
        )  # fmt: skip
        if at not in self._nodes:
            self._put(told)
        for alert in incident.Alerts:
            self._link(at, self.add_alert(alert), "has")
        if not incident.Alerts:
            for one in incident.Entities:
                self.add_entity(one, at)
        return at

    def expand(self, node: Any, *sources: Source) -> list[str]:
        """Add what an alert is about, and what the sources know of a node; ids of the nodes that are new.

        Alerts that sources tell of come alone, joined to what is there; they can be expanded in turn.

        Parameters
        ----------
        node : node
        *sources : callable
            Instead of the graph's own.
        """
        before, at = set(self._nodes), self._named(node)
        if isinstance(self._nodes[at].thing, SecurityItem):
            self._add_things(at, self._nodes[at].thing)
        for source in sources or self.sources:
            for thing, relation in source(self._nodes[at]):
                self._join(at, thing, relation)
        return [one for one in self._nodes if one not in before]

    # parts --------------------------------------------------------------------------------------------------------

    def _join(self, at: str, thing: Any, relation: str) -> None:
        """Add what a source told of a node; what is joined to it anyhow gets no second link."""
        from flowsleuth.analyze.alerts.event import SecurityEvent

        if isinstance(thing, SecurityAlert):
            new = self.add_alert(thing, is_whole=f"alert:{thing.id}".casefold() == at.casefold())
        elif isinstance(thing, SecurityEvent):
            new = self.add_event(thing)
        else:
            new = self.add_entity(thing)
        if new not in self.neighbours(at):
            ends = (new, at) if isinstance(thing, SecurityItem) else (at, new)
            self._link(*ends, relation)

    def _add_things(self, at: str, item: SecurityItem) -> None:
        """What an alert or event is about: the things, what they name, and a link to each that no other names."""
        things = [one for one in item.entities if is_drawn(one)]
        ids = self._add_named(things)
        named = {
            ids[inner]
            for one in things
            for inner in entity_graph(one).entities[1:]
            if inner in ids and ids[inner] != ids[one]
        }
        for one in things:
            if ids[one] != at and (ids[one] not in named or isinstance(one, _DIRECT)):
                self._link(at, ids[one], "has" if isinstance(one, Alert) else "about")

    def _join_things(self, at: str, item: SecurityItem) -> None:
        """Links to those of its things that are there."""
        things = [one for one in item.entities if is_drawn(one)]
        for one, node in self._ids(things).items():
            if node in self._nodes and node != at:
                self._link(at, node, "has" if isinstance(one, Alert) else "about")

    def _add_named(self, things: Iterable[Entity]) -> dict[Entity, str]:
        """Nodes of things and of all that they name, with the links among them; their ids."""
        whole = entity_graph(list(things))
        drawn = [one for one in whole.entities if is_drawn(one)]
        ids = self._ids(drawn)
        for one in drawn:
            if ids[one] not in self._nodes:
                item = SecurityAlert(one) if isinstance(one, Alert) else None
                told = Node(
                    ids[one], kind_of(one), item.name if item else node_label(one),
                    severity=item.severity if item else None, first_seen=item.first_seen if item else None,
                    thing=item or one,
                )  # fmt: skip
                self._put(told)
        for edge in whole.edges.to_pylist():
            one, other = whole.entities[edge["source"]], whole.entities[edge["target"]]
            if one in ids and other in ids:
                self._link(ids[one], ids[other], RELATIONS.get(edge["relation"], edge["relation"]))
        return ids
