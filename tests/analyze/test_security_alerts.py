"""Alerts and events as objects: what they are about, what they hand to queries, and hostile text in them."""

from __future__ import annotations

import json

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsleuth.analyze.alerts import SecurityAlert, SecurityEvent, format_alert, get_related_alerts, read_alerts
from flowsleuth.errors import OptionError
from flowsleuth.query import QueryProvider
from flowsleuth.schema.entities import Host, IpAddress, Process

ENTITIES = [
    {"$id": "4", "HostName": "WEB1", "DnsDomain": "example.org", "OSFamily": "Windows", "Type": "host"},
    {"$id": "5", "Name": "adm1n", "Host": {"$ref": "4"}, "Type": "account", "LogonId": "0x0"},
    {"$id": "6", "Directory": "c:\\windows\\system32", "Name": "cmd.exe", "Type": "file"},
    {"$id": "7", "ProcessId": "0x165c", "CommandLine": "", "ImageFile": {"$ref": "6"}, "Host": {"$ref": "4"},
     "Type": "process"},
    {"$id": "8", "Name": "Ana", "NTDomain": "WEB1", "Type": "account", "LogonId": "0x13bded7"},
    {"$id": "9", "Directory": "c:\\windows\\system32", "Name": "net.exe", "Type": "file"},
    {"$id": "10", "ProcessId": "0x141c", "CommandLine": "net user adm1n x /add", "ImageFile": {"$ref": "9"},
     "Account": {"$ref": "8"}, "ParentProcess": {"$ref": "7"}, "Host": {"$ref": "4"}, "Type": "process"},
    {"$id": "11", "SessionId": "0x0", "Type": "host-logon-session", "Host": {"$ref": "4"}, "Account": {"$ref": "5"}},
    {"$id": "12", "Address": "2001:DB8::0:7", "Type": "ip"},
]  # fmt: skip
"""Made up after the alerts of Azure Security Center that MSTICPy publishes."""
ROW = {
    "SystemAlertId": "2518_a", "AlertName": "T1", "AlertDisplayName": "Suspicious account", "Severity": "Medium",
    "StartTimeUtc": "2024-05-01 09:15:03", "EndTimeUtc": "2024-05-01 09:15:03", "CompromisedEntity": "WEB1",
    "ExtendedProperties": json.dumps({"User Name": "adm1n"}), "Entities": json.dumps(ENTITIES),
}  # fmt: skip
EVIL = "<img src=x onerror=alert(1)>"


def alert(**changes: object) -> SecurityAlert:
    return SecurityAlert(ROW | changes)


# what it is about ---------------------------------------------------------------------------------------------------


def test_the_chief_things() -> None:
    one = alert()
    assert one.primary_process is not None and one.primary_process.pid == 0x141C  # the one whose parent is told
    assert one.primary_account is not None and one.primary_account.Name == "Ana"  # who ran it, not the first listed
    assert one.primary_host is not None and one.primary_host.fqdn == "web1.example.org"
    assert one.hostname == "WEB1"
    assert one.logon_session is not None and one.logon_session.SessionId == "0x13bded7"  # 0x0 says nothing
    assert one.get_logon_id() == "0x13bded7"
    assert one.get_logon_id(one.get_entities_of_type("account")[0]) is None
    assert one.addresses == ("2001:db8::7",)
    assert (one.id, one.name, one.severity) == ("2518_a", "Suspicious account", "medium")
    assert one.extended_properties == {"User Name": "adm1n"}
    assert one.get_all_entities()["Type"].to_pylist().count("process") == 2


def test_columns_are_attributes() -> None:
    one = alert()
    assert one.AlertName == one["AlertName"] == "T1"
    assert "AlertName" in one and "Nothing" not in one
    with pytest.raises(AttributeError, match="no 'Nothing'"):
        _ = one.Nothing
    with pytest.raises(OptionError, match="not a row"):
        SecurityAlert(pd.DataFrame([ROW]))


@pytest.mark.parametrize("make", [dict, pd.Series, lambda row: next(pd.DataFrame([row]).itertuples(index=False))])
def test_rows_of_any_make(make: object) -> None:
    one = SecurityAlert(make(ROW))  # type: ignore[operator]
    assert (one.id, one.hostname, len(one.entities)) == ("2518_a", "WEB1", 9)
    assert SecurityAlert(one).id == one.id


def test_a_window_around_it() -> None:
    window = alert().time_range("1h", "30m")
    assert str(window) == "2024-05-01T08:15:03Z to 2024-05-01T09:45:03.000001Z"
    assert alert(EndTimeUtc="2024-05-01 08:00:00").time_range().period is not None  # ends before it begins
    with pytest.raises(OptionError, match="no time"):
        SecurityAlert({"AlertName": "x"}).time_range()


def test_rows_of_our_own_table() -> None:
    row = {
        "event_id": 7, "name": "ET SCAN", "severity": 1, "src_ip": "192.0.2.7", "dst_ip": "10.0.0.5", "host": "web1",
        "entities": None, "source_kind": "suricata", "extra": '{"flow_id": 3, "name": "not this"}', "alert_id": None,
    }  # fmt: skip
    one = SecurityAlert(row)
    assert (one.id, one.name, one.severity, one.flow_id) == ("7", "ET SCAN", "high", 3)
    assert one.addresses == ("192.0.2.7", "10.0.0.5")
    assert one.primary_host == Host("web1")


@pytest.mark.parametrize(
    ("compromised", "about"),
    [("WEB1", Host("web1")), ("192.0.2.7", IpAddress("192.0.2.7")), ("CONTOSO\\ana", None), ("ana@x.org", None),
     ("/subscriptions/1/x", None), ("", None), (None, None)],
)  # fmt: skip
def test_without_entities_the_compromised_one_counts(compromised: str | None, about: object) -> None:
    one = SecurityAlert({"SystemAlertId": "a", "CompromisedEntity": compromised, "Entities": "[]"})
    assert one.entities == (() if about is None else (about,))


@pytest.mark.parametrize(
    "entities", [None, float("nan"), "", "[", "null", "5", '"x"', "[5]", '[{"$ref": "1"}]', 7, b"["]
)
def test_entities_that_cannot_be_read_are_none(entities: object) -> None:
    one = SecurityAlert({"SystemAlertId": "a", "Entities": entities})
    assert [type(thing).__name__ for thing in one.entities] in ([], ["UnknownEntity"])
    assert one.query_params == {"system_alert_id": "a"}
    assert "a" in format_alert(one).text


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=True) | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["Type", "$id", "$ref", "Host", "Name", "HostName", "Account", "Address", "ParentProcess"]),
        inner | st.sampled_from(["host", "account", "process", "ip", "1", "2"]),
        max_size=6,
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(JSON, JSON)
def test_no_content_raises(entities: object, other: object) -> None:
    one = SecurityAlert({"SystemAlertId": other, "Severity": other, "Entities": json.dumps(entities), "host": other})
    told = (one.query_params, one.primary_account, one.logon_session, one.label, one.first_seen)
    assert told
    card = format_alert(one, show_entities=True)
    assert card.text.isprintable() or "\n" in card.text
    assert isinstance(get_related_alerts(one, [one.properties, ROW]), pa.Table)


# for queries --------------------------------------------------------------------------------------------------------


def test_an_alert_is_a_source_of_parameters() -> None:
    queries = QueryProvider("Sentinel")
    text = queries.SecurityAlert.list_alerts_for_host("print", alert(), start="2024-05-01", end="2024-05-02")
    assert 'has "WEB1"' in text
    text = queries.Network.list_azure_network_flows_by_ip("print", alert(), start="2024-05-01", end="2024-05-02")
    assert '"2001:db8::7"' in text


def test_quotes_in_an_alert_stay_within_their_value() -> None:
    hostile = json.dumps([{"HostName": 'x" or 1 == 1 or "', "Type": "host"}])
    query = QueryProvider("Sentinel").SecurityAlert.list_alerts_for_host
    text = query("print", alert(Entities=hostile), start="2024-05-01", end="2024-05-02")
    assert 'x\\" or 1 == 1 or \\"' in text
    assert 'x" or' not in text.replace('\\"', "")


def test_the_window_of_a_query_is_never_the_alert_s() -> None:
    """A query over the moment of an alert would find nothing, and say nothing."""
    assert not {"start", "end"} & set(alert().query_params)
    assert not hasattr(alert(), "start")


# events -------------------------------------------------------------------------------------------------------------


def test_a_logon() -> None:
    event = SecurityEvent(
        {
            "EventID": 4624, "Computer": "WEB1.example.org", "TargetUserName": "ana", "TargetDomainName": "CORP",
            "TargetLogonId": "0xabc", "SubjectUserName": "WEB1$", "SubjectLogonId": "0x3e7", "IpAddress": "192.0.2.7",
            "WorkstationName": "PC9", "Account": "CORP\\ana", "TimeGenerated": "2024-05-01",
        }
    )  # fmt: skip
    assert event.primary_account is not None and event.primary_account.qualified == "corp\\ana"
    assert event.get_logon_id() == "0xabc"
    assert event.query_params["ip_address"] == "192.0.2.7"
    assert [one.name for one in event.of_kind(Host)] == ["web1"]


def test_placeholders_of_windows_are_nobody() -> None:
    event = SecurityEvent({"EventID": "4625", "Computer": "WEB1", "TargetUserName": "-", "IpAddress": "-"})
    assert event.query_params == {"host_name": "WEB1"}


def test_a_row_of_our_table_of_processes() -> None:
    row = {"event_id": 1, "start": "2024-05-01", "host": "web1", "pid": 16, "path": "/bin/sh", "user": "ana",
           "command_line": "sh -c id", "parent_pid": 4, "parent_path": "/usr/sbin/sshd", "event_type": "x"}  # fmt: skip
    process = SecurityEvent(row).primary_process
    assert process is not None and process.ParentProcess is not None and process.Host is not None
    assert (process.pid, process.ParentProcess.pid, process.Host.name) == (16, 4, "web1")
    assert process.Account is not None and process.Account.name == "ana"


def test_an_event_without_a_process_has_none() -> None:
    event = SecurityEvent(
        {"EventID": 5140, "Computer": "WEB1", "SubjectUserName": "ana", "TimeGenerated": "2024-05-01"}
    )
    assert event.of_kind(Process) == ()
    assert event.query_params["account_name"] == "ana"


# shown --------------------------------------------------------------------------------------------------------------


def test_hostile_text_is_text() -> None:
    entities = [{"HostName": EVIL, "Type": "host"}, {EVIL: EVIL, "Type": EVIL}]
    row = ROW | {"AlertDisplayName": EVIL, "Description": EVIL, "Severity": EVIL, "CompromisedEntity": EVIL}
    row |= {"ExtendedProperties": json.dumps({EVIL: EVIL, "x": [EVIL]}), "Entities": json.dumps(entities)}
    for one in (SecurityAlert(row), SecurityEvent(row | {"Computer": EVIL})):
        for markup in (one._repr_html_(), format_alert(one).html):
            assert "<img" not in markup
            assert "&lt;img src=x" in markup


def test_hostile_text_moves_no_cursor() -> None:
    card = format_alert(ROW | {"AlertDisplayName": "a\x1b[2Jb\rc", "Description": "x\x07\u202ey"}, show_entities=True)
    assert all(line.isprintable() for line in card.text.split("\n"))
    assert "a\\x1b[2Jb\\rc" in str(card)


def test_the_card_tells_the_id_itself() -> None:
    """MSTICPy shows the source text of the expression instead."""
    assert "2518_a" in format_alert(alert()).html
    assert "self.properties" not in format_alert(alert()).html


def test_long_values_are_cut() -> None:
    assert len(format_alert(alert(Description="x" * 1_000_000)).html) < 20_000


# related ------------------------------------------------------------------------------------------------------------


def about(name: str, *entities: dict[str, object], start: str = "2024-05-01") -> dict[str, object]:
    return {"SystemAlertId": name, "AlertName": name, "StartTimeUtc": start, "Entities": json.dumps(entities)}


def host(name: str, **more: object) -> dict[str, object]:
    return {"Type": "host", "HostName": name, **more}


MANY = [
    about("same", host("WEB1")),
    about("full name", host("web1.example.org")),
    about("other domain", host("web1.example.com")),
    about("program", {"Type": "process", "ImageFile": {"Type": "file", "Name": "NET.EXE",
                      "Directory": "C:\\Windows\\System32"}}),
    about("parent's program", {"Type": "process", "ImageFile": {"Type": "file", "Name": "cmd.exe",
                               "Directory": "C:\\tools"}}),
    about("address", {"Type": "ip", "Address": "2001:db8:0::7"}),
    about("account", {"Type": "account", "Name": "ANA", "NTDomain": "web1"}),
    about("stranger", {"Type": "account", "Name": "ana", "NTDomain": "CORP"}),
    ROW,
]  # fmt: skip


def related(**options: object) -> dict[str, str]:
    found = get_related_alerts(alert(), pd.DataFrame(MANY), **options)
    return dict(zip(found["SystemAlertId"], found["matched"], strict=True))


def test_related_by_what() -> None:
    assert related() == {
        "same": "Host WEB1",
        "full name": "Host web1.example.org",
        "program": "File C:\\Windows\\System32\\NET.EXE, Process process",
        "address": "IpAddress 2001:db8:0::7",
        "account": "Account ANA",
    }
    assert set(related(by=["ip"])) == {"address"}
    with pytest.raises(OptionError, match="available: host"):
        related(by=["colour"])


def test_related_within_a_window() -> None:
    late = [about("late", host("web1"), start="2024-05-03"), about("near", host("web1"), start="2024-05-01T10:00:00")]
    assert get_related_alerts(alert(), late, window="2h")["SystemAlertId"].to_pylist() == ["near"]


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.Table.from_pylist])
def test_frames_of_any_make_and_unchanged(make: object) -> None:
    given_frame = make(list(MANY))  # type: ignore[operator]
    before = given_frame.copy() if isinstance(given_frame, pd.DataFrame) else given_frame
    found = get_related_alerts(alert(), given_frame)
    assert type(found) is type(given_frame)
    assert len(found) == 5
    assert before.equals(given_frame)
    assert [one.id for one in read_alerts(given_frame)][-1] == "2518_a"


def test_a_frame_of_nothing() -> None:
    for empty in (pd.DataFrame(), pd.DataFrame({"SystemAlertId": []}), pd.DataFrame(MANY).head(0)):
        assert len(get_related_alerts(alert(), empty)) == 0
    odd = pd.DataFrame({"SystemAlertId": ["a", 5, None], "Entities": [None, 7, json.dumps([host("web1")])]})
    assert len(get_related_alerts(alert(), odd)) == 1


def test_related_rows_keep_their_labels() -> None:
    frame = pd.DataFrame(MANY)
    frame.index = pd.Index([f"r{number}" for number in range(len(frame))])
    found = get_related_alerts(alert(), frame)
    assert [frame.loc[label, "SystemAlertId"] for label in found.index] == found["SystemAlertId"].tolist()


def test_severities_of_any_spelling_are_words() -> None:
    told = ["1", 2, "3.0", "0", "00", "7", "9" * 5_000, "²", "-1", "High ", "CRITICAL", None, "", "odd"]
    assert [SecurityAlert({"AlertName": "x", "Severity": one}).severity for one in told] == [
        "high", "medium", "low", "high", "high", "informational", "informational", "²", "-1", "high", "high",
        None, None, "odd",
    ]  # fmt: skip
