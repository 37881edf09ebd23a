"""From when to when a series was odd: anomalies that are near one another as one window of time."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from flowsleuth.analyze.columns import NO_TIME, micros_of
from flowsleuth.errors import OptionError
from flowsleuth.schema.moments import moment_text, parse_period
from flowsleuth.schema.time_range import TimeRange

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def find_anomaly_periods(
    data: Any,
    time_column: str | None = None,
    period: Any = "1h",
    pos_only: bool = False,
    anomalies_column: str = "anomalies",
) -> list[TimeRange]:
    """The windows of time in which there were anomalies, earliest first.

    Parameters
    ----------
    data : table
        What :func:`flowsleuth.analyze.timeseries.timeseries_anomalies_stl` gives, or any with times and marks.
    time_column : str, optional
        Found when not given.
    period : length of time
        Anomalies that are no farther apart are in one window (``"90m"``, ``"1h"``, a timedelta), which goes on for the
        width of a bin after the last of them.
    pos_only : bool
        Only those above what was expected.
    anomalies_column : str
        1 above, -1 below; 0 or null otherwise.

    Raises
    ------
    OptionError
        A column is not there, or the period is no length of time.

    Examples
    --------
    >>> import pyarrow as pa
    >>> hours = pa.table({"TimeGenerated": [f"2024-03-14T{hour:02}:00Z" for hour in range(6)],
    ...     "anomalies": [0, 1, 1, 0, 0, -1], "bin_s": [3600.0] * 6})
    >>> [(one.start.hour, one.end.hour) for one in find_anomaly_periods(hours)]
    [(1, 3), (5, 6)]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from flowsleuth.analyze.regular_series import time_column_of
    from flowsleuth.schema.tabular import need_columns, to_table

    table = to_table(data)
    time = time_column_of(table, time_column)
    need_columns(table, [anomalies_column])
    marks = pc.fill_null(table[anomalies_column].cast(pa.int64()), 0).to_numpy()
    when = micros_of(table, time)
    odd = np.sort(when[((marks > 0) if pos_only else (marks != 0)) & (when != NO_TIME)])
    if not len(odd):
        return []
    length = parse_period(period)
    width = _bin_width(table, when[when != NO_TIME], length)
    breaks = np.flatnonzero(np.diff(odd) > length // dt.timedelta(microseconds=1)) + 1
    parts = np.split(odd, breaks)
    return [TimeRange(_moment(int(part[0])), _moment(int(part[-1])) + width) for part in parts]


def extract_anomaly_periods(
    data: Any,
    time_column: str | None = None,
    period: Any = "1h",
    pos_only: bool = False,
    anomalies_column: str = "anomalies",
) -> dict[dt.datetime, dt.datetime]:
    """The same as start → end."""
    found = find_anomaly_periods(data, time_column, period, pos_only, anomalies_column)
    return {one.start: one.end for one in found if one.start is not None and one.end is not None}


def create_time_period_kqlfilter(
    periods: Mapping[dt.datetime, dt.datetime] | Iterable[TimeRange], time_column: str = "TimeGenerated"
) -> str:
    """A filter in Kusto's language for rows of these windows.

    Raises
    ------
    OptionError
        There is no window, or the column's name is none that can be written as it is.

    Examples
    --------
    >>> create_time_period_kqlfilter([TimeRange.of("2024-03-14T01:00Z", "2024-03-14T03:00Z")])
    '| where (TimeGenerated >= datetime(2024-03-14T01:00:00Z) and TimeGenerated < datetime(2024-03-14T03:00:00Z))'
    """
    if not _PLAIN_NAME.fullmatch(time_column):
        raise OptionError("not a plain name of a column", where=time_column)
    pairs = list(periods.items()) if isinstance(periods, Mapping) else [(one.start, one.end) for one in periods]
    if not pairs:
        raise OptionError("no windows of time", where="periods")
    told = [
        f"({time_column} >= datetime({moment_text(TimeRange.of(start, end).start)})"
        f" and {time_column} < datetime({moment_text(TimeRange.of(start, end).end)}))"
        for start, end in pairs
    ]
    return f"| where {' or '.join(told)}"


def _bin_width(table: Any, when: Any, length: dt.timedelta) -> dt.timedelta:
    """The width that the table tells, else the commonest distance of its times."""
    from flowsleuth.analyze.regular_series import commonest

    if "bin_s" in table.column_names and len(table):
        told = table["bin_s"][0].as_py()
        if told:
            return dt.timedelta(seconds=told)
    steps = np.diff(np.unique(when))
    return dt.timedelta(microseconds=commonest(steps)) if len(steps) else length


def _moment(micros: int) -> dt.datetime:
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=micros)
