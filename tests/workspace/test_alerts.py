"""Alerts of a workspace: listed, one in the hand with what is around it, put together, and the verb."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.workspace.pivot_rows import DAY, DNS, ENTITIES, FLOWS, put

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.faces.cli import main
from flowsleuth.workspace import Workspace

EVIL = "<img src=x onerror=alert(1)>\x1b[2J"
ALERTS = [
    {"start": 0, "name": "Odd tool", "severity": 1, "alert_id": "A-1", "host": "WEB1", "entities": json.dumps(ENTITIES),
     "source_kind": "sentinel", "extra": '{"AlertType": "T"}'},
    {"start": 600, "name": EVIL, "severity": 3, "alert_id": "A-2", "host": "web1.corp.example", "source_kind": "x"},
    {"start": 1200, "name": "Scan", "severity": 2, "src_ip": "192.0.2.7", "dst_ip": "10.0.0.5", "source_kind": "x"},
    {"start": 90_000, "name": "Scan", "severity": 5, "src_ip": "198.51.100.9", "source_kind": "x"},
]  # fmt: skip
LOGONS = [{"start": 30, "host": "web1", "user": "eva", "src_ip": "192.0.2.7", "is_success": True}]
PROCESSES = [{"start": 20, "host": "WEB1", "pid": 5, "name": "evil.exe", "user": "Ana", "domain": "CORP"}]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alerts") / "case"
    with flowsleuth.open(folder, create=True) as ws:
        rows = {"alert": ALERTS, "flow": FLOWS, "dns": DNS, "logon": LOGONS, "process": PROCESSES}
        for name, told in rows.items():
            put(ws, name, told)
    return folder


@pytest.fixture
def ws(case: Path) -> Iterator[Workspace]:
    with flowsleuth.open(case) as opened:
        yield opened


def test_alerts_are_listed(ws: Workspace) -> None:
    assert ws.alerts().table["event_id"].to_pylist() == [1, 2, 3, 4]
    assert ws.alerts(severity="Medium").table["event_id"].to_pylist() == [1, 3]
    assert ws.alerts("EVIL.exe").table["event_id"].to_pylist() == [1]
    assert ws.alerts("192.0.2.7", start=DAY).table["event_id"].to_pylist() == [3]
    assert ws.alerts(limit=1).table["event_id"].to_pylist() == [1]
    assert len(ws.alerts(start="2030-01-01")) == 0
    with pytest.raises(OptionError, match="available: high"):
        ws.alerts(severity="urgent")


def test_one_alert_by_either_id(ws: Workspace) -> None:
    assert ws.alert("A-1").alert.name == ws.alert(1).alert.name == ws.alert("1").alert.name == "Odd tool"
    assert ws.alert("A-1").alert.AlertType == "T"  # what the source told besides
    assert ws.alert(3).alert.addresses == ("192.0.2.7", "10.0.0.5")
    for wrong in ("A-9", 99, "' or 1=1 --", "9" * 40, "--5", "²", "-"):
        with pytest.raises(OptionError, match="no such alert"):
            ws.alert(wrong)


def test_related_ones_and_events_around(ws: Workspace) -> None:
    found = ws.alert("A-1").related("2h").table
    assert found.select(["event_id", "host_match", "ip_match"]).to_pylist() == [
        {"event_id": 2, "host_match": True, "ip_match": False}
    ]
    events = ws.alert("A-1").events()
    assert {"host processes", "host logons", "account processes"} <= set(events)
    assert events["host processes"].table["name"].to_pylist() == ["evil.exe"]
    assert "address flows" in ws.alert(3).events()


def test_the_graph_is_expanded_from_the_tables(ws: Workspace) -> None:
    graph = ws.alert("A-1").graph()
    new = graph.expand("WEB1")
    assert {"alert:a-2", "address:10.0.0.5", "account:eva"} <= set(new)
    more = graph.expand("address:10.0.0.5")
    assert "address:192.0.2.7" in more and "alert:3" in more
    assert "domain:www.example.org" in graph.expand("192.0.2.7")
    assert graph.expand("account:eva") == []
    assert {"host:web1"} & set(graph.neighbours("account:eva"))


def test_incidents(ws: Workspace) -> None:
    found = ws.incidents()
    assert [[one.id for one in group] for group in found.groups] == [["A-1", "A-2"], ["3"], ["4"]]
    assert found.table["hosts"].to_pylist()[0] == "WEB1, web1.corp.example"


def run(case: Path, *words: str) -> int:
    return main(["alerts", *words, "-w", str(case)])


def test_the_verb(case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(case) == 0
    told = capsys.readouterr().out
    assert "Odd tool" in told and "4 alerts" in told and "\x1b" not in told and "\\x1b[2J" in told
    assert run(case, "show", "A-1") == 0
    assert "Evil.exe" in capsys.readouterr().out
    assert run(case, "related", "A-1") == 0
    assert "1 related alerts" in capsys.readouterr().out
    assert run(case, "incidents", "--format", "json") == 0
    assert len(json.loads(capsys.readouterr().out)) == 3
    assert run(case, "graph", "A-1", "--expand", "WEB1") == 0
    assert "logged on by" in capsys.readouterr().out
    assert run(case, "show") == 2
    assert "which alert?" in capsys.readouterr().err
    assert run(case, "show", "none") == 2
    for ending in ("svg", "html"):
        file = tmp_path / f"graph.{ending}"
        assert run(case, "graph", "A-2", "--output", str(file)) == 0
        assert "<img src=x" not in file.read_text()


def test_the_picture(ws: Workspace) -> None:
    from flowsleuth.toolkit import plot_entity_graph

    graph = ws.alert("A-1").graph()
    display = plot_entity_graph(graph, node_size=15)
    assert {node["kind"] for node in display.spec["nodes"]} >= {"alert", "host", "account", "address"}
    assert sum(node["is_centre"] for node in display.spec["nodes"]) == 1
    assert str(display.to_svg()).startswith("<?xml")
