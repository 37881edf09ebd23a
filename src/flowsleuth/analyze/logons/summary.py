"""Logons counted by account, source, host or type."""

from __future__ import annotations

from typing import Any

from flowsleuth.analyze.logons.schema import LogonSchema, read_logons
from flowsleuth.errors import OptionError
from flowsleuth.schema.tabular import like

BY = ("account", "source", "host", "logon_type")


def summarize_logons(data: Any, by: str = "account", schema: LogonSchema | None = None) -> Any:
    """One row for each account, source, host or type of logons, the busiest first.

    Parameters
    ----------
    data : table
        pandas, polars or Arrow; it is not changed.
    by : {"account", "source", "host", "logon_type"}
    schema : LogonSchema, optional
        Names of its columns; by default those of a known table.

    Returns
    -------
    table
        What is counted (null: not said), ``logons``, ``failures``, ``first_seen``, ``last_seen``, ``last_success``
        (null: never), and how many different ``accounts``, ``sources``, ``hosts`` and ``logon_types`` there are, those
        that are not counted by.

    Raises
    ------
    OptionError
        There is no such column, or no such way to count.

    Examples
    --------
    >>> import pandas
    >>> frame = pandas.DataFrame({"start": ["2024-03-05T10:00:00Z"] * 3, "user": ["bob", "bob", "ana"],
    ...     "src_ip": ["10.0.0.1", "10.0.0.2", None], "is_success": [True, False, True]})
    >>> summarize_logons(frame)[["account", "logons", "failures", "sources"]].values.tolist()
    [['bob', 2, 1, 2], ['ana', 1, 0, 0]]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if by not in BY:
        raise OptionError("logons are not counted by that", where=f"by={by!r}", available=BY)
    table = read_logons(data, schema).table
    good = table["is_success"]
    table = table.append_column("failure", pc.invert(good).cast(pa.int64()))
    table = table.append_column("success_at", pc.if_else(good, table["start"], pa.scalar(None, table["start"].type)))
    others = [name for name in BY if name != by]
    asked = [("start", "count"), ("failure", "sum"), ("start", "min"), ("start", "max"), ("success_at", "max")]
    counted = table.group_by(by).aggregate(asked + [(name, "count_distinct") for name in others])
    names = [by, "logons", "failures", "first_seen", "last_seen", "last_success", *(f"{name}s" for name in others)]
    found = counted.rename_columns(names)
    return like(found.sort_by([("logons", "descending"), (by, "ascending")]), data)
