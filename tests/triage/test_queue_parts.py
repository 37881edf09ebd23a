"""The queue at rest: what is in it, when it is written, and that it answers as the slow way does."""

from __future__ import annotations

import json

import pytest
from tests.zeek_writer import CONN, conn_line, header

from flowsleuth.workspace import queue_parts, suspects


def queue(ws):
    return ws.store.arrow(ws.store.table("queue", tag="suspicious")).to_pylist()


def test_a_group_says_what_it_spans(ws):
    pair = next(row for row in queue(ws) if (row["src_ip"], row["dst_ip"]) == ("10.9.0.7", "203.0.113.9"))
    assert (pair["flows"], pair["src_ips"], pair["src_ports"], pair["dst_ips"], pair["dst_ports"]) == (3, 1, 3, 1, 1)
    assert pair["group_src_bytes"] == sum(
        row["src_bytes"]
        for row in ws.store.arrow(ws.table("flow")).to_pylist()
        if row["dst_port"] == 4444 and row["dst_ip"] == "203.0.113.9"
    )
    assert pair["service_port"] == 4444
    assert "4444/tcp" in pair["reason"]
    sweep = next(row for row in queue(ws) if row["src_ip"] == "10.9.0.66")
    assert (sweep["flows"], sweep["src_ips"], sweep["dst_ips"], sweep["dst_ports"]) == (40, 1, 40, 1)


def test_every_suspect_of_a_small_day_is_in_the_queue_in_order(ws):
    rows = ws.suspects(None).to_arrow()
    in_order = sorted(queue(ws), key=lambda row: (-row["score"], -row["surprise"], row["flow_id"]))
    assert [row["flow_id"] for row in in_order] == rows["flow_id"].to_pylist()
    assert [row["reason"] for row in in_order] == rows["reason"].to_pylist()
    assert {row["taught"] for row in in_order} == {0.0}


def test_a_day_scored_by_an_older_version_gets_its_queue(ws):
    before = queue(ws)
    catalog = ws.store.catalog
    with catalog.transaction():
        catalog.remove([part.path for part in catalog.parts("queue")])
        run = next(run for run in catalog.runs() if run["detector"] == "suspicious")
        detail = {k: v for k, v in json.loads(run["detail"]).items() if k != queue_parts.FLOWS_OF}
        catalog.save_run(run["id"], run["detector"], run["date"], run["finished"], json.dumps(detail))
    assert not queue_parts.is_fresh(ws.store, "suspicious")
    assert queue_parts.write_missing_queues(ws.store, "suspicious") == ["2023-11-14"]
    assert queue(ws) == before
    assert queue_parts.is_fresh(ws.store, "suspicious")
    assert queue_parts.write_missing_queues(ws.store, "suspicious") == []


@pytest.mark.parametrize("depth", [1, 2, 5])
@pytest.mark.parametrize("ip", [None, "10.9.0.7", "10.9.0.66", "192.0.2.3", "203.0.113.9"])
def test_a_short_queue_never_changes_the_answer(ws, monkeypatch, depth, ip):
    expected = {top: ws.suspects(top, ip=ip).to_arrow() for top in (1, 2, 5, 50)}
    monkeypatch.setattr(queue_parts, "QUEUE_DEPTH", depth)
    monkeypatch.setattr(suspects, "QUEUE_DEPTH", depth)
    monkeypatch.setattr(queue_parts.strongest, "__defaults__", (depth,))
    ws.score("suspicious", again=True)
    assert len(queue(ws)) == depth
    for top, rows in expected.items():
        assert ws.suspects(top, ip=ip).to_arrow() == rows


def test_scoring_again_leaves_one_queue(ws):
    before = queue(ws)
    ws.score("suspicious", again=True)
    assert queue(ws) == before


def test_flows_that_change_after_scoring_are_not_answered_from_the_queue(ws, tmp_path):
    assert queue_parts.is_fresh(ws.store, "suspicious")
    more = tmp_path / "more.log"
    more.write_text(header("conn", CONN) + conn_line(900, 1_700_000_900.0))
    ws.ingest(more)
    assert not queue_parts.is_fresh(ws.store, "suspicious")
    assert len(ws.suspects(3)) == 3
