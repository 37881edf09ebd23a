"""Who of us talks to which peer of a day, and when: by name or address from flows, by name asked for from DNS.

What slow beats need is kept by day: of what has connections in at most :data:`SLOW_QUARTERS` quarter-hours of a day,
the first and last moment of each quarter-hour. So a new day reads moments of earlier days, never their flows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.peer_names import names_of
from flowsleuth.detect.days.day_counts import OUTCOMES, DayCounts
from flowsleuth.detect.days.edges import Groups
from flowsleuth.detect.days.flow_codes import told_name
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.days.pair_times import PairTimes, as_ints
from flowsleuth.detect.dense_codes import distinct, look_up, only_value, places_in
from flowsleuth.detect.findings import NONE, Extent
from flowsleuth.store.portable import time_bin

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

QUARTER_S = 900
SLOW_QUARTERS = 24
"""A quarter of a day's quarter-hours: what has more of them has beats enough to be tested on the day alone."""
ENDS = ("src", "dst", "service", "server_name")


class FlowTalks:
    """Who of us uses which service of which peer: the server's name where the flows have one, else its address.

    Left out are flows to groups of addresses, from sources that are known not to be ours, and what the source serves.

    Parameters
    ----------
    day : NetworkDay

    Attributes
    ----------
    src, peer, service : array of int64, shape (n,)
        Host code; the peer's host code, or ``n_hosts`` + code of its name; service code.
    connections, failed : array of int64, shape (n,)
    is_inner : array of bool, shape (n,)
        Whether the peer is ours.
    """

    technique = "T1071"

    def __init__(self, day: NetworkDay) -> None:
        self._day, pairs = day, day.pairs
        self._services: Ints = distinct(pairs.service).astype(np.int64)
        rows = np.flatnonzero((pairs.owner == 0) & day.is_ours[pairs.src] & ~day.is_group[pairs.dst])
        self._rows = rows
        self._groups = Groups.by(self._key(pairs.src[rows], pairs.dst[rows], pairs.service[rows], pairs.name[rows]))
        self.connections: Ints = self._groups.add_up(pairs.flows[rows]).astype(np.int64)
        self.failed: Ints = self._groups.add_up(pairs.failed[rows]).astype(np.int64)
        rest, service = np.divmod(self._groups.keys, max(self._services.size, 1))
        self.src, self.peer = np.divmod(rest, self._n_peers)
        self.service = self._services[service]
        self.is_inner: Bools = self._groups.add_up(day.is_home[pairs.dst[rows]]) > 0

    @property
    def _n_peers(self) -> int:
        return max(self._day.n_hosts + len(self._day.names), 1)

    def _key(self, src: NDArray[Any], dst: NDArray[Any], service: NDArray[Any], name: NDArray[Any]) -> Ints:
        """Place in order of (src, peer, service); -1 for an end or a service that the day does not have."""
        place = look_up(self._services, service)
        peer = np.where(name >= 0, self._day.n_hosts + name, dst)
        key = (src.astype(np.int64) * self._n_peers + peer) * max(self._services.size, 1) + place
        return np.where((src >= 0) & (peer >= 0) & (place >= 0), key, -1)

    def __len__(self) -> int:
        return int(self._groups.keys.size)

    def names(self, rows: Ints) -> pa.Array:
        """Names of some peers; null for an address."""
        return names_of(self._day, self.peer[rows])

    def dst(self, rows: Ints) -> Ints:
        """Host codes of some peers; none where a name has several addresses."""
        return only_value(self._day.pairs.dst[self._rows], self._groups.of, len(self))[rows]

    def extent(self, rows: Ints) -> Extent:
        """The flows of some."""
        of = np.full(len(self._day.pairs), NONE)
        of[self._rows] = places_in(rows, len(self))[self._groups.of]
        return Extent.of_groups(self._day.pairs, of, rows.size)

    def today(self, least: int, most: int) -> PairTimes:
        """Connections of the day, of those that have so many."""
        is_wanted = (self.connections >= least) & (self.connections <= most)
        if not is_wanted.any():
            return gathered([])
        rows = _talks(DayCounts(self._day.input, self._day.date).flows_to_judge())
        return gathered(self._found(self._day.input.batches(rows), is_wanted, None))

    def slow(self, least: int) -> PairTimes:
        """Moments of the day and up to 14 days before, of those that have few on this day but `least` in all."""
        return slow_times(self._day, len(self), self._slow_of, least)

    def _slow_of(self, date: dt.date, is_wanted: Bools) -> Iterator[tuple[Ints, Ints, Ints]]:
        place = None if date == self._day.date else self._day.places(date)
        return self._found([self._day.input.arrow(_count_moments(self._day, date))], is_wanted, place)

    def _found(self, batches: Any, is_wanted: Bools, place: NDArray[Any] | None) -> Iterator[tuple[Ints, Ints, Ints]]:
        """Number of the talk, start and end of rows of those that are wanted; `place` translates host codes."""
        for batch in batches:
            src, dst, service = (as_ints(batch[name]) for name in ENDS[:3])
            if place is not None:
                src, dst = place[src], place[dst]
            key = self._key(src, dst, service, self._day.names.of(batch["server_name"]))
            found = look_up(self._groups.keys, key)
            rows = np.flatnonzero((found >= 0) & is_wanted[found])
            yield found[rows], as_ints(batch["start"])[rows], as_ints(batch["end"])[rows]


def _talks(coded: ir.Table) -> ir.Table:
    """:data:`ENDS`, start and end of the coded flows that count: see :func:`.beacons.able_flows`."""
    mine = coded.filter(~coded.to_group & coded.may_be_ours & (coded.kind < OUTCOMES))
    name, until = told_name(mine.server_name), mine["end"].coalesce(mine.start)
    return mine.select("src", "dst", "service", "start", server_name=name, end=until)


def _count_moments(day: NetworkDay, date: dt.date) -> ir.Table:
    def build(flows: ir.Table) -> ir.Table:
        return quarters(_talks(DayCounts(day.input, date).coded(flows)), ENDS)

    return day.input.counts("moments", build, [date]).drop("date")


def quarters(rows: ir.Table, keys: tuple[str, ...]) -> ir.Table:
    """Earliest start and latest end of each quarter-hour, of what has at most :data:`SLOW_QUARTERS` of them.

    Parameters
    ----------
    rows : ibis table
        `keys`, ``start`` and ``end``.
    keys : tuple of str
    """
    by_quarter = rows.mutate(quarter=time_bin(rows.start, QUARTER_S)).group_by(*keys, "quarter")
    moments = by_quarter.aggregate(begin=lambda t: t.start.min(), until=lambda t: t["end"].max())
    busy = moments.group_by(*keys).having(lambda t: t.count() > SLOW_QUARTERS).aggregate(quarters=lambda t: t.count())
    same = [moments[key].identical_to(busy[key]) for key in keys]
    return moments.anti_join(busy, same).select(*keys, start="begin", end="until")


def gathered(parts: Iterable[tuple[Ints, Ints, Ints]], least: int = 1) -> PairTimes:
    """Times of those that have at least so many, from portions of (pair, start, end)."""
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    if not columns:
        return PairTimes.none()
    pair = columns[0]
    rows = np.flatnonzero(np.bincount(pair)[pair] >= least)
    return PairTimes.of_rows(*(column[rows] for column in columns))


def slow_times(
    day: NetworkDay,
    size: int,
    moments: Callable[[dt.date, Bools], Iterable[tuple[Ints, Ints, Ints]]],
    least: int,
) -> PairTimes:
    """Times on the day and the earlier ones of those that have few moments on the day but `least` in all.

    Parameters
    ----------
    day : NetworkDay
    size : int
        How many there are.
    moments : callable
        Gives kept moments of a date, of those that are wanted (an array of bool), as (number, start, end).
    least : int
    """
    parts = list(moments(day.date, np.ones(size, dtype=bool)))
    is_slow = np.zeros(size, dtype=bool)
    for number, _, _ in parts:
        is_slow[number] = True
    for date in day.earlier_days:
        parts += moments(date, is_slow)
    return gathered(parts, least)
