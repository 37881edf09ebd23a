"""``flowsleuth enrich``, ``flowsleuth facts``, ``flowsleuth lists``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import flowsleuth
from flowsleuth.faces.cli.show import give, print_json, print_table
from flowsleuth.schema.printable import printable_text

if TYPE_CHECKING:
    import argparse

    import pyarrow as pa

    from flowsleuth.workspace.enrichment import EnrichReport

KINDS = ("types", "geography", "lists", "whois", "rdap", "ptr")
FORMATS = ("table", "json", "csv", "parquet")


def add_enrich(verbs: Any) -> None:
    """The grammar."""
    from flowsleuth.faces.cli.arguments import add_workspace

    parser = verbs.add_parser(
        "enrich",
        help="what is known of every stored address and name",
        description="Gather address types, places, autonomous systems and lists into table fact. Asks no network "
        "unless whois, rdap or ptr is named.",
    )
    add_workspace(parser)
    parser.add_argument(
        "--only",
        choices=KINDS,
        action="append",
        help="only this kind; may be repeated; whois, rdap and ptr ask others (default: types, geography, lists)",
    )
    parser.add_argument("--offline", action="store_true", help="of whois, rdap and ptr only what was kept from earlier")
    parser.add_argument(
        "--limit",
        type=int,
        default=10_000,
        metavar="N",
        help="ask others about the N busiest addresses (default: 10000)",
    )
    parser.add_argument("--quiet", action="store_true", help="no summary")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    facts = verbs.add_parser(
        "facts", help="facts about an address or name", description="Table fact: who said what, as of when."
    )
    facts.add_argument("observable", metavar="ADDRESS|NAME", nargs="?", help="(default: all)")
    add_workspace(facts)
    facts.add_argument("--fact", metavar="FACT", help="only this one, such as country or list")
    facts.add_argument("--format", choices=FORMATS, default="table")
    facts.add_argument("--output", metavar="FILE", help="write there instead of to standard output")
    _add_lists(verbs)
    _add_questions(verbs)


def _add_questions(verbs: Any) -> None:
    from flowsleuth.faces.cli.arguments import add_workspace

    whois = verbs.add_parser(
        "whois",
        help="who an address or domain belongs to",
        description="Local sources and kept answers; with --online also the registries (RDAP) and Team Cymru.",
    )
    whois.add_argument("target", metavar="ADDRESS|DOMAIN")
    names = verbs.add_parser(
        "dns",
        help="names of an address, addresses of a name",
        description="What the stored DNS, TLS and HTTP rows show; with --online also what the name servers say now.",
    )
    names.add_argument("target", metavar="ADDRESS|NAME")
    for one in (whois, names):
        add_workspace(one)
        one.add_argument("--online", action="store_true", help="ask others, too")
        one.add_argument("--format", choices=("table", "json"), default="table")


def _add_lists(verbs: Any) -> None:
    from flowsleuth.faces.cli.arguments import add_workspace

    lists = verbs.add_parser(
        "lists", help="lists of clouds, resolvers, scanners, Tor …", description="Show the lists, or fetch newer ones."
    )
    deeds = lists.add_subparsers(dest="deed", metavar="show|update", required=True)
    showing = deeds.add_parser("show", help="which lists there are, or which of them an address or name is on")
    showing.add_argument("observable", metavar="ADDRESS|NAME", nargs="?")
    updating = deeds.add_parser("update", help="fetch newer lists; this asks the network")
    updating.add_argument("names", metavar="LIST", nargs="*", help="(default: all of the package's)")
    for one in (showing, updating):
        add_workspace(one)
        one.add_argument("--format", choices=("table", "json"), default="table")


def enrich(parsed: argparse.Namespace) -> int:
    """``flowsleuth enrich``."""
    with flowsleuth.open(parsed.workspace, engine=parsed.engine) as ws:
        report = ws.enrich(parsed.only, offline=parsed.offline, limit=parsed.limit)
    if parsed.format == "json":
        print_json(vars(report))
    elif not parsed.quiet:
        _show(report)
    for note in report.notes:
        print(f"flowsleuth: {printable_text(note)}", file=sys.stderr)
    return 0


def _show(report: EnrichReport) -> None:
    print_table([(fact, f"{rows:,}") for fact, rows in report.facts.items()], ["fact", "rows"], right=("rows",))
    others = "".join(f", {kind} of {count:,} addresses" for kind, count in report.asked.items())
    print(f"{report.addresses:,} addresses and {report.names:,} names{others} in {report.seconds:.1f} s")


def facts(parsed: argparse.Namespace) -> int:
    """``flowsleuth facts``."""
    with flowsleuth.open(parsed.workspace, engine=parsed.engine) as ws:
        rows = ws.facts(parsed.observable, parsed.fact).to_arrow()
        if not len(rows) and not ws.store.catalog.parts("fact"):
            print(f"no facts yet; they are gathered by: flowsleuth enrich -w {parsed.workspace}", file=sys.stderr)
    return give(rows, parsed, _show_facts)


def _show_facts(table: pa.Table) -> None:
    columns = ["observable", "fact", "value", "source", "as_of"]
    lines = [(*map(row.get, columns[:-1]), _day(row["as_of"])) for row in table.to_pylist()]
    print_table(lines, columns, wrap=("value", "source"))


def _day(moment: Any) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d}"


def lists(parsed: argparse.Namespace) -> int:
    """``flowsleuth lists``."""
    with flowsleuth.open(parsed.workspace, engine=parsed.engine) as ws:
        if parsed.deed == "update":
            return _update(ws, parsed)
        if parsed.observable:
            found = ws.lists_of(parsed.observable).to_arrow().to_pylist()
            rows = [{"list": row["value"], "source": row["source"], "as_of": row["as_of"]} for row in found]
        else:
            rows = ws.lists().to_arrow().to_pylist()
    if parsed.format == "json":
        print_json(rows)
        return 0
    if not rows:
        print("on none of the lists")
        return 0
    columns = list(rows[0])
    lines = [[_day(row[name]) if name == "as_of" else row[name] for name in columns] for row in rows]
    print_table(lines, columns, right=("entries",), wrap=("title", "source"))
    return 0


def _update(ws: flowsleuth.Workspace, parsed: argparse.Namespace) -> int:
    done = ws.update_lists(parsed.names or None)
    if parsed.format == "json":
        print_json([vars(one) for one in done])
    else:
        lines = [
            (one.name, "" if one.error else f"{one.entries:,}", one.version, one.error or "fetched") for one in done
        ]
        print_table(lines, ["list", "entries", "version", "what became of it"], right=("entries",))
    return 1 if any(one.error for one in done) else 0


def whois(parsed: argparse.Namespace) -> int:
    """``flowsleuth whois``."""
    with flowsleuth.open(parsed.workspace, engine=parsed.engine) as ws:
        told = ws.whois(parsed.target, online=parsed.online)
    if parsed.format == "json":
        print_json(told)
    else:
        print_table([(name, value) for name, value in told.items() if value not in (None, "")], ["what", "value"])
    return 0


def names(parsed: argparse.Namespace) -> int:
    """``flowsleuth dns``."""
    with flowsleuth.open(parsed.workspace, engine=parsed.engine) as ws:
        seen = ws.passive_dns(parsed.target).to_arrow().to_pylist()
        now = _asked_now(ws, parsed.target) if parsed.online else None
    if parsed.format == "json":
        print_json({"seen": seen, "now": now})
        return 0
    columns = ["name", "address", "source", "first_seen", "last_seen", "sightings", "clients"]
    print_table([[row[name] for name in columns] for row in seen], columns, right=("sightings", "clients"))
    if now is not None:
        told = [", ".join(value) for value in now.values() if isinstance(value, list)]
        print(printable_text(f"now: {'; '.join(told) or now['status']} {now['reason']}".rstrip()))
    return 0


def _asked_now(ws: flowsleuth.Workspace, target: str) -> dict[str, Any]:
    from flowsleuth.errors import OptionError

    try:
        return ws.reverse(target)
    except OptionError:
        return ws.resolve(target)
