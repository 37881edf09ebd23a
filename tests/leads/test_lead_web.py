"""Leads over REST and GraphQL: pages, evidence, ratings, the host's page; bounds, and roles."""

from __future__ import annotations

import csv
import io
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

from tests.leads.conftest import FAR, FOURTH, NEAR
from tests.leads.hostile import HOSTILE, make_hostile


@pytest.fixture
def local(case: Path) -> Iterator[TestClient]:
    from flowsleuth.faces.web.app import create_app

    with TestClient(create_app(case), base_url="http://127.0.0.1:8765", follow_redirects=False) as client:
        client.headers["X-CSRF-Token"] = client.get("/api/session").json()["csrf"]
        yield client


def page(client: TestClient, **asked: object) -> dict:
    got = client.get("/api/leads", params=asked)
    assert got.status_code == 200, got.text
    return got.json()


def ask(client: TestClient, query: str) -> dict:
    got = client.post("/graphql", json={"query": query}).json()
    assert "errors" not in got, got
    return got["data"]["flow"]


def test_pages_of_leads(local):
    found = page(local, by="pair", dates=FOURTH, size=2)
    assert [(row["host"], row["dst_ip"], row["rank"]) for row in found["rows"]] == [
        ("10.0.0.9", FAR, 1), ("10.0.0.7", FAR, 2),
    ]  # fmt: skip
    assert found["rows"][0]["lead_id"] == "-6255233440642403084"  # text, as JavaScript would round it
    assert (found["page"], found["size"], found["dates"][-1]) == (1, 2, FOURTH)
    assert found["counts"]["open"] == found["total"]
    assert page(local, by="pair", ip=NEAR)["total"] == 1
    assert page(local, technique="T1071", text="12,500 connections")["total"] == 1
    assert page(local, by="pair", page=99)["rows"] == []


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"by": "city"}, 422), ({"state": "closed"}, 422), ({"size": 0}, 422), ({"page": 0}, 422), ({"most_q": 2}, 422),
        ({"ip": "nowhere"}, 400), ({"dates": "yesterday"}, 400), ({"no_such": 1}, 422), ({"detector": "<b>"}, 422),
    ],
    ids=str,
)  # fmt: skip
def test_bad_questions_are_refused(local, asked, status):
    got = local.get("/api/leads", params=asked)
    assert got.status_code == status, got.text
    assert got.json()["error"]["message"]


def test_what_is_behind_a_lead(local):
    lead = page(local, by="pair", dates=FOURTH)["rows"][0]
    told = local.get(f"/api/leads/{lead['lead_id']}", params={"flows": 2}).json()
    assert [one["detector"] for one in told["findings"]] == ["strobes", "suspicious"]
    assert told["findings"][0]["evidence"]["connections"] == 20_000
    assert [(one["source_file"], one["source_row"]) for one in told["findings"][0]["raw_flows"]] == [
        ("office.log", 23_941), ("office.log", 23_942),
    ]  # fmt: skip
    assert local.get(f"/api/leads/{told['findings'][0]['finding_id']}").json()["lead"] is None
    assert local.get("/api/leads/7").status_code == 400
    assert local.get("/api/leads/abc").status_code == 422


def test_a_lead_is_rated_and_the_rating_undone(local):
    before = page(local, by="pair")
    lead = before["rows"][0]
    seen = local.post("/api/preview", json={"leads": [lead["lead_id"]]}).json()
    assert (seen["suspects"], seen["flows"]) == (1, 20_000)
    made = local.post("/api/ratings", json={"leads": [lead["lead_id"]], "severity": 3, "why": HOSTILE})
    assert made.status_code == 201, made.text
    after = page(local, by="pair")
    assert lead["lead_id"] not in [row["lead_id"] for row in after["rows"]]
    assert (after["hidden"], after["counts"]["rated"]) == (1, 1)
    (rated,) = page(local, by="pair", state="rated")["rows"]
    assert (rated["severity"], rated["is_hidden"], rated["rating_id"]) == (3, True, made.json()["rating_id"])
    assert local.post("/api/ratings/undo", json={"rating_id": None}).status_code == 200
    assert page(local, by="pair") == before
    assert local.post("/api/ratings", json={"by": "pair", "severity": 1}).status_code == 400
    assert local.post("/api/ratings", json={"by": "city", "ip": FAR, "severity": 1}).status_code == 422
    by_name = local.post("/api/ratings", json={"by": "pair", "name": "*.example", "severity": 1}).json()
    assert by_name["suspects"] == 4


def test_suppressing_a_finder_changes_leads(local):
    before = page(local, by="pair")
    given = {"kind": "detector", "value": "strobes", "reason": "the new monitoring"}
    assert local.post("/api/suppressions", json=given).status_code == 201
    after = page(local, by="pair")
    assert after["counts"]["suppressed"] == 1
    assert "strobes" not in {row["detectors"] for row in after["rows"]}
    local.delete("/api/suppressions/1")
    assert page(local, by="pair") == before


def test_exports(local, case):
    make_hostile(case, FOURTH)
    got = local.get("/api/leads/export?by=pair")
    assert got.headers["Content-Disposition"] == 'attachment; filename="leads.csv"'
    assert len(list(csv.DictReader(io.StringIO(got.text)))) == page(local, by="pair")["total"]
    assert len(local.get("/api/leads/export?by=pair&format=json").json()) == page(local, by="pair")["total"]


def test_a_hosts_page_is_a_job(local):
    begun = local.post("/api/hosts", json={"target": "10.0.0.7"})
    assert begun.status_code == 202
    for _ in range(600):
        job = local.get(f"/api/jobs/{begun.json()['job']}").json()
        if job["state"] not in ("waiting", "running"):
            break
        time.sleep(0.1)
    assert job["state"] == "done", job
    sections = {one["id"]: one for one in job["result"]["sections"]}
    assert list(sections) == [
        "standing", "role", "history", "days", "findings", "pairs", "suspects", "timeline", "volumes", "peers", "flows",
    ]  # fmt: skip
    assert [row["rank"] for row in sections["days"]["rows"]] == [1, 2]
    assert {row["detector"] for row in sections["findings"]["rows"]} == {"strobes", "suspicious"}
    history = job["result"]["figures"]["history"]["series"][0]["points"]
    assert [round(value) for _, value, *_ in history][:2] == [0, 0]
    assert all(value > 2 for _, value, *_ in history[2:])
    assert local.post("/api/hosts", json={"target": ""}).status_code == 422


def test_queues_of_finders_are_not_offered(local):
    assert local.get("/api/info").json()["detectors"] == ["suspicious"]


def test_graphql_tells_leads_findings_and_a_host(local):
    wanted = "leadId day rank host dstIp serverName protocol servicePort detectors technique flows sev isHidden qValue"
    found = ask(local, f'{{ flow {{ leads(by: "pair", date: "{FOURTH}", size: 2) {{ {wanted} }} }} }}')
    first = found["leads"][0]
    assert (first["host"], first["dstIp"], first["rank"], first["day"]) == ("10.0.0.9", FAR, 1, FOURTH)
    assert (first["protocol"], first["servicePort"], first["flows"], first["sev"]) == ("tcp", 443, 20_000, None)
    told = ask(local, f'{{ flow {{ findings(id: "{first["leadId"]}") {{ detector pValue technique reason }} }} }}')
    assert [one["detector"] for one in told["findings"]] == ["strobes", "suspicious"]
    host = ask(
        local,
        '{ flow { host(ip: "10.0.0.7") { ip role history { day rank } pairs { dstIp } findings { detector } } } }',
    )
    assert [one["rank"] for one in host["host"]["history"]] == [1, 2]
    assert {one["detector"] for one in host["host"]["findings"]} == {"strobes"}
    assert FAR in [one["dstIp"] for one in host["host"]["pairs"]]


def test_graphql_rates_leads(local):
    lead = ask(local, '{ flow { leads(by: "pair", size: 1) { leadId } } }')["leads"][0]["leadId"]
    done = ask(
        local, f'mutation {{ flow {{ score(input: [{{score: 3, leads: ["{lead}"]}}]) {{ success suspects flows }} }} }}'
    )
    assert done["score"] == [{"success": True, "suspects": 1, "flows": 20_000}]
    assert lead not in [row["leadId"] for row in ask(local, '{ flow { leads(by: "pair") { leadId } } }')["leads"]]


@pytest.mark.parametrize("asked", ['by: "city"', 'state: "closed"', "size: 5000", 'date: "yesterday"', 'ip: "x"'])
def test_graphql_refuses_what_cannot_be(local, asked):
    got = local.post("/graphql", json={"query": f"{{ flow {{ leads({asked}) {{ rank }} }} }}"}).json()
    assert got["errors"]
