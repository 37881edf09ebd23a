"""Protocols on ports that they do not belong on, and nothing recognised where something should have been."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pytest

from flowsleuth.detect.clues.carried import UNKNOWN, carried_by_source
from flowsleuth.detect.days.flow_codes import SPAN
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.days.service_ports import NAMES, PORTS
from flowsleuth.detect.wrong_port import WrongPortFinder
from flowsleuth.testing.detectors import MemoryDay, make_flows
from flowsleuth.testing.findings import check_finder, run_finder

MIDNIGHT = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)


def spoke(src: str, dst: str, service: str | None, port: int, **other: Any) -> dict[str, Any]:
    return {
        "src_ip": src, "dst_ip": dst, "src_port": 50_000, "dst_port": port, "proto": "tcp", "service": service,
        "start": MIDNIGHT + dt.timedelta(seconds=port), "direction": "outbound", "conn_state": "SF",
        "src_bytes": 900, "dst_bytes": 4_000, "src_packets": 9, "dst_packets": 11,
    } | other  # fmt: skip


def office(hosts: int = 60) -> list[dict[str, Any]]:
    """Everybody uses the web, twenty use shells."""
    return [
        spoke(f"10.0.0.{host}", f"198.51.100.{host % 9}", service, port) for host in range(1, hosts + 1)
        for service, port in (("ssl", 443), ("http", 80), ("ssh", 22)) if port != 22 or host <= 20
    ]  # fmt: skip


def test_a_shell_on_the_port_of_the_web_is_found() -> None:
    tunnel = [spoke("10.0.0.7", "203.0.113.5", "ssh", 443) for _ in range(3)]
    (row,) = check_finder(WrongPortFinder, make_flows([*office(), *tunnel])).to_pylist()
    assert (row["src_ip"], row["dst_ip"], row["service_port"], row["flows"]) == ("10.0.0.7", "203.0.113.5", 443, 3)
    assert row["p_value"] == pytest.approx(1 / (20 + 20))
    assert row["technique"] == "T1571"
    assert row["reason"] == "ssh on 443/tcp, where it does not belong: as 1 of 20 sources that speak it"


def test_bytes_that_nobody_told_are_not_told() -> None:
    tunnel = [spoke("10.0.0.7", "203.0.113.5", "ssh", 443, dst_bytes=None) for _ in range(3)]
    (row,) = run_finder(WrongPortFinder(), make_flows([*office(), *tunnel])).to_pylist()
    assert (row["src_bytes"], row["dst_bytes"]) == (2_700, None)


def test_earlier_days_vote_and_one_odd_source_a_day_is_usual() -> None:
    rows = [*office(), spoke("10.0.0.7", "203.0.113.5", "ssl", 4545)]
    (row,) = run_finder(WrongPortFinder(), make_flows(rows)).to_pylist()
    assert row["p_value"] == pytest.approx(1 / 80)
    yesterday = MIDNIGHT.date() - dt.timedelta(days=1)
    before = [row | {"start": row["start"] - dt.timedelta(days=1)} for row in office()]
    before += [
        spoke(f"10.0.0.{host}", "203.0.113.5", "ssl", 4545, start=MIDNIGHT - dt.timedelta(hours=host))
        for host in range(10, 14)
    ]
    assert len(run_finder(WrongPortFinder(), make_flows(rows), earlier={yesterday: make_flows(before)})) == 0


def test_a_product_of_the_house_on_its_own_port_is_not_odd() -> None:
    rows = [spoke(f"10.0.0.{host}", "10.0.9.9", "ssl", 14_430) for host in range(1, 31)]
    assert len(run_finder(WrongPortFinder(), make_flows([*office(), *rows]))) == 0


def test_usual_ports_and_answers_and_what_was_not_answered_are_not_odd() -> None:
    fine = [
        spoke("10.0.0.7", "203.0.113.5", "ssl,smtp", 587), spoke("10.0.0.7", "203.0.113.5", "ssl", 8443),
        spoke("10.0.0.7", "203.0.113.5", "http", 8080), spoke("10.0.0.7", "203.0.113.5", "skype-probe", 40_001),
        spoke("10.0.0.7", "203.0.113.5", "dns", 40_000, src_port=53, proto="udp"),
        spoke("10.0.0.7", "203.0.113.5", "ssh", 443, conn_state="S0", dst_packets=0, dst_bytes=0),
    ]  # fmt: skip
    assert len(run_finder(WrongPortFinder(), make_flows([*office(), *fine]))) == 0


def test_something_unrecognised_on_the_port_of_the_web() -> None:
    raw = [spoke("10.0.0.7", "203.0.113.5", None, 443) for _ in range(4)]
    (row,) = check_finder(WrongPortFinder, make_flows([*office(), *raw])).to_pylist()
    assert (row["technique"], row["dst_ip"], row["flows"]) == ("T1095", "203.0.113.5", 4)
    assert row["p_value"] == pytest.approx(1 / 80)
    assert row["reason"].startswith("nothing on 443/tcp was recognised as tls, or as anything: so it is with 1 of 60")
    assert json.loads(row["evidence"])["sources_on_the_port"] == 60


def test_one_conversation_that_was_not_recognised_among_others_is_not_odd() -> None:
    rows = [spoke("10.0.0.7", "203.0.113.5", None, 443), spoke("10.0.0.7", "203.0.113.5", "ssl", 443)]
    assert len(run_finder(WrongPortFinder(), make_flows([*office(), *rows]))) == 0


def test_a_sensor_that_recognises_nothing_tells_nothing() -> None:
    rows = [row | {"service": None} for row in office()]
    assert len(run_finder(WrongPortFinder(), make_flows(rows))) == 0
    few = [row for row in office() if row["src_ip"] in {"10.0.0.1", "10.0.0.2"}]
    assert len(run_finder(WrongPortFinder(), make_flows([*few, spoke("10.0.0.7", "203.0.113.5", None, 443)]))) == 0


def test_the_chance_is_no_smaller_than_told_where_ports_are_drawn_alike() -> None:
    """Every source takes a port from the same few dozen: at most one in twenty is told."""
    chance = np.random.default_rng(9)
    told = 0
    for _ in range(5):
        ports = chance.choice(np.arange(30_000, 30_040), size=100, p=np.r_[0.5, np.full(39, 0.5 / 39)])
        rows = [spoke(f"10.0.0.{n}", "203.0.113.5", "ssl", int(port)) for n, port in enumerate(ports)]
        told += len(run_finder(WrongPortFinder(), make_flows(rows)))
    assert told / 500 <= 0.05


def test_every_name_means_a_protocol_with_ports() -> None:
    assert set(NAMES.values()) == set(PORTS)


def test_what_sources_carried_is_the_same_of_the_day_and_of_an_earlier_one() -> None:
    """Of the day it is added up from what pairs carried, of an earlier one it is counted from the flows."""
    rows = [
        *office(12), spoke("10.0.0.7", "203.0.113.5", "SSH", 443), spoke("10.0.0.7", "203.0.113.6", "ssh", 443),
        spoke("10.0.0.8", "203.0.113.5", None, 443), spoke("10.0.0.9", "203.0.113.5", "Unknown", 443),
        spoke("10.0.0.9", "203.0.113.5", "failed", 8443), spoke("203.0.113.5", "10.0.0.9", "dns", 9, src_port=53),
    ]  # fmt: skip
    flows = make_flows(rows)
    later = make_flows([row | {"start": row["start"] + dt.timedelta(days=1)} for row in rows])
    with MemoryDay(flows) as memory:
        today = carried_by_source(NetworkDay(memory), MIDNIGHT.date())
    with MemoryDay(later, earlier={MIDNIGHT.date(): flows}) as memory:
        earlier = carried_by_source(NetworkDay(memory), MIDNIGHT.date())
    for name, values in vars(today).items():
        assert values.tolist() == vars(earlier)[name].tolist(), name
    shells = (today.protocol == list(PORTS).index("ssh")) & (today.service % SPAN == 443)
    assert today.flows[shells].tolist() == [2]
    assert (today.protocol == UNKNOWN).sum() == 2
