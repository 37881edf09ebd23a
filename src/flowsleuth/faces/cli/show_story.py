"""Investigations and stories on a terminal."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from flowsleuth.faces.cli.show import console, human_bytes, print_table
from flowsleuth.schema.printable import printable_text
from flowsleuth.viz.canvas import bytes_text, count_text

if TYPE_CHECKING:
    from flowsleuth.workspace.investigation import Investigation
    from flowsleuth.workspace.stories import Story

MARKS = {"inbound": "←", "outbound": "→", "two way": "↔"}
TITLES = {
    "sources_by_connections": "Sources by connections (they opened flows to the target)",
    "destinations_by_connections": "Destinations by connections (the target opened flows to them)",
    "sources_by_bytes": "Sources by bytes",
    "destinations_by_bytes": "Destinations by bytes",
}
_TIME = "%Y-%m-%d %H:%M:%S"


def show_investigation(found: Investigation) -> None:
    """Print totals, peers, the four top lists and what was left out."""
    totals = found.totals
    side = {True: "internal", False: "external", None: "partly internal"}[found.is_internal]
    print(f"{found.target} ({side})")
    if not totals["connections"]:
        print("no flow of it in this window")
        return
    ways = ", ".join(f"{totals[way]:,} {way}" for way in MARKS if totals[way])
    print(
        f"{count_text(totals['connections'], 'connection')} with {count_text(totals['peers'], 'peer')} "
        f"({totals['external_peers']:,} external; {ways}), "
        f"{bytes_text(totals['bytes_out'])} sent, {bytes_text(totals['bytes_in'])} received"
    )
    print(f"{totals['first_seen'].strftime(_TIME)} to {totals['last_seen'].strftime(_TIME)} UTC")
    if totals["within"]:
        print(f"{totals['within']:,} more connections between two addresses of {found.target}")
    print()
    _show_peers(found)
    for kind, title in TITLES.items():
        rows = found.top(kind).table.to_pylist()
        if rows:
            print(f"\n{title}")
            lines = [(r["peer"], f"{r['connections']:,}", human_bytes(r["bytes"]), r["services"]) for r in rows]
            print_table(lines, ["peer", "connections", "bytes", "services"], right=("connections", "bytes"))
    search = found.search.table
    print(f"\nexpanded search: {len(search):,} rows; all of them: --table search --format csv")
    for note in found.notes:
        print(f"note: {printable_text(note)}")


def _show_peers(found: Investigation) -> None:
    top = found.findings.inquiry.top
    rows = found.peers.table.slice(0, top).to_pylist()
    lines = [
        (
            row["peer"],
            f"{MARKS[row['way']]} {row['way']}",
            "internal" if row["is_internal"] else "external",
            _known(row),
            row["services"],
            f"{row['connections']:,}",
            human_bytes(row["bytes_out"]),
            human_bytes(row["bytes_in"]),
            row["first_seen"].strftime(_TIME),
        )
        for row in rows
    ]
    columns = ["peer", "way", "side", "known as", "services", "connections", "sent to", "got from", "first seen (UTC)"]
    print_table(lines, columns, right=("connections", "sent to", "got from"), wrap=("known as", "services"))
    if len(found.peers) > top:
        print(f"… {len(found.peers):,} peers in all; more of them: --top")


def _known(row: dict[str, Any]) -> str:
    words = [row.get(name) for name in ("server_name", "network", "city", "country", "owner", "as_name")]
    return ", ".join(str(word) for word in words if word and word != row["peer"])


def show_stories(rows: list[dict[str, Any]]) -> None:
    """Print the list of stories."""
    lines = [
        (row["story_id"], row["target"], row["title"], _window(row["start"], row["end"]), row["analyst"],
         row["made"].strftime(_TIME))
        for row in rows
    ]  # fmt: skip
    print_table(lines, ["story", "target", "title", "window", "analyst", "saved (UTC)"], wrap=("title",))


def _window(start: Any, end: Any) -> str:
    if start is None and end is None:
        return "all"
    return f"{'' if start is None else start.strftime(_TIME)} … {'' if end is None else end.strftime(_TIME)}"


def show_story(story: Story) -> None:
    """Print a story: its text, what the flows show, and the tree of its progression."""
    from flowsleuth.workspace.stories import sentences

    width = min(console().width, 100)
    print(f"story {story.story_id}: {printable_text(story.title)}")
    print(f"{printable_text(story.target)}, {_window(story.start, story.end)}, {printable_text(story.analyst)}\n")
    for paragraph in story.text.splitlines():
        print(textwrap.fill(printable_text(paragraph), width))
    print()
    for sentence in sentences(story):
        print(textwrap.fill(printable_text(sentence), width, initial_indent="- ", subsequent_indent="  "))
    print()
    nodes = story.dossier["progression"].nodes
    for row in [] if nodes is None else nodes.to_pylist():
        depth = {"target": 0, "way": 1, "network": 2}.get(row["role"])
        if depth is not None:
            size = f"{count_text(row['peers'], 'peer')}, {count_text(row['connections'], 'connection')}"
            size += f", {bytes_text(row['bytes'])}"
            print(f"{'  ' * depth}{printable_text(row['name'])}: {size}")
    for section in story.dossier.sections:
        if section.absent and section.id != "briefing":
            print(f"{section.title}: not shown, {printable_text(section.absent)}")
