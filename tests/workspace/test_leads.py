"""Hosts and pairs ranked by all evidence of a day."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pyarrow as pa
import pytest

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.testing.detectors import make_flows
from flowsleuth.workspace import fusing

DAY = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
STROBE = "10.0.0.7"


def office(day: dt.datetime, *, strobes: bool) -> pa.Table:
    """Forty hosts with some of the same servers; one may call a server of its own without end."""
    rows = [
        {
            "src_ip": f"10.0.0.{host}", "dst_ip": f"192.0.2.{1 + (host * n) % 9}", "dst_port": 443, "proto": "tcp",
            "direction": "outbound", "start": day + dt.timedelta(minutes=host + 20 * n), "src_bytes": 900 + host,
            "dst_bytes": 5000, "conn_state": "SF", "server_name": None,
        }
        for host in range(1, 41)
        for n in range(1, 12)
    ]  # fmt: skip
    usual = dict(rows[0], src_ip=STROBE, dst_ip="203.0.113.9", server_name="Far.Example", src_bytes=100)
    if strobes:
        rows += [dict(usual, start=day + dt.timedelta(seconds=2 * n)) for n in range(12_000)]
    flows = make_flows(rows)
    base = int(day.timestamp())
    ids = pa.array([base * 100_000 + n for n in range(len(flows))])
    return flows.set_column(0, "flow_id", ids)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("leads") / "case"
    with flowsleuth.open(folder, create=True) as ws, ws.store.writing():
        for days, strobes in ((0, False), (1, False), (2, True)):
            parts = ws.store.write("flow", office(DAY + dt.timedelta(days=days), strobes=strobes))
            ws.store.replace([], parts)
    with flowsleuth.open(folder) as ws:
        ws.score()
    return folder


def test_host_and_pair_of_the_strobe_stand_first(case: Path) -> None:
    with flowsleuth.open(case) as ws:
        (host,) = ws.suspects(1, by="host").table.to_pylist()
        (pair,) = ws.suspects(1, by="pair").table.to_pylist()
    assert (host["host"], host["day"], host["rank"]) == (STROBE, DAY + dt.timedelta(days=2), 1)
    assert "strobes" in host["detectors"].split(", ")
    assert (pair["src_ip"], pair["dst_ip"], pair["server_name"]) == (STROBE, "203.0.113.9", "far.example")
    assert (pair["proto"], pair["service_port"], pair["flows"]) == ("tcp", 443, 12_000)
    assert 0 < pair["p_value"] < 0.01
    assert pair["score"] == 1 - pair["p_value"]
    assert "strobes: 12,000 connections, one every 2 s" in pair["reason"]
    assert "strobes (far.example 443/tcp): 12,000 connections" in host["reason"]
    assert host["normal_if"].startswith(("would rank ", "would not be listed if "))


def test_hosts_unlike_most_are_listed_and_what_is_likely_is_no_reason_beside_another(case: Path) -> None:
    with flowsleuth.open(case) as ws:
        hosts = ws.suspects(None, by="host", dates=["2024-05-03"]).table.to_pylist()
        likely = {
            lead["host"]: {one["detector"] for one in found if one["p_value"] >= 0.5}
            for lead in hosts
            if (found := ws.findings(lead_id=lead["lead_id"]).table.to_pylist())
        }
        peers = ws.findings(detector="unlike_peers", dates=["2024-05-03"]).table
    assert len(peers) == 40
    most = max(peers["p_value"].to_pylist())  # that of all that are alike
    unlike = {row["host"] for row in peers.to_pylist() if row["p_value"] < most}
    assert unlike <= {lead["host"] for lead in hosts} == set(likely)
    for lead in hosts:
        told = {part.split(" ")[0].rstrip(":") for part in lead["reason"].split("; ")} & set(
            lead["detectors"].split(", ")
        )
        assert told, lead
        assert told == set(lead["detectors"].split(", ")) or not told & likely[lead["host"]], lead


def test_findings_and_raw_flows_are_one_call_away(case: Path) -> None:
    with flowsleuth.open(case) as ws:
        pair = ws.suspects(1, by="pair").table.to_pylist()[0]
        found = ws.findings(lead_id=pair["lead_id"]).table
        assert found["finding_id"].to_pylist() == json.loads(pair["finding_ids"])
        assert len(ws.findings(lead_id=pair["lead_id"], detector="strobes").table) == 1
        strobe = next(row for row in found.to_pylist() if row["detector"] == "strobes")
        assert ws.findings(lead_id=strobe["finding_id"]).table.to_pylist() == [strobe]
        assert ws.lead_flows(strobe, top=None).table.num_rows == 12_000
        assert ws.lead_flows(pair, top=5).table["src_ip"].to_pylist() == [STROBE] * 5
        assert len(ws.findings(host=STROBE, detector="strobes").table) == 1
        assert len(ws.findings(dates=["2024-05-01"], detector="strobes").table) == 0


def test_a_group_of_flows_rests_on_exactly_its_flows(case: Path) -> None:
    with flowsleuth.open(case) as ws:
        told = [
            row
            for lead in ws.suspects(None, by="host").table.to_pylist()
            for row in ws.findings(lead_id=lead["lead_id"], detector="suspicious").table.to_pylist()
        ]
        assert told
        for row in told:
            flows = ws.lead_flows(row, top=None).table
            assert len(flows) == row["flows"]
            assert min(flows["start"].to_pylist()) == row["first_seen"]


def test_nothing_new_is_not_done_again_and_the_order_holds(case: Path) -> None:
    with flowsleuth.open(case) as ws:
        before = ws.suspects(None, by="host").table
        assert not any(day.is_new for day in ws.score())
        assert ws.suspects(None, by="host").table.equals(before)
        assert before["p_value"].to_pylist() == sorted(before["p_value"].to_pylist())
        one_day = ws.suspects(None, by="host", dates=["2024-05-03"]).table
        assert one_day["rank"].to_pylist() == list(range(1, len(one_day) + 1))
        q_value = one_day["q_value"].to_pylist()
        assert q_value == sorted(q_value)
        mine = ws.suspects(None, by="pair", ip="203.0.113.9").table
        assert set(mine["dst_ip"].to_pylist()) == {"203.0.113.9"}
        assert ws.suspects(None, by="host", detector="strobes").table["host"].to_pylist() == [STROBE]


def test_only_days_fused_alike_say_what_evidence_is_usual(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with flowsleuth.open(case) as ws:
        runs = {run["detector"] for run in ws.store.catalog.runs() if run["date"] == "2024-05-03"}
        spoken = fusing.spoken_detectors(runs)
        usual, days = fusing.usual_evidence(ws.store, "2024-05-03", spoken)
        assert len(days) == 2
        assert usual.hosts[0] is not None
        some = {name: told for name, told in spoken.items() if name != "strobes"}
        assert fusing.usual_evidence(ws.store, "2024-05-03", some)[1] == []
        monkeypatch.setattr(fusing, "VERSION", fusing.VERSION + 1)
        usual, days = fusing.usual_evidence(ws.store, "2024-05-03", spoken)
        assert days == []
        assert [*usual.pairs, *usual.listed, *usual.hosts] == [None] * 6


def test_an_address_that_can_be_no_hosts_is_no_host_of_ours(tmp_path: Path) -> None:
    flows = office(DAY, strobes=True)
    sources = flows["src_ip"].to_pylist()
    strobes = [n for n, src in enumerate(sources) if src == STROBE][11:]
    for number, src in enumerate(["0.0.0.0", "255.255.255.255", "fe80::7"]):
        for at in strobes[number * 4000 : (number + 1) * 4000]:
            sources[at] = src
    flows = flows.set_column(flows.column_names.index("src_ip"), "src_ip", pa.array(sources))
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        with ws.store.writing():
            ws.store.replace([], ws.store.write("flow", flows))
        ws.score()
        hosts = ws.suspects(None, by="host").table["host"].to_pylist()
        pairs = ws.suspects(None, by="pair").table["src_ip"].to_pylist()
    assert "fe80::7" in hosts  # another address of some host, with a finding
    assert not {"0.0.0.0", "255.255.255.255"} & set(hosts)
    assert {"0.0.0.0", "255.255.255.255", "fe80::7"} <= set(pairs)  # what they did is told all the same


def test_unknown_things_are_refused(case: Path) -> None:
    with flowsleuth.open(case) as ws:
        with pytest.raises(OptionError, match="no lead or finding has this id"):
            ws.findings(lead_id=1)
        with pytest.raises(OptionError, match="nowhere"):
            ws.findings(host="nowhere")
        with pytest.raises(OptionError, match="not a day"):
            ws.suspects(by="host", dates=["yesterday"])
        with pytest.raises(OptionError, match="days are chosen for hosts and pairs"):
            ws.suspects(by="group", dates=["2024-05-01"])
        with pytest.raises(OptionError):
            ws.score("strobes", options={"strobes": {"least": 1}})


def test_without_findings_there_are_no_leads(tmp_path: Path) -> None:
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        assert len(ws.suspects(by="host").table) == 0
        assert len(ws.findings().table) == 0
