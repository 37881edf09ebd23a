"""Flows that a meter gave, as canonical columns: who is source, Zeek's words for state and history, Community ID."""

from __future__ import annotations

import base64
import hashlib
import socket
import struct
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flowsleuth.readers.flow_meter import COLUMNS, Flows, Integers
from flowsleuth.readers.packet_headers import TCP, UDP, WITH_PORTS
from flowsleuth.readers.times import UTC_US
from flowsleuth.schema.protocols import KEYWORDS

_FLAGS = "FSRPAU"
_LETTERS = "SHDAFR"
"""Letters of one packet in the order in which Zeek adds them."""
_NEVER = 2**62

Mask = npt.NDArray[np.bool_]


def flow_columns(flows: Flows) -> dict[str, Any]:
    """Canonical columns of metered flows."""
    at = {name: flows.values[:, place] for place, name in enumerate(COLUMNS)}
    is_turned = at["is_answer"] == 1
    is_a = (at["is_from_a"] == 1) ^ is_turned
    keys = flows.keys
    proto = np.array([key[7] >> 1 for key in keys], dtype=np.int64)
    sides = _sides(at, is_a)
    ends = [(_address(key[0], key[1], key[7] & 1), _address(key[3], key[4], key[7] & 1)) for key in keys]
    src = [one if first else other for (one, other), first in zip(ends, is_a, strict=True)]
    dst = [other if first else one for (one, other), first in zip(ends, is_a, strict=True)]
    ports = np.array([(key[2], key[5]) for key in keys], dtype=np.int64).reshape(-1, 2) - 1
    src_port, dst_port = np.where(is_a, ports[:, 0], ports[:, 1]), np.where(is_a, ports[:, 1], ports[:, 0])
    state = conn_state(proto, sides)
    return {
        "start": pa.array(at["start"]).cast(UTC_US),
        "end": pa.array(at["end"]).cast(UTC_US),
        "duration_s": pa.array((at["end"] - at["start"]) / 1e6),
        "src_ip": pa.array(src, pa.string()),
        "dst_ip": pa.array(dst, pa.string()),
        "src_port": _known(src_port),
        "dst_port": _known(dst_port),
        "proto": pa.array([KEYWORDS.get(number, str(number)) for number in proto.tolist()], pa.string()),
        "src_bytes": pa.array(sides["src_bytes"]),
        "dst_bytes": pa.array(sides["dst_bytes"]),
        "src_packets": pa.array(sides["src_packets"]),
        "dst_packets": pa.array(sides["dst_packets"]),
        "tcp_flags": _flag_words(sides, proto),
        "conn_state": pa.array(state.tolist(), pa.string()),
        "history": pa.array(_histories(sides, is_turned), pa.string()),
        "icmp_type": _known(at["icmp_type"]),
        "icmp_code": _known(at["icmp_code"]),
        "vlan": _known(at["vlan"]),
        "tos": pa.array(at["tos"]),
        "community_id": pa.array(list(map(_community_id, keys)), pa.string()),
    }


def _known(values: Integers) -> pa.Array:
    return pa.array(values, mask=values < 0)


def _address(high: int, low: int, is_ipv6: int) -> str:
    if is_ipv6:
        return socket.inet_ntop(socket.AF_INET6, struct.pack(">QQ", high, low))
    return socket.inet_ntop(socket.AF_INET, struct.pack(">I", low))


def _sides(at: dict[str, Integers], is_a: Mask) -> dict[str, Integers]:
    """What is known of both sides, by source and destination."""
    found = {}
    for name in ("packets", "bytes", "flags", *_LETTERS):
        a, b = at[f"a_{name}"], at[f"b_{name}"]
        found[f"src_{name}"], found[f"dst_{name}"] = np.where(is_a, a, b), np.where(is_a, b, a)
    return found


def conn_state(proto: Integers, sides: dict[str, Integers]) -> npt.NDArray[np.object_]:
    """Zeek's state of each flow (``base/protocols/conn/main.zeek``, ``conn_state``).

    Two FINs before a reset are a normal end. Both sides resetting without a byte of data is a refusal.
    """
    has = {name: value < _NEVER for name, value in sides.items() if name[-1] in _LETTERS}
    sends, answers = sides["src_packets"] > 0, sides["dst_packets"] > 0
    reset = np.minimum(sides["src_R"], sides["dst_R"])
    is_over = has["src_F"] & has["dst_F"] & (np.maximum(sides["src_F"], sides["dst_F"]) <= reset)
    src_reset, dst_reset = has["src_R"] & ~is_over, has["dst_R"] & ~is_over
    no_data = ~has["src_D"] & ~has["dst_D"]
    quiet_src = ~(has["src_S"] | has["src_H"])
    quiet_dst = ~(has["dst_H"] | has["dst_S"])
    tcp = np.select(
        [
            dst_reset & has["src_S"] & quiet_dst,
            dst_reset & src_reset & no_data,
            dst_reset & quiet_src,
            dst_reset,
            src_reset & quiet_dst,
            src_reset,
            has["src_F"] & has["dst_F"],
            has["src_F"] & quiet_dst,
            has["src_F"],
            has["dst_F"] & quiet_src,
            has["dst_F"],
            has["src_S"] & ~answers,
            has["src_S"] & has["dst_H"],
        ],
        ["REJ", "REJ", "RSTRH", "RSTR", "RSTOS0", "RSTO", "SF", "SH", "S2", "SHR", "S3", "S0", "S1"],
        "OTH",
    )
    udp = np.select([sends & answers, sends, answers], ["SF", "S0", "SHR"], "OTH")
    return np.select([proto == TCP, proto == UDP], [tcp, udp], "OTH").astype(object)


def _flag_words(sides: dict[str, Integers], proto: Integers) -> pa.Array:
    """Flags of both sides as letters, source first: ``SA/SA``; null where it is not TCP."""
    words = ["".join(letter for bit, letter in enumerate(_FLAGS) if value >> bit & 1) for value in range(64)]
    made = [
        f"{words[one]}/{words[other]}"
        for one, other in zip(sides["src_flags"].tolist(), sides["dst_flags"].tolist(), strict=True)
    ]
    return pa.array(made, pa.string(), mask=proto != TCP)


def _histories(sides: dict[str, Integers], is_turned: Mask) -> list[str | None]:
    """Letters in the order of the packets that first had them; capitals are of the source, ``^`` says it was turned."""
    names = [*(f"src_{letter}" for letter in _LETTERS), *(f"dst_{letter}" for letter in _LETTERS)]
    codes = np.frombuffer((_LETTERS + _LETTERS.lower()).encode(), dtype=np.uint8)
    first = np.stack([sides[name] for name in names], axis=1)
    order = np.argsort(first, axis=1, kind="stable")
    letters = np.where(np.take_along_axis(first, order, axis=1) < _NEVER, codes[order], 0).astype(np.uint8)
    texts = np.ascontiguousarray(letters).view(f"S{len(names)}").ravel().tolist() if len(letters) else []
    return [
        ("^" if turned else "") + text.decode() or None for text, turned in zip(texts, is_turned.tolist(), strict=True)
    ]


def _community_id(key: tuple[int, ...]) -> str | None:
    """Community ID version 1, seed 0, of flows with ports.

    Format: https://github.com/corelight/community-id-spec
    """
    proto, is_ipv6 = key[7] >> 1, key[7] & 1
    if proto not in WITH_PORTS or not (key[2] and key[5]):
        return None
    form = ">QQ" if is_ipv6 else ">I"
    one, other = (struct.pack(form, *((key[at], key[at + 1]) if is_ipv6 else (key[at + 1],))) for at in (0, 3))
    packed = b"\x00\x00" + one + other + struct.pack(">BBHH", proto, 0, key[2] - 1, key[5] - 1)
    return "1:" + base64.b64encode(hashlib.sha1(packed, usedforsecurity=False).digest()).decode()
