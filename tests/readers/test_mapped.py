"""Any table by a mapping file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flowsleuth.errors import OptionError, ReaderError
from flowsleuth.readers.mapped import MappedOptions, MappedReader
from flowsleuth.readers.mapping import load_mapping
from flowsleuth.schema import FLOW
from flowsleuth.testing import check_reader, read_all

READER = MappedReader()
CSV = "mapped/semicolons/firewall.csv"
JSON = "mapped/nested_json/sessions.jsonl"


def options(data: Path, sample: str) -> MappedOptions:
    return MappedOptions(str((data / sample).with_name("mapping.toml")))


def mapping_of(tmp_path: Path, text: str) -> MappedOptions:
    path = tmp_path / "mapping.toml"
    path.write_text(text)
    return MappedOptions(str(path))


def test_csv_keeps_every_promise(data: Path) -> None:
    check_reader(
        READER,
        data / CSV,
        expect_rows={"flow": 3},
        expect_rejects=3,
        records=6,
        options=options(data, CSV),
        sniffs=False,
        has_zone=False,
    )


def test_csv_row_in_full(data: Path) -> None:
    row = read_all(READER, data / CSV, options=options(data, CSV), source_file="x").row("flow", 2)
    row["extra"] = json.loads(row["extra"])
    expected = dict.fromkeys(FLOW.names) | {
        "flow_id": 2**31 + 2,
        "start": datetime(2024, 3, 2, 11, 5, 9, tzinfo=UTC),
        "end": datetime(2024, 3, 2, 11, 5, 10, 500_000, tzinfo=UTC),
        "duration_s": 1.5,
        "src_ip": "192.168.7.20",
        "src_port": 51544,
        "dst_ip": "203.0.113.80",
        "dst_port": 443,
        "proto": "tcp",
        "src_bytes": 3456,
        "dst_bytes": 88880,
        "direction": "outbound",
        "action": "allowed",
        "sensor": "fw-1",
        "source_kind": "table",
        "source_file": "x",
        "source_row": 2,
        "extra": {"rule": "allow; web", "zone": "dmz"},
    }
    assert row == expected


def test_csv_oddities(data: Path) -> None:
    found = read_all(READER, data / CSV, options=options(data, CSV))
    ping, odd = found.row("flow", 3), found.row("flow", 6)
    assert (ping["src_port"], ping["dst_bytes"], json.loads(ping["extra"])) == (
        None,
        None,
        {"rule": "ping", "sport": 8},
    )
    assert (odd["src_port"], odd["end"], odd["duration_s"], odd["action"]) == (51545, None, None, None)
    assert json.loads(odd["extra"]) == {"rule": "r", "zone": "z", "verdict": "7", "ms": "-3"}
    assert [(r.source_row, r.reason, r.detail) for r in found.rejects] == [
        (4, "not a number", "sport='x'"),
        (5, "not a time", "when='02.03.2024'"),
        (7, "wrong number of fields", "3 fields, expected 12"),
    ]


def test_json_keeps_every_promise(data: Path) -> None:
    found = check_reader(
        READER,
        data / JSON,
        expect_rows={"flow": 3},
        expect_rejects=3,
        records=6,
        options=options(data, JSON),
        sniffs=False,
        has_zone=True,
    )
    assert json.loads(found.row("flow", 1)["extra"]) == {"tags": ["a", "b"], "ok": True, "ratio": 0.5}
    assert json.loads(found.row("flow", 2)["extra"]) == {"note": 'café "quoted"'}
    assert json.loads(found.row("flow", 7)["extra"]) == {"ratio": "n/a"}
    assert found.row("flow", 1)["server_name"] == "www.example.org"
    assert [reject.reason for reject in found.rejects] == ["not a number", "not JSON", "not a JSON object"]


def test_event_table_with_zones_and_words_for_booleans(data: Path) -> None:
    path = data / "mapped/dns_table/queries.csv"
    found = check_reader(
        READER,
        path,
        expect_rows={"dns": 2},
        expect_rejects=1,
        records=3,
        options=options(data, "mapped/dns_table/queries.csv"),
        sniffs=False,
        has_zone=True,
    )
    row = found.row("dns", 2)
    assert row["start"] == datetime(2024, 3, 2, 10, 5, 10, tzinfo=UTC)
    assert (row["rtt_s"], row["is_rejected"], row["dst_port"]) == (0.00125, False, 53)
    assert found.rejects[0].reason == "neither true nor false"


def test_parquet_with_nested_columns(tmp_path: Path) -> None:
    path = tmp_path / "any.parquet"
    table = pa.table(
        {
            "at": pa.array([datetime(2024, 3, 2, 11, 5, 9), datetime(2024, 3, 2, 11, 5, 10), None]),
            "src": pa.array([{"ip": "192.0.2.1", "port": 1025.0}, {"ip": "192.0.2.2", "port": 80.5}, None]),
            "dst": ["198.51.100.1", "198.51.100.2", "198.51.100.3"],
            "tags": [["a"], None, ["b"]],
            "raw": [b"\xff\x00", None, b"x"],
            "day": pa.array([19784, 19784, None], type=pa.date32()),
        }
    )
    pq.write_table(table, path)
    said = mapping_of(tmp_path, '[flow]\nstart = "at"\nsrc_ip = "src.ip"\nsrc_port = "src.port"\ndst_ip = "dst"\n')
    found = check_reader(
        READER,
        path,
        expect_rows={"flow": 1},
        expect_rejects=2,
        records=3,
        options=said,
        sniffs=False,
        has_zone=False,
    )
    assert json.loads(found.row("flow", 1)["extra"]) == {"tags": '["a"]', "raw": "\\xff\x00", "day": "2024-03-02"}
    assert [(r.source_row, r.reason) for r in found.rejects] == [(2, "not a number"), (3, "no address")]
    assert json.loads(found.rejects[0].raw or "")["src.ip"] == "192.0.2.2"


def test_columns_without_a_header_line(tmp_path: Path) -> None:
    path = tmp_path / "flows.txt"
    path.write_text("1709377509,192.0.2.1,198.51.100.1\n1709377510.25,192.0.2.2,198.51.100.2\n")
    said = mapping_of(
        tmp_path,
        '[file]\nnames = ["t", "a", "b"]\n[flow]\nstart = { column = "t", unit = "s" }\nsrc_ip = "a"\ndst_ip = "b"\n',
    )
    rows = read_all(READER, path, options=said).tables["flow"].to_pylist()
    assert [str(row["start"]) for row in rows] == ["2024-03-02 11:05:09+00:00", "2024-03-02 11:05:10.250000+00:00"]
    assert [row["source_row"] for row in rows] == [1, 2]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_units_of_time(tmp_path: Path, unit: str) -> None:
    path = tmp_path / "flows.csv"
    number = 1709377509 * {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    path.write_text(f"t,a,b,d\n{number},192.0.2.1,198.51.100.1,{2 * number // 1709377509}\n")
    text = f'[flow]\nstart = {{ column = "t", unit = "{unit}" }}\nsrc_ip = "a"\ndst_ip = "b"\n'
    said = mapping_of(tmp_path, text + f'duration_s = {{ column = "d", unit = "{unit}" }}\n')
    row = read_all(READER, path, options=said).row("flow", 2)
    assert row["start"] == datetime(2024, 3, 2, 11, 5, 9, tzinfo=UTC)
    assert (row["duration_s"], str(row["end"])) == (2.0, "2024-03-02 11:05:11+00:00")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[flow", "cannot be read"),
        ("[file]\n", r"needs one section that names a table, found none \(available: \[flow\]"),
        ("[flows]\n", r"found \[flows\]"),
        ("[flow]\n[dns]\n", r"found \[flow\], \[dns\]"),
        ('[flow]\nstart = "t"\nsrc_ip = "a"\n', "does not say where dst_ip comes from"),
        ('[flow]\nsource = "t"\n', r"has no column source to fill \(available: start, end"),
        ("[flow]\nstart = 3\n", "must be"),
        ('[flow]\nstart = { column = "t", unit = "h" }\n', r"has unit 'h' \(available: iso, s, ms, us, ns\)"),
        ('[flow]\nsrc_bytes = { column = "t", unit = "ms" }\n', "has unit 'ms'"),
        ('[flow]\nstart = { column = "t", value = 3 }\n', "either a column or a value"),
        ('[flow]\nstart = { col = "t" }\n', r"does not know col \(available: column, unit"),
        ('[file]\ndelimiter = "||"\n[dns]\nstart = "t"\n', "not one ASCII character"),
        ('[file]\nformat = "xml"\n[dns]\nstart = "t"\n', r"\(available: csv, json, parquet\)"),
        ('[file]\nquote = "x"\n[dns]\nstart = "t"\n', "does not know quote"),
    ],
)
def test_mapping_mistakes_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        load_mapping(mapping_of(tmp_path, text).mapping)


def test_a_mapping_is_needed(data: Path) -> None:
    with pytest.raises(OptionError, match="needs a mapping file"):
        read_all(READER, data / CSV)


@pytest.mark.parametrize("sample", [CSV, JSON])
def test_missing_column_names_what_there_is(data: Path, tmp_path: Path, sample: str) -> None:
    said = mapping_of(tmp_path, '[file]\ndelimiter = ";"\n[flow]\nstart = "time"\nsrc_ip = "source"\ndst_ip = "dest"\n')
    with pytest.raises(ReaderError, match=r"no such columns: time.*\(available: .*"):
        read_all(READER, data / sample, options=said)
