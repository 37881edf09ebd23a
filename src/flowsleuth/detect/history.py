"""What earlier days taught: which hosts used which services, who knew whom, and at which hours, older days for less."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.contract import DayInput
from flowsleuth.detect.dense_codes import look_up
from flowsleuth.detect.edges import Edges, count_edges, count_hours
from flowsleuth.detect.flow_codes import FAILED
from flowsleuth.detect.tails import nats

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

UNIT = 1024
"""Weight of a day of age 0; weights are whole numbers so that every engine adds them up alike."""
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
    """

    address: Ints
    service: Ints
    is_server: Bools
    is_failed: Bools
    peers: Floats
    flows: Ints


class History:
    """Earlier days as they matter for one day's edges.

    Parameters
    ----------
    day : DayInput
        Gives the counts.
    date : datetime.date
        The day that is looked at.
    earlier : list of datetime.date
        Days before it, newest first; may be empty.
    half_life_days : float
        Age at which a day counts half.
    edges : Edges
        Of ``date``.
    """

    def __init__(
        self, day: DayInput, date: dt.date, earlier: list[dt.date], half_life_days: float, edges: Edges
    ) -> None:
        self.days = len(earlier)
        self.uses: Uses | None = None
        self.is_known_pair: Bools = np.zeros(len(edges), dtype=bool)
        self._hours: Floats | None = None
        if not earlier:
            return
        weights = {d: max(1, round(UNIT * 0.5 ** ((date - d).days / half_life_days))) for d in earlier}
        kept = _weighed(day.counts("edges", count_edges, earlier), weights)
        self.uses = _read_uses(day.arrow(_uses(kept)), edges)
        pairs = day.arrow(kept.select("src_ip", "dst_ip").distinct())
        self.is_known_pair = _known_pairs(pairs, edges)
        if self.days >= MIN_DAYS_FOR_HOURS:
            kept = _weighed(day.counts("hours", count_hours, earlier), weights)
            found = kept.group_by("src_ip", "hour").aggregate(n=lambda t: (t.flows * t.weight).sum().cast("int64"))
            self._hours = _hour_tails(day.arrow(found), edges)

    def judge_hours(self, source: Ints, start_us: Ints) -> Floats:
        """Surprise of a source being active at this hour, in nats: 0 with fewer than three earlier days.

        The tail is the share of the source's earlier flows (smoothed round the clock, drawn to the network's hours by
        :data:`PRIOR_FLOWS`) in hours as quiet as this one; between the middles of two hours it runs straight.
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
        is_new = ~self.is_known_pair
        hosts, kinds = len(edges.addresses), max(1, edges.services.size)
        uses = edges.pairs(edges.src, edges.service, kinds)
        src = uses.keys // kinds
        new = uses.add_up(is_new)
        n = uses.size.astype(float)
        rate = (is_new.sum() + 0.5) / (len(edges) + 1.0)
        elsewhere = np.bincount(src, weights=n, minlength=hosts)[src] - n
        new_elsewhere = np.bincount(src, weights=new, minlength=hosts)[src] - new
        p = (new_elsewhere + PRIOR_NEW * rate) / (elsewhere + PRIOR_NEW)
        return np.where(is_new, nats(np.clip(p, 1e-12, 1.0))[uses.of], 0.0)

    def flows_before(self, edges: Edges) -> Ints:
        """Flows of each edge's client on its service on earlier days, failed ones included; -1 without history."""
        if self.uses is None:
            return np.full(len(edges), -1, dtype=np.int64)
        kinds = max(1, edges.services.size)
        u = self.uses
        place = look_up(edges.services, u.service)
        is_use = ~u.is_server & (u.address >= 0) & (place >= 0)
        key, at = np.unique(u.address[is_use] * kinds + place[is_use], return_inverse=True)
        flows = np.bincount(at, weights=u.flows[is_use], minlength=key.size)
        found = look_up(key, edges.client.astype(np.int64) * kinds + edges.service)
        return np.where(found >= 0, np.append(flows, 0.0)[found], 0.0).astype(np.int64)


def _weighed(counts: ir.Table, weights: dict[dt.date, int]) -> ir.Table:
    import ibis

    branches = [(counts.date == str(date), ibis.literal(weight, type="int64")) for date, weight in weights.items()]
    return counts.mutate(weight=ibis.cases(*branches, else_=ibis.literal(0, type="int64")))


def _uses(kept: ir.Table) -> ir.Table:
    """Both ends of every earlier edge, by address, service, end and failure."""
    import ibis

    is_owner_src = kept.owner == 1
    failed = (kept.outcome == FAILED).cast("int64")
    ends = [
        kept.select(
            ip=ibis.ifelse(is_owner_src == is_server, kept.src_ip, kept.dst_ip),
            service=kept.service,
            is_server=ibis.literal(int(is_server), type="int64"),
            is_failed=failed,
            weight=kept.weight,
            flows=kept.flows,
        )
        for is_server in (False, True)
    ]
    grouped = ibis.union(*ends).group_by("ip", "service", "is_server", "is_failed")
    return grouped.aggregate(
        peers=lambda t: t.weight.sum().cast("int64"), flows=lambda t: t.flows.sum().cast("int64")
    )


def _read_uses(rows: pa.Table, edges: Edges) -> Uses:
    columns = {name: rows[name].to_numpy() for name in ("service", "is_server", "is_failed", "peers", "flows")}
    address = edges.addresses.of(rows["ip"])
    order = np.lexsort((columns["is_failed"], columns["is_server"], columns["service"], address))
    return Uses(
        address[order],
        columns["service"][order],
        columns["is_server"][order] > 0,
        columns["is_failed"][order] > 0,
        columns["peers"][order] / UNIT,
        columns["flows"][order],
    )


def _known_pairs(rows: pa.Table, edges: Edges) -> Bools:
    src, dst = edges.addresses.of(rows["src_ip"]), edges.addresses.of(rows["dst_ip"])
    hosts = len(edges.addresses)
    both = (src >= 0) & (dst >= 0)
    known = np.unique(np.concatenate([src[both] * hosts + dst[both], dst[both] * hosts + src[both]]))
    return look_up(known, edges.src.astype(np.int64) * hosts + edges.dst) >= 0


def _hour_tails(rows: pa.Table, edges: Edges) -> Floats:
    """Per address and hour: share of its smoothed activity in hours as quiet or quieter; shape (n_addresses, 24)."""
    source, hour = edges.addresses.of(rows["src_ip"]), rows["hour"].to_numpy()
    weight = rows["n"].to_numpy().astype(float) / UNIT
    usual = np.bincount(hour, weights=weight, minlength=HOURS)
    known = source >= 0
    flat = np.bincount(source[known] * HOURS + hour[known], weights=weight[known], minlength=len(edges.addresses) * HOURS)
    counts = flat.reshape(-1, HOURS) + PRIOR_FLOWS * usual / usual.sum()
    smooth = np.zeros_like(counts)
    for shift, share in zip(range(-2, 3), HOUR_KERNEL, strict=True):
        smooth += share * np.roll(counts, shift, axis=1)
    smooth /= smooth.sum(axis=1, keepdims=True)
    order = np.argsort(smooth, axis=1, kind="stable")
    tails = np.empty_like(smooth)
    np.put_along_axis(tails, order, np.cumsum(np.take_along_axis(smooth, order, axis=1), axis=1), axis=1)
    return tails
