"""Amazon VPC flow logs."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import flowsleuth
from flowsleuth.errors import OptionError, ReaderError
from flowsleuth.readers.aws_vpc import AwsOptions, AwsVpcReader
from flowsleuth.schema import FLOW, HEALTH
from flowsleuth.testing import check_reader, count_lines, read_all

READER = AwsVpcReader()
DEFAULT = "aws/default_v2/eni.log"
CUSTOM = "aws/custom_v5_header/flow.log"


def test_default_keeps_every_promise(data: Path) -> None:
    found = check_reader(
        READER,
        data / DEFAULT,
        expect_rows={"flow": 4, "health": 2},
        expect_rejects=3,
        records=count_lines(),
        has_zone=True,
        null_columns={"flow": ["dst_bytes", "dst_packets", "service", "uid", "tcp_flags", "src_host"]},
    )
    assert [(r.source_row, r.reason, r.detail) for r in found.rejects] == [
        (7, "not a number", "packets='many'"),
        (8, "port out of range", "dst_port=70000"),
        (9, "wrong number of fields", "13 fields, expected 14"),
    ]


def test_row_in_full(data: Path) -> None:
    found = read_all(READER, data / CUSTOM, source_file="x")
    row = found.row("flow", 2)
    row["extra"] = json.loads(row["extra"])
    expected = dict.fromkeys(FLOW.names) | {
        "flow_id": 2**31 + 2,
        "start": datetime(2024, 5, 1, 10, 0, tzinfo=UTC),
        "end": datetime(2024, 5, 1, 10, 1, tzinfo=UTC),
        "duration_s": 60.0,
        "src_ip": "10.0.0.5",
        "src_port": 49152,
        "dst_ip": "10.0.1.9",
        "dst_port": 443,
        "proto": "tcp",
        "src_packets": 20,
        "src_bytes": 4249,
        "tcp_flags": "19",
        "direction": "internal",
        "action": "allowed",
        "src_host": "i-0abc",
        "sensor": "eni-1",
        "source_kind": "aws_vpc",
        "source_file": "x",
        "source_row": 2,
        "extra": {
            "instance-id": "i-0abc", "flow-direction": "egress", "pkt-srcaddr": "10.0.0.5", "vpc-id": "vpc-1",
            "pkt-dstaddr": "198.51.100.7", "traffic-path": "8", "pkt-dst-aws-service": "S3",
        },
    }  # fmt: skip
    assert row == expected
    second = found.row("flow", 3)
    assert (second["dst_host"], second["src_host"], second["src_bytes"]) == ("i-0abc", None, 90000), "two spaces"


def test_no_data_and_skipped_data_are_health(data: Path) -> None:
    table = read_all(READER, data / DEFAULT, source_file="x").tables["health"]
    assert table.to_pylist()[1] == dict.fromkeys(HEALTH.names) | {
        "event_id": 2**31 + 4,
        "start": datetime(2024, 5, 1, 10, 2, tzinfo=UTC),
        "end": datetime(2024, 5, 1, 10, 3, tzinfo=UTC),
        "sensor": "eni-0a1b2c3d",
        "status": "lost",
        "word": "SKIPDATA",
        "source_kind": "aws_vpc",
        "source_file": "x",
        "source_row": 4,
        "extra": '{"account-id":"123456789012"}',
    }
    assert table["status"].to_pylist() == ["no data", "lost"]


def test_custom_header_denied_and_icmp(data: Path) -> None:
    check_reader(
        READER, data / CUSTOM, expect_rows={"flow": 2, "health": 1}, records=count_lines(header=1), has_zone=True
    )
    found = read_all(READER, data / DEFAULT)
    assert found.row("flow", 2)["action"] == "denied"
    ping = found.row("flow", 5)
    assert (ping["proto"], ping["src_port"], ping["dst_port"]) == ("icmp", None, None)
    assert found.row("flow", 6)["src_ip"] == "2001:db8::5"


def test_format_option_gz_and_cloudwatch(data: Path, tmp_path: Path) -> None:
    whole = read_all(READER, data / CUSTOM, source_file="x")
    header, *lines = (data / CUSTOM).read_text().splitlines()
    bare = tmp_path / "bare.log.gz"
    bare.write_bytes(gzip.compress("\n".join(lines).encode() + b"\n"))
    console = AwsOptions(" ".join(f"${{{name}}}" for name in header.split()))
    for options in (AwsOptions(header), console):
        found = read_all(READER, bare, options=options, source_file="x")
        other = [t["flow"].drop_columns(["source_row", "flow_id"]) for t in (found.tables, whole.tables)]
        assert other[0].equals(other[1])
    with pytest.raises(ReaderError, match="no header line"):
        read_all(READER, bare)
    with pytest.raises(OptionError, match="not fields of a VPC flow log"):
        read_all(READER, bare, options=AwsOptions("srcaddr dstaddr nonsense"))
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        report = ws.ingest(bare, reader="aws_vpc", options={"format": header})
        assert report.rows == {"flow": 2, "health": 1}
        assert ws.table("health").status.execute().tolist() == ["no data"]
    stamped = tmp_path / "cloudwatch.log"
    stamped.write_text("".join(f"2024-05-01T10:00:05.000Z {x}\n" for x in (data / DEFAULT).read_text().splitlines()))
    found = check_reader(
        READER, stamped, expect_rows={"flow": 4, "health": 2}, expect_rejects=3, records=9, has_zone=True
    )
    assert json.loads(found.row("flow", 1)["extra"])["@timestamp"] == "2024-05-01T10:00:05.000Z"


def test_parquet(data: Path, tmp_path: Path) -> None:
    whole = read_all(READER, data / DEFAULT, source_file="x")
    names = ["version", "account_id", "interface_id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol",
             "packets", "bytes", "start", "end", "action", "log_status"]  # fmt: skip
    rows = [line.split() for line in (data / DEFAULT).read_text().splitlines()[:6]]
    whole_numbers = {"version", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end"}
    columns = {
        name: pa.array(
            [None if row[at] == "-" else int(row[at]) if name in whole_numbers else row[at] for row in rows],
            pa.int64() if name in whole_numbers else pa.string(),
        )
        for at, name in enumerate(names)
    }
    path = tmp_path / "vpc.parquet"
    pq.write_table(pa.table(columns), path, row_group_size=2)
    found = check_reader(READER, path, expect_rows={"flow": 4, "health": 2}, records=6, has_zone=True)
    for name in ("flow", "health"):
        ours, theirs = (t[name].drop_columns(["source_file"]) for t in (found.tables, whole.tables))
        assert ours.equals(theirs), name
