"""What a day's conversations carried, by source, destination, port and recognised protocol, kept at rest."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.dense_codes import TextCodes, pack
from flowsleuth.detect.findings import Extent
from flowsleuth.detect.flow_codes import FAILED, SPAN, is_group, outcome_code
from flowsleuth.detect.network_day import NetworkDay
from flowsleuth.detect.pair_times import as_floats, as_ints
from flowsleuth.detect.service_ports import CARRIERS, PORTS, belongs, protocols

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
    rows = day.input.arrow(day.input.counts("carried", count_carried, [day.date]))
    return _coded(day, rows, day.addresses.of(rows["dst_ip"]))


def carried_by_source(day: NetworkDay, date: dt.date) -> Carried:
    """What sources carried on a day to whomever, in the codes of `day`; `dst` is -1."""
    rows = day.input.arrow(day.input.counts("carried_by_source", count_by_source, [date]))
    return _coded(day, rows, np.full(len(rows), -1))


def _coded(day: NetworkDay, rows: pa.Table, dst: Ints) -> Carried:
    words = TextCodes.distinct(rows["service"])
    word = words.of(rows["service"])
    port, from_port = as_ints(rows["dst_port"]), as_ints(rows["one_src_port"])
    protocol, is_odd = _judge(words, word, port, from_port)
    src = day.addresses.of(rows["src_ip"])
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


def count_carried(flows: ir.Table) -> ir.Table:
    """One row per source, destination, port and service, of conversations that were recognised, or should have been."""
    return _put_together(_conversations(flows), "src_ip", "dst_ip")


def count_by_source(flows: ir.Table) -> ir.Table:
    """The same without the destination."""
    return _put_together(_conversations(flows), "src_ip")


def _conversations(flows: ir.Table) -> ir.Table:
    """A port of the source is kept where it is one that a protocol belongs on: who answers has not chosen the port."""
    import ibis

    known = sorted({port for ports in PORTS.values() for port in ports})
    asked = flows.filter(flows.proto.isin(list(PROTO)) & flows.dst_port.notnull())
    outcome = outcome_code(asked, is_group(asked.dst_ip))
    has_reply = (asked.dst_packets.coalesce(asked.dst_bytes, 1) > 0) & (outcome != FAILED)
    word = asked.service.lower()
    named = ibis.ifelse(word.isin(list(NOTHING)), ibis.null("string"), word)
    said = (asked.src_bytes >= SAID_BYTES) & (asked.dst_bytes >= SAID_BYTES)
    silent = named.isnull() & said.fill_null(False) & asked.dst_port.isin(list(CARRIERS)) & (asked.proto == "tcp")
    rows = asked.mutate(
        service=named,
        src_key=ibis.ifelse(asked.src_port.isin(known), asked.src_port, 0).coalesce(0).cast("int64"),
        to_keep=has_reply & (named.notnull() | silent),
    )
    return rows.filter(rows.to_keep)


def _put_together(rows: ir.Table, *ends: str) -> ir.Table:
    return rows.group_by(*ends, "proto", "dst_port", "service", one_src_port=rows.src_key).aggregate(
        flows=lambda t: t.count(),
        first=lambda t: t.start.min(),
        last=lambda t: t.start.max(),
        src_bytes=lambda t: t.src_bytes.sum().cast("float64"),
        dst_bytes=lambda t: t.dst_bytes.sum().cast("float64"),
    )
