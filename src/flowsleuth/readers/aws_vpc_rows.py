"""Fields of Amazon VPC flow log records, and the rows of ``flow`` and ``health`` that they become."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import by_value, flat, mask_of, only, unless
from flowsleuth.readers.contract import ReadContext
from flowsleuth.readers.rows import Built, build_rows, json_extra
from flowsleuth.readers.times import scaled_times, seconds_between
from flowsleuth.schema import FLOW, HEALTH
from flowsleuth.schema.protocols import protocol_keyword

NUMBERS = ("srcport", "dstport", "packets", "bytes", "start", "end")
_USED = frozenset(
    {"version", *NUMBERS, "srcaddr", "dstaddr", "protocol", "action", "log-status", "tcp-flags", "interface-id"}
)
_WITH_PORTS = ("tcp", "udp", "sctp", "dccp", "udplite")
_ACTIONS = {"ACCEPT": "allowed", "REJECT": "denied"}
_HEALTH = {"NODATA": "no data", "SKIPDATA": "lost"}
_WAYS = {"ingress": "inbound", "egress": "outbound"}

Part = tuple[npt.NDArray[np.int64], Built]


def make_rows(fields: Mapping[str, pa.Array], rows: npt.NDArray[np.int64], context: ReadContext) -> tuple[Part, Part]:
    """Rows of ``flow`` and of ``health``, each with the indices of the records they are of."""
    size = len(rows)
    status = _text(fields, "log-status", size)
    is_health = mask_of(pc.is_in(status, value_set=pa.array(list(_HEALTH))))
    at, other = np.flatnonzero(~is_health), np.flatnonzero(is_health)
    keep = pa.array(~is_health)
    flows = {name: column.filter(keep) for name, column in fields.items()} if len(other) else dict(fields)
    made = _flow_rows(flows, rows[at], context)
    said = {name: column.filter(pa.array(is_health)) for name, column in fields.items()}
    return (at, made), (other, _health_rows(said, rows[other], context))


def _text(fields: Mapping[str, pa.Array], name: str, size: int) -> pa.Array:
    column = fields.get(name)
    return pa.nulls(size, pa.string()) if column is None else flat(column).cast(pa.string())


def _given(fields: Mapping[str, pa.Array], name: str, size: int) -> pa.Array:
    return fields.get(name, pa.nulls(size, pa.int64()))


def _flow_rows(fields: Mapping[str, pa.Array], rows: npt.NDArray[np.int64], context: ReadContext) -> Built:
    size = len(rows)
    start, end = (scaled_times(_given(fields, name, size), 1) for name in ("start", "end"))
    start, end = pc.coalesce(start, end), only(pc.greater_equal(end, pc.coalesce(start, end)), end)
    proto = by_value(_text(fields, "protocol", size), protocol_keyword, pa.string())
    has_ports = pc.fill_null(by_value(proto, lambda word: word in _WITH_PORTS, pa.bool_()), True)
    way = by_value(_text(fields, "flow-direction", size), _WAYS.get, pa.string())
    host = _text(fields, "instance-id", size)
    columns: dict[str, Any] = {
        "start": start,
        "end": end,
        "duration_s": seconds_between(start, end),
        "src_ip": _address(fields, "srcaddr", size),
        "dst_ip": _address(fields, "dstaddr", size),
        "src_port": only(has_ports, _given(fields, "srcport", size)),
        "dst_port": only(has_ports, _given(fields, "dstport", size)),
        "proto": proto,
        "src_packets": _given(fields, "packets", size),
        "src_bytes": _given(fields, "bytes", size),
        "action": by_value(_text(fields, "action", size), _ACTIONS.get, pa.string()),
        "tcp_flags": _text(fields, "tcp-flags", size),
        "sensor": _text(fields, "interface-id", size),
        "src_host": only(pc.equal(way, "outbound"), host),
        "dst_host": only(pc.equal(way, "inbound"), host),
    }
    extra = {name: column for name, column in fields.items() if name not in _USED}
    for name in ("srcport", "dstport"):
        extra[name] = unless(pc.or_(has_ports, pc.equal(_given(fields, name, size), 0)), _given(fields, name, size))
    columns["extra"] = json_extra(extra, size)
    return build_rows(FLOW, columns, rows, context, sensor_direction=way)


def _address(fields: Mapping[str, pa.Array], name: str, size: int) -> pa.Array:
    """The interface's word; the packet's where the log has only that."""
    own, packet = fields.get(name), fields.get(f"pkt-{name}")
    if own is None or (own.null_count and packet is not None):
        return pc.coalesce(_text(fields, name, size), _text(fields, f"pkt-{name}", size))
    return own


def _health_rows(fields: Mapping[str, pa.Array], rows: npt.NDArray[np.int64], context: ReadContext) -> Built:
    size = len(rows)
    start, end = (scaled_times(_given(fields, name, size), 1) for name in ("start", "end"))
    word = _text(fields, "log-status", size)
    used = {"version", "start", "end", "interface-id", "log-status"}
    columns: dict[str, Any] = {
        "start": pc.coalesce(start, end),
        "end": end,
        "sensor": _text(fields, "interface-id", size),
        "status": by_value(word, _HEALTH.get, pa.string()),
        "word": word,
        "extra": json_extra({name: column for name, column in fields.items() if name not in used}, size),
    }
    return build_rows(HEALTH, columns, rows, context)
