"""What each verb does: one call to the workspace, then show."""

from __future__ import annotations

import dataclasses
import sys
import time
from typing import TYPE_CHECKING, Any

import flowsleuth
from flowsleuth import workspace as workspaces
from flowsleuth.errors import OptionError
from flowsleuth.faces.cli.arguments import parse_assignments, parse_time
from flowsleuth.faces.cli.show import print_json, tell_written, write_tables
from flowsleuth.schema.printable import printable_text
from flowsleuth.settings import DEFAULT_HOME

if TYPE_CHECKING:
    import argparse

    from flowsleuth.workspace.ingest import IngestReport
    from flowsleuth.workspace.scored_day import ScoredDay

SKIPPED_SHOWN = 12
"""Kinds of skipped logs that are listed after an ingest, the largest first; ``info`` lists all."""


def _open(parsed: argparse.Namespace) -> workspaces.Workspace:
    return flowsleuth.open(parsed.workspace, engine=parsed.engine)


def init(parsed: argparse.Namespace) -> int:
    """``flowsleuth init``."""
    folder = workspaces.init(parsed.folder, home=parsed.home or DEFAULT_HOME, tz=parsed.tz, engine=parsed.engine)
    print(f"{folder} is ready; next: flowsleuth ingest LOGS... -w {folder}")
    return 0


def ingest(parsed: argparse.Namespace) -> int:
    """``flowsleuth ingest``."""
    from flowsleuth.faces.cli.memory import keep_freed_memory
    from flowsleuth.faces.cli.progress import progress_bar
    from flowsleuth.faces.cli.stitch_verbs import tell_stitched

    keep_freed_memory()
    options = parse_assignments(parsed.option)
    if parsed.mapping:
        options["mapping"] = parsed.mapping
    began = time.perf_counter()
    with _open(parsed) as ws, progress_bar(quiet=parsed.quiet) as progress:
        report = ws.ingest(
            *parsed.logs,
            reader=parsed.reader,
            options=options or None,
            strict=parsed.strict,
            tz=parsed.tz,
            progress=progress,
        )
        stitched = ws.stitch() if parsed.stitch else None
    for error in report.failed:
        print(f"flowsleuth: {printable_text(error)}", file=sys.stderr)
    if not parsed.quiet:
        _tell_ingest(report, time.perf_counter() - began, parsed.workspace)
        if stitched is not None:
            tell_stitched(stitched)
    return 1 if report.failed else 0


def _tell_ingest(report: IngestReport, seconds: float, folder: str) -> None:
    rows = sum(report.rows.values())
    what = ", ".join(f"{count:,} {name}" for name, count in report.rows.items()) or "nothing new"
    print(f"{what} from {report.files:,} files in {seconds:.1f} s ({rows / max(seconds, 1e-9):,.0f} rows/s)")
    if report.unchanged:
        print(f"{report.unchanged:,} files had nothing new")
    if report.rejects:
        print(f"{report.rejects:,} records rejected; by reason: flowsleuth info -w {folder}")
    most = sorted(report.skipped, key=lambda one: -(one.records or 0))
    for skipped in most[:SKIPPED_SHOWN]:
        count = "" if skipped.records is None else f", {skipped.records:,} records"
        print(f"skipped {printable_text(skipped.file)} [{printable_text(skipped.kind)}{count}]: {skipped.reason}")
    if rest := most[SKIPPED_SHOWN:]:
        records = sum(one.records or 0 for one in rest)
        print(f"… {len(rest)} more kinds skipped, {records:,} records: flowsleuth info -w {folder}")


def info(parsed: argparse.Namespace) -> int:
    """``flowsleuth info``."""
    from flowsleuth.faces.cli.show_info import show_info

    with _open(parsed) as ws:
        facts = ws.info()
    if parsed.format == "json":
        print_json(facts)
    else:
        show_info(facts)
    return 0


def score(parsed: argparse.Namespace) -> int:
    """``flowsleuth score``."""
    from flowsleuth.faces.cli.memory import keep_freed_memory

    keep_freed_memory()
    options: dict[str, dict[str, Any]] = {}
    if parsed.option:
        if len(parsed.detectors) != 1:
            raise OptionError(
                "options are for one detector", where="--option", hint="name it: flowsleuth score DETECTOR"
            )
        from flowsleuth.workspace.offers import typed_detector_options

        name = parsed.detectors[0]
        options[name] = typed_detector_options(name, parse_assignments(parsed.option))
    began = time.perf_counter()
    with _open(parsed) as ws:
        start, end = (None if t is None else parse_time(t, ws.settings.tz) for t in (parsed.start, parsed.end))
        done = ws.score(*parsed.detectors, start=start, end=end, options=options, again=parsed.again)
    if not parsed.quiet:
        _tell_score(done, time.perf_counter() - began, parsed.workspace)
    return 0


def _tell_score(done: list[ScoredDay], seconds: float, folder: str) -> None:
    for day in done:
        state = "" if day.is_new else ", was up to date"
        where = "in" if day.unit == "groups" else "with"
        unit = day.unit if day.suspects != 1 else day.unit.removesuffix("s")
        print(f"{day.detector} {day.date}: {day.flows:,} flows {where} {day.suspects:,} {unit}{state}")
    print(f"{seconds:.1f} s; next: flowsleuth suspects -w {folder}, or --by host")


def suspects(parsed: argparse.Namespace) -> int:
    """``flowsleuth suspects``."""
    from flowsleuth.faces.cli.show_suspects import show_suspects

    top = None if parsed.all else parsed.top
    if parsed.format == "parquet" and parsed.output is None:
        raise OptionError("Parquet goes to a file", where="--format parquet", hint="give --output FILE")
    if parsed.by in ("host", "pair"):
        from flowsleuth.faces.cli.lead_verbs import leads

        return leads(parsed, top)
    with _open(parsed) as ws:
        tables = ws.iter_suspects(top, by=parsed.by, ip=parsed.ip, detector=parsed.detector)
        if parsed.format != "table":
            rows = write_tables(tables, parsed.format, parsed.output)
            tell_written(rows, parsed)
            return 0
        shown = 0
        for table in tables:
            show_suspects(table.to_pylist(), by_group=parsed.by == "group")
            shown += len(table)
    if shown:
        print(f"\nwhy in full, with the raw line: flowsleuth explain -w {parsed.workspace} FLOW_ID")
    else:
        print(f"no suspects; scores are made by: flowsleuth score -w {parsed.workspace}", file=sys.stderr)
    return 0


def explain(parsed: argparse.Namespace) -> int:
    """``flowsleuth explain``."""
    from flowsleuth.faces.cli.lead_verbs import explain_lead
    from flowsleuth.faces.cli.show_explain import show_explanation

    with _open(parsed) as ws:
        if explain_lead(ws, parsed):
            return 0
        found = ws.explain(parsed.id)
    if parsed.format == "json":
        value = dataclasses.asdict(dataclasses.replace(found, around=None))
        print_json(value | {"around": found.around.table.to_pylist() if found.around else []})
    else:
        show_explanation(found)
    return 0


def readers(parsed: argparse.Namespace) -> int:
    """``flowsleuth readers``."""
    from flowsleuth.faces.cli.declared import show_declared
    from flowsleuth.workspace.offers import offered_readers

    show_declared(offered_readers(), parsed.format)
    return 0


def detectors(parsed: argparse.Namespace) -> int:
    """``flowsleuth detectors``."""
    from flowsleuth.faces.cli.declared import show_declared
    from flowsleuth.workspace.offers import offered_detectors

    show_declared(offered_detectors(), parsed.format)
    return 0
