"""The grammar of the path from log to reason: ``init``, ``ingest``, ``info``, ``score``, ``suspects``, ``explain``."""

from __future__ import annotations

from typing import Any

from flowsleuth.faces.cli.arguments import FORMATS, add_workspace
from flowsleuth.settings import DEFAULT_HOME


def add_init(verbs: Any) -> None:
    """The grammar of ``init``."""
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


def add_ingest(verbs: Any) -> None:
    """The grammar of ``ingest``."""
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


def add_info(verbs: Any) -> None:
    """The grammar of ``info``."""
    parser = verbs.add_parser(
        "info", help="what is stored", description="Tables, times, gaps, rejects, sources, skipped."
    )
    add_workspace(parser)
    parser.add_argument("--format", choices=("table", "json"), default="table")


def add_score(verbs: Any) -> None:
    """The grammar of ``score``."""
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


def add_suspects(verbs: Any) -> None:
    """The grammar of ``suspects``."""
    parser = verbs.add_parser("suspects", help="the most suspicious", description="Ranked suspects with their reasons.")
    add_workspace(parser)
    parser.add_argument("--top", type=int, default=250, metavar="N", help="how many (default: 250)")
    parser.add_argument("--all", action="store_true", help="all of them, not only the top")
    parser.add_argument(
        "--by",
        choices=("host", "pair", "group", "flow"),
        default="group",
        help="leads about hosts or pairs, by all evidence of a day; near-identical flows as one, or each flow",
    )
    parser.add_argument("--ip", metavar="A", help="only those with this address; of leads also a CIDR, or several")
    parser.add_argument("--detector", metavar="D", help="by this one's scores; of leads: only those that it found")
    parser.add_argument("--date", metavar="DAY", action="append", help="of leads: only this UTC day; may be repeated")
    parser.add_argument("--technique", metavar="T", help="of leads: only this ATT&CK technique, such as T1071")
    parser.add_argument("--hidden", action="store_true", help="of leads: also those rated low or suppressed")
    parser.add_argument("--format", choices=FORMATS, default="table")
    parser.add_argument("--output", metavar="FILE", help="write there instead of to standard output")


def add_explain(verbs: Any) -> None:
    """The grammar of ``explain``."""
    parser = verbs.add_parser(
        "explain",
        help="why a lead, a finding or a flow is suspicious",
        description="Of a lead or finding: what was found, with its numbers and the raw flows behind it. Of a flow: "
        "reason, raw line, flows around it.",
    )
    parser.add_argument("id", type=int, metavar="ID", help="a lead_id, finding_id or flow_id")
    parser.add_argument(
        "--flows", type=int, default=5, metavar="N", help="raw flows that are shown of each finding (default: 5)"
    )
    add_workspace(parser)
    parser.add_argument("--format", choices=("table", "json"), default="table")


def add_declared(verbs: Any) -> None:
    """The grammar of ``readers`` and ``detectors``."""
    for verb, what in (("readers", "list the readers and their options"), ("detectors", "list the detectors")):
        one = verbs.add_parser(verb, help=what, description=what)
        one.add_argument("--format", choices=("table", "json"), default="table")
