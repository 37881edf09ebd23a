"""What ``lookup`` and ``intel`` do: one call to the workspace, then show."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import flowsleuth
from flowsleuth.faces.cli.show import print_json, print_table, write_tables

if TYPE_CHECKING:
    import argparse

    import pyarrow as pa

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
    return _give(found, parsed, _show_lookup)


def _give(table: pa.Table, parsed: argparse.Namespace, on_terminal: Callable[[list[dict[str, Any]]], None]) -> int:
    if parsed.format == "table" and parsed.output is None:
        on_terminal(table.to_pylist())
        return 0
    form = "csv" if parsed.format == "table" else parsed.format
    rows = write_tables(iter([table]), form, parsed.output)
    if parsed.output:
        print(f"{rows:,} rows in {parsed.output}", file=sys.stderr)
    return 0


def _show_lookup(rows: list[dict[str, Any]]) -> None:
    """The most severe first; what was not answered last."""
    from flowsleuth.enrich.intel.severity import SEVERITIES

    rows = sorted(rows, key=lambda row: (-SEVERITIES.index(row["Severity"]), row["Status"] != 0))
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


INTEL: dict[str, Callable[[argparse.Namespace], int]] = {"providers": _providers}
ACTIONS: dict[str, Callable[[argparse.Namespace], int]] = {"lookup": lookup, "intel": intel}
