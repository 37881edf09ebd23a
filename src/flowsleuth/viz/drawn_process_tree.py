"""A process tree as lines: strokes from parents to children, name, id, start, user and command line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from flowsleuth.viz import Spec
from flowsleuth.viz.canvas import (
    LINE,
    MUTED,
    SERIES,
    SURFACE,
    TEXT,
    Circle,
    Drawing,
    Rect,
    Text,
    count_text,
    fitted,
    text_width,
)
from flowsleuth.viz.drawn import WIDTH
from flowsleuth.viz.measures import UNKNOWN
from flowsleuth.viz.time_axis import when

ROWS = 60
"""Lines, at most; what does not fit is counted on a line of its own."""
ROW, TOP, STEP, DEEPEST = 19.0, 30.0, 15.0, 14
"""Height of a line; above the first; a level to the right; levels that are moved in."""
GAP = 12.0
WHEN, USER = 118.0, 110.0


class _Line(NamedTuple):
    """A line of the picture; ``parent`` is a place among the lines, ``hidden`` are below it and on no line."""

    node: list[Any]
    parent: int
    level: int
    hidden: int


def draw_process_tree(spec: Spec) -> Drawing:
    """Draw it."""
    lines, lost = _lines(spec["nodes"])
    drawing = Drawing(spec["title"], WIDTH, TOP + ROW * (len(lines) + bool(lost)) + 8)
    _legend(drawing, spec)
    columns = _places(spec, lines)
    for row, line in enumerate(lines):
        _stroke(drawing, line, row)
    for row, line in enumerate(lines):
        _draw_process(drawing, spec, line, TOP + ROW * row + ROW / 2, columns)
    if lost:
        told = f"… {count_text(lost, 'process', 'processes')} in other trees"
        drawing.add(Text(8, TOP + ROW * len(lines) + ROW / 2 + 4, told, 11, fill=MUTED))
    tops = sum(1 for node in spec["nodes"] if node[1] < 0)
    all_of = len(spec["nodes"]) + sum(node[9] for node in spec["nodes"])
    drawing.said = f"{spec['title']}: {count_text(all_of, 'process', 'processes')} in {count_text(tops, 'tree')}"
    return drawing


def _lines(nodes: list[list[Any]]) -> tuple[list[_Line], int]:
    """The nodes nearest to the roots, with what is hidden below each; and how many are below none of them."""
    level = _levels(nodes)
    kept = sorted(sorted(range(len(nodes)), key=lambda at: (level[at], at))[:ROWS])
    place = {at: line for line, at in enumerate(kept)}
    hidden = [nodes[at][9] for at in kept]
    lost = 0
    line_above: list[int] = []  # for each node the line that it is on, or below
    for at, node in enumerate(nodes):
        above = -1 if node[1] < 0 else line_above[node[1]]
        line_above.append(place.get(at, above))
        if at not in place and above >= 0:
            hidden[above] += 1 + node[9]
        elif at not in place:
            lost += 1 + node[9]
    lines = [_Line(nodes[at], place.get(nodes[at][1], -1), level[at], hidden[place[at]]) for at in kept]
    return lines, lost


def _levels(nodes: list[list[Any]]) -> list[int]:
    level: list[int] = []
    for node in nodes:
        level.append(0 if node[1] < 0 else level[node[1]] + 1)
    return level


def _x(level: int) -> float:
    return 8 + STEP * min(level, DEEPEST)


def _places(spec: Spec, lines: list[_Line]) -> tuple[float, float, float]:
    """Where times, users and command lines begin: behind the longest name."""
    widest = max((_x(one.level) + 10 + text_width(_label(spec, one), 12) for one in lines), default=0.0)
    start = min(widest + GAP, WIDTH * 0.45)
    return start, start + WHEN, start + WHEN + (USER if spec["users"] else 0.0)


def _name(spec: Spec, node: list[Any]) -> str:
    name = spec["names"][node[2]] if node[2] >= 0 else "(no name)"
    return f"{name}  {node[3]}" if node[3] is not None else name


def _label(spec: Spec, line: _Line) -> str:
    return _name(spec, line.node) + (f"  +{line.hidden:,}" if line.hidden else "")


def _stroke(drawing: Drawing, line: _Line, row: int) -> None:
    """From the parent's dot down and to the right."""
    if line.parent < 0:
        return
    x, y = _x(line.level), TOP + ROW * row + ROW / 2
    left = _x(line.level - 1) if line.level <= DEEPEST else x - STEP / 2
    drawing.line((left, TOP + ROW * line.parent + ROW - 4), (left, y), LINE)
    drawing.line((left, y), (x - 5, y), LINE)


def _draw_process(drawing: Drawing, spec: Spec, line: _Line, y: float, columns: tuple[float, float, float]) -> None:
    node = line.node
    at_time, at_user, at_command = columns
    x, colour = _x(line.level), _colour(spec, node)
    hidden = f"; {line.hidden:,} more below" if line.hidden else ""
    drawing.add(
        Circle(x, y, 4, SURFACE if node[8] else colour, colour, 1.4, tip="; ".join(_facts(spec, node)) + hidden)
    )
    name = fitted(_label(spec, line), 12, at_time - x - 10 - GAP / 2)
    drawing.add(Text(x + 9, y + 4, name, 12, bold=not node[8], fill=MUTED if node[8] else TEXT))
    if node[4] is not None:
        drawing.add(Text(at_time, y + 4, when(node[4]), 10.5, fill=MUTED))
    if node[5] >= 0:
        drawing.add(Text(at_user, y + 4, fitted(spec["users"][node[5]], 10.5, USER - 8), 10.5, fill=MUTED))
    if node[6] >= 0:
        drawing.add(Text(at_command, y + 4, _start_of(spec["commands"][node[6]], 10.5, WIDTH - at_command), 10.5))


def _colour(spec: Spec, node: list[Any]) -> str:
    """The colour of its group; none where it is not known."""
    if node[8] or node[7] < 0 or spec["groups"][node[7]]["name"] == UNKNOWN:
        return MUTED
    return SERIES[node[7] % len(SERIES)]


def _start_of(text: str, size: float, width: float) -> str:
    """The beginning of a text, as much as fits."""
    if text_width(text, size) <= width:
        return text
    keep = max(1, int(len(text) * width / text_width(text, size)))
    while keep > 1 and text_width(text[:keep], size) > width - size:
        keep -= 1
    return f"{text[:keep]}…"


def _facts(spec: Spec, node: list[Any]) -> Iterator[str]:
    yield _name(spec, node)
    if node[8]:
        yield "only its children tell of it"
    if node[4] is not None:
        yield f"{when(node[4])} UTC"
    if node[5] >= 0:
        yield spec["users"][node[5]]
    if node[6] >= 0:
        yield spec["commands"][node[6]]


def _legend(drawing: Drawing, spec: Spec) -> None:
    x = 8.0
    drawing.add(Text(x, 17, spec["group_by"], 11, fill=MUTED))
    x += text_width(spec["group_by"], 11) + 12
    for number, group in enumerate(spec["groups"]):
        told = f"{fitted(group['name'], 11, 130)} · {group['processes']:,}"
        if x + text_width(told, 11) + 20 > WIDTH:
            break
        colour = MUTED if group["name"] == UNKNOWN else SERIES[number % len(SERIES)]
        drawing.add(Rect(x, 8, 10, 10, colour, 2), Text(x + 15, 17, told, 11))
        x += 28 + text_width(told, 11)
    if any(node[8] for node in spec["nodes"]) and x < WIDTH - 180:
        mark = Circle(x + 5, 13, 4, SURFACE, MUTED, 1.4)
        drawing.add(mark, Text(x + 15, 17, "only its children tell of it", 11, fill=MUTED))
