"""Argus' flow text."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flowsleuth.errors import ReaderError
from flowsleuth.readers.argus import ArgusReader
from flowsleuth.readers.argus_states import tcp_state
from flowsleuth.schema import FLOW
from flowsleuth.testing import check_reader, count_lines, read_all

READER = ArgusReader()
CTU = "argus/ctu_15_columns/flows.binetflow"


def test_keeps_every_promise(data: Path) -> None:
    check_reader(
        READER,
        data / CTU,
        expect_rows={"flow": 14},
        expect_rejects=1,
        records=count_lines(header=1),
        has_zone=False,
        null_columns={"flow": ["src_packets", "dst_packets", "uid", "sensor", "action"]},
    )


def test_row_in_full(data: Path) -> None:
    row = read_all(READER, data / CTU, source_file="x", tz="Europe/Prague").row("flow", 2)
    row["extra"] = json.loads(row["extra"])
    expected = dict.fromkeys(FLOW.names) | {
        "flow_id": 2**31 + 2,
        "start": datetime(2011, 8, 16, 8, 1, 46, 972_101, tzinfo=UTC),
        "end": datetime(2011, 8, 16, 8, 1, 49, 222_101, tzinfo=UTC),
        "duration_s": 2.25,
        "src_ip": "192.0.2.10",
        "src_port": 49213,
        "dst_ip": "198.51.100.7",
        "dst_port": 80,
        "proto": "tcp",
        "src_bytes": 1200,
        "dst_bytes": 3000,
        "tcp_flags": "FSPA_FSPA",
        "conn_state": "SF",
        "direction": "external",
        "tos": 0,
        "source_kind": "argus",
        "source_file": "x",
        "source_row": 2,
        "extra": {"TotPkts": 14, "Dir": "->", "State": "FSPA_FSPA", "dTos": 0, "Label": "flow=From-Normal-V47"},
    }
    assert row == expected


def test_who_began(data: Path) -> None:
    found = read_all(READER, data / CTU)
    redirect = found.row("flow", 6)
    assert (redirect["src_ip"], redirect["dst_ip"]) == ("198.51.100.9", "192.0.2.11")
    assert (redirect["src_bytes"], redirect["dst_bytes"], redirect["tos"]) == (196, 0, 0)
    reset = found.row("flow", 9)
    assert (reset["src_ip"], reset["src_port"], reset["dst_ip"], reset["dst_port"]) == (
        "203.0.113.4",
        10007,
        "192.0.2.12",
        80,
    )
    assert (reset["tcp_flags"], reset["tos"], reset["src_bytes"]) == ("RA_", 32, 60)
    assert json.loads(reset["extra"])["Dir"] == "<?"
    assert json.loads(reset["extra"])["State"] == "_RA"
    both = found.row("flow", 10)
    assert (both["src_ip"], both["conn_state"]) == ("192.0.2.12", "OTH")


def test_icmp_and_other_words_in_ports(data: Path) -> None:
    found = read_all(READER, data / CTU)
    for line, kind, code in ((6, 5, None), (7, 3, 3), (8, 8, 0), (15, 135, 0)):
        row = found.row("flow", line)
        assert (row["icmp_type"], row["icmp_code"]) == (kind, code), f"line {line}"
        assert row["src_port"] is None and row["dst_port"] is None
    assert json.loads(found.row("flow", 7)["extra"])["Dport"] == "0xf735"
    assert json.loads(found.row("flow", 11)["extra"])["Dport"] == "0x2020597d"
    rtp = found.row("flow", 14)
    assert (rtp["proto"], rtp["service"], rtp["dst_port"]) == ("udp", "rtp", 0x3433)
    named = found.row("flow", 16)
    assert (named["dst_port"], json.loads(named["extra"])["Dport"]) == (None, "ntp")
    assert "Label" not in json.loads(named["extra"])


def test_mac_addresses_are_a_reject_and_arp_is_a_row(data: Path) -> None:
    found = read_all(READER, data / CTU)
    assert [(r.source_row, r.reason, r.detail) for r in found.rejects] == [
        (13, "not an IP address", "src_ip=00:15:17:2c:e5:2d")
    ]
    assert found.row("flow", 12)["proto"] == "arp"


def test_states(data: Path) -> None:
    table = read_all(READER, data / CTU).tables["flow"]
    states = dict(zip(table["source_row"].to_pylist(), table["conn_state"].to_pylist(), strict=True))
    said = {line: state for line, state in states.items() if state}
    assert said == {2: "SF", 3: "SF", 4: "S0", 5: "REJ", 10: "OTH", 14: "SF", 16: "S0"}


@pytest.mark.parametrize(
    ("state", "meaning"),
    [
        ("S_", "S0"), ("SEC_", "S0"), ("S_RA", "REJ"), ("S_R", "REJ"), ("S_SA", None), ("SPA_SPA", "S1"),
        ("FSPA_FSPA", "SF"), ("FSPA_SPA", "S2"), ("SPA_FSPA", "S3"), ("SRPA_SPA", "RSTO"), ("SPA_SRPA", "RSTR"),
        ("FSRPA_FSPA", None), ("SRPA_FSPA", None), ("SR_", "RSTOS0"), ("FS_", "SH"), ("PA_PA", "OTH"), ("A_", "OTH"),
        ("FA_FA", None), ("_FSPA", None), ("_RA", None), ("RA_", None), ("SF", "SF"), ("S0", "S0"), ("CON", None),
        ("INT", None), ("", None), ("_", "OTH"),
    ],
)  # fmt: skip
def test_tcp_states(state: str, meaning: str | None) -> None:
    assert tcp_state(state) == meaning


def test_tabs_and_odd_values(data: Path) -> None:
    path = data / "argus/tabs_16_columns/flows.txt"
    found = check_reader(READER, path, expect_rows={"flow": 4}, expect_rejects=1, records=count_lines(header=1))
    assert [(r.source_row, r.reason, r.detail) for r in found.rejects] == [
        (6, "not a time", "StartTime='16:24:51.000000'")
    ]
    first, second, third, fourth = found.tables["flow"].to_pylist()
    assert (first["dst_port"], first["conn_state"]) == (999, "S0")
    assert (first["src_packets"], first["dst_packets"], first["dst_bytes"]) == (15, 16, 6877)
    assert json.loads(first["extra"])["LastTime"] == "2019/04/04 16:25:51.495278"
    assert str(second["start"]) == "2019-04-04 16:25:00.250000+00:00"
    assert (second["end"], second["duration_s"], json.loads(second["extra"])["Dur"]) == (None, None, -0.5)
    assert third["conn_state"] == "S0", "a SYN was sent, nothing came back"
    assert (fourth["src_bytes"], fourth["dst_bytes"], fourth["dst_packets"]) == (None, None, 2)
    assert {name: json.loads(fourth["extra"])[name] for name in ("TotBytes", "SrcBytes")} == {
        "TotBytes": 100,
        "SrcBytes": 300,
    }


def test_without_source_counters(data: Path) -> None:
    path = data / "argus/no_source_counters/flows.binetflow"
    found = check_reader(
        READER,
        path,
        expect_rows={"flow": 3},
        records=count_lines(header=1),
        has_zone=False,
        null_columns={"flow": ["src_bytes", "dst_bytes", "src_packets", "dst_packets"]},
    )
    assert json.loads(found.row("flow", 2)["extra"])["TotBytes"] == 49634
    assert [row["conn_state"] for row in found.tables["flow"].to_pylist()] == ["OTH", "SF", "S0"]


def test_hours_that_come_twice_or_never(data: Path) -> None:
    path = data / "argus/clocks_put_back/flows.binetflow"
    rows = read_all(READER, path, tz="Europe/Prague").tables["flow"]["start"].to_pylist()
    assert [str(start) for start in rows] == [
        "2011-10-29 23:59:59+00:00",
        "2011-10-30 00:30:00+00:00",
        "2011-10-30 02:00:00+00:00",
        "2011-03-27 01:30:00+00:00",
    ]


def test_refuses_what_has_no_header(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ReaderError, match="no Argus header"):
        read_all(READER, path)
