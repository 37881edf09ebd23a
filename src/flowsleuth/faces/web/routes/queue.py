"""The queue: a page of it, the lists that narrow it, its graph, and all of it as a file."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from flowsleuth.faces.web.answers import json_bytes, records
from flowsleuth.faces.web.asked import Asking
from flowsleuth.faces.web.csv_file import csv_bytes
from flowsleuth.faces.web.inputs import PAGE_SIZE, Name, QueueQuery
from flowsleuth.triage.filters import QueueFilter

if TYPE_CHECKING:
    from flowsleuth.workspace import Workspace

router = APIRouter(prefix="/api", tags=["queue"])
EXPORTED = 100_000
"""Rows of one export."""
EXPORT_PAGE = 10_000


class Page(QueueQuery):
    """One page, in an order."""

    sort: Name = "rank"
    descending: bool = False
    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    size: Annotated[int, Field(ge=1, le=PAGE_SIZE)] = 50


class Values(QueueQuery):
    """The lists beside the queue."""

    top: Annotated[int, Field(ge=1, le=PAGE_SIZE)] = 250


class Export(QueueQuery):
    """All of it as a file."""

    sort: Name = "rank"
    descending: bool = False
    format: Literal["csv", "json"] = "csv"


class Network(QueueQuery):
    """How many suspects the graph is made of."""

    top: Annotated[int, Field(ge=1, le=2_000)] = 250


def filter_of(asked: QueueQuery) -> QueueFilter:
    """What the workspace is asked."""
    given = asked.model_dump()
    names = {one.name for one in fields(QueueFilter)}
    chosen = {name: value for name, value in given.items() if name in names and value not in (None, "")}
    for name in ("dates", "severity"):
        if name in chosen:
            chosen[name] = [part.strip() for part in chosen[name].split(",") if part.strip()]
    return QueueFilter(**chosen)


@router.get("/queue")
async def queue(asked: Asking, wanted: Annotated[Page, Query()]) -> Response:
    """One page of suspects; by default the unrated ones by rank."""

    def work(ws: Workspace) -> Any:
        found = ws.queue(
            filter_of(wanted),
            detector=wanted.detector or None,
            sort=wanted.sort,
            descending=wanted.descending,
            page=wanted.page,
            size=wanted.size,
        )
        return {
            "rows": records(found.rows),
            "total": found.total,
            "page": found.page,
            "size": found.size,
            "detector": found.detector,
            "dates": found.dates,
            "counts": found.counts,
            "is_taught": found.is_taught,
        }

    return await asked.answer(work)


@router.get("/queue/values")
async def values(asked: Asking, wanted: Annotated[Values, Query()]) -> Response:
    """Addresses and ports in the queue with how many suspects have them; each list is narrowed by the others."""
    return await asked.answer(lambda ws: ws.queue_values(filter_of(wanted), wanted.detector or None, wanted.top))


@router.get("/queue/export")
async def export(asked: Asking, wanted: Annotated[Export, Query()]) -> Response:
    """The queue as CSV or JSON, up to 100,000 rows; cells that a spreadsheet would run are defused in CSV."""
    body = await asked.pool.run(asked.who, lambda ws: _file(ws, wanted))
    media_type = "text/csv; charset=utf-8" if wanted.format == "csv" else "application/json"
    headers = {"Content-Disposition": f'attachment; filename="suspects.{wanted.format}"'}
    return Response(body, headers=headers, media_type=media_type)


def _file(ws: Workspace, wanted: Export) -> bytes:
    tables = []
    for page in range(1, EXPORTED // EXPORT_PAGE + 1):
        found = ws.queue(
            filter_of(wanted),
            detector=wanted.detector or None,
            sort=wanted.sort,
            descending=wanted.descending,
            page=page,
            size=EXPORT_PAGE,
        )
        tables.append(found.rows.table)
        if page * EXPORT_PAGE >= found.total:
            break
    if wanted.format == "json":
        return json_bytes([row for table in tables for row in table.to_pylist()])
    return csv_bytes(tables)


@router.get("/network")
async def network(asked: Asking, wanted: Annotated[Network, Query()]) -> Response:
    """The first suspects as a graph of addresses."""
    return await asked.answer(lambda ws: ws.network(filter_of(wanted), wanted.top))
