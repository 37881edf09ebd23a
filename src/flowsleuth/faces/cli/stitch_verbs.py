"""``flowsleuth stitch``, and ``flowsleuth ingest --stitch``."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError

if TYPE_CHECKING:
    import argparse

    from flowsleuth.workspace.stitch_flows import StitchReport


def add_stitch(verbs: Any) -> None:
    """Its grammar."""
    from flowsleuth.faces.cli.arguments import add_workspace

    what = "Join one-way records to flows of both directions; count flows that two exporters saw once."
    parser = verbs.add_parser("stitch", help="join one-way and twice-seen records", description=what)
    add_workspace(parser)
    parser.add_argument(
        "--tolerance", metavar="S", default="2", help="seconds that exporters may be apart (default: 2)"
    )
    parser.add_argument("--dry-run", action="store_true", help="only count")
    parser.add_argument("--format", choices=("table", "json"), default="table")


def stitch(parsed: argparse.Namespace) -> int:
    """``flowsleuth stitch``."""
    import flowsleuth
    from flowsleuth.faces.cli.show import print_json

    try:
        tolerance = float(parsed.tolerance)
    except ValueError:
        raise OptionError("not a number of seconds", where=f"--tolerance {parsed.tolerance}") from None
    with flowsleuth.open(parsed.workspace, engine=parsed.engine) as ws:
        report = ws.stitch(tolerance_s=tolerance, dry_run=parsed.dry_run)
    if parsed.format == "json":
        print_json(dataclasses.asdict(report))
    else:
        tell_stitched(report, "would be" if parsed.dry_run else "are")
    return 0


def tell_stitched(report: StitchReport, word: str = "are") -> None:
    """What was joined, as a sentence."""
    print(
        f"of {report.flows:,} flow records {2 * report.joined:,} {word} joined to {report.joined:,} flows; "
        f"{report.twice:,} were seen twice"
    )
