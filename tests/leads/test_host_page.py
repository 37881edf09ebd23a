"""A host on one page: a dossier that any face draws."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.investigate.dossier import Dossier
from flowsleuth.viz import figures
from tests.leads.conftest import FAR, FOURTH, NEAR, THIRD

SECTIONS = [
    "standing", "role", "history", "days", "findings", "pairs", "suspects", "timeline", "volumes", "peers", "flows",
]  # fmt: skip


def test_a_hosts_page(ws):
    found = ws.host_page("10.0.0.7")
    assert found.title == "Host 10.0.0.7"
    assert [one.id for one in found.sections] == SECTIONS
    assert found["standing"].text.startswith(f"rank 2 of the hosts of {FOURTH}, score 0.99")
    assert found["standing"].value["rank"] == 2
    told = dict(zip(found["days"].table["day"].to_pylist(), found["days"].table["score"].to_pylist(), strict=True))
    expected = [-np.log10(max(1 - told.get(day, 0.0), 1e-300)) for day in found["history"].table["time"].to_pylist()]
    assert found["history"].table["value"].to_pylist() == pytest.approx(expected, rel=1e-3)
    assert expected[:2] == [0.0, 0.0]
    assert min(expected[2:]) > 2
    days = found["days"].table.to_pylist()
    assert [(str(row["day"].date()), row["rank"]) for row in days] == [(THIRD, 1), (FOURTH, 2)]
    findings = found["findings"].table.to_pylist()
    assert {row["detector"] for row in findings} == {"strobes", "suspicious"}
    assert [row["p_value"] for row in findings] == sorted(row["p_value"] for row in findings)
    assert {row["dst_ip"] for row in found["pairs"].table.to_pylist()} >= {FAR, NEAR}
    peers = {row["peer"]: row for row in found["peers"].table.to_pylist()}
    assert (peers[FAR]["way"], peers[FAR]["connections"], peers[FAR]["bytes_in"]) == ("outbound", 24_500, 122_500_000)
    assert found["flows"].table["source_file"].to_pylist()[0] == "office.log"
    assert found["suspects"].absent is None


def test_it_round_trips_and_is_drawn_everywhere(ws):
    from flowsleuth.viz.drawn import draw
    from flowsleuth.viz.page_sections import Words, sections_page

    found = ws.host_page("10.0.0.7")
    again = Dossier.from_json(found.to_json())
    assert again.to_json() == found.to_json()
    made = figures(again)
    assert {name: spec["absent"] for name, spec in made.items()} == {"history": None, "timeline": None, "volumes": None}
    assert all(draw(spec) is not None for spec in made.values())
    page = sections_page(again, Words("Host"))
    assert "Score history" in page
    assert "<script" not in page


def test_a_window_narrows_it(ws):
    start = dt.datetime.fromisoformat(FOURTH).replace(tzinfo=dt.UTC)
    found = ws.host_page("10.0.0.7", start=start, end=start + dt.timedelta(days=1))
    assert [str(row["day"].date()) for row in found["days"].table.to_pylist()] == [FOURTH]
    assert min(found["flows"].table["start"].to_pylist()) >= start
    assert min(found["suspects"].table["first_seen"].to_pylist()) >= start
    assert found.start == start
    assert found["history"].absent == f"only {FOURTH} was scored"


def test_what_is_rated_is_told(ws):
    ws.rate(3, by="host", ip="10.0.0.9")
    found = ws.host_page("10.0.0.9")
    assert "set aside" in found["standing"].text
    assert found["standing"].value["severity"] == 3


def test_a_host_of_which_nothing_is_known(ws):
    found = ws.host_page("198.51.100.1")
    assert [one.id for one in found.sections if one.absent is None] == ["history"]
    assert found["standing"].absent == "it is no lead on any of these days"
    with pytest.raises(OptionError, match=r"not an IP|address"):
        ws.host_page("nowhere")


def test_looking_makes_no_database(case: Path):
    with flowsleuth.open(case) as ws:
        assert ws.host_page("10.0.0.7")["suspects"].absent is None
    assert not (case / "analyst.db").exists()
