"""Fields of Palo Alto's TRAFFIC and THREAT logs, and the rows they become."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import by_value, flat, not_zero, only
from flowsleuth.readers.conversions import convert
from flowsleuth.readers.mapping import Rule
from flowsleuth.readers.rows import json_extra
from flowsleuth.readers.times import parse_times, plus_seconds
from flowsleuth.schema import ALERT, FLOW
from flowsleuth.schema.protocols import protocol_keyword

_COMMON = (
    "future_use", "receive_time", "serial", "type", "subtype", "config_version", "generated_time", "src", "dst",
    "nat_src", "nat_dst", "rule", "src_user", "dst_user", "app", "vsys", "from_zone", "to_zone", "inbound_if",
    "outbound_if", "log_action", "time_logged", "session_id", "repeat_count", "src_port", "dst_port", "nat_src_port",
    "nat_dst_port", "flags", "proto", "action",
)  # fmt: skip
_DEVICE = (
    "dg_hier_level_1", "dg_hier_level_2", "dg_hier_level_3", "dg_hier_level_4", "vsys_name", "device_name",
)  # fmt: skip
FIELDS: dict[str, tuple[str, ...]] = {
    "TRAFFIC": (
        *_COMMON, "bytes", "bytes_sent", "bytes_received", "packets", "start_time", "elapsed_s", "category", "padding",
        "sequence", "action_flags", "src_country", "dst_country", "cpadding", "packets_sent", "packets_received",
        "session_end_reason", *_DEVICE, "action_source",
    ),
    "THREAT": (
        *_COMMON, "misc", "threat", "category", "severity", "direction", "sequence", "action_flags", "src_country",
        "dst_country", "cpadding", "content_type", "pcap_id", "file_digest", "cloud", "url_index", "user_agent",
        "file_type", "xff", "referer", "sender", "subject", "recipient", "report_id", *_DEVICE,
    ),
}  # fmt: skip
"""Names of the first fields of each type of log, in order; later versions add fields behind."""

_NO_SERVICE = ("insufficient-data", "incomplete", "not-applicable", "unknown-tcp", "unknown-udp", "unknown-p2p")
_ALLOWED = ("allow", "alert", "continue", "syncookie-sent", "forward", "override")
_DENIED = re.compile(r"^(deny|drop|reset|block|sinkhole|random-drop)")
_SEVERITY = {"critical": 1, "high": 1, "medium": 2, "low": 3, "informational": 4}
_THREAT = re.compile(r"^(.*)\((\d+)\)$")
_USED = frozenset(
    {
        "future_use", "type", "src", "dst", "src_port", "dst_port", "proto", "bytes", "bytes_sent", "bytes_received",
        "packets", "packets_sent", "packets_received", "start_time", "elapsed_s", "repeat_count", "session_id",
        "inbound_if", "outbound_if", "padding", "cpadding",
    }
)  # fmt: skip
_ALERT_USED = _USED - {"repeat_count", "inbound_if", "outbound_if", "start_time"} | {"threat", "severity"}
_WITH_PORTS = ("tcp", "udp", "sctp", "dccp", "udplite")

Fields = Mapping[str, pa.Array]
Faults = dict[int, tuple[str, str | None]]


class Words:
    """Fields of some records of one type, as text.

    Parameters
    ----------
    fields : mapping of str to array
        By the names of :data:`FIELDS`; empty is null.
    names : mapping of str to str
        What each is called in ``extra``.
    tz : ZoneInfo
        The firewall's zone.
    """

    def __init__(self, fields: Fields, names: Mapping[str, str], tz: ZoneInfo) -> None:
        self.fields, self.names, self.tz = fields, names, tz
        self.size = len(next(iter(fields.values())))
        self.faults: Faults = {}

    def text(self, name: str) -> pa.Array:
        """A field as text."""
        column = self.fields.get(name)
        return pa.nulls(self.size, pa.string()) if column is None else flat(column).cast(pa.string())

    def number(self, name: str) -> pa.Array:
        """A field as a whole number; what is none is noted."""
        text = self.text(name)
        found = convert(text, FLOW["src_bytes"], Rule(), self.tz)
        for at in np.flatnonzero(found.is_bad).tolist():
            self.faults.setdefault(at, (found.reason, f"{name}={text[at].as_py()!r}"[:300]))
        return flat(found.values)

    def time(self, *names: str) -> pa.Array:
        """The first of some times that is there."""
        values: list[pa.Array] = []
        for name in names:
            text = self.text(name)
            found = parse_times(text, self.tz)
            values.append(found.values)
            for at in np.flatnonzero(found.is_bad).tolist():
                self.faults.setdefault(at, ("not a time", f"{name}={text[at].as_py()!r}"[:300]))
        return pc.coalesce(*values)

    def others(self, used: frozenset[str], more: Mapping[str, pa.Array]) -> pa.Array:
        """All fields that have no column."""
        rest = {self.names[name]: column for name, column in self.fields.items() if name not in used}
        return json_extra(rest | dict(more), self.size)

    def endpoints(self) -> dict[str, Any]:
        """Addresses, ports and protocol; ports only where the protocol has them."""
        proto = by_value(self.text("proto"), lambda word: protocol_keyword(word) or None, pa.string())
        has_ports = pc.fill_null(by_value(proto, lambda word: word in _WITH_PORTS, pa.bool_()), True)
        return {
            "src_ip": self.text("src"),
            "dst_ip": self.text("dst"),
            "src_port": only(has_ports, self.number("src_port")),
            "dst_port": only(has_ports, self.number("dst_port")),
            "proto": proto,
            "service": by_value(self.text("app"), _service, pa.string()),
            "action": by_value(self.text("action"), verdict, pa.string()),
            "sensor": pc.coalesce(self.text("device_name"), self.text("serial")),
            "uid": by_value(self.text("session_id"), lambda word: word if word.strip("0") else None, pa.string()),
        }


def _service(app: str) -> str | None:
    word = app.strip().lower()
    return None if word in _NO_SERVICE else word or None


def verdict(word: str) -> str | None:
    """Allowed or denied.

    Examples
    --------
    >>> verdict("alert"), verdict("reset-both"), verdict("wildfire-upload-success")
    ('allowed', 'denied', None)
    """
    action = word.strip().lower()
    return "allowed" if action in _ALLOWED else "denied" if _DENIED.match(action) else None


def flow_columns(words: Words) -> dict[str, Any]:
    """Columns of ``flow``; a record of a session's start has no counters, because its end has them all."""
    start = words.time("start_time", "generated_time")
    length = words.number("elapsed_s").cast(pa.float64())
    ends = pc.invert(pc.fill_null(pc.equal(words.text("subtype"), "start"), False))
    length = only(pc.and_(ends, pc.is_valid(words.text("start_time"))), only(pc.greater_equal(length, 0.0), length))
    columns: dict[str, Any] = words.endpoints() | {
        "start": start,
        "duration_s": length,
        "end": plus_seconds(start, length),
        "in_if": words.text("inbound_if"),
        "out_if": words.text("outbound_if"),
        "flow_count": words.number("repeat_count"),
    }
    for side, way in (("src", "sent"), ("dst", "received")):
        for unit in ("bytes", "packets"):
            columns[f"{side}_{unit}"] = only(ends, words.number(f"{unit}_{way}"))
    begun = {f"{unit}_{way}": only(pc.invert(ends), not_zero(words.number(f"{unit}_{way}")))
             for unit in ("bytes", "packets") for way in ("sent", "received")}  # fmt: skip
    columns["extra"] = words.others(_USED, begun)
    return columns


def alert_columns(words: Words) -> dict[str, Any]:
    """Columns of ``alert``."""
    threat = words.text("threat")
    columns: dict[str, Any] = words.endpoints() | {
        "start": words.time("generated_time", "receive_time"),
        "name": by_value(threat, lambda word: (_THREAT.sub(r"\1", word)).strip() or None, pa.string()),
        "signature_id": by_value(threat, _number_of, pa.int64()),
        "category": pc.coalesce(words.text("thr_category"), words.text("subtype")),
        "severity": by_value(words.text("severity"), lambda word: _SEVERITY.get(word.lower()), pa.int32()),
    }
    columns["extra"] = words.others(_ALERT_USED, {"severity": words.text("severity")})
    return {name: column for name, column in columns.items() if name in ALERT.names}


def _number_of(text: str) -> int | None:
    found = _THREAT.match(text)
    return int(found[2]) if found else None
