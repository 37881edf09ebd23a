"""A story as files: one HTML page, a PDF, Apache Spot's storyboard files, Apache Spot's seven tables."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from flowsleuth.errors import FlowsleuthError, OptionError
from flowsleuth.investigate.spot_files import file_names, spot_files

if TYPE_CHECKING:
    from flowsleuth.workspace.casework import Casework
    from flowsleuth.workspace.stories import Story

ExportFormat = Literal["html", "pdf", "spot-json", "spot-csv", "spot-parquet"]
FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)


def export_story(workspace: Casework, story_id: int, path: Path, form: str) -> list[Path]:
    """See :meth:`flowsleuth.Workspace.export_story`. A file takes its name only when it is whole."""
    if form not in FORMATS:
        raise OptionError("no such format of a story", where=f"--format {form}", available=FORMATS)
    story = workspace.story(story_id)
    try:
        if form in ("html", "pdf"):
            target = _one_file(story, path, form)
            return [_write(target, _page(story, form))]
        path.mkdir(parents=True, exist_ok=True)
        return _folder(workspace, story, path, form)
    except OSError as error:
        raise FlowsleuthError(f"cannot be written: {error.strerror}", where=str(path)) from None


def _one_file(story: Story, path: Path, form: str) -> Path:
    if path.is_dir():
        safe = story.target.replace(":", "_").replace("/", "_")
        return path / f"story-{story.story_id}-{safe}.{form}"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _page(story: Story, form: str) -> bytes:
    if form == "pdf":
        from flowsleuth.viz.page_pdf import pdf_page

        return pdf_page(story.dossier)
    from flowsleuth.viz.page_html import html_page

    return html_page(story.dossier).encode("utf-8")


def _folder(workspace: Casework, story: Story, folder: Path, form: str) -> list[Path]:
    if form == "spot-json":
        names = file_names(story.target)
        return [
            _write(folder / names[name], (json.dumps(content, ensure_ascii=False) + "\n").encode())
            for name, content in spot_files(story.dossier).items()
        ]
    from flowsleuth.workspace.spot_tables import spot_tables, table_bytes

    made = []
    ending = form.removeprefix("spot-")
    for name, rows in spot_tables(workspace, story):
        made.append(_write(folder / f"{name}.{ending}", table_bytes(rows, ending)))
    return made


def _write(target: Path, content: bytes) -> Path:
    aside = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
    return target
