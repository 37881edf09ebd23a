"""Hosts that offer what neither they nor their like ever did."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa

from flowsleuth.detect.role_change import RoleChangeFinder
from flowsleuth.testing.detectors import make_flows
from flowsleuth.testing.findings import check_finder, run_finder

DAY = dt.date(2024, 5, 1)
DATES = [DAY - dt.timedelta(days=n) for n in (1, 2, 3)]


def use(client: str, server: str, port: int, day: dt.date = DAY, minute: int = 0, **other: Any) -> dict[str, Any]:
    start = dt.datetime.combine(day, dt.time(9), dt.UTC) + dt.timedelta(minutes=minute)
    return {"src_ip": client, "dst_ip": server, "dst_port": port, "proto": "tcp", "direction": "internal",
            "start": start, "src_bytes": 50, "dst_bytes": 70, "conn_state": "SF", **other}  # fmt: skip


def office(day: dt.date = DAY) -> list[dict[str, Any]]:
    """Thirty clients of a web server; each answers an agent's server on 8530."""
    names = [f"10.0.0.{n}" for n in range(1, 31)]
    return [*(use(name, "10.0.9.1", 443, day) for name in names), *(use("10.0.9.2", name, 8530, day) for name in names)]


def history() -> dict[dt.date, pa.Table]:
    return {date: make_flows(office(date)) for date in DATES}


def test_a_client_that_offers_a_service_is_found() -> None:
    new = [use(f"10.0.0.{n}", "10.0.0.7", 4444, minute=10 * n) for n in (20, 21)]
    (row,) = check_finder(RoleChangeFinder, make_flows([*office(), *new]), earlier=history()).to_pylist()
    assert (row["host"], row["src_ip"], row["dst_ip"]) == ("10.0.0.7", None, "10.0.0.7")
    assert (row["service_port"], row["proto"], row["technique"], row["flows"]) == (4444, "tcp", "T1571", 2)
    assert row["reason"].startswith(
        "this client offers 4444/tcp, which it did not in 3 earlier days; no other host met"
    )


def test_a_proxy_and_remote_work_from_outside_have_techniques_of_their_own() -> None:
    proxy = make_flows([*office(), use("10.0.0.20", "10.0.0.7", 1080)])
    remote = make_flows([*office(), use("203.0.113.9", "10.0.0.8", 3389, direction="inbound")])
    for flows, host, technique in ((proxy, "10.0.0.7", "T1090"), (remote, "10.0.0.8", "T1133")):
        found = run_finder(RoleChangeFinder(), flows, earlier=history()).to_pylist()
        assert [(row["host"], row["technique"]) for row in found] == [(host, technique)]


def test_what_was_offered_before_failed_or_is_a_new_hosts_is_not_told() -> None:
    rows = [
        *office(),
        use("10.0.0.20", "10.0.0.7", 4444, conn_state="S0", dst_bytes=0),
        use("10.0.0.1", "10.0.0.99", 4444),
    ]
    assert len(run_finder(RoleChangeFinder(), make_flows(rows), earlier=history())) == 0
    again = {date: make_flows([*office(date), use("10.0.0.20", "10.0.0.7", 4444, date)]) for date in DATES}
    today = make_flows([*office(), use("10.0.0.20", "10.0.0.7", 4444)])
    assert len(run_finder(RoleChangeFinder(), today, earlier=again)) == 0


def test_without_enough_earlier_days_nothing_is_told() -> None:
    today = make_flows([*office(), use("10.0.0.20", "10.0.0.7", 4444)])
    assert len(run_finder(RoleChangeFinder(), today, earlier=dict(list(history().items())[:2]))) == 0


def test_hosts_that_open_another_port_each_day_are_not_told_more_often_than_by_chance() -> None:
    chance = np.random.default_rng(3)

    def day(date: dt.date) -> pa.Table:
        rows = office(date)
        for host in range(1, 31):
            ports = chance.integers(2000, 40000, size=chance.integers(0, 4))
            rows += [use("10.0.0.30", f"10.0.0.{host}", int(port), date) for port in ports]
        return make_flows(rows)

    earlier = {date: day(date) for date in DATES}
    assert len(run_finder(RoleChangeFinder(), day(DAY), earlier=earlier)) <= 3
