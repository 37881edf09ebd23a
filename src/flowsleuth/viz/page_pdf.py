"""A dossier as PDF: the same words and figures as the HTML page, drawn natively. Needs the extra ``pdf``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.errors import FlowsleuthError
from flowsleuth.viz import figure
from flowsleuth.viz.drawn import draw
from flowsleuth.viz.page import (
    EXPLAINED,
    FIGURES,
    NUMBERS,
    TABLES,
    facts_of,
    findings_text,
    provenance_text,
    table_of,
    tiles,
    window_text,
)

if TYPE_CHECKING:
    from flowsleuth.investigate.dossier import Dossier, Section

ROWS = {"search": 60, "peers": 60}
"""Rows of the long tables on paper, at most; the page says how many there are in all."""


def pdf_page(dossier: Dossier) -> bytes:
    """The document.

    Raises
    ------
    FlowsleuthError
        The extra ``pdf`` is not installed.
    """
    try:
        import reportlab  # noqa: F401
    except ImportError:
        hint = 'pip install "flowsleuth[pdf]", or export the story as html'
        raise FlowsleuthError(
            "PDF needs the extra pdf, which is not installed", where="--format pdf", hint=hint
        ) from None
    from flowsleuth.viz.pdf_layout import Layout

    page = Layout(dossier.title)
    there = {section.id: section for section in dossier.sections}
    facts = facts_of(dossier)
    by = [dossier.provenance.get("analyst"), str(dossier.provenance.get("made", "")).partition("T")[0]]
    words = [str(facts.get("target", "")), window_text(dossier), *[str(word) for word in by if word]]
    page.head(dossier.title, " · ".join(word for word in words if word))
    page.tiles(tiles(dossier))
    _briefing(page, dossier, there)
    for name in FIGURES:
        if name in there:
            _figure(page, there[name])
    page.new_page()
    page.heading("Evidence")
    for name in (*TABLES, "search"):
        if name in there:
            _table(page, there[name])
    page.heading("Where this comes from")
    page.lines([f"Question: {dossier.question} Window: {window_text(dossier)}.", *provenance_text(dossier)])
    return page.build()


def _briefing(page: Any, dossier: Dossier, there: dict[str, Section]) -> None:
    page.heading("Executive briefing")
    written = there["briefing"].text if "briefing" in there else ""
    paragraphs = [part for part in written.replace("\r\n", "\n").split("\n\n") if part.strip()]
    page.paragraphs(paragraphs or ["The analyst has not written a briefing."], is_muted=not paragraphs)
    page.heading("What the flows show")
    page.bullets(findings_text(dossier))
    if "facts" in there and there["facts"].note:
        page.note(there["facts"].note + ".")


def _figure(page: Any, section: Section) -> None:
    spec = figure(section)
    drawing = None if spec is None else draw(spec)
    if spec is None or drawing is None:
        page.absent(section.title, f"Not shown: {'no figure' if spec is None else spec['absent']}.")
    else:
        page.figure(section.title, EXPLAINED.get(section.id, ""), drawing, spec["note"])


def _table(page: Any, section: Section) -> None:
    limit = ROWS.get(section.id)
    columns, rows, total = table_of(section, limit)
    if not rows:
        page.absent(section.title, f"{section.absent or 'none'}.")
        return
    note = section.note
    if len(rows) < total:
        note = f"the first {len(rows):,} of {total:,} rows; the HTML page has more"
    page.table(section.title, columns, rows, [name in NUMBERS for name in columns], note)
