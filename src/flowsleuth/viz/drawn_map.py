"""Places on a map of the world, and arcs from who opened the connections to the other end."""

from __future__ import annotations

import math
from typing import Any

from flowsleuth.viz import Spec
from flowsleuth.viz.canvas import (
    ACCENT,
    COAST,
    EXTERNAL,
    LAND,
    MUTED,
    SURFACE,
    WAYS,
    Anchor,
    Circle,
    Drawing,
    Point,
    Shape,
    Text,
    bytes_text,
    count_text,
    fitted,
)
from flowsleuth.viz.drawn import WIDTH
from flowsleuth.viz.world_map import world

HEIGHT = 470.0
SOUTH = -58.0
"""Antarctica is left off."""
LABELS = 8


def draw_map(spec: Spec) -> Drawing:
    """Draw it."""
    drawing = Drawing(spec["title"], WIDTH, HEIGHT + 26)
    draw_land(drawing)
    heaviest = max((arc["bytes"] or 0 for arc in spec["arcs"]), default=0) or 1
    for arc in sorted(spec["arcs"], key=lambda arc: arc["bytes"] or 0):
        _arc(drawing, arc, heaviest)
    for point in sorted(spec["points"], key=lambda point: point["role"] == "target"):
        _point(drawing, point)
    _labels(drawing, spec)
    _legend(drawing, spec)
    return drawing


def draw_land(drawing: Drawing) -> None:
    """The coasts of the world."""
    steps: list[tuple[str | float, ...]] = []
    for country in world()["countries"]:
        for ring in country["rings"]:
            if max(ring[1::2]) < SOUTH:
                continue
            points = [place(lon, lat) for lon, lat in zip(unwrapped(ring[::2]), ring[1::2], strict=True)]
            steps += [("M", *points[0]), *[("L", *point) for point in points[1:]], ("Z",)]
    drawing.add(Shape(steps, fill=LAND, stroke=COAST, width=0.5))


def place(lon: float, lat: float) -> Point:
    """Where a place is on the map, in the Natural Earth projection (Šavrič, Patterson, Jenny 2011).

    Examples
    --------
    >>> [round(value) for value in place(0, 0)]
    [480, 276]
    """
    phi, lam = math.radians(lat), math.radians(lon)
    two, four = phi**2, phi**4
    along = 0.8707 - 0.131979 * two + four * (-0.013791 + four * (0.003971 * two - 0.001529 * four))
    up = phi * (1.007226 + two * (0.015085 + four * (-0.044475 + 0.028874 * two - 0.005916 * four)))
    scale = WIDTH / (2 * math.pi * 0.8707)
    return WIDTH / 2 + lam * along * scale, 276 - up * scale


def unwrapped(longitudes: list[float]) -> list[float]:
    """Longitudes without the jump at the date line, so that a coast that crosses it stays in one piece.

    Examples
    --------
    >>> unwrapped([179.0, -179.0, 178.0])
    [179.0, 181.0, 178.0]
    """
    found = longitudes[:1]
    for lon in longitudes[1:]:
        found.append(lon + 360 * round((found[-1] - lon) / 360))
    return found


def _arc(drawing: Drawing, arc: dict[str, Any], heaviest: float) -> None:
    colour = WAYS.get(arc["kind"], ACCENT)
    start, end = (place(arc[side]["lon"], arc[side]["lat"]) for side in ("from", "to"))
    gap = math.hypot(end[0] - start[0], end[1] - start[1])
    if gap < 1:
        return
    top = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 - min(0.28 * gap, 110))
    share = math.log1p(arc["bytes"] or 0) / math.log1p(heaviest)
    one, two = (((point[0] + 2 * top[0]) / 3, (point[1] + 2 * top[1]) / 3) for point in (start, end))
    told = f"{arc['from']['ip']} → {arc['to']['ip']} ({arc['kind']}): {bytes_text(arc['bytes'])}, "
    told += count_text(arc["connections"], "connection")
    curve = (("M", *start), ("C", *one, *two, *end))
    drawing.add(Shape(curve, stroke=colour, width=0.8 + 2.2 * share, opacity=0.35 + 0.45 * share, tip=told))
    if arc["kind"] != "two way":
        _head(drawing, two, end, colour)


def _head(drawing: Drawing, before: Point, end: Point, colour: str) -> None:
    """An arrow's head."""
    angle = math.atan2(end[1] - before[1], end[0] - before[0])
    tip = (end[0] - 4 * math.cos(angle), end[1] - 4 * math.sin(angle))
    sides = [(tip[0] - 7 * math.cos(angle + turn), tip[1] - 7 * math.sin(angle + turn)) for turn in (0.42, -0.42)]
    drawing.add(Shape((("M", *tip), ("L", *sides[0]), ("L", *sides[1]), ("Z",)), fill=colour, opacity=0.85))


def _point(drawing: Drawing, point: dict[str, Any]) -> None:
    x, y = place(point["lon"], point["lat"])
    told = f"{point['ip']}: {point['label'] or 'place not named'}"
    if point["role"] == "target":
        drawing.add(Circle(x, y, 8, SURFACE, ACCENT, 2.5, 0.9), Circle(x, y, 4, ACCENT, tip=told))
    else:
        drawing.add(Circle(x, y, 3.6, EXTERNAL, SURFACE, 1, tip=told))


def _labels(drawing: Drawing, spec: Spec) -> None:
    """Names of the target and of the peers with most bytes, where they do not cover one another."""
    weight: dict[str, int] = {}
    for arc in spec["arcs"]:
        for side in ("from", "to"):
            weight[arc[side]["ip"]] = weight.get(arc[side]["ip"], 0) + (arc["bytes"] or 0)
    order = sorted(spec["points"], key=lambda p: (p["role"] != "target", -weight.get(p["ip"], 0), p["ip"]))
    taken: list[tuple[float, float]] = []
    for point in order:
        x, y = place(point["lon"], point["lat"])
        if len(taken) >= LABELS or any(abs(x - a) < 130 and abs(y - b) < 26 for a, b in taken):
            continue
        taken.append((x, y))
        anchor: Anchor = "end" if x > WIDTH - 170 else "start"
        left = x - 11 if anchor == "end" else x + 11
        drawing.add(Text(left, y - 1, fitted(point["ip"], 11, 150), 11, anchor, bold=True))
        if point["label"]:
            drawing.add(Text(left, y + 11, fitted(point["label"], 9.5, 150), 9.5, anchor, MUTED))


def _legend(drawing: Drawing, spec: Spec) -> None:
    x = 8.0
    present = {arc["kind"] for arc in spec["arcs"]}
    for way, colour in WAYS.items():
        if way in present:
            drawing.line((x, HEIGHT + 12), (x + 24, HEIGHT + 12), colour, 2.5)
            drawing.add(Text(x + 30, HEIGHT + 16, way, 11, fill=MUTED))
            x += 100
    drawing.add(Text(WIDTH - 6, HEIGHT + 16, "land: Natural Earth", 9.5, "end", MUTED))
