"""Results of notebooklets: shown, downloaded, gone on from."""

from __future__ import annotations

import copy
import dataclasses
import re
import tempfile
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response

from flowsleuth.errors import CatalogueError, OptionError
from flowsleuth.faces.web.asked import Asking
from flowsleuth.faces.web.csv_file import csv_bytes
from flowsleuth.faces.web.inputs import Input, Name
from flowsleuth.faces.web.routes.stories import SANDBOX
from flowsleuth.notebooklets.step import SkipStep
from flowsleuth.workspace.accounts import Role

if TYPE_CHECKING:
    from flowsleuth.faces.web.jobs import Job
    from flowsleuth.faces.web.runs import KeptRun
    from flowsleuth.notebooklets import FollowUp, NotebookletResult
    from flowsleuth.workspace import Workspace

router = APIRouter(prefix="/api/runs", tags=["notebooklets"])
RunId = Annotated[str, Path(max_length=64)]
SHOWN = 200
"""Rows of a table that an answer holds; how many there are is told, and all of them are downloaded."""
TYPES = {"html": "text/html; charset=utf-8", "json": "application/json"}
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Export(Input):
    """As which file."""

    format: Literal["html", "excel", "json"] = "html"


class Going(Input):
    """What was chosen, where there is a choice."""

    chosen: Annotated[list[Annotated[str, Field(max_length=500)]], Field(max_length=10_000)] | None = None


@router.get("")
async def runs(asked: Asking) -> Response:
    """One's own runs that are still kept, the latest first."""
    return await asked.made(lambda: {"rows": [_brief(run) for run in asked.runs.of(asked.who)]})


@router.get("/{run_id}")
async def run(asked: Asking, run_id: RunId) -> Response:
    """A result: its sections with the first rows of each table and all figures, its steps, what may be done next."""
    kept = asked.runs.get(asked.who, run_id)
    return await asked.made(lambda: told(kept))


@router.delete("/{run_id}")
async def drop(asked: Asking, run_id: RunId) -> Response:
    """Forget a result of one's own."""
    asked.runs.drop(asked.who, run_id)
    return await asked.made(lambda: {"removed": run_id})


@router.get("/{run_id}/export")
async def export(asked: Asking, run_id: RunId, wanted: Annotated[Export, Query()]) -> Response:
    """The whole result: a page that needs no server, a workbook, or JSON that ``ws.notebooklets`` loads again."""
    result = asked.runs.get(asked.who, run_id).result
    body = await asked.pool.run(asked.who, lambda ws: _file(result, wanted.format))
    media_type = TYPES.get(wanted.format, EXCEL)
    return _download(body, f"{_file_name(result)}.{'xlsx' if wanted.format == 'excel' else wanted.format}", media_type)


@router.get("/{run_id}/tables/{name}")
async def table(asked: Asking, run_id: RunId, name: Annotated[Name, Path()]) -> Response:
    """A table of a result as CSV, all of its rows; cells that a spreadsheet would run are defused."""
    result = asked.runs.get(asked.who, run_id).result
    rows = result.section(name).table
    if rows is None:
        raise CatalogueError("this is no table, or it is empty", where=name, available=result.data_properties())
    body = await asked.pool.run(asked.who, lambda ws: csv_bytes([rows]))
    return _download(body, f"{_file_name(result)}-{name}.csv", "text/csv; charset=utf-8")


@router.post("/{run_id}/follow-ups/{method}", status_code=202)
async def go_on(asked: Asking, run_id: RunId, method: Annotated[Name, Path()], going: Going) -> Response:
    """Begin a follow-up, as a job; it fills more of the same result."""
    kept = asked.runs.get(asked.who, run_id)
    one = _follow_up(kept.result, method)
    asked.needs(Role.ANALYST)
    chosen = _chosen(kept.result, one, going.chosen)

    def work(ws: Workspace, job: Job) -> Any:
        job.tell(one.title)
        with kept.lock:
            mine = copy.deepcopy(kept.result).attach(ws)
            if one.choice is not None:
                mine.keep(one.choice.keeps, chosen)
            try:
                getattr(mine, one.name)()
            except SkipStep as skip:
                raise OptionError(str(skip), where=one.title) from None
            job.tell("putting the result together", 0.9)
            kept.result = mine.attach(None)
        asked.runs.changed(kept)
        return {"run": kept.run_id}

    return asked.start("follow-up", work)


def _follow_up(result: NotebookletResult, method: str) -> FollowUp:
    offered = {one.name: one for one in _follow_ups(result)}
    if method not in offered:
        raise CatalogueError("no such follow-up", where=method, available=offered)
    return offered[method]


def _follow_ups(result: NotebookletResult) -> tuple[FollowUp, ...]:
    return () if result.notebooklet is None else result.notebooklet.metadata.follow_ups


def _chosen(result: NotebookletResult, one: FollowUp, given: list[str] | None) -> list[str]:
    """What was chosen, all of it among what was offered.

    Raises
    ------
    OptionError
        Something else, or nothing.
    """
    if one.choice is None:
        return []
    offered = {str(row["item"]): row["is_chosen"] for row in _offered(result, one)}
    chosen = [item for item, is_chosen in offered.items() if is_chosen] if given is None else given
    if strange := [item for item in chosen if item not in offered]:
        raise OptionError("not among what is offered", where=", ".join(strange)[:200], hint="choose from the list")
    if not chosen:
        raise OptionError("nothing is chosen", where=one.title, hint="choose at least one")
    return list(dict.fromkeys(chosen))


def _offered(result: NotebookletResult, one: FollowUp) -> list[dict[str, Any]]:
    """Rows of a choice: item, whether it is chosen, why."""
    rows = None if one.choice is None else result.section(one.choice.table).table
    if one.choice is None or rows is None:
        return []
    names = {"item": one.choice.item, "is_chosen": one.choice.is_chosen, "reason": one.choice.reason}
    columns = [rows[name].to_pylist() for name in names.values()]
    made = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    return [row | {"item": str(row["item"])} for row in made if row["item"] is not None]


# what is told -------------------------------------------------------------------------------------------------------


def _brief(run: KeptRun) -> dict[str, Any]:
    result = run.result
    return {
        "run": run.run_id,
        "name": result.provenance.get("notebooklet"),
        "description": result.description,
        "value": result.value,
        "start": result.timespan.start,
        "end": result.timespan.end,
        "options": result.options,
        "parameters": result.parameters,
        "made": run.made,
        "is_complete": result.is_complete,
    }


def told(run: KeptRun) -> dict[str, Any]:
    """All that a page shows of a run."""
    result = run.result
    steps = [step.to_dict() for step in result.steps]
    sections = [_section(result, name) for name in result.attributes]
    offered = [dataclasses.asdict(one) | {"offered": _offered(result, one)} for one in _follow_ups(result)]
    return {**_brief(run), "steps": steps, "sections": sections, "follow_ups": offered}


def _section(result: NotebookletResult, name: str) -> dict[str, Any]:
    """One attribute: a table's first rows, a figure's spec, a value; or why there is nothing."""
    section = result.section(name)
    type_name, description = result.prop_doc(name)
    made = {
        "id": name,
        "title": section.title,
        "kind": result.attributes[name].kind,
        "type": type_name,
        "description": description,
        "absent": section.absent,
        "note": section.note,
    }
    if section.absent is not None:
        return made
    if section.figure is not None:
        from flowsleuth.viz import figure

        return made | {"figure": figure(section)}
    if section.table is not None:
        types = [{"name": column.name, "type": _type_of(column)} for column in section.table.schema]
        rows = [list(row.values()) for row in section.table.slice(0, SHOWN).to_pylist()]
        return made | {"columns": types, "rows": rows, "total": len(section.table)}
    return made | {"value": section.value, "text": section.text}


def _type_of(column: Any) -> str:
    import pyarrow as pa

    kinds = {
        "time": pa.types.is_timestamp,
        "list": pa.types.is_list,
        "boolean": pa.types.is_boolean,
        "integer": pa.types.is_integer,
        "number": pa.types.is_floating,
    }
    return next((name for name, fits in kinds.items() if fits(column.type)), "text")


# files --------------------------------------------------------------------------------------------------------------


def _file(result: NotebookletResult, form: str) -> bytes:
    if form == "html":
        return result.to_html().encode("utf-8", "replace")
    if form == "json":
        return result.to_json().encode("utf-8", "replace")
    with tempfile.TemporaryDirectory(prefix="flowsleuth-") as folder:
        return result.to_excel(FilePath(folder) / "result.xlsx").read_bytes()


def _file_name(result: NotebookletResult) -> str:
    """A name that every system takes."""
    about = f"{result.provenance.get('notebooklet')}-{result.value or 'data'}"
    return re.sub(r"[^A-Za-z0-9.-]+", "-", about).strip("-.")[:80] or "result"


def _download(body: bytes, name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Security-Policy": SANDBOX}
    return Response(body, headers=headers, media_type=media_type)
