"""Evidence → figure: a section of a dossier becomes a plain dict (the spec) that any face can draw.

Every spec has these keys, then its own, told in the module of that kind::

    kind    str, one of :data:`FIGURES`
    title   str
    note    str     what was left out or put together, by the section or by the figure; "" when nothing was
    absent  str | null     why there is nothing to draw; all lists are then empty

A spec holds JSON values only. Times are whole milliseconds since 1970-01-01 UTC. Counters that may pass 2^53 (bytes,
packets) are numbers here: a picture does not need their last digit; tables carry them exactly. No query and no network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.catalogue import Catalogue

if TYPE_CHECKING:
    from flowsleuth.investigate.dossier import Dossier, Section

FIGURES = Catalogue(
    "flowsleuth.figures",
    {
        "tree": "flowsleuth.viz.tree:tree",
        "bars": "flowsleuth.viz.bars:bars",
        "map": "flowsleuth.viz.world_map:world_map",
        "timeline": "flowsleuth.viz.timeline:timeline",
        "chord": "flowsleuth.viz.chord:chord",
        "network": "flowsleuth.viz.network:network",
        "histogram": "flowsleuth.viz.histogram:histogram",
        "lanes": "flowsleuth.viz.lanes:lanes",
        "heat": "flowsleuth.viz.heat:heat",
        "matrix": "flowsleuth.viz.matrix:matrix",
        "relations": "flowsleuth.viz.relations:relations",
        "events": "flowsleuth.viz.events:events",
        "series": "flowsleuth.viz.series:series",
        "places": "flowsleuth.viz.places:places",
        "process_tree": "flowsleuth.viz.process_tree:process_tree",
    },
)

Spec = dict[str, Any]


def figure(section: Section) -> Spec | None:
    """The spec of the figure that shows a section; None when a table or text shows it best.

    Examples
    --------
    >>> from flowsleuth.investigate.dossier import Section
    >>> figure(Section("time", "Timeline", "series", absent="no flow in this window", figure="timeline"))["absent"]
    'no flow in this window'
    """
    if section.figure is None:
        return None
    spec: Spec = FIGURES.load(section.figure)(section)
    return spec


def figures(dossier: Dossier) -> dict[str, Spec]:
    """The specs of all figures of a dossier, by section."""
    made = ((section.id, figure(section)) for section in dossier.sections)
    return {name: spec for name, spec in made if spec is not None}


def spec_of(section: Section, kind: str, **own: Any) -> Spec:
    """What every spec begins with."""
    return {"kind": kind, "title": section.title, "note": section.note, "absent": section.absent, **own}
