"""What a day's conversations carried, by source, destination, port and recognised protocol, kept at rest."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.day_counts import OUTCOMES, DayCounts
from flowsleuth.detect.days.flow_codes import FAILED, SPAN, has_protocol
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.days.pair_times import as_floats, as_ints
from flowsleuth.detect.days.service_ports import CARRIERS, PORTS, belongs, protocols
from flowsleuth.detect.dense_codes import TextCodes, pack
from flowsleuth.detect.findings import Extent

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

UNKNOWN = len(PORTS)
"""Code of a protocol that the sensor did not recognise; others are places in :data:`.service_ports.PORTS`."""
OTHER = UNKNOWN + 1
"""Code of a protocol that it recognised and that belongs on no port in particular."""
NOTHING = ("", "-", "unknown", "failed", "unknown-tcp", "unknown-udp", "incomplete", "insufficient-data", "non-syn-tcp")
"""What Zeek, Suricata and PAN-OS write where they recognised nothing."""
SAID_BYTES = 500
"""Bytes each way, headers included, from which something was said that a sensor should have recognised."""
PROTO = {"tcp": 6, "udp": 17}


@dataclass(frozen=True)
class Carried:
    """One row a source, destination, service and protocol; arrays of shape (n,).

    Attributes
    ----------
    src, dst : array of int64
        Host codes of the day; -1 for one that it does not have.
    service : array of int64
        Service code.
    protocol : array of int64
        Place in :data:`.service_ports.PORTS`, or :data:`UNKNOWN` or :data:`OTHER`.
    is_odd : array of bool
        The protocol does not belong on the port.
    flows, first_us, last_us : array of int64
    src_bytes, dst_bytes : array of float64
        NaN where not told.
    """

    src: Ints
    dst: Ints
    service: Ints
    protocol: Ints
    is_odd: Bools
    flows: Ints
    first_us: Ints
    last_us: Ints
    src_bytes: Floats
    dst_bytes: Floats


def carried(day: NetworkDay) -> Carried:
    """What was carried between any two, in order of (src, dst, service, protocol)."""
    rows = day.input.arrow(_conversations(day, day.date))
    return _coded(day, rows, as_ints(rows["src"]), as_ints(rows["dst"]))


def carried_by_source(day: NetworkDay, date: dt.date) -> Carried:
    """What sources carried on a day to whomever, in the codes of `day`; `dst` is -1."""
    counts = DayCounts(day.input, date)

    def build(flows: ir.Table) -> ir.Table:
        rows = _conversations(day, date) if date == day.date else count_conversations(counts.code(flows))
        return _add_up(rows, "src").inner_join(counts.hosts.select(src="host", src_ip="ip"), "src").drop("src")

    rows = day.input.arrow(day.input.counts("carried_by_source", build, [date]))
    return _coded(day, rows, day.addresses.of(rows["src_ip"]), np.full(len(rows), -1))


def _conversations(day: NetworkDay, date: dt.date) -> ir.Table:
    counts = DayCounts(day.input, date)

    def build(flows: ir.Table) -> ir.Table:
        return count_conversations(counts.coded(flows))

    return day.input.counts("conversations", build, [date]).drop("date")


def _coded(day: NetworkDay, rows: pa.Table, src: Ints, dst: Ints) -> Carried:
    words = TextCodes.distinct(rows["service"])
    word = words.of(rows["service"])
    port, from_port = as_ints(rows["dst_port"]), as_ints(rows["one_src_port"])
    protocol, is_odd = _judge(words, word, port, from_port)
    proto = np.where(_is_tcp(rows), PROTO["tcp"], PROTO["udp"])
    service = proto * SPAN + port
    _, first, of = np.unique(pack(src, dst, service, protocol, is_odd), return_index=True, return_inverse=True)
    flows, first_us, last_us = (as_ints(rows[name]) for name in ("flows", "first", "last"))
    each = Extent(flows, first_us, last_us, as_floats(rows["src_bytes"]), as_floats(rows["dst_bytes"]))
    return Carried(
        src=src[first],
        dst=dst[first],
        service=service[first],
        protocol=protocol[first],
        is_odd=is_odd[first],
        **vars(Extent.of_groups(each, of.reshape(-1), first.size)),
    )


def _judge(words: TextCodes, word: Ints, port: Ints, from_port: Ints) -> tuple[Ints, Bools]:
    """Protocol of each row, and whether it does not belong on its port, either side's."""
    names = list(PORTS)
    meant = [protocols(text) for text in words.texts.to_pylist()]
    first = np.array([min((names.index(one) for one in found), default=OTHER) for found in meant] + [UNKNOWN])
    _, at, of = np.unique(pack(word, port, from_port), return_index=True, return_inverse=True)
    distinct = zip(word[at].tolist(), port[at].tolist(), from_port[at].tolist(), strict=True)
    fits = [_fits(meant[code] if code >= 0 else None, to, source) for code, to, source in distinct]
    return first[word], ~np.array(fits, dtype=bool)[of.reshape(-1)]


def _fits(found: frozenset[str] | None, port: int, from_port: int) -> bool:
    """Nothing recognised fits no port that says what it carries; who answers from a port of its own fits."""
    if found is None:
        return port not in CARRIERS
    return not found or belongs(found, port) or belongs(found, from_port)


def _is_tcp(rows: Any) -> Bools:
    import pyarrow.compute as pc

    return np.asarray(pc.equal(rows["proto"], "tcp").to_numpy(zero_copy_only=False)).astype(bool)


def count_conversations(coded: ir.Table) -> ir.Table:
    """One row per source, destination, port and protocol, of conversations that were recognised, or should have been.

    A port of the source is kept where it is one that a protocol belongs on: who answers has not chosen the port.
    """
    import ibis

    known = sorted({port for ports in PORTS.values() for port in ports})
    is_tcp, is_udp = (has_protocol(coded.service, number) for number in PROTO.values())
    has_reply = (coded.dst_packets.coalesce(coded.dst_bytes, 1) > 0) & (coded.kind % OUTCOMES != FAILED)
    said = (coded.src_bytes >= SAID_BYTES) & (coded.dst_bytes >= SAID_BYTES)
    rows = coded.mutate(
        proto=ibis.ifelse(is_tcp, "tcp", "udp"),
        one_src_port=ibis.ifelse(coded.src_port.isin(known), coded.src_port, 0).coalesce(0).cast("int64"),
        is_silent=said.fill_null(False) & is_tcp & coded.dst_port.isin(list(CARRIERS)),
    )
    is_asked = (is_tcp | is_udp) & coded.dst_port.notnull() & has_reply
    asked = rows.filter(is_asked & (rows.word.notnull() | rows.is_silent))
    # Words are looked at when there are few: of each pair, not of each flow.
    few = asked.group_by("src", "dst", "proto", "dst_port", "one_src_port", "word", "is_silent").aggregate(
        flows=lambda t: t.count(),
        first=lambda t: t.start.min(),
        last=lambda t: t.start.max(),
        src_bytes=lambda t: t.src_bytes.sum().cast("float64"),
        dst_bytes=lambda t: t.dst_bytes.sum().cast("float64"),
    )
    word = few.word.lower()
    named = few.mutate(service=ibis.ifelse(word.isin(list(NOTHING)), ibis.null("string"), word))
    return _add_up(named.filter(named.service.notnull() | named.is_silent), "src", "dst")


def _add_up(rows: ir.Table, *ends: str) -> ir.Table:
    return rows.group_by(*ends, "proto", "dst_port", "service", "one_src_port").aggregate(
        flows=lambda t: t.flows.sum().cast("int64"),
        first=lambda t: t["first"].min(),
        last=lambda t: t["last"].max(),
        src_bytes=lambda t: t.src_bytes.sum(),
        dst_bytes=lambda t: t.dst_bytes.sum(),
    )
