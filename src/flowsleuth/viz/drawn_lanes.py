"""Lanes over time: one per name, its marks where something was, taller for more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flowsleuth.investigate.timeline import in_words
from flowsleuth.viz import Spec
from flowsleuth.viz.binned import coarser
from flowsleuth.viz.canvas import GRID, MUTED, SERIES, THREAT, WAYS, Drawing, Rect, Text, fitted
from flowsleuth.viz.drawn import WIDTH
from flowsleuth.viz.measures import measures_text, value_text
from flowsleuth.viz.time_axis import MINUTE, SECOND, TimeAxis, when

LEFT, RIGHT, TOP, LANE = 190.0, 110.0, 26.0, 24.0
BINS = 96
"""Bins drawn in a lane, at most; narrower ones would not be seen."""
MARKS = 1_400
"""Marks drawn in all lanes, about: a page has to stay small."""
DENIED = "denied"


@dataclass(frozen=True)
class _Lanes:
    """What all marks have in common."""

    drawing: Drawing
    axis: TimeAxis
    width_ms: int
    measures: list[str]
    most: float

    def draw(self, number: int, lane: dict[str, Any], marks: list[list[Any]]) -> None:
        """One lane with its name and its sum."""
        middle = TOP + LANE * (number + 0.5)
        colour, measure = colour_of(lane["name"], number), self.measures[0]
        self.drawing.add(Text(LEFT - 12, middle + 4, fitted(lane["name"], 11.5, LEFT - 20), 11.5, "end"))
        self.drawing.line((LEFT, middle), (WIDTH - RIGHT, middle), GRID)
        for mark in marks:
            self._mark(middle, mark, colour)
        self.drawing.add(Text(WIDTH, middle + 4, value_text(measure, lane["totals"][0]), 11, "end", MUTED))

    def _mark(self, middle: float, mark: list[Any], colour: str) -> None:
        start, *values = mark
        share = math.log1p(values[0] or 0) / math.log1p(self.most) if self.most else 0.0
        tall = 6 + 11 * share
        x, until = self.axis.x(start), self.axis.x(start + self.width_ms)
        wide = max(until - x - 0.6, 1.5)
        form = SECOND if self.width_ms < 60_000 else MINUTE
        told = f"{when(start, form)} UTC: {measures_text(self.measures, values)}"
        self.drawing.add(Rect(x, middle - tall / 2, wide, tall, colour, 1.5, round(0.4 + 0.55 * share, 2), told))
        if DENIED in self.measures and values[self.measures.index(DENIED)]:
            self.drawing.add(Rect(x, middle + tall / 2 + 0.8, wide, 1.8, THREAT))


def draw_lanes(spec: Spec) -> Drawing:
    """Draw it."""
    lanes, measures = spec["lanes"], spec["measures"]
    low, high, width_ms = drawn_bins([lane["marks"] for lane in lanes], spec["bin_s"], min(BINS, MARKS // len(lanes)))
    drawing = Drawing(spec["title"], WIDTH, TOP + LANE * len(lanes) + 30, said=_said(spec, low, high))
    axis = TimeAxis(low, high, LEFT, WIDTH - RIGHT)
    axis.draw(drawing, TOP - 4, TOP + LANE * len(lanes), names_above=True)
    drawing.add(Text(WIDTH, TOP - 10, measures[0].replace("_", " "), 10.5, "end", MUTED))
    drawn = [coarser(lane["marks"], low, width_ms) for lane in lanes]
    most = max((mark[1] or 0 for marks in drawn for mark in marks), default=0)
    stage = _Lanes(drawing, axis, width_ms, measures, most)
    for number, (lane, marks) in enumerate(zip(lanes, drawn, strict=True)):
        stage.draw(number, lane, marks)
    middle, foot = LEFT + (WIDTH - LEFT - RIGHT) / 2, drawing.height - 10
    drawing.add(Text(middle, foot, f"a mark: {in_words(width_ms // 1000)}", 10.5, "end", MUTED))
    if DENIED in measures and any(lane["totals"][measures.index(DENIED)] for lane in lanes):
        drawing.add(
            Rect(middle + 14, foot - 4, 14, 2, THREAT), Text(middle + 34, foot, "some denied", 10.5, fill=MUTED)
        )
    return drawing


def colour_of(name: str, number: int) -> str:
    """The colour of a way, or the next one of the series.

    Examples
    --------
    >>> colour_of("inbound", 0) == WAYS["inbound"], colour_of("dns", 9) == SERIES[1]
    (True, True)
    """
    return WAYS.get(name, SERIES[number % len(SERIES)])


def drawn_bins(series: Sequence[list[list[Any]]], bin_s: int, most: int) -> tuple[int, int, int]:
    """Begin, end and width (milliseconds) of bins that are no more than can be drawn.

    Examples
    --------
    >>> drawn_bins([[[0, 1], [540_000, 2]]], 60, 5)
    (0, 600000, 120000)
    """
    width = 1000 * bin_s
    starts = [mark[0] for marks in series for mark in marks]
    low, high = min(starts), max(starts) + width
    wide = width * max(1, math.ceil((high - low) / width / most))
    return low, low + math.ceil((high - low) / wide) * wide, wide


def _said(spec: Spec, low: int, high: int) -> str:
    """The figure in one sentence, for those who do not see it."""
    many = len(spec["lanes"])
    named = [f"{lane['name']}: {measures_text(spec['measures'], lane['totals'])}" for lane in spec["lanes"][:5]]
    rest = f"; and {many - 5} more lanes" if many > 5 else ""
    return f"{spec['title']}: {when(low)} to {when(high)} UTC; {'; '.join(named)}{rest}"
