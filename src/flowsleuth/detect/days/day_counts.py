"""The mergeable counts of a day: ports, hosts, edges, uses, uploads, hours. Each is built once and kept at rest.

An *edge* is one (source, destination, service, owner of the service, outcome) of a day. What the ``suspicious``
detector learns about hosts it learns from edges, so that a million equal flows weigh as one.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from flowsleuth.detect.contract import DayInput
from flowsleuth.detect.days.flow_codes import (
    FAILED,
    bit_length,
    count_ports,
    is_group,
    may_be_ours,
    outcome_code,
    service_end,
)
from flowsleuth.store.portable import hour_of_day

if TYPE_CHECKING:
    import ibis.expr.types as ir

OUTCOMES = 3
"""An edge's ``kind`` is owner x OUTCOMES + outcome."""
CODED = ("flow_id", "start", "src", "dst", "service", "kind", "src_bytes", "dst_bytes", "duration_s")
"""What is wanted of a coded flow to judge it: ``src`` and ``dst`` are host codes of the day."""
BESIDES = (
    "end", "src_port", "dst_port", "src_packets", "dst_packets", "server_name", "word", "to_group", "may_be_ours",
)  # fmt: skip
"""What else a coded flow has: ``word`` is what the sensor recognised (``service`` of a flow), ``to_group`` whether it
went to a group of addresses, ``may_be_ours`` whether its source is not known to be somebody else's."""
SHARED = "coded"
"""What the coded flows of the day are called among what is shared by all that look at it in a run."""
NO_SIZE = -1
LONGEST_BIN = 47
"""Bit length of the longest duration told apart, in ms: 4,460 years."""
MILLI = 1000.0


class DayCounts:
    """Counts of one day, made as they are asked for.

    Parameters
    ----------
    day : DayInput
    date : datetime.date
        Which day; need not be ``day.day``.
    """

    def __init__(self, day: DayInput, date: dt.date) -> None:
        self._day, self._dates = day, [date]
        self._is_looked_at = day.is_whole and date == day.day
        self.ports = day.counts("ports", count_ports, self._dates, is_common=True).drop("date")
        self.hosts = day.counts("hosts", count_hosts, self._dates, is_common=True).drop("date")

    def code(self, flows: ir.Table) -> ir.Table:
        """Flows with the columns :data:`CODED` and :data:`BESIDES`; sizes, times and names as they are."""
        hosts = self.hosts
        flows = flows.mutate(word=flows.service, may_be_ours=may_be_ours(flows.direction))
        src = hosts.select(src_text=hosts.ip, src=hosts.host)
        dst = hosts.select(dst_text=hosts.ip, dst=hosts.host, to_group=is_group(hosts.ip))
        joined = service_end(flows, self.ports).inner_join(src, [("src_ip", "src_text")])
        joined = joined.inner_join(dst, [("dst_ip", "dst_text")])
        kind = (joined.owner * OUTCOMES + outcome_code(joined, joined.to_group)).cast("int16")
        coded = joined.mutate(service=joined.service.cast("int32"), kind=kind)
        return coded.select(*CODED, *BESIDES)

    def coded(self, flows: ir.Table) -> ir.Table:
        """All flows of the day, coded; of the day that is looked at they are kept, and coded once in a run."""
        if not self._is_looked_at:
            return self.code(flows)
        if SHARED not in self._day.shared:
            self._day.shared[SHARED] = self._day.keep(self.code(flows))
        return self._day.shared[SHARED]

    @property
    def _kept(self) -> ir.Table | None:
        return self._day.shared.get(SHARED) if self._is_looked_at else None

    def sample(self, stride: int) -> ir.Table:
        """The coded flows of the day whose ``flow_id`` is a multiple of `stride`."""

        def build(flows: ir.Table) -> ir.Table:
            kept = self._kept
            if kept is None:
                return self.code(flows.filter(flows.flow_id % stride == 0)).select(*CODED)
            return kept.filter(kept.flow_id % stride == 0).select(*CODED)

        return self._day.counts(f"sample{stride}", build, self._dates).drop("date")

    def flows_to_judge(self) -> ir.Table:
        """The coded flows of the run; when something was counted from them in it, those that were kept."""
        kept = self._kept
        return self.code(self._day.flows) if kept is None else kept

    def edges(self) -> ir.Table:
        """``src``, ``dst``, ``service``, ``kind``, ``flows``; largest ``out_bytes``, ``in_bytes``, ``time_ms``."""

        def build(flows: ir.Table) -> ir.Table:
            return (
                self.coded(flows)
                .group_by("src", "dst", "service", "kind")
                .aggregate(
                    flows=lambda t: t.count().cast("int32"),
                    out_bin=lambda t: _bin(t.src_bytes.max()),
                    in_bin=lambda t: _bin(t.dst_bytes.max()),
                    time_bin=lambda t: _bin((t.duration_s * MILLI).max(), LONGEST_BIN),
                )
            )

        return self._day.counts("edges", build, self._dates).drop("date")

    def uses(self) -> ir.Table:
        """Both ends of every edge: ``host``, ``service``, ``is_server``, ``is_failed``, ``peers``, ``flows``."""
        import ibis

        edges = self.edges()

        def build(flows: ir.Table) -> ir.Table:
            is_owner_src = edges.kind >= OUTCOMES
            failed = (edges.kind % OUTCOMES == FAILED).cast("int16")
            ends = [
                edges.select(
                    host=ibis.ifelse(is_owner_src == is_server, edges.src, edges.dst),
                    service=edges.service,
                    is_server=ibis.literal(int(is_server), type="int16"),
                    is_failed=failed,
                    flows=edges.flows,
                )
                for is_server in (False, True)
            ]
            grouped = ibis.union(*ends).group_by("host", "service", "is_server", "is_failed")
            return grouped.aggregate(peers=lambda t: t.count(), flows=lambda t: t.flows.sum().cast("int64"))

        return self._day.counts("uses", build, self._dates).drop("date")

    def uploads(self) -> ir.Table:
        """``ip``, bit length ``out_bin`` of what it sent as a source (-1: not given), ``flows``."""

        def build(flows: ir.Table) -> ir.Table:
            kept = self._kept
            if kept is None:
                return count_uploads(flows, "src_ip")
            counted, hosts = count_uploads(kept, "src"), self.hosts.select("host", src_ip="ip")
            return counted.inner_join(hosts, [("ip", "host")]).select("out_bin", "flows", ip="src_ip")

        return self._day.counts("uploads", build, self._dates).drop("date")

    def hours(self) -> ir.Table:
        """``ip``, UTC ``hour``, ``flows`` it began."""
        return self._day.counts("hours", count_hours, self._dates).drop("date")


def _bin(value: ir.Value, bits: int = 63) -> ir.Value:
    import ibis

    return ibis.ifelse(value.isnull(), ibis.literal(NO_SIZE, type="int16"), bit_length(value, bits))


def count_hosts(flows: ir.Table) -> ir.Table:
    """The addresses of a day: ``ip``, ``host`` (its place in sorted order, from 0), ``is_home`` (0 or 1).

    An address is ours when the ``direction`` of any of its flows says so.
    """
    import ibis

    src_home = flows.direction.isin(["outbound", "internal"]).fill_null(False).cast("int16")
    dst_home = flows.direction.isin(["inbound", "internal"]).fill_null(False).cast("int16")
    ends = ibis.union(flows.select(ip=flows.src_ip, home=src_home), flows.select(ip=flows.dst_ip, home=dst_home))
    hosts = ends.group_by("ip").aggregate(is_home=lambda t: t.home.max())
    place = ibis.row_number().over(ibis.window(order_by=hosts.ip))
    return hosts.select("ip", "is_home", host=place.cast("int32"))


def count_uploads(flows: ir.Table, source: str) -> ir.Table:
    """One day's flows by source (the column of that name) and bit length of what it sent."""
    return (
        flows.select(ip=flows[source], out_bin=_bin(flows.src_bytes))
        .group_by("ip", "out_bin")
        .aggregate(flows=lambda t: t.count())
    )


def count_hours(flows: ir.Table) -> ir.Table:
    """One day's flows by source and UTC hour."""
    return (
        flows.select(ip=flows.src_ip, hour=hour_of_day(flows.start))
        .group_by("ip", "hour")
        .aggregate(flows=lambda t: t.count())
    )
