"""The grammar of ``queue``, ``rate``, ``rules``, ``suppress``, ``heuristics``, ``labels`` and ``audit``."""

from __future__ import annotations

import argparse
from typing import Any

FORMATS = ("table", "json", "csv")
SEVERITY_NAMES = {"high": 1, "medium": 2, "low": 3, "1": 1, "2": 2, "3": 3}


def add_triage(verbs: Any) -> None:
    """All of it."""
    _queue(verbs)
    _rate(verbs)
    _rules(verbs)
    _suppress(verbs)
    _heuristics(verbs)
    _labels(verbs)
    audit = verbs.add_parser("audit", help="who did what", description="The trail of deeds, the latest first.")
    _common(audit)
    audit.add_argument("--limit", type=int, default=50, metavar="N", help="how many (default: 50)")
    audit.add_argument("--all", action="store_true", help="all of them")


def _common(parser: argparse.ArgumentParser, formats: tuple[str, ...] = FORMATS) -> None:
    parser.add_argument("-w", "--workspace", metavar="DIR", default=".", help="the workspace folder (default: here)")
    parser.add_argument("--engine", metavar="URL", help="duckdb, sc://HOST:PORT or spark://HOST:PORT")
    parser.add_argument("--case", metavar="URL", help="analyst database instead of the workspace's own")
    parser.add_argument("--analyst", metavar="NAME", help="who works (default: your user name)")
    parser.add_argument("--format", choices=formats, default="table")
    parser.add_argument("--output", metavar="FILE", help="write there instead of to standard output")


def _fields(parser: argparse.ArgumentParser) -> None:
    """The criteria that queue and rate share."""
    parser.add_argument("--detector", metavar="D", help="whose queue (default: the default detector's)")
    parser.add_argument("--date", metavar="DAY", action="append", help="only this UTC day; may be repeated")
    parser.add_argument("--src-ip", metavar="A", help="source: address, CIDR, or several with commas")
    parser.add_argument("--dst-ip", metavar="A", help="destination")
    parser.add_argument("--ip", metavar="A", help="either end, together with the others")
    parser.add_argument("--src-port", metavar="P", help="source port: 22, 80-90, or several with commas; 0 is a port")
    parser.add_argument("--dst-port", metavar="P", help="destination port")


def _narrowing(parser: argparse.ArgumentParser) -> None:
    """What only narrows the list that is shown."""
    parser.add_argument("--proto", metavar="P", help="protocol, or several with commas")
    parser.add_argument("--direction", metavar="D", help="outbound, inbound, internal, external")
    parser.add_argument("--start", metavar="T", help="seen at or after T (ISO 8601)")
    parser.add_argument("--end", metavar="T", help="seen before T")
    parser.add_argument("--min-bytes", type=int, metavar="N", help="at least so many, both ways together")
    parser.add_argument("--max-bytes", type=int, metavar="N", help="at most so many")
    parser.add_argument("--reason", metavar="TEXT", help="part of the reason")
    parser.add_argument("--name", metavar="TEXT", help="part of the server name")
    parser.add_argument("--text", metavar="TEXT", help="part of reason, name, address, service or protocol")


def _queue(verbs: Any) -> None:
    parser = verbs.add_parser(
        "queue", help="what is waiting to be rated", description="Suspects waiting to be rated, with filters."
    )
    _common(parser)
    _fields(parser)
    _narrowing(parser)
    parser.add_argument("--state", choices=("unrated", "rated", "all"), default="unrated", help="(default: unrated)")
    parser.add_argument("--severity", choices=SEVERITY_NAMES, action="append", help="rated so; may be repeated")
    parser.add_argument("--suppressed", action="store_true", help="also those that are suppressed")
    parser.add_argument("--sort", metavar="COLUMN", default="rank", help="rank, severity, or a column (default: rank)")
    parser.add_argument("--descending", action="store_true")
    parser.add_argument("--page", type=int, default=1, metavar="N", help="(default: 1)")
    parser.add_argument("--size", type=int, default=20, metavar="N", help="rows of a page (default: 20)")
    parser.add_argument("--values", action="store_true", help="the lists of addresses and ports instead of suspects")


def _rate(verbs: Any) -> None:
    parser = verbs.add_parser(
        "rate",
        help="rate suspects or leads; list, undo, reset, restore",
        description="Rate exactly the flows that meet all criteria: flowsleuth rate high --src-ip 10.0.0.5. "
        "Or: rate list, rate undo [RATING_ID], rate reset DAY, rate restore RESET_ID.",
    )
    actions = ("high", "medium", "low", "1", "2", "3", "list", "undo", "reset", "restore")
    parser.add_argument("action", choices=actions, metavar="SEVERITY|list|undo|reset|restore")
    parser.add_argument("which", nargs="?", metavar="ID|DAY", help="of undo (default: your latest), reset, restore")
    _common(parser)
    _fields(parser)
    parser.add_argument("--suspect", type=int, action="append", metavar="ID", help="this suspect; may be repeated")
    parser.add_argument("--flow", type=int, action="append", metavar="ID", help="this flow; may be repeated")
    parser.add_argument("--by", choices=("host", "pair"), help="leads of this kind, not suspects")
    parser.add_argument("--lead", type=int, action="append", metavar="ID", help="this lead; may be repeated")
    parser.add_argument("--name", metavar="NAME", help="of leads: server name, or *.example.com for all below")
    parser.add_argument("--unrated", action="store_true", help="only among suspects without a rating")
    parser.add_argument("--why", default="", metavar="TEXT", help="a comment")
    parser.add_argument("--dry-run", action="store_true", help="show what would be rated; change nothing")
    parser.add_argument("--yes", action="store_true", help="reset without asking")
    parser.add_argument("--all", action="store_true", help="list also what was taken back")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="of list (default: 50)")


def _rules(verbs: Any) -> None:
    parser = verbs.add_parser(
        "rules",
        help="rules that rate by themselves",
        description="Rules of rules.yaml and those made here: list, add NAME, preview, apply, remove ID.",
    )
    parser.add_argument("action", choices=("list", "add", "preview", "apply", "remove"), nargs="?", default="list")
    parser.add_argument("which", nargs="?", metavar="NAME|ID", help="name of a new rule, or number of one to remove")
    _common(parser)
    parser.add_argument(
        "--where",
        metavar="CONDITION",
        action="append",
        help='such as "dst_port <= 1024"; all must hold; may be repeated',
    )
    parser.add_argument("--severity", choices=SEVERITY_NAMES, help="what matches is rated so")
    parser.add_argument("--why", default="", metavar="TEXT", help="a comment")
    parser.add_argument("--detector", metavar="D", help="whose queue a preview looks at")
    parser.add_argument("--date", metavar="DAY", action="append", help="apply or preview on this day only")
    parser.add_argument("--dry-run", action="store_true", help="with add: only show what it would match")
    parser.add_argument("--yes", action="store_true", help="remove without asking")


def _suppress(verbs: Any) -> None:
    parser = verbs.add_parser(
        "suppress",
        help="keep suspects out of sight",
        description="flowsleuth suppress KIND VALUE --reason TEXT; or suppress list, suppress lift ID. Kinds: address, "
        "cidr, pair ('A B'), port (53 or 53/udp), name (example.com, *.example.com), as, detector.",
    )
    parser.add_argument("kind", nargs="?", default="list", metavar="KIND|list|lift")
    parser.add_argument("value", nargs="?", metavar="VALUE|ID")
    _common(parser)
    parser.add_argument("--reason", default="", metavar="TEXT", help="why; needed")
    parser.add_argument("--days", type=float, metavar="N", help="ends after so many days")
    parser.add_argument("--until", metavar="T", help="ends at T (ISO 8601)")
    parser.add_argument("--detector", metavar="D", help="only in this one's queue")
    parser.add_argument("--dry-run", action="store_true", help="show what would go out of sight; change nothing")
    parser.add_argument("--all", action="store_true", help="list also what was lifted or has ended")


def _heuristics(verbs: Any) -> None:
    parser = verbs.add_parser(
        "heuristics",
        help="fan-out, fan-in, port sweeps",
        description="Sources with many distinct destinations, destinations with many sources, ports tried one by one.",
    )
    parser.add_argument(
        "names", nargs="*", metavar="CHECK", help="fan_out, fan_in, port_sweep (default: all turned on)"
    )
    _common(parser)
    parser.add_argument("--of", choices=("queue", "day"), default="queue", help="flows of the queue, or all of the day")
    parser.add_argument("--date", metavar="DAY", action="append", help="only this UTC day; may be repeated")
    parser.add_argument("--detector", metavar="D", help="whose queue")
    for name in ("fan-out", "fan-in", "port-sweep"):
        parser.add_argument(f"--{name}", type=int, default=20, metavar="N", help="more than so many (default: 20)")
    parser.add_argument("--most", type=int, default=100, metavar="N", help="findings of each check (default: 100)")
    parser.add_argument("--turn-off", metavar="CHECK", help="do not run it when none is named")
    parser.add_argument("--turn-on", metavar="CHECK", help="run it again")


def _labels(verbs: Any) -> None:
    parser = verbs.add_parser(
        "labels",
        help="ratings as a file",
        description="Export what is rated (a row per suspect or single flow), or import such a file.",
    )
    parser.add_argument("action", choices=("export", "import"))
    parser.add_argument("file", nargs="?", metavar="FILE", help="to import: .csv, .json or .parquet")
    _common(parser, ("csv", "json", "parquet", "table"))
    parser.set_defaults(format="csv")
    parser.add_argument("--all", action="store_true", help="also what was taken back")
