"""Which packets of a capture are NetFlow or IPFIX datagrams, on whatever port: version and lengths tell."""

from __future__ import annotations

import socket
import struct

import numpy as np

from flowsleuth.readers.capture_files import Frames
from flowsleuth.readers.flow_exports.messages import (
    IPFIX,
    NAMES,
    V5,
    V9,
    Datagram,
    version_of,
)
from flowsleuth.readers.packet_headers import UDP, Packets

METERED = "datagram"
WHY_METERED = {
    f"{name} {METERED}": "metered as a packet; its flow records are read with --reader netflow"
    for name in NAMES.values()
}
_UDP_HEADER = 8


def find_exports(frames: Frames, packets: Packets, before: int) -> list[tuple[Datagram, int]]:
    """Datagrams of flow records and their versions, in the order of their packets.

    ``packets`` were parsed from ``frames``, with ``before`` packets of the file before them.
    """
    view = np.frombuffer(frames.data, dtype=np.uint8)
    is_first = (packets.proto == UDP) & (packets.fragment <= 0) & (packets.payload_at + 20 <= len(view))
    places = np.flatnonzero(is_first)
    at = packets.payload_at[places]
    version = view[at].astype(np.int64) << 8 | view[at + 1]
    found: list[tuple[Datagram, int]] = []
    for row in places[np.isin(version, (V5, V9, IPFIX))].tolist():
        number, begin = int(packets.number[row]), int(packets.payload_at[row])
        frame = number - before - 1
        length = struct.unpack_from(">H", frames.data, begin - 4)[0] - _UDP_HEADER
        end = min(int(frames.offset[frame] + frames.captured[frame]), begin + min(length, int(packets.payload[row])))
        data = frames.data[begin:end]
        known = version_of(data, length)
        if known is not None:
            ports = int(packets.src_port[row]), int(packets.dst_port[row])
            found.append((Datagram(number, _sender(packets, row), ports, data, length), known))
    return found


def _sender(packets: Packets, row: int) -> str:
    high, low = int(packets.src_high[row]), int(packets.src_low[row])
    if packets.is_ipv6[row]:
        return socket.inet_ntop(socket.AF_INET6, struct.pack(">QQ", high, low))
    return socket.inet_ntop(socket.AF_INET, struct.pack(">I", low))
