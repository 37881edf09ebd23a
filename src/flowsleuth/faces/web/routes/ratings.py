"""Ratings: previewed, made, listed, taken back; days reset and restored; the trail of all that was done."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response

from flowsleuth.errors import OptionError
from flowsleuth.faces.web.answers import records
from flowsleuth.faces.web.asked import Asking
from flowsleuth.faces.web.inputs import COMMENT, SAFE, CriteriaInput, Day, Input, Name
from flowsleuth.workspace.accounts import Role

if TYPE_CHECKING:
    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.rating import Preview

router = APIRouter(prefix="/api", tags=["ratings"])
TRAIL = 5_000


class NewRating(CriteriaInput):
    """Severity and why."""

    severity: Literal[1, 2, 3]
    why: Annotated[str, Field(max_length=COMMENT)] = ""


class Undo(Input):
    """Which rating; the analyst's own latest when none is named."""

    rating_id: Annotated[int | None, Field(ge=1, le=SAFE)] = None


class Reset(Input):
    """A day is reset for everybody, so it must be said twice."""

    detector: Name | None = None
    confirm: bool = False


class Listing(Input):
    """Which ratings."""

    state: Literal["live", "all"] = "live"
    limit: Annotated[int, Field(ge=1, le=TRAIL)] = 250
    offset: Annotated[int, Field(ge=0, le=SAFE)] = 0


def told_preview(found: Preview) -> dict[str, Any]:
    """What would be matched."""
    return {"suspects": found.suspects, "flows": found.flows, "rated": found.rated, "rows": records(found.rows)}


@router.post("/preview")
async def preview(asked: Asking, criteria: CriteriaInput) -> Response:
    """What a rating with these criteria would match; nothing is changed."""
    return await asked.answer(lambda ws: told_preview(ws.preview(**criteria.given())))


@router.post("/ratings", status_code=201)
async def rate(asked: Asking, rating: NewRating) -> Response:
    """Rate exactly the flows that meet all criteria."""

    def work(ws: Workspace) -> Any:
        return dataclasses.asdict(ws.rate(rating.severity, why=rating.why, **rating.given()))

    return await asked.answer(work, 201)


@router.get("/ratings")
async def ratings(asked: Asking, wanted: Annotated[Listing, Query()]) -> Response:
    """Ratings, the latest first."""
    return await asked.answer(lambda ws: {"rows": records(ws.ratings(wanted.state, wanted.limit, wanted.offset))})


@router.post("/ratings/undo")
async def undo(asked: Asking, wanted: Undo) -> Response:
    """Take a rating back; what it overrode holds again."""
    return await asked.answer(lambda ws: {"rating_id": ws.undo(wanted.rating_id)})


@router.get("/audit")
async def audit(asked: Asking, limit: Annotated[int, Query(ge=1, le=TRAIL)] = 250) -> Response:
    """Who did what, the latest first; logins and accounts are shown to admins only."""
    sees_all = asked.who.role.includes(Role.ADMIN)
    return await asked.answer(lambda ws: {"rows": _trail(ws, limit, sees_all=sees_all)})


def _trail(ws: Workspace, limit: int, *, sees_all: bool) -> list[dict[str, Any]]:
    """So many deeds that this person may see; more are looked at when others lie between."""
    looked_at = limit
    while True:
        rows = records(ws.audit(looked_at))
        seen = [row for row in rows if sees_all or row["object"] != "account"]
        if len(seen) >= limit or len(rows) < looked_at:
            return seen[:limit]
        looked_at *= 4


@router.post("/days/{date}/reset")
async def reset(asked: Asking, date: Annotated[Day, Path()], wanted: Reset) -> Response:
    """Take back all ratings of a day, for everybody; can be undone by restoring."""
    if not wanted.confirm:
        raise OptionError("this takes back everybody's ratings of the day", where=date, hint='send "confirm": true')
    return await asked.answer(lambda ws: {"reset_id": ws.reset_day(date, wanted.detector)})


@router.post("/resets/{reset_id}/restore")
async def restore(asked: Asking, reset_id: Annotated[int, Path(ge=1, le=SAFE)]) -> Response:
    """Bring back what a reset took."""
    return await asked.answer(lambda ws: {"ratings": ws.restore_day(reset_id)})
