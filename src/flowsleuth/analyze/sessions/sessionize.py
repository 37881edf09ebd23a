"""Sessions out of events: by who they are of and the gaps between them; and MSTICPy's shapes of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from flowsleuth.analyze.codes import row_groups
from flowsleuth.analyze.sessions.events import cells_of
from flowsleuth.analyze.sessions.model import SessionOptions
from flowsleuth.analyze.sessions.scoring import rare_sessions
from flowsleuth.errors import OptionError
from flowsleuth.schema.joined_columns import with_columns
from flowsleuth.schema.tabular import like, need_columns, text_column, to_table
from flowsleuth.schema.time_columns import utc_times

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

MICROSECONDS = 1_000_000


def session_numbers(
    data: Any, by: str | Sequence[str], time_column: str, *, gap_s: float = 1_800, longest_s: float | None = None
) -> pa.Array:
    """The number of the session that each row is in: events of one party without a long gap between them.

    Parameters
    ----------
    data : table
    by : str or sequence of str
        Columns that together name the party: account, host, address.
    time_column : str
    gap_s : float
        A longer gap begins a new session (half an hour).
    longest_s : float, optional
        No session is longer, from its first event to its last.

    Returns
    -------
    pyarrow.Array of int64
        From 0, as long as the table; null where the time cannot be read.

    Raises
    ------
    OptionError
        No such column; a time that is not above 0.

    Examples
    --------
    >>> import pandas
    >>> times = pandas.to_datetime(["2024-01-01 10:00", "2024-01-01 10:10", "2024-01-01 12:00"])
    >>> session_numbers(pandas.DataFrame({"user": "bob", "time": times}), "user", "time").to_pylist()
    [0, 0, 1]
    """
    import pyarrow as pa

    groups = [by] if isinstance(by, str) else list(by)
    need_columns(data, [*groups, time_column])
    if not gap_s > 0 or (longest_s is not None and not longest_s > 0):
        raise OptionError("not above 0 seconds", where="gap_s, longest_s")
    times = utc_times(to_table(data), time_column).cast(pa.int64())
    places = np.flatnonzero(times.is_valid().to_numpy(zero_copy_only=False))
    micros = times.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)[places]
    group = row_groups(data, groups)[places]
    order = np.lexsort((micros, group))
    micros, group = micros[order], group[order]
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = (np.diff(group) != 0) | (np.diff(micros) > gap_s * MICROSECONDS)
    if longest_s is not None:
        _cut(is_new, micros, round(longest_s * MICROSECONDS))
    found = np.full(len(data), -1, dtype=np.int64)
    found[places[order]] = np.cumsum(is_new) - 1
    return pa.array(found, pa.int64(), mask=found < 0)


def _cut(is_new: npt.NDArray[np.bool_], micros: npt.NDArray[np.int64], longest: int) -> None:
    """Begin a new session wherever one would be too long."""
    begins = np.flatnonzero(is_new)
    for first, last in zip(begins, [*begins[1:], len(micros)][: len(begins)], strict=True):
        at = int(first)
        while micros[last - 1] - micros[at] > longest:
            at += int(np.searchsorted(micros[at:last], micros[at] + longest, "right"))
            is_new[at] = True


def sessionize_data(  # noqa: PLR0917 (as MSTICPy has them)
    data: Any,
    user_identifier_cols: Sequence[str],
    time_col: str,
    max_session_time_mins: float,
    max_event_separation_mins: float,
    event_col: str,
) -> Any:
    """Events put together to sessions, a row for each, with the arguments that MSTICPy's users know.

    Returns
    -------
    table of the same make
        The columns that name the party, ``{time_col}_min``, ``{time_col}_max``, ``{event_col}_list``, ``duration_s``
        and ``number_events``. By the first time.

    Examples
    --------
    >>> import pandas
    >>> times = pandas.to_datetime(["2024-01-01 10:00", "2024-01-01 10:01"])
    >>> events = pandas.DataFrame({"user": "bob", "time": times, "op": ["a", "b"]})
    >>> [list(ops) for ops in sessionize_data(events, ["user"], "time", 20, 2, "op")["op_list"]]
    [['a', 'b']]
    """
    import pyarrow as pa

    need_columns(data, [event_col])
    numbers = session_numbers(
        data, user_identifier_cols, time_col, gap_s=max_event_separation_mins * 60, longest_s=max_session_time_mins * 60
    )
    times = utc_times(to_table(data), time_col)
    told = pa.table({"session": numbers, "time": times, "row": pa.array(range(len(numbers)), pa.int64())})
    told = told.filter(numbers.is_valid()).sort_by([("session", "ascending"), ("time", "ascending")])
    session = told["session"].to_numpy()
    starts = np.flatnonzero(np.diff(session, prepend=-1)).astype(np.int64)
    bounds = np.append(starts, len(session)).astype(np.int64)
    rows, moments = told["row"].combine_chunks(), told["time"].combine_chunks()
    first, last = moments.take(pa.array(starts)), moments.take(pa.array(bounds[1:] - 1))
    whose = rows.take(pa.array(starts))
    table = pa.table(
        {
            **{name: text_column(data, name).take(whose) for name in user_identifier_cols},
            f"{time_col}_min": first,
            f"{time_col}_max": last,
            f"{event_col}_list": pa.ListArray.from_arrays(
                pa.array(bounds, pa.int32()), text_column(data, event_col).combine_chunks().take(rows)
            ),
            "duration_s": pa.array(
                (last.cast(pa.int64()).to_numpy() - first.cast(pa.int64()).to_numpy()) / MICROSECONDS, pa.float64()
            ),
            "number_events": pa.array(np.diff(bounds), pa.int64()),
        }
    )
    return like(table.sort_by(f"{time_col}_min"), data)


def score_sessions(data: Any, session_column: str, window_length: int) -> Any:
    """Sessions that stand in cells, as lists of commands, scored; with the arguments that MSTICPy's users know.

    Parameters
    ----------
    data : pandas.DataFrame, polars.DataFrame, pyarrow.Table
        It is not changed.
    session_column : str
        Of lists of commands: texts, or pairs or mappings of a ``name`` and its ``params``.
    window_length : int

    Returns
    -------
    table of the same make
        The same with ``rarest_window{N}_likelihood`` and ``rarest_window{N}`` more, and the ``reason``; null for a
        session without commands.

    Examples
    --------
    >>> import pandas
    >>> sessions = pandas.DataFrame({"session": [["login", "read"]] * 20 + [["login", "wipe"]]})
    >>> score_sessions(sessions, "session", 2).iloc[20][["rarest_window2", "reason"]].tolist()
    ['wipe → (end)', 'wipe after login: 1 of 21 times']
    """
    import pyarrow as pa

    need_columns(data, [session_column])
    number, commands, params = _exploded(cells_of(data, session_column))
    has_params = any(params)
    events = pa.table(
        {
            "session": pa.array(number, pa.int64()),
            "command": pa.array(commands, pa.string()),
            "params": pa.array(params, pa.string()),
        }
    )
    options = SessionOptions("values" if has_params else "commands", window_length)
    found = rare_sessions(events, "session", "command", parameters="params" if has_params else None, options=options)
    place = np.full(len(data), -1)
    place[found["session"].cast(pa.int64()).to_numpy()] = np.arange(len(found))
    taken = found.take(pa.array(place, mask=place < 0))
    name = f"rarest_window{window_length}"
    columns = {f"{name}_likelihood": taken["rarest_likelihood"], name: taken["rarest"], "reason": taken["reason"]}
    return with_columns(data, columns, replace=True)


def _exploded(cells: Sequence[Any]) -> tuple[list[int], list[str], list[str | None]]:
    """Number of the session, command and parameters of each event."""
    import json

    number: list[int] = []
    commands: list[str] = []
    params: list[str | None] = []
    for at, cell in enumerate(cells):
        for one in cell.tolist() if hasattr(cell, "tolist") else cell if isinstance(cell, list | tuple) else []:
            name, given = _named(one)
            number.append(at)
            commands.append(name)
            params.append(None if given is None else json.dumps(given, default=str))
    return number, commands, params


def _named(one: Any) -> tuple[str, Any]:
    """A command and its parameters."""
    if isinstance(one, dict):
        return str(one.get("name")), one.get("params")
    if isinstance(one, list | tuple) and len(one) == 2:
        return str(one[0]), _listed(one[1])
    if hasattr(one, "name") and hasattr(one, "params"):
        return str(one.name), _listed(one.params)
    return str(one), None


def _listed(params: Any) -> Any:
    return sorted(params) if isinstance(params, set | frozenset) else params
