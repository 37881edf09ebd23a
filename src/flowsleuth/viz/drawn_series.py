"""Values over time as bars, points or lines, with the band they were expected in and what lies outside of it."""

from __future__ import annotations

import math
from typing import Any

from flowsleuth.viz import Spec
from flowsleuth.viz.canvas import GRID, MUTED, SURFACE, Circle, Drawing, Point, Rect, Shape, Text, count_text, fitted
from flowsleuth.viz.drawn import WIDTH
from flowsleuth.viz.drawn_lanes import colour_of
from flowsleuth.viz.drawn_marks import draw_anomaly, draw_marks, head_of
from flowsleuth.viz.drawn_stage import ROW, Stage, draw_band, draw_legend, legend_rows, steps_of
from flowsleuth.viz.measures import measure_text, value_text
from flowsleuth.viz.time_axis import TimeAxis, when
from flowsleuth.viz.tips import told_of

LEFT, HEIGHT = 78.0, 240.0
TOLD = 700
"""Points with a text of their own, at most; a page has to stay small."""
DRAWN = 3_000
"""Bars and dots, at most; of those at one place the tallest is drawn."""
EDGE = 8.0
NARROW = 1e-9
"""Values that differ by less, as a part of the largest, are one."""


def draw_series(spec: Spec) -> Drawing:
    """Draw it."""
    rows = legend_rows(spec, LEFT, WIDTH)
    moments = [point[0] for one in spec["series"] for point in one["points"]] + [at for at, _ in spec["refs"]]
    axis = TimeAxis(min(moments), max(*moments, min(moments) + 1000), LEFT + EDGE, WIDTH - EDGE)
    top = 12 + ROW * len(rows) + head_of(spec["refs"], axis)
    drawing = Drawing(spec["title"], WIDTH, top + HEIGHT + 44, said=_said(spec, axis))
    stage = Stage(drawing, axis, top, HEIGHT, *_range(spec))
    _grid(stage, spec["measure"])
    axis.draw(drawing, top, stage.floor, names_above=False)
    _band(stage, spec)
    for number, one in enumerate(spec["series"]):
        _one(stage, spec, one, one["colour"] or colour_of(one["name"], number))
    for start, value, side in spec["anomalies"]:
        told = f"{when(start)} UTC: {measure_text(spec['measure'], value)}, {side} what was expected"
        draw_anomaly(drawing, (axis.x(start), stage.y(value)), told, is_above=side == "above")
    draw_marks(drawing, spec["refs"], axis, top - 2, stage.floor)
    draw_legend(drawing, rows, LEFT)
    drawing.add(Text((LEFT + WIDTH) / 2, stage.floor + 34, fitted(spec["measure"], 10.5, 400), 10.5, "middle", MUTED))
    return drawing


def _range(spec: Spec) -> tuple[float, float]:
    """The two ends of the axis of values: round, and with 0 where that does not flatten what is there."""
    values = [point[1] for one in spec["series"] for point in one["points"]]
    values += [value for row in spec["band"] for value in row[1:] if value is not None]
    low, high = min(values), max(values)
    if "vbar" in spec["draw"] or (low >= 0 and low < 0.6 * high):
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low <= NARROW * max(abs(low), abs(high), NARROW):
        room = max(abs(low) / 10, 1.0)
        low, high = (low - room, high + room) if low else (0.0, 1.0)
    step = _step(low, high)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def _step(low: float, high: float) -> float:
    """The distance of the lines of the grid: a round number, some four or five of them.

    Examples
    --------
    >>> _step(0, 41), _step(-3, 40), _step(0, 1_771_000_000)
    (10.0, 10.0, 500000000.0)
    """
    wanted = (high - low) / 5
    size = 10.0 ** math.floor(math.log10(wanted))
    return float(next(part for part in (1, 2, 5, 10) if part * size >= wanted * (1 - 1e-9)) * size)


def _grid(stage: Stage, measure: str) -> None:
    step = _step(stage.low, stage.high)
    for number in range(round(stage.low / step), round(stage.high / step) + 1):
        value = round(number * step, 12)
        y = stage.y(value)
        ground = value == 0 and stage.low < 0
        stage.drawing.line((LEFT, y), (stage.axis.right + EDGE, y), MUTED if ground else GRID)
        stage.drawing.add(Text(LEFT - 8, y + 4, value_text(measure, value), 10.5, "end", MUTED))


def _band(stage: Stage, spec: Spec) -> None:
    """Where values were expected, as far as that is known."""
    rows = [(stage.axis.x(at), *values) for at, *values in spec["band"]]
    edges = [(x, low, high) for x, _, low, high in rows if None not in (low, high)]
    draw_band(stage, edges, [(x, usual) for x, usual, *_ in rows if usual is not None])


def _one(stage: Stage, spec: Spec, one: dict[str, Any], colour: str) -> None:
    """One series, in all the ways that were asked for."""
    if "line" in spec["draw"] and len(one["points"]) > 1:
        line = steps_of([_at(stage, point) for point in one["points"]])
        stage.drawing.add(Shape(line, stroke=colour, width=1.6, tip=one["name"]))
    points = one["points"]
    if len(points) * len(spec["series"]) > DRAWN:
        tallest: dict[int, list[Any]] = {}
        for point in points:
            place = round(stage.axis.x(point[0]))
            if place not in tallest or abs(point[1]) > abs(tallest[place][1]):
                tallest[place] = point
        points = list(tallest.values())
    is_told = len(points) * len(spec["series"]) <= TOLD
    dots = "circle" in spec["draw"] or ("line" in spec["draw"] and len(points) == 1)
    floor = stage.y(min(max(0.0, stage.low), stage.high))
    if "vbar" in spec["draw"] and not is_told and not dots:
        bars = [step for x, y in (_at(stage, point) for point in points) for step in (("M", x, floor), ("L", x, y))]
        stage.drawing.add(Shape(bars, stroke=colour, width=1.4, opacity=0.8, tip=one["name"]))
        return
    for point in points:
        x, y = _at(stage, point)
        tip = _told(spec, one, point) if is_told else ""
        if "vbar" in spec["draw"]:
            low, high = min(y, floor), max(y, floor)
            stage.drawing.add(Rect(x - 1.5, low, 3, max(high - low, 1), colour, 1, 0.75, "" if dots else tip))
        if dots:
            stage.drawing.add(Circle(x, y, 3.4, colour, SURFACE, 0.8, 0.9, tip))


def _at(stage: Stage, point: list[Any]) -> Point:
    return stage.axis.x(point[0]), stage.y(point[1])


def _told(spec: Spec, one: dict[str, Any], point: list[Any]) -> str:
    more = told_of(spec, point[2:])
    return f"{when(point[0])} UTC, {one['name']}: {measure_text(spec['measure'], point[1])}" + (
        f", {more}" if more else ""
    )


def _said(spec: Spec, axis: TimeAxis) -> str:
    """The figure in one sentence, for those who do not see it."""
    named = [f"{one['name']}: {count_text(one['total'], 'value')}" for one in spec["series"][:5]]
    odd = f"; {count_text(len(spec['anomalies']), 'anomaly', 'anomalies')}" if spec["anomalies"] else ""
    return f"{spec['title']}: {spec['measure']}, {when(axis.low)} to {when(axis.high)} UTC; {'; '.join(named)}{odd}"
