"""The mergeable counts of a day: ports, hosts, edges, uses, uploads, hours. Each is built once and kept at rest.

An *edge* is one (source, destination, service, owner of the service, outcome) of a day. What the ``suspicious``
detector learns about hosts it learns from edges, so that a million equal flows weigh as one.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from flowsleuth.detect.contract import DayInput
from flowsleuth.detect.flow_codes import FAILED, bit_length, count_ports, outcome_code, service_end

if TYPE_CHECKING:
    import ibis.expr.types as ir

OUTCOMES = 3
"""An edge's ``kind`` is owner x OUTCOMES + outcome."""
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
        self.ports = day.counts("ports", count_ports, self._dates).drop("date")
        self.hosts = day.counts("hosts", count_hosts, self._dates).drop("date")

    def code(self, flows: ir.Table) -> ir.Table:
        """Flows with ``src``, ``dst`` (host codes of the day), ``service``, ``owner``, ``outcome``."""
        coded = service_end(flows, self.ports)
        coded = coded.mutate(outcome=outcome_code(coded))
        src = self.hosts.select(src_text=self.hosts.ip, src=self.hosts.host)
        dst = self.hosts.select(dst_text=self.hosts.ip, dst=self.hosts.host)
        return coded.inner_join(src, [("src_ip", "src_text")]).inner_join(dst, [("dst_ip", "dst_text")])

    def edges(self) -> ir.Table:
        """``src``, ``dst``, ``service``, ``kind``, ``flows``; largest ``out_bytes``, ``in_bytes``, ``time_ms``."""

        def build(flows: ir.Table) -> ir.Table:
            coded = self.code(flows)
            keyed = coded.select(
                "src", "dst", "service",
                kind=(coded.owner * OUTCOMES + coded.outcome).cast("int16"),
                src_bytes=coded.src_bytes, dst_bytes=coded.dst_bytes, ms=coded.duration_s * MILLI,
            )  # fmt: skip
            return keyed.group_by("src", "dst", "service", "kind").aggregate(
                flows=lambda t: t.count().cast("int32"),
                out_bin=lambda t: _bin(t.src_bytes.max()),
                in_bin=lambda t: _bin(t.dst_bytes.max()),
                time_bin=lambda t: _bin(t.ms.max(), LONGEST_BIN),
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
        return self._day.counts("uploads", count_uploads, self._dates).drop("date")

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


def count_uploads(flows: ir.Table) -> ir.Table:
    """One day's flows by source and bit length of what it sent."""
    return (
        flows.select(ip=flows.src_ip, out_bin=_bin(flows.src_bytes))
        .group_by("ip", "out_bin")
        .aggregate(flows=lambda t: t.count())
    )


def count_hours(flows: ir.Table) -> ir.Table:
    """One day's flows by source and UTC hour."""
    return (
        flows.select(ip=flows.src_ip, hour=flows.start.hour().cast("int64"))
        .group_by("ip", "hour")
        .aggregate(flows=lambda t: t.count())
    )
