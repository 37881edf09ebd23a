"""Pieces that the panels are put together from. Text of any origin is escaped before it becomes markup."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from flowsleuth.errors import FlowsleuthError
from flowsleuth.schema.printable import printable_text

if TYPE_CHECKING:
    from collections.abc import Iterator

ANY = ""
SEVERITIES = (("1 high", 1), ("2 medium", 2), ("3 low", 3))
WIDE = widgets.Layout(width="100%")


class Told(widgets.HTML):
    """One line that says what happened; read out by screen readers."""

    def say(self, text: str, *, is_wrong: bool = False) -> None:
        """Show a sentence."""
        color = "#b3261e" if is_wrong else "inherit"
        mark = "Not done: " if is_wrong else ""
        self.value = f'<div role="status" style="color:{color}">{escape(mark + text)}</div>'

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Say what flowsleuth refuses, instead of a traceback under the panel."""
        try:
            yield
        except FlowsleuthError as error:
            self.say(str(error), is_wrong=True)


def heading(text: str) -> widgets.HTML:
    """A heading within a panel."""
    return widgets.HTML(f"<h4 style='margin:0.4em 0'>{escape(text)}</h4>")


def text_box(label: str, placeholder: str = "", value: str = "", width: str = "260px") -> widgets.Text:
    """A labelled text field; tells of a change when Enter is pressed or it is left."""
    return widgets.Text(
        value=value,
        description=label,
        placeholder=placeholder,
        continuous_update=False,
        layout=widgets.Layout(width=width),
        style={"description_width": "initial"},
    )


def choice(label: str, options: Iterable[Any], value: Any = None, width: str = "200px") -> widgets.Dropdown:
    """A labelled drop-down list."""
    listed = list(options)
    return widgets.Dropdown(
        options=listed,
        value=value if value is not None else _first(listed),
        description=label,
        layout=widgets.Layout(width=width),
        style={"description_width": "initial"},
    )


def _first(options: list[Any]) -> Any:
    return options[0][1] if options and isinstance(options[0], tuple) else (options[0] if options else None)


def button(label: str, act: Callable[[], None], told: Told, *, tip: str = "", style: str = "") -> widgets.Button:
    """A button; what goes wrong is said in the panel."""
    made = widgets.Button(description=label, tooltip=tip or label, button_style=style)

    def pressed(_: widgets.Button) -> None:
        with told.errors():
            act()

    made.on_click(pressed)
    return made


def labelled(given: Iterable[Any] | Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Labels and values; of a mapping its items, and a pair in a list is a label and its value.

    Examples
    --------
    >>> labelled(["a", ("b", 2)]), labelled({"c": 3})
    ([('a', 'a'), ('b', 2)], [('c', 3)])
    """
    if isinstance(given, Mapping):
        return [(printable_text(label), value) for label, value in given.items()]
    pairs = [one if isinstance(one, tuple) and len(one) == 2 else (one, one) for one in given]
    return [(printable_text(label), value) for label, value in pairs]


def value_list(label: str, rows: int = 8) -> widgets.Select:
    """A list of values with how often each is there; the first entry chooses none."""
    box = widgets.Select(options=[("any", ANY)], value=ANY, rows=rows, layout=widgets.Layout(width="200px"))
    box.description = ""
    box.tooltip = label
    return box


def fill_list(box: widgets.Select, values: Iterable[tuple[Any, int]]) -> None:
    """New values in a list; what was chosen stays chosen while it is there. Listeners hear of steps in between."""
    chosen = box.value
    options = [("any", ANY)] + [(f"{value}  ({count:,})", str(value)) for value, count in values if value is not None]
    known = {value for _, value in options}
    if tuple(options) != tuple(box.options):
        box.options = options
    box.value = chosen if chosen in known else ANY


def folded(parts: dict[str, widgets.Widget], *, opened: int | None = None) -> widgets.Accordion:
    """Parts under headings that open and close."""
    made = widgets.Accordion(children=list(parts.values()), titles=tuple(parts))
    made.selected_index = opened
    return made
