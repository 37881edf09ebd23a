"""Threat investigation, as a job; and what the pages show of one address or one minute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response

from flowsleuth.faces.web.answers import records
from flowsleuth.faces.web.asked import Asking
from flowsleuth.faces.web.inputs import SAFE, Address, Day, Input, Inquiry, Moment

if TYPE_CHECKING:
    from flowsleuth.faces.web.jobs import Job
    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.investigation import Investigation

router = APIRouter(prefix="/api", tags=["investigation"])
SHOWN = 2_000
"""Rows of search and peers that an answer holds; how many there are is told."""
MARKS = 20_000
KINDS = ("sources_by_connections", "destinations_by_connections", "sources_by_bytes", "destinations_by_bytes")


class Bins(Input):
    """Range of the ingest summary."""

    start: Moment | None = None
    end: Moment | None = None
    bins: Annotated[int | None, Field(ge=1, le=20_000)] = 1_000


@router.get("/threats")
async def threats(asked: Asking) -> Response:
    """Addresses of suspects that were rated high."""
    return await asked.answer(lambda ws: {"rows": records(ws.threats())})


@router.post("/investigations", status_code=202)
async def investigate(asked: Asking, inquiry: Inquiry) -> Response:
    """Begin an investigation; ask for the job until it is done."""

    def work(ws: Workspace, job: Job) -> Any:
        job.tell(f"searching the flows of {inquiry.target}")
        found = ws.investigate(inquiry.target, start=inquiry.start, end=inquiry.end, top=inquiry.top)
        job.tell("putting the evidence together", 0.9)
        return _told(found)

    return asked.start("investigation", work)


def _told(found: Investigation) -> dict[str, Any]:
    """What the page shows of an investigation."""
    from flowsleuth.viz import figures

    return {
        "target": found.target,
        "is_internal": found.is_internal,
        "totals": found.totals,
        "notes": found.notes,
        "search": found.search.table.slice(0, SHOWN).to_pylist(),
        "search_total": len(found.search),
        "peers": found.peers.table.slice(0, SHOWN).to_pylist(),
        "peers_total": len(found.peers),
        "top": {kind: records(found.top(kind)) for kind in KINDS},
        "timeline": found.timeline.table.slice(0, MARKS).to_pylist(),
        "figures": figures(found.dossier()),
    }


@router.get("/details/{flow_id}")
async def details(asked: Asking, flow_id: Annotated[int, Path(ge=0, le=SAFE)]) -> Response:
    """All flows between the same two addresses in the minute of this flow, either way."""

    def work(ws: Workspace) -> Any:
        found = ws.details(flow_id)
        return {"rows": found.table.slice(0, SHOWN).to_pylist(), "total": len(found)}

    return await asked.answer(work)


@router.get("/chord")
async def chord(
    asked: Asking, ip: Annotated[Address, Query()], date: Annotated[Day | None, Query()] = None
) -> Response:
    """Bytes and packets between an address and its suspicious peers."""
    return await asked.answer(lambda ws: {"rows": records(ws.chord(ip, date))})


@router.get("/ingest-summary")
async def ingest_summary(asked: Asking, bins: Annotated[Bins, Query()]) -> Response:
    """Rows ingested per bin of time and kind."""
    return await asked.answer(lambda ws: _bins(ws, bins))


def _bins(ws: Workspace, asked: Bins) -> dict[str, Any]:
    rows = ws.ingest_summary(asked.start, asked.end, asked.bins).table
    found: dict[Any, dict[str, int]] = {}
    for row in rows.to_pylist():
        found.setdefault(row["start"], {})[row["table"]] = row["rows"]
    starts = list(found)
    return {
        "bins": [{"start": start, "rows": counts} for start, counts in found.items()],
        "bin_seconds": rows["bin_s"][0].as_py() if len(rows) else None,
        "first": starts[0] if starts else None,
        "last": starts[-1] if starts else None,
        "total": sum(sum(counts.values()) for counts in found.values()),
    }
