"""Columns of tables of any make as analyses take them: by the names that they usually have, as text, as moments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.extract.command_lines.risky import COLUMN_NAMES
from flowsleuth.schema.tabular import column_names, text_column
from flowsleuth.schema.time_columns import utc_times

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    Ints = npt.NDArray[np.int64]
    Numbers = npt.NDArray[np.float64]

TIMES = (
    "start", "TimeCreatedUtc", "UtcTime", "TimeGenerated", "CreatedProcessCreationTime", "ProcessCreationTime",
    "EventTime", "Timestamp", "timestamp", "@timestamp", "first_seen", "proc_started", "time", "Time", "datetime",
)  # fmt: skip
"""What columns of times are called here and elsewhere, when it happened before when it was written."""
PROGRAMS = (
    "NewProcessName", "Image", "FolderPath", "FileName", "CreatedProcessName", "process.executable", "exe", "path",
    "proc_name", "name",
)  # fmt: skip
"""And those of programs, the surest first."""
COMMANDS = (*COLUMN_NAMES, "proc_command")
"""And those of command lines."""
NO_TIME = -(2**63)


def first_there(data: Any, names: Sequence[str]) -> str | None:
    """The first of some names that a table has a column of.

    Examples
    --------
    >>> import pyarrow as pa
    >>> first_there(pa.table({"pid": [4], "UtcTime": [""]}), TIMES), first_there(pa.table({"pid": [4]}), TIMES)
    ('UtcTime', None)
    """
    there = column_names(data)
    return next((name for name in names if name in there), None)


def text_of(data: Any, column: str | None) -> pa.Array:
    """A column as text in one piece; nulls when there is none.

    Examples
    --------
    >>> import pyarrow as pa
    >>> text_of(pa.table({"pid": [4, None]}), "pid").to_pylist(), text_of(pa.table({"pid": [4]}), None).to_pylist()
    (['4', None], [None])
    """
    import pyarrow as pa

    return text_column(data, column).combine_chunks() if column else pa.nulls(len(data), pa.string())


def micros_of(table: pa.Table, column: str | None, otherwise: int = NO_TIME) -> Ints:
    """Times as microseconds since 1970 UTC; what is ``otherwise`` where there is none.

    Examples
    --------
    >>> import pyarrow as pa
    >>> micros_of(pa.table({"t": ["1970-01-01 00:00:01", None]}), "t", -1).tolist()
    [1000000, -1]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    times = utc_times(table, column).cast(pa.int64())
    found: Ints = pc.fill_null(times, otherwise).to_numpy(zero_copy_only=False)
    return found


def numbers_of(column: pa.Array | pa.ChunkedArray) -> Numbers:
    """A column as numbers, those that are written as text too; NaN where there is none.

    Examples
    --------
    >>> import pyarrow as pa
    >>> numbers_of(pa.array(["7", " 2.5", "x", None])).tolist(), numbers_of(pa.array([1, None])).tolist()
    ([7.0, 2.5, nan, nan], [1.0, nan])
    """
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(column.type):
        return np.asarray(pd.to_numeric(column.to_pandas(), errors="coerce"), dtype=np.float64)
    return np.asarray(pc.fill_null(column.cast(pa.float64()), float("nan")))
