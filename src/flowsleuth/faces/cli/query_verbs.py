"""``flowsleuth query list | show | run``: the query library, over this workspace, local files, and other systems."""

from __future__ import annotations

import re
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError

if TYPE_CHECKING:
    import argparse

    import pyarrow as pa

    from flowsleuth.query import QueryProvider

FORMATS = ("table", "json", "csv", "parquet")
EXAMPLES = """\
examples:
  flowsleuth query list -w case/
  flowsleuth query show Network.list_peers -w case/
  flowsleuth query run Network.list_peers -w case/ --param ip_address=10.0.0.5
  flowsleuth query run list_alerts_for_host --provider LocalData --data alerts/ --param host_name=web1
  flowsleuth query run list_nta_flows_by_host --provider Sentinel --param host_name=web1 --start -7d --split 1d
"""


def add_query(verbs: Any) -> None:
    """The grammar of ``flowsleuth query``."""
    import argparse

    what = "Ask this workspace, local files, Sentinel, Defender XDR, Kusto, Splunk, Elasticsearch or OpenSearch."
    parser = verbs.add_parser(
        "query",
        help="ask with the query library",
        description=what,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", parser_class=type(parser), required=True)
    listed = actions.add_parser("list", help="names of queries", description="Names of queries and what they do.")
    listed.add_argument("text", metavar="TEXT", nargs="?", default="", help="only those that have these words")
    _place(listed)
    listed.add_argument("--format", choices=("table", "json"), default="table")
    shown = actions.add_parser("show", help="one query", description="What a query does, its parameters, its text.")
    shown.add_argument("name", metavar="NAME", help="Group.query, or the query alone where only one group has it")
    _place(shown)
    _run(actions.add_parser("run", help="ask", description="Ask, and show or write what comes back."))


def _place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-w", "--workspace", metavar="DIR", default=".", help="the workspace folder (default: here)")
    parser.add_argument(
        "--provider",
        metavar="NAME",
        default="Workspace",
        help="a section [query.NAME] of flowsleuth.toml, or LocalData, Sentinel, DefenderXDR, Kusto, Splunk, Elastic, "
        "OpenSearch (default: the workspace)",
    )
    parser.add_argument(
        "--data", metavar="[NAME=]PATH", action="append", help="LocalData: a file or folder, under a name if you like"
    )
    parser.add_argument("--queries", metavar="PATH", action="append", help="more query files, or folders of them")
    parser.add_argument("--msticpy-config", metavar="FILE", help="a msticpyconfig.yaml (default: MSTICPYCONFIG)")
    parser.add_argument(
        "--connect", metavar="NAME=VALUE", action="append", help="a connection setting; secrets belong in the settings"
    )


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="Group.query, or the query alone where only one group has it")
    _place(parser)
    parser.add_argument("--param", metavar="NAME=VALUE", action="append", help="a parameter; lists by commas")
    # "-2d" is a time and no option: argparse lets through what looks like a negative number.
    parser._negative_number_matcher = re.compile(r"-\d")
    parser.add_argument("--start", metavar="T", help="ISO 8601, or from now: -2d, -6h")
    parser.add_argument("--end", metavar="T", help="not in the window (default: now)")
    parser.add_argument("--split", metavar="LENGTH", help="ask in parts of this length, side by side: 1d, 6h")
    parser.add_argument("--print", action="store_true", dest="print_query", help="show the query and ask nobody")
    parser.add_argument("--format", choices=FORMATS, default="table")
    parser.add_argument("--output", metavar="FILE", help="write there instead of to standard output")
    parser.add_argument("--top", type=int, default=50, metavar="N", help="rows of --format table (default: 50)")


def query(parsed: argparse.Namespace) -> int:
    """Run ``flowsleuth query``."""
    action = {"list": _list, "show": _show, "run": _ask}[parsed.action]
    with _open(parsed) as provider:
        return action(parsed, provider)


def _open(parsed: argparse.Namespace) -> QueryProvider:
    from flowsleuth.faces.cli.arguments import parse_assignments
    from flowsleuth.workspace.queries import open_provider, provider_settings

    settings = provider_settings(Path(parsed.workspace), parsed.msticpy_config)
    given: dict[str, Any] = dict(parse_assignments(parsed.connect, "--connect"))
    given["query_paths"] = parsed.queries or []
    if parsed.provider == "Workspace":
        given["folder"] = parsed.workspace
    if parsed.data:
        named = [one.partition("=") for one in parsed.data if "=" in one]
        given["tables"] = {name: path for name, _, path in named}
        given["data_paths"] = [one for one in parsed.data if "=" not in one]
    return open_provider(parsed.provider, settings, **given)


def _list(parsed: argparse.Namespace, provider: QueryProvider) -> int:
    from flowsleuth.faces.cli.show import print_json, print_table

    rows = [(name, provider.definition(name).description) for name in provider.list_queries(parsed.text)]
    if parsed.format == "json":
        print_json([{"name": name, "description": text} for name, text in rows])
    elif rows:
        print_table(rows, ("query", "what it does"), wrap=("what it does",))
    else:
        print(f"no query of {provider.environment} has these words", file=sys.stderr)
    return 0


def _show(parsed: argparse.Namespace, provider: QueryProvider) -> int:
    _print_text(provider.help(parsed.name))
    return 0


def _ask(parsed: argparse.Namespace, provider: QueryProvider) -> int:
    from flowsleuth.faces.cli.arguments import parse_assignments
    from flowsleuth.faces.cli.show import give
    from flowsleuth.query import report_of

    if parsed.format == "parquet" and parsed.output is None:
        raise OptionError("Parquet goes to a file", where="--format parquet", hint="give --output FILE")
    function = provider.query(parsed.name)
    given = parse_assignments(parsed.param, "--param")
    given |= {name: value for name in ("start", "end") if (value := getattr(parsed, name)) is not None}
    if parsed.split:
        given["split_by"] = parsed.split
    if parsed.print_query:
        _print_text(function.text(**given))
        return 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # told below, in the terminal's words
        rows = function.arrow(**given)
    report = report_of(rows)
    give(rows.replace_schema_metadata(None), parsed, lambda found: _on_terminal(found, parsed.top))
    for note in report.notes:
        _complain(note)
    for part in report.warnings:
        _complain(f"{part.status}: {part.start} to {part.end}: {part.message}")
    return 0 if report.is_complete else 1


def _on_terminal(rows: pa.Table, top: int) -> None:
    from flowsleuth.faces.cli.show import print_rows

    shown = rows.slice(0, max(top, 0))
    if shown.num_rows:
        print_rows(shown, shown.num_rows)
    told = f", {shown.num_rows} shown" if shown.num_rows < rows.num_rows else ""
    print(f"{rows.num_rows:,} rows{told}", file=sys.stderr)


def _print_text(text: str) -> None:
    from flowsleuth.schema.printable import printable_text

    for line in text.splitlines():
        print(printable_text(line))


def _complain(text: str) -> None:
    from flowsleuth.schema.printable import printable_text

    print(f"flowsleuth: {printable_text(text)}", file=sys.stderr)
