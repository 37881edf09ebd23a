"""Zeek's columns to canonical rows, for both ways Zeek writes its logs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import flat
from flowsleuth.readers.contract import ReadContext
from flowsleuth.readers.fields import Fields, lower, without
from flowsleuth.readers.instants import INSTANT, microseconds
from flowsleuth.readers.json_text import map_distinct, pack_object, strings_as_json
from flowsleuth.readers.rows import BadRow, Built, build_rows
from flowsleuth.readers.zeek_fields import LOGS, SENSOR_KEYS
from flowsleuth.schema import table as schema_table
from flowsleuth.schema.protocols import KEYWORDS, protocol_keyword

Column: TypeAlias = pa.Array | pa.ChunkedArray

BAD_ICMP = "ICMP type or code out of range"
LONGEST_S = 1e10
"""Three hundred years; no connection lasts longer."""
_PORT = pa.int32()
_UNKNOWN_TRANSPORT = "unknown_transport"
_COUNTERPARTS4 = {8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17, 10: 9, 9: 10}
_COUNTERPARTS6 = {128: 129, 129: 128, 133: 134, 134: 133, 135: 136, 136: 135, 139: 140, 140: 139, 144: 145, 145: 144}
"""ICMP types that come in pairs: Zeek then writes the other type, not the code, as ``id.resp_p`` (its ICMP.cc)."""
_QCLASSES = {"C_INTERNET": "IN", "C_CSNET": "CS", "C_CHAOS": "CH", "C_HESIOD": "HS", "C_NONE": "NONE", "C_ANY": "ANY"}


def make_rows(log: str, fields: Fields, context: ReadContext) -> Built:
    """Rows of the log's table; what cannot become a row comes back with its reason."""
    columns: dict[str, Column] = {"start": fields.typed.get("ts", pa.nulls(len(fields), INSTANT))}
    bad: list[BadRow] = []
    fields.drop_no_numbers()
    fields.copy(columns, _ENDPOINT_COLUMNS)
    _set_protocol(fields, columns)
    _set_sensor(fields, columns)
    direction = None
    if log == "conn":
        for name, kind in (("src_ip", pa.string()), ("dst_ip", pa.string()), ("src_port", _PORT), ("dst_port", _PORT)):
            columns.setdefault(name, pa.nulls(len(fields), kind))
        direction = _set_flow(fields, columns, bad)
    else:
        _MAKERS[log](fields, columns)
    columns["extra"] = pack_object(fields.extra, len(fields), fields.more)
    built = build_rows(schema_table(LOGS[log].table), columns, fields.source_row, context, sensor_direction=direction)
    return without(built, bad, fields.source_row) if bad else built


_ENDPOINT_COLUMNS = {
    "uid": "uid",
    "src_ip": "id.orig_h",
    "src_port": "id.orig_p",
    "dst_ip": "id.resp_h",
    "dst_port": "id.resp_p",
    "community_id": "community_id",
}


def _set_protocol(fields: Fields, columns: dict[str, Column]) -> None:
    """Transport as IANA keyword; Zeek's ``unknown_transport`` is null unless ``ip_proto`` tells the number."""
    proto = fields.get("proto")
    if proto is None:
        return
    seen = set(pc.unique(proto).to_pylist())
    if all(text is None or protocol_keyword(text) == text for text in seen) and _UNKNOWN_TRANSPORT not in seen:
        columns["proto"] = proto
        return
    is_unknown = pc.equal(proto, _UNKNOWN_TRANSPORT)
    known = pc.if_else(is_unknown, pa.scalar(None, pa.string()), proto)
    number = fields.get("ip_proto")
    if number is not None:
        names = map_distinct(number.cast(pa.string()), lambda text: KEYWORDS.get(int(text), text))
        known = pc.coalesce(known, pc.if_else(is_unknown, names, pa.scalar(None, pa.string())))
    fields.leave("proto", pc.if_else(is_unknown, strings_as_json(proto), pa.scalar(None, pa.string())))
    columns["proto"] = map_distinct(known, protocol_keyword)


def _set_sensor(fields: Fields, columns: dict[str, Column]) -> None:
    """The first sensor name a record gives; others stay in ``extra``."""
    given = [(name, column) for name in SENSOR_KEYS if (column := fields.get(name)) is not None]
    if not given:
        return
    nothing = pa.scalar(None, pa.string())
    named = [(name, pc.if_else(pc.equal(column, ""), nothing, column)) for name, column in given]
    sensor = pc.coalesce(*(column for _, column in named))
    columns["sensor"] = sensor
    for name, column in given:
        is_sensor = pc.fill_null(pc.equal(column, sensor), False)
        fields.leave(name, pc.if_else(is_sensor, nothing, strings_as_json(column)))


def _set_flow(fields: Fields, columns: dict[str, Column], bad: list[BadRow]) -> Column | None:
    """Columns of ``conn``; returns the sensor's word on the direction."""
    for name in ("service", "conn_state", "history"):
        _set_word(fields, columns, name)
    names = {"vlan": "vlan"}
    names |= {"src_packets": "orig_pkts", "dst_packets": "resp_pkts"}
    fields.copy(columns, names)
    for side, canonical in (("orig", "src_bytes"), ("resp", "dst_bytes")):
        on_wire, payload = fields.typed.get(f"{side}_ip_bytes"), fields.typed.get(f"{side}_bytes")
        if on_wire is None or (on_wire.null_count and payload is not None):
            on_wire = payload if on_wire is None else pc.coalesce(on_wire, payload)
        if on_wire is not None:
            columns[canonical] = on_wire
    if "service" in columns:
        columns["service"] = lower(columns["service"])
    _set_end(fields, columns)
    _set_icmp(fields, columns, bad)
    return _sensor_direction(fields)


def _set_end(fields: Fields, columns: dict[str, Column]) -> None:
    """``end`` is ``start`` plus duration; a negative or absurd duration stays in ``extra`` alone."""
    duration = fields.get("duration")
    if duration is None:
        return
    found = pc.min_max(duration).as_py()
    if found["min"] < 0 or found["max"] > LONGEST_S:
        is_usable = pc.and_(pc.greater_equal(duration, 0), pc.less_equal(duration, LONGEST_S))
        nothing = pa.scalar(None, pa.float64())
        fields.leave("duration", pc.if_else(is_usable, nothing, duration).cast(pa.string()))
        duration = pc.if_else(is_usable, duration, nothing)
    columns["duration_s"] = duration
    columns["end"] = pc.add(columns["start"].cast(pa.int64()), microseconds(duration)).cast(INSTANT)


def _set_word(fields: Fields, columns: dict[str, Column], name: str) -> None:
    """A word that is never empty: ``""`` is null in the column, and itself in ``extra``."""
    words = fields.get(name)
    if words is None:
        return
    columns[name] = words
    is_empty = pc.equal(words, "")
    if pc.any(is_empty).as_py():
        nothing = pa.scalar(None, pa.string())
        fields.leave(name, pc.if_else(is_empty, '""', nothing))
        columns[name] = pc.if_else(is_empty, nothing, words)


def _set_icmp(fields: Fields, columns: dict[str, Column], bad: list[BadRow]) -> None:
    """ICMP type and code out of the ports, where Zeek hides them; only the ICMP rows are looked at."""
    proto = columns.get("proto")
    if proto is None:
        return
    is_icmp = flat(pc.fill_null(pc.equal(proto, "icmp"), False))
    rows = np.flatnonzero(is_icmp.to_numpy(zero_copy_only=False))
    if not rows.size:
        return

    def spread(values: Column) -> Column:
        """Values of the ICMP rows at their places, null elsewhere."""
        return pc.replace_with_mask(pa.nulls(len(is_icmp), values.type), is_icmp, values)

    nothing = pa.scalar(None, pa.int32())
    kinds, codes = (flat(columns[name].filter(is_icmp)) for name in ("src_port", "dst_port"))
    is_v6 = pc.fill_null(pc.match_substring(flat(columns["src_ip"].filter(is_icmp)), ":"), False)
    columns["proto"] = pc.if_else(pc.fill_null(spread(is_v6), False), "ipv6-icmp", proto)
    for name, column in (("id.orig_p", kinds), ("id.resp_p", codes)):
        outside = pc.fill_null(pc.or_(pc.less(column, 0), pc.greater(column, 255)), False)
        found = np.flatnonzero(outside.to_numpy(zero_copy_only=False)).tolist()
        bad += [BadRow(int(rows[at]), BAD_ICMP, f"{name}={column[at].as_py()}") for at in found]
    in_range = pc.and_(pc.less_equal(codes, 255), pc.greater_equal(codes, 0))
    is_pair = pc.if_else(is_v6, _is_pair(kinds, codes, _COUNTERPARTS6), _is_pair(kinds, codes, _COUNTERPARTS4))
    if pc.any(is_pair).as_py():
        fields.leave("id.resp_p", spread(pc.if_else(is_pair, codes, nothing).cast(pa.string())))
    codes = pc.if_else(pc.and_(in_range, pc.invert(is_pair)), codes, nothing)
    kinds = pc.if_else(pc.and_(pc.less_equal(kinds, 255), pc.greater_equal(kinds, 0)), kinds, nothing)
    columns["icmp_type"], columns["icmp_code"] = spread(kinds.cast(pa.int16())), spread(codes.cast(pa.int16()))
    for name in ("src_port", "dst_port"):
        columns[name] = pc.if_else(is_icmp, nothing, columns[name])


def _is_pair(kinds: Column, codes: Column, pairs: Mapping[int, int]) -> Column:
    """Where the "code" is the type of the answer, and no code (an echo's 0 is both, so it stays)."""
    types = pa.array(list(pairs), type=pa.int32())
    answers = pa.array(list(pairs.values()), type=pa.int32())
    expected = answers.take(pc.index_in(kinds, value_set=types))
    return pc.fill_null(pc.and_(pc.equal(codes, expected), pc.not_equal(codes, 0)), False)


def _sensor_direction(fields: Fields) -> Column | None:
    orig, resp = fields.get("local_orig"), fields.get("local_resp")
    if orig is None or resp is None:
        return None
    outside_in = pc.if_else(resp, "inbound", "external")
    return pc.if_else(orig, pc.if_else(resp, "internal", "outbound"), outside_in)


def _set_dns(fields: Fields, columns: dict[str, Column]) -> None:
    names = {"query": "query", "qtype": "qtype_name", "rcode": "rcode_name", "answers": "answers"}
    names |= {"ttls_s": "TTLs", "rtt_s": "rtt", "trans_id": "trans_id", "is_rejected": "rejected"}
    fields.copy(columns, names)
    qclass = fields.get("qclass_name")
    if qclass is not None:
        columns["qclass"] = map_distinct(qclass, lambda text: _QCLASSES.get(text, text))


def _set_http(fields: Fields, columns: dict[str, Column]) -> None:
    same = ("method", "host", "uri", "referrer", "user_agent", "version")
    names = {name: name for name in same} | {"status": "status_code", "user": "username"}
    names |= {"request_bytes": "request_body_len", "response_bytes": "response_body_len"}
    fields.copy(columns, names)
    for canonical, name in (("request_mime", "orig_mime_types"), ("response_mime", "resp_mime_types")):
        column = fields.get(name)
        if column is not None:
            columns[canonical] = map_distinct(column, _joined)


def _set_tls(fields: Fields, columns: dict[str, Column]) -> None:
    same = ("version", "cipher", "server_name", "subject", "ja3", "ja3s", "ja4")
    names = {name: name for name in same} | {"alpn": "next_protocol", "validation": "validation_status"}
    fields.copy(columns, names | {"is_resumed": "resumed", "is_established": "established"})
    issuers = [c for name in ("issuer", "issuer_subject") if (c := fields.get(name)) is not None]
    if issuers:
        columns["issuer"] = pc.coalesce(*issuers)
    prints = [c for c in (fields.get("cert_hash"),) if c is not None]
    chain = fields.get("cert_chain_fps")
    if chain is not None:
        prints.append(map_distinct(chain, _first))
    if prints:
        columns["fingerprint"] = pc.coalesce(*prints)


def _listed(text: str) -> list[object]:
    value = json.loads(text)
    return value if isinstance(value, list) else [value]


def _joined(text: str) -> str:
    """A JSON list as text with commas, as Zeek's own tables show it."""
    return ",".join(str(value) for value in _listed(text) if value is not None)


def _first(text: str) -> str | None:
    values = _listed(text)
    return str(values[0]) if values and values[0] is not None else None


_MAKERS: dict[str, Callable[[Fields, dict[str, Column]], None]] = {
    "dns": _set_dns,
    "http": _set_http,
    "ssl": _set_tls,
}
