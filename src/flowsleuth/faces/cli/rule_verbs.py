"""What ``rules``, ``suppress`` and ``heuristics`` do: decisions that hold for more than one suspect."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING

from flowsleuth.errors import OptionError
from flowsleuth.faces.cli import show_queue as show
from flowsleuth.faces.cli.arguments import parse_time
from flowsleuth.faces.cli.show import SEVERITY_WORDS, give, print_json
from flowsleuth.faces.cli.triage_arguments import SEVERITY_NAMES
from flowsleuth.faces.cli.triage_talk import make_sure, number_of, open_case, option_of, tell
from flowsleuth.schema.printable import printable_text
from flowsleuth.viz.canvas import count_text

if TYPE_CHECKING:
    import argparse

    from flowsleuth.triage.rules import Rule
    from flowsleuth.workspace import Workspace


def rules(parsed: argparse.Namespace) -> int:
    """``flowsleuth rules``."""
    with open_case(parsed) as ws:
        if parsed.action == "list":
            return give(ws.rules().table, parsed, show.show_rules)
        if parsed.action == "apply":
            return _apply(ws, parsed)
        if parsed.action == "remove":
            return _remove_rule(ws, parsed)
        rule = _rule(parsed)
        if parsed.action == "preview" or parsed.dry_run:
            found = ws.preview_rule(rule, detector=parsed.detector, dates=parsed.date)
            if parsed.format == "table":
                show.show_preview(found, "would rate")
                return 0
            return give(found.rows.table, parsed)
        rule_id = ws.add_rule(rule)
        text = f"rule {rule_id} is kept; it is applied after each score, and now by: flowsleuth rules apply"
        return tell({"rule_id": rule_id}, parsed, text + option_of(parsed))


def _rule(parsed: argparse.Namespace) -> Rule:
    from flowsleuth.triage.rules import Rule

    name = parsed.which or ("preview" if parsed.action == "preview" else "")
    severity = parsed.severity or ("high" if parsed.action == "preview" else None)
    if severity is None:
        raise OptionError("is missing", where="--severity", available=["high", "medium", "low"])
    return Rule.parse(
        {"name": name, "severity": SEVERITY_NAMES[severity], "where": parsed.where, "comment": parsed.why}
    )


def _remove_rule(ws: Workspace, parsed: argparse.Namespace) -> int:
    if parsed.which is None:
        raise OptionError("is missing", where="ID", hint="see: flowsleuth rules")
    number = number_of(parsed.which)
    make_sure(parsed, f"Remove rule {number} and take back what it rated?")
    undone = ws.remove_rule(number)
    return tell({"ratings": undone}, parsed, f"rule {number} is removed; {undone:,} of its ratings are taken back")


def _apply(ws: Workspace, parsed: argparse.Namespace) -> int:
    reports = ws.apply_rules(parsed.date)
    problems = [report for report in reports if report.problem]
    for report in problems:
        print(f"flowsleuth: rule {printable_text(report.name)}: {printable_text(report.problem)}", file=sys.stderr)
    if parsed.format == "json":
        print_json([dataclasses.asdict(report) for report in reports])
    else:
        for report in reports:
            word = SEVERITY_WORDS[report.severity]
            what = f"{report.suspects:,} suspects ({report.flows:,} flows) newly rated {word}"
            print(f"{printable_text(report.name)}: {what}")
        if not reports:
            print("there are no rules")
    return 1 if problems else 0


def suppress(parsed: argparse.Namespace) -> int:
    """``flowsleuth suppress``."""
    with open_case(parsed) as ws:
        if parsed.kind == "list":
            return give(ws.suppressions(every=parsed.all).table, parsed, show.show_suppressions)
        if parsed.value is None:
            raise OptionError("is missing", where="VALUE", hint="flowsleuth suppress KIND VALUE --reason TEXT")
        if parsed.kind == "lift":
            number = number_of(parsed.value)
            ws.lift(number)
            return tell({"suppression_id": number, "lifted": True}, parsed, f"suppression {number} is lifted")
        found = ws.preview_suppression(parsed.kind, parsed.value, detector=parsed.detector)
        if parsed.dry_run:
            if parsed.format == "table":
                show.show_preview(found, "would hide")
                return 0
            return give(found.rows.table, parsed)
        until = parsed.until and parse_time(parsed.until, ws.settings.tz)
        before = _hidden_leads(ws)
        made = ws.suppress(
            parsed.kind, parsed.value, reason=parsed.reason, until=until, days=parsed.days, detector=parsed.detector
        )
        after = _hidden_leads(ws)
    hosts, pairs = (after[by] - before[by] for by in ("host", "pair"))
    leads = f", and {count_text(hosts, 'host')} and {count_text(pairs, 'pair')} as leads" if hosts or pairs else ""
    text = (
        f"{made.kind} {made.value} hides {found.suspects:,} suspects ({found.flows:,} flows){leads}; show them again "
        f"with: flowsleuth suppress lift {made.suppression_id}{option_of(parsed)}"
    )
    hidden = {"suspects": found.suspects, "flows": found.flows, "hosts": hosts, "pairs": pairs}
    return tell(dataclasses.asdict(made) | hidden, parsed, text)


def _hidden_leads(ws: Workspace) -> dict[str, int]:
    """How many leads of each kind are suppressed."""
    from flowsleuth.workspace.lead_list import LeadFilter

    return {by: ws.leads(LeadFilter(by), size=1).counts["suppressed"] for by in ("host", "pair")}


def heuristics(parsed: argparse.Namespace) -> int:
    """``flowsleuth heuristics``."""
    with open_case(parsed) as ws:
        for name, on in ((parsed.turn_off, False), (parsed.turn_on, True)):
            if name is not None:
                ws.turn_heuristic(name, on=on)
                print(f"{name} is turned {'on' if on else 'off'}")
        if parsed.turn_off or parsed.turn_on:
            return 0
        found = ws.heuristics(
            parsed.names, scope=parsed.of, detector=parsed.detector, dates=parsed.date, fan_out=parsed.fan_out,
            fan_in=parsed.fan_in, port_sweep=parsed.port_sweep, most=parsed.most,
        )  # fmt: skip
    if parsed.format == "table" and parsed.output is None:
        for one in found:
            print(
                f"{one.name}: {printable_text(one.says)}, {one.first_seen:%Y-%m-%d %H:%M} to {one.last_seen:%H:%M} UTC"
            )
        if not found:
            print("nothing found")
        return 0
    import pyarrow as pa

    return give(pa.Table.from_pylist([dataclasses.asdict(one) for one in found]), parsed)
