"""Alerts that belong together: about the same things within a while, or because their source says so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from flowsleuth.analyze.alerts.alert import SecurityAlert, read_alerts
from flowsleuth.analyze.alerts.incident_rows import incident_rows
from flowsleuth.analyze.alerts.related import keys_of, said_alert_ids
from flowsleuth.analyze.alerts.rows import is_frame, rows_of, table_of
from flowsleuth.analyze.alerts.same_things import is_built_in
from flowsleuth.errors import FlowsleuthError, OptionError
from flowsleuth.schema.entities import (
    Account,
    Dns,
    Entity,
    FileHash,
    Host,
    Incident,
    IpAddress,
    Mailbox,
    Process,
    Url,
)
from flowsleuth.schema.joined_columns import with_columns
from flowsleuth.schema.moments import parse_period

if TYPE_CHECKING:
    import pyarrow as pa

KINDS: dict[str, type[Entity]] = {
    "host": Host, "account": Account, "ip": IpAddress, "process": Process, "hash": FileHash, "url": Url, "domain": Dns,
    "mailbox": Mailbox,
}  # fmt: skip
"""What can hold alerts together."""


@dataclass(frozen=True)
class IncidentOptions:
    """What makes an incident.

    Attributes
    ----------
    window : str
        How long after one alert about a thing ends the next about it may begin: ``24h``, ``2d``.
    by : tuple of str
        Kinds of things that hold alerts together, of :data:`KINDS`.
    most_alerts : int
        A thing that more alerts are about says nothing, such as a scanner of one's own; at least 2.

    Raises
    ------
    OptionError
        Out of these bounds.
    """

    window: str = "24h"
    by: tuple[str, ...] = tuple(KINDS)
    most_alerts: int = 1_000

    def __post_init__(self) -> None:
        parse_period(self.window)
        if unknown := [word for word in self.by if word not in KINDS]:
            raise OptionError("nothing that holds alerts together", where=", ".join(unknown), available=KINDS)
        if self.most_alerts < 2:
            raise OptionError("at least 2", where=f"most_alerts={self.most_alerts}")


@dataclass(frozen=True)
class Incidents:
    """Alerts put together.

    Attributes
    ----------
    table : pyarrow.Table
        A row an incident, the earliest first: ``incident_id`` (from 1), ``title``, ``severity`` (the strongest),
        ``alerts`` (how many), ``first_seen``, ``last_seen`` (UTC), ``hosts``, ``accounts``, ``addresses``, ``shared``
        (what holds it together), ``tactics``, ``providers``, ``alert_ids`` (a list).
    alerts : frame
        The alerts, of the kind that was given, with ``incident_id``.
    groups : tuple of tuple of SecurityAlert
        The alerts of each, in the order of ``table``.
    notes : tuple of str
        What was left out.
    """

    table: pa.Table
    alerts: Any
    groups: tuple[tuple[SecurityAlert, ...], ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.groups)

    def to_pandas(self) -> Any:
        """The table as a pandas frame."""
        return self.table.to_pandas()

    def _repr_html_(self) -> str:
        return str(self.to_pandas().to_html(escape=True, max_rows=60, index=False))


def group_incidents(alerts: Any, options: IncidentOptions | None = None, **changes: Any) -> Incidents:
    """Put alerts together that are about the same things within a while.

    An alert that stands for others (``IsIncident``) is put together with them, whenever they were. Built-in accounts
    such as SYSTEM hold nothing together. An alert without a time stays alone unless its source says otherwise.

    Parameters
    ----------
    alerts : pandas, polars or Arrow table, or iterable of rows
        Never changed.
    options : IncidentOptions, optional
    **changes
        Its fields, one by one.

    Returns
    -------
    Incidents

    Examples
    --------
    >>> def alert(name, day, host):
    ...     return {"SystemAlertId": name, "AlertName": name, "StartTimeUtc": f"2024-05-0{day}",
    ...         "Entities": f'[{{"Type": "host", "HostName": "{host}"}}]'}
    >>> found = group_incidents([alert("a", 1, "web1"), alert("b", 2, "WEB1"), alert("c", 2, "db"),
    ...     alert("d", 7, "web1")], window="2d")
    >>> found.table.select(["title", "alerts", "hosts"]).to_pylist()[0]
    {'title': 'a and 1 other', 'alerts': 2, 'hosts': 'web1'}
    >>> found.alerts["incident_id"].to_pylist()
    [1, 1, 2, 3]
    """
    import pyarrow as pa

    chosen = replace(options or IncidentOptions(), **changes)
    table = table_of(alerts)
    listed = read_alerts(table)
    joined = _Groups(len(listed))
    notes = _join_by_things(joined, listed, chosen)
    _join_as_said(joined, listed)
    numbers, groups = joined.numbered(listed)
    frame = alerts if is_frame(alerts) else table
    told = with_columns(frame, {"incident_id": pa.array(numbers, pa.int64())}, replace=True)
    sorted_groups = tuple(tuple(listed[at] for at in group) for group in groups)
    kinds = tuple(KINDS[word] for word in chosen.by)
    return Incidents(incident_rows(sorted_groups, kinds), told, sorted_groups, tuple(notes))


def read_incidents(incidents: Any, alerts: Any = None) -> tuple[Incident, ...]:
    """Incidents of Sentinel's table SecurityIncident, with their alerts and what those are about.

    Parameters
    ----------
    incidents : pandas, polars or Arrow table, or iterable of rows
        Of several rows of one incident (each change is a row) the one changed last counts.
    alerts : frame, optional
        Of SecurityAlert, or our table ``alert``: those in ``AlertIds`` are put in.

    Examples
    --------
    >>> rows = [{"IncidentName": "i1", "IncidentNumber": 7, "Title": "Odd", "AlertIds": '["a", "b"]'}]
    >>> found = read_incidents(rows, [{"SystemAlertId": "A", "Entities": '[{"Type": "host", "HostName": "web1"}]'}])
    >>> found[0].AlertIds, len(found[0].Alerts), found[0].Entities
    (('a', 'b'), 1, (Host(HostName='web1'),))
    """
    listed = [] if alerts is None else read_alerts(alerts)
    known = {(one.id or "").casefold(): one for one in listed if one.id}
    latest: dict[Incident, tuple[str, Incident]] = {}
    for row in rows_of(incidents):
        try:
            one = Incident.from_row(row)
        except FlowsleuthError:
            continue
        changed = str(row.get("LastModifiedTime") or row.get("TimeGenerated") or "")
        if one not in latest or changed >= latest[one][0]:
            latest[one] = (changed, one)
    return tuple(_with_alerts(one, known) for _, one in latest.values())


def _with_alerts(incident: Incident, known: dict[str, SecurityAlert]) -> Incident:
    found = [known[text.casefold()] for text in incident.AlertIds if text.casefold() in known]
    entities = tuple(dict.fromkeys(entity for one in found for entity in one.entities))
    return replace(incident, Alerts=tuple(one.alert for one in found), Entities=(*incident.Entities, *entities))


# putting together ---------------------------------------------------------------------------------------------------


class _Groups:
    """Places that were joined (disjoint sets, Tarjan 1975)."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def top(self, at: int) -> int:
        while self._above[at] != at:
            self._above[at] = self._above[self._above[at]]
            at = self._above[at]
        return at

    def join(self, one: int, other: int) -> None:
        first, second = sorted((self.top(one), self.top(other)))
        self._above[second] = first

    def numbered(self, alerts: Sequence[SecurityAlert]) -> tuple[list[int], list[list[int]]]:
        """The number of each alert's group, and the groups, the earliest first; within one the earliest first."""
        groups: dict[int, list[int]] = {}
        for at in range(len(alerts)):
            groups.setdefault(self.top(at), []).append(at)
        ordered = [sorted(group, key=lambda at: (_begin(alerts[at]), at)) for group in groups.values()]
        ordered.sort(key=lambda group: (_begin(alerts[group[0]]), group[0]))
        numbers = [0] * len(alerts)
        for number, group in enumerate(ordered, 1):
            for at in group:
                numbers[at] = number
        return numbers, ordered


_LATE = dt.datetime.max.replace(tzinfo=dt.UTC)


def _begin(alert: SecurityAlert) -> dt.datetime:
    return alert.first_seen or _LATE


def _join_by_things(joined: _Groups, alerts: Sequence[SecurityAlert], options: IncidentOptions) -> list[str]:
    """Join neighbours in time of each thing; says which things were left out."""
    span = parse_period(options.window)
    kinds = tuple(KINDS[word] for word in options.by)
    about: dict[Any, list[int]] = {}
    names: dict[Any, Entity] = {}
    for at, things in enumerate(keys_of(alerts, kinds)):
        for key, one in things.items():
            if alerts[at].first_seen is None or (isinstance(one, Account) and is_built_in(one)):
                continue
            about.setdefault(key, []).append(at)
            names.setdefault(key, one)
    left = [key for key, places in about.items() if len(places) > options.most_alerts]
    for places in about.values():
        if len(places) <= options.most_alerts:
            _join_in_time(joined, alerts, sorted(places, key=lambda at: _begin(alerts[at])), span)
    return [f"{names[key]} is in {len(about[key]):,} alerts and joins none" for key in left]


def _join_in_time(joined: _Groups, alerts: Sequence[SecurityAlert], places: list[int], span: dt.timedelta) -> None:
    """Join each with the next, where no more than the span is between them; a long one reaches over short ones."""
    ends = None
    for before, after in pairwise(places):
        latest = max(alerts[before].last_seen or _begin(alerts[before]), _begin(alerts[before]))
        ends = latest if ends is None else max(ends, latest)
        if _begin(alerts[after]) - ends <= span:
            joined.join(before, after)


def _join_as_said(joined: _Groups, alerts: Sequence[SecurityAlert]) -> None:
    """Join alerts that stand for others with those."""
    place = {(one.id or "").casefold(): at for at, one in enumerate(alerts) if one.id}
    for at, one in enumerate(alerts):
        for told in said_alert_ids(one):
            if (other := place.get(told.casefold())) is not None:
                joined.join(at, other)
