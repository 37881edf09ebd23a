"""The Linux audit log."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from flowsleuth.readers.auditd import AuditdReader
from flowsleuth.schema import PROCESS
from flowsleuth.testing import check_reader, read_all

READER = AuditdReader()
MIXED = "auditd/interleaved_and_encoded/audit.log"
NODES = "auditd/interpreted_with_nodes/audit.log"


def test_keeps_every_promise(data: Path) -> None:
    check_reader(
        READER,
        data / "auditd/atomic_arp/audit.log",
        expect_rows={"syslog": 2, "process": 2},
        records=2,
        has_zone=True,
        null_columns={"process": ["host", "user", "md5"], "syslog": ["facility", "severity", "host"]},
    )
    check_reader(
        READER,
        data / MIXED,
        expect_rows={"syslog": 5, "process": 2, "logon": 1},
        records=5,
        has_zone=True,
    )
    check_reader(READER, data / NODES, expect_rows={"syslog": 4, "process": 2, "logon": 1}, records=4, has_zone=False)


def test_events_of_one_millisecond_are_not_merged(data: Path) -> None:
    found = read_all(READER, data / MIXED)
    ids = found.tables["syslog"]["record_id"].to_pylist()
    assert ids == [f"1700000000.100:{serial}" for serial in (9, 7)] + [
        "1700000001.000:10", "1700000000.100:8", "1700000004.000:11",
    ]  # fmt: skip
    kinds = dict(zip(ids, found.tables["syslog"]["event_type"].to_pylist(), strict=True))
    assert kinds["1700000000.100:8"] == "EXECVE" and kinds["1700000004.000:11"] == "AVC"


def test_every_argument_is_decoded(data: Path) -> None:
    row = read_all(READER, data / MIXED, source_file="x").row("process", 1)
    extra = json.loads(row.pop("extra"))
    assert extra["EXECVE"] == {
        "argc": "7", "a0": "tar", "a1": "-c", "a2": "a b", "a3": "", "a4": "é", "a5_len": "6", "a5[0]": "lo",
        "a5[1]": "ng", "a6": "10",
    }  # fmt: skip
    assert [path["name"] for path in extra["PATH"]] == ["/usr/bin/tar", "/lib64/ld.so"]
    assert extra["SYSCALL"]["a0"] == "10"
    assert row == dict.fromkeys(name for name in PROCESS.names if name != "extra") | {
        "event_id": 2**31 + 1,
        "start": datetime(2023, 11, 14, 22, 13, 20, 100_000, tzinfo=UTC),
        "pid": 101,
        "name": "tar",
        "path": "/usr/bin/tar",
        "command_line": "tar -c a b  é long 10",
        "user_id": "0",
        "logon_id": "3",
        "parent_pid": 100,
        "is_success": True,
        "event_type": "EXECVE",
        "record_id": "1700000000.100:7",
        "source_kind": "auditd",
        "source_file": "x",
        "source_row": 1,
    }


def test_hexadecimal_text_of_programs_is_decoded(data: Path) -> None:
    found = read_all(READER, data / MIXED)
    failed = found.row("process", 2)
    assert (failed["path"], failed["cwd"], failed["command_line"]) == ("/tmp/a b/we", "/tmp/a b", "we")
    assert (failed["is_success"], failed["logon_id"]) == (False, None)
    command = json.loads(found.row("syslog", 10)["extra"])
    assert command["USER_CMD"]["cmd"] == "ls -l"


def test_a_login_says_who_and_from_where(data: Path) -> None:
    row = read_all(READER, data / MIXED).row("logon", 6)
    assert (row["user"], row["src_ip"], row["is_success"], row["logon_type"], row["app"]) == (
        "ana", "2001:db8::7", False, "ssh", "sshd",
    )  # fmt: skip


def test_nodes_and_interpreted_values(data: Path) -> None:
    found = read_all(READER, data / NODES)
    processes = {row["host"]: row for row in found.tables["process"].to_pylist()}
    assert (processes["web1"]["command_line"], processes["web2"]["command_line"]) == ("ls 10", "id")
    assert processes["web1"]["user_id"] == "root"
    [login] = found.tables["logon"].to_pylist()
    assert (login["host"], login["user"], login["src_ip"], login["is_success"]) == ("web2", "bob", "10.0.0.9", True)
