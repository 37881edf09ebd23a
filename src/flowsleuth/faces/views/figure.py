"""A figure in a notebook: the spec goes to the browser, the module in the package draws it."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets
from ipywidgets import widget_serialization

from flowsleuth.faces.views.drawing_code import LOADER, DrawingCode, drawing_code
from flowsleuth.viz.svg import still_picture


class Figure(anywidget.AnyWidget):
    """Draws one figure spec (:mod:`flowsleuth.viz`).

    Parameters
    ----------
    spec : dict
        What to draw.

    Attributes
    ----------
    picked : dict or None
        What was clicked last, ``{"name": …}``.
    range : list of int or None
        The time range that was zoomed to, milliseconds since 1970.

    Examples
    --------
    >>> from flowsleuth.investigate.dossier import Section
    >>> from flowsleuth.viz import figure
    >>> spec = figure(Section("time", "Timeline", "series", absent="no flow in this window", figure="timeline"))
    >>> Figure(spec=spec).spec["kind"]
    'timeline'
    """

    _esm = LOADER
    code = traitlets.Instance(DrawingCode).tag(sync=True, **widget_serialization)
    spec = traitlets.Dict().tag(sync=True)
    theme = traitlets.Unicode(allow_none=True, default_value=None).tag(sync=True)
    heading = traitlets.Bool(default_value=False).tag(sync=True)
    highlight = traitlets.List(traitlets.Unicode()).tag(sync=True)
    picked = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    filtered = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    hovered = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    range: Any = traitlets.List(allow_none=True, default_value=None).tag(sync=True)

    @traitlets.default("code")
    def _drawing_code(self) -> DrawingCode:
        return drawing_code()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The widget; where none runs (a saved page), the same figure as a still picture."""
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**(data or {}), "text/html": still_picture(self.spec)}, metadata
