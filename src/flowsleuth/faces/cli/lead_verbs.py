"""``flowsleuth suspects --by host|pair``, and ``flowsleuth explain`` of a lead or finding."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING

import flowsleuth
from flowsleuth.faces.cli.show import print_json, tell_written, write_tables

if TYPE_CHECKING:
    import argparse

    from flowsleuth.workspace import Workspace


def leads(parsed: argparse.Namespace, top: int | None) -> int:
    """``flowsleuth suspects --by host|pair``."""
    from flowsleuth.faces.cli.show_leads import expected_false, show_leads
    from flowsleuth.workspace.lead_list import LeadFilter

    with flowsleuth.open(parsed.workspace, engine=parsed.engine) as ws:
        narrow = {"dates": parsed.date, "ip": parsed.ip, "detector": parsed.detector, "technique": parsed.technique}
        asked = LeadFilter(parsed.by, "all" if parsed.hidden else "open", **narrow)
        page = ws.leads(asked, size=top)
    if parsed.format != "table":
        tell_written(write_tables(iter([page.rows.table]), parsed.format, parsed.output), parsed)
        return 0
    rows = page.rows.table.to_pylist()
    if not rows:
        _tell_nothing(parsed, page.dates, page.hidden)
        return 0
    show_leads(rows)
    listed = [row["day"] for row in rows if not row["is_hidden"]]
    print(f"\n{expected_false(len(listed), len(set(listed)), page.down_to, page.expected_false)}")
    if aside := 0 if parsed.hidden else page.hidden:
        print(f"{aside:,} more are rated low or suppressed: --hidden shows them")
    print(f"what is behind one, with its raw flows: flowsleuth explain -w {parsed.workspace} LEAD_ID")
    return 0


def _tell_nothing(parsed: argparse.Namespace, dates: list[str], hidden: int) -> None:
    if not dates:
        print(f"no leads; they are made by: flowsleuth score -w {parsed.workspace}", file=sys.stderr)
        return
    more = f"; {hidden:,} are rated low or suppressed: --hidden" if hidden and not parsed.hidden else ""
    print(f"no lead of this kind{more}", file=sys.stderr)


def explain_lead(ws: Workspace, parsed: argparse.Namespace) -> bool:
    """Show what a lead or finding rests on; False where neither has the id."""
    from flowsleuth.faces.cli.show_evidence import show_lead

    found = ws.explain_lead(parsed.id, flows=parsed.flows)
    if found is None:
        return False
    if parsed.format == "json":
        told = dataclasses.asdict(dataclasses.replace(found, findings=[]))
        print_json(
            told | {"findings": [one.finding | {"raw_flows": one.flows.table.to_pylist()} for one in found.findings]}
        )
    else:
        show_lead(found)
    return True
