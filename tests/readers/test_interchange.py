"""OCSF, ECS and ASIM, in and out."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

import flowsleuth
from flowsleuth.errors import CatalogueError, OptionError
from flowsleuth.faces.cli import main
from flowsleuth.readers.interchange import NAMES, load_schema
from flowsleuth.readers.interchange.reader import AsimReader, EcsReader, InterchangeReader, OcsfReader
from flowsleuth.readers.interchange.writer import flat_table, json_lines, nested_table
from flowsleuth.schema import FLOW
from flowsleuth.testing import check_reader, count_lines, read_all

READERS: dict[str, InterchangeReader] = {"ocsf": OcsfReader(), "ecs": EcsReader(), "asim": AsimReader()}
OF_THE_FILE = ("flow_id", "source_kind", "source_file", "source_row", "extra")
START = datetime(2024, 5, 1, 10, 0, 0, 123_457, tzinfo=UTC)
SAMPLES = {
    "string": "né \"x\" \\ \t", "int64": 9_007_199_254_740_993, "int32": 443, "int16": 3, "float64": 1.0 / 3,
    "timestamp": START,
}  # fmt: skip
WORDS = {
    "src_ip": "10.0.0.5", "dst_ip": "2001:db8::7", "proto": "tcp", "service": "dns", "action": "denied",
    "direction": "outbound", "end": START + timedelta(seconds=1, microseconds=1),
}  # fmt: skip
NEEDED = ("start", "src_ip", "dst_ip", "direction", *OF_THE_FILE[:4])


def full_row(**changes: Any) -> dict[str, Any]:
    """A flow with something in every column."""
    row = {column.name: WORDS.get(column.name, SAMPLES[column.type]) for column in FLOW.columns}
    return row | {"extra": '{"a":{"b":[1,"é"]},"label":"x"}'} | changes


def rows() -> pa.Table:
    bare = {name: value if name in NEEDED else None for name, value in full_row().items()}
    made = [full_row(), bare, full_row(duration_s=1.5, action="allowed"), full_row(duration_s=0.0, proto="253")]
    made += [full_row(start=START + timedelta(days=1), end=None, extra=None, src_bytes=None)]
    return pa.Table.from_pylist(made, schema=FLOW.arrow_schema())


@pytest.mark.parametrize("name", NAMES)
def test_every_column_comes_back(name: str, tmp_path: Path) -> None:
    table, schema = rows(), load_schema(name)
    path = tmp_path / "flows.jsonl"
    path.write_text("".join(line + "\n" for line in json_lines(table, schema).to_pylist()))
    found = check_reader(READERS[name], path, expect_rows={"flow": 5}, records=count_lines(), has_zone=True)
    assert_same(found.tables["flow"], table, schema.provenance)
    nested = tmp_path / "flows.parquet"
    pa.parquet.write_table(nested_table(table, schema), nested, row_group_size=2)
    found = check_reader(READERS[name], nested, expect_rows={"flow": 5}, records=5, has_zone=True)
    assert_same(found.tables["flow"], table, schema.provenance)
    table_file = tmp_path / "flows.csv"
    pa.csv.write_csv(flat_table(table, schema), table_file)
    found = check_reader(
        READERS[name], table_file, expect_rows={"flow": 5}, records=count_lines(header=1), has_zone=True
    )
    assert_same(found.tables["flow"], table, schema.provenance)
    array = tmp_path / "flows.json"
    array.write_text(json.dumps([json.loads(line) for line in path.read_text().splitlines()], indent=2))
    assert_same(read_all(READERS[name], array).tables["flow"], table, schema.provenance)


def assert_same(found: pa.Table, table: pa.Table, provenance: Any) -> None:
    for name in FLOW.names:
        if name not in OF_THE_FILE:
            assert found[name].to_pylist() == table[name].to_pylist(), name
    for ours, theirs in zip(found["extra"].to_pylist(), table["extra"].to_pylist(), strict=True):
        left = {key: value for key, value in json.loads(ours or "{}").items() if key not in provenance}
        assert left == json.loads(theirs or "{}")


def test_a_record_in_full() -> None:
    row = full_row(service="ssl", src_bytes=100, dst_bytes=50, src_packets=2, dst_packets=1, duration_s=1.0005)
    table = pa.Table.from_pylist([row], schema=FLOW.arrow_schema())
    asim = json.loads(json_lines(table, load_schema("asim"))[0].as_py())
    assert asim.pop("AdditionalFields") == {
        name: row[name] for name in (
            "duration_s", "tcp_flags", "conn_state", "history", "icmp_type", "icmp_code", "server_name", "src_as",
            "dst_as", "tos", "sampling_rate", "community_id",
        )
    } | {"extra": json.loads(row["extra"])}  # fmt: skip
    text = SAMPLES["string"]
    assert asim == {
        "EventSchema": "NetworkSession", "EventSchemaVersion": "0.2.6", "EventType": "Flow", "EventResult": "NA",
        "EventProduct": "flowsleuth", "EventVendor": "flowsleuth", "EventSeverity": "Informational",
        "EventUid": str(row["flow_id"]), "EventStartTime": "2024-05-01T10:00:00.123457Z",
        "TimeGenerated": "2024-05-01T10:00:00.123457Z", "EventEndTime": "2024-05-01T10:00:01.123458Z",
        "NetworkDuration": 1000, "SrcIpAddr": "10.0.0.5", "SrcPortNumber": 443, "DstIpAddr": "2001:db8::7",
        "DstPortNumber": 443, "NetworkProtocol": "TCP", "NetworkApplicationProtocol": "SSL", "SrcBytes": 100,
        "DstBytes": 50, "NetworkBytes": 150, "SrcPackets": 2, "DstPackets": 1, "NetworkPackets": 3,
        "NetworkDirection": "Outbound", "DvcAction": "Deny", "SrcHostname": text, "DstHostname": text, "Dvc": text,
        "DvcInboundInterface": text, "DvcOutboundInterface": text, "SrcVlanId": "443",
        "EventCount": row["flow_count"], "NetworkSessionId": text,
    }  # fmt: skip


def test_ocsf_of_another_product(data: Path) -> None:
    path = data / "interchange/ocsf_other_product/events.jsonl"
    found = check_reader(
        READERS["ocsf"], path, expect_rows={"flow": 1}, expect_rejects=2, expect_skipped={"4003": 1},
        records=count_lines(), has_zone=True, null_columns={"flow": ["src_bytes", "dst_bytes", "service"]},
    )  # fmt: skip
    assert [(r.source_row, r.reason) for r in found.rejects] == [(2, "not an IP address"), (4, "not a time")]
    row = found.row("flow", 1)
    assert (row["start"], row["end"]) == (
        datetime(2024, 5, 1, 10, 0, 0, 123_000, tzinfo=UTC), datetime(2024, 5, 1, 10, 1, tzinfo=UTC),
    )  # fmt: skip
    assert (row["proto"], row["action"], row["direction"], row["dst_port"]) == ("tcp", "denied", "outbound", 443)
    extra = json.loads(row["extra"])
    assert (extra["traffic.bytes"], extra["metadata.product.name"], extra["metadata.version"]) == (
        4249, "Amazon VPC", "1.1.0",
    )  # fmt: skip
    assert (extra["connection_info.tcp_flags"], extra["disposition"]) == (19, "Blocked")


def test_ecs_nested_dotted_and_exported(data: Path) -> None:
    path = data / "interchange/ecs_nested_dotted_exported/docs.jsonl"
    found = check_reader(
        READERS["ecs"], path, expect_rows={"flow": 3}, expect_rejects=1, records=count_lines(), has_zone=True
    )
    assert [(r.source_row, r.reason, r.detail) for r in found.rejects] == [(3, "port out of range", "dst_port=70000")]
    first, second, fourth = found.tables["flow"].to_pylist()
    assert (first["start"], first["duration_s"]) == (START.replace(microsecond=123_456), 1.376543211)
    assert (first["src_as"], first["vlan"], first["proto"], first["service"]) == (64500, 7, "tcp", "ssl")
    assert json.loads(first["extra"])["event.type"] == ["connection", "denied"]
    assert (second["proto"], second["action"], second["dst_port"]) == ("udp", None, 53)
    assert json.loads(second["extra"]) == {"event.action": "network_flow", "network.bytes": 90}
    assert (fourth["dst_port"], json.loads(fourth["extra"])) == (80, {"_id": "2", "_index": "x"})


def test_asim_of_another_product(data: Path) -> None:
    path = data / "interchange/asim_other_product/sessions.jsonl"
    found = check_reader(
        READERS["asim"], path, expect_rows={"flow": 2}, expect_rejects=1, records=count_lines(), has_zone=True
    )
    assert [(r.source_row, r.reason, r.detail) for r in found.rejects] == [(2, "not a number", "SrcBytes='many'")]
    first, third = found.tables["flow"].to_pylist()
    assert (first["duration_s"], first["action"], first["flow_count"], first["direction"]) == (
        4.0,
        "denied",
        3,
        "inbound",
    )
    assert json.loads(first["extra"])["EventProduct"] == "Azure Firewall"
    assert (third["action"], json.loads(third["extra"])["DvcAction"], third["src_bytes"]) == (None, "Reset", 12)


def test_parquet_of_other_classes_and_a_portal_csv(tmp_path: Path) -> None:
    path = tmp_path / "lake.parquet"
    ends = {"src_endpoint": {"ip": "10.0.0.5"}, "dst_endpoint": {"ip": "10.0.0.6", "port": 53}}
    records = [{"class_uid": uid, "time": 1714557600000 + uid} | ends for uid in (4001, 4003, 4001)]
    pa.parquet.write_table(pa.Table.from_pylist(records), path)
    found = check_reader(
        READERS["ocsf"], path, expect_rows={"flow": 2}, expect_skipped={"class_uid 4003": 1}, records=3, has_zone=True
    )
    assert found.row("flow", 3)["dst_port"] == 53
    pa.parquet.write_table(pa.Table.from_pylist(records[1:2]), path)
    with flowsleuth.readers.streams.Source(str(path)) as source:
        assert READERS["ocsf"].sniff(source.sample) is None
    portal = tmp_path / "query_data.csv"
    portal.write_text(
        '"TimeGenerated [UTC]",EventSchema,SrcIpAddr,DstIpAddr,DstPortNumber,DvcAction,SrcBytes\n'
        '"5/1/2024, 1:00:05.250 PM",NetworkSession,203.0.113.9,10.0.0.4,22,Deny,12\n'
        "soon,NetworkSession,203.0.113.9,10.0.0.4,22,Deny,12\n"
    )
    found = check_reader(
        READERS["asim"], portal, expect_rows={"flow": 1}, expect_rejects=1, records=count_lines(header=1), has_zone=True
    )
    row = found.row("flow", 2)
    assert (row["start"], row["action"]) == (datetime(2024, 5, 1, 13, 0, 5, 250_000, tzinfo=UTC), "denied")


def test_convert(tmp_path: Path, data: Path, capfd: pytest.CaptureFixture[str]) -> None:
    case = tmp_path / "case"
    with flowsleuth.open(case, create=True) as ws:
        ws.ingest(data / "azure", data / "zeek/times_since_start")
        count = int(ws.table("flow").count().execute())
        for name in NAMES:
            assert ws.convert(name, tmp_path / f"{name}.jsonl") == count
            again = read_all(READERS[name], tmp_path / f"{name}.jsonl")
            assert (again.rows, again.rejects) == ({"flow": count}, [])
        assert ws.convert("ocsf", tmp_path / "flows.parquet") == count
        assert len(read_all(READERS["ocsf"], tmp_path / "flows.parquet").tables["flow"]) == count
        day = datetime(2022, 9, 14, tzinfo=UTC)
        assert ws.convert("ecs", tmp_path / "day.csv", start=day, end=day + timedelta(days=1)) == 4
        with (tmp_path / "day.csv").open(newline="") as file:
            lines = list(csv.DictReader(file))
        assert [line["source.ip"] for line in lines].count("10.0.0.6") == 3
        with pytest.raises(CatalogueError, match="no such schema"):
            ws.convert("cef", tmp_path / "x")
        with pytest.raises(OptionError, match="no such format"):
            ws.convert("ecs", tmp_path / "x", form="xml")  # type: ignore[arg-type]
        assert not (tmp_path / "x").exists()
    out = tmp_path / "cli.jsonl"
    assert main(["convert", "-w", str(case), "--to", "ocsf", "--output", str(out)]) == 0
    assert out.read_bytes() == (tmp_path / "ocsf.jsonl").read_bytes()
    assert "flows in" in capfd.readouterr().err
    assert main(["convert", "-w", str(case), "--to", "ecs", "--start", "2022-09-14", "--end", "2022-09-15"]) == 0
    assert [json.loads(line)["ecs"]["version"] for line in capfd.readouterr().out.splitlines()] == ["8.11.0"] * 4
    assert main(["convert", "-w", str(case), "--to", "ecs", "--format", "parquet"]) == 2
