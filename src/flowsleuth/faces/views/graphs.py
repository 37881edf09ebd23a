"""Networks of frames and graphs: who has to do with whom."""

from __future__ import annotations

from typing import Any

from flowsleuth.errors import OptionError
from flowsleuth.faces.views.columns import Columns, names_of
from flowsleuth.faces.views.display import Display, shown
from flowsleuth.investigate.dossier import Section
from flowsleuth.viz.graph_rows import read_graph
from flowsleuth.viz.graph_tables import graph_tables
from flowsleuth.viz.looks import Look

TYPES = ("graph", "digraph")


def plot_network(
    data: Any,
    source_col: str,
    target_col: str,
    *,
    title: str | None = None,
    source_attrs: Columns = None,
    target_attrs: Columns = None,
    edge_attrs: Columns = None,
    graph_type: str = "graph",
    height: int | None = None,
    width: int | None = None,
    hide: bool = False,
) -> Display:
    """The network of two columns: a node for each value, an edge for each pair, both by how many rows have them.

    At most 80 nodes and 400 edges, those with most rows; the note tells how many are left out.

    Parameters
    ----------
    data : table
        pandas, polars, Arrow or rows of our own; never changed.
    source_col, target_col : str
        Columns. A value that is in both is one node.
    title : str, optional
    source_attrs, target_attrs, edge_attrs : str or sequence of str, optional
        Columns that are told of nodes and edges: their most common texts.
    graph_type : {"graph", "digraph"}
        Whether edges have a direction.
    height, width : int, optional
        Pixels.
    hide : bool
        Do not show it where it is called in a notebook.

    Raises
    ------
    OptionError
        A column is not there; no such type of graph.

    Examples
    --------
    >>> import pyarrow as pa
    >>> logons = pa.table({"Account": ["bob", "bob", "eve"], "Computer": ["WEB", "DC", "DC"]})
    >>> plot_network(logons, "Account", "Computer")
    <Display of Account and Computer: 4 nodes and 3 edges>
    """
    if graph_type not in TYPES:
        raise OptionError("no such type of graph", where=str(graph_type), available=TYPES)
    graph = read_graph(
        data,
        source_col,
        target_col,
        source_facts=names_of(source_attrs),
        target_facts=names_of(target_attrs),
        edge_facts=names_of(edge_attrs),
    )
    title = title if title is not None else f"{source_col} and {target_col}"
    value = {"is_directed": graph_type == "digraph", "look": Look(height, width).told()}
    section = Section(
        "network",
        title,
        "graph",
        note=graph.note,
        figure="relations",
        nodes=graph.nodes,
        edges=graph.edges,
        value=value,
    )
    return shown(Display(section), hide)


def plot_entity_graph(
    entity_graph: Any,
    title: str = "",
    *,
    height: int | None = None,
    width: int | None = None,
    node_size: int | None = None,
    font_size: int | str | None = None,
    scale: float | None = None,
    hide: bool = False,
) -> Display:
    """A graph of alerts and entities, or any other: a shape and colour per kind, arrows with their words.

    Parameters
    ----------
    entity_graph : object
        What :func:`flowsleuth.toolkit.create_alert_graph` gives, a networkx graph, or a pair of tables: nodes with
        ``id`` and perhaps ``kind``, ``label``, ``severity``, ``is_centre``; edges with ``source``, ``target`` and
        perhaps ``label``. Other columns are told when a node or edge is pointed at.
    title : str
        ``Entities of NAME`` when not given and the graph has one centre.
    height, width : int, optional
        Pixels.
    node_size, font_size, scale
        MSTICPy's; not used: the picture fits itself to its place.
    hide : bool
        Do not show it where it is called in a notebook.

    Raises
    ------
    OptionError
        It is no graph.

    Examples
    --------
    >>> from flowsleuth.toolkit import create_alert_graph
    >>> graph = create_alert_graph({"AlertName": "Scan", "Entities": '[{"Type": "host", "HostName": "WEB1"}]'})
    >>> plot_entity_graph(graph, width=800, node_size=15)
    <Display of Entities of Scan: 2 nodes and 1 edge>
    """
    nodes, edges = graph_tables(entity_graph)
    centres = nodes.filter(nodes["is_centre"])["label"].to_pylist()
    about = f" of {centres[0] if len(centres) == 1 else f'{len(centres):,} alerts'}" if centres else ""
    value = {
        "is_directed": bool(getattr(entity_graph, "is_directed", lambda: True)()),
        "look": Look(height, width).told(),
    }
    section = Section(
        "entity_graph", title or f"Entities{about}", "graph", figure="relations", nodes=nodes, edges=edges, value=value
    )
    return shown(Display(section), hide)
