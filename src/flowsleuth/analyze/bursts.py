"""Bursts: more events in a short time than a person at a keyboard makes, by host and user."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.analyze.codes import row_groups
from flowsleuth.analyze.columns import TIMES, first_there, text_of
from flowsleuth.errors import OptionError
from flowsleuth.extract.command_lines.risky import known_column
from flowsleuth.schema.tabular import column_names, like, need_columns, row_labels, text_column, to_table
from flowsleuth.schema.time_columns import utc_times

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

HOST_COLUMNS = ("host", "Computer", "HostName", "ComputerDnsName", "DeviceName", "hostname", "host.name")
USER_COLUMNS = (
    "user", "Sudoer", "Account", "SubjectUserName", "CreatedProcessAccountName", "AccountName", "User", "username",
    "user.name", "auid", "uid",
)  # fmt: skip
"""What these columns are called here and elsewhere, the surest first."""
MICROSECONDS = 1e6


def command_bursts(
    data: Any,
    column: str | None = None,
    *,
    time_column: str | None = None,
    by: str | Sequence[str] | None = None,
    events: int = 10,
    within_s: float = 5.0,
) -> Any:
    """Where at least so many events fall within so many seconds; windows that overlap are one burst.

    Parameters
    ----------
    data : pandas.DataFrame, polars.DataFrame, pyarrow.Table
        It is not changed, and need not be in order.
    column : str, optional
        Of command lines; rows without one are passed over. The first that is known to hold them when not given.
    time_column : str, optional
        The first of :data:`~flowsleuth.analyze.columns.TIMES` that is there. Rows whose time cannot be read are passed
        over.
    by : str or sequence of str, optional
        Columns that a burst does not cross. The host and the user where known names of both are there; ``()`` for none.
    events : int
        At least 2.
    within_s : float
        From the first to the last of them, at least 0; both ends are within.

    Returns
    -------
    table of the same make
        The columns of ``by``, ``start``, ``end``, ``duration_s``, ``events``, ``fastest_s`` (the shortest time in which
        the asked number of them fell), ``distinct`` (different command lines), ``first_command``, ``rows`` (labels of
        the rows, in order of time). By start.

    Raises
    ------
    OptionError
        No such column, or none that is known; fewer than 2 events; a negative time.

    Notes
    -----
    A burst is a script, a scheduler or a service as well as an intruder.

    Examples
    --------
    >>> import pandas
    >>> times = pandas.to_datetime(["2024-01-01 10:00:00"] * 3 + ["2024-01-01 11:00:00"])
    >>> sudo = pandas.DataFrame({"TimeGenerated": times, "Command": ["id", "ls", "id", "top"]})
    >>> command_bursts(sudo, events=3)[["events", "duration_s", "distinct", "first_command"]].values.tolist()
    [[3, 0.0, 2, 'id']]
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if events < 2 or not within_s >= 0:
        raise OptionError("at least 2 events within no less than 0 seconds", where=f"{events} in {within_s} s")
    chosen = column or known_column(data)
    when = time_column or first_there(data, TIMES)
    if when is None:
        raise OptionError("no column that is known to hold times", available=column_names(data), hint="name the column")
    groups = _groups(data, by)
    commands = text_of(data, chosen)
    times = utc_times(to_table(data), when).cast(pa.int64())
    is_told = pc.and_(pc.is_valid(times), pc.greater(pc.fill_null(pc.utf8_length(commands), 0), 0))
    places = pc.indices_nonzero(is_told).to_numpy()
    group, micros = row_groups(data, groups)[places], times.to_numpy(zero_copy_only=False)[places].astype(np.int64)
    order = np.lexsort((micros, group))
    first, last, fastest = _runs(group[order], micros[order], events, round(within_s * MICROSECONDS))
    return like(_told(data, commands, groups, (places[order], micros[order], first, last, fastest)), data)


def cmd_speed(cmd_events: Any, cmd_field: str, time: float = 5, events: int = 10) -> Any:
    """:func:`command_bursts` with the arguments that MSTICPy's users know.

    Parameters
    ----------
    cmd_events : table
    cmd_field : str
    time : float
        Seconds.
    events : int

    Examples
    --------
    >>> import pandas
    >>> times = pandas.to_datetime(["2024-01-01 10:00:00"] * 3)
    >>> len(cmd_speed(pandas.DataFrame({"TimeGenerated": times, "Command": ["id", "ls", "id"]}), "Command", 1, 3))
    1
    """
    return command_bursts(cmd_events, cmd_field, events=events, within_s=time)


def _groups(data: Any, by: str | Sequence[str] | None) -> list[str]:
    if by is None:
        known = (first_there(data, names) for names in (HOST_COLUMNS, USER_COLUMNS))
        return [name for name in known if name is not None]
    groups = [by] if isinstance(by, str) else list(by)
    need_columns(data, groups)
    return groups


def _runs(
    group: npt.NDArray[np.int64], micros: npt.NDArray[np.int64], events: int, within: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First and last place of each burst in events that are in order, and the shortest time of a window in it."""
    import numpy as np

    nothing = np.zeros(0, dtype=np.int64)
    if len(micros) < events:
        return nothing, nothing, nothing
    span = micros[events - 1 :] - micros[: len(micros) - events + 1]
    starts = np.flatnonzero((group[events - 1 :] == group[: len(group) - events + 1]) & (span <= within))
    if not len(starts):
        return nothing, nothing, nothing
    overlaps = (np.diff(starts) < events) & (group[starts[1:]] == group[starts[:-1]])
    begins = np.flatnonzero(np.concatenate([[True], ~overlaps]))
    ends = np.concatenate([begins[1:], [len(starts)]]) - 1
    return starts[begins], starts[ends] + events - 1, np.minimum.reduceat(span[starts], begins)


def _told(data: Any, commands: pa.Array, groups: Sequence[str], found: tuple[Any, ...]) -> pa.Table:
    """The bursts as a table."""
    import numpy as np
    import pyarrow as pa

    places, micros, first, last, fastest = found
    counts = last - first + 1
    bounds = np.concatenate([[0], np.cumsum(counts)])
    within = np.arange(bounds[-1]) - np.repeat(bounds[:-1], counts) + np.repeat(first, counts)
    members = pa.array(places[within], pa.int64())
    lines = commands.take(members).dictionary_encode()
    pairs = np.repeat(np.arange(len(counts)), counts) * (len(lines.dictionary) + 1) + lines.indices.to_numpy()
    distinct = np.bincount(np.unique(pairs) // (len(lines.dictionary) + 1), minlength=len(counts))
    moment = pa.timestamp("us", tz="UTC")
    begin = pa.array(places[first], pa.int64())
    table = pa.table(
        {
            **{name: text_column(data, name).take(begin) for name in groups},
            "start": pa.array(micros[first], pa.int64()).cast(moment),
            "end": pa.array(micros[last], pa.int64()).cast(moment),
            "duration_s": pa.array((micros[last] - micros[first]) / MICROSECONDS, pa.float64()),
            "events": pa.array(counts, pa.int64()),
            "fastest_s": pa.array(fastest / MICROSECONDS, pa.float64()),
            "distinct": pa.array(distinct, pa.int64()),
            "first_command": commands.take(begin),
            "rows": pa.ListArray.from_arrays(pa.array(bounds, pa.int32()), row_labels(data).take(members)),
        }
    )
    return table.sort_by("start")
