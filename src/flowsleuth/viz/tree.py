"""Incident progression: who the address talked with, as a tree.

Section: a graph whose ``nodes`` are ``node`` (int64), ``parent`` (int64, null for the root), ``name``, ``role``,
``note`` (string), ``peers``, ``connections``, ``bytes`` (int64). Parents come before their children.

Spec::

    {kind: "tree", title, note, absent,
     root: {name, role: "target"|"way"|"network"|"peer"|"more", note, peers, connections, bytes, children: [same, …]}}

``role`` "way" nodes are named "inbound", "outbound", "two way"; "network" nodes carry the name of the network context
(or its owner, its AS, or else "internal, unnamed" and "external, unnamed"); "more" stands for the peers that are not
listed and says how many in ``name``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.viz import Spec, spec_of

if TYPE_CHECKING:
    from flowsleuth.investigate.dossier import Section

_EMPTY = {"name": "", "role": "target", "note": "", "peers": 0, "connections": 0, "bytes": 0, "children": []}


def tree(section: Section) -> Spec:
    """Make the spec of a tree.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from flowsleuth.investigate.dossier import Section
    >>> nodes = pa.table({"node": [0, 1], "parent": [None, 0], "name": ["10.0.0.5", "outbound"],
    ...     "role": ["target", "way"], "note": ["", ""], "peers": [3, 3], "connections": [9, 9], "bytes": [70, 70]})
    >>> tree(Section("progression", "Progression", "graph", nodes=nodes))["root"]["children"][0]["name"]
    'outbound'
    """
    made: dict[int, dict[str, Any]] = {}
    root: dict[str, Any] | None = None
    for row in [] if section.nodes is None else section.nodes.to_pylist():
        number, parent = row.pop("node"), row.pop("parent")
        made[number] = {**row, "children": []}
        if parent is None:
            root = made[number]
        else:
            made[parent]["children"].append(made[number])
    return spec_of(section, "tree", root=root or dict(_EMPTY))
