"""Rating exactly what matches; each of Apache Spot's defects in rating is a test here that its behaviour would fail."""

from __future__ import annotations

import pytest

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.triage.filters import QueueFilter

PAIR = {"src_ip": "10.9.0.7", "dst_ip": "203.0.113.9"}


def one(rows, **asked):
    found = rows(state="all", **asked)
    assert len(found) == 1
    return found[0]


def keys(found):
    return [row["suspect_id"] for row in found]


def test_without_ratings_the_order_is_that_of_suspects(ws, rows):
    assert [row["flow_id"] for row in rows()] == ws.suspects(None).table["flow_id"].to_pylist()
    assert [row["rank"] for row in rows()] == list(range(1, len(rows()) + 1))
    page = ws.queue()
    assert not page.is_taught
    assert set(page.rows.table["moved"].to_pylist()) == {0}
    assert page.rows.table["adjusted"].to_pylist() == page.rows.table["surprise"].to_pylist()


def test_all_criteria_must_hold(ws, rows):
    """Spot 4.2: all filled criteria are equal (AND)."""
    made = ws.rate(1, src_ip="10.9.0.7", dst_ip="203.0.113.9")
    assert (made.suspects, made.flows) == (1, 3)
    assert one(rows, **PAIR)["severity"] == 1
    assert one(rows, src_ip="10.9.0.7", dst_ip="203.0.113.77")["severity"] is None


def test_rating_one_connection_hides_no_other_that_shares_an_end(ws, rows):
    """Spot 5.1: rating one row hid every row with the same source or the same destination, on every day."""
    before = keys(rows())
    rated = one(rows, **PAIR)["suspect_id"]
    ws.rate(1, **PAIR)
    assert sorted(keys(rows())) == sorted(set(before) - {rated})
    assert keys(rows(state="rated")) == [rated]


def test_port_0_is_a_criterion(ws, rows):
    """Spot 4.3: port 0 was taken as empty."""
    made = ws.rate(2, dst_port=0)
    assert (made.suspects, made.flows) == (1, 1)
    assert [row["src_ip"] for row in rows(state="rated")] == ["10.9.0.8"]
    assert ws.preview(src_port="0").flows == 1


def test_either_end_goes_with_the_other_criteria_and_counts_once(ws, tmp_path):
    """Spot 4.2: a row that matches both ways was counted and fed back twice."""
    assert ws.preview(ip="203.0.113.77").flows == 2
    assert ws.preview(ip="203.0.113.77", dst_port=6667).flows == 1
    assert ws.preview(ip="10.9.0.9", dst_ip="203.0.113.77").flows == 1
    both = ws.preview(ip="0.0.0.0/0")
    assert both.flows == len(ws.store.arrow(ws.table("flow").select("flow_id")))
    made = ws.rate(1, ip="0.0.0.0/0")
    labels = ws.labels().table
    assert made.suspects == len(labels) == len(set(labels["suspect_id"].to_pylist()))


def test_a_criterion_on_a_source_port_rates_just_those_flows(ws, rows):
    made = ws.rate(3, src_port=60_001)
    assert (made.suspects, made.flows) == (1, 1)
    left = one(rows, **PAIR)
    assert left["severity"] is None
    assert (left["flows"], left["src_ports"]) == (2, 2)
    assert left["src_port"] in (60_000, 60_002)
    label = ws.labels().table.to_pylist()
    assert [(row["src_port"], row["flows"]) for row in label] == [(60_001, 1)]
    assert label[0]["flow_id"] is not None
    ws.rate(3, src_port="60000-60002")
    assert one(rows, **PAIR)["severity"] == 3
    assert one(rows, **PAIR)["flows"] == 3


def test_a_part_of_a_rated_suspect_that_is_left_shows_its_strongest_flow(ws, rows):
    strongest = one(rows, **PAIR)
    ws.rate(1, flows=[strongest["flow_id"]])
    left = one(rows, **PAIR)
    assert left["flow_id"] != strongest["flow_id"]
    assert (left["score"], left["surprise"]) <= (strongest["score"], strongest["surprise"])
    assert left["suspect_id"] == strongest["suspect_id"]
    explained = ws.explain(left["flow_id"]).scores
    assert left["reason"] == next(s["reason"] for s in explained if s["detector"] == "suspicious")


def test_one_destination_of_a_sweep_is_rated_alone(ws, rows):
    made = ws.rate(3, src_ip="10.9.0.66", dst_ip="192.0.2.7")
    assert (made.suspects, made.flows) == (1, 1)
    sweep = one(rows, src_ip="10.9.0.66")
    assert (sweep["flows"], sweep["dst_ips"], sweep["severity"]) == (39, 39, None)
    ws.rate(3, src_ip="10.9.0.66", dst_ip="192.0.2.0/27")
    assert one(rows, src_ip="10.9.0.66")["flows"] == 8
    ws.rate(2, src_ip="10.9.0.66", dst_ip="192.0.2.32/27")
    assert one(rows, src_ip="10.9.0.66")["severity"] == 2
    ws.undo()
    ws.undo()
    assert one(rows, src_ip="10.9.0.66")["flows"] == 39


def test_the_later_rating_wins_and_undo_brings_back_the_earlier_one(ws, rows):
    """Spot 4.3: re-scoring added rows and never updated."""
    first = ws.rate(1, **PAIR)
    second = ws.rate(3, **PAIR)
    assert (one(rows, **PAIR)["severity"], one(rows, **PAIR)["rating_id"]) == (3, second.rating_id)
    assert len(rows(state="rated")) == 1
    assert ws.undo() == second.rating_id
    assert (one(rows, **PAIR)["severity"], one(rows, **PAIR)["rating_id"]) == (1, first.rating_id)
    ws.undo(first.rating_id)
    assert one(rows, **PAIR)["severity"] is None
    assert not ws.queue().is_taught
    with pytest.raises(OptionError, match="nothing to take back"):
        ws.undo()
    with pytest.raises(OptionError, match="no rating that holds"):
        ws.undo(first.rating_id)


def test_of_flows_rated_apart_the_gravest_shows(ws, rows):
    ws.rate(3, **PAIR)
    ws.rate(1, src_port=60_002)
    assert one(rows, **PAIR)["severity"] == 1
    ws.rate(3, **PAIR)
    assert one(rows, **PAIR)["severity"] == 3


def test_the_preview_is_what_the_rating_does(ws, rows):
    for criteria in (
        {"src_ip": "10.9.0.66"},
        {"dst_port": "4444,6667"},
        {"ip": "203.0.113.0/24"},
        {"src_port": 60_001},
    ):
        before = len(ws.ratings().table)
        seen = ws.preview(**criteria)
        assert len(ws.ratings().table) == before
        made = ws.rate(2, **criteria)
        assert (seen.suspects, seen.flows) == (made.suspects, made.flows)
        labels = ws.labels().table.to_pylist()
        assert sum(row["flows"] for row in labels if row["rating_id"] == made.rating_id) == made.flows
    assert ws.preview(ip="203.0.113.0/24").rated == 4


def test_a_rating_holds_in_the_queue_of_every_detector(ws, rows):
    """A label says what a flow is, whoever ranked it."""
    ws.rate(1, **PAIR)
    mine = [row for row in rows(detector="spot", state="all") if (row["src_ip"], row["dst_ip"]) == tuple(PAIR.values())]
    assert mine
    assert {row["severity"] for row in mine} == {1}
    ws.undo()
    ws.rate(3, detector="spot", src_ip="10.9.0.66", dst_ip="192.0.2.9")
    assert one(rows, src_ip="10.9.0.66")["flows"] == 39
    ws.rate(3, detector="spot", src_ip="10.9.0.66")
    assert one(rows, src_ip="10.9.0.66")["severity"] == 3


def test_only_what_a_list_shows_when_a_filter_is_given(ws, rows):
    ws.rate(1, src_ip="10.9.0.9")
    made = ws.rate(3, dst_ip="203.0.113.77", filter=QueueFilter())
    assert made.suspects == 1
    assert one(rows, src_ip="10.9.0.9")["severity"] == 1
    assert ws.rate(3, dst_ip="203.0.113.77").suspects == 2
    assert one(rows, src_ip="10.9.0.9")["severity"] == 3


@pytest.mark.parametrize(
    "criteria",
    [
        {}, {"filter": QueueFilter()}, {"suspects": []}, {"src_ip": "nowhere"}, {"src_port": 70_000}, {"dst_port": "x"},
        {"suspects": [1]}, {"flows": [1]}, {"suspects": [True]}, {"src_ip": "198.51.100.1"}, {"dates": ["14.11.2023"]},
    ],
)  # fmt: skip
def test_what_cannot_be_rated(ws, criteria):
    with pytest.raises(OptionError):
        ws.rate(1, **criteria)
    assert len(ws.ratings().table) == 0
    assert len(ws.audit().table) == 0


@pytest.mark.parametrize("severity", [0, 4, -1, "high", None, 1.5, True])
def test_there_are_three_severities(ws, severity):
    with pytest.raises(OptionError, match="not a severity"):
        ws.rate(severity, **PAIR)


def test_saved_order_is_severity_then_score(ws, rows):
    """Spot 4.2: savesort sorted by severity, then rank, unscored first."""
    ws.rate(2, **PAIR)
    ws.rate(1, src_ip="10.9.0.66")
    ws.rate(1, src_ip="10.9.0.8")
    found = rows(sort="severity", state="all")
    assert [row["severity"] for row in found[:4]] == [1, 1, 2, None]
    assert found[0]["score"] >= found[1]["score"]


def test_running_the_scores_again_keeps_every_rating(ws, rows):
    """Spot 3.1.2: a second run deleted the feedback file and the day's partitions."""
    ws.rate(1, **PAIR)
    ws.rate(3, src_port=50_007)
    before = {row["suspect_id"]: (row["severity"], row["flows"]) for row in rows(state="all")}
    ws.score("suspicious", "spot", again=True)
    assert {row["suspect_id"]: (row["severity"], row["flows"]) for row in rows(state="all")} == before


def test_bytes_are_bytes_and_packets_are_packets(ws, rows):
    """Spot 2.7.2: the feedback writer put bytes under packets and packets under bytes."""
    ws.rate(1, **PAIR)
    label, row = ws.labels().table.to_pylist()[0], one(rows, **PAIR)
    for name in ("src_bytes", "dst_bytes", "src_packets", "dst_packets", "proto", "src_ip", "dst_port"):
        assert label[name] == row[name]
    assert label["src_port"] is None, "it differs within the suspect"
    assert label["service_port"] == 4444


def test_a_day_is_reset_and_restored(ws, rows, tmp_path):
    """Spot 4.6: reset could not be undone."""
    ws.rate(1, **PAIR)
    ws.rate(3, src_ip="10.9.0.66")
    gone = ws.rate(2, src_ip="10.9.0.9")
    ws.undo()
    held = ws.labels().table
    reset = ws.reset_day("2023-11-14")
    assert rows(state="rated") == []
    assert len(ws.ratings().table) == 0
    assert len(ws.ratings("all").table) == 3
    assert ws.restore_day(reset) == 2
    assert ws.labels().table == held
    assert gone.rating_id not in ws.ratings().table["rating_id"].to_pylist()
    with pytest.raises(OptionError, match="restored already"):
        ws.restore_day(reset)
    with pytest.raises(OptionError, match="no such reset"):
        ws.restore_day(10_000)
    with pytest.raises(OptionError, match="nothing is rated"):
        ws.reset_day("2023-11-15")
    assert [row["verb"] for row in ws.audit().table.to_pylist()] == ["restore", "reset", "undo", "rate", "rate", "rate"]


def test_everything_is_in_the_trail(ws):
    ws.rate(1, **PAIR, why="beacon")
    ws.undo()
    trail = ws.audit().table.to_pylist()
    assert [(row["verb"], row["analyst"]) for row in trail] == [("undo", "ana"), ("rate", "ana")]
    assert '"10.9.0.7"' in trail[1]["detail"]
    told = ws.ratings("all").table.to_pylist()[0]
    assert (told["comment"], told["undone_by"], told["origin"]) == ("beacon", "ana", "criteria")


def test_two_open_the_same_case(case):
    with flowsleuth.open(case, analyst="ana") as ana, flowsleuth.open(case, analyst="bob") as bob:
        assert ana.queue().counts["rated"] == bob.queue().counts["rated"] == 0
        ana.rate(1, **PAIR)
        assert bob.queue().counts["rated"] == 1
        bob.rate(3, **PAIR)
        assert ana.queue(QueueFilter(state="rated")).rows.table["severity"].to_pylist() == [3]
        with pytest.raises(OptionError):
            bob.undo(100)
        assert bob.undo() == 2
        assert ana.queue(QueueFilter(state="rated")).rows.table["severity"].to_pylist() == [1]


def test_near_neighbours_move_and_say_so(ws, rows):
    ws.rate(3, suspects=[one(rows, src_ip="10.9.0.7", dst_ip="203.0.113.77")["suspect_id"]])
    near = one(rows, **PAIR)
    assert near["adjusted"] < near["surprise"]
    assert "low" in near["moved_why"]
    assert near["moved"] <= 0
    page = ws.queue()
    assert page.is_taught
    far = one(rows, src_ip="10.9.0.66")
    assert far["moved_why"] is None
    assert far["adjusted"] == far["surprise"]


def test_hostile_text_stays_text(ws, rows):
    evil = "'); DROP TABLE rating; -- \x00 <script>alert(1)</script> =cmd|' /C calc'!A0"
    ws.rate(1, **PAIR, why=evil)
    assert ws.ratings().table["comment"][0].as_py() == evil.replace("\x00", "\ufffd")
    assert rows(text=evil) == []
    assert rows(name="%' OR 1=1 --") == []
    for value in ("10.9.0.7' OR '1'='1", "10.9.0.7;--"):
        with pytest.raises(OptionError, match="not an address"):
            ws.preview(src_ip=value)
