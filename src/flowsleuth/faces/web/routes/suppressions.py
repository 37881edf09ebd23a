"""Suppressions: what is kept out of sight, why, and until when."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response

from flowsleuth.faces.web.answers import records
from flowsleuth.faces.web.asked import Asking
from flowsleuth.faces.web.inputs import COMMENT, SAFE, Input, Moment, Name
from flowsleuth.faces.web.routes.ratings import told_preview

if TYPE_CHECKING:
    from flowsleuth.workspace import Workspace

router = APIRouter(prefix="/api/suppressions", tags=["suppressions"])
Kind = Literal["address", "cidr", "pair", "port", "name", "as", "detector"]


class Scope(Input):
    """What is kept out of sight."""

    kind: Kind
    value: Annotated[str, Field(min_length=1, max_length=300)]
    detector: Name | None = None


class NewSuppression(Scope):
    """Why, and until when."""

    reason: Annotated[str, Field(min_length=1, max_length=COMMENT)]
    until: Moment | None = None
    days: Annotated[float | None, Field(gt=0, le=3_660)] = None


@router.get("")
async def suppressions(asked: Asking, every: Annotated[bool, Query()] = False) -> Response:
    """Those in force; with `every` also those that were lifted or have ended."""
    return await asked.answer(lambda ws: {"rows": records(ws.suppressions(every=every))})


@router.post("", status_code=201)
async def suppress(asked: Asking, given: NewSuppression) -> Response:
    """Keep suspects out of sight, from the next page on."""

    def work(ws: Workspace) -> Any:
        made = ws.suppress(
            given.kind,
            given.value,
            reason=given.reason,
            until=given.until,
            days=given.days,
            detector=given.detector,
        )
        return dataclasses.asdict(made)

    return await asked.answer(work, 201)


@router.post("/preview")
async def preview(asked: Asking, given: Scope) -> Response:
    """What would go out of sight; nothing is changed."""
    return await asked.answer(
        lambda ws: told_preview(ws.preview_suppression(given.kind, given.value, detector=given.detector))
    )


@router.delete("/{suppression_id}")
async def lift(asked: Asking, suppression_id: Annotated[int, Path(ge=1, le=SAFE)]) -> Response:
    """Show again what was hidden."""

    def work(ws: Workspace) -> Any:
        ws.lift(suppression_id)
        return {"lifted": suppression_id}

    return await asked.answer(work)
