"""How busy the addresses of a day were, and how much of it others did too, against loops."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.days.population import population
from flowsleuth.testing.detectors import MemoryDay, make_flows


def counted(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    with MemoryDay(make_flows(rows)) as memory:
        day = NetworkDay(memory)
        assert day.once(population) is day.once(population)
        return {row["ip"]: row for row in day.once(population).to_pylist()}


def flows_of(begun: dict[tuple[str, str], int]) -> list[dict[str, Any]]:
    """Flows between addresses, of which those in 10.0.0.0/8 are ours, on ports by turns."""
    rows = []
    for (src, dst), n in begun.items():
        direction = "inbound" if not src.startswith("10.") else "internal" if dst.startswith("10.") else "outbound"
        rows += [{"src_ip": src, "dst_ip": dst, "direction": direction, "dst_port": 80 + k % 3} for k in range(n)]
    return rows


@pytest.mark.parametrize("seed", range(4))
def test_counts_are_those_of_loops(seed: int) -> None:
    chance = np.random.default_rng(seed)
    sources = [f"10.0.0.{n}" for n in range(6)] + [f"198.51.100.{n}" for n in range(4)]
    targets = [f"10.0.1.{n}" for n in range(3)] + [f"203.0.113.{n}" for n in range(3)]
    begun = {
        (src, dst): int(chance.integers(1, 9))
        for src in sources
        for dst in targets
        if chance.random() < 0.5 and (src.startswith("10.") or dst.startswith("10."))
    }
    found = counted(flows_of(begun))

    def of_others(src: str, dst: str) -> int:
        """The most that another host of the same kind began with the same peer."""
        kind = src.startswith("10.")
        return max(
            (n for (a, b), n in begun.items() if b == dst and a != src and a.startswith("10.") == kind), default=0
        )

    flows: Counter[str] = Counter()
    shared: Counter[str] = Counter()
    for (src, dst), n in begun.items():
        flows[src] += n
        shared[src] += min(n, of_others(src, dst))
    for ip, row in found.items():
        mine = [dst for src, dst in begun if src == ip]
        assert (row["flows"], row["peers"]) == (flows[ip], len(mine))
        assert row["shared_flows"] == shared[ip]
        assert row["shared_peers"] == sum(of_others(ip, dst) > 0 for dst in mine)
        assert row["callers"] == sum(dst == ip for _, dst in begun)
    assert set(found) == {ip for ends in begun for ip in ends}
    assert any(shared[ip] < flows[ip] for ip in shared)
    assert any(shared.values())


def test_what_nobody_else_does_makes_nobody_busier() -> None:
    usual = {(f"10.0.0.{host}", f"203.0.113.{peer}"): 4 for host in range(5) for peer in range(3)}
    scan = {("10.0.0.1", f"192.0.2.{n}"): 9 for n in range(200)}
    too_much = {("10.0.0.2", "203.0.113.1"): 5000}
    found = counted(flows_of(usual | scan | too_much))
    for ip in ("10.0.0.0", "10.0.0.1", "10.0.0.2"):
        assert (found[ip]["shared_flows"], found[ip]["shared_peers"]) == (12, 3)
    assert (found["10.0.0.1"]["flows"], found["10.0.0.1"]["peers"]) == (1812, 203)
    assert found["10.0.0.2"]["flows"] == 5008
