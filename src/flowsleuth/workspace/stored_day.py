"""A day of stored flows as detectors see it, with the counts they keep of each day and what was rated."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from flowsleuth.schema import table as find_table

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.detect.contract import Taught
    from flowsleuth.store import Store
    from flowsleuth.workspace.teaching import Teaching

COUNTS = "count_"
COMMON = "flows1"
"""Prefix of the counts by which all detectors mean the same; a new number where their meaning changes."""
_PREFIX = re.compile(rf"{COUNTS}(.+?)(\d+)_")


class HeldRows:
    """What is kept by the engine for as long as a day is looked at, by whichever detector.

    Parameters
    ----------
    store : Store

    Attributes
    ----------
    shared : dict of str to ibis table
        What all detectors ask for by name.
    """

    def __init__(self, store: Store) -> None:
        self._store, self._held = store, ExitStack()
        self.shared: dict[str, ir.Table] = {}

    def keep(self, expression: ir.Table) -> ir.Table:
        """The rows of an expression, worked out once."""
        return self._held.enter_context(self._store.kept(expression))

    def close(self) -> None:
        """Let go what was kept."""
        self.shared.clear()
        self._held.close()


class StoredDay:
    """A day of stored flows, as detectors see it (:class:`flowsleuth.detect.contract.DayInput`).

    Parameters
    ----------
    store : Store
    day : datetime.date
    flows : ibis table
        Those to score.
    baseline : list of datetime.date
        Earlier days, newest first.
    prefix : str
        Tells the detector's kept counts from those of others.
    held : HeldRows
        What is kept while this day is looked at.
    is_whole : bool
        Whether `flows` are all of the day.
    teaching : Teaching, optional
        What was rated.
    """

    def __init__(
        self,
        store: Store,
        day: dt.date,
        flows: ir.Table,
        *,
        baseline: list[dt.date],
        prefix: str,
        held: HeldRows,
        is_whole: bool = True,
        teaching: Teaching | None = None,
    ) -> None:
        self._store, self._prefix, self._teaching = store, prefix, teaching
        self.day, self.flows, self.baseline, self.is_whole = day, flows, baseline, is_whole
        self._held = held

    @property
    def taught(self) -> Taught | None:
        return self._teaching.taught if self._teaching else None

    @property
    def dismissed(self) -> pa.Table | None:
        return self._teaching.dismissed if self._teaching else None

    @property
    def shared(self) -> dict[str, ir.Table]:
        return self._held.shared

    def keep(self, expression: ir.Table) -> ir.Table:
        return self._held.keep(expression)

    def arrow(self, expression: ir.Table) -> pa.Table:
        return self._store.arrow(expression)

    def batches(self, expression: ir.Table, rows: int = 131_072) -> Iterator[pa.RecordBatch]:
        return self._store.batches(expression, rows)

    def table(self, name: str) -> ir.Table:
        dates = [str(self.day)] if find_table(name).time_column else None
        return self._store.table(name, dates)

    def counts(
        self,
        name: str,
        build: Callable[[ir.Table], ir.Table],
        days: list[dt.date],
        table: str = "flow",
        *,
        is_common: bool = False,
    ) -> ir.Table:
        kept = f"{COUNTS}{COMMON if is_common else self._prefix}_{name}"
        dates = [str(day) for day in days]
        for date in dates:
            self._keep(kept, build, date, table)
        return self._store.table(kept, dates)

    def made(
        self, name: str, make: Callable[[], pa.Table], days: list[dt.date], options: Mapping[str, Any]
    ) -> pa.Table:
        kept, date, catalog = f"{COUNTS}{self._prefix}_{name}", str(days[0]), self._store.catalog
        facts = [[(str(day), catalog.version("flow", str(day))) for day in days], dict(options)]
        tag = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
        old = catalog.parts(kept, [date])
        if not old or any(part.tag != tag for part in old):
            self._store.replace(old, [self._store.write_counts(kept, date, make(), tag)])
        return self._store.arrow(self._store.table(kept, [date]))

    def _keep(self, kept: str, build: Callable[[ir.Table], ir.Table], date: str, table: str) -> None:
        """Build a day's counts unless they are there and the day's rows are still the same."""
        import ibis

        catalog = self._store.catalog
        version = catalog.version(table, date)
        old = catalog.parts(kept, [date])
        if old and all(part.tag == version for part in old):
            return
        counted = build(self._store.table(table, [date])).mutate(date=ibis.literal(date))
        rows = self._store.arrow(counted)
        part = self._store.write_counts(kept, date, rows, version)
        self._store.replace(old, [part])


def forget_old_counts(store: Store, prefixes: Iterable[str]) -> None:
    """Let go the counts of lower numbers than those of some prefixes: nobody reads them again. Empty ones stay.

    Parameters
    ----------
    store : Store
        Opened for writing.
    prefixes : iterable of str
        A name and the number of its version, such as ``flows1``.
    """
    named = [_PREFIX.match(f"{COUNTS}{prefix}_") for prefix in prefixes]
    current = {one[1]: int(one[2]) for one in named if one}
    for table in store.catalog.tables():
        found = _PREFIX.match(table)
        if found and int(found[2]) < current.get(found[1], 0):
            store.replace(store.catalog.parts(table), [])
