"""All default finders on Spark: the same findings and leads, of attacks in an office, as on DuckDB."""

from __future__ import annotations

import datetime as dt
import random
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.store.spark_cluster import SparkCluster

import flowsleuth
from flowsleuth.detect import FINDERS
from flowsleuth.schema import DNS, HTTP, INDICATOR, TLS
from flowsleuth.testing.detectors import make_flows
from flowsleuth.testing.same_rows import same_rows
from flowsleuth.workspace.finding_runs import default_finders

pytestmark = pytest.mark.spark

MIDNIGHT = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
DAYS, HOSTS, EACH = 4, 70, 24
EXPECTED = {"beacons", "brute_force", "exfiltration", "intelligence_hits", "lateral_movement", "long_connections",
            "new_rare", "scans", "unlike_peers", "wrong_port"}  # fmt: skip
"""What at least tells of the attacks."""


def office(day: int) -> pa.Table:
    """A day of an office: the web by name, mail, shares, name servers."""
    rows: list[dict[str, Any]] = []
    for number in range(HOSTS * EACH):
        host, turn = divmod(number, EACH)
        start = MIDNIGHT + dt.timedelta(days=day, hours=7, seconds=(number * 1373.7 + day * 61) % 39_600)
        port = (443, 443, 443, 53, 445, 993)[turn % 6]
        is_inside = port in (53, 445)
        server = f"10.0.9.{port % 200}" if is_inside else f"192.0.2.{(number * 7 + day) % 40 + 1}"
        rows.append({
            "flow_id": day * 1_000_000 + number + 1, "start": start, "end": start + dt.timedelta(seconds=2),
            "duration_s": 2.0, "src_ip": f"10.0.{host // 30}.{host % 30 + 10}", "dst_ip": server,
            "src_port": 33_000 + number % 9_000, "dst_port": port, "proto": "udp" if port == 53 else "tcp",
            "service": {53: "dns", 443: "ssl"}.get(port), "src_bytes": 700 + number % 90, "src_packets": 8,
            "dst_bytes": 4_000 + number % 700, "dst_packets": 9, "conn_state": "SF", "sensor": "edge",
            "direction": "internal" if is_inside else "outbound",
            "server_name": None if is_inside else f"www{(number * 7 + day) % 40}.example",
        })  # fmt: skip
    return make_flows(rows)


def attacks() -> pa.Table:
    """Of the last day: one victim each."""
    rows: list[dict[str, Any]] = []

    def add(host: int, dst_ip: str, dst_port: int, hour: float, **more: Any) -> None:
        start = MIDNIGHT + dt.timedelta(days=DAYS - 1, hours=hour)
        usual = {"flow_id": DAYS * 1_000_000 + len(rows), "start": start, "end": start + dt.timedelta(seconds=1),
                 "duration_s": 1.0, "src_ip": f"10.0.0.{host + 10}", "dst_ip": dst_ip, "src_port": 40_000 + len(rows),
                 "dst_port": dst_port, "proto": "tcp", "src_bytes": 600, "dst_bytes": 900, "src_packets": 6,
                 "dst_packets": 7, "conn_state": "SF", "sensor": "edge",
                 "direction": "internal" if dst_ip.startswith("10.") else "outbound"}  # fmt: skip
        rows.append({**usual, **more})

    for beat in range(240):
        add(1, "203.0.113.1", 443, 7 + beat / 30, service="ssl")
    for number in range(300):
        add(2, "10.0.0.50", 22, 9 + number / 600, service="ssh", src_bytes=1_900, dst_bytes=2_300)
    for number in range(3):
        add(3, "203.0.113.3", 443, 13 + number / 10, src_bytes=900_000_000, src_packets=700_000, service="ssl")
    for number in range(120):
        nobody = {"conn_state": "S0", "dst_bytes": 0, "dst_packets": 0, "src_packets": 1}
        add(4, f"10.0.3.{number + 1}", 445, 10 + number / 1_000, **nobody)
    for hop, (host, target) in enumerate([(5, "10.0.0.16"), (6, "10.0.0.17"), (7, "10.0.0.18")]):
        add(host, target, 3389, 11 + hop / 5, src_bytes=90_000, dst_bytes=400_000)
    add(8, "203.0.113.8", 8443, 7, duration_s=32_000.0, end=MIDNIGHT + dt.timedelta(days=DAYS - 1, hours=16))
    for number in range(40):
        add(9, "203.0.113.9", 443, 8 + number / 7, service="ssh")
    for client in range(20, 26):
        add(client, "10.0.9.45", 4444, 12 + client / 60)
    return make_flows(rows)


def questions() -> pa.Table:
    """What an office asks, and a tunnel below one domain."""
    chance = random.Random(7)
    words = ("mail", "shop", "news", "cloud", "static", "login", "video", "portal", "search", "weather")
    asked = [
        (host, f"{words[(host + turn) % 10]}.{words[host * turn % 10]}{host if turn < 4 else ''}.com")
        for host in range(60)
        for turn in range(12)
    ]
    asked += [(30, f"{chance.randbytes(20).hex()}.t.example.org") for _ in range(900)]
    start = MIDNIGHT + dt.timedelta(days=DAYS - 1, hours=9)
    rows = [
        {"event_id": place, "start": start + dt.timedelta(seconds=12 * place), "src_ip": f"10.0.0.{host + 10}",
         "dst_ip": "10.0.9.53",
         "dst_port": 53, "proto": "udp", "query": name, "rcode": "NOERROR", "qtype": "TXT" if host == 30 else "A",
         "answers": f'["192.0.2.{host % 40 + 1}"]' if place % 100 else '["cdn.example", "203.0.113.77"]'}
        for place, (host, name) in enumerate(asked)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=DNS.arrow_schema())


def met() -> dict[str, pa.Table]:
    """What a feed lists, and the request and handshake of a host that met it."""
    start = MIDNIGHT + dt.timedelta(days=DAYS - 1, hours=14)
    row = {"event_id": 1, "start": start, "src_ip": "10.0.0.41", "dst_ip": "203.0.113.1", "proto": "tcp"}
    request = {**row, "dst_port": 80, "host": "Evil.example", "uri": "/gate.php", "method": "GET"}
    shake = {**row, "dst_port": 443, "ja3": "6734f37431670b3ab4292b8f60f29984"}
    values = {"cidr": "203.0.113.76/31", "url": "https://evil.example/gate.php", "md5": shake["ja3"]}
    listed = [
        {"feed": "c2", "indicator": text, "indicator_type": kind, "is_exact": False, "severity": "high", "mentions": 1,
         "feed_format": "plain", "as_of": MIDNIGHT, "source_file": "made", "source_row": place}
        for place, (kind, text) in enumerate(values.items())
    ]  # fmt: skip
    tables = {"http": (HTTP, [request]), "tls": (TLS, [shake]), "indicator": (INDICATOR, listed)}
    return {name: pa.Table.from_pylist(rows, schema=of.arrow_schema()) for name, (of, rows) in tables.items()}


def test_findings_are_the_same(spark: SparkCluster, tmp_path: Path) -> None:
    with flowsleuth.open(tmp_path / "duckdb", create=True) as ws, ws.store.writing():
        for day in range(DAYS):
            ws.store.replace([], ws.store.write("flow", office(day)))
        ws.store.replace([], ws.store.write("flow", attacks()))
        for name, rows in {"dns": questions(), **met()}.items():
            ws.store.replace([], ws.store.write(name, rows))
    shutil.copytree(tmp_path / "duckdb", tmp_path / "spark")
    found = []
    for name, engine in (("duckdb", "duckdb"), ("spark", spark.sc_url)):
        with flowsleuth.open(tmp_path / name, engine=engine) as ws:
            done = ws.score(*default_finders(), start=MIDNIGHT + dt.timedelta(days=DAYS - 1))
            assert {day.detector for day in done} >= set(default_finders())
            finding, lead = ws.store.table("finding"), ws.store.table("lead")
            found.append((ws.store.arrow(finding.drop("run")), ws.store.arrow(lead.drop("run"))))
    (findings, leads), (on_spark, leads_on_spark) = found
    assert set(findings["detector"].to_pylist()) >= EXPECTED
    assert set(findings["detector"].to_pylist()) <= set(FINDERS.names())
    same_rows(findings, on_spark, ["finding_id"])
    same_rows(leads, leads_on_spark, ["lead_id"])
