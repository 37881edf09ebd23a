"""Rules: what rates by itself."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.responses import Response

from flowsleuth.faces.web.answers import records
from flowsleuth.faces.web.asked import Asking
from flowsleuth.faces.web.inputs import COMMENT, SAFE, Day, Input, Name
from flowsleuth.faces.web.routes.ratings import told_preview
from flowsleuth.triage.rules import Rule

if TYPE_CHECKING:
    from flowsleuth.workspace import Workspace

router = APIRouter(prefix="/api/rules", tags=["rules"])
Word = Annotated[str, Field(max_length=1_000)]
Number = Annotated[int, Field(ge=-SAFE, le=SAFE)]
SPELLINGS = {"in_cidr": "cidr"}


class ConditionInput(Input):
    """One field compared with a value."""

    field: Name
    operator: Annotated[str, Field(min_length=1, max_length=10)]
    value: Word | Number | float | Annotated[list[Word | Number], Field(max_length=10_000)]


class RuleInput(Input):
    """All conditions must hold."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    conditions: Annotated[list[ConditionInput], Field(min_length=1, max_length=50)]
    severity: Literal[1, 2, 3]
    comment: Annotated[str, Field(max_length=COMMENT)] = ""
    enabled: bool = True

    def rule(self) -> Rule:
        """As the workspace wants it."""
        given = self.model_dump()
        for one in given["conditions"]:
            one["operator"] = SPELLINGS.get(one["operator"], one["operator"])
        return Rule.parse(given)


class PreviewInput(RuleInput):
    """On whose queue the rule is tried."""

    detector: Name | None = None
    dates: Annotated[list[Day] | None, Field(max_length=3_660)] = None

    def rule(self) -> Rule:
        return RuleInput(**self.model_dump(exclude={"detector", "dates"})).rule()


class Applying(Input):
    """On which days; all by default."""

    dates: Annotated[list[Day] | None, Field(max_length=3_660)] = None


@router.get("")
async def rules(asked: Asking) -> Response:
    """All rules, with what they matched and when."""
    return await asked.answer(lambda ws: {"rows": records(ws.rules())})


@router.post("", status_code=201)
async def add(asked: Asking, given: RuleInput) -> Response:
    """Keep a rule and apply it to what is there."""

    def work(ws: Workspace) -> Any:
        rule_id = ws.add_rule(given.rule())
        applied = [dataclasses.asdict(one) for one in ws.apply_rules() if one.rule_id == rule_id]
        return {"rule_id": rule_id} | (applied[0] if applied else {})

    return await asked.answer(work, 201)


@router.post("/preview")
async def preview(asked: Asking, given: PreviewInput) -> Response:
    """What a rule would match; nothing is changed."""
    return await asked.answer(
        lambda ws: told_preview(ws.preview_rule(given.rule(), detector=given.detector, dates=given.dates))
    )


@router.delete("/{rule_id}")
async def remove(asked: Asking, rule_id: Annotated[int, Path(ge=1, le=SAFE)]) -> Response:
    """Remove a rule and take back its ratings."""
    return await asked.answer(lambda ws: {"removed": rule_id, "ratings": ws.remove_rule(rule_id)})


@router.post("/apply")
async def apply(asked: Asking, given: Applying) -> Response:
    """Apply every enabled rule."""

    def work(ws: Workspace) -> Any:
        done = [dataclasses.asdict(one) for one in ws.apply_rules(given.dates)]
        return {"rows": done, "suspects": sum(one["suspects"] for one in done)}

    return await asked.answer(work)
