"""Strobes: a source that connects to one service of one peer without end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.edges import Groups
from flowsleuth.detect.days.network_day import NetworkDay, Pairs
from flowsleuth.detect.dense_codes import distinct, look_up, places_in
from flowsleuth.detect.findings import KEPT_P, Extent, no_findings, tell
from flowsleuth.detect.odds.peer_tails import peer_tail
from flowsleuth.detect.option_bounds import check_bounds
from flowsleuth.detect.wording import count, duration, each, join, share, share_below

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TECHNIQUE = "T1071"
"""ATT&CK: application layer protocol, of command and control."""
MUCH = 0.5
"""Share of failures from which they are worth a word."""


@dataclass(frozen=True)
class StrobeOptions:
    """Options of :class:`StrobeFinder`."""

    least: int = field(
        default=10_000,
        metadata={
            "help": "connections in a day from which a pair may be a strobe",
            "unit": "connections",
            "min": 100,
            "max": 10**9,
        },
    )

    def __post_init__(self) -> None:
        check_bounds(self)


class StrobeFinder:
    """Finds a source that connects to one service of one peer at least so often a day.

    The p-value is the larger of two: the share of pairs on the same service, drawn to that of all services, with as
    many connections in the day, the pair itself included (:func:`.peer_tails.peer_tail`): a resolver that everybody
    asks often is no strobe; and the share of earlier days on which the same pair had at least half as many: what is
    always so busy is no lead. Flows to groups of addresses and what the source serves are left out. RITA calls a strobe
    what has 86,400 connections in its data, one a second of a day; 10,000, one each nine seconds, is already more than
    anybody does by hand and a beacon test has no use for.

    Blind spots: few pairs on a service say little, so that the largest of them is worth a twentieth at best;
    connections that a proxy makes for many; a strobe that lasts is told on its first day.

    Source: own; the threshold after RITA v5's strobe.

    Parameters
    ----------
    options : StrobeOptions, optional
    """

    name: ClassVar[str] = "strobes"
    summary: ClassVar[str] = "a source that connects to one service of one peer without end"
    family: ClassVar[str] = "timing"
    normal_if: ClassVar[str] = "it connected as often as others do"
    is_default: ClassVar[bool] = True
    Options: ClassVar[type] = StrobeOptions
    version: ClassVar[int] = 2
    tables: ClassVar[tuple[str, ...]] = ()

    def __init__(self, options: StrobeOptions | None = None) -> None:
        self.options = options or StrobeOptions()

    def find(self, day: NetworkDay) -> pa.Table:
        """Strobes of the day; see :class:`.findings.Finder`."""
        pairs = day.pairs
        rows = np.flatnonzero((pairs.owner == 0) & ~day.is_group[pairs.dst])
        if not rows.size:
            return no_findings()
        users = Groups.by(_keys(day, pairs)[rows])
        connections = users.add_up(pairs.flows[rows])
        at = rows[np.unique(users.of, return_index=True)[1]]
        p_value = peer_tail(connections, pairs.service[at])
        strobes = np.flatnonzero((connections >= self.options.least) & (p_value <= KEPT_P))
        whole = np.full(len(pairs), -1)
        whole[rows] = places_in(strobes, users.keys.size)[users.of]
        days, busy = _busy_days(day, users.keys[strobes], connections[strobes])
        found = _Strobes(at[strobes], p_value[strobes], busy, days, Extent.of_groups(pairs, whole, strobes.size))
        failed = np.bincount(whole[rows] + 1, weights=pairs.failed[rows], minlength=strobes.size + 1)[1:]
        return found.tell(day, failed / connections[strobes])


@dataclass(frozen=True)
class _Strobes:
    """Strobes, arrays of shape (n,): a row of the day's pairs, share of like pairs, and earlier days as busy."""

    rows: Ints
    peers: Floats
    busy: Ints
    days: int
    extent: Extent

    def tell(self, day: NetworkDay, failed: Floats) -> pa.Table:
        connections = self.extent.flows
        span_s = np.maximum((self.extent.last_us - self.extent.first_us) / 1e6, 1.0)
        return tell(
            day,
            src=day.pairs.src[self.rows],
            dst=day.pairs.dst[self.rows],
            service=day.pairs.service[self.rows],
            p_value=np.maximum(self.peers, self.busy / max(self.days, 1)),
            technique=TECHNIQUE,
            extent=self.extent,
            reason=join(
                each(connections, count),
                " connections, one every ",
                each(span_s / connections, duration),
                each(failed, lambda part: f", {share_below(part)} of them failed" if part >= MUCH else ""),
                "; as many have ",
                each(self.peers, share),
                " of the pairs on the service",
                each(self.busy, lambda n: f"; half as many on {n} of {self.days} earlier days" if self.days else ""),
            ),
            evidence={"connections": connections, "span_s": span_s, "failed": failed, "busy_days": self.busy},
        )


def _keys(day: NetworkDay, pairs: Pairs) -> Ints:
    """One integer for source, destination and service; -1 where the day does not have one of them."""
    services = distinct(day.pairs.service).astype(np.int64)
    place = look_up(services, pairs.service)
    ends = pairs.src.astype(np.int64) * max(day.n_hosts, 1) + pairs.dst
    return np.where((pairs.src >= 0) & (pairs.dst >= 0) & (place >= 0), ends * services.size + place, -1)


def _busy_days(day: NetworkDay, keys: Ints, connections: Floats) -> tuple[int, Ints]:
    """How many earlier days there are, and on how many each pair had at least half as many connections."""
    busy = np.zeros(keys.size, dtype=np.int64)
    if keys.size:
        least = float(connections.min()) / 2

        def many(pairs: ir.Table, _: ir.Table) -> ir.Table:
            asked = pairs.filter(pairs.owner == 0).group_by("src", "dst", "service")
            return asked.aggregate(flows=lambda t: t.flows.sum().cast("int64")).filter(lambda t: t.flows >= least)

        for _, pairs in day.earlier("src", "dst", "service", "flows", only=many):
            at = look_up(keys, _keys(day, pairs))
            then = np.bincount(at + 1, weights=pairs.flows, minlength=keys.size + 1)[1:]
            busy += then >= connections / 2
    return len(day.earlier_days), busy
