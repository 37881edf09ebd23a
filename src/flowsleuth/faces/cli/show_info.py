"""``flowsleuth info`` on a terminal."""

from __future__ import annotations

from typing import Any

from flowsleuth.faces.cli.show import print_table
from flowsleuth.schema.printable import printable_text

SHOWN = 40


def show_info(facts: dict[str, Any]) -> None:
    """Print what is stored."""
    if not facts["sources"] and not facts["skipped"]:
        print(f"{facts['workspace']} is empty; next: flowsleuth ingest LOGS... -w {facts['workspace']}")
        return
    tables = [(name, f"{t['rows']:,}", t["first"], t["last"]) for name, t in facts["tables"].items()]
    print_table(tables, ["table", "rows", "first (UTC)", "last (UTC)"], right=("rows",))
    _show_minutes(facts)
    _show_rejects(facts["rejects"])
    _show_sources(facts["sources"])
    if facts["sensors"] and facts["sensors"] != [{"sensor": None, "rows": facts["sensors"][0]["rows"]}]:
        print()
        sensors = [(s["sensor"] or "(not named)", f"{s['rows']:,}") for s in facts["sensors"]]
        print_table(sensors, ["sensor", "flows"], right=("flows",))
    if facts["skipped"]:
        print()
        skipped = [(s["file"], s["kind"], s["records"], s["reason"]) for s in facts["skipped"]]
        print_table(skipped, ["skipped", "kind", "records", "why"], right=("records",), wrap=("skipped", "why"))
    if facts["scores"]:
        print()
        scores = [(s["detector"], s["date"], f"{s['flows']:,}", f"{s['suspects']:,}") for s in facts["scores"][-SHOWN:]]
        print_table(scores, ["scored by", "day", "flows", "groups"], right=("flows", "groups"))


def _show_minutes(facts: dict[str, Any]) -> None:
    minutes = facts["rows_per_minute"]
    if not minutes:
        return
    print(
        f"\nflows per minute: mean {minutes['mean']:,.1f}, peak {minutes['peak']:,} at {minutes['peak_at'][:16]}Z, "
        f"{minutes['minutes_with_rows']:,} of {minutes['minutes']:,} minutes have flows"
    )
    for gap in facts["gaps"][:SHOWN]:
        print(f"  gap: {gap['from'][:16]}Z to {gap['to'][:16]}Z, {gap['minutes']:,} minutes without a flow")
    if facts["gaps_total"] > len(facts["gaps"][:SHOWN]):
        print(f"  … {facts['gaps_total']:,} gaps in all")


def _show_rejects(rejects: dict[str, Any]) -> None:
    if rejects["rows"]:
        print(f"\n{rejects['rows']:,} records rejected:")
        for reason, count in rejects["by_reason"].items():
            print(f"  {count:,} × {printable_text(reason)}")


def _show_sources(sources: list[dict[str, Any]]) -> None:
    print()
    lines = [
        (
            s["file"],
            s["reader"],
            s["kind"],
            f"{s['records']:,}",
            f"{s['rows']:,}",
            f"{s['rejects']:,}",
            s["is_complete"],
        )
        for s in sources[:SHOWN]
    ]
    columns = ["source", "reader", "kind", "records", "rows", "rejects", "complete"]
    print_table(lines, columns, right=("records", "rows", "rejects"), wrap=("source",))
    if len(sources) > SHOWN:
        print(f"… {len(sources):,} sources in all; --format json lists them")
