"""Azure's flow logs as blobs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.compute as pc
import pytest

import flowsleuth
from flowsleuth.errors import ReaderError
from flowsleuth.readers.azure_blob import AzureBlobReader
from flowsleuth.schema import FLOW
from flowsleuth.testing import check_reader, read_all

READER = AzureBlobReader()
V2 = "azure/nsg_v2_flow_over_records/PT1H.json"
VNET = "azure/vnet_v4_millis_and_seconds/PT1H.json"


def test_nsg_v2_keeps_every_promise(data: Path) -> None:
    found = check_reader(
        READER,
        data / V2,
        expect_rows={"flow": 6},
        expect_rejects=5,
        expect_skipped={"NetworkSecurityGroupRuleCounter": 1},
        has_zone=True,
        null_columns={"flow": ["service", "tcp_flags", "conn_state", "src_as", "uid"]},
    )
    assert pc.sum(found.tables["flow"]["flow_count"]).as_py() + len(found.rejects) == 16, "tuples in the file"


@pytest.mark.parametrize("size", [1, 300, 900, 2_000])
@pytest.mark.parametrize("name", [V2, VNET, "azure/nsg_v1/PT1H.json"])
def test_any_piece_size_gives_the_same_flows(data: Path, name: str, size: int) -> None:
    whole, pieces = read_all(READER, data / name), read_all(AzureBlobReader(size), data / name)
    assert pieces.tables["flow"].equals(whole.tables["flow"])
    assert (pieces.rejects, pieces.skipped) == (whole.rejects, whole.skipped)
    check_reader(AzureBlobReader(size), data / name, expect_rows=whole.rows, expect_rejects=len(whole.rejects),
                 expect_skipped=whole.skipped)  # fmt: skip


def test_row_in_full(data: Path) -> None:
    row = next(
        r for r in read_all(READER, data / V2, source_file="x").tables["flow"].to_pylist() if r["src_port"] == 50001
    )
    row["extra"] = json.loads(row["extra"])
    expected = dict.fromkeys(FLOW.names) | {
        "flow_id": 2**31 + 1,
        "start": datetime(2024, 5, 1, 10, 0, 1, tzinfo=UTC),
        "end": datetime(2024, 5, 1, 10, 1, 3, tzinfo=UTC),
        "duration_s": 62.0,
        "src_ip": "198.51.100.7",
        "src_port": 50001,
        "dst_ip": "10.0.0.4",
        "dst_port": 443,
        "proto": "tcp",
        "src_packets": 10 + 20 + 1,
        "src_bytes": 1000 + 2000 + 60,
        "dst_packets": 8 + 16 + 1,
        "dst_bytes": 9000 + 18000 + 60,
        "direction": "inbound",
        "action": "allowed",
        "sensor": "WEB-NSG",
        "flow_count": 4,
        "source_kind": "azure",
        "source_file": "x",
        "source_row": 2,
        "extra": {
            "rule": "UserRule_web",
            "mac": "000D3AF87856",
            "resourceId": "/SUBSCRIPTIONS/00000000-0000-0000-0000-000000000001/RESOURCEGROUPS/RG/PROVIDERS/"
            "MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/WEB-NSG",
            "systemId": "00000000-0000-0000-0000-0000000000aa",
            "states": "BCCE",
            "tuples": [1, 2, 8, 9],
        },
    }  # fmt: skip
    assert row == expected


def test_port_used_again_denied_and_flows_without_begin(data: Path) -> None:
    rows = read_all(READER, data / V2).tables["flow"].to_pylist()
    told = [
        (r["src_port"], json.loads(r["extra"])["states"], r["action"], r["src_bytes"], r["dst_bytes"]) for r in rows
    ]
    assert told == [
        (50002, "BE", "allowed", 500, 4000),
        (40000, "B", "denied", None, None),
        (40000, "B", "denied", None, None),
        (50001, "BCCE", "allowed", 3060, 27060),
        (123, "E", "allowed", 76, 76),
        (50002, "BE", "allowed", 200, None),
    ]
    late = rows[4]
    assert (late["start"], late["end"], late["duration_s"]) == (late["start"], late["start"], None)


def test_bad_tuples_are_rejects_of_their_own(data: Path) -> None:
    found = read_all(READER, data / V2)
    assert [(r.source_row, r.reason, r.detail) for r in found.rejects] == [
        (5, "not an IP address", "src_ip=198.51.100.999"),
        (5, "unknown flow state", "state=X"),
        (5, "wrong number of fields", "6 fields, expected 13"),
        (5, "not a number", "src_packets='many'"),
        (5, "port out of range", "src_port=70000"),
    ]
    assert found.rejects[2].raw == "1714557723,198.51.100.9,10.0.0.4,3,443,T"


def test_nsg_v1_has_neither_states_nor_counters(data: Path) -> None:
    found = check_reader(READER, data / "azure/nsg_v1/PT1H.json", expect_rows={"flow": 3}, records=3, has_zone=True)
    first, second, third = found.tables["flow"].to_pylist()
    assert (first["action"], second["action"], third["proto"]) == ("denied", "allowed", "udp")
    assert all(r["src_bytes"] is None and r["end"] is None for r in (first, second, third))
    assert "states" not in json.loads(first["extra"])


def test_vnet_in_milliseconds_and_seconds(data: Path) -> None:
    found = check_reader(READER, data / VNET, expect_rows={"flow": 4}, has_zone=True)
    first, denied, ping, long = found.tables["flow"].to_pylist()
    assert first["start"] == datetime(2022, 9, 14, 9, 0, 3, 599_000, tzinfo=UTC)
    assert (first["duration_s"], first["src_bytes"], first["dst_bytes"], first["sensor"]) == (0.007, 767, 1580, "hub")
    assert (denied["action"], denied["src_ip"], denied["dst_ip"]) == ("denied", "2001:db8::6", "2001:db8::7")
    assert (denied["src_bytes"], json.loads(denied["extra"])["encryption"]) == (None, "NX_NOT_ACCEPTED")
    assert (ping["proto"], ping["src_port"], ping["duration_s"], ping["src_bytes"]) == ("icmp", None, 60.0, 336)
    assert (long["src_bytes"], long["duration_s"], long["flow_count"]) == (757, None, 2), "C in ms, E in s, no B"
    assert json.loads(long["extra"])["aclID"] == "00000000-1234-abcd-ef00-c1c2c3c4c5c6"


def test_one_line_lines_of_records_and_other_json(data: Path, tmp_path: Path) -> None:
    whole = read_all(READER, data / V2).tables["flow"].drop_columns(["source_row", "source_file"])
    records = json.loads((data / V2).read_text())["records"]
    shapes = {
        "one_line": json.dumps({"records": records}, separators=(",", ":")),
        "pretty": json.dumps({"records": records}, indent=2),
        "lines": "\n".join(json.dumps(r) for r in records) + "\n",
        "array": json.dumps(records),
        "envelopes": "\n".join(json.dumps({"records": [r]}) for r in records),
    }
    for name, text in shapes.items():
        path = tmp_path / f"{name}.json"
        path.write_text(text)
        for size in (1, 700, 1 << 20):
            found = read_all(AzureBlobReader(size), path).tables["flow"]
            assert found.drop_columns(["source_row", "source_file"]).equals(whole), f"{name} in pieces of {size}"
    other = tmp_path / "other.json"
    other.write_text('{"records":[{"category":"AuditEvent","time":"2024-05-01T10:00:00Z"}]}')
    with flowsleuth.readers.streams.Source(str(other)) as source:
        assert READER.sniff(source.sample) is None
    other.write_text('{"records":[]}')
    with pytest.raises(ReaderError, match="no flow log record"):
        read_all(READER, other)


@pytest.mark.parametrize("is_pretty", [False, True])
def test_a_blob_that_grows_adds_what_is_new(data: Path, tmp_path: Path, is_pretty: bool) -> None:
    records = json.loads((data / V2).read_text())["records"]
    folder = tmp_path / "resourceId=/x/y=2024/m=05/d=01/h=10/m=00/macAddress=000D3AF87856"
    folder.mkdir(parents=True)
    path = folder / "PT1H.json"
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        counts = []
        for number in range(1, len(records) + 1):
            path.write_text(json.dumps({"records": records[:number]}, indent=2 if is_pretty else None))
            report = ws.ingest(tmp_path / "resourceId=")
            assert not report.failed
            counts.append(report.rows.get("flow", 0))
        flows = ws.table("flow").to_pyarrow()
        assert len(ws.info()["sources"]) == 1
        assert (len(flows), pc.sum(flows["flow_count"]).as_py(), len(ws.table("reject").to_pyarrow())) == (6, 11, 5)
        assert sum(counts) == 6
        assert ws.ingest(path).rows == {}
    whole = read_all(READER, path).tables["flow"].sort_by("flow_id")
    numbers = [number & (2**31 - 1) for number in sorted(flows["flow_id"].to_pylist())]
    assert numbers == [number & (2**31 - 1) for number in whole["flow_id"].to_pylist()]


def test_the_raw_tuples_of_a_row(data: Path, tmp_path: Path) -> None:
    records = json.loads((data / V2).read_text())["records"]
    path = tmp_path / "PT1H.json"
    path.write_text(json.dumps({"records": records}))
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        ws.ingest(path)
        flows = ws.table("flow").to_pyarrow().to_pylist()
        flow = next(row["flow_id"] for row in flows if row["src_port"] == 50001)
        assert ws.explain(flow).raw.splitlines() == [
            "1714557601,198.51.100.7,10.0.0.4,50001,443,T,I,A,B,,,,",
            "1714557605,198.51.100.7,10.0.0.4,50001,443,T,I,A,C,10,1000,8,9000",
            "1714557661,198.51.100.7,10.0.0.4,50001,443,T,I,A,C,20,2000,16,18000",
            "1714557663,198.51.100.7,10.0.0.4,50001,443,T,I,A,E,1,60,1,60",
        ]
