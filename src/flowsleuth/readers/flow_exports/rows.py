"""Flow records of NetFlow and IPFIX as canonical columns, all records of one template at a time.

- Counters are those of the record; ``sampling_rate`` says how many packets each stands for (``nfcapd`` multiplies
  instead). The other direction is filled by RFC 5103's reverse fields and by a responder's counters only: NetFlow is
  one-way.
- Times counted from the exporter's start are put on its clock by the header (v5, v9) or by the record (IPFIX).
- Ports belong to protocols that have them; ICMP type and code come from their own fields, or from the destination port.
- AS 0, VLAN 0, and interfaces when both are 0, stand for "not in the record". Fields without a column are in ``extra``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import by_value, not_zero, only
from flowsleuth.readers.contract import ReadContext, Reject
from flowsleuth.readers.flow_exports.elements import (
    ADDRESS,
    IANA,
    NUMBER,
    REVERSE,
    Field,
    Octets,
    addresses,
    as_rectangle,
    ntp_micros,
    numbers,
    octet_words,
    words_of,
)
from flowsleuth.readers.flow_exports.messages import RecordSet, Template, records_in, values_in
from flowsleuth.readers.packet_headers import ICMP, ICMP6, WITH_PORTS
from flowsleuth.readers.rows import Built, build_rows, json_extra
from flowsleuth.readers.times import UTC_US
from flowsleuth.schema import FLOW
from flowsleuth.schema.protocols import KEYWORDS

_LAST_MS = 253_402_300_799_000
"""The end of the year 9999: a later time is none."""
_WRAP_MS = 1 << 32
_ACL_DENY = (129, 130)
"""Forwarding status "ACL deny" and "ACL drop" (RFC 7270, section 4.12)."""
_DENIED_EVENT = 3
_NO_ADDRESS = "0.0.0.0"  # noqa: S104
_FLAGS = "CEUAPRSF"
_SAID_ELSEWHERE = frozenset({34, 48, 50, 60, 210, 302, 305, 306})
"""Fields that are said in columns, or fill up."""

Integers = npt.NDArray[np.int64]


class _Fields:
    """The fields of records of one template; what is asked for is not put in ``extra``."""

    def __init__(self, template: Template, sets: list[RecordSet]) -> None:
        self._octets: dict[Field, Octets | list[bytes]] = {}
        body = b"".join(one.body for one in sets)
        if template.is_variable:
            records = [list(values_in(template, record)) for record in records_in(template, body)]
            self.size = len(records)
            for at, one in enumerate(template.fields):
                self._octets.setdefault(one, [record[at][1] for record in records])
        else:
            table = np.frombuffer(body, dtype=np.uint8).reshape(-1, template.size)
            self.size, at = len(table), 0
            for one in template.fields:
                self._octets.setdefault(one, table[:, at : at + one.length])
                at += one.length
        self._asked: set[Field] = set()

    def _find(self, number: int, enterprise: int) -> Field | None:
        return next((one for one in self._octets if (one.enterprise, one.number) == (enterprise, number)), None)

    def _bytes(self, one: Field, width: int) -> Octets:
        self._asked.add(one)
        octets = self._octets[one]
        return as_rectangle(octets, width) if isinstance(octets, list) else octets

    def number(self, *wanted: int, enterprise: int = IANA) -> pa.Array:
        """The first of the fields that has a value, as a number; null where none has."""
        found = [one for number in wanted if (one := self._find(number, enterprise))]
        if not found:
            return pa.nulls(self.size, pa.int64())
        return pc.coalesce(*(numbers(self._bytes(one, 8)) for one in found))

    def micros(self, number: int) -> pa.Array:
        """A time of NTP's form, in microseconds."""
        one = self._find(number, IANA)
        return pa.nulls(self.size, pa.int64()) if one is None else ntp_micros(self._bytes(one, 8))

    def address(self, number: int) -> pa.Array:
        """An address as text."""
        one = self._find(number, IANA)
        width = 4 if number in (8, 12, 130) else 16
        return pa.nulls(self.size, pa.string()) if one is None else addresses(self._bytes(one, width))

    def text(self, number: int) -> pa.Array:
        """A field as text."""
        one = self._find(number, IANA)
        if one is None:
            return pa.nulls(self.size, pa.string())
        self._asked.add(one)
        return self._words(one)

    def _words(self, one: Field) -> pa.Array:
        octets = self._octets[one]
        if isinstance(octets, list):
            return pa.array([words_of(value, one.kind) for value in octets], pa.string())
        return octet_words(octets, one.kind)

    def others(self) -> dict[str, pa.Array]:
        """What was not asked for, by name; zeros are left out."""
        found: dict[str, pa.Array] = {}
        for one, octets in self._octets.items():
            if one in self._asked or (one.enterprise == IANA and one.number in _SAID_ELSEWHERE):
                continue
            if one.kind == NUMBER:
                found[one.name] = not_zero(numbers(as_rectangle(octets, 8) if isinstance(octets, list) else octets))
            elif one.kind == ADDRESS and not isinstance(octets, list):
                nothing = pa.array(~octets.any(axis=1))
                found[one.name] = only(pc.invert(nothing), addresses(octets))
            else:
                found[one.name] = self._words(one)
        return found


def build_flows(template: Template, sets: list[RecordSet], context: ReadContext) -> tuple[pa.Table, list[Reject]]:
    """Canonical rows of the records of one template, and rejects of those that are none."""
    fields = _Fields(template, sets)
    counts = [fields.size] if len(sets) == 1 else _counts(template, sets)

    def spread(values: list[Any], kind: Any = np.int64) -> Any:
        return np.repeat(np.array(values, dtype=kind), counts)

    ordinal = spread([one.ordinal - before for one, before in zip(sets, _before(counts), strict=True)])
    ordinal += np.arange(fields.size)
    source_row = spread([one.number for one in sets])
    columns = _columns(fields)
    columns |= _times(fields, spread([one.export_us for one in sets]), _boots(sets, spread))
    columns["sampling_rate"] = _rates(fields, sets, counts)
    said = pc.coalesce(fields.address(130), fields.address(131))
    columns["sensor"] = pc.coalesce(said, pa.array(spread([one.exporter for one in sets], object), pa.string()))
    columns["extra"] = json_extra(fields.others(), fields.size)
    built = build_rows(FLOW, columns, source_row, context, ordinal=ordinal)
    return built.table, _rejects(built, template, sets, counts, source_row)


def _rejects(
    built: Built, template: Template, sets: list[RecordSet], counts: list[int], source_row: Integers
) -> list[Reject]:
    if not built.bad:
        return []
    raws = [record for one in sets for record in records_in(template, one.body)]
    return [Reject(int(source_row[bad.index]), bad.reason, bad.detail, raws[bad.index].hex()) for bad in built.bad]


def _counts(template: Template, sets: list[RecordSet]) -> list[int]:
    if template.is_variable:
        return [sum(1 for _ in records_in(template, one.body)) for one in sets]
    return [len(one.body) // template.size for one in sets]


def _before(counts: list[int]) -> list[int]:
    return [0, *np.cumsum(counts[:-1]).tolist()]


def _columns(fields: _Fields) -> dict[str, pa.Array]:
    """All but times, sampling and exporter."""
    number = fields.number
    proto = number(4)
    has_ports = pc.is_in(proto, value_set=pa.array(WITH_PORTS, pa.int64()))
    has_ports = pc.or_(has_ports, pc.is_null(proto))
    dst_port = number(11, 181, 183)
    interfaces = number(10), number(14)
    is_said = pc.or_(*(pc.fill_null(pc.not_equal(one, 0), False) for one in interfaces))
    merged = number(3)
    columns = {
        "src_ip": _either_family(fields.address(8), fields.address(27)),
        "dst_ip": _either_family(fields.address(12), fields.address(28)),
        "src_port": only(has_ports, number(7, 180, 182)),
        "dst_port": only(has_ports, dst_port),
        "proto": by_value(proto.cast(pa.string()), lambda text: KEYWORDS.get(int(text), text), pa.string()),
        "src_bytes": number(1, 85, 231, 23),
        "src_packets": number(2, 86, 298, 24),
        "dst_bytes": pc.coalesce(number(1, 85, enterprise=REVERSE), number(232)),
        "dst_packets": pc.coalesce(number(2, 86, enterprise=REVERSE), number(299)),
        "tcp_flags": only(pc.equal(proto, 6), _flag_words(number(6))),
        "tos": number(5),
        "vlan": not_zero(number(58, 243)),
        "src_as": not_zero(number(16)),
        "dst_as": not_zero(number(17)),
        "in_if": only(is_said, interfaces[0].cast(pa.string())),
        "out_if": only(is_said, interfaces[1].cast(pa.string())),
        "flow_count": only(pc.not_equal(merged, 1), merged),
        "uid": not_zero(number(148)).cast(pa.string()),
        "service": pc.utf8_lower(fields.text(96)),
        "server_name": fields.text(460),
        "action": _action(number(89), number(233)),
    }
    return columns | _icmp(number, proto, dst_port)


def _either_family(v4: pa.Array, v6: pa.Array) -> pa.Array:
    """The address of the family that has one; records that have room for both leave one zero."""
    both = pc.and_(pc.fill_null(pc.equal(v4, _NO_ADDRESS), False), pc.fill_null(pc.not_equal(v6, "::"), False))
    return pc.if_else(both, v6, pc.coalesce(v4, v6))


def _icmp(number: Any, proto: pa.Array, dst_port: pa.Array) -> dict[str, pa.Array]:
    """Type and code in fields of their own, in one, or in the port: type * 256 + code."""
    is_icmp = pc.is_in(proto, value_set=pa.array((ICMP, ICMP6), pa.int64()))
    both = pc.coalesce(number(32, 139), dst_port)
    kind, code = number(176, 178), number(177, 179)
    return {
        "icmp_type": only(is_icmp, pc.coalesce(kind, pc.bit_wise_and(pc.shift_right(both, 8), 255))),
        "icmp_code": only(is_icmp, pc.coalesce(code, pc.bit_wise_and(both, 255))),
    }


def _flag_words(flags: pa.Array) -> pa.Array:
    """TCP flags as nfdump writes them."""
    words = [
        "".join(letter if value >> (7 - bit) & 1 else "." for bit, letter in enumerate(_FLAGS)) for value in range(256)
    ]
    return pa.array(words, pa.string()).take(pc.bit_wise_and(flags, 255))


def _action(status: pa.Array, event: pa.Array) -> pa.Array:
    """Allowed or denied, where the forwarding plane or a firewall says so."""
    status = pc.bit_wise_and(status, 255)
    is_denied = pc.is_in(status, value_set=pa.array(_ACL_DENY, pa.int64()))
    is_denied = pc.or_(is_denied, pc.fill_null(pc.equal(event, _DENIED_EVENT), False))
    is_allowed = pc.and_(pc.greater_equal(status, 64), pc.less(status, 128))
    word = pc.if_else(pc.fill_null(is_allowed, False), "allowed", pa.scalar(None, pa.string()))
    return pc.if_else(is_denied, "denied", word)


def _boots(sets: list[RecordSet], spread: Any) -> tuple[pa.Array, pa.Array]:
    """When each record's exporter started, in microseconds, and its uptime at export; null where no header says."""
    missing = spread([one.uptime_ms is None for one in sets], bool)
    uptime = pa.array(spread([one.uptime_ms or 0 for one in sets]), mask=missing)
    return pc.subtract(pa.array(spread([one.export_us for one in sets])), pc.multiply(uptime, 1_000)), uptime


def _times(fields: _Fields, export_us: Integers, boots: tuple[pa.Array, pa.Array]) -> dict[str, pa.Array]:
    """Start, end and duration in whatever of the many forms the record has."""
    boot, uptime = boots
    boot = pc.coalesce(boot, pc.multiply(_plausible(fields.number(160)), 1_000))

    def instant(ntp: tuple[int, int], millis: int, second: int, delta: int, since_boot: int) -> pa.Array:
        since = fields.number(since_boot)
        is_before = pc.fill_null(pc.greater(pc.subtract(since, uptime), _WRAP_MS // 2), False)
        since = pc.if_else(is_before, pc.subtract(since, _WRAP_MS), since)  # the 32-bit clock went round in between
        parts = [
            fields.micros(ntp[0]),
            fields.micros(ntp[1]),
            pc.multiply(_plausible(fields.number(millis)), 1_000),
            pc.multiply(_plausible(pc.multiply(_small(fields.number(second)), 1_000)), 1_000),
            pc.add(boot, pc.multiply(since, 1_000)),
            pc.subtract(pa.array(export_us), _small(fields.number(delta))),
        ]
        return not_zero(pc.coalesce(*parts))

    start, end = instant((154, 156), 152, 150, 158, 22), instant((155, 157), 153, 151, 159, 21)
    length = pc.coalesce(_small(fields.number(162)), pc.multiply(_small(fields.number(161)), 1_000))
    event = pc.multiply(_plausible(fields.number(323)), 1_000)
    end = pc.coalesce(end, pc.add(start, length))
    start = pc.coalesce(start, pc.subtract(end, length), event)
    is_trusted = pc.greater_equal(end, start)
    end = only(is_trusted, end)
    duration = pc.divide(pc.subtract(end, start).cast(pa.float64()), 1e6)
    return {"start": start.cast(UTC_US), "end": end.cast(UTC_US), "duration_s": duration}


def _plausible(millis: pa.Array) -> pa.Array:
    """Milliseconds since 1970 that a date can be made of."""
    return only(pc.and_(pc.greater(millis, 0), pc.less_equal(millis, _LAST_MS)), millis)


def _small(numbers_: pa.Array) -> pa.Array:
    """Numbers that can be multiplied by a thousand and added."""
    return only(pc.less(numbers_, 1 << 43), numbers_)


def _rates(fields: _Fields, sets: list[RecordSet], counts: list[int]) -> pa.Array:
    """1 of how many packets: the record's own word, or that of the sampler it names, or of the exporter."""
    own = not_zero(fields.number(34, 50))
    sampler = fields.number(48, 302)
    named, default = np.zeros(fields.size, dtype=np.int64), np.zeros(fields.size, dtype=np.int64)
    chosen = pc.fill_null(sampler, -1).to_numpy(zero_copy_only=False)
    at = 0
    for one, count in zip(sets, counts, strict=True):
        here = slice(at, at + count)
        for key, rate in one.rates.items():
            if key is not None:
                named[here] = np.where(chosen[here] == key, rate, named[here])
        default[here] = one.rates.get(None, _only_rate(one))
        at += count
    without = pc.is_null(sampler)
    return pc.coalesce(own, not_zero(pa.array(named)), only(without, not_zero(pa.array(default))))


def _only_rate(one: RecordSet) -> int:
    """The rate of the only sampler there is; 0 when there are several."""
    return next(iter(one.rates.values())) if len(one.rates) == 1 else 0
