"""Lanes over time: one per peer, its marks where its connections were."""

from __future__ import annotations

import math
from typing import Any

from flowsleuth.viz import Spec
from flowsleuth.viz.canvas import ACCENT, GRID, MUTED, WAYS, Drawing, Rect, Text, bytes_text, count_text, fitted
from flowsleuth.viz.drawn import WIDTH
from flowsleuth.viz.time_axis import TimeAxis, when

LEFT, RIGHT, TOP, LANE = 190.0, 96.0, 26.0, 21.0


def draw_timeline(spec: Spec) -> Drawing:
    """Draw it."""
    lanes = spec["lanes"]
    drawing = Drawing(spec["title"], WIDTH, TOP + LANE * len(lanes) + 30)
    starts = [mark[0] for lane in lanes for mark in lane["marks"]]
    ends = [mark[1] for lane in lanes for mark in lane["marks"]]
    low = min(starts)
    high = max([*ends, low + 1000])
    axis = TimeAxis(low, high, LEFT, WIDTH - RIGHT)
    axis.draw(drawing, TOP - 4, TOP + LANE * len(lanes), names_above=True)
    drawing.add(Text(WIDTH, TOP - 10, "connections", 10.5, "end", MUTED))
    most = max((mark[3] or 0 for lane in lanes for mark in lane["marks"]), default=0)
    for number, lane in enumerate(lanes):
        _lane(drawing, TOP + LANE * number, lane, axis, most)
    return drawing


def _lane(drawing: Drawing, y: float, lane: dict[str, Any], axis: TimeAxis, most: int) -> None:
    middle = y + LANE / 2
    drawing.add(Text(LEFT - 12, middle + 4, fitted(lane["name"], 11.5, LEFT - 20), 11.5, "end"))
    drawing.line((LEFT, middle), (WIDTH - RIGHT, middle), GRID)
    for start, end, connections, volume, port in lane["marks"]:
        x, until = axis.x(start), axis.x(end)
        share = math.log1p(volume or 0) / math.log1p(most) if most else 0.0
        tall = 5 + 10 * share
        told = f"{when(start)} UTC: {count_text(connections, 'connection')}, {bytes_text(volume)}"
        told += "" if port is None else f", port {port}"
        colour = WAYS.get(lane.get("way", ""), ACCENT)
        drawing.add(Rect(x, middle - tall / 2, max(until - x, 2.0), tall, colour, 1.5, 0.35 + 0.55 * share, told))
    total = sum(mark[2] for mark in lane["marks"])
    drawing.add(Text(WIDTH, middle + 4, f"{total:,}", 11, "end", MUTED))
