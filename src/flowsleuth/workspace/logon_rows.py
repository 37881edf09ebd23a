"""Logons and sessions of what is stored: the tables read, and the places of sources from the facts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flowsleuth.schema import LOGON, SYSLOG
from flowsleuth.workspace.results import Rows

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.analyze.logons import LogonOptions
    from flowsleuth.schema.time_range import TimeRange
    from flowsleuth.workspace import Workspace

_OF_LOGON = (
    "event_id", "start", "host", "user", "domain", "src_ip", "src_host", "is_success", "logon_type",
)  # fmt: skip
_OF_SYSLOG = ("event_id", "start", "host", "host_ip", "program", "pid", "message")
_TOLD = ("session opened for user ", "session closed for user ", "Accepted ", "COMMAND=", "(command continued)")
"""What messages of sessions and of sudo have in them."""
_DEGREES = {"lat": "latitude", "lon": "longitude"}


def stored_logons(workspace: Workspace, window: TimeRange) -> pa.Table:
    """Logons of a window."""
    from flowsleuth.investigate.queries import stored_within

    rows = stored_within(workspace.store, LOGON.name, window.start, window.end)
    return workspace.store.arrow(rows.select(*_OF_LOGON).order_by(["start", "event_id"]))


def stored_messages(workspace: Workspace, window: TimeRange, *, of_sessions: bool = True) -> pa.Table:
    """Messages of a window; only those that tell of sessions and of sudo, unless all are asked for."""
    from functools import reduce
    from operator import or_

    from flowsleuth.investigate.queries import stored_within

    rows = stored_within(workspace.store, SYSLOG.name, window.start, window.end)
    if of_sessions:
        rows = rows.filter(reduce(or_, (rows.message.contains(words) for words in _TOLD)))
    return workspace.store.arrow(rows.select(*_OF_SYSLOG).order_by(["start", "event_id"]))


def known_places(workspace: Workspace) -> pa.Table:
    """Where addresses are, by the facts: ``source``, ``latitude``, ``longitude``; the first source of each counts."""
    import pyarrow as pa

    facts = workspace.store.table("fact")
    rows = facts.filter(facts.fact.isin(tuple(_DEGREES))).select("observable", "fact", "value", "source")
    found: dict[tuple[str, str], dict[str, float]] = {}
    for row in workspace.store.arrow(rows.order_by(["observable", "source", "fact"])).to_pylist():
        try:
            degrees = float(row["value"])
        except ValueError:
            continue
        found.setdefault((row["observable"], row["source"]), {})[_DEGREES[row["fact"]]] = degrees
    places: dict[str, dict[str, float]] = {}
    for (address, _), place in found.items():
        if len(place) == len(_DEGREES):
            places.setdefault(address, place)
    columns = {name: [place[name] for place in places.values()] for name in _DEGREES.values()}
    return pa.table(
        {"source": pa.array(list(places), pa.string())}
        | {name: pa.array(values, pa.float64()) for name, values in columns.items()}
    )


def logon_patterns_of(
    workspace: Workspace, window: TimeRange, patterns: Iterable[str] | None, options: LogonOptions | None
) -> Rows:
    """What is odd about the logons of a window."""
    from flowsleuth.analyze.logons.findings import FINDERS, find_logon_patterns

    logons = stored_logons(workspace, window)
    wanted = tuple(FINDERS) if patterns is None else tuple(patterns)
    places: Any = known_places(workspace) if "travel" in wanted else None
    return Rows(find_logon_patterns(logons, options=options, patterns=wanted, places=places))
