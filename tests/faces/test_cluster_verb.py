"""``flowsleuth cluster`` on a file and on a workspace."""

from __future__ import annotations

import json

import flowsleuth
from flowsleuth.faces.cli import main

CSV = """\
TimeGenerated,NewProcessName,CommandLine
2019-01-15 05:15:03,C:/Windows/ping.exe,ping -n 3 10.0.0.1
2019-01-15 05:15:12,C:/Windows/ping.exe,ping -n 8 10.0.0.7
2019-01-15 05:15:14,C:/Temp/a.exe,a.exe \x1b[31m k
"""
AUDIT = """\
type=SYSCALL msg=audit(1588205000.155:{n}): arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid={n} exe="/bin/ls"
type=EXECVE msg=audit(1588205000.155:{n}): argc=2 a0="ls" a1="/tmp/x{n}"
"""


def run(capsys, *arguments):
    code = main(["cluster", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_file(tmp_path, capsys):
    file = tmp_path / "procs.csv"
    file.write_text(CSV)
    code, out, _ = run(capsys, file)
    assert code == 0
    assert "\x1b" not in out
    assert "c:/windows/ping.exe · ping -n <n> <ip>" in out
    assert out.splitlines()[-1] == "3 events in 2 clusters"
    code, out, _ = run(capsys, file, "--one-offs", "--format", "json")
    (only,) = json.loads(out)
    assert (only["count"], only["NewProcessName"]) == (1, "C:/Temp/a.exe")
    code, out, _ = run(capsys, file, "--by", "NewProcessName", "--most", 1)
    assert "2 clusters; the first 1 are shown" in out
    assert run(capsys, file, "--by", "Image")[0] == 2
    assert run(capsys, file, "--host", "A")[0] == 2


def test_a_workspace(tmp_path, capsys):
    (tmp_path / "audit.log").write_text("".join(AUDIT.format(n=n) for n in range(7, 10)))
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        ws.ingest(tmp_path / "audit.log")
    code, out, _ = run(capsys, "-w", tmp_path / "case")
    assert code == 0
    assert "3 events in 1 cluster" in out
    assert "ls <path>" in out
