"""Argus' flow text (``ra``, ``rabins``; ``.binetflow``): bidirectional flows, parted by commas or tabs, under a header.

What is taken how:

- **Who began.** Argus says so in ``Dir``. ``<-`` and ``<?`` mean that the destination sent what was seen: source and
  destination are exchanged, with their ports, counters, ToS and flags, so that ``src`` is who sent first. In all other
  cases they stay. ``Dir`` and ``State`` as read are in ``extra``.
- **Ports** may be hexadecimal or empty. For ICMP the source port is ``0xCCTT``, code and type; where it is empty, type
  and code come from ``State`` if that settles them. The other ICMP port is an identifier; it goes to ``extra`` as
  ``Sport`` or ``Dport``, and so does every port of a protocol without ports (ESP: the SPI), and one written as a name.
- **Counters.** ``dst_bytes`` is TotBytes - SrcBytes, ``dst_packets`` TotPkts - SrcPkts; where the source's share is not
  given, both sides are null and the totals are in ``extra``.
- ``rtp`` and ``rtcp`` are UDP with that ``service``. ARP flows between IP addresses are rows; flows between MAC
  addresses (LLC, IPX) are rejects: "not an IP address".
- **Times** name no zone (``--tz``). What happens to hours that exist twice or not at all is in
  :mod:`flowsleuth.readers.times`. Times of ``ra -u`` (seconds since 1970) are UTC. A negative duration is not trusted:
  ``end`` and ``duration_s`` are null and ``Dur`` is in ``extra``.
- **State** becomes ``conn_state`` by the rules in :mod:`flowsleuth.readers.argus_states`.

Format: https://openargus.org, ``ra(1)``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.errors import ReaderError
from flowsleuth.readers.argus_states import icmp_code, icmp_type, swap_flags, tcp_state
from flowsleuth.readers.arrays import by_value, flat, mask_of, only, stripped, swapped, unless
from flowsleuth.readers.contract import Batch, Position, ReadContext
from flowsleuth.readers.delimited import bad_row_rejects, line_reject, lines_like, read_delimited
from flowsleuth.readers.rows import build_rows, json_extra
from flowsleuth.readers.streams import Chunk, Sample, Source
from flowsleuth.readers.times import parse_times, plus_seconds, scaled_times
from flowsleuth.schema import FLOW
from flowsleuth.schema.protocols import ICMP, protocol_keyword

_NEEDED = {"StartTime", "Proto", "SrcAddr", "DstAddr"}
_WHOLE = ("TotPkts", "TotBytes", "SrcBytes", "DstBytes", "SrcPkts", "DstPkts", "sTos", "dTos")
_PLAIN = ("StartTime", "LastTime", "SrcAddr", "DstAddr")
_USED = frozenset(
    {*_NEEDED, "Sport", "Dport", "Dur", "sTos", "SrcBytes", "SrcPkts", "DstBytes", "DstPkts", "TotBytes", "TotPkts"}
)
_WITH_PORTS = ("tcp", "udp", "sctp", "dccp", "udplite")
_OVER_UDP = ("rtp", "rtcp")
_BEGUN_BY_DST = ("<-", "<?")
NOT_A_TIME = "not a time"


def split_header(line: str) -> tuple[str, list[str]] | None:
    """The delimiter and the fields of a header; None when the line is no header of Argus.

    Examples
    --------
    >>> split_header("StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State")[1][:3]
    ['StartTime', 'Dur', 'Proto']
    """
    for delimiter in (",", "\t"):
        names = [name.strip() for name in line.strip("\r\n").split(delimiter)]
        if set(names) >= _NEEDED and len(set(names)) == len(names) and all(names):
            return delimiter, names
    return None


@dataclass(frozen=True)
class ArgusOptions:
    """Argus text needs no options."""


class ArgusReader:
    """Bidirectional flows printed by Argus' ra."""

    name: ClassVar[str] = "argus"
    summary: ClassVar[str] = "Argus flow text (ra, .binetflow)"
    Options: ClassVar[type] = ArgusOptions

    def sniff(self, sample: Sample) -> str | None:
        """Recognise the header."""
        lines = sample.lines() if sample.is_text() else []
        found = split_header(lines[0]) if lines else None
        return f"flows (Argus, {len(found[1])} columns)" if found else None

    def read(self, source: Source, context: ReadContext) -> Iterator[Batch]:
        """Read chunk after chunk; see :class:`~flowsleuth.readers.contract.Reader`."""
        header: str = json.loads(source.start.state)["header"] if source.start.state else ""
        for chunk in source.chunks():
            header = header or chunk.line(0).decode("utf-8", errors="replace")
            found = split_header(header)
            if found is None:
                hint = "the first line must name the columns, as ra prints them"
                raise ReaderError("no Argus header", where=context.source_file, hint=hint)
            batch = _batch(chunk, header, *found, context)
            batch.end = Position(chunk.end, chunk.first_line + len(chunk) - 1, json.dumps({"header": header}))
            yield batch


def _types(names: list[str]) -> dict[str, pa.DataType]:
    kinds: dict[str, pa.DataType] = {name: pa.dictionary(pa.int32(), pa.string()) for name in names}
    kinds |= {name: pa.int64() for name in names if name in _WHOLE}
    kinds |= {name: pa.string() for name in names if name in _PLAIN}
    return kinds | ({"Dur": pa.float64()} if "Dur" in names else {})


def _batch(chunk: Chunk, header: str, delimiter: str, names: list[str], context: ReadContext) -> Batch:
    skip = lines_like(chunk, [header.encode()])
    parsed = read_delimited(chunk, names, _types(names), delimiter=delimiter, quote=None, skip=skip)
    fields = {name: flat(parsed.table[name]) for name in names}
    columns, bad_times = flow_columns(fields, context.tz)
    built = build_rows(FLOW, columns, chunk.first_line + parsed.lines, context)
    rejects = list(parsed.rejects)
    for bad in built.bad:
        at = int(parsed.lines[bad.index])
        if bad.index in bad_times:
            rejects.append(line_reject(chunk, at, NOT_A_TIME, bad_times[bad.index]))
        else:
            rejects += bad_row_rejects(chunk, parsed.lines, [bad])
    rejects.sort(key=lambda reject: reject.source_row)
    return Batch(Position(), {"flow": built.table}, rejects, is_tail=chunk.is_tail)


def flow_columns(fields: dict[str, pa.Array], tz: ZoneInfo) -> tuple[dict[str, Any], dict[int, str]]:
    """Canonical columns of Argus records, and for rows whose time is none, the field and value.

    Parameters
    ----------
    fields : dict of str to array
        By Argus' names; at least StartTime, Proto, SrcAddr and DstAddr.
    tz : ZoneInfo
        Zone of the times.
    """
    size = len(fields["StartTime"])
    direction = stripped(_given(fields, "Dir", size))
    turned = pc.fill_null(by_value(direction, lambda text: text in _BEGUN_BY_DST, pa.bool_()), False)
    proto = by_value(fields["Proto"], lambda text: protocol_keyword(text) or None, pa.string())
    service = by_value(proto, lambda text: text if text in _OVER_UDP else None, pa.string())
    proto = pc.if_else(pc.is_valid(service), "udp", proto)
    columns: dict[str, Any] = {"proto": proto, "service": service}
    extra: dict[str, pa.Array] = {}
    bad_times = _add_times(columns, fields, extra, tz)
    _add_counters(columns, fields, extra, turned)
    columns["src_ip"], columns["dst_ip"] = swapped(turned, fields["SrcAddr"], fields["DstAddr"])
    _add_ports(columns, fields, extra, proto, turned)
    _add_state(columns, fields, proto, direction, turned)
    tos = [_given(fields, name, size, pa.int64()) for name in ("sTos", "dTos")]
    columns["tos"] = swapped(turned, *tos)[0]
    extra |= {"sTos": only(turned, tos[0]), "Dir": direction}
    for name, column in fields.items():
        if name not in _USED and name not in extra:
            extra[name] = stripped(column) if pa.types.is_dictionary(column.type) else column
    columns["extra"] = json_extra(extra, size)
    return columns, bad_times


def _given(fields: dict[str, pa.Array], name: str, size: int, kind: pa.DataType | None = None) -> pa.Array:
    return fields[name] if name in fields else pa.nulls(size, kind or pa.string())


def _add_times(
    columns: dict[str, Any], fields: dict[str, pa.Array], extra: dict[str, pa.Array], tz: ZoneInfo
) -> dict[int, str]:
    text = fields["StartTime"]
    start, is_bad = parse_times(text, tz)
    if is_bad.any():
        number = pc.match_substring_regex(text, r"^\s*[0-9]{1,11}(\.[0-9]*)?\s*$")
        seconds = only(number, text)
        start = pc.coalesce(start, scaled_times(pc.utf8_trim_whitespace(seconds).cast(pa.float64()), 1))
        is_bad = is_bad & mask_of(pc.is_null(start))
    duration = _given(fields, "Dur", len(text), pa.float64())
    negative = pc.less(duration, 0)
    columns["start"] = start
    columns["duration_s"] = unless(negative, duration)
    columns["end"] = plus_seconds(start, columns["duration_s"])
    extra["Dur"] = only(negative, duration)
    return {int(row): f"StartTime={text[int(row)].as_py()!r}"[:300] for row in is_bad.nonzero()[0]}


def _add_counters(
    columns: dict[str, Any], fields: dict[str, pa.Array], extra: dict[str, pa.Array], turned: pa.Array
) -> None:
    """Bytes and packets of each side."""
    size = len(turned)
    for word, unit in (("Bytes", "bytes"), ("Pkts", "packets")):
        src, dst, total = (_given(fields, side + word, size, pa.int64()) for side in ("Src", "Dst", "Tot"))
        rest = pc.subtract(total, src)
        contradiction = pc.fill_null(pc.less(rest, 0), False)
        extra[f"Src{word}"] = only(contradiction, src)
        dst, src = unless(contradiction, pc.coalesce(dst, rest)), unless(contradiction, src)
        extra[f"Tot{word}"] = unless(pc.and_(pc.is_valid(src), pc.is_valid(dst)), total)
        columns[f"src_{unit}"], columns[f"dst_{unit}"] = swapped(turned, src, dst)


def _number(text: str) -> int | None:
    word = text.strip()
    try:
        return int(word, 16) if word.lower().startswith("0x") else int(word) if word.isdecimal() else None
    except ValueError:
        return None


def _add_ports(
    columns: dict[str, Any], fields: dict[str, pa.Array], extra: dict[str, pa.Array], proto: pa.Array, turned: pa.Array
) -> None:
    """Ports; ICMP type and code out of the source port; everything else that stands there to extra."""
    size = len(proto)
    words = [stripped(_given(fields, name, size)) for name in ("Sport", "Dport")]
    numbers = [by_value(word, _number, pa.int64()) for word in words]
    has_ports = pc.fill_null(by_value(proto, lambda text: text in _WITH_PORTS, pa.bool_()), True)
    columns["src_port"], columns["dst_port"] = swapped(turned, *(only(has_ports, number) for number in numbers))
    is_icmp = pc.fill_null(by_value(proto, lambda text: text in ICMP, pa.bool_()), False)
    state = stripped(_given(fields, "State", size))
    is_v4 = pc.equal(proto, "icmp")
    packed = only(is_icmp, only(pc.less(numbers[0], 65_536), numbers[0]))
    kind, code = pc.bit_wise_and(packed, 255), pc.shift_right(packed, 8)
    unsaid = pc.and_(pc.fill_null(is_v4, False), pc.is_null(packed))
    columns["icmp_type"] = pc.coalesce(kind, only(unsaid, by_value(state, icmp_type, pa.int64())))
    columns["icmp_code"] = pc.coalesce(code, only(unsaid, by_value(state, icmp_code, pa.int64())))
    told = pc.and_(has_ports, pc.is_valid(numbers[0])), pc.and_(has_ports, pc.is_valid(numbers[1]))
    extra["Sport"] = unless(pc.or_(told[0], pc.is_valid(packed)), words[0])
    extra["Dport"] = unless(told[1], words[1])


def _add_state(
    columns: dict[str, Any],
    fields: dict[str, pa.Array],
    proto: pa.Array,
    direction: pa.Array,
    turned: pa.Array,
) -> None:
    """TCP flags and, where it is certain, the state in Zeek's words."""
    if "State" not in fields:
        return
    state = stripped(fields["State"])
    as_seen = pc.if_else(turned, by_value(state, swap_flags, pa.string()), state)
    is_tcp, is_udp = (pc.fill_null(pc.equal(proto, word), False) for word in ("tcp", "udp"))
    columns["tcp_flags"] = only(is_tcp, only(pc.match_substring(as_seen, "_"), as_seen))
    settled = only(is_tcp, by_value(as_seen, tcp_state, pa.string()))
    src_sent, dst_sent = pc.greater(columns["src_bytes"], 0), pc.greater(columns["dst_bytes"], 0)
    src_only, both = pc.and_(src_sent, pc.invert(dst_sent)), pc.and_(src_sent, dst_sent)
    both = pc.and_(is_udp, pc.coalesce(both, pc.equal(direction, "<->")))
    one = pc.and_(is_udp, pc.coalesce(src_only, pc.equal(direction, "->")))
    asked = pc.and_(pc.and_(is_tcp, pc.equal(state, "REQ")), src_only)
    nothing = pa.scalar(None, pa.string())
    columns["conn_state"] = pc.coalesce(
        settled,
        pc.if_else(pc.fill_null(both, False), "SF", nothing),
        pc.if_else(pc.fill_null(pc.or_kleene(asked, one), False), "S0", nothing),
    )
