"""The matrix of two columns of a frame: which values meet, and how often or how much."""

from __future__ import annotations

from typing import Any

from flowsleuth.errors import OptionError
from flowsleuth.faces.views.display import Display, shown
from flowsleuth.investigate.dossier import Section
from flowsleuth.schema.tabular import column_names
from flowsleuth.viz.looks import Look
from flowsleuth.viz.matrix_rows import NAMES, read_matrix

Sort = str | bool | None


def plot_matrix(
    data: Any,
    x: str | None = None,
    y: str | None = None,
    value_col: str | None = None,
    *,
    x_col: str | None = None,
    y_col: str | None = None,
    dist_count: bool = False,
    log_size: bool = False,
    invert: bool = False,
    intersect: bool = False,
    sort: Sort = None,
    sort_x: Sort = None,
    sort_y: Sort = None,
    title: str | None = None,
    width: int | None = None,
    hide: bool = False,
) -> Display:
    """Which values of two columns meet: a cell for each pair, darker for more.

    Parameters
    ----------
    data : table
        pandas, polars, Arrow or rows of our own; never changed.
    x, y (or x_col, y_col) : str
        Columns of the horizontal and the vertical axis. At most 40 values each; the others are put together.
    value_col : str, optional
        What is added up; rows are counted when not given.
    dist_count : bool
        Count the different values of ``value_col`` instead.
    log_size : bool
        Shade by the logarithm, so that a few large cells do not hide the others.
    invert : bool
        What is rare is dark; where there are too many values the most frequent are put together.
    intersect : bool
        Only whether they meet.
    sort, sort_x, sort_y : "asc", "desc", True or None
        Order of the names, of both axes or of one; the strongest come first when not given.
    title : str, optional
    width : int, optional
        Pixels.
    hide : bool
        Do not show it where it is called in a notebook.

    Raises
    ------
    OptionError
        A column is not named or not there, holds no numbers; or options that contradict one another.

    Examples
    --------
    >>> import pyarrow as pa
    >>> logons = pa.table({"who": ["bob", "bob", "eve"], "where": ["WEB", "WEB", "DC"]})
    >>> plot_matrix(logons, x="where", y="who").spec["cells"]
    [[0, 0, 2], [1, 1, 1]]
    """
    x, y = x or x_col, y or y_col
    if x is None or y is None:
        raise OptionError("two columns are needed", where="x, y", available=column_names(data))
    if dist_count and value_col is None:
        raise OptionError("of which column?", where="dist_count", hint="name it as value_col")
    table, note = read_matrix(data, x, y, value_col, is_distinct=dist_count, keeps_rare=invert)
    orders = [_order(sort_y if sort_y is not None else sort), _order(sort_x if sort_x is not None else sort)]
    title = title if title is not None else f"{y} and {x}"
    value = {"sides": [y, x], "most": NAMES, "sort": orders, "scale": _scale(log_size, invert, intersect)}
    value |= {"has_sums": not (dist_count or intersect), "look": Look(width=width).told()}
    section = Section("matrix", title, "series", note=note, figure="matrix", table=table, value=value)
    return shown(Display(section), hide)


def _scale(log_size: bool, invert: bool, intersect: bool) -> str:
    if intersect:
        if log_size or invert:
            raise OptionError("shows no sizes", where="intersect", hint="leave log_size and invert away")
        return "presence"
    return ("inverse log" if log_size else "inverse") if invert else ("log" if log_size else "linear")


def _order(asked: Sort) -> str | None:
    """ "asc", "desc" or None."""
    if asked is None or isinstance(asked, bool):
        return "asc" if asked else None
    word = asked.lower()
    if word.startswith(("asc", "desc")):
        return "asc" if word.startswith("asc") else "desc"
    raise OptionError("no such order", where=asked, available=["asc", "desc"])
