"""Network view: suspects as a graph, an address a node, a pair an edge.

Section: a graph whose ``nodes`` are ``id`` (string), ``is_internal`` (bool), ``suspects`` (int64); and whose ``edges``
are ``source``, ``target`` (``id`` of a node), ``weight`` (float64, in [0, 1], the highest score), ``suspects`` (int64).

Spec::

    {kind: "network", title, note, absent,
     nodes: [{id, is_internal, suspects}], edges: [{source, target, weight, suspects}]}

A node's area goes by ``suspects``; internal ones are diamonds, external ones circles. Edges have no direction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowsleuth.viz import Spec, spec_of

if TYPE_CHECKING:
    from flowsleuth.investigate.dossier import Section


def network(section: Section) -> Spec:
    """Make the spec of a network view.

    Examples
    --------
    >>> from flowsleuth.investigate.dossier import Section
    >>> network(Section("network", "Suspects", "graph", absent="nothing was scored"))["nodes"]
    []
    """
    nodes = [] if section.nodes is None else section.nodes.to_pylist()
    edges = [] if section.edges is None else section.edges.to_pylist()
    return spec_of(section, "network", nodes=nodes, edges=edges)
