"""Suricata's columns to canonical rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.contract import ReadContext
from flowsleuth.readers.fields import Fields, lower, without
from flowsleuth.readers.instants import INSTANT
from flowsleuth.readers.json_text import dump, map_distinct, pack_object, strings_as_json
from flowsleuth.readers.rows import BadRow, Built, build_rows
from flowsleuth.readers.suricata_fields import EVENTS
from flowsleuth.readers.zeek_columns import BAD_ICMP
from flowsleuth.schema import table as schema_table
from flowsleuth.schema.protocols import ICMP, protocol_keyword

Column: TypeAlias = pa.Array | pa.ChunkedArray

_ACTIONS = {
    "allowed": "allowed",
    "pass": "allowed",
    "accept": "allowed",
    "alert": "allowed",
    "blocked": "denied",
    "drop": "denied",
    "reject": "denied",
    "rejectsrc": "denied",
    "rejectdst": "denied",
    "rejectboth": "denied",
}
"""What Suricata did with the packets; ``alert`` as a verdict lets them pass."""
_NO_PROTOCOL = frozenset({"failed", "unknown"})
"""What ``app_proto`` says when detection gave up."""
_FIN, _SYN, _RST = 1, 2, 4


def make_rows(
    kind: str,
    fields: Fields,
    context: ReadContext,
    ordinal: npt.NDArray[np.int64] | None = None,
) -> Built:
    """Rows of the event type's table; what cannot become a row comes back with its reason."""
    columns: dict[str, Column] = {"start": fields.typed.get("timestamp", pa.nulls(len(fields), INSTANT))}
    bad: list[BadRow] = []
    names = {"uid": "flow_id", "src_ip": "src_ip", "src_port": "src_port", "dst_ip": "dest_ip", "dst_port": "dest_port"}
    fields.copy(columns, names | {"community_id": "community_id", "sensor": "host"})
    proto = fields.get("proto")
    if proto is not None:
        columns["proto"] = map_distinct(proto, protocol_keyword)
    table = EVENTS[kind].table
    _MAKERS[kind](fields, columns)
    if table == "flow":
        for side in ("src_ip", "dst_ip"):
            columns.setdefault(side, pa.nulls(len(fields), pa.string()))
        _set_flow(fields, columns, bad)
    columns["extra"] = pack_object(fields.extra, len(fields), fields.more)
    built = build_rows(schema_table(table), columns, fields.source_row, context, ordinal=ordinal)
    return without(built, bad, fields.source_row) if bad else built


def _mapped(column: Column, change: Callable[[str], str | None]) -> Column:
    return map_distinct(column, change)


def _set_service(fields: Fields, columns: dict[str, Column]) -> None:
    """Application protocol; that none was found stays in ``extra``."""
    service = fields.get("app_proto")
    if service is None:
        return
    is_none = pc.is_in(service, value_set=pa.array(sorted(_NO_PROTOCOL)))
    nothing = pa.scalar(None, pa.string())
    fields.leave("app_proto", pc.if_else(is_none, strings_as_json(service), nothing))
    columns["service"] = lower(pc.if_else(is_none, nothing, service))


def _set_action(fields: Fields, columns: dict[str, Column], *names: str) -> None:
    """Allowed or denied, by the first field that says so; a word that is not known stays in ``extra``."""
    found = []
    for name in names:
        words = fields.get(name)
        if words is None:
            continue
        action = _mapped(words, lambda word: _ACTIONS.get(word.lower()))
        unknown = pc.and_(pc.is_valid(words), pc.is_null(action))
        fields.leave(name, pc.if_else(unknown, strings_as_json(words), pa.scalar(None, pa.string())))
        found.append(action)
    if found:
        columns["action"] = pc.coalesce(*found)


def _set_flow(fields: Fields, columns: dict[str, Column], bad: list[BadRow]) -> None:
    """What ``flow`` and ``netflow`` have in common."""
    _set_service(fields, columns)
    fields.copy(columns, {"in_if": "in_iface", "tcp_flags": "tcp.tcp_flags"})
    vlans = fields.get("vlan")
    if vlans is not None:
        columns["vlan"] = _mapped(vlans, _outer_vlan).cast(pa.int32())
        is_simple = pc.match_substring_regex(vlans, r"^\[?\d+\]?$")
        fields.leave("vlan", pc.if_else(is_simple, pa.scalar(None, pa.string()), vlans))
    _set_icmp(fields, columns, bad)


def _outer_vlan(text: str) -> str | None:
    value = json.loads(text)
    first = value[0] if isinstance(value, list) and value else value
    return str(first) if isinstance(first, int) and not isinstance(first, bool) and 0 <= first < 2**31 else None


def _set_icmp(fields: Fields, columns: dict[str, Column], bad: list[BadRow]) -> None:
    """ICMP type and code, and no ports for ICMP; numbers that stood in the ports stay in ``extra``."""
    for name, canonical in (("icmp_type", "icmp_type"), ("icmp_code", "icmp_code")):
        column = fields.get(name)
        if column is None:
            continue
        outside = pc.fill_null(pc.or_(pc.less(column, 0), pc.greater(column, 255)), False)
        found = np.flatnonzero(outside.to_numpy(zero_copy_only=False)).tolist()
        bad += [BadRow(at, BAD_ICMP, f"{name}={column[at].as_py()}") for at in found]
        columns[canonical] = pc.if_else(outside, pa.scalar(None, pa.int32()), column).cast(pa.int16())
    proto = columns.get("proto")
    if proto is None:
        return
    is_icmp = pc.is_in(proto, value_set=pa.array(ICMP))
    if not pc.any(is_icmp).as_py():
        return
    for canonical, name in (("src_port", "src_port"), ("dst_port", "dest_port")):
        port = columns.get(canonical)
        if port is not None:
            nothing = pa.scalar(None, pa.int32())
            is_said = pc.and_(is_icmp, pc.not_equal(port, 0))
            fields.leave(name, pc.if_else(pc.fill_null(is_said, False), port, nothing).cast(pa.string()))
            columns[canonical] = pc.if_else(is_icmp, nothing, port)


def _set_span(fields: Fields, columns: dict[str, Column], start: str, end: str, age: str) -> None:
    """Start, end and duration; whole seconds of ``age`` only where there is no end."""
    columns["start"] = fields.typed.get(start, pa.nulls(len(fields), INSTANT))
    last = fields.get(end)
    seconds = fields.get(age)
    duration = None if seconds is None else seconds.cast(pa.float64())
    if last is not None:
        columns["end"] = last
        span = pc.subtract(last.cast(pa.int64()), columns["start"].cast(pa.int64()))
        exact = pc.divide(span.cast(pa.float64()), 1e6)
        duration = exact if duration is None else pc.coalesce(exact, duration)
    if duration is not None:
        is_negative = pc.less(duration, 0)
        columns["duration_s"] = pc.if_else(is_negative, pa.scalar(None, pa.float64()), duration)


def _of_flow(fields: Fields, columns: dict[str, Column]) -> None:
    _set_span(fields, columns, "flow.start", "flow.end", "flow.age")
    names = {"src_bytes": "flow.bytes_toserver", "dst_bytes": "flow.bytes_toclient"}
    fields.copy(columns, names | {"src_packets": "flow.pkts_toserver", "dst_packets": "flow.pkts_toclient"})
    _set_action(fields, columns, "flow.action", "verdict.action")
    ours, theirs = fields.get("tcp.tcp_flags_ts"), fields.get("tcp.tcp_flags_tc")
    if ours is not None and theirs is not None:
        both = pc.binary_join_element_wise(ours, theirs, "/")
        columns["conn_state"] = _mapped(both, conn_state)


def conn_state(flags: str) -> str | None:
    """Zeek's state of a TCP connection where both sides' flags (``"02/14"``) leave no doubt, else None.

    Flags say what was seen, not in which order, so a connection with both FIN and RST stays without a state.

    Examples
    --------
    >>> [conn_state(flags) for flags in ("02/00", "02/14", "1b/1b", "1a/1a", "13/12", "1e/1a", "1f/1b", "18/18")]
    ['S0', 'REJ', 'SF', 'S1', 'S2', 'RSTO', None, None]
    """
    try:
        ours, theirs = (int(text, 16) for text in flags.split("/"))
    except ValueError:
        return None
    either, both = ours | theirs, ours & theirs
    if not ours & _SYN or (either & _FIN and either & _RST) or both & _RST:
        return None
    state = None
    if not theirs:
        state = "S0" if not ours & (_FIN | _RST) else None
    elif not theirs & _SYN:
        state = "REJ" if theirs & _RST else None
    elif either & _RST:
        state = "RSTO" if ours & _RST else "RSTR"
    elif both & _FIN:
        state = "SF"
    elif either & _FIN:
        state = "S2" if ours & _FIN else "S3"
    else:
        state = "S1"
    return state


def _of_netflow(fields: Fields, columns: dict[str, Column]) -> None:
    """One direction of a flow; the other is an event of its own."""
    _set_span(fields, columns, "netflow.start", "netflow.end", "netflow.age")
    fields.copy(columns, {"src_bytes": "netflow.bytes", "src_packets": "netflow.pkts"})


def _of_alert(fields: Fields, columns: dict[str, Column]) -> None:
    names = {"name": "alert.signature", "signature_id": "alert.signature_id", "severity": "alert.severity"}
    fields.copy(columns, names)
    category = fields.get("alert.category")
    if category is not None:
        columns["category"] = pc.if_else(pc.equal(category, ""), pa.scalar(None, pa.string()), category)
    _set_service(fields, columns)
    _set_action(fields, columns, "alert.action", "verdict.action")


def _of_dns(fields: Fields, columns: dict[str, Column]) -> None:
    fields.copy(columns, {"query": "dns.rrname", "qtype": "dns.rrtype", "rcode": "dns.rcode", "trans_id": "dns.id"})
    _leave_service(fields)
    asked = fields.get("dns.queries")
    if asked is not None:
        for canonical, key in (("query", "rrname"), ("qtype", "rrtype")):
            found = _mapped(asked, _asked(key))
            columns[canonical] = pc.coalesce(columns[canonical], found) if canonical in columns else found
    rcode = fields.get("dns.rcode")
    if rcode is not None:
        columns["is_rejected"] = pc.equal(pc.utf8_upper(rcode), "REFUSED")
    answers, ttls = [], []
    listed = fields.get("dns.answers")
    if listed is not None:
        answers.append(_mapped(listed, _answers))
        ttls.append(_mapped(listed, _ttls))
    data, ttl = fields.get("dns.rdata"), fields.get("dns.ttl")
    if data is not None:
        answers.append(pc.binary_join_element_wise("[", strings_as_json(data), "]", ""))
    if ttl is not None:
        ttls.append(pc.binary_join_element_wise("[", ttl.cast(pa.string()), "]", ""))
    grouped = fields.get("dns.grouped")
    if grouped is not None:
        answers.append(_mapped(grouped, _grouped))
    if answers:
        columns["answers"] = pc.coalesce(*answers)
    if ttls:
        columns["ttls_s"] = pc.coalesce(*ttls)


def _leave_service(fields: Fields) -> None:
    """``app_proto`` in tables that have no column for it."""
    service = fields.get("app_proto")
    if service is not None:
        fields.leave("app_proto", strings_as_json(service))


def _items(text: str) -> list[dict[str, Any]]:
    value = json.loads(text)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _asked(key: str) -> Callable[[str], str | None]:
    def first(text: str) -> str | None:
        found = (item.get(key) for item in _items(text))
        return next((value for value in found if isinstance(value, str)), None)

    return first


def _answers(text: str) -> str | None:
    """Answers as a list of text; a record without ``rdata`` (SOA, SRV) as its JSON."""
    made = []
    for item in _items(text):
        value = item.get("rdata")
        if value is None:
            value = {k: v for k, v in item.items() if k not in ("rrname", "rrtype", "ttl")} or None
        made.append(value if isinstance(value, str) or value is None else dump(value))
    return dump(made)


def _ttls(text: str) -> str | None:
    return dump([item.get("ttl") for item in _items(text)])


def _grouped(text: str) -> str | None:
    """Answers by type (``{"A": [...], "CNAME": [...]}``) as one list."""
    value = json.loads(text)
    lists = value.values() if isinstance(value, dict) else []
    items = [item for values in lists if isinstance(values, list) for item in values]
    return dump([item if isinstance(item, str) else dump(item) for item in items])


def _of_http(fields: Fields, columns: dict[str, Column]) -> None:
    names = {"method": "http.http_method", "host": "http.hostname", "uri": "http.url", "status": "http.status"}
    names |= {"referrer": "http.http_refer", "user_agent": "http.http_user_agent"}
    fields.copy(columns, names | {"response_bytes": "http.length", "response_mime": "http.http_content_type"})
    _leave_service(fields)
    version = fields.get("http.protocol")
    if version is not None:
        columns["version"] = _mapped(version, lambda text: text.removeprefix("HTTP/"))


def _of_tls(fields: Fields, columns: dict[str, Column]) -> None:
    names = {"version": "tls.version", "server_name": "tls.sni", "subject": "tls.subject", "issuer": "tls.issuerdn"}
    names |= {"fingerprint": "tls.fingerprint", "ja3": "tls.ja3.hash", "ja3s": "tls.ja3s.hash", "ja4": "tls.ja4"}
    fields.copy(columns, names | {"is_resumed": "tls.session_resumed"})
    _leave_service(fields)
    agreed = fields.get("tls.server_alpns")
    if agreed is not None:
        columns["alpn"] = _mapped(agreed, _first_text)


def _first_text(text: str) -> str | None:
    value = json.loads(text)
    return value[0] if isinstance(value, list) and value and isinstance(value[0], str) else None


_MAKERS: dict[str, Callable[[Fields, dict[str, Column]], None]] = {
    "flow": _of_flow,
    "netflow": _of_netflow,
    "alert": _of_alert,
    "dns": _of_dns,
    "http": _of_http,
    "tls": _of_tls,
}
