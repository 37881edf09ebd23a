"""Zeek's text logs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsleuth.errors import ReaderError
from flowsleuth.readers.instants import instants_of_seconds
from flowsleuth.readers.streams import Source
from flowsleuth.readers.zeek import ZeekReader
from flowsleuth.readers.zeek_header import Header, unescape
from flowsleuth.schema import DNS, FLOW
from flowsleuth.testing import ReadResult, check_reader, count_lines, read_all

READER = ZeekReader()
NAMES = (
    "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state "
    "local_orig local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents"
)
KINDS = (
    "time string addr port addr port enum string interval count count string bool bool count string count count "
    "count count set[string]"
)
FIELDS, TYPES = NAMES.split(), KINDS.split()
HEAD = (
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
    f"#fields\t{chr(9).join(FIELDS)}\n#types\t{chr(9).join(TYPES)}\n"
)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("tsv_2014_fields/conn.log", {"flow": 360}),
        ("tsv_2014_fields/dns.log", {"dns": 54}),
        ("tsv_2014_fields/http.log", {"http": 150}),
        ("tsv_2014_fields/ssl.log", {"tls": 37}),
        ("times_since_start/conn.log", {"flow": 52}),
        ("times_since_start/dns.log", {"dns": 22}),
        ("times_since_start/http.log", {"http": 3}),
        ("sensorname_column/conn.log", {"flow": 121}),
        ("sensorname_column/ssl.log", {"tls": 102}),
        ("icmp_in_ports/conn.log", {"flow": 7}),
        ("durations/conn.log", {"flow": 4}),
    ],
)
def test_keeps_every_promise(data: Path, name: str, rows: dict[str, int]) -> None:
    check_reader(READER, data / "zeek" / name, expect_rows=rows, records=count_lines(), has_zone=True)


def test_keeps_every_promise_on_logs_put_together(data: Path) -> None:
    path = data / "zeek/header_changes/mixed.log"
    rows = {"flow": 4, "dns": 1}
    check_reader(READER, path, expect_rows=rows, expect_skipped={"files": 2}, records=count_lines(), has_zone=True)


def test_keeps_every_promise_on_bad_records(data: Path) -> None:
    path = data / "zeek/bad_records/conn.log"
    found = check_reader(READER, path, expect_rows={"flow": 2}, expect_rejects=13, records=count_lines())
    assert [(reject.source_row, reject.reason, reject.detail) for reject in found.rejects] == [
        (10, "wrong number of fields", "1 fields, expected 21"),
        (11, "value is not of the field's type", "ts=yesterday"),
        (12, "port out of range", "src_port=70000"),
        (13, "not an IP address", "src_ip=10.0.0.500"),
        (14, "no address", "dst_ip"),
        (15, "negative counter", "src_bytes=-60"),
        (16, "value is not of the field's type", "local_orig=maybe"),
        (17, "value is not of the field's type", "orig_bytes=many"),
        (18, "time outside the years 1 to 9999", "ts=nan"),
        (19, "no start time", "start"),
        (20, "value is not of the field's type", "resp_ip_bytes=" + "9" * 30),
        (21, "carriage return in the line", None),
        (22, "ICMP type or code out of range", "id.orig_p=300"),
    ]


def test_a_log_without_a_table_is_counted(data: Path) -> None:
    path = data / "zeek/tsv_2014_fields/weird.log"
    check_reader(READER, path, expect_rows={}, expect_skipped={"weird": 12}, records=count_lines())
    with Source(str(path)) as source:
        assert READER.sniff(source.sample) == "skip:weird (TSV)"


def test_a_flow_in_full(data: Path) -> None:
    row = read_all(READER, data / "zeek/tsv_2014_fields/conn.log", source_file="x", file_key=1).row("flow", 9)
    row["extra"] = json.loads(row["extra"])
    assert row == dict.fromkeys(FLOW.names) | {
        "flow_id": 2**31 + 9,
        "start": datetime(2013, 9, 15, 23, 44, 27, 706_265, tzinfo=UTC),
        "end": datetime(2013, 9, 15, 23, 44, 28, 153_725, tzinfo=UTC),
        "duration_s": 0.447460,
        "src_ip": "192.168.33.10",
        "src_port": 1032,
        "dst_ip": "54.245.228.191",
        "dst_port": 80,
        "proto": "tcp",
        "service": "http",
        "src_bytes": 1489,
        "dst_bytes": 39641,
        "src_packets": 22,
        "dst_packets": 31,
        "conn_state": "RSTO",
        "history": "ShADadR",
        "direction": "outbound",
        "uid": "CoyZrY2g74UvMMgp4a",
        "source_kind": "zeek",
        "source_file": "x",
        "source_row": 9,
        "extra": {"missed_bytes": 0, "orig_bytes": 601, "resp_bytes": 38393, "tunnel_parents": []},
    }


def test_a_lookup_in_full(data: Path) -> None:
    row = read_all(READER, data / "zeek/header_changes/mixed.log", source_file="x").row("dns", 42)
    row["extra"] = json.loads(row["extra"])
    assert row == dict.fromkeys(DNS.names) | {
        "event_id": 2**31 + 42,
        "start": datetime(2024, 5, 1, 10, 1, 44, 1, tzinfo=UTC),
        "src_ip": "10.0.0.6",
        "src_port": 50002,
        "dst_ip": "192.0.2.8",
        "dst_port": 53,
        "proto": "udp",
        "uid": "CDns",
        "query": "www.example.com",
        "qtype": "A",
        "qclass": "IN",
        "rcode": "NOERROR",
        "answers": '["edge.example.net","198.51.100.4"]',
        "ttls_s": "[300.000000,60.000000]",
        "rtt_s": 0.0125,
        "trans_id": 4711,
        "is_rejected": False,
        "source_kind": "zeek",
        "source_file": "x",
        "source_row": 42,
        "extra": {"AA": False, "qclass": 1, "qtype": 1, "rcode": 0},
    }


def test_payload_bytes_where_the_log_has_no_others(data: Path) -> None:
    row = read_all(READER, data / "zeek/header_changes/mixed.log").row("flow", 20)
    assert (row["src_bytes"], row["dst_bytes"], row["duration_s"], row["end"]) == (30, 60, None, None)
    assert json.loads(row["extra"])["label"] == "Benign"


def test_escapes_empty_and_unset_are_told_apart(data: Path) -> None:
    found = read_all(READER, data / "zeek/escapes_and_empty/http.log")
    first, second = found.row("http", 9), found.row("http", 10)
    assert first["host"] == "café.example"
    assert first["uri"] == "/a\tb?q=-\\x41"
    assert first["user_agent"] == 'agent \\xff "quoted"'
    assert first["referrer"] is None
    extra = json.loads(first["extra"])
    assert (extra["tags"], extra["proxied"], extra["note"]) == ([], ["VIA -> a,b", "X"], "")
    assert second["uri"] == "-"
    assert second["method"] is None
    assert json.loads(second["extra"]) == {
        "note": "plain",
        "ratio": "nan",
        "tags": ["HTTP::URI_SQLI"],
        "trans_depth": 1,
    }


def test_separators_of_its_own(data: Path) -> None:
    found = read_all(READER, data / "zeek/custom_separator/conn.log")
    first, second = found.row("flow", 9), found.row("flow", 10)
    assert json.loads(first["extra"]) == {"tunnel_parents": ["CPar1", "CPar2"]}
    assert (first["service"], first["duration_s"]) == (None, None)
    assert (second["service"], second["duration_s"]) == ("-", 2.5)
    assert json.loads(second["extra"]) == {"tunnel_parents": []}


def test_icmp_leaves_the_ports(data: Path) -> None:
    rows = read_all(READER, data / "zeek/icmp_in_ports/conn.log").tables["flow"].to_pylist()
    seen = [(row["proto"], row["icmp_type"], row["icmp_code"], row["src_port"], row["dst_port"]) for row in rows]
    assert seen == [
        ("icmp", 8, 0, None, None),
        ("icmp", 3, 3, None, None),
        ("icmp", 13, None, None, None),  # 14 is the type of the answer, not a code
        ("ipv6-icmp", 135, None, None, None),
        ("ipv6-icmp", 128, None, None, None),
        ("ipv6-icmp", 143, 0, None, None),
        ("gre", None, None, 0, 0),
    ]
    assert json.loads(rows[2]["extra"])["id.resp_p"] == 14
    assert json.loads(rows[6]["extra"])["proto"] == "unknown_transport"


def test_durations(data: Path) -> None:
    rows = read_all(READER, data / "zeek/durations/conn.log").tables["flow"].to_pylist()
    assert [row["duration_s"] for row in rows] == [0.0, None, None, 86400.999999]
    assert [row["extra"] for row in rows] == [None, '{"duration":-0.000125}', '{"duration":"inf"}', None]
    assert rows[3]["end"] == datetime(2024, 5, 2, 10, 0, 1, tzinfo=UTC)


def test_zeros_after_a_crash(tmp_path: Path) -> None:
    line = "1.5\tC{}\t192.0.2.1\t1\t198.51.100.1\t2\ttcp\t-\t-\t-\t-\tSF\t-\t-\t0\t-\t1\t1\t1\t1\t-\n"
    path = tmp_path / "conn.log"
    path.write_bytes(HEAD.encode() + line.format(1).encode() + bytes(512) + b"\n" + line.format("\0").encode())
    with Source(str(path)) as source:
        assert READER.sniff(source.sample) == "conn (TSV)"
    found = read_all(READER, path)
    assert found.rows == {"flow": 1}
    seen = [(reject.source_row, reject.reason) for reject in found.rejects]
    assert seen == [(9, "wrong number of fields"), (10, "NUL byte in the line")]


def test_the_sensor_decides_where_neither_end_is_ours(tmp_path: Path) -> None:
    line = "1.5\tC{}\t192.0.2.1\t1\t198.51.100.1\t2\ttcp\t-\t-\t-\t-\tSF\t{}\t{}\t0\t-\t1\t1\t1\t1\t-\n"
    pairs = ["TF", "FT", "TT", "FF", "T-"]
    path = tmp_path / "conn.log"
    path.write_text(HEAD + "".join(line.format(at, *pair) for at, pair in enumerate(pairs)))
    table = read_all(READER, path).tables["flow"]
    assert table["direction"].to_pylist() == ["outbound", "inbound", "internal", "external", "external"]


def test_crlf_and_a_byte_order_mark(tmp_path: Path, data: Path) -> None:
    plain = data / "zeek/tsv_2014_fields/conn.log"
    path = tmp_path / "x"
    path.write_bytes(b"\xef\xbb\xbf" + plain.read_bytes().replace(b"\n", b"\r\n"))
    found = check_reader(READER, path, expect_rows={"flow": 360}, records=360)
    wanted = read_all(READER, plain).tables["flow"]
    assert found.tables["flow"].drop(["source_file"]).equals(wanted.drop(["source_file"]))


@pytest.mark.parametrize(
    "text",
    [
        "#Fields: date time c-ip\n2024-05-01 10:00:00 10.0.0.1\n",
        "# a comment\n1,2,3\n",
        "ts\tuid\tid.orig_h\n1.5\tC1\t10.0.0.1\n",
        "",
        '{"timestamp":"2024-05-01T10:00:00+0000","event_type":"flow","src_ip":"10.0.0.1"}\n',
        '{"ts":1.5,"level":"info"}\n',
    ],
)
def test_what_is_not_zeek_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "conn.log"
    path.write_text(text)
    with Source(str(path)) as source:
        assert READER.sniff(source.sample) is None


def test_what_is_no_log_at_all_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "conn.log"
    path.write_text("1.5\tC1\t10.0.0.1\n")
    with pytest.raises(ReaderError, match="not a Zeek log"):
        read_all(READER, path)


def test_header_survives_as_state() -> None:
    header = Header()
    for line in HEAD.encode().splitlines():
        header = header.with_line(line)
    assert Header.from_state(header.to_state()) == header
    assert header.type_of("orig_bytes") == "count"


@given(st.text(max_size=20))
def test_escaped_text_comes_back(text: str) -> None:
    escaped = "".join(
        c if c.isascii() and c.isprintable() and c != "\\" else "".join(f"\\x{b:02x}" for b in c.encode())
        for c in text.replace("\0", "")
    )
    assert unescape(escaped) == text.replace("\0", "")


@given(st.integers(-(10**15), 4 * 10**15))
def test_times_are_exact_to_the_microsecond(micros: int) -> None:
    text = str(Decimal(micros).scaleb(-6))
    assert instants_of_seconds(pa.array([float(text)])).cast(pa.int64()).to_pylist() == [micros]


# --- what a writer wrote is read back -------------------------------------------------------------------------------

CELLS = st.fixed_dictionaries(
    {
        "ts": st.integers(0, 4 * 10**15).map(lambda n: f"{n // 10**6}.{n % 10**6:06d}"),
        "id.orig_h": st.sampled_from(["10.0.0.1", "192.0.2.7", "2001:db8::1", "fe80::1"]),
        "id.orig_p": st.integers(0, 65535).map(str),
        "id.resp_h": st.sampled_from(["198.51.100.9", "10.9.9.9", "ff02::1"]),
        "id.resp_p": st.integers(0, 65535).map(str),
        "proto": st.sampled_from(["tcp", "udp"]),
        "service": st.sampled_from(["-", "dns", "ssl,http"]),
        "duration": st.sampled_from(["-", "0.000000", "1.500000"]),
        "orig_ip_bytes": st.integers(0, 2**50).map(str),
        "local_orig": st.sampled_from(["-", "T", "F"]),
        "tunnel_parents": st.sampled_from(["-", "(empty)", "C1", "C1,C2"]),
    }
)
BAD = st.sampled_from(["short", "bad port", "bad time", "bad address", "\\xff raw", "#comment", "blank"])


def _line(cells: dict[str, str]) -> bytes:
    filled = {"uid": "C1", "conn_state": "SF", "missed_bytes": "0", "history": "-"} | cells
    return "\t".join(filled.get(name, "-") for name in FIELDS).encode()


def _broken(cells: dict[str, str], how: str) -> bytes:
    changed = {"bad port": {"id.orig_p": "http"}, "bad time": {"ts": "soon"}, "bad address": {"id.orig_h": "x"}}
    if how in changed:
        return _line(cells | changed[how])
    return {"short": b"1.5\tC1", "\\xff raw": b"\xff\xfe", "#comment": b"#close\t2024", "blank": b""}[how]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(CELLS, st.none() | BAD), min_size=1, max_size=12), st.integers(1, 400))
def test_round_trip_with_bad_lines_in_between(
    tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[dict[str, str], str | None]], size: int
) -> None:
    path = tmp_path_factory.mktemp("zeek") / "conn.log"
    body = [_line(cells) if how is None else _broken(cells, how) for cells, how in lines]
    path.write_bytes(HEAD.encode() + b"\n".join(body) + b"\n")
    found = read_all(READER, path)
    good = [(at, cells) for at, (cells, how) in enumerate(lines, 8) if how is None]
    records = sum(1 for _, how in lines if how not in ("#comment", "blank"))
    assert sum(found.rows.values()) == len(good)
    assert sum(found.rows.values()) + len(found.rejects) == records
    for number, cells in good:
        row = found.row("flow", number)
        whole, _, part = cells["ts"].partition(".")
        assert row["start"] == datetime.fromtimestamp(int(whole), UTC).replace(microsecond=int(part))
        assert (row["src_ip"], row["src_port"]) == (cells["id.orig_h"], int(cells["id.orig_p"]))
        assert row["service"] == (None if cells["service"] == "-" else cells["service"])
        assert row["src_bytes"] == int(cells["orig_ip_bytes"])
        parents = {"-": None, "(empty)": [], "C1": ["C1"], "C1,C2": ["C1", "C2"]}[cells["tunnel_parents"]]
        assert json.loads(row["extra"]).get("tunnel_parents") == parents
    _same(found, read_all(READER, path, chunk_size=size))
    _same(found, read_all(ZeekReader(chunk_size=size), path))


def _same(wanted: ReadResult, found: ReadResult) -> None:
    assert found.rows == wanted.rows
    assert found.rejects == wanted.rejects
    assert found.skipped == wanted.skipped
    for name, table in wanted.tables.items():
        assert found.tables[name].equals(table)
