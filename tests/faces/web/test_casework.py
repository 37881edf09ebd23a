"""Investigations, stories and what the pages show, over HTTP."""

from __future__ import annotations

import asyncio
import io
import threading
import time
import zipfile

import pytest
from tests.faces.web.conftest import HOSTILE, log_in

from flowsleuth.errors import OptionError, StoreError
from flowsleuth.faces.web.asked import Asked
from flowsleuth.workspace import Workspace


def wait_for(client, job: str, seconds: float = 30.0) -> dict:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        told = client.get(f"/api/jobs/{job}").json()
        if told["state"] != "running":
            return told
        time.sleep(0.02)
    raise AssertionError("the job does not end")


def test_an_investigation_is_a_job(local):
    got = local.post("/api/investigations", json={"target": "203.0.113.9"})
    assert got.status_code == 202
    told = wait_for(local, got.json()["job"])
    assert (told["state"], told["progress"]) == ("done", 1.0)
    result = told["result"]
    assert (result["target"], result["is_internal"]) == ("203.0.113.9", False)
    assert result["search"][0]["dst_port"] == 4444
    assert result["search_total"] == len(result["search"])
    assert set(result["top"]) >= {"sources_by_connections", "destinations_by_bytes"}
    assert result["figures"]["progression"]["kind"] == "tree"
    assert result["totals"]["connections"] == 3


@pytest.mark.parametrize(
    "body",
    [
        {"target": "not an address"},
        {"target": "1" * 65},
        {"target": "10.0.0.1", "top": 0},
        {"target": "10.0.0.1", "top": 10**9},
        {"target": "10.0.0.1", "start": "yesterday"},
        {"target": "10.0.0.1", "unknown": 1},
        {},
        [],
    ],
)
def test_bad_inquiries(local, body):
    got = local.post("/api/investigations", json=body)
    if got.status_code == 202:
        told = wait_for(local, got.json()["job"])
        assert told["state"] == "failed"
        assert "neither an address" in told["error"]["message"]
    else:
        assert got.status_code == 422
        assert set(got.json()["error"]) == {"message", "where", "hint", "available"}


def test_jobs_are_their_owners(guarded):
    ana, vera, adam = (log_in(guarded, name) for name in ("ana", "vera", "adam"))
    job = ana.post("/api/investigations", json={"target": "203.0.113.9"}).json()["job"]
    wait_for(ana, job)
    assert vera.get(f"/api/jobs/{job}").status_code == 404
    assert vera.delete(f"/api/jobs/{job}").status_code == 404
    assert adam.get(f"/api/jobs/{job}").status_code == 200
    assert vera.post("/api/investigations", json={"target": "203.0.113.9"}).status_code == 202


def test_a_job_is_cancelled(local, monkeypatch):
    """In the middle of its work; what it would have found is thrown away."""
    begun, go_on = threading.Event(), threading.Event()

    def slow(self, *_, **__):
        begun.set()
        go_on.wait(60)

    monkeypatch.setattr(Workspace, "investigate", slow)
    job = local.post("/api/investigations", json={"target": "203.0.113.9"}).json()["job"]
    assert begun.wait(60)
    assert local.get(f"/api/jobs/{job}").json()["doing"].startswith("searching")
    assert local.delete(f"/api/jobs/{job}").status_code == 200
    go_on.set()
    told = wait_for(local, job)
    assert (told["state"], told["result"]) == ("cancelled", None)


def test_a_running_query_is_interrupted(local, monkeypatch):
    """The engine stops at once, not when it has finished."""

    def endless(self, *_, **__):
        numbers = self.store.engine._connection
        numbers.execute("SELECT count(*) FROM range(100000000000) a WHERE hash(a.range) = 7").fetchall()

    monkeypatch.setattr(Workspace, "investigate", endless)
    job = local.post("/api/investigations", json={"target": "203.0.113.9"}).json()["job"]
    time.sleep(0.5)
    began = time.monotonic()
    local.delete(f"/api/jobs/{job}")
    assert wait_for(local, job)["state"] == "cancelled"
    assert time.monotonic() - began < 5


def test_too_many_jobs_of_one_person(local, monkeypatch):
    go_on = threading.Event()
    monkeypatch.setattr(Workspace, "investigate", lambda *_, **__: go_on.wait(60))
    codes = [local.post("/api/investigations", json={"target": "10.0.0.1"}).status_code for _ in range(5)]
    go_on.set()
    assert codes == [202] * 4 + [503]


def test_a_failing_job_tells_nothing_of_the_inside(local, monkeypatch):
    monkeypatch.setattr(Workspace, "investigate", lambda *_, **__: 1 / 0)
    told = wait_for(local, local.post("/api/investigations", json={"target": "10.0.0.1"}).json()["job"])
    assert told["state"] == "failed"
    assert "division" not in str(told)


def test_a_job_that_fails_while_it_is_asked_about_tells_its_error(local, monkeypatch):
    """Its end comes after the server has found it, and before the answer is written."""
    go_on = threading.Event()

    def fail(*_, **__):
        go_on.wait(60)
        raise OptionError("no such thing")

    made = Asked.made

    async def late(self, make):
        go_on.set()
        (job,) = self.jobs._jobs.values()
        while job.ended is None:
            await asyncio.sleep(0.01)
        return await made(self, make)

    monkeypatch.setattr(Workspace, "investigate", fail)
    monkeypatch.setattr(Asked, "made", late)
    job = local.post("/api/investigations", json={"target": "10.0.0.1"}).json()["job"]
    told = local.get(f"/api/jobs/{job}").json()
    assert (told["state"], told["error"]["message"]) == ("failed", "no such thing")


def test_a_job_whose_workspace_does_not_open_fails(local, monkeypatch):
    def broken():
        raise StoreError("the disk is gone")

    monkeypatch.setattr(local.app.state.job_pool, "_open", broken)
    told = wait_for(local, local.post("/api/investigations", json={"target": "10.0.0.1"}).json()["job"])
    assert (told["state"], told["error"]["message"]) == ("failed", "the disk is gone")


def test_a_story_there_and_back_with_hostile_words(local):
    story = {"target": "203.0.113.9", "title": HOSTILE, "text": f"=HYPERLINK(1)\n{HOSTILE}", "top": 5}
    made = local.post("/api/stories", json=story)
    assert made.status_code == 201, made.text
    number = made.json()["story_id"]
    got = local.get(f"/api/stories/{number}").json()
    assert (got["title"], got["text"]) == (story["title"], story["text"])
    assert got["dossier"]["sections"]
    assert got["figures"]["impact"]["kind"] == "bars"
    assert [row["story_id"] for row in local.get("/api/stories").json()["rows"]] == [number]
    page = local.get(f"/api/stories/{number}/export?format=html")
    assert page.headers["Content-Disposition"] == f'attachment; filename="story-{number}.html"'
    assert page.headers["Content-Security-Policy"].startswith("sandbox")
    assert "<script>alert" not in page.text
    archive = zipfile.ZipFile(io.BytesIO(local.get(f"/api/stories/{number}/export?format=spot-csv").content))
    assert len(archive.namelist()) == 7
    assert all("/" not in name and ".." not in name for name in archive.namelist())
    board = archive.read("flow_storyboard.csv").decode()
    assert '"=HYPERLINK' not in board
    assert local.get(f"/api/stories/{number}/export?format=exe").status_code == 422
    assert local.delete(f"/api/stories/{number}").status_code == 200
    assert local.get("/api/stories").json()["rows"] == []
    assert local.delete(f"/api/stories/{number}").status_code == 400


def test_saving_again_replaces(local):
    for title in ("first", "second"):
        local.post("/api/stories", json={"target": "203.0.113.9", "title": title})
    assert [row["title"] for row in local.get("/api/stories").json()["rows"]] == ["second"]


def test_who_saved_it(guarded):
    ana = log_in(guarded, "ana")
    made = ana.post("/api/stories", json={"target": "203.0.113.9", "title": "Beacon"}).json()
    assert made["analyst"] == "ana"


def test_what_could_not_be_seen(local):
    rows = local.get("/api/blind-spots").json()["rows"]
    assert {"absent table", "span"} <= {row["kind"] for row in rows}
    assert all(row["how_much"] and row["hides"] and row["advice"] for row in rows)
    early = local.get("/api/blind-spots?start=2020-01-01T00:00:00Z&end=2020-01-02T00:00:00Z").json()["rows"]
    assert early != rows
    assert local.get("/api/blind-spots?start=2020-01-02T00:00:00Z&end=2020-01-01T00:00:00Z").status_code == 400
    assert local.get("/api/blind-spots?start=yesterday-ish").status_code == 422


def test_details_and_ingest_summary(local):
    flow = local.get("/api/info").json()
    summary = local.get("/api/ingest-summary?bins=10").json()
    assert summary["total"] == flow["tables"]["flow"]["rows"]
    assert len(summary["bins"]) <= 10
    assert set(summary) == {"bins", "bin_seconds", "first", "last", "total"}
    assert local.get("/api/ingest-summary?bins=0").status_code == 422
    assert local.get("/api/ingest-summary?start=2020-01-01T00:00:00Z&end=2020-01-02T00:00:00Z").json()["bins"] == []
    assert local.get("/api/details/123").status_code == 400
    assert local.get(f"/api/details/{2**60}").status_code == 422
    assert local.get("/api/chord?ip=nothing").status_code == 400
    assert local.get("/api/threats").json() == {"rows": []}
    assert local.get("/api/explain/123").status_code == 400


def test_scoring_is_a_job(local):
    job = local.post("/api/score", json={"detectors": ["suspicious"]}).json()["job"]
    told = wait_for(local, job)
    assert told["state"] == "done", told
    assert told["result"][0]["flows"] == 403
    job = local.post("/api/score", json={"detectors": ["no-such"]}).json()["job"]
    assert wait_for(local, job)["state"] == "failed"


def test_several_at_once_do_not_mix_up(local):
    """More threads than workers, each with its own question; every answer belongs to its question."""
    addresses = ["203.0.113.9", *[f"10.0.0.{at}" for at in range(1, 8)]]
    wrong = []

    def ask(address: str) -> None:
        for _ in range(4):
            rows = local.get(f"/api/chord?ip={address}").json()["rows"]
            wrong.extend(row for row in rows if address not in (row["src_ip"], row["dst_ip"]))

    threads = [threading.Thread(target=ask, args=(address,)) for address in addresses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
