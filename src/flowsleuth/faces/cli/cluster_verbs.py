"""``flowsleuth cluster``: many events as few templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.faces.cli.arguments import add_output, add_verb, add_workspace
from flowsleuth.faces.cli.window import add_window, asked_window, refuse_window

if TYPE_CHECKING:
    import argparse

    import pyarrow as pa

SHOWN = 50
EXAMPLES = """\
examples:
  flowsleuth cluster -w case/ --host WS1
  flowsleuth cluster SecurityEvent.csv --one-offs
  flowsleuth cluster procs.parquet --by Image --by CommandLine --format csv --output clusters.csv
"""


def add_cluster(verbs: Any) -> None:
    """The grammar of ``cluster``."""
    parser = add_verb(
        verbs,
        "cluster",
        help="started programs as few templates",
        description="Started programs of a workspace, or events of a file (CSV, JSON, Parquet), by template.",
        examples=EXAMPLES,
    )
    parser.add_argument("file", metavar="FILE", nargs="?", help="a table of events instead of a workspace")
    add_workspace(parser)
    add_window(parser)
    parser.add_argument("--host", metavar="H", help="only this host of the workspace")
    parser.add_argument(
        "--by", metavar="COLUMN", action="append", help="cluster by it (default: program, command line)"
    )
    parser.add_argument("--time", metavar="COLUMN", help="when events were (default: found by its name)")
    parser.add_argument("--one-offs", action="store_true", help="only what was seen once")
    parser.add_argument("--most", type=int, metavar="N", default=SHOWN, help=f"clusters shown (default: {SHOWN})")
    add_output(parser)


def cluster(parsed: argparse.Namespace) -> int:
    """``flowsleuth cluster``."""
    from flowsleuth.analyze.clusters import cluster_events
    from flowsleuth.faces.cli.show import give

    events = _events(parsed)
    found: pa.Table = cluster_events(events, parsed.by, time_column=parsed.time)
    if parsed.one_offs:
        found = found.filter(found["is_one_off"])
    return give(found, parsed, lambda rows: _show(rows, len(events), parsed.most))


def _events(parsed: argparse.Namespace) -> pa.Table:
    from flowsleuth.faces.cli.table_files import read_typed_table

    if not parsed.file:
        with flowsleuth.open(parsed.workspace, engine=parsed.engine) as ws:
            return ws.process_tree(parsed.host, time_range=asked_window(ws, parsed)).started()
    if parsed.host:
        raise OptionError("a host is of the rows of a workspace", where="--host", hint="FILE is clustered as a whole")
    refuse_window(parsed, parsed.file)
    return read_typed_table(parsed.file)


def _show(rows: pa.Table, events: int, most: int) -> None:
    from flowsleuth.faces.cli.show import print_table, terminal_text
    from flowsleuth.viz.canvas import count_text

    names = ("count", "variants", "first_seen", "last_seen", "template")
    told = rows.select(list(names)).slice(0, most).to_pylist()
    cells = [[terminal_text(row[name], whole_seconds=True) for name in names] for row in told]
    print_table(cells, names, right=("count", "variants"), wrap=("template",))
    cut = f"; the first {most:,} are shown" if len(rows) > most else ""
    print(f"{count_text(events, 'event')} in {count_text(len(rows), 'cluster')}{cut}")
