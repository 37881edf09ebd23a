"""The graph of alerts: one node for one thing, growing, and as tables."""

from __future__ import annotations

import json

import pytest

from flowsleuth.analyze.alerts import AlertGraph, add_related_alerts, create_alert_graph, read_incidents
from flowsleuth.errors import OptionError
from flowsleuth.schema.entities import Account, Host, IpAddress
from tests.analyze.test_security_alerts import EVIL, ROW, about, alert, host


def edges(graph: AlertGraph) -> set[tuple[str, str, str]]:
    return {(row["source"], row["label"], row["target"]) for row in graph.edges.to_pylist()}


def test_the_graph_of_an_alert() -> None:
    graph = create_alert_graph(alert())
    assert graph.nodes.select(["id", "kind", "label", "is_centre", "severity", "alerts"]).to_pylist()[:2] == [
        {"id": "alert:2518_a", "kind": "alert", "label": "Suspicious account", "is_centre": True, "severity": "medium",
         "alerts": 1},
        {"id": "host:web1.example.org", "kind": "host", "label": "WEB1", "is_centre": False, "severity": None,
         "alerts": 1},
    ]  # fmt: skip
    told = edges(graph)
    assert ("process:5148@web1", "child of", "process:5724@web1") in told
    assert ("process:5148@web1", "as", "account:web1\\ana") in told
    assert ("alert:2518_a", "about", "process:5148@web1") in told
    assert ("alert:2518_a", "about", "process:5724@web1") not in told  # its child names it
    assert ("alert:2518_a", "about", "host:web1.example.org") in told  # hosts are joined all the same
    assert all(source != target for source, _, target in told)


def test_one_thing_is_one_node_however_it_is_written() -> None:
    graph = create_alert_graph(alert())
    made = add_related_alerts([about("b", host("WEB1")), about("c", host("web1.EXAMPLE.org"))], graph)
    assert [at for at in made.nodes["id"].to_pylist() if at.startswith("host:")] == ["host:web1.example.org"]
    assert {"alert:b", "alert:c"} <= set(made.neighbours(Host("web1")))
    assert len(graph) == 10 and len(made) == 12  # the given one stays as it is
    row = next(row for row in made.nodes.to_pylist() if row["kind"] == "host")
    assert row["alerts"] == 3


def test_others_of_one_name_are_nodes_of_their_own() -> None:
    graph = create_alert_graph([about("a", host("web1.example.org")), about("b", host("web1.example.com"))])
    assert {"host:web1.example.org", "host:web1.example.com"} <= set(graph.nodes["id"].to_pylist())


def test_the_same_alert_twice_is_there_once() -> None:
    graph = create_alert_graph(alert())
    before = len(graph), edges(graph)
    graph.add_alert(ROW)
    assert (len(graph), edges(graph)) == before


def test_expanding_adds_what_is_known_and_no_more() -> None:
    frame = [ROW, about("b", host("web1"), {"Type": "ip", "Address": "192.0.2.9"}), about("c", host("other"))]
    graph = create_alert_graph(ROW, frame)
    assert graph.expand("host:web1.example.org") == ["alert:b"]
    assert graph.expand("host:web1.example.org") == []
    assert graph.expand("alert:b") == ["address:192.0.2.9"]
    assert graph.expand("192.0.2.9") == []
    assert graph.expand(IpAddress("192.0.2.9"), lambda node: [(Account("eva"), "logged on")]) == ["account:eva"]
    assert ("address:192.0.2.9", "logged on", "account:eva") in edges(graph)


def test_an_alert_that_is_only_named_is_told_in_full() -> None:
    said = about("I", {"Type": "alerts", "SystemAlertIds": ["A"], "DisplayName": "named"})
    whole = about("a", host("web1")) | {"AlertDisplayName": "whole"}
    graph = create_alert_graph(said, [said, whole])
    assert graph["alert:a"].label == "named"
    assert ("alert:i", "has", "alert:a") in edges(graph)
    assert graph.expand("alert:a") == ["host:web1"]
    assert graph["alert:a"].label == "whole"


def test_notes_and_links_of_people() -> None:
    graph = create_alert_graph(alert())
    note = graph.add_note("looks\x1b like\na test", attached_to=["WEB1", "Ana"], user="vera")
    assert graph[note].label == "looks\\x1b like a test (vera)"
    assert set(graph.neighbours(note)) == {"host:web1.example.org", "account:web1\\ana"}
    graph.add_link("2001:DB8::0:7", "WEB1", "scanned")
    assert ("address:2001:db8::7", "scanned", "host:web1.example.org") in edges(graph)
    assert graph.remove_link("WEB1", "2001:DB8::0:7") == 1
    graph.remove_node(note)
    assert note not in graph and not any(note in edge for edge in edges(graph))
    with pytest.raises(OptionError, match="did you mean"):
        graph.add_link("WEB2", "Ana")


def test_events_and_incidents_join_in() -> None:
    graph = create_alert_graph(alert())
    at = graph.add_event(
        {"EventID": 4624, "Computer": "web1", "TargetUserName": "eva", "event_id": 9}, attached_to="WEB1"
    )
    assert at == "event:4624:9"
    assert ("host:web1.example.org", "seen in", at) in edges(graph)
    assert ("account:eva", "on", "host:web1.example.org") in edges(graph)
    incident = {"IncidentName": "i", "Title": "T", "Severity": "High", "AlertIds": '["2518_a"]'}
    made = create_alert_graph(read_incidents([incident], [ROW])[0])
    assert ("incident:i", "has", "alert:2518_a") in edges(made)


def test_as_networkx() -> None:
    networkx = pytest.importorskip("networkx")
    graph = create_alert_graph(alert()).to_networkx()
    assert networkx.is_weakly_connected(graph)
    assert graph.nodes["host:web1.example.org"]["value"].fqdn == "web1.example.org"


def test_hostile_text_is_text() -> None:
    graph = create_alert_graph(about("a", host(EVIL)) | {"AlertName": EVIL, "AlertDisplayName": EVIL})
    graph.add_note(EVIL, attached_to="alert:a")
    assert "<img" not in graph._repr_html_()


def test_a_frame_s_alerts_come_the_strongest_first() -> None:
    many = [about(str(at), host("web1")) | {"Severity": "Low"} for at in range(30)]
    many.append(about("worst", host("web1")) | {"Severity": "High"})
    graph = create_alert_graph(about("x", host("web1")), many)
    found = graph.expand("web1")
    assert found[0] == "alert:worst" and len(found) == 20
    assert json.loads(json.dumps(graph.nodes["id"].to_pylist()))


def test_a_thing_that_was_taken_away_is_new_again_and_a_copy_is_of_its_own() -> None:
    graph = create_alert_graph(about("a", host("web1")))
    other = graph.copy()
    graph.remove_node(Host("WEB1"))
    assert (Host("web1") in graph, Host("web1") in other) == (False, True)
    assert graph.add_entity(Host("web1.example.org")) == "host:web1.example.org"
    assert other.add_entity(Host("web1.example.org")) == "host:web1"
