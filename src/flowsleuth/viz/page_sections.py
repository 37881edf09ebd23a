"""Sections of any dossier as HTML, one after the other: on a page of its own, or in a notebook's cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flowsleuth.viz import Spec, figure
from flowsleuth.viz.cells import NARROW, cell_text, is_name
from flowsleuth.viz.drawn import draw
from flowsleuth.viz.page import window_text
from flowsleuth.viz.page_style import IN_CELL, STYLE
from flowsleuth.viz.svg import clean, svg

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.investigate.dossier import Dossier, Section
    from flowsleuth.viz import Spec

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""Even if a browser found something to run or to fetch here, it would refuse."""


SHORT = 30
"""Letters of a cell that is not broken into lines."""
LISTED = 6
"""Values of a list in a cell that are shown; the cell says how many more there are."""
ROWS_IN_CELL = 10
"""Rows of a table in a notebook's cell."""
BAR = "rgba(14,116,114,.22)"


@dataclass(frozen=True)
class Words:
    """What a page says besides the dossier; plain text.

    Attributes
    ----------
    kind : str
        Over the title.
    leads : mapping
        Section → the sentence under its heading.
    foot : sequence of str
        Lines at the end.
    top : int
        Rows of a table that are shown.
    bars : mapping
        Section → the column whose numbers are shown as bars too.
    """

    kind: str = "Dossier"
    leads: Mapping[str, str] = field(default_factory=dict)
    foot: Sequence[str] = ()
    top: int = 250
    bars: Mapping[str, str] = field(default_factory=dict)


def whole_page(title: str, body: str) -> str:
    """A page that fetches nothing and runs nothing."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{clean(title)}</title><style>{STYLE}</style></head>\n<body><main>\n{body}\n</main></body></html>\n"
    )


def sections_page(dossier: Dossier, words: Words) -> str:
    """A page with all sections of a dossier, in their order.

    Examples
    --------
    >>> from flowsleuth.investigate.dossier import Dossier, Section
    >>> page = sections_page(Dossier("<b>", "What?", sections=(Section("a", "A", "text", text="<i>"),)), Words())
    >>> "<b>" in page or "<i>" in page, "&lt;i&gt;" in page
    (False, True)
    """
    made = str(dossier.provenance.get("made", "")).replace("T", " ").replace("Z", " UTC")
    by = [dossier.provenance.get("analyst"), made]
    window = window_text(dossier) if dossier.start or dossier.end else "all time"
    meta = " · ".join(clean(str(word)) for word in (window, *by) if word)
    title = f'<p class="kind">{clean(words.kind)}</p><h1>{clean(dossier.title)}</h1>'
    head = f'<header>{title}<p class="meta">{meta}</p></header>'
    foot = "".join(f"<li>{clean(line)}</li>" for line in words.foot)
    end = f"<footer><h2>Where this comes from</h2><ul>{foot}</ul></footer>"
    return whole_page(dossier.title, "\n".join([head, *_sections(dossier, words), end]))


def dossier_html(dossier: Dossier) -> str:
    """What a notebook's cell shows of a dossier: its sections, of each table the first rows.

    Examples
    --------
    >>> from flowsleuth.investigate.dossier import Dossier, Section
    >>> html = dossier_html(Dossier("Host <b>", "What?", sections=(Section("a", "A", "text", text="<i>"),)))
    >>> "<h2>Host &lt;b&gt;</h2>" in html, "<i>" in html
    (True, False)
    """
    title = f"<h2>{clean(dossier.title)}</h2><p>{clean(dossier.question)}</p>"
    return in_cell([title, *_sections(dossier, Words(top=ROWS_IN_CELL))])


def in_cell(parts: Sequence[str]) -> str:
    """Pieces of HTML as one output of a notebook's cell."""
    return f'<div class="flowsleuth-result"><style>{IN_CELL}</style>{"".join(parts)}</div>'


def _sections(dossier: Dossier, words: Words) -> list[str]:
    """Facts, then section after section, then what there is nothing of."""
    told = [one for one in dossier.sections if one.absent is None]
    missing = [one for one in dossier.sections if one.absent is not None]
    body = [facts_html([one for one in told if is_fact(one)])]
    body += [
        section_html(one, words.leads.get(one.id, ""), words.top, words.bars.get(one.id, ""))
        for one in told
        if not is_fact(one)
    ]
    if missing:
        rows = "".join(f"<li>{clean(one.title)}: {clean(one.absent or '')}</li>" for one in missing)
        body.append(f"<section><h2>Not here</h2><ul>{rows}</ul></section>")
    return body


def is_fact(section: Section) -> bool:
    """Whether it is a value or a line of text, which needs no section of its own."""
    return section.kind == "text"


def facts_html(facts: Sequence[Section]) -> str:
    """Values and lines of text, one below the other."""
    pairs = "".join(f"<dt>{clean(one.title)}</dt><dd>{clean(one.text)}</dd>" for one in facts)
    return f'<section><dl class="facts">{pairs}</dl></section>' if facts else ""


def section_html(section: Section, lead: str = "", top: int = 5, bars: str = "") -> str:
    """One section: heading, what it is, then the figure, the first rows or the text; or why there is nothing."""
    said = f'<p class="lead">{clean(lead)}</p>' if lead else ""
    spec = figure(section)
    told = section.note if spec is None else str(spec["note"])  # a figure tells what it put together as well
    note = f'<p class="note">{clean(told.rstrip("."))}.</p>' if told else ""
    shown = "figure" if section.figure else section.kind
    content = _content(section, spec, top, bars)
    return f'<section class="{shown}"><h2>{clean(section.title)}</h2>{said}{content}{note}</section>'


def _content(section: Section, spec: Spec | None, top: int, bars: str) -> str:
    absent = section.absent if spec is None else spec["absent"]
    if absent is not None:
        return f'<p class="absent">{clean(absent)}</p>'
    if spec is not None and (drawing := draw(spec)) is not None:
        return f"<figure>{svg(drawing)}</figure>"
    if section.table is not None:
        return table_html(section.table, top, bars)
    return f"<p>{clean(section.text)}</p>"


def table_html(rows: pa.Table, top: int, bars: str = "") -> str:
    """The first rows of a table; it says how many there are. Columns without values and of provenance are left out.

    Numbers of the column ``bars`` have a bar behind them, as long as its largest allows.
    """
    names = [name for name in rows.column_names if rows[name].null_count < len(rows) and name not in NARROW]
    if not len(rows):
        return '<p class="absent">no rows</p>'
    cut = rows.slice(0, top)
    columns = [[_cell(name, value) for value in cut[name].to_pylist()] for name in names]
    kinds = [
        "n" if _is_number(rows, name) else "s" if max(map(len, column)) <= SHORT else "l"
        for name, column in zip(names, columns, strict=True)
    ]
    head = "".join(
        f'<th class="{kind}" scope="col">{clean(name.replace("_", " "))}</th>'
        for name, kind in zip(names, kinds, strict=True)
    )
    styles = {names.index(bars): _bars(cut[bars].to_pylist())} if bars in names else {}
    lines = "".join(
        _line(row, kinds, {at: all_[place] for at, all_ in styles.items()})
        for place, row in enumerate(zip(*columns, strict=True))
    )
    more = f"the first {len(cut):,} of {len(rows):,} rows" if len(cut) < len(rows) else f"{len(rows):,} rows"
    table = f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>'
    return f'{table}<p class="note">{more}</p>'


def _line(row: Sequence[str], kinds: Sequence[str], styles: Mapping[int, str]) -> str:
    cells = (
        f'<td class="{kind}"{styles.get(at, "")}>{clean(cell)}</td>'
        for at, (cell, kind) in enumerate(zip(row, kinds, strict=True))
    )
    return f"<tr>{''.join(cells)}</tr>"


def _bars(values: Sequence[float | None]) -> list[str]:
    """A bar behind each number."""
    most = max((value or 0 for value in values), default=0) or 1
    shares = (round(100 * max(value or 0, 0) / most, 1) for value in values)
    return [f' style="background:linear-gradient(90deg,{BAR} {share}%,transparent {share}%)"' for share in shares]


def _cell(name: str, value: object) -> str:
    if isinstance(value, list):
        more = f" and {len(value) - LISTED:,} more" if len(value) > LISTED else ""
        return ", ".join(_cell(name, one) for one in value[:LISTED]) + more
    return cell_text(value, is_name=is_name(name)) or ""


def _is_number(rows: pa.Table, name: str) -> bool:
    import pyarrow as pa

    kind = rows.schema.field(name).type
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))
