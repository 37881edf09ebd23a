"""Headers of packets, whole columns at a time: link, VLAN, IPv4 and IPv6 with extension headers, ports, TCP flags."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from flowsleuth.readers.capture_files import Frames

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
WITH_PORTS = (6, 17, 33, 132, 136)
_PAD = 128
_IPV4, _IPV6 = 0x0800, 0x86DD
_VLAN = (0x8100, 0x88A8, 0x9100)
_SKIPPED_HEADERS = (0, 43, 60)
"""IPv6 extension headers of a length in units of 8 bytes: hop-by-hop, routing, destination (RFC 8200)."""
_MOST_HEADERS = 8
ETHERTYPES = {0x0806: "ARP", 0x8847: "MPLS", 0x8864: "PPPoE", 0x88CC: "LLDP", 0x888E: "EAPOL", 0x8035: "RARP"}

Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass
class Packets:
    """IP packets of a capture, a column each; ports, VLAN and ICMP fields are -1 where there is none.

    An address is two 64-bit halves; that of IPv4 is in the lower one. ``number`` counts the packets of the file from 1.
    ``payload_at`` is where the payload begins in the piece of the file that the packet was parsed in.
    """

    number: Integers
    micros: Integers
    is_ipv6: Mask
    src_high: npt.NDArray[np.uint64]
    src_low: npt.NDArray[np.uint64]
    dst_high: npt.NDArray[np.uint64]
    dst_low: npt.NDArray[np.uint64]
    proto: Integers
    src_port: Integers
    dst_port: Integers
    icmp_type: Integers
    icmp_code: Integers
    flags: Integers
    size: Integers
    payload: Integers
    payload_at: Integers
    tos: Integers
    vlan: Integers
    fragment: Integers

    def __len__(self) -> int:
        return len(self.number)

    def some(self, which: Mask | Integers | slice) -> Packets:
        """Packets under a mask, at places, or of a slice."""
        return Packets(*(getattr(self, one.name)[which] for one in fields(self)))


def join_packets(parts: list[Packets]) -> Packets:
    """Several lots of packets as one."""
    if len(parts) == 1:
        return parts[0]
    return Packets(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Packets)))


class _Bytes:
    """Numbers at places of a text, for all places at once."""

    def __init__(self, data: bytes) -> None:
        self._view = np.frombuffer(data + bytes(_PAD), dtype=np.uint8)
        self._last = len(self._view) - 40

    def u8(self, at: Integers) -> Integers:
        return self._view[np.clip(at, 0, self._last)].astype(np.int64)

    def u16(self, at: Integers) -> Integers:
        return self.u8(at) << 8 | self.u8(at + 1)

    def u32(self, at: Integers) -> Integers:
        return self.u16(at) << 16 | self.u16(at + 2)

    def u64(self, at: Integers) -> npt.NDArray[np.uint64]:
        return self.u32(at).astype(np.uint64) << np.uint64(32) | self.u32(at + 4).astype(np.uint64)


Others = dict[str, list[Integers]]
"""Numbers of the packets that are none to meter, by what they are."""


def parse_packets(frames: Frames, before: int) -> tuple[Packets, Others]:
    """The IP packets among frames, and the numbers of the others.

    ``before`` is the number of packets of the file that came before.
    """
    read = _Bytes(frames.data)
    ethertype, start, vlan = _link(read, frames)
    end = frames.offset + frames.captured
    is_v4 = (ethertype == _IPV4) & (read.u8(start) >> 4 == 4) & (start + 20 <= end)
    is_v6 = (ethertype == _IPV6) & (read.u8(start) >> 4 == 6) & (start + 40 <= end)
    is_timed = frames.micros >= 0
    keep = (is_v4 | is_v6) & is_timed
    number = before + 1 + np.arange(len(start), dtype=np.int64)
    others = _others(ethertype, ~(is_v4 | is_v6), number)
    if (untimed := ~is_timed & (is_v4 | is_v6)).any():
        others["packet without a time"] = [number[untimed]]
    proto, inner, fragment = _network(read, start, is_v6)
    length = np.where(is_v6, 40 + read.u16(start + 4), read.u16(start + 2))
    on_wire = frames.original - (start - frames.offset)
    length = np.where((length == 0) | (is_v6 & (length == 40)), on_wire, length)
    packets = Packets(
        number=number,
        micros=frames.micros,
        is_ipv6=is_v6,
        src_high=np.where(is_v6, read.u64(start + 8), np.uint64(0)),
        src_low=np.where(is_v6, read.u64(start + 16), read.u32(start + 12).astype(np.uint64)),
        dst_high=np.where(is_v6, read.u64(start + 24), np.uint64(0)),
        dst_low=np.where(is_v6, read.u64(start + 32), read.u32(start + 16).astype(np.uint64)),
        proto=proto,
        size=length,
        tos=np.where(is_v6, read.u16(start) >> 4 & 0xFF, read.u8(start + 1)),
        vlan=vlan,
        fragment=fragment,
        **_transport(read, proto, inner, fragment, (end, start + length)),
    )
    return packets.some(keep), others


def _link(read: _Bytes, frames: Frames) -> tuple[Integers, Integers, Integers]:
    """Ethertype, where the network header begins, and the outer VLAN of each frame."""
    link, offset = frames.link, frames.offset
    ethertype = np.full(len(link), -1, dtype=np.int64)
    start = offset.copy()
    for number in np.unique(link).tolist():
        at = link == number
        begin = offset[at]
        version = np.select([read.u8(begin) >> 4 == 4, read.u8(begin) >> 4 == 6], [_IPV4, _IPV6], -1)
        if number == 1:  # Ethernet
            ethertype[at], start[at] = read.u16(begin + 12), begin + 14
        elif number in (12, 14, 101, 228, 229):  # raw IP
            ethertype[at] = version
        elif number == 113:  # Linux cooked
            ethertype[at], start[at] = read.u16(begin + 14), begin + 16
        elif number == 276:  # Linux cooked, version 2
            ethertype[at], start[at] = read.u16(begin), begin + 20
        elif number in (0, 108):  # loopback of BSD: an address family in either byte order
            family = read.u8(begin) | read.u8(begin + 3)
            ethertype[at], start[at] = np.where(family == 2, _IPV4, _IPV6), begin + 4
        else:
            ethertype[at] = -2 - number
    vlan = np.full(len(link), -1, dtype=np.int64)
    for _ in range(3):
        is_tagged = np.isin(ethertype, _VLAN)
        if not is_tagged.any():
            break
        vlan = np.where(is_tagged & (vlan < 0), read.u16(start) & 0xFFF, vlan)
        ethertype = np.where(is_tagged, read.u16(start + 2), ethertype)
        start = np.where(is_tagged, start + 4, start)
    return ethertype, start, vlan


def _others(ethertype: Integers, which: Mask, number: Integers) -> Others:
    found: Others = {}
    for value in np.unique(ethertype[which]).tolist():
        if value in (_IPV4, _IPV6):
            word = "packet with too little of its IP header"
        elif value < -1:
            word = f"packet of link type {-2 - value}"
        elif value < 0:
            word = "packet that is not IP"
        elif value < 1536:
            word = "LLC frame"
        else:
            word = f"{ETHERTYPES.get(value, f'ethertype 0x{value:04x}')} frame"
        found.setdefault(word, []).append(number[which & (ethertype == value)])
    return found


def _network(read: _Bytes, start: Integers, is_v6: Mask) -> tuple[Integers, Integers, Integers]:
    """Protocol, where its header begins, and the place of a fragment in its packet; -1 where it is not cut up.

    A first fragment is 0.
    """
    word = read.u16(start + 6)
    proto = np.where(is_v6, read.u8(start + 6), read.u8(start + 9))
    inner = np.where(is_v6, start + 40, start + (read.u8(start) & 15) * 4)
    is_cut = ~is_v6 & (word & 0x3FFF != 0)
    fragment = np.where(is_cut, word & 0x1FFF, -1)
    for _ in range(_MOST_HEADERS):
        plain = is_v6 & np.isin(proto, _SKIPPED_HEADERS) & (fragment <= 0)
        ah, cut = is_v6 & (proto == 51) & (fragment <= 0), is_v6 & (proto == 44)
        if not (plain | ah | cut).any():
            break
        following, length = read.u8(inner), read.u8(inner + 1)
        fragment = np.where(cut, read.u16(inner + 2) >> 3, fragment)
        step = np.select([plain, ah, cut], [(length + 1) * 8, (length + 2) * 4, 8], 0)
        proto = np.where(plain | ah | cut, following, proto)
        inner = inner + step
    return proto, inner, fragment


def _transport(
    read: _Bytes, proto: Integers, inner: Integers, fragment: Integers, ends: tuple[Integers, Integers]
) -> dict[str, Integers]:
    """Ports, ICMP type and code, TCP flags, and how long the payload is; packets end in the file and on the wire."""
    end, packet_end = ends
    is_first = fragment <= 0
    has_ports = np.isin(proto, WITH_PORTS) & is_first & (inner + 4 <= end)
    is_icmp = np.isin(proto, (ICMP, ICMP6)) & is_first & (inner + 2 <= end)
    is_tcp = (proto == TCP) & is_first & (inner + 14 <= end)
    header = np.select([is_tcp, (proto == UDP) & is_first], [(read.u8(inner + 12) >> 4) * 4, 8], 0)
    return {
        "src_port": np.where(has_ports, read.u16(inner), -1),
        "dst_port": np.where(has_ports, read.u16(inner + 2), -1),
        "icmp_type": np.where(is_icmp, read.u8(inner), -1),
        "icmp_code": np.where(is_icmp, read.u8(inner + 1), -1),
        "flags": np.where(is_tcp, read.u8(inner + 13) & 0x3F, 0),
        "payload": np.maximum(0, packet_end - inner - header),
        "payload_at": inner + header,
    }
