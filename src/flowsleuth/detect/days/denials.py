"""Denied connections of a day: by source and service, and by hour, kept at rest."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.flow_codes import NO_PORT, NO_PROTO, OTHER_PROTO, SPAN
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.days.pair_times import as_floats, as_ints
from flowsleuth.schema.protocols import KEYWORDS
from flowsleuth.store.portable import time_bin

if TYPE_CHECKING:
    import ibis.expr.types as ir

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HOUR_S = 3600
REFUSED = "REJ"
"""Zeek's state of what was answered by a reset: a firewall's refusal, or nobody at the port."""


@dataclass(frozen=True)
class Denials:
    """Sources and services with denied connections, in order of (src, service); arrays of shape (n,).

    Attributes
    ----------
    src, service : array of int64
        Codes; a source that the day does not have is left out.
    dst : array of int64
        Who it was, where that is one address; else -1.
    targets, flows : array of int64
        Addresses that it was denied at, and connections.
    first_us, last_us : array of int64
        Microseconds since 1970 (UTC).
    src_bytes, dst_bytes : array of float64
        NaN where not told.
    densest : array of int64, shape (n_hosts,)
        Denied connections of each host in its densest clock hour.
    hour : array of int64, shape (n_hosts,)
        Which that is, hours since 1970 (UTC).
    """

    src: Ints
    service: Ints
    dst: Ints
    targets: Ints
    flows: Ints
    first_us: Ints
    last_us: Ints
    src_bytes: Floats
    dst_bytes: Floats
    densest: Ints
    hour: Ints


def denials(day: NetworkDay, date: dt.date) -> Denials:
    """Denials of a day in the codes of `day`."""
    rows = day.input.arrow(day.input.counts("denials", count_denials, [date]))
    src = day.addresses.of(rows["src_ip"])
    service = _services(rows)
    known = np.flatnonzero(src >= 0)
    known = known[np.lexsort((service[known], src[known]))]
    targets = as_ints(rows["targets"])[known]
    dst = day.addresses.of(rows["one_dst"])[known]
    densest, hour = _densest(day, date)
    return Denials(
        src=src[known],
        service=service[known],
        dst=np.where(targets == 1, dst, -1),
        targets=targets,
        flows=as_ints(rows["flows"])[known],
        first_us=as_ints(rows["first"])[known],
        last_us=as_ints(rows["last"])[known],
        src_bytes=as_floats(rows["src_bytes"])[known],
        dst_bytes=as_floats(rows["dst_bytes"])[known],
        densest=densest,
        hour=hour,
    )


def _densest(day: NetworkDay, date: dt.date) -> tuple[Ints, Ints]:
    rows = day.input.arrow(day.input.counts("denied_hours", count_hours, [date]))
    src, flows, hours = day.addresses.of(rows["src_ip"]), as_ints(rows["flows"]), as_ints(rows["hour"])
    order = np.lexsort((-hours, flows))
    order = order[src[order] >= 0]
    densest, hour = np.zeros(day.n_hosts, dtype=np.int64), np.zeros(day.n_hosts, dtype=np.int64)
    densest[src[order]], hour[src[order]] = flows[order], hours[order]
    return densest, hour


def _services(rows: Any) -> Ints:
    numbers = {name: number for number, name in KEYWORDS.items()}
    column = rows["proto"].combine_chunks().dictionary_encode()
    codes = np.array([*(numbers.get(name, OTHER_PROTO) for name in column.dictionary.to_pylist()), NO_PROTO])
    proto = codes[column.indices.fill_null(codes.size - 1).to_numpy(zero_copy_only=False)]
    port = rows["dst_port"].fill_null(NO_PORT).to_numpy().astype(np.int64)
    return np.asarray(proto * SPAN + port, dtype=np.int64)


def _denied(flows: ir.Table) -> ir.Table:
    """Flows that were denied; of a source that does not decide, those that were refused."""
    refused = flows.action.isnull() & (flows.conn_state == REFUSED)
    return flows.filter((flows.action == "denied").fill_null(False) | refused.fill_null(False))


def count_denials(flows: ir.Table) -> ir.Table:
    """One row per source, protocol and port with a denied flow."""
    ends = (
        _denied(flows)
        .group_by("src_ip", "proto", "dst_port", "dst_ip")
        .aggregate(
            flows=lambda t: t.count(),
            first=lambda t: t.start.min(),
            last=lambda t: t.start.max(),
            src_bytes=lambda t: t.src_bytes.sum().cast("float64"),
            dst_bytes=lambda t: t.dst_bytes.sum().cast("float64"),
        )
    )
    return ends.group_by("src_ip", "proto", "dst_port").aggregate(
        targets=lambda t: t.count(),
        one_dst=lambda t: t.dst_ip.min(),
        flows=lambda t: t.flows.sum().cast("int64"),
        first=lambda t: t["first"].min(),
        last=lambda t: t["last"].max(),
        src_bytes=lambda t: t.src_bytes.sum(),
        dst_bytes=lambda t: t.dst_bytes.sum(),
    )


def count_hours(flows: ir.Table) -> ir.Table:
    """One row per source and clock hour with a denied flow."""
    hourly = _denied(flows).mutate(hour=lambda t: time_bin(t.start, HOUR_S))
    return hourly.group_by("src_ip", "hour").aggregate(flows=lambda t: t.count())
