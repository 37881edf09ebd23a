"""Heuristics count distinct peers."""

from __future__ import annotations

import pytest
from tests.triage.conftest import START, flow
from tests.zeek_writer import CONN, header

import flowsleuth
from flowsleuth.errors import OptionError


def test_a_sweep_is_fan_out(ws):
    (found,) = [one for one in ws.heuristics(["fan_out"]) if one.src_ip.startswith("10.9.")]
    assert (found.src_ip, found.count, found.flows, found.dst_ip) == ("10.9.0.66", 40, 40, None)
    assert found.says == "10.9.0.66 reached 40 distinct addresses in 40 flows"
    assert not [one for one in ws.heuristics(["fan_out"], fan_out=40) if one.src_ip.startswith("10.9.")]
    assert [one.src_ip for one in ws.heuristics(["fan_out"], fan_out=39)] == ["10.9.0.66"]


def test_many_rows_to_one_peer_are_no_fan_out(tmp_path):
    """Spot 4.2: attack_heuristics counted rows and called them addresses."""
    rows = [flow(n, START + n, "10.9.0.1", "203.0.113.1", src_port=40_000 + n, dst_port=443) for n in range(60)]
    rows += [flow(n, START + n, f"10.9.1.{n}", "203.0.113.2", src_port=40_000, dst_port=443) for n in range(30)]
    rows += [flow(n, START + n, "10.9.0.2", "203.0.113.3", src_port=40_000, dst_port=1 + n) for n in range(25)]
    rows += [flow(n, START + n, "203.0.113.4", "10.9.0.3", src_port=443, dst_port=40_000 + n) for n in range(50)]
    log = tmp_path / "conn.log"
    log.write_text(header("conn", CONN) + "".join(rows))
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        ws.ingest(log)
        assert ws.heuristics() == [], "nothing is in a queue yet"
        found = {one.name: (one.src_ip, one.dst_ip, one.count) for one in ws.heuristics(scope="day")}
        assert found == {
            "fan_in": (None, "203.0.113.2", 30),
            "port_sweep": ("10.9.0.2", "203.0.113.3", 25),
        }
        ws.score()
        assert {one.name: (one.src_ip, one.dst_ip, one.count) for one in ws.heuristics()} == found


def test_one_can_be_turned_off_and_on(ws):
    ws.turn_heuristic("fan_out", on=False)
    assert "fan_out" not in {one.name for one in ws.heuristics()}
    assert ws.heuristics(["fan_out"])
    ws.turn_heuristic("fan_out", on=True)
    assert "fan_out" in {one.name for one in ws.heuristics()}
    assert [row["verb"] for row in ws.audit().table.to_pylist()] == ["turn-on", "turn-off"]


@pytest.mark.parametrize("more", [{"fan_out": 0}, {"fan_in": 1.5}, {"no_such": 1}, {"scope": "year"}, {"dates": ["x"]}])
def test_what_cannot_be_asked(ws, more):
    with pytest.raises(OptionError):
        ws.heuristics(**more)
    with pytest.raises(OptionError):
        ws.heuristics(["no_such"])
