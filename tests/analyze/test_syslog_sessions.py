"""Sessions that syslog tells of: paired within host, service, account and process, none invented."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsleuth.analyze.syslog import (
    SyslogSchema,
    cluster_syslog_logons_df,
    logon_sessions,
    risky_sudo_sessions,
    sudo_commands,
    sudo_sessions,
    syslog_hosts,
)
from flowsleuth.analyze.syslog.pairing import pair_nested
from flowsleuth.errors import OptionError

SHARED = Path(__file__).parents[3] / "shared" / "data" / "host"
OPENED = "pam_unix({}:session): session opened for user {} by {}(uid=0)"
CLOSED = "pam_unix({}:session): session closed for user {}"
COMMAND = "{} : TTY=pts/0 ; PWD=/home/x y ; USER={} ; COMMAND={}"


def messages(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Seconds, program, pid, message, all of one host."""
    frame = pd.DataFrame(rows, columns=["at", "program", "pid", "message"]).astype({"pid": "object"})
    frame["start"] = pd.Timestamp("2024-03-05 10:00", tz="UTC") + pd.to_timedelta(frame.pop("at"), unit="s")
    return frame.assign(host="web1")


def test_a_session_of_sshd_says_where_it_came_from() -> None:
    frame = messages(
        (0, "sshd", 7, "Accepted publickey for bob from 2001:db8::7 port 5022 ssh2: ED25519 SHA256:x"),
        (0, "sshd", 8, "Accepted password for bob from 10.0.0.9 port 5023 ssh2"),
        (1, "sshd", 7, "pam_unix(sshd:session): session opened for user bob(uid=1000) by (uid=0)"),
        (2, "sshd", 8, OPENED.format("sshd", "bob", "")),
        (60, "sshd", 8, CLOSED.format("sshd", "bob")),
        (90, "sshd", 7, CLOSED.format("sshd", "bob")),
    )
    found = logon_sessions(frame)
    assert found[["user", "src_ip", "src_port", "method", "duration_s"]].values.tolist() == [
        ["bob", "2001:db8::7", 5022, "publickey", 89.0],
        ["bob", "10.0.0.9", 5023, "password", 58.0],
    ]
    assert found[["opened_row", "closed_row", "accepted_row"]].values.tolist() == [[2, 5, 0], [3, 4, 1]]


def test_without_process_ids_the_last_session_ends_first_and_a_lost_end_stays_lost() -> None:
    frame = messages(
        (0, "su", None, OPENED.format("su", "root", "bob")),
        (1, "su", None, OPENED.format("su", "root", "ana")),
        (2, "su", None, CLOSED.format("su", "root")),
        (3, "cron", None, CLOSED.format("cron", "root")),
        (4, "sshd", None, "Accepted password for eve from 10.0.0.9 port 5023 ssh2"),
        (50, "sshd", None, OPENED.format("sshd", "eve", "")),
    )
    found = logon_sessions(frame)
    assert found["by_user"].tolist()[:2] == ["bob", "ana"]
    assert found["duration_s"].isna().tolist() == [True, False, True]
    assert found["src_ip"].isna().all()  # 46 s after: another session's


def test_an_end_days_later_is_anothers_where_nothing_but_time_tells() -> None:
    rows = ((0, "su", None, OPENED.format("su", "root", "bob")), (90_000, "su", None, CLOSED.format("su", "root")))
    assert logon_sessions(messages(*rows))["end"].isna().all()
    with_pid = [(at, program, 7, text) for at, program, _, text in rows]
    assert logon_sessions(messages(*with_pid))["duration_s"].tolist() == [90_000.0]


def test_services_and_old_spellings() -> None:
    frame = messages(
        (0, "sshd(pam_unix)", 5, "session opened for user bob by (uid=0)"),
        (3, "sshd(pam_unix)", 5, "session closed for user bob"),
        (4, "login", 6, "pam_sss(login:session): session opened for user ana(uid=5) by LOGIN(uid=0)"),
        (5, "kernel", None, "[ 12.5] usb 1-1: new device for user x"),
        (6, "x", None, None),
    )
    found = logon_sessions(frame)
    assert found["service"].tolist() == ["sshd", "login"]
    assert logon_sessions(frame, service="login")["by_user"].tolist() == ["LOGIN"]


def test_exports_that_begin_with_the_newest_row() -> None:
    rows = [
        (0, "sudo", None, COMMAND.format("bob", "root", "/bin/id")),
        (0, "sudo", None, OPENED.format("sudo", "root", "bob")),
        (0, "sudo", None, CLOSED.format("sudo", "root")),
        (9, "sudo", None, OPENED.format("sudo", "root", "bob")),
        (9, "sudo", None, CLOSED.format("sudo", "root")),
    ]
    assert logon_sessions(messages(*rows))["duration_s"].tolist() == [0.0, 0.0]
    assert logon_sessions(messages(*reversed(rows)))["duration_s"].tolist() == [0.0, 0.0]


def test_commands_of_sudo_in_both_spellings_and_those_refused() -> None:
    frame = messages(
        (0, "sudo", 1, "    bob : TTY=pts/0 ; PWD=/home/x y ; USER=root ; COMMAND=/bin/sh -c a; COMMAND=b"),
        (1, "sudo", 2, "bob : TTY=unknown   PWD=/   USER=www   COMMAND=/bin/ls"),
        (2, "sudo", 3, "eve : user NOT in sudoers ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/cat /etc/shadow"),
        (3, "sudo", 4, "eve : 3 incorrect password attempts ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/ls"),
        (4, "sudo", 5, "bob : TTY=pts/0 ; PWD=/ ; USER=root ; GROUP=adm ; ENV=A=1 ; COMMAND=/bin/long one"),
        (4, "sudo", 5, "bob : (command continued) two"),
        (5, "logger", 6, "bob : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/forged"),
        (6, "sudo", 7, "bob : unable to resolve host web1"),
    )
    found = sudo_commands(frame)
    assert found[["user", "run_as", "tty", "cwd", "command"]].values.tolist() == [
        ["bob", "root", "pts/0", "/home/x y", "/bin/sh -c a; COMMAND=b"],
        ["bob", "www", "unknown", "/", "/bin/ls"],
        ["eve", "root", "pts/1", "/", "/bin/cat /etc/shadow"],
        ["eve", "root", "pts/1", "/", "/bin/ls"],
        ["bob", "root", "pts/0", "/", "/bin/long onetwo"],
    ]
    assert found["is_allowed"].tolist() == [True, True, False, False, True]
    assert found["risk"].notna().tolist() == [False, False, True, False, False]
    assert "T1003.008" in found["risk"].iloc[2]
    assert found["reason"].tolist()[2:4] == ["user NOT in sudoers", "3 incorrect password attempts"]


def test_what_was_done_in_a_session_and_what_of_it_is_risky() -> None:
    frame = messages(
        (0, "sudo", 1, COMMAND.format("bob", "root", "/bin/cat /etc/shadow")),
        (0, "sudo", 1, OPENED.format("sudo", "root", "bob")),
        (1, "sudo", 2, COMMAND.format("ana", "root", "/bin/ls")),
        (1, "sudo", 2, OPENED.format("sudo", "root", "ana")),
        (2, "sudo", 2, CLOSED.format("sudo", "root")),
        (3, "sudo", 3, "eve : user NOT in sudoers ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/cat /etc/shadow"),
        (9, "sudo", 1, CLOSED.format("sudo", "root")),
    )
    asked: list[str] = []

    def find_risk(commands: Any) -> list[str | None]:
        asked.extend(commands)
        return ["reads the passwords" if "shadow" in command else None for command in commands]

    found = sudo_sessions(frame, find_risk=find_risk)
    assert asked == ["/bin/cat /etc/shadow", "/bin/ls"]
    assert found[["user", "run_as", "duration_s", "is_risky"]].values.tolist() == [
        ["bob", "root", 9.0, True],
        ["ana", "root", 1.0, False],
    ]
    assert [list(some) for some in found["commands"]] == [["/bin/cat /etc/shadow"], ["/bin/ls"]]
    assert [list(some) for some in found["command_rows"]] == [[0], [2]]
    assert risky_sudo_sessions(found) == {0: "reads the passwords"}


def test_risky_actions_by_their_moments() -> None:
    sessions = pd.DataFrame(
        {"User": ["a", "b"], "Start": ["2024-01-01T10:00Z", "2024-01-01T10:05Z"], "End": ["2024-01-01T10:10Z", None]},
        index=["x", "y"],
    )
    moment = pd.Timestamp("2024-01-01 10:06", tz="UTC")
    told = risky_sudo_sessions(
        sessions, {moment: ["one", "two"]}, [{"burst": [pd.DataFrame({"TimeGenerated": [moment]})]}]
    )
    assert told == dict.fromkeys(["x", "y"], "one; two; many commands in a short time")
    assert risky_sudo_sessions(sessions, {"2024-01-01T09:00Z": "x", "no time": "y"}) == {}


def test_tables_of_others_and_what_is_missing() -> None:
    table = pa.table(
        {"t": ["2024-01-01T10:00:00Z", "x"], "m": [OPENED.format("su", "root", "b"), "y"], "h": ["a", None]}
    )
    schema = SyslogSchema(time="t", message="m", host="h")
    assert cluster_syslog_logons_df(table, schema)["User"].to_pylist() == ["root"]
    with pytest.raises(OptionError, match="SyslogSchema"):
        logon_sessions(table)
    with pytest.raises(OptionError, match="no such column"):
        logon_sessions(table, SyslogSchema(time="t", message="nope"))
    empty = messages()
    assert cluster_syslog_logons_df(empty).empty
    assert sudo_sessions(empty).empty
    assert syslog_hosts(empty).empty


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=30))
def test_pairs_are_those_of_a_stack(events: list[tuple[int, bool]]) -> None:
    stacks: dict[int, list[int]] = {}
    wanted = [-1] * len(events)
    for at, (group, is_begin) in enumerate(events):
        stack = stacks.setdefault(group, [])
        if is_begin:
            stack.append(at)
        elif stack:
            wanted[stack.pop()] = at
    groups, begins = (
        np.array([one for one, _ in events], dtype=np.int64),
        np.array([two for _, two in events], dtype=bool),
    )
    assert pair_nested(groups, begins).tolist() == wanted


@pytest.mark.skipif(not SHARED.exists(), reason="the development data is not here")
def test_real_exports_of_log_analytics() -> None:
    frame = pd.read_csv(SHARED / "sudo_data.csv", encoding="utf-8-sig")
    found = sudo_sessions(frame)
    assert len(found) == 11
    assert set(found["user"]) == {"peteb"}
    assert "/usr/bin/apt-get install auditd" in found["commands"].iloc[0]
    hosts = syslog_hosts(frame).set_index("host")
    assert hosts["messages"].to_dict() == {"UbuntuDevEnv": 14, "squid-uk-02": 8}
    assert list(hosts.loc["squid-uk-02", "users"]) == ["omsagent", "root"]
    agents = pd.read_csv(SHARED / "syslog_data.csv")
    assert len(cluster_syslog_logons_df(agents)) == 33
    assert len(sudo_commands(agents)) == 34
