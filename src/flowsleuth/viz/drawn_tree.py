"""A tree of target, ways, networks and peers, left to right."""

from __future__ import annotations

import math
from typing import Any

from flowsleuth.viz import Spec
from flowsleuth.viz.canvas import (
    ACCENT,
    MUTED,
    TEXT,
    WAYS,
    Circle,
    Drawing,
    Rect,
    Shape,
    Text,
    bytes_text,
    count_text,
    fitted,
    text_width,
)
from flowsleuth.viz.drawn import WIDTH

LEAVES = 44
"""Lines of text, at most; what does not fit is counted on a line of its own."""
ROW = 21.0
TOP = 14.0
X = (96.0, 218.0, 400.0, 640.0)
"""Where target, ways, networks and peers stand."""


def draw_tree(spec: Spec) -> Drawing:
    """Draw it."""
    root = {**spec["root"], "children": [dict(way) for way in spec["root"]["children"]]}
    shown = max(_shares(root), default=LEAVES)
    while shown > 1 and _leaves(root, shown) > LEAVES:
        shown -= 1
    lines = _Lines()
    ways = [_place_way(way, shown, lines) for way in root["children"]]
    drawing = Drawing(spec["title"], WIDTH, lines.y + TOP)
    middle = sum(y for y, _, _ in ways) / max(len(ways), 1)
    for y, way, networks in ways:
        _draw_way(drawing, middle, (y, way, networks), root)
    drawing.add(Circle(X[0], middle, 9, ACCENT, tip=str(root["name"])))
    drawing.add(Text(X[0], middle - 16, fitted(root["name"], 13, 180), 13, "middle", bold=True))
    return drawing


class _Lines:
    """Gives out lines from top to bottom."""

    def __init__(self) -> None:
        self.y = TOP

    def take(self, room: float = ROW) -> float:
        self.y += room
        return self.y - room / 2


def _shares(root: dict[str, Any]) -> list[int]:
    return [len(network["children"]) for way in root["children"] for network in way["children"]]


def _leaves(root: dict[str, Any], shown: int) -> int:
    return sum(max(1, min(count, shown + 1)) for count in _shares(root)) + len(root["children"])


def _folded(children: list[dict[str, Any]], shown: int) -> list[dict[str, Any]]:
    """The first children, and one that stands for the others."""
    if len(children) <= shown + 1:
        return children
    head, rest = children[:shown], children[shown:]
    hidden = sum(child["peers"] for child in rest)
    sums = {name: sum(child[name] for child in rest) for name in ("peers", "connections", "bytes")}
    return [*head, {"name": f"{hidden:,} more", "role": "more", "note": "", "children": [], **sums}]


Placed = tuple[float, dict[str, Any], list[tuple[float, dict[str, Any]]]]
PlacedWay = tuple[float, dict[str, Any], list[Placed]]


def _place_way(way: dict[str, Any], shown: int, lines: _Lines) -> PlacedWay:
    if not way["children"]:
        return lines.take(ROW * 1.6), way, []
    networks: list[Placed] = []
    for network in way["children"]:
        peers = [(lines.take(), peer) for peer in _folded(network["children"], shown)]
        ys = [y for y, _ in peers] or [lines.take()]
        networks.append(((ys[0] + ys[-1]) / 2, network, peers))
    lines.take(ROW * 0.5)
    return (networks[0][0] + networks[-1][0]) / 2, way, networks


def _draw_way(drawing: Drawing, middle: float, placed: PlacedWay, root: dict[str, Any]) -> None:
    """Links first, so that texts are on top of them."""
    y, way, networks = placed
    colour = WAYS.get(way["name"], ACCENT) if networks else MUTED
    _link(drawing, (X[0], middle), (X[1], y), colour, _share(way, root), faint=not networks)
    for at, network, peers in networks:
        _link(drawing, (X[1], y), (X[2], at), colour, _share(network, root))
        for place, peer in peers:
            _link(drawing, (X[2], at), (X[3], place), colour, _share(peer, root))
    for at, network, peers in networks:
        _node(drawing, X[2], at, network, colour)
        for place, peer in peers:
            _draw_peer(drawing, place, peer, colour)
    if networks:
        _node(drawing, X[1], y, way, colour, bold=True)
    else:
        drawing.add(
            Circle(X[1], y, 4, "#ffffff", MUTED), Text(X[1] + 12, y + 4, f"{way['name']}: none", 12, fill=MUTED)
        )


def _share(node: dict[str, Any], root: dict[str, Any]) -> float:
    return node["bytes"] / root["bytes"] if root["bytes"] else 0.0


def _link(
    drawing: Drawing,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: str,
    share: float,
    *,
    faint: bool = False,
) -> None:
    half = (start[0] + end[0]) / 2
    curve = (("M", *start), ("C", half, start[1], half, end[1], *end))
    drawing.add(
        Shape(
            curve, stroke=colour, width=1.2 + 7 * share, opacity=0.25 if faint else 0.42, dash=(3, 4) if faint else ()
        )
    )


def _node(drawing: Drawing, x: float, y: float, node: dict[str, Any], colour: str, *, bold: bool = False) -> None:
    told = f"{count_text(node['peers'], 'peer')} · {bytes_text(node['bytes'])}"
    radius = 4.5 + 1.6 * math.log10(1 + node["peers"])
    drawing.add(Circle(x, y, radius, colour, "#ffffff", 1.5, tip=f"{node['name']}: {told}"))
    name = fitted(node["name"], 12.5, 150.0 if bold else 205.0)
    room = max(text_width(name, 12.5), text_width(told, 10.5)) + 8
    drawing.add(Rect(x + radius + 3, y - 15, room, 29, "#ffffff", 4, 0.86))
    drawing.add(Text(x + radius + 6, y - 3, name, 12.5, bold=bold))
    drawing.add(Text(x + radius + 6, y + 11, told, 10.5, fill=MUTED))


def _draw_peer(drawing: Drawing, y: float, peer: dict[str, Any], colour: str) -> None:
    is_more = peer["role"] == "more"
    told = f"{count_text(peer['connections'], 'connection')} · {bytes_text(peer['bytes'])}"
    drawing.add(Circle(X[3], y, 3.2, "#ffffff" if is_more else colour, colour, 1.2, tip=f"{peer['name']}: {told}"))
    name = fitted(peer["name"], 12, 165)
    drawing.add(Text(X[3] + 10, y + 4, name, 12, fill=MUTED if is_more else TEXT))
    aside = bytes_text(peer["bytes"]) + (f" · {peer['note'].partition(',')[0]}" if peer["note"] else "")
    drawing.add(Text(X[3] + 186, y + 4, fitted(aside, 10.5, 130), 10.5, fill=MUTED))
