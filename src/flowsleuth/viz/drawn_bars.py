"""Bars for the three ways, each with its networks under it."""

from __future__ import annotations

from typing import Any

from flowsleuth.viz import Spec
from flowsleuth.viz.canvas import ACCENT, GRID, MUTED, TEXT, WAYS, Drawing, Rect, Text, bytes_text, count_text, fitted
from flowsleuth.viz.drawn import WIDTH

NETWORKS = 8
"""Networks drawn under a way, at most."""
LEFT, RIGHT = 230.0, 190.0
BAR, THIN = 22.0, 11.0


def draw_bars(spec: Spec) -> Drawing:
    """Draw it."""
    drawing = Drawing(spec["title"], WIDTH, 0)
    largest = max((child["size"] for child in spec["children"]), default=0) or 1
    y = 6.0
    for child in spec["children"]:
        colour = WAYS.get(child["name"], ACCENT)
        y = _bar(drawing, y, child, largest, colour, bold=True)
        for inner in _folded(child["children"]):
            y = _bar(drawing, y, inner, largest, colour)
        y += 12
    drawing.height = y
    return drawing


def _folded(networks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if len(networks) <= NETWORKS:
        return networks
    rest = networks[NETWORKS - 1 :]
    sums = {name: sum(one[name] for one in rest) for name in ("size", "bytes", "connections")}
    return [*networks[: NETWORKS - 1], {"name": f"{len(rest):,} more networks", "children": [], **sums}]


def _bar(drawing: Drawing, y: float, row: dict[str, Any], largest: int, colour: str, *, bold: bool = False) -> float:
    """Draw one bar; where the next one may begin."""
    room = WIDTH - LEFT - RIGHT
    size, height = (13.0, BAR) if bold else (11.5, THIN)
    middle = y + height / 2 + size * 0.36
    told = f"{count_text(row['size'], 'peer')} · {bytes_text(row['bytes'])}"
    name = fitted(row["name"], size, LEFT - (16 if bold else 40))
    drawing.add(Text(LEFT - 12, middle, name, size, "end", bold=bold, fill=TEXT if bold else MUTED))
    if bold:
        drawing.add(Rect(LEFT, y, room, height, GRID, 3))
    width = max(room * row["size"] / largest, 2.0 if row["size"] else 0.0)
    drawing.add(Rect(LEFT, y, width, height, colour, 3, 1 if bold else 0.55, f"{row['name']}: {told}"))
    drawing.add(Text(LEFT + (room if bold else width) + 10, middle, told, size - 0.5, fill=MUTED))
    return y + height + 8
