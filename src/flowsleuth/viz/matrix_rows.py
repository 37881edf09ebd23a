"""How often two columns of a frame meet, bounded: the rows of a section of figure ``matrix``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.schema.tabular import need_columns, text_column
from flowsleuth.viz.event_rows import folded_lanes
from flowsleuth.viz.measures import UNKNOWN, told
from flowsleuth.viz.tips import shortened_all
from flowsleuth.viz.value_rows import numbers_of

if TYPE_CHECKING:
    import pyarrow as pa

NAMES = 40
"""Rows and columns of the picture, at most; the last of them holds the others."""
LETTERS = 200
ROWS = "rows"


def read_matrix(
    data: Any, x: str, y: str, value: str | None = None, *, is_distinct: bool = False, keeps_rare: bool = False
) -> tuple[pa.Table, str]:
    """How much of what for each pair of names.

    Parameters
    ----------
    data : table
        pandas, polars, Arrow or rows of our own; never changed.
    x, y : str
        Columns whose values are the columns and the rows of the picture.
    value : str, optional
        What is added up; rows are counted when not given.
    is_distinct : bool
        Count the different texts of ``value`` instead.
    keeps_rare : bool
        Where there are too many names, put the most frequent ones together, and not the rarest.

    Returns
    -------
    tuple
        ``source`` (of ``y``), ``destination`` (of ``x``) and one measure; and what was put together.

    Raises
    ------
    OptionError
        A column is not there, or holds no numbers.

    Examples
    --------
    >>> import pyarrow as pa
    >>> logons = pa.table({"who": ["bob", "bob", None], "where": ["WEB", "WEB", "DC"]})
    >>> read_matrix(logons, "where", "who")[0].to_pylist()
    [{'source': 'bob', 'destination': 'WEB', 'rows': 2}, {'source': 'unknown', 'destination': 'DC', 'rows': 1}]
    """
    import pyarrow as pa

    need_columns(data, [x, y, *([value] if value else [])])
    sides, said = {}, []
    for side, column in (("source", y), ("destination", x)):
        sides[side], fewer = _named(text_column(data, column), keeps_rare)
        kind = "most frequent" if keeps_rare else "rarest"
        said.append(f"the {fewer:,} {kind} values of {column} are put together" if fewer else "")
    keys = ["source", "destination"]
    if value is None:
        found = pa.table(sides).group_by(keys, use_threads=False).aggregate([([], "count_all")])
        return found.rename_columns([*keys, ROWS]), told(*said)
    measured = text_column(data, value) if is_distinct else numbers_of(data, [value])[value]
    how = "count_distinct" if is_distinct else "sum"
    found = pa.table({**sides, "value": measured}).group_by(keys, use_threads=False).aggregate([("value", how)])
    name = f"distinct {value}" if is_distinct else value
    return found.rename_columns([*keys, name if name not in keys else f"{name} (sum)"]), told(*said)


def _named(texts: pa.ChunkedArray, keeps_rare: bool) -> tuple[pa.ChunkedArray, int]:
    """The names of a side, few enough, and how many were put together."""
    import pyarrow as pa
    import pyarrow.compute as pc

    names = pa.table({"lane": shortened_all(pc.fill_null(texts, UNKNOWN), LETTERS)})
    few, _, lost = folded_lanes(names, NAMES, keeps_rare=keeps_rare)
    return few["lane"], lost
