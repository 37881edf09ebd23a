"""Sessions of sudo during which something risky was done, with all the reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flowsleuth.schema.tabular import need_columns, row_labels, to_table
from flowsleuth.schema.time_columns import utc_times


def risky_sudo_sessions(
    sudo_sessions: Any,
    risky_actions: Mapping[Any, Any] | None = None,
    suspicious_actions: Iterable[Mapping[Any, Any]] | None = None,
) -> dict[Any, str]:
    """Sessions during which something risky was done: label of the session → all the reasons.

    Parameters
    ----------
    sudo_sessions : table
        With ``Start`` and ``End`` (or ``start`` and ``end``), as :func:`cluster_syslog_logons_df` gives it, or
        :func:`sudo_sessions`, whose own ``risks`` are told too. A session without an end goes on.
    risky_actions : mapping, optional
        Moment → what was risky then: a reason, or several in a list.
    suspicious_actions : iterable of mapping, optional
        Bursts of commands: each anything → the moment, or a frame with its ``TimeGenerated``.

    Returns
    -------
    dict
        Reasons are parted by ``"; "``. Without actions only what the sessions say themselves.

    Raises
    ------
    OptionError
        It is no table, or has no times.

    Examples
    --------
    >>> import pandas
    >>> sessions = pandas.DataFrame({"User": ["bob"], "Start": ["2024-03-05T10:00Z"], "End": ["2024-03-05T10:05Z"]})
    >>> risky_sudo_sessions(sessions, {"2024-03-05T10:01:00Z": ["reads /etc/shadow", "downloads"]})
    {0: 'reads /etc/shadow; downloads'}
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    table = to_table(sudo_sessions)
    names = ("start", "end") if "start" in table.column_names else ("Start", "End")
    need_columns(sudo_sessions, names)
    begin, end = (utc_times(table, name).cast(pa.int64()) for name in names)
    first = pc.fill_null(begin, 2**62).to_numpy()
    last = pc.fill_null(end, 2**62).to_numpy()
    labels = row_labels(sudo_sessions).to_pylist()
    found: dict[Any, list[str]] = {}
    if "risks" in table.column_names:
        for label, some in zip(labels, table["risks"].to_pylist(), strict=True):
            found.setdefault(label, []).extend(some or [])
    for moment, reasons in _actions(risky_actions, suspicious_actions):
        for at in np.flatnonzero((first <= moment) & (moment <= last)).tolist():
            found.setdefault(labels[at], []).extend(reasons)
    return {label: "; ".join(dict.fromkeys(reasons)) for label, reasons in found.items() if reasons}


def _actions(
    risky: Mapping[Any, Any] | None, suspicious: Iterable[Mapping[Any, Any]] | None
) -> Iterable[tuple[int, list[str]]]:
    """Moments, in microseconds since 1970, with what was risky then."""
    for moment, reasons in (risky or {}).items():
        yield _micros(moment), [str(one) for one in (reasons if isinstance(reasons, list | tuple | set) else [reasons])]
    for burst in suspicious or ():
        for moment in burst.values():
            one = moment[0] if isinstance(moment, list | tuple) else moment
            if hasattr(one, "iloc"):
                one = one["TimeGenerated"].iloc[0]
            yield _micros(one), ["many commands in a short time"]


def _micros(moment: Any) -> int:
    import pyarrow as pa

    found = utc_times(pa.table({"time": [str(moment)]}), "time")[0]
    return int(found.value) if found.is_valid else -1
