"""Drawings as inline SVG: text is escaped, nothing is fetched, no script runs."""

from __future__ import annotations

from dataclasses import replace
from html import escape

from flowsleuth.viz import Spec
from flowsleuth.viz.canvas import SURFACE, Circle, Drawing, Rect, Shape, Text

LATIN = "\xa0"
"""Below it, spaces other than the blank are control characters."""
FONT = "-apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', 'Liberation Sans', Arial, sans-serif"


def clean(text: str) -> str:
    """Text for HTML: escaped, without control characters (XML forbids them even when escaped).

    Examples
    --------
    >>> clean("<b>\\x00\\x1f&")
    '&lt;b&gt;&amp;'
    """
    return escape("".join(c for c in text if c in "\n\t" or c.isprintable() or (c.isspace() and c >= LATIN)))


def svg(drawing: Drawing, *, with_tips: bool = True) -> str:
    """The drawing as an ``<svg>`` element that scales with its page; smaller without what is told when pointed at.

    Examples
    --------
    >>> svg(Drawing("a <b>", 10, 10))[:60]
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10" '
    """
    inner = "".join(_element(shape if with_tips else _mute(shape)) for shape in drawing.shapes)
    size = f'viewBox="0 0 {drawing.width:g} {drawing.height:g}" width="{drawing.width:g}"'
    name = f'role="img" aria-label="{clean(drawing.said or drawing.title)}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {name} font-family="{FONT}">{inner}</svg>'


def svg_file(drawing: Drawing) -> str:
    """The drawing as a file of its own, on white.

    Examples
    --------
    >>> svg_file(Drawing("a", 10, 10)).count("<rect")
    1
    """
    ground = Rect(0, 0, drawing.width, drawing.height, SURFACE)
    whole = replace(drawing, shapes=[ground, *drawing.shapes])
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{svg(whole)}\n'


def _mute(shape: Shape | Rect | Circle | Text) -> Shape | Rect | Circle | Text:
    return shape if isinstance(shape, Text) or not shape.tip else replace(shape, tip="")


def still_picture(spec: Spec) -> str:
    """A figure as HTML that needs no script; where there is nothing to draw, why.

    Examples
    --------
    >>> still_picture({"kind": "tree", "title": "Progression", "note": "", "absent": "<no> peer", "root": {}})
    '<p>Progression: &lt;no&gt; peer</p>'
    """
    from flowsleuth.viz.drawn import draw

    drawing = draw(spec)
    if drawing is None:
        return f"<p>{clean(spec['title'])}: {clean(spec['absent'])}</p>"
    return f"<figure>{svg(drawing)}<figcaption>{clean(spec['note'])}</figcaption></figure>"


def _element(shape: Shape | Rect | Circle | Text) -> str:
    if isinstance(shape, Text):
        weight = ' font-weight="600"' if shape.bold else ""
        anchor = "" if shape.anchor == "start" else f' text-anchor="{shape.anchor}"'
        place = f'x="{shape.x:.1f}" y="{shape.y:.1f}" font-size="{shape.size:g}"{anchor}{weight}'
        if shape.turn:
            place += f' transform="rotate({shape.turn:g} {shape.x:.1f} {shape.y:.1f})"'
        return f'<text {place} fill="{shape.fill}">{clean(shape.text)}</text>'
    if isinstance(shape, Rect):
        round_ = f' rx="{shape.radius:g}"' if shape.radius else ""
        place = f'x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.w:.1f}" height="{shape.h:.1f}"{round_}'
        return _with_tip("rect", f'{place} fill="{shape.fill}"{_opacity(shape.opacity)}', shape.tip)
    if isinstance(shape, Circle):
        edge = f' stroke="{shape.stroke}" stroke-width="{shape.width:g}"' if shape.stroke else ""
        place = f'cx="{shape.x:.1f}" cy="{shape.y:.1f}" r="{shape.r:.1f}"'
        return _with_tip("circle", f'{place} fill="{shape.fill}"{edge}{_opacity(shape.opacity)}', shape.tip)
    steps = "".join(str(step[0]) + " ".join(f"{number:.1f}" for number in step[1:]) for step in shape.steps)
    edge = f' stroke="{shape.stroke}" stroke-width="{shape.width:.2g}"' if shape.stroke else ""
    dash = f' stroke-dasharray="{" ".join(f"{d:g}" for d in shape.dash)}"' if shape.dash else ""
    return _with_tip(
        "path", f'd="{steps}" fill="{shape.fill or "none"}"{edge}{dash}{_opacity(shape.opacity)}', shape.tip
    )


def _opacity(value: float) -> str:
    return "" if value >= 1 else f' opacity="{value:.2g}"'


def _with_tip(name: str, attributes: str, tip: str) -> str:
    return f"<{name} {attributes}><title>{clean(tip)}</title></{name}>" if tip else f"<{name} {attributes}/>"
