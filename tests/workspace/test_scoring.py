"""Scoring: only what is new, day by day, and always the same."""

from __future__ import annotations

import datetime as dt
import json

import pyarrow as pa
import pytest
from tests.zeek_writer import CONN, conn_line, header, write_conn

import flowsleuth
from flowsleuth.detect.suspicious import SuspiciousDetector
from flowsleuth.errors import DetectorError, OptionError
from flowsleuth.schema import SCORE
from flowsleuth.store.maintenance import group_scores
from flowsleuth.workspace import scoring

DAY = 86_400.0


@pytest.fixture
def ws(tmp_path):
    with flowsleuth.open(tmp_path / "case", create=True) as opened:
        yield opened


def write_days(path, days: int, rows: int = 60):
    """A log of some flows on each of some days, from 2023-11-14 on."""
    lines = [conn_line(n, 1_700_000_000.0 + DAY * day) for day in range(days) for n in range(rows)]
    path.write_text(header("conn", CONN) + "".join(lines))
    return path


def scores(ws, detector: str = "suspicious"):
    return ws.store.arrow(ws.store.table("score", tag=detector).order_by("flow_id"))


def told(ws):
    """Scores by the flow's start (ids of a small file that grew differ from those of the whole file)."""
    columns = ("start", "score", "surprise", "evidence")
    return scores(ws).select(columns).sort_by("start").to_pylist()


def test_a_new_day_costs_a_day(ws, tmp_path, monkeypatch):
    built = []
    keep = scoring.StoredDay._keep

    def noting(self, table, build, date, of):
        before = ws.store.catalog.parts(table, [date])
        keep(self, table, build, date, of)
        if ws.store.catalog.parts(table, [date]) != before:
            built.append((table, date))

    monkeypatch.setattr(scoring.StoredDay, "_keep", noting)
    log = write_days(tmp_path / "conn.log", 2)
    ws.ingest(log)
    done = ws.score("suspicious")
    assert [(d.date, d.is_new, d.flows) for d in done] == [("2023-11-14", True, 60), ("2023-11-15", True, 60)]
    assert {date for _, date in built} == {"2023-11-14", "2023-11-15"}
    assert len(built) == len(set(built))
    built.clear()
    write_days(log, 3)
    ws.ingest(log)
    done = ws.score("suspicious")
    assert [(d.date, d.is_new) for d in done] == [("2023-11-14", False), ("2023-11-15", False), ("2023-11-16", True)]
    assert "2023-11-16" in {date for _, date in built}
    assert "2023-11-14" not in {date for _, date in built}
    assert len(scores(ws)) == 180


def test_flows_of_a_day_are_coded_once_for_all_detectors_and_let_go(ws, tmp_path, monkeypatch):
    engine, coded, held = type(ws.store.engine), [], set()
    keep, forget = engine.keep, engine.forget

    def keeping(self, expression):
        kept = keep(self, expression)
        coded.extend(["coded"] if {"kind", "may_be_ours"} <= set(expression.columns) else [])
        held.add(kept.op().name)
        return kept

    def forgetting(self, kept):
        held.remove(kept.op().name)
        forget(self, kept)

    monkeypatch.setattr(engine, "keep", keeping)
    monkeypatch.setattr(engine, "forget", forgetting)
    ws.ingest(write_days(tmp_path / "conn.log", 2))
    ws.score()
    assert coded == ["coded"] * 2
    assert not held
    counts = {path.name for path in (ws.folder / "tables").glob("count_*")}
    assert {"count_flows1_hosts", "count_flows1_ports"} == {
        name for name in counts if name.endswith(("hosts", "ports"))
    }
    ws.score(again=True)  # everything is counted already: nothing is coded
    assert coded == ["coded"] * 2
    assert not held


def test_finders_look_at_whole_days_beside_a_detector_that_does_not(ws, tmp_path):
    log = tmp_path / "conn.log"
    log.write_text(header("conn", CONN) + "".join(conn_line(n, 1_700_000_000.0 + n / 2) for n in range(60)))
    ws.ingest(log)
    ws.score(start=dt.datetime(2023, 11, 14, 22, 13, 50, tzinfo=dt.UTC))  # half a minute after the first
    pairs = ws.store.table("count_network1_pairs", ["2023-11-14"])
    assert ws.store.arrow(pairs.aggregate(n=pairs.flows.sum()))["n"].to_pylist() == [60]
    assert len(scores(ws)) == 30


def test_what_the_day_before_was_like_is_learnt_once(ws, tmp_path, monkeypatch):
    learnt = []
    learn = SuspiciousDetector._learn

    def noting(self, day, date, earlier):
        learnt.append((str(date), [str(one) for one in earlier]))
        return learn(self, day, date, earlier)

    monkeypatch.setattr(SuspiciousDetector, "_learn", noting)
    options = {"suspicious": {"baseline_days": 2}}
    log = write_days(tmp_path / "conn.log", 5)
    ws.ingest(log)
    ws.score("suspicious", options=options)
    dates = [f"2023-11-{day}" for day in range(14, 19)]
    assert learnt == [(date, dates[max(0, n - 2) : n][::-1]) for n, date in enumerate(dates)]
    whole = told(ws)
    learnt.clear()
    with flowsleuth.open(tmp_path / "other", create=True) as other:  # of the day before nothing is kept
        other.ingest(log)
        other.score("suspicious", options=options, start=dt.datetime(2023, 11, 18, tzinfo=dt.UTC))
        assert learnt == [(dates[4], dates[3:1:-1]), (dates[3], dates[2:0:-1])]
        assert told(other) == whole[-60:]
    learnt.clear()
    write_days(log, 6)  # an earlier file grew: what was kept of days that changed is made again
    log.write_text(log.read_text() + conn_line(99, 1_700_000_000.0 + DAY * 1 + 7))
    ws.ingest(log)
    ws.score("suspicious", options=options)
    assert [date for date, _ in learnt] == [*dates[1:], "2023-11-19"]
    assert all(len(earlier) == 2 for _, earlier in learnt[1:])


def test_a_second_run_gives_the_same_scores(ws, tmp_path):
    ws.ingest(write_days(tmp_path / "conn.log", 2))
    for detector in ("suspicious", "spot"):
        ws.score(detector)
        first = scores(ws, detector)
        ws.score(detector, again=True)
        assert scores(ws, detector) == first


def test_scoring_in_one_go_or_day_by_day_is_the_same(tmp_path):
    log = write_days(tmp_path / "conn.log", 3)
    with flowsleuth.open(tmp_path / "whole", create=True) as ws:
        ws.ingest(log)
        ws.score("suspicious")
        whole = told(ws)
    grown = tmp_path / "grown.log"
    with flowsleuth.open(tmp_path / "steps", create=True) as ws:
        for days in (1, 2, 3):
            write_days(grown, days)
            ws.ingest(grown)
            ws.score("suspicious")
        assert told(ws) == whole


def test_other_options_are_another_run(ws, tmp_path):
    ws.ingest(write_conn(tmp_path / "conn.log", 100))
    first = ws.score("suspicious")[0]
    again = ws.score("suspicious", options={"suspicious": {"topics": 5}})[0]
    assert (first.is_new, again.is_new) == (True, True)
    facts = ws.info()["scores"]
    assert [run["options"]["topics"] for run in facts] == [5]
    with pytest.raises(OptionError, match="topics"):
        ws.score("suspicious", options={"suspicious": {"colour": 1}})


def test_a_window_scores_its_flows_only(ws, tmp_path):
    ws.ingest(write_conn(tmp_path / "conn.log", 100))
    start = dt.datetime(2023, 11, 14, 22, 13, 30, tzinfo=dt.UTC)
    ws.score("spot", start=start)
    assert len(scores(ws, "spot")) == 80
    with pytest.raises(DetectorError, match="2023-11-14"):
        ws.score("spot", end=dt.datetime(2001, 1, 1, tzinfo=dt.UTC))
    with pytest.raises(OptionError, match="empty"):
        ws.score("spot", start=start, end=start)


def test_groups_add_up_and_name_their_strongest_flow(ws, tmp_path):
    ws.ingest(write_days(tmp_path / "conn.log", 2, 400))
    ws.score("suspicious")
    rows = scores(ws).to_pylist()
    by_group: dict[int, list] = {}
    for row in rows:
        by_group.setdefault(row["suspect_id"], []).append(row)
    groups = ws.store.arrow(ws.store.table("suspect", tag="suspicious")).to_pylist()
    assert len(groups) == len(by_group)
    for group in groups:
        mine = by_group[group["suspect_id"]]
        best = min(mine, key=lambda r: (-r["score"], -r["surprise"], r["flow_id"]))
        assert (group["flow_id"], group["score"], group["flows"]) == (best["flow_id"], best["score"], len(mine))
        assert group["first_seen"] == min(r["start"] for r in mine)
        assert group["last_seen"] == max(r["start"] for r in mine)


def test_the_strongest_flow_goes_by_score_then_surprise_then_id(ws):
    """A detector may give a flow of a lower score a higher surprise; ties of both go to the smallest id."""
    groups = {
        1: [(7, 0.5, 1.0)],
        2: [(9, 0.5, 1.0), (8, 0.5, 1.0), (3, 0.4, 1.0)],
        3: [(4, 0.9, 2.0), (5, 0.9, 3.0), (6, 0.8, 9.0)],
        4: [(11, 0.9, 3.0), (10, 0.9, 3.0), (1, 0.2, 9.0)],
        5: [(13, 0.9, 3.0), (12, 0.9, 4.0)],
    }
    rows = [(suspect, *flow) for suspect, flows in groups.items() for flow in flows]
    start = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
    columns = {
        "detector": ["any"] * len(rows),
        "run": ["r"] * len(rows),
        "suspect_id": [row[0] for row in rows],
        "flow_id": [row[1] for row in rows],
        "start": [start + dt.timedelta(seconds=row[1]) for row in rows],
        "score": [row[2] for row in rows],
        "surprise": [row[3] for row in rows],
        "evidence": [[0.0]] * len(rows),
    }
    schema = SCORE.arrow_schema()
    table = pa.table({f.name: pa.array(columns[f.name], f.type) for f in schema}, schema=schema)
    with ws.store.writing():
        found = group_scores(ws.store, ws.store.write("score", table, tag="any")).sort_by("suspect_id").to_pylist()
    told = [(g["suspect_id"], g["flow_id"], g["score"], g["surprise"], g["flows"]) for g in found]
    assert told == [
        (1, 7, 0.5, 1.0, 1),
        (2, 8, 0.5, 1.0, 3),
        (3, 5, 0.9, 3.0, 3),
        (4, 10, 0.9, 3.0, 3),
        (5, 12, 0.9, 4.0, 2),
    ]
    assert [(g["first_seen"], g["last_seen"]) for g in found][2] == tuple(
        start + dt.timedelta(seconds=n) for n in (4, 6)
    )


def test_counts_of_an_earlier_version_do_not_stay(ws, tmp_path, monkeypatch):
    def kept() -> set[str]:
        return {
            name for name in ws.store.catalog.tables() if name.startswith("count_") and ws.store.catalog.parts(name)
        }

    now = SuspiciousDetector.version
    ws.ingest(write_days(tmp_path / "conn.log", 2))
    ws.score("spot")
    others = kept()
    monkeypatch.setattr(SuspiciousDetector, "version", now - 1)
    ws.score("suspicious")
    before = {name for name in kept() - others if f"suspicious{now - 1}_" in name}
    assert before
    monkeypatch.setattr(SuspiciousDetector, "version", now)
    ws.score("suspicious")
    assert not kept() & before
    assert {name.replace(f"suspicious{now - 1}_", f"suspicious{now}_") for name in before} <= kept()
    assert others <= kept()
    dates = {part.date for name in kept() for part in ws.store.catalog.parts(name)}
    assert dates == {"2023-11-14", "2023-11-15"}


def test_scores_of_another_version_are_not_explained(ws, tmp_path):
    ws.ingest(write_conn(tmp_path / "conn.log", 50))
    ws.score("spot")
    db = ws.store.catalog._db
    detail = json.loads(db.execute("SELECT detail FROM run").fetchone()[0]) | {"version": -1}
    db.execute("UPDATE run SET detail = ?", (json.dumps(detail),))
    with pytest.raises(DetectorError, match="another version"):
        ws.suspects(detector="spot")


def test_all_ways_of_looking_suspects_up_agree(ws, tmp_path, monkeypatch):
    from flowsleuth.workspace import suspects

    ws.ingest(write_conn(tmp_path / "conn.log", 300))
    ws.score("suspicious")
    for by in ("group", "flow"):
        kept = ws.suspects(40, by=by).to_arrow()
        monkeypatch.setattr(suspects, "_from_queue", lambda *_: None)
        direct = ws.suspects(40, by=by).to_arrow()
        assert kept == direct
        monkeypatch.setattr(suspects, "DIRECT", 0)
        joined = ws.suspects(40, by=by).to_arrow()
        monkeypatch.undo()
        assert joined.select(direct.column_names).to_pylist() == direct.to_pylist()
    assert ws.suspects(3).to_pandas()["rank"].tolist() == [1, 2, 3]
    assert ws.suspects(3).to_ibis().count().execute() == 3
