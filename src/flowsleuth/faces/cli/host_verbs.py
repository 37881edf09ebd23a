"""``flowsleuth host``: everything about an address on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flowsleuth
from flowsleuth.faces.cli.arguments import add_verb, add_workspace, parse_time
from flowsleuth.faces.cli.rows import print_columns
from flowsleuth.faces.cli.show import print_json, say, text_file
from flowsleuth.faces.cli.show_leads import show_leads
from flowsleuth.schema.printable import printable_text

if TYPE_CHECKING:
    import argparse

    from flowsleuth.investigate.dossier import Dossier, Section

FORMATS = ("table", "json", "html")
LEADS = ("days", "pairs")
"""Sections that are lists of leads."""


def add_host(verbs: Any) -> None:
    """The grammar of ``host``."""
    parser = add_verb(
        verbs,
        "host",
        help="a host on one page",
        description="How it stood on each day, what was found of it and with whom, its peers, timeline and raw flows.",
        examples="examples:\n  flowsleuth host 10.0.0.5 -w case/\n  flowsleuth host 10.0.0.5 -w case/ --format html "
        "--output host.html\n",
    )
    parser.add_argument("address", metavar="ADDRESS", help="IPv4 or IPv6")
    add_workspace(parser)
    parser.add_argument("--start", metavar="T", help="only days and flows from T on (ISO 8601)")
    parser.add_argument("--end", metavar="T", help="only those before T")
    parser.add_argument("--top", type=int, default=10, metavar="N", help="rows of each table (default: 10)")
    parser.add_argument("--format", choices=FORMATS, default="table")
    parser.add_argument("--output", metavar="FILE", help="write there instead of to standard output")


def host(parsed: argparse.Namespace) -> int:
    """``flowsleuth host``."""
    with flowsleuth.open(parsed.workspace, engine=parsed.engine) as ws:
        start, end = (None if text is None else parse_time(text, ws.settings.tz) for text in (parsed.start, parsed.end))
        found = ws.host_page(parsed.address, start=start, end=end, top=max(parsed.top, 1))
    if parsed.format == "table":
        _show(found, parsed.top)
        return 0
    if parsed.format == "json" and parsed.output is None:
        print_json(found.to_dict())
        return 0
    with text_file(parsed.output) as file:
        file.write(_page(found) if parsed.format == "html" else found.to_json())
    return 0


def _page(found: Dossier) -> str:
    from flowsleuth.viz.page_sections import Words, sections_page

    return sections_page(found, Words("Host"))


def _show(found: Dossier, top: int) -> None:
    print(printable_text(found.title))
    for section in found.sections:
        if section.kind == "text":
            say(f"{section.title}: {section.absent or section.text}")
            if section.value and section.value.get("normal_if"):
                say(section.value["normal_if"], "  ")
        else:
            _show_section(section, top)


def _show_section(section: Section, top: int) -> None:
    print(f"\n{section.title}")
    rows = section.table
    if section.absent is not None or rows is None:
        print(f"  {section.absent or 'as a figure: --format html'}")
    elif section.id == "history":
        _show_history(rows.to_pylist())
    elif section.id in LEADS:
        show_leads(rows.slice(0, top).to_pylist())
        if len(rows) > top:
            print(f"the first {top:,} of {len(rows):,} rows")
    elif section.id == "timeline":
        print("  as a figure: --format html")
    else:
        print_columns(rows, top)


def _show_history(rows: list[dict[str, Any]]) -> None:
    """A bar for each day."""
    most = max([row["value"] for row in rows] + [1.0])
    for row in rows:
        bar = "█" * round(40 * row["value"] / most)
        print(f"  {row['time']:%Y-%m-%d}  {row['value']:6.2f}  {bar}".rstrip())
