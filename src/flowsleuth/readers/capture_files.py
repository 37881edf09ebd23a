"""Packets out of pcap and pcapng, block by block: where each lies, when it was seen, on which kind of link.

Format: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html and draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

LONGEST_PACKET = 64 << 20
"""Bytes: a packet said to be longer than this is a damaged file."""
_PCAP = {
    b"\xd4\xc3\xb2\xa1": ("<", 1_000_000), b"\xa1\xb2\xc3\xd4": (">", 1_000_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1_000_000_000), b"\xa1\xb2\x3c\x4d": (">", 1_000_000_000),
}  # fmt: skip
"""Magic of pcap to byte order and parts of a second."""
PCAPNG = b"\x0a\x0d\x0d\x0a"
_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET = 0x0A0D0D0A, 1, 2, 3, 6
_RESOLUTION, _OFFSET = 9, 14

Integers = npt.NDArray[np.int64]


def is_capture(head: bytes) -> bool:
    """Whether a file begins like pcap or pcapng."""
    return head[:4] in _PCAP or (head.startswith(PCAPNG) and head[8:12] in (b"\x4d\x3c\x2b\x1a", b"\x1a\x2b\x3c\x4d"))


@dataclass
class Frames:
    """Packets in one piece of a capture file: for each its place in ``data``, and what the file says of it.

    ``micros`` is microseconds since 1970; -1 where the file does not say when. ``captured`` is how many bytes there
    are, ``original`` how many there were on the wire.
    """

    data: bytes
    offset: Integers
    captured: Integers
    original: Integers
    micros: Integers
    link: Integers
    fault: str | None = None


def _frames(data: bytes, table: Integers, fault: str | None) -> Frames:
    """Frames of a table with a row each: offset, captured, original, micros, link."""
    offset, captured, original, micros, link = (table[:, at] for at in range(5))
    return Frames(data, offset, captured, original, micros, link, fault)


@dataclass
class _Found:
    """Packets gathered so far from one piece."""

    rows: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    table: Integers | None = None
    used: int = 0
    fault: str | None = None

    def __bool__(self) -> bool:
        return bool(self.rows or self.fault or (self.table is not None and len(self.table)))

    def frames(self, data: bytes) -> Frames:
        table = np.array(self.rows, dtype=np.int64).reshape(-1, 5) if self.table is None else self.table
        return _frames(data, table, self.fault)


class CaptureParser:
    """Tells packets apart in the bytes of a capture file."""

    def __init__(self) -> None:
        self._order = ""
        self._parts = 1_000_000
        self._link = -1
        self._is_ng = False
        self._interfaces: list[tuple[int, int, int]] = []

    def read(self, blocks: Iterable[bytes]) -> Iterator[Frames]:
        """Packets, piece by piece; a fault ends them."""
        rest = b""
        for block in blocks:
            data = rest + block if rest else block
            found = self._take(data)
            rest = data[found.used :]
            if found:
                yield found.frames(data)
            if found.fault:
                return
        if rest:
            yield _Found(fault=f"the capture ends within a packet: {len(rest)} bytes are left over").frames(b"")

    def _take(self, data: bytes) -> _Found:
        found = _Found()
        if not self._order and not self._begin(data, found):
            return found
        try:
            if self._is_ng:
                self._take_blocks(data, found)
            else:
                self._take_packets(data, found)
        except struct.error as error:
            found.fault = f"damaged capture: {error}"
        return found

    def _begin(self, data: bytes, found: _Found) -> bool:
        """Read the head of the file; False while there is too little of it."""
        if data.startswith(PCAPNG):
            if len(data) < 12:
                return False
            self._is_ng, self._order = True, "<" if data[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
            return True
        if len(data) < 24:
            return False
        if data[:4] not in _PCAP:
            found.fault = "not a capture file"
            return False
        self._order, self._parts = _PCAP[data[:4]]
        self._link = struct.unpack_from(f"{self._order}I", data, 20)[0] & 0x0FFFFFFF
        found.used = 24
        return True

    def _take_packets(self, data: bytes, found: _Found) -> None:
        """Packets of pcap: one after another to where each begins, then their heads all at once."""
        length_of, size, at = struct.Struct(f"{self._order}I").unpack_from, len(data), found.used
        begins: list[int] = []
        while at + 16 <= size:
            captured = length_of(data, at + 8)[0]
            if captured > LONGEST_PACKET:
                found.fault = f"damaged capture: a packet of {captured} bytes"
                break
            if at + 16 + captured > size:
                break
            begins.append(at)
            at += 16 + captured
        found.used = at
        if not begins:
            return
        places = np.array(begins, dtype=np.int64)
        heads = np.lib.stride_tricks.sliding_window_view(np.frombuffer(data, dtype=np.uint8), 16)[places]
        second, part, captured_, original = np.ascontiguousarray(heads).view(f"{self._order}u4").astype(np.int64).T
        micros = second * 1_000_000 + part // (self._parts // 1_000_000)
        found.table = np.stack([places + 16, captured_, original, micros, np.full(len(places), self._link)], axis=1)

    def _take_blocks(self, data: bytes, found: _Found) -> None:
        """Blocks of pcapng."""
        at, size = 0, len(data)
        while at + 12 <= size:
            kind = struct.unpack_from(f"{self._order}I", data, at)[0]
            if kind == _SECTION:
                self._order = "<" if data[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
                self._interfaces = []
            length = struct.unpack_from(f"{self._order}I", data, at + 4)[0]
            if length < 12 or length % 4 or length > LONGEST_PACKET:
                found.fault = f"damaged capture: a block of {length} bytes"
                break
            if at + length > size:
                break
            if kind == _INTERFACE:
                self._interfaces.append(self._interface(data[at + 8 : at + length - 4]))
            elif kind in (_PACKET, _OLD_PACKET, _SIMPLE_PACKET):
                self._packet(kind, data, at, length, found)
            at += length
        found.used = at

    def _interface(self, body: bytes) -> tuple[int, int, int]:
        """Link type, parts of a second, and seconds to add of an interface."""
        link = struct.unpack_from(f"{self._order}H", body)[0]
        parts, offset, at = 1_000_000, 0, 8
        while at + 4 <= len(body):
            code, length = struct.unpack_from(f"{self._order}HH", body, at)
            value = body[at + 4 : at + 4 + length]
            if code == 0:
                break
            if code == _RESOLUTION and value:
                parts = 2 ** (value[0] & 0x7F) if value[0] & 0x80 else 10 ** min(value[0], 18)
            elif code == _OFFSET and length == 8:
                offset = struct.unpack(f"{self._order}q", value)[0]
            at += 4 + -(-length // 4) * 4
        return link, parts, offset

    def _packet(self, kind: int, data: bytes, at: int, length: int, found: _Found) -> None:
        order = self._order
        if kind == _SIMPLE_PACKET:
            original = struct.unpack_from(f"{order}I", data, at + 8)[0]
            link = self._interfaces[0][0] if self._interfaces else -1
            found.rows.append((at + 12, min(original, length - 16), original, -1, link))
            return
        if kind == _PACKET:
            number, high, low, captured, original = struct.unpack_from(f"{order}IIIII", data, at + 8)
        else:
            number, _, high, low, captured, original = struct.unpack_from(f"{order}HHIIII", data, at + 8)
        if captured > length - 32 or number >= len(self._interfaces):
            found.fault = "damaged capture: a packet does not fit its block, or its interface is not described"
            return
        link, parts, offset = self._interfaces[number]
        ticks = high << 32 | low
        micros = ticks * 1_000_000 // parts + offset * 1_000_000
        found.rows.append((at + 28, captured, original, micros if 0 <= micros < 2**62 else -1, link))
