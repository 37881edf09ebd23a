"""Beacons on Spark: the same pairs, numbers and reasons as on DuckDB."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.store.spark_cluster import SparkCluster

import flowsleuth
from flowsleuth.detect.beacons import BeaconOptions
from flowsleuth.testing.same_rows import same_rows
from flowsleuth.workspace import init

pytestmark = pytest.mark.spark

LOGS = Path(__file__).resolve().parents[2] / "demo" / "logs"


def test_beacons_are_the_same(spark: SparkCluster, tmp_path: Path):
    found = []
    for name, engine in (("duckdb", "duckdb"), ("spark", spark.sc_url)):
        folder = init(tmp_path / name, home=["10.0.0.0/8"])
        with flowsleuth.open(folder, engine=engine) as ws:
            assert ws.ingest(LOGS).failed == []
            found.append(ws.beacons(BeaconOptions(false_share=1.0, inbound=True)).table)
    assert len(found[0]) == 2
    same_rows(*found, ["src_ip", "peer", "proto", "port"])
