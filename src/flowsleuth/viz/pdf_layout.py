"""Pages of a PDF: headings, paragraphs, tiles, tables and drawings, laid out by reportlab."""

from __future__ import annotations

import io
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    HRFlowable,
    KeepTogether,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from flowsleuth.viz.canvas import ACCENT, LINE, MUTED, TEXT, Drawing
from flowsleuth.viz.page import ADDRESSES, NUMBERS
from flowsleuth.viz.pdf_canvas import paint
from flowsleuth.viz.pdf_fonts import Fonts, load_fonts

SIDE = 16 * mm
PADDING = 6.0
WIDTH = A4[0] - 2 * SIDE - 2 * PADDING
TALLEST = A4[1] - 60 * mm
NARROWEST = 34.0


class Layout:
    """Collects what goes on the pages, then builds them.

    Parameters
    ----------
    title : str
        Of the document.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.fonts = load_fonts()
        self._story: list[Any] = []

        def style(name: str, size: float, **more: Any) -> ParagraphStyle:
            base = {
                "fontName": self.fonts.plain,
                "fontSize": size,
                "leading": size * 1.38,
                "textColor": colors.HexColor(TEXT),
            }
            return ParagraphStyle(name, **{**base, **more})

        muted = colors.HexColor(MUTED)
        self._styles = {
            "kind": style("kind", 8, fontName=self.fonts.bold, textColor=colors.HexColor(ACCENT)),
            "title": style("title", 22, fontName=self.fonts.bold, leading=26, spaceAfter=4),
            "meta": style("meta", 9.5, textColor=muted, spaceAfter=8),
            "heading": style("heading", 13, fontName=self.fonts.bold, spaceBefore=10, spaceAfter=3),
            "text": style("text", 10.5, leading=15, spaceAfter=5),
            "absent": style("absent", 9.5, textColor=muted, spaceAfter=6),
            "note": style("note", 8, textColor=muted, spaceAfter=4),
            "cell": style("cell", 7, leading=8.8),
            "number": style("number", 7, leading=8.8, alignment=TA_RIGHT),
            "head": style("head", 7, leading=8.8, fontName=self.fonts.bold),
            "headnumber": style("headnumber", 7, leading=8.8, fontName=self.fonts.bold, alignment=TA_RIGHT),
            "tile": style("tile", 13, fontName=self.fonts.bold, leading=16),
            "what": style("what", 7.5, fontName=self.fonts.bold, leading=10),
            "more": style("more", 6.8, textColor=muted, leading=8.6),
        }

    def _words(self, text: str, style: str) -> Paragraph:
        """Text is text: what looks like markup is shown as it is."""
        return Paragraph(escape(self.fonts.known(text)).replace("\n", "<br/>"), self._styles[style])

    def head(self, title: str, meta: str) -> None:
        """The first lines."""
        self._story += [self._words("THREAT STORY", "kind"), self._words(title, "title"), self._words(meta, "meta")]

    def heading(self, text: str) -> None:
        """A heading, kept with what follows."""
        self._story += [CondPageBreak(30 * mm), self._words(text, "heading")]

    def paragraphs(self, texts: list[str], *, is_muted: bool = False) -> None:
        """Running text."""
        self._story += [self._words(text, "absent" if is_muted else "text") for text in texts]

    def bullets(self, texts: list[str]) -> None:
        """A list."""
        self._story += [self._words(f"•  {text}", "text") for text in texts]

    def lines(self, texts: list[str]) -> None:
        """Small print."""
        self._story += [self._words(text, "note") for text in texts]

    def note(self, text: str) -> None:
        """A remark."""
        self._story.append(self._words(text, "note"))

    def new_page(self) -> None:
        """Go on at the top of a page."""
        self._story.append(PageBreak())

    def absent(self, title: str, reason: str) -> None:
        """A heading, and why there is nothing under it."""
        self._story.append(KeepTogether([self._words(title, "heading"), self._words(reason, "absent")]))

    def tiles(self, cells: list[tuple[str, str, str]]) -> None:
        """Numbers side by side."""
        if not cells:
            return
        row = [
            [self._words(n, "tile"), self._words(what, "what"), self._words(more, "more")] for n, what, more in cells
        ]
        line = colors.HexColor(LINE)
        style = [
            ("BOX", (0, 0), (-1, -1), 0.6, line),
            ("INNERGRID", (0, 0), (-1, -1), 0.6, line),
            ("BACKGROUND", (0, 0), (-1, -1), colors.HexColor("#f7f9fa")),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 6),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ]
        self._story += [
            Table([row], colWidths=[WIDTH / len(cells)] * len(cells), style=TableStyle(style)),
            Spacer(1, 6),
        ]

    def figure(self, title: str, lead: str, drawing: Drawing, note: str) -> None:
        """A drawing under its heading, on one page."""
        parts = [self._words(title, "heading"), self._words(lead, "note"), _Picture(drawing, self.fonts)]
        parts += [self._words(note + ".", "note")] if note else []
        self._story.append(KeepTogether(parts))

    def table(self, title: str, columns: list[str], rows: list[list[str]], is_number: list[bool], note: str) -> None:
        """A table that goes on over pages, its head repeated."""
        head = [self._words(name, "headnumber" if n else "head") for name, n in zip(columns, is_number, strict=True)]
        lines = [
            [self._words(cell, "number" if n else "cell") for cell, n in zip(row, is_number, strict=True)]
            for row in rows
        ]
        style = [
            ("LINEBELOW", (0, 0), (-1, 0), 0.8, colors.HexColor(TEXT)),
            ("LINEBELOW", (0, 1), (-1, -1), 0.3, colors.HexColor(LINE)),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 6),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        ]
        widths = _widths(columns, rows, self.fonts)
        self._story += [CondPageBreak(45 * mm), self._words(title, "heading")]
        self._story.append(Table([head, *lines], colWidths=widths, repeatRows=1, style=TableStyle(style)))
        if note:
            self._story.append(self._words(note + ".", "note"))

    def build(self) -> bytes:
        """The file."""
        sink = io.BytesIO()
        page = SimpleDocTemplate(
            sink, pagesize=A4, leftMargin=SIDE, rightMargin=SIDE, topMargin=18 * mm, bottomMargin=18 * mm,
            title=self.title, creator="flowsleuth", author="",
        )  # fmt: skip
        page.build([HRFlowable(width="100%", thickness=3, color=colors.HexColor(ACCENT), spaceAfter=10), *self._story],
                   onFirstPage=self._foot, onLaterPages=self._foot)  # fmt: skip
        return sink.getvalue()

    def _foot(self, canvas: Any, document: Any) -> None:
        canvas.setFont(self.fonts.plain, 7.5)
        canvas.setFillColor(colors.HexColor(MUTED))
        canvas.drawString(SIDE, 10 * mm, self.fonts.known(self.title)[:110])
        canvas.drawRightString(A4[0] - SIDE, 10 * mm, f"page {document.page}")


def _widths(columns: list[str], rows: list[list[str]], fonts: Fonts) -> list[float]:
    """Room for each column by its texts; what is too much is taken from the widest that may be broken."""
    needed = []
    for at, name in enumerate(columns):
        texts = [name, *[row[at] for row in rows]]
        needed.append(min(max(fonts.width(text, 7.2) for text in texts), 150.0) + 9)
    breakable = [at for at, name in enumerate(columns) if name not in ADDRESSES and name not in NUMBERS]
    while sum(needed) > WIDTH and breakable and max(needed[at] for at in breakable) > NARROWEST:
        widest = max(breakable, key=lambda at: needed[at])
        needed[widest] -= min(sum(needed) - WIDTH, 4.0)
    spare = (WIDTH - sum(needed)) / len(needed)
    return [room + spare for room in needed]


class _Picture(Flowable):  # type: ignore[misc]
    """A drawing as wide as the page, or as high."""

    def __init__(self, drawing: Drawing, fonts: Fonts) -> None:
        super().__init__()
        self._drawing, self._fonts = drawing, fonts
        self._scale = min(WIDTH / drawing.width, TALLEST / drawing.height)

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        return WIDTH, self._drawing.height * self._scale

    def draw(self) -> None:
        self.canv.saveState()
        self.canv.translate((WIDTH - self._drawing.width * self._scale) / 2, self._drawing.height * self._scale)
        self.canv.scale(self._scale, -self._scale)
        paint(self.canv, self._drawing, self._fonts)
        self.canv.restoreState()
