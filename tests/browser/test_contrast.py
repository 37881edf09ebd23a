"""The palette holds WCAG AA: 4.5 to 1 for text, 3 to 1 for marks, in both themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SOURCES = Path(__file__).resolve().parents[2] / "web" / "src"
TEXTS = ("text", "muted", "accent-text", "high", "medium", "low")
SURFACES = ("bg", "panel", "sunken", "raised", "hover", "cursor", "accent-soft")
PAIRS = [("high", "high-soft"), ("medium", "medium-soft"), ("low", "low-soft"), ("on-accent", "accent")]


def page_palettes() -> dict[str, dict[str, str]]:
    css = (SOURCES / "app" / "style" / "tokens.css").read_text(encoding="utf-8")
    dark, light = re.findall(r":root[^{]*\{([^}]*)\}", css)
    read = [dict(re.findall(r"--([\w-]+):\s*(#[0-9a-fA-F]{6})\b", block)) for block in (dark, light)]
    return {"dark": read[0], "light": read[0] | read[1]}


def figure_palettes() -> dict[str, dict[str, str]]:
    source = (SOURCES / "figures" / "theme.ts").read_text(encoding="utf-8")
    blocks = re.findall(r"export const (DARK|LIGHT): Palette = \{(.*?)\n\};", source, re.S)
    return {name.lower(): dict(re.findall(r"(\w+): \"(#[0-9a-f]{6})\"", block)) for name, block in blocks}


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_black_and_white():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_text_of_the_pages(theme):
    palette = page_palettes()[theme]
    for text in TEXTS:
        for surface in SURFACES:
            assert contrast(palette[text], palette[surface]) >= 4.5, (theme, text, surface)
    for text, surface in PAIRS:
        assert contrast(palette[text], palette[surface]) >= 4.5, (theme, text, surface)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_text_and_marks_of_the_figures(theme):
    palette = figure_palettes()[theme]
    for text in ("text", "muted"):
        assert contrast(palette[text], palette["surface"]) >= 4.5, (theme, text)
    for mark in ("accent", "outbound", "inbound", "both", "internal", "external", "host", "threat", "unknown"):
        assert contrast(palette[mark], palette["surface"]) >= 3, (theme, mark)
