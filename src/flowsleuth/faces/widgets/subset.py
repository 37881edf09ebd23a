"""Some of many: two lists, what is chosen and what is not, with the reason of each item."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from html import escape

import ipywidgets as widgets

from flowsleuth.faces.widgets import parts
from flowsleuth.faces.widgets.panel import Panel
from flowsleuth.faces.widgets.parts import Told

_LIST = widgets.Layout(width="360px")
_NARROW = widgets.Layout(width="120px")


class SubsetChooser(Panel):
    """Choose some of many items; what is chosen counts at once.

    Parameters
    ----------
    items : mapping of str to str
        Item → why it may be of interest; in the order they are listed.
    chosen : iterable of str
        Those chosen to begin with.
    on_change : callable, optional
        Told the chosen items whenever they change.
    title : str

    Examples
    --------
    >>> chooser = SubsetChooser({"AS1 One": "new", "AS2 Two": "common"}, ["AS1 One"], title="Systems")
    >>> chooser.selected_items
    ['AS1 One']
    >>> chooser.open_items.value = ("AS2 Two",)
    >>> chooser.add()
    >>> chooser.selected_items, chooser.reason.value
    (['AS1 One', 'AS2 Two'], '<b>AS2 Two</b>: common')
    """

    def __init__(
        self, items: Mapping[str, str], chosen: Iterable[str], *, title: str = "",
        on_change: Callable[[list[str]], object] | None = None,
    ) -> None:  # fmt: skip
        self.items = dict(items)
        self.selected_items = [item for item in chosen if item in self.items]
        self._on_change = on_change
        self.told = Told()
        self.search = parts.text_box("Filter", "part of a name")
        self.open_items = widgets.SelectMultiple(rows=12, layout=_LIST)
        self.chosen_items = widgets.SelectMultiple(rows=12, layout=_LIST)
        self.reason = widgets.HTML()
        buttons = [
            parts.button(label, act, self.told, tip=tip)
            for label, act, tip in (
                ("Add", self.add, "choose what is marked on the left"),
                ("Add all", self.add_all, "choose all that are listed on the left"),
                ("Remove", self.remove, "no longer choose what is marked on the right"),
                ("Remove all", self.remove_all, "choose nothing"),
            )
        ]
        for button in buttons:
            button.layout = _NARROW
        left = widgets.VBox([parts.heading("Not chosen"), self.open_items])
        right = widgets.VBox([parts.heading("Chosen"), self.chosen_items])
        lists = widgets.HBox([left, widgets.VBox(buttons), right], layout=widgets.Layout(align_items="center"))
        super().__init__([parts.heading(title), self.search, lists, self.reason])
        self.search.observe(lambda _: self.show(), names="value")
        for box in (self.open_items, self.chosen_items):
            box.observe(lambda change: self.explain(change["new"]), names="value")
        self.show()

    def show(self) -> None:
        """List what is chosen, and what is not and fits the filter."""
        word = self.search.value.strip().casefold()
        chosen = set(self.selected_items)
        self.open_items.options = [item for item in self.items if item not in chosen and word in item.casefold()]
        self.chosen_items.options = list(self.selected_items)
        self.told.say(f"{len(self.selected_items)} of {len(self.items)} chosen")

    def explain(self, marked: Iterable[str]) -> None:
        """Show the reasons of marked items."""
        lines = (f"<b>{escape(item)}</b>: {escape(self.items[item])}" for item in marked)
        self.reason.value = "<br>".join(lines) or self.reason.value

    def add(self) -> None:
        """Choose what is marked."""
        self._choose([*self.selected_items, *self.open_items.value])

    def add_all(self) -> None:
        """Choose all that are listed."""
        self._choose([*self.selected_items, *self.open_items.options])

    def remove(self) -> None:
        """No longer choose what is marked."""
        marked = set(self.chosen_items.value)
        self._choose([item for item in self.selected_items if item not in marked])

    def remove_all(self) -> None:
        """Choose nothing."""
        self._choose([])

    def _choose(self, items: list[str]) -> None:
        self.selected_items = list(items)
        if self._on_change is not None:
            self._on_change(self.selected_items)
        self.show()
