"""Datagrams of NetFlow v5, v9 and IPFIX taken apart: headers, templates, options, and sets of records.

- A template holds for the exporter and the observation domain that sent it (RFC 3954, section 9), in IPFIX also for its
  ports (RFC 7011, section 8). Records that come before their template wait for it; if none comes, they are rejects.
- Options say how packets were sampled; a rate holds for the records that come after it, by sampler where they name one.
- Records of options are counted as skipped, once each.

Format: https://www.rfc-editor.org/rfc/rfc3954, https://www.rfc-editor.org/rfc/rfc7011; of v5, Cisco's "NetFlow Export
Datagram Format".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from flowsleuth.readers.contract import MAX_RAW, Reject
from flowsleuth.readers.flow_exports.elements import IANA, SCOPE, Field

V5, V9, IPFIX = 5, 9, 10
NAMES = {V5: "NetFlow v5", V9: "NetFlow v9", IPFIX: "IPFIX"}
VARIABLE = 65_535
"""Length of a field whose records each say how long it is (RFC 7011, section 7)."""
NO_TEMPLATE = "no template for these records"
DAMAGED = "damaged flow export"
MOST_WAITING = 16_384
"""Sets of records that wait for their template; further ones are rejects."""
_V5_HEADER, _V5_RECORD, _V5_MOST = 24, 48, 30
_FIRST_DATA_SET = 256
_V5_FIELDS = (
    (8, 4), (12, 4), (15, 4), (10, 2), (14, 2), (2, 4), (1, 4), (22, 4), (21, 4), (7, 2), (11, 2), (210, 1), (6, 1),
    (4, 1), (5, 1), (16, 2), (17, 2), (9, 1), (13, 1), (210, 2),
)  # fmt: skip
_INTERVALS, _SAMPLERS = (34, 50), (48, 302)

Session = tuple[object, ...]


@dataclass(frozen=True)
class Template:
    """How a record is laid out, and whether it is one of options instead of flows."""

    fields: tuple[Field, ...]
    is_options: bool = False

    @property
    def size(self) -> int:
        """Bytes of a record; the least where they differ."""
        return sum(1 if one.length == VARIABLE else one.length for one in self.fields)

    @property
    def is_variable(self) -> bool:
        """Whether records differ in length."""
        return any(one.length == VARIABLE for one in self.fields)


V5_TEMPLATE = Template(tuple(Field(IANA, number, length) for number, length in _V5_FIELDS))


@dataclass(frozen=True)
class Datagram:
    """A datagram: the packet's number, who sent it to whom, what is in it, and how long it was on the wire."""

    number: int
    exporter: str
    ports: tuple[int, int]
    data: bytes
    length: int


@dataclass(frozen=True)
class RecordSet:
    """Records of one template in one datagram.

    ``export_us`` and ``uptime_ms`` are the header's clocks, ``ordinal`` numbers the first record, ``rates`` has 1 of N
    packets by sampler (None: of all others).
    """

    number: int
    exporter: str
    export_us: int
    uptime_ms: int | None
    rates: Mapping[int | None, int]
    body: bytes
    ordinal: int = 0


@dataclass
class Decoded:
    """What came out since it was last asked for; ``options`` has the packet of each record of options."""

    sets: dict[Template, list[RecordSet]] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    options: list[int] = field(default_factory=list)


def version_of(data: bytes, length: int) -> int | None:
    """Which export a datagram is, told by its version and by lengths that fit; None when it is none.

    ``length`` is that on the wire: of a datagram that was cut off, only the beginning is looked at.
    """
    if len(data) < 20:
        return None
    version, count = struct.unpack_from(">HH", data)
    if version == V5:
        return V5 if 1 <= count <= _V5_MOST and length == _V5_HEADER + count * _V5_RECORD else None
    if version == IPFIX:
        return IPFIX if count == length and _fits(data, 16, length, (2, 3)) else None
    return V9 if version == V9 and _fits(data, 20, length, (0, 1)) else None


def _fits(data: bytes, at: int, length: int, kinds: tuple[int, int]) -> bool:
    """Whether sets follow one another to the end."""
    if at == length:
        return True
    while at + 4 <= min(length, len(data)):
        kind, size = struct.unpack_from(">HH", data, at)
        if size < 4 or not (kind in kinds or kind >= _FIRST_DATA_SET):
            return False
        at += size
    return at <= length and (length - at < 4 or len(data) < length)


class ExportDecoder:
    """Takes datagrams in their order."""

    def __init__(self) -> None:
        self._templates: dict[tuple[Session, int], Template] = {}
        self._rates: dict[Session, Mapping[int | None, int]] = {}
        self._waiting: dict[tuple[Session, int], list[RecordSet]] = {}
        self._waiters = 0
        self._ordinal = 1
        self._out = Decoded()

    def take(self, datagram: Datagram, version: int) -> None:
        """Take a datagram apart that :func:`version_of` knows."""
        if len(datagram.data) < datagram.length:
            told = f"{NAMES[version]}: {len(datagram.data)} of {datagram.length} bytes are in the capture"
            self._refuse(datagram.number, told, datagram.data)
            return
        try:
            if version == V5:
                self._take_v5(datagram)
            else:
                self._take_sets(datagram, version)
        except struct.error:
            self._refuse(datagram.number, f"{NAMES[version]}: a template ends within a field", datagram.data)

    def drain(self) -> Decoded:
        """What came out."""
        out, self._out = self._out, Decoded()
        return out

    def rest(self) -> Decoded:
        """What came out, with the records that waited in vain."""
        waited = [(key, one) for key, sets in self._waiting.items() for one in sets]
        for key, one in sorted(waited, key=lambda pair: pair[1].number):
            self._out.rejects.append(_without_template(key[1], one))
        self._waiting, self._waiters = {}, 0
        return self.drain()

    def _refuse(self, number: int, detail: str, data: bytes) -> None:
        self._out.rejects.append(Reject(number, DAMAGED, detail, data.hex()[:MAX_RAW]))

    def _take_v5(self, datagram: Datagram) -> None:
        data = datagram.data
        uptime, seconds, nanos = struct.unpack_from(">III", data, 4)
        interval = struct.unpack_from(">H", data, 22)[0] & 0x3FFF
        rates: dict[int | None, int] = {None: interval} if interval else {}
        export_us = seconds * 1_000_000 + nanos // 1_000
        self._add(
            V5_TEMPLATE,
            RecordSet(datagram.number, datagram.exporter, export_us, uptime, rates, data[_V5_HEADER:]),
        )

    def _take_sets(self, datagram: Datagram, version: int) -> None:
        data = datagram.data
        if version == V9:
            uptime, seconds, _, domain = struct.unpack_from(">IIII", data, 4)
            session: Session = (version, datagram.exporter, domain)
            begin = 20
        else:
            seconds, _, domain = struct.unpack_from(">III", data, 4)
            uptime, begin = None, 16
            session = (version, datagram.exporter, domain, datagram.ports)
        for kind, body in _sets(data, begin):
            if kind >= _FIRST_DATA_SET:
                found = RecordSet(
                    datagram.number, datagram.exporter, seconds * 1_000_000, uptime, self._rates.get(session, {}), body
                )
                self._take_records(session, kind, found)
                continue
            read = _v9_templates if version == V9 else _ipfix_templates
            for number, template in read(body, is_options=kind in (1, 3)):
                self._learn(session, number, template)

    def _learn(self, session: Session, number: int, template: Template | None) -> None:
        """Know a template, or forget it; what waited for it is taken."""
        if template is None:
            forgotten = [key for key in self._templates if key[0] == session and number in (key[1], 2, 3)]
            for key in forgotten:
                del self._templates[key]
            return
        self._templates[session, number] = template
        for found in self._waiting.pop((session, number), []):
            self._waiters -= 1
            self._take_records(session, number, found)

    def _take_records(self, session: Session, number: int, found: RecordSet) -> None:
        template = self._templates.get((session, number))
        if template is None and self._waiters < MOST_WAITING:
            self._waiting.setdefault((session, number), []).append(found)
            self._waiters += 1
        elif template is None:
            self._out.rejects.append(_without_template(number, found))
        elif template.is_options:
            self._take_options(session, template, found)
        else:
            self._add(template, found)

    def _add(self, template: Template, found: RecordSet) -> None:
        """Number the records of a set, and keep them for :meth:`drain`."""
        bodies = list(records_in(template, found.body)) if template.is_variable else None
        count = len(bodies) if bodies is not None else len(found.body) // template.size
        used = sum(map(len, bodies)) if bodies is not None else count * template.size
        rest = found.body[used:]
        if rest.strip(b"\x00") or (rest and not count):
            self._refuse(found.number, f"{len(rest)} bytes of a set are no whole record", rest)
        if count:
            numbered = RecordSet(
                found.number, found.exporter, found.export_us, found.uptime_ms, found.rates, found.body[:used],
                self._ordinal,
            )  # fmt: skip
            self._ordinal += count
            self._out.sets.setdefault(template, []).append(numbered)

    def _take_options(self, session: Session, template: Template, found: RecordSet) -> None:
        """Learn how packets were sampled."""
        for record in records_in(template, found.body):
            self._out.options.append(found.number)
            said = {
                one.number: int.from_bytes(value, "big")
                for one, value in values_in(template, record)
                if one.enterprise != SCOPE and len(value) <= 8
            }
            rate = next((said[number] for number in _INTERVALS if said.get(number)), None)
            if said.get(305):  # so many packets are taken, so many left out (RFC 5477)
                rate = max(1, round((said[305] + said.get(306, 0)) / said[305]))
            elif said.get(309) and said.get(310):
                rate = max(1, round(said[310] / said[309]))
            if rate:
                sampler = next((said[number] for number in _SAMPLERS if number in said), None)
                self._rates[session] = {**self._rates.get(session, {}), sampler: rate}


def _without_template(number: int, found: RecordSet) -> Reject:
    detail = f"template {number} of {found.exporter}: {len(found.body)} bytes"
    return Reject(found.number, NO_TEMPLATE, detail, found.body.hex()[:MAX_RAW])


def _sets(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + 4 <= len(data):
        kind, size = struct.unpack_from(">HH", data, at)
        yield kind, data[at + 4 : at + size]
        at += size


def _v9_templates(body: bytes, is_options: bool) -> Iterator[tuple[int, Template]]:
    """Templates of NetFlow v9: fields of two numbers, those of options after their scopes."""
    at = 0
    while at + 4 <= len(body):
        number, count = struct.unpack_from(">HH", body, at)
        at += 4
        if number < _FIRST_DATA_SET:
            return  # what fills the set up
        scopes = 0
        if is_options:
            scopes = count // 4
            count = scopes + struct.unpack_from(">H", body, at)[0] // 4
            at += 2
        pairs = [struct.unpack_from(">HH", body, at + 4 * place) for place in range(count)]
        at += 4 * count
        fields = tuple(Field(SCOPE if place < scopes else IANA, *pair) for place, pair in enumerate(pairs))
        if sum(length for _, length in pairs):
            yield number, Template(fields, is_options)


def _ipfix_templates(body: bytes, is_options: bool) -> Iterator[tuple[int, Template | None]]:
    """Templates of IPFIX, with enterprises' own fields; None for one that is withdrawn."""
    at = 0
    while at + 4 <= len(body):
        number, count = struct.unpack_from(">HH", body, at)
        at += 4
        if not count and number:
            yield number, None
            continue
        if number < _FIRST_DATA_SET:
            return
        at += 2 if is_options else 0  # how many of the fields are scopes: they are fields like the others
        fields = []
        for _ in range(count):
            element, length = struct.unpack_from(">HH", body, at)
            at += 4
            enterprise = IANA
            if element & 0x8000:
                enterprise = struct.unpack_from(">I", body, at)[0]
                at += 4
            fields.append(Field(enterprise, element & 0x7FFF, length))
        if sum(one.length for one in fields):
            yield number, Template(tuple(fields), is_options)


def records_in(template: Template, body: bytes) -> Iterator[bytes]:
    """The records of a set one by one; what is left over is no whole record."""
    at, least = 0, template.size
    while at + least <= len(body):
        end = at + least if not template.is_variable else _end_of(template, body, at)
        if end > len(body):
            return
        yield body[at:end]
        at = end


def _end_of(template: Template, body: bytes, at: int) -> int:
    for one in template.fields:
        _, at = _place(one, body, at)
    return at


def _place(one: Field, body: bytes, at: int) -> tuple[int, int]:
    """Where a field begins and ends; behind the end of the body when it is not whole."""
    if one.length != VARIABLE:
        return at, at + one.length
    if at >= len(body):
        return at, len(body) + 1
    length, at = body[at], at + 1
    if length == 255:
        if at + 2 > len(body):
            return at, len(body) + 1
        length, at = int.from_bytes(body[at : at + 2], "big"), at + 2
    return at, at + length


def values_in(template: Template, record: bytes) -> Iterator[tuple[Field, bytes]]:
    """The fields of one record."""
    at = 0
    for one in template.fields:
        begin, at = _place(one, record, at)
        yield one, record[begin:at]
