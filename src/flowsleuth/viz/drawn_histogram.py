"""How much over time, stacked by series; with the band it was expected in, and what lies outside of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from flowsleuth.investigate.timeline import in_words
from flowsleuth.viz import Spec
from flowsleuth.viz.binned import coarser
from flowsleuth.viz.canvas import (
    GRID,
    MUTED,
    SURFACE,
    TEXT,
    THREAT,
    Circle,
    Drawing,
    Rect,
    Shape,
    Text,
    count_text,
    fitted,
    text_width,
)
from flowsleuth.viz.drawn import WIDTH
from flowsleuth.viz.drawn_lanes import colour_of, drawn_bins
from flowsleuth.viz.drawn_marks import draw_anomaly
from flowsleuth.viz.measures import measure_text, total, value_text
from flowsleuth.viz.time_axis import TimeAxis, when

LEFT, TOP, HEIGHT = 70.0, 34.0, 220.0
BINS = 240
"""Bins drawn, at most."""
Steps = list[tuple[str | float, ...]]


@dataclass(frozen=True)
class _Stage:
    """Where a time and a value are."""

    drawing: Drawing
    axis: TimeAxis
    width_ms: int
    most: float

    def y(self, value: float) -> float:
        return TOP + HEIGHT * (1 - value / self.most)

    def area(self, heights: dict[int, float], colour: str, name: str) -> None:
        """Steps as high as the values, on the ground where there is none."""
        floor, x = TOP + HEIGHT, self.axis.x
        steps: Steps = [("M", self.axis.left, floor)]
        before: float = self.axis.low
        for start, value in heights.items():
            if start > before:
                steps += [("L", x(before), floor), ("L", x(start), floor)]
            steps += [("L", x(start), self.y(value)), ("L", x(start + self.width_ms), self.y(value))]
            before = start + self.width_ms
        steps += [("L", x(before), floor), ("Z",)]
        self.drawing.add(Shape(steps, fill=colour, tip=name))

    def band(self, rows: list[list[Any]]) -> None:
        """Where values were expected, and the line in the middle of it."""
        points = [(self.axis.x(start + self.width_ms / 2), *values) for start, *values in rows]
        edge = [(x, self.y(top)) for x, _, _, top in points]
        edge += [(x, self.y(max(bottom, 0))) for x, _, bottom, _ in reversed(points)]
        outline: Steps = [("M", *edge[0]), *(("L", *point) for point in edge[1:]), ("Z",)]
        self.drawing.add(Shape(outline, fill=MUTED, opacity=0.22, tip="expected range"))
        line: Steps = [("L" if at else "M", x, self.y(usual)) for at, (x, usual, _, _) in enumerate(points)]
        self.drawing.add(Shape(line, stroke=TEXT, width=1.2, dash=(4, 3), tip="expected"))


def draw_histogram(spec: Spec) -> Drawing:
    """Draw it."""
    drawing = Drawing(spec["title"], WIDTH, TOP + HEIGHT + 44)
    measure, band = spec["measure"], spec["band"]
    low, high, width_ms = drawn_bins([one["values"] for one in spec["series"]], spec["bin_s"], BINS)
    if band:  # narrow bins stay: what was expected of several together is not known
        width_ms = 1000 * spec["bin_s"]
    stacks = _stacks([coarser(one["values"], low, width_ms) for one in spec["series"]])
    tops = [*stacks[-1].values(), *(row[3] for row in band), *(row[1] for row in spec["anomalies"])]
    stage = _Stage(drawing, TimeAxis(low, high, LEFT, WIDTH), width_ms, round_top(max(tops, default=0) or 1))
    _grid(stage, measure)
    stage.axis.draw(drawing, TOP, TOP + HEIGHT, names_above=False)
    for number in reversed(range(len(stacks))):  # the whole stack first, then its lower parts over it
        name = spec["series"][number]["name"]
        stage.area(stacks[number], colour_of(name, number), name)
    if band:
        stage.band(band)
    for start, value, side in spec["anomalies"]:
        told = f"{when(start)} UTC: {measure_text(measure, value)}, {side} the expected range"
        at = (stage.axis.x(start + width_ms / 2), stage.y(value))
        draw_anomaly(drawing, at, told, is_above=side == "above")
    _legend(drawing, spec)
    per = f"{measure.replace('_', ' ')} per {in_words(width_ms // 1000)}"
    drawing.add(Text(WIDTH, 17, per, 10.5, "end", MUTED))
    drawing.said = _said(spec, low, high)
    return drawing


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


def _grid(stage: _Stage, measure: str) -> None:
    most = stage.most
    for part in (0, 0.25, 0.5, 0.75, 1) if most % 4 == 0 else (0, 0.5, 1) if most % 2 == 0 else (0, 1):
        y = stage.y(most * part)
        stage.drawing.line((LEFT, y), (WIDTH, y), GRID)
        told = value_text(measure, float(most * part))
        stage.drawing.add(Text(LEFT - 8, y + 4, told, 10.5, "end", MUTED))


def _legend(drawing: Drawing, spec: Spec) -> None:
    x = LEFT
    entries = [(one["name"], colour_of(one["name"], number)) for number, one in enumerate(spec["series"])]
    for name, colour in entries:
        text = fitted(name, 11, 150)
        drawing.add(Rect(x, 8, 10, 10, colour, 2), Text(x + 16, 17, text, 11))
        x += 34 + text_width(text, 11)
    if spec["band"]:
        drawing.add(Rect(x, 8, 18, 10, MUTED, 2, 0.22))
        drawing.line((x, 13), (x + 18, 13), TEXT, 1.2, (4, 3))
        drawing.add(Text(x + 24, 17, "expected", 11))
        x += 92
    if spec["anomalies"]:
        drawing.add(Circle(x + 6, 13, 5, SURFACE, THREAT, 2), Text(x + 18, 17, "anomaly", 11))
