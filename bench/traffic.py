"""Synthetic flows of one day at one site, chunk after chunk: the same seed and size give the same flows everywhere.

20,000 hosts of our own and 200,000 outside, both spoken to as often as Zipf's law says; each host has servers that it
prefers. 5 % of the flows are IPv6, 3 % are scans from outside. Sizes and durations are log-normal per service, the day
has a rhythm, and rows come in the order of the flows' ends, as Zeek writes them. Every record is one that a reader
must accept; nothing in it is suspicious on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

CHUNK_ROWS = 250_000
DAY_START_S = 1_741_651_200
"""2025-03-11 00:00 UTC."""
HOSTS, SERVERS, FAVOURITES = 20_000, 200_000, 30
IPV6_SHARE, SCAN_SHARE = 0.05, 0.03
_US = 1_000_000
_DAY_US = 86_400 * _US
_BASE62 = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", dtype=np.uint8)
_UID_LETTERS = 17


@dataclass(frozen=True)
class Service:
    """One kind of traffic: share of the flows, and the natural logarithm of the median of its sizes and duration."""

    label: str
    proto: str
    port: int
    share: float
    up: float
    down: float
    duration: float
    is_inside: bool = False


SERVICES = (
    Service("dns", "udp", 53, 0.33, 3.7, 4.8, -3.5, True),
    Service("ssl", "tcp", 443, 0.30, 7.4, 8.7, 0.7),
    Service("quic", "udp", 443, 0.06, 7.8, 9.2, 2.0),
    Service("http", "tcp", 80, 0.08, 6.2, 7.6, -0.7),
    Service("ntp", "udp", 123, 0.04, 3.9, 3.9, -3.0),
    Service("smb", "tcp", 445, 0.03, 8.2, 8.0, 2.2, True),
    Service("krb_tcp", "tcp", 88, 0.02, 7.2, 7.3, -4.0, True),
    Service("ldap_tcp", "tcp", 389, 0.02, 6.5, 7.5, 1.0, True),
    Service("dhcp", "udp", 67, 0.01, 5.7, 5.7, -2.0, True),
    Service("ssh", "tcp", 22, 0.01, 8.5, 8.7, 3.5, True),
    Service("rdp", "tcp", 3389, 0.005, 9.5, 11.0, 5.0, True),
    Service("smtp", "tcp", 25, 0.01, 8.0, 6.3, 0.5, True),
    Service("ssl", "tcp", 8443, 0.01, 7.0, 8.0, 1.0),
    Service("", "tcp", 5222, 0.01, 6.5, 6.5, 4.0),
    Service("", "udp", 0, 0.03, 6.0, 6.0, 0.5),
    Service("", "tcp", 0, 0.02, 6.5, 7.0, 1.0),
    Service("", "icmp", 8, 0.015, 4.0, 4.0, -2.0, True),
)
"""Port 0 means any above 1023; for ICMP the port is its type."""

_TCP_STATES = ("SF", "S0", "REJ", "RSTO", "RSTR", "S1", "SH", "OTH")
_TCP_SHARES = (0.78, 0.06, 0.04, 0.05, 0.03, 0.02, 0.01, 0.01)
_HISTORIES = {
    "SF": ("ShADadFf", "ShADadfF", "ShADadtFf", "ShAdDaFf", "ShADadttFf", "ShADTadtFf"),
    "S0": ("S", "S", "S", "SR"),
    "REJ": ("Sr", "Sr", "ShR"),
    "RSTO": ("ShADadR", "ShADadFR", "ShADdaR"),
    "RSTR": ("ShADadr", "ShADadfr"),
    "S1": ("ShADad", "ShADadt"),
    "SH": ("SF", "SAF"),
    "OTH": ("DadA", "Cd", "^dA"),
}
_STATES = (*_TCP_STATES, "UDP_SF", "UDP_S0", "ICMP")
_UDP_SF, _UDP_S0, _ICMP = 8, 9, 10
_STATE_TEXT = (*_TCP_STATES, "SF", "S0", "OTH")
_MORE_HISTORIES = {"UDP_SF": ("Dd", "Dd", "DdA"), "UDP_S0": ("D",), "ICMP": ("-",)}
_NO_ANSWER = ("S0", "SH", "UDP_S0")


@dataclass
class Flows:
    """Some consecutive flows, all columns of one length.

    Attributes
    ----------
    start_us, duration_us : array of int
        Microseconds; since 1970, and of the flow.
    src, dst : array of int
        Places in :attr:`Site.addresses`.
    state : array of int
        Place in ``_STATES``.
    is_short : array of bool
        A single packet: Zeek knows neither duration nor bytes.
    """

    start_us: Ints
    duration_us: Ints
    src: Ints
    src_port: Ints
    dst: Ints
    dst_port: Ints
    service: Ints
    is_scan: npt.NDArray[np.bool_]
    state: Ints
    history: Ints
    src_bytes: Ints
    dst_bytes: Ints
    src_packets: Ints
    dst_packets: Ints
    src_ip_bytes: Ints
    dst_ip_bytes: Ints
    missed_bytes: Ints
    is_short: npt.NDArray[np.bool_]
    uid: pa.Array

    def __len__(self) -> int:
        return len(self.start_us)

    @property
    def proto(self) -> pa.Array:
        """Transport as text."""
        return pa.array([s.proto for s in SERVICES] + ["tcp"]).take(pa.array(self._kind))

    @property
    def service_text(self) -> pa.Array:
        """What the sensor recognised; null where it saw no data."""
        names = [s.label if s.label and s.proto != "icmp" else None for s in SERVICES] + [None]
        kind = np.where((self.src_bytes == 0) | self.is_short, len(SERVICES), self._kind)
        return pa.array(names, type=pa.string()).take(pa.array(kind))

    @property
    def _kind(self) -> Ints:
        return np.where(self.is_scan, len(SERVICES), self.service)

    @property
    def state_text(self) -> pa.Array:
        """``conn_state``."""
        return pa.array(_STATE_TEXT).take(pa.array(self.state))

    @property
    def history_text(self) -> pa.Array:
        """``history``; ``-`` for ICMP."""
        return pa.array(_HISTORY_POOL).take(pa.array(self.history))


def _histories() -> tuple[list[str], Ints, Ints]:
    """All histories in a row; where those of each state begin, and how many there are."""
    pool: list[str] = []
    first, count = [], []
    for state in _STATES:
        texts = (_HISTORIES | _MORE_HISTORIES)[state]
        first.append(len(pool))
        count.append(len(texts))
        pool += texts
    return pool, np.array(first), np.array(count)


_HISTORY_POOL, _HISTORY_FIRST, _HISTORY_COUNT = _histories()


class Site:
    """Hosts, servers and their habits.

    Parameters
    ----------
    seed : int
    ipv6_share : float
        Share of the flows that are IPv6.
    hosts, servers : int
        How many are ours, and how many are outside.
    """

    def __init__(
        self, seed: int, ipv6_share: float = IPV6_SHARE, *, hosts: int = HOSTS, servers: int = SERVERS
    ) -> None:
        self._seed, self._ipv6_share = seed, ipv6_share
        self.hosts, self.servers = hosts, servers
        rng = np.random.default_rng([seed, 0])
        self._host_ip = (10 << 24) + rng.choice(1 << 22, hosts, replace=False).astype(np.int64) + 256
        first = rng.choice([23, 31, 34, 52, 81, 93, 104, 142, 151, 185, 199, 203], servers).astype(np.int64)
        self._server_ip = (first << 24) + np.arange(servers, dtype=np.int64) * 37 + 1
        self._host_cdf = _zipf(hosts, 0.9)
        self._server_cdf = _zipf(servers, 1.05)
        self._favourite_cdf = _zipf(FAVOURITES, 1.2)
        self._favourites = np.searchsorted(self._server_cdf, rng.random((hosts, FAVOURITES)))
        self._inside_servers = rng.integers(0, hosts, 200)
        shares = np.array([s.share for s in SERVICES])
        self._service_shares = shares / shares.sum()
        hours = 0.35 + np.exp(-(((np.arange(25) - 13.5) / 4.5) ** 2))
        steps = np.concatenate([[0.0], np.cumsum((hours[1:] + hours[:-1]) / 2)])
        self._hour_cdf = steps / steps[-1]

    @cached_property
    def ipv4(self) -> Ints:
        """IPv4 addresses as integers: hosts, then servers."""
        return np.concatenate([self._host_ip, self._server_ip])

    @cached_property
    def addresses(self) -> pa.Array:
        """Address texts: hosts and servers in IPv4, then the same in IPv6 (as RFC 5952 writes it)."""
        values = self.ipv4.tolist()
        four = [f"{v >> 24}.{v >> 16 & 255}.{v >> 8 & 255}.{v & 255}" for v in values]
        six = [f"fd4e:6c:{v >> 12 & 0xFFF | 0x1000:x}::{(v & 0xFFF) + 1:x}" for v in values[: self.hosts]]
        six += [f"2a02:{v >> 24:x}:{v >> 8 & 0x7FFF | 0x8000:x}::{(v & 0xFF) + 1:x}" for v in values[self.hosts :]]
        return pa.array(four + six)

    def chunks(self, rows: int, day: int = 0) -> Iterator[Flows]:
        """The flows of a day that has so many; `day` counts from the first, each with other flows of the same site."""
        for number, low in enumerate(range(0, rows, CHUNK_ROWS), 1):
            rng = np.random.default_rng([self._seed, number, day] if day else [self._seed, number])
            flows = self._chunk(rng, low, min(CHUNK_ROWS, rows - low), rows)
            flows.start_us += day * _DAY_US
            yield flows

    def _chunk(self, rng: np.random.Generator, low: int, size: int, rows: int) -> Flows:
        service = rng.choice(len(SERVICES), size, p=self._service_shares)
        is_scan = rng.random(size) < SCAN_SHARE
        is_tcp = _per_service([s.proto == "tcp" for s in SERVICES], service) | is_scan
        src, dst = self._ends(rng, service, is_scan)
        src_port, dst_port = _ports(rng, service, is_scan)
        state = _states(rng, service, is_tcp, is_scan)
        history = _HISTORY_FIRST[state] + rng.integers(0, 1 << 30, size) % _HISTORY_COUNT[state]
        up = np.exp(_per_service([s.up for s in SERVICES], service) + rng.normal(0, 1.1, size)).astype(np.int64)
        down = np.exp(_per_service([s.down for s in SERVICES], service) + rng.normal(0, 1.5, size)).astype(np.int64)
        answered = ~np.isin(state, [_STATES.index(name) for name in _NO_ANSWER])
        refused = state == _STATES.index("REJ")
        is_quiet = (is_tcp & ~answered) | refused
        up = np.where(is_quiet, 0, up)
        down = np.where(answered & ~refused, down, 0)
        src_packets = np.where(is_quiet, rng.integers(1, 4, size), 1 + up // 900 + is_tcp * 4)
        dst_packets = np.where(answered, 1 + down // 1300 + (is_tcp & ~refused) * 3, 0)
        is_short = (src_packets + dst_packets) == 1
        is_v6 = rng.random(size) < self._ipv6_share
        head = np.where(is_tcp, 40, 28) + 20 * is_v6
        duration = np.exp(_per_service([s.duration for s in SERVICES], service) + rng.normal(0, 1.3, size))
        duration_us = np.where(refused, 2_000 * duration, _US * np.minimum(duration, 20_000)).astype(np.int64) + 1
        moment = (low + np.arange(size) + rng.random(size)) / rows
        end_us = (np.interp(moment, self._hour_cdf, np.arange(25) / 24) * (_DAY_US - 1)).astype(np.int64)
        duration_us = np.where(is_short, 0, np.minimum(duration_us, end_us))
        shift = np.where(is_v6, self.hosts + self.servers, 0)
        missed = np.where((rng.random(size) < 0.004) & (down > 0), down // 3, 0)
        return Flows(
            start_us=DAY_START_S * _US + end_us - duration_us, duration_us=duration_us,
            src=src + shift, src_port=src_port, dst=dst + shift, dst_port=dst_port,
            service=service, is_scan=is_scan, state=state, history=history,
            src_bytes=up, dst_bytes=down, src_packets=src_packets, dst_packets=dst_packets,
            src_ip_bytes=up + head * src_packets, dst_ip_bytes=down + head * dst_packets,
            missed_bytes=missed, is_short=is_short, uid=_uids(rng, size),
        )  # fmt: skip

    def _ends(self, rng: np.random.Generator, service: Ints, is_scan: npt.NDArray[np.bool_]) -> tuple[Ints, Ints]:
        """Who speaks to whom, as places in ``addresses``."""
        size = len(service)
        host = np.searchsorted(self._host_cdf, rng.random(size))
        favourite = self._favourites[host, np.searchsorted(self._favourite_cdf, rng.random(size))]
        anyone = np.searchsorted(self._server_cdf, rng.random(size))
        outside = self.hosts + np.where(rng.random(size) < 0.7, favourite, anyone)
        mine = (host + service * 7) % 3 + service * 3
        is_inside = _per_service([s.is_inside for s in SERVICES], service)
        other = np.where(is_inside, self._inside_servers[mine], outside)
        other = np.where(other == host, (host + 1) % self.hosts, other)
        scanner = self.hosts + rng.integers(0, 400, size)
        return np.where(is_scan, scanner, host), np.where(is_scan, rng.integers(0, self.hosts, size), other)


def _zipf(size: int, exponent: float) -> Floats:
    """Cumulative shares of ranks 1 to ``size``; the last is a little above 1, so that a search stays inside."""
    weights = np.arange(1, size + 1) ** -exponent
    cdf = np.cumsum(weights) / weights.sum()
    cdf[-1] = 1.1
    return cdf


def _per_service(values: list[float] | list[bool], service: Ints) -> npt.NDArray:
    return np.array(values)[service]


def _ports(rng: np.random.Generator, service: Ints, is_scan: npt.NDArray[np.bool_]) -> tuple[Ints, Ints]:
    size = len(service)
    port = _per_service([s.port for s in SERVICES], service)
    is_icmp = _per_service([s.proto == "icmp" for s in SERVICES], service) & ~is_scan
    high = 1024 + np.minimum(rng.exponential(4_000, size), 64_000).astype(np.int64)
    dst_port = np.where((port == 0) | is_scan, high, port)
    dst_port = np.where(is_scan & (rng.random(size) < 0.8), rng.choice([22, 23, 445, 3389, 5060, 8080], size), dst_port)
    src_port = rng.integers(32_768, 61_000, size)
    return np.where(is_icmp, 8, src_port), np.where(is_icmp, 0, dst_port)


def _states(
    rng: np.random.Generator, service: Ints, is_tcp: npt.NDArray[np.bool_], is_scan: npt.NDArray[np.bool_]
) -> Ints:
    size = len(service)
    tcp = rng.choice(len(_TCP_STATES), size, p=_TCP_SHARES)
    tcp = np.where(is_scan, np.where(rng.random(size) < 0.7, _STATES.index("S0"), _STATES.index("REJ")), tcp)
    udp = np.where(rng.random(size) < 0.9, _UDP_SF, _UDP_S0)
    is_icmp = _per_service([s.proto == "icmp" for s in SERVICES], service)
    return np.where(is_tcp, tcp, np.where(is_icmp, _ICMP, udp))


def _uids(rng: np.random.Generator, size: int) -> pa.Array:
    """``C`` and 17 random letters and digits, as Zeek's ids are."""
    text = np.empty((size, _UID_LETTERS + 1), dtype=np.uint8)
    text[:, 0] = ord("C")
    text[:, 1:] = _BASE62[rng.integers(0, 62, (size, _UID_LETTERS), dtype=np.uint8)]
    offsets = np.arange(0, text.size + 1, _UID_LETTERS + 1, dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), size, [None, pa.py_buffer(offsets), pa.py_buffer(text)])
