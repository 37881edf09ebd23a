"""What nfdump's fields mean: its records as canonical columns. Decisions, so that nothing is made up:

- NetFlow is one-way. Output counters of 0 mean that the record has none, so ``dst_bytes`` and ``dst_packets`` are null
  unless one of them is not 0. ``flows`` of 1 is printed for every record that does not count, so it is null.
- AS 0, VLAN 0, router 0.0.0.0, and interfaces when both are 0, stand for "not in the record": null.
- Ports belong to TCP, UDP, SCTP, DCCP and UDP-Lite only. ICMP type and code come from ``it``/``ic``, from ``8.0`` in
  the destination port, or from a port of 256 * type + code. Ports of other protocols that are not 0 go to ``extra``.
- TCP flags of a record of another protocol mean nothing (some exporters leave old bits there): they are dropped.
- A duration that is negative, that contradicts the times by more than a second, or that is within a day of 2^32 ms or
  longer (a wrapped counter), is not trusted: ``end`` and ``duration_s`` are null, the words as read are in ``extra``.
- Values that nfdump prints for "nothing" (:data:`.nfdump_fields.NOTHING`) are left out of ``extra``; all others are in
  it, under the 1.7 name. Counters of sampled flows are already multiplied by nfdump and no rate is printed, so
  ``sampling_rate`` is null.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import Mask, by_value, flat, mask_of, not_zero, only, stripped, unless
from flowsleuth.readers.nfdump_fields import NOTHING
from flowsleuth.readers.rows import json_extra
from flowsleuth.readers.times import UTC_US, parse_times, plus_seconds, scaled_times, seconds_between
from flowsleuth.schema.protocols import ICMP, protocol_keyword

_HANDLED = frozenset({
    "firstSeen", "lastSeen", "srcAddr", "dstAddr", "srcPort", "dstPort", "proto", "flags", "srcTos", "inPackets",
    "inBytes", "outPackets", "outBytes", "input", "output", "srcAS", "dstAS", "srcVlan", "routerIP", "flows",
    "icmpTYpe", "icmpCode", "nbarName", "sniName", "flowID", "duration", "count", "cnt", "af", "bps", "pps", "bpp",
})  # fmt: skip
_WITH_PORTS = ("tcp", "udp", "sctp", "dccp", "udplite")
_WRAPPED_S = 2**32 / 1000 - 86_400
_DAY_US = 86_400_000_000
_ZERO_TIME = r"^\s*1970-01-01[ T]00:00:00(\.0*)?\s*$"
"""No time at all, as a machine in UTC prints it (whatever zone the log is said to be in)."""
_ACL_DENY = (129, 130)
"""Forwarding status "ACL deny" and "ACL drop" (RFC 7270, section 4.12)."""


@dataclass
class Flows:
    """Canonical columns of some NetFlow records, and the rows that are none."""

    columns: dict[str, Any]
    bad: dict[int, tuple[str, str]] = field(default_factory=dict)


def flows_of(table: pa.Table, tz: ZoneInfo) -> Flows:
    """Canonical columns of nfdump records.

    Parameters
    ----------
    table : pyarrow.Table
        Fields under their 1.7 names, typed as :func:`field_types` says; at least firstSeen, srcAddr and dstAddr.
    tz : ZoneInfo
        Zone of the printed times.

    Returns
    -------
    Flows
        Columns for :func:`flowsleuth.readers.rows.build_rows`, and reason and detail of rows that are no flow.
    """
    fields = {name: flat(table[name]) for name in table.column_names}
    flows = Flows({"src_ip": fields["srcAddr"], "dst_ip": fields["dstAddr"]})
    extra: dict[str, pa.Array] = {}
    _add_protocol(flows, fields, extra)
    _add_times(flows, fields, extra, tz)
    _add_counters(flows, fields)
    _add_routing(flows, fields)
    extra |= _other_fields(fields, tz)
    flows.columns["extra"] = json_extra(extra, len(table))
    return flows


def without(flows: Flows, lines: npt.NDArray[np.int64]) -> tuple[dict[str, Any], npt.NDArray[np.int64]]:
    """The columns and lines of the rows that are flows."""
    if not flows.bad:
        return flows.columns, lines
    keep = np.ones(len(lines), dtype=bool)
    keep[list(flows.bad)] = False
    return {name: column.filter(pa.array(keep)) for name, column in flows.columns.items()}, lines[keep]


def _refuse(flows: Flows, rows: Mask, reason: str, name: str, values: pa.Array) -> None:
    for row in np.flatnonzero(rows):
        flows.bad.setdefault(int(row), (reason, f"{name}={values[int(row)].as_py()!r}"[:300]))


def _something(column: pa.Array) -> pa.Array:
    """A text column without the words for nothing."""
    return by_value(column, lambda text: None if " ".join(text.split()) in NOTHING else text.strip(), pa.string())


def _add_protocol(flows: Flows, fields: dict[str, pa.Array], extra: dict[str, pa.Array]) -> None:
    """Protocol, ports, ICMP type and code, TCP flags."""
    size = len(fields["srcAddr"])
    given = fields.get("proto", pa.nulls(size, pa.string()))
    proto = by_value(given, lambda text: protocol_keyword(text) or None, pa.string())
    is_icmp = by_value(proto, lambda text: text in ICMP, pa.bool_())
    has_ports = pc.fill_null(by_value(proto, lambda text: text in _WITH_PORTS, pa.bool_()), True)
    flows.columns["proto"] = proto
    if "srcPort" in fields:
        flows.columns["src_port"] = only(has_ports, fields["srcPort"])
        extra["srcPort"] = not_zero(only(pc.invert(has_ports), fields["srcPort"]))
    if "dstPort" in fields:
        _add_dst_port(flows, fields["dstPort"], is_icmp, has_ports, extra)
    for name, source in (("icmp_type", "icmpTYpe"), ("icmp_code", "icmpCode")):
        if source in fields:
            flows.columns[name] = only(is_icmp, fields[source])
    if "flags" in fields:
        flags = by_value(fields["flags"], lambda text: text.strip() or None, pa.string())
        is_tcp = pc.fill_null(pc.equal(proto, "tcp"), True)
        flows.columns["tcp_flags"] = only(is_tcp, flags)


def _add_dst_port(
    flows: Flows, given: pa.Array, is_icmp: pa.Array, has_ports: pa.Array, extra: dict[str, pa.Array]
) -> None:
    """A port, or ICMP type and code written as 8.0 or 2048."""

    port, both = _whole_or_dotted(given)
    read = pc.if_else(pc.fill_null(is_icmp, False), both, port)
    _refuse(flows, mask_of(pc.and_(pc.is_valid(given), pc.is_null(read))), "not a number", "dstPort", given)
    flows.columns["dst_port"] = only(has_ports, port)
    too_large = pc.and_(pc.fill_null(is_icmp, False), pc.greater(both, 65_535))
    _refuse(flows, mask_of(too_large), "not a number", "dstPort", given)
    icmp = only(is_icmp, only(pc.less_equal(both, 65_535), both))
    flows.columns["icmp_type"] = pc.shift_right(icmp, 8)
    flows.columns["icmp_code"] = pc.bit_wise_and(icmp, 255)
    other = pc.and_(pc.invert(has_ports), pc.invert(pc.fill_null(is_icmp, False)))
    extra["dstPort"] = not_zero(only(other, port))


def _whole_or_dotted(given: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Text as a whole number, and the same with ``8.0`` read as 8 * 256 + 0; null where it is neither."""
    encoded = given if pa.types.is_dictionary(given.type) else given.dictionary_encode()
    texts = pc.utf8_trim_whitespace(encoded.dictionary)
    nothing = pa.scalar(None, pa.string())
    whole = pc.if_else(pc.match_substring_regex(texts, "^[0-9]{1,9}$"), texts, nothing).cast(pa.int64())
    both = whole
    if whole.null_count:
        dotted = pc.match_substring_regex(texts, r"^[0-9]{1,3}\.[0-9]{1,3}$")
        parts = [pc.if_else(dotted, pc.replace_substring_regex(texts, cut, ""), nothing) for cut in (r"\..*", r".*\.")]
        high, low = (part.cast(pa.int64()) for part in parts)
        both = pc.coalesce(whole, pc.add(pc.multiply(high, 256), low))
    return whole.take(encoded.indices), both.take(encoded.indices)


def _moments(text: pa.Array, tz: ZoneInfo) -> tuple[pa.Array, Mask]:
    """Times as text, as seconds with a fraction, or as milliseconds; zero is null."""
    parsed = parse_times(text, tz)
    values, is_bad = parsed.values, parsed.is_bad
    if is_bad.any():
        trimmed = pc.utf8_trim_whitespace(text)
        nothing = pa.scalar(None, pa.string())
        millis = pc.if_else(pc.match_substring_regex(trimmed, "^[0-9]{1,18}$"), trimmed, nothing).cast(pa.int64())
        seconds = pc.if_else(pc.match_substring_regex(trimmed, r"^[0-9]{1,12}\.[0-9]+$"), trimmed, nothing)
        numbers = pc.coalesce(scaled_times(millis, 1_000), scaled_times(seconds.cast(pa.float64()), 1))
        values = pc.coalesce(values, numbers)
        is_bad = is_bad & mask_of(pc.is_null(numbers))
    micros = values.cast(pa.int64())
    is_zero = pc.equal(micros, 0)
    if pc.any(pc.less(micros, _DAY_US)).as_py():
        is_zero = pc.or_(is_zero, pc.match_substring_regex(text, _ZERO_TIME))
    return unless(is_zero, values), is_bad


def _add_times(flows: Flows, fields: dict[str, pa.Array], extra: dict[str, pa.Array], tz: ZoneInfo) -> None:
    """Start, end and duration, where they can be trusted."""
    start, is_bad = _moments(fields["firstSeen"], tz)
    _refuse(flows, is_bad, "not a time", "firstSeen", fields["firstSeen"])
    size = len(start)
    end = pa.nulls(size, UTC_US)
    duration = fields.get("duration", pa.nulls(size, pa.float64()))
    if "lastSeen" in fields:
        end, is_bad = _moments(fields["lastSeen"], tz)
        _refuse(flows, is_bad, "not a time", "lastSeen", fields["lastSeen"])
    span = seconds_between(start, end)
    length = pc.coalesce(duration, span)
    doubt = pc.or_(pc.less(length, 0), pc.greater_equal(length, _WRAPPED_S))
    contradiction = pc.greater(pc.abs(pc.subtract(duration, span)), 1.0)
    doubt = pc.or_(pc.fill_null(doubt, False), pc.fill_null(pc.or_(contradiction, pc.less(span, 0)), False))
    trusted = pc.invert(doubt)
    flows.columns["start"] = start
    flows.columns["end"] = only(trusted, pc.coalesce(end, plus_seconds(start, only(trusted, duration))))
    flows.columns["duration_s"] = only(trusted, length)
    if pc.any(doubt).as_py():
        for name in ("lastSeen", "duration"):
            if name in fields:
                extra[name] = only(doubt, fields[name])


def _add_counters(flows: Flows, fields: dict[str, pa.Array]) -> None:
    """Bytes, packets and merged flows."""
    size = len(fields["srcAddr"])
    for side, bytes_name, packets_name in (("src", "inBytes", "inPackets"), ("dst", "outBytes", "outPackets")):
        octets = fields.get(bytes_name, pa.nulls(size, pa.int64()))
        packets = fields.get(packets_name, pa.nulls(size, pa.int64()))
        if side == "dst":
            said = pc.or_(pc.fill_null(pc.not_equal(octets, 0), False), pc.fill_null(pc.not_equal(packets, 0), False))
            octets, packets = only(said, octets), only(said, packets)
        flows.columns[f"{side}_bytes"], flows.columns[f"{side}_packets"] = octets, packets
    if "flows" in fields:
        flows.columns["flow_count"] = only(pc.not_equal(fields["flows"], 1), fields["flows"])


def _add_routing(flows: Flows, fields: dict[str, pa.Array]) -> None:
    """AS numbers, interfaces, VLAN, ToS, exporter, verdict, and names that the record gives."""
    columns = flows.columns
    for name, source in (("src_as", "srcAS"), ("dst_as", "dstAS"), ("vlan", "srcVlan")):
        if source in fields:
            columns[name] = not_zero(fields[source])
    if "srcTos" in fields:
        columns["tos"] = fields["srcTos"]
    for name, source in (("sensor", "routerIP"), ("uid", "flowID"), ("server_name", "sniName")):
        if source in fields:
            columns[name] = _something(fields[source])
    if "nbarName" in fields:
        columns["service"] = pc.utf8_lower(_something(fields["nbarName"]))
    interfaces = [stripped(fields[name]) for name in ("input", "output") if name in fields]
    if interfaces:
        said = _not_zero_text(interfaces[0])
        for other in interfaces[1:]:
            said = pc.or_(said, _not_zero_text(other))
        for name, source in (("in_if", "input"), ("out_if", "output")):
            if source in fields:
                columns[name] = only(said, stripped(fields[source]))
    _add_action(flows, fields)


def _not_zero_text(column: pa.Array) -> pa.Array:
    return pc.fill_null(pc.not_equal(column, "0"), False)


def _add_action(flows: Flows, fields: dict[str, pa.Array]) -> None:
    """Allowed or denied, where a firewall, an access list or the forwarding plane says so."""
    verdicts: list[pa.Array] = []
    if "event" in fields:
        verdicts.append(by_value(fields["event"], _verdict_of_word, pa.string()))
    if "pfAction" in fields:
        verdicts.append(by_value(fields["pfAction"], _verdict_of_word, pa.string()))
    if "fwdStatus" in fields:
        status = fields["fwdStatus"]
        denied = pc.is_in(status, value_set=pa.array(_ACL_DENY, type=pa.int64()))
        allowed = pc.and_(pc.greater_equal(status, 64), pc.less(status, 128))
        word = pc.if_else(
            denied, "denied", pc.if_else(pc.fill_null(allowed, False), "allowed", pa.scalar(None, pa.string()))
        )
        verdicts.append(word)
    if verdicts:
        flows.columns["action"] = pc.coalesce(*verdicts)


def _verdict_of_word(text: str) -> str | None:
    word = text.strip().lower()
    if word in ("denied", "deny", "block", "drop"):
        return "denied"
    return "allowed" if word == "pass" else None


def _other_fields(fields: dict[str, pa.Array], tz: ZoneInfo) -> dict[str, pa.Array]:
    """Every field without a column, where it says something, under its 1.7 name."""
    extra: dict[str, pa.Array] = {}
    for name, column in fields.items():
        if name in _HANDLED:
            continue
        if name in ("received", "eventTime"):
            moments, is_bad = _moments(column, tz)
            stamp = moments.cast(pa.timestamp("ms", tz="UTC"), safe=False).cast(pa.string())
            extra[name] = pc.if_else(pa.array(is_bad), column, stamp) if is_bad.any() else stamp
        elif name == "direction":
            extra[name] = by_value(column, lambda text: None if text.strip() in ("", "0", "I") else "E", pa.string())
        elif name == "mplsLabels":
            extra |= _labels(column)
        elif pa.types.is_dictionary(column.type) or pa.types.is_string(column.type):
            extra[name] = _something(column)
        else:
            extra[name] = not_zero(column)
    return extra


def _labels(column: pa.Array) -> dict[str, pa.Array]:
    """Ten MPLS labels in one field, parted by spaces."""
    found: dict[str, pa.Array] = {}
    for number in range(10):

        def label(text: str, at: int = number) -> str | None:
            labels = text.split()
            return labels[at] if at < len(labels) and labels[at] not in NOTHING else None

        found[f"mplsLabel{number + 1}"] = by_value(column, label, pa.string())
    return found
