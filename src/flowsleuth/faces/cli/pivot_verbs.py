"""``flowsleuth pivot``: ask what is known about addresses, hosts, accounts, domains, URLs, files."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.faces.cli.arguments import FORMATS, add_workspace, parse_assignments
from flowsleuth.faces.cli.show import give, print_json, print_table, printable_text, terminal_text

if TYPE_CHECKING:
    import argparse

    import pyarrow as pa

    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.pivots import Answer

LIMIT = 1_000
NARROW = {"extra", "source_file", "source_row", "source_kind", "uid", "community_id", "flow_id", "event_id"}
"""Columns that a terminal is too narrow for; other formats have them."""
SHOWN_COLUMNS = 12
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
    parser.add_argument(
        "--range", metavar="R", dest="time_range", help="a window: 2021-06-06, 2021-06-06/2021-06-08, …"
    )
    parser.add_argument("--last", metavar="LENGTH", help="a window until now: 36h, 2d, …")
    parser.add_argument("--start", metavar="T", help="only what starts at or after T")
    parser.add_argument("--end", metavar="T", help="only what starts before T")
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
        window = _window(ws, parsed)
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


def _window(ws: Workspace, parsed: argparse.Namespace) -> Any:
    """The window asked for; moments without a zone are in the workspace's."""
    from flowsleuth.workspace.time_range import TimeRange

    zone = ws.settings.tz
    if sum(map(bool, (parsed.time_range, parsed.last, parsed.start or parsed.end))) > 1:
        raise OptionError("--range, --last, and --start or --end together", hint="give one or the other")
    if parsed.time_range or parsed.last:
        return TimeRange.of(parsed.time_range, period=parsed.last, zone=zone)
    return TimeRange.of(start=parsed.start, end=parsed.end, zone=zone)


def _show(answer: Answer, parsed: argparse.Namespace) -> int:
    for note in answer.notes:
        print(printable_text(note), file=sys.stderr)
    return give(answer.table, parsed, _on_terminal)


def _on_terminal(table: pa.Table) -> None:
    """The columns that tell something, those that come first."""
    import pyarrow as pa

    told = [name for name in table.column_names if name not in NARROW and table[name].null_count < len(table)]
    shown = told[:SHOWN_COLUMNS]
    right = [name for name in shown if pa.types.is_integer(table[name].type) or pa.types.is_floating(table[name].type)]
    rows = [[terminal_text(row[name], whole_seconds=True) for name in shown] for row in table.select(shown).to_pylist()]
    print_table(rows, shown, right=right, wrap=[name for name in shown if name not in right])
    more = f"; more columns with --format json: {', '.join(told[SHOWN_COLUMNS:])}" if len(told) > len(shown) else ""
    print(f"{len(table):,} rows{more}")
