"""What the workspace says about the host besides its flows: suspects, ratings of analysts, stories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.decided import ratings_of, stories_of, suspects_of
from flowsleuth.notebooklets.step import SkipStep

if TYPE_CHECKING:
    from flowsleuth.notebooklets.run import Run

SUSPECT = (
    "score", "reason", "flows", "first_seen", "last_seen", "src_ip", "dst_ip", "dst_port", "proto", "service",
    "server_name", "src_bytes", "dst_bytes", "detector", "flow_id", "source_file", "source_row",
)  # fmt: skip
RATING = (
    "severity", "comment", "analyst", "made", "flows", "start", "src_ip", "dst_ip", "dst_port", "proto",
    "server_name", "score", "detector", "suspect_id", "flow_id",
)  # fmt: skip


def _addresses(run: Run) -> list[str]:
    addresses: list[str] = run["host_addresses"]["address"].to_pylist()
    return addresses


def read_suspects(run: Run) -> dict[str, Any]:
    """Suspects of the window that the host has a part in, the strongest first."""
    if not any(part.rows for part in run.ws.store.catalog.parts("suspect")):
        raise SkipStep("nothing was scored")
    found = suspects_of(run, _addresses(run), run.parameters.top)
    if not len(found):
        return {"suspects": Found(absent="none of the suspects of this window has it")}
    return {"suspects": found.select([name for name in SUSPECT if name in found.column_names])}


def read_ratings(run: Run) -> dict[str, Any]:
    """Ratings that hold, of flows of the host."""
    if not run.ws.has_case:
        return {"ratings": Found(absent="nothing was rated in this workspace")}
    found = ratings_of(run, _addresses(run))
    return {"ratings": found.select(list(RATING)) if len(found) else Found(absent="nothing of it was rated")}


def read_stories(run: Run) -> dict[str, Any]:
    """Live stories about the host, or about a network it is in."""
    if not run.ws.has_case:
        return {"stories": Found(absent="there is no story in this workspace")}
    found = stories_of(run, _addresses(run))
    return {"stories": found if len(found) else Found(absent="no story is about it")}
