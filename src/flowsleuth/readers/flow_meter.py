"""Packets to bidirectional flows, in windows of packets, so that memory holds one window and the open flows.

- A flow is the packets of one protocol between the same two addresses and ports (for ICMP: the same kind of question
  and its answers). It ends after a silence (option), and a TCP flow that was closed ends where a new SYN comes.
- ``src`` is who sent the first packet; where that is a SYN-ACK, the other side: its SYN was not captured.
- ``conn_state`` and ``history`` are in Zeek's words (``base/protocols/conn/main.zeek``), from flags and their order;
  retransmissions, checksums and windows are not judged. Bytes are those of the IP layer.
- Later fragments of a packet have no ports; they are counted with the flow of its first fragment if that is between the
  same addresses and not too long ago, else on their own.

The result does not depend on how the file is cut into blocks: windows are counted in packets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from flowsleuth.readers.packet_headers import ICMP, ICMP6, TCP, UDP, Packets

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
_NEVER = 2**62
REMEMBERED = 4_096
"""First fragments whose ports are known."""
_ANSWERS = {0: 8, 14: 13, 16: 15, 18: 17, 10: 9}
_ANSWERS6 = {129: 128, 131: 130, 132: 130, 134: 133, 136: 135, 140: 139}
"""ICMP answer to its question (RFC 792, RFC 950, RFC 1256; RFC 4443, RFC 4861)."""

Integers = npt.NDArray[np.int64]
Key = tuple[int, ...]

A_SIDE = ("packets", "bytes", "flags", "S", "H", "A", "D", "F", "R")
COLUMNS = (
    "first", "start", "end", "is_from_a", "is_answer", "tos", "vlan", "icmp_type", "icmp_code", "is_closed",
    *(f"a_{name}" for name in A_SIDE), *(f"b_{name}" for name in A_SIDE),
)  # fmt: skip
"""What is known of a flow: number of its first packet, times, who began, and for both sides packets, bytes, flags and
the number of the first packet with each letter of the history."""
_AT = {name: at for at, name in enumerate(COLUMNS)}
_SUMMED = [_AT[f"{side}_{name}"] for side in "ab" for name in ("packets", "bytes")]
_JOINED = [_AT[f"{side}_flags"] for side in "ab"]
_EARLIEST = [_AT[f"{side}_{letter}"] for side in "ab" for letter in "SHADFR"]


@dataclass(frozen=True)
class Timeouts:
    """Seconds of silence after which a flow has ended."""

    tcp_s: float = 300.0
    udp_s: float = 60.0
    other_s: float = 60.0

    def micros(self, proto: Integers) -> Integers:
        """For each packet, in microseconds."""
        seconds = np.select([proto == TCP, proto == UDP], [self.tcp_s, self.udp_s], self.other_s)
        return (seconds * 1e6).astype(np.int64)


@dataclass
class Flows:
    """Flows that have ended: their keys (one row each) and what is known of them, by :data:`COLUMNS`."""

    keys: list[Key]
    values: Integers


class FlowMeter:
    """Meters packets.

    Parameters
    ----------
    timeouts : Timeouts
    """

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self._open: dict[Key, list[int]] = {}
        self._fragments: dict[Key, tuple[int, ...]] = {}
        self._longest = int(max(timeouts.tcp_s, timeouts.udp_s, timeouts.other_s) * 1e6)

    def take(self, packets: Packets) -> Flows:
        """Meter a window of packets; the flows that have ended, in the order of their first packets."""
        done: list[tuple[Key, list[int]]] = []
        if len(packets):
            _place_fragments(packets, self._fragments)
            for key, segments in _segments(packets, self._timeouts, self._open):
                self._merge(key, segments, done)
            self._drop_idle(int(packets.micros.max()), done)
        return _ended(done)

    def rest(self) -> Flows:
        """The flows that had not ended."""
        left, self._open = list(self._open.items()), {}
        return _ended(left)

    def _merge(self, key: Key, segments: list[list[int]], done: list[tuple[Key, list[int]]]) -> None:
        """Join the first segment to the open flow of its key (a mark says whether it goes on), and end all but the
        last one."""
        known = self._open.pop(key, None)
        first = segments[0]
        if known is not None and first.pop():
            segments[0] = _joined(known, first)
        elif known is not None:
            done.append((key, known))
        for segment in segments:
            del segment[len(COLUMNS) :]
        done += [(key, segment) for segment in segments[:-1]]
        self._open[key] = segments[-1]

    def _drop_idle(self, now: int, done: list[tuple[Key, list[int]]]) -> None:
        end = _AT["end"]
        idle = [key for key, flow in self._open.items() if now - flow[end] > self._longest]
        done += [(key, self._open.pop(key)) for key in idle]


def _ended(done: list[tuple[Key, list[int]]]) -> Flows:
    done.sort(key=lambda one: one[1][0])
    values = np.array([flow for _, flow in done], dtype=np.int64).reshape(-1, len(COLUMNS))
    return Flows([key for key, _ in done], values)


def _joined(one: list[int], other: list[int]) -> list[int]:
    """A flow that goes on."""
    made = list(one)
    made[_AT["end"]] = max(one[_AT["end"]], other[_AT["end"]])
    if other[_AT["is_closed"]] >= 0:
        made[_AT["is_closed"]] = other[_AT["is_closed"]]
    for at in _SUMMED:
        made[at] += other[at]
    for at in _JOINED:
        made[at] |= other[at]
    for at in _EARLIEST:
        made[at] = min(one[at], other[at])
    return made


def _place_fragments(packets: Packets, known: dict[Key, tuple[int, ...]]) -> None:
    """Give later fragments the ports of the latest first fragment between the same addresses."""
    for at in np.flatnonzero(packets.fragment >= 0).tolist():
        ends = (packets.src_high, packets.src_low, packets.dst_high, packets.dst_low, packets.proto)
        key = tuple(int(column[at]) for column in ends)
        told = (packets.src_port, packets.dst_port, packets.icmp_type, packets.icmp_code)
        if packets.fragment[at] == 0:
            known.pop(key, None)
            known[key] = tuple(int(column[at]) for column in told)
            if len(known) > REMEMBERED:
                del known[next(iter(known))]
        elif key in known:
            for column, value in zip(told, known[key], strict=True):
                column[at] = value


def _question(packets: Packets) -> Integers:
    """ICMP type of the question that a packet asks or answers."""
    asked = packets.icmp_type.copy()
    for proto, answers in ((ICMP, _ANSWERS), (ICMP6, _ANSWERS6)):
        for answer, question in answers.items():
            asked[(packets.proto == proto) & (packets.icmp_type == answer)] = question
    return asked


def _segments(
    packets: Packets, timeouts: Timeouts, known: dict[Key, list[int]]
) -> Iterator[tuple[Key, list[list[int]]]]:
    """For each key its segments (parts of flows), each with a mark whether it goes on an open flow."""
    asked = _question(packets)
    src_port = np.where(packets.icmp_type >= 0, 0, packets.src_port + 1)
    dst_port = np.where(packets.icmp_type >= 0, 0, packets.dst_port + 1)
    order_of = [packets.src_high, packets.src_low, src_port], [packets.dst_high, packets.dst_low, dst_port]
    is_from_a = _is_less(*order_of)
    a = [np.where(is_from_a, ours, theirs) for ours, theirs in zip(*order_of, strict=True)]
    b = [np.where(is_from_a, theirs, ours) for ours, theirs in zip(*order_of, strict=True)]
    icmp = np.where(packets.icmp_type >= 0, (asked + 1) << 8 | np.maximum(packets.icmp_code, 0), 0)
    kind = packets.proto << 1 | packets.is_ipv6
    columns = [*a, *b, icmp, kind]
    order: Integers = np.lexsort([np.arange(len(packets)), *columns[::-1]]).astype(np.int64)
    ordered = [column[order] for column in columns]
    is_new_key = np.ones(len(order), dtype=bool)
    is_new_key[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in ordered])
    key_starts = np.flatnonzero(is_new_key)
    keys = list(zip(*(column[key_starts].tolist() for column in ordered), strict=True))
    sorted_packets = packets.some(order)
    breaks, marks = _breaks(sorted_packets, key_starts, keys, timeouts, known)
    starts = np.flatnonzero(is_new_key | breaks)
    values = _summaries(sorted_packets, is_from_a[order], starts)
    key_of = np.searchsorted(key_starts, starts, side="right") - 1
    bounds = np.searchsorted(key_of, np.arange(len(keys) + 1))
    rows = values.tolist()
    for at, key in enumerate(keys):
        segments = rows[bounds[at] : bounds[at + 1]]
        segments[0].append(bool(marks[at]))
        yield key, segments


def _is_less(ours: list[Any], theirs: list[Any]) -> npt.NDArray[np.bool_]:
    """Whether one endpoint comes before the other, compared by address and then port."""
    found = np.ones(len(ours[0]), dtype=bool)
    for one, other in zip(ours[::-1], theirs[::-1], strict=True):
        found = np.where(one == other, found, one < other)
    return found


def _breaks(
    packets: Packets, key_starts: Integers, keys: list[Key], timeouts: Timeouts, known: dict[Key, list[int]]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Before which packets a new flow begins, and for which keys the first one goes on an open flow."""
    size = len(packets)
    index = np.arange(size)
    key_of = np.searchsorted(key_starts, index, side="right") - 1
    start_of = key_starts[key_of]
    flows = [known.get(key) for key in keys]
    was_closed = np.array([bool(flow and flow[_AT["is_closed"]] == 1) for flow in flows], dtype=bool)
    was_seen = np.array([flow[_AT["end"]] if flow else -_NEVER for flow in flows], dtype=np.int64)
    before = np.empty(size, dtype=np.int64)
    before[1:] = packets.micros[:-1]
    before[key_starts] = was_seen
    is_silent = packets.micros - before > timeouts.micros(packets.proto)
    is_syn = (packets.flags & (SYN | ACK)) == SYN
    is_close = packets.flags & (FIN | RST) != 0
    last_close, last_syn = _last(is_close), _last(is_syn)
    closed_here = (last_close >= start_of) & (last_close > last_syn)
    is_closed = np.where(last_syn >= start_of, closed_here, closed_here | was_closed[key_of])
    found = is_silent | (is_syn & is_closed)
    goes_on = ~found[key_starts] & (was_seen > -_NEVER)
    return found, goes_on


def _last(condition: npt.NDArray[np.bool_]) -> Integers:
    """For each place, where the condition held last before it; -1 for never."""
    places = np.where(condition, np.arange(len(condition)), -1)
    found = np.maximum.accumulate(places)
    return np.concatenate([[-1], found[:-1]])


def _summaries(packets: Packets, is_from_a: npt.NDArray[np.bool_], starts: Integers) -> Integers:
    """What is known of each segment, by :data:`COLUMNS`."""
    is_syn, is_ack = packets.flags & SYN != 0, packets.flags & ACK != 0
    is_end = packets.flags & (FIN | RST) != 0
    is_tcp = packets.proto == TCP
    letters = {
        "S": is_syn & ~is_ack,
        "H": is_syn & is_ack,
        "A": is_tcp & is_ack & ~is_syn & ~is_end & (packets.payload == 0),
        "D": packets.payload > 0,
        "F": packets.flags & FIN != 0,
        "R": packets.flags & RST != 0,
    }
    index = np.arange(len(packets))
    close, syn = _latest(is_end, index, starts), _latest(letters["S"], index, starts)
    columns: dict[str, Integers] = {
        "first": packets.number[starts],
        "start": packets.micros[starts],
        "end": np.maximum.reduceat(packets.micros, starts),
        "is_from_a": is_from_a[starts].astype(np.int64),
        "is_answer": letters["H"][starts].astype(np.int64),
        "tos": packets.tos[starts],
        "vlan": packets.vlan[starts],
        "icmp_type": packets.icmp_type[starts],
        "icmp_code": packets.icmp_code[starts],
        "is_closed": np.where((close < 0) & (syn < 0), -1, close > syn),
    }
    for side, is_side in (("a", is_from_a), ("b", ~is_from_a)):
        columns[f"{side}_packets"] = np.add.reduceat(is_side.astype(np.int64), starts)
        columns[f"{side}_bytes"] = np.add.reduceat(np.where(is_side, packets.size, 0), starts)
        columns[f"{side}_flags"] = np.bitwise_or.reduceat(np.where(is_side, packets.flags, 0), starts)
        for letter, has in letters.items():
            numbers = np.where(has & is_side, packets.number, _NEVER)
            columns[f"{side}_{letter}"] = np.minimum.reduceat(numbers, starts)
    return np.stack([columns[name] for name in COLUMNS], axis=1)


def _latest(condition: npt.NDArray[np.bool_], index: Integers, starts: Integers) -> Integers:
    return np.maximum.reduceat(np.where(condition, index, -1), starts)
