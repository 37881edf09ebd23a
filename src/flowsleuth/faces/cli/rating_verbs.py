"""What ``queue``, ``rate``, ``labels`` and ``audit`` do: suspects, and what people say of them."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.faces.cli import show_queue as show
from flowsleuth.faces.cli.arguments import parse_time
from flowsleuth.faces.cli.show import SEVERITY_WORDS, give, print_json, write_tables
from flowsleuth.faces.cli.triage_arguments import SEVERITY_NAMES
from flowsleuth.faces.cli.triage_talk import make_sure, number_of, open_case, option_of, tell

if TYPE_CHECKING:
    import argparse

    from flowsleuth.triage.filters import QueueFilter
    from flowsleuth.workspace import Workspace

CRITERIA = ("src_ip", "dst_ip", "src_port", "dst_port", "ip")


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
    with open_case(parsed) as ws:
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
        return give(page.rows.table, parsed)
    show.show_page(page)
    if not page.dates:
        print(f"nothing was scored; scores are made by: flowsleuth score -w {parsed.workspace}", file=sys.stderr)
    return 0


def rate(parsed: argparse.Namespace) -> int:
    """``flowsleuth rate``."""
    with open_case(parsed) as ws:
        if parsed.action == "list":
            return give(ws.ratings("all" if parsed.all else "live", parsed.limit).table, parsed, show.show_ratings)
        if parsed.action == "undo":
            done = ws.undo(None if parsed.which is None else number_of(parsed.which))
            return tell({"rating_id": done, "undone": True}, parsed, f"rating {done} was taken back")
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
    criteria |= {"leads": parsed.lead, "by": parsed.by, "name": parsed.name}
    what = "leads" if parsed.lead or parsed.by else "suspects"
    if parsed.unrated:
        criteria["filter"] = QueueFilter()
    if parsed.dry_run:
        found = ws.preview(**criteria)
        if parsed.format == "table":
            show.show_preview(found, "would rate", what)
            return 0
        return give(found.rows.table, parsed)
    made = ws.rate(SEVERITY_NAMES[parsed.action], why=parsed.why, **criteria)
    word = SEVERITY_WORDS[made.severity]
    text = f"rated {made.suspects:,} {what} ({made.flows:,} flows) {word}; take it back with: flowsleuth rate undo"
    return tell(dataclasses.asdict(made), parsed, f"{text} {made.rating_id}{option_of(parsed)}")


def _reset(ws: Workspace, parsed: argparse.Namespace) -> int:
    if parsed.which is None:
        what = "DAY" if parsed.action == "reset" else "RESET_ID"
        raise OptionError("is missing", where=what, hint=f"flowsleuth rate {parsed.action} {what}")
    if parsed.action == "restore":
        holds = ws.restore_day(number_of(parsed.which))
        return tell({"ratings": holds}, parsed, f"{holds:,} ratings hold again")
    make_sure(parsed, f"Take back all ratings of {parsed.which}?")
    reset_id = ws.reset_day(parsed.which, parsed.detector)
    text = f"the ratings of {parsed.which} are taken back; bring them back with: flowsleuth rate restore {reset_id}"
    return tell({"reset_id": reset_id}, parsed, text + option_of(parsed))


def labels(parsed: argparse.Namespace) -> int:
    """``flowsleuth labels``."""
    with open_case(parsed) as ws:
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
    return tell(done, parsed, text)


def audit(parsed: argparse.Namespace) -> int:
    """``flowsleuth audit``."""
    with open_case(parsed) as ws:
        return give(ws.audit(None if parsed.all else parsed.limit).table, parsed, show.show_trail)
