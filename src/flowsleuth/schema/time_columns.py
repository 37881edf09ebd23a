"""Columns of times, however they are written, as UTC microseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_NUMBER = r"^[+-]?\d+(\.\d+)?$"
SECOND_RANGES = ((1e11, 1e6), (1e14, 1e3), (1e17, 1.0))
"""Numbers below the first are seconds since 1970 (until the year 5138), below the others milli- and microseconds; each
with what makes microseconds of it."""


def utc_times(table: pa.Table, column: str | None) -> pa.Array:
    """The times of a column; null where there is none, or where it cannot be read as one.

    Parameters
    ----------
    table : pyarrow.Table
    column : str or None
        Of times, of text (ISO 8601, or what else pandas reads; without a zone it is UTC), or of numbers since 1970 in
        seconds, milli- or microseconds. None is a column of nulls.

    Returns
    -------
    pyarrow.Array of timestamp[us, UTC]

    Examples
    --------
    >>> import pyarrow as pa
    >>> texts = pa.table({"t": ["2021-06-06 12:00:00.5", "Thu Mar 16 03:08:58 2023 UTC", "never", "1678936138"]})
    >>> [moment and f"{moment:%Y-%m-%d %H:%M:%S}" for moment in utc_times(texts, "t").to_pylist()]
    ['2021-06-06 12:00:00', '2023-03-16 03:08:58', None, '2023-03-16 03:08:58']
    """
    import pyarrow as pa

    kind = pa.timestamp("us", tz="UTC")
    if column is None:
        return pa.nulls(len(table), kind)
    given = table[column].combine_chunks() if table[column].num_chunks != 1 else table[column].chunk(0)
    if isinstance(given, pa.ChunkedArray):  # no rows
        given = pa.array([], given.type)
    if pa.types.is_timestamp(given.type):
        return given.cast(pa.timestamp("us", given.type.tz), safe=False).cast(pa.int64()).cast(kind)
    if pa.types.is_date(given.type):
        return given.cast(pa.timestamp("us")).cast(pa.int64()).cast(kind)
    if pa.types.is_integer(given.type) or pa.types.is_floating(given.type):
        return _of_numbers(given.cast(pa.float64()))
    return _of_texts(given.cast(pa.string()))


def _of_texts(texts: pa.Array) -> pa.Array:
    """Each different text is read once."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    coded = texts.dictionary_encode()
    words = coded.dictionary.to_pandas()
    read = pd.to_datetime(words, format="ISO8601", errors="coerce", utc=True)
    is_number = pc.match_substring_regex(coded.dictionary, _NUMBER).to_pandas()
    odd = read.isna() & ~is_number
    if odd.any():
        read[odd] = pd.to_datetime(words[odd], format="mixed", errors="coerce", utc=True)
    times = pa.array(read, pa.timestamp("us", tz="UTC"), from_pandas=True, safe=False)
    if is_number.any():
        numbers = pd.to_numeric(words.where(is_number), errors="coerce")
        times = pc.if_else(pa.array(is_number), _of_numbers(pa.array(numbers, pa.float64(), from_pandas=True)), times)
    return times.take(coded.indices)


def _of_numbers(numbers: pa.Array) -> pa.Array:
    import numpy as np
    import pyarrow as pa

    values = numbers.cast(pa.float64()).to_numpy(zero_copy_only=False)
    micros = np.full(len(values), np.nan)
    for below, factor in reversed(SECOND_RANGES):
        is_so = np.abs(values) < below
        micros[is_so] = values[is_so] * factor
    known = np.isfinite(micros)
    whole = np.where(known, micros, 0).round().astype(np.int64)
    return pa.array(whole, mask=~known).cast(pa.timestamp("us", tz="UTC"))
