"""Heat: how much by weekday and hour.

Section: a series whose ``table`` has ``weekday`` (int64, 1 is Monday, 7 is Sunday), ``hour`` (int64, 0 to 23) and the
measures (:mod:`flowsleuth.viz.measures`), the first of which decides the shade; a row per cell that has something.
Hours are UTC unless the section's note says otherwise.

Spec::

    {kind: "heat", title, note, absent, measures: ["failed_logons"],
     rows: ["Monday", …], columns: ["00", …, "23"], cells: [[row, column, value, …], …],
     row_totals: [[value, …], …], column_totals: [[value, …], …]}

``row`` and ``column`` of a cell are places in ``rows`` and ``columns``; a cell that is not listed had nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import FlowsleuthError
from flowsleuth.viz import Spec, spec_of
from flowsleuth.viz.lanes import NOTHING
from flowsleuth.viz.measures import measures_of, plain, summed, total

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.investigate.dossier import Section

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOURS = tuple(f"{hour:02}" for hour in range(24))
KEYS = ("weekday", "hour")


def heat(section: Section) -> Spec:
    """Make the spec of a heat map.

    Raises
    ------
    FlowsleuthError
        There is a weekday or an hour that does not exist.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from flowsleuth.investigate.dossier import Section
    >>> rows = pa.table({"weekday": [1, 7], "hour": [0, 23], "failed_logons": [3, 4]})
    >>> heat(Section("when", "Failed logons", "series", table=rows))["cells"]
    [[0, 0, 3], [6, 23, 4]]
    """
    table = section.table
    if table is None or not len(table):
        return grid_spec(section, "heat", Grid())
    measures = measures_of(table, KEYS)
    table = summed(table, KEYS, measures).sort_by([(name, "ascending") for name in KEYS])
    days, hours = (table[name].to_pylist() for name in KEYS)
    if not (set(days) <= set(range(1, 8)) and set(hours) <= set(range(24))):
        raise FlowsleuthError("weekdays are 1 to 7, hours 0 to 23", where=f"{section.id}: weekday, hour")
    cells = cells_of(table, [[day - 1 for day in days], hours], measures)
    return grid_spec(section, "heat", Grid(measures, WEEKDAYS, HOURS, cells))


@dataclass(frozen=True)
class Grid:
    """Cells with the names of their rows and columns."""

    measures: Sequence[str] = ()
    rows: Sequence[str] = ()
    columns: Sequence[str] = ()
    cells: list[list[Any]] = field(default_factory=list)


def cells_of(table: pa.Table, places: Sequence[Sequence[int]], measures: Sequence[str]) -> list[list[Any]]:
    """Row, column and values of each cell."""
    values = [plain(table[name].to_pylist()) for name in measures]
    return [list(cell) for cell in zip(*places, *values, strict=True)]


def grid_spec(section: Section, kind: str, grid: Grid) -> Spec:
    """The spec of a grid of cells, with the sums of its rows and columns."""
    return spec_of(
        section,
        kind,
        absent=section.absent if grid.cells else section.absent or NOTHING,
        measures=list(grid.measures),
        rows=list(grid.rows),
        columns=list(grid.columns),
        cells=grid.cells,
        row_totals=_totals(grid, 0, len(grid.rows)),
        column_totals=_totals(grid, 1, len(grid.columns)),
    )


def _totals(grid: Grid, at: int, count: int) -> list[list[Any]]:
    of: list[list[list[Any]]] = [[] for _ in range(count)]
    for cell in grid.cells:
        of[cell[at]].append(cell[2:])
    return [[total(values[number] for values in rows) for number in range(len(grid.measures))] for rows in of]
