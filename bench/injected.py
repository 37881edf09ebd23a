"""Attacks injected into made-up office traffic: a sanity check that needs no data and no label by hand.

Sixty hosts look up names, read the web, fetch mail and share files; five run file sharing on ports of their own. One
host then does one bad thing. The rules of `suspicious` were looked at on this traffic too (it showed that a lone mail
server looked rare, and that one failure counted twice), so it is a check, not a proof.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa

from flowsleuth.testing.detectors import make_flows
from labelled import Capture

DAY = dt.datetime(2025, 3, 11, tzinfo=dt.UTC)
HOSTS, SHARERS, FLOWS_PER_HOST = 60, 5, 250
VICTIM = "10.1.0.33"
SERVICES = (
    (53, "udp", 0.3, "10.1.9.53"), (443, "tcp", 0.45, None), (80, "tcp", 0.08, None), (445, "tcp", 0.1, "10.1.9.45"),
    (993, "tcp", 0.05, "192.0.2.99"), (123, "udp", 0.02, "10.1.9.53"),
)  # fmt: skip
"""Port, protocol, share of the flows, and the server where there is one."""

Row = dict[str, Any]


def _flow(src: str, dst: str, port: int, hour: float, chance: np.random.Generator, **more: Any) -> Row:
    is_inside = dst.startswith("10.") and src.startswith("10.")
    usual = {
        "src_ip": src, "dst_ip": dst, "src_port": int(chance.integers(32_768, 61_000)), "dst_port": port,
        "start": DAY + dt.timedelta(hours=hour), "conn_state": "SF", "proto": "tcp",
        "direction": "internal" if is_inside else "outbound",
        "src_bytes": int(np.exp(chance.normal(7, 1.2))), "dst_bytes": int(np.exp(chance.normal(8.5, 1.6))),
        "src_packets": 8, "dst_packets": 9, "duration_s": float(chance.exponential(3)),
    }  # fmt: skip
    return {**usual, **more}


def office(chance: np.random.Generator) -> list[Row]:
    """A day of good traffic; one attempt in fifty fails."""
    rows = []
    shares = np.array([s[2] for s in SERVICES])
    failed = {"conn_state": "S0", "dst_bytes": 0, "dst_packets": 0, "src_bytes": 60, "src_packets": 1}
    for host in range(HOSTS):
        src = f"10.1.0.{host + 1}"
        for kind in chance.choice(len(SERVICES), FLOWS_PER_HOST, p=shares / shares.sum()):
            port, proto, _, server = SERVICES[kind]
            dst = server or f"198.51.{int(100 * chance.random() ** 3)}.{chance.integers(1, 250)}"
            more = failed if chance.random() < 0.02 else {}
            rows.append(_flow(src, dst, port, chance.uniform(7, 19), chance, proto=proto, **more))
        if host < SHARERS:
            for _ in range(200):
                peer = f"{chance.integers(11, 190)}.{chance.integers(256)}.{chance.integers(256)}.7"
                port = int(chance.integers(1025, 65_000))
                more = failed if chance.random() < 0.3 else {}
                rows.append(
                    _flow(src, peer, port, chance.uniform(7, 19), chance, proto="udp", src_port=6881 + host, **more)
                )
    return rows


def attacks(chance: np.random.Generator) -> dict[str, list[Row]]:
    """Each a list of flows of one host, or of one attacker on it."""
    none = {"conn_state": "S0", "dst_bytes": 0, "dst_packets": 0, "src_bytes": 60, "src_packets": 1, "duration_s": 0.0}
    inbound = {**none, "direction": "inbound"}
    return {
        "beacon to 4444/tcp, 100 times": [
            _flow(VICTIM, "203.0.113.9", 4444, 7 + i / 10, chance, src_bytes=412, dst_bytes=230) for i in range(100)
        ],
        "one flow to 6667/tcp": [_flow(VICTIM, "203.0.113.10", 6667, 11.3, chance)],
        "beacon that gets no answer": [
            _flow(VICTIM, "203.0.113.9", 1177, 7 + i / 10, chance, **none) for i in range(100)
        ],
        "sweep of 445/tcp inside": [_flow(VICTIM, f"10.1.3.{i}", 445, 10.2, chance, **none) for i in range(1, 200)],
        "spam attempts": [_flow(VICTIM, f"203.0.{i // 200}.{i % 200}", 25, 13.1, chance, **none) for i in range(400)],
        "remote desktop to 15 colleagues": [_flow(VICTIM, f"10.1.0.{40 + i}", 3389, 12.4, chance) for i in range(15)],
        "800 MB out over 443/tcp": [_flow(VICTIM, "198.51.0.77", 443, 15.5, chance, src_bytes=800_000_000)],
        "port scan from outside": [_flow("203.0.113.66", VICTIM, 1 + i, 4.4, chance, **inbound) for i in range(300)],
        "ICMP tunnel": [
            _flow(VICTIM, "203.0.113.12", 0, 9 + i / 30, chance, proto="icmp", src_port=None, dst_port=None,
                  icmp_type=13, icmp_code=0, conn_state=None) for i in range(60)
        ],
    }  # fmt: skip


def load_injected(seed: int = 11) -> list[Capture]:
    """One capture for each attack, all on the same good day."""
    chance = np.random.default_rng(seed)
    good = office(chance)
    captures = []
    for name, bad in attacks(chance).items():
        flows: pa.Table = make_flows([*good, *bad])
        is_bad = np.arange(len(flows)) >= len(good)
        captures.append(Capture(name, flows, is_bad, None if "outside" in name else VICTIM, "injected"))
    return captures
