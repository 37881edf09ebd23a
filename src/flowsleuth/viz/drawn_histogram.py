"""How much over time, stacked by series; with the band it was expected in, and what lies outside of it."""

from __future__ import annotations

import math
from typing import Any

from flowsleuth.investigate.timeline import in_words
from flowsleuth.viz import Spec
from flowsleuth.viz.binned import coarser
from flowsleuth.viz.canvas import GRID, MUTED, Drawing, Shape, Text, count_text, text_width
from flowsleuth.viz.drawn import WIDTH
from flowsleuth.viz.drawn_lanes import colour_of, drawn_bins
from flowsleuth.viz.drawn_marks import draw_anomaly
from flowsleuth.viz.drawn_stage import ROW, Stage, Steps, draw_band, draw_legend, legend_rows
from flowsleuth.viz.measures import measure_text, total, value_text
from flowsleuth.viz.time_axis import TimeAxis, when

LEFT, TOP, HEIGHT = 70.0, 34.0, 220.0
BINS = 240
"""Bins drawn, at most."""


def draw_histogram(spec: Spec) -> Drawing:
    """Draw it."""
    measure, band = spec["measure"], spec["band"]
    low, high, width_ms = drawn_bins([one["values"] for one in spec["series"]], spec["bin_s"], BINS)
    if band:  # narrow bins stay: what was expected of several together is not known
        width_ms = 1000 * spec["bin_s"]
    stacks = _stacks([coarser(one["values"], low, width_ms) for one in spec["series"]])
    tops = [*stacks[-1].values(), *(row[3] for row in band), *(row[1] for row in spec["anomalies"])]
    per = f"{measure.replace('_', ' ')} per {in_words(width_ms // 1000)}"
    rows = legend_rows(spec, LEFT, WIDTH - text_width(per, 10.5) - 12)
    top = TOP + ROW * (len(rows) - 1)
    drawing = Drawing(spec["title"], WIDTH, top + HEIGHT + 44, said=_said(spec, low, high))
    axis = TimeAxis(low, high, LEFT, WIDTH)
    stage = Stage(drawing, axis, top, HEIGHT, 0.0, round_top(max(tops, default=0) or 1))
    _grid(stage, measure)
    axis.draw(drawing, top, stage.floor, names_above=False)
    for number in reversed(range(len(stacks))):  # the whole stack first, then its lower parts over it
        name = spec["series"][number]["name"]
        area = _area(stage, stacks[number], width_ms)
        drawing.add(Shape(area, fill=colour_of(name, number), tip=name))
    middles = [(axis.x(start + width_ms / 2), *values) for start, *values in band]
    edges = [(x, max(bottom, 0), highest) for x, _, bottom, highest in middles]
    draw_band(stage, edges, [(x, usual) for x, usual, *_ in middles])
    for start, value, side in spec["anomalies"]:
        told = f"{when(start)} UTC: {measure_text(measure, value)}, {side} the expected range"
        at = (axis.x(start + width_ms / 2), stage.y(value))
        draw_anomaly(drawing, at, told, is_above=side == "above")
    draw_legend(drawing, rows, LEFT)
    drawing.add(Text(WIDTH, 17, per, 10.5, "end", MUTED))
    return drawing


def _area(stage: Stage, heights: dict[int, float], width_ms: int) -> Steps:
    """Steps as high as the values, on the ground where there is none."""
    floor, x = stage.floor, stage.axis.x
    steps: Steps = [("M", stage.axis.left, floor)]
    before: float = stage.axis.low
    for start, value in heights.items():
        if start > before:
            steps += [("L", x(before), floor), ("L", x(start), floor)]
        steps += [("L", x(start), stage.y(value)), ("L", x(start + width_ms), stage.y(value))]
        before = start + width_ms
    return [*steps, ("L", x(before), floor), ("Z",)]


def _said(spec: Spec, low: int, high: int) -> str:
    """The figure in one sentence, for those who do not see it."""
    sums = [(one["name"], total(value for _, value in one["values"])) for one in spec["series"]]
    named = "; ".join(f"{name}: {measure_text(spec['measure'], value)}" for name, value in sums)
    odd = f"; {count_text(len(spec['anomalies']), 'anomaly', 'anomalies')}" if spec["anomalies"] else ""
    return f"{spec['title']}: {when(low)} to {when(high)} UTC; {named}{odd}"


def round_top(most: float) -> float:
    """The top of an axis: a round number that is not below the largest value.

    Examples
    --------
    >>> round_top(218), round_top(3), round_top(36_300_000), round_top(0.3)
    (240, 3, 40000000, 0.3)
    """
    size = 10.0 ** math.floor(math.log10(most))
    top = next(step for step in (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10) if step * size >= most * (1 - 1e-9)) * size
    return round(top) if top >= 1 else round(top, 9)


def _stacks(series: list[list[list[Any]]]) -> list[dict[int, float]]:
    """For each series the height of the stack up to and with it, by bin."""
    height: dict[int, float] = {start: 0 for values in series for start, _ in values}
    found = []
    for values in series:
        for start, value in values:
            height[start] += value
        found.append(dict(sorted(height.items())))
    return found


def _grid(stage: Stage, measure: str) -> None:
    most = stage.high
    for part in (0, 0.25, 0.5, 0.75, 1) if most % 4 == 0 else (0, 0.5, 1) if most % 2 == 0 else (0, 1):
        y = stage.y(most * part)
        stage.drawing.line((LEFT, y), (WIDTH, y), GRID)
        told = value_text(measure, float(most * part))
        stage.drawing.add(Text(LEFT - 8, y + 4, told, 10.5, "end", MUTED))
