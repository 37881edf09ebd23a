"""``flowsleuth beacons``: who connects to whom at regular times."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import flowsleuth
from flowsleuth.faces.cli.arguments import add_output, add_verb, add_workspace
from flowsleuth.faces.cli.window import add_window, asked_window

if TYPE_CHECKING:
    import argparse

    import pyarrow as pa

SHOWN = 25
EXAMPLES = """\
examples:
  flowsleuth beacons -w case/
  flowsleuth beacons -w case/ --start 2026-03-01 --end 2026-03-31 --most-sources 3
  flowsleuth beacons -w case/ --format csv --output beacons.csv
"""
COLUMNS = ("score", "q_value", "rita", "src_ip", "peer", "service", "reason")


def add_beacons(verbs: Any) -> None:
    """The grammar of ``beacons``."""
    from flowsleuth.detect.beacons import BeaconOptions

    parser = add_verb(
        verbs,
        "beacons",
        help="who connects to whom at regular times",
        description="Pairs whose connections come at regular times, over the whole window, the most regular first.",
        examples=EXAMPLES,
    )
    add_workspace(parser)
    add_window(parser)
    for one in fields(BeaconOptions):
        flag, told = f"--{one.name.replace('_', '-')}", one.metadata["help"]
        if isinstance(one.default, bool):
            parser.add_argument(flag, action="store_true", help=told)
        else:
            parser.add_argument(
                flag,
                type=type(one.default),
                metavar="N",
                default=one.default,
                help=f"{told} (default: {one.default:,})",
            )
    parser.add_argument("--most-sources", type=int, metavar="N", help="only peers that at most N sources connect to")
    parser.add_argument("--top", type=int, metavar="N", default=SHOWN, help=f"rows shown (default: {SHOWN})")
    add_output(parser)


def beacons(parsed: argparse.Namespace) -> int:
    """``flowsleuth beacons``."""
    import pyarrow.compute as pc

    from flowsleuth.detect.beacons import BeaconOptions
    from flowsleuth.faces.cli.show import give

    options = BeaconOptions(**{one.name: getattr(parsed, one.name) for one in fields(BeaconOptions)})
    with flowsleuth.open(parsed.workspace, engine=parsed.engine) as ws:
        found = ws.beacons(options, time_range=asked_window(ws, parsed)).table
    if parsed.most_sources is not None:
        found = found.filter(pc.less_equal(found["sources"], parsed.most_sources))
    return give(found, parsed, lambda rows: _show(rows, parsed.top, options.false_share))


def _show(rows: pa.Table, most: int, false_share: float) -> None:
    from flowsleuth.detect.beacons import longest_period_s
    from flowsleuth.detect.wording import duration, share
    from flowsleuth.faces.cli.show import print_table, terminal_text
    from flowsleuth.faces.cli.show_leads import service_text
    from flowsleuth.viz.canvas import count_text

    told = [row | {"service_port": row["port"]} for row in rows.slice(0, most).to_pylist()]
    cells = [
        [
            f"{row['score']:.2f}",
            f"{row['q_value']:.0e}",
            "" if row["rita"] is None else f"{row['rita']:.2f}",
            *(terminal_text(value) for value in (row["src_ip"], row["peer"], service_text(row), row["reason"])),
        ]
        for row in told
    ]
    print_table(cells, COLUMNS, right=COLUMNS[:3], wrap=("peer", "reason"))
    about = {name.decode(): float(value) for name, value in (rows.schema.metadata or {}).items()}
    cut = f"; the first {most:,} are shown" if len(rows) > most else ""
    print(f"{count_text(len(rows), 'pair')} of {about['tested']:,.0f} tested{cut}")
    print(
        f"expected share of false leads, among all that beat: at most {share(false_share)}; "
        f"longest period that these data reveal: {duration(longest_period_s(about['span_s']))}"
    )
