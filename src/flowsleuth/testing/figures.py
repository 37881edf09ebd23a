"""The conformance kit of figures; public for plug-in authors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from flowsleuth.investigate.dossier import Dossier, Section
from flowsleuth.viz import FIGURES, Spec, figure
from flowsleuth.viz.canvas import Circle, Drawing, Rect, Text
from flowsleuth.viz.drawn import draw
from flowsleuth.viz.svg import svg_file

if TYPE_CHECKING:
    import pyarrow as pa

EVIL = "</title></script><img src=x onerror=alert(1)>]]>\x00"
"""What a log may say."""
BYTES = 2_000_000
"""A spec, and a still picture, are smaller than this."""
MARGIN = 2.0
"""Pixels by which a text may stand beside its picture."""
HEAD = {"kind": str, "title": str, "note": str}


def check_figure(section: Section, texts: Sequence[str] = ()) -> Spec:
    """Hold a figure to its contract, on a section that has something to show.

    The spec is plain JSON, the same for the section as it comes back from a file, and of bounded size; without rows it
    says why and all its lists are empty; the still picture is sound XML, nothing of it is beside the page, and names
    that are attacks on whoever shows them stay text.

    Parameters
    ----------
    section : Section
        Its ``figure`` is what is checked; small enough to be looked through.
    texts : sequence of str
        Columns of its tables that may hold any text: they are filled with attacks.

    Returns
    -------
    dict
        The spec.

    Raises
    ------
    AssertionError
        Says which promise is broken.

    Examples
    --------
    >>> import pyarrow as pa
    >>> rows = pa.table({"source": ["a"], "destination": ["b"], "flows": [1]})
    >>> check_figure(Section("who", "Who", "series", table=rows, figure="matrix"), ["source", "destination"])["cells"]
    [[0, 0, 1]]
    """
    spec = figure(section)
    assert spec is not None, "a section names its figure"
    _check_spec(section, spec)
    _check_nothing(section)
    _check_drawing(draw(spec))
    _check_attacks(section, texts)
    return spec


def _check_spec(section: Section, spec: Spec) -> None:
    assert spec["kind"] == section.figure, "kind is the name of the figure"
    assert spec["kind"] in FIGURES.names(), "the catalogue has the figure"
    for name, kind in HEAD.items():
        assert isinstance(spec.get(name), kind), f"{name} is told"
    assert spec["absent"] is None, "there is something to show"
    assert section.note in spec["note"], "what the section says is said"
    assert len(json.dumps(spec, allow_nan=False)) < BYTES, f"a spec is smaller than {BYTES:,} bytes"
    again = Dossier.from_json(Dossier("t", "q", sections=(section,)).to_json()).sections[0]
    assert figure(again) == spec, "a section that was saved shows the same"


def _check_nothing(section: Section) -> None:
    bare = replace(section, table=None, nodes=None, edges=None, absent="no <rows>")
    spec = figure(bare)
    assert spec is not None, "without rows there is a spec"
    assert spec["absent"] == "no <rows>", "without rows, absent says why"
    assert draw(spec) is None, "without rows nothing is drawn"
    none = [None if rows is None else rows.slice(0, 0) for rows in (section.table, section.nodes, section.edges)]
    empty = figure(replace(bare, table=none[0], nodes=none[1], edges=none[2]))
    assert empty is not None, "tables without rows are no error"


def _check_drawing(drawing: Drawing | None) -> None:
    assert drawing is not None, "what is there is drawn"
    page = svg_file(drawing)
    assert len(page) < BYTES, f"a still picture is smaller than {BYTES:,} bytes"
    ElementTree.fromstring(page)  # noqa: S314 (our own text)
    for shape in drawing.shapes:
        for x, y in _corners(shape):
            assert -MARGIN <= x <= drawing.width + MARGIN, f"beside the page: {shape}"
            assert -MARGIN <= y <= drawing.height + MARGIN, f"above or below the page: {shape}"


def _corners(shape: Any) -> Iterator[tuple[float, float]]:
    if isinstance(shape, Text):
        yield shape.x, shape.y
    elif isinstance(shape, Rect):
        yield from ((shape.x, shape.y), (shape.x + shape.w, shape.y + shape.h))
    elif isinstance(shape, Circle):
        yield shape.x, shape.y


def _check_attacks(section: Section, texts: Sequence[str]) -> None:
    table, nodes, edges = (_attacked(rows, texts) for rows in (section.table, section.nodes, section.edges))
    spec = figure(replace(section, title=EVIL, note=EVIL, table=table, nodes=nodes, edges=edges))
    assert spec is not None
    drawing = draw(spec)
    _check_drawing(drawing)
    assert drawing is not None
    page = svg_file(drawing)
    assert not re.search(r"<(img|script)\b", page), "text is never markup"


def _attacked(rows: pa.Table | None, texts: Sequence[str]) -> pa.Table | None:
    """Rows whose texts of some columns are attacks, as different as they were."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if rows is None:
        return None
    for name in set(texts) & set(rows.column_names):
        told = pc.binary_join_element_wise(pc.cast(rows[name], pa.string()), EVIL, " ")
        rows = rows.set_column(rows.column_names.index(name), name, told)
    return rows
