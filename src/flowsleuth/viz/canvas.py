"""Figures that need no script: a drawing is a list of plain shapes, which SVG and PDF render alike.

Coordinates are pixels of 1/96 inch, y down. Nothing here knows what is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]

# The light colours of the views (web/src/figures/theme.ts), which hold WCAG AA on white.
TEXT, MUTED, LINE, GRID, SURFACE = "#1b2430", "#566273", "#d5dbe2", "#e8ecf0", "#ffffff"
ACCENT, LAND, COAST = "#0b7384", "#e3e8ed", "#c3ccd6"
INTERNAL, EXTERNAL = "#2166b8", "#a96f00"
WAYS = {"inbound": "#b4500f", "outbound": "#2166b8", "two way": "#6f4bb8"}
HOST, THREAT = "#2e7d37", "#c02c2c"
SERIES = ("#0b7384", "#a96f00", "#6f4bb8", "#2e7d37", "#b4500f", "#2166b8", "#b03a72", "#5f6b79")


@dataclass(frozen=True)
class Shape:
    """A path of moves, lines and cubic curves; filled, stroked or both.

    Attributes
    ----------
    steps : sequence of tuple
        ``("M", x, y)``, ``("L", x, y)``, ``("C", x1, y1, x2, y2, x, y)``, ``("Z",)``.
    fill, stroke : str or None
        ``#rrggbb``.
    opacity : float
    tip : str
        What it is, for those who point at it.
    """

    steps: Sequence[tuple[str | float, ...]]
    fill: str | None = None
    stroke: str | None = None
    width: float = 1.0
    opacity: float = 1.0
    dash: tuple[float, ...] = ()
    tip: str = ""


@dataclass(frozen=True)
class Rect:
    """A rectangle."""

    x: float
    y: float
    w: float
    h: float
    fill: str
    radius: float = 0.0
    opacity: float = 1.0
    tip: str = ""


@dataclass(frozen=True)
class Circle:
    """A circle."""

    x: float
    y: float
    r: float
    fill: str
    stroke: str | None = None
    width: float = 1.0
    opacity: float = 1.0
    tip: str = ""


@dataclass(frozen=True)
class Text:
    """One line of text; ``y`` is its base line; turned around its place by so many degrees, clockwise."""

    x: float
    y: float
    text: str
    size: float = 12.0
    anchor: Anchor = "start"
    fill: str = TEXT
    bold: bool = False
    turn: float = 0.0


@dataclass
class Drawing:
    """A picture of some width and height; ``said`` tells those who do not see it what it shows."""

    title: str
    width: float
    height: float
    said: str = ""
    shapes: list[Shape | Rect | Circle | Text] = field(default_factory=list)

    def add(self, *shapes: Shape | Rect | Circle | Text) -> None:
        """Put shapes on top."""
        self.shapes.extend(shapes)

    def line(
        self, start: Point, end: Point, stroke: str = LINE, width: float = 1.0, dash: tuple[float, ...] = ()
    ) -> None:
        """A straight line."""
        self.add(Shape((("M", *start), ("L", *end)), stroke=stroke, width=width, dash=dash))


_NARROW, _WIDE = frozenset("iljtfr.,:;'|!()[] "), frozenset("mwMW@%")


def text_width(text: str, size: float) -> float:
    """About how wide a text is in a sans-serif font.

    Examples
    --------
    >>> text_width("iii", 10) < text_width("MMM", 10)
    True
    """
    widths = (
        0.29 if c in _NARROW else 0.86 if c in _WIDE else 0.67 if c.isupper() else 0.56 if ord(c) < 0x2E80 else 1.0
        for c in text
    )
    return sum(widths) * size


def fitted(text: str, size: float, width: float) -> str:
    """The text, shortened in the middle to fit a width.

    Examples
    --------
    >>> fitted("2001:db8:1234:5678:9abc:def0:1234:5678", 12, 120)
    '2001:db8:…1234:5678'
    """
    if text_width(text, size) <= width:
        return text
    for keep in range(len(text) - 1, 1, -1):
        short = text[: (keep + 1) // 2] + "…" + text[len(text) - keep // 2 :]
        if text_width(short, size) <= width:
            return short
    return "…"


def polygon(at: Point, radius: float, corners: int, turn: float) -> list[tuple[str | float, ...]]:
    """The steps of a regular polygon, its first corner up, turned by ``turn`` parts of the angle between two corners.

    Examples
    --------
    >>> polygon((0, 0), 2, 4, 0)[0], len(polygon((0, 0), 2, 4, 0))
    (('M', 0.0, -2.0), 5)
    """
    angles = [2 * math.pi * (corner + turn) / corners for corner in range(corners)]
    first, *others = [(at[0] + radius * math.sin(angle), at[1] - radius * math.cos(angle)) for angle in angles]
    return [("M", *first), *(("L", *point) for point in others), ("Z",)]


def mixed(one: str, other: str, share: float) -> str:
    """A colour between two, ``share`` of the way to the second.

    Examples
    --------
    >>> mixed("#000000", "#ff8000", 0.5)
    '#804000'
    """
    parts = ((int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(low + (high - low) * share):02x}" for low, high in parts)


def bytes_text(count: float | None) -> str:
    """Bytes in words.

    Examples
    --------
    >>> bytes_text(3_100_000), bytes_text(None), bytes_text(812)
    ('3.1 MB', 'not told', '812 B')
    """
    if count is None:
        return "not told"
    value = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.5:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:,.1f} PB"


def count_text(count: int, one: str, many: str | None = None) -> str:
    """A number and its noun.

    Examples
    --------
    >>> count_text(1, "peer"), count_text(12_000, "peer"), count_text(2, "address", "addresses")
    ('1 peer', '12,000 peers', '2 addresses')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"
