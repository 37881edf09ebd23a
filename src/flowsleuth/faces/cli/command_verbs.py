"""``flowsleuth commands``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.schema.printable import printable_text

if TYPE_CHECKING:
    import argparse

    import pyarrow as pa

    from flowsleuth.analyze.sigma import SigmaMatches

SHOWN = 50
"""Rows of ``--format table``."""
LONGEST_SHOWN = 160
"""Characters of a command line on the terminal."""
EXAMPLES = """\
examples:
  flowsleuth commands -w case/ --least medium
  flowsleuth commands events.csv --column CommandLine --platform windows
  flowsleuth commands -w case/ --rules own-rules/ --format csv --output hits.csv
  flowsleuth commands -w case/ --sigma sigma/rules/windows/process_creation
"""


def add_commands(verbs: Any) -> None:
    """The grammar of ``flowsleuth commands``."""
    from flowsleuth.extract.command_lines.rule import PLATFORMS, SEVERITIES
    from flowsleuth.faces.cli.arguments import add_output, add_verb, add_workspace
    from flowsleuth.faces.cli.window import add_window

    parser = add_verb(
        verbs,
        "commands",
        help="risky command lines, with ATT&CK techniques",
        description="Command lines that match a rule, with the reason: of a workspace's processes, or of a table file.",
        examples=EXAMPLES,
    )
    parser.add_argument("file", nargs="?", metavar="FILE|-", help="a table (CSV, Parquet, JSON lines), no workspace")
    parser.add_argument("--column", metavar="NAME", help="its column (default: a name such columns have)")
    add_workspace(parser)
    add_window(parser)
    parser.add_argument("--platform", choices=PLATFORMS[:2], help="only rules for it, and those for any")
    parser.add_argument("--least", choices=SEVERITIES, default="low", help="the least severity (default: low)")
    parser.add_argument(
        "--rules", metavar="PATH", action="append", help="rules of your own beside ours: file or folder"
    )
    parser.add_argument(
        "--sigma", metavar="PATH", action="append", help="Sigma rules instead of ours: file or folder (needs pySigma)"
    )
    parser.add_argument("--no-decode", action="store_true", help="look at command lines as they are written only")
    parser.add_argument(
        "--top", type=int, default=SHOWN, metavar="N", help=f"rows of --format table (default: {SHOWN})"
    )
    add_output(parser)


def commands(parsed: argparse.Namespace) -> int:
    """Run ``flowsleuth commands``."""
    from functools import partial

    from flowsleuth.faces.cli.show import give

    found = _of_workspace(parsed) if parsed.file is None else _of_file(parsed)
    return give(found, parsed, partial(_show, top=parsed.top))


def _of_sigma(parsed: argparse.Namespace, matches: SigmaMatches) -> pa.Table:
    """What Sigma rules found; what could not be judged is told beside it."""
    from flowsleuth.analyze.sigma.matching import JUDGED

    report = matches.report.to_pylist()
    for one in report:
        if one["status"] != JUDGED:
            print(printable_text(f"{one['status']}: {one['title'] or one['file']}: {one['why']}"), file=sys.stderr)
    judged = [one for one in report if one["status"] == JUDGED]
    without = sorted({name for one in judged for name in (one["missing"] or "").split(", ") if name})
    untold = f"; fields that are not told here: {printable_text(', '.join(without))}" if without else ""
    print(f"{len(judged):,} of {len(report):,} rules judged{untold}", file=sys.stderr)
    return matches.hits


def _options(parsed: argparse.Namespace) -> dict[str, Any]:
    from flowsleuth.extract.command_lines import bundled_rules, load_rules

    rules = bundled_rules() + load_rules(parsed.rules) if parsed.rules else None
    return {"rules": rules, "platform": parsed.platform, "least": parsed.least, "decode": not parsed.no_decode}


def _of_workspace(parsed: argparse.Namespace) -> pa.Table:
    import flowsleuth
    from flowsleuth.faces.cli.window import asked_window

    if parsed.column is not None:
        raise OptionError("a column of what file", where=f"--column {parsed.column}", hint="name the FILE")
    with flowsleuth.open(parsed.workspace, engine=parsed.engine) as ws:
        if parsed.sigma:
            return _of_sigma(parsed, ws.sigma(parsed.sigma, asked_window(ws, parsed)))
        return ws.risky_commands(asked_window(ws, parsed), **_options(parsed)).table


def _of_file(parsed: argparse.Namespace) -> pa.Table:
    from flowsleuth.extract.command_lines import risky_commands
    from flowsleuth.faces.cli.table_files import read_table
    from flowsleuth.faces.cli.window import refuse_window

    refuse_window(parsed, parsed.file)
    if parsed.sigma:
        from flowsleuth.analyze.sigma import load_sigma, match_sigma

        columns = None if parsed.column is None else {"CommandLine": parsed.column}
        return _of_sigma(parsed, match_sigma(read_table(parsed.file), load_sigma(parsed.sigma), columns=columns))
    return risky_commands(read_table(parsed.file), parsed.column, **_options(parsed))


def _show(table: pa.Table, top: int) -> None:
    import pyarrow.compute as pc

    from flowsleuth.faces.cli.rows import print_columns

    if not len(table):
        print("no command line matches a rule")
        return
    first = [name for name in ("row", "start", "host", "user") if name in table.column_names]
    rest = ("severity", "level", "rule", "title", "technique", "decode_path")
    ours = "severity" in table.column_names
    left_out = "title" if ours else "rule"
    told = table.select([*first, *(name for name in rest if name in table.column_names and name != left_out)])
    told = told.append_column("command_line", pc.utf8_slice_codeunits(table["command_line"], 0, LONGEST_SHOWN))
    print_columns(told, top)
    if ours:
        _show_counts(table)


def _show_counts(table: pa.Table) -> None:
    """How often each rule matched, with its reason; the most severe first."""
    from collections import Counter

    from flowsleuth.extract.command_lines.rule import SEVERITIES

    words = zip(*(table[name].to_pylist() for name in ("severity", "rule", "title", "reason")), strict=True)
    counts = Counter(words)
    print()
    for (severity, rule, title, reason), count in sorted(
        counts.items(), key=lambda one: (-SEVERITIES.index(one[0][0]), -one[1], one[0][1])
    ):
        print(printable_text(f"{count:>7,}  {severity:<7} {rule}: {title}. {reason}"))
