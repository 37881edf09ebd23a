"""Google Cloud VPC flow logs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import flowsleuth
from flowsleuth.readers.gcp_vpc import GcpVpcReader
from flowsleuth.schema import FLOW
from flowsleuth.testing import check_reader, count_lines, read_all

READER = GcpVpcReader()
ENTRIES = "gcp/both_ends_and_another_log/entries.jsonl"


def test_keeps_every_promise(data: Path) -> None:
    found = check_reader(
        READER,
        data / ENTRIES,
        expect_rows={"flow": 4},
        expect_rejects=2,
        expect_skipped={"activity": 1},
        records=count_lines(),
        has_zone=True,
        null_columns={"flow": ["dst_bytes", "dst_packets", "action", "sampling_rate", "conn_state"]},
    )
    assert [(r.source_row, r.reason, r.detail) for r in found.rejects] == [
        (5, "not an IP address", "dst_ip=not-an-address"),
        (6, "not a time", "start_time='yesterday'"),
    ]


def test_row_in_full(data: Path) -> None:
    row = read_all(READER, data / ENTRIES, source_file="x").row("flow", 1)
    row["extra"] = json.loads(row["extra"])
    expected = dict.fromkeys(FLOW.names) | {
        "flow_id": 2**31 + 1,
        "start": datetime(2024, 5, 1, 10, 0, 0, 186_193, tzinfo=UTC),
        "end": datetime(2024, 5, 1, 10, 0, 5, 301_953, tzinfo=UTC),
        "duration_s": 5.11576,
        "src_ip": "203.0.113.9",
        "src_port": 33478,
        "dst_ip": "10.0.0.4",
        "dst_port": 9200,
        "proto": "tcp",
        "src_bytes": 11773,
        "src_packets": 94,
        "direction": "inbound",
        "dst_host": "web-1",
        "src_as": 64500,
        "sensor": "default",
        "uid": "id1",
        "source_kind": "gcp_vpc",
        "source_file": "x",
        "source_row": 1,
        "extra": {
            "reporter": "DEST",
            "rtt_msec": "201",
            "dest_instance.project_id": "my-project",
            "dest_instance.region": "us-east1",
            "dest_instance.zone": "us-east1-b",
            "dest_vpc": {"project_id": "my-project", "subnetwork_name": "default", "vpc_name": "default"},
            "src_location.city": "Oslo",
            "src_location.continent": "Europe",
            "src_location.country": "nor",
            "@receiveTimestamp": "2024-05-01T10:00:12.5Z",
            "@timestamp": "2024-05-01T10:00:10.845445834Z",
            "@resource.labels.location": "us-east1-b",
            "@resource.labels.project_id": "my-project",
            "@resource.labels.subnetwork_id": "758019854043528829",
            "@resource.type": "gce_subnetwork",
        },
    }
    assert row == expected


def test_array_other_way_and_icmp(data: Path, tmp_path: Path) -> None:
    whole = read_all(READER, data / ENTRIES).tables["flow"]
    back, ping = whole.slice(1, 2).to_pylist()
    assert (back["src_host"], back["dst_as"], back["direction"]) == ("web-1", 64500, "outbound")
    assert (ping["proto"], ping["src_port"], ping["src_ip"], ping["dst_ip"]) == (
        "ipv6-icmp", None, "2001:db8::4", "2001:db8::9",
    )  # fmt: skip
    entries = [json.loads(line) for line in (data / ENTRIES).read_text().splitlines()]
    path = tmp_path / "entries.json"
    drop = ["source_row", "source_file"]
    path.write_text(json.dumps(entries, indent=2))
    for size in (1, 900, 1 << 20):
        found = read_all(GcpVpcReader(size), path)
        assert found.tables["flow"].drop_columns(drop).equals(whole.drop_columns(drop)), f"pieces of {size}"
        assert ([r.reason for r in found.rejects], found.skipped) == (
            ["not an IP address", "not a time"], {"activity": 1},
        )  # fmt: skip
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        path.write_text(json.dumps(entries[:2], indent=2))
        assert ws.ingest(path).rows == {"flow": 2}
        path.write_text(json.dumps(entries, indent=2))
        assert ws.ingest(path).rows == {"flow": 2}, "an array that has grown adds what is new"
        assert len(ws.info()["sources"]) == 1
