"""Storyboard: saved stories, each as a briefing with its pictures, to read and to export."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from flowsleuth.errors import OptionError
from flowsleuth.faces.views.figure import Figure
from flowsleuth.faces.widgets import parts
from flowsleuth.faces.widgets.parts import Told
from flowsleuth.viz import figures

if TYPE_CHECKING:
    from flowsleuth.workspace import Workspace

FORMATS = (
    ("one HTML file", "html"),
    ("PDF", "pdf"),
    ("Spot's JSON files", "spot-json"),
    ("Spot's tables as CSV", "spot-csv"),
    ("Spot's tables as Parquet", "spot-parquet"),
)


class Storyboard(widgets.VBox):
    """The panel of the Storyboard notebook.

    Parameters
    ----------
    workspace : Workspace
    folder : path
        Where exports go.
    """

    def __init__(self, workspace: Workspace, *, folder: str | Path = "stories") -> None:
        self.workspace, self.folder = workspace, Path(folder)
        self.told = Told()
        self.stories = widgets.Select(options=[], rows=6, layout=widgets.Layout(width="520px"))
        self.format = parts.choice("Format", FORMATS, width="280px")
        self.pages = widgets.VBox()
        export = parts.button("Export", self.export, self.told, style="primary")
        super().__init__(
            [self.told, widgets.HBox([self.stories, widgets.VBox([self.format, export])]), self.pages],
            layout=parts.WIDE,
        )
        self.stories.observe(lambda _: self.read(), names="value")
        self.refresh()

    def refresh(self) -> None:
        """List the saved stories."""
        rows = self.workspace.stories().table.to_pylist()
        self.stories.options = [("choose a story", None)] + [
            (f"{row['target']}: {row['title']}", row["story_id"]) for row in rows
        ]
        if not rows:
            self.told.say("No story is saved yet; save one in Threat Investigation.")

    def read(self) -> None:
        """Show the chosen story: briefing, progression, impact, map, timeline."""
        if self.stories.value is None:
            self.pages.children = []
            return
        with self.told.errors():
            story = self.workspace.story(self.stories.value)
            self.pages.children = [_briefing(story), *(Figure(spec=spec) for spec in figures(story.dossier).values())]
            self.told.say(f"Saved by {story.analyst}.")

    def export(self) -> None:
        """Write the chosen story."""
        if self.stories.value is None:
            raise OptionError("no story is chosen", where="export")
        self.folder.mkdir(parents=True, exist_ok=True)
        written: Any = self.workspace.export_story(self.stories.value, self.folder, format=self.format.value)
        self.told.say("Written: " + ", ".join(str(path) for path in written))


def _briefing(story: Any) -> widgets.HTML:
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in story.text.splitlines() if line.strip())
    return widgets.HTML(f"<h3>{escape(story.title)}</h3><p><b>{escape(story.target)}</b></p>{paragraphs}")
