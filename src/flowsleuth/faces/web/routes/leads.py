"""Leads: hosts and pairs by all evidence of a day, what is behind each, and a host's page as a job."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response

from flowsleuth.errors import OptionError
from flowsleuth.faces.web.answers import json_bytes, records
from flowsleuth.faces.web.asked import Asking
from flowsleuth.faces.web.csv_file import csv_bytes
from flowsleuth.faces.web.inputs import PAGE_SIZE, Id, Input, Inquiry, Listed, Name, Text
from flowsleuth.workspace.lead_list import LeadFilter

if TYPE_CHECKING:
    from flowsleuth.faces.web.jobs import Job
    from flowsleuth.workspace import Workspace

router = APIRouter(prefix="/api", tags=["leads"])
EXPORTED = 10_000
"""Rows of one export: more than are kept of two days."""


class LeadQuery(Input):
    """Which leads; see :class:`flowsleuth.workspace.lead_list.LeadFilter`."""

    by: Literal["host", "pair"] = "host"
    state: Literal["open", "rated", "all"] = "open"
    ip: Listed | None = None
    detector: Name | None = None
    technique: Text | None = None
    role: Text | None = None
    text: Text | None = None
    dates: Annotated[str, Field(max_length=20_000)] | None = None
    most_q: Annotated[float, Field(ge=0, le=1)] | None = None


class LeadsPage(LeadQuery):
    """One page."""

    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    size: Annotated[int, Field(ge=1, le=PAGE_SIZE)] = 50


class LeadsExport(LeadQuery):
    """All of it as a file."""

    format: Literal["csv", "json"] = "csv"


def filter_of(asked: LeadQuery) -> LeadFilter:
    """What the workspace is asked; what is empty is not given."""
    names = {one.name for one in dataclasses.fields(LeadFilter)}
    given = {name: value for name, value in asked.model_dump().items() if name in names and value not in (None, "")}
    if "dates" in given:
        given["dates"] = [part.strip() for part in given["dates"].split(",") if part.strip()]
    return LeadFilter(**given)


@router.get("/leads")
async def leads(asked: Asking, wanted: Annotated[LeadsPage, Query()]) -> Response:
    """One page of leads about hosts or pairs, least chance first; by default those that are open."""

    def work(ws: Workspace) -> Any:
        found = ws.leads(filter_of(wanted), page=wanted.page, size=wanted.size)
        told = {one.name: getattr(found, one.name) for one in dataclasses.fields(found)}
        return told | {"rows": records(found.rows)}

    return await asked.answer(work)


@router.get("/leads/export")
async def export(asked: Asking, wanted: Annotated[LeadsExport, Query()]) -> Response:
    """Leads as CSV or JSON, up to 10,000; cells that a spreadsheet would run are defused in CSV."""

    def work(ws: Workspace) -> bytes:
        table = ws.leads(filter_of(wanted), size=EXPORTED).rows.table
        return json_bytes(table.to_pylist()) if wanted.format == "json" else csv_bytes([table])

    body = await asked.pool.run(asked.who, work)
    media_type = "text/csv; charset=utf-8" if wanted.format == "csv" else "application/json"
    headers = {"Content-Disposition": f'attachment; filename="leads.{wanted.format}"'}
    return Response(body, headers=headers, media_type=media_type)


@router.get("/leads/{number}")
async def evidence(
    asked: Asking,
    number: Annotated[Id, Path(description="a lead_id or a finding_id")],
    flows: Annotated[int, Query(ge=1, le=PAGE_SIZE)] = 5,
) -> Response:
    """What a lead or finding rests on: each finding with its numbers and the first raw flows behind it."""

    def work(ws: Workspace) -> Any:
        found = ws.explain_lead(number, flows=flows)
        if found is None:
            raise OptionError("no lead or finding has this id", where=str(number))
        told = [one.finding | {"raw_flows": records(one.flows)} for one in found.findings]
        return {"lead": found.lead, "findings": told, "more": found.more}

    return await asked.answer(work)


@router.post("/hosts", status_code=202)
async def host(asked: Asking, inquiry: Inquiry) -> Response:
    """Begin a host's page: standing by day, findings, leads, peers, raw flows; ask for the job until it is done."""

    def work(ws: Workspace, job: Job) -> Any:
        from flowsleuth.viz import figures

        job.tell(f"putting together what is known of {inquiry.target}")
        found = ws.host_page(inquiry.target, start=inquiry.start, end=inquiry.end, top=inquiry.top)
        job.tell("drawing", 0.9)
        sections = [_section(one) for one in found.sections]
        return {"title": found.title, "host": found.provenance["host"], "sections": sections, "figures": figures(found)}

    return asked.start("host", work)


def _section(one: Any) -> dict[str, Any]:
    """A section as the page shows it; figures are told apart."""
    rows = [] if one.table is None or one.figure else one.table.to_pylist()
    same = ("id", "title", "kind", "absent", "note", "text", "value")
    return {name: getattr(one, name) for name in same} | {"rows": rows}
