"""Strobes, and the kit of finders."""

from __future__ import annotations

import datetime as dt

import numpy as np

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
    assert row["reason"] == "500 connections, one every 6.99 s; as many have 2.4e-02 of the pairs on the service"


def test_what_everybody_does_is_no_strobe() -> None:
    flows = make_flows([row for host in range(30) for row in many(f"10.0.0.{host + 1}", "192.0.2.1", 120)])
    assert len(run_finder(StrobeFinder(StrobeOptions(least=100)), flows)) == 0


def test_the_chance_under_the_null_is_not_smaller_than_told() -> None:
    chance = np.random.default_rng(5)
    told = 0
    for _ in range(40):
        sizes = chance.integers(100, 300, size=60)
        flows = make_flows([r for n, size in enumerate(sizes) for r in many(f"10.0.0.{n}", "192.0.2.1", int(size))])
        told += len(run_finder(StrobeFinder(StrobeOptions(least=100)), flows))
    assert told / (40 * 60) <= 0.055
