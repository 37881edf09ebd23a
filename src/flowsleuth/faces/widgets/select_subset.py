"""Some of a list, in two lists side by side, by the call that MSTICPy's users know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flowsleuth.faces.widgets.parts import labelled
from flowsleuth.faces.widgets.remembered import remember, remembered
from flowsleuth.faces.widgets.subset import SubsetChooser


class SelectSubset(SubsetChooser):
    """Choose some of many.

    Parameters
    ----------
    source_items : list or mapping
        Items, pairs of label and value, or label → value.
    default_selected : list or mapping, optional
        Chosen to begin with.
    title : str
    display_filter : bool
    auto_display : bool
    id : str, optional
        Under which the last choice is remembered while this Python runs.

    Examples
    --------
    >>> subset = SelectSubset({"Web": 1, "Mail": 2, "DNS": 3}, default_selected=["Mail"])
    >>> subset.open_items.value = ("DNS",)
    >>> subset.add()
    >>> subset.value, subset.selected_items
    ([2, 3], ['Mail', 'DNS'])
    """

    def __init__(
        self, source_items: Iterable[Any] | Mapping[str, Any],
        default_selected: Iterable[Any] | Mapping[str, Any] | None = None, *, title: str = "Select items",
        display_filter: bool = True, auto_display: bool = False, id: str | None = None,
    ) -> None:  # fmt: skip
        self._values = dict(labelled(source_items))
        chosen = remembered("SelectSubset", id, [label for label, _ in labelled(default_selected or [])])
        self.id = id
        super().__init__(
            dict.fromkeys(self._values, ""), chosen, title=title,
            on_change=lambda labels: remember("SelectSubset", id, list(labels)),
        )  # fmt: skip
        if not display_filter:
            self.search.layout.display = "none"
        if auto_display:
            self.display()

    @property
    def selected_values(self) -> list[Any]:
        """The values of what is chosen."""
        return [self._values[label] for label in self.selected_items]

    @property
    def value(self) -> list[Any]:
        """The same."""
        return self.selected_values
