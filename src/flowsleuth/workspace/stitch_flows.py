"""One-way records joined as flows of both directions, and flows that two exporters saw counted once, at rest.

Each day is done by itself, in one catalogue step for what was seen twice and one for pairs, a flat number of records at
a time. Every record that was joined or dropped is kept as it
was in the table ``stitched``, so nothing is lost and what became of it can be told. Doing it again changes nothing.
Records that may still change (the unfinished last one of a growing file) are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.detect.dense_codes import distinct
from flowsleuth.errors import OptionError
from flowsleuth.schema.flow import FLOW
from flowsleuth.schema.stitched import STITCHED
from flowsleuth.store.catalog import Part
from flowsleuth.store.maintenance import names_seen
from flowsleuth.workspace.stitch_records import batches, record_groups
from flowsleuth.workspace.stitched_rows import joined_rows, with_seers
from flowsleuth.workspace.stitching import TURNED, TWICE, Integers, Pairs, find_pairs, find_twice

if TYPE_CHECKING:
    from flowsleuth.store import Store

TOLERANCE_S = 2.0
LONGEST_TOLERANCE_S = 3_600.0
_US = 1_000_000
PAIRS_AT_ONCE = 65_536
"""Pairs, or records seen twice, that are made at once."""
ROWS_PER_PART = 262_144


@dataclass(frozen=True)
class StitchReport:
    """What was joined.

    Attributes
    ----------
    flows : int
        Flows looked at.
    joined : int
        Pairs of one-way records that are one flow now.
    twice : int
        Records of flows that another exporter had seen already.
    days : tuple of str
        Days that changed, or would change.
    """

    flows: int = 0
    joined: int = 0
    twice: int = 0
    days: tuple[str, ...] = ()


def stitch_flows(store: Store, tolerance_s: float = TOLERANCE_S, *, dry_run: bool = False) -> StitchReport:
    """See :meth:`flowsleuth.Workspace.stitch`."""
    if not 0 <= tolerance_s <= LONGEST_TOLERANCE_S:
        raise OptionError(f"not between 0 and {LONGEST_TOLERANCE_S:,.0f} seconds", where=f"tolerance {tolerance_s}")
    tolerance = int(tolerance_s * _US)
    if dry_run:
        return _look(store, tolerance)
    with store.writing():
        return _look(store, tolerance, is_to_write=True)


def _look(store: Store, tolerance: int, *, is_to_write: bool = False) -> StitchReport:
    flows = joined = twice = 0
    changed = []
    for day in sorted({part.date for part in store.catalog.parts("flow") if part.date}):
        parts = _parts(store, day)
        flows += sum(part.rows for part in parts)
        again, kept, pairs = _find(store, parts, tolerance, is_to_write=is_to_write)
        twice, joined = twice + len(again), joined + len(pairs.began)
        if len(again) or len(pairs.began):
            changed.append(day)
        if is_to_write and len(again):
            _drop_twice(store, day, again, kept)
        if is_to_write and len(pairs.began):
            _join(store, day, pairs)
    return StitchReport(flows, joined, twice, tuple(changed))


def _find(store: Store, parts: list[Part], tolerance: int, *, is_to_write: bool) -> tuple[Integers, Integers, Pairs]:
    """Records seen before and the records that stay for them, by the id of the latter; pairs by that of who began."""
    scratch = store.scratch if is_to_write else None
    found = []
    for records in record_groups([store.folder / part.path for part in parts], sum(p.rows for p in parts), scratch):
        again, kept = find_twice(records, tolerance)
        pairs = find_pairs(records.some(~np.isin(records.flow_id, again)) if len(again) else records, tolerance)
        found.append((again, kept, pairs))
    again, kept = (np.concatenate([one[at] for one in found]) for at in (0, 1))
    by_id = np.argsort(kept, kind="stable")  # the seers of one flow stay in order of time
    pairs = Pairs(*map(np.concatenate, zip(*(one[2] for one in found), strict=True)))
    return again[by_id], kept[by_id], pairs.some(np.argsort(pairs.began))


def _parts(store: Store, day: str) -> list[Part]:
    return [part for part in store.catalog.parts("flow", [day]) if part.tail_of is None]


def _drop_twice(store: Store, day: str, again: Integers, kept: Integers) -> None:
    """Take out what was seen before; the flow that stays names who else saw it."""
    change = _Change(store, day, np.concatenate([again, kept]))
    for step in _steps(kept):
        stay, starts = np.unique(kept[step], return_index=True)
        rows = change.take(np.concatenate([again[step], stay]))
        others, staying = _rows_of(rows, again[step]), _rows_of(rows, stay)
        aside = [_as_stitched(others, kept[step], TWICE), _as_stitched(staying, stay, TWICE)]
        change.put(with_seers(staying, others, [*starts.tolist(), len(others)]), aside)
    change.finish()


def _join(store: Store, day: str, pairs: Pairs) -> None:
    """Make one flow of two records."""
    change = _Change(store, day, np.concatenate([pairs.began, pairs.answered]))
    for step in _steps(pairs.began):
        some = pairs.some(step)
        rows = change.take(np.concatenate([some.began, some.answered]))
        began, answered = _rows_of(rows, some.began), _rows_of(rows, some.answered)
        aside = [_as_stitched(one, some.began, TURNED) for one in (began, answered)]
        change.put(joined_rows(began, answered, some), aside)
    change.finish()


def _steps(sorted_ids: Integers) -> Iterator[slice]:
    """Slices of flat size that part no equal ids."""
    cuts = np.searchsorted(sorted_ids, sorted_ids[::PAIRS_AT_ONCE])
    for low, high in pairwise([*np.unique(cuts).tolist(), len(sorted_ids)]):
        yield slice(low, high)


def _rows_of(rows: pa.Table, ids: Integers) -> pa.Table:
    """Rows by their ids, in the order asked for; ``rows`` are sorted by id."""
    return rows.take(pa.array(np.searchsorted(rows["flow_id"].to_numpy(), ids)))


def _as_stitched(rows: pa.Table, into: Integers, reason: str) -> pa.Table:
    made = rows.rename_columns(["record_flow_id" if name == "flow_id" else name for name in rows.column_names])
    made = made.append_column("into_flow_id", pa.array(into))
    return made.append_column("reason", pa.repeat(reason, len(rows))).select(list(STITCHED.names))


class _Change:
    """Some flows of a day put in the place of others: files are written as it goes, and count all at once.

    Parameters
    ----------
    store : Store
    day : str
    gone : array of int
        Ids of the flows that are replaced.
    """

    def __init__(self, store: Store, day: str, gone: Integers) -> None:
        self._store = store
        self._gone = distinct(gone)
        self._old: list[Part] = []
        self._new: list[Part] = []
        where = np.zeros(len(self._gone), dtype=np.int32)
        for part in _parts(store, day):
            place, is_gone = self._places(np.concatenate([_ids(b) for b in self._batches(part, ("flow_id",))]))
            if is_gone.any():
                where[place[is_gone]] = len(self._old)
                self._old.append(part)
        self._where = where

    def _batches(self, part: Part, names: tuple[str, ...] = tuple(FLOW.names)) -> Iterator[pa.Table]:
        return batches([self._store.folder / part.path], names)

    def _places(self, ids: Integers) -> tuple[Integers, npt.NDArray[np.bool_]]:
        """Where in the sorted ids they would be, and whether they are there."""
        place = np.minimum(np.searchsorted(self._gone, ids), len(self._gone) - 1)
        return place, self._gone[place] == ids

    def take(self, ids: Integers) -> pa.Table:
        """Rows of some of the flows, by id."""
        where = self._where[np.searchsorted(self._gone, ids)]
        wanted = pa.array(ids)
        found = [
            batch.filter(pc.is_in(batch["flow_id"], value_set=wanted))
            for number in np.unique(where).tolist()
            for batch in self._batches(self._old[number])
        ]
        return pa.concat_tables(found).sort_by("flow_id")

    def put(self, flows: pa.Table, aside: list[pa.Table]) -> None:
        """Write flows, and records as they were."""
        tag = min(self._old, key=names_seen).tag
        self._new += self._store.write("flow", flows.sort_by("flow_id"), tag=tag)
        self._new += self._store.write("stitched", pa.concat_tables(aside))

    def finish(self) -> None:
        """Write the flows beside them that stay as they are, and have it all count."""
        for part in self._old:
            rest: list[pa.Table] = []
            for batch in self._batches(part):
                _, is_gone = self._places(_ids(batch))
                rest.append(batch.filter(pa.array(~is_gone)))
                if sum(map(len, rest)) >= ROWS_PER_PART:
                    self._keep(part, rest)
                    rest = []
            self._keep(part, rest)
        self._store.replace(self._old, self._new)

    def _keep(self, part: Part, rest: list[pa.Table]) -> None:
        if rest and any(map(len, rest)):
            self._new += self._store.write("flow", pa.concat_tables(rest), tag=part.tag)


def _ids(rows: pa.Table) -> Integers:
    return np.asarray(rows["flow_id"].to_numpy(), dtype=np.int64)
