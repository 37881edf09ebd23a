"""Tables of any make as Arrow tables of the types that a dossier keeps, so that what was saved is what was found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError

if TYPE_CHECKING:
    import pyarrow as pa


def is_table(value: Any) -> bool:
    """Whether it is a table: Arrow, pandas, :class:`~flowsleuth.workspace.results.Rows` or of the like."""
    return hasattr(value, "column_names") or hasattr(value, "to_arrow") or hasattr(value, "iloc")


def as_arrow(value: Any) -> pa.Table:
    """A table as Arrow: times are UTC microseconds, integers signed, categories text, structures JSON.

    Raises
    ------
    OptionError
        It is no table.

    Examples
    --------
    >>> import pandas
    >>> frame = pandas.DataFrame({"port": [443]}, index=pandas.Index(["192.0.2.7"], name="peer"))
    >>> as_arrow(frame).to_pylist()
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
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        mixed = {name: _text_column(frame[name]) for name in frame.columns if not _is_of_one_type(frame[name])}
        return pa.Table.from_pandas(frame.assign(**mixed), preserve_index=False)


def _is_of_one_type(column: Any) -> bool:
    import pyarrow as pa

    try:
        pa.array(column, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return False
    return True


def _text_column(column: Any) -> Any:
    """A column of values of several types, as text."""
    return column.map(lambda value: value if value is None or isinstance(value, str) else _json_text(value))


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
