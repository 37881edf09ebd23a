"""Alerts that are about the same host, account, process, address or other thing as one alert, and which."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.analyze.alerts.alert import SecurityAlert, alert_of, read_alerts
from flowsleuth.analyze.alerts.item import SecurityItem
from flowsleuth.analyze.alerts.rows import table_of
from flowsleuth.analyze.alerts.same_things import Key, may_be_same, program_of, same_things
from flowsleuth.schema.entities import (
    Account,
    Alert,
    Dns,
    Entity,
    File,
    FileHash,
    Host,
    IpAddress,
    Process,
    Url,
)
from flowsleuth.schema.moments import parse_period

if TYPE_CHECKING:
    import pyarrow as pa

MATCHES: dict[str, tuple[type[Entity], ...]] = {
    "host": (Host,),
    "account": (Account,),
    "process": (Process,),
    "ip": (IpAddress,),
    "file": (File, FileHash),
    "name": (Dns, Url),
}
"""What two alerts can have in common, by the word of the column ``…_match``."""


def get_related_alerts(alert: Any, alerts: Any, *, window: Any = None, by: Sequence[str] = tuple(MATCHES)) -> Any:
    """Alerts of a frame that are about something that one alert is about.

    Parameters
    ----------
    alert : SecurityAlert, SecurityEvent or a row
    alerts : pandas, polars or Arrow table, or iterable of rows
        Never changed.
    window : str or timedelta, optional
        Only those that begin so long before it began or after it ended.
    by : sequence of str
        What counts: ``host``, ``account``, ``process`` (the same program), ``ip``, ``file``, ``name`` (domain, URL).

    Returns
    -------
    frame
        Of the same kind: the rows of related alerts, itself left out, with ``matched`` (the things in words) and a
        column ``host_match``, ``account_match``, … for each of ``by``.

    Raises
    ------
    OptionError
        It is no table, or the window cannot be read.

    Examples
    --------
    >>> alert = {"SystemAlertId": "1", "Entities": '[{"Type": "host", "HostName": "WEB1"}]'}
    >>> others = [alert, {"SystemAlertId": "2", "Entities": '[{"Type": "host", "HostName": "web1.example.org"}]'},
    ...     {"SystemAlertId": "3", "Entities": '[{"Type": "host", "HostName": "web2"}]'}]
    >>> found = get_related_alerts(alert, others)
    >>> found.select(["SystemAlertId", "matched", "host_match", "ip_match"]).to_pylist()
    [{'SystemAlertId': '2', 'matched': 'Host web1.example.org', 'host_match': True, 'ip_match': False}]
    """
    import pyarrow as pa

    from flowsleuth.errors import OptionError
    from flowsleuth.schema.joined_columns import with_columns
    from flowsleuth.schema.tabular import like

    if unknown := [word for word in by if word not in MATCHES]:
        raise OptionError("alerts are not matched by that", where=", ".join(unknown), available=MATCHES)
    table = table_of(alerts)
    asked = alert if isinstance(alert, SecurityItem) else alert_of(alert)
    found = matches_of(asked, read_alerts(table), window=window, by=by)
    places = [at for at, _ in found]
    is_pandas = hasattr(alerts, "iloc")
    kept = alerts.iloc[places] if is_pandas else like(table.take(pa.array(places, pa.int64())), alerts)
    return with_columns(kept, _columns(found, by), replace=True)


def _columns(found: list[tuple[int, list[Entity]]], by: Sequence[str]) -> dict[str, pa.Array]:
    import pyarrow as pa

    texts = [", ".join(dict.fromkeys(f"{type(one).__name__} {one.label}" for one in things)) for _, things in found]
    columns: dict[str, pa.Array] = {"matched": pa.array(texts, pa.string())}
    for word in by:
        is_matched = [any(isinstance(one, MATCHES[word]) for one in things) for _, things in found]
        columns[f"{word}_match"] = pa.array(is_matched, pa.bool_())
    return columns


def matches_of(
    asked: SecurityItem, alerts: Sequence[SecurityAlert], *, window: Any = None, by: Sequence[str] = tuple(MATCHES)
) -> list[tuple[int, list[Entity]]]:
    """Places of the related alerts, and for each the things (as it writes them) that both are about."""
    kinds = tuple(kind for word in by for kind in MATCHES[word])
    span = None if window is None else parse_period(window)
    near = [at for at, one in enumerate(alerts) if not _is_same(asked, one) and _is_near(asked, one, span)]
    wanted = things_of(asked, kinds)
    programs = _programs(asked) if Process in kinds else set()
    found = []
    for at in near:
        things = things_of(alerts[at], kinds)
        common = [one for one in things if any(may_be_same(mine, one) for mine in wanted)]
        common += [one for one in things if isinstance(one, Process) and program_of(one) in programs]
        if common:
            found.append((at, list(dict.fromkeys(common))))
    return found


def things_of(item: SecurityItem, kinds: tuple[type[Entity], ...]) -> list[Entity]:
    """What it is about, of some kinds."""
    return [one for one in item.entities if isinstance(one, kinds) and next(iter(one), None) is not None]


def keys_of(items: Sequence[SecurityItem], kinds: tuple[type[Entity], ...]) -> list[dict[Key, Entity]]:
    """For each item the things it is about, by keys that are the same for the same thing."""
    things = [things_of(item, kinds) for item in items]
    keys = same_things([one for listed in things for one in listed])
    return [{keys[one]: one for one in reversed(listed)} for listed in things]


def _programs(asked: SecurityItem) -> set[str]:
    """The program of the chief process; its parents (shells, services) would match nearly everything."""
    chief = asked.primary_process
    told = program_of(chief) if chief is not None else None
    return {told} if told else set()


def _is_same(asked: SecurityItem, other: SecurityAlert) -> bool:
    if not isinstance(asked, SecurityAlert):
        return False
    return asked.id is not None and asked.id == other.id


def _is_near(asked: SecurityItem, other: SecurityAlert, span: dt.timedelta | None) -> bool:
    if span is None or asked.first_seen is None or asked.last_seen is None:
        return True
    begins = other.first_seen
    return begins is not None and asked.first_seen - span <= begins <= asked.last_seen + span


def said_alert_ids(item: SecurityAlert) -> set[str]:
    """Ids of the alerts that a source says belong to it."""
    return {
        text
        for one in item.of_kind(Alert)
        for text in (one.SystemAlertId, *one.SystemAlertIds, one.ProviderAlertId)
        if text
    }
