"""Who am I, and the token that every write must carry."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from flowsleuth import __version__
from flowsleuth.faces.web.answers import answer, json_bytes
from flowsleuth.faces.web.asked import Asking

router = APIRouter(prefix="/api", tags=["session"])


@router.get("/session")
async def session(asked: Asking) -> Response:
    """The analyst's name and role, and the token for writes."""
    value = {
        "analyst": asked.who.name,
        "role": asked.who.role.value,
        "csrf": asked.visitor.csrf,
        "needs_login": asked.visitor.token is not None,
        "version": __version__,
        "workspace": asked.workspace_name,
    }
    return answer(json_bytes(value))
