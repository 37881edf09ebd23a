"""Suricata events of the developer data set."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flowsleuth.readers.suricata import SuricataReader
from flowsleuth.schema import FLOW
from flowsleuth.testing import check_reader, read_all

pytestmark = pytest.mark.real
READER = SuricataReader()
EVE = "suricata/eve_2021-06_ctu_campus.json.gz"


def test_every_event_is_a_row_or_counted(shared_data: Path) -> None:
    found = read_all(READER, shared_data / EVE)
    assert found.rows == {"flow": 3_512, "alert": 745, "dns": 680, "http": 56, "tls": 1}
    assert found.skipped == {"fileinfo": 3, "anomaly": 3}
    assert found.rejects == []
    assert set(found.tables["alert"]["action"].to_pylist()) == {"allowed"}


def test_an_array_of_alerts(shared_data: Path) -> None:
    found = check_reader(
        READER,
        shared_data / "suricata/alerts_array_honeypot-2018.json",
        expect_rows={"alert": 44},
        records=44,
        has_zone=False,
        bad_line=None,
        resumes=False,
        is_row_of_line=lambda _, line: line.strip() == "{",
    )
    assert found.tables["alert"]["signature_id"].null_count == 0


def test_a_flow_in_full(shared_data: Path) -> None:
    row = read_all(READER, shared_data / EVE, source_file="x").row("flow", 128)
    row["extra"] = json.loads(row["extra"])
    assert row == dict.fromkeys(FLOW.names) | {
        "flow_id": 2**31 + 128,
        "start": datetime(2021, 6, 6, 15, 32, 28, 298_487, tzinfo=UTC),
        "end": datetime(2021, 6, 6, 15, 32, 28, 505_203, tzinfo=UTC),
        "duration_s": 0.206716,
        "src_ip": "192.168.1.129",
        "src_port": 2284,
        "dst_ip": "255.255.255.255",
        "dst_port": 2284,
        "proto": "udp",
        "src_bytes": 4455,
        "dst_bytes": 0,
        "src_packets": 45,
        "dst_packets": 0,
        "direction": "internal",
        "sensor": "stratosphere.org",
        "uid": "1363720476069367",
        "source_kind": "suricata",
        "source_file": "x",
        "source_row": 128,
        "extra": {
            "app_proto": "failed",
            "flow.age": 0,
            "flow.alerted": False,
            "flow.reason": "timeout",
            "flow.state": "new",
            "timestamp": "2021-06-06T15:57:37.272281+0200",
        },
    }
