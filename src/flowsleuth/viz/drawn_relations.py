"""Entities and what they have to do with one another: a shape and a colour per kind, arrows with their words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flowsleuth.viz import Spec
from flowsleuth.viz.canvas import (
    ACCENT,
    HOST,
    MUTED,
    SERIES,
    SURFACE,
    THREAT,
    Circle,
    Drawing,
    Point,
    Rect,
    Shape,
    Text,
    count_text,
    fitted,
    polygon,
    text_width,
)
from flowsleuth.viz.drawn import WIDTH
from flowsleuth.viz.drawn_network import HEIGHT, lay_out
from flowsleuth.viz.measures import measures_text

COLOURS = {"host": HOST, "account": "#6f4bb8", "address": "#2166b8", "alert": "#b4500f", "domain": ACCENT}
CORNERS = {"host": (4, 0.5), "address": (4, 0.0), "alert": (3, 0.0), "domain": (6, 0.0), "process": (5, 0.0)}
"""Corners of a shape and how far it is turned, in parts of the angle between two; the others are circles.
Both the same as in web/src/figures/relations.ts."""
SMALL, LARGE = 7.0, 17.0
NAMED_EDGES = 24
LABEL = 10.5
LEGEND = 26.0


def draw_relations(spec: Spec) -> Drawing:
    """Draw it."""
    nodes, edges = spec["nodes"], spec["edges"]
    drawing = Drawing(spec["title"], WIDTH, HEIGHT + LEGEND, said=_said(spec))
    number = {node["id"]: at for at, node in enumerate(nodes)}
    pairs = [(number[edge["source"]], number[edge["target"]]) for edge in edges]
    places = [(x, y + LEGEND) for x, y in lay_out(len(nodes), pairs)]
    radii = sizes_of(nodes)
    for edge, (one, other) in zip(edges, pairs, strict=True):
        ends = (nodes[one]["label"], nodes[other]["label"])
        told = f"{ends[0]} {edge['label'] or 'to'} {ends[1]}: {measures_text(spec['edge_measures'], edge['values'])}"
        told = ", ".join([told, *edge.get("facts", [])])
        label = text_width(fitted(ends[1], LABEL, 150), LABEL)
        if spec.get("is_directed", True):
            _arrow(drawing, (places[one], places[other]), radii[other], label, told)
        else:
            line = (("M", *places[one]), ("L", *places[other]))
            drawing.add(Shape(line, stroke=MUTED, width=1.2, opacity=0.55, tip=told))
    before: Counter[frozenset[int]] = Counter()
    for edge, (one, other) in list(zip(edges, pairs, strict=True))[:NAMED_EDGES]:
        _word(drawing, places[one], places[other], edge["label"], before[frozenset((one, other))])
        before[frozenset((one, other))] += 1
    for node, at, radius in zip(nodes, places, radii, strict=True):
        _node(drawing, at, radius, node, spec["measures"])
    _legend(drawing, spec)
    return drawing


def sizes_of(nodes: Sequence[dict[str, Any]]) -> list[float]:
    """Radius of each node: its area goes by its first measure.

    Examples
    --------
    >>> sizes_of([{"values": [4]}, {"values": [1]}, {"values": [None]}])
    [17.0, 12.0, 7.0]
    """
    values = [float(node["values"][0] or 0) for node in nodes]
    most = max(values, default=0.0)
    return [SMALL + (LARGE - SMALL) * (math.sqrt(value / most) if most else 0.0) for value in values]


def colour_of(kind: str) -> str:
    """The colour of a kind; kinds that are not known get one by their name, always the same."""
    return COLOURS.get(kind, SERIES[sum(kind.encode()) % len(SERIES)])


def _shape(drawing: Drawing, at: Point, radius: float, kind: str, tip: str = "") -> None:
    corners, turn = CORNERS.get(kind, (0, 0.0))
    if not corners:
        drawing.add(Circle(*at, radius, colour_of(kind), SURFACE, 1.5, tip=tip))
        return
    around = radius * (1.2 if corners < 5 else 1.08)
    steps = polygon(at, around, corners, turn)
    drawing.add(Shape(steps, fill=colour_of(kind), stroke=SURFACE, width=1.5, tip=tip))


def _node(drawing: Drawing, at: Point, radius: float, node: dict[str, Any], measures: list[str]) -> None:
    threat = f", threat ({node['severity']})" if node["severity"] else ""
    if node["severity"] or node["is_centre"]:
        colour = THREAT if node["severity"] else ACCENT
        drawing.add(Circle(*at, radius + 6, SURFACE, colour, 2))
    told = f"{node['label']}: {node['kind']}{threat}, {measures_text(measures, node['values'])}"
    _shape(drawing, at, radius, node["kind"], ", ".join([told, *node.get("facts", [])]))
    text = fitted(node["label"], LABEL, 150)
    _on_ground(drawing, Text(at[0], at[1] + radius + 18, text, LABEL, "middle", bold=node["is_centre"]))


def _arrow(drawing: Drawing, ends: tuple[Point, Point], radius: float, label: float, told: str) -> None:
    """A line with its head beside the shape at its end, and below the name under it."""
    (x, y), (a, b) = ends
    apart = math.hypot(a - x, b - y)
    if apart < 1:
        return
    along = ((a - x) / apart, (b - y) / apart)
    gap = radius + 8
    if -along[1] * label / 2 > gap * abs(along[0]):  # from below, through the name
        gap = max(gap, min((radius + 26) / -along[1], (label / 2 + 8) / max(abs(along[0]), 1e-6)))
    tip = (a - along[0] * gap, b - along[1] * gap)
    drawing.add(Shape((("M", x, y), ("L", *tip)), stroke=MUTED, width=1.2, opacity=0.55, tip=told))
    back = (tip[0] - along[0] * 7, tip[1] - along[1] * 7)
    sides = [(back[0] - along[1] * turn, back[1] + along[0] * turn) for turn in (3.2, -3.2)]
    drawing.add(Shape((("M", *tip), ("L", *sides[0]), ("L", *sides[1]), ("Z",)), fill=MUTED, opacity=0.8))


def _word(drawing: Drawing, one: Point, other: Point, label: str, at: int) -> None:
    """What the source does to the target, near the middle of the arrow; several of a pair one after the other."""
    text = fitted(label, 9, 110)
    if label and math.hypot(other[0] - one[0], other[1] - one[1]) > text_width(text, 9) * 0.6 + 50:
        share = 0.5 + 0.14 * ((at + 1) // 2) * (-1) ** at
        middle = (one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share + 3)
        _on_ground(drawing, Text(*middle, text, 9, "middle", MUTED))


def _on_ground(drawing: Drawing, text: Text) -> None:
    """A text that lines do not cross, and that stays on the page."""
    wide = text_width(text.text, text.size) * (1.08 if text.bold else 1.0) + 4
    x = min(max(text.x, wide / 2 + 2), drawing.width - wide / 2 - 2)
    drawing.add(Rect(x - wide / 2, text.y - text.size, wide, text.size + 4, SURFACE, 2, 0.8), replace(text, x=x))


def _legend(drawing: Drawing, spec: Spec) -> None:
    x = 12.0
    for one in spec["kinds"]:
        _shape(drawing, (x, 12), 5.5, one["kind"])
        text = fitted(f"{one['kind']} · {one['nodes']:,}", 11, 160)
        drawing.add(Text(x + 13, 16, text, 11, fill=MUTED))
        x += 38 + text_width(text, 11)
    if any(node["severity"] for node in spec["nodes"]):
        drawing.add(Circle(x, 12, 6, SURFACE, THREAT, 2), Text(x + 13, 16, "threat", 11, fill=MUTED))


def _said(spec: Spec) -> str:
    kinds = ", ".join(f"{one['nodes']:,} × {one['kind']}" for one in spec["kinds"])
    return f"{spec['title']}: {count_text(len(spec['edges']), 'relation')} between {kinds}"
