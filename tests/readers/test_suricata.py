"""Suricata's EVE log."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsleuth.errors import ReaderError
from flowsleuth.readers import json_records
from flowsleuth.readers.json_objects import pieces
from flowsleuth.readers.streams import Source
from flowsleuth.readers.suricata import SuricataReader
from flowsleuth.schema import ALERT, FLOW
from flowsleuth.testing import ReadResult, check_reader, count_lines, read_all

READER = SuricataReader()
FLOWS = "suricata/flows_of_all_kinds/eve.json"
COUNT = count_lines("")


def test_keeps_every_promise_on_flows(data: Path) -> None:
    check_reader(
        READER, data / FLOWS, expect_rows={"flow": 9}, expect_skipped={"stats": 1}, records=COUNT, has_zone=True
    )


def test_keeps_every_promise_on_dns(data: Path) -> None:
    path = data / "suricata/dns_three_versions/eve.json"
    check_reader(READER, path, expect_rows={"dns": 6}, records=COUNT, has_zone=True)


def test_keeps_every_promise_on_other_events(data: Path) -> None:
    rows = {"alert": 2, "http": 1, "tls": 1}
    path = data / "suricata/alert_http_tls/eve.json"
    check_reader(READER, path, expect_rows=rows, expect_skipped={"fileinfo": 1}, records=COUNT, has_zone=True)


def test_keeps_every_promise_on_an_array(data: Path) -> None:
    path = data / "suricata/array_pretty_printed/alerts.json"
    check_reader(
        READER,
        path,
        expect_rows={"alert": 44},
        records=44,
        has_zone=False,
        bad_line=None,
        is_row_of_line=lambda _, line: line.strip() == "{",
        resumes=False,
    )


def test_keeps_every_promise_on_bad_lines(data: Path) -> None:
    path = data / "suricata/bad_lines/eve.json"
    found = check_reader(READER, path, expect_rows={"flow": 2}, expect_rejects=11, records=COUNT)
    assert [(reject.source_row, reject.reason, reject.detail) for reject in found.rejects] == [
        (2, "not JSON", "Expecting value: line 1 column 1 (char 0)"),
        (3, "no word on what kind of record it is", None),
        (4, "no start time", "start"),
        (5, "value is not of the field's type", "flow=5"),
        (6, "value is not of the field's type", "flow.start=yesterday"),
        (7, "not an IP address", "src_ip=nobody"),
        (8, "value is not of the field's type", "timestamp=2024-05-01T12:00:99.000000+0200"),
        (9, "not a JSON object", None),
        (10, "negative counter", "src_bytes=-1"),
        (11, "ICMP type or code out of range", "icmp_type=999"),
        (13, "value is not of the field's type", "http.status=teapot"),
    ]


def test_a_flow_in_full(data: Path) -> None:
    row = read_all(READER, data / FLOWS, source_file="x").row("flow", 1)
    row["extra"] = json.loads(row["extra"])
    assert row == dict.fromkeys(FLOW.names) | {
        "flow_id": 2**31 + 1,
        "start": datetime(2024, 5, 1, 9, 59, 0, 250_000, tzinfo=UTC),
        "end": datetime(2024, 5, 1, 9, 59, 58, 750_001, tzinfo=UTC),
        "duration_s": 58.500001,
        "src_ip": "10.0.0.5",
        "src_port": 40001,
        "dst_ip": "192.0.2.9",
        "dst_port": 443,
        "proto": "tcp",
        "service": "tls",
        "src_bytes": 1500,
        "dst_bytes": 9000,
        "src_packets": 10,
        "dst_packets": 8,
        "tcp_flags": "1b",
        "conn_state": "SF",
        "direction": "outbound",
        "in_if": "eth1",
        "vlan": 100,
        "uid": "1234567890123456",
        "community_id": "1:abc=",
        "source_kind": "suricata",
        "source_file": "x",
        "source_row": 1,
        "extra": {
            "flow.age": 58,
            "flow.alerted": False,
            "flow.reason": "timeout",
            "flow.state": "closed",
            "tcp.state": "closed",
            "tcp.syn": True,
            "tcp.tcp_flags_tc": "1b",
            "tcp.tcp_flags_ts": "1b",
            "timestamp": "2024-05-01T12:00:01.000000+0200",
        },
    }


def test_flows_of_all_kinds(data: Path) -> None:
    table = read_all(READER, data / FLOWS).tables["flow"]
    assert table["conn_state"].to_pylist() == ["SF", "S0", "REJ", None, None, None, None, None, "RSTO"]
    assert table["proto"].to_pylist() == ["tcp"] * 3 + ["udp", "icmp", "ipv6-icmp", "igmp", "tcp", "tcp"]
    assert table["action"].to_pylist() == [None, None, "denied", None, None, None, None, None, None]
    rows = table.to_pylist()
    assert (rows[1]["service"], json.loads(rows[1]["extra"])["app_proto"]) == (None, "failed")
    assert (rows[3]["service"], rows[3]["vlan"], rows[3]["end"], rows[3]["duration_s"]) == ("dns", 100, None, 3.0)
    assert json.loads(rows[3]["extra"])["vlan"] == [100, 200]
    assert (rows[4]["icmp_type"], rows[4]["icmp_code"], rows[4]["src_port"]) == (8, 0, None)
    assert (rows[5]["icmp_type"], rows[5]["src_ip"], rows[5]["dst_ip"]) == (135, "fe80::1", "ff02::1:ff00:2")
    assert (rows[7]["src_bytes"], rows[7]["dst_bytes"], rows[7]["duration_s"]) == (400, None, 1.5)
    assert (rows[8]["sensor"], json.loads(rows[8]["extra"])["flow.action"]) == ("sensor-a", "odd")
    assert json.loads(rows[8]["extra"])["tunnel"] == {"src_ip": "1.2.3.4", "depth": 1}


def test_dns_of_three_versions(data: Path) -> None:
    rows = read_all(READER, data / "suricata/dns_three_versions/eve.json").tables["dns"].to_pylist()
    seen = [(row["query"], row["qtype"], row["rcode"], row["answers"], row["ttls_s"]) for row in rows]
    assert seen == [
        ("www.example.com", "A", None, None, None),
        ("www.example.com", "A", "NOERROR", '["198.51.100.4"]', "[60]"),
        ("www.example.com", "A", "NOERROR", '["edge.example.net","198.51.100.4"]', "[300,60]"),
        ("gone.example.com", "A", "NXDOMAIN", None, None),
        ("www.example.com", "A", "NOERROR", '["198.51.100.4","198.51.100.5"]', None),
        ("www.example.com", "AAAA", "REFUSED", '["{\\"srv\\":{\\"port\\":443,\\"name\\":\\"a.example\\"}}"]', "[7]"),
    ]
    assert [row["is_rejected"] for row in rows] == [None, False, False, False, False, True]
    assert [row["trans_id"] for row in rows] == [4711, 4711, 4712, 4713, 4714, 4715]


def test_alert_http_and_tls(data: Path) -> None:
    found = read_all(READER, data / "suricata/alert_http_tls/eve.json")
    alert, passed = found.row("alert", 1), found.row("alert", 2)
    assert (alert["name"], alert["category"], alert["action"]) == ('ET SCAN "quoted" : colon', None, "denied")
    assert json.loads(alert["extra"])["flow"]["pkts_toserver"] == 10
    assert (passed["action"], passed["severity"], passed["category"]) == ("allowed", 1, "Misc Attack")
    http = found.row("http", 3)
    assert (http["method"], http["host"], http["uri"], http["version"]) == ("GET", "www.example.com", "/a?b=c", "1.1")
    assert (http["status"], http["response_bytes"], http["response_mime"]) == (301, 178, "text/html")
    tls = found.row("tls", 4)
    assert (tls["server_name"], tls["ja3"], tls["ja3s"], tls["ja4"]) == ("www.example.com", "j3", "j3s", "t13d")
    assert (tls["alpn"], tls["is_resumed"], tls["is_established"]) == ("h2", False, None)
    assert json.loads(tls["extra"])["tls.ja3.string"] == "771,1"


def test_an_alert_of_an_array_in_full(data: Path) -> None:
    path = data / "suricata/array_pretty_printed/alerts.json"
    row = read_all(READER, path, source_file="x", tz="Europe/Prague").row("alert", 2)
    row["extra"] = json.loads(row["extra"])
    assert row == dict.fromkeys(ALERT.names) | {
        "event_id": 2**31 + 1,
        "start": datetime(2019, 1, 2, 2, 50, 11, 315_110, tzinfo=UTC),
        "src_ip": "8.42.77.171",
        "src_port": 49678,
        "dst_ip": "138.68.3.71",
        "dst_port": 22,
        "proto": "tcp",
        "uid": "52710912",
        "name": "ET SCAN Potential SSH Scan",
        "signature_id": 2001219,
        "category": "Attempted Information Leak",
        "severity": 2,
        "action": "allowed",
        "source_kind": "suricata",
        "source_file": "x",
        "source_row": 2,
        "extra": {"alert.gid": 1, "alert.rev": 19, "in_iface": "eth0"},
    }


@pytest.mark.parametrize("size", [1, 50, 1_000, 10**6])
def test_an_array_with_faults(data: Path, size: int) -> None:
    path = data / "suricata/array_with_faults/eve.json"
    found = read_all(SuricataReader(chunk_size=size), path)
    assert found.rows == {"alert": 3, "http": 1, "tls": 1}
    lines = path.read_text().splitlines()
    for name, table in found.tables.items():
        assert all(lines[row["source_row"] - 1].startswith("{") for row in table.to_pylist()), name
    alerts = found.tables["alert"]
    assert len(set(alerts["event_id"].to_pylist())) == 3
    assert alerts["source_row"].to_pylist()[1] == alerts["source_row"].to_pylist()[2]
    assert [reject.reason for reject in found.rejects] == ["not JSON", "not a JSON object", "not a JSON object"]
    assert found.rejects[0].raw is not None
    assert found.rejects[0].raw.startswith('{\n  "event_type": "alert"')


def test_objects_over_several_lines_give_the_same_rows(data: Path) -> None:
    spread = check_reader(
        READER,
        data / "suricata/objects_over_several_lines/eve.json",
        expect_rows={"alert": 2, "http": 1, "tls": 1},
        expect_skipped={"fileinfo": 1},
        records=5,
        has_zone=True,
        bad_line=None,
        resumes=False,
        is_row_of_line=lambda _, line: line == "{",
    )
    lines = read_all(READER, data / "suricata/alert_http_tls/eve.json")
    for name, table in lines.tables.items():
        drop = ["source_file", "source_row"]
        assert spread.tables[name].drop(drop).equals(table.drop(drop))


def test_an_array_that_breaks_off(data: Path, tmp_path: Path) -> None:
    text = (data / "suricata/array_pretty_printed/alerts.json").read_bytes()
    path = tmp_path / "eve.json"
    path.write_bytes(text[: len(text) // 2])
    found = read_all(READER, path)
    assert found.rows["alert"] + 1 == text[: len(text) // 2].count(b"\n  {")
    assert [reject.reason for reject in found.rejects] == ["not JSON"]
    assert [batch.is_tail for batch in found.batches] == [False, True]
    path.write_bytes(text)
    rest = read_all(READER, path, start=found.batches[0].end)
    whole = read_all(READER, path)
    ids = found.batches[0].tables["alert"]["event_id"].to_pylist() + rest.tables["alert"]["event_id"].to_pylist()
    assert ids == whole.tables["alert"]["event_id"].to_pylist()
    assert rest.tables["alert"].equals(whole.tables["alert"].slice(found.rows["alert"]))


@pytest.mark.parametrize(
    "text",
    [
        '{"ts":1.5,"uid":"C1","id.orig_h":"10.0.0.1","conn_state":"SF"}\n',
        '{"event_type":"flow"}\n',
        '[{"a":1}]\n',
        "[]",
        "event_type,timestamp\nflow,1\n",
        "",
    ],
)
def test_what_is_not_eve_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "eve.json"
    path.write_text(text)
    with Source(str(path)) as source:
        assert READER.sniff(source.sample) is None


def test_what_is_not_json_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "eve.json"
    path.write_text("no\n")
    with pytest.raises(ReaderError, match="not an EVE log"):
        read_all(READER, path)


# --- properties -----------------------------------------------------------------------------------------------------

TEXT = st.text(alphabet='ab":,\\{}[]\u00e9\n', max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
BASE: dict[str, Any] = {
    "timestamp": "2024-05-01T12:00:01.000000+0200",
    "src_ip": "10.0.0.5",
    "dest_ip": "192.0.2.9",
    "proto": "TCP",
}
EVENTS = st.tuples(
    st.sampled_from(["flow", "alert", "dns", "http", "tls", "stats", None]),
    st.fixed_dictionaries(
        {},
        optional={
            "flow": st.fixed_dictionaries(
                {"start": st.sampled_from(["2024-05-01T11:59:00.25+0200", "2024-05-01T11:59:00", "then", None])},
                optional={"age": st.integers(0, 9), "state": TEXT, "more": VALUES},
            )
            | VALUES,
            "alert": st.fixed_dictionaries({}, optional={"signature": TEXT, "severity": VALUES, "metadata": VALUES}),
            "dns": st.fixed_dictionaries({}, optional={"rrname": TEXT, "answers": VALUES, "id": st.integers(0, 9)}),
            "src_port": st.sampled_from([1, 65536, "7", None]),
            "x": VALUES,
            "vlan": VALUES,
        },
    ),
)


def _record(kind: str | None, others: dict[str, Any]) -> dict[str, Any]:
    return BASE | ({"event_type": kind} if kind else {}) | others


@pytest.mark.slow
@settings(deadline=None, max_examples=50)
@given(st.lists(EVENTS, min_size=1, max_size=8), st.integers(1, 400))
def test_one_by_one_equals_all_at_once_and_array_equals_lines(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[str | None, dict[str, Any]]], size: int
) -> None:
    records = [_record(kind, others) for kind, others in events]
    folder = tmp_path_factory.mktemp("eve")
    lines, array = folder / "lines.json", folder / "array.json"
    lines.write_text("".join(json.dumps(record) + "\n" for record in records))
    array.write_text(json.dumps(records, indent=1))
    whole = read_all(READER, lines)
    assert sum(whole.rows.values()) + len(whole.rejects) + sum(whole.skipped.values()) == len(records)
    _same(whole, read_all(READER, lines, chunk_size=size))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            json_records.Records, "_by_kind", lambda self, lines, rows, out: self._read_carefully(lines, rows, out)
        )
        _same(whole, read_all(READER, lines))
    for chunk_size in (size, 10**6):
        spread = read_all(SuricataReader(chunk_size=chunk_size), array, source_file=str(lines))
        assert spread.rows == whole.rows
        assert spread.skipped == whole.skipped
        assert Counter(r.reason for r in spread.rejects) == Counter(r.reason for r in whole.rejects)
        for name, table in whole.tables.items():
            assert spread.tables[name].drop(["source_row"]).to_pylist() == table.drop(["source_row"]).to_pylist()


@given(st.lists(st.dictionaries(TEXT, VALUES, max_size=3), max_size=6), st.integers(1, 60), st.sampled_from([None, 1]))
def test_objects_of_a_stream(objects: list[dict[str, Any]], size: int, indent: int | None) -> None:
    text = json.dumps(objects, indent=indent).encode()
    blocks = [text[at : at + size] for at in range(0, len(text), size)]
    found = [element for piece in pieces(blocks, size) for element in piece.found]
    assert [json.loads(element.text) for element in found] == objects
    at = 0
    for element in found:
        at = text.index(element.text, at)
        assert element.line == text.count(b"\n", 0, at) + 1
        at += len(element.text)


def _same(wanted: ReadResult, found: ReadResult) -> None:
    assert found.rows == wanted.rows
    assert found.rejects == wanted.rejects
    assert found.skipped == wanted.skipped
    for name, table in wanted.tables.items():
        assert found.tables[name].to_pylist() == table.to_pylist()
