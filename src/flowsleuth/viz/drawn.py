"""The drawing of any figure spec: for pages, saved notebooks and PDF, where no script runs."""

from __future__ import annotations

from flowsleuth.catalogue import Catalogue
from flowsleuth.viz import Spec
from flowsleuth.viz.canvas import Drawing

WIDTH = 960.0
"""Pixels; pages scale it."""

DRAWINGS = Catalogue(
    "flowsleuth.drawings",
    {
        "tree": "flowsleuth.viz.drawn_tree:draw_tree",
        "bars": "flowsleuth.viz.drawn_bars:draw_bars",
        "map": "flowsleuth.viz.drawn_map:draw_map",
        "timeline": "flowsleuth.viz.drawn_timeline:draw_timeline",
        "chord": "flowsleuth.viz.drawn_chord:draw_chord",
        "network": "flowsleuth.viz.drawn_network:draw_network",
        "histogram": "flowsleuth.viz.drawn_histogram:draw_histogram",
        "lanes": "flowsleuth.viz.drawn_lanes:draw_lanes",
        "heat": "flowsleuth.viz.drawn_grid:draw_heat",
        "matrix": "flowsleuth.viz.drawn_grid:draw_matrix",
        "relations": "flowsleuth.viz.drawn_relations:draw_relations",
        "events": "flowsleuth.viz.drawn_events:draw_events",
        "series": "flowsleuth.viz.drawn_series:draw_series",
        "places": "flowsleuth.viz.drawn_places:draw_places",
        "process_tree": "flowsleuth.viz.drawn_process_tree:draw_process_tree",
    },
)


def draw(spec: Spec) -> Drawing | None:
    """Draw a spec; None when it says why it is absent.

    Examples
    --------
    >>> draw({"kind": "tree", "title": "Progression", "note": "", "absent": "no peer", "root": {}}) is None
    True
    """
    if spec["absent"] is not None:
        return None
    made: Drawing = DRAWINGS.load(spec["kind"])(spec)
    return made
