"""All blind spots of some stored flows, the gravest kinds first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowsleuth.detect.beacons import longest_period_s
from flowsleuth.detect.wording import duration, share
from flowsleuth.investigate.blind_spots import recording, shared_addresses, silence
from flowsleuth.investigate.blind_spots.spot import BlindSpot, Finders, listed
from flowsleuth.investigate.queries import stored_within

if TYPE_CHECKING:
    from flowsleuth.schema.time_range import TimeRange
    from flowsleuth.store import Store

LEAST_DAYS = 3
"""Days of history from which what is usual for an hour can be told from a single occasion."""
SIDE_TABLES = {
    "dns": ("tunnels through DNS, generated names, what an address was looked up as", "DNS logs"),
    "tls": ("fingerprints of clients, certificates, server names that flows lack", "TLS logs"),
    "http": ("user agents, what was fetched, methods and answers", "HTTP or proxy logs"),
    "logon": ("who logged on where: guessed passwords, spread by stolen accounts", "logon events of hosts"),
    "indicator": ("destinations that others know to be bad", "threat intelligence: flowsleuth intel"),
}
"""Tables beside ``flow``: what their absence hides, and what to ingest."""


def find_blind_spots(store: Store, window: TimeRange, finders: Finders, now: dt.datetime) -> Iterator[BlindSpot]:
    """Blind spots of the flows of a window.

    Parameters
    ----------
    store : Store
    window : TimeRange
    finders : Finders
        Which are idle without a table.
    now : datetime
        What is after it is in the future.

    Yields
    ------
    BlindSpot
    """
    flows = stored_within(store, "flow", window.start, window.end)
    counted = recording.by_minutes(store, flows, now)
    sensors = recording.by_sensor(store, flows, counted)
    yield from _rejects(store)
    if not sensors:
        return
    yield from recording.sampling(store, flows, sensors)
    yield from recording.one_way(store, flows, sensors)
    yield from silence.silences(counted)
    yield from _said_lost(store, window)
    yield from recording.missing_columns(sensors)
    yield from recording.hidden_names(sensors)
    yield from _absent_tables(store, window, finders)
    yield from shared_addresses.fronts(store, flows)
    yield from shared_addresses.shared_servers(store, flows)
    yield from recording.clocks(store, flows, sensors, now)
    first, last = min(row["first"] for row in sensors), max(row["last"] for row in sensors)
    yield from _history(store, first, last)
    yield _longest_period(first, last)


def _rejects(store: Store) -> Iterator[BlindSpot]:
    """Records that became no rows, by source; logs that nothing could read."""
    spots = []
    for source in sorted(store.catalog.sources(), key=lambda one: (-one.rejects, one.file)):
        if source.rejects:
            part = source.rejects / max(source.records, 1)
            spots.append(BlindSpot(
                "rejected records", source.file, f"{source.rejects:,} of {source.records:,} records ({share(part)})",
                part, hides="whatever these records say", advice="see why: flowsleuth info -w DIR",
            ))  # fmt: skip
    yield from listed(spots)
    skipped = [one for one in store.catalog.skipped() if one.records != 0]
    if skipped:
        records = sum(one.records or 0 for one in skipped)
        yield BlindSpot(
            "skipped logs", f"{len(skipped):,} files or kinds of record", f"{records:,} records", None,
            hides="whatever they say", advice="see which: flowsleuth info -w DIR",
        )  # fmt: skip


def _said_lost(store: Store, window: TimeRange) -> Iterator[BlindSpot]:
    """What sources say themselves: records that were lost."""
    health = stored_within(store, "health", window.start, window.end)
    lost = health.filter(health.status == "lost")
    told = lost.group_by("sensor", "word").aggregate(times=lost.count(), first=lost.start.min(), last=lost.end.max())
    rows = sorted(
        store.arrow(told).to_pylist(), key=lambda row: (-row["times"], row["sensor"] or "", row["word"] or "")
    )
    yield from listed([
        BlindSpot(
            "lost records", f"sensor {row['sensor'] or 'not named'}",
            f"{row['times']:,} times the log itself says that records are missing ({row['word'] or 'lost'})", None,
            row["first"], row["last"], "flows of these times", ("timing", "volume", "reach", "newness"),
            "give the exporter more room, or the sampling rate that it needs",
        )
        for row in rows
    ])  # fmt: skip


def _absent_tables(store: Store, window: TimeRange, finders: Finders) -> Iterator[BlindSpot]:
    for table, (hides, what) in SIDE_TABLES.items():
        parts = store.catalog.parts(
            table, None if table == "indicator" else store.days(table, window.start, window.end)
        )
        if not any(part.rows for part in parts):
            idle = ", ".join(finders.by_table.get(table, ()))
            yield BlindSpot(
                "absent table", table, f"no rows{f'; idle: {idle}' if idle else ''}", 1.0, window.start, window.end,
                hides, advice=f"ingest {what}",
            )  # fmt: skip


def _history(store: Store, first: dt.datetime, last: dt.datetime) -> Iterator[BlindSpot]:
    days = [date for date in store.catalog.dates("flow") if date <= last.date().isoformat()]
    if len(days) < LEAST_DAYS:
        text = f"{len(days)} day{'' if len(days) == 1 else 's'} of flows"
        yield BlindSpot(
            "history", "all flows", text, None, first, last,
            "what is new for a host, for the network, or for an hour of the day", ("newness", "volume", "access"),
            f"keep the workspace and ingest day by day; from {LEAST_DAYS} days on hours can be compared",
        )  # fmt: skip


def _longest_period(first: dt.datetime, last: dt.datetime) -> BlindSpot:
    span = (last - first).total_seconds()
    return BlindSpot(
        "span", "all flows", f"the longest period that can be told is {duration(longest_period_s(span))}", None,
        first, last, "implants that sleep longer than that", ("timing",), "ingest more days",
    )  # fmt: skip
