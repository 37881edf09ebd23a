"""The storyboard: saved stories, their evidence and figures, and their files."""

from __future__ import annotations

import io
import mimetypes
import tempfile
import zipfile
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response

from flowsleuth.faces.web.answers import records
from flowsleuth.faces.web.asked import Asking
from flowsleuth.faces.web.inputs import SAFE, Input, Inquiry
from flowsleuth.workspace.export import ExportFormat

if TYPE_CHECKING:
    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.stories import Story

router = APIRouter(prefix="/api/stories", tags=["stories"])
StoryId = Annotated[int, Path(ge=1, le=SAFE)]
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; script-src 'none'; img-src data:"
"""A file that is opened in the browser after all can do nothing here."""
EPOCH = (1980, 1, 1, 0, 0, 0)


class NewStory(Inquiry):
    """What is investigated, and what the analyst says of it."""

    title: Annotated[str, Field(min_length=1, max_length=500)]
    text: Annotated[str, Field(max_length=100_000)] = ""


class Export(Input):
    """As which files."""

    format: ExportFormat = "html"


@router.get("")
async def stories(asked: Asking) -> Response:
    """Live stories, the latest first."""
    return await asked.answer(lambda ws: {"rows": records(ws.stories())})


@router.post("", status_code=201)
async def save(asked: Asking, story: NewStory) -> Response:
    """Investigate and save; the live story of the same target and window is replaced."""

    def work(ws: Workspace) -> Any:
        found = ws.investigate(story.target, start=story.start, end=story.end, top=story.top)
        return _told(found.save_story(story.title, story.text))

    return await asked.answer(work, 201)


@router.get("/{story_id}")
async def story(asked: Asking, story_id: StoryId) -> Response:
    """A story with its evidence and its figures."""
    return await asked.answer(lambda ws: _told(ws.story(story_id)))


@router.delete("/{story_id}")
async def remove(asked: Asking, story_id: StoryId) -> Response:
    """Take a story off the list; it is kept."""

    def work(ws: Workspace) -> Any:
        ws.remove_story(story_id)
        return {"removed": story_id}

    return await asked.answer(work)


@router.get("/{story_id}/export")
async def export(asked: Asking, story_id: StoryId, wanted: Annotated[Export, Query()]) -> Response:
    """A story as a file: HTML, PDF, or a zip of Apache Spot's files or tables."""
    name, body = await asked.pool.run(asked.who, lambda ws: _file(ws, story_id, wanted.format))
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Security-Policy": SANDBOX}
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(body, headers=headers, media_type=media_type)


def _told(story: Story) -> dict[str, Any]:
    return {
        "story_id": story.story_id,
        "target": story.target,
        "title": story.title,
        "text": story.text,
        "start": story.start,
        "end": story.end,
        "analyst": story.analyst,
        "made": story.made,
        "dossier": story.dossier.to_dict(),
        "figures": story.figures(),
    }


def _file(ws: Workspace, story_id: int, form: ExportFormat) -> tuple[str, bytes]:
    """Name and content of what is downloaded."""
    with tempfile.TemporaryDirectory(prefix="flowsleuth-") as folder:
        files = ws.export_story(story_id, FilePath(folder), form)
        if form in ("html", "pdf"):
            return f"story-{story_id}.{form}", files[0].read_bytes()
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in files:
                archive.writestr(zipfile.ZipInfo(file.name, EPOCH), file.read_bytes(), zipfile.ZIP_DEFLATED)
        return f"story-{story_id}-{form}.zip", packed.getvalue()
