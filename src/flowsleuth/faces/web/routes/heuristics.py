"""Named checks: fan-out, fan-in, port sweeps."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response

from flowsleuth.faces.web.asked import Asking
from flowsleuth.faces.web.inputs import Input, Name

if TYPE_CHECKING:
    from flowsleuth.workspace import Workspace

router = APIRouter(prefix="/api/heuristics", tags=["heuristics"])
Limit = Annotated[int, Field(ge=1, le=1_000_000)]


class Checks(Input):
    """Which checks, on what, from how many distinct peers on."""

    names: Annotated[str, Field(max_length=200)] = ""
    scope: Literal["queue", "day"] = "queue"
    detector: Annotated[str, Field(max_length=64)] | None = None
    dates: Annotated[str, Field(max_length=20_000)] | None = None
    fan_out: Limit | None = None
    fan_in: Limit | None = None
    port_sweep: Limit | None = None
    most: Annotated[int | None, Field(ge=1, le=1_000)] = None


class Switch(Input):
    """Whether a check runs when none is named."""

    on: bool


@router.get("")
async def heuristics(asked: Asking, wanted: Annotated[Checks, Query()]) -> Response:
    """What the checks find, the widest first; ``off`` are those that only run when they are named."""

    def work(ws: Workspace) -> Any:
        names, dates = ([part for part in (text or "").split(",") if part] for text in (wanted.names, wanted.dates))
        limits = {name: getattr(wanted, name) for name in ("fan_out", "fan_in", "port_sweep", "most")}
        found = ws.heuristics(
            names or None,
            scope=wanted.scope,
            detector=wanted.detector or None,
            dates=dates or None,
            **{name: limit for name, limit in limits.items() if limit is not None},
        )
        return {"rows": [dataclasses.asdict(one) for one in found], "off": ws.heuristics_off()}

    return await asked.answer(work)


@router.put("/{name}")
async def switch(asked: Asking, name: Annotated[Name, Path()], given: Switch) -> Response:
    """Have a check run, or not, when none is named; for everybody."""

    def work(ws: Workspace) -> Any:
        ws.turn_heuristic(name, on=given.on)
        return {"name": name, "on": given.on}

    return await asked.answer(work)
