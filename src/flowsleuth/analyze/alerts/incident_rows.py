"""Incidents as rows: what a group of alerts is called, how severe it is, when, and what it is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.analyze.alerts.alert import SecurityAlert, severity_rank
from flowsleuth.analyze.alerts.related import keys_of
from flowsleuth.analyze.alerts.same_things import is_built_in
from flowsleuth.schema.entities import Account, Entity, Host

if TYPE_CHECKING:
    import pyarrow as pa

_TEXTS = ("hosts", "accounts", "addresses", "shared", "tactics", "providers")


def incident_rows(groups: Sequence[Sequence[SecurityAlert]], kinds: tuple[type[Entity], ...]) -> pa.Table:
    """A row for each group; ``shared`` are the things of those kinds that several of its alerts are about."""
    import pyarrow as pa

    moment = pa.timestamp("us", tz="UTC")
    rows = [_row(number, group, kinds) for number, group in enumerate(groups, 1)]
    schema = pa.schema(
        [("incident_id", pa.int64()), ("title", pa.string()), ("severity", pa.string()), ("alerts", pa.int64())]
        + [("first_seen", moment), ("last_seen", moment)]
        + [(name, pa.string()) for name in _TEXTS]
        + [("alert_ids", pa.list_(pa.string()))]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def _row(number: int, group: Sequence[SecurityAlert], kinds: tuple[type[Entity], ...]) -> dict[str, Any]:
    ordered = sorted(group, key=lambda one: severity_rank(one.severity))
    counted: Counter[Any] = Counter()
    labels: dict[Any, str] = {}
    for things in keys_of(group, kinds):
        for key, one in things.items():
            if not (isinstance(one, Account) and is_built_in(one)):
                counted[key] += 1
                labels.setdefault(key, f"{type(one).__name__} {one.label}")
    others = len({one.name for one in group} - {ordered[0].name})
    more = f" and {others} other{'s' if others > 1 else ''}" if others else ""
    begins = [one.first_seen for one in group if one.first_seen]
    ends = [one.last_seen for one in group if one.last_seen]
    return {
        "incident_id": number,
        "title": f"{ordered[0].name}{more}",
        "severity": ordered[0].severity,
        "alerts": len(group),
        "first_seen": min(begins, default=None),
        "last_seen": max(ends, default=None),
        "hosts": _told(one.label for item in group for one in item.of_kind(Host)),
        "accounts": _told(one.label for item in group for one in item.of_kind(Account)),
        "addresses": _told(text for item in group for text in item.addresses),
        "shared": _told(labels[key] for key, count in counted.most_common() if count > 1),
        "tactics": _told(item.alert.Tactics for item in group),
        "providers": _told(item.alert.ProductName or item.alert.ProviderName for item in group),
        "alert_ids": [item.id for item in group if item.id],
    }


def _told(texts: Iterable[str | None]) -> str | None:
    """Different texts as one, without regard to case."""
    found: dict[str, str] = {}
    for text in texts:
        if text:
            found.setdefault(text.casefold(), text)
    return ", ".join(found.values()) or None
