"""``flowsleuth pivot``: ask what is known about addresses, hosts, accounts, domains, URLs, files."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.faces.cli.arguments import FORMATS, add_workspace, parse_assignments
from flowsleuth.faces.cli.rows import print_columns
from flowsleuth.faces.cli.show import give, print_json, print_table
from flowsleuth.faces.cli.window import add_window, asked_window
from flowsleuth.schema.printable import printable_text

if TYPE_CHECKING:
    import argparse

    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.pivots import Answer

LIMIT = 1_000
SWITCHES = {"true": True, "yes": True, "false": False, "no": False}


def add_pivot(verbs: Any) -> None:
    """The grammar of ``pivot``."""
    parser = verbs.add_parser(
        "pivot",
        help="from a thing to what is known about it",
        description="Flows, peers, names, alerts, logons, owners of addresses, hosts, accounts, domains, URLs, files.",
    )
    parser.add_argument("pivot", metavar="PIVOT", help="such as IpAddress.peers, or list: what there is")
    parser.add_argument(
        "values", metavar="VALUE", nargs="*", help="what to ask about; - reads them from standard input"
    )
    add_workspace(parser)
    add_window(parser)
    parser.add_argument("--limit", type=int, default=LIMIT, metavar="N", help=f"rows at most (default: {LIMIT:,})")
    parser.add_argument("--all", action="store_true", help="all rows")
    parser.add_argument(
        "--option", metavar="NAME=VALUE", action="append", help="an option of that pivot, as online=true"
    )
    parser.add_argument("--format", choices=FORMATS, default="table")
    parser.add_argument("--output", metavar="FILE", help="write there instead of to standard output")


def pivot(parsed: argparse.Namespace) -> int:
    """``flowsleuth pivot``."""
    with flowsleuth.open(parsed.workspace, engine=parsed.engine) as ws:
        if parsed.pivot == "list":
            return _list(ws, parsed)
        values = _values(parsed)
        given = {name: SWITCHES.get(str(v).lower(), v) for name, v in parse_assignments(parsed.option).items()}
        ask = ws.pivots()[parsed.pivot]
        window = asked_window(ws, parsed)
        limit = None if parsed.all else parsed.limit
        asked = values[0] if len(values) == 1 else values
        answer = ask(asked, time_range=window, limit=limit, **given)
    return _show(answer, parsed)


def _list(ws: Workspace, parsed: argparse.Namespace) -> int:
    rows = ws.pivots().to_arrow().to_pylist()
    if parsed.format == "json":
        print_json(rows)
    else:
        names = ("pivot", "summary", "needs", "options")
        print_table([[row[name] for name in names] for row in rows], names, wrap=("summary", "needs"))
    return 0


def _values(parsed: argparse.Namespace) -> list[str]:
    values = [text for text in parsed.values if text != "-"]
    if "-" in parsed.values:
        values += [line.strip() for line in sys.stdin if line.strip()]
    if not values:
        raise OptionError("nothing to ask about", where=parsed.pivot, hint="give values, or - to read them")
    return values


def _show(answer: Answer, parsed: argparse.Namespace) -> int:
    for note in answer.notes:
        print(printable_text(note), file=sys.stderr)
    return give(answer.table, parsed, print_columns)
