"""The time that attacks are put into: closed at both ends."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowsleuth.errors import DetectorError

if TYPE_CHECKING:
    from flowsleuth.schema.time_range import TimeRange
    from flowsleuth.store import Store

DAY = dt.timedelta(days=1)
FULL_SHARE = 0.5
"""A day with so large a share of the flows of the day with most is a full one: a log often ends just after midnight."""


@dataclass(frozen=True)
class Period:
    """From ``start`` (inside) to ``end`` (outside), UTC."""

    start: dt.datetime
    end: dt.datetime

    @property
    def first(self) -> str:
        """The UTC day that it begins in."""
        return self.start.date().isoformat()

    @property
    def last(self) -> str:
        """The UTC day that it ends in."""
        return (self.end - dt.timedelta(microseconds=1)).date().isoformat()

    @property
    def first_moment(self) -> dt.datetime:
        """Midnight before it begins."""
        return _midnight(self.first)

    @property
    def after_last(self) -> dt.datetime:
        """Midnight after it ends."""
        return _midnight(self.last) + DAY

    @property
    def cut_days(self) -> list[str]:
        """Days of which it has only a part."""
        midnight = dt.time(tzinfo=dt.UTC)
        cut = {self.first} if self.start.timetz() != midnight else set()
        return sorted(cut | ({self.last} if self.end.timetz() != midnight else set()))

    def has(self, date: str) -> bool:
        """Whether it has some of a UTC day."""
        return self.first <= date <= self.last


def period_of(store: Store, window: TimeRange) -> Period:
    """A window closed at both ends: open ends are those of the stored days; for all time it is the last full day.

    Raises
    ------
    DetectorError
        There are no flows, or none in the window.
    """
    rows: dict[str, int] = {}
    for part in store.catalog.parts("flow"):
        if part.date and part.rows:
            rows[part.date] = rows.get(part.date, 0) + part.rows
    if not rows:
        hint = "flowsleuth ingest LOGS... first"
        raise DetectorError("there are no flows to put attacks into", where=str(store.folder), hint=hint)
    first, last = min(rows), max(rows)
    if window.is_open:
        first = last = max(date for date, count in rows.items() if count >= FULL_SHARE * max(rows.values()))
    found = Period(window.start or _midnight(first), window.end or _midnight(last) + DAY)
    if found.end <= found.start or not any(found.has(date) for date in rows):
        available = [min(rows), max(rows)]
        raise DetectorError("no flows in this time range; days stored", where=str(window), available=available)
    return found


def _midnight(date: str) -> dt.datetime:
    return dt.datetime.fromisoformat(date).replace(tzinfo=dt.UTC)
