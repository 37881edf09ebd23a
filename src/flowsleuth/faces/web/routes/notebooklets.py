"""Notebooklets: which there are, what each does, and running one, as a job in named steps."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response

from flowsleuth.errors import OptionError
from flowsleuth.faces.web.asked import Asking
from flowsleuth.faces.web.inputs import SAFE, Input, Moment, Name, Text
from flowsleuth.notebooklets.help import parts_of
from flowsleuth.notebooklets.metadata import chosen_options
from flowsleuth.workspace.accounts import Role
from flowsleuth.workspace.offers import declared_options, typed_options

if TYPE_CHECKING:
    from flowsleuth.faces.web.jobs import Job
    from flowsleuth.notebooklets import Notebooklet, Progress
    from flowsleuth.workspace import Workspace

router = APIRouter(prefix="/api/notebooklets", tags=["notebooklets"])
ClassName = Annotated[str, Path(max_length=128, pattern=r"^[\w.]+$")]
Setting = bool | Annotated[int, Field(ge=-SAFE, le=SAFE)] | float | Annotated[str, Field(max_length=500)]
VALUE = 2_000


class Wanted(Input):
    """Words to look for."""

    terms: Text = ""


class Inquiry(Input):
    """What it is run on; no options are the defaults, names are exactly these, ``+name`` and ``-name`` change them."""

    value: Annotated[str, Field(max_length=VALUE)] | None = None
    start: Moment | None = None
    end: Moment | None = None
    options: Annotated[list[Annotated[str, Field(max_length=65)]], Field(max_length=100)] | None = None
    parameters: Annotated[dict[Name, Setting], Field(max_length=50, default_factory=dict)]


@router.get("")
async def catalogue(asked: Asking, wanted: Annotated[Wanted, Query()]) -> Response:
    """All notebooklets, or those that some words are found in; each with its options and parameters."""

    def work(ws: Workspace) -> Any:
        tree = ws.notebooklets
        names = [name for name, _ in tree.find(wanted.terms)] if wanted.terms.strip() else tree.names()
        return {"rows": [card(name, tree.load(name)) for name in names]}

    return await asked.answer(work)


def card(full: str, one: type[Notebooklet[Any]]) -> dict[str, Any]:
    """What a page needs to offer it."""
    told = one.metadata
    return {
        "name": one.name(),
        "group": full.rpartition(".")[0],
        "title": one.title(),
        "description": told.description,
        "entity_types": told.entity_types,
        "keywords": told.keywords,
        "takes_value": "value" in told.inputs,
        "options": [
            dataclasses.asdict(option) | {"is_online": option.name in one.online_options()} for option in told.options
        ],
        "parameters": [dataclasses.asdict(setting) for setting in declared_options(one.Parameters)],
        "steps": [{"title": step.title or step.name, "option": step.option} for step in one.steps],
    }


@router.get("/{name}/help")
async def help(asked: Asking, name: ClassName) -> Response:
    """All that is to know about one: headings, text, named things."""

    def work(ws: Workspace) -> Any:
        parts = parts_of(ws.notebooklets.load(name))
        return {"parts": [{"title": title, "text": text, "things": things} for title, text, things in parts]}

    return await asked.answer(work)


@router.post("/{name}/runs", status_code=202)
async def run(asked: Asking, name: ClassName, inquiry: Inquiry) -> Response:
    """Begin a run; its job tells of each step, and its result names the run that ``/api/runs`` shows."""
    from flowsleuth.workspace.notebooklets import NotebookletTree

    kind = NotebookletTree().load(name)
    question = _question(kind, inquiry)
    if _asks_others(kind, question):
        asked.needs(Role.ANALYST)

    def work(ws: Workspace, job: Job) -> Any:
        job.keeps_partial = True
        job.steps = [_step(title=step.title or step.name) for step in kind.steps]
        one = kind(ws)
        tell = Teller(job)
        result = one.run(**question, cancel=job.lease.stopped, progress=tell)
        result.attach(None)
        return {"run": asked.runs.keep(asked.who, result).run_id}

    return asked.start("notebooklet", work)


def _question(kind: type[Notebooklet[Any]], inquiry: Inquiry) -> dict[str, Any]:
    """Arguments of ``run``, checked before anything is begun.

    Raises
    ------
    OptionError
        Unknown options or parameters, a value that is none of what it takes, a window that ends before it begins.
    """
    from flowsleuth.notebooklets import Asked
    from flowsleuth.schema.time_range import TimeRange

    value = (inquiry.value or "").strip()
    if not value:
        raise OptionError("nothing to run on", where=kind.name(), hint=f"give {' or '.join(kind.entity_types())}")
    Asked.of(value, kind.metadata.entity_types)
    TimeRange.of(start=inquiry.start, end=inquiry.end)
    texts = {one: str(setting) for one, setting in inquiry.parameters.items()}
    parameters = typed_options(kind.Parameters, texts)
    options = chosen_options(kind.metadata, inquiry.options)
    exactly = options or [f"-{one}" for one in kind.default_options()]  # an empty list would mean the defaults
    return {"value": value, "start": inquiry.start, "end": inquiry.end, "options": list(exactly), **parameters}


def _asks_others(kind: type[Notebooklet[Any]], question: dict[str, Any]) -> bool:
    """Whether a run may go over the network."""
    settings = [one for one in declared_options(kind.Parameters) if one.is_online]
    return bool(set(kind.online_options()) & set(question["options"])) or any(
        question.get(one.name, one.default) not in (False, None, "") for one in settings
    )


def _step(title: str, status: str = "waiting", why: str = "", seconds: float = 0.0) -> dict[str, Any]:
    return {"title": title, "status": status, "why": why, "seconds": round(seconds, 3)}


class Teller:
    """Puts what a run tells into its job."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def __call__(self, told: Progress) -> None:
        """One step has begun or ended."""
        made = _step(told.step, told.status, told.why, told.seconds)
        is_open = [one["title"] == told.step and one["status"] in ("waiting", "started") for one in self._job.steps]
        at = is_open.index(True) if any(is_open) else len(is_open)
        self._job.steps = [*self._job.steps[:at], made, *self._job.steps[at + 1 :]]
        self._job.doing, self._job.progress = told.step, told.done / max(told.steps, 1)
