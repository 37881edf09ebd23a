"""Logs are written by attackers: their names come out of every interface as they are, and run nowhere."""

from __future__ import annotations

import csv
import io

import pytest
from tests.faces.web.conftest import client_of
from tests.zeek_writer import write_conn, write_ssl

import flowsleuth
from flowsleuth.faces.web.app import create_app

NAMES = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "' OR '1'='1'; DROP TABLE rating; --",
    '=HYPERLINK("http://evil.example","x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "{{7*7}} ${7*7} %n%n",
    "\u202egpj.exe",
    "a\\x00b",
    ".*(",
]


@pytest.fixture
def hostile(tmp_path):
    write_conn(tmp_path / "conn.log", 300)
    write_ssl(tmp_path / "ssl.log", {at * 5: name for at, name in enumerate(NAMES)})
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        ws.ingest(tmp_path / "conn.log", tmp_path / "ssl.log")
        ws.score()
    with client_of(create_app(tmp_path / "case")) as client:
        client.headers["X-CSRF-Token"] = client.get("/api/session").json()["csrf"]
        yield client


def named(rows, column="server_name"):
    return {row[column] for row in rows if row[column]}


def test_names_in_json_are_data(hostile):
    got = hostile.get("/api/queue?size=1000&state=all")
    assert got.headers["Content-Type"] == "application/json"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert named(got.json()["rows"]) == set(NAMES)


def test_names_are_looked_for_as_they_are(hostile):
    """Neither SQL nor a regular expression."""
    for name in NAMES:
        for field in ("name", "text"):
            got = hostile.get("/api/queue", params={field: name, "state": "all"})
            assert got.status_code == 200, (name, got.text)
            assert named(got.json()["rows"]) == {name}, name


def test_names_in_csv_are_no_formulas(hostile):
    text = hostile.get("/api/queue/export?format=csv&state=all").text
    cells = {row["server_name"] for row in csv.DictReader(io.StringIO(text)) if row["server_name"]}
    assert len(cells) == len(NAMES)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)


def test_names_through_graphql(hostile):
    query = 'query ($text: String) { flow { suspicious(text: $text, size: 1000, state: "all") { serverName } } }'
    for name in NAMES:
        got = hostile.post("/graphql", json={"query": query, "variables": {"text": name}}).json()
        assert named(got["data"]["flow"]["suspicious"], "serverName") == {name}, name


def test_rating_rules_and_suppressions_by_hostile_names(hostile):
    """As a value they mean themselves; a regular expression that is none is refused by name."""
    for at, name in enumerate(NAMES):
        rule = {"name": f"{at} {name}", "severity": 3, "conditions": [_contains(name)]}
        assert hostile.post("/api/rules/preview", json=rule).json()["suspects"] >= 1, name
        made = hostile.post("/api/rules", json=rule | {"comment": name})
        assert made.status_code == 201, made.text
        got = hostile.post("/api/suppressions/preview", json={"kind": "name", "value": name})
        assert got.status_code in (200, 400)
    wrong = {"name": "wrong", "severity": 3, "conditions": [_contains(".*(") | {"operator": "matches"}]}
    assert hostile.post("/api/rules", json=wrong).status_code == 400
    rows = hostile.get("/api/rules").json()["rows"]
    assert {row["comment"] for row in rows} == set(NAMES)
    assert hostile.get("/api/audit?limit=50").status_code == 200
    assert hostile.get("/api/queue?state=rated&size=1000").json()["total"] >= len(NAMES)


def _contains(name: str) -> dict[str, str]:
    return {"field": "server_name", "operator": "contains", "value": name}


@pytest.mark.parametrize(
    "path", ["/api/explain/1'", "/api/details/1 OR 1=1", "/static/../app.py", "/static/%2e%2e/app.py"]
)
def test_hostile_paths(hostile, path):
    got = hostile.get(path)
    assert got.status_code in (400, 404, 422)
    assert "import" not in got.text


def test_an_error_repeats_text_as_json_only(hostile):
    got = hostile.get("/api/queue", params={"src_ip": NAMES[0]})
    assert got.status_code == 400
    assert got.headers["Content-Type"] == "application/json"
    assert "sandbox" not in got.headers["Content-Security-Policy"]
    assert "default-src 'none'" in got.headers["Content-Security-Policy"]
