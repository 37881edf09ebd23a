"""What earlier days taught: which hosts used which services, who knew whom, and at which hours, older days for less."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.contract import DayInput
from flowsleuth.detect.days.day_counts import DayCounts
from flowsleuth.detect.days.edges import Edges, Groups
from flowsleuth.detect.dense_codes import TextCodes, joined, look_up
from flowsleuth.detect.tails import nats

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

HOURS = 24
MIN_DAYS_FOR_HOURS = 3
"""Fewer days cannot tell a routine from an accident."""
HOUR_KERNEL = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0
"""Circular smoothing over two hours to each side: a routine job may slip, and 09:59 is like 10:01."""
PRIOR_FLOWS = 50.0
"""Flows at the whole network's hours that every source is given."""
PRIOR_NEW = 5.0
"""New peers at the network's rate that every source is given."""


@dataclass(frozen=True)
class Uses:
    """Earlier uses of services: one row per (address, service, end, failed).

    Attributes
    ----------
    address : array of int64
        Place in the day's addresses; -1 for one not seen today.
    service : array of int64
        Service code.
    is_server, is_failed : array of bool
    peers : array of float64
        Decayed number of edges.
    flows : array of int64
        Flows, not decayed.
    weight : array of float64
        Weight of the day.
    """

    address: Ints
    service: Ints
    is_server: Bools
    is_failed: Bools
    peers: Floats
    flows: Ints
    weight: Floats


def excuse(surprise: Floats, habit: Floats) -> Floats:
    """Surprise left when a habit explains it with a chance: ``-ln(habit + (1 - habit) p)``.

    Examples
    --------
    >>> excuse(np.array([9.0, 9.0]), np.array([0.0, 0.75])).round(2).tolist()
    [9.0, 0.29]
    """
    return nats(habit + (1.0 - habit) * np.exp(-surprise))


class History:
    """Earlier days as they matter for one day's edges.

    Parameters
    ----------
    day : DayInput
        Gives the counts.
    ages : dict of datetime.date to int
        Days before the one looked at, with their age in days; may be empty.
    half_life_days : float
        Age at which a day counts half.
    edges : Edges
        Of the day that is looked at.
    addresses : TextCodes
        Its hosts.
    """

    def __init__(
        self, day: DayInput, ages: dict[dt.date, int], half_life_days: float, edges: Edges, addresses: TextCodes
    ) -> None:
        self.days = len(ages)
        self.uses: Uses | None = None
        self._weight = 0.0
        self._met: Floats = np.zeros(len(edges), dtype=np.float32)
        self._hours: Floats | None = None
        if not ages:
            return
        uses: list[Uses] = []
        active = np.zeros((edges.n_hosts, HOURS))
        usual = np.zeros(HOURS)
        for date, age in sorted(ages.items()):
            weight = 0.5 ** (age / half_life_days)
            counts = DayCounts(day, date)
            place = _places(day.arrow(counts.hosts), addresses)
            uses.append(_read_uses(day.arrow(counts.uses()), place, weight))
            is_met = np.zeros(edges.by_pair.keys.size, dtype=bool)
            for batch in day.batches(counts.edges().select("src", "dst").distinct()):
                _mark_known(is_met, edges, place, batch)
            self._met += np.float32(weight) * is_met[edges.by_pair.of]
            self._weight += weight
            if self.days >= MIN_DAYS_FOR_HOURS:
                _add_hours(active, usual, day.arrow(counts.hours()), addresses, weight)
        self.uses = joined(uses)
        if self.days >= MIN_DAYS_FOR_HOURS:
            self._hours = _quietness(active, usual)

    def judge_hours(self, source: Ints, start_us: Ints) -> Floats:
        """Surprise of a source being active at this hour, in nats: 0 with fewer than three earlier days.

        ``p = min(1, activity at this hour / activity at the average hour)``, of the source's earlier flows, smoothed
        round the clock and drawn to the network's hours by :data:`PRIOR_FLOWS`; between the middles of two hours it
        runs straight. A source that never sleeps has no quiet hour.
        """
        if self._hours is None:
            return np.zeros(source.size)
        clock = start_us % (HOURS * 3_600_000_000) / 3_600_000_000 - 0.5
        low = np.floor(clock).astype(np.int64)
        part = clock - low
        p = self._hours[source, low % HOURS] * (1 - part) + self._hours[source, (low + 1) % HOURS] * part
        return nats(np.clip(p, 1e-12, 1.0))

    def judge_new(self, edges: Edges) -> Floats:
        """Surprise of a first contact between source and destination, in nats: 0 for known pairs or without history.

        ``p = (b + m r) / (k + m)``: of the k destinations of the source on its *other* services today, b are new too;
        r is that share over all sources; m = :data:`PRIOR_NEW`. A source that meets strangers all day (a mail relay, a
        browser) is not surprising for one more, and a sweep does not excuse itself.
        """
        if not self.days:
            return np.zeros(len(edges))
        is_new = self._met == 0
        hosts = edges.n_hosts
        uses = edges.by_source_and_service
        src = uses.keys // edges.n_services
        new = uses.add_up(is_new)
        n = uses.size.astype(float)
        rate = (is_new.sum() + 0.5) / (len(edges) + 1.0)
        elsewhere = np.bincount(src, weights=n, minlength=hosts)[src] - n
        new_elsewhere = np.bincount(src, weights=new, minlength=hosts)[src] - new
        p = (new_elsewhere + PRIOR_NEW * rate) / (elsewhere + PRIOR_NEW)
        return np.where(is_new, nats(np.clip(p, 1e-12, 1.0))[uses.of], 0.0)

    def pair_habit(self) -> Floats:
        """Share of the earlier days (by weight, and one made-up day without) on which an edge's two ends met."""
        return self._met / (self._weight + 1.0)

    def service_habit(self, edges: Edges, is_server: bool) -> Floats:
        """The same for an edge's client using, or its server offering, the service with the same outcome."""
        if self.uses is None:
            return np.zeros(len(edges))
        u = self.uses
        place = look_up(edges.services, u.service)
        at = np.flatnonzero((u.is_server == is_server) & (u.address >= 0) & (place >= 0))
        keys = Groups.by((u.address[at] * edges.n_services + place[at]) * 2 + u.is_failed[at])
        weight = keys.add_up(u.weight[at]) / (self._weight + 1.0)
        host = edges.server if is_server else edges.client
        wanted = (host.astype(np.int64) * edges.n_services + edges.service) * 2 + edges.is_failed
        found = look_up(keys.keys, wanted)
        return np.where(found >= 0, np.append(weight, 0.0)[found], 0.0)

    def flows_before(self, edges: Edges) -> Ints:
        """Flows of each edge's client on its service on earlier days, failed ones included; -1 without history."""
        if self.uses is None:
            return np.full(len(edges), -1, dtype=np.int64)
        kinds = edges.n_services
        u = self.uses
        place = look_up(edges.services, u.service)
        is_use = ~u.is_server & (u.address >= 0) & (place >= 0)
        key, at = np.unique(u.address[is_use] * kinds + place[is_use], return_inverse=True)
        flows = np.bincount(at, weights=u.flows[is_use], minlength=key.size)
        found = look_up(key, edges.client.astype(np.int64) * kinds + edges.service)
        return np.where(found >= 0, np.append(flows, 0.0)[found], 0.0).astype(np.int64)


def _places(hosts: pa.Table, addresses: TextCodes) -> Ints:
    """Host codes of another day as host codes of this one; -1 for an address not seen on this one."""
    places = np.full(len(hosts), -1, dtype=np.int64)
    places[hosts["host"].to_numpy()] = addresses.of(hosts["ip"])
    return places


def _read_uses(rows: pa.Table, place: Ints, weight: float) -> Uses:
    columns = {name: rows[name].to_numpy() for name in ("host", "service", "is_server", "is_failed", "peers", "flows")}
    order = np.lexsort([columns[name] for name in ("is_failed", "is_server", "service", "host")])
    host, service, is_server, is_failed, peers, flows = (column[order] for column in columns.values())
    return Uses(place[host], service, is_server > 0, is_failed > 0, peers * weight, flows, np.full(host.size, weight))


def _mark_known(is_met: Bools, edges: Edges, place: Ints, batch: pa.RecordBatch) -> None:
    """Mark the pairs whose two ends met, whichever of them began."""
    a, b = place[np.asarray(batch.column("src"))], place[np.asarray(batch.column("dst"))]
    both = (a >= 0) & (b >= 0)
    a, b = a[both], b[both]
    met = look_up(edges.by_pair.keys, np.concatenate([a * edges.n_hosts + b, b * edges.n_hosts + a]))
    is_met[met[met >= 0]] = True


def _add_hours(active: Floats, usual: Floats, rows: pa.Table, addresses: TextCodes, weight: float) -> None:
    source, hour = addresses.of(rows["ip"]), rows["hour"].to_numpy()
    flows = rows["flows"].to_numpy() * weight
    order = np.lexsort([flows, hour, source])
    source, hour, flows = source[order], hour[order], flows[order]
    usual += np.bincount(hour, weights=flows, minlength=HOURS)
    known = source >= 0
    active[source[known], hour[known]] += flows[known]


def _quietness(active: Floats, usual: Floats) -> Floats:
    """Per host and hour: its smoothed activity by that of its average hour, at most 1; shape (n_hosts, 24)."""
    counts = active + PRIOR_FLOWS * usual / usual.sum()
    smooth = np.zeros_like(counts)
    for shift, share in zip(range(-2, 3), HOUR_KERNEL, strict=True):
        smooth += share * np.roll(counts, shift, axis=1)
    found: Floats = np.minimum(1.0, HOURS * smooth / smooth.sum(axis=1, keepdims=True))
    return found
