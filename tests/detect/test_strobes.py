"""Strobes, and the kit of finders."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from flowsleuth.detect.strobes import StrobeFinder, StrobeOptions
from flowsleuth.testing.detectors import make_flows
from flowsleuth.testing.findings import check_finder, run_finder

MIDNIGHT = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)


def many(source: str, peer: str, connections: int) -> list[dict[str, object]]:
    return [
        {
            "src_ip": source, "dst_ip": peer, "dst_port": 443, "proto": "tcp", "direction": "outbound",
            "start": MIDNIGHT + dt.timedelta(seconds=7 * n), "src_bytes": 100, "dst_bytes": 200,
        }
        for n in range(connections)
    ]  # fmt: skip


def test_the_one_that_never_stops_is_found_and_told_in_full() -> None:
    office = [row for host in range(40) for row in many(f"10.0.0.{host + 1}", "192.0.2.1", 3)]
    flows = make_flows([*office, *many("10.0.0.7", "192.0.2.9", 500)])
    found = check_finder(lambda: StrobeFinder(StrobeOptions(least=500)), flows).to_pylist()
    (row,) = found
    assert (row["host"], row["src_ip"], row["dst_ip"]) == ("10.0.0.7", "10.0.0.7", "192.0.2.9")
    assert (row["proto"], row["service_port"], row["flows"]) == ("tcp", 443, 500)
    assert (row["src_bytes"], row["dst_bytes"]) == (50_000, 100_000)
    assert (row["first_seen"], row["last_seen"]) == (MIDNIGHT, MIDNIGHT + dt.timedelta(seconds=7 * 499))
    assert row["p_value"] == 1 / 41  # one of 41 pairs, on the only service there is
    assert row["reason"] == "500 connections, one every 6.99 s; as many have 2.4 % of the pairs on the service"


def test_what_is_always_so_busy_is_no_lead() -> None:
    office = [row for host in range(40) for row in many(f"10.0.0.{host + 1}", "192.0.2.1", 3)]
    day = MIDNIGHT.date()

    def found(then: int, days: int) -> list[dict[str, object]]:
        earlier = {}
        for before in range(1, 5):
            then_rows = many("10.0.0.7", "192.0.2.9", then if before <= days else 1)
            moved = [{**row, "start": row["start"] - dt.timedelta(days=before)} for row in then_rows]  # type: ignore[operator]
            earlier[day - dt.timedelta(days=before)] = make_flows(moved)
        flows = make_flows([*office, *many("10.0.0.7", "192.0.2.9", 500)])
        rows: list[dict[str, object]] = run_finder(
            StrobeFinder(StrobeOptions(least=500)), flows, earlier=earlier
        ).to_pylist()
        return rows

    assert found(400, 4) == []
    assert found(400, 1) == []  # one of four days is more than one in twenty
    (row,) = found(200, 4)
    assert row["p_value"] == 1 / 41
    assert str(row["reason"]).endswith("; half as many on 0 of 4 earlier days")


def test_groups_and_answers_are_none() -> None:
    office = [row for host in range(40) for row in many(f"10.0.0.{host + 1}", "192.0.2.1", 3)]
    flows = make_flows([*office, *many("10.0.0.7", "239.255.255.250", 500)])
    assert len(run_finder(StrobeFinder(StrobeOptions(least=500)), flows)) == 0
    failing = [{**row, "conn_state": "S0"} for row in many("10.0.0.7", "192.0.2.9", 500)]
    (row,) = run_finder(StrobeFinder(StrobeOptions(least=500)), make_flows([*office, *failing])).to_pylist()
    assert ", 100 % of them failed; " in row["reason"]


def test_what_everybody_does_is_no_strobe() -> None:
    flows = make_flows([row for host in range(30) for row in many(f"10.0.0.{host + 1}", "192.0.2.1", 120)])
    assert len(run_finder(StrobeFinder(StrobeOptions(least=100)), flows)) == 0


class Often(StrobeFinder):
    """From twenty connections on, so that flows are few."""

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self.options, "least", 20)


@pytest.mark.slow
def test_the_chance_under_the_null_is_not_smaller_than_told() -> None:
    chance = np.random.default_rng(5)
    told = 0
    for _ in range(10):
        sizes = chance.integers(20, 60, size=200)
        flows = make_flows([r for n, size in enumerate(sizes) for r in many(f"10.0.0.{n}", "192.0.2.1", int(size))])
        told += len(run_finder(Often(), flows))
    assert told / (10 * 200) <= 0.055
