"""Columns of any type as numbers in which rows can be far from others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from flowsleuth.analyze.columns import numbers_of
from flowsleuth.analyze.robust_spread import FAR, spread_of
from flowsleuth.errors import OptionError
from flowsleuth.schema.printable import printable_text
from flowsleuth.schema.tabular import need_columns

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    Numbers = npt.NDArray[np.float64]

FEW = 50
"""So many different texts a column may have to be taken for categories, or a twentieth of the rows."""
SHARE = 0.05
KINDS = 12
"""So many different whole numbers a column may have to be taken for categories, or a twentieth of the rows."""
RARE = 0.01
"""A category of this share, where all else is one other, is as far off as a number of the modified z-score FAR."""
DAY_US = 86_400_000_000
SHOWN = 60


@dataclass(frozen=True)
class Feature:
    """A column as it was learned.

    Attributes
    ----------
    name : str
    counts : dict or None
        Of categories: how often each was seen; None for numbers.
    rows : int
    entropy : float
        Of categories, in nats: how surprising a row is on the average.
    middle, spread : float
        Of numbers: the median, and a standard deviation made of the median absolute deviation.
    values : array
        Of numbers, sorted.
    """

    name: str
    counts: dict[str | None, int] | None
    rows: int
    entropy: float
    middle: float
    spread: float
    values: Numbers

    def of(self, column: pa.ChunkedArray) -> Numbers:
        """A column as numbers: categories by how much more surprising they are than the average, numbers as they are.

        What a number column does not tell is its median.
        """
        if self.counts is None:
            numbers = _numbers(column)
            known: Numbers = np.where(np.isfinite(numbers), numbers, self.middle)
            return known
        import pyarrow as pa

        coded = _texts(column).dictionary_encode(null_encoding="encode")
        counts = np.array([self.counts.get(text, 0) for text in coded.dictionary.to_pylist()], dtype=np.float64)
        surprise = np.log((self.rows + 1) / np.maximum(counts, 1)) - self.entropy
        found: Numbers = surprise[coded.indices.to_numpy()] if isinstance(coded, pa.DictionaryArray) else surprise
        return found

    def far(self, numbers: Numbers) -> Numbers:
        """How far off numbers are, as modified z-scores; of categories only those that are rare."""
        if self.counts is not None:
            rare: Numbers = np.maximum(numbers, 0.0) * FAR / np.log(1 / RARE)
            return rare
        off: Numbers = (numbers - self.middle) / self.spread if self.spread > 0 else np.zeros(len(numbers))
        return off

    def told(self, value: Any) -> str:
        """A value in words, with what it is compared with."""
        if self.counts is not None:
            text = None if value is None else _text(value)
            shown = "nothing" if text is None else printable_text(text)[:SHOWN]
            return f"{self.name} {shown} ({self.counts.get(text, 0):,} of {self.rows:,} rows)"
        if value is None:
            return f"{self.name} not told"
        number = _number(value)
        share = float(np.searchsorted(self.values, number, side="left")) / max(len(self.values), 1)
        side = f"above {share:.1%}" if share > 0.5 else f"below {1 - share:.1%}"
        return f"{self.name} {_shown(number)} (median {_shown(self.middle)}; {side} of rows)"


def learn(table: pa.Table, columns: Sequence[str]) -> list[Feature]:
    """What columns are like.

    Raises
    ------
    OptionError
        A column is not there, or there are no rows.

    Examples
    --------
    >>> import pyarrow as pa
    >>> port, proto = learn(pa.table({"port": [1, 2, 3], "proto": ["a", "a", "b"]}), ["port", "proto"])
    >>> port.middle, proto.counts
    (2.0, {'a': 2, 'b': 1})
    """
    need_columns(table, columns)
    if not len(table):
        raise OptionError("no rows to learn from", where=", ".join(columns))
    return [_category(table, name) if _is_category(table[name]) else _number_feature(table, name) for name in columns]


def usable_columns(table: pa.Table) -> list[str]:
    """Columns that are taken when none are named: numbers, truths, and texts of few kinds; no times.

    Raises
    ------
    OptionError
        There is none.

    Examples
    --------
    >>> import pyarrow as pa
    >>> usable_columns(pa.table({"n": [1, 2], "id": pa.nulls(2), "ok": [True, None]}))
    ['n', 'ok']
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    found = []
    for name in table.column_names:
        column, kind = table[name], table[name].type
        if pa.types.is_timestamp(kind) or pa.types.is_nested(kind) or column.null_count == len(column):
            continue
        if pa.types.is_string(kind) and pc.count_distinct(column).as_py() > max(FEW, SHARE * len(column)):
            continue
        found.append(name)
    if not found:
        raise OptionError("no column of numbers or of few kinds", where="columns", available=table.column_names)
    return found


def _is_category(column: pa.ChunkedArray) -> bool:
    """Texts and truths; whole numbers of few kinds too, as ports and codes are."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_boolean(kind) or pa.types.is_nested(kind):
        return True
    if not pa.types.is_integer(kind):
        return False
    return bool(pc.count_distinct(column).as_py() <= min(KINDS, SHARE * len(column)))


def _category(table: pa.Table, name: str) -> Feature:
    import pyarrow.compute as pc

    counted = pc.value_counts(_texts(table[name])).to_pylist()
    counts = {one["values"]: one["counts"] for one in counted}
    shares = np.array(list(counts.values())) / len(table)
    return Feature(name, counts, len(table), float(-(shares * np.log(shares)).sum()), 0.0, 0.0, np.zeros(0))


def _number_feature(table: pa.Table, name: str) -> Feature:
    numbers = _numbers(table[name])
    values = np.sort(numbers[np.isfinite(numbers)])
    middle = float(np.median(values)) if len(values) else 0.0
    spread = spread_of(np.abs(values - middle)) if len(values) else 0.0
    return Feature(name, None, len(table), 0.0, middle, spread, values)


def _numbers(column: pa.ChunkedArray) -> Numbers:
    """Numbers; times as hours of the day; NaN where nothing is told."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_timestamp(column.type):
        micros = column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64())
        numbers = pc.fill_null(micros.cast(pa.float64()), float("nan")).to_numpy()
        hours: Numbers = np.mod(numbers, DAY_US) / (DAY_US / 24)
        return hours
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    return numbers_of(column)


def _texts(column: pa.ChunkedArray) -> pa.Array:
    import pyarrow as pa

    if pa.types.is_nested(column.type):
        return pa.array([None if value is None else _text(value) for value in column.to_pylist()], pa.string())
    return pa.concat_arrays([pa.array([], pa.string()), *column.cast(pa.string()).chunks])


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shown(number: float) -> str:
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.6g}"


def _number(value: Any) -> float:
    import datetime as dt

    if isinstance(value, dt.datetime):
        return value.hour + value.minute / 60 + value.second / 3600
    return float(value)
