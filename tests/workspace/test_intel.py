"""Feeds in a workspace: added, listed, fetched again, matched with stored rows, removed."""

from __future__ import annotations

import datetime as dt
import json

import pyarrow as pa
import pytest

import flowsleuth
from flowsleuth.errors import FlowsleuthError, OptionError
from flowsleuth.faces.cli import main
from flowsleuth.schema import table
from flowsleuth.schema.intel import MATCH, MATCHED_VALUE
from flowsleuth.testing.detectors import make_flows
from flowsleuth.testing.intel_server import Answer, IntelServer
from flowsleuth.workspace import init

NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
FEED = (
    "5.9.0.0/16 # hosting\n5.9.1.1\nevil.com\nhttp://bad.com/x.php?a=1\n12c8aec5766ac3e6f26f2505e2f4a8f2\n2a00:1::/32\n"
)


def store_rows(ws, name, rows):
    with ws.store.writing():
        made = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(rows, schema=table(name).arrow_schema())
        ws.store.replace([], ws.store.write(name, made))


def event(number, **values):
    return {
        "event_id": number,
        "start": NOON,
        "source_kind": "made",
        "source_file": "made",
        "source_row": number,
    } | values


@pytest.fixture
def case(tmp_path):
    init(tmp_path / "case", home=["10.0.0.0/8"])
    (tmp_path / "mine.txt").write_text(FEED)
    with flowsleuth.open(tmp_path / "case") as ws:
        flows = [
            {"src_ip": "10.0.0.1", "dst_ip": "5.9.1.1"},
            {"src_ip": "10.0.0.1", "dst_ip": "5.9.200.1", "server_name": "www.evil.com"},
            {"src_ip": "2a00:1::5", "dst_ip": "10.0.0.2", "server_name": "notevil.com"},
            {"src_ip": "10.0.0.3", "dst_ip": "8.8.8.8", "server_name": "EVIL.com"},
            {"src_ip": "10.0.0.3", "dst_ip": "8.8.8.8"},
            {"src_ip": "10.0.0.4", "dst_ip": "5.9.1.1", "start": NOON + dt.timedelta(days=1)},
        ]
        store_rows(ws, "flow", make_flows(flows))
    return tmp_path / "case"


@pytest.fixture
def ws(case):
    with flowsleuth.open(case) as ws:
        ws.intel_add(case.parent / "mine.txt", name="mine")
        yield ws


def met(rows):
    return [(r["row_id"], r["column"], r["value"], r["indicator"]) for r in rows.to_arrow().to_pylist()]


def test_flows_by_row(ws):
    found = ws.intel_match()
    assert sorted(met(found)) == [
        (1, "dst_ip", "5.9.1.1", "5.9.0.0/16"),
        (1, "dst_ip", "5.9.1.1", "5.9.1.1"),
        (2, "dst_ip", "5.9.200.1", "5.9.0.0/16"),
        (2, "server_name", "www.evil.com", "evil.com"),
        (3, "src_ip", "2a00:1::5", "2a00:1::/32"),
        (4, "server_name", "EVIL.com", "evil.com"),
        (6, "dst_ip", "5.9.1.1", "5.9.0.0/16"),
        (6, "dst_ip", "5.9.1.1", "5.9.1.1"),
    ]
    assert [row[0] for row in met(found)] == [1, 1, 2, 2, 3, 4, 6, 6]
    assert found.table.schema == MATCH.arrow_schema()
    one = next(row for row in found.table.to_pylist() if row["row_id"] == 2 and row["column"] == "dst_ip")
    assert one == {
        "row_id": 2, "start": NOON + dt.timedelta(seconds=1), "column": "dst_ip", "value": "5.9.200.1",
        "indicator": "5.9.0.0/16", "indicator_type": "cidr", "feed": "mine", "severity": "warning", "threat": None,
        "description": "hosting", "valid_from": None, "valid_until": None, "reference": None,
    }  # fmt: skip


def test_flows_by_value_and_day(ws):
    found = ws.intel_match(by="value")
    assert found.table.schema == MATCHED_VALUE.arrow_schema()
    first = found.table.to_pylist()[0]
    assert (first["value"], first["rows"], first["row_id"]) == ("5.9.1.1", 2, 1)
    assert (first["first_seen"], first["last_seen"]) == (NOON, NOON + dt.timedelta(days=1))
    assert {row[0] for row in met(ws.intel_match(dates=["2024-05-02"]))} == {6}


def test_other_tables(ws):
    md5 = "12:C8:AE:C5:76:6A:C3:E6:F2:6F:25:05:E2:F4:A8:F2"
    store_rows(ws, "dns", [
        event(1, query="a.b.evil.com", answers=json.dumps(["5.9.7.7", "cdn.evil.com", 5])),
        event(2, query="good.com", answers="not json"),
    ])  # fmt: skip
    store_rows(ws, "http", [
        event(3, host="Bad.com", uri="/x.php?a=1"),
        event(4, host="bad.com", uri="/other"),
        event(5, host="proxy.good.com", uri="https://bad.com/x.php?a=1"),
        event(6, host="bad.com", uri="https://bad.com/x.php?a=1"),
        event(7, host="5.9.1.1:8080", uri="/"),
    ])  # fmt: skip
    store_rows(
        ws, "tls", [event(8, ja3="12c8aec5766ac3e6f26f2505e2f4a8f2", server_name="x"), event(9, fingerprint=md5)]
    )
    assert {row[:2] for row in met(ws.intel_match("dns"))} == {(1, "query"), (1, "answers")}
    assert {row[0] for row in met(ws.intel_match("dns")) if row[3] == "5.9.0.0/16"} == {1}
    assert {row[:2] for row in met(ws.intel_match("http"))} == {(3, "url"), (6, "url"), (7, "host")}
    assert {row[:2] for row in met(ws.intel_match("tls"))} == {(8, "ja3"), (9, "fingerprint")}


def test_feeds_answer_look_ups_offline(ws):
    given = ["5.9.1.1", "http://www.evil.com/login", "10.0.0.1", "good.com", "nothing"]
    found = ws.lookup(given, offline=True).table.to_pylist()
    assert [(row["SafeIoc"], row["Provider"], row["QuerySubtype"], row["Status"]) for row in found] == [
        ("5.9.1.1", "mine", None, 0),
        ("5.9.1.1", "mine", None, 0),
        ("http://www.evil.com/login", "mine", "host", 0),
        ("10.0.0.1", "feeds", None, 4),
        ("good.com", "feeds", None, 4),
        (None, None, None, 2),
    ]
    assert json.loads(found[0]["Details"])["indicator"] in ("5.9.1.1", "5.9.0.0/16")
    assert found[0]["Reference"].endswith(("mine.txt, row 1", "mine.txt, row 2"))


def test_adding_again_replaces_and_several_feeds_stand_side_by_side(ws, case):
    (case.parent / "other.txt").write_text("5.9.1.1\n")
    (case.parent / "mine.txt").write_text("5.9.1.1\n8.8.8.8\n")
    report = ws.intel_add(case.parent / "mine.txt", name="mine", severity="high")
    ws.intel_add(case.parent / "other.txt", name="other")
    assert (report.indicators, report.types, report.format) == (2, {"ipv4": 2}, "list")
    feeds = ws.intel_feeds().table.to_pylist()
    assert [(row["feed"], row["indicators"], row["high"], row["warning"]) for row in feeds] == [
        ("mine", 2, 2, 0),
        ("other", 1, 0, 1),
    ]
    both = [row for row in ws.intel_match(by="value").table.to_pylist() if row["value"] == "5.9.1.1"]
    assert sorted((row["feed"], row["rows"]) for row in both) == [("mine", 2), ("other", 2)]
    assert ws.intel_remove("other") == 1
    with pytest.raises(OptionError, match="no such feed"):
        ws.intel_remove("other")


@pytest.mark.parametrize("name", ["", "feeds", "otx", "a b", "-x", "x" * 80])
def test_names_that_are_refused(ws, case, name):
    with pytest.raises(OptionError):
        ws.intel_add(case.parent / "mine.txt", name=name)


def test_what_cannot_be_read(ws, case):
    (case.parent / "empty.txt").write_text("# nothing\n")
    with pytest.raises(FlowsleuthError, match="no indicator"):
        ws.intel_add(case.parent / "empty.txt", name="empty")
    with pytest.raises(FlowsleuthError, match="cannot be read"):
        ws.intel_add(case.parent / "absent.txt", name="absent")
    with pytest.raises(OptionError, match="https"):
        ws.intel_add("http://feeds.example/x.txt", name="x")
    with pytest.raises(OptionError, match="a user stands"):
        ws.intel_add("https://ana:pw@feeds.example/x.txt", name="x")
    with pytest.raises(OptionError, match="nothing in it"):
        ws.intel_match("reject")


def test_without_feeds(case):
    with flowsleuth.open(case) as ws:
        assert len(ws.intel_feeds()) == 0
        with pytest.raises(OptionError, match="no indicators"):
            ws.intel_match()


def test_a_feed_with_an_address_is_fetched_again_only_when_asked(case):
    settings = case / "flowsleuth.toml"
    settings.write_text(settings.read_text() + '[intel.feeds.web]\nheader = "X-Key"\napi_key = "s3cret-key-12345"\n')
    content = ["5.9.1.1\n"]

    def answer(asked):
        return Answer(content[0].encode()) if asked.headers.get("x-key") == "s3cret-key-12345" else Answer(b"", 403)

    with IntelServer(answer) as server, flowsleuth.open(case) as ws:
        ws.intel_add(f"{server.url}/list.txt", name="web", severity="high")
        ws.intel_match()
        assert len(server.asked) == 1
        content[0] = "5.9.1.1\n8.8.8.8\n"
        [report] = ws.intel_update()
        assert (report.indicators, report.error) == (2, None)
        assert ws.intel_feeds().table["high"].to_pylist() == [2]
        content[0] = ""
        [report] = ws.intel_update("web")
        assert "no indicator" in report.error
        assert "s3cret" not in str(report)
        assert ws.intel_feeds().table["indicators"].to_pylist() == [2]
    with flowsleuth.open(case) as ws:
        [report] = ws.intel_update()
        assert "cannot be fetched: ConnectError" in report.error


def test_a_taxii_collection(case):
    def indicators(*addresses):
        return [
            {
                "type": "indicator",
                "id": f"indicator--{a}",
                "pattern": f"[ipv4-addr:value = '{a}']",
                "pattern_type": "stix",
            }
            for a in addresses
        ]

    def answer(asked):
        assert asked.path == "/api1/collections/91a7b528/objects/"
        assert asked.headers["accept"] == "application/taxii+json;version=2.1"
        assert asked.headers["authorization"].startswith("Basic ")
        if asked.query.get("next") == "2":
            return Answer({"more": False, "objects": indicators("5.9.1.3")})
        return Answer({"more": True, "next": "2", "objects": indicators("5.9.1.1", "5.9.1.2")})

    settings = case / "flowsleuth.toml"
    settings.write_text(settings.read_text() + '[intel.feeds.isac]\nuser = "ana"\npassword = "s3cret-key"\n')
    with IntelServer(answer) as server, flowsleuth.open(case) as ws:
        report = ws.intel_add(f"{server.url}/api1/collections/91a7b528/", name="isac")
        assert (report.format, report.types) == ("stix", {"ipv4": 3})
        assert [asked.query.get("next") for asked in server.asked] == [None, "2"]


def test_a_misp_feed_by_its_manifest(case):
    event = {"Event": {"info": "X", "threat_level_id": "1", "Attribute": [
        {"type": "ip-dst", "value": "5.9.1.1", "to_ids": True}, {"type": "domain", "value": "evil.com", "to_ids": True},
    ]}}  # fmt: skip
    uuid = "5a3c2fcd-8328-42bb-a95e-4f4402de0b81"
    there = {"/osint/manifest.json": {uuid: {"info": "X"}, "../../secret": {}}, f"/osint/{uuid}.json": event}

    with IntelServer(lambda asked: Answer(there[asked.path])) as server, flowsleuth.open(case) as ws:
        report = ws.intel_add(f"{server.url}/osint/manifest.json", name="osint")
        assert (report.format, report.types) == ("misp", {"domain": 1, "ipv4": 1})
        assert [asked.path for asked in server.asked] == list(there)
        assert ws.intel_update()[0].indicators == 2


def test_the_commands(case, capsys):
    where = ["-w", str(case)]
    assert main(["intel", "list", *where]) == 0
    assert main(["intel", "add", str(case.parent / "mine.txt"), *where, "--name", "mine", "--severity", "high"]) == 0
    assert "mine: 6 indicators read as list (2 cidr, 1 domain, 1 ipv4, 1 md5, 1 url)" in capsys.readouterr().out
    assert main(["intel", "list", *where]) == 0
    assert "mine" in capsys.readouterr().out
    assert main(["intel", "match", *where]) == 0
    out = capsys.readouterr().out
    assert "5.9.0.0/16" in out
    assert "hosting" in out
    assert main(["intel", "match", *where, "--by", "row", "--format", "json", "--top", "2"]) == 0
    assert [row["row_id"] for row in json.loads(capsys.readouterr().out)] == [1, 1]
    assert main(["intel", "match", *where, "--format", "csv"]) == 0
    assert capsys.readouterr().out.startswith("rows,first_seen")
    assert main(["intel", "update", *where]) == 0
    assert "no feed has an address" in capsys.readouterr().out
    assert main(["lookup", "evil[.]com", *where, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["Severity"] == "high"
    assert main(["intel", "remove", "mine", *where]) == 0
    assert main(["intel", "match", *where]) == 2
