"""Long work: how far it is, its result, its end; and scoring, which is such work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.responses import Response

from flowsleuth.faces.web.answers import answer, json_bytes
from flowsleuth.faces.web.asked import Asking
from flowsleuth.faces.web.inputs import Input, Name

if TYPE_CHECKING:
    from flowsleuth.faces.web.jobs import Job
    from flowsleuth.workspace import Workspace

router = APIRouter(prefix="/api", tags=["jobs"])
JobId = Annotated[str, Path(max_length=64)]


class Scoring(Input):
    """Which detectors are run."""

    detectors: Annotated[tuple[Name, ...], Field(max_length=20)] = ()
    again: bool = False


@router.get("/jobs/{job_id}")
async def job(asked: Asking, job_id: JobId) -> Response:
    """How far a job of one's own is; its result once it is done."""
    return await asked.made(asked.jobs.get(asked.who, job_id).told)


@router.delete("/jobs/{job_id}")
async def cancel(asked: Asking, job_id: JobId) -> Response:
    """Stop a job of one's own."""
    return answer(json_bytes(asked.jobs.cancel(asked.who, job_id).told() | {"result": None}))


@router.post("/score", status_code=202)
async def score(asked: Asking, scoring: Scoring) -> Response:
    """Run detectors over what is new to them."""

    def work(ws: Workspace, job: Job) -> Any:
        done = ws.score(*scoring.detectors, again=scoring.again, tell=lambda name, what: job.tell(f"{name}: {what}"))
        return [{"detector": d.detector, "date": d.date, "flows": d.flows, "suspects": d.suspects} for d in done]

    return asked.start("score", work)
