"""The defects I1 to I11 that users of msticnb's IpAddressSummary met, each as a test."""

from __future__ import annotations

import pandas as pd
import pytest

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.notebooklets.ip_address import IpAddressSummary
from flowsleuth.query import QueryProvider
from tests.notebooklets.ip_address.tables import (
    DAY,
    OURS,
    PUBLIC,
    SENTINEL,
    THEIRS,
    FakeSentinel,
    flow,
    frame,
    logon,
    moment,
)

WINDOW = {"start": DAY, "end": "2024-05-02"}


def status(result):
    return {step.name: step.status for step in result.steps}


def why(result, name):
    return next(step.why for step in result.steps if step.name == name)


def test_i1_a_private_address_with_a_heartbeat_and_nothing_from_defender():
    few = {name: rows for name, rows in SENTINEL.items() if not name.startswith("Device")}
    result = IpAddressSummary(QueryProvider(FakeSentinel(few))).run(OURS, options="+heartbeat", **WINDOW)
    assert "failed" not in status(result).values()
    assert [host.fqdn for host in result.host_entities] == ["web1.contoso.com"]
    assert result.heartbeat["TimeGenerated"].tolist() == [pd.Timestamp(f"{DAY}T09:00Z")]
    assert result.ip_origin == "Internal"


def test_i2_a_public_address_nobody_registered_still_gets_place_and_intelligence():
    def nobody(ip):
        return {"address": ip, "country": "Nowhere", "country_code": "NN", "source": "mine"}

    def verdicts(asked):
        return pd.DataFrame({"Ioc": asked, "Provider": ["p"], "Severity": ["high"]})

    providers = {"geolitelookup": nobody, "tilookup": verdicts}
    unknown = "203.0.113.1"
    result = IpAddressSummary(providers).run("100.0.0.1", data={"flow": frame(flow(OURS, unknown))}, options="+ti")
    assert result.whois is None or len(result.whois)
    assert result.geoip["country"] == "Nowhere"
    assert result.location.CountryCode == "NN"
    assert result.ti_results["Severity"].tolist() == ["high"]


def test_i2_whois_that_fails_loses_nothing(tmp_path):
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        ws.whois = _refuse
        result = IpAddressSummary(ws).run(PUBLIC)
    assert status(result)["whois"] == "failed"
    assert result.geoip["country"] == "Netherlands"
    assert result.ip_origin == "External"


def _refuse(*_, **__):
    raise ConnectionError("no network")


def test_i3_passive_dns_runs():
    tls = frame({"start": pd.Timestamp(f"{DAY}T10:00Z"), "src_ip": OURS, "dst_ip": PUBLIC, "server_name": "a.example"})
    result = IpAddressSummary().run(PUBLIC, data={"tls": tls}, options=["passive_dns"])
    assert result.passive_dns[["name", "source"]].values.tolist() == [["a.example", "tls"]]
    told = [{"name": "b.example", "address": PUBLIC, "source": "theirs"}]
    asked = []
    providers = {"passivedns": lambda ip: asked.append(ip) or told}
    result = IpAddressSummary(providers).run(PUBLIC, data={"tls": tls}, options=["passive_dns"])
    assert result.passive_dns["name"].tolist() == ["a.example", "b.example"]
    assert asked == [PUBLIC]
    IpAddressSummary(providers).run(OURS, data={"tls": tls}, options=["passive_dns"])
    assert asked == [PUBLIC], "a private address was sent to others"


def test_i3_passive_dns_of_a_service_live(tmp_path):
    """The service is asked when the option is chosen and its key is set; else the result says why it was not."""
    from flowsleuth.testing.intel_server import Answer, IntelServer
    from tests.enrich.intel.documented import IP, OTX_NAMES

    case = tmp_path / "case"
    with flowsleuth.open(case, create=True) as ws:
        told = ws.ip(IP).ip_address_summary(options=["passive_dns"])
        assert told.passive_dns is None
        notes = next(step.notes for step in told.steps if step.name == "passive_dns")
        assert any("otx_names was not asked" in note and "FLOWSLEUTH_OTX" in note for note in notes)
    with IntelServer(lambda asked: Answer(OTX_NAMES)) as server:
        settings = case / "flowsleuth.toml"
        own = f'[intel.providers.otx_names]\napi_key = "k"\nurl = "{server.url}"\nper_minute = 6000\n'
        settings.write_text(settings.read_text() + own)
        with flowsleuth.open(case) as ws:
            ws.ip(IP).ip_address_summary()
            ws.ip(OURS).ip_address_summary(options=["passive_dns"])
            assert server.asked == [], "it was not chosen, or the address is private"
            result = ws.ip(IP).ip_address_summary(options=["passive_dns"])
        assert [asked.path for asked in server.asked] == [f"/indicators/IPv4/{IP}/passive_dns"]
    assert result.passive_dns[["name", "address", "source"]].values.tolist() == [
        ["new.evil.com", IP, "otx_names"],
        ["old.evil.com", IP, "otx_names"],
    ]
    assert result.passive_dns["first_seen"].tolist() == [
        pd.Timestamp("2023-01-01T00:00Z"),
        pd.Timestamp("2021-10-28T20:23:08Z"),
    ]


@pytest.mark.parametrize("name", ["geolitelookup", "ipstacklookup"])
def test_i4_either_provider_of_geography_will_do(name):
    def place(ip):
        return {"country": "Elsewhere", "country_code": "EW", "latitude": 1.5, "longitude": 2.5}

    result = IpAddressSummary({name: place}).run(PUBLIC, data={"flow": frame(flow(OURS, PUBLIC))}, options=["geoip"])
    assert result.geoip["country"] == "Elsewhere"
    assert (result.ip_entity.Location.Latitude, result.location.Longitude) == (1.5, 2.5)


def test_i5_a_host_is_listed_once_with_its_address():
    result = IpAddressSummary(QueryProvider(FakeSentinel())).run(
        OURS, options="+heartbeat,+vmcomputer,+az_net_if", **WINDOW
    )
    assert len(result.host_entities) == 1
    host = result.host_entities[0]
    assert host.fqdn == "web1.contoso.com"
    assert [one.Address for one in host.IpInterfaces] == [OURS]
    assert (host.OSFamily, host.OSVersion, host.IsDomainJoined) == ("Linux", "22.04", True)


def test_i6_an_unknown_external_address_has_no_host():
    result = IpAddressSummary().run(PUBLIC, data={"flow": frame(flow(OURS, PUBLIC, direction="outbound"))})
    assert result.host_entities == []
    assert result.section("host_entities").note == "no table names a host that has it"
    assert result.associated_hosts is None
    assert result.section("associated_hosts").absent == "no table names a host that had it"


@pytest.mark.parametrize(
    "window",
    [
        {"timespan": (DAY, "2024-05-02")},
        WINDOW,
        {"timespan": (DAY, "1d")},
        {"start": pd.Timestamp(DAY), "end": pd.Timestamp("2024-05-02")},
    ],
)
def test_i7_windows_of_every_kind_hold_for_every_query(window):
    rows = frame(flow(OURS, PUBLIC), flow(OURS, THEIRS) | {"start": pd.Timestamp("2024-05-02T00:00Z")})
    result = IpAddressSummary().run(OURS, data={"flow": rows}, options="+az_netflow", **window)
    assert result.az_network_flows["dst_ip"].tolist() == [PUBLIC]
    assert result.tables_with_ip[["table", "rows"]].values.tolist() == [["flow", 1]]
    driver = FakeSentinel()
    IpAddressSummary(QueryProvider(driver)).run(OURS, options=["alerts", "heartbeat", "vmcomputer"], **window)
    assert len(driver.asked) == 3
    for text in driver.asked:
        assert "datetime(2024-05-01T00:00:00.000000Z)" in text and "datetime(2024-05-02T00:00:00.000000Z)" in text


def test_i8_explicit_options_are_honoured():
    driver = FakeSentinel()
    result = IpAddressSummary(QueryProvider(driver)).run(PUBLIC, options=["geoip"], **WINDOW)
    assert driver.asked == []
    assert result.options == ("geoip",)
    ran = {step.name for step in result.steps if step.status == "ok"}
    assert ran == {"address", "geoip", "identity"}
    removed = IpAddressSummary(QueryProvider(driver)).run(OURS, options=["-device_info", "-tables_with_ip"], **WINDOW)
    assert not any(word in text for text in driver.asked for word in ("Heartbeat", "VMComputer", "DeviceNetworkInfo"))
    assert removed.heartbeat is None and removed.section("heartbeat").absent == "option heartbeat was not chosen"


@pytest.mark.parametrize(
    ("address", "kind", "origin"),
    [
        ("127.0.0.1", "Loopback", "Internal"),
        ("::1", "Loopback", "Internal"),
        ("169.254.7.7", "Link Local", "Internal"),
        ("fe80::1", "Link Local", "Internal"),
        ("10.1.2.3", "Private", "Internal"),
        ("fd00::7", "Private", "Internal"),
        ("224.0.0.251", "Multicast", "Not a host"),
        ("ff02::1", "Multicast", "Not a host"),
        ("255.255.255.255", "Broadcast", "Not a host"),
        ("0.0.0.0", "Unspecified", "Not a host"),
        ("100.64.0.9", "Carrier-grade NAT", "Unknown"),
        ("192.0.2.7", "Documentation", "Unknown"),
        ("240.0.0.1", "Reserved", "Unknown"),
        ("8.8.8.8", "Public", "External"),
        ("2001:4860:4860::8888", "Public", "External"),
    ],
)
def test_i9_type_and_origin_of_every_kind_of_address(address, kind, origin):
    result = IpAddressSummary().run(address, data={"flow": frame(flow("10.9.9.9", "10.9.9.8"))}, options=["geoip"])
    assert (result.ip_type, result.ip_origin) == (kind, origin)
    assert result.origin_evidence["evidence"][0] == "address type"


@pytest.mark.parametrize(
    ("rows", "origin", "evidence"),
    [
        ({"flow": frame(flow("100.64.0.9", OURS))}, "Internal", "flows that do not tell the side"),
        ({"flow": frame(flow(OURS, "100.64.0.9", direction="outbound"))}, "External", "flows with it outside"),
        ({"logon": frame(logon("100.64.0.9"))}, "Internal", "logons that came from it, 1 of them with success"),
        (
            {"syslog": frame({"start": moment("10:00"), "host": "x", "host_ip": "100.64.0.9", "message": "hi"})},
            "Internal",
            "messages of the host that has it",
        ),
    ],
)
def test_i9_connections_and_logons_count(rows, origin, evidence):
    result = IpAddressSummary().run("100.64.0.9", data=rows, options=["geoip"])
    assert result.ip_origin == origin
    assert evidence in result.origin_evidence["evidence"].tolist()


def test_i9_a_public_address_of_our_own():
    ours = {
        "flow": frame(*[flow(PUBLIC, THEIRS, direction="outbound")] * 3, flow(THEIRS, PUBLIC, direction="outbound"))
    }
    result = IpAddressSummary().run(PUBLIC, data=ours, options=["geoip"])
    assert result.ip_origin == "Internal"
    told = result.origin_evidence.set_index("evidence")["times"]
    assert told["flows with it on our side"] == 3
    assert told["flows with it outside"] == 1


def test_i9_a_private_address_that_the_settings_and_all_flows_put_outside(tmp_path):
    """The demo's command and control server: private, of no home network, the other end of outbound flows."""
    from flowsleuth.workspace import init

    with flowsleuth.open(init(tmp_path / "case", home=["10.0.0.0/8"])) as ws:
        rows = {"flow": frame(flow(OURS, "192.168.0.4", direction="outbound"))}
        result = IpAddressSummary(ws).run("192.168.0.4", data=rows, options=["geoip"])
        assert (result.ip_type, result.ip_origin) == ("Private", "External")
        assert IpAddressSummary(ws).run(OURS, data=rows, options=["geoip"]).ip_origin == "Internal"


def test_i9_whoever_logs_on_from_outside_is_not_ours_unless_it_names_one_of_ours():
    from_outside = {"logon": frame(logon(PUBLIC, src_host="KALI"))}
    assert IpAddressSummary().run(PUBLIC, data=from_outside, options=["geoip"]).ip_origin == "External"
    ours = {"logon": frame(logon(PUBLIC, src_host="WEB1.contoso.com"))}
    result = IpAddressSummary().run(PUBLIC, data=ours, options=["geoip"])
    assert result.ip_origin == "Internal"
    assert "logons from it that name web1, a host of ours" in result.origin_evidence["evidence"].tolist()


@pytest.mark.parametrize("given", [" 10.0.0.5", "10.0.0.5\n", "\t10.0.0.5 ", "10.0.0.5/32"])
def test_i10_whitespace_does_not_matter(given):
    result = IpAddressSummary().run(given, data={"flow": frame(flow(OURS, PUBLIC))}, options="+az_netflow")
    assert (result.ip_str, str(result.ip_address), len(result.az_network_flows)) == (OURS, OURS, 1)


def test_i10_a_network_or_a_list_is_refused_with_what_to_use():
    for network in ("10.0.0.0/8", " 2001:db8::/32 ", "10.0.0.5/24"):
        with pytest.raises(OptionError, match="this is a network") as refused:
            IpAddressSummary().run(network, data={"flow": frame(flow(OURS, PUBLIC))})
        assert "NetworkFlowSummary" in refused.value.hint
    with pytest.raises(OptionError, match="one address at a time"):
        IpAddressSummary().run([OURS, PUBLIC])
    for nothing in ("10.0.0.256", "web1", "10.0.0", "1.2.3.4/33"):
        with pytest.raises(OptionError, match="none of these"):
            IpAddressSummary().run(nothing, data={"flow": frame(flow(OURS, PUBLIC))})


def test_i11_local_files_of_sentinel(tmp_path):
    for name, rows in SENTINEL.items():
        pd.DataFrame(rows).to_csv(tmp_path / f"{name.removesuffix('_CL')}.csv", index=False)
    provider = QueryProvider("LocalData", data_paths=[tmp_path])
    every = IpAddressSummary.all_options()
    options = [name for name in every if name != "ti"]
    result = IpAddressSummary(provider).run(OURS, options=options)
    assert "failed" not in status(result).values(), [s for s in result.steps if s.status == "failed"]
    assert result.related_alerts["name"].tolist() == ["Odd sign-in"]
    assert result.host_logons[["Computer", "Account", "Type", "Status"]].values.tolist() == [
        ["lin1", "carl", "Linux", "Success"],
        ["web2.contoso.com", "CONTOSO\\bob", "Windows", "Failed"],
        ["web2.contoso.com", "CONTOSO\\bob", "Windows", "Success"],
    ]
    assert result.office_activity["OperationCount"].tolist() == [2]
    assert result.heartbeat["Computer"].tolist() == ["WEB1.contoso.com"]
    assert result.az_network_flow_summary[["TotalAllowedFlows", "DeniedFlows"]].sum().sum() == 8
    assert result.device_info["OSPlatform"].tolist() == ["Ubuntu"]
