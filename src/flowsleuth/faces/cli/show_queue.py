"""The queue and what belongs to it on a terminal."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

from flowsleuth.faces.cli.show import SEVERITY_WORDS, console, endpoint, human_bytes, print_table
from flowsleuth.faces.cli.show_leads import show_leads
from flowsleuth.schema.printable import printable_text

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.workspace.queue import QueuePage
    from flowsleuth.workspace.rating import Preview

INDENT = 6
NARROW = 60
_HEAD = (
    "rank",
    "score",
    "flows",
    "rated",
    "first seen (UTC)",
    "source",
    "destination",
    "",
    "bytes out/in",
    "suspect_id",
)
_RIGHT = ("rank", "score", "flows", "bytes out/in")


def show_page(page: QueuePage) -> None:
    """Print a page: a line of facts and under it the reason, then what there is besides."""
    rows = page.rows.table.to_pylist()
    _lines(rows)
    counts = page.counts
    last = max(1, -(-page.total // page.size))
    print(
        f"\npage {page.page} of {last}: {page.total:,} suspects; {counts['unrated']:,} unrated, "
        f"{counts['rated']:,} rated, {counts['suppressed']:,} suppressed; detector {page.detector}"
    )


def _lines(rows: list[dict[str, Any]]) -> None:
    out = console()
    cells = [[printable_text(cell) for cell in _cells(row)] for row in rows]
    widths = [max(len(line[at]) for line in [list(_HEAD), *cells]) for at in range(len(_HEAD))]
    out.print(_line(list(_HEAD), widths), style="bold", soft_wrap=True)
    width = max(out.width - INDENT, NARROW)
    for line, row in zip(cells, rows, strict=True):
        out.print(_line(line, widths), soft_wrap=True)
        for part in _says(row, width):
            out.print(" " * INDENT + part, soft_wrap=True)


def _says(row: dict[str, Any], width: int) -> list[str]:
    said = textwrap.wrap(printable_text(row["reason"]), width)
    if row.get("moved_why"):
        places = f"{row['moved']:+d} places" if row["moved"] else "same place"
        said += textwrap.wrap(printable_text(f"[{places}: {row['moved_why']}]"), width)
    return said


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    name = f" ({row['server_name']})" if row["server_name"] and row["server_name"] != row["dst_ip"] else ""
    src = _many(row["src_ips"], "sources") or endpoint(
        row["src_ip"], row["src_port"] if row["src_ports"] <= 1 else None
    )
    port = row["dst_port"] if row["dst_ports"] <= 1 else None
    dst = _many(row["dst_ips"], "addresses", port) or f"{endpoint(row['dst_ip'], port)}{name}"
    if row["dst_ports"] > 1:
        dst += f" on {row['dst_ports']:,} ports"
    rated = SEVERITY_WORDS[row["severity"]] + (" (hidden)" if row["is_suppressed"] else "")
    return (
        row["rank"], f"{row['score']:.6f}", f"{row['flows']:,}", rated, row["first_seen"].strftime("%Y-%m-%d %H:%M:%S"),
        src, dst, row["proto"] or "", f"{human_bytes(row['group_src_bytes'])}/{human_bytes(row['group_dst_bytes'])}",
        row["suspect_id"],
    )  # fmt: skip


def _many(count: int, what: str, port: int | None = None) -> str:
    on = "" if port is None else f" port {port}"
    return f"{count:,} {what}{on}" if count > 1 else ""


def _line(cells: list[str], widths: list[int]) -> str:
    padded = [
        cell.rjust(width) if name in _RIGHT else cell.ljust(width)
        for name, cell, width in zip(_HEAD, cells, widths, strict=True)
    ]
    return "  ".join(padded).rstrip()


def show_values(lists: dict[str, list[Any]], size: int) -> None:
    """Print the lists that narrow one another."""
    for name, values in lists.items():
        print(f"{name}: {len(values):,}{'' if len(values) <= size else f', the first {size:,}'}")
        for value, count in values[:size]:
            print(f"  {count:>8,}  {printable_text(value)}")


def show_preview(preview: Preview, doing: str, what: str = "suspects") -> None:
    """Print what an act would match: suspects, or leads."""
    much = f"{preview.suspects:,} {what} ({preview.flows:,} flows)"
    print(f"{doing} {much}; {preview.rated:,} of them are rated already")
    rows = preview.rows.table.to_pylist()
    show_rows = show_leads if what == "leads" else _flows
    show_rows(rows)
    if preview.suspects > len(rows):
        print(f"… and {preview.suspects - len(rows):,} more")


def _flows(rows: list[dict[str, Any]]) -> None:
    shown = []
    for row in rows:
        is_flow = row.get("reason") is None
        dst = endpoint(row["dst_ip"], row["dst_port"])
        if not is_flow and row["dst_ips"] > 1:
            dst = f"{row['dst_ips']:,} addresses"
        what = f"flow {row['flow_id']}" if is_flow else f"suspect {row['suspect_id']}"
        src = row["src_ip"] if not is_flow and row["src_ports"] > 1 else endpoint(row["src_ip"], row["src_port"])
        shown.append((what, f"{row['score']:.6f}", f"{row['flows']:,}", src, dst, row["proto"] or ""))
    if shown:
        print_table(shown, ("what", "score", "flows", "source", "destination", ""), right=("score", "flows"))


def show_ratings(table: pa.Table) -> None:
    """Print ratings."""
    columns = ("id", "made (UTC)", "analyst", "severity", "suspects", "flows", "criteria", "comment", "taken back")
    lines = [
        (
            row["rating_id"], f"{row['made']:%Y-%m-%d %H:%M:%S}", row["analyst"], SEVERITY_WORDS[row["severity"]],
            f"{row['suspects']:,}", f"{row['flows']:,}", in_words(json.loads(row["criteria"])), row["comment"] or "",
            f"{row['undone']:%Y-%m-%d %H:%M} by {row['undone_by']}" if row["undone"] else "",
        )
        for row in table.to_pylist()
    ]  # fmt: skip
    print_table(lines, columns, right=("id", "suspects", "flows"), wrap=("criteria", "comment"))


def in_words(criteria: dict[str, Any]) -> str:
    """Criteria as one text.

    Examples
    --------
    >>> in_words({"src_ip": "10.0.0.5", "suspects": [1, 2]})
    'src_ip 10.0.0.5, 2 suspects'
    """
    found = []
    for name, value in criteria.items():
        if name == "filter":
            found.append("filter " + in_words(value))
        else:
            found.append(f"{len(value):,} {name}" if isinstance(value, list) else f"{name} {value}")
    return ", ".join(found)


def show_rules(table: pa.Table) -> None:
    """Print rules with what they matched and when."""
    columns = ("id", "name", "severity", "where", "from", "matched", "last match (UTC)", "last run (UTC)")
    lines = []
    for row in table.to_pylist():
        conditions = json.loads(row["conditions"])
        where = " and ".join(f"{c['field']} {c['operator']} {_value(c['value'])}" for c in conditions)
        times = (f"{row[name]:%Y-%m-%d %H:%M}" if row[name] else "never" for name in ("last_match", "last_run"))
        name = row["name"] if row["is_enabled"] else f"{row['name']} (off)"
        number = "" if row["rule_id"] is None else row["rule_id"]
        severity = SEVERITY_WORDS[row["severity"]]
        lines.append((number, name, severity, where, row["origin"], f"{row['matched']:,}", *times))
    print_table(lines, columns, right=("id", "matched"), wrap=("name", "where"))


def _value(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def show_suppressions(table: pa.Table) -> None:
    """Print suppressions."""
    columns = ("id", "kind", "value", "in", "until (UTC)", "by", "reason", "state")
    lines = []
    for row in table.to_pylist():
        until = f"{row['until']:%Y-%m-%d %H:%M}" if row["until"] else "for good"
        state = "in force" if row["in_force"] else "lifted" if row["lifted"] else "ended"
        where = row["detector"] or "all"
        number = row["suppression_id"]
        lines.append((number, row["kind"], row["value"], where, until, row["analyst"], row["reason"], state))
    print_table(lines, columns, right=("id",), wrap=("value", "reason"))


def show_trail(table: pa.Table) -> None:
    """Print the trail of deeds."""
    lines = [
        (
            row["audit_id"], f"{row['at']:%Y-%m-%d %H:%M:%S}", row["analyst"], row["verb"],
            f"{row['object']} {row['object_id'] or ''}", row["detail"] or "",
        )
        for row in table.to_pylist()
    ]  # fmt: skip
    print_table(lines, ("id", "at (UTC)", "analyst", "deed", "object", "detail"), right=("id",), wrap=("detail",))
