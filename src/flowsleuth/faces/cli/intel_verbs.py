"""What ``lookup`` and ``intel`` do: one call to the workspace, then show."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import flowsleuth
from flowsleuth.faces.cli.show import give, print_json, print_table
from flowsleuth.schema.printable import printable_text

if TYPE_CHECKING:
    import argparse

    import pyarrow as pa

    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.feeds import FeedReport

WIDEST = 100
STATUS_WORDS = {
    0: "answered", 1: "not its type", 2: "refused", 3: "failed", 4: "nothing known", 5: "not asked", 10: "no verdict",
}  # fmt: skip


def lookup(parsed: argparse.Namespace) -> int:
    """``flowsleuth lookup``."""
    texts: list[str] = []
    for given in parsed.observables:
        texts += [line.strip() for line in sys.stdin if line.strip()] if given == "-" else [given]
    asked: dict[str, Any] = {
        "providers": parsed.provider, "types": parsed.type, "scope": parsed.scope, "offline": parsed.offline,
    }  # fmt: skip
    with _progress(parsed.quiet) as tell:
        if parsed.workspace is None:
            from flowsleuth.workspace.lookups import look_up, user_cache

            found = look_up(texts, {}, user_cache(), tell=tell, **asked)
        else:
            with flowsleuth.open(parsed.workspace, engine=parsed.engine) as ws:
                found = ws.lookup(texts, progress=tell, **asked).table
    return give(found, parsed, _show_lookup)


def _show_lookup(table: pa.Table) -> None:
    """The most severe first; what was not answered last."""
    from flowsleuth.enrich.intel.severity import SEVERITIES

    rows = sorted(table.to_pylist(), key=lambda row: (-SEVERITIES.index(row["Severity"]), row["Status"] != 0))
    shown = [
        (
            row["SafeIoc"] or row["Ioc"],
            row["Provider"] or "",
            row["Severity"] if row["Status"] == 0 else "",
            _status(row["Status"]) + (" (cache)" if row["from_cache"] else ""),
            _short(row["Details"]),
        )
        for row in rows
    ]
    print_table(shown, ("observable", "provider", "severity", "status", "details"), wrap=("details",))


def _status(status: int) -> str:
    return STATUS_WORDS.get(status, f"HTTP {status}")


def _short(details: str) -> str:
    """Details in a line: ``malicious 5, tags scanner``."""
    told = json.loads(details)
    if set(told) == {"reason"}:
        return str(told["reason"])[:WIDEST]
    parts = []
    for name, value in told.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else value
        text = "; ".join(f"{key} {inner}" for key, inner in text.items()) if isinstance(text, dict) else str(text)
        parts.append(f"{name} {text[:WIDEST]}")
    return "; ".join(parts)


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[Any], None] | None]:
    """Give a function that draws on standard error; None when that is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("lookup", total=None)
        yield lambda told: bar.update(task, completed=told.done, total=told.total, description=told.provider)


def intel(parsed: argparse.Namespace) -> int:
    """``flowsleuth intel``."""
    return INTEL[parsed.action](parsed)


def _providers(parsed: argparse.Namespace) -> int:
    if parsed.workspace is None:
        from flowsleuth.workspace.lookups import offered_providers

        found = offered_providers({})
    else:
        with flowsleuth.open(parsed.workspace) as ws:
            found = ws.intel_providers()
    if parsed.format == "json":
        print_json(found)
        return 0
    rows = [
        (
            one["name"],
            "yes" if one["is_enabled"] and not one["missing"] else "when named" if not one["missing"] else "no",
            one["scope"],
            f"{one['per_minute']:g}",
            ", ".join(one["types"]),
            one["hint"] or one["summary"],
        )
        for one in found
    ]
    columns = ("provider", "asked", "scope", "a minute", "types", "")
    print_table(rows, columns, right=("a minute",), wrap=("types", ""))
    return 0


def _open(parsed: argparse.Namespace) -> Workspace:
    return flowsleuth.open(parsed.workspace, engine=parsed.engine)


def _add(parsed: argparse.Namespace) -> int:
    with _open(parsed) as ws:
        report = ws.intel_add(
            parsed.source, name=parsed.name, severity=parsed.severity, format=parsed.feed_format, url=parsed.url
        )
    return _told([report], parsed)


def _update(parsed: argparse.Namespace) -> int:
    with _open(parsed) as ws:
        reports = ws.intel_update(*parsed.names)
    if not reports and parsed.format == "table":
        print("no feed has an address; give one with: flowsleuth intel add FILE --name NAME --url URL")
    return _told(reports, parsed)


def _told(reports: list[FeedReport], parsed: argparse.Namespace) -> int:
    if parsed.format == "json":
        print_json([dataclasses.asdict(report) for report in reports])
    else:
        for report in reports:
            _tell(report)
    return 1 if any(report.error for report in reports) else 0


def _tell(report: FeedReport) -> None:
    if report.error:
        print(f"flowsleuth: {printable_text(report.name)}: {printable_text(report.error)}", file=sys.stderr)
        return
    types = ", ".join(f"{count:,} {kind}" for kind, count in report.types.items())
    print(f"{report.name}: {report.indicators:,} indicators read as {report.format} ({types})")
    if report.refused:
        print(f"{report.refused:,} rows are none:")
        for reason, count in list(report.reasons.items())[:5]:
            print(f"  {count:,} x {printable_text(reason)}")


def _list(parsed: argparse.Namespace) -> int:
    with _open(parsed) as ws:
        found = ws.intel_feeds().table
    return give(found, parsed, _show_feeds)


def _show_feeds(table: pa.Table) -> None:
    if not len(table):
        print("no feeds; add one with: flowsleuth intel add FILE --name NAME", file=sys.stderr)
        return
    shown = [
        (
            row["feed"], f"{row['indicators']:,}", f"{row['high']:,}", f"{row['warning']:,}", row["format"],
            f"{row['as_of']:%Y-%m-%d %H:%M}", row["url"] or row["file"],
        )
        for row in table.to_pylist()
    ]  # fmt: skip
    columns = ("feed", "indicators", "high", "warning", "format", "as of (UTC)", "from")
    print_table(shown, columns, right=("indicators", "high", "warning"), wrap=("from",))


def _match(parsed: argparse.Namespace) -> int:
    with _open(parsed) as ws:
        found = ws.intel_match(parsed.table, by=parsed.by, dates=parsed.date).table
    if parsed.top is not None:
        found = found.slice(0, parsed.top)
    return give(found, parsed, _show_values if parsed.by == "value" else _show_rows)


def _show_values(table: pa.Table) -> None:
    shown = [
        (
            row["value"], row["column"], f"{row['rows']:,}", _time(row["first_seen"]), _time(row["last_seen"]),
            row["feed"], row["severity"], row["indicator"], _what(row), row["row_id"],
        )
        for row in table.to_pylist()
    ]  # fmt: skip
    columns = ("value", "column", "rows", "first seen", "last seen", "feed", "severity", "meets", "what", "one of them")
    _show(shown, columns, ("rows",))


def _show_rows(table: pa.Table) -> None:
    shown = [
        (
            row["row_id"], _time(row["start"]), row["column"], row["value"], row["feed"], row["severity"],
            row["indicator"], _what(row),
        )
        for row in table.to_pylist()
    ]  # fmt: skip
    _show(shown, ("row id", "start", "column", "value", "feed", "severity", "meets", "what"), ())


def _show(shown: list[Any], columns: tuple[str, ...], right: tuple[str, ...]) -> None:
    if not shown:
        print("no row meets an indicator", file=sys.stderr)
        return
    print_table(shown, columns, right=right, wrap=("what", "meets", "value"))


def _time(moment: Any) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"


def _what(row: dict[str, Any]) -> str:
    return "; ".join(text[:WIDEST] for text in (row["threat"], row["description"]) if text)


def _remove(parsed: argparse.Namespace) -> int:
    with _open(parsed) as ws:
        count = ws.intel_remove(parsed.name)
    print(f"{printable_text(parsed.name)}: {count:,} indicators removed")
    return 0


INTEL: dict[str, Callable[[argparse.Namespace], int]] = {
    "providers": _providers, "add": _add, "list": _list, "update": _update, "match": _match, "remove": _remove,
}  # fmt: skip
