"""Chord: bytes between addresses, each chord from who sent them to who got them.

Section: a graph whose ``nodes`` are ``name`` (string), ``is_internal`` (bool); and whose ``edges`` are ``source``,
``target`` (``name`` of a node), ``bytes``, ``packets`` (int64).

Spec::

    {kind: "chord", title, note, absent,
     nodes: [{name, is_internal}], links: [{source, target, bytes, packets}]}

``bytes`` were sent by ``source`` to ``target``; the other way is a link of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowsleuth.viz import Spec, spec_of

if TYPE_CHECKING:
    from flowsleuth.investigate.dossier import Section


def chord(section: Section) -> Spec:
    """Make the spec of a chord diagram.

    Examples
    --------
    >>> from flowsleuth.investigate.dossier import Section
    >>> chord(Section("chord", "Volume", "graph", absent="no bytes told"))["links"]
    []
    """
    nodes = [] if section.nodes is None else section.nodes.to_pylist()
    links = [] if section.edges is None else section.edges.to_pylist()
    return spec_of(section, "chord", nodes=nodes, links=links)
