"""``flowsleuth alerts``: list alerts, show one, what is related, which belong together, their graph."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.faces.cli.arguments import FORMATS, add_workspace
from flowsleuth.faces.cli.rows import print_columns
from flowsleuth.faces.cli.show import give, print_table
from flowsleuth.faces.cli.window import add_window, asked_window
from flowsleuth.schema.printable import printable_text

if TYPE_CHECKING:
    import argparse

    import pyarrow as pa

    from flowsleuth.analyze.alerts import AlertGraph
    from flowsleuth.workspace import Workspace

ACTIONS = ("list", "show", "related", "incidents", "graph")
_NEED_ID = ("show", "related", "graph")
_LISTED = ("start", "severity", "name", "host", "src_ip", "dst_ip", "provider", "id")


def add_alerts(verbs: Any) -> None:
    """The grammar of ``alerts``."""
    parser = verbs.add_parser(
        "alerts",
        help="alerts, what they are about, which belong together",
        description="Alerts of other systems that are stored: list, one of them, related ones, incidents, a graph.",
    )
    parser.add_argument("action", metavar="ACTION", nargs="?", default="list", choices=ACTIONS, help=", ".join(ACTIONS))
    parser.add_argument("alert", metavar="ID", nargs="?", help="an alert, by its source's id or ours (event_id)")
    add_workspace(parser)
    add_window(parser)
    parser.add_argument("--text", metavar="T", help="only alerts that have it in name, description, host or entities")
    parser.add_argument("--severity", metavar="S", help="only alerts at least so severe: high, medium, low")
    parser.add_argument("--window", metavar="LENGTH", default="24h", help="of related and incidents (default: 24h)")
    parser.add_argument("--expand", metavar="NODE", action="append", help="expand a node of the graph; repeat it")
    parser.add_argument("--limit", type=int, default=1_000, metavar="N", help="rows at most (default: 1,000)")
    parser.add_argument("--format", choices=FORMATS, default="table")
    parser.add_argument("--output", metavar="FILE", help="write there; of a graph also a picture: .svg, .html, .png")


def alerts(parsed: argparse.Namespace) -> int:
    """``flowsleuth alerts``."""
    if parsed.action in _NEED_ID and parsed.alert is None:
        raise OptionError("which alert?", where=f"alerts {parsed.action}", hint="give an id of flowsleuth alerts list")
    with flowsleuth.open(parsed.workspace, engine=parsed.engine) as ws:
        if parsed.action == "show":
            return _show(ws, parsed)
        if parsed.action == "graph":
            return _graph(ws, parsed)
        if parsed.action == "related":
            return give(ws.alert(parsed.alert).related(parsed.window).table, parsed, _print_related)
        if parsed.action == "incidents":
            found = ws.incidents(parsed.window, time_range=asked_window(ws, parsed))
            for note in found.notes:
                print(printable_text(note), file=sys.stderr)
            return give(found.table, parsed, print_columns)
        rows = ws.alerts(parsed.text, severity=parsed.severity, time_range=asked_window(ws, parsed), limit=parsed.limit)
        return give(rows.table, parsed, _print_alerts)


def _show(ws: Workspace, parsed: argparse.Namespace) -> int:
    from flowsleuth.analyze.alerts import format_alert

    print(format_alert(ws.alert(parsed.alert).alert, show_entities=True).text)
    return 0


def _print_alerts(table: pa.Table) -> None:
    from flowsleuth.analyze.alerts import read_alerts

    rows = []
    for one in read_alerts(table):
        told = one.properties
        ends = [told.get("host") or one.hostname or "", told.get("src_ip") or "", told.get("dst_ip") or ""]
        seen = one.first_seen.strftime("%Y-%m-%d %H:%M:%SZ") if one.first_seen else ""
        rows.append([seen, one.severity or "", one.name, *ends, told.get("provider") or "", one.id or ""])
    print_table(rows, _LISTED, wrap=("name", "host", "provider", "id"))
    print(f"{len(table):,} alerts")


def _print_related(table: pa.Table) -> None:
    from flowsleuth.analyze.alerts import read_alerts

    rows = [[one.severity or "", one.name, one.properties["matched"], one.id or ""] for one in read_alerts(table)]
    print_table(rows, ("severity", "name", "matched", "id"), wrap=("name", "matched", "id"))
    print(f"{len(table):,} related alerts")


def _graph(ws: Workspace, parsed: argparse.Namespace) -> int:
    graph = ws.alert(parsed.alert).graph()
    for node in parsed.expand or []:
        graph.expand(node)
    drawn = Path(parsed.output or "").suffix.lower()
    if drawn in (".svg", ".html", ".png"):
        from flowsleuth.faces.views.graphs import plot_entity_graph

        display = plot_entity_graph(graph)
        if drawn == ".png":
            display.to_png(parsed.output)
        elif drawn == ".svg":
            display.to_svg(parsed.output)
        else:
            display.to_html(parsed.output)
        return 0
    return give(graph.edges if parsed.format != "table" else graph.nodes, parsed, lambda _: _print_graph(graph))


def _print_graph(graph: AlertGraph) -> None:
    """A line for each link, after the node it begins at."""
    labels = {row["id"]: f"{row['kind']} {row['label']}" for row in graph.nodes.to_pylist()}
    rows = [
        [labels[row["source"]], row["label"], labels[row["target"]], row["target"]] for row in graph.edges.to_pylist()
    ]
    print_table(rows, ("from", "relation", "to", "node"), wrap=("from", "to", "node"))
    print(printable_text(f"{len(graph):,} nodes, {len(rows):,} links"))
