"""Finders that look at times, on Spark: the same findings as on DuckDB, and the same day put together."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.store.spark_cluster import SparkCluster

from flowsleuth.detect.daily_beacons import DailyBeaconFinder
from flowsleuth.detect.days.network_day import NetworkDay, Pairs
from flowsleuth.detect.rita import RitaFinder
from flowsleuth.detect.strobes import StrobeFinder, StrobeOptions
from flowsleuth.schema import DNS
from flowsleuth.store.engine import connect
from flowsleuth.testing.detectors import MemoryDay, make_flows
from flowsleuth.testing.findings import check_finder

pytestmark = pytest.mark.spark

MIDNIGHT = dt.datetime(2024, 5, 10, tzinfo=dt.UTC)
DAY = 86_400


def connect_at(source: str, peer: str, seconds: Any, **more: Any) -> list[dict[str, Any]]:
    """Connections of a day; sizes, durations and states that differ, some of them missing."""
    usual = {"dst_port": 443, "proto": "tcp", "direction": "outbound"}
    return [
        {"src_ip": source, "dst_ip": peer, "start": MIDNIGHT + dt.timedelta(seconds=float(at)),
         "src_bytes": 100 + n % 7 if n % 5 else None, "dst_bytes": 2 * n, "src_packets": n % 3 or None,
         "duration_s": [0.0005, 0.0015, 1.0025, None][n % 4], "conn_state": ["SF", "S0", None][n % 3],
         "action": "denied" if n % 11 == 0 else None, **usual, **more}
        for n, at in enumerate(seconds)
    ]  # fmt: skip


def office() -> list[dict[str, Any]]:
    rng = np.random.default_rng(8)
    rows = []
    for host in range(12):
        for peer in range(6):
            at = np.sort(rng.uniform(0, DAY, rng.integers(2, 8)))
            name = {"server_name": f"W{peer}.Example"} if peer % 2 else {}
            rows += connect_at(f"10.0.0.{host + 1}", f"198.51.{peer}.{host + 1}", at, **name)
    rows += connect_at("10.0.0.3", "203.0.113.9", np.arange(5, DAY, 1_200))
    rows += connect_at("10.0.0.4", "203.0.113.10", [3_000, 46_200])
    return rows


def history() -> dict[dt.date, pa.Table]:
    back = {
        day: connect_at("10.0.0.4", "203.0.113.10", np.array([3_000, 46_200]) - day * DAY) for day in range(1, 8)
    }  # every 12 hours
    return {(MIDNIGHT - dt.timedelta(days=day)).date(): make_flows(rows) for day, rows in back.items()}


def questions() -> pa.Table:
    base = {"dst_ip": "10.0.0.53", "dst_port": 53, "source_kind": "made", "source_file": "made"}
    rows = [
        {
            **base,
            "src_ip": f"10.0.0.{n % 12 + 1}",
            "query": f"Q{n}.example",
            "start": MIDNIGHT + dt.timedelta(seconds=n),
        }
        for n in range(60)
    ]
    rows += [
        {**base, "src_ip": "10.0.0.5", "query": "c2.example", "start": MIDNIGHT + dt.timedelta(seconds=900 * n)}
        for n in range(90)
    ]
    numbered = [{**row, "event_id": n, "source_row": n} for n, row in enumerate(rows)]
    return pa.Table.from_pylist(numbered, schema=DNS.arrow_schema())


def test_a_day_is_put_together_the_same(spark: SparkCluster, tmp_path: Path):
    found: list[Pairs] = []
    with closing(connect(spark.sc_url, tmp_path)) as engine:
        for one in ("duckdb", engine):
            with MemoryDay(make_flows(office()), earlier=history(), engine=one) as day:
                network = NetworkDay(day)
                found += [network.pairs, *(pairs for _, pairs in network.earlier("src", "dst", "service", "flows"))]
    half = len(found) // 2
    assert half == 8
    for here, there in zip(found[:half], found[half:], strict=True):
        for one in fields(Pairs):
            mine, theirs = getattr(here, one.name), getattr(there, one.name)
            if half and here is not found[0]:
                mine, theirs = np.sort(mine), np.sort(theirs)  # earlier days come in any order
            np.testing.assert_array_equal(mine, theirs, err_msg=one.name)


@pytest.mark.parametrize(
    "make",
    [DailyBeaconFinder, lambda: StrobeFinder(StrobeOptions(least=100)), RitaFinder],
    ids=["beacons", "strobes", "rita"],
)
def test_findings_are_the_same(make: Any, spark: SparkCluster, tmp_path: Path):
    flows = office()
    if not isinstance(make(), DailyBeaconFinder):
        flows += connect_at("10.0.0.6", "203.0.113.11", np.arange(3, DAY, 200))
    if isinstance(make(), RitaFinder):  # more pairs, so that the findings are among the first of twenty
        flows += [row for n in range(150) for row in connect_at("10.0.0.9", f"192.0.2.{n}", [n * 100])]
    with closing(connect(spark.sc_url, tmp_path)) as engine:
        found = check_finder(
            make, make_flows(flows), earlier=history(), tables={"dns": questions()}, engines=("duckdb", engine)
        ).to_pylist()
    wanted = {
        "beacons": {"203.0.113.9", "203.0.113.10", "c2.example"}, "strobes": {"203.0.113.11"}, "rita": {"203.0.113.9"},
    }[make().name]  # fmt: skip
    assert wanted <= {row["server_name"] or row["dst_ip"] for row in found}
