"""Who sent how much to whom, as ribbons in a circle, with the numbers beside it."""

from __future__ import annotations

import math

from flowsleuth.viz import Spec
from flowsleuth.viz.canvas import GRID, MUTED, SERIES, Circle, Drawing, Point, Shape, Text, bytes_text, fitted
from flowsleuth.viz.drawn import WIDTH

RADIUS, RING = 180.0, 14.0
CENTRE: Point = (215.0, 215.0)
GAP = 0.035
LIST_X = 470.0
ROW = 23.0


def draw_chord(spec: Spec) -> Drawing:
    """Draw it."""
    drawing = Drawing(spec["title"], WIDTH, max(430.0, 60 + ROW * len(spec["nodes"])))
    colours = {node["name"]: SERIES[at % len(SERIES)] for at, node in enumerate(spec["nodes"])}
    sent, got = _sums(spec, "source"), _sums(spec, "target")
    total = sum(sent.values()) or 1
    names = [node["name"] for node in spec["nodes"] if sent.get(node["name"], 0) + got.get(node["name"], 0)]
    turn = (2 * math.pi - GAP * len(names)) / (2 * total)
    at: dict[str, float] = {}
    angle = -math.pi / 2
    for name in names:
        at[name] = angle
        span = (sent.get(name, 0) + got.get(name, 0)) * turn
        told = f"{name}: sent {bytes_text(sent.get(name, 0))}, got {bytes_text(got.get(name, 0))}"
        drawing.add(_ring(angle, angle + span, colours[name], told))
        angle += span + GAP
    for link in sorted(spec["links"], key=lambda link: -link["bytes"]):
        ends = []
        for side in ("source", "target"):
            begin = at[link[side]]
            at[link[side]] = begin + link["bytes"] * turn
            ends.append((begin, at[link[side]]))
        told = (
            f"{link['source']} sent {link['target']} {bytes_text(link['bytes'])} ({link['bytes'] / total:.1%} of all)"
        )
        drawing.add(_ribbon(ends[0], ends[1], colours[link["source"]], told))
    _list(drawing, spec, colours, sent, got)
    return drawing


def _sums(spec: Spec, side: str) -> dict[str, int]:
    sums: dict[str, int] = {}
    for link in spec["links"]:
        sums[link[side]] = sums.get(link[side], 0) + link["bytes"]
    return sums


def _on(angle: float, radius: float) -> Point:
    return CENTRE[0] + radius * math.cos(angle), CENTRE[1] + radius * math.sin(angle)


def _along(start: float, end: float, radius: float) -> list[tuple[str | float, ...]]:
    """A piece of a circle as curves."""
    pieces = max(1, math.ceil(abs(end - start) / (math.pi / 4)))
    width = (end - start) / pieces
    bend = 4 / 3 * math.tan(width / 4) * radius
    steps: list[tuple[str | float, ...]] = []
    for piece in range(pieces):
        a, b = start + piece * width, start + (piece + 1) * width
        (ax, ay), (bx, by) = _on(a, radius), _on(b, radius)
        one = (ax - bend * math.sin(a), ay + bend * math.cos(a))
        two = (bx + bend * math.sin(b), by - bend * math.cos(b))
        steps.append(("C", *one, *two, bx, by))
    return steps


def _ring(start: float, end: float, colour: str, tip: str) -> Shape:
    outer, inner = RADIUS + RING, RADIUS
    steps = [
        ("M", *_on(start, outer)),
        *_along(start, end, outer),
        ("L", *_on(end, inner)),
        *_along(end, start, inner),
        ("Z",),
    ]
    return Shape(steps, fill=colour, tip=tip)


def _ribbon(one: tuple[float, float], two: tuple[float, float], colour: str, tip: str) -> Shape:
    radius = RADIUS - 2

    def bow(end: Point, start: Point) -> tuple[str | float, ...]:
        pull = 0.25
        near = [(CENTRE[i] + pull * (point[i] - CENTRE[i])) for point in (start, end) for i in (0, 1)]
        return ("C", *near, *end)

    a, b, c, d = (_on(angle, radius) for angle in (*one, *two))
    steps = [("M", *a), *_along(*one, radius), bow(c, b), *_along(*two, radius), bow(a, d), ("Z",)]
    return Shape(steps, fill=colour, opacity=0.42, tip=tip)


def _list(drawing: Drawing, spec: Spec, colours: dict[str, str], sent: dict[str, int], got: dict[str, int]) -> None:
    """The numbers as text."""
    for x, head in ((LIST_X + 300, "sent"), (LIST_X + 400, "got")):
        drawing.add(Text(x, 24, head, 11, "end", MUTED))
    y = 30.0
    for node in spec["nodes"]:
        drawing.line((LIST_X, y), (LIST_X + 400, y), GRID)
        y += ROW
        name = node["name"]
        drawing.add(Circle(LIST_X + 6, y - 11, 5, colours[name]), Text(LIST_X + 20, y - 7, fitted(name, 12, 210), 12))
        drawing.add(Text(LIST_X + 300, y - 7, bytes_text(sent.get(name, 0)), 12, "end"))
        drawing.add(Text(LIST_X + 400, y - 7, bytes_text(got.get(name, 0)), 12, "end"))
