"""Fonts of a PDF: one of the system's that knows many scripts, or else the one that reportlab brings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

_PLACES = (
    ("/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
    ("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf", "NotoSans-Bold.ttf"),
    ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("/System/Library/Fonts/Supplemental/Arial Unicode.ttf", "Arial Unicode.ttf"),
    ("C:/Windows/Fonts/arial.ttf", "arialbd.ttf"),
    ("Vera.ttf", "VeraBd.ttf"),
)
UNKNOWN = "□"


@dataclass(frozen=True)
class Fonts:
    """A font and its bold, registered with reportlab.

    Attributes
    ----------
    plain, bold : str
        Registered names.
    """

    plain: str
    bold: str

    def known(self, text: str) -> str:
        """The text; what the font cannot write is a box, control characters are blanks."""
        glyphs = pdfmetrics.getFont(self.plain).face.charToGlyph
        box = UNKNOWN if ord(UNKNOWN) in glyphs else "?"
        return "".join(c if ord(c) in glyphs or c == "\n" else " " if not c.isprintable() else box for c in text)

    def width(self, text: str, size: float) -> float:
        """How wide a text is, in points."""
        return float(pdfmetrics.stringWidth(self.known(text), self.plain, size))


@lru_cache(maxsize=1)
def load_fonts() -> Fonts:
    """The first font of the list that is there."""
    for plain, bold in _PLACES:
        try:
            pdfmetrics.registerFont(TTFont("flowsleuth", plain))
            pdfmetrics.registerFont(TTFont("flowsleuth-bold", str(Path(plain).with_name(bold))))
        except (TTFError, OSError):
            continue
        return Fonts("flowsleuth", "flowsleuth-bold")
    raise AssertionError("reportlab brings Vera")
