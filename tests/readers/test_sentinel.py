"""Tables exported by Sentinel, Log Analytics and Defender."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flowsleuth.errors import ReaderError
from flowsleuth.readers.sentinel import SentinelReader
from flowsleuth.schema import ALERT, LOGON, PROCESS
from flowsleuth.testing import check_reader, count_lines, read_all

READER = SentinelReader()
ALERTS = "sentinel/alerts_over_several_lines/alertlist.csv"
EVENTS = "sentinel/security_events/events.csv"


@pytest.mark.parametrize(
    ("sample", "rows", "records"),
    [
        (ALERTS, {"alert": 4}, 4),
        ("sentinel/device_processes/mde_proc_cs1.csv", {"process": 3}, 3),
        ("sentinel/sign_ins/signin_logs.csv", {"logon": 2}, 2),
    ],
)
def test_keeps_every_promise_on_records_of_several_lines(
    data: Path, sample: str, rows: dict[str, int], records: int
) -> None:
    check_reader(READER, data / sample, expect_rows=rows, records=records, has_zone=True, bad_line=None)


def test_keeps_every_promise_on_security_events(data: Path) -> None:
    check_reader(
        READER,
        data / EVENTS,
        expect_rows={"process": 3, "logon": 2},
        expect_rejects=1,
        expect_skipped={"SecurityEvent 4634": 1},
        records=count_lines(header=1),
        has_zone=True,
        null_columns={"process": ["md5", "cwd", "process_guid"], "logon": ["app"]},
        is_row_of_line=lambda row, line: row["event_type"] in line,
    )


@pytest.mark.parametrize(
    ("sample", "rows"),
    [
        ("sentinel/stray_quote_in_a_cell/process_tree.csv", {"process": 6}),
        ("sentinel/logons_4624/host_logons.csv", {"logon": 7}),
        ("sentinel/audit_packed/linux_events.csv", {"syslog": 4, "process": 2}),
    ],
)
def test_keeps_every_promise_on_lines(data: Path, sample: str, rows: dict[str, int]) -> None:
    bad_line = None if "stray" in sample else b"\x01 no record \xff at all"
    check_reader(
        READER, data / sample, expect_rows=rows, records=count_lines(header=1), has_zone=True, bad_line=bad_line
    )


def test_keeps_every_promise_on_json(data: Path) -> None:
    check_reader(
        READER,
        data / "sentinel/json_of_several_tables/export.jsonl",
        expect_rows={"syslog": 3, "logon": 2, "alert": 1},
        expect_rejects=1,
        records=count_lines(),
        has_zone=True,
    )
    check_reader(
        READER,
        data / "sentinel/json_array/export.json",
        expect_rows={"syslog": 3, "logon": 2, "alert": 1},
        records=4,
        has_zone=True,
        bad_line=None,
        resumes=False,
        is_row_of_line=lambda row, line: line.strip() == "{",
    )


def test_an_alert_in_full(data: Path) -> None:
    row = read_all(READER, data / ALERTS, source_file="x").row("alert", 2)
    entities, extra = json.loads(row.pop("entities")), json.loads(row.pop("extra"))
    assert [entity["Type"] for entity in entities] == ["ip", "host", "account", "account", "account"]
    assert entities[0] == {"$id": "3", "Address": "75.10.91.22", "Type": "ip", "Count": 23034}
    assert json.loads(extra["ExtendedProperties"])["Total Account Entities"] == "1563"
    assert extra["Severity"] == "Low" and extra["TimeGenerated"] == "2019-01-12 06:41:44"
    assert row == dict.fromkeys(name for name in ALERT.names if name not in ("entities", "extra")) | {
        "event_id": 2**31 + 2,
        "start": datetime(2019, 1, 11, 6, 31, 40, tzinfo=UTC),
        "end": datetime(2019, 1, 12, 6, 31, 40, tzinfo=UTC),
        "name": "DC local group addition - Demo",
        "category": "DC local group addition - Demo",
        "severity": 3,
        "alert_id": "047f47d6-79b7-4502-824b-97abc4905a73",
        "provider": "CustomAlertRule",
        "description": "Domain controllers local group addition",
        "source_kind": "sentinel",
        "source_file": "x",
        "source_row": 2,
    }


def test_a_process_in_full(data: Path) -> None:
    row = read_all(READER, data / EVENTS, source_file="x").row("process", 2)
    assert json.loads(row.pop("extra")) == {
        "Account": "X", "EventID": "4688", "SubjectDomainName": "CORP", "SubjectLogonId": "0x3e7",
        "SubjectUserName": "HOST1$", "SubjectUserSid": "S-1-5-18",
    }  # fmt: skip
    assert row == dict.fromkeys(name for name in PROCESS.names if name != "extra") | {
        "event_id": 2**31 + 2,
        "start": datetime(2019, 7, 8, 16, 8, 25, 813_000, tzinfo=UTC),
        "host": "HOST1",
        "pid": 7540,
        "name": "taskhostw.exe",
        "path": r"C:\Windows\System32\taskhostw.exe",
        "command_line": "taskhostw.exe",
        "user": "ana",
        "domain": "CORP",
        "logon_id": "0x2b88b1",
        "integrity": "medium",
        "parent_pid": 1272,
        "parent_name": "svchost.exe",
        "parent_path": r"C:\Windows\System32\svchost.exe",
        "is_success": True,
        "event_type": "4688",
        "source_kind": "sentinel",
        "source_file": "x",
        "source_row": 2,
    }


def test_the_account_of_a_process_is_not_made_up(data: Path) -> None:
    found = read_all(READER, data / EVENTS)
    service, other = found.row("process", 3), found.row("process", 4)
    assert (service["user"], service["domain"], service["logon_id"]) == ("NETWORK SERVICE", "NT AUTHORITY", "0x3e4")
    assert (other["user"], other["user_id"], other["logon_id"]) == (None, None, "0xabc")
    assert json.loads(other["extra"])["SubjectUserName"] == "HOST1$"


def test_a_logon_in_full(data: Path) -> None:
    found = read_all(READER, data / EVENTS, source_file="x")
    row = found.row("logon", 5)
    extra = json.loads(row.pop("extra"))
    assert (extra["Status"], extra["SubStatus"]) == ("0xc000006d", "0xc000006a")
    assert row == dict.fromkeys(name for name in LOGON.names if name != "extra") | {
        "event_id": 2**31 + 5,
        "start": datetime(2019, 7, 8, 16, 9, tzinfo=UTC),
        "host": "HOST1",
        "user": "eve",
        "domain": "CORP",
        "src_ip": "198.51.100.9",
        "src_port": 50122,
        "src_host": "KALI",
        "is_success": False,
        "reason": "wrong password",
        "logon_type": "network",
        "method": "NTLM",
        "event_type": "4625",
        "source_kind": "sentinel",
        "source_file": "x",
        "source_row": 5,
    }
    good = found.row("logon", 6)
    assert (good["src_ip"], good["logon_type"], good["logon_id"]) == (None, "remote_interactive", "0x2b88b1")
    assert json.loads(good["extra"])["IpAddress"] == "LOCAL"
    [reject] = found.rejects
    assert (reject.source_row, reject.reason, reject.detail) == (8, "not a time", "TimeGenerated='soon'")


def test_messages_tell_of_logons(data: Path) -> None:
    found = read_all(READER, data / "sentinel/json_of_several_tables/export.jsonl")
    good, bad = found.row("logon", 1), found.row("logon", 2)
    assert (good["host"], good["user"], good["src_ip"], good["src_port"], good["method"], good["is_success"]) == (
        "web1", "ana", "192.0.2.7", 50022, "publickey", True,
    )  # fmt: skip
    assert (bad["user"], bad["src_ip"], bad["reason"]) == ("oracle", "2001:db8::7", "no such user")
    assert json.loads(bad["extra"])["repeated"] == 3
    assert found.row("syslog", 1)["event_id"] == good["event_id"]
    alert = found.row("alert", 4)
    assert (alert["name"], alert["severity"], alert["tactics"], alert["host"]) == (
        "Suspicious process", 1, "Execution", "web1",
    )  # fmt: skip
    assert json.loads(alert["entities"])[0]["Address"] == "192.0.2.7"


def test_a_defender_row_says_hashes_and_parent(data: Path) -> None:
    row = read_all(READER, data / "sentinel/device_processes/mde_proc_cs1.csv").row("process", 2)
    assert row["start"] == datetime(2021, 6, 23, 3, 8, 14, 159_814, tzinfo=UTC)
    assert (row["pid"], row["parent_pid"], row["logon_id"], row["integrity"]) == (17132, 6844, "0x1721f8ad", "medium")
    assert row["sha1"] == "c313e591b29d8be1cbe3809826a6a8647314698e"
    assert row["parent_command_line"].startswith('"cmd.exe" /c start /b mshta https://')


def test_a_quote_that_is_not_doubled_stays_in_its_cell(data: Path) -> None:
    found = read_all(READER, data / "sentinel/stray_quote_in_a_cell/process_tree.csv")
    assert found.row("process", 4)["command_line"] == r".\powershell.exe  -c ****REDACTED-MALWARE-SIG****" + '"'
    assert found.row("process", 5)["command_line"].startswith(r".\powershell  -c {IEX")


def test_a_cell_that_is_never_closed_costs_its_line_only(tmp_path: Path) -> None:
    log = tmp_path / "x.csv"
    head = "TimeGenerated,Facility,SeverityLevel,SyslogMessage,Computer\n"
    log.write_text(head + '2024-01-01,auth,info,"open,h\n2024-01-02,auth,info,"a\nb",h\n\n2024-01-03,auth,info,c,h\n')
    found = read_all(READER, log)
    assert found.tables["syslog"]["message"].to_pylist() == ["a\nb", "c"]
    assert [(r.source_row, r.reason) for r in found.rejects] == [(2, "unbalanced quote")]
    assert found.tables["syslog"]["source_row"].to_pylist() == [3, 6]


def test_refuses_columns_that_are_of_no_table(tmp_path: Path) -> None:
    log = tmp_path / "x.csv"
    log.write_text("a,b\n1,2\n")
    with pytest.raises(ReaderError, match="not the columns"):
        read_all(READER, log)
