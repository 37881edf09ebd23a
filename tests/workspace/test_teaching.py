"""Ratings at the next score. Each way in which Spot's code lost them (spot.md 2.7) has a test that fails on it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest
from tests.zeek_writer import CONN, conn_line, header

import flowsleuth
from flowsleuth.detect.spot import SpotDetector, SpotOptions
from flowsleuth.detect.surprise.taught_edges import SHARED, VERDICTS
from flowsleuth.detect.suspicious import SuspiciousDetector
from flowsleuth.testing.detectors import MemoryDay, check_detector, explain, make_flows, run_detector
from flowsleuth.triage import feedback
from flowsleuth.workspace import Workspace
from flowsleuth.workspace.teaching import Teaching

DAY = 86_400.0
FIRST = "2023-11-14"
HIGH, MEDIUM, LOW = 1, 2, 3
COPIED = ("suspect_id", "src_ip", "dst_ip", "proto", "service_port", "server_name", "surprise", "src_port", "dst_port",
          "src_bytes", "dst_bytes", "src_packets", "dst_packets", "score")  # fmt: skip


@pytest.fixture
def ws(tmp_path):
    with flowsleuth.open(tmp_path / "case", create=True) as opened:
        write_days(tmp_path / "conn.log", 2)
        opened.ingest(tmp_path / "conn.log")
        yield opened


def write_days(path, days: int, rows: int = 60) -> None:
    """Some connections a day, the first of them twice."""
    numbers = [*range(rows), 0]
    lines = [conn_line(n, 1_700_000_000.0 + DAY * day) for day in range(days) for n in numbers]
    path.write_text(header("conn", CONN) + "".join(lines))


def queue(ws: Workspace, detector: str, date: str = FIRST) -> pa.Table:
    rows = ws.store.arrow(ws.store.table("queue", [date], detector))
    keys = [("score", "descending"), ("surprise", "descending"), ("flow_id", "ascending")]
    return rows.sort_by(keys)


def rate(ws: Workspace, severity: int, detector: str, suspect: dict[str, Any], **more: Any) -> int:
    """One rating of one suspect, written into the database with whatever a test wants otherwise."""
    made = dt.datetime(2023, 11, 20, tzinfo=dt.UTC)
    act = {"made": made, "severity": severity, "origin": "selection", "criteria": {}, "suspects": 1, "flows": 1}
    label = {name: suspect[name] for name in COPIED}
    label |= {"severity": severity, "detector": detector, "date": str(suspect["first_seen"].date()), "made": made}
    label |= {"flows": suspect["flows"], "start": suspect["first_seen"], "is_live": True}
    with ws.case.transaction("ana") as case:
        rating = case.insert("rating", {**act, "analyst": "ana"})
        case.insert("label", {**label, "rating_id": rating, **more})
        case.audit("rate", "rating", rating, {})
    return rating


def scores(ws: Workspace, detector: str, date: str | None = None) -> pa.Table:
    dates = None if date is None else [date]
    return ws.store.arrow(ws.store.table("score", dates, detector).order_by("flow_id"))


def flow(**more: Any) -> dict[str, Any]:
    usual = {"src_ip": "10.0.0.7", "dst_ip": "192.0.2.7", "src_port": 40_000, "dst_port": 23, "proto": "udp"}
    start = dt.datetime(2024, 5, 1, 12, 30, tzinfo=dt.UTC)
    return {**usual, "src_bytes": 100_000, "src_packets": 3, "start": start, **more}


def counts(monkeypatch: pytest.MonkeyPatch, day: MemoryDay, **options: Any) -> dict[tuple[str, str], int]:
    """What the topic model is trained on: count by address and word, spelt out."""
    from flowsleuth.detect.clues.spot_words import spell

    found: dict[tuple[str, str], int] = {}
    fit = SpotDetector._fit

    def noting(self: SpotDetector, protos: list[str], table: pa.Table) -> Any:
        words = spell(table["word"].to_numpy(), protos)
        found.update(zip(zip(table["ip"].to_pylist(), words, strict=True), table["n"].to_pylist(), strict=True))
        return fit(self, protos, table)

    with monkeypatch.context() as patch:
        patch.setattr(SpotDetector, "_fit", noting)
        run_detector(SpotDetector(SpotOptions(**options)), day)
    return found


def some_flows() -> pa.Table:
    return make_flows([flow(src_ip=f"10.0.0.{i % 5}", dst_port=[53, 80][i % 2], src_bytes=900) for i in range(40)])


# DUPFACTOR, as documented ------------------------------------------------------------------------------------------


def test_a_low_flow_is_trained_on_dup_factor_times(monkeypatch) -> None:
    """Source word in the source's document, destination word in the destination's (spot.md 2.6)."""
    with MemoryDay(some_flows(), dismissed=make_flows([flow(), flow()])) as day:
        found = counts(monkeypatch, day)
        few = counts(monkeypatch, day, dup_factor=7)
    assert found["10.0.0.7", "23_UDP_12_17_2"] == found["192.0.2.7", "-1_23_UDP_12_17_2"] == 2_000
    assert few["10.0.0.7", "23_UDP_12_17_2"] == 14


def test_dup_factor_0_and_nothing_dismissed_change_nothing(monkeypatch) -> None:
    with MemoryDay(some_flows()) as plain, MemoryDay(some_flows(), dismissed=make_flows([flow()])) as day:
        without, none = counts(monkeypatch, plain), counts(monkeypatch, day, dup_factor=0)
        assert without == none
        assert run_detector(SpotDetector(), plain)[0] == run_detector(SpotDetector(SpotOptions(dup_factor=0)), day)[0]


def test_bytes_and_packets_are_not_swapped(monkeypatch) -> None:
    """2.7 no. 2: Spot wrote bytes under ipkt and packets under ibyt."""
    with MemoryDay(some_flows(), dismissed=make_flows([flow(src_bytes=100_000, src_packets=3)])) as day:
        words = {word for (_, word), n in counts(monkeypatch, day).items() if n >= 1_000}
    assert words == {"23_UDP_12_17_2", "-1_23_UDP_12_17_2"}
    assert not any(word.endswith("_2_17") for word in words)


@pytest.mark.parametrize("proto", ["udp", "tcp", "sctp", None])
def test_the_protocol_is_part_of_what_is_taught(monkeypatch, proto) -> None:
    """2.7 no. 3: Spot's file had no protocol. Nor need the protocol occur on the day that is scored."""
    with MemoryDay(some_flows(), dismissed=make_flows([flow(proto=proto)])) as day:
        found = counts(monkeypatch, day)
    assert found["10.0.0.7", f"23_{(proto or '-').upper()}_12_17_2"] == 1_000


def test_what_was_rated_low_becomes_probable() -> None:
    rows = [flow(src_ip=f"10.0.0.{i % 5}", dst_port=[53, 80][i % 2], src_bytes=900) for i in range(40)]
    flows = make_flows([*rows, flow()])
    with MemoryDay(flows) as day, MemoryDay(flows, dismissed=make_flows([flow()])) as taught:
        before, after = (run_detector(SpotDetector(), one)[0]["surprise"].to_numpy() for one in (day, taught))
    assert before[-1] == before.max()
    assert after[-1] < before[-1]
    assert after[-1] < np.median(after)


# the same through a workspace --------------------------------------------------------------------------------------


def test_labels_of_a_day_are_read_when_the_next_is_trained(ws, tmp_path) -> None:
    """2.7 no. 4: Spot looked for the labels under the date that it was about to score."""
    ws.score("spot")
    suspect = queue(ws, "spot").to_pylist()[0]
    rate(ws, LOW, "spot", suspect)
    write_days(tmp_path / "more.log", 3)
    ws.ingest(tmp_path / "more.log")
    done = {day.date: day for day in ws.score("spot")}
    assert done["2023-11-16"].notes["dismissed"] == suspect["flows"]
    assert [day.is_new for day in done.values()] == [False, False, True]


def test_scoring_again_keeps_the_labels(ws) -> None:
    """2.7 no. 4: running Spot's analysis again deleted them."""
    ws.score("spot")
    rate(ws, LOW, "spot", queue(ws, "spot").to_pylist()[0])
    before = ws.case.arrow("label")
    ws.score("spot", again=True)
    first = scores(ws, "spot")
    ws.score("spot", again=True)
    assert ws.case.arrow("label") == before
    assert scores(ws, "spot") == first


def test_high_and_medium_do_not_touch_spots_model(ws) -> None:
    ws.score("spot")
    before = scores(ws, "spot")
    for severity, suspect in zip((HIGH, MEDIUM), queue(ws, "spot").to_pylist(), strict=False):
        rate(ws, severity, "spot", suspect)
    assert [day.is_new for day in ws.score("spot")] == [False, False]
    assert scores(ws, "spot") == before


def test_one_flow_of_a_low_suspect_that_was_rated_high_is_spared(ws) -> None:
    ws.score("spot")
    suspect = next(row for row in queue(ws, "spot").to_pylist() if row["flows"] > 1)
    rate(ws, LOW, "spot", suspect)
    rate(ws, HIGH, "spot", suspect, flow_id=suspect["flow_id"], made=dt.datetime(2023, 11, 21, tzinfo=dt.UTC))
    found = Teaching(ws.store, ws.case.arrow("label")).dismissed
    assert len(found) == suspect["flows"] - 1


def test_a_suspect_that_is_not_stored_any_more_teaches_by_its_label(ws) -> None:
    ws.score("spot")
    suspect = queue(ws, "spot").to_pylist()[0]
    rate(ws, LOW, "spot", suspect, suspect_id=1234)
    found = Teaching(ws.store, ws.case.arrow("label")).dismissed.to_pylist()
    assert [(row["src_ip"], row["src_bytes"], row["proto"]) for row in found] == [
        (suspect["src_ip"], suspect["src_bytes"], suspect["proto"])
    ]


@pytest.mark.parametrize("detector", ["suspicious", "spot"])
def test_low_ratings_move_a_suspect_down_at_the_next_score(ws, detector) -> None:
    ws.score(detector)
    last = "2023-11-15"
    top = queue(ws, detector, last).to_pylist()[0]
    rate(ws, LOW, detector, top)
    assert [day.is_new for day in ws.score(detector)] == [False, True], "only the last day is scored again"
    after = queue(ws, detector, last)
    place = after["suspect_id"].to_pylist().index(top["suspect_id"])
    assert place > 0
    assert after.to_pylist()[place]["surprise"] < top["surprise"]
    assert [day.is_new for day in ws.score(detector)] == [False, False]


def test_high_ratings_move_neighbours_up_at_the_next_score(ws) -> None:
    ws.score()
    last = "2023-11-15"
    rows = queue(ws, "suspicious", last).to_pylist()
    rated = rows[len(rows) // 2]
    rate(ws, HIGH, "suspicious", rated)
    ws.score()
    after = {row["suspect_id"]: row for row in queue(ws, "suspicious", last).to_pylist()}
    moved = [after[row["suspect_id"]]["surprise"] - row["surprise"] for row in rows if row["src_ip"] == rated["src_ip"]]
    assert moved
    assert min(moved) > 0
    mine = after[rated["suspect_id"]]
    assert mine["taught"] == pytest.approx(mine["surprise"] - rated["surprise"])
    assert f"1 of 1 rated suspect from {rated['src_ip']} to {rated['dst_ip']} on " in mine["reason"]
    assert mine["reason"].endswith(f"was high: +{mine['taught']:.1f} nats")


@pytest.mark.slow
def test_without_ratings_the_scores_are_the_same_to_the_last_bit(ws) -> None:
    ws.score()
    before, runs = scores(ws, "suspicious"), [run["id"] for run in ws.store.catalog.runs()]
    rating = rate(ws, HIGH, "suspicious", queue(ws, "suspicious", "2023-11-15").to_pylist()[0])
    ws.score(again=True)
    assert scores(ws, "suspicious") != before
    with ws.case.transaction("ana") as case:
        case.update("label", {"is_live": False}, {"rating_id": rating})
        case.audit("undo", "rating", rating, {})
    ws.score(again=True)
    assert scores(ws, "suspicious") == before
    assert sorted(run["id"] for run in ws.store.catalog.runs()) == sorted(runs)


def test_no_analyst_database_is_made_by_scoring(ws) -> None:
    ws.score()
    assert not (ws.folder / "analyst.db").exists()


@pytest.mark.parametrize("form", ["labels.csv", "labels.parquet"])
def test_labels_that_are_exported_and_imported_teach_the_same(ws, tmp_path, form) -> None:
    """2.7 no. 1: Spot wrote commas and read tabs, and stumbled over the first row."""
    ws.score("spot")
    for severity, suspect in zip((LOW, HIGH, LOW), queue(ws, "spot").to_pylist(), strict=False):
        ws.rate(severity, suspects=[suspect["suspect_id"]], detector="spot", why='said, "so"\nand more')
    file = tmp_path / form
    if form.endswith(".csv"):
        pcsv.write_csv(ws.labels().table, file)
    else:
        pq.write_table(ws.labels().table, file)
    ws.score("spot", again=True)
    with flowsleuth.open(tmp_path / "other", create=True) as other:
        other.ingest(tmp_path / "conn.log")
        other.import_labels(file)
        notes = [day.notes["dismissed"] for day in other.score("spot")]
        assert notes == [sum(row["flows"] for row in ws.labels().table.to_pylist() if row["severity"] == LOW)] * 2
        assert scores(other, "spot").drop_columns("run") == scores(ws, "spot").drop_columns("run")


@pytest.mark.parametrize("detector", ["suspicious", "spot"])
def test_a_rating_moves_its_neighbours_at_once_and_says_so(ws, detector) -> None:
    ws.score(detector)
    before = {row["suspect_id"]: row for row in ws.queue(detector=detector, size=500).rows.table.to_pylist()}
    rated = list(before.values())[len(before) // 2]
    ws.rate(HIGH, src_ip=rated["src_ip"], dst_ip=rated["dst_ip"], detector=detector, dates=[FIRST])
    page = ws.queue(detector=detector, size=500)
    assert page.is_taught
    near = [row for row in page.rows.table.to_pylist() if row["src_ip"] == rated["src_ip"]]
    assert near
    for row in near:
        assert row["adjusted"] > row["surprise"] == before[row["suspect_id"]]["surprise"]
        assert row["rank"] <= before[row["suspect_id"]]["rank"]
        assert "were high" in row["moved_why"] or "was high" in row["moved_why"]
    ws.undo()
    after = {row["suspect_id"]: row["rank"] for row in ws.queue(detector=detector, size=500).rows.table.to_pylist()}
    assert after == {suspect: row["rank"] for suspect, row in before.items()}


def test_after_the_next_score_the_queue_does_not_count_ratings_twice(ws) -> None:
    ws.score()
    rated = queue(ws, "suspicious", "2023-11-15").to_pylist()[5]
    ws.rate(HIGH, suspects=[rated["suspect_id"]])
    once = {row["suspect_id"]: row["adjusted"] for row in ws.queue(size=500).rows.table.to_pylist()}
    ws.score(again=True)
    again = {row["suspect_id"]: row["adjusted"] for row in ws.queue(size=500).rows.table.to_pylist()}
    assert again == pytest.approx(once, abs=1e-9)


# the detector by itself --------------------------------------------------------------------------------------------


def labels(flows: pa.Table, severity: int) -> pa.Table:
    made = pa.array([dt.datetime(2024, 5, 2, tzinfo=dt.UTC)] * len(flows), pa.timestamp("us", "UTC"))
    columns = {name: flows[name] for name in ("src_ip", "dst_ip", "proto", "server_name")}
    columns |= {"service_port": flows["dst_port"], "surprise": pa.array([9.0] * len(flows)), "made": made}
    return pa.table(columns | {"severity": pa.array([severity] * len(flows)), "flows": pa.array([1] * len(flows))})


def test_both_rooms_call_what_is_shared_the_same() -> None:
    assert tuple(names for names, _ in feedback.FACTORS) == SHARED
    assert feedback.VERDICTS == VERDICTS


def test_the_effect_is_the_queues_for_every_flow() -> None:
    """Edge by edge in the detector, row by row in the queue: the same nats and the same words."""
    rng = np.random.default_rng(4)
    rows = [
        flow(src_ip=f"10.0.0.{rng.integers(6)}", dst_ip=f"192.0.2.{rng.integers(6)}", proto="tcp", conn_state="SF",
             dst_port=int(rng.choice([80, 443, 445])), server_name=[None, "a.example", "b.example"][rng.integers(3)])
        for _ in range(200)
    ]  # fmt: skip
    rows.append(flow(proto="icmp", src_port=None, dst_port=None, icmp_type=8, icmp_code=0))
    flows = make_flows(rows)
    taught = feedback.learn(pa.concat_tables([labels(flows.slice(0, 3), HIGH), labels(flows.slice(9, 4), LOW),
                                              labels(flows.slice(200), HIGH)]))  # fmt: skip
    with MemoryDay(flows) as day, MemoryDay(flows, taught=taught) as again:
        plain, rated = (run_detector(SuspiciousDetector(), one)[0] for one in (day, again))
    queue_rows = flows.append_column("service_port", flows["dst_port"])
    moved = rated["surprise"].to_numpy() - plain["surprise"].to_numpy()
    assert moved == pytest.approx(taught.effect(queue_rows), abs=1e-9)
    assert plain["suspect_id"] == rated["suspect_id"]
    said = [text.rpartition("; ")[2] for text in explain(SuspiciousDetector(), flows, rated)]
    whys = taught.why(queue_rows)
    assert [text for text, why in zip(said, whys, strict=True) if why] == [why for why in whys if why]


def test_contract_with_ratings() -> None:
    rng = np.random.default_rng(6)
    flows = make_flows(
        [flow(src_ip=f"10.0.0.{rng.integers(9)}", dst_port=int(rng.choice([53, 80, 445]))) for _ in range(150)]
    )
    taught = feedback.learn(labels(flows.slice(0, 5), HIGH))
    check_detector(SuspiciousDetector, flows, taught=taught)
    check_detector(SpotDetector, flows, dismissed=flows.slice(0, 5))
