"""``flowsleuth logons`` and ``flowsleuth sessions``, on a workspace and on a file."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

import flowsleuth
from flowsleuth.faces.cli.main import main
from flowsleuth.schema.facts import FACT
from flowsleuth.workspace.logon_rows import known_places

LINE = "2024-03-05T10:00:{:02d}+00:00 web1 {}\n"
SAID = (
    *["sshd[8]: Failed password for bob from 192.0.2.7 port 50022 ssh2"] * 5,
    "sshd[8]: Accepted password for bob from 192.0.2.7 port 50024 ssh2",
    "sshd[8]: pam_unix(sshd:session): session opened for user bob(uid=1000) by (uid=0)",
    "sudo[9]: bob : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/echo \x1b[31mred",
    "sudo[9]: pam_unix(sudo:session): session opened for user root by bob(uid=1000)",
    "sudo[9]: pam_unix(sudo:session): session closed for user root",
)


@pytest.fixture
def case(tmp_path: Path) -> str:
    log = tmp_path / "auth.log"
    log.write_text("".join(LINE.format(at, line) for at, line in enumerate(SAID)))
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        ws.ingest(log)
    return str(tmp_path / "case")


def test_logons_of_a_workspace(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logons", "-w", case]) == 0
    assert "5 failures of bob from 192.0.2.7 within 4 s; 1 s later it succeeded" in capsys.readouterr().out
    assert main(["logons", "summary", "--by", "source", "-w", case, "--format", "json"]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert (row["source"], row["logons"], row["failures"]) == ("192.0.2.7", 6, 5)
    assert main(["logons", "clusters", "-w", case, "--end", "2024-03-05 10:00:01"]) == 0
    assert "False" in capsys.readouterr().out


def test_rows_of_findings_are_ids_of_events(case: str) -> None:
    with flowsleuth.open(case) as ws:
        ids = ws.table("logon").to_pyarrow()["event_id"].to_pylist()
        [found] = ws.logon_patterns().table.to_pylist()
        assert sorted(found["rows"]) == sorted(ids)
        assert ws.logon_sessions("sshd").table["accepted_row"].to_pylist() == [ids[-1]]
        assert ws.sudo_sessions().table["user"].to_pylist() == ["bob"]
        assert ws.syslog_hosts().table["messages"].to_pylist() == [len(SAID)]


def test_sessions_of_a_workspace(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sessions", "-w", case]) == 0
    assert "192.0.2.7" in capsys.readouterr().out
    assert main(["sessions", "commands", "-w", case]) == 0
    assert "\x1b" not in capsys.readouterr().out
    for view in ("sudo", "hosts"):
        assert main(["sessions", view, "-w", case, "--format", "csv"]) == 0
    assert "web1" in capsys.readouterr().out


def test_a_file_and_words_that_are_no_view(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "signs.csv"
    table.write_text("TimeGenerated,UserPrincipalName,ResultType\n2024-03-05,bob,0\n2024-03-05,bob,50126\n")
    assert main(["logons", "summary", str(table), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["failures"] == 1
    messages = tmp_path / "messages.csv"
    messages.write_text("start,message\n2024-03-05,pam_unix(su:session): session opened for user root by bob(uid=1)\n")
    assert main(["sessions", str(messages), "--service", "su"]) == 0
    assert "root" in capsys.readouterr().out
    assert main(["logons", "nonsense", str(table)]) != 0
    assert "no such view" in capsys.readouterr().err
    assert main(["logons", str(table), "--last", "2d"]) != 0
    assert "a window is for the rows of a workspace" in capsys.readouterr().err


def test_places_are_those_of_the_facts_only(tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    said = "2024-03-05T10:{}:00+00:00 web1 sshd[8]: Accepted password for bob from {} port 50024 ssh2\n"
    log.write_text(said.format("00", "192.0.2.7") + said.format("35", "198.51.100.9"))
    rows = [
        ("192.0.2.7", "lat", "50.08"), ("192.0.2.7", "lon", "14.44"), ("198.51.100.9", "lat", "35.68"),
        ("198.51.100.9", "lon", "139.69"), ("203.0.113.1", "lat", "not told"), ("203.0.113.2", "lon", "1.0"),
    ]  # fmt: skip
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        ws.ingest(log)
        assert len(ws.logon_patterns(["travel"])) == 0
        facts = [
            {"observable": address, "observable_type": "ip", "fact": fact, "value": value, "source": "city.mmdb"}
            for address, fact, value in rows
        ]
        with ws.store.writing():
            ws.store.replace([], ws.store.write("fact", pa.Table.from_pylist(facts, schema=FACT.arrow_schema())))
        assert known_places(ws)["source"].to_pylist() == ["192.0.2.7", "198.51.100.9"]
        [found] = ws.logon_patterns(["travel"]).table.to_pylist()
    assert found["reason"] == "bob from 192.0.2.7, then 35 min later from 198.51.100.9, 9,071 km away: 15,550 km/h"
