"""What the fields of Suricata's EVE events are; names as in its ``etc/schema.json``, versions 3 to 8."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flowsleuth.readers.json_shape import Path, Shape

KIND_KEY = "event_type"

_COMMON = {
    KIND_KEY: "text",
    "timestamp": "time",
    "flow_id": "text",
    "src_ip": "text",
    "src_port": "int32",
    "dest_ip": "text",
    "dest_port": "int32",
    "proto": "text",
    "community_id": "text",
    "host": "text",
    "app_proto": "text",
}


@dataclass(frozen=True)
class Event:
    """An event type that has a table.

    Attributes
    ----------
    table : str
    fields : mapping of str to str
        Fields that are read with a type, nested ones with dots.
    kept : frozenset of str
        Fields with a type that go to ``extra`` as well.
    opened : frozenset of path
        Objects whose keys are fields of their own.
    """

    table: str
    fields: Mapping[str, str]
    kept: frozenset[str] = frozenset()
    opened: frozenset[Path] = field(default=frozenset())


_ON_WIRE = {"in_iface": "text", "vlan": "json", "icmp_type": "int32", "icmp_code": "int32", "verdict.action": "text"}
_NO_TIMESTAMP = {name: kind for name, kind in _COMMON.items() if name != "timestamp"}

EVENTS: dict[str, Event] = {
    "flow": Event(
        table="flow",
        fields={
            **_NO_TIMESTAMP,
            **_ON_WIRE,
            "flow.start": "time",
            "flow.end": "time",
            "flow.age": "int64",
            "flow.bytes_toserver": "int64",
            "flow.bytes_toclient": "int64",
            "flow.pkts_toserver": "int64",
            "flow.pkts_toclient": "int64",
            "flow.action": "text",
            "tcp.tcp_flags": "text",
            "tcp.tcp_flags_ts": "text",
            "tcp.tcp_flags_tc": "text",
        },
        kept=frozenset({"flow.age", "flow.action", "verdict.action", "tcp.tcp_flags_ts", "tcp.tcp_flags_tc"}),
        opened=frozenset({("flow",), ("tcp",), ("verdict",)}),
    ),
    "netflow": Event(
        table="flow",
        fields={
            **_NO_TIMESTAMP,
            **_ON_WIRE,
            "netflow.start": "time",
            "netflow.end": "time",
            "netflow.age": "int64",
            "netflow.bytes": "int64",
            "netflow.pkts": "int64",
            "tcp.tcp_flags": "text",
        },
        kept=frozenset({"netflow.age"}),
        opened=frozenset({("netflow",), ("tcp",)}),
    ),
    "alert": Event(
        table="alert",
        fields={
            **_COMMON,
            "verdict.action": "text",
            "alert.action": "text",
            "alert.signature": "text",
            "alert.signature_id": "int64",
            "alert.category": "text",
            "alert.severity": "int32",
        },
        kept=frozenset({"verdict.action"}),
        opened=frozenset({("alert",), ("verdict",)}),
    ),
    "dns": Event(
        table="dns",
        fields={
            **_COMMON,
            "dns.id": "int64",
            "dns.rrname": "text",
            "dns.rrtype": "text",
            "dns.rcode": "text",
            "dns.rdata": "text",
            "dns.ttl": "int64",
            "dns.answers": "json",
            "dns.grouped": "json",
            "dns.queries": "json",
        },
        kept=frozenset({"dns.answers", "dns.grouped", "dns.queries"}),
        opened=frozenset({("dns",)}),
    ),
    "http": Event(
        table="http",
        fields={
            **_COMMON,
            "http.http_method": "text",
            "http.hostname": "text",
            "http.url": "text",
            "http.http_refer": "text",
            "http.http_user_agent": "text",
            "http.protocol": "text",
            "http.status": "int32",
            "http.length": "int64",
            "http.http_content_type": "text",
        },
        opened=frozenset({("http",)}),
    ),
    "tls": Event(
        table="tls",
        fields={
            **_COMMON,
            "tls.version": "text",
            "tls.sni": "text",
            "tls.subject": "text",
            "tls.issuerdn": "text",
            "tls.fingerprint": "text",
            "tls.ja3.hash": "text",
            "tls.ja3s.hash": "text",
            "tls.ja4": "text",
            "tls.session_resumed": "bool",
            "tls.server_alpns": "json",
        },
        kept=frozenset({"tls.server_alpns"}),
        opened=frozenset({("tls",), ("tls", "ja3"), ("tls", "ja3s")}),
    ),
}


def shapes() -> dict[str, Shape]:
    """What is taken out of each event type."""
    return {name: Shape(event.fields, event.opened) for name, event in EVENTS.items()}


def classify(record: Mapping[str, Any]) -> tuple[str | None, str]:
    """The event type of a record, if there is a table for it, and the word it is counted under."""
    kind = record.get(KIND_KEY)
    if not isinstance(kind, str):
        return None, ""
    return (kind if kind in EVENTS else None), kind
