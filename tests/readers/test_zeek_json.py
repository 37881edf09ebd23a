"""Zeek's logs as JSON lines."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsleuth.readers import json_records
from flowsleuth.readers.streams import Source
from flowsleuth.readers.zeek import ZeekReader
from flowsleuth.schema import TLS
from flowsleuth.testing import ReadResult, check_reader, count_lines, read_all

READER = ZeekReader()
BASE: dict[str, Any] = {
    "ts": 1714557600.000001,
    "uid": "C1",
    "id.orig_h": "10.0.0.5",
    "id.orig_p": 40001,
    "id.resp_h": "192.0.2.9",
    "id.resp_p": 443,
    "proto": "tcp",
    "conn_state": "SF",
}


def write(path: Path, *records: dict[str, Any] | str) -> Path:
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "rows", "skipped"),
    [
        ("json_dots/conn.log", {"flow": 50}, {}),
        ("json_dots/dns.log", {"dns": 50}, {}),
        ("json_dots/http.log", {"http": 28}, {}),
        ("json_dots/ssl.log", {"tls": 50}, {}),
        ("json_dots/files.log", {}, {"files": 50}),
        ("json_iso_times/conn.log", {"flow": 3}, {}),
        ("json_millis/conn.log", {"flow": 3}, {}),
        ("json_nested_id/conn.log", {"flow": 3}, {}),
        ("json_corelight_mixed/all.log", {"flow": 1, "dns": 1}, {"open_conn": 1, "files": 1}),
    ],
)
def test_keeps_every_promise(data: Path, name: str, rows: dict[str, int], skipped: dict[str, int]) -> None:
    path = data / "zeek" / name
    check_reader(READER, path, expect_rows=rows, expect_skipped=skipped, records=count_lines(), has_zone=True)


def test_keeps_every_promise_on_mixed_streams(data: Path) -> None:
    path = data / "zeek/json_underscores_mixed/combined_zeek.log"
    others = {"dce_rpc": 17, "dpd": 2, "files": 64, "kerberos": 5, "smb_files": 2, "smb_mapping": 2, "weird": 2}
    check_reader(
        READER,
        path,
        expect_rows={"flow": 88, "dns": 8, "tls": 53, "http": 9},
        expect_skipped=others | {"x509": 54},
        records=306,
        has_zone=True,
    )


def test_keeps_every_promise_on_odd_lines(data: Path) -> None:
    path = data / "zeek/json_oddities/conn.log"
    rows = {"flow": 6, "dns": 1}
    found = check_reader(
        READER, path, expect_rows=rows, expect_rejects=14, expect_skipped={"files": 1}, records=count_lines()
    )
    assert [(reject.source_row, reject.reason) for reject in found.rejects] == [
        (2, "not JSON"),
        (3, "not JSON"),
        (4, "not a JSON object"),
        (5, "not a JSON object"),
        (6, "not a JSON object"),
        (8, "not UTF-8"),
        (9, "key appears twice"),
        (10, "value is not of the field's type"),
        (11, "port out of range"),
        (12, "not an IP address"),
        (13, "no start time"),
        (14, "negative counter"),
        (17, "value is not of the field's type"),
        (18, "value is not of the field's type"),
    ]
    extra = json.loads(found.row("flow", 16)["extra"])
    assert extra["notes"] == {"deep": [1, {"x": None, "y": "ü"}], "text": 'quote " : here', "n": 1e-7}
    assert (extra["AA"], extra["aa"]) == (True, False)
    assert json.loads(found.row("flow", 21)["extra"]) == {"odd": "kept"}
    assert json.loads(found.row("flow", 22)["extra"])["ts2"] == "NaN"
    assert json.loads(found.row("flow", 23)["extra"])["id.orig_h"] == 5


def test_a_handshake_in_full(data: Path) -> None:
    row = read_all(READER, data / "zeek/json_dots/ssl.log", source_file="x").row("tls", 1)
    row["extra"] = json.loads(row["extra"])
    assert row == dict.fromkeys(TLS.names) | {
        "event_id": 2**31 + 1,
        "start": datetime(2019, 12, 3, 22, 45, 56, 177_305, tzinfo=UTC),
        "src_ip": "10.18.20.97",
        "src_port": 49204,
        "dst_ip": "69.147.64.34",
        "dst_port": 443,
        "uid": "CjcxdU3eOVeFManjLb",
        "version": "TLSv12",
        "cipher": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "server_name": "mail.aol.com",
        "subject": "CN=*.ycpi.mail.aol.com,O=Oath Inc,L=Sunnyvale,ST=California,C=US",
        "issuer": "CN=DigiCert SHA2 High Assurance Server CA,OU=www.digicert.com,O=DigiCert Inc,C=US",
        "is_resumed": False,
        "is_established": True,
        "validation": "ok",
        "source_kind": "zeek",
        "source_file": "x",
        "source_row": 1,
        "extra": {
            "cert_chain_fuids": ["FzTguv1nVRN3QQxMI7", "F0bmfAl3loA5yiHc1"],
            "client_cert_chain_fuids": [],
            "curve": "secp256r1",
        },
    }


def test_times(data: Path) -> None:
    iso = read_all(READER, data / "zeek/json_iso_times/conn.log").tables["flow"]["start"].to_pylist()
    assert [str(start) for start in iso] == [
        "2021-12-03 19:41:50.674920+00:00",
        "2021-12-03 19:41:51.000001+00:00",
        "2024-05-01 10:00:00.500000+00:00",
    ]
    millis = read_all(READER, data / "zeek/json_millis/conn.log").tables["flow"]["start"].to_pylist()
    assert [start.microsecond for start in millis] == [123_000, 124_000, 125_250]


def test_fewer_than_six_digits(data: Path) -> None:
    row = read_all(READER, data / "zeek/json_underscores_mixed/combined_zeek.log").row("flow", 1)
    assert row["start"] == datetime(2020, 4, 30, 0, 6, 39, 824_370, tzinfo=UTC)
    assert (row["src_ip"], row["dst_port"], row["sensor"]) == ("10.0.1.6", 53, "bobs.bigwheel.local")
    assert json.loads(row["extra"])["@proc"] == "zeek"


def test_sensor_vlan_and_community_id(data: Path) -> None:
    row = read_all(READER, data / "zeek/json_iso_times/conn.log").row("flow", 1)
    assert (row["sensor"], row["vlan"], row["community_id"], row["service"]) == ("sensor-7", 12, "1:abc=", "ssl")
    assert row["direction"] == "outbound"


def test_an_open_connection_is_no_flow_yet(data: Path) -> None:
    assert read_all(READER, data / "zeek/json_corelight_mixed/all.log").skipped == {"open_conn": 1, "files": 1}


def test_a_key_that_comes_late_is_kept(tmp_path: Path) -> None:
    records = [BASE | {"uid": f"C{n}"} | ({"label": f"L{n}"} if n > 3_000 else {}) for n in range(3_500)]
    table = read_all(READER, write(tmp_path / "conn.log", *records)).tables["flow"]
    assert table["uid"].to_pylist() == [record["uid"] for record in records]
    assert table["extra"].to_pylist() == [f'{{"label":"L{n}"}}' if n > 3_000 else None for n in range(3_500)]


def test_more_keys_than_are_learned(tmp_path: Path) -> None:
    records = [BASE | {f"key{n}": n, f"other{n}": [n]} for n in range(600)]
    table = read_all(READER, write(tmp_path / "conn.log", *records)).tables["flow"]
    wanted = [{f"key{n}": n, f"other{n}": [n]} for n in range(600)]
    assert [json.loads(text) for text in table["extra"].to_pylist()] == wanted


def test_logs_put_together_without_names(tmp_path: Path) -> None:
    ends = {name: BASE[name] for name in BASE if name != "conn_state"}
    dns = ends | {"trans_id": 1, "query": "example.com", "rejected": False}
    http = ends | {"trans_depth": 1, "method": "GET", "request_body_len": 0, "response_body_len": 5}
    ssl = ends | {"version": "TLSv13", "established": True, "resumed": False}
    smtp = ends | {"trans_depth": 1, "last_reply": "250 ok", "helo": "x"}
    records = [BASE, dns, http, ssl, smtp, BASE, http]
    for first in range(len(records)):
        turned = records[first:] + records[:first]
        found = read_all(READER, write(tmp_path / f"{first}.log", *turned))
        assert found.rows == {"flow": 2, "dns": 1, "http": 2, "tls": 1}
        assert found.skipped == {"smtp": 1}
        assert not found.rejects


def test_sniff(tmp_path: Path, data: Path) -> None:
    kinds = {
        "json_dots/conn.log": "conn (JSON)",
        "json_dots/files.log": "skip:files (JSON)",
        "json_underscores_mixed/combined_zeek.log": "mixed (JSON)",
    }
    for name, kind in kinds.items():
        with Source(str(data / "zeek" / name)) as source:
            assert READER.sniff(source.sample) == kind


# --- the careful road gives what the fast one gives -------------------------------------------------------------------

TEXT = st.text(alphabet='ab":,\\{}[]\u00e9\u20ac\x01 \t', max_size=5)
SCALARS = st.booleans() | st.integers(-(2**53), 2**53) | TEXT | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    SCALARS | st.none(), lambda v: st.lists(v, max_size=3) | st.dictionaries(TEXT, v, max_size=2), max_leaves=5
)
KNOWN = st.fixed_dictionaries(
    {},
    optional={
        "service": st.sampled_from(["dns", "SSL", "", None]),
        "duration": st.sampled_from([0.5, 0, None, "1.5", -1.0]),
        "orig_bytes": st.sampled_from([0, 5, None, "7", "x"]),
        "orig_ip_bytes": st.sampled_from([0, 2**40, None]),
        "id.orig_p": st.sampled_from([0, 53, 65535, 65536, "53", None]),
        "ts": st.sampled_from([0.000001, 1714557600, "2024-05-01T10:00:00.000001Z", 1714557600123, "soon"]),
        "local_orig": st.sampled_from([True, False, None]),
        "conn_state": st.sampled_from(["SF", None]),
        "query": st.just("example.com"),
        "@system": st.sampled_from(["s1", ""]),
        "@stream": st.sampled_from(["conn", "dns", "files"]),
    },
)
OTHERS = st.dictionaries(st.sampled_from(["label", "Label", "x", "AA", "notes", "", "a.b"]), VALUES, max_size=3)


@pytest.mark.slow
@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(KNOWN, OTHERS), min_size=1, max_size=10), st.integers(1, 500))
def test_one_by_one_equals_all_at_once(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[dict[str, Any], dict[str, Any]]], size: int
) -> None:
    records = [BASE, *({**BASE, **known, **others} for known, others in parts)]
    path = write(tmp_path_factory.mktemp("zeek") / "conn.log", *(json.dumps(r, ensure_ascii=False) for r in records))
    whole = read_all(READER, path)
    count = sum(whole.rows.values()) + len(whole.rejects) + sum(whole.skipped.values())
    assert count == len(records)
    same(whole, read_all(READER, path, chunk_size=size))
    same(whole, read_all(READER, path, chunk_size=1))
    with pytest.MonkeyPatch.context() as patch:
        records_class = json_records.Records
        patch.setattr(records_class, "_by_kind", lambda self, lines, rows, out: self._read_carefully(lines, rows, out))
        same(whole, read_all(READER, path))


def same(wanted: ReadResult, found: ReadResult) -> None:
    assert found.rows == wanted.rows
    assert found.rejects == wanted.rejects
    assert found.skipped == wanted.skipped
    for name, table in wanted.tables.items():
        assert found.tables[name].to_pylist() == table.to_pylist()
