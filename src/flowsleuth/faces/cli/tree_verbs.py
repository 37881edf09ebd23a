"""``flowsleuth tree``: who started whom."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.faces.cli.arguments import add_output, add_verb, add_workspace
from flowsleuth.faces.cli.window import add_window, asked_window, refuse_window

if TYPE_CHECKING:
    import argparse

    from flowsleuth.workspace.process_trees import ProcessTreeRows

MOST = 200
NARROWEST = 80
EXAMPLES = """\
examples:
  flowsleuth tree -w case/ --host WS1 --root cmd.exe
  flowsleuth tree SecurityEvent.csv --schema windows_4688
  flowsleuth tree -w case/ --format json --output tree.json
"""


def add_tree(verbs: Any) -> None:
    """The grammar of ``tree``."""
    from flowsleuth.analyze.process_schema import SCHEMAS

    parser = add_verb(
        verbs,
        "tree",
        help="which process started which",
        description="The tree of the processes of a workspace, or of a file (CSV, JSON, Parquet) of any schema.",
        examples=EXAMPLES,
    )
    parser.add_argument("file", metavar="FILE", nargs="?", help="a table of processes instead of a workspace")
    add_workspace(parser)
    add_window(parser)
    parser.add_argument("--host", metavar="H", help="only this host")
    parser.add_argument(
        "--root", metavar="P", help="only processes of this id or name (* and ?), and what they started"
    )
    parser.add_argument("--schema", choices=SCHEMAS, help="what the columns of FILE are (default: guessed)")
    parser.add_argument("--most", type=int, metavar="N", default=MOST, help=f"processes shown (default: {MOST})")
    add_output(parser)


def tree(parsed: argparse.Namespace) -> int:
    """``flowsleuth tree``."""
    from flowsleuth.faces.cli.show import console, give
    from flowsleuth.viz.canvas import count_text

    found = _of_file(parsed) if parsed.file else _of_workspace(parsed)
    if parsed.root:
        found = found.below(parsed.root)
    if parsed.format == "table" and parsed.output is None:
        _tell(found.read_as)
        print(found.text(parsed.most, max(console().width, NARROWEST)))
        told = found.summary()
        names = {"RootProcesses": "root", "LargestTreeDepth": "level", "Hosts": "host"}
        counted = ", ".join(count_text(told[name], word) for name, word in names.items())
        print(
            f"{count_text(told['Processes'], 'process', 'processes')}, {told['InferredProcesses']:,} of them told by "
            f"their children only; {counted}"
        )
        return 0
    return give(found.table, parsed)


def _tell(text: str) -> None:
    from flowsleuth.schema.printable import printable_text

    print(printable_text(text), file=sys.stderr)


def _of_workspace(parsed: argparse.Namespace) -> ProcessTreeRows:
    if parsed.schema:
        raise OptionError("the tables of a workspace have a schema", where="--schema", hint="it is for FILE")
    with flowsleuth.open(parsed.workspace, engine=parsed.engine) as ws:
        return ws.process_tree(parsed.host, time_range=asked_window(ws, parsed))


def _of_file(parsed: argparse.Namespace) -> ProcessTreeRows:
    from flowsleuth.analyze.process_tree import process_tree
    from flowsleuth.faces.cli.table_files import read_typed_table
    from flowsleuth.workspace.process_trees import ProcessTreeRows

    refuse_window(parsed, parsed.file)
    made = process_tree(read_typed_table(parsed.file), parsed.schema)
    found = ProcessTreeRows(made.table, made.read_as())
    return found if parsed.host is None else found.of_host(parsed.host)
