"""Widgets for notebooks: what the pages of the application do, in a cell. Each part is also one plain call.

Needs the extra ``notebook``. Everything is drawn by modules that are in the package; nothing is fetched from outside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.errors import FlowsleuthError

if TYPE_CHECKING:
    from flowsleuth.faces.views.figure import Figure
    from flowsleuth.faces.widgets.asking import GetEnvironmentKey, GetText
    from flowsleuth.faces.widgets.edge import EdgeInvestigation
    from flowsleuth.faces.widgets.entity_graph import EntityGraphBrowser
    from flowsleuth.faces.widgets.events import EventBrowser
    from flowsleuth.faces.widgets.leads import LeadReview
    from flowsleuth.faces.widgets.notebooklets import NotebookletBrowser
    from flowsleuth.faces.widgets.option_buttons import OptionButtons
    from flowsleuth.faces.widgets.progress import Progress
    from flowsleuth.faces.widgets.query_time import Lookback, QueryTime
    from flowsleuth.faces.widgets.select_subset import SelectSubset
    from flowsleuth.faces.widgets.selecting import SelectAlert, SelectItem
    from flowsleuth.faces.widgets.storyboard import Storyboard
    from flowsleuth.faces.widgets.subset import SubsetChooser
    from flowsleuth.faces.widgets.threats import ThreatInvestigation

__all__ = [
    "EdgeInvestigation",
    "EntityGraphBrowser",
    "EventBrowser",
    "Figure",
    "GetEnvironmentKey",
    "GetText",
    "LeadReview",
    "Lookback",
    "NotebookletBrowser",
    "OptionButtons",
    "Progress",
    "QueryTime",
    "SelectAlert",
    "SelectItem",
    "SelectSubset",
    "Storyboard",
    "SubsetChooser",
    "ThreatInvestigation",
]

_PLACES = {
    "EdgeInvestigation": "widgets.edge",
    "EntityGraphBrowser": "widgets.entity_graph",
    "EventBrowser": "widgets.events",
    "Figure": "views.figure",
    "GetEnvironmentKey": "widgets.asking",
    "GetText": "widgets.asking",
    "LeadReview": "widgets.leads",
    "Lookback": "widgets.query_time",
    "NotebookletBrowser": "widgets.notebooklets",
    "OptionButtons": "widgets.option_buttons",
    "Progress": "widgets.progress",
    "QueryTime": "widgets.query_time",
    "SelectAlert": "widgets.selecting",
    "SelectItem": "widgets.selecting",
    "SelectSubset": "widgets.select_subset",
    "Storyboard": "widgets.storyboard",
    "SubsetChooser": "widgets.subset",
    "ThreatInvestigation": "widgets.threats",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(name)
    from importlib import import_module

    try:
        module = import_module(f"flowsleuth.faces.{_PLACES[name]}")
    except ModuleNotFoundError as error:
        hint = 'pip install "flowsleuth[notebook]"'
        raise FlowsleuthError(f"widgets need {error.name}", where=name, hint=hint) from None
    return getattr(module, name)
