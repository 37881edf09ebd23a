"""Who of us asks for which name of a day, and when, from DNS: an implant that resolves its server beats there too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.talks import gathered, quarters, slow_times
from flowsleuth.detect.days.flow_codes import DNS
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.days.pair_times import PairTimes, as_ints
from flowsleuth.detect.dense_codes import TextCodes, look_up, row_order
from flowsleuth.detect.findings import NONE, Extent

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

DNS_PORT = 53
ASKS = ("src_ip", "query")


class AskedNames:
    """Who of us asks for which name; attributes and methods are those of :class:`.talks.FlowTalks`.

    Questions on other ports than 53 (multicast DNS, NetBIOS) are left out; one that was asked more than once of one
    resolver counts as often.

    Parameters
    ----------
    day : NetworkDay
    """

    technique = "T1071.004"

    def __init__(self, day: NetworkDay) -> None:
        self._day = day
        counted = _able(day.input.table("dns")).group_by(*ASKS)
        asks = day.input.arrow(
            counted.aggregate(n=lambda t: t.count(), first=lambda t: t.start.min(), last=lambda t: t.start.max())
        )
        self._names = TextCodes.distinct(asks["query"])
        src, name = day.addresses.of(asks["src_ip"]), self._names.of(asks["query"])
        rows = np.flatnonzero(np.append(day.is_ours, False)[src])
        key = self._key(src[rows], name[rows])
        order = row_order(key)
        self._keys = key[order]
        self.connections, self._first_us, self._last_us = (
            as_ints(asks[name])[rows][order] for name in ("n", "first", "last")
        )
        self.failed: Ints = np.zeros(rows.size, dtype=np.int64)
        self.src, self.peer = np.divmod(self._keys, max(len(self._names), 1))
        self.service: Ints = np.full(rows.size, DNS)
        self.is_inner: Bools = np.zeros(rows.size, dtype=bool)

    def __len__(self) -> int:
        return int(self._keys.size)

    def _key(self, src: Ints, name: Ints) -> Ints:
        return np.where((src >= 0) & (name >= 0), src * max(len(self._names), 1) + name, -1)

    def names(self, rows: Ints) -> pa.Array:
        """Names of some."""
        import pyarrow as pa

        return self._names.texts.take(pa.array(self.peer[rows]))

    def dst(self, rows: Ints) -> Ints:
        """None: resolvers are not the peer."""
        return np.full(rows.size, NONE)

    def extent(self, rows: Ints) -> Extent:
        """How many questions, from when to when."""
        untold = np.full(rows.size, np.nan)
        return Extent(self.connections[rows], self._first_us[rows], self._last_us[rows], untold, untold)

    def today(self, least: int, most: int) -> PairTimes:
        """Questions of the day, of those that are asked so often."""
        is_wanted = (self.connections >= least) & (self.connections <= most)
        if not is_wanted.any():
            return gathered([])
        asks = _able(self._day.input.table("dns")).mutate(end=lambda t: t.start)
        return gathered(self._found(self._day.input.batches(asks), is_wanted))

    def slow(self, least: int) -> PairTimes:
        """Moments of the day and up to 14 days before, of those asked seldom on it but `least` times in all."""
        return slow_times(self._day, len(self), self._slow_of, least)

    def _slow_of(self, date: dt.date, is_wanted: Bools) -> Iterator[tuple[Ints, Ints, Ints]]:
        def build(asked: ir.Table) -> ir.Table:
            return quarters(_able(asked).mutate(end=lambda t: t.start), ASKS)

        moments = self._day.input.counts("asked", build, [date], table="dns").drop("date")
        return self._found([self._day.input.arrow(moments)], is_wanted)

    def _codes(self, rows: Any) -> Ints:
        return self._key(self._day.addresses.of(rows["src_ip"]), self._names.of(rows["query"]))

    def _found(self, batches: Any, is_wanted: Bools) -> Iterator[tuple[Ints, Ints, Ints]]:
        for batch in batches:
            found = look_up(self._keys, self._codes(batch))
            rows = np.flatnonzero((found >= 0) & is_wanted[found])
            yield found[rows], as_ints(batch["start"])[rows], as_ints(batch["end"])[rows]


def _able(asked: ir.Table) -> ir.Table:
    """Questions for a name, lower case, and when."""
    named = asked.mutate(query=asked["query"].lower().nullif(""))
    is_dns = (named.dst_port == DNS_PORT).fill_null(True)
    return named.filter(is_dns & named["query"].notnull()).select(*ASKS, "start")
