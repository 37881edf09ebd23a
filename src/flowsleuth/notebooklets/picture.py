"""A figure in the hand: its spec, and its looks in a notebook and without one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsleuth.catalogue import Catalogue

if TYPE_CHECKING:
    from flowsleuth.investigate.dossier import Section
    from flowsleuth.viz import Spec

WIDGETS = Catalogue(
    "flowsleuth.notebooklet_widgets",
    {
        "figure": "flowsleuth.faces.widgets:Figure",
        "events": "flowsleuth.faces.widgets:EventBrowser",
        "browser": "flowsleuth.faces.widgets:NotebookletBrowser",
        "subset": "flowsleuth.faces.widgets:SubsetChooser",
    },
)
"""Widgets of a face that rooms below it do not import."""


@dataclass(frozen=True)
class Picture:
    """A figure of a result.

    Attributes
    ----------
    section : Section
        What it is drawn from.

    Examples
    --------
    >>> from flowsleuth.investigate.dossier import Section
    >>> Picture(Section("t", "Timeline", "series", absent="no <flow>", figure="timeline"))._repr_html_()
    '<p>Timeline: no &lt;flow&gt;</p>'
    """

    section: Section

    @property
    def spec(self) -> Spec:
        """The plain dict that every face draws; see :mod:`flowsleuth.viz`."""
        from flowsleuth.viz import figure

        made = figure(self.section)
        assert made is not None, "the class declares which figure it is"
        return made

    def widget(self) -> Any:
        """As a widget that zooms and tells what was clicked; needs the extra ``notebook``."""
        return WIDGETS.load("figure")(spec=self.spec)

    def to_svg(self) -> str | None:
        """As a still picture; None where there is nothing to draw."""
        from flowsleuth.viz.drawn import draw
        from flowsleuth.viz.svg import svg

        drawing = draw(self.spec)
        return None if drawing is None else svg(drawing)

    def _repr_html_(self) -> str:
        from flowsleuth.viz.svg import still_picture

        return still_picture(self.spec)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The widget where widgets are installed; the still picture everywhere."""
        from flowsleuth.errors import FlowsleuthError

        try:
            return self.widget()._repr_mimebundle_(**options)
        except (FlowsleuthError, ModuleNotFoundError):
            return {"text/html": self._repr_html_(), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<figure {self.section.figure}: {self.section.title}>"
