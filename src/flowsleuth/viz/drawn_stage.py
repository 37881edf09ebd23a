"""What the drawings of values over time share: where a value is, the band it was expected in, the legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flowsleuth.viz import Spec
from flowsleuth.viz.canvas import (
    MUTED,
    SURFACE,
    TEXT,
    THREAT,
    Circle,
    Drawing,
    Point,
    Rect,
    Shape,
    Text,
    fitted,
    text_width,
)
from flowsleuth.viz.drawn_lanes import colour_of
from flowsleuth.viz.time_axis import TimeAxis

ROW = 20.0
"""Height of a row of the legend."""
LETTERS = 170.0
"""Pixels of a name, at most."""
Steps = list[tuple[str | float, ...]]
Entry = tuple[str, str, str]
"""What is drawn ("series", "expected", "anomaly"), its name and its colour."""


@dataclass(frozen=True)
class Stage:
    """Where a time and a value are; ``low`` to ``high`` are the values of the axis, the others pixels."""

    drawing: Drawing
    axis: TimeAxis
    top: float
    tall: float
    low: float
    high: float

    @property
    def floor(self) -> float:
        """The lower edge."""
        return self.top + self.tall

    def y(self, value: float) -> float:
        """Where a value is."""
        return self.top + self.tall * (self.high - value) / (self.high - self.low)


def steps_of(points: Sequence[Point]) -> Steps:
    """A line through some points."""
    return [("L" if number else "M", *point) for number, point in enumerate(points)]


def draw_band(stage: Stage, edges: Sequence[tuple[float, float, float]], line: Sequence[Point]) -> None:
    """Where values were expected, and the line in the middle of it.

    Parameters
    ----------
    stage : Stage
    edges : sequence
        x, lowest and highest value of each place that has both.
    line : sequence
        x and what was expected, a value.
    """
    if len(edges) > 1:
        outline = [(x, stage.y(high)) for x, _, high in edges] + [(x, stage.y(low)) for x, low, _ in reversed(edges)]
        stage.drawing.add(Shape([*steps_of(outline), ("Z",)], fill=MUTED, opacity=0.22, tip="expected range"))
    if len(line) > 1:
        dashes = steps_of([(x, stage.y(usual)) for x, usual in line])
        stage.drawing.add(Shape(dashes, stroke=TEXT, width=1.2, dash=(4, 3), tip="expected"))


def legend_rows(spec: Spec, left: float, right: float) -> list[list[Entry]]:
    """The names of series, of the band and of anomalies, in as many rows as they need between two edges."""
    entries: list[Entry] = [
        ("series", one["name"], one.get("colour") or colour_of(one["name"], number))
        for number, one in enumerate(spec["series"])
    ]
    entries += [("expected", "expected", MUTED)] if spec["band"] else []
    entries += [("anomaly", "anomaly", THREAT)] if spec["anomalies"] else []
    rows: list[list[Entry]] = [[]]
    x = left
    for entry in entries:
        wide = _wide(entry[1])
        if x + wide > right and rows[-1]:
            rows.append([])
            x = left
        rows[-1].append(entry)
        x += wide
    return rows


def draw_legend(drawing: Drawing, rows: Sequence[Sequence[Entry]], left: float) -> None:
    """Draw it at the top."""
    for number, entries in enumerate(rows):
        x, y = left, 8 + ROW * number
        for what, name, colour in entries:
            if what == "series":
                drawing.add(Rect(x, y, 10, 10, colour, 2))
            elif what == "expected":
                drawing.add(Rect(x - 4, y, 18, 10, MUTED, 2, 0.22))
                drawing.line((x - 4, y + 5), (x + 14, y + 5), TEXT, 1.2, (4, 3))
            else:
                drawing.add(Circle(x + 5, y + 5, 5, SURFACE, THREAT, 2))
            drawing.add(Text(x + 18, y + 9, fitted(name, 11, LETTERS), 11))
            x += _wide(name)


def _wide(name: str) -> float:
    return 40 + text_width(fitted(name, 11, LETTERS), 11)
