"""nfdump's CSV: three dialects, and what each decision of readers/netflow.py does to a record."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsleuth.errors import ReaderError
from flowsleuth.readers.nfdump import NfdumpReader, fields_of_header
from flowsleuth.schema import FLOW
from flowsleuth.testing import check_reader, count_lines, read_all

READER = NfdumpReader()


def full(**given: object) -> dict[str, object]:
    """A whole flow row: what is not given is null."""
    return {name: given.get(name) for name in FLOW.names}


def test_16_keeps_every_promise(data: Path) -> None:
    check_reader(
        READER,
        data / "nfdump/v16_summary/flows.csv",
        expect_rows={"flow": 24},
        records=count_lines(header=4),
        has_zone=False,
        null_columns={"flow": ["dst_bytes", "dst_packets", "service", "conn_state", "sampling_rate", "flow_count"]},
    )


def test_16_row_in_full(data: Path) -> None:
    path = data / "nfdump/v16_summary/flows.csv"
    row = read_all(READER, path, file_key=3, source_file="flows.csv").row("flow", 8)
    row["extra"] = json.loads(row["extra"])
    assert row == full(
        flow_id=3 * 2**31 + 8,
        start=datetime(2019, 8, 12, 18, 50, 48, tzinfo=UTC),
        end=datetime(2019, 8, 12, 18, 50, 48, tzinfo=UTC),
        duration_s=0.0,
        src_ip="13.234.221.174",
        dst_ip="154.94.242.1",
        proto="icmp",
        src_bytes=252_000,
        src_packets=3_000,
        icmp_type=8,
        icmp_code=0,
        direction="external",
        src_as=16509,
        dst_as=396076,
        sensor="66.110.0.202",
        in_if="506",
        out_if="619",
        vlan=100,
        tos=32,
        source_kind="nfdump",
        source_file="flows.csv",
        source_row=8,
        extra={
            "srcMask": 14,
            "dstMask": 24,
            "nextIP": "180.87.38.126",
            "exporterID": 782,
            "received": "2019-08-12 18:51:57.003Z",
        },
    )


def test_16_oddities(data: Path) -> None:
    rows = read_all(READER, data / "nfdump/v16_summary/flows.csv").tables["flow"].to_pylist()
    by_proto = {row["proto"]: row for row in rows}
    assert set(by_proto) == {"tcp", "udp", "icmp", "ipv6-icmp", "gre", "esp"}
    assert by_proto["esp"]["src_port"] is None and by_proto["esp"]["dst_port"] is None
    assert by_proto["udp"]["tcp_flags"] is None
    longest = max(rows, key=lambda row: row["duration_s"])
    assert longest["duration_s"] == 187080.195
    assert str(longest["start"]) == "2019-08-10 14:53:48+00:00"


@pytest.mark.parametrize(
    ("sample", "rows", "has_zone"),
    [("v17_default", 6, False), ("csv_fast", 4, True)],
)
def test_17_keeps_every_promise(data: Path, sample: str, rows: int, has_zone: bool) -> None:
    path = data / "nfdump" / sample / "flows.csv"
    check_reader(READER, path, expect_rows={"flow": rows}, records=count_lines(header=1), has_zone=has_zone)


def test_17_and_csv_fast_agree(data: Path) -> None:
    """The same four flows in both dialects."""
    default = read_all(READER, data / "nfdump/v17_default/flows.csv").tables["flow"].to_pylist()
    fast = read_all(READER, data / "nfdump/csv_fast/flows.csv").tables["flow"].to_pylist()
    names = (
        "start",
        "end",
        "duration_s",
        "src_ip",
        "src_port",
        "dst_ip",
        "dst_port",
        "proto",
        "src_bytes",
        "icmp_type",
    )
    for one, other in zip([*default[:3], default[5]], fast, strict=True):
        assert [one[name] for name in names] == [other[name] for name in names]
    assert [row["tcp_flags"] for row in fast] == ["...AP.SF", None, None, "......S."]
    assert (fast[0]["in_if"], fast[0]["out_if"], fast[1]["in_if"], fast[1]["out_if"]) == ("3", "0", None, None)
    assert [row["dst_as"] for row in fast] == [64496, None, 64496, 64501]


def test_17_icmp_is_never_in_a_port(data: Path) -> None:
    rows = read_all(READER, data / "nfdump/v17_default/flows.csv").tables["flow"].to_pylist()
    assert [(row["icmp_type"], row["icmp_code"], row["dst_port"]) for row in rows[2:4]] == [(8, 0, None), (3, 10, None)]
    assert rows[5]["src_ip"] == "2001:db8::5"
    assert [row["flow_count"] for row in rows] == [None] * 5 + [7]


def test_17_fields_in_any_order(data: Path) -> None:
    path = data / "nfdump/v17_any_order/flows.csv"
    found = check_reader(READER, path, expect_rows={"flow": 3}, records=count_lines(header=1))
    first, second, third = found.tables["flow"].to_pylist()
    assert (first["dst_bytes"], first["dst_packets"], first["flow_count"]) == (8888, 9, 3)
    assert (first["server_name"], first["service"], first["uid"]) == ("www.example.org", "tls", "0x1f")
    assert [row["action"] for row in (first, second, third)] == ["allowed", "denied", None]
    assert str(second["start"]) == "2024-03-02 11:05:11.250000+00:00"
    assert json.loads(second["extra"]) == {
        "exporterID": 4,
        "event": "DENIED",
        "fwdStatus": 129,
        "label": "blocked; twice",
        "mplsLabel1": "1048575-7-1",
        "inSrcMac": "02:00:5e:10:00:01",
    }
    assert (third["icmp_type"], third["icmp_code"]) == (5, 1)
    assert third["end"] == third["start"], "an empty lastSeen is worked out of the duration"


def test_doubtful_durations_are_null(data: Path) -> None:
    path = data / "nfdump/doubtful_durations/flows.csv"
    found = check_reader(
        READER, path, expect_rows={"flow": 6}, expect_rejects=1, records=count_lines(header=1), has_zone=False
    )
    rows = found.tables["flow"].to_pylist()
    assert [row["duration_s"] for row in rows] == [None, None, None, None, 0.3, 0.0]
    assert [row["end"] is None for row in rows] == [True, True, True, True, False, False]
    assert json.loads(rows[0]["extra"]) == {"lastSeen": "2019-08-12 18:50:46", "duration": -0.958}
    assert json.loads(rows[1]["extra"])["duration"] == 4294967.1
    assert [(row["dst_packets"], row["dst_bytes"]) for row in rows[3:]] == [(None, None), (2, 80), (0, 40)]
    assert (found.rejects[0].source_row, found.rejects[0].reason) == (8, "no start time")


def test_bad_lines_are_rejects(data: Path) -> None:
    path = data / "nfdump/bad_lines/flows.csv"
    found = check_reader(READER, path, expect_rows={"flow": 2}, expect_rejects=8, records=10)
    assert [(reject.source_row, reject.reason) for reject in found.rejects] == [
        (4, "wrong number of fields"),
        (5, "not an IP address"),
        (6, "port out of range"),
        (7, "not a number"),
        (8, "not a time"),
        (9, "not a number"),
        (10, "negative counter"),
        (12, "not a number"),
    ]
    assert found.rejects[5].detail == "dstPort='http'"
    assert found.batches[-1].is_tail


def test_printed_times_are_in_the_given_zone(data: Path) -> None:
    path = data / "nfdump/v17_default/flows.csv"
    row = read_all(READER, path, tz="Europe/Prague").row("flow", 2)
    assert row["start"] == datetime(2024, 3, 2, 10, 5, 9, 125_000, tzinfo=UTC)


def test_refuses_what_has_no_header(tmp_path: Path) -> None:
    path = tmp_path / "flows.csv"
    path.write_text("2024-03-02 11:05:09.125,1.500,6\n")
    with pytest.raises(ReaderError, match="no nfdump CSV header"):
        read_all(READER, path)


def test_header_names() -> None:
    assert fields_of_header("firstSeen,packets,srcAddr,bytes,dstAddr") == [
        "firstSeen",
        "inPackets",
        "srcAddr",
        "inBytes",
        "dstAddr",
    ]
    assert fields_of_header("ts,firstSeen,sa,da") == ["firstSeen", "firstSeen_again", "srcAddr", "dstAddr"]
    assert fields_of_header("StartTime,Dur,Proto,SrcAddr") is None


@given(st.integers(0, 255), st.integers(0, 255))
def test_icmp_in_either_notation(tmp_path_factory: pytest.TempPathFactory, kind: int, code: int) -> None:
    path = tmp_path_factory.mktemp("icmp") / "flows.csv"
    line = "2024-03-02 11:05:09.125,0.000,1,192.0.2.1,0,192.0.2.2,{},1,84,1\n"
    header = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n"
    path.write_text(header + line.format(f"{kind}.{code}") + line.format(kind * 256 + code))
    rows = read_all(READER, path).tables["flow"].to_pylist()
    assert [(row["icmp_type"], row["icmp_code"], row["dst_port"]) for row in rows] == [(kind, code, None)] * 2
