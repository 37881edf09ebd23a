"""Grids: a cell per weekday and hour, or per source and destination; darker for more, with its number and the sums."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from flowsleuth.viz import Spec
from flowsleuth.viz.canvas import GRID, MUTED, SURFACE, TEXT, Drawing, Rect, Text, fitted, mixed, text_width
from flowsleuth.viz.drawn import WIDTH
from flowsleuth.viz.drawn_places import short
from flowsleuth.viz.measures import measures_text, value_text

RIGHT = 84.0
GAP = 1.5
NUMBER = 9.5
INK = 0.66
"""Darker cells have light numbers: there both have the same contrast."""
TURN = -50.0
PRESENT = 0.6
PALE, DEEP = "#dceef1", "#075561"
"""The two ends of the scale; the same as in web/src/figures/grid.ts."""


@dataclass(frozen=True)
class _Layout:
    """Where cells are; ``left`` and ``top`` of the first."""

    left: float
    top: float
    wide: float
    tall: float


def draw_heat(spec: Spec) -> Drawing:
    """Draw weekdays and hours."""
    layout = _Layout(104, 34, (WIDTH - 104 - RIGHT) / len(spec["columns"]), 30)
    drawing = _grid(spec, layout)
    for at, name in enumerate(spec["columns"]):
        drawing.add(Text(layout.left + layout.wide * (at + 0.5), layout.top - 8, name, 10.5, "middle", MUTED))
    drawing.add(Text(layout.left - 12, layout.top - 8, "hour", 10.5, "end", MUTED))
    return drawing


def draw_matrix(spec: Spec) -> Drawing:
    """Draw sources and destinations."""
    layout = _Layout(190, 122, min(60.0, (WIDTH - 190 - RIGHT) / len(spec["columns"])), 24)
    rows, columns = (fitted(name, 10.5, 84) for name in spec.get("sides", ("source", "destination")))
    drawing = _grid(spec, layout)
    for at, name in enumerate(spec["columns"]):
        x = layout.left + layout.wide * (at + 0.5) + 3
        drawing.add(Text(x, layout.top - 8, fitted(name, 10.5, 128), 10.5, turn=TURN))
    drawing.add(Text(layout.left - 12, layout.top - 8, f"{rows} ↓   {columns} →", 10.5, "end", MUTED))
    return drawing


def shade(value: float | None, most: float, least: float = 1.0, scale: str = "log") -> float:
    """How dark a cell is, in [0, 1]; by the logarithm, so that one large cell does not hide the others.

    Parameters
    ----------
    value : float or None
    most, least : float
        The largest value, and the smallest above 0.
    scale : str
        One of :data:`flowsleuth.viz.matrix.SCALES`; the same in web/src/figures/grid.ts.

    Examples
    --------
    >>> shade(0, 100), shade(100, 100), round(shade(9, 99), 2)
    (0.0, 1.0, 0.5)
    >>> shade(50, 100, scale="linear"), shade(50, 100, 1, "inverse"), shade(7, 100, scale="presence")
    (0.5, 0.02, 0.6)
    """
    if scale == "presence":
        return PRESENT
    size = max(value or 0, 0)
    if "inverse" in scale:
        share = math.log1p if "log" in scale else float
        return share(least) / share(size) if size else 0.0
    if scale == "linear":
        return size / most if most else 0.0
    return math.log1p(size) / math.log1p(most) if most else 0.0


def _grid(spec: Spec, at: _Layout) -> Drawing:
    """Names of the rows, cells, and sums at the right."""
    measure, columns = spec["measures"][0], spec["columns"]
    right = at.left + at.wide * len(columns)
    drawing = Drawing(spec["title"], WIDTH, at.top + at.tall * len(spec["rows"]) + 12, said=_said(spec))
    for row, (name, sums) in enumerate(zip(spec["rows"], spec["row_totals"], strict=True)):
        y = at.top + at.tall * row
        drawing.add(Text(at.left - 12, y + at.tall / 2 + 4, fitted(name, 11.5, at.left - 20), 11.5, "end"))
        drawing.add(Rect(at.left, y, right - at.left - GAP, at.tall - GAP, GRID, 2, 0.55))
        if spec.get("has_sums", True):
            drawing.add(Text(right + 8, y + at.tall / 2 + 4, value_text(measure, sums[0] or 0), 11, fill=MUTED))
    head = fitted(measure.replace("_", " "), 10.5, max(RIGHT, WIDTH - right) - 12)
    if spec.get("has_sums", True) or spec["kind"] == "heat":
        drawing.add(Text(right + 8, at.top - 8, head, 10.5, fill=MUTED))
    values = [cell[2] for cell in spec["cells"] if (cell[2] or 0) > 0]
    most, least, scale = max(values, default=0), min(values, default=0), spec.get("scale", "log")
    for cell in spec["cells"]:
        _cell(drawing, at, spec, cell, shade(cell[2], most, least, scale))
    return drawing


def _cell(drawing: Drawing, at: _Layout, spec: Spec, cell: list[Any], share: float) -> None:
    row, column, *values = cell
    x, y = at.left + at.wide * column, at.top + at.tall * row
    told = f"{spec['rows'][row]}, {spec['columns'][column]}: {measures_text(spec['measures'], values)}"
    drawing.add(Rect(x, y, at.wide - GAP, at.tall - GAP, mixed(PALE, DEEP, share), 2, tip=told))
    number = value_text(spec["measures"][0], values[0]) if values[0] is not None else ""
    number = number if text_width(number, NUMBER) < at.wide - 4 else short(values[0])
    if values[0] and spec.get("scale") != "presence" and text_width(number, NUMBER) < at.wide - 4:
        colour = SURFACE if share > INK else TEXT
        middle = (x + (at.wide - GAP) / 2, y + at.tall / 2 + 3)
        drawing.add(Text(*middle, number, NUMBER, "middle", colour))


def _said(spec: Spec) -> str:
    """The strongest cell, for those who do not see the figure."""
    top = max(spec["cells"], key=lambda cell: cell[2] or 0)
    where = f"{spec['rows'][top[0]]}, {spec['columns'][top[1]]}"
    many = f"{len(spec['rows'])} by {len(spec['columns'])} cells"
    return f"{spec['title']}: {many}; most in {where}: {measures_text(spec['measures'], top[2:])}"
