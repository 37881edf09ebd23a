"""``flowsleuth suspects`` on a terminal: a line of facts, and under it the reason."""

from __future__ import annotations

import textwrap
from typing import Any

from flowsleuth.faces.cli.show import console, endpoint, human_bytes, rows_of_words
from flowsleuth.schema.printable import printable_text

INDENT = 6
NARROW = 60


def show_suspects(rows: list[dict[str, Any]], *, by_group: bool) -> None:
    """Print suspects in order of rank."""
    page = console()
    head = ("rank", "score", "flows", "first seen (UTC)", "source", "destination", "", "bytes out/in", "flow_id")
    lines = [[printable_text(cell) for cell in _cells(row, by_group=by_group)] for row in rows]
    title, *texts = rows_of_words([head, *lines], right=(0, 1, 2))
    page.print(title, style="bold", soft_wrap=True)
    for text, row in zip(texts, rows, strict=True):
        page.print(text, soft_wrap=True)
        width = max(page.width - INDENT, NARROW)
        for part in textwrap.wrap(printable_text(row["reason"]), width) or [""]:
            page.print(" " * INDENT + part, soft_wrap=True)


def _cells(row: dict[str, Any], *, by_group: bool) -> tuple[object, ...]:
    first = row["first_seen"] if by_group else row["start"]
    flows = row["flows"] if by_group else 1
    name = f" ({row['server_name']})" if row["server_name"] and row["server_name"] != row["dst_ip"] else ""
    proto = row["proto"] or ""
    if row["icmp_type"] is not None:
        proto += f" {row['icmp_type']}/{'' if row['icmp_code'] is None else row['icmp_code']}"
    return (
        row["rank"],
        f"{row['score']:.6f}",
        f"{flows:,}",
        first.strftime("%Y-%m-%d %H:%M:%S"),
        endpoint(row["src_ip"], None if flows > 1 else row["src_port"]),
        f"{endpoint(row['dst_ip'], row['dst_port'])}{name}",
        proto,
        f"{human_bytes(row['src_bytes'])}/{human_bytes(row['dst_bytes'])}",
        row["flow_id"],
    )
