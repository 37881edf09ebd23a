"""Drawings on a PDF page; the caller has turned the axes so that y goes down."""

from __future__ import annotations

from typing import Any

from reportlab.lib.colors import HexColor

from flowsleuth.viz.canvas import Circle, Drawing, Rect, Shape, Text
from flowsleuth.viz.pdf_fonts import Fonts


def paint(canvas: Any, drawing: Drawing, fonts: Fonts) -> None:
    """Paint all shapes in their order."""
    for shape in drawing.shapes:
        canvas.saveState()
        if isinstance(shape, Text):
            _text(canvas, shape, fonts)
        elif isinstance(shape, Rect):
            _ink(canvas, shape.fill, None, 0, shape.opacity)
            if shape.w > 0 and shape.h > 0:
                radius = min(shape.radius, shape.w / 2, shape.h / 2)
                canvas.roundRect(shape.x, shape.y, shape.w, shape.h, radius, stroke=0, fill=1)
        elif isinstance(shape, Circle):
            _ink(canvas, shape.fill, shape.stroke, shape.width, shape.opacity)
            canvas.circle(shape.x, shape.y, shape.r, stroke=int(shape.stroke is not None), fill=1)
        else:
            _path(canvas, shape)
        canvas.restoreState()


def _ink(canvas: Any, fill: str | None, stroke: str | None, width: float, opacity: float) -> None:
    if fill is not None:
        canvas.setFillColor(HexColor(fill))
        canvas.setFillAlpha(opacity)
    if stroke is not None:
        canvas.setStrokeColor(HexColor(stroke))
        canvas.setStrokeAlpha(opacity)
        canvas.setLineWidth(width)


def _path(canvas: Any, shape: Shape) -> None:
    _ink(canvas, shape.fill, shape.stroke, shape.width, shape.opacity)
    if shape.dash:
        canvas.setDash(*[list(shape.dash)])
    path = canvas.beginPath()
    move = {"M": path.moveTo, "L": path.lineTo, "C": path.curveTo}
    for step in shape.steps:
        if step[0] == "Z":
            path.close()
        else:
            move[str(step[0])](*step[1:])
    canvas.drawPath(path, stroke=int(shape.stroke is not None), fill=int(shape.fill is not None))


def _text(canvas: Any, shape: Text, fonts: Fonts) -> None:
    canvas.translate(shape.x, shape.y)
    if shape.turn:
        canvas.rotate(shape.turn)
    canvas.scale(1, -1)
    canvas.setFont(fonts.bold if shape.bold else fonts.plain, shape.size)
    canvas.setFillColor(HexColor(shape.fill))
    write = {"start": canvas.drawString, "middle": canvas.drawCentredString, "end": canvas.drawRightString}
    write[shape.anchor](0, 0, fonts.known(shape.text))
