"""Zeek logs of the developer data set: every record becomes a row, or is counted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest

from flowsleuth.readers.zeek import ZeekReader
from flowsleuth.schema import FLOW
from flowsleuth.testing import check_reader, count_lines, read_all

pytestmark = pytest.mark.real
READER = ZeekReader()
LABELLED = "labelled/zeek_ctu_"


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("zeek/maccdc2012_hour06_json/conn.log.gz", {"flow": 154_727}),
        ("zeek/maccdc2012_hour06_json/http.log.gz", {"http": 61_062}),
        ("zeek/maccdc2012_hour06_json/dns.log.gz", {"dns": 15_037}),
        ("zeek/maccdc2012_hour06_json/ssl.log.gz", {"tls": 423}),
        (f"{LABELLED}normal40_day1/conn.log.labeled.gz", {"flow": 5_663}),
        (f"{LABELLED}normal42_day2/conn.log.labeled.gz", {"flow": 5_347}),
        (f"{LABELLED}sme11_ubuntu_benign/conn.log.labeled.gz", {"flow": 7_124}),
        (f"{LABELLED}sme11_ubuntu_benign/dns.log.labeled.gz", {"dns": 9_359}),
        ("labelled/zeek_njrat_230-1/labeled-conn.log", {"flow": 992}),
        ("labelled/zeek_njrat_230-1/conn.log", {"flow": 992}),
        ("labelled/zeek_malware_capture/Win7GhostRatDownload/conn.log.gz", {"flow": 3_525}),
        ("zeek/isc_contest_2021-12_json/conn.log.gz", {"flow": 2_060}),
        ("zeek/isc_contest_2021-12_json/dns.log.gz", {"dns": 1_128}),
        ("zeek/slips_test9_mixed_json/conn.log", {"flow": 576}),
        ("zeek/slips_test9_mixed_json/ssl.log", {"tls": 205}),
        ("zeek/rita_proxy_rolling_gz/conn.16:00:00-17:00:00.log.gz", {"flow": 7_260}),
        ("zeek/rita_proxy_rolling_gz/http.16:00:00-17:00:00.log.gz", {"http": 2_325}),
        ("zeek/aktaion_benign3/http.log.gz", {"http": 2_458}),
        ("zeek/zat_tsv/tor_ssl.log", {"tls": 733}),
    ],
)
def test_every_record_is_a_row(shared_data: Path, name: str, rows: dict[str, int]) -> None:
    found = read_all(READER, shared_data / name)
    assert found.rows == rows
    assert found.rejects == []
    assert found.skipped == {}
    table = next(iter(found.tables.values()))
    column = "flow_id" if "flow_id" in table.column_names else "event_id"
    assert len(table[column].unique()) == len(table)


@pytest.mark.parametrize("kind", ["dpd", "ntlm", "smb_mapping", "weird"])
def test_logs_without_a_table_are_counted(shared_data: Path, kind: str) -> None:
    counts = {"dpd": 613, "ntlm": 369, "smb_mapping": 365, "weird": 358}
    found = read_all(READER, shared_data / f"zeek/maccdc2012_hour06_json/{kind}.log.gz")
    assert (found.rows, found.rejects, found.skipped) == ({}, [], {kind: counts[kind]})


def test_mixed_streams(shared_data: Path) -> None:
    found = read_all(READER, shared_data / "labelled/apt29_day1_zeek/combined_zeek.log.gz")
    assert found.rows == {"flow": 613, "dns": 53, "tls": 378, "http": 62}
    assert sum(found.skipped.values()) == 2_140 - 613 - 53 - 378 - 62
    assert found.rejects == []


def test_per_host_logs_are_the_mixed_ones(shared_data: Path, tmp_path: Path) -> None:
    """The two hosts' text logs hold the same connections as the mixed JSON."""
    texts = set()
    for host in ("NASHUA", "SCRANTON"):
        with ZipFile(shared_data / f"labelled/apt29_day1_zeek/{host}-zeek_logs.zip") as archive:
            path = tmp_path / f"{host}.log"
            path.write_bytes(archive.read("conn.log"))
        texts |= set(read_all(READER, path).tables["flow"]["uid"].to_pylist())
    assert texts


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("labelled/zeek_njrat_230-1/labeled-conn.log", {"flow": 992}),
        ("zeek/slips_test9_mixed_json/conn.log", {"flow": 576}),
        ("zeek/rita_proxy_rolling_gz/dns.15:00:00-16:00:00.log.gz", {"dns": 20}),
    ],
)
def test_keeps_every_promise(shared_data: Path, name: str, rows: dict[str, int]) -> None:
    check_reader(READER, shared_data / name, expect_rows=rows, records=count_lines(), has_zone=True)


def test_a_labelled_flow_in_full(shared_data: Path) -> None:
    path = shared_data / f"{LABELLED}normal40_day1/conn.log.labeled.gz"
    row = read_all(READER, path, source_file="x").row("flow", 9)
    row["extra"] = json.loads(row["extra"])
    assert row == dict.fromkeys(FLOW.names) | {
        "flow_id": 2**31 + 9,
        "start": datetime(2022, 6, 12, 21, 59, 58, 444_458, tzinfo=UTC),
        "end": datetime(2022, 6, 12, 21, 59, 59, 579_882, tzinfo=UTC),
        "duration_s": 1.135424,
        "src_ip": "147.32.81.167",
        "src_port": 62771,
        "dst_ip": "40.74.108.123",
        "dst_port": 443,
        "proto": "tcp",
        "service": "ssl",
        "src_bytes": 1016,
        "dst_bytes": 1226,
        "src_packets": 14,
        "dst_packets": 16,
        "conn_state": "SF",
        "history": "ShADdaFf",
        "direction": "outbound",
        "uid": "CHLXQF2OBY4onAR0Ug",
        "source_kind": "zeek",
        "source_file": "x",
        "source_row": 9,
        "extra": {
            "detailedlabel": "Microsoft",
            "label": "Benign",
            "local_orig": True,
            "local_resp": False,
            "missed_bytes": 5138,
            "orig_bytes": 1596,
            "resp_bytes": 4039,
            "tunnel_parents": [],
        },
    }


def test_a_json_flow_in_full(shared_data: Path) -> None:
    path = shared_data / "zeek/maccdc2012_hour06_json/conn.log.gz"
    row = read_all(READER, path, source_file="x").row("flow", 3)
    row["extra"] = json.loads(row["extra"])
    assert row == dict.fromkeys(FLOW.names) | {
        "flow_id": 2**31 + 3,
        "start": datetime(2012, 3, 16, 15, 50, 38, 710_000, tzinfo=UTC),
        "end": datetime(2012, 3, 16, 15, 50, 38, 750_000, tzinfo=UTC),
        "duration_s": 0.039999961853027347,
        "src_ip": "192.168.202.102",
        "src_port": 1233,
        "dst_ip": "192.168.24.202",
        "dst_port": 80,
        "proto": "tcp",
        "src_bytes": 160,
        "dst_bytes": 8453,
        "src_packets": 4,
        "dst_packets": 8,
        "conn_state": "SF",
        "history": "^adAfF",
        "direction": "internal",
        "uid": "CTmRUe2512Yp0uajD1",
        "source_kind": "zeek",
        "source_file": "x",
        "source_row": 3,
        "extra": {"missed_bytes": 0, "orig_bytes": 0, "resp_bytes": 8133},
    }


def test_icmp_of_maccdc(shared_data: Path) -> None:
    table = read_all(READER, shared_data / "zeek/maccdc2012_hour06_json/conn.log.gz").tables["flow"]
    protocols = {pair["values"]: pair["counts"] for pair in table["proto"].value_counts().to_pylist()}
    assert protocols["tcp"] == 143_967
    assert protocols["udp"] == 6_413
    assert protocols["icmp"] + protocols["ipv6-icmp"] == 4_347
    assert table["icmp_type"].null_count == len(table) - 4_347
