"""NetworkFlowSummary: each flow counted once, whatever is unknown; what msticnb got wrong, N1 to N15."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
from dataclasses import replace

import pandas as pd
import pytest

from flowsleuth.errors import OptionError
from flowsleuth.notebooklets import NotebookletResult
from flowsleuth.notebooklets.network_flow import NetworkFlowSummary
from flowsleuth.schema.entities import Host, IpAddress
from tests.notebooklets.flow_rows import HOST, START, WINDOW, empty, flow, sums, systems, workspace

AS_TABLE = systems(
    ("198.51.100.0/24", 64500, "Example One", "NL", 52.37, 4.9, "Amsterdam"),
    ("203.0.113.0/24", 64501, "Example Two", "JP", 35.69, 139.69, "Tokyo"),
    ("192.0.2.0/24", 64502, "Own Net", "DE", 52.52, 13.4, "Berlin"),
)
COUNTED = ("flow_index_data", "flow_index", "flow_summary")


def with_systems(ws):
    (ws.folder / "as.csv").write_text(AS_TABLE, encoding="utf-8")
    ws.settings = replace(ws.settings, geography=("as.csv",))
    return ws


def summary(ws, value=HOST, **words):
    words = {**WINDOW, "strict": True, **words}
    return NetworkFlowSummary(ws).run(value, **words)


def both_ways():
    """A host that talks with an internal and two outside peers, both ways."""
    return [
        flow(dst="10.0.0.9", dst_port=445, minute=1),
        flow(src="10.0.0.9", dst=HOST, dst_port=22, minute=2),
        flow(dst="198.51.100.7", minute=3, service="ssl"),
        flow(dst="198.51.100.7", minute=4, service="ssl", dst_bytes=9_000),
        flow(src="203.0.113.9", dst=HOST, dst_port=3389, minute=5, action="denied"),
        flow(dst="203.0.113.8", minute=6, proto="udp", dst_port=53, service="dns"),
        flow(src="10.0.0.77", dst="198.51.100.7", minute=7),
    ]


def test_n1_mixed_directions_and_kinds_of_addresses():
    """N1: source or destination of mixed kinds crashed the flow summary."""
    result = summary(with_systems(workspace(both_ways())), options="+geo_map")
    told = result.flow_summary.set_index(["SourceASN", "DestASN"])["TotalAllowedFlows"].to_dict()
    assert told == {
        ("private address", "AS64500 Example One"): 2,
        ("private address", "private address"): 2,
        ("private address", "AS64501 Example Two"): 1,
        ("AS64501 Example Two", "private address"): 0,
    }
    row = result.flow_index.set_index(["source", "dest"]).loc[(HOST, "198.51.100.7")]
    assert (row.L7Protocol, row.FlowDirection, row.TotalAllowedFlows) == ("ssl", "outbound", 2)
    assert (row.bytes_out, row.bytes_in, row.packets_out, row.packets_in) == (200, 10_000, 4, 6)
    assert (row.duration_s, row.longest_s, row.records) == (2.0, 1.0, 2)
    denied = result.flow_index.set_index(["source", "dest"]).loc[("203.0.113.9", HOST)]
    assert (denied.L7Protocol, denied.FlowDirection) == ("tcp/3389", "inbound")
    assert (denied.TotalAllowedFlows, denied.denied_flows) == (0, 1)
    assert (denied.bytes_out, denied.bytes_in) == (1_000, 100), "what the host sent, and what it got"
    assert result.totals["TotalAllowedFlows"] == 5
    assert (result.totals["flows"], result.totals["denied_flows"], result.totals["peers"]) == (6, 1, 4)


class Provider:
    """A query provider that has flows and heartbeats of msticnb's names."""

    environment = "MSSentinel"

    def __init__(self, flows, heartbeat=None):
        self.flows, self.heartbeat, self.asked = flows, heartbeat, []
        self.Network = self

    def list_azure_network_flows_by_ip(self, **given):
        self.asked.append(("by_ip", given))
        return self.flows

    def list_azure_network_flows_by_host(self, **given):
        self.asked.append(("by_host", given))
        return self.flows

    def get_heartbeat_for_ip(self, ip_address):
        return self._heartbeat()

    def get_heartbeat_for_host(self, host_name):
        return self._heartbeat()

    def _heartbeat(self):
        if self.heartbeat is None:
            raise RuntimeError("no such table")
        return pd.DataFrame([self.heartbeat])


def azure(**more):
    row = {
        "FlowStartTime": pd.Timestamp("2024-03-14T12:00Z"), "FlowEndTime": pd.Timestamp("2024-03-14T12:30Z"),
        "FlowType": "AzurePublic", "VMName": "web1", "VMIPAddress": HOST, "PublicIPs": ["198.51.100.7"], "SrcIP": "",
        "DestIP": "", "L4Protocol": "T", "L7Protocol": "https", "DestPort": 443.0, "FlowDirection": "O",
        "AllowedOutFlows": 4.0, "AllowedInFlows": 0.0, "DeniedInFlows": 0.0, "DeniedOutFlows": 0.0,
        "AllExtIPs": "198.51.100.7",
    }  # fmt: skip
    return {**row, **more}


def test_n2_an_address_by_default_with_a_query_provider():
    """N2: an address as value crashed, because a query was called by a wrong name."""
    heartbeat = {"Computer": "WEB1.example.org", "OSType": "Linux", "OSName": "Debian 12"}
    provider = Provider(pd.DataFrame([azure()]), heartbeat)
    result = NetworkFlowSummary(provider).run(HOST, **WINDOW, strict=True)
    assert sums(result.flow_index, "TotalAllowedFlows") == (4,)
    assert (result.host_entity.name, result.host_entity.OSFamily) == ("web1", "Linux")
    assert [one.Address for one in result.host_entity.IpInterfaces] == [HOST]
    [(query, asked)] = provider.asked
    assert (query, asked["ip_address_list"]) == ("by_ip", [HOST])
    assert asked["start"] == dt.datetime(2024, 3, 14, tzinfo=dt.UTC)
    without = NetworkFlowSummary(Provider(pd.DataFrame([azure()]))).run("WEB1", **WINDOW, strict=True)
    assert without.steps[0].status == "ok"
    assert without.section("heartbeat").absent == "RuntimeError: no such table"
    assert without.host_addresses["address"].tolist() == [HOST]
    assert sums(without.flow_summary, "TotalAllowedFlows") == (4,)


def test_n3_source_and_destination_have_their_own_systems():
    """N3: SourceASN was a copy of DestASN."""
    rows = [flow(src="192.0.2.5", dst="198.51.100.7"), flow(src="203.0.113.9", dst="192.0.2.5")]
    found = summary(with_systems(workspace(rows)), "192.0.2.5").flow_summary
    assert set(zip(found["SourceASN"], found["DestASN"], strict=True)) == {
        ("AS64502 Own Net", "AS64500 Example One"),
        ("AS64501 Example Two", "AS64502 Own Net"),
    }


def test_n4_a_record_of_several_addresses_is_counted_once():
    """N4: the count of a record was added up once for each of its addresses."""
    both = ["198.51.100.7", "203.0.113.9"]
    rows = [azure(PublicIPs=both, AllExtIPs=one, AllowedOutFlows=9.0) for one in both]
    rows.insert(1, azure(FlowStartTime=pd.Timestamp("2024-03-14T13:00Z")))
    result = NetworkFlowSummary().run("web1", pd.DataFrame(rows), strict=True, **WINDOW)
    assert result.totals["TotalAllowedFlows"] == 13
    assert result.totals["shared_records"] == 1
    for name in COUNTED:
        assert sums(getattr(result, name), "TotalAllowedFlows", "records") == (13, 3), name
    assert sums(result.asn_rarity, "flows") == (13,)
    assert result.section("flow_index_data").note.startswith("the flows of 1 rows are counted with another address")


def test_n4_counters_of_single_addresses_are_used():
    """Where a cell tells each address its own counters, each gets its own; also in an export a line per address."""
    cell = "198.51.100.7|5|5|50|40|5000|4000 203.0.113.9|2|2|20|10|2000|1000"
    row = {
        "FlowStartTime": "2024-03-14T12:00:00Z", "SrcIp": HOST, "DestIp": "", "DestPublicIps": cell, "DestPort": 443,
        "L4Protocol": "T", "L7Protocol": "https", "FlowDirection": "Outbound", "FlowStatus": "Allowed",
        "AclRule": "allow", "BytesSrcToDest": 7000, "BytesDestToSrc": 5000, "AllowedOutFlows": 7,
    }  # fmt: skip
    rows = pd.DataFrame([row | {"AllExtIPs": one} for one in ("198.51.100.7", "203.0.113.9")])
    for given in (pd.DataFrame([row]), rows):
        result = NetworkFlowSummary().run(HOST, given, strict=True, **WINDOW)
        told = result.flow_index.set_index("dest")[["TotalAllowedFlows", "bytes_out", "bytes_in"]]
        assert told.loc["198.51.100.7"].tolist() == [5, 5_000, 4_000]
        assert told.loc["203.0.113.9"].tolist() == [2, 2_000, 1_000]
        assert result.totals["TotalAllowedFlows"] == 7


def test_azure_denied_flows_are_counted_beside():
    rows = [azure(AllowedOutFlows=3.0, DeniedOutFlows=2.0), azure(AllowedOutFlows=0.0, DeniedInFlows=5.0)]
    result = NetworkFlowSummary().run(HOST, pd.DataFrame(rows), strict=True, **WINDOW)
    assert (result.totals["TotalAllowedFlows"], result.totals["denied_flows"]) == (3, 7)
    assert sums(result.flow_summary, "TotalAllowedFlows", "denied_flows") == (3, 7)
    assert result.network_flows[["TotalAllowedFlows", "denied_flows"]].sum().tolist() == [3, 7]


UNKNOWN = [
    flow(),
    flow(dst="8.8.8.8", proto=None, dst_port=None),
    flow(dst="9.9.9.9", proto=None, service=None, dst_port=53),
    flow(dst=None, minute=2),
    flow(src=None, dst=HOST, minute=3, action="denied"),
    flow(dst="2001:db8::7", proto="ipv6-icmp", dst_port=None),
    flow(dst="203.0.113.8", src_bytes=None, dst_bytes=None, src_packets=None, dst_packets=None, duration_s=1.0),
]


def test_n5_what_is_unknown_is_a_group_and_no_flow_vanishes():
    """N5: rows without system, protocol or address were dropped."""
    result = summary(with_systems(workspace(UNKNOWN)), options="+geo_map")
    for name in COUNTED:
        table = getattr(result, name)
        assert sums(table, "TotalAllowedFlows", "denied_flows", "records") == (6, 1, 7), name
        assert sums(table, "bytes_out", "bytes_in") == (500 + 1_000, 5_000 + 100), name
    for name in ("asn_rarity", "peer_rarity", "port_rarity"):
        assert sums(getattr(result, name), "TotalAllowedFlows", "denied_flows") == (6, 1), name
    assert set(result.flow_index["L7Protocol"]) == {"tcp/443", "unknown", "ipv6-icmp"}
    assert {"unknown address", "unknown AS, United States"} <= set(result.asn_rarity["asn"])
    assert "unknown address" in set(result.flow_summary["DestASN"])
    assert sums(result.plot_flows_by_protocol.section.table.to_pandas(), "flows", "denied") == (7, 1)
    assert sums(result.plot_flows_by_direction.section.table.to_pandas(), "flows", "denied") == (7, 1)
    assert sums(result.plot_flow_values.section.table.to_pandas(), "flows", "denied") == (7, 1)
    assert len(result.network_flows) == 7


def test_n6_only_private_addresses():
    """N6: flows between private addresses alone crashed."""
    result = summary(workspace([flow(dst="10.0.0.9"), flow(src="10.0.0.8", dst=HOST)]), options="+geo_map")
    assert result.flow_summary[["SourceASN", "DestASN"]].values.tolist() == [["private address"] * 2]
    assert result.geo_map is None
    assert result.section("geo_map").absent == "none of the addresses has a place in what is known here"
    assert not result.asn_rarity["is_preselected"].any()


@pytest.mark.parametrize("value", [HOST, "2001:db8::5", "10.0.0.0/8", "2001:db8::/48", "WEB1"])
def test_n6_no_flow_at_all(value):
    """N6: an empty result crashed; now each step says why it has nothing."""
    for ws in (empty(), workspace([flow(src="172.16.0.1", days_before=300)])):
        result = summary(ws, value, options="+geo_map")
        assert result.is_complete
        assert result.plot_flows_by_protocol is None
        assert result.ti_results is None
        assert not len(result.flow_index) if result.flow_index is not None else result.section("flow_index").absent
        assert result.to_html()


def test_n6_nobody_knows_a_system():
    """N6: when whois knew none of the addresses it crashed; now they are grouped by operator and country."""
    result = summary(workspace([flow(dst="104.16.0.1"), flow(dst="193.0.6.139"), flow(dst="193.0.6.140")]))
    assert set(result.asn_rarity["asn"]) == {"Cloudflare", "unknown AS, Netherlands"}
    note = result.section("address_facts").note
    assert note.startswith("grouped by network, operator and country, because no source tells autonomous systems")


def test_n7_one_failing_service_loses_nothing():
    """N7: a failing look-up lost the whole run."""

    def broken(addresses, **options):
        raise ConnectionError("no network")

    ws = workspace(both_ways())
    result = NetworkFlowSummary({"workspace": ws, "tilookup": broken}).run(HOST, **WINDOW, strict=True)
    result.select_asns(["private address"])
    with pytest.raises(ConnectionError):
        result.lookup_ti_for_asn_ips()
    assert result.ti_results is None
    assert len(result.flow_index) == 5


def test_n7_a_provider_that_fails_is_a_failed_step():
    provider = Provider(None)
    provider.list_azure_network_flows_by_ip = None
    result = NetworkFlowSummary(provider).run(HOST, **WINDOW)
    assert [step.status for step in result.steps][:1] == ["failed"]
    assert "list_nta_flows_by_ip" in result.steps[0].why
    assert result.flow_index is None
    with pytest.raises(OptionError):
        result.select_asns(["AS1"])


def test_n8_inbound_flows_between_private_addresses_keep_their_ends():
    """N8: source and destination of inbound flows within a virtual network were swapped."""
    row = azure(SrcIP="10.1.1.1", DestIP="10.2.2.2", VMIPAddress="10.2.2.2", FlowDirection="I", PublicIPs=None,
                AllExtIPs="", FlowType="IntraVNet", AllowedInFlows=1.0, AllowedOutFlows=0.0)  # fmt: skip
    result = NetworkFlowSummary().run("10.2.2.2", pd.DataFrame([row]), strict=True, **WINDOW)
    assert result.flow_index[["source", "dest", "FlowDirection"]].values.tolist() == [
        ["10.1.1.1", "10.2.2.2", "inbound"]
    ]
    blank = azure(VMIPAddress="10.2.2.2", FlowDirection="I", PublicIPs=["198.51.100.7"], AllowedInFlows=2.0)
    result = NetworkFlowSummary().run("10.2.2.2", pd.DataFrame([blank]), strict=True, **WINDOW)
    assert result.flow_index[["source", "dest"]].values.tolist() == [["198.51.100.7", "10.2.2.2"]]


def test_n9_start_and_end_without_a_timespan():
    """N9: start and end were refused; and flows across the window's edge were lost."""
    rows = [flow(minute=0), flow(minute=-30, duration_s=3_600.0), flow(minute=-90, duration_s=60.0), flow(minute=60)]
    result = NetworkFlowSummary(workspace(rows)).run(HOST, start=START, end=START + dt.timedelta(hours=1))
    assert result.totals["flows"] == 2
    assert len(result.network_flows) == 2
    bins = result.plot_flows_by_direction.section.table
    assert sums(bins.to_pandas(), "flows") == (2,)
    assert bins["start"].to_pylist()[0] == START, "a flow that began before is drawn where the window begins"


class Intel:
    """Threat intelligence that knows some addresses."""

    def __init__(self, **known):
        self.known = {name.replace("_", "."): severity for name, severity in known.items()}
        self.asked = []

    def __call__(self, addresses, **options):
        import pyarrow as pa

        self.asked.append(list(addresses))
        kinds = ["ipv6" if ":" in one else "ipv4" for one in addresses]
        severity = [self.known.get(one, "information") for one in addresses]
        columns = {"Ioc": list(addresses), "IocType": kinds, "Provider": ["here"] * len(kinds), "Severity": severity}
        return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def test_n10_the_map_needs_no_look_up_before():
    """N10: the map of selected systems crashed when intelligence had not been asked."""
    intel = Intel(**{"203_0_113_9": "high"})
    ws = with_systems(workspace(both_ways()))
    result = NetworkFlowSummary({"workspace": ws, "tilookup": intel}).run(HOST, **WINDOW, strict=True)
    assert result.select_asns(["AS64501"]) == ["AS64501 Example Two"]
    before = result.show_selected_asn_map().section.table.to_pylist()
    assert {(row["ip"], row["role"], row["way"], row["severity"]) for row in before} == {
        ("203.0.113.9", "peer", "inbound", None),
        ("203.0.113.8", "peer", "outbound", None),
    }
    found = result.lookup_ti_for_asn_ips()
    assert found[["Ioc", "Severity", "asn", "denied_flows"]].values.tolist() == [
        ["203.0.113.9", "high", "AS64501 Example Two", 1]
    ]
    after = {row["ip"]: row["severity"] for row in result.show_selected_asn_map().section.table.to_pylist()}
    assert after == {"203.0.113.9": "high", "203.0.113.8": None}
    assert result.section("geo_map_selected").note == "the host itself has no place in what is known here"
    assert result.geo_map_selected is not None
    kinds = {marker["kind"] for marker in result.geo_map_selected.spec["markers"]}
    assert kinds == {"threat", "outbound"}
    assert result.section("ti_results").note == (
        "2 addresses asked about at here; 1 findings of severity warning or high"
    )


@pytest.mark.parametrize("silent", [None, True])
def test_n11_silent_is_silent(silent, capfd):
    """N11: silence was inverted, or broken."""
    result = summary(with_systems(workspace(both_ways())), options="+geo_map", silent=silent)
    result.select_asns(["AS64501"])
    result.show_selected_asn_map()
    assert capfd.readouterr() == ("", "")


def test_n12_the_index_is_a_table():
    """N12: the index was a styled view, which nothing else could use."""
    pytest.importorskip("ipywidgets")
    result = summary(workspace(both_ways()))
    assert isinstance(result.flow_index, pd.DataFrame)
    assert "flow_index" in result.data_properties()
    assert result.view_events(["source", "dest"], "flow_index").rows.num_rows == len(result.flow_index)


def test_n13_a_host_entity_without_an_address():
    """N13: choosing systems crashed, or made the entity longer each time."""
    rows = [flow(src_host="WEB1.example.org"), flow(src_host="web1", dst="203.0.113.8")]
    result = summary(with_systems(workspace(rows)), Host("WEB1", DnsDomain="example.org", OSFamily="Linux"))
    for _ in range(3):
        assert result.select_asns(["as64500", "AS64501 Example Two"]) == ["AS64500 Example One", "AS64501 Example Two"]
    assert [one.Address for one in result.host_entity.IpInterfaces] == [HOST]
    assert (result.host_entity.OSFamily, result.host_entity.fqdn) == ("Linux", "web1.example.org")
    given = Host("WEB1", IpInterfaces=(IpAddress("203.0.113.8"),))
    assert summary(workspace(rows), given).totals["flows"] == 2


def test_n14_intelligence_gets_every_kind_of_address_and_never_none():
    """N14: IPv6 was sent as IPv4; nothing at all was sent too."""
    rows = [flow(src="2001:db8::5", dst="2606:4700::1"), flow(src="2001:db8::5", dst=None)]
    intel = Intel(**{"2606:4700::1": "warning"})
    ws = workspace(rows)
    result = NetworkFlowSummary({"workspace": ws, "tilookup": intel}).run("2001:DB8:0::5", **WINDOW, strict=True)
    result.select_asns(["Cloudflare"])
    assert result.lookup_ti_for_asn_ips()[["Ioc", "IocType"]].values.tolist() == [["2606:4700::1", "ipv6"]]
    result.select_asns([])
    assert len(result.lookup_ti_for_asn_ips()) == 0
    result.select_asns(["unknown address"])
    assert len(result.lookup_ti_for_asn_ips()) == 0
    assert intel.asked == [["2606:4700::1"]]


def test_n15_values_are_bars_with_a_legend_that_hides():
    """N15: bars were hairlines and the legend was empty."""
    spec = summary(workspace(both_ways())).plot_flow_values.spec
    assert spec["kind"] == "histogram"
    assert spec["bin_s"] == 1
    assert {one["name"] for one in spec["series"]} == {"ssl", "tcp/445", "tcp/22", "tcp/3389", "dns"}
    svg = summary(workspace(both_ways())).plot_flow_values.to_svg()
    assert all(name in svg for name in ("ssl", "tcp/3389"))


# beyond msticnb -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["10.0.0.0/24", "2001:db8::/48"])
def test_a_network(value):
    prefix = "10.0.0." if "." in value else "2001:db8:0:1::"
    rows = [
        flow(src=f"{prefix}5", dst="198.51.100.7"),
        flow(src=f"{prefix}6", dst=f"{prefix}5"),
        flow(src="203.0.113.9", dst=f"{prefix}6"),
        flow(src="10.1.0.1", dst="198.51.100.7"),
    ]
    result = summary(workspace(rows), value)
    assert result.flow_index["FlowDirection"].value_counts().to_dict() == {"outbound": 1, "inbound": 1, "within": 1}
    assert set(result.host_addresses["address"]) == {f"{prefix}5", f"{prefix}6"}
    assert result.totals["peers"] == 2
    assert result.section("host_entity").absent == "a network is no single host: see host_addresses"
    assert sums(result.asn_rarity, "flows") == (2,)


def test_rarity_against_earlier_days_and_other_hosts():
    others = [flow(src=f"10.0.1.{n}", dst="198.51.100.7") for n in range(1, 7)]
    before = [flow(days_before=day) for day in (1, 2, 3)] + [flow(dst="203.0.113.8", days_before=2)]
    now = [flow(minute=minute) for minute in range(20)] + [flow(dst="203.0.113.8")] + [flow(dst="192.0.2.9")] * 30
    result = summary(with_systems(workspace(others + before + now)))
    told = result.asn_rarity.set_index("asn")
    new = told.loc["AS64502 Own Net"]
    assert new["reason"] == (
        "30 of 51 flows (59%); new: not seen on any of 3 earlier days; none of 6 other hosts has it"
    )
    assert (new["is_new"], new["is_alone"], new["is_preselected"]) == (True, True, True)
    usual = told.loc["AS64500 Example One"]
    assert usual["reason"] == "20 of 51 flows (39%); seen on 3 of 3 earlier days; 6 of 6 other hosts have it"
    assert (usual["is_preselected"], usual["score"]) == (False, pytest.approx((0.5 + 0 + 0) / 3))
    few = told.loc["AS64501 Example Two"]
    assert (few["is_few"], few["earlier_days"], few["other_hosts"]) == (True, 1, 0)
    assert few["score"] == pytest.approx((1 + 2 / 3 + 1) / 3)
    assert result.section("asn_rarity").note == "compared with 3 earlier days with flows and 6 other hosts"
    usual = before + [flow(dst="203.0.113.8", days_before=day) for day in (1, 3)]
    another = [flow(src="10.0.1.1", dst="203.0.113.8")]
    again = summary(with_systems(workspace(others + another + usual + now))).asn_rarity.set_index("asn")
    assert again.loc["AS64501 Example Two"][["is_few", "is_preselected"]].tolist() == [True, False], "seen every day"
    ports = result.port_rarity.set_index("port")
    assert ports.loc["tcp/443 outbound", "other_hosts"] == 6
    chooser = result.select_asns()
    assert chooser.selected_items == ["AS64501 Example Two", "AS64502 Own Net"]
    assert result.selected_asns == chooser.selected_items
    chooser.remove_all()
    assert result.selected_asns == []
    chooser.open_items.value = ("AS64500 Example One",)
    chooser.add()
    assert result.selected_asns == ["AS64500 Example One"]


def test_with_nothing_to_compare_with_the_least_frequent_quarter_is_preselected():
    rows = [flow(dst=f"198.51.100.{n}") for n in range(9)] + [flow(dst="203.0.113.8")]
    result = summary(with_systems(workspace(rows)), baseline_days=0)
    told = result.asn_rarity.set_index("asn")["is_preselected"].to_dict()
    assert told == {"AS64501 Example Two": True, "AS64500 Example One": False}
    assert result.section("asn_rarity").note == (
        "no earlier days to compare with: baseline_days is 0; "
        "no other host to compare with: all flows of the window are its own"
    )


def test_the_hosts_own_system_is_never_preselected():
    rows = [flow(src="192.0.2.5", dst="192.0.2.9")] + [flow(src="192.0.2.5", dst="198.51.100.7")] * 9
    told = summary(with_systems(workspace(rows)), "192.0.2.5").asn_rarity.set_index("asn")
    assert told.loc["AS64502 Own Net"][["is_few", "is_own", "is_preselected"]].tolist() == [True, True, False]


def test_systems_of_the_records_are_used_where_no_file_tells():
    rows = [flow(dst="8.8.8.8", dst_as=15169), flow(src="9.9.9.9", dst=HOST, src_as=19281)]
    assert set(summary(workspace(rows)).asn_rarity["asn"]) == {"AS15169", "AS19281"}


def test_many_protocols_share_the_last_lane():
    rows = [flow(dst_port=port) for port in range(1, 41) for _ in range(41 - port)]
    result = summary(workspace(rows))
    lanes = result.plot_flows_by_protocol.section.table.to_pandas()
    assert lanes["series"].nunique() == 20
    assert "21 others" in set(lanes["series"])
    assert lanes["flows"].sum() == len(rows)


def test_the_host_is_on_the_map_where_its_place_is_known():
    rows = [flow(src="192.0.2.5", dst="198.51.100.7"), flow(src="203.0.113.9", dst="192.0.2.5")]
    picture = summary(with_systems(workspace(rows)), "192.0.2.5", options="+geo_map").geo_map
    told = {row["ip"]: (row["role"], row["place"], row["flows"]) for row in picture.section.table.to_pylist()}
    assert told["192.0.2.5"] == ("host", "Berlin, Germany", 2)
    assert {marker["kind"] for marker in picture.spec["markers"]} == {"host", "outbound", "inbound"}
    assert picture.section.note == ""


def test_the_map_tells_the_way_and_each_address_once():
    rows = both_ways() + [flow(minute=minute, dst="198.51.100.7") for minute in range(20)]
    result = summary(with_systems(workspace(rows)), options=["geo_map"])
    told = result.geo_map.section.table.to_pandas()
    assert told[["ip", "way"]].duplicated().sum() == 0
    ways = told.set_index("ip")["way"].to_dict()
    assert (ways["198.51.100.7"], ways["203.0.113.9"], ways["203.0.113.8"]) == ("outbound", "inbound", "outbound")
    assert told.set_index("ip").loc["198.51.100.7", ["flows", "place"]].tolist() == [22, "Amsterdam, Netherlands"]
    assert result.options == ("geo_map",)
    assert result.flow_index is None


def test_what_the_workspace_says_of_it(tmp_path):
    ws = workspace(both_ways())
    result = summary(ws)
    assert result.section("suspects").absent == "nothing was scored"
    assert not (ws.folder / "analyst.db").exists(), "asking makes no database"
    ws.score()
    ws.rate(2, ip="198.51.100.7", why="known")
    ws.investigate("10.0.0.0/24").save_story("The site")
    ws.investigate("172.16.0.1").save_story("Another")
    result = summary(ws)
    assert len(result.suspects)
    assert set(result.suspects["src_ip"]) | set(result.suspects["dst_ip"]) >= {HOST}
    assert "10.0.0.77" not in set(result.suspects["src_ip"])
    assert set(result.ratings["comment"]) == {"known"}
    assert set(result.ratings["src_ip"].dropna()) <= {HOST}
    assert result.stories["title"].tolist() == ["The site"]


HOSTILE = "<script>alert(1)</script>=cmd|'/C calc'!A0\"; DROP TABLE flow; --"


def test_hostile_names_stay_text():
    rows = [flow(src_host=HOSTILE.replace("/", ""), server_name=HOSTILE, service=HOSTILE)]
    ws = workspace(rows)
    assert summary(ws, HOSTILE.replace("/", "").split()[0] + "x", strict=False).is_complete
    result = summary(ws, options="+geo_map")
    page = result.to_html() + result._repr_html_() + (result.plot_flows_by_protocol.to_svg() or "")
    assert "<script" not in page
    assert result.totals["flows"] == 1


def test_results_are_kept_whole(tmp_path):
    result = summary(with_systems(workspace(both_ways())), options="+geo_map")
    result.select_asns(["AS64501"])
    for made in (NotebookletResult.from_json(result.to_json()), pickle.loads(pickle.dumps(result)), copy.copy(result)):
        assert made.totals == result.totals
        assert made.selected_asns == ["AS64501 Example Two"]
        pd.testing.assert_frame_equal(made.flow_summary, result.flow_summary)
        assert made.geo_map.spec == result.geo_map.spec
    assert "NetworkFlowSummary" in result.to_html()


def test_fewer_flows_are_kept_than_counted():
    result = summary(workspace([flow(minute=minute) for minute in range(9)]), limit=4)
    assert len(result.network_flows) == 4
    assert result.network_flows["start"].tolist()[0] == START
    assert result.totals["flows"] == 9
    assert "only the first 4" in result.network_flows.attrs["note"]


def test_frames_in_hand_know_the_workspaces_geography():
    ws = with_systems(workspace([flow()]))
    data = pd.DataFrame([flow(dst="203.0.113.8")])
    result = NetworkFlowSummary(ws).run(HOST, data, strict=True, **WINDOW)
    assert result.asn_rarity["asn"].tolist() == ["AS64501 Example Two"]


def test_a_network_cannot_be_asked_of_a_query_provider():
    result = NetworkFlowSummary(Provider(pd.DataFrame([azure()]))).run("10.0.0.0/8", **WINDOW)
    assert result.steps[0].status == "failed"
    assert "these queries find no network" in result.steps[0].why


def test_both_tables_of_traffic_analytics_are_not_counted_twice():
    class Both(Provider):
        def list_nta_flows_by_ip(self, **given):
            later = {"FlowStartTime": pd.Timestamp("2024-03-14T12:10Z"), "SrcIp": HOST, "DestIp": "198.51.100.7",
                     "DestPort": 443, "L4Protocol": "T", "FlowDirection": "Outbound", "AclRule": "x",
                     "AllowedOutFlows": 2, "BytesSrcToDest": 10}  # fmt: skip
            return pd.DataFrame([later])

    rows = [azure(), azure(FlowStartTime=pd.Timestamp("2024-03-14T12:20Z"), AllowedOutFlows=100.0)]
    result = NetworkFlowSummary(Both(pd.DataFrame(rows))).run(HOST, **WINDOW, strict=True)
    assert result.totals["TotalAllowedFlows"] == 4 + 2


@pytest.mark.parametrize("value", [HOST, "10.0.0.0/24", Host("web1")])
def test_the_kit(value):
    from flowsleuth.testing import check_notebooklet

    rows = [{**row, "src_host": "web1" if row["src_ip"] == HOST else None} for row in both_ways()]
    check_notebooklet(with_systems(workspace(rows)), NetworkFlowSummary, value)


def test_a_name_means_the_addresses_that_rows_give_it():
    rows = [flow(src_host="WEB1.example.org"), flow(src="10.0.0.6", dst_host="other"), flow(src="10.0.0.7")]
    dns = [{"start": START, "src_ip": "10.0.0.9", "query": "web1.example.org", "answers": '["10.0.0.6"]'}]
    result = summary(workspace(rows, dns=dns), "web1.example.org")
    assert set(result.host_addresses["address"]) == {HOST, "10.0.0.6"}
    assert set(result.host_names["source"]) == {"flow", "dns"}
    assert result.totals["flows"] == 2
    assert (result.host_entity.name, result.host_entity.fqdn) == ("web1", "web1.example.org")
    mine = flow(src="127.0.0.1", dst="127.0.0.1", src_host="web1.example.org")
    theirs = flow(src="127.0.0.1", dst="127.0.0.1", src_host="other")
    inside = summary(workspace([*rows, mine, theirs], dns=dns), "web1.example.org")
    assert set(inside.host_addresses["address"]) == {HOST, "10.0.0.6"}, "every host has a loopback address"
    assert inside.totals["flows"] == 2
    without = summary(workspace(rows, dns=dns), "web1.example.org", options="-resolve_host")
    assert without.host_names is None
    assert without.totals == result.totals
