"""Logons that are alike put together: many rows to few, those that happened once stand out."""

from __future__ import annotations

from typing import Any

from flowsleuth.analyze.logons.schema import LogonSchema, read_logons
from flowsleuth.schema.tabular import like

ALIKE = ("account", "source", "host", "logon_type", "is_success")


def cluster_logons(data: Any, schema: LogonSchema | None = None) -> Any:
    """Clusters of logons of one account, source, host, type and outcome, the rarest first.

    Parameters
    ----------
    data : table
        pandas, polars or Arrow; it is not changed.
    schema : LogonSchema, optional
        Names of its columns; by default those of a known table.

    Returns
    -------
    table
        What is alike, ``cluster_size``, ``first_seen``, ``last_seen``, ``days`` on which it happened, and ``row``, the
        first of its rows.

    Raises
    ------
    OptionError
        It is no table, or lacks a column.

    Examples
    --------
    >>> import pandas
    >>> frame = pandas.DataFrame({"start": ["2024-03-05T10:00:00Z"] * 3, "user": ["bob", "bob", "ana"],
    ...     "is_success": [True, True, False]})
    >>> cluster_logons(frame)[["account", "cluster_size", "row"]].values.tolist()
    [['ana', 1, 2], ['bob', 2, 0]]
    """
    import pyarrow.compute as pc

    logons = read_logons(data, schema)
    table = logons.table.append_column("row", logons.label)
    table = table.append_column("day", pc.floor_temporal(table["start"], unit="day"))
    asked = [("start", "count"), ("start", "min"), ("start", "max"), ("day", "count_distinct"), ("row", "first")]
    found = table.group_by(list(ALIKE), use_threads=False).aggregate(asked)
    found = found.rename_columns([*ALIKE, "cluster_size", "first_seen", "last_seen", "days", "row"])
    return like(found.sort_by([("cluster_size", "ascending"), ("first_seen", "ascending")]), data)
