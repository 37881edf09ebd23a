"""Denied connections: more than others, more than before, and what everybody is denied."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pytest

from flowsleuth.detect.denied_bursts import DeniedBurstFinder
from flowsleuth.testing.detectors import make_flows
from flowsleuth.testing.findings import check_finder, run_finder

MIDNIGHT = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)


def denied(src: str, dst: str, port: int, at_s: float, **other: Any) -> dict[str, Any]:
    return {
        "src_ip": src, "dst_ip": dst, "src_port": 50_000, "dst_port": port, "proto": "tcp", "action": "denied",
        "start": MIDNIGHT + dt.timedelta(seconds=at_s), "direction": "internal", "src_bytes": 60, "dst_bytes": 0,
    } | other  # fmt: skip


def office(hosts: int = 40) -> list[dict[str, Any]]:
    """Each host is denied twice at a printer of its own."""
    return [
        denied(f"10.0.0.{host}", f"10.0.3.{host}", 9100, 3_000 * n + host) for host in range(1, hosts + 1)
        for n in range(2)
    ]  # fmt: skip


def test_one_service_of_many_addresses() -> None:
    rows = [denied("10.0.0.9", f"10.0.7.{n}", 445, 2_500 * n) for n in range(30)]
    (row,) = check_finder(DeniedBurstFinder, make_flows([*office(), *rows])).to_pylist()
    assert (row["host"], row["src_ip"], row["dst_ip"], row["technique"]) == ("10.0.0.9", "10.0.0.9", None, "T1046")
    assert row["flows"] == 32
    assert row["p_value"] < 0.01
    assert row["reason"].startswith("denied or refused 445/tcp of 30 addresses; others 1.2 (geometric mean)")


def test_the_chance_of_a_lone_source_by_hand() -> None:
    """Thirty addresses by one service: a scale of e / 4, and three tests."""
    rows = [denied("10.0.0.9", f"10.0.7.{n}", 445, 2_500 * n) for n in range(30)]
    (row,) = run_finder(DeniedBurstFinder(), make_flows(rows)).to_pylist()
    scale = np.e / 4
    assert row["p_value"] == pytest.approx(3 * scale * (scale + 1) / ((scale + 29) * (scale + 30)))
    assert (row["service_port"], row["src_bytes"], row["dst_bytes"]) == (445, 30 * 60, 0)


def test_many_services_and_a_dense_hour() -> None:
    services = [denied("10.0.0.8", "10.0.7.1", 1_000 + n, 2_000 * n) for n in range(40)]
    burst = [denied("10.0.0.9", "203.0.113.9", 6667, 36_000 + n, direction="outbound") for n in range(300)]
    rows = run_finder(DeniedBurstFinder(), make_flows([*office(), *services, *burst])).to_pylist()
    told = {row["src_ip"]: row for row in rows}
    assert set(told) == {"10.0.0.8", "10.0.0.9"}
    assert told["10.0.0.8"]["reason"].startswith("denied or refused 41 services")
    assert told["10.0.0.9"]["reason"].startswith("denied or refused 300 times in the hour from 10:00 UTC")
    assert told["10.0.0.9"]["technique"] is None
    assert json.loads(told["10.0.0.9"]["evidence"])["densest_hour"] == 300


def test_what_every_host_is_denied_is_no_burst() -> None:
    quic = [
        denied(f"10.0.0.{host}", f"203.0.113.{n}", 443, 60 * n + host, proto="udp", direction="outbound")
        for host in range(1, 31) for n in range(60)
    ]  # fmt: skip
    assert len(run_finder(DeniedBurstFinder(), make_flows([*office(), *quic]))) == 0


def test_what_a_host_is_denied_each_day_is_no_burst() -> None:
    rows = [denied("10.0.0.9", f"10.0.7.{n}", 445, 2_500 * n) for n in range(30)]
    before = [row | {"start": row["start"] - dt.timedelta(days=1)} for row in rows[:25]]
    earlier = {MIDNIGHT.date() - dt.timedelta(days=1): make_flows(before)}
    assert len(run_finder(DeniedBurstFinder(), make_flows(rows))) == 1
    assert len(run_finder(DeniedBurstFinder(), make_flows(rows), earlier=earlier)) == 0


def test_allowed_and_unanswered_are_not_denied_but_refused_is_where_nobody_decides() -> None:
    def rows(**other: Any) -> list[dict[str, Any]]:
        return [denied("10.0.0.9", f"10.0.7.{n}", 445, n, **other) for n in range(30)]

    assert len(run_finder(DeniedBurstFinder(), make_flows(rows(action="allowed", conn_state="REJ")))) == 0
    assert len(run_finder(DeniedBurstFinder(), make_flows(rows(action=None, conn_state="S0")))) == 0
    assert len(run_finder(DeniedBurstFinder(), make_flows(rows(action=None, conn_state="REJ")))) == 1


def test_pings_have_no_port() -> None:
    rows = [denied("10.0.0.9", f"10.0.7.{n}", 0, n, proto="icmp", dst_port=None, src_port=None) for n in range(30)]
    (row,) = run_finder(DeniedBurstFinder(), make_flows([*office(), *rows])).to_pylist()
    assert row["reason"].startswith("denied or refused icmp of 30 addresses")


def test_the_null_holds_among_sources_that_differ_wildly() -> None:
    chance = np.random.default_rng(7)
    told = tested = 0
    for _ in range(6):
        counts = np.minimum(chance.geometric(1.0 - chance.beta(4.0, 2.0, size=60)), 200)
        rows = [
            denied(f"10.0.0.{host}", f"10.0.7.{n}", 445, 400 * n) for host, c in enumerate(counts) for n in range(c)
        ]
        told += len(run_finder(DeniedBurstFinder(), make_flows(rows)))
        tested += counts.size
    assert told / tested <= 0.05


def test_a_protocol_that_is_not_told_and_one_that_nobody_knows() -> None:
    rows = [denied("10.0.0.9", f"10.0.7.{n}", 7, n, proto=None) for n in range(30)]
    rows += [denied("10.0.0.8", f"10.0.7.{n}", 7, n, proto="nonesuch") for n in range(30)]
    found = run_finder(DeniedBurstFinder(), make_flows([*office(), *rows])).to_pylist()
    assert [row["src_ip"] for row in found] == ["10.0.0.8", "10.0.0.9"]
    assert [row["flows"] for row in found] == [32, 32]
    assert "denied or refused 7/unknown protocol of 30 addresses" in found[0]["reason"]
