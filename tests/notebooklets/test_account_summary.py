"""AccountSummary: who matches, hosts, addresses, failures before a success, choosing; all worked out by hand."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.notebooklets.account_summary import AccountSummary
from flowsleuth.query import QueryProvider
from flowsleuth.schema.entities import Account
from flowsleuth.testing import check_notebooklet
from tests.notebooklets.ip_address.tables import DAY, SENTINEL, FakeSentinel
from tests.workspace.pivot_rows import at, put

EVIL = "<script>alert(1)</script>=cmd|'/C calc'!A0\u202e"


def logon(start, host, user, domain=None, *, ok=True, ip=None, kind="network", event="4624", **more):
    return {
        "start": start, "host": host, "user": user, "domain": domain, "is_success": ok, "src_ip": ip,
        "logon_type": kind, "event_type": event, **more,
    }  # fmt: skip


LOGONS = [
    logon(0, "WEB1", "Ana", "CORP", ok=False, ip="192.0.2.9", event="4625", reason=EVIL),
    logon(1, "web1", "ana", "corp", ok=False, ip="192.0.2.9", event="4625", reason="bad password"),
    logon(2, "WEB1", "Ana", "CORP", ip="192.0.2.9"),
    logon(3, "web1", "Ana", "CORP", ok=False, ip="192.0.2.9", event="4625"),
    logon(4, "db2", "ana", "CORP", ip="10.0.0.5"),
    logon(5, None, "ana@corp.example", ip="198.51.100.4", kind="sign_in", event="SigninLogs", app="Portal"),
    logon(6, None, "ana@corp.example", ok=False, ip="198.51.100.4", kind="sign_in", event="SigninLogs", app="Portal"),
    logon(7, "lx1", "ana", ok=False, ip="203.0.113.5", kind="ssh", event="USER_LOGIN", app="sshd"),
    logon(8, "web1", "ana", "other", ip="192.0.2.9"),
    logon(9, "web1", "anabel", "CORP", ip="192.0.2.9"),
]
PROCESSES = [
    {"start": 20, "host": "WEB1", "name": "Cmd.exe", "path": "C:\\Windows\\cmd.exe", "user": "ana", "domain": "CORP"},
    {"start": 21, "host": "lx1", "name": "bash", "path": "/bin/bash", "user": "ana"},
]
ENTITIES = [{"Type": "account", "Name": "Ana", "NTDomain": "CORP"}]
ALERTS = [
    {"start": 30, "name": EVIL, "severity": 1, "entities": json.dumps(ENTITIES)},
    {"start": 31, "name": "Other", "severity": 1, "entities": json.dumps([{"Type": "account", "Name": "anabel"}])},
]
TABLES = {"logon": LOGONS, "process": PROCESSES, "alert": ALERTS}


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    with flowsleuth.open(tmp_path_factory.mktemp("account") / "case", create=True) as ws:
        for name, rows in TABLES.items():
            put(ws, name, rows)
        yield ws


@pytest.fixture(scope="module")
def corp(ws):
    """Of the accounts called ana only the one of the domain, on Windows."""
    return ws.notebooklet("AccountSummary").run("ana", account="corp\\ana", options="+whois", strict=True)


def records(frame, *columns):
    return [tuple(row) for row in frame[list(columns)].astype(object).where(frame[list(columns)].notna(), None).values]


def test_who_matches_by_source(ws):
    found = ws.notebooklet("AccountSummary").run("ANA", options=["hosts"], strict=True)
    assert records(found.account_matches, "account", "source", "logons", "failed_logons", "processes", "alerts") == [
        ("corp\\ana", "Windows", 2, 3, 1, 1),
        ("ana", "Linux", 0, 1, 1, 0),
        ("ana@corp.example", "AzureActiveDirectory", 1, 1, 0, 0),
        ("other\\ana", "Windows", 1, 0, 0, 0),
    ]
    assert "4 accounts match" in found.section("account_matches").note
    assert found.account_entity == Account("ana")
    qualified = ws.notebooklet("AccountSummary").run("corp\\ana", options=["hosts"], strict=True)
    assert qualified.account_matches.account.tolist() == ["corp\\ana", "ana", "ana@corp.example"], (
        "contoso = contoso.com"
    )
    assert ws.notebooklet("AccountSummary").run("nobody", strict=True).account_matches.empty


def test_a_source_that_is_not_known_is_one_of_its_own(tmp_path):
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        put(ws, "logon", [logon(0, "lx1", "root", ok=False, kind="ssh", event="USER_LOGIN")])
        put(ws, "process", [{"start": 1, "host": "vm", "name": "cron", "user": "root"}])
        found = ws.notebooklet("AccountSummary").run("root", strict=True)
        assert records(found.account_matches, "source", "failed_logons", "processes") == [
            ("Linux", 1, 0),
            ("other", 0, 1),
        ]
        assert records(found.host_logon_summary, "host", "processes") == [("lx1", 0), ("vm", 1)]


def test_hosts_and_outcomes(corp):
    assert records(corp.host_logon_summary, "host", "logons", "failed_logons", "processes", "an_address") == [
        ("WEB1", 1, 3, 1, "192.0.2.9"), ("db2", 1, 0, 0, "10.0.0.5"),
    ]  # fmt: skip
    assert records(corp.logon_outcomes, "src_ip", "target", "logons", "failed_logons", "failures_before_success") == [
        ("192.0.2.9", "web1", 1, 3, 2), ("10.0.0.5", "db2", 1, 0, 0),
    ]  # fmt: skip


def test_activity_and_its_lanes(corp):
    told = records(corp.account_activity, "operation", "times", "hosts", "addresses")
    assert told == [
        ("start of cmd.exe", 1, 1, 0), ("network logon", 2, 2, 2), ("network logon failed", 3, 1, 1),
    ]  # fmt: skip
    lanes = corp.section("account_timeline_by_ip").table.to_pylist()
    assert {(row["series"], row["events"], row["failed"]) for row in lanes} == {
        ("192.0.2.9", 1, 1), ("192.0.2.9", 1, 0), ("10.0.0.5", 1, 0),
    }  # fmt: skip
    for name in ("provider", "operation"):
        table = corp.section(f"account_timeline_by_{name}").table
        assert (sum(table["events"].to_pylist()), sum(table["failed"].to_pylist())) == (6, 3)
        assert getattr(corp, f"account_timeline_by_{name}").spec["lanes"]


def test_addresses_alerts_and_owners(corp):
    assert records(corp.ip_address_summary, "src_ip", "logons", "failed_logons") == [
        ("192.0.2.9", 1, 3), ("10.0.0.5", 1, 0),
    ]  # fmt: skip
    assert corp.ip_address_summary.address_type.tolist() == ["documentation", "private"]
    assert corp.section("ip_map").absent == "none of the addresses has a place in what is known here"
    assert corp.whois.asked.tolist() == ["192.0.2.9", "10.0.0.5"]
    assert corp.related_alerts.name.tolist() == [EVIL]
    assert corp.section("azure_activity_summary").absent == "it has no sign-in in this window"


def test_the_map_says_where_only_the_country_is_known(tmp_path):
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        put(ws, "logon", [logon(0, "a", "ana", ip="193.0.6.139"), logon(1, "a", "ana", ip="193.0.6.139", ok=False)])
        found = ws.notebooklet("AccountSummary").run("ana", options=["addresses"], strict=True)
    mark = found.section("ip_map").table.to_pylist()[0]
    assert (mark["place"], mark["logons"], mark["failed_logons"]) == ("Netherlands", 1, 1)
    assert (round(mark["lat"]), round(mark["lon"])) == (52, 5)
    assert "of 1 addresses only the country is known" in found.ip_map.spec["note"]


def test_sign_ins(ws):
    found = ws.notebooklet("AccountSummary").run("ana@corp.example", options=["sign_ins"], account="ana@corp.example")
    assert records(found.azure_activity_summary, "app", "is_success", "sign_ins") == [
        ("Portal", False, 1),
        ("Portal", True, 1),
    ]


def test_choosing_changes_the_result_in_hand_and_no_other(ws):
    notebooklet = ws.notebooklet("AccountSummary")
    found, other = notebooklet.run("ana"), notebooklet.run("ana")
    everything = found.host_logon_summary.logons.sum()
    assert found.choose("ANA (linux)") is found
    assert records(found.host_logon_summary, "host", "failed_logons", "processes") == [("lx1", 1, 1)]
    assert found.azure_activity_summary is None
    assert found.parameters["account"] == "ANA (linux)"
    assert other.host_logon_summary.logons.sum() == everything
    assert found.choose("corp\\ana", "other\\ana").host_logon_summary.logons.sum() == 3
    assert len(found.choose().chosen) == len(other.chosen)
    with pytest.raises(OptionError, match="no such account matches"):
        found.choose("eve")
    assert type(found).from_json(found.to_json(), ws).choose("corp\\ana").host_logon_summary.logons.sum() == 2


def test_additional_data_on_demand(ws, corp):
    found = ws.notebooklet("AccountSummary").run("ana", options=["hosts"], account="corp\\ana")
    assert found.host_logons is None
    assert len(found.get_additional_data()) == 5
    assert (len(found.host_logons), len(found.azure_activity), len(found.process_events)) == (5, 0, 1)
    assert corp.host_logons is None


def test_threat_intelligence_only_when_asked(ws, corp):
    asked = []

    def look_up(values):
        asked.append(list(values))
        return pd.DataFrame({"Ioc": values})

    providers = {"workspace": ws, "tilookup": look_up}
    AccountSummary(providers).run("ana", account="corp\\ana")
    assert asked == []
    found = AccountSummary(providers).run("ana", account="corp\\ana", options="+ti", strict=True)
    assert asked == [["192.0.2.9", "10.0.0.5"]]
    assert len(found.ti_results) == 2


def test_over_frames_without_a_workspace(corp):
    frames = {name: pd.DataFrame([{**row, "start": at(row["start"])} for row in rows]) for name, rows in TABLES.items()}
    found = AccountSummary().run("ana", data=frames, account="corp\\ana", strict=True)
    assert found.host_logon_summary.equals(corp.host_logon_summary)
    assert found.choose("ana (Linux)").host_logon_summary.host.tolist() == ["lx1"]


def test_a_query_provider_is_asked_what_the_options_need():
    driver = FakeSentinel({name: SENTINEL[name] for name in ("SecurityEvent", "SigninLogs", "SecurityAlert")})
    found = AccountSummary(QueryProvider(driver)).run("CONTOSO\\bob", start=DAY, end="2024-05-02")
    assert not [step for step in found.steps if step.status == "failed"]
    assert records(found.account_matches, "account", "source", "logons", "failed_logons") == [
        ("contoso\\bob", "Windows", 1, 1), ("bob@contoso.com", "AzureActiveDirectory", 0, 1),
    ]  # fmt: skip
    assert found.logon_outcomes.failures_before_success.max() == 1
    assert {text.split()[0] for text in driver.asked} >= {"SecurityAlert", "SecurityEvent", "SigninLogs"}
    assert found.choose("bob@contoso.com").azure_activity_summary.app.tolist() == ["Portal"]


def test_frames_of_sentinel_are_read_by_their_columns():
    found = AccountSummary().run("bob", data={"SigninLogs": pd.DataFrame(SENTINEL["SigninLogs"])}, strict=True)
    assert records(found.azure_activity_summary, "app", "is_success", "reason") == [
        ("Portal", False, "Invalid password")
    ]


@pytest.mark.slow
def test_it_keeps_its_word(ws):
    check_notebooklet(ws, AccountSummary, "corp\\ana", options="+whois,+additional_data")


def test_hostile_text_is_text_everywhere(corp):
    assert "<script>alert" not in corp.to_html()
    assert "<script>alert" not in corp._repr_html_()
