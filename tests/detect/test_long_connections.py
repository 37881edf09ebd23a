"""Long connections: what is told, what is usual, and that the chance is honest."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from flowsleuth.detect.kernels.spans import join_spans
from flowsleuth.detect.long_connections import LongConnectionFinder
from flowsleuth.testing.detectors import make_flows
from flowsleuth.testing.findings import check_finder, run_finder

MIDNIGHT = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
HOUR = 3600.0


def flow(source: str, peer: str, lasts: float, **other: Any) -> dict[str, Any]:
    start = MIDNIGHT + dt.timedelta(days=other.pop("day", 0), seconds=other.pop("at", 8 * HOUR))
    usual = {"dst_port": 443, "src_port": 50_000, "proto": "tcp", "direction": "outbound", "conn_state": "SF"}
    span = {"start": start, "end": start + dt.timedelta(seconds=lasts), "duration_s": lasts}
    return {"src_ip": source, "dst_ip": peer, "src_bytes": 900, "dst_bytes": 900, **usual, **span, **other}


def office(day: int = 0, hosts: int = 30) -> list[dict[str, Any]]:
    """Everybody browses, at places of others and of its own, and has one connection with a push service all day."""
    chance = np.random.default_rng([3, day + 50])
    rows = []
    for host in range(hosts):
        lasts = chance.lognormal(3.0, 1.0, 14).tolist()
        address = f"10.0.0.{host + 1}"
        rows += [flow(address, f"198.51.100.{site + 1}", lasts[site], day=day) for site in range(7)]
        rows += [flow(address, f"192.0.{host}.{site + 1}", lasts[7 + site], day=day) for site in range(7)]
        rows.append(flow(address, "203.0.113.50", (8.0 + host % 4) * HOUR, day=day, at=7 * HOUR, dst_port=5223))
    return rows


def find(rows: list[dict[str, Any]], earlier: dict[int, list[dict[str, Any]]] | None = None) -> list[dict[str, Any]]:
    days = {(MIDNIGHT + dt.timedelta(days=day)).date(): make_flows(then) for day, then in (earlier or {}).items()}
    found: list[dict[str, Any]] = run_finder(LongConnectionFinder(), make_flows(rows), earlier=days).to_pylist()
    return found


SHELL = flow("10.0.0.7", "203.0.113.9", 6 * HOUR)


def test_a_lone_long_connection_is_found_and_told_in_full() -> None:
    earlier = {(MIDNIGHT - dt.timedelta(days=n)).date(): make_flows(office(-n)) for n in (1, 2, 3)}
    (row,) = check_finder(LongConnectionFinder, make_flows([*office(), SHELL]), earlier=earlier).to_pylist()
    assert (row["host"], row["src_ip"], row["dst_ip"]) == ("10.0.0.7", "10.0.0.7", "203.0.113.9")
    assert (row["proto"], row["service_port"], row["flows"], row["technique"]) == ("tcp", 443, 1, "T1071")
    assert row["reason"] == (
        "connected for 6.0 h with 203.0.113.9 over 443/tcp in 1 connection; on 3 earlier days at most 63.6 s with one "
        "but its regular peers; 1 of 30 clients uses it"
    )
    assert row["p_value"] == pytest.approx(2 / 4 / 12)  # one of four days, 12 times what is worth a look; two tests


def test_of_a_connection_to_us_the_caller_is_told() -> None:
    """It was told of 10.0.9.80 that it was connected with 10.0.9.80."""
    visitors = [
        flow(f"198.51.100.{n}", "10.0.9.80", 40.0 + n, at=n * 900.0, direction="inbound", dst_port=8443)
        for n in range(1, 60)
    ]
    caller = flow("203.0.113.9", "10.0.9.80", 6 * HOUR, direction="inbound", dst_port=8443)
    (row,) = find([*visitors, caller])
    assert (row["host"], row["src_ip"], row["dst_ip"]) == ("10.0.9.80", "203.0.113.9", "10.0.9.80")
    assert row["reason"].startswith("connected for 6.0 h from 203.0.113.9 over 8443/tcp in 1 connection; ")


def test_what_everybody_keeps_open_is_usual() -> None:
    assert find(office()) == []


def test_what_is_open_every_day_is_usual_and_hides_nothing_else() -> None:
    pool = {day: [flow("10.0.0.5", "203.0.113.77", 11 * HOUR, dst_port=5432, day=day)] for day in range(-6, 1)}
    earlier = {day: [*office(day), *pool[day]] for day in range(-6, 0)}
    assert find([*office(), *pool[0]], earlier) == []
    assert [row["dst_ip"] for row in find([*office(), *pool[0]])] == ["203.0.113.77"]
    found = find([*office(), *pool[0], flow("10.0.0.5", "203.0.113.9", 6 * HOUR)], earlier)
    assert [row["dst_ip"] for row in found] == ["203.0.113.9"]


def test_a_name_of_many_addresses_is_one_peer_on_earlier_days_too() -> None:
    def parts(day: int) -> list[dict[str, Any]]:
        return [
            flow("10.0.0.7", f"203.0.113.{n}", 1790.0, day=day, at=6 * HOUR + 1800 * n, server_name="sync.example.org")
            for n in range(12)
        ]

    earlier = {day: [*office(day), *parts(day)] for day in range(-8, 0)}
    assert [row["server_name"] for row in find([*office(), *parts(0)])] == ["sync.example.org"]
    assert find([*office(), *parts(0)], earlier) == []


def test_what_an_exporter_cut_is_one_connection() -> None:
    cut = [
        flow("10.0.0.7", "203.0.113.9", 1790.0, at=8 * HOUR + 1800 * n, conn_state=None, src_port=40_001)
        for n in range(12)
    ]
    halves = [
        row
        | {"src_ip": "203.0.113.9", "dst_ip": "10.0.0.7", "direction": "inbound"}
        | {"src_port": 443, "dst_port": 40_001}
        for row in cut
    ]
    (row,) = find([*office(), *cut])
    assert "connected for 6.0 h with 203.0.113.9 over 443/tcp in 1 connection (12 records that meet);" in row["reason"]
    (both,) = find([*office(), *cut, *halves])
    assert both["reason"].split(";")[0] == row["reason"].split(";")[0].replace("12 r", "24 r")
    assert both["src_ip"] == "10.0.0.7"


def test_many_connections_that_are_never_long_count_by_their_time() -> None:
    visits = [flow("10.0.0.7", "203.0.113.9", 900.0, at=8 * HOUR + 1000 * n, src_port=50_000 + n) for n in range(20)]
    (row,) = find([*office(), *visits])
    assert "connected for 5.0 h with 203.0.113.9 over 443/tcp in 20 connections, the longest 15 min;" in row["reason"]
    at_once = [flow("10.0.0.7", "203.0.113.9", 900.0, at=8 * HOUR, src_port=50_000 + n) for n in range(20)]
    assert find([*office(), *at_once]) == []  # twenty at a time are a quarter of an hour


def test_what_is_still_open_says_so() -> None:
    (row,) = find([*office(), flow("10.0.0.7", "203.0.113.9", 11 * HOUR)])
    assert ", still open where the day's data end;" in row["reason"]


@pytest.mark.parametrize(("port", "technique"), [(22, "T1572"), (51_820, "T1572"), (5938, "T1219"), (4444, "T1071")])
def test_the_technique_is_of_the_service(port: int, technique: str) -> None:
    (row,) = find([*office(), SHELL | {"dst_port": port}])
    assert row["technique"] == technique


def test_without_durations_there_is_nothing_to_tell() -> None:
    assert find([row | {"end": None, "duration_s": None} for row in [*office(), SHELL]]) == []
    assert find([*office(), SHELL | {"conn_state": "S0"}]) == []


@pytest.mark.slow
def test_the_chance_under_the_null_is_not_smaller_than_told() -> None:
    chance = np.random.default_rng(23)
    told: list[float] = []
    for _ in range(10):
        lasts = chance.lognormal(7.5, 1.5, (40, 10)).clip(31, 80_000).tolist()
        told += [
            row["p_value"]
            for row in find(
                [flow(f"10.0.0.{h}", f"198.51.{h}.{s}", lasts[h][s], at=60.0) for h in range(40) for s in range(10)]
            )
        ]
    p_value = np.array(told)
    assert 0 < p_value.size / 4000 <= 0.055
    assert np.count_nonzero(p_value <= 0.005) / 4000 <= 0.0075


def test_spans_of_one_key_are_joined_and_of_none() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert [part.size for part in join_spans(none, none, none, 5)] == [0, 0, 0, 0]
    within = join_spans(np.zeros(3, dtype=np.int64), np.array([0, 10, 95]), np.array([90, 20, 99]), 5)
    assert [part.tolist() for part in within] == [[0], [0], [99], [3]]
