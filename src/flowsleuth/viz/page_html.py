"""A dossier as one HTML file: figures inline, no script, nothing fetched, ready to print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowsleuth.viz import figure
from flowsleuth.viz.drawn import draw
from flowsleuth.viz.page import (
    ADDRESSES,
    EXPLAINED,
    FIGURES,
    NUMBERS,
    TABLES,
    facts_of,
    findings_text,
    provenance_text,
    table_of,
    tiles,
    time_text,
    window_text,
)
from flowsleuth.viz.page_sections import whole_page
from flowsleuth.viz.svg import clean, svg

if TYPE_CHECKING:
    from flowsleuth.investigate.dossier import Dossier, Section


def html_page(dossier: Dossier) -> str:
    """The page.

    Examples
    --------
    >>> from flowsleuth.investigate.dossier import Dossier, Section
    >>> page = html_page(Dossier("<script>", "What?", sections=(Section("facts", "Key facts", "table"),)))
    >>> "<script" in page, "&lt;script&gt;" in page
    (False, True)
    """
    there = {section.id: section for section in dossier.sections}
    body = [_head(dossier), _tiles(dossier), _briefing(dossier, there)]
    body += [_figure(there[name]) for name in FIGURES if name in there]
    body += ['<h2 class="evidence">Evidence</h2>']
    body += [_table(there[name]) for name in (*TABLES, "search") if name in there]
    body += [_foot(dossier)]
    return whole_page(dossier.title, "\n".join(body))


def _head(dossier: Dossier) -> str:
    facts = facts_of(dossier)
    target = f'<span class="target">{clean(str(facts["target"]))}</span>' if facts else ""
    by = [dossier.provenance.get("analyst"), str(dossier.provenance.get("made", "")).partition("T")[0]]
    parts = [target, clean(window_text(dossier)), *[clean(str(word)) for word in by if word]]
    return (
        f'<header><p class="kind">Threat story</p><h1>{clean(dossier.title)}</h1>'
        f'<p class="meta">{" · ".join(part for part in parts if part)}</p></header>'
    )


def _tiles(dossier: Dossier) -> str:
    made = (
        f"<li><strong>{clean(number)}</strong> <span>{clean(what)}</span><small>{clean(more)}</small></li>"
        for number, what, more in tiles(dossier)
    )
    return f'<ul class="tiles">{"".join(made)}</ul>'


def _briefing(dossier: Dossier, there: dict[str, Section]) -> str:
    written = there["briefing"].text if "briefing" in there else ""
    paragraphs = [part.strip() for part in written.replace("\r\n", "\n").split("\n\n") if part.strip()]
    said = "".join(f"<p>{clean(part).replace(chr(10), '<br>')}</p>" for part in paragraphs)
    said = said or '<p class="absent">The analyst has not written a briefing.</p>'
    found = "".join(f"<li>{clean(sentence)}</li>" for sentence in findings_text(dossier))
    note = there["facts"].note if "facts" in there else ""
    note = f'<p class="note">{clean(note)}.</p>' if note else ""
    return (
        f'<section class="briefing"><div><h2>Executive briefing</h2>{said}</div>'
        f"<aside><h2>What the flows show</h2><ul>{found}</ul>{note}</aside></section>"
    )


def _figure(section: Section) -> str:
    spec = figure(section)
    drawing = None if spec is None else draw(spec)
    head = f"<h2>{clean(section.title)}</h2>"
    if spec is None or drawing is None:
        reason = _absent(f"Not shown: {'no figure' if spec is None else spec['absent']}.")
        return f'<section class="figure">{head}{reason}</section>'
    note = f'<p class="note">{clean(spec["note"])}.</p>' if spec["note"] else ""
    said = clean(EXPLAINED.get(section.id, ""))
    return f'<section class="figure">{head}<p class="lead">{said}</p><figure>{svg(drawing)}</figure>{note}</section>'


def _table(section: Section) -> str:
    columns, rows, _ = table_of(section)
    if not rows:
        return f"<section><h3>{clean(section.title)}</h3>{_absent((section.absent or 'none') + '.')}</section>"
    kinds = ["n" if name in NUMBERS else "a" if name in ADDRESSES else "" for name in columns]
    head = "".join(
        f'<th class="{kind}" scope="col">{clean(name)}</th>' for name, kind in zip(columns, kinds, strict=True)
    )
    lines = "".join(
        "<tr>"
        + "".join(f'<td class="{kind}">{clean(cell)}</td>' for cell, kind in zip(row, kinds, strict=True))
        + "</tr>"
        for row in rows
    )
    note = f'<p class="note">{clean(section.note)}.</p>' if section.note else ""
    table = f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>'
    opened = "" if section.id == "search" else " open"
    summary = f"<summary>{clean(section.title)} <small>{len(rows):,}</small></summary>"
    return f"<details{opened}>{summary}{table}{note}</details>"


def _absent(reason: str) -> str:
    return f'<p class="absent">{clean(reason)}</p>'


def _foot(dossier: Dossier) -> str:
    lines = "".join(f"<li>{clean(line)}</li>" for line in provenance_text(dossier))
    window = f"<li>Question: {clean(dossier.question)} Window: {clean(window_text(dossier))}.</li>"
    facts = facts_of(dossier)
    seen = (
        f"<li>Flows seen {time_text(facts['first_seen'])} to {time_text(facts['last_seen'])} UTC.</li>" if facts else ""
    )
    return f"<footer><h2>Where this comes from</h2><ul>{window}{seen}{lines}</ul></footer>"
