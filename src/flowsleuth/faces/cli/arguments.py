"""The command line's grammar, built from argparse and the declared options."""

from __future__ import annotations

import argparse
import datetime as dt
from typing import Any, NoReturn

from flowsleuth import __version__
from flowsleuth.errors import OptionError
from flowsleuth.faces.cli.convert_verbs import add_convert
from flowsleuth.faces.cli.enrich_verbs import add_enrich
from flowsleuth.faces.cli.intel_arguments import add_intel
from flowsleuth.faces.cli.notebook_verbs import add_notebooks
from flowsleuth.faces.cli.query_verbs import add_query
from flowsleuth.faces.cli.serve_verbs import add_serve, add_user
from flowsleuth.faces.cli.sql_verbs import add_sql
from flowsleuth.faces.cli.triage_arguments import add_triage
from flowsleuth.settings import DEFAULT_HOME, parse_zone

FORMATS = ("table", "json", "csv", "parquet")
MAIN_HELP = (
    """Find the few hundred connections worth looking at in any flow log, each with a reason and its raw line."""
)
EXAMPLES = """\
examples:
  flowsleuth init case/ --home 10.0.0.0/8
  flowsleuth ingest /var/log/zeek -w case/
  flowsleuth score -w case/
  flowsleuth suspects -w case/ --top 50
  flowsleuth explain -w case/ FLOW_ID
"""


class Parser(argparse.ArgumentParser):
    """Argparse whose errors are ours."""

    def error(self, message: str) -> NoReturn:
        raise OptionError(message, where=self.prog, hint=f"see {self.prog} --help")


def parse_time(text: str, zone: str) -> dt.datetime:
    """A moment given by the user: ISO 8601; without a zone it is in ``zone``; a date alone is its first moment.

    Raises
    ------
    OptionError
        The text is no time.

    Examples
    --------
    >>> parse_time("2021-06-06T12:00+02:00", "UTC").isoformat()
    '2021-06-06T10:00:00+00:00'
    """
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise OptionError(
            "not a time", where=text, hint="write it like 2021-06-06T12:00 or 2021-06-06T12:00+02:00"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=parse_zone(zone))
    return moment.astimezone(dt.UTC)


def parse_assignments(pairs: list[str] | None, option: str = "--option") -> dict[str, Any]:
    """``NAME=VALUE`` pairs as a mapping; values stay text.

    Raises
    ------
    OptionError
        A pair has no equals sign.

    Examples
    --------
    >>> parse_assignments(["mapping=a.toml"])
    {'mapping': 'a.toml'}
    """
    found = {}
    for pair in pairs or []:
        name, equals, value = pair.partition("=")
        if not equals:
            raise OptionError("not of the form NAME=VALUE", where=f"{option} {pair}")
        found[name] = value
    return found


def build_parser() -> Parser:
    """The whole grammar."""
    parser = Parser(
        prog="flowsleuth",
        description=MAIN_HELP,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"flowsleuth {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", parser_class=Parser)
    _init(verbs)
    _ingest(verbs)
    _info(verbs)
    _score(verbs)
    _suspects(verbs)
    _explain(verbs)
    _add_investigation(verbs)
    add_triage(verbs)
    add_intel(verbs)
    add_enrich(verbs)
    add_convert(verbs)
    add_query(verbs)
    add_sql(verbs)
    add_notebooks(verbs)
    add_serve(verbs)
    add_user(verbs)
    for verb, what in (("readers", "list the readers and their options"), ("detectors", "list the detectors")):
        one = verbs.add_parser(verb, help=what, description=what)
        one.add_argument("--format", choices=("table", "json"), default="table")
    return parser


def _add_investigation(verbs: Any) -> None:
    from flowsleuth.faces.cli.pivot_verbs import add_pivot
    from flowsleuth.faces.cli.stitch_verbs import add_stitch
    from flowsleuth.faces.cli.story_verbs import add_investigate, add_story

    add_investigate(verbs)
    add_story(verbs)
    add_pivot(verbs)
    add_stitch(verbs)


def add_workspace(parser: argparse.ArgumentParser) -> None:
    """The options that name the workspace and its engine."""
    parser.add_argument("-w", "--workspace", metavar="DIR", default=".", help="the workspace folder (default: here)")
    parser.add_argument(
        "--engine", metavar="URL", help="duckdb, sc://HOST:PORT or spark://HOST:PORT (default: its own)"
    )


def _init(verbs: Any) -> None:
    parser = verbs.add_parser("init", help="make a workspace", description="Make a workspace folder.")
    parser.add_argument("folder", metavar="DIR")
    parser.add_argument(
        "--home",
        metavar="CIDR",
        action="append",
        help=f"a network that is ours; repeat it for more (default: {', '.join(DEFAULT_HOME)})",
    )
    parser.add_argument("--tz", default="UTC", help="zone of log times that name none (default: UTC)")
    parser.add_argument("--engine", metavar="URL", default="duckdb", help="duckdb, sc://HOST:PORT or spark://HOST:PORT")


def _ingest(verbs: Any) -> None:
    parser = verbs.add_parser("ingest", help="read logs", description="Read logs; what was read before adds nothing.")
    parser.add_argument("logs", metavar="LOG", nargs="+", help="file, folder, pattern, or - for standard input")
    add_workspace(parser)
    parser.add_argument("--reader", help="use this reader instead of finding one by content (see: flowsleuth readers)")
    parser.add_argument("--option", metavar="NAME=VALUE", action="append", help="an option of that reader")
    parser.add_argument("--mapping", metavar="FILE", help="mapping file of --reader table")
    parser.add_argument(
        "--strict", action="store_true", help="a rejected record is a failure; keep nothing of its file"
    )
    parser.add_argument("--tz", help="zone of times that name none (default: the workspace's)")
    parser.add_argument("--stitch", action="store_true", help="join one-way and twice-seen records afterwards")
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no summary")


def _info(verbs: Any) -> None:
    parser = verbs.add_parser(
        "info", help="what is stored", description="Tables, times, gaps, rejects, sources, skipped."
    )
    add_workspace(parser)
    parser.add_argument("--format", choices=("table", "json"), default="table")


def _score(verbs: Any) -> None:
    parser = verbs.add_parser(
        "score", help="score flows", description="Run detectors over the days that are new to them."
    )
    parser.add_argument("detectors", metavar="DETECTOR", nargs="*", help="(default: the default ones)")
    add_workspace(parser)
    parser.add_argument("--start", metavar="T", help="only flows that start at or after T (ISO 8601)")
    parser.add_argument("--end", metavar="T", help="only flows that start before T")
    parser.add_argument("--option", metavar="NAME=VALUE", action="append", help="an option of the (one) named detector")
    parser.add_argument("--again", action="store_true", help="also days whose scores are up to date")
    parser.add_argument("--quiet", action="store_true", help="no summary")


def _suspects(verbs: Any) -> None:
    parser = verbs.add_parser("suspects", help="the most suspicious", description="Ranked suspects with their reasons.")
    add_workspace(parser)
    parser.add_argument("--top", type=int, default=250, metavar="N", help="how many (default: 250)")
    parser.add_argument("--all", action="store_true", help="all of them, not only the top")
    parser.add_argument("--by", choices=("group", "flow"), default="group", help="near-identical flows as one, or each")
    parser.add_argument("--ip", metavar="A", help="only flows with this address")
    parser.add_argument("--detector", metavar="D")
    parser.add_argument("--format", choices=FORMATS, default="table")
    parser.add_argument("--output", metavar="FILE", help="write there instead of to standard output")


def _explain(verbs: Any) -> None:
    parser = verbs.add_parser(
        "explain", help="why a flow is suspicious", description="Reason, raw line, flows around it."
    )
    parser.add_argument("flow_id", type=int, metavar="FLOW_ID")
    add_workspace(parser)
    parser.add_argument("--format", choices=("table", "json"), default="table")
