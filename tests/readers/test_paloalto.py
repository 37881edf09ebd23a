"""Palo Alto Networks' TRAFFIC and THREAT logs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from flowsleuth.readers.paloalto import PaloAltoReader
from flowsleuth.schema import ALERT, FLOW
from flowsleuth.testing import check_reader, count_lines, read_all

READER = PaloAltoReader()
HEADER = "paloalto/traffic_header_bom/traffic.csv"
SYSLOG = "paloalto/syslog_two_versions/pan.log"


def test_header_keeps_every_promise(data: Path) -> None:
    found = check_reader(
        READER,
        data / HEADER,
        expect_rows={"flow": 4},
        expect_rejects=1,
        records=count_lines(header=1),
        has_zone=False,
        null_columns={"flow": ["conn_state", "tcp_flags", "src_as", "community_id"]},
    )
    assert [(r.source_row, r.reason, r.detail) for r in found.rejects] == [(5, "not an IP address", "dst_ip=somewhere")]
    ping = found.row("flow", 4)
    assert (ping["proto"], ping["src_port"], ping["src_bytes"]) == ("icmp", None, 62)


def test_syslog_keeps_every_promise(data: Path) -> None:
    found = check_reader(
        READER,
        data / SYSLOG,
        expect_rows={"flow": 3, "alert": 1},
        expect_rejects=3,
        expect_skipped={"SYSTEM": 1},
        records=count_lines(comment=""),
        has_zone=False,
        bad_line=b"no record, \xff at all",
    )
    assert [(r.source_row, r.reason) for r in found.rejects] == [
        (6, "wrong number of fields"),
        (7, "not a number"),
        (8, "not a time"),
    ]
    started, ended, denied = found.tables["flow"].to_pylist()
    assert (started["src_bytes"], started["duration_s"], ended["src_bytes"]) == (None, None, 1500)
    assert json.loads(started["extra"])["bytes_sent"] == 1500
    assert (denied["action"], json.loads(denied["extra"])["field_66"]) == ("denied", "uuid-1")


def test_rows_in_full(data: Path) -> None:
    found = read_all(READER, data / SYSLOG, source_file="x", tz="Europe/Berlin")
    row = found.row("flow", 2)
    row["extra"] = json.loads(row["extra"])
    common = {
        "src_ip": "10.0.0.5", "src_port": 50100, "dst_ip": "198.51.100.7", "proto": "tcp", "sensor": "fw1",
        "uid": "3412", "source_kind": "paloalto", "source_file": "x",
    }  # fmt: skip
    words = {
        "receive_time": "2024/05/01 10:00:05", "serial": "001801000001", "subtype": "end", "config_version": "2305",
        "generated_time": "2024/05/01 10:00:05", "nat_src": "192.0.2.1", "nat_dst": "198.51.100.7", "rule": "out",
        "src_user": "corp\\ann", "app": "ssl", "vsys": "vsys1", "from_zone": "trust", "to_zone": "untrust",
        "log_action": "fwd", "time_logged": "2024/05/01 10:00:05", "nat_src_port": "30100", "nat_dst_port": "443",
        "flags": "0x400053", "action": "allow", "category": "business", "sequence": "7001", "action_flags": "0x0",
        "src_country": "10.0.0.0-10.255.255.255", "dst_country": "United States", "session_end_reason": "tcp-fin",
        "dg_hier_level_1": "0", "dg_hier_level_2": "0", "dg_hier_level_3": "0", "dg_hier_level_4": "0",
        "device_name": "fw1", "action_source": "from-policy",
    }  # fmt: skip
    assert row == dict.fromkeys(FLOW.names) | common | {
        "flow_id": 2**31 + 2,
        "start": datetime(2024, 5, 1, 7, 59, 50, tzinfo=UTC),
        "end": datetime(2024, 5, 1, 8, 0, 2, tzinfo=UTC),
        "duration_s": 12.0,
        "dst_port": 443,
        "service": "ssl",
        "src_bytes": 1500,
        "dst_bytes": 4200,
        "src_packets": 11,
        "dst_packets": 14,
        "direction": "outbound",
        "action": "allowed",
        "in_if": "ethernet1/2",
        "out_if": "ethernet1/1",
        "flow_count": 1,
        "source_row": 2,
        "extra": words,
    }
    alert = found.row("alert", 4)
    assert json.loads(alert.pop("extra"))["misc"] == "example.com/a,b"
    assert alert == {name: None for name in ALERT.names if name != "extra"} | common | {
        "event_id": 2**31 + 4,
        "start": datetime(2024, 5, 1, 8, 0, 6, tzinfo=UTC),
        "dst_port": 80,
        "name": None,
        "signature_id": 9999,
        "category": "url",
        "severity": 1,
        "action": "denied",
        "service": "web-browsing",
        "source_row": 4,
    }
