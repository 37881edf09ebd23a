"""Passive DNS: by hand from rows that were seen."""

from __future__ import annotations

import json

import pytest

import flowsleuth
from flowsleuth.faces.cli import main

SEEN = (
    {"ts": 1.0, "uid": "C1", "id.orig_h": "10.0.0.5", "id.orig_p": 5000, "id.resp_h": "10.0.0.1", "id.resp_p": 53,
     "proto": "udp", "trans_id": 1, "query": "WWW.Example.org", "qtype_name": "A", "rcode_name": "NOERROR",
     "answers": ["cdn.example.net", "192.0.2.7", "192.0.2.8"], "TTLs": [60.0, 60.0, 60.0]},
    {"ts": 9.0, "uid": "C2", "id.orig_h": "10.0.0.6", "id.orig_p": 5000, "id.resp_h": "10.0.0.1", "id.resp_p": 53,
     "proto": "udp", "trans_id": 2, "query": "www.example.org", "qtype_name": "A", "rcode_name": "NOERROR",
     "answers": ["192.0.2.77"], "TTLs": [60.0]},
    {"ts": 5.0, "uid": "C3", "id.orig_h": "10.0.0.6", "id.orig_p": 5001, "id.resp_h": "10.0.0.1", "id.resp_p": 53,
     "proto": "udp", "trans_id": 3, "query": "www.example.org", "qtype_name": "AAAA", "rcode_name": "NOERROR",
     "answers": ["2001:0DB8:0::7"], "TTLs": [60.0]},
)  # fmt: skip
TLS = {"ts": 6.0, "uid": "C4", "id.orig_h": "10.0.0.5", "id.orig_p": 5002, "id.resp_h": "192.0.2.7", "id.resp_p": 443,
       "version": "TLSv12", "server_name": "shop.example.org", "established": True}  # fmt: skip


@pytest.fixture
def case(tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "dns.log").write_text("".join(json.dumps(row) + "\n" for row in SEEN))
    (logs / "ssl.log").write_text(json.dumps(TLS) + "\n")
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        report = ws.ingest(logs)
        assert report.rows == {"dns": 3, "tls": 1}
    return tmp_path / "case"


def rows(ws, observable):
    found = ws.passive_dns(observable).to_arrow().to_pylist()
    return [
        (r["name"], r["address"], r["source"], r["first_seen"].timestamp(), r["sightings"], r["clients"]) for r in found
    ]


def test_names_of_an_address_exactly(case):
    with flowsleuth.open(case) as ws:
        assert rows(ws, "192.0.2.7") == [
            ("shop.example.org", "192.0.2.7", "tls", 6.0, 1, 1),
            ("www.example.org", "192.0.2.7", "dns", 1.0, 1, 1),
        ]
        assert rows(ws, "2001:db8::7") == [("www.example.org", "2001:db8::7", "dns", 5.0, 1, 1)]
        assert rows(ws, "192.0.2.9") == []


def test_addresses_of_a_name(case):
    with flowsleuth.open(case) as ws:
        assert [row[1] for row in rows(ws, "www.EXAMPLE.org")] == [
            "192.0.2.7",
            "192.0.2.77",
            "192.0.2.8",
            "2001:db8::7",
        ]


def test_names_are_on_lists(case):
    (case / "lists").mkdir()
    (case / "lists" / "ours.txt").write_text("example.org\n")
    with flowsleuth.open(case) as ws:
        report = ws.enrich(["lists"])
        assert (report.addresses, report.names) == (7, 3)  # answers' addresses and name too
        assert set(ws.facts(fact="list").to_pandas()["observable"]) == {"www.example.org", "shop.example.org"}


def test_the_command_line(case, capsys):
    assert main(["dns", "192.0.2.7", "-w", str(case)]) == 0
    assert "shop.example.org" in capsys.readouterr().out
    assert main(["dns", "192.0.2.7", "-w", str(case), "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["seen"]) == 2
