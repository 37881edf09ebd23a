"""RITA's list of a day: its own known answers on its own logs, and each rule by hand."""

from __future__ import annotations

import datetime as dt
from contextlib import ExitStack
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import flowsleuth
from flowsleuth.detect.clues.rita_pairs import beacon_scores, read_rita_pairs
from flowsleuth.detect.clues.rita_signs import is_other_media
from flowsleuth.detect.rita import RitaFinder
from flowsleuth.schema import DNS, HTTP, INDICATOR
from flowsleuth.testing.detectors import make_flows
from flowsleuth.testing.findings import check_finder, run_finder
from flowsleuth.workspace import init

MIDNIGHT = dt.datetime(2024, 5, 10, tzinfo=dt.UTC)
Rows = list[dict[str, Any]]


def connect(source: str, peer: str, seconds: Any, **more: Any) -> Rows:
    usual = {"dst_port": 443, "proto": "tcp", "direction": "outbound", "duration_s": 0.5, "src_bytes": 500, **more}
    return [
        {"src_ip": source, "dst_ip": peer, "start": MIDNIGHT + dt.timedelta(seconds=float(at)), **usual}
        for at in seconds
    ]


def whole_day() -> Rows:
    """One connection of a host that fixes the window to the day, to what half of the network knows."""
    return connect("10.0.0.1", "192.0.2.1", [0, 86_399]) + connect("10.0.0.2", "192.0.2.1", [50])


def table(of: Any, rows: Rows) -> pa.Table:
    usual = {"start": MIDNIGHT, "dst_ip": "192.0.2.9", "source_kind": "made", "source_file": "made"}
    whole = [{**usual, "event_id": n, "source_row": n + 1, **row} for n, row in enumerate(rows)]
    return pa.Table.from_pylist(whole, schema=of.arrow_schema())


def threats(flows: Rows, **more: Any) -> dict[str, float]:
    found = run_finder(RitaFinder(), make_flows(flows), **more).to_pylist()
    return {row["server_name"] or row["dst_ip"]: round(row["score"], 3) for row in found}


def test_a_perfect_beacon_is_critical_and_told_in_full():
    others = [row for n in range(30) for row in connect(f"10.0.1.{n}", f"198.51.100.{n}", [100 + n])]
    flows = make_flows([*whole_day(), *others, *connect("10.0.0.3", "203.0.113.9", np.arange(0, 86_400, 60))])
    (row,) = check_finder(RitaFinder, flows).to_pylist()
    assert (row["host"], row["dst_ip"], row["server_name"], row["flows"]) == ("10.0.0.3", "203.0.113.9", None, 1_440)
    assert row["p_value"] == 1 / 33  # the first of 33 pairs
    assert row["score"] == pytest.approx(0.95)  # 0.8 for the beacon, 0.15 as it is new; one of 33 hosts is above 2 %
    assert row["reason"] == (
        "Critical 0.95 by RITA: beacon 1.000, 1,440 connections; 3% of internal hosts know the peer, new today"
    )


def test_what_a_scored_name_used_is_no_pair_of_addresses():
    beat = connect("10.0.0.3", "203.0.113.9", np.arange(0, 86_400, 600), server_name="C2.example.net")
    plain = connect("10.0.0.3", "203.0.113.9", np.arange(7, 86_400, 600))
    assert threats(whole_day() + beat + plain) == {"c2.example.net": 0.95}
    few = connect("10.0.0.3", "203.0.113.9", [5, 6, 7], server_name="c2.example.net")  # three times are no beacon
    assert threats(whole_day() + few + plain) == {"203.0.113.9": 0.95}


def test_other_indicators():
    long = connect("10.0.0.3", "203.0.113.5", [10], duration_s=14_400.0)  # 0.4, + 0.15 new
    strobe = connect("10.0.0.3", "203.0.113.6", np.arange(0, 86_400, 1.0))
    assert threats(whole_day() + long) == {"203.0.113.5": 0.55}
    assert threats(whole_day() + strobe) == {"203.0.113.6": 0.95}
    assert threats(whole_day() + connect("10.0.0.3", "10.0.0.9", range(0, 86_400, 60), direction="internal")) == {}


def test_an_indicator_and_much_data():
    listed = pa.Table.from_pylist(
        [{"feed": "f", "indicator": "203.0.113.5", "indicator_type": "ipv4", "is_exact": True, "severity": "high",
          "mentions": 1, "feed_format": "text", "as_of": MIDNIGHT, "source_file": "f", "source_row": 1}],
        schema=INDICATOR.arrow_schema(),
    )  # fmt: skip
    little = connect("10.0.0.3", "203.0.113.5", [10])
    assert threats(whole_day() + little, tables={"indicator": listed}) == {"203.0.113.5": 0.95}  # 0.8 + 0.15 new
    much = connect("10.0.0.3", "203.0.113.5", [10], src_bytes=25_000_000)
    found = run_finder(RitaFinder(), make_flows(whole_day() + much), tables={"indicator": listed})
    assert "1.10 by RITA" in found["reason"][0].as_py() and found["score"][0].as_py() == 1.0


def test_prevalence_and_first_seen():
    beat = connect("10.0.0.2", "203.0.113.9", np.arange(0, 86_400, 600))
    known = connect("10.0.0.1", "203.0.113.9", [9])  # two of two hosts: - 0.15
    assert threats(whole_day() + beat + known) == {"203.0.113.9": 0.8}
    earlier = {MIDNIGHT.date() - dt.timedelta(days=8): make_flows(
        [{**row, "start": row["start"] - dt.timedelta(days=8)} for row in beat[:1]])}  # fmt: skip
    assert threats(whole_day() + beat + known, earlier=earlier) == {"203.0.113.9": 0.65}


def test_signs_from_http():
    beat = connect("10.0.0.3", "203.0.113.9", np.arange(0, 86_400, 600), dst_port=80) + connect(
        "10.0.0.4", "192.0.2.1", [9]
    )
    base = {"src_ip": "10.0.0.3", "dst_ip": "203.0.113.9"}
    plain = threats(whole_day() + beat)["203.0.113.9"]
    bare = table(HTTP, [{**base, "host": None, "uri": "/"}])
    assert threats(whole_day() + beat, tables={"http": bare})["203.0.113.9"] == pytest.approx(min(plain + 0.10, 1.0))
    agents = [
        {**base, "host": "a", "user_agent": "odd"},
        {**base, "host": "b", "dst_ip": "203.0.113.8", "user_agent": "usual"},
    ]
    rare = run_finder(RitaFinder(), make_flows(whole_day() + beat), tables={"http": table(HTTP, agents)})
    assert "signature for one destination only" in rare["reason"][0].as_py()
    media = table(
        HTTP, [{**base, "host": None, "uri": "/a/logo.png?x=1", "response_mime": '["application/x-dosexec"]'}]
    )
    calm = run_finder(RitaFinder(), make_flows(whole_day() + beat), tables={"http": media})
    assert "not what the URI says" not in calm["reason"][0].as_py()  # a type that is not known
    wrong = table(HTTP, [{**base, "host": None, "uri": "/a/logo.png?x=1", "response_mime": '["application/zip"]'}])
    told = run_finder(RitaFinder(), make_flows(whole_day() + beat), tables={"http": wrong})
    assert "not what the URI says" in told["reason"][0].as_py()
    assert not is_other_media('["application/zip"]', "zip") and not is_other_media('["application/zip"]', None)


def test_many_names_below_a_domain():
    flows = whole_day() + connect("10.0.0.3", "203.0.113.77", [5])
    asked = [
        {"src_ip": "10.0.0.2", "query": f"{n:x}.tunnel.example", "answers": '["203.0.113.77"]'} for n in range(500)
    ]
    found = run_finder(RitaFinder(), make_flows(flows), tables={"dns": table(DNS, asked)}).to_pylist()
    (row,) = found
    assert (row["host"], row["server_name"], row["technique"]) == ("10.0.0.2", "tunnel.example", "T1071.004")
    assert row["score"] == pytest.approx(
        0.55
    )  # 0.4 for 500 names, 0.15 as it is new; another connects to what it resolves to
    silent = [{**one, "answers": None} for one in asked]
    (row,) = run_finder(RitaFinder(), make_flows(flows), tables={"dns": table(DNS, silent)}).to_pylist()
    assert row["score"] == pytest.approx(0.70) and "500 names were asked below the domain" in row["reason"]


def test_answers_and_media_types_that_are_no_json():
    flows = whole_day() + connect("10.0.0.3", "2001:db8::77", [5])
    asked = [
        {"src_ip": "10.0.0.2", "query": f"{n:x}.Tunnel.example.", "answers": ("[", "2001:DB8::0:77", "null")[n % 3]}
        for n in range(500)
    ]
    asked.append({"src_ip": None, "query": "x.tunnel.example", "answers": "{}"})
    media = [{"src_ip": "10.0.0.3", "host": None, "uri": "/a.png", "response_mime": kind} for kind in ("[", "[zip", "")]
    tables = {"dns": table(DNS, asked), "http": table(HTTP, media)}
    (row,) = run_finder(RitaFinder(), make_flows(flows), tables=tables).to_pylist()
    assert (row["server_name"], row["score"]) == ("tunnel.example", pytest.approx(0.55))


def test_nothing_goes_out():
    assert len(run_finder(RitaFinder(), make_flows(connect("10.0.0.1", "10.0.0.2", [1], direction="internal")))) == 0


@pytest.mark.real
def test_ritas_own_logs_have_ritas_own_scores(shared_data, tmp_path):
    """``integration/proxy_rolling_test.go`` of RITA: beacon score, connections, bytes and duration of a pair."""
    init(tmp_path / "case", home=["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8"])
    with flowsleuth.open(tmp_path / "case") as ws, ExitStack() as held:
        ws.ingest(shared_data / "zeek" / "rita_proxy_rolling_gz")
        flows = ws.store.table("flow")
        pairs = read_rita_pairs(ws.store, flows, lambda asked: held.enter_context(ws.store.kept(asked)))
        assert pairs is not None
        rows = {(row["src_ip"], row["peer"]): (n, row) for n, row in enumerate(pairs.rows.to_pylist())}
        place, row = rows["10.0.0.238", "75.75.75.75"]
        assert pairs.beacon[place] == 0.673
        assert (row["connections"], row["src_bytes"] + row["dst_bytes"]) == (1_160, 319_107)
        assert row["duration_s"] == pytest.approx(595.72157, abs=0.001)
        # RITA counts the tunnel's name and the name within it as one: 46 connections of 308,421 bytes, 0.624.
        both = [rows["10.0.0.111", f"safebrowsing.googleapis.com{port}"] for port in (":443", "")]
        assert sum(row["connections"] for _, row in both) == 46
        assert sum(row["src_bytes"] + row["dst_bytes"] for _, row in both) == 308_421
        assert pairs.beacon[both[0][0]] == pytest.approx(0.624, abs=0.05)
        asked = pairs.rows.select(["src_ip", "peer", "is_name"]).slice(place, 1)
        scored = beacon_scores(ws.store, flows, lambda one: held.enter_context(ws.store.kept(one)), asked)
        assert scored.tolist() == [0.673]
