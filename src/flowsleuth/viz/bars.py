"""Impact analysis: bars that open into their parts (way → network → peer).

Section: the same graph as :mod:`flowsleuth.viz.tree`.

Spec::

    {kind: "bars", title, note, absent, measure: "peers", total, bytes, connections,
     children: [{name, size, bytes, connections, children: [same, …]}, …]}

``size`` is the number of peers, as in Apache Spot; ``bytes`` (both ways) and ``connections`` let a face offer another
measure. Each level adds up to its parent in all three. Ways without peers are kept, with size 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.viz import Spec, spec_of
from flowsleuth.viz.tree import tree

if TYPE_CHECKING:
    from flowsleuth.investigate.dossier import Section


def bars(section: Section) -> Spec:
    """Make the spec of drill-down bars.

    Examples
    --------
    >>> from flowsleuth.investigate.dossier import Section
    >>> bars(Section("impact", "Impact", "graph", absent="no peer"))["total"]
    0
    """
    root = _bar(tree(section)["root"])
    return spec_of(
        section,
        "bars",
        measure="peers",
        total=root["size"],
        bytes=root["bytes"],
        connections=root["connections"],
        children=root["children"],
    )


def _bar(node: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": node["name"],
        "size": node["peers"],
        "bytes": node["bytes"],
        "connections": node["connections"],
        "children": [_bar(child) for child in node["children"]],
    }
