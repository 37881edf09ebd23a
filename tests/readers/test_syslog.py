"""Syslog in files, and osquery's results."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flowsleuth.errors import OptionError
from flowsleuth.readers.osquery import OsqueryReader
from flowsleuth.readers.syslog import SyslogOptions, SyslogReader
from flowsleuth.readers.syslog_lines import Calendar, parse_syslog
from flowsleuth.schema import SYSLOG
from flowsleuth.testing import check_reader, count_lines, read_all

NEW_YEAR = "syslog/over_new_year/auth.log"
NEWER = "syslog/rfc5424_and_iso/messages.log"
OSQUERY = "osquery/processes_and_others/osqueryd.results.log"


def test_syslog_keeps_every_promise(data: Path) -> None:
    check_reader(
        SyslogReader(),
        data / NEW_YEAR,
        expect_rows={"syslog": 6, "logon": 2},
        expect_rejects=1,
        records=count_lines(),
        options=SyslogOptions(year=2023),
        has_zone=False,
        null_columns={"syslog": ["host_ip", "record_id", "event_type"]},
    )
    check_reader(
        SyslogReader(), data / NEWER, expect_rows={"syslog": 5, "logon": 1}, records=count_lines(), has_zone=True
    )


def test_a_year_that_is_not_said(data: Path, tmp_path: Path) -> None:
    found = read_all(SyslogReader(), data / NEW_YEAR, options=SyslogOptions(year=2023))
    when = dict(zip(*(found.tables["syslog"][name].to_pylist() for name in ("source_row", "start")), strict=True))
    assert {line: moment.year for line, moment in when.items()} == {
        1: 2023,
        2: 2023,
        4: 2024,
        5: 2023,
        6: 2024,
        7: 2025,
    }
    assert json.loads(found.row("syslog", 4)["extra"]) == {"year not in the log": "2024"}
    assert found.row("syslog", 7)["extra"] is None
    [reject] = found.rejects
    assert (reject.source_row, reject.reason, reject.detail) == (8, "not a time", "Feb 30 00:00:00")
    log = tmp_path / "auth.log"
    log.write_text("Dec 31 23:59:58 web1 cron: x\n")
    changed = datetime(2021, 1, 1, 6, tzinfo=UTC).timestamp()
    os.utime(log, (changed, changed))
    assert read_all(SyslogReader(), log).row("syslog", 1)["start"].year == 2020
    with pytest.raises(OptionError, match="not a year"):
        read_all(SyslogReader(), log, options=SyslogOptions(year=-3))


def test_a_message_in_full(data: Path) -> None:
    found = read_all(SyslogReader(), data / NEWER, source_file="x")
    row = found.row("syslog", 3)
    assert json.loads(row.pop("extra")) == {
        "structured": r'[exampleSDID@32473 iut="3" eventSource="Appl \] ication"][x@1 a="b"]'
    }
    assert row == dict.fromkeys(name for name in SYSLOG.names if name != "extra") | {
        "event_id": 2**31 + 3,
        "start": datetime(2003, 10, 11, 22, 14, 15, 3_000, tzinfo=UTC),
        "host": "mymachine.example.com",
        "facility": "local4",
        "severity": "notice",
        "program": "evntslog",
        "event_type": "ID47",
        "message": "An application event",
        "source_kind": "syslog",
        "source_file": "x",
        "source_row": 3,
    }
    assert found.row("syslog", 2)["start"] == datetime(2003, 8, 24, 12, 14, 15, 3, tzinfo=UTC)
    logon = found.row("logon", 4)
    assert (logon["user"], logon["src_ip"], logon["reason"], logon["start"].hour) == (
        "root", "192.0.2.9", "wrong password", 9,
    )  # fmt: skip


def test_osquery(data: Path) -> None:
    found = check_reader(
        OsqueryReader(),
        data / OSQUERY,
        expect_rows={"syslog": 5, "process": 1},
        expect_rejects=1,
        records=count_lines(),
        has_zone=True,
    )
    row = found.row("process", 2)
    assert (row["host"], row["pid"], row["name"], row["user"], row["parent_pid"]) == (
        "jumpvm", 193769, "anacron", "root", 192816,
    )  # fmt: skip
    assert row["command_line"] == "/bin/bash /bin/run-parts /etc/cron.daily"
    assert row["start"] == datetime(2023, 3, 16, 3, 8, 58, tzinfo=UTC)
    assert json.loads(found.row("syslog", 5)["message"]) == [{"username": "root"}, {"username": "ana"}]
    assert json.loads(found.row("syslog", 1)["extra"])["action"] == "removed"


@pytest.mark.parametrize(
    ("line", "when"),
    [
        ("2024-03-05T10:00:00 web1 sshd[8]: x", "2024-03-05 09:00:00+00:00"),
        ("2024-03-05 10:00:00,250 web1 kernel: [ 12.5] y", "2024-03-05 09:00:00.250000+00:00"),
        ("2024-03-05 10:00:00+05:00 web1 x: y", "2024-03-05 05:00:00+00:00"),
        ("<13>1 2024-03-05T10:00:00 web1 x - - - y", "None"),
        ("0001-01-01 00:00:00 web1 x: y", "None"),
    ],
)
def test_iso_times_with_a_blank_or_without_a_zone(line: str, when: str) -> None:
    calendar = Calendar(ZoneInfo("Europe/Prague"), datetime(2024, 3, 6, tzinfo=UTC))
    found = parse_syslog(line, calendar)
    assert found is not None
    assert str(found.when) == when
