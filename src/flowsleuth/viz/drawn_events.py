"""Events over time: a lane per group, a dot per event, a bar where there are several or where one lasts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from flowsleuth.viz import Spec
from flowsleuth.viz.canvas import GRID, MUTED, SURFACE, Circle, Drawing, Rect, Text, count_text, fitted
from flowsleuth.viz.drawn import WIDTH
from flowsleuth.viz.drawn_lanes import colour_of
from flowsleuth.viz.drawn_marks import draw_marks, head_of
from flowsleuth.viz.time_axis import TimeAxis, when
from flowsleuth.viz.tips import told_of

LEFT, RIGHT, TOP, LANE, FOOT = 190.0, 74.0, 22.0, 24.0, 42.0
MARKS = 1_500
"""Marks drawn in all lanes, about: a page has to stay small."""
DOT = 4.2
EDGE = 8.0
"""Pixels beside the first and the last moment."""


@dataclass(frozen=True)
class _Mark:
    """What is drawn at one place; ``x`` to ``until`` in pixels."""

    x: float
    until: float
    events: int
    told: str


def draw_events(spec: Spec) -> Drawing:
    """Draw it."""
    lanes = spec["lanes"]
    low, high = ends_of(spec)
    axis = TimeAxis(low, high, LEFT + EDGE, WIDTH - RIGHT - EDGE)
    top = TOP + head_of(spec["refs"], axis)
    drawing = Drawing(spec["title"], WIDTH, top + LANE * len(lanes) + FOOT, said=_said(spec, low, high))
    axis.draw(drawing, top - 4, top + LANE * len(lanes), names_above=False)
    drawing.add(Text(WIDTH, top - 8, "events", 10.5, "end", MUTED))
    drawn = _drawn(spec, axis)
    most = max((mark.events for marks in drawn for mark in marks), default=1)
    for number, (lane, marks) in enumerate(zip(lanes, drawn, strict=True)):
        colour = lane["colour"] or colour_of(lane["name"], number)
        _name(drawing, top + LANE * (number + 0.5), lane, axis, colour)
        for mark in marks:
            _draw_mark(drawing, top + LANE * (number + 0.5), mark, colour, most)
    draw_marks(drawing, spec["refs"], axis, top - 4, top + LANE * len(lanes))
    if any(mark.events > 1 for marks in drawn for mark in marks):
        told = "a dot: one event; a bar: several near one another, taller and stronger for more"
        drawing.add(Text(LEFT + (WIDTH - LEFT - RIGHT) / 2, drawing.height - 6, told, 10.5, "middle", MUTED))
    return drawing


def ends_of(spec: Spec) -> tuple[int, int]:
    """The first and the last moment that is shown, reference marks included."""
    moments = [mark[0] for lane in spec["lanes"] for mark in lane["marks"]] + [at for at, _ in spec["refs"]]
    lasts = [mark[0] + mark[1] for lane in spec["lanes"] for mark in lane["marks"]]
    return min(moments), max(min(moments) + 1000, *moments, *lasts)


def _drawn(spec: Spec, axis: TimeAxis) -> list[list[_Mark]]:
    """The marks of each lane; those of one place put together when there are too many."""
    drawn = [[_mark(spec, mark, axis) for mark in lane["marks"]] for lane in spec["lanes"]]
    cell = 0.0
    while sum(map(len, drawn)) > MARKS:
        cell = 1.5 * cell or 1.5
        drawn = [_together(marks, cell) for marks in drawn]
    return drawn


def _mark(spec: Spec, mark: list[Any], axis: TimeAxis) -> _Mark:
    start, lasts, events, *tip = mark
    told = f"{when(start)} UTC"
    if events > 1:
        width = spec["bin_ms"]
        begin = start // width * width if width else start
        x, until = axis.x(begin), axis.x(begin + width if width else start + lasts)
        told = f"{told} to {when(start + lasts)}: {events:,} events"
        x, until = max(x, axis.left - EDGE), min(max(until - 0.5, x + 1.5), axis.right + EDGE)
    else:
        x, until = axis.x(start), axis.x(start + lasts)
    more = told_of(spec, tip)
    return _Mark(x, until, events, f"{told}: {more}" if more else told)


def _together(marks: list[_Mark], cell: float) -> list[_Mark]:
    found: dict[int, list[_Mark]] = {}
    for mark in marks:
        found.setdefault(math.floor(mark.x / cell), []).append(mark)
    return [
        one[0]
        if len(one) == 1
        else _Mark(
            one[0].x, max(mark.until for mark in one), sum(mark.events for mark in one), f"{one[0].told} … and more"
        )
        for one in found.values()
    ]


def _name(drawing: Drawing, y: float, lane: dict[str, Any], axis: TimeAxis, colour: str) -> None:
    """What is there without the marks: name, line, how many events, and the bar from the first to the last."""
    drawing.add(Text(LEFT - 12, y + 4, fitted(lane["name"], 11.5, LEFT - 20), 11.5, "end"))
    drawing.line((LEFT, y), (axis.right + EDGE, y), GRID)
    drawing.add(Text(WIDTH, y + 4, f"{lane['total']:,}", 11, "end", MUTED))
    if lane["span"]:
        first, last = (axis.x(at) for at in lane["span"])
        drawing.add(Rect(first - 3, y - 5.5, last - first + 6, 11, colour, 5.5, 0.28))


def _draw_mark(drawing: Drawing, y: float, mark: _Mark, colour: str, most: int) -> None:
    if mark.events == 1 and mark.until - mark.x < 2 * DOT:
        drawing.add(Circle((mark.x + mark.until) / 2, y, DOT, colour, SURFACE, 0.8, 0.85, mark.told))
        return
    share = math.log(mark.events) / math.log(most) if most > 1 else 0.5
    tall, wide = 8 + 10 * share, max(mark.until - mark.x, 2.0)
    opacity = round(0.45 + 0.5 * share, 2)
    drawing.add(Rect(mark.x, y - tall / 2, wide, tall, colour, min(2.0, wide / 2), opacity, mark.told))


def _said(spec: Spec, low: int, high: int) -> str:
    """The figure in one sentence, for those who do not see it."""
    lanes = spec["lanes"]
    named = [f"{lane['name']}: {count_text(lane['total'], 'event')}" for lane in lanes[:5]]
    rest = f"; and {len(lanes) - 5} more lanes" if len(lanes) > 5 else ""
    return f"{spec['title']}: {when(low)} to {when(high)} UTC; {'; '.join(named)}{rest}"
