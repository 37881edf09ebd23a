"""All notebooklets: search them, read their help, copy the code that runs one."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from flowsleuth.faces.widgets import parts
from flowsleuth.faces.widgets.parts import Told

if TYPE_CHECKING:
    from flowsleuth.notebooklets import Notebooklet
    from flowsleuth.workspace.notebooklets import NotebookletTree

SAMPLES = {
    "ip_address": "192.0.2.7",
    "host": "web1",
    "account": "ana",
    "url": "https://example.org/",
    "domain": "example.org",
    "file": "c:\\temp\\a.exe",
}


class NotebookletBrowser(widgets.VBox):
    """The widget of ``ws.notebooklets.browse()``.

    Parameters
    ----------
    tree : NotebookletTree

    Examples
    --------
    >>> from flowsleuth.workspace.notebooklets import NotebookletTree
    >>> browser = NotebookletBrowser(NotebookletTree())
    >>> browser.search.value = "url"
    >>> browser.listed.value
    'url.UrlSummary'
    >>> print(browser.code)
    result = ws.notebooklet("UrlSummary").run(
        value="https://example.org/",
        timespan=("2026-01-01", "7d"),
        options=[],  # "+ti"
    )
    result
    """

    def __init__(self, tree: NotebookletTree) -> None:
        self.tree = tree
        self.told = Told()
        self.search = parts.text_box("Search", "words of name, options, keywords")
        self.listed = widgets.Select(options=tree.names(), rows=10, layout=widgets.Layout(width="320px"))
        self.help = widgets.HTML(layout=widgets.Layout(max_height="420px", overflow="auto"))
        self.sample = widgets.HTML()
        insert = parts.button("Insert code example", self.insert, self.told, tip="into the next cell")
        left = widgets.VBox([self.search, self.listed, insert])
        folds = parts.folded({"Help": self.help, "Code example": self.sample}, opened=0)
        super().__init__([self.told, widgets.HBox([left, folds])], layout=parts.WIDE)
        self.search.observe(lambda _: self.find(), names="value")
        self.listed.observe(lambda _: self.show(), names="value")
        self.show()

    @property
    def chosen(self) -> type[Notebooklet[Any]] | None:
        """The one that is chosen."""
        return None if self.listed.value is None else self.tree.load(self.listed.value)

    def find(self) -> None:
        """List those that have the words."""
        words = self.search.value.strip()
        found = [name for name, _ in self.tree.find(words)] if words else self.tree.names()
        self.listed.options = found
        self.told.say(f"{len(found)} of {len(self.tree)} notebooklets")

    def show(self) -> None:
        """Show the help of the chosen one."""
        one = self.chosen
        self.help.value = "" if one is None else one.get_help("html")
        self.sample.value = "" if one is None else f"<pre>{escape(self.code)}</pre>"

    @property
    def code(self) -> str:
        """The code that runs the chosen one."""
        one = self.chosen
        if one is None:
            return ""
        others = [f'"+{name}"' for name in one.all_options() if name not in one.default_options()]
        about = SAMPLES.get(next(iter(one.entity_types()), ""), "")
        given = f"value={about!r}".replace("'", '"') if "value" in one.metadata.inputs else "data=frame"
        more = f"  # {', '.join(others)}" if others else ""
        return (
            f'result = ws.notebooklet("{one.name()}").run(\n    {given},\n'
            f'    timespan=("2026-01-01", "7d"),\n    options=[],{more}\n)\nresult'
        )

    def insert(self) -> None:
        """Put the code into the next cell."""
        from flowsleuth.notebooklets.showing import next_cell

        next_cell(self.code)
        self.told.say("The code is in the next cell.")
