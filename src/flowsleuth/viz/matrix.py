"""Matrix: how much from which source to which destination.

Section: a series whose ``table`` has ``source``, ``destination`` (string, null is "unknown") and the measures
(:mod:`flowsleuth.viz.measures`), the first of which decides the shade; a row per pair.

``value`` may say ``sides`` (what sources and destinations are called), ``most`` (names of a side), ``sort`` (for each
side "asc", "desc" or null), ``scale`` (how a value becomes a shade, one of :data:`SCALES`), ``has_sums`` (false where
values do not add up) and ``look``.

Spec: as of :mod:`flowsleuth.viz.heat`, with ``kind`` "matrix"; rows are sources, columns destinations, the strongest
first; and ``sides: [rows, columns]``, ``scale``, ``has_sums``, ``look``. Where there are more than :data:`NAMES` of a
side the weaker ones are one row or column, "N others", and every sum holds; ``note`` tells it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowsleuth.viz import Spec
from flowsleuth.viz.heat import Grid, cells_of, grid_spec
from flowsleuth.viz.measures import folded, measures_of, told

if TYPE_CHECKING:
    from flowsleuth.investigate.dossier import Section

NAMES = 25
"""Rows and columns, at most; the last of them holds the others."""
KEYS = ("source", "destination")
SCALES = ("log", "linear", "inverse", "inverse log", "presence")
"""Inverse: what is rare is dark. Presence: whatever is there is."""


def matrix(section: Section) -> Spec:
    """Make the spec of a matrix.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from flowsleuth.investigate.dossier import Section
    >>> rows = pa.table({"source": ["a", "b"], "destination": ["c", "c"], "flows": [1, 2]})
    >>> spec = matrix(Section("who", "Who with whom", "series", table=rows))
    >>> spec["rows"], spec["columns"], spec["cells"], spec["column_totals"]
    (['b', 'a'], ['c'], [[0, 0, 2], [1, 0, 1]], [[3]])
    """
    table, asked = section.table, section.value or {}
    own = {"sides": list(asked.get("sides", KEYS)), "scale": asked.get("scale", "log")}
    own |= {"has_sums": asked.get("has_sums", True), "look": asked.get("look", {})}
    if table is None or not len(table):
        return grid_spec(section, "matrix", Grid()) | own
    measures = measures_of(table, KEYS)
    most, (row_sort, column_sort) = asked.get("most", NAMES), asked.get("sort", (None, None))
    table, columns, fewer_columns = folded(table, "destination", measures, most, ["source"])
    table, rows, fewer_rows = folded(table, "source", measures, most, ["destination"])
    rows, columns = _sorted(rows, row_sort), _sorted(columns, column_sort)
    at_row, at_column = ({name: at for at, name in enumerate(names)} for names in (rows, columns))
    places = [[at_row[name] for name in table["source"].to_pylist()]]
    places += [[at_column[name] for name in table["destination"].to_pylist()]]
    said = [
        f"the {count:,} weakest {side} are put together" if count else ""
        for count, side in ((fewer_rows, "sources"), (fewer_columns, "destinations"))
    ]
    grid = Grid(measures, rows, columns, sorted(cells_of(table, places, measures)))
    return {**grid_spec(section, "matrix", grid), "note": told(section.note, *said), **own}


def _sorted(names: list[str], order: str | None) -> list[str]:
    return sorted(names, reverse=order == "desc") if order else names
