"""Eight analysts at once, ten thousand ratings: none is lost, and the trail is complete."""

from __future__ import annotations

import collections
import json
import multiprocessing
import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from tests.triage import postgres

import flowsleuth
from flowsleuth.triage.filters import QueueFilter

ANALYSTS = 8
RATINGS = 10_000
LONGEST_S = 500
"""On a busy machine; the work itself takes some 55 CPU-seconds on each database."""
UNDONE_EVERY = 50
"""Each takes one in so many of the ratings back: undo is a writer too."""


def work(folder: str, url: str | None, number: int, suspects: list[int], ready) -> None:
    """One analyst: rates suspects in an order of her own."""
    with flowsleuth.open(folder, case=url, analyst=f"analyst-{number}") as ws:
        ws.desk.rows("suspicious")
        ready.wait()
        for turn in range(RATINGS // ANALYSTS):
            suspect = suspects[(turn * 7 + number * 31) % len(suspects)]
            made = ws.rate(1 + (turn + number) % 3, suspects=[suspect], why=f"{number}/{turn}")
            if turn % UNDONE_EVERY == 0:
                ws.undo(made.rating_id)


def all_at_once(case: Path, url: str | None) -> None:
    with flowsleuth.open(case, case=url, analyst="ana") as ws:
        suspects = ws.queue(size=1000).rows.table["suspect_id"].to_pylist()
        assert ws.queue().counts["rated"] == 0
    start = multiprocessing.get_context("spawn")
    ready = start.Barrier(ANALYSTS)
    people = [start.Process(target=work, args=(str(case), url, n, suspects, ready)) for n in range(ANALYSTS)]
    for one in people:
        one.start()
    until = time.monotonic() + LONGEST_S
    for one in people:
        one.join(max(0.0, until - time.monotonic()))
    assert [one.exitcode for one in people] == [0] * ANALYSTS
    check(case, url, len(suspects))


def check(case: Path, url: str | None, suspects: int) -> None:
    with flowsleuth.open(case, case=url, analyst="ana") as ws:
        ratings = ws.ratings("all", limit=None).table.to_pylist()
        assert len(ratings) == RATINGS
        expected = {f"{n}/{turn}" for n in range(ANALYSTS) for turn in range(RATINGS // ANALYSTS)}
        assert {row["comment"] for row in ratings} == expected
        undone = [row for row in ratings if row["undone"]]
        assert len(undone) == ANALYSTS * len(range(0, RATINGS // ANALYSTS, UNDONE_EVERY))
        assert all(row["undone_by"] == row["analyst"] for row in undone)
        trail = ws.audit(limit=None).table.to_pylist()
        deeds = collections.Counter(row["verb"] for row in trail)
        assert deeds == {"rate": RATINGS, "undo": len(undone)}
        assert {row["object_id"] for row in trail if row["verb"] == "rate"} == {str(r["rating_id"]) for r in ratings}
        by = {str(row["rating_id"]): (row["analyst"], row["severity"]) for row in ratings}
        for row in trail:
            assert row["analyst"] == by[row["object_id"]][0]
            if row["verb"] == "rate":
                assert json.loads(row["detail"])["severity"] == by[row["object_id"]][1]
        every = ws.labels(every=True).table.to_pylist()
        assert len(every) == RATINGS
        live = [row for row in every if row["is_live"]]
        assert len(live) == RATINGS - len(undone)
        latest = {row["suspect_id"]: row["severity"] for row in sorted(live, key=lambda row: row["label_id"])}
        page = ws.queue(QueueFilter(state="rated"), size=1000)
        shown = dict(zip(*(page.rows.table[name].to_pylist() for name in ("suspect_id", "severity")), strict=True))
        assert shown == latest
        assert page.counts == {"unrated": suspects - len(latest), "rated": len(latest), "suppressed": 0}


@pytest.mark.soak
def test_on_sqlite(case):
    all_at_once(case, None)


@pytest.mark.soak
def test_on_postgresql(case):
    if not postgres.is_there():
        if os.environ.get("FLOWSLEUTH_REQUIRE_POSTGRES"):
            pytest.fail("PostgreSQL is required here and is not installed: sh scripts/debian-packages.sh")
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="fs-pg-"))
    folder.chmod(0o755)
    try:
        with postgres.running(folder) as url:
            all_at_once(case, url)
            assert not (case / "analyst.db").exists()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
