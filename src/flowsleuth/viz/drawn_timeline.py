"""Lanes over time: one per peer, its marks where its connections were."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from flowsleuth.viz import Spec
from flowsleuth.viz.canvas import ACCENT, GRID, MUTED, WAYS, Drawing, Rect, Text, bytes_text, count_text, fitted
from flowsleuth.viz.drawn import WIDTH

LEFT, RIGHT, TOP, LANE = 190.0, 96.0, 26.0, 21.0
STEPS_MS = tuple(
    1000 * s
    for s in (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 2592000, 7776000)
)
TICKS = 8


def draw_timeline(spec: Spec) -> Drawing:
    """Draw it."""
    lanes = spec["lanes"]
    drawing = Drawing(spec["title"], WIDTH, TOP + LANE * len(lanes) + 30)
    starts = [mark[0] for lane in lanes for mark in lane["marks"]]
    ends = [mark[1] for lane in lanes for mark in lane["marks"]]
    low = min(starts)
    high = max([*ends, low + 1000])
    _axis(drawing, low, high, len(lanes))
    most = max((mark[3] or 0 for lane in lanes for mark in lane["marks"]), default=0)
    for number, lane in enumerate(lanes):
        _lane(drawing, TOP + LANE * number, lane, (low, high), most)
    return drawing


def _x(moment: float, span: tuple[int, int]) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (moment - span[0]) / (span[1] - span[0])


def _axis(drawing: Drawing, low: int, high: int, lanes: int) -> None:
    step = next((step for step in STEPS_MS if (high - low) / step <= TICKS), STEPS_MS[-1])
    bottom = TOP + LANE * lanes
    first = -(-low // step) * step
    form = "%H:%M:%S" if step < 60_000 else "%H:%M" if step < 86_400_000 else "%Y-%m-%d"
    for tick in range(first, high + 1, step):
        x = _x(tick, (low, high))
        drawing.line((x, TOP - 4), (x, bottom), GRID)
        drawing.add(Text(x, TOP - 10, _when(tick, form), 10.5, "middle", MUTED))
    drawing.add(Text(LEFT, bottom + 20, f"{_when(low, '%Y-%m-%d %H:%M:%S')} UTC", 10.5, fill=MUTED))
    drawing.add(Text(WIDTH - RIGHT, bottom + 20, f"{_when(high, '%Y-%m-%d %H:%M:%S')} UTC", 10.5, "end", MUTED))
    drawing.add(Text(WIDTH, TOP - 10, "connections", 10.5, "end", MUTED))


def _when(moment_ms: float, form: str) -> str:
    return (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=moment_ms)).strftime(form)


def _lane(drawing: Drawing, y: float, lane: dict[str, Any], span: tuple[int, int], most: int) -> None:
    middle = y + LANE / 2
    drawing.add(Text(LEFT - 12, middle + 4, fitted(lane["name"], 11.5, LEFT - 20), 11.5, "end"))
    drawing.line((LEFT, middle), (WIDTH - RIGHT, middle), GRID)
    for start, end, connections, volume, port in lane["marks"]:
        x, until = _x(start, span), _x(end, span)
        share = math.log1p(volume or 0) / math.log1p(most) if most else 0.0
        tall = 5 + 10 * share
        told = f"{_when(start, '%Y-%m-%d %H:%M:%S')} UTC: {count_text(connections, 'connection')}, {bytes_text(volume)}"
        told += "" if port is None else f", port {port}"
        colour = WAYS.get(lane.get("way", ""), ACCENT)
        drawing.add(Rect(x, middle - tall / 2, max(until - x, 2.0), tall, colour, 1.5, 0.35 + 0.55 * share, told))
    total = sum(mark[2] for mark in lane["marks"])
    drawing.add(Text(WIDTH, middle + 4, f"{total:,}", 11, "end", MUTED))
