"""Entities as a graph: what names what, as two tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import MissingExtraError
from flowsleuth.schema.entities.entity import Entity

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class EntityGraph:
    """Nodes and edges.

    Attributes
    ----------
    entities : tuple of Entity
        One per node, in the order of ``nodes``.
    nodes : pyarrow.Table
        ``id`` (from 0), ``entity`` (its kind), ``label``.
    edges : pyarrow.Table
        ``source``, ``target`` (ids), ``relation`` (the field that names it).
    """

    entities: tuple[Entity, ...]
    nodes: pa.Table
    edges: pa.Table

    def to_networkx(self) -> Any:
        """As a ``networkx.MultiDiGraph``; nodes have ``entity``, ``label`` and ``value``, edges ``relation``.

        Raises
        ------
        MissingExtraError
            networkx is not installed.
        """
        rows = zip(self.nodes.to_pylist(), self.entities, strict=True)
        nodes = ((row["id"], {"entity": row["entity"], "label": row["label"], "value": one}) for row, one in rows)
        edges = ((e["source"], e["target"], {"relation": e["relation"]}) for e in self.edges.to_pylist())
        return networkx_graph(nodes, edges)


def networkx_graph(
    nodes: Iterable[tuple[Any, dict[str, Any]]], edges: Iterable[tuple[Any, Any, dict[str, Any]]]
) -> Any:
    """A ``networkx.MultiDiGraph`` of nodes and edges with what is known of each.

    Raises
    ------
    MissingExtraError
        networkx is not installed.
    """
    try:
        import networkx
    except ImportError:
        raise MissingExtraError("graph", "networkx") from None
    graph = networkx.MultiDiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from(edges)
    return graph


def entity_graph(entities: Entity | Iterable[Entity]) -> EntityGraph:
    """The graph of entities and all that they name; equal ones are one node.

    Examples
    --------
    >>> from flowsleuth.schema.entities import Account, Host, entity_graph
    >>> graph = entity_graph([Account("ana", Host=Host("WEB1")), Host("web1", OSFamily="Linux")])
    >>> graph.nodes["label"].to_pylist(), graph.edges.to_pylist()
    (['ana', 'web1'], [{'source': 0, 'target': 1, 'relation': 'Host'}])
    """
    import pyarrow as pa

    todo = [entities] if isinstance(entities, Entity) else list(entities)
    ids: dict[Entity, int] = {}
    for one in todo:
        ids.setdefault(one, len(ids))
    edges: dict[tuple[int, int, str], None] = {}
    walked: set[int] = set()
    while todo:
        one = todo.pop(0)
        if id(one) in walked:
            continue
        walked.add(id(one))
        for relation, other in _named(one):
            target = ids.setdefault(other, len(ids))
            edges.setdefault((ids[one], target, relation))
            todo.append(other)
    nodes = {
        "id": pa.array(range(len(ids)), pa.int64()),
        "entity": pa.array([type(one).__name__ for one in ids], pa.string()),
        "label": pa.array([one.label for one in ids], pa.string()),
    }
    listed = [edge for edge in edges if edge[0] != edge[1]]
    lines = {
        "source": pa.array([edge[0] for edge in listed], pa.int64()),
        "target": pa.array([edge[1] for edge in listed], pa.int64()),
        "relation": pa.array([edge[2] for edge in listed], pa.string()),
    }
    return EntityGraph(tuple(ids), pa.table(nodes), pa.table(lines))


def _named(entity: Entity) -> Iterable[tuple[str, Entity]]:
    """The entities that one names, each with the field."""
    for name, value in [*entity, *entity.additional.items()]:
        for one in (
            value if isinstance(value, tuple | list) else value.values() if isinstance(value, Mapping) else [value]
        ):
            if isinstance(one, Entity):
                yield name, one
