"""What the small widgets have in common: shown when told to, a value that Python reads, results below."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets

from flowsleuth.faces.widgets import parts
from flowsleuth.faces.widgets.own_keys import OwnKeys
from flowsleuth.faces.widgets.parts import Told
from flowsleuth.schema.printable import printable_text


class Panel(widgets.VBox):
    """A box of controls with a line that says what happened.

    Parameters
    ----------
    controls : list of widgets
    """

    def __init__(self, controls: list[widgets.Widget]) -> None:
        self.told: Told = getattr(self, "told", None) or Told()
        super().__init__([*controls, self.told, OwnKeys()], layout=parts.WIDE)

    def display(self) -> None:
        """Show it in the output of the running cell."""
        from IPython.display import display

        display(self)  # type: ignore[no-untyped-call]

    def run(self, action: Callable[[Any], Any] | None, value: Any, below: widgets.Box) -> None:
        """Call an action with a value and show what it gives; what goes wrong is said, and stops nothing else."""
        if action is None:
            return
        try:
            given = action(value)
        except Exception as error:  # somebody else's function
            self.told.say(f"{type(error).__name__}: {printable_text(error)}", is_wrong=True)
            below.children = []
            return
        self.told.value = ""
        shown = given if isinstance(given, tuple | list) else [given]
        below.children = [as_widget(one) for one in shown if one is not None]


def as_widget(thing: Any) -> widgets.Widget:
    """Anything as a widget: widgets and our pictures as they are, else its HTML, else its text, escaped.

    Examples
    --------
    >>> as_widget("<b>").value
    '<pre>&lt;b&gt;</pre>'
    """
    if isinstance(thing, widgets.Widget):
        return thing
    if isinstance(getattr(type(thing), "widget", None), property):
        return thing.widget
    if hasattr(thing, "to_frame") and hasattr(thing, "index"):  # a pandas row: its cells are others' text
        thing = thing.to_frame()
    if hasattr(thing, "to_html") and hasattr(thing, "columns"):
        return widgets.HTML(thing.to_html(escape=True, max_rows=60))
    html = getattr(thing, "_repr_html_", None)
    if callable(html) and not isinstance(thing, type):
        return widgets.HTML(str(html()))
    return widgets.HTML(f"<pre>{escape(str(thing))}</pre>")
