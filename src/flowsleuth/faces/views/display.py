"""What a display call gives: a picture that shows itself in notebooks and writes itself to files."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from flowsleuth.errors import FlowsleuthError, MissingExtraError
from flowsleuth.schema.printable import printable_text
from flowsleuth.viz import Spec, figure
from flowsleuth.viz.drawn import draw
from flowsleuth.viz.svg import clean, still_picture, svg_file

if TYPE_CHECKING:
    from flowsleuth.faces.views.figure import Figure
    from flowsleuth.investigate.dossier import Section


class Display:
    """A picture of a section of evidence.

    Parameters
    ----------
    section : Section
        What is shown; its figure is one of :data:`flowsleuth.viz.FIGURES`. It can be a section of any
        :class:`~flowsleuth.investigate.dossier.Dossier`, and so be on its pages.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from flowsleuth.investigate.dossier import Section
    >>> at = pa.array([1_000_000], pa.timestamp("us", tz="UTC"))
    >>> rows = pa.table({"start": at, "end": pa.nulls(1, at.type), "lane": ["Low"], "events": [1]})
    >>> shown = Display(Section("alerts", "Alerts", "series", table=rows, figure="events"))
    >>> shown
    <Display of Alerts: 1 mark in 1 lane>
    >>> shown.to_svg()[:20]
    '<?xml version="1.0" '
    """

    def __init__(self, section: Section) -> None:
        self.section = section
        self._widget: Figure | None = None
        self._shown_in: int | None = None

    @cached_property
    def spec(self) -> Spec:
        """The figure as plain values: what every face draws."""
        found = figure(self.section)
        if found is None:
            raise FlowsleuthError("no figure shows it", where=self.section.title)
        return found

    @property
    def note(self) -> str:
        """What was left out or put together, and how times were understood; "" when nothing has to be said."""
        return str(self.spec["note"])

    @property
    def widget(self) -> Figure:
        """The live figure, one for all the places where it is shown. Needs the extra ``notebook``."""
        if self._widget is None:
            try:
                from flowsleuth.faces.views.figure import Figure
            except ModuleNotFoundError as error:
                raise MissingExtraError("notebook", error.name or "anywidget") from None
            self._widget = Figure(spec=self.spec, heading=True)
        return self._widget

    @property
    def picked(self) -> dict[str, Any] | None:
        """What was clicked last in the live figure."""
        found: dict[str, Any] | None = None if self._widget is None else self._widget.picked
        return found

    @property
    def range(self) -> Any:
        """The range of time that the live figure was zoomed to, milliseconds since 1970; None is all of it."""
        return None if self._widget is None else self._widget.range

    def to_html(self, file: str | Path | None = None) -> str | Path:
        """One HTML file that runs offline; the text itself when no file is named.

        Examples
        --------
        >>> from flowsleuth.investigate.dossier import Section
        >>> Display(Section("a", "<b>", "series", absent="nothing", figure="events")).to_html()[:15]
        '<!doctype html>'
        """
        from flowsleuth.faces.views.page import figures_page

        return _written(figures_page([self.spec], self.section.title or "Figure"), file)

    def to_svg(self, file: str | Path | None = None) -> str | Path:
        """A still picture as SVG; the text itself when no file is named."""
        return _written(svg_file(self._drawing()), file)

    def to_png(self, file: str | Path | None = None, scale: float = 2.0) -> bytes | Path:
        """A still picture as PNG, without a browser; the bytes when no file is named. Needs the extra ``png``.

        Parameters
        ----------
        file : path, optional
        scale : float
            Dots for each pixel of the picture, which is 960 wide; 0.25 to 8.
        """
        from flowsleuth.viz.png import png

        made = png(self._drawing(), scale)
        if file is None:
            return made
        Path(file).write_bytes(made)
        return Path(file)

    def show(self) -> Display:
        """Show it now, where a notebook is running; once in a cell."""
        shell = _shell()
        if shell is not None and self._shown_in != shell.execution_count:
            from IPython.display import display

            self._shown_in = shell.execution_count
            data, metadata = self._repr_mimebundle_()
            display(data, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]
        return self

    def _drawing(self) -> Any:
        made = draw(self.spec)
        if made is None:
            raise FlowsleuthError("there is nothing to draw", where=self.section.title, hint=str(self.spec["absent"]))
        return made

    def _ipython_display_(self) -> None:
        if _shell() is None:
            raise NotImplementedError  # a terminal prints what it is
        self.show()

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The live figure; where none runs, the still picture."""
        title = f"<h4>{clean(self.section.title)}</h4>" if self.spec["title"] and self.spec["absent"] is None else ""
        still = {"text/html": title + still_picture(self.spec), "text/plain": repr(self)}
        try:
            live = self.widget
        except MissingExtraError:
            return still, {}
        data, metadata = live._repr_mimebundle_(**options)
        return {**data, **still}, metadata

    def __repr__(self) -> str:
        title = printable_text(self.section.title) or self.spec["kind"]
        if self.spec["absent"] is not None:
            return f"<Display of {title}: {printable_text(str(self.spec['absent']))}>"
        said = f"; {printable_text(self.note)}" if self.note else ""
        return f"<Display of {title}: {_size(self.spec)}{said}>"


D = TypeVar("D", bound=Display)


def shown(made: D, hide: bool) -> D:
    """The display, shown where it is called in a notebook unless it is to be hidden."""
    if not hide:
        made.show()
    return made


def _size(spec: Spec) -> str:
    """How much a figure shows."""
    from flowsleuth.viz.canvas import count_text

    parts = {
        "events": lambda: _of("mark", sum(len(lane["marks"]) for lane in spec["lanes"]), "lane", len(spec["lanes"])),
        "series": lambda: _of(
            "value", sum(len(one["points"]) for one in spec["series"]), "series", len(spec["series"])
        ),
        "matrix": lambda: _of("cell", len(spec["cells"]), "row", len(spec["rows"])),
        "relations": lambda: _of("node", len(spec["nodes"]), "edge", len(spec["edges"])),
        "places": lambda: count_text(len(spec["markers"]), "place"),
        "process_tree": lambda: _of_processes(spec["nodes"]),
    }
    return parts[spec["kind"]]() if spec["kind"] in parts else str(spec["kind"])


def _of(one: str, ones: int, other: str, others: int) -> str:
    from flowsleuth.viz.canvas import count_text

    join = "and" if one == "node" else "in"
    return f"{count_text(ones, one)} {join} {count_text(others, other, 'series' if other == 'series' else None)}"


def _of_processes(nodes: list[list[Any]]) -> str:
    from flowsleuth.viz.canvas import count_text

    processes = len(nodes) + sum(node[9] for node in nodes)
    trees = sum(node[1] < 0 for node in nodes)
    return f"{count_text(processes, 'process', 'processes')} in {count_text(trees, 'tree')}"


def _written(text: str, file: str | Path | None) -> str | Path:
    if file is None:
        return text
    Path(file).write_text(text, encoding="utf-8", errors="replace")
    return Path(file)


def _shell() -> Any:
    """The IPython of a notebook; None elsewhere, a terminal's included."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    shell = get_ipython()
    return shell if shell is not None and getattr(shell, "kernel", None) is not None else None
