"""Nodes and links of a graph, told as tables; notes and links that people add, and what they take away."""

from __future__ import annotations

import copy
import datetime as dt
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Self

from flowsleuth.analyze.alerts.alert import SecurityAlert, alert_of
from flowsleuth.analyze.alerts.node_names import kind_of, node_text
from flowsleuth.analyze.alerts.same_things import Key, bucket_of, same_things
from flowsleuth.errors import OptionError, suggestion
from flowsleuth.schema.entities import Alert, Entity
from flowsleuth.schema.entities.graph import networkx_graph
from flowsleuth.schema.printable import printable_text

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST_NOTE = 2_000


@dataclass(frozen=True)
class Node:
    """A node.

    Attributes
    ----------
    id : str
        ``host:web1``, ``address:192.0.2.7``, ``alert:…``, ``note:1``.
    kind, label : str
    is_centre : bool
        What the graph was made for.
    severity : str or None
        Of an alert.
    first_seen : datetime or None
        UTC.
    description : str
    thing : Entity, SecurityAlert, SecurityEvent or None
    """

    id: str
    kind: str
    label: str
    is_centre: bool = False
    severity: str | None = None
    first_seen: dt.datetime | None = None
    description: str = ""
    thing: Any = None


class GraphNodes:
    """Nodes, links and notes. Methods that name a node take its id, its label, or the thing itself."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._things: dict[Key, dict[Entity, str]] = {}
        self._edges: dict[tuple[str, str, str], None] = {}
        self._notes = 0

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, node: object) -> bool:
        return self._find(node) is not None

    def __getitem__(self, node: Any) -> Node:
        """A node.

        Raises
        ------
        OptionError
            There is none, or several have that label.
        """
        return self._nodes[self._named(node)]

    def neighbours(self, node: Any) -> list[str]:
        """Ids of the nodes that a node is joined to."""
        at = self._named(node)
        found = [other for source, target, _ in self._edges for other in _other(at, source, target)]
        return list(dict.fromkeys(found))

    @property
    def nodes(self) -> pa.Table:
        """``id kind label is_centre severity alerts first_seen description``; ``alerts`` is how many are about it."""
        import pyarrow as pa

        counts = self._alert_counts()
        listed = list(self._nodes.values())
        return pa.table(
            {
                "id": pa.array([one.id for one in listed], pa.string()),
                "kind": pa.array([one.kind for one in listed], pa.string()),
                "label": pa.array([one.label for one in listed], pa.string()),
                "is_centre": pa.array([one.is_centre for one in listed], pa.bool_()),
                "severity": pa.array([one.severity for one in listed], pa.string()),
                "alerts": pa.array([counts[one.id] for one in listed], pa.int64()),
                "first_seen": pa.array([one.first_seen for one in listed], pa.timestamp("us", tz="UTC")),
                "description": pa.array([one.description for one in listed], pa.string()),
            }
        )

    @property
    def edges(self) -> pa.Table:
        """``source``, ``target`` (ids of nodes), ``label``, ``links`` (1 each)."""
        import pyarrow as pa

        listed = list(self._edges)
        return pa.table(
            {
                "source": pa.array([one[0] for one in listed], pa.string()),
                "target": pa.array([one[1] for one in listed], pa.string()),
                "label": pa.array([one[2] for one in listed], pa.string()),
                "links": pa.array([1] * len(listed), pa.int64()),
            }
        )

    def to_df(self) -> Any:
        """The nodes as a pandas frame; ``edges.to_pandas()`` has the rest."""
        return self.nodes.to_pandas()

    def to_networkx(self) -> Any:
        """As a ``networkx.MultiDiGraph``: nodes have ``kind``, ``label``, …, ``value`` (the thing), edges ``label``.

        Raises
        ------
        MissingExtraError
            networkx is not installed.
        """
        rows = zip(self.nodes.to_pylist(), self._nodes.values(), strict=True)
        nodes = ((row.pop("id"), {**row, "value": node.thing}) for row, node in rows)
        return networkx_graph(nodes, ((source, target, {"label": label}) for source, target, label in self._edges))

    def copy(self) -> Self:
        """Another graph with the same nodes."""
        made = copy.copy(self)
        made._nodes, made._edges = dict(self._nodes), dict(self._edges)
        made._things = {bucket: dict(members) for bucket, members in self._things.items()}
        return made

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(one.kind)}</td><td>{escape(one.label)}</td>"
            f"<td>{escape(', '.join(self._nodes[other].label for other in self.neighbours(one.id)))}</td></tr>"
            for one in self._nodes.values()
        )
        return f"<table><tr><th>kind</th><th>node</th><th>joined to</th></tr>{rows}</table>"

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self._nodes)} nodes, {len(self._edges)} links>"

    # by people ---------------------------------------------------------------------------------------------------

    def add_note(self, text: str, *, attached_to: Any = (), user: str = "", time: dt.datetime | None = None) -> str:
        """Add a note of a person.

        Parameters
        ----------
        text : str
        attached_to : node or list of nodes
        user : str
            Who says so.
        time : datetime, optional
            Now when not given.
        """
        self._notes += 1
        at = f"note:{self._notes}"
        label = printable_text(" ".join(text.split())) + (f" ({printable_text(user)})" if user else "")
        moment = time or dt.datetime.now(dt.UTC)
        self._put(Node(at, "note", label[:LONGEST_NOTE], first_seen=moment, description=text[:LONGEST_NOTE]))
        for other in attached_to if isinstance(attached_to, list | tuple) else [attached_to]:
            self._link(at, self._named(other), "about")
        return at

    def add_link(self, source: Any, target: Any, label: str = "linked") -> None:
        """Join two nodes.

        Raises
        ------
        OptionError
            One is not there.
        """
        self._link(self._named(source), self._named(target), printable_text(label))

    def remove_link(self, source: Any, target: Any) -> int:
        """Take all links between two nodes away, both ways; how many there were."""
        pair = {self._named(source), self._named(target)}
        gone = [edge for edge in self._edges if {edge[0], edge[1]} == pair]
        for edge in gone:
            del self._edges[edge]
        return len(gone)

    def remove_node(self, node: Any) -> None:
        """Take a node and its links away."""
        at = self._named(node)
        thing = self._nodes.pop(at).thing
        if isinstance(thing, Entity):
            self._things[bucket_of(thing)].pop(thing, None)
        self._edges = {edge: None for edge in self._edges if at not in edge[:2]}

    # parts --------------------------------------------------------------------------------------------------------

    def _put(self, node: Node) -> None:
        """Add a node, or take it instead of the one with its id."""
        self._nodes[node.id] = node
        if isinstance(node.thing, Entity):
            self._things.setdefault(bucket_of(node.thing), {})[node.thing] = node.id

    def _ids(self, things: list[Entity]) -> dict[Entity, str]:
        """An id for each thing: that of the node that is the same thing, or a new one."""
        there: dict[Entity, str] = {}
        for bucket in dict.fromkeys(bucket_of(one) for one in things):
            there |= self._things.get(bucket, {})
        keys = same_things([*there, *things])
        by_key = {keys[one]: at for one, at in there.items()}
        ids: dict[Entity, str] = {}
        for one in things:
            if keys[one] not in by_key:
                by_key[keys[one]] = self._new_id(one, set(by_key.values()))
            ids[one] = by_key[keys[one]]
        return ids

    def _new_id(self, thing: Entity, taken: set[str]) -> str:
        at = f"{kind_of(thing)}:{node_text(thing)}"
        if isinstance(thing, Alert):
            return at
        number, one = 2, at
        while one in self._nodes or one in taken:
            one, number = f"{at}#{number}", number + 1
        return one

    def _link(self, source: str, target: str, label: str) -> None:
        if source != target:
            self._edges.setdefault((source, target, label))

    def _alert_counts(self) -> dict[str, int]:
        """For each node how many alerts are joined to it; an alert counts as one."""
        counts = {at: int(node.kind == "alert") for at, node in self._nodes.items()}
        for source, target in {edge[:2] for edge in self._edges}:
            for one, other in ((source, target), (target, source)):
                if self._nodes[one].kind == "alert" and self._nodes[other].kind != "alert":
                    counts[other] += 1
        return counts

    def _find(self, node: object) -> str | None:
        if isinstance(node, Node):
            node = node.id
        if isinstance(node, str):
            if node in self._nodes:
                return node
            found = [at for at, one in self._nodes.items() if one.label.casefold() == node.casefold()]
            if len(found) > 1:
                raise OptionError("several nodes have that label", where=node, available=found)
            return found[0] if found else None
        if isinstance(node, SecurityAlert | Alert):
            at = f"alert:{alert_of(node).id}".casefold()
            return at if at in self._nodes else None
        if isinstance(node, Entity):
            at = self._ids([node])[node]
            return at if at in self._nodes else None
        return next((at for at, one in self._nodes.items() if one.thing is node), None)

    def _named(self, node: Any) -> str:
        at = self._find(node)
        if at is None:
            hint = suggestion(str(node), [*self._nodes, *(one.label for one in self._nodes.values())])
            raise OptionError("no such node", where=str(node)[:80], hint=hint)
        return at


def _other(at: str, source: str, target: str) -> list[str]:
    return [target] if source == at else [source] if target == at else []
