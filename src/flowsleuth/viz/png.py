"""Drawings as PNG, without a browser: the drawing as a page of PDF, the page as dots. Needs the extra ``png``."""

from __future__ import annotations

import io

from flowsleuth.errors import MissingExtraError, OptionError
from flowsleuth.viz.canvas import Drawing

SCALES = (0.25, 8.0)
MARGIN = 14.0
"""Pixels around the drawing."""
TITLE = 30.0
"""Height of the line with the title."""
MOST = 60_000_000
"""Dots of a picture, at most."""


def png(drawing: Drawing, scale: float = 2.0) -> bytes:
    """The drawing with its title as a PNG file.

    Parameters
    ----------
    drawing : Drawing
    scale : float
        Dots for each of its pixels, from 0.25 to 8.

    Raises
    ------
    OptionError
        The scale is out of range, or the picture would be too large.
    MissingExtraError
        The extra ``png`` is not installed.

    Examples
    --------
    >>> png(Drawing("nothing", 10, 10), 1)[:4]
    b'\\x89PNG'
    """
    if not SCALES[0] <= scale <= SCALES[1]:
        raise OptionError("out of range", where=f"scale={scale!r}", hint=f"{SCALES[0]:g} to {SCALES[1]:g}")
    if drawing.width * drawing.height * scale**2 > MOST:
        raise OptionError("the picture would be too large", where=f"scale={scale!r}", hint="give a smaller scale")
    try:
        import pypdfium2
        import reportlab  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("png", error.name or "pypdfium2") from None
    document = pypdfium2.PdfDocument(_page(drawing))
    try:
        picture = document[0].render(scale=scale).to_pil()
    finally:
        document.close()
    out = io.BytesIO()
    picture.convert("RGB").quantize(256, dither=0).save(out, "PNG", optimize=True)
    return out.getvalue()


def _page(drawing: Drawing) -> bytes:
    """One page with the title and the drawing, a point for each pixel."""
    from reportlab.pdfgen.canvas import Canvas

    from flowsleuth.viz.canvas import Text, fitted
    from flowsleuth.viz.pdf_canvas import paint
    from flowsleuth.viz.pdf_fonts import load_fonts

    wide, tall = drawing.width + 2 * MARGIN, drawing.height + 2 * MARGIN + TITLE
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(wide, tall), invariant=1)
    canvas.translate(MARGIN, tall - MARGIN)
    canvas.scale(1, -1)
    head = Drawing(drawing.title, drawing.width, TITLE)
    head.add(Text(0, 16, fitted(drawing.title, 16, drawing.width), 16, bold=True))
    fonts = load_fonts()
    paint(canvas, head, fonts)
    canvas.translate(0, TITLE)
    paint(canvas, drawing, fonts)
    canvas.save()
    return out.getvalue()
