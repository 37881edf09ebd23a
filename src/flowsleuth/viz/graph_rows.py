"""Who has to do with whom in a frame, bounded: the nodes and edges of a section of figure ``relations``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsleuth.schema.tabular import need_columns, text_column
from flowsleuth.viz.measures import left_out, told
from flowsleuth.viz.relations import EDGES, NODES
from flowsleuth.viz.tips import shortened, shortened_all

if TYPE_CHECKING:
    import pyarrow as pa

LETTERS = 200
TOLD = 3
"""Different texts of a column that are told of a node or edge."""
ROWS = "rows"
BOTH = "both"


@dataclass(frozen=True)
class Graph:
    """Nodes and edges as :mod:`flowsleuth.viz.relations` wants them.

    Attributes
    ----------
    nodes, edges : pyarrow.Table
    note : str
        What was left out.
    """

    nodes: pa.Table
    edges: pa.Table
    note: str


def read_graph(
    data: Any,
    source: str,
    target: str,
    *,
    source_facts: Sequence[str] = (),
    target_facts: Sequence[str] = (),
    edge_facts: Sequence[str] = (),
) -> Graph:
    """A node for each value of two columns, an edge for each pair.

    Parameters
    ----------
    data : table
        pandas, polars, Arrow or rows of our own; never changed.
    source, target : str
        Columns. A value that is in both is one node.
    source_facts, target_facts, edge_facts : sequence of str
        Columns that are told of a node or edge: their most common texts.

    Raises
    ------
    OptionError
        A column is not there.

    Examples
    --------
    >>> import pyarrow as pa
    >>> logons = pa.table({"who": ["bob", "bob", None], "where": ["WEB", "WEB", "DC"], "type": [3, 10, 3]})
    >>> graph = read_graph(logons, "who", "where", edge_facts=["type"])
    >>> graph.edges.to_pylist()
    [{'source': 'bob', 'target': 'WEB', 'label': '', 'rows': 2, 'facts': ['type: 10, 3']}]
    >>> graph.note
    '1 of 3 rows has no value in who or where and is left out'
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    need_columns(data, [source, target, *source_facts, *target_facts, *edge_facts])
    columns = {"source": _names(text_column(data, source)), "target": _names(text_column(data, target))}
    columns |= {f"of {name}": text_column(data, name) for name in (*source_facts, *target_facts, *edge_facts)}
    rows = pa.table(columns)
    whole = rows.filter(pc.and_(pc.is_valid(rows["source"]), pc.is_valid(rows["target"])))
    said = left_out(len(rows) - len(whole), len(rows), f"value in {source} or {target}")
    edges, weak = _strongest(whole)
    kept = whole.join(edges, ["source", "target"], join_type="left semi") if weak else whole
    nodes = _nodes(kept, edges, (source, target), (source_facts, target_facts))
    facts = _facts(kept, ["source", "target"], edge_facts)
    pairs = zip(edges["source"].to_pylist(), edges["target"].to_pylist(), strict=True)
    made = {"source": edges["source"], "target": edges["target"], "label": [""] * len(edges), ROWS: edges[ROWS]}
    if edge_facts:
        made["facts"] = pa.array([facts.get(pair, []) for pair in pairs], pa.list_(pa.string()))
    return Graph(nodes, pa.table(made), told(said, weak))


def _names(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Names that are not too long; empty ones are none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), shortened_all(texts, LETTERS))


def _strongest(rows: pa.Table) -> tuple[pa.Table, str]:
    """Edges with most rows, between no more nodes than can be shown, and what is left out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    counted = rows.group_by(["source", "target"], use_threads=False).aggregate([([], "count_all")])
    edges = counted.rename_columns(["source", "target", ROWS])
    edges = edges.sort_by([(ROWS, "descending"), ("source", "ascending"), ("target", "ascending")])
    nodes: dict[str, None] = {}
    first = edges.slice(0, NODES**2 + 1)  # more pairs cannot be between so few nodes
    for pair in zip(first["source"].to_pylist(), first["target"].to_pylist(), strict=True):
        if len(nodes.keys() | set(pair)) > NODES:
            break
        nodes |= dict.fromkeys(pair)
    known = pa.array(list(nodes), pa.string())
    both = pc.and_(*(pc.is_in(edges[end], value_set=known) for end in ("source", "target")))
    kept = edges.filter(both).slice(0, EDGES)
    lost = len(edges) - len(kept)
    return kept, f"the {lost:,} weakest of {len(edges):,} edges are left out" if lost else ""


def _nodes(
    rows: pa.Table, edges: pa.Table, sides: tuple[str, str], facts: tuple[Sequence[str], Sequence[str]]
) -> pa.Table:
    import pyarrow as pa

    counts: dict[str, int] = {}
    kinds: dict[str, str] = {}
    for side, kind in zip(("source", "target"), sides, strict=True):
        for name, count in zip(edges[side].to_pylist(), edges[ROWS].to_pylist(), strict=True):
            counts[name] = counts.get(name, 0) + count
            kinds[name] = kind if kinds.get(name, kind) == kind else BOTH
    made = {"id": list(counts), "kind": [kinds[name] for name in counts], "label": pa.nulls(len(counts), pa.string())}
    made |= {"is_centre": [False] * len(counts), "severity": pa.nulls(len(counts), pa.string())}
    made[ROWS] = pa.array(counts.values(), pa.int64())
    table = pa.table(
        {name: column if isinstance(column, pa.Array) else pa.array(column) for name, column in made.items()}
    )
    if not any(facts):
        return table
    of = [_facts(rows, [side], columns) for side, columns in zip(("source", "target"), facts, strict=True)]
    lines = [[line for one in of for line in one.get((name,), [])] for name in counts]
    return table.append_column("facts", pa.array(lines, pa.list_(pa.string())))


def _facts(rows: pa.Table, keys: list[str], columns: Sequence[str]) -> dict[tuple[str, ...], list[str]]:
    """What is told of each node or edge: for each column its most common texts."""
    found: dict[tuple[str, ...], list[str]] = {}
    for column in columns:
        texts: dict[tuple[str, ...], list[str]] = {}
        counted = rows.group_by([*keys, f"of {column}"], use_threads=False).aggregate([([], "count_all")])
        order = counted.sort_by([("count_all", "descending"), (f"of {column}", "ascending")])
        for *key, text in zip(*(order[name].to_pylist() for name in (*keys, f"of {column}")), strict=True):
            if text:
                texts.setdefault(tuple(key), []).append(text)
        for pair, listed in texts.items():
            more = f" and {len(listed) - TOLD:,} more" if len(listed) > TOLD else ""
            line = ", ".join(shortened(text, 80) for text in listed[:TOLD])
            found.setdefault(pair, []).append(f"{column}: {line}{more}")
    return found
