"""Tables of any make - pandas, polars, Arrow, rows of our own - in, and the same make out.

As Arrow tables they have the types that a dossier keeps, so that what was saved is what was found. Nothing here changes
what it is given, and no cell, whatever it holds, stops a table from being read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError, suggestion

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def is_table(value: Any) -> bool:
    """Whether it is a table: Arrow, pandas, :class:`~flowsleuth.workspace.results.Rows` or of the like."""
    return hasattr(value, "column_names") or hasattr(value, "to_arrow") or hasattr(value, "iloc")


def to_table(value: Any) -> pa.Table:
    """A table as Arrow: times are UTC microseconds, integers signed, categories text, structures JSON.

    Raises
    ------
    OptionError
        It is no table.

    Examples
    --------
    >>> import pandas
    >>> frame = pandas.DataFrame({"port": [443]}, index=pandas.Index(["192.0.2.7"], name="peer"))
    >>> to_table(frame).to_pylist()
    [{'peer': '192.0.2.7', 'port': 443}]
    """
    import pyarrow as pa

    if hasattr(value, "iloc"):
        value = _of_pandas(value)
    elif hasattr(value, "to_arrow") and not isinstance(value, pa.Table):
        value = value.to_arrow()
    if not isinstance(value, pa.Table):
        raise OptionError("not a table", where=type(value).__name__, hint="give a pandas, Arrow or flowsleuth table")
    columns = [_plain_column(value.column(at)) for at in range(value.num_columns)]
    return pa.table(columns, names=value.column_names)


def need_columns(data: Any, names: Iterable[str]) -> None:
    """See to it that a table has these columns.

    Raises
    ------
    OptionError
        It is no table, or lacks one; says which there are and which was meant.

    Examples
    --------
    >>> import pyarrow as pa
    >>> need_columns(pa.table({"CommandLine": ["whoami"]}), ["Commandline"])
    Traceback (most recent call last):
    ...
    flowsleuth.errors.OptionError: Commandline: no such column (available: CommandLine); did you mean CommandLine?
    """
    there = column_names(data)
    for name in names:
        if name not in there:
            raise OptionError("no such column", where=name, available=there, hint=suggestion(name, there))


def column_names(data: Any) -> list[str]:
    """The names of a table's columns, in its order.

    Examples
    --------
    >>> import pandas
    >>> column_names(pandas.DataFrame({"host": ["a"], "pid": [4]}))
    ['host', 'pid']
    """
    if not is_table(data):
        raise OptionError("not a table", where=type(data).__name__, hint="give a pandas, polars or Arrow table")
    names = data.column_names if hasattr(data, "column_names") else getattr(data, "columns", None)
    return [str(name) for name in (to_table(data).column_names if names is None else names)]


def text_column(data: Any, name: str) -> pa.ChunkedArray:
    """One column as text: what is absent is null, numbers are written out, bytes read as UTF-8 as far as they are.

    Examples
    --------
    >>> import pandas
    >>> frame = pandas.DataFrame({"cmd": ["whoami", None, 7, float("nan"), b"id\\xff"]})
    >>> text_column(frame, "cmd").to_pylist()
    ['whoami', None, '7', None, 'id�']
    """
    import pyarrow as pa

    need_columns(data, [name])
    if hasattr(data, "iloc"):
        return _text_of_pandas(one_column(data, name))
    column = (data if isinstance(data, pa.Table) else data.to_arrow()).column(name)
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type) or pa.types.is_nested(column.type):
        return text_values(column.to_pylist())
    return column.cast(pa.string())


def row_labels(data: Any) -> pa.Array:
    """What each row is called: a pandas frame's index, for others the row's number from 0.

    Examples
    --------
    >>> import pandas
    >>> row_labels(pandas.DataFrame({"pid": [4, 8]}, index=["a", "b"])).to_pylist()
    ['a', 'b']
    """
    import numpy as np
    import pyarrow as pa

    if not hasattr(data, "iloc"):
        return pa.array(np.arange(len(data), dtype=np.int64))
    try:
        return pa.array(data.index.array, from_pandas=True)
    except (pa.ArrowException, ValueError):  # several levels, or labels of several types
        return pa.array([str(label) for label in data.index], pa.string())


def like(table: pa.Table, data: Any) -> Any:
    """An Arrow table as a table of the same make as ``data``; Arrow for rows of our own.

    Examples
    --------
    >>> import pandas, pyarrow as pa
    >>> type(like(pa.table({"pid": [4]}), pandas.DataFrame())).__name__
    'DataFrame'
    """
    if hasattr(data, "iloc"):
        return as_pandas(table)
    if type(data).__module__.split(".")[0] == "polars":
        import polars

        return polars.from_arrow(table)
    return table


def as_pandas(data: Any) -> pd.DataFrame:
    """A table as a pandas frame; one that is a pandas frame is given back itself, not copied.

    Examples
    --------
    >>> import pyarrow as pa
    >>> as_pandas(pa.table({"pid": [4, None]}))["pid"].tolist()
    [4.0, nan]
    """
    frame: pd.DataFrame = data if hasattr(data, "iloc") else to_table(data).to_pandas()
    return frame


def one_column(frame: Any, name: str) -> Any:
    """A column by its name as text; the first where several share it."""
    return frame.iloc[:, [str(column) for column in frame.columns].index(name)]


def _text_of_pandas(column: Any) -> pa.ChunkedArray:
    import pyarrow as pa

    try:
        given = pa.array(column, from_pandas=True)
    except (pa.ArrowException, UnicodeError, OverflowError):
        return text_values(column)
    chunked = given if isinstance(given, pa.ChunkedArray) else pa.chunked_array([given])
    if pa.types.is_dictionary(chunked.type):
        chunked = chunked.cast(chunked.type.value_type)
    if pa.types.is_binary(chunked.type) or pa.types.is_nested(chunked.type):
        return text_values(chunked.to_pylist())
    return chunked.cast(pa.string())


def _is_missing(value: Any) -> bool:
    """None, NaN, NaT, pandas.NA: what differs from itself or cannot tell."""
    if value is None or isinstance(value, str | bytes | list | dict | tuple | set):
        return value is None
    try:
        return bool(value != value)  # noqa: PLR0124 (NaN and NaT differ from themselves)
    except (TypeError, ValueError):
        return type(value).__name__ == "NAType"


def text_values(values: Iterable[Any]) -> pa.ChunkedArray:
    """Any values as text, as :func:`text_column` has them.

    Examples
    --------
    >>> import pandas
    >>> text_values(["whoami", pandas.NA, 7, b"id\\xff", "\\ud800"]).to_pylist()
    ['whoami', None, '7', 'id�', '?']
    """
    import pyarrow as pa

    texts = [
        None if _is_missing(value)
        else value.decode("utf-8", "replace") if isinstance(value, bytes)
        else sound_text(str(value))
        for value in values
    ]  # fmt: skip
    return pa.chunked_array([pa.array(texts, pa.string())])


def sound_text(text: str) -> str:
    """Text that can be kept as UTF-8: half of a surrogate pair, which has none, is a question mark.

    Examples
    --------
    >>> sound_text("a\\ud800b")
    'a?b'
    """
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _of_pandas(frame: Any) -> pa.Table:
    import pyarrow as pa

    if frame.index.names != [None]:
        frame = frame.reset_index()
    frame = frame.copy(deep=False)
    frame.columns = [
        "_".join(str(part) for part in name if str(part)) if isinstance(name, tuple) else str(name)
        for name in frame.columns
    ]
    try:
        return pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeError):
        mixed = {name: _text_column(frame[name]) for name in frame.columns if not _is_of_one_type(frame[name])}
        return pa.Table.from_pandas(frame.assign(**mixed), preserve_index=False)


def _is_of_one_type(column: Any) -> bool:
    import pyarrow as pa

    try:
        pa.array(column, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeError):
        return False
    return True


def _text_column(column: Any) -> Any:
    """A column of values of several types, as text; a lone surrogate, which has no UTF-8, is a question mark."""
    import pandas as pd

    texts = [
        None if _is_missing(value) else value if isinstance(value, str) else _json_text(value)
        for value in column.tolist()
    ]
    sound = [None if text is None else sound_text(text) for text in texts]
    return pd.Series(sound, index=column.index, dtype=object)


def _plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column in one of the types that a dossier keeps."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind, types = column.type, pa.types
    if types.is_boolean(kind) or kind == pa.string():
        return column
    if types.is_null(kind) or types.is_large_string(kind):
        return column.cast(pa.string())
    if types.is_temporal(kind):
        return _plain_times(column)
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return _plain_numbers(column)
    return _plain_lists(column) if types.is_list(kind) or types.is_large_list(kind) else _json_texts(column)


def _plain_times(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Moments in UTC; lengths in seconds; times of day as text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("us", tz="UTC"), safe=False)
    if pa.types.is_date(column.type):
        return column.cast(pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))
    if pa.types.is_duration(column.type):
        return pc.divide(column.cast(pa.duration("us")).cast(pa.int64()).cast(pa.float64()), 1e6)
    return _json_texts(column)


def _plain_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Signed integers, and floats without NaN."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_integer(column.type):
        signed = (pa.int16(), pa.int32(), pa.int64())
        return column if column.type in signed else column.cast(pa.int64(), safe=False)
    numbers = column.cast(pa.float64())
    return pc.if_else(pc.is_nan(numbers), pa.scalar(None, pa.float64()), numbers)


def _plain_lists(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa

    inner = column.type.value_type
    if pa.types.is_integer(inner):
        return column.cast(pa.list_(pa.int64()))
    if pa.types.is_floating(inner):
        return column.cast(pa.list_(pa.float64()))
    if pa.types.is_string(inner) or pa.types.is_large_string(inner) or pa.types.is_null(inner):
        return column.cast(pa.list_(pa.string()))
    if pa.types.is_dictionary(inner):
        return column.cast(pa.list_(inner.value_type)).cast(pa.list_(pa.string()))
    return _json_texts(column)


def _json_texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa

    texts = [None if value is None else _json_text(value) for value in column.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _json_text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else json.dumps(value, default=str, ensure_ascii=False)
