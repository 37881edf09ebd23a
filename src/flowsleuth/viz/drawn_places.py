"""Places on a map of the world: a shape and a colour per kind; near ones as a ring with how many addresses they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flowsleuth.viz import Spec
from flowsleuth.viz.canvas import (
    EXTERNAL,
    HOST,
    MUTED,
    SERIES,
    SURFACE,
    TEXT,
    THREAT,
    Circle,
    Drawing,
    Point,
    Shape,
    Text,
    count_text,
    polygon,
    text_width,
)
from flowsleuth.viz.drawn import WIDTH
from flowsleuth.viz.drawn_map import HEIGHT, draw_land, place
from flowsleuth.viz.measures import measures_text
from flowsleuth.viz.places import NOUN, shares, sum_of

COLOURS = {
    "host": HOST,
    "outbound": "#2166b8",
    "inbound": "#6f4bb8",
    "two way": EXTERNAL,
    "unknown": "#5f6b79",
    "threat": THREAT,
}
"""The same as in web/src/figures/places.ts."""
NEAR = 42.0
"""Pixels between two marks, at least; what is nearer is put together."""
OFF_HOST = 30.0
"""Pixels between a host, which always stands alone, and a mark near it."""
SMALL, LARGE = 5.0, 13.0
RING_SMALL, RING_LARGE = 14.0, 19.0
SLICE = 0.35
"""A kind takes at least so much of a ring, in radians: a single threat has to be seen."""
LISTED = 4
FAN_GAP = 7.0
AROUND = (0.0, 2 * math.pi)


@dataclass(frozen=True)
class Group:
    """Markers that are drawn together, around the place of the strongest."""

    x: float
    y: float
    members: list[int]


def draw_places(spec: Spec) -> Drawing:
    """Draw it."""
    markers = spec["markers"]
    drawing = Drawing(spec["title"], WIDTH, HEIGHT + 44, said=_said(spec))
    draw_land(drawing)
    points = [place(marker["lon"], marker["lat"]) for marker in markers]
    sizes = shares(markers)
    hosts = [at for at, marker in enumerate(markers) if marker["kind"] == "host"]
    others = [at for at, marker in enumerate(markers) if marker["kind"] != "host"]
    for group in reversed(grouped(points, others, [points[at] for at in hosts])):
        _group(drawing, group, spec, sizes)
    for at in reversed(hosts):
        _marker(drawing, points[at], markers[at], spec, sizes[at])
    _legend(drawing, spec)
    return drawing


def grouped(points: Sequence[Point], which: Sequence[int], taken: Sequence[Point] = ()) -> list[Group]:
    """Points that are near one another put together, beginning with the first; pushed off what is taken.

    Examples
    --------
    >>> [group.members for group in grouped([(0, 0), (100, 0), (5, 5)], [0, 1, 2])]
    [[0, 2], [1]]
    >>> [(group.x, group.y) for group in grouped([(0, 0)], [0], [(0, 0)])]
    [(30.0, 0)]
    """
    import numpy as np

    at = np.array([points[one] for one in which], dtype=np.float64).reshape(-1, 2)
    index = np.array(which, dtype=np.int64)
    free = np.ones(len(at), dtype=bool)
    found = []
    for number in range(len(at)):
        if free[number]:
            near = free & (np.hypot(*(at - at[number]).T) < NEAR)
            free &= ~near
            x, y = (float(value) for value in at[number])
            for point in taken:
                x, y = _pushed(x, y, point)
            found.append(Group(x, y, index[near].tolist()))
    return found


def _pushed(x: float, y: float, off: Point) -> Point:
    apart = math.hypot(x - off[0], y - off[1])
    if apart >= OFF_HOST:
        return x, y
    if apart < 1e-6:
        return off[0] + OFF_HOST, off[1]
    return off[0] + (x - off[0]) * OFF_HOST / apart, off[1] + (y - off[1]) * OFF_HOST / apart


def fan(at: Point, radii: Sequence[float]) -> list[Point]:
    """Where each of several marks at one place goes: the first there, the others around it.

    Examples
    --------
    >>> fan((5, 5), [9]), [(round(x), round(y)) for x, y in fan((5, 5), [9, 5, 4])]
    ([(5, 5)], [(5, 5), (5, -16), (5, 26)])
    """
    others = len(radii) - 1
    if not others:
        return [at]
    largest = max(radii[1:])
    far = max(radii[0] + largest + FAN_GAP, others * (2 * largest + FAN_GAP) / (2 * math.pi))
    angles = [2 * math.pi * number / others for number in range(others)]
    return [at, *((at[0] + far * math.sin(angle), at[1] - far * math.cos(angle)) for angle in angles)]


def _group(drawing: Drawing, group: Group, spec: Spec, sizes: Sequence[float]) -> None:
    members = [spec["markers"][at] for at in group.members]
    if len({(member["lat"], member["lon"]) for member in members}) == 1:
        radii = [SMALL + (LARGE - SMALL) * sizes[which] for which in group.members]
        for which, place_of in zip(group.members, fan((group.x, group.y), radii), strict=True):
            _marker(drawing, place_of, spec["markers"][which], spec, sizes[which])
        return
    parts: dict[str, int] = {}
    for member in members:
        parts[member["kind"]] = parts.get(member["kind"], 0) + member["addresses"]
    count = sum(parts.values())
    share = min(1.0, math.hypot(*(sizes[at] for at in group.members)))  # areas add up
    radius = RING_SMALL + (RING_LARGE - RING_SMALL) * share
    named = ", ".join(f"{number:,} {kind}" for kind, number in parts.items())
    told = f"{count_text(count, *spec.get('noun', NOUN))} near one another ({named}): "
    told += measures_text(spec["measures"], sum_of(members))
    at = (group.x, group.y)
    drawing.add(Circle(*at, radius + 1, SURFACE))
    for kind, angles in slices(parts).items():
        drawing.add(Shape(_ring(at, (radius, radius - 4), angles), fill=_colour(spec, kind)))
    if "threat" in parts:
        drawing.add(Shape(_ring(at, (radius + 3, radius + 1.4), AROUND), fill=THREAT))
    drawing.add(Text(group.x, group.y + 3.4, short(count), 9.5, "middle", TEXT, bold=True))
    drawing.add(Circle(*at, radius + 3, SURFACE, opacity=0, tip=told))  # unseen, to be pointed at: the tip once


def slices(parts: dict[str, int]) -> dict[str, tuple[float, float]]:
    """From which angle to which each kind goes, clockwise from the top; none is too narrow to be seen.

    Examples
    --------
    >>> [(kind, round(end - start, 2)) for kind, (start, end) in slices({"outbound": 999, "threat": 1}).items()]
    [('outbound', 5.93), ('threat', 0.35)]
    """
    count = sum(parts.values())
    widths = {kind: max(SLICE, 2 * math.pi * number / count) for kind, number in parts.items()}
    spare = sum(width - SLICE for width in widths.values())
    over = sum(widths.values()) - 2 * math.pi
    found, start = {}, 0.0
    for kind, width in widths.items():
        end = start + width - (over * (width - SLICE) / spare if spare else 0)
        found[kind] = (start, end)
        start = end
    return found


def _ring(at: Point, radii: tuple[float, float], angles: tuple[float, float]) -> list[tuple[str | float, ...]]:
    """A part of a ring as a polygon."""
    (x, y), (outer, inner), (start, end) = at, radii, angles
    steps = max(2, math.ceil((end - start) / 0.26))
    turns = [start + (end - start) * step / steps for step in range(steps + 1)]
    edge = [(x + outer * math.sin(turn), y - outer * math.cos(turn)) for turn in turns]
    edge += [(x + inner * math.sin(turn), y - inner * math.cos(turn)) for turn in reversed(turns)]
    return [("M", *edge[0]), *(("L", *point) for point in edge[1:]), ("Z",)]


CORNERS = {"host": (4, 0.0), "outbound": (3, 0.0), "inbound": (3, 0.5), "unknown": (4, 0.5), "threat": (8, 0.5)}
"""Corners of a shape, and how far it is turned, in parts of the angle between two of them."""


def _marker(drawing: Drawing, at: Point, marker: dict[str, Any], spec: Spec, share: float) -> None:
    radius = SMALL + (LARGE - SMALL) * share
    look = (marker["kind"], _colour(spec, marker["kind"]))
    _shape(drawing, at, radius, look, told_of(marker, spec["measures"]))


def _colour(spec: Spec, kind: str) -> str:
    """The colour that was asked for, of a kind that is known, or the next one of the series."""
    place = next((at for at, one in enumerate(spec["kinds"]) if one["kind"] == kind), 0)
    asked = spec["kinds"][place].get("colour") if spec["kinds"] else None
    return asked or COLOURS.get(kind) or SERIES[place % len(SERIES)]


def _shape(drawing: Drawing, at: Point, radius: float, look: tuple[str, str], tip: str = "") -> None:
    """A mark of a kind in its colour."""
    kind, colour = look
    if kind not in CORNERS:
        drawing.add(Circle(*at, radius, colour, SURFACE, 1, 0.9, tip))
        return
    corners, turn = CORNERS[kind]
    around = radius * (1.25 if corners < 5 else 1.05)  # about the area of the circle
    steps = polygon(at, around, corners, turn)
    drawing.add(Shape(steps, fill=colour, stroke=SURFACE, width=1, opacity=0.92, tip=tip))
    if kind == "threat":
        drawing.add(Shape(_ring(at, (radius + 4, radius + 2.4), AROUND), fill=THREAT))


def told_of(marker: dict[str, Any], measures: list[str]) -> str:
    """A marker in one line.

    Examples
    --------
    >>> told_of({"ips": ["192.0.2.1"], "addresses": 3, "places": ["Oslo"], "as_names": ["ACME"], "severities": ["high"],
    ...     "kind": "threat", "way": "inbound", "values": [7]}, ["flows"])
    '192.0.2.1 and 2 more · threat (high) · inbound · Oslo · ACME · 7 flows'
    """
    listed = marker["ips"][:LISTED]
    names = ", ".join(listed)
    if more := marker["addresses"] - len(listed):
        names += f" and {more:,} more"
    kind = f"threat ({', '.join(marker['severities'])})" if marker["severities"] else ""
    role = "host" if marker["kind"] == "host" else "" if marker["way"] == "unknown" else marker["way"]
    parts = [names, kind, role, ", ".join(marker["places"]), ", ".join(marker["as_names"])]
    parts += [measures_text(measures, marker["values"]), *marker.get("facts", [])]
    return " · ".join(part for part in parts if part)


def short(count: int) -> str:
    """A count in a tight place.

    Examples
    --------
    >>> short(999), short(1_234), short(20_000)
    ('999', '1.2k', '20k')
    """
    if count < 1000:
        return str(count)
    return (
        f"{count / 1000:.1f}k" if count < 10_000 else f"{count / 1000:.0f}k" if count < 1e6 else f"{count / 1e6:.1f}M"
    )


def _legend(drawing: Drawing, spec: Spec) -> None:
    x, y = 14.0, HEIGHT + 16
    for one in spec["kinds"]:
        _shape(drawing, (x, y - 4), 5, (one["kind"], _colour(spec, one["kind"])))
        text = f"{one['kind']} · {count_text(one['addresses'], *spec.get('noun', NOUN))}"
        drawing.add(Text(x + 13, y, text, 11, fill=MUTED))
        x += 36 + text_width(text, 11)
    ring = f"A ring with a number: {spec.get('noun', NOUN)[1]} near one another, by kind"
    ring += (
        "; an outer red ring: a threat is among them." if any(one["kind"] == "threat" for one in spec["kinds"]) else "."
    )
    drawing.add(Text(8, y + 22, f"{ring} Area by {spec['measures'][0].replace('_', ' ')}.", 10, fill=MUTED))
    drawing.add(Text(WIDTH - 6, y + 22, "land: Natural Earth", 10, "end", MUTED))


def _said(spec: Spec) -> str:
    named = (f"{one['kind']}: {count_text(one['addresses'], *spec.get('noun', NOUN))}" for one in spec["kinds"])
    return f"{spec['title']}: world map; {'; '.join(named)}. {spec['note']}".strip()
