"""``flowsleuth investigate`` and ``flowsleuth story``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.faces.cli.arguments import FORMATS, add_workspace, parse_time
from flowsleuth.faces.cli.show import give, print_json, print_rows, write_tables
from flowsleuth.schema.printable import printable_text

if TYPE_CHECKING:
    import argparse
    import datetime as dt

    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.investigation import Investigation

TABLES = (
    "search", "peers", "sources_by_connections", "destinations_by_connections", "sources_by_bytes",
    "destinations_by_bytes", "timeline", "chord",
)  # fmt: skip
EXPORTS = ("html", "pdf", "spot-json", "spot-csv", "spot-parquet")


def add_investigate(verbs: Any) -> None:
    """The grammar of ``investigate``."""
    parser = verbs.add_parser(
        "investigate",
        help="everything about an address",
        description="Expanded search over all flows of an address or CIDR: peers, their way, top lists, timeline.",
    )
    parser.add_argument("target", metavar="ADDRESS", help="IPv4 or IPv6, an address or a CIDR")
    add_workspace(parser)
    parser.add_argument("--start", metavar="T", help="only flows that start at or after T (ISO 8601)")
    parser.add_argument("--end", metavar="T", help="only flows that start before T")
    parser.add_argument("--top", type=int, default=20, metavar="N", help="how many of each kind (default: 20)")
    parser.add_argument("--table", choices=TABLES, help="only this one, whole (default with csv and parquet: search)")
    parser.add_argument("--format", choices=FORMATS, default="table")
    parser.add_argument("--output", metavar="FILE", help="write there instead of to standard output")
    parser.add_argument(
        "--save", metavar="TITLE", help="save it as a story; one of the same target and window gives way"
    )
    parser.add_argument("--text", default="", help="what you say in that story; - reads it from standard input")


def add_story(verbs: Any) -> None:
    """The grammar of ``story``."""
    parser = verbs.add_parser("story", help="saved investigations", description="List, show, export, remove stories.")
    deeds = parser.add_subparsers(dest="deed", metavar="list|show|export|remove", required=True)
    listing = deeds.add_parser("list", help="live stories, the latest first")
    add_workspace(listing)
    listing.add_argument("--format", choices=("table", "json", "csv"), default="table")
    showing = deeds.add_parser("show", help="a story with its evidence")
    showing.add_argument("story_id", type=int, metavar="STORY_ID")
    add_workspace(showing)
    showing.add_argument("--format", choices=("table", "json"), default="table")
    exporting = deeds.add_parser("export", help="a story as a file or files")
    exporting.add_argument("story_id", type=int, metavar="STORY_ID")
    exporting.add_argument("path", metavar="PATH", help="a file for html and pdf, else a folder")
    add_workspace(exporting)
    exporting.add_argument("--format", choices=EXPORTS, default="html")
    removing = deeds.add_parser("remove", help="take a story off the list; it is kept in the database")
    removing.add_argument("story_id", type=int, metavar="STORY_ID")
    add_workspace(removing)


def _open(parsed: argparse.Namespace) -> Workspace:
    return flowsleuth.open(parsed.workspace, engine=parsed.engine)


def investigate(parsed: argparse.Namespace) -> int:
    """``flowsleuth investigate``."""
    from flowsleuth.faces.cli.show_story import show_investigation

    with _open(parsed) as ws:
        start, end = (_moment(ws, text) for text in (parsed.start, parsed.end))
        found = ws.investigate(parsed.target, start=start, end=end, top=parsed.top)
        if parsed.table or parsed.format in ("csv", "parquet"):
            _write_one(found, parsed)
        elif parsed.format == "json":
            print_json(_as_json(found))
        else:
            show_investigation(found)
        if parsed.save is not None:
            text = sys.stdin.read() if parsed.text == "-" else parsed.text
            story = found.save_story(parsed.save, text)
            hint = f"flowsleuth story export -w {parsed.workspace} {story.story_id} story.html"
            print(f"saved as story {story.story_id}; next: {hint}", file=sys.stderr)
    return 0


def _moment(ws: Workspace, text: str | None) -> dt.datetime | None:
    return None if text is None else parse_time(text, ws.settings.tz)


def _table(found: Investigation, name: str) -> Any:
    rows = getattr(found, name) if name in ("search", "peers", "timeline", "chord") else found.top(name)
    return rows.table


def _write_one(found: Investigation, parsed: argparse.Namespace) -> None:
    table = _table(found, parsed.table or "search")
    give(table, parsed, lambda found: _show_one(found, parsed.top))


def _show_one(table: Any, top: int) -> None:
    print_rows(table, top)
    if len(table) > top:
        print(f"… {len(table):,} rows in all: --top, or --format csv")


def _as_json(found: Investigation) -> dict[str, Any]:
    told = {"target": found.target, "is_internal": found.is_internal, "totals": found.totals, "notes": found.notes}
    return told | {name: _table(found, name).to_pylist() for name in TABLES}


def story(parsed: argparse.Namespace) -> int:
    """``flowsleuth story``."""
    deeds = {"list": _list, "show": _show, "export": _export, "remove": _remove}
    deed = deeds.get(parsed.deed)
    if deed is None:
        raise OptionError("no such command", where=f"story {parsed.deed}", available=deeds)
    with _open(parsed) as ws:
        deed(ws, parsed)
    return 0


def _list(ws: Workspace, parsed: argparse.Namespace) -> None:
    from flowsleuth.faces.cli.show_story import show_stories

    table = ws.stories().table
    if parsed.format == "csv":
        write_tables(iter([table]), "csv", None)
    elif parsed.format == "json":
        print_json(table.to_pylist())
    elif len(table):
        show_stories(table.to_pylist())
    else:
        print(
            f"no stories; make one: flowsleuth investigate ADDRESS --save TITLE -w {parsed.workspace}", file=sys.stderr
        )


def _show(ws: Workspace, parsed: argparse.Namespace) -> None:
    from flowsleuth.faces.cli.show_story import show_story

    found = ws.story(parsed.story_id)
    if parsed.format == "json":
        head = {"story_id": found.story_id, "target": found.target, "analyst": found.analyst, "made": found.made}
        print_json(head | {"text": found.text, "dossier": found.dossier.to_dict(), "figures": found.figures()})
    else:
        show_story(found)


def _export(ws: Workspace, parsed: argparse.Namespace) -> None:
    for path in ws.export_story(parsed.story_id, parsed.path, parsed.format):
        print(printable_text(path))


def _remove(ws: Workspace, parsed: argparse.Namespace) -> None:
    ws.remove_story(parsed.story_id)
    print(f"story {parsed.story_id} is off the list", file=sys.stderr)
