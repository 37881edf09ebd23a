"""The same steps on Sentinel's answers, on frames, on a workspace; what fails spoils nothing else."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.notebooklets.exports import stored_rows
from flowsleuth.notebooklets.ip_address import IpAddressSummary, IpSummaryResult
from flowsleuth.query import QueryProvider
from flowsleuth.testing import check_notebooklet
from tests.notebooklets.ip_address.tables import (
    DAY,
    EVIL,
    OURS,
    PUBLIC,
    SENTINEL,
    THEIRS,
    FakeSentinel,
    alert,
    flow,
    frame,
    logon,
    moment,
)

OFFLINE = [name for name in IpAddressSummary.all_options() if name != "ti"]
WINDOW = {"start": DAY, "end": "2024-05-02"}


@pytest.fixture(scope="module")
def sentinel():
    driver = FakeSentinel()
    result = IpAddressSummary(QueryProvider(driver)).run(OURS, options=OFFLINE, **WINDOW)
    return driver, result


def test_every_query_of_the_library_is_asked_once_about_the_address_and_the_window(sentinel):
    driver, _ = sentinel
    tables = sorted(text.split()[0] for text in driver.asked)
    assert tables == sorted(
        ["AzureActivity", "AzureNetworkAnalytics_CL", "AzureNetworkAnalytics_CL", "CommonSecurityLog", "DeviceInfo",
         "DeviceNetworkEvents", "DeviceNetworkInfo", "Heartbeat", "HuntingBookmark", "NTANetAnalytics",
         "OfficeActivity", "SecurityAlert", "SecurityEvent", "SigninLogs", "Syslog", "VMComputer", "VMConnection",
         "search"]
    )  # fmt: skip
    for text in driver.asked:
        assert f'"{OURS}"' in text or 'DeviceName =~ "web1.contoso.com"' in text
        assert "datetime(2024-05-01T00:00:00.000000Z)" in text


def test_what_sentinel_answers_fills_the_attributes(sentinel):
    _, result = sentinel
    assert not [step for step in result.steps if step.status == "failed"]
    assert result.related_alerts[["name", "severity", "host"]].values.tolist() == [["Odd sign-in", 1, "web1"]]
    assert result.az_network_flow_summary["TotalAllowedFlows"].tolist() == [7, 0]
    assert result.az_network_flow_summary["DeniedFlows"].tolist() == [0, 1]
    assert result.common_security.columns.tolist() == [
        "TimeGenerated", "SourceIP", "DestinationIP", "SourcePort", "DestinationPort", "Protocol", "SentBytes",
        "ReceivedBytes", "DeviceAction", "DeviceName",
    ]  # fmt: skip
    assert result.aad_signins[["user", "is_success", "reason"]].values.tolist() == [
        ["bob@contoso.com", False, "Invalid password"]
    ]
    summary = result.azure_activity_summary
    assert summary[["UserPrincipalName", "Type", "Status", "OperationCount"]].values.tolist() == [
        ["bob@contoso.com", "AzureActivity", "Success", 1],
        ["bob@contoso.com", "SigninLogs", "Failed", 1],
    ]
    assert summary[["IPAddress"]].drop_duplicates().values.tolist() == [[OURS]], "the seed notebook's own example"
    assert result.office_activity.iloc[0].drop("OperationTypes").tolist() == [
        "bob@contoso.com", "Exchange", "MailItemsAccessed", 2, moment("10:40"), moment("10:41"),
    ]  # fmt: skip
    assert result.related_bookmarks[["kind", "id", "comment", "analyst"]].values.tolist() == [
        ["bookmark", "b-1", "look again", "dora"]
    ]
    assert result.network_connections.iloc[0].tolist() == [
        "pc7", "10.0.0.77", OURS, "ConnectionSuccess", "eve", "c:\\x.exe", "ab" * 32, 1,
        moment("09:20"), moment("09:20"),
    ]  # fmt: skip
    assert dict(zip(result.tables_with_ip["table"], result.tables_with_ip["rows"], strict=True))["SecurityEvent"] == 12
    accounts = result.related_accounts
    assert accounts.fillna({"Status": ""}).set_index(["Account", "Source", "Status"])["Count"].to_dict() == {
        ("carl", "Linux logon", "Success"): 1,
        ("CONTOSO\\bob", "Windows logon", "Failed"): 1,
        ("CONTOSO\\bob", "Windows logon", "Success"): 1,
        ("bob@contoso.com", "AzureActivity", "Success"): 1,
        ("bob@contoso.com", "SigninLogs", "Failed"): 1,
        ("bob@contoso.com", "OfficeActivity", ""): 2,
    }
    heat = result.section("failed_logons").table.to_pylist()
    assert heat == [{"weekday": 3, "hour": 10, "failed_logons": 2}], "Wednesday; a failed logon and a failed sign-in"


@pytest.mark.parametrize("broken", ["SecurityAlert", "Heartbeat", "OfficeActivity", "SecurityEvent", "DeviceInfo"])
def test_a_query_that_fails_loses_only_what_it_would_have_told(broken):
    result = IpAddressSummary(QueryProvider(FakeSentinel(broken=[broken]))).run(OURS, options=OFFLINE, **WINDOW)
    failed = {step.name: step.why for step in result.steps if step.status == "failed"}
    of = {"SecurityAlert": "alerts", "Heartbeat": "heartbeat", "OfficeActivity": "office_365"}
    if broken in of:
        assert list(failed) == [of[broken]]
        assert f"no table {broken}" in failed[of[broken]]
    else:
        assert not failed
    if broken == "SecurityEvent":
        assert result.host_logons["Account"].tolist() == ["carl"]
        notes = next(step.notes for step in result.steps if step.name == "host_logons")
        assert any("SecurityEvent could not be asked" in note for note in notes)
    assert result.ip_origin == "Internal"


def test_nobody_answers():
    driver = FakeSentinel(broken=[*SENTINEL, "NTANetAnalytics", "VMConnection", "search"])
    result = IpAddressSummary(QueryProvider(driver)).run(PUBLIC, options=OFFLINE, **WINDOW)
    assert (result.ip_type, result.ip_origin) == ("Public", "External")
    assert result.geoip["country"] == "Netherlands"
    assert {step.status for step in result.steps if step.name in ("alerts", "heartbeat")} == {"failed"}


def test_frames_by_the_names_of_our_tables_and_of_sentinels():
    frames = {name: pd.DataFrame(rows) for name, rows in SENTINEL.items()}
    frames["flow"] = frame(flow(OURS, THEIRS, flow_count=5))
    frames["Heartbeat"] = pd.concat(
        [frames["Heartbeat"], pd.DataFrame([{"Computer": "other", "ComputerIP": "10.0.0.51"}])]
    )
    result = IpAddressSummary().run(OURS, data=frames, options=OFFLINE, **WINDOW)
    assert not [step for step in result.steps if step.status == "failed"]
    assert result.az_network_flow_summary[["TotalAllowedFlows", "DeniedFlows"]].sum().sum() == 7 + 1 + 5
    assert result.heartbeat["Computer"].tolist() == ["WEB1.contoso.com"], "10.0.0.51 is another address"
    with pytest.raises(OptionError, match="no such table") as refused:
        IpAddressSummary().run(OURS, data={"Heartbeet": frames["Heartbeat"]})
    assert "Heartbeat" in str(refused.value)
    with pytest.raises(OptionError, match="not the columns"):
        IpAddressSummary().run(OURS, data={"SecurityAlert": pd.DataFrame([{"a": 1}])})


def test_firewall_records_become_flows():
    rows = pd.DataFrame([*SENTINEL["CommonSecurityLog"], {"TimeGenerated": moment("10:00"), "SourceIP": EVIL}])
    made = stored_rows("CommonSecurityLog", rows, ["10.0.0.0/8"])["flow"].to_pylist()
    assert len(made) == 1
    told = {
        name: made[0][name] for name in ("src_ip", "dst_ip", "src_port", "proto", "src_bytes", "action", "direction")
    }
    assert told == {
        "src_ip": OURS, "dst_ip": PUBLIC, "src_port": 50_000, "proto": "tcp", "src_bytes": 2_000, "action": "denied",
        "direction": "outbound",
    }  # fmt: skip


@pytest.fixture
def case(tmp_path):
    """A workspace with alerts, flows of two hosts with one address, logons and a story."""
    from flowsleuth.notebooklets.frames import open_frames

    return open_frames(
        {
            "flow": frame(
                flow(OURS, PUBLIC, src_host="web1", direction="outbound"),
                flow(OURS, PUBLIC, "15:00", src_host="web2", direction="outbound", src_bytes=None),
                flow(PUBLIC, OURS, "16:00", service=None, proto=None, action="denied", direction="inbound"),
            ),
            "alert": frame(
                alert("12:00"), alert("12:30", EVIL, severity=3), alert("18:00", "Port scan", about="193.0.6.13")
            ),
            "logon": frame(logon(PUBLIC), *[logon(PUBLIC, "23:10", ok=False, user=EVIL, domain=None)] * 3),
            "syslog": frame({"start": moment("10:00"), "host": "web1", "host_ip": OURS, "message": f"hello {PUBLIC}."}),
            "tls": frame({"start": moment("10:00"), "src_ip": OURS, "dst_ip": PUBLIC, "server_name": "a.example"}),
        }
    )


@pytest.mark.slow
def test_the_kit(case):
    check_notebooklet(case, IpAddressSummary, PUBLIC, options=OFFLINE)


def test_an_address_of_version_6_in_any_spelling():
    six = "2001:db8::5"
    rows = {
        "flow": frame(flow(six, "2001:db8::50"), flow("2001:db8::55", PUBLIC)),
        "alert": frame(alert("12:00", about="2001:DB8:0:0::5"), alert("13:00", about="2001:db8::55")),
        "syslog": frame({"start": moment("10:00"), "host": "web1", "message": f"from [{six}]:22, not {six}5"}),
    }
    result = IpAddressSummary().run("2001:DB8::0:5 ", data=rows, options="+az_netflow", **WINDOW)
    assert (result.ip_str, result.ip_address.version, result.ip_type) == (six, 6, "Documentation")
    assert result.az_network_flows["dst_ip"].tolist() == ["2001:db8::50"]
    assert result.related_alerts["alert_id"].tolist() == ["a-12:00"]
    assert dict(zip(result.tables_with_ip["table"], result.tables_with_ip["rows"], strict=True))["syslog"] == 1


def test_every_table_that_has_it(case):
    told = case.ip(PUBLIC).ip_address_summary(options=["tables_with_ip"]).tables_with_ip
    assert told[["table", "columns", "rows"]].values.tolist() == [
        ["logon", "src_ip 4", 4],
        ["flow", "src_ip 1, dst_ip 2", 3],
        ["alert", "entities 2", 2],
        ["syslog", "message 1", 1],
        ["tls", "dst_ip 1", 1],
    ]
    assert told.loc[1, "last_seen"] == moment("16:00")


def test_several_hosts_for_one_address(case):
    result = case.ip(OURS).ip_address_summary(options=["device_info", "heartbeat"])
    assert sorted(set(result.associated_hosts["host"])) == ["web1", "web2"]
    assert result.section("associated_hosts").note.startswith("2 hosts had this address")
    assert [host.name for host in result.host_entities] == ["web1", "web2"]
    assert result.heartbeat["host"].tolist() == ["web1"]
    web1 = result.device_info[result.device_info["host"] == "web1"]
    assert dict(zip(web1["table"], web1["rows"], strict=True)) == {"logon": 4, "flow": 1, "syslog": 1}


def test_flows_are_counted_once_and_unknown_protocols_are_there(case):
    result = case.ip(OURS).ip_address_summary(options=["az_netflow"])
    told = result.az_network_flow_summary
    assert told[["L7Protocol", "FlowDirection", "Records", "TotalAllowedFlows", "DeniedFlows"]].values.tolist() == [
        ["https", "outbound", 2, 2, 0],
        ["unknown", "inbound", 1, 0, 1],
    ]
    assert told["ExtIPs"].map(list).tolist() == [[PUBLIC], [PUBLIC]]
    assert told["Records"].sum() == len(result.az_network_flows) == 3
    for method in (
        "netflow_by_protocol",
        "netflow_total_by_protocol",
        "netflow_by_direction",
        "netflow_total_by_direction",
    ):
        assert getattr(result, method)().section.table["flows"].to_pylist() == [1, 1, 1]
        assert "<svg" in getattr(result, method)().to_svg()


def test_alerts_their_timeline_and_a_run_around_one(case):
    result = IpAddressSummary(case).run(PUBLIC, options=["alerts", "related_accounts", "host_logons"])
    assert result.related_alerts["name"].tolist() == ["Odd logon", EVIL]
    assert result.section("alert_timeline").table.select(["series", "alerts"]).to_pylist() == [
        {"series": "Odd logon", "alerts": 1},
        {"series": EVIL, "alerts": 1},
    ]
    assert result.display_alert_timeline().spec["kind"] == "lanes"
    first = result.recentre(0, before="1h", after="10m")
    assert first.timespan.to_json() == {"start": f"{DAY}T11:00:00Z", "end": f"{DAY}T12:10:00Z"}
    assert first.options == result.options and first.related_alerts["name"].tolist() == ["Odd logon"]
    assert first.host_logons["Count"].tolist() == [1]
    assert len(result.related_alerts) == 2, "the first run stays as it is"
    for same in ("a-12:00", result.related_alerts.iloc[0], -2):
        assert result.recentre(same, "1h", "10m").timespan == first.timespan
    for wrong in (5, "nothing", True):
        with pytest.raises(OptionError, match="no such alert"):
            result.recentre(wrong)
    with pytest.raises(OptionError, match="option alerts"):
        IpAddressSummary(case).run(PUBLIC, options=["geoip"]).recentre(0)


def test_bookmarks_are_stories_and_ratings_of_the_workspace(tmp_path, demo_case):
    import shutil

    shutil.copytree(demo_case, tmp_path / "case")
    with flowsleuth.open(tmp_path / "case") as ws:
        address = "10.0.1.4"
        ws.investigate("10.0.1.0/24").save_story("Three hosts", "text")
        rated = ws.rate(1, ip=address, why="beacons")
        told = ws.ip(address).ip_address_summary(options=["bookmarks"]).related_bookmarks
        stories, ratings = (told[told["kind"] == kind] for kind in ("story", "rating"))
        assert stories[["title", "about"]].values.tolist() == [["Three hosts", "10.0.1.0/24"]]
        assert set(ratings["comment"]) == {"beacons"} and len(ratings) == rated.suspects
        other = ws.ip("10.9.9.9").ip_address_summary(options=["bookmarks"])
        assert other.section("related_bookmarks").absent == "no story, rating or bookmark is about it"


def test_hostile_texts_stay_texts(case, tmp_path):
    result = IpAddressSummary(case).run(PUBLIC, options=OFFLINE)
    page = result.to_html()
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page
    assert "<script>alert" not in result._repr_html_()
    assert IpSummaryResult.from_json(result.to_json()).to_json() == result.to_json()
    assert json.loads(result.to_json())
    book = result.to_excel(tmp_path / "a.xlsx")
    assert book.stat().st_size > 5_000
    accounts = result.related_accounts
    assert EVIL in accounts["Account"].tolist()


def test_relations_are_of_all_that_was_found(case):
    section = IpAddressSummary(case).run(PUBLIC, options=[*OFFLINE]).section("relations")
    kinds = {(node["kind"], node["label"]) for node in section.nodes.to_pylist()}
    assert kinds == {
        ("address", PUBLIC), ("address", OURS), ("account", "CONTOSO\\ana"), ("account", EVIL),
        ("alert", "Odd logon"), ("alert", EVIL), ("domain", "a.example"), ("host", "web1"),
    }  # fmt: skip
    ids = set(section.nodes["id"].to_pylist())
    assert {one for edge in section.edges.to_pylist() for one in (edge["source"], edge["target"])} <= ids
    assert [node["id"] for node in section.nodes.to_pylist() if node["is_centre"]] == [f"address:{PUBLIC}"]
    high = next(node for node in section.nodes.to_pylist() if node["label"] == "Odd logon")
    assert high["severity"] == "high"
    low = next(node for node in section.nodes.to_pylist() if node["kind"] == "alert" and node["label"] == EVIL)
    assert low["severity"] is None, "a low alert is no threat"


def test_intelligence_is_asked_only_when_told(case):
    asked = []

    def verdicts(observables):
        asked.append(observables)
        return pd.DataFrame({"Ioc": observables, "Provider": ["p"], "Severity": ["high"], "Details": [EVIL]})

    providers = {"workspace": case, "tilookup": verdicts}
    result = IpAddressSummary(providers).run(PUBLIC)
    assert asked == [] and result.ti_results is None
    assert result.lookup_ti()["Severity"].tolist() == ["high"]
    assert asked == [[PUBLIC]]
    ours = IpAddressSummary(providers).run(OURS, options=["ti"])
    assert asked == [[PUBLIC]], "a private address is not sent"
    assert "private" in ours.section("ti_results").absent
    assert ours.lookup_ti() is None
