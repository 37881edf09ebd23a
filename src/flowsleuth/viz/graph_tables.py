"""Graphs of any make as the nodes and edges of a section of figure ``relations``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.schema.tabular import is_table, need_columns, to_table
from flowsleuth.viz.cells import cell_text, is_name
from flowsleuth.viz.relations import EDGE_KEYS, FACTS, NODE_KEYS
from flowsleuth.viz.tips import shortened

if TYPE_CHECKING:
    import pyarrow as pa

LINKS = "links"
KINDS = ("kind", "node_type", "Type", "type")
LABELS = ("label", "name", "Name")
LETTERS = 200
FACT = 120
FACTS_MOST = 12
ALERT = "alert"
UNTOLD = {"color", "node_size"}
"""Attributes of other people's graphs that say how a node is drawn, and not what it is."""


def graph_tables(graph: Any) -> tuple[pa.Table, pa.Table]:
    """Nodes and edges of a graph.

    Parameters
    ----------
    graph : object
        A networkx graph; anything with ``nodes`` and ``edges`` that are tables (an
        :class:`~flowsleuth.analyze.alerts.AlertGraph`); or a pair of tables. Nodes have at least ``id``, edges
        ``source`` and ``target``; other columns of text are told of them, a column of whole numbers decides the size.

    Raises
    ------
    OptionError
        It is none of these, or lacks a column.

    Examples
    --------
    >>> import pyarrow as pa
    >>> nodes, edges = graph_tables((pa.table({"id": ["a", "b"], "os": ["Linux", None]}), None))
    >>> nodes.to_pylist()[0]["facts"], nodes["links"].to_pylist(), len(edges)
    (['os: Linux'], [0, 0], 0)
    """
    if callable(getattr(graph, "nodes", None)) and callable(getattr(graph, "edges", None)):
        nodes, edges = _of_networkx(graph)
    else:
        given = graph if isinstance(graph, tuple | list) and len(graph) == 2 else None
        pair = given or (getattr(graph, "nodes", None), getattr(graph, "edges", None))
        if not is_table(pair[0]) or not (pair[1] is None or is_table(pair[1])):
            raise OptionError("not a graph", where=type(graph).__name__, hint="give a networkx graph or (nodes, edges)")
        need_columns(pair[0], ["id"])
        nodes = to_table(pair[0]).to_pylist()
        if pair[1] is not None:
            need_columns(pair[1], ["source", "target"])
        edges = [] if pair[1] is None else to_table(pair[1]).to_pylist()
    return _nodes(nodes, edges), _edges(edges)


def _of_networkx(graph: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Attributes of nodes and edges under the names that tables have."""
    nodes = [{**_attributes(own), "id": str(key)} for key, own in graph.nodes(data=True)]
    edges = [
        {**_attributes(own), "source": str(one), "target": str(other)} for one, other, own in graph.edges(data=True)
    ]
    return nodes, edges


def _attributes(given: Mapping[Any, Any]) -> dict[str, Any]:
    """Plain values only: objects are not told."""
    plain = {str(name): value for name, value in given.items() if isinstance(value, str | int | float | bool)}
    return {name: value for name, value in plain.items() if name not in UNTOLD}


def _nodes(rows: list[dict[str, Any]], edges: list[dict[str, Any]]) -> pa.Table:
    import pyarrow as pa

    links: dict[str, int] = {}
    for edge in edges:
        for end in {str(edge["source"]), str(edge["target"])}:
            links[end] = links.get(end, 0) + 1
    measure = _measure(rows, NODE_KEYS)
    made: dict[str, list[Any]] = {name: [] for name in (*NODE_KEYS, measure or LINKS, FACTS)}
    for row in rows:
        kind, label = (next((name for name in names if row.get(name)), "") for names in (KINDS, LABELS))
        made["id"].append(str(row["id"]))
        made["kind"].append(_text(row.get(kind)) or "entity")
        made["label"].append(_text(row.get(label)))
        made["is_centre"].append(bool(row.get("is_centre", made["kind"][-1] == ALERT)))
        made["severity"].append(_text(row.get("severity")))
        made[measure or LINKS].append(row.get(measure) if measure else links.get(str(row["id"]), 0))
        made[FACTS].append(_facts(row, {*NODE_KEYS, measure, kind, label}))
    return _table(made, NODE_KEYS, pa.bool_())


def _edges(rows: list[dict[str, Any]]) -> pa.Table:
    import pyarrow as pa

    measure = _measure(rows, EDGE_KEYS)
    made: dict[str, list[Any]] = {name: [] for name in (*EDGE_KEYS, measure or LINKS, FACTS)}
    for row in rows:
        made["source"].append(str(row["source"]))
        made["target"].append(str(row["target"]))
        made["label"].append(_text(row.get("label")) or "")
        made[measure or LINKS].append(row.get(measure) if measure else 1)
        made[FACTS].append(_facts(row, {*EDGE_KEYS, measure}))
    return _table(made, EDGE_KEYS, pa.string())


def _table(made: dict[str, list[Any]], keys: Iterable[str], is_centre: pa.DataType) -> pa.Table:
    import pyarrow as pa

    texts, lists = pa.string(), pa.list_(pa.string())
    kinds = {**dict.fromkeys(keys, texts), "is_centre": is_centre, FACTS: lists}
    return pa.table({name: pa.array(column, kinds.get(name)) for name, column in made.items()})


def _measure(rows: list[dict[str, Any]], keys: Iterable[str]) -> str | None:
    """The first column of whole numbers that every row has."""
    names = [name for name in (rows[0] if rows else {}) if name not in keys and not is_name(name)]
    whole = (name for name in names if all(type(row.get(name)) is int and row[name] >= 0 for row in rows))
    return next(whole, None)


def _facts(row: Mapping[str, Any], told: set[str | None]) -> list[str]:
    found = []
    for name, value in row.items():
        if name in told or name in (*KINDS, *LABELS) or value in (None, ""):
            continue
        text = ", ".join(map(str, value)) if isinstance(value, list) else cell_text(value, is_name=is_name(name)) or ""
        found.append(f"{shortened(name, 40)}: {shortened(text, FACT)}")
    return found[:FACTS_MOST]


def _text(value: Any) -> str | None:
    return None if value is None or value == "" else shortened(str(value), LETTERS)
