"""Where the days of hosts stand among those of hosts about as busy."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from flowsleuth.detect.unlike_peers import UnlikePeersFinder, UnlikePeersOptions
from flowsleuth.errors import OptionError
from flowsleuth.testing.detectors import make_flows
from flowsleuth.testing.findings import check_finder, run_finder


def flow(src: str, dst: str, *, failed: bool = False, **other: Any) -> dict[str, Any]:
    state = {"conn_state": "S0", "dst_bytes": 0} if failed else {"conn_state": "SF", "dst_bytes": 4000}
    return {"src_ip": src, "dst_ip": dst, "dst_port": 443, "proto": "tcp", "direction": "outbound", "src_bytes": 900,
            "duration_s": 2.0, **state, **other}  # fmt: skip


def clients(n: int, flows: int) -> list[dict[str, Any]]:
    """Hosts that began about as many flows, each to a few servers; now and then one fails."""
    chance = np.random.default_rng(1)
    return [
        flow(f"10.0.1.{host}", f"203.0.113.{chance.integers(1, 9)}", failed=bool(chance.random() < 0.05))
        for host in range(1, n + 1)
        for _ in range(flows + int(chance.integers(0, flows // 4 + 1)))
    ]


def odd_one() -> list[dict[str, Any]]:
    """As many flows as the others; all fail, at nobody else's port."""
    return [flow("10.0.1.200", f"203.0.113.{n % 8 + 1}", failed=True, dst_port=8081) for n in range(21)]


def by_host(found: pa.Table) -> dict[str, dict[str, Any]]:
    return {row["host"]: row for row in found.to_pylist()}


def test_a_host_whose_day_is_like_no_others_comes_first() -> None:
    flows = make_flows([*clients(60, 20), *odd_one()])
    found = by_host(run_finder(UnlikePeersFinder(), flows))
    assert len(found) == 61  # every host has its place
    row = found["10.0.1.200"]
    assert row["p_value"] == pytest.approx(1 / 61) == min(one["p_value"] for one in found.values())
    assert (row["src_ip"], row["dst_ip"], row["technique"], row["flows"]) == ("10.0.1.200", None, None, 21)
    assert row["reason"] == (
        "1.6 % of hosts about as busy had a day as unusual: 0 bytes received (1 of 61 hosts), "
        "100 % of its flows failed (1 of 61 hosts)"
    )
    assert '"failed": 21, "failed_share": 1.0' in row["evidence"]
    evidence = json.loads(row["evidence"])
    assert (evidence["failed"], evidence["failed_share"], evidence["peers"], evidence["hosts"]) == (21, 1.0, 8, 61)


def test_it_keeps_the_contract_of_finders() -> None:
    flows = make_flows([*clients(60, 20), *odd_one()])
    found = check_finder(lambda: UnlikePeersFinder(UnlikePeersOptions(most_p=0.05)), flows)
    assert "10.0.1.200" in found["host"].to_pylist()
    assert len(found) <= 6


def test_busy_hosts_are_no_more_unusual_than_quiet_ones() -> None:
    chance = np.random.default_rng(2)
    rows = []
    for host in range(150):
        busy = host % 3 == 0
        for _ in range(int(chance.integers(150, 250) if busy else chance.integers(4, 9))):
            peer, port = f"203.0.113.{chance.integers(1, 200 if busy else 20)}", int(chance.choice([443, 80, 22, 25]))
            rows.append(flow(f"10.0.{host}.1", peer, failed=bool(chance.random() < 0.1), dst_port=port))
    found = by_host(run_finder(UnlikePeersFinder(), make_flows(rows)))
    of_busy = [found[f"10.0.{host}.1"]["p_value"] for host in range(0, 150, 3)]
    of_quiet = [found[f"10.0.{host}.1"]["p_value"] for host in range(150) if host % 3]
    assert np.mean(of_busy) == pytest.approx(0.5, abs=0.13)  # three standard errors
    assert np.mean(of_quiet) == pytest.approx(0.5, abs=0.09)


def test_a_quiet_host_that_scans_is_not_compared_with_the_busiest() -> None:
    servers = [f"10.0.9.{host}" for host in range(1, 25)]
    begun = [flow(src, f"192.0.2.{n % 120}", failed=n % 2 == 0) for src in servers for n in range(600)]
    scan = [
        flow("10.0.1.7", f"198.51.100.{n % 120}", failed=n % 2 == 0) for n in range(600)
    ]  # in no number unlike them
    found = by_host(run_finder(UnlikePeersFinder(), make_flows([*clients(60, 20), *begun, *scan])))
    assert found["10.0.1.7"]["p_value"] < 0.05
    assert min(found[src]["p_value"] for src in servers) > 0.3


def test_only_hosts_of_ours_that_began_flows_have_a_place() -> None:
    inbound = [flow("198.51.100.7", f"10.0.1.{n}", direction="inbound") for n in range(1, 30)]
    found = by_host(run_finder(UnlikePeersFinder(), make_flows([*clients(5, 8), *inbound])))
    assert sorted(found) == [f"10.0.1.{n}" for n in range(1, 6)]


def test_a_host_has_a_place_by_the_address_it_is_known_by_only() -> None:
    odd = ("0.0.0.0", "::", "255.255.255.255", "ff02::16", "fe80::7", "169.254.4.65", "127.0.0.1")
    besides = [flow(src, "ff02::16", direction="internal", failed=n % 2 == 0) for src in odd for n in range(30)]
    few = clients(9, 8)
    found = by_host(run_finder(UnlikePeersFinder(), make_flows([*few, *besides])))
    assert found == by_host(run_finder(UnlikePeersFinder(), make_flows(few)))  # as if they were not there
    assert len(run_finder(UnlikePeersFinder(), make_flows(besides))) == 0


def test_hosts_that_are_all_alike_and_a_host_alone_say_nothing() -> None:
    alike = make_flows([flow(f"10.0.1.{host}", "203.0.113.5") for host in range(1, 9) for _ in range(10)])
    for row in run_finder(UnlikePeersFinder(), alike).to_pylist():
        assert row["p_value"] > 0.5
        assert row["reason"].endswith("of hosts about as busy had a day as unusual")
    (alone,) = run_finder(UnlikePeersFinder(), make_flows([flow("10.0.1.1", "203.0.113.5")])).to_pylist()
    assert alone["p_value"] == 1.0


def test_in_a_large_network_the_most_unusual_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    flows = make_flows([*clients(60, 20), *odd_one()])
    everybody = by_host(run_finder(UnlikePeersFinder(), flows))
    monkeypatch.setattr("flowsleuth.detect.unlike_peers.MOST_TOLD", 8)
    few = by_host(run_finder(UnlikePeersFinder(), flows))
    assert len(few) == 8
    assert all(few[host] == everybody[host] for host in few)
    assert max(row["p_value"] for row in few.values()) < min(everybody[h]["p_value"] for h in set(everybody) - set(few))
    alike = make_flows([flow(f"10.0.1.{host}", "203.0.113.5") for host in range(1, 12)])
    assert len(run_finder(UnlikePeersFinder(), alike)) == 0  # none of them more unusual than another


def test_sizes_and_durations_that_nobody_tells_count_as_none() -> None:
    rows = [row | {"src_bytes": None, "dst_bytes": None, "duration_s": None} for row in clients(9, 8)]
    found = run_finder(UnlikePeersFinder(), make_flows(rows))
    assert len(found) == 9
    assert found["src_bytes"].null_count == 9


def test_the_option_has_bounds() -> None:
    with pytest.raises(OptionError, match="most_p"):
        UnlikePeersOptions(most_p=0.0)
