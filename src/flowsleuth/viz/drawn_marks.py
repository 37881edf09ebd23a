"""What the drawings of timelines share: reference marks over an axis of time, and marks of anomalies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowsleuth.viz.canvas import SURFACE, THREAT, Circle, Drawing, Point, Rect, Shape, Text, fitted, text_width
from flowsleuth.viz.time_axis import TimeAxis, when

ROW = 15.0
ROWS = 4
"""Rows of labels, at most; what does not fit there has a line only."""
SIZE = 10.5
WIDE = 190.0


def rows_of(refs: Sequence[Any], axis: TimeAxis) -> list[int]:
    """In which row the label of each mark stands, so that none covers another; -1 where there is no room.

    Examples
    --------
    >>> rows_of([[0, "alert"], [1, "alert"], [900, "alert"]], TimeAxis(0, 1000, 0.0, 500.0))
    [0, 1, 0]
    """
    taken: list[float] = []
    found = []
    for at, label in refs:
        left, right = _place(axis, at, label)
        row = next((number for number, until in enumerate(taken) if until < left), len(taken))
        if row >= ROWS:
            found.append(-1)
            continue
        taken[row : row + 1] = [right + 8]
        found.append(row)
    return found


def head_of(refs: Sequence[Any], axis: TimeAxis) -> float:
    """How high the labels stand, in pixels."""
    return ROW * (1 + max(rows_of(refs, axis), default=-1))


def draw_marks(drawing: Drawing, refs: Sequence[Any], axis: TimeAxis, top: float, bottom: float) -> None:
    """A dashed line for each mark from its label, which stands above ``top``, to ``bottom``."""
    head = head_of(refs, axis)
    for (at, label), row in zip(refs, rows_of(refs, axis), strict=True):
        x = axis.x(at)
        y = top - head + ROW * max(row, 0)
        told = f"{when(at)} UTC: {label}"
        line = (("M", x, y + ROW - 2 if row >= 0 else top), ("L", x, bottom))
        drawing.add(Shape(line, stroke=THREAT, width=1.3, dash=(4, 3), tip=told))
        if row >= 0:
            left, right = _place(axis, at, label)
            text = fitted(label, SIZE, WIDE)
            drawing.add(Rect(left, y, right - left, ROW - 2, SURFACE, 3, 0.94))
            drawing.add(Text((left + right) / 2, y + 10, text, SIZE, "middle", THREAT, bold=True))


def draw_anomaly(drawing: Drawing, at: Point, told: str, *, is_above: bool) -> None:
    """A mark with an arrow that points the way it went."""
    x, y = at
    drawing.add(Circle(x, y, 6, SURFACE, THREAT, 2, 0.9, told))
    turn = -1 if is_above else 1
    corners = ((x - 2.6, y - 1.6 * turn), (x + 2.6, y - 1.6 * turn), (x, y + 2.8 * turn))
    drawing.add(Shape((("M", *corners[0]), ("L", *corners[1]), ("L", *corners[2]), ("Z",)), fill=THREAT))


def _place(axis: TimeAxis, at: float, label: str) -> tuple[float, float]:
    """Left and right of a label: centred over its line, within the axis."""
    wide = 1.06 * text_width(fitted(label, SIZE, WIDE), SIZE) + 8
    left = min(max(axis.x(at) - wide / 2, axis.left), max(axis.right - wide, axis.left))
    return left, left + wide
