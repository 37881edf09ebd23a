"""Suspects as a graph: internal addresses are diamonds, external ones circles, heavier edges darker."""

from __future__ import annotations

import math

from flowsleuth.viz import Spec
from flowsleuth.viz.canvas import EXTERNAL, INTERNAL, MUTED, Circle, Drawing, Shape, Text, count_text, fitted
from flowsleuth.viz.drawn import WIDTH

HEIGHT = 620.0
STEPS = 120
LABELS = 24
SEED = 7
"""The same graph always looks the same."""


def draw_network(spec: Spec) -> Drawing:
    """Draw it."""
    drawing = Drawing(spec["title"], WIDTH, HEIGHT)
    number = {node["id"]: at for at, node in enumerate(spec["nodes"])}
    edges = [(number[edge["source"]], number[edge["target"]]) for edge in spec["edges"]]
    places = lay_out(len(number), edges)
    for edge, (one, other) in zip(spec["edges"], edges, strict=True):
        told = f"{edge['source']} and {edge['target']}: {count_text(edge['suspects'], 'suspect')}"
        line = (("M", *places[one]), ("L", *places[other]))
        drawing.add(
            Shape(
                line,
                stroke=MUTED,
                width=1 + math.log1p(edge["suspects"]),
                opacity=0.15 + 0.5 * edge["weight"],
                tip=told,
            )
        )
    order = sorted(spec["nodes"], key=lambda node: -node["suspects"])
    labelled = {node["id"] for node in order[:LABELS]}
    for node in spec["nodes"]:
        x, y = places[number[node["id"]]]
        radius = 3.5 + 2.5 * math.sqrt(node["suspects"])
        radius = min(radius, 22.0)
        told = f"{node['id']}: {count_text(node['suspects'], 'suspect')}"
        if node["is_internal"]:
            steps = (("M", x, y - radius), ("L", x + radius, y), ("L", x, y + radius), ("L", x - radius, y), ("Z",))
            drawing.add(Shape(steps, fill=INTERNAL, stroke="#ffffff", width=1, tip=told))
        else:
            drawing.add(Circle(x, y, radius, EXTERNAL, "#ffffff", 1, tip=told))
        if node["id"] in labelled:
            drawing.add(Text(x, y - radius - 4, fitted(node["id"], 10, 150), 10, "middle"))
    return drawing


def lay_out(nodes: int, edges: list[tuple[int, int]]) -> list[tuple[float, float]]:
    """Places of the nodes by springs and repulsion (Fruchterman, Reingold 1991)."""
    import numpy as np

    rng = np.random.default_rng(SEED)
    at = rng.uniform(-1, 1, (nodes, 2))
    if nodes < 2:
        return [(WIDTH / 2, HEIGHT / 2)] * nodes
    ideal = math.sqrt(4 / nodes)
    ends = np.array([edge for edge in edges if edge[0] != edge[1]], dtype=np.int64).reshape(-1, 2)
    for step in range(STEPS):
        apart = at[:, None, :] - at[None, :, :]
        distance = np.maximum(np.hypot(apart[..., 0], apart[..., 1]), 0.01)
        move = (apart * (ideal**2 / distance**2)[..., None]).sum(axis=1) - 0.06 * at
        pull = at[ends[:, 0]] - at[ends[:, 1]]
        pull = pull * (np.hypot(pull[:, 0], pull[:, 1]) / ideal)[:, None]
        np.subtract.at(move, ends[:, 0], pull)
        np.add.at(move, ends[:, 1], pull)
        length = np.maximum(np.hypot(move[:, 0], move[:, 1]), 1e-9)
        at += move / length[:, None] * np.minimum(length, 0.25 * (1 - step / STEPS))[:, None]
    low, high = at.min(axis=0), at.max(axis=0)
    at = (at - low) / np.maximum(high - low, 1e-9)
    return [(40 + x * (WIDTH - 80), 40 + y * (HEIGHT - 80)) for x, y in at.tolist()]
