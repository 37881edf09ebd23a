"""The queue, ratings, rules and suppressions over HTTP."""

from __future__ import annotations

import csv
import io

import pytest
from tests.faces.web.conftest import HOSTILE, log_in


def queue(client, **asked):
    got = client.get("/api/queue", params=asked)
    assert got.status_code == 200, got.text
    return got.json()


def test_a_page_of_the_queue(local):
    page = queue(local, size=5)
    assert set(page) == {"rows", "total", "page", "size", "counts", "detector", "dates", "is_taught"}
    assert [row["rank"] for row in page["rows"]] == [1, 2, 3, 4, 5]
    first = page["rows"][0]
    assert first["dst_ip"] == "203.0.113.9"
    assert first["first_seen"].endswith("Z")
    assert page["counts"] == {"unrated": page["total"], "rated": 0, "suppressed": 0}
    second = queue(local, size=5, page=2)
    assert second["rows"][0]["rank"] == 6
    assert queue(local, dst_port="4444", ip="203.0.113.0/24")["total"] == 1
    assert queue(local, sort="src_bytes", descending="true")["rows"][0]["src_bytes"] == 3_100_000


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"size": 0}, 422),
        ({"size": 1_001}, 422),
        ({"page": -1}, 422),
        ({"sort": "1; DROP TABLE flow"}, 422),
        ({"sort": "no_such_column"}, 400),
        ({"state": "other"}, 422),
        ({"src_ip": "10.0.0.0/99"}, 400),
        ({"src_ip": "' OR 1=1 --"}, 400),
        ({"dst_port": "http"}, 400),
        ({"dates": "yesterday"}, 400),
        ({"detector": "nobody"}, 404),
        ({"unknown": "1"}, 422),
        ({"min_bytes": 2**60}, 422),
        ({"text": "x" * 501}, 422),
    ],
    ids=str,
)
def test_bad_questions_are_refused_by_name(local, asked, status):
    got = local.get("/api/queue", params=asked)
    assert got.status_code == status, got.text
    assert got.json()["error"]["message"]


def test_hostile_words_find_nothing_and_break_nothing(local):
    for name in ("text", "reason", "name", "proto", "direction"):
        assert queue(local, **{name: HOSTILE})["total"] == 0
    assert queue(local)["total"] > 0


def test_lists_that_narrow(local):
    got = local.get("/api/queue/values", params={"dst_port": "4444"}).json()
    assert got["dst_ip"] == [["203.0.113.9", 1]]
    assert len(got["dst_port"]) >= 1


def test_export(local):
    whole = queue(local)["total"]
    got = local.get("/api/queue/export?format=csv&dst_port=4444")
    assert got.headers["Content-Disposition"] == 'attachment; filename="suspects.csv"'
    rows = list(csv.DictReader(io.StringIO(got.text)))
    assert [row["dst_ip"] for row in rows] == ["203.0.113.9"]
    assert len(local.get("/api/queue/export?format=json").json()) == whole
    assert local.get("/api/queue/export?format=xml").status_code == 422


def test_preview_rate_undo(guarded):
    ana, vera = log_in(guarded, "ana"), log_in(guarded, "vera")
    criteria = {"dst_ip": "203.0.113.9", "dst_port": 4444}
    seen = vera.post("/api/preview", json=criteria).json()
    assert (seen["suspects"], seen["flows"]) == (1, 3)
    assert vera.post("/api/ratings", json={**criteria, "severity": 1}).status_code == 403
    assert queue(vera)["counts"]["rated"] == 0
    made = ana.post("/api/ratings", json={**criteria, "severity": 1, "why": HOSTILE})
    assert made.status_code == 201
    told = made.json()
    assert (told["suspects"], told["flows"], told["analyst"]) == (1, 3, "ana")
    assert queue(vera)["counts"]["rated"] == 1
    assert queue(vera, state="rated", severity="1")["rows"][0]["rating_id"] == told["rating_id"]
    assert [row["address"] for row in vera.get("/api/threats").json()["rows"]][:2].count("203.0.113.9") == 1
    assert vera.get("/api/ratings").json()["rows"][0]["comment"] == HOSTILE
    assert ana.post("/api/ratings/undo", json={"rating_id": None}).json() == {"rating_id": told["rating_id"]}
    assert queue(vera)["counts"]["rated"] == 0
    assert [row["verb"] for row in ana.get("/api/audit").json()["rows"]][:2] == ["undo", "rate"]


def test_only_admins_see_logins_in_the_trail(guarded):
    ana, adam = log_in(guarded, "ana"), log_in(guarded, "adam")
    ana.post("/api/ratings", json={"dst_port": 4444, "severity": 3})
    assert {row["object"] for row in ana.get("/api/audit?limit=1").json()["rows"]} == {"rating"}
    assert "account" in {row["object"] for row in adam.get("/api/audit").json()["rows"]}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"severity": 1}, 400),
        ({"severity": 4, "dst_port": 1}, 422),
        ({"severity": "1", "dst_port": 1}, 422),
        ({"severity": 1, "dst_port": -1}, 422),
        ({"severity": 1, "dst_port": True}, 422),
        ({"severity": 1, "src_ip": "nonsense"}, 400),
        ({"severity": 1, "src_ip": "198.51.100.77"}, 400),
        ({"severity": 1, "suspects": [2**63]}, 422),
        ({"severity": 1, "suspects": ["1; DROP TABLE rating"]}, 422),
        ({"severity": 1, "suspects": list(range(10_001))}, 422),
        ({"severity": 1, "dst_port": 4444, "analyst": "someone else"}, 422),
        ({"severity": 1, "dst_port": 4444, "why": "x" * 4_001}, 422),
    ],
    ids=lambda value: str(value)[:60],
)
def test_bad_ratings_are_refused_and_change_nothing(local, body, status):
    assert local.post("/api/ratings", json=body).status_code == status
    assert queue(local)["counts"]["rated"] == 0


def test_reset_asks_first_and_can_be_restored(local):
    local.post("/api/ratings", json={"dst_port": 4444, "severity": 1})
    date = queue(local, state="rated")["dates"][0]
    assert local.post(f"/api/days/{date}/reset", json={}).status_code == 400
    assert queue(local)["counts"]["rated"] == 1
    made = local.post(f"/api/days/{date}/reset", json={"confirm": True}).json()
    assert queue(local)["counts"]["rated"] == 0
    assert local.post(f"/api/resets/{made['reset_id']}/restore").status_code == 200
    assert queue(local)["counts"]["rated"] == 1
    assert local.post("/api/days/2020-13-99/reset", json={"confirm": True}).status_code in (400, 422)


def test_rules(local):
    rule = {
        "name": HOSTILE,
        "severity": 2,
        "conditions": [
            {"field": "dst_port", "operator": "in", "value": [4444, 4445]},
            {"field": "dst_ip", "operator": "in_cidr", "value": "203.0.113.0/24"},
        ],
    }
    assert local.post("/api/rules/preview", json=rule).json()["suspects"] == 1
    made = local.post("/api/rules", json=rule)
    assert made.status_code == 201
    assert made.json()["suspects"] == 1
    assert local.get("/api/rules").json()["rows"][0]["name"] == HOSTILE
    assert queue(local)["counts"]["rated"] == 1
    assert local.post("/api/rules/apply", json={}).json()["suspects"] == 0
    assert local.delete(f"/api/rules/{made.json()['rule_id']}").json()["ratings"] == 2  # of suspects, of findings
    assert queue(local)["counts"]["rated"] == 0
    bad = {**rule, "conditions": [{"field": "nothing", "operator": "=", "value": 1}]}
    assert local.post("/api/rules", json=bad).status_code == 400
    assert local.post("/api/rules", json={**rule, "conditions": []}).status_code == 422


def test_suppressions(local):
    scope = {"kind": "address", "value": "203.0.113.9"}
    assert local.post("/api/suppressions/preview", json=scope).json()["suspects"] == 1
    assert local.post("/api/suppressions", json=scope).status_code == 422
    made = local.post("/api/suppressions", json={**scope, "reason": HOSTILE, "days": 7})
    assert made.status_code == 201
    assert queue(local, dst_port="4444")["total"] == 0
    assert queue(local)["counts"]["suppressed"] == 1
    assert local.get("/api/suppressions").json()["rows"][0]["reason"] == HOSTILE
    assert local.delete(f"/api/suppressions/{made.json()['suppression_id']}").status_code == 200
    assert queue(local, dst_port="4444")["total"] == 1
    assert local.post("/api/suppressions", json={"kind": "x", "value": "y", "reason": "z"}).status_code == 422


def test_the_network_of_the_queue(local):
    got = local.get("/api/network?top=50").json()
    assert {node["id"] for node in got["nodes"]} >= {"203.0.113.9"}
    assert got["edges"]


def test_all_workers_see_a_rating_at_once(local):
    """Each worker has its queue in memory; none may show the old one."""
    for _ in range(8):
        queue(local)
    local.post("/api/ratings", json={"dst_port": 4444, "severity": 1})
    assert {queue(local)["counts"]["rated"] for _ in range(8)} == {1}


def test_checks(local):
    rows = local.get("/api/heuristics?names=fan_out,fan_in&fan_out=1&fan_in=1&scope=day").json()["rows"]
    assert {row["name"] for row in rows} <= {"fan_out", "fan_in"}
    assert rows[0]["says"]
    assert local.get("/api/heuristics?fan_out=0").status_code == 422
    assert local.get("/api/heuristics?names=nothing").status_code in (400, 404)
    assert local.put("/api/heuristics/fan_out", json={"on": False}).json() == {"name": "fan_out", "on": False}
    told = local.get("/api/heuristics?fan_out=1&scope=day").json()
    assert told["off"] == ["fan_out"] and "fan_out" not in {row["name"] for row in told["rows"]}
    assert local.put("/api/heuristics/nothing", json={"on": False}).status_code in (400, 404)
