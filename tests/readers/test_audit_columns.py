"""The audit log read whole columns at a time gives what reading it line by line gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from flowsleuth.readers import audit_gathering
from flowsleuth.readers.audit_lines import AuditLines, lines_of
from flowsleuth.readers.auditd import AuditdReader
from flowsleuth.testing import ReadResult, read_all

HEAD = "type={} msg=audit({}): {}\n"
CALL = "arch=c000003e syscall=59 success=yes ppid=1 pid=2 uid=0 ses=3 comm={0} exe={0}"


def log(*records: tuple[str, str, str]) -> bytes:
    """Lines of types, ids and bodies."""
    return "".join(HEAD.format(*record) for record in records).encode()


def start(number: str, arguments: str, program: str = '"/bin/x"') -> bytes:
    """A start of a program."""
    return log(
        ("SYSCALL", number, CALL.format(program)), ("EXECVE", number, arguments), ("PROCTITLE", number, "proctitle=78")
    )


def by_lines(text: bytes) -> AuditLines:
    """As if no line were usual."""
    found = lines_of(text)
    found.is_usual[:] = False
    return found


def read(folder: Path, data: bytes, **how: Any) -> ReadResult:
    path = folder / "audit.log"
    path.write_bytes(data)
    return read_all(AuditdReader(), path, source_file="x", **how)


def same(folder: Path, data: bytes) -> ReadResult:
    """The rows, which are those that reading line by line gives."""
    columns = read(folder, data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit_gathering, "lines_of", by_lines)
        lines = read(folder, data)
    assert columns.tables.keys() == lines.tables.keys()
    for name, rows in lines.tables.items():
        assert columns.tables[name].to_pylist() == rows.to_pylist(), name
    assert (columns.rejects, columns.skipped) == (lines.rejects, lines.skipped)
    return columns


def commands(found: ReadResult) -> list[str]:
    return pa.chunked_array(found.tables["process"]["command_line"]).to_pylist()


VALUES = st.one_of(
    st.sampled_from(
        ["?", "(null)", "(none)", "", '""', '"a b"', '"it\'s"', "6C73", "C3A9", "FF00", "22005C", "-", "a=b", "0",
         "'x'",
         '"x', "C:\\x", "(x)", "1'", '"\u00e9"', "\x1d", "4294967295", "0x1F", "=="]
    ),
    st.text(alphabet="aF0\"'= \\\x1d\t\ré?(", max_size=6),
)  # fmt: skip
NAMES = st.sampled_from(
    ["pid", "uid", "exe", "comm", "a0", "a1", "a1[0]", "a1[1]", "a2", "ses", "addr", "acct", "id", "msg", "x.y", "1x",
     "res", "hostname", "cwd", "UID", "success", "argc", ""]
)  # fmt: skip
BODIES = st.lists(st.tuples(NAMES, VALUES).map("=".join) | st.sampled_from(["denied", "{ x }"]), max_size=6).map(
    " ".join
)
BODIES |= BODIES.map("pid=1 msg='{}'".format)
KINDS = st.sampled_from(["SYSCALL", "EXECVE", "CWD", "PATH", "PROCTITLE", "USER_LOGIN", "USER_CMD", "EOE", "AVC", "é"])
IDS = st.sampled_from(["1.100:1", "1.100:2", "1.200:3", "9.000:4", "2:5", "1.1:6", "x:7", "01/02/2020 10:00:00.5:8"])
LINES = st.tuples(st.sampled_from(["", "node=a ", "node=b "]), KINDS, IDS, BODIES).map(
    lambda part: f"{part[0]}type={part[1]} msg=audit({part[2]}): {part[3]}"
) | st.sampled_from(
    ["", "----", " ", "type=", "junk é", "type=A msg=audit(1.100:1):", "type=CWD msg=audit(1.100:1): \r"]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(LINES, max_size=12).map("\n".join), st.sampled_from(["", "\n"]))
@example("type=PATH msg=audit(1.100:1): x=1\ntype=CWD msg=audit(1.100:1): x=2\ntype=PATH msg=audit(1.100:1): x=3", "\n")
def test_columns_are_what_lines_are(tmp_path: Path, text: str, end: str) -> None:
    found = same(tmp_path, (text + end).encode())
    for piece in (1, 150):
        pieces = read(tmp_path, (text + end).encode(), chunk_size=piece)
        assert {name: rows.to_pylist() for name, rows in pieces.tables.items()} == {
            name: rows.to_pylist() for name, rows in found.tables.items()
        }
        assert (pieces.rejects, pieces.skipped) == (found.rejects, found.skipped)


def test_usual_lines_are_not_left_to_the_slow_way(data: Path) -> None:
    text = (data / "auditd/interleaved_and_encoded/audit.log").read_bytes()
    assert lines_of(text).is_usual.all()
    text = (data / "auditd/interpreted_with_nodes/audit.log").read_bytes()
    assert not lines_of(text).is_usual.any()


def test_a_node_stands_before_raw_records_too(tmp_path: Path) -> None:
    lines = start("1.100:1", 'argc=2 a0="id" a1="-u"').splitlines(keepends=True)
    both = b"".join(b"node=" + node + b" " + line for line in lines for node in (b"web1", b"web2.example"))
    assert lines_of(both).is_usual.all()
    found = same(tmp_path, both)
    assert found.tables["process"]["host"].to_pylist() == ["web1", "web2.example"]
    assert commands(found) == ["id -u"] * 2


def test_arguments_after_the_third_empty_ones_and_pieces(tmp_path: Path) -> None:
    many = " ".join(f'a{n}="{n}"' for n in range(1, 40))
    data = start("1.100:1", f'argc=40 a0="x" {many}')
    data += start("1.100:2", 'argc=4 a0="x" a1="" a2= a3="z"')
    data += start("1.100:3", 'argc=3 a0="x" a1_len=5 a1[0]="lo" a1[1]=6E67 a1[2]="!" a2=6120 62')
    data += start("1.100:4", "argc=3 a0=78 a1=22612062225C a2=C3A90A")
    found = same(tmp_path, data)
    assert commands(found) == [
        "x " + " ".join(map(str, range(1, 40))), "x   z", "x long! a ", 'x "a b"\\ é\n',
    ]  # fmt: skip
    assert json.loads(found.row("process", 10)["extra"])["EXECVE"]["a1"] == '"a b"\\'


def test_an_argument_list_that_goes_on_in_another_record(tmp_path: Path) -> None:
    data = log(
        ("SYSCALL", "1.100:1", CALL.format('"/bin/x"')),
        ("EXECVE", "1.100:1", 'argc=4 a0="x" a1="b"'),
        ("EXECVE", "1.100:1", 'a2="c" a3="d"'),
        ("PROCTITLE", "1.100:1", "proctitle=78"),
    )
    assert commands(same(tmp_path, data)) == ["x b c d"]


def test_words_of_an_argument_are_not_taken_for_those_of_a_program(tmp_path: Path) -> None:
    data = start("1.100:1", """argc=3 a0="git" a1="--msg='x'" a2="it's" """)
    assert commands(same(tmp_path, data)) == ["git --msg='x' it's"]


def test_hexadecimal_and_quotes_everywhere(tmp_path: Path) -> None:
    data = log(
        ("SYSCALL", "1.100:1", 'success=no pid=7 comm=6120622220 exe=2F746D702F6120622F7765 key="k"'),
        ("EXECVE", "1.100:1", "argc=1 a0=6162"),
        ("CWD", "1.100:1", "cwd=2F746D702F612062"),
        ("PATH", "1.100:1", "item=0 name=2F61 nametype=NORMAL"),
        ("PATH", "1.100:1", 'item=1 name="/b" nametype=NORMAL'),
        ("PROCTITLE", "1.100:1", "proctitle=61620063"),
        (
            "USER_CMD",
            "1.100:2",
            "pid=1 msg='cwd=\"/r\" cmd=6C73202D6C exe=2F746D702F612062 terminal=pts/0 res=success'",
        ),
    )
    found = same(tmp_path, data)
    row = found.row("process", 1)
    assert (row["path"], row["name"], row["cwd"], row["command_line"]) == ("/tmp/a b/we", "we", "/tmp/a b", "ab")
    extra = json.loads(row["extra"])
    assert extra["SYSCALL"]["comm"] == 'a b" '
    assert extra["PROCTITLE"]["proctitle"] == "ab\0c"
    assert [path["name"] for path in extra["PATH"]] == ["/a", "/b"]
    command = json.loads(found.row("syslog", 7)["extra"])["USER_CMD"]
    assert (command["cmd"], command["exe"], command["cwd"]) == ("ls -l", "/tmp/a b", "/r")


def test_a_call_without_success_is_neither_success_nor_failure(tmp_path: Path) -> None:
    data = log(
        ("SYSCALL", "1.100:1", "syscall=59 pid=7"), ("EXECVE", "1.100:1", 'a0="x"'), ("PROCTITLE", "1.100:1", "")
    )
    row = same(tmp_path, data).row("process", 1)
    assert (row["pid"], row["is_success"], row["command_line"]) == (7, None, "x")


def test_what_auditd_adds_for_people_is_taken_too(tmp_path: Path) -> None:
    data = log(
        ("SYSCALL", "1.100:1", 'success=yes pid=7 uid=0 key=(null)\x1dARCH=x86_64 UID="root" AUID="ana"'),
        ("EXECVE", "1.100:1", 'argc=1 a0="id"'),
        ("PROCTITLE", "1.100:1", 'proctitle="id"'),
        ("USER_START", "1.100:2", 'pid=1 uid=0 msg=\'op=PAM:session_open acct="root" res=success\'\x1dUID="root"'),
    )
    assert lines_of(data).is_usual.all()
    found = same(tmp_path, data)
    assert found.row("process", 1)["user"] == "root"
    assert json.loads(found.row("syslog", 4)["extra"])["USER_START"]["UID"] == "root"


def test_an_end_record_behind_an_event_that_has_ended_is_no_event(tmp_path: Path) -> None:
    data = start("1.100:1", 'argc=1 a0="x"') + log(("EOE", "1.100:1", ""))
    data += log(("SYSCALL", "1.100:2", "pid=3"), ("EOE", "1.100:2", ""))
    found = same(tmp_path, data)
    assert found.tables["syslog"]["event_type"].to_pylist() == ["EXECVE", "SYSCALL"]
    assert found.skipped == {"EOE": 1}


def test_events_without_a_title_end_when_time_passes(tmp_path: Path) -> None:
    data = log(
        ("SYSCALL", "1.000:1", "pid=1"),
        ("SYSCALL", "2.000:2", "pid=2"),
        ("PATH", "1.000:1", "item=0"),
        ("SYSCALL", "3.500:3", "pid=3"),
        ("PATH", "1.000:1", "item=1"),
    )
    found = same(tmp_path, data)
    assert [row["message"].count("\n") for row in found.tables["syslog"].to_pylist()] == [1, 0, 0, 0]


def test_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    data = start("1.100:1", 'argc=2 a0="x" a1=6162')
    plain = same(tmp_path, data).tables["process"].to_pylist()
    crlf = same(tmp_path, data.replace(b"\n", b"\r\n"))
    assert crlf.tables["process"].to_pylist() == plain
    assert lines_of(data.replace(b"\n", b"\r\n")).is_usual.all()
