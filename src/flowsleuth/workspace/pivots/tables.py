"""A pivot over a column of a table, joined back to the table: each different value is asked about once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from flowsleuth.errors import OptionError
from flowsleuth.investigate.asked_values import canonical_or_none
from flowsleuth.workspace.pivots.pivot import ASKED, Answer, Found, Pivot, Question

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    import pyarrow as pa

    from flowsleuth.schema.time_range import TimeRange
    from flowsleuth.workspace import Workspace

Join = Literal["left", "inner", "none"]
JOINS = ("left", "inner", "none")


def pivot_table(
    workspace: Workspace, data: Any, pivot: Pivot, *, column: str, join: Join, time: TimeRange, limit: int | None,
    options: Mapping[str, Any],
) -> Any:  # fmt: skip
    """See :meth:`flowsleuth.Workspace.pivot`."""
    if join not in JOINS:
        raise OptionError("no such join", where=repr(join), available=JOINS)
    is_pandas = hasattr(data, "iloc")
    table = data if is_pandas else data.to_arrow() if hasattr(data, "to_arrow") else data
    cells = _cells(table, column, is_pandas=is_pandas)
    asked = _asked(cells, pivot.entity)
    distinct = tuple(dict.fromkeys(value for value in asked if value is not None))
    left_out = sum(value is None for value in asked)
    found = _ask(Question(workspace, distinct, time, limit, options), pivot)
    notes = (*found.notes, *((f"{left_out:,} rows have no {pivot.entity} in {column!r}",) if left_out else ()))
    if join == "none":
        rows = found.rows.rename_columns([column if name == ASKED else name for name in found.rows.column_names])
        return _with_notes(rows.to_pandas(), notes) if is_pandas else Answer(rows, notes)
    left, right = _places(asked, found.rows, is_left=join == "left")
    told = _renamed(found.rows.drop_columns([ASKED]), list(table.columns if is_pandas else table.column_names), pivot)
    joined = _joined_pandas(table, told, left, right) if is_pandas else _joined_arrow(table, told, left, right)
    return _with_notes(joined, notes) if is_pandas else Answer(joined, notes)


def _cells(table: Any, column: str, *, is_pandas: bool) -> list[Any]:
    names = list(table.columns) if is_pandas else list(getattr(table, "column_names", []))
    if not names and not is_pandas:
        raise OptionError("not a table", where=type(table).__name__, hint="give a pandas, Arrow or flowsleuth table")
    if names.count(column) != 1:
        what = "no such column" if column not in names else "this column is there more than once"
        raise OptionError(what, where=repr(column), available=[str(name) for name in names])
    return list(table[column]) if is_pandas else list(table[column].to_pylist())


def _asked(cells: list[Any], kind: str) -> list[str | None]:
    """What each cell asks about; the same cell is read once. None for what is no such thing: numbers, blanks, nulls."""
    known: dict[Any, str | None] = {}
    found = []
    for cell in cells:
        try:
            if cell not in known:
                known[cell] = canonical_or_none(kind, cell)
            found.append(known[cell])
        except TypeError:  # a list or another thing without a hash
            found.append(None)
    return found


def _ask(question: Question, pivot: Pivot) -> Found:
    """The answer. Nobody is asked about nothing, except stored tables, which tell their columns."""
    import pyarrow as pa

    if question.values or pivot.needs.startswith("table"):
        return pivot.answer(question)
    return Found(pa.table({ASKED: pa.array([], pa.string())}))


def _places(
    asked: list[str | None], rows: pa.Table, *, is_left: bool
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows of the input with rows of the answer; -1 where there is none. The input's order, then the answer's."""
    import numpy as np

    codes = {value: code for code, value in enumerate(dict.fromkeys(rows[ASKED].to_pylist()))}
    of_answer = np.array([codes[value] for value in rows[ASKED].to_pylist()], dtype=np.int64)
    order = np.argsort(of_answer, kind="stable")
    counts = np.bincount(of_answer, minlength=len(codes)) if codes else np.zeros(0, dtype=np.int64)
    starts = np.r_[np.zeros(1, dtype=np.int64), np.cumsum(counts)]
    of_input = np.array([codes.get(value, -1) if value is not None else -1 for value in asked], dtype=np.int64)
    is_told = of_input >= 0
    repeats = np.where(is_told, np.r_[counts, 0][of_input], 1 if is_left else 0).astype(np.int64)
    left = np.repeat(np.arange(len(asked)), repeats)
    inner = np.arange(len(left)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    at = np.where(is_told, starts[of_input], 0)[left] + inner
    right = np.where(is_told[left], np.r_[order, -1][np.minimum(at, len(order))], -1)
    return left, right


def _renamed(rows: pa.Table, taken: list[Any], pivot: Pivot) -> pa.Table:
    """The answer's columns, with the pivot's name after those that the input has too."""
    names: list[str] = []
    for name in rows.column_names:
        new = name
        while new in taken or new in names:
            new = f"{new}_{pivot.name}"
        names.append(new)
    return rows.rename_columns(names)


def _taken(rows: pa.Table, right: npt.NDArray[np.int64]) -> pa.Table:
    import pyarrow as pa

    return rows.take(pa.array(right, mask=right < 0))


def _joined_arrow(
    table: pa.Table, told: pa.Table, left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]
) -> pa.Table:
    import pyarrow as pa

    joined = table.take(pa.array(left))
    taken = _taken(told, right)
    for name in taken.column_names:
        joined = joined.append_column(name, taken[name])
    return joined


def _joined_pandas(
    table: pd.DataFrame, told: pa.Table, left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]
) -> pd.DataFrame:
    """A new frame: the input's rows with their index and types, and the answer's columns beside them."""
    import pandas

    rows = table.iloc[left]
    taken = _taken(told, right).to_pandas()
    taken.index = rows.index
    return pandas.concat([rows, taken], axis=1)


def _with_notes(frame: pd.DataFrame, notes: tuple[str, ...]) -> pd.DataFrame:
    frame.attrs = {**frame.attrs, "notes": list(notes)}
    return frame
