"""Scans: horizontal, vertical, distributed, and what only looks like them."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pytest

from flowsleuth.detect.scans import ScanFinder
from flowsleuth.testing.detectors import make_flows
from flowsleuth.testing.findings import check_finder, run_finder

MIDNIGHT = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)


def contact(src: str, dst: str, port: int, at_s: float, *, ok: bool, **other: Any) -> dict[str, Any]:
    inside = [end.startswith("10.") for end in (src, dst)]
    direction = {(True, True): "internal", (True, False): "outbound", (False, True): "inbound"}[tuple(inside)]
    return {
        "src_ip": src, "dst_ip": dst, "src_port": 40_000 + int(at_s) % 20_000, "dst_port": port, "proto": "tcp",
        "start": MIDNIGHT + dt.timedelta(seconds=at_s), "direction": direction,
        "conn_state": "SF" if ok else "S0", "src_packets": 6 if ok else 2, "dst_packets": 5 if ok else 0,
    } | other  # fmt: skip


def office(seed: int = 1, hosts: int = 40, failing: float = 0.05) -> list[dict[str, Any]]:
    """Workstations that turn to twenty servers each on three ports, of which some fail."""
    chance = np.random.default_rng(seed)
    return [
        contact(f"10.0.0.{host}", f"198.51.100.{server}", port, chance.uniform(0, 86_000), ok=chance.random() > failing)
        for host in range(1, hosts + 1)
        for port in (80, 443, 993)
        for server in chance.choice(250, size=20, replace=False)
    ]


def sweep(src: str, port: int, n: int, step_s: float = 2800.0, **other: Any) -> list[dict[str, Any]]:
    return [contact(src, f"10.0.7.{i + 1}", port, 60 + i * step_s, ok=False, **other) for i in range(n)]


def test_a_slow_scan_of_thirty_addresses_over_a_day_is_found() -> None:
    (row,) = check_finder(ScanFinder, make_flows([*office(), *sweep("10.0.0.9", 445, 30)])).to_pylist()
    assert (row["host"], row["src_ip"], row["dst_ip"]) == ("10.0.0.9", "10.0.0.9", None)
    assert (row["proto"], row["service_port"], row["technique"], row["flows"]) == ("tcp", 445, "T1046", 30)
    assert row["p_value"] < 1e-3
    assert row["reason"].startswith("tried 30 addresses by 445/tcp within 22.6 h, 30 in vain; usual there are failures")
    told = json.loads(row["evidence"])
    assert (told["services"], told["first_contacts"], told["in_vain"], told["guessed_outcomes"]) == (1, 30, 30, 0)


def test_the_walk_of_a_lone_source_by_hand() -> None:
    """Nobody to compare with: a fifth fails. Eight failures: Beta(4, 1) to Beta(0.8, 3.2), one after the other."""
    (row,) = run_finder(ScanFinder(), make_flows(sweep("10.0.0.9", 445, 8))).to_pylist()
    ratio = np.prod([(4 + i) / (5 + i) / ((0.8 + i) / (4 + i)) for i in range(8)])
    assert row["p_value"] == pytest.approx(1 / ratio)


def test_every_host_a_little_unlucky_is_no_scanner() -> None:
    told = sum(len(run_finder(ScanFinder(), make_flows(office(seed, failing=0.3)))) for seed in range(10))
    assert told / (10 * 40) <= 0.05


def test_a_dead_server_range_that_everybody_asks_is_no_scan() -> None:
    dead = [r for host in range(1, 31) for r in (
        contact(f"10.0.0.{host}", f"10.0.8.{n}", 8443, 100 * host + n, ok=False) for n in range(1, 7)
    )]  # fmt: skip
    assert len(run_finder(ScanFinder(), make_flows([*office(), *dead]))) == 0


def test_sharing_files_is_no_scan() -> None:
    """Half of the peers have gone: 400 addresses, each on a port of its own, and some dozen ports by several."""
    chance = np.random.default_rng(8)
    ports = np.concatenate([chance.integers(10_000, 60_000, size=340), np.repeat([6881, 51413, 16881], 20)])
    shared = [
        contact("10.0.0.3", f"203.0.113.{n % 250}" if n < 250 else f"192.0.2.{n % 250}", int(port), 200.0 * n,
                ok=chance.random() > 0.5, proto="udp")
        for n, port in enumerate(ports)
    ]  # fmt: skip
    assert len(run_finder(ScanFinder(), make_flows([*office(), *shared]))) == 0


def test_many_services_of_one_address_is_a_vertical_scan() -> None:
    probes = [contact("10.0.0.5", "10.0.9.9", 1000 + n, 30 * n, ok=False, conn_state="REJ") for n in range(40)]
    (row,) = check_finder(ScanFinder, make_flows([*office(), *probes])).to_pylist()
    assert (row["src_ip"], row["dst_ip"], row["service_port"]) == ("10.0.0.5", "10.0.9.9", None)
    assert (row["technique"], row["flows"]) == ("T1046", 40)
    assert row["p_value"] < 1e-4
    assert row["reason"].startswith("tried 40 services of one address in vain within 20 min; who fails")


def test_a_trace_of_the_route_is_no_vertical_scan() -> None:
    trace = [contact("10.0.0.5", "203.0.113.7", 33_434 + n, n, ok=False, proto="udp") for n in range(60)]
    assert len(run_finder(ScanFinder(), make_flows([*office(), *trace]))) == 0


def test_a_block_scan_is_one_sweep_and_an_address_each() -> None:
    block = [
        contact("10.0.0.50", f"10.0.9.{n}", port, 20 * n + port % 20, ok=False)
        for n in range(1, 31) for port in (21, 22, 23, 25, 80, 110, 135, 139, 445, 3389)
    ]  # fmt: skip
    found = run_finder(ScanFinder(), make_flows([*office(), *block])).to_pylist()
    sweeps = [row for row in found if row["dst_ip"] is None]
    assert len(found) == 31
    assert [row["src_ip"] for row in sweeps] == ["10.0.0.50"]
    assert sweeps[0]["flows"] == 300
    assert "made 300 first contacts by 21/tcp and 9 other services" in sweeps[0]["reason"]


def test_pings_that_nobody_answers() -> None:
    pings = [
        contact("10.0.0.5", f"10.0.9.{n}", 0, 5 * n, ok=False, proto="icmp", src_port=None, dst_port=None, icmp_type=8,
                icmp_code=0, conn_state="OTH")
        for n in range(60)
    ]  # fmt: skip
    (row,) = run_finder(ScanFinder(), make_flows([*office(), *pings])).to_pylist()
    assert row["technique"] == "T1018"
    assert "60 addresses by ping" in row["reason"]


def inbound(targets: int, sources: int, port: int = 23) -> list[dict[str, Any]]:
    """Every source from outside tries each service of one address of ours, in vain."""
    return [
        contact(f"203.0.113.{n % 250}", f"10.1.0.{n % targets}", port, 50 * n, ok=False) for n in range(sources)
    ]  # fmt: skip


def test_many_sources_that_each_try_one_of_ours_a_little() -> None:
    attack = [contact(f"192.0.2.{n}", "10.1.0.3", 22, 200 * n, ok=False) for n in range(60)]
    noise = [row for port in (22, 23, 80) for row in inbound(20, 100, port)]
    rows = check_finder(ScanFinder, make_flows([*noise, *attack])).to_pylist()
    (row,) = [row for row in rows if row["src_ip"] is None]
    assert (row["host"], row["dst_ip"], row["service_port"]) == ("10.1.0.3", "10.1.0.3", 22)
    assert row["technique"] == "T1595.001"
    assert row["reason"].startswith("65 sources from outside, each of which tried little else, tried 22/tcp in vain")


def test_swarms_that_ask_for_files_on_are_no_distributed_scan() -> None:
    """Fifteen of eighty addresses shared files, each at a port of its own, and are asked for them."""
    noise = inbound(80, 200)
    swarms = [
        contact(f"192.0.2.{n}", f"10.1.0.{host}", 6_000 + host, 100 * n, ok=False) for host in range(15)
        for n in range(20 + host)
    ]  # fmt: skip
    found = run_finder(ScanFinder(), make_flows([*noise, *swarms])).to_pylist()
    assert [row["dst_ip"] for row in found if row["src_ip"] is None and row["p_value"] < 0.01] == []
    assert len([row for row in found if row["src_ip"] is None]) <= 0.05 * (80 + 20)


def test_what_all_of_ours_get_from_outside_is_no_lead() -> None:
    noise = [row for port in (22, 23, 80, 443) for row in inbound(20, 240, port)]
    assert len(run_finder(ScanFinder(), make_flows(noise))) == 0


def test_from_outside_where_everybody_fails_how_many_tells() -> None:
    scan = [contact("192.0.2.77", f"10.1.0.{n}", 23, 100 * n, ok=False) for n in range(50)]
    rows = run_finder(ScanFinder(), make_flows([*inbound(100, 200), *scan])).to_pylist()
    (row,) = [row for row in rows if row["src_ip"] == "192.0.2.77"]
    assert (row["host"], row["technique"]) == ("192.0.2.77", "T1595.001")
    assert row["p_value"] < 1e-3
    assert "where nearly everybody fails, others try" in row["reason"]


ONE_WAY = {"conn_state": None, "dst_packets": None, "dst_bytes": None}


def one_way(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each contact as a record of its own, and a record of the way back where it was answered."""
    forth = [row | ONE_WAY for row in rows]
    back = [
        row | ONE_WAY | {
            "src_ip": row["dst_ip"], "dst_ip": row["src_ip"], "src_port": row["dst_port"],
            "dst_port": row["src_port"], "src_packets": row["dst_packets"],
        }
        for row in rows if row["conn_state"] == "SF"
    ]  # fmt: skip
    return forth + back


def test_records_of_one_way_show_a_scan_by_what_does_not_come_back() -> None:
    rows = one_way([*office(), *sweep("10.0.0.9", 445, 40)])
    (row,) = run_finder(ScanFinder(), make_flows(rows)).to_pylist()
    assert (row["src_ip"], row["service_port"]) == ("10.0.0.9", 445)
    assert "as far as records of one way tell" in row["reason"]


def test_where_the_way_back_is_never_recorded_nobody_is_a_scanner() -> None:
    rows = [row | ONE_WAY | {"src_packets": 1} for row in office()]
    assert len(run_finder(ScanFinder(), make_flows(rows))) == 0


def test_outcomes_nobody_knows_count_for_nothing() -> None:
    rows = [row | {"conn_state": "OTH", "dst_packets": 0} for row in sweep("10.0.0.9", 445, 40)]
    assert len(run_finder(ScanFinder(), make_flows([*office(), *rows]))) == 0


def test_a_scan_of_many_addresses_each_by_another_service_is_one_walk() -> None:
    ports = np.random.default_rng(4).choice(np.arange(1_000, 60_000), 24, replace=False).tolist()
    probes = [
        contact("10.0.0.5", f"203.0.113.{n}", port, 40_000 + n / 2, ok=False) for n, port in enumerate(ports, start=1)
    ]
    (row,) = check_finder(ScanFinder, make_flows([*office(), *probes])).to_pylist()
    assert (row["host"], row["dst_ip"], row["service_port"], row["flows"]) == ("10.0.0.5", None, None, 24)
    assert row["reason"].startswith(
        "made 24 first contacts by services that it hardly tried else within 11.5 s, 24 in vain; usual there are"
    )
    assert row["p_value"] < 0.005


def test_who_shares_files_with_peers_of_whom_half_are_gone_does_not_scatter() -> None:
    chance = np.random.default_rng(5)
    shares = [
        contact(f"10.0.0.{host}", f"203.0.{host}.{n}", int(chance.integers(10_000, 60_000)), 600 * n + host,
                ok=chance.random() < 0.5)
        for host in range(1, 5)
        for n in range(1, 60)
    ]  # fmt: skip
    assert len(run_finder(ScanFinder(), make_flows([*office(), *shares]))) == 0


def test_an_address_of_a_scattered_walk_counts_once() -> None:
    again = [contact("10.0.0.5", f"203.0.113.{n % 4 + 1}", 2_000 + n, 40_000 + n, ok=False) for n in range(16)]
    assert len(run_finder(ScanFinder(), make_flows([*office(), *again]))) == 0
