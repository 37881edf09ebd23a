"""``flowsleuth inject``, ``flowsleuth blind-spots``: what would be found in these flows, what could not be seen."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.faces.cli.arguments import add_output, add_verb, add_workspace
from flowsleuth.faces.cli.window import add_window, asked_window
from flowsleuth.schema.printable import printable_text

if TYPE_CHECKING:
    import argparse

    import pyarrow as pa

    from flowsleuth.workspace.injection.report import SelfTest

INJECT_EXAMPLES = """\
examples:
  flowsleuth inject -w case/
  flowsleuth inject -w case/ --date 2026-03-02 --only beacon exfiltration --draws 20
  flowsleuth inject -w case/ --start 2026-03-02T08:00 --end 2026-03-02T18:00 --format json --output recall.json
  flowsleuth inject -w case/ --only dns-tunnel --keep case-with-tunnels/
"""
SPOTS_EXAMPLES = """\
examples:
  flowsleuth blind-spots -w case/
  flowsleuth blind-spots -w case/ --last 7d --format csv --output blind-spots.csv
"""


def add_self_test(verbs: Any) -> None:
    """The grammar of ``inject`` and ``blind-spots``."""
    from flowsleuth.workspace.self_test_methods import DRAWS

    parser = add_verb(
        verbs,
        "inject",
        help="self-test: synthetic attacks in a copy of your flows",
        description="Put synthetic attacks into a copy of a time range of your flows, score it, and count how many of "
        "them the first 10, 50 and 250 leads of a day show. The workspace is not changed.",
        examples=INJECT_EXAMPLES,
    )
    add_workspace(parser)
    add_window(parser)
    parser.add_argument("--date", metavar="DAY", help="a UTC day (default: the last full one)")
    parser.add_argument(
        "--only", metavar="TECHNIQUE", nargs="+", default=[], help="techniques, or first words of them, such as beacon"
    )
    parser.add_argument(
        "--draws", type=int, metavar="N", default=DRAWS, help=f"how often each is played (default: {DRAWS})"
    )
    parser.add_argument("--seed", type=int, metavar="S", default=0, help="other attacks (default: 0)")
    parser.add_argument("--keep", metavar="DIR", help="leave the copy, with the last attacks in it, in this new folder")
    parser.add_argument("--list", action="store_true", help="list the techniques, and do nothing")
    parser.add_argument("--quiet", action="store_true", help="do not tell what is being done")
    add_output(parser, ("table", "json", "csv"))
    spots = add_verb(
        verbs,
        "blind-spots",
        help="what could not have been seen",
        description="What could not have been seen in these flows, and why: sampling, one-way records, silent sensors, "
        "gaps, hidden names, absent tables, shared addresses, clocks, rejects, too short a span.",
        examples=SPOTS_EXAMPLES,
    )
    add_workspace(spots)
    add_window(spots)
    add_output(spots, ("table", "json", "csv"))


def inject(parsed: argparse.Namespace) -> int:
    """``flowsleuth inject``."""
    from flowsleuth.faces.cli.memory import keep_freed_memory
    from flowsleuth.faces.cli.show import give, print_json

    if parsed.list:
        return _list()
    keep_freed_memory()
    if parsed.date and (parsed.time_range or parsed.last or parsed.start or parsed.end):
        raise OptionError("--date and another window together", hint="give one or the other")
    with flowsleuth.open(parsed.workspace, engine=parsed.engine) as ws:
        found = ws.inject(
            parsed.only,
            time_range=parsed.date or asked_window(ws, parsed),
            draws=parsed.draws,
            seed=parsed.seed,
            keep=parsed.keep,
            tell=None if parsed.quiet else _tell,
        )
    if parsed.format == "json":
        print_json(found.to_dict(), parsed.output)
        return 0
    return give(found.recall.table, parsed, lambda _: _show(found))


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _list() -> int:
    from flowsleuth.attacks import TECHNIQUES
    from flowsleuth.faces.cli.show import print_table

    rows = [(one.name, one.attack_id, one.meaning) for one in TECHNIQUES.values()]
    print_table(rows, ("technique", "ATT&CK", "what is done"))
    return 0


def _show(found: SelfTest) -> None:
    from flowsleuth.faces.cli.show import print_table
    from flowsleuth.workspace.injection.ranks import BUDGETS

    # Segments of every technique are many rows of few attacks: they are in JSON and CSV.
    rows = [row for row in found.recall.table.to_pylist() if row["segment"] is None or row["technique"] == "all"]
    budgets = [str(one) for one in BUDGETS]
    for by, what in (("host", "attacked host among the first hosts"), ("pair", "attacked pair among the first pairs")):
        mine = [row for row in rows if row["by"] == by]
        segment = ["segment"] if any(row["segment"] for row in mine) else []
        control = ["without attack"] if by == "host" else []
        columns = ["technique", *segment, "attacks", *budgets, "median rank", *control]
        cells = [[shown[name] for name in columns] for shown in map(_cells, mine)]
        print(f"\n{what} of a day:")
        print_table(cells, columns, right=[*budgets, "median rank"])
    about = found.about
    print(
        f"\n{about['start']:%Y-%m-%d %H:%M} to {about['end']:%Y-%m-%d %H:%M} UTC, {about['history_days']} days of "
        f"history, {about['active_hosts']:,} active internal addresses; {about['attacks']:,} attacks in "
        f"{about['scorings']} scorings, at most {about['most_attacks_at_once']} at once; seed {about['seed']}"
    )
    for name, why in about["not_played"].items():
        print(f"not played: {name} ({why})")
    print("in brackets: Wilson's 95 % interval; recall is of these attacks on these flows, not of all attacks")


def _cells(row: dict[str, Any]) -> dict[str, str]:
    """Texts by column."""
    from flowsleuth.workspace.injection.ranks import BUDGETS

    found = {
        str(one): f"{row[f'found_{one}']}/{row['attacks']} "
        f"[{100 * row[f'low_{one}']:.0f}-{100 * row[f'high_{one}']:.0f} %]"
        for one in BUDGETS
    }
    return found | {
        "technique": row["technique"],
        "segment": row["segment"] or "",
        "attacks": f"{row['attacks']:,}",
        "median rank": "-" if row["median_rank"] is None else f"{row['median_rank']:,.0f}",
        "without attack": "/".join(str(row[f"control_{one}"]) for one in BUDGETS),
    }


def blind_spots(parsed: argparse.Namespace) -> int:
    """``flowsleuth blind-spots``."""
    from flowsleuth.faces.cli.show import give

    with flowsleuth.open(parsed.workspace, engine=parsed.engine) as ws:
        found = ws.blind_spots(time_range=asked_window(ws, parsed)).table
    return give(found, parsed, _show_spots)


def _show_spots(spots: pa.Table) -> None:
    """A block for each kind: where and how much, then what it hides and what to do, once."""
    from itertools import groupby

    from flowsleuth.faces.cli.show import print_table, terminal_text

    told = spots.to_pylist()
    for (kind, hides, detectors, advice), mine in groupby(
        told, key=lambda row: tuple(row[name] for name in ("kind", "hides", "detectors", "advice"))
    ):
        columns = ("place", "how_much", "since", "until")
        rows = [[terminal_text(row[name], whole_seconds=True) for name in columns] for row in mine]
        print_table(rows, (kind.upper(), "how much", "since", "until"), wrap=(kind.upper(), "how much"))
        print(f"  hides: {printable_text(hides)}")
        if detectors:
            print(f"  detectors that suffer: {printable_text(detectors)}")
        print(f"  what to do: {printable_text(advice)}\n")
    print(f"{len(told):,} blind spots; as rows with --format csv or json")
