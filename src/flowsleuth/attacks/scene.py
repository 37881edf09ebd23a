"""Where an attack is played, and the flows that it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Texts = NDArray[np.object_]

ANSWERED, REFUSED, SILENT = 0, 1, 2
"""How an attempt ended: data both ways; reset at once; no answer at all."""
HEAD_BYTES = {"tcp": 40, "udp": 28}
"""IPv4 header and transport header without options (RFC 791, 9293, 768)."""
SYN_BYTES = 60
"""An IPv4 SYN with the usual 20 bytes of options."""
SEGMENT_BYTES = 1_400
"""Payload of a full packet on a path with tunnels."""


@dataclass(frozen=True)
class Scene:
    """What an attack finds: its victim, whom it may talk to, and how long.

    Attributes
    ----------
    victim : str
        The internal address that is taken over.
    span_s : float
        Seconds from the beginning of the scene to its end; attacks begin and end within.
    office : sequence of (float, float)
        Office hours within the span, in seconds from its beginning.
    neighbours : sequence of str
        Other internal addresses, in random order.
    unused : sequence of str
        Internal addresses that nobody has.
    outside : sequence of str
        Outside addresses that are nowhere in the data.
    names : sequence of str
        Server names that are nowhere in the data.
    resolver : str
        Whom the victim asks for names.
    """

    victim: str
    span_s: float
    office: Sequence[tuple[float, float]] = ()
    neighbours: Sequence[str] = ()
    unused: Sequence[str] = ()
    outside: Sequence[str] = ()
    names: Sequence[str] = ()
    resolver: str = ""


@dataclass(frozen=True)
class AttackFlows:
    """Flows of an attack, all arrays of shape (n,), in order of time.

    Attributes
    ----------
    start_s, duration_s : array of float64
        Seconds; the start from the beginning of the scene.
    src, dst : array of str
    dst_port : array of int64
    proto : array of str
        ``tcp`` or ``udp``.
    src_bytes, dst_bytes, src_packets, dst_packets : array of int64
        With IP headers.
    outcome : array of int64
        :data:`ANSWERED`, :data:`REFUSED` or :data:`SILENT`.
    server_name, query, qtype : array of str or None
        Name of the server in TLS; name and type asked for in DNS.
    """

    start_s: Floats
    duration_s: Floats
    src: Texts
    dst: Texts
    dst_port: Ints
    proto: Texts
    src_bytes: Ints
    dst_bytes: Ints
    src_packets: Ints
    dst_packets: Ints
    outcome: Ints
    server_name: Texts
    query: Texts = field(repr=False)
    qtype: Texts = field(repr=False)

    def __len__(self) -> int:
        return int(self.start_s.size)

    def take(self, places: NDArray[np.int64] | NDArray[np.bool_]) -> AttackFlows:
        """Some of the flows."""
        return AttackFlows(**{one.name: getattr(self, one.name)[places] for one in fields(self)})


def together(*flows: AttackFlows) -> AttackFlows:
    """Flows of several kinds as one attack, in order of time."""
    joined = {one.name: np.concatenate([getattr(part, one.name) for part in flows]) for one in fields(AttackFlows)}
    order = np.argsort(joined["start_s"], kind="stable")
    return AttackFlows(**{name: values[order] for name, values in joined.items()})


@dataclass(frozen=True)
class To:
    """Whom connections go to: each one for all of them, or a sequence with one for each.

    Attributes
    ----------
    dst, port
        Address and port of the service.
    proto : str
    src
        The scene's victim where none is given.
    server_name : str or None
    query, qtype : sequence of str or None
    """

    dst: Sequence[str] | str
    port: Ints | int
    proto: str = "tcp"
    src: Sequence[str] | str | None = None
    server_name: str | None = None
    query: Sequence[str] | None = None
    qtype: str | None = None


def answered(scene: Scene, at: Floats, to: To, *, sent: Ints, received: Ints, duration_s: Floats) -> AttackFlows:
    """Connections that carry data both ways.

    Parameters
    ----------
    scene : Scene
    at : array of float64, shape (n,)
        Starts; those outside the scene are left out.
    to : To
    sent, received : array of int64, shape (n,)
        Payload, from which packets and headers are worked out.
    duration_s : array of float64, shape (n,)
        Cut at the end of the scene.
    """
    is_tcp = to.proto == "tcp"
    segments, answers = -(-sent // SEGMENT_BYTES), -(-received // SEGMENT_BYTES)
    # TCP shakes hands, parts, and acknowledges every second full packet (RFC 1122, 4.2.3.2); UDP does none of it.
    src_packets = np.maximum(segments, 1) + (4 + answers // 2 if is_tcp else 0)
    dst_packets = np.maximum(answers, 1) + (3 + segments // 2 if is_tcp else 0)
    head = HEAD_BYTES[to.proto]
    lasts = np.minimum(duration_s, np.maximum(scene.span_s - at, 0.0))
    return _made(
        scene,
        at,
        to,
        duration_s=lasts,
        outcome=np.array(ANSWERED),
        src_bytes=sent + head * src_packets,
        dst_bytes=received + head * dst_packets,
        src_packets=src_packets,
        dst_packets=dst_packets,
    )


def attempts(scene: Scene, at: Floats, to: To, is_refused: NDArray[np.bool_]) -> AttackFlows:
    """TCP connections that come to nothing: reset at once, or three SYN in three seconds without an answer.

    Parameters
    ----------
    scene : Scene
    at : array of float64, shape (n,)
    to : To
    is_refused : array of bool, shape (n,)
        Reset rather than silent.
    """
    tries = np.where(is_refused, 1, 3)
    return _made(
        scene,
        at,
        to,
        duration_s=np.where(is_refused, 0.001, 3.0),
        outcome=np.where(is_refused, REFUSED, SILENT),
        src_bytes=SYN_BYTES * tries,
        dst_bytes=np.where(is_refused, HEAD_BYTES["tcp"], 0),
        src_packets=tries,
        dst_packets=np.where(is_refused, 1, 0),
    )


def _made(scene: Scene, at: Floats, to: To, *, duration_s: Floats, **counters: NDArray[Any]) -> AttackFlows:
    size = at.size
    counters["dst_port"] = np.asarray(to.port)
    made = AttackFlows(
        start_s=np.asarray(at, np.float64),
        duration_s=np.asarray(duration_s, np.float64),
        src=_texts(scene.victim if to.src is None else to.src, size),
        dst=_texts(to.dst, size),
        proto=_texts(to.proto, size),
        server_name=_texts(to.server_name, size),
        query=_texts(to.query, size),
        qtype=_texts(to.qtype, size),
        **{name: np.broadcast_to(values.astype(np.int64), size).copy() for name, values in counters.items()},
    )
    return made.take(np.flatnonzero((made.start_s >= 0) & (made.start_s < scene.span_s)))


def whole(values: Floats) -> Ints:
    """Cut to whole numbers, as counters are."""
    return np.asarray(values, np.float64).astype(np.int64)


def _texts(given: Sequence[str] | str | None, size: int) -> Texts:
    found = np.empty(size, dtype=object)
    found[:] = given if given is None or isinstance(given, str) else list(given)
    return found
