"""What a table of a figure counts: its number columns, in order; and how few names are left when there are many.

The name of such a column is the word a face shows: ``flows``, ``alerts``, ``denied``; ``bytes`` and ``…_bytes`` are
told as bytes. Null is "not told".
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import FlowsleuthError
from flowsleuth.viz.canvas import bytes_text, count_text
from flowsleuth.viz.cells import EXPONENT

if TYPE_CHECKING:
    import pyarrow as pa

UNKNOWN = "unknown"
"""How a null in a column of names is drawn."""


def measures_of(rows: pa.Table, known: Iterable[str]) -> list[str]:
    """The number columns that are not told by name, in their order.

    Raises
    ------
    FlowsleuthError
        There is none.

    Examples
    --------
    >>> import pyarrow as pa
    >>> measures_of(pa.table({"bin_s": [60], "flows": [3], "series": ["dns"], "bytes": [9]}), ["bin_s", "series"])
    ['flows', 'bytes']
    """
    import pyarrow as pa

    left = [field for field in rows.schema if field.name not in set(known)]
    found = [one.name for one in left if pa.types.is_integer(one.type) or pa.types.is_floating(one.type)]
    if not found:
        raise FlowsleuthError("nothing to draw by: no column of numbers", where=", ".join(rows.column_names))
    return found


def summed(rows: pa.Table, keys: Sequence[str], measures: Sequence[str]) -> pa.Table:
    """One row per combination of the keys, in order of first appearance; a sum is null where nothing was told.

    Examples
    --------
    >>> import pyarrow as pa
    >>> summed(pa.table({"a": ["x", "y", "x"], "flows": [1, 2, 3]}), ["a"], ["flows"]).to_pylist()
    [{'a': 'x', 'flows': 4}, {'a': 'y', 'flows': 2}]
    """
    grouped = rows.group_by(list(keys), use_threads=False).aggregate([(name, "sum") for name in measures])
    return grouped.select([*keys, *(f"{name}_sum" for name in measures)]).rename_columns([*keys, *measures])


def named(rows: pa.Table, column: str) -> pa.Table:
    """The rows with a name in every place of a column of names."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.fill_null(pc.cast(rows[column], pa.string()), UNKNOWN)
    return rows.set_column(rows.column_names.index(column), column, texts)


def strongest(rows: pa.Table, column: str, measure: str) -> list[str]:
    """The names of a column, those with the largest sum of the measure first.

    Examples
    --------
    >>> import pyarrow as pa
    >>> strongest(pa.table({"series": ["a", "b", "c", "a"], "flows": [2, 3, 1, 2]}), "series", "flows")
    ['a', 'b', 'c']
    """
    order = [(measure, "descending"), (column, "ascending")]
    found: list[str] = summed(rows, [column], [measure]).sort_by(order)[column].to_pylist()
    return found


def folded(
    rows: pa.Table, column: str, measures: Sequence[str], most: int, keys: Sequence[str] = ()
) -> tuple[pa.Table, list[str], int]:
    """Rows whose weaker names are put together as one, so that no more than ``most`` are left and every sum holds.

    Parameters
    ----------
    rows : pyarrow.Table
    column : str
        The names.
    measures : sequence of str
        The first decides who is strong.
    most : int
    keys : sequence of str
        What else makes a row.

    Returns
    -------
    tuple
        The rows, the names that are left (strongest first, the others last), and how many were put together.

    Examples
    --------
    >>> import pyarrow as pa
    >>> flows = pa.table({"series": ["a", "b", "c", None], "flows": [9, 1, 2, 4]})
    >>> rows, names, put_together = folded(flows, "series", ["flows"], 3)
    >>> names, put_together, rows["flows"].to_pylist()
    (['a', 'unknown', '2 others'], 2, [9, 3, 4])
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = named(rows, column)
    names = strongest(rows, column, measures[0])
    weak = names[most - 1 :] if len(names) > most else []
    if weak:
        others = f"{len(weak):,} others"
        texts = pc.if_else(pc.is_in(rows[column], value_set=pa.array(weak, pa.string())), others, rows[column])
        rows = rows.set_column(rows.column_names.index(column), column, texts)
        names = [*names[: most - 1], others]
    return summed(rows, [column, *keys], measures), names, len(weak)


def told(*parts: str) -> str:
    """Notes as one.

    Examples
    --------
    >>> told("times are UTC", "", "3 series are put together")
    'times are UTC; 3 series are put together'
    """
    return "; ".join(part for part in parts if part)


def left_out(lost: int, rows: int, lacking: str) -> str:
    """What is said of rows that lack something; nothing where none does.

    Examples
    --------
    >>> left_out(1, 3, "time"), left_out(2_000, 3_000, "time"), left_out(0, 3, "time")
    ('1 of 3 rows has no time and is left out', '2,000 of 3,000 rows have no time and are left out', '')
    """
    verbs = ("has", "is") if lost == 1 else ("have", "are")
    return f"{lost:,} of {count_text(rows, 'row')} {verbs[0]} no {lacking} and {verbs[1]} left out" if lost else ""


def plain(values: Iterable[Any]) -> list[Any]:
    """Numbers as JSON holds them: no NaN, no infinity.

    Examples
    --------
    >>> plain([1, 2.5, float("nan"), None])
    [1, 2.5, None, None]
    """
    return [None if isinstance(value, float) and not math.isfinite(value) else value for value in values]


def total(values: Iterable[float | None]) -> float | None:
    """The sum of what was told; null where nothing was.

    Examples
    --------
    >>> total([1, None, 2]), total([None])
    (3, None)
    """
    said = [value for value in values if value is not None]
    return sum(said) if said else None


def measure_text(measure: str, value: float | None) -> str:
    """A measured value and its word.

    Examples
    --------
    >>> measure_text("flows", 1), measure_text("flows", 12_000), measure_text("bytes", 3_100_000)
    ('1 flow', '12,000 flows', '3.1 MB')
    >>> measure_text("denied", 2), measure_text("failed_logons", None), measure_text("src_bytes", 5)
    ('2 denied', 'failed logons not told', 'src 5 B')
    """
    word = measure.replace("_", " ")
    if is_volume(measure):
        return f"{word.removesuffix('bytes').strip()} {bytes_text(value)}".strip()
    if value is None:
        return f"{word} not told"
    return f"{value_text(measure, value)} {word.removesuffix('s') if value == 1 else word}"


def value_text(measure: str, value: float | None) -> str:
    """A measured value without its word.

    Examples
    --------
    >>> value_text("flows", 12_000), value_text("bytes", 3_100_000), value_text("flows", None), value_text("score", 0.5)
    ('12,000', '3.1 MB', 'not told', '0.5')
    """
    if value is None or is_volume(measure):
        return bytes_text(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.2f}".rstrip("0").rstrip(".") if abs(value) < EXPONENT else f"{value:.4g}"


def is_volume(measure: str) -> bool:
    """Whether a measure is a number of bytes."""
    return measure == "bytes" or measure.endswith("_bytes")


def measures_text(measures: Sequence[str], values: Sequence[float | None]) -> str:
    """All that was measured, in one line.

    Examples
    --------
    >>> measures_text(["flows", "bytes"], [3, 900])
    '3 flows, 900 B'
    """
    return ", ".join(measure_text(name, value) for name, value in zip(measures, values, strict=True))
