"""What is stored, and why one flow is suspicious."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from flowsleuth.faces.web.answers import records
from flowsleuth.faces.web.asked import Asking
from flowsleuth.faces.web.inputs import SAFE, Window
from flowsleuth.workspace.queue_parts import detectors_with_scores

if TYPE_CHECKING:
    from flowsleuth.workspace import Workspace

router = APIRouter(prefix="/api", tags=["facts"])
FlowId = Annotated[int, Path(ge=0, le=SAFE, description="flow_id of a row")]


@router.get("/info")
async def info(asked: Asking) -> Response:
    """Tables, sources, gaps, rejects; the detectors that have scored, their days, and the home networks."""
    return await asked.answer(_info)


def _info(ws: Workspace) -> dict[str, Any]:
    facts = ws.info()
    scored = facts["scores"]
    return facts | {
        "workspace": ws.folder.resolve().name,
        "detectors": detectors_with_scores(ws.store),
        "dates": sorted({run["date"] for run in scored}),
        "home": list(ws.settings.home),
    }


@router.get("/blind-spots")
async def blind_spots(asked: Asking, window: Annotated[Window, Query()]) -> Response:
    """What could not have been seen in the stored flows, why, which detectors suffer, and what to do."""

    def work(ws: Workspace) -> Any:
        return {"rows": records(ws.blind_spots(time_range=ws.within(start=window.start, end=window.end)))}

    return await asked.answer(work)


@router.get("/explain/{flow_id}")
async def explain(asked: Asking, flow_id: FlowId) -> Response:
    """The reason in full, the raw record, and the flows of the same source around it."""
    return await asked.answer(lambda ws: _explanation(ws, flow_id))


def _explanation(ws: Workspace, flow_id: int) -> dict[str, Any]:
    found = ws.explain(flow_id)
    around = records(found.around) if found.around is not None else []
    return dataclasses.asdict(dataclasses.replace(found, around=None)) | {"around": around}
