"""HostNetworkSummary: peers, ports, systems, matrix and names; every flow counted once, worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.notebooklets.host_network_summary import HostNetworkSummary
from flowsleuth.schema.entities import Host, IpAddress
from flowsleuth.testing import check_notebooklet
from tests.workspace.pivot_rows import at, put

EVIL = "<script>alert(1)</script>"
PEER, OTHER = "193.0.6.139", "8.8.8.8"
FLOWS = [
    {"start": 0, "src_ip": "10.0.0.5", "dst_ip": PEER, "dst_port": 443, "proto": "tcp", "service": "ssl",
     "src_bytes": 100, "dst_bytes": 900, "src_host": "WEB1"},
    {"start": 1, "src_ip": PEER, "dst_ip": "10.0.0.5", "dst_port": 22, "proto": "tcp", "src_bytes": 7, "dst_bytes": 3},
    {"start": 2, "src_ip": "10.0.0.5", "dst_ip": OTHER, "dst_port": 53, "proto": "udp", "service": EVIL,
     "flow_count": 4},
    {"start": 3, "src_ip": "10.0.0.9", "dst_ip": "10.0.0.5", "dst_port": 22, "proto": "tcp", "action": "denied"},
    {"start": 4, "src_ip": "10.0.0.6", "dst_ip": OTHER, "dst_port": 53, "proto": "udp"},
]  # fmt: skip
DNS = [
    {"start": 0, "src_ip": "10.0.0.5", "dst_ip": OTHER, "query": "A.example"},
    {"start": 1, "src_ip": "10.0.0.5", "dst_ip": OTHER, "query": "a.example"},
    {"start": 2, "src_ip": "10.0.0.6", "dst_ip": OTHER, "query": "b.example"},
]
TLS = [{"start": 0, "src_ip": "10.0.0.5", "dst_ip": PEER, "server_name": "a.example"}]
HTTP = [{"start": 0, "src_ip": "10.0.0.5", "dst_ip": PEER, "host": EVIL}]
TABLES = {"flow": FLOWS, "dns": DNS, "tls": TLS, "http": HTTP}


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    with flowsleuth.open(tmp_path_factory.mktemp("host") / "case", create=True) as ws:
        for name, rows in TABLES.items():
            put(ws, name, rows)
        yield ws


@pytest.fixture(scope="module")
def result(ws):
    return ws.notebooklet("HostNetworkSummary").run("web1", strict=True)


def records(frame, *columns):
    return [tuple(row) for row in frame[list(columns)].astype(object).where(frame[list(columns)].notna(), None).values]


def test_peers_by_way(result):
    columns = ("peer", "way", "TotalAllowedFlows", "denied_flows", "bytes_out", "bytes_in", "ports")
    assert records(result.flow_peers, *columns) == [
        (OTHER, "outbound", 4, 0, None, None, 1),
        (PEER, "two way", 2, 0, 103, 907, 2),
        ("10.0.0.9", "inbound", 0, 1, None, None, 1),
    ]
    assert result.flow_peers.some_ports.map(list).tolist() == [[53], [22, 443], [22]]
    assert result.flow_peers.country.tolist()[1] == "Netherlands"
    assert (result.totals["flows"], result.totals["peers"]) == (7, 3)


def test_ports_and_systems_hold_all_flows(result):
    columns = ("DestPort", "L4Protocol", "FlowDirection", "peers", "TotalAllowedFlows", "denied_flows")
    assert sorted(records(result.flow_ports, *columns)) == [
        (22, "tcp", "inbound", 2, 1, 1), (53, "udp", "outbound", 1, 4, 0), (443, "tcp", "outbound", 1, 1, 0),
    ]  # fmt: skip
    systems = result.flow_systems
    assert (systems.TotalAllowedFlows + systems.denied_flows).sum() == 7
    assert "private address" in systems.system.tolist()


def test_source_by_destination(result):
    table = result.section("flow_matrix").table.to_pylist()
    assert {(row["source"], row["destination"]): (row["flows"], row["bytes"], row["denied"]) for row in table} == {
        ("10.0.0.5", OTHER): (4, None, 0), ("10.0.0.5", PEER): (1, 1000, 0), (PEER, "10.0.0.5"): (1, 10, 0),
        ("10.0.0.9", "10.0.0.5"): (1, None, 1),
    }  # fmt: skip
    spec = result.flow_matrix.spec
    assert spec["kind"] == "matrix"
    assert "10.0.0.9" in spec["rows"]
    assert result.flow_matrix.to_svg().startswith("<svg")


def test_names_and_places(result):
    assert records(result.names_asked, "name", "protocol", "times", "servers") == [
        ("a.example", "dns", 2, 1), (EVIL, "http", 1, 1), ("a.example", "tls", 1, 1),
    ]  # fmt: skip
    marks = {(row["ip"], row["way"]): row["severity"] for row in result.section("flow_map").table.to_pylist()}
    assert {(PEER, "outbound"), (PEER, "inbound")} <= set(marks)
    assert "10.0.0.5" not in {ip for ip, _ in marks}, "a host without a place is on the map"
    assert set(marks.values()) == {None}
    assert result.flow_whois.asked.tolist() == [OTHER, PEER]
    assert len(result.flows) == 4


@pytest.mark.parametrize(
    "value",
    ["10.0.0.5", ("web1", "10.0.0.5"), (None, IpAddress("10.0.0.5")), Host("WEB1"), IpAddress("10.0.0.5"),
     Host(HostName="nobody", IpInterfaces=(IpAddress("10.0.0.5"),)), Host(IpInterfaces=(IpAddress("10.0.0.5"),))],
    ids=str,
)  # fmt: skip
def test_a_host_however_it_is_given(ws, result, value):
    found = ws.notebooklet("HostNetworkSummary").run(value, options=["names"], strict=True)
    assert found.flow_peers.equals(result.flow_peers)


def test_what_is_no_host_is_refused(ws):
    with pytest.raises(OptionError, match="a pair is a name and an address"):
        ws.notebooklet("HostNetworkSummary").run(("web1", "no address"))
    with pytest.raises(OptionError, match="none of these"):
        ws.notebooklet("HostNetworkSummary").run(Host())


def test_intelligence_is_asked_about_public_peers_and_reddens_the_map(ws):
    asked = []

    def look_up(values):
        asked.append(list(values))
        return pd.DataFrame({"Ioc": [PEER, PEER], "Severity": ["warning", "high"], "Provider": ["a", "b"]})

    one = HostNetworkSummary({"workspace": ws, "tilookup": look_up})
    found = one.run("web1", strict=True)
    assert asked == []
    assert records(found.lookup_ti(), "Ioc", "Severity", "way", "TotalAllowedFlows") == [
        (PEER, "warning", "two way", 2), (PEER, "high", "two way", 2),
    ]  # fmt: skip
    assert asked == [[OTHER, PEER]]
    marks = found.section("flow_map").table.to_pylist()
    assert {row["ip"] for row in marks if row["severity"] == "high"} == {PEER}
    assert one.run("web1", options="+ti", top=1, strict=True).flow_map is not None
    assert asked[1] == [OTHER]


def test_a_host_without_flows(ws):
    found = ws.notebooklet("HostNetworkSummary").run("10.9.9.9", strict=True)
    assert found.totals["flows"] == 0
    assert found.section("flow_matrix").absent == "no flow in this window"
    assert found.flow_peers.empty
    nobody = ws.notebooklet("HostNetworkSummary").run("nobody", strict=True)
    assert "no stored row tells an address of nobody" in nobody.section("flow_peers").absent


def test_over_frames_without_a_workspace(result):
    flows = pd.DataFrame([{**row, "start": at(row["start"])} for row in FLOWS])
    found = HostNetworkSummary().run("10.0.0.5", data=flows, strict=True)
    assert found.flow_peers.peer.tolist() == result.flow_peers.peer.tolist()
    assert found.section("names_asked").absent == "nothing is stored in table dns or tls or http"


def test_it_keeps_its_word(ws):
    check_notebooklet(ws, HostNetworkSummary, "web1", options="-ti")


def test_hostile_text_is_text_everywhere(result):
    assert EVIL not in result.to_html()
    assert EVIL not in result._repr_html_()
