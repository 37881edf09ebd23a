"""Rows over time, a line with its area for each kind of row."""

from __future__ import annotations

from flowsleuth.viz import Spec
from flowsleuth.viz.canvas import GRID, MUTED, SERIES, Drawing, Rect, Shape, Text
from flowsleuth.viz.drawn import WIDTH
from flowsleuth.viz.drawn_timeline import STEPS_MS, TICKS, _when

LEFT, TOP, HEIGHT = 70.0, 28.0, 220.0


def draw_histogram(spec: Spec) -> Drawing:
    """Draw it."""
    drawing = Drawing(spec["title"], WIDTH, TOP + HEIGHT + 34)
    width_ms = 1000 * spec["bin_s"]
    starts: list[int] = [start for series in spec["series"] for start, _ in series["values"]]
    low, high = min(starts), max(starts) + width_ms
    most: int = max(count for series in spec["series"] for _, count in series["values"])
    _axes(drawing, low, high, most)

    def x(moment: float) -> float:
        return float(LEFT + (WIDTH - LEFT) * (moment - low) / (high - low))

    for number, series in enumerate(spec["series"]):
        colour = SERIES[number % len(SERIES)]
        steps: list[tuple[str | float, ...]] = [("M", x(low), TOP + HEIGHT)]
        before = low
        for start, count in series["values"]:
            y = TOP + HEIGHT * (1 - count / most)
            if start > before:
                steps += [("L", x(before), TOP + HEIGHT), ("L", x(start), TOP + HEIGHT)]
            steps += [("L", x(start), y), ("L", x(start + width_ms), y)]
            before = start + width_ms
        steps += [("L", x(before), TOP + HEIGHT), ("Z",)]
        drawing.add(Shape(steps, fill=colour, stroke=colour, width=1, opacity=0.55, tip=series["name"]))
        drawing.add(
            Rect(LEFT + 110 * number, 4, 10, 10, colour, 2), Text(LEFT + 16 + 110 * number, 13, series["name"], 11)
        )
    return drawing


def _axes(drawing: Drawing, low: int, high: int, most: int) -> None:
    for part in (0, 0.5, 1):
        y = TOP + HEIGHT * (1 - part)
        drawing.line((LEFT, y), (WIDTH, y), GRID)
        drawing.add(Text(LEFT - 8, y + 4, f"{round(most * part):,}", 10.5, "end", MUTED))
    step = next((step for step in STEPS_MS if (high - low) / step <= TICKS), STEPS_MS[-1])
    form = "%H:%M:%S" if step < 60_000 else "%H:%M" if step < 86_400_000 else "%Y-%m-%d"
    for tick in range(-(-low // step) * step, high + 1, step):
        x = LEFT + (WIDTH - LEFT) * (tick - low) / (high - low)
        drawing.add(Text(x, TOP + HEIGHT + 18, _when(tick, form), 10.5, "middle", MUTED))
