"""A series of values in bins of one width, none left out; and how long it takes until it comes again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from flowsleuth.analyze.columns import NO_TIME, TIMES, first_there, micros_of, numbers_of
from flowsleuth.analyze.robust_spread import OF_MAD
from flowsleuth.errors import OptionError
from flowsleuth.schema.tabular import need_columns, to_table

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    Ints = npt.NDArray[np.int64]
    Numbers = npt.NDArray[np.float64]

MOST_BINS = 2_000_000
US_PER_S = 1_000_000
STRONG = 0.25
"""Autocorrelation of a period, at least."""
NEARLY = 0.9
"""Of periods that are nearly as strong, the shortest: multiples of a period are periods too."""
CYCLES = 3
"""Times that a period comes, at least, to be found."""
CUT_AT = 5.0
"""Values are cut so many spreads from the median before a period is sought, so that a few spikes hide none."""


@dataclass(frozen=True)
class Regular:
    """A series.

    Attributes
    ----------
    time, value : str
        Names of its columns.
    begin_us, bin_us : int
        Microseconds: where the first bin begins, since 1970 UTC, and how wide a bin is.
    values : array of float64
        One for each bin; NaN where nothing was told.
    """

    time: str
    value: str
    begin_us: int
    bin_us: int
    values: Numbers

    def begins(self) -> pa.Array:
        """Where the bins begin."""
        import pyarrow as pa

        at = self.begin_us + np.arange(len(self.values), dtype=np.int64) * self.bin_us
        return pa.array(at).cast(pa.timestamp("us", tz="UTC"))


def regular(
    data: Any, time_column: str | None = None, data_column: str | None = None, *, bin_s: float | None = None,
    combine: Literal["sum", "mean"] = "sum",
) -> Regular:  # fmt: skip
    """The series of a table.

    Parameters
    ----------
    data : table
        A column of times and one of numbers; rows in any order. A pandas frame may have the times as its index.
    time_column, data_column : str, optional
        When not given: a column of the usual name or the first of times, and the first other column of numbers.
    bin_s : float, optional
        Width of a bin in seconds; when not given the commonest distance of two times.
    combine : {"sum", "mean"}
        What becomes of several values in one bin.

    Raises
    ------
    OptionError
        A column is not there or holds nothing of its kind, or there are fewer than two times, or far too many bins.

    Examples
    --------
    >>> import pyarrow as pa
    >>> hours = [f"2024-03-14T0{hour}:00Z" for hour in (1, 2, 4, 4)]
    >>> regular(pa.table({"start": hours, "n": [5, 6, 7, 1]})).values.tolist()
    [5.0, 6.0, nan, 8.0]
    """
    table = _with_index(data)
    time = time_column_of(table, time_column)
    value = _value_column(table, data_column, time)
    when, numbers = micros_of(table, time), _numbers(table, value)
    known = (when != NO_TIME) & np.isfinite(numbers)
    when, numbers = when[known], numbers[known]
    moments = np.unique(when)
    if len(moments) < 2:
        raise OptionError("a series has values at two times at least", where=f"{time}, {value}")
    width = commonest(np.diff(moments)) if bin_s is None else round(bin_s * US_PER_S)
    if width <= 0:
        raise OptionError("a bin has a width", where=f"bin_s={bin_s}")
    first = int(moments[0]) if bin_s is None else int(moments[0]) // width * width
    bins = (int(moments[-1]) - first) // width + 1
    if bins > MOST_BINS:
        raise OptionError(f"{bins:,} bins are too many", where=f"bins of {width / US_PER_S:g} s", hint="give bin_s")
    at = (when - first) // width
    seen = np.bincount(at, minlength=bins)
    sums = np.bincount(at, weights=numbers, minlength=bins)
    values = np.full(bins, np.nan)
    values[seen > 0] = sums[seen > 0] / (seen[seen > 0] if combine == "mean" else 1)
    return Regular(time, value, first, width, values)


def find_period(values: Numbers) -> int | None:
    """After how many bins a series comes again; None when it does not.

    The shortest lag of which the autocorrelation of the series without its trend is a peak, strong, and nearly the
    strongest.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> find_period(np.sin(np.arange(24 * 9) * 2 * np.pi / 24) + rng.normal(0, 0.3, 24 * 9))
    24
    >>> find_period(rng.normal(size=300)) is None
    True
    """
    filled = interpolated(values)
    size = len(filled)
    longest = size // CYCLES
    if longest < 2:
        return None
    middle = np.median(filled)
    spread = OF_MAD * np.median(np.abs(filled - middle)) or np.std(filled)
    cut = np.clip(filled, middle - CUT_AT * spread, middle + CUT_AT * spread)
    line = np.polyval(np.polyfit(np.arange(size), cut, 1), np.arange(size))
    same = _autocorrelation(cut - line)[: longest + 2]
    if not len(same):
        return None
    inner = np.arange(2, min(longest + 1, len(same) - 1))
    peaks = inner[(same[inner] >= same[inner - 1]) & (same[inner] > same[inner + 1]) & (same[inner] >= STRONG)]
    if not len(peaks):
        return None
    return int(peaks[same[peaks] >= NEARLY * same[peaks].max()][0])


def interpolated(values: Numbers) -> Numbers:
    """Values with those that were not told on the line between their neighbours.

    Examples
    --------
    >>> interpolated(np.array([np.nan, 1.0, np.nan, 3.0])).tolist()
    [1.0, 1.0, 2.0, 3.0]
    """
    known = np.flatnonzero(np.isfinite(values))
    return np.interp(np.arange(len(values)), known, values[known])


def _autocorrelation(values: Numbers) -> Numbers:
    size = len(values)
    power = np.abs(np.fft.rfft(values, 2 * size)) ** 2
    sums = np.fft.irfft(power)[:size]
    if sums[0] <= 1e-12 * size:
        return np.zeros(0)
    found: Numbers = sums / sums[0] * size / (size - np.arange(size))
    return found


def commonest(steps: Ints) -> int:
    lengths, counts = np.unique(steps, return_counts=True)
    return int(lengths[np.argmax(counts)])


def _with_index(data: Any) -> pa.Table:
    """A table; a pandas index of times is a column of it."""
    import pandas as pd

    if isinstance(getattr(data, "index", None), pd.DatetimeIndex) and data.index.name is None:
        data = data.rename_axis("start" if "start" not in data.columns else "index")
    return to_table(data)


def time_column_of(table: pa.Table, asked: str | None) -> str:
    import pyarrow as pa

    if asked is not None:
        need_columns(table, [asked])
        return asked
    typed = (str(field.name) for field in table.schema if pa.types.is_timestamp(field.type))
    found = first_there(table, TIMES) or next(typed, None)
    if found is None:
        raise OptionError("no column of times", where="time_column", available=table.column_names)
    return found


def _value_column(table: pa.Table, asked: str | None, time: str) -> str:
    import pyarrow as pa

    if asked is not None:
        need_columns(table, [asked])
        return asked
    for field in table.schema:
        is_number = pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
        if is_number and field.name != time:
            return str(field.name)
    raise OptionError("no column of numbers", where="data_column", available=table.column_names)


def _numbers(table: pa.Table, name: str) -> Numbers:
    import pyarrow as pa

    kind = table[name].type
    if not any(is_kind(kind) for is_kind in (pa.types.is_string, pa.types.is_integer, pa.types.is_floating)):
        raise OptionError("not a column of numbers", where=f"{name} ({kind})")
    return numbers_of(table[name])
