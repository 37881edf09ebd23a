"""Azure's flow tables as exported."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.compute as pc

from flowsleuth.readers.azure_tables import AzureTableReader
from flowsleuth.schema import FLOW
from flowsleuth.testing import check_reader, read_all

READER = AzureTableReader()
PORTAL = "azure/nta_portal_csv/query_data.csv"
SUFFIXES = "azure/analytics_suffixes_json/records.jsonl"


def test_portal_csv_keeps_every_promise(data: Path) -> None:
    found = check_reader(
        READER,
        data / PORTAL,
        expect_rows={"flow": 6},
        expect_rejects=3,
        expect_skipped={"NTANetAnalytics Topology": 1},
        has_zone=True,
        null_columns={"flow": ["src_port", "uid", "conn_state"]},
    )
    assert [(r.source_row, r.reason, r.detail) for r in found.rejects] == [
        (7, "no address", "src_ip"),
        (8, "not a time", "start='soon'"),
        (9, "not a number", "allowed_out='many'"),
    ]


def test_row_in_full(data: Path) -> None:
    row = read_all(READER, data / PORTAL, source_file="x").row("flow", 2)
    row["extra"] = json.loads(row["extra"])
    expected = dict.fromkeys(FLOW.names) | {
        "flow_id": 2**31 + 1,
        "start": datetime(2024, 5, 1, 10, 0, 1, 500_000, tzinfo=UTC),
        "end": datetime(2024, 5, 1, 10, 20, 1, 500_000, tzinfo=UTC),
        "duration_s": 1200.0,
        "src_ip": "10.0.0.4",
        "dst_ip": "10.0.1.5",
        "dst_port": 445,
        "proto": "tcp",
        "service": "microsoft-ds",
        "src_packets": 70,
        "dst_packets": 60,
        "src_bytes": 7000,
        "dst_bytes": 6000,
        "direction": "internal",
        "action": "allowed",
        "src_host": "app1",
        "dst_host": "db1",
        "flow_count": 7,
        "source_kind": "azure_tables",
        "source_file": "x",
        "source_row": 2,
        "extra": {
            "TimeGenerated [UTC]": "5/1/2024, 10:30:00.000 AM",
            "FlowType": "IntraVNet",
            "FlowDirection": "O",
            "AllowedInFlows": "0",
            "AllowedOutFlows": "7",
            "DeniedInFlows": "0",
            "DeniedOutFlows": "0",
            "SrcVm": "rg1/app1",
            "DestVm": "rg1/db1",
            "AclRule": "DefaultRule_AllowVnetOutBound",
        },
    }
    assert row == expected


def test_blank_addresses_are_filled_and_nothing_is_counted_twice(data: Path) -> None:
    table = read_all(READER, data / PORTAL).tables["flow"]
    told = [
        (r["src_ip"], r["dst_ip"], r["flow_count"], r["src_bytes"], r["dst_bytes"], r["action"])
        for r in table.to_pylist()[1:]
    ]
    assert told == [
        ("203.0.113.9", "10.0.0.4", 2, 1000, 800, "allowed"),
        ("2001:db8::9", "10.0.0.4", 1, 500, 400, "allowed"),
        ("198.51.100.66", "10.0.0.4", 4, 0, 0, "denied"),
        ("10.0.0.4", "192.0.2.10", 9, 9000, 8000, "allowed"),
        ("10.0.0.4", "192.0.2.11", None, None, None, "allowed"),
    ]
    shared = [json.loads(text).get("counters_of") for text in table["extra"].to_pylist()]
    assert shared == [None, None, None, None, "record", "record"]
    assert table["start"][3].as_py() == datetime(2024, 5, 1, 13, 0, 2, tzinfo=UTC)


def test_suffixes_and_old_columns_in_json(data: Path) -> None:
    found = check_reader(
        READER,
        data / SUFFIXES,
        expect_rows={"flow": 5},
        expect_skipped={"AzureNetworkAnalytics_CL StatusMessage": 1},
        has_zone=True,
    )
    rows = found.tables["flow"].to_pylist()
    told = [(r["src_ip"], r["dst_ip"], r["dst_port"], r["proto"], r["flow_count"], r["src_bytes"]) for r in rows]
    assert told == [
        ("203.0.113.9", "10.0.0.4", 443, "tcp", 2, 1000),
        ("198.51.100.3", "10.0.0.4", 443, "tcp", 1, 500),
        ("10.0.0.4", "192.0.2.1", 123, "udp", 5, None),
        ("10.0.0.4", "192.0.2.2", 123, "udp", None, None),
        ("192.0.2.3", "10.0.0.4", 3389, "tcp", 8, None),
    ]
    assert [r["dst_host"] for r in rows] == ["web1", "web1", None, None, "web1"]
    assert (rows[4]["action"], rows[0]["direction"], rows[2]["direction"]) == ("denied", "inbound", "outbound")
    assert json.loads(rows[4]["extra"])["DeniedInFlows_x"] == [1, {"a": 2}]


def test_json_array_and_an_export_with_a_line_per_address(data: Path, tmp_path: Path) -> None:
    lines = read_all(READER, data / SUFFIXES).tables["flow"].drop_columns(["source_row", "source_file"])
    records = [json.loads(line) for line in (data / SUFFIXES).read_text().splitlines()]
    path = tmp_path / "array.json"
    path.write_text(json.dumps(records, indent=1))
    for size in (1, 600, 1 << 20):
        array = read_all(AzureTableReader(size), path).tables["flow"].drop_columns(["source_row", "source_file"])
        assert array.equals(lines), f"pieces of {size}"
    exploded = tmp_path / "exploded.csv"
    row = "2019-02-14 12:21:58,2019-02-14 12:22:58,10.0.3.5,\"['192.0.2.1', '192.0.2.2']\",,,T,443.0,O,4.0,"
    exploded.write_text(
        "FlowStartTime,FlowEndTime,VMIPAddress,PublicIPs,SrcIP,DestIP,L4Protocol,DestPort,FlowDirection,"
        f"AllowedOutFlows,AllExtIPs\n{row}192.0.2.1\n{row}192.0.2.2\n"
    )
    found = check_reader(READER, exploded, expect_rows={"flow": 2}, records=2, has_zone=True)
    assert pc.sum(found.tables["flow"]["flow_count"]).as_py() == 4
    assert found.tables["flow"]["dst_ip"].to_pylist() == ["192.0.2.1", "192.0.2.2"]


def test_vm_connection_inbound_machine_is_the_destination(tmp_path: Path) -> None:
    path = tmp_path / "vmconnection.json"
    one = {
        "TimeGenerated": "2022-05-11T18:09:38.868Z", "Computer": "web1", "Direction": "inbound", "ProcessName": "java",
        "SourceIp": "192.0.2.6", "DestinationIp": "192.0.2.5", "DestinationPort": 8080, "Protocol": "tcp",
        "RemoteIp": "192.0.2.6", "BytesSent": 333, "BytesReceived": 137, "LinksEstablished": 2, "ConnectionId": "c1",
    }  # fmt: skip
    path.write_text(json.dumps(one) + "\n" + json.dumps(one | {"Direction": "outbound"}) + "\n")
    found = check_reader(READER, path, expect_rows={"flow": 2}, records=2, has_zone=True)
    inward, outward = found.tables["flow"].to_pylist()
    assert (inward["src_bytes"], inward["dst_bytes"], inward["dst_host"], inward["direction"]) == (
        137, 333, "web1", "inbound",
    )  # fmt: skip
    assert (outward["src_bytes"], outward["src_host"], outward["flow_count"]) == (333, "web1", 2)
