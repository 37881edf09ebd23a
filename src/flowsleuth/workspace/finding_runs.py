"""Finders run over days that are new to them; what they tell is written, and fused into leads."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.detect import FINDERS
from flowsleuth.detect.clues.peer_names import named_peers
from flowsleuth.detect.days.network_day import BASELINE_DAYS, NetworkDay
from flowsleuth.detect.findings import finding_ids
from flowsleuth.schema import FINDING
from flowsleuth.schema import table as find_table
from flowsleuth.workspace.checked_options import made_with, plain_options
from flowsleuth.workspace.fusing import fuse_day
from flowsleuth.workspace.scored_day import ScoredDay
from flowsleuth.workspace.stored_day import HeldRows, StoredDay

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.detect.findings import Finder
    from flowsleuth.store import Store

PREFIX = "network1"
"""Of the counts that finders keep; a new number where their meaning changes."""


def run_finders(
    store: Store,
    finders: Sequence[Finder],
    date: str,
    held: HeldRows,
    *,
    again: bool = False,
    tell: Callable[[str, str], None] | None = None,
) -> list[ScoredDay]:
    """Run each finder on a day unless it is up to date, and fuse; the caller holds ``store.writing()``.

    The day's flows are put together once for all finders.

    Parameters
    ----------
    store : Store
    finders : sequence of Finder
    date : str
        A day with flows, ``YYYY-MM-DD``.
    held : HeldRows
        What is kept while the day is looked at.
    again : bool
        Also when it is up to date.
    tell : callable, optional
        Called with finder and date before each run.
    """
    done = []
    stored = {run["detector"]: run for run in store.catalog.runs() if run["date"] == date}
    earlier = _earlier(store, date)
    network = NetworkDay(_day(store, date, earlier, held))
    for finder in finders:
        if tell:
            tell(finder.name, date)
        run = _run_id(store, finder, date, earlier)
        old = stored.get(finder.name)
        if old is not None and old["id"] == run and not again:
            detail = json.loads(old["detail"])
            done.append(ScoredDay(finder.name, date, detail["flows"], detail["suspects"], False, unit="findings"))
        else:
            done.append(_run(store, finder, network, run, earlier))
    return [*done, fuse_day(store, network, again=again)]


def make_finder(name: str, options: dict[str, Any] | None = None) -> Finder:
    """A finder with options checked against its declaration.

    Raises
    ------
    OptionError
        It has no such option.
    """
    finder: Finder = made_with(FINDERS.load(name), options)
    return finder


def default_finders() -> list[str]:
    """Names of the finders that run when none is named."""
    return [name for name in FINDERS.names() if FINDERS.load(name).is_default]


def _earlier(store: Store, date: str) -> list[str]:
    return [one for one in reversed(store.catalog.dates("flow")) if one < date][:BASELINE_DAYS]


def _day(store: Store, date: str, earlier: list[str], held: HeldRows) -> StoredDay:
    return StoredDay(
        store,
        dt.date.fromisoformat(date),
        store.table("flow", [date]),
        baseline=[dt.date.fromisoformat(one) for one in earlier],
        prefix=PREFIX,
        held=held,
    )


def _run(store: Store, finder: Finder, network: NetworkDay, run: str, earlier: list[str]) -> ScoredDay:
    import pyarrow as pa

    date = str(network.date)
    found = named_peers(network, finder.find(network))
    columns = {name: found[name] for name in found.column_names}
    columns |= {
        "detector": pa.repeat(finder.name, len(found)),
        "run": pa.repeat(run, len(found)),
        "finding_id": finding_ids(found, finder.name),
    }
    schema = FINDING.arrow_schema()
    rows: pa.Table = pa.table([columns[one.name] for one in schema], schema=schema)
    parts = store.write("finding", rows, tag=finder.name)
    flows = sum(part.rows for part in store.catalog.parts("flow", [date]))
    detail = {
        "flows": flows,
        "suspects": len(rows),
        "version": finder.version,
        "options": plain_options(finder),
        "window": "",
        "baseline": earlier,
        "notes": {},
    }
    old = store.catalog.parts("finding", [date], finder.name)
    with store.catalog.transaction():
        store.catalog.remove([part.path for part in old])
        store.catalog.add(parts)
        finished = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        store.catalog.save_run(run, finder.name, date, finished, json.dumps(detail, default=str))
    return ScoredDay(finder.name, date, flows, len(rows), True, unit="findings")


def _run_id(store: Store, finder: Finder, date: str, earlier: list[str]) -> str:
    """One short hash of all that findings depend on."""
    tables = ("flow", *finder.tables)
    days = [(name, day, store.catalog.version(name, day)) for name in tables for day in (date, *earlier)]
    undated = [
        (name, sorted(part.path for part in store.catalog.parts(name)))
        for name in finder.tables
        if not find_table(name).time_column
    ]
    facts = [finder.name, finder.version, PREFIX, plain_options(finder), days, undated]
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:16]
