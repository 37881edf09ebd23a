"""What ``queue``, ``rate``, ``rules``, ``suppress``, ``heuristics``, ``labels`` and ``audit`` do."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.faces.cli import show_queue as show
from flowsleuth.faces.cli.arguments import parse_time
from flowsleuth.faces.cli.show import print_json, printable_text, write_tables
from flowsleuth.faces.cli.triage_arguments import SEVERITY_NAMES

if TYPE_CHECKING:
    import argparse

    import pyarrow as pa

    from flowsleuth.triage.filters import QueueFilter
    from flowsleuth.triage.rules import Rule
    from flowsleuth.workspace import Workspace

CRITERIA = ("src_ip", "dst_ip", "src_port", "dst_port", "ip")


def _open(parsed: argparse.Namespace) -> Workspace:
    return flowsleuth.open(parsed.workspace, engine=parsed.engine, case=parsed.case, analyst=parsed.analyst)


def _give(table: pa.Table, parsed: argparse.Namespace, on_terminal: Callable[[list[dict[str, Any]]], None]) -> int:
    """A table in the form that was asked for."""
    if parsed.format == "table" and parsed.output is None:
        on_terminal(table.to_pylist())
        return 0
    form = "csv" if parsed.format == "table" else parsed.format
    rows = write_tables(iter([table]), form, parsed.output)
    if parsed.output:
        print(f"{rows:,} rows in {parsed.output}", file=sys.stderr)
    return 0


def _told(value: Any, parsed: argparse.Namespace, text: str) -> int:
    """What was done, as a sentence or as JSON."""
    if parsed.format == "json":
        print_json(value)
    else:
        print(printable_text(text))
    return 0


def _sure(parsed: argparse.Namespace, question: str) -> None:
    """Ask, unless ``--yes`` was given.

    Raises
    ------
    OptionError
        There is nobody to ask, or the answer was no.
    """
    if parsed.yes:
        return
    if not sys.stdin.isatty():
        raise OptionError(f"{question} Nobody can be asked here", where=parsed.verb, hint="add --yes to do it")
    if input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise OptionError("left as it was", where=parsed.verb)


def _filter(parsed: argparse.Namespace, ws: Workspace) -> QueueFilter:
    from flowsleuth.triage.filters import QueueFilter

    names = (*CRITERIA, "proto", "direction", "min_bytes", "max_bytes", "reason", "name", "text")
    asked: dict[str, Any] = {name: getattr(parsed, name) for name in names}
    for name in ("start", "end"):
        if given := getattr(parsed, name):
            asked[name] = parse_time(given, ws.settings.tz)
    asked |= {"state": parsed.state, "dates": parsed.date, "include_suppressed": parsed.suppressed}
    if parsed.severity:
        asked |= {"state": "all", "severity": [SEVERITY_NAMES[name] for name in parsed.severity]}
    return QueueFilter(**asked)


def queue(parsed: argparse.Namespace) -> int:
    """``flowsleuth queue``."""
    with _open(parsed) as ws:
        asked = _filter(parsed, ws)
        if parsed.values:
            lists = ws.queue_values(asked, parsed.detector)
            if parsed.format == "json":
                print_json(lists)
            else:
                show.show_values(lists, parsed.size)
            return 0
        page = ws.queue(
            asked, detector=parsed.detector, sort=parsed.sort, descending=parsed.descending, page=parsed.page,
            size=parsed.size,
        )  # fmt: skip
    if parsed.format != "table" or parsed.output:
        return _give(page.rows.table, parsed, lambda _: None)
    show.show_page(page)
    if not page.dates:
        print(f"nothing was scored; scores are made by: flowsleuth score -w {parsed.workspace}", file=sys.stderr)
    return 0


def rate(parsed: argparse.Namespace) -> int:
    """``flowsleuth rate``."""
    with _open(parsed) as ws:
        if parsed.action == "list":
            return _give(ws.ratings("all" if parsed.all else "live", parsed.limit).table, parsed, show.show_ratings)
        if parsed.action == "undo":
            done = ws.undo(None if parsed.which is None else _number(parsed.which))
            return _told({"rating_id": done, "undone": True}, parsed, f"rating {done} was taken back")
        if parsed.action in ("reset", "restore"):
            return _reset(ws, parsed)
        return _rate(ws, parsed)


def _rate(ws: Workspace, parsed: argparse.Namespace) -> int:
    from flowsleuth.triage.filters import QueueFilter

    if parsed.which is not None:
        hint = "give criteria as options, such as --src-ip"
        raise OptionError("not a criterion", where=parsed.which[:100], hint=hint)
    criteria: dict[str, Any] = {name: getattr(parsed, name) for name in CRITERIA}
    criteria |= {"suspects": parsed.suspect, "flows": parsed.flow, "detector": parsed.detector, "dates": parsed.date}
    if parsed.unrated:
        criteria["filter"] = QueueFilter()
    if parsed.dry_run:
        found = ws.preview(**criteria)
        if parsed.format == "table":
            show.show_preview(found, "would rate")
            return 0
        return _give(found.rows.table, parsed, lambda _: None)
    made = ws.rate(SEVERITY_NAMES[parsed.action], why=parsed.why, **criteria)
    word = show.SEVERITY_WORDS[made.severity]
    text = f"rated {made.suspects:,} suspects ({made.flows:,} flows) {word}; take it back with: flowsleuth rate undo"
    return _told(dataclasses.asdict(made), parsed, f"{text} {made.rating_id}{_where(parsed)}")


def _where(parsed: argparse.Namespace) -> str:
    return "" if parsed.workspace == "." else f" -w {parsed.workspace}"


def _reset(ws: Workspace, parsed: argparse.Namespace) -> int:
    if parsed.which is None:
        what = "DAY" if parsed.action == "reset" else "RESET_ID"
        raise OptionError("is missing", where=what, hint=f"flowsleuth rate {parsed.action} {what}")
    if parsed.action == "restore":
        holds = ws.restore_day(_number(parsed.which))
        return _told({"ratings": holds}, parsed, f"{holds:,} ratings hold again")
    _sure(parsed, f"Take back all ratings of {parsed.which}?")
    reset_id = ws.reset_day(parsed.which, parsed.detector)
    text = f"the ratings of {parsed.which} are taken back; bring them back with: flowsleuth rate restore {reset_id}"
    return _told({"reset_id": reset_id}, parsed, text + _where(parsed))


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise OptionError("not a number", where=text[:100]) from None


def rules(parsed: argparse.Namespace) -> int:
    """``flowsleuth rules``."""
    with _open(parsed) as ws:
        if parsed.action == "list":
            return _give(ws.rules().table, parsed, show.show_rules)
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
            return _give(found.rows.table, parsed, lambda _: None)
        rule_id = ws.add_rule(rule)
        text = f"rule {rule_id} is kept; it is applied after each score, and now by: flowsleuth rules apply"
        return _told({"rule_id": rule_id}, parsed, text + _where(parsed))


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
    number = _number(parsed.which)
    _sure(parsed, f"Remove rule {number} and take back what it rated?")
    undone = ws.remove_rule(number)
    return _told({"ratings": undone}, parsed, f"rule {number} is removed; {undone:,} of its ratings are taken back")


def _apply(ws: Workspace, parsed: argparse.Namespace) -> int:
    reports = ws.apply_rules(parsed.date)
    problems = [report for report in reports if report.problem]
    for report in problems:
        print(f"flowsleuth: rule {printable_text(report.name)}: {printable_text(report.problem)}", file=sys.stderr)
    if parsed.format == "json":
        print_json([dataclasses.asdict(report) for report in reports])
    else:
        for report in reports:
            word = show.SEVERITY_WORDS[report.severity]
            what = f"{report.suspects:,} suspects ({report.flows:,} flows) newly rated {word}"
            print(f"{printable_text(report.name)}: {what}")
        if not reports:
            print("there are no rules")
    return 1 if problems else 0


def suppress(parsed: argparse.Namespace) -> int:
    """``flowsleuth suppress``."""
    with _open(parsed) as ws:
        if parsed.kind == "list":
            return _give(ws.suppressions(every=parsed.all).table, parsed, show.show_suppressions)
        if parsed.value is None:
            raise OptionError("is missing", where="VALUE", hint="flowsleuth suppress KIND VALUE --reason TEXT")
        if parsed.kind == "lift":
            number = _number(parsed.value)
            ws.lift(number)
            return _told({"suppression_id": number, "lifted": True}, parsed, f"suppression {number} is lifted")
        found = ws.preview_suppression(parsed.kind, parsed.value, detector=parsed.detector)
        if parsed.dry_run:
            if parsed.format == "table":
                show.show_preview(found, "would hide")
                return 0
            return _give(found.rows.table, parsed, lambda _: None)
        until = parsed.until and parse_time(parsed.until, ws.settings.tz)
        made = ws.suppress(
            parsed.kind, parsed.value, reason=parsed.reason, until=until, days=parsed.days, detector=parsed.detector
        )
    text = (
        f"{made.kind} {made.value} hides {found.suspects:,} suspects ({found.flows:,} flows); show them again with: "
        f"flowsleuth suppress lift {made.suppression_id}{_where(parsed)}"
    )
    return _told(dataclasses.asdict(made) | {"suspects": found.suspects, "flows": found.flows}, parsed, text)


def heuristics(parsed: argparse.Namespace) -> int:
    """``flowsleuth heuristics``."""
    with _open(parsed) as ws:
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

    return _give(pa.Table.from_pylist([dataclasses.asdict(one) for one in found]), parsed, lambda _: None)


def labels(parsed: argparse.Namespace) -> int:
    """``flowsleuth labels``."""
    with _open(parsed) as ws:
        if parsed.action == "export":
            form = "csv" if parsed.format == "table" else parsed.format
            rows = write_tables(iter([ws.labels(every=parsed.all).table]), form, parsed.output)
            if parsed.output:
                print(f"{rows:,} labels in {parsed.output}", file=sys.stderr)
            return 0
        if parsed.file is None:
            raise OptionError("is missing", where="FILE", hint="flowsleuth labels import FILE")
        done = ws.import_labels(parsed.file)
    text = f"{done['new']:,} new labels of {done['labels']:,} in the file, in {done['ratings']:,} ratings"
    return _told(done, parsed, text)


def audit(parsed: argparse.Namespace) -> int:
    """``flowsleuth audit``."""
    with _open(parsed) as ws:
        return _give(ws.audit(None if parsed.all else parsed.limit).table, parsed, show.show_trail)


ACTIONS = {
    "queue": queue, "rate": rate, "rules": rules, "suppress": suppress, "heuristics": heuristics, "labels": labels,
    "audit": audit,
}  # fmt: skip
"""Verb → what it does."""
