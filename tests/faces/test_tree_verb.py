"""``flowsleuth tree`` on a file and on a workspace; the same on frames."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import flowsleuth
from flowsleuth.analyze.relatives import get_children
from flowsleuth.faces.cli import main
from flowsleuth.faces.frames import Chain
from flowsleuth.faces.views.process_trees import plot_process_tree

AUDIT = """\
type=SYSCALL msg=audit(1588205000.155:1): arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=100 uid=0 ses=1 comm="sh" exe="/bin/sh"
type=EXECVE msg=audit(1588205000.155:1): argc=2 a0="sh" a1="run.sh"
type=SYSCALL msg=audit(1588205001.000:2): arch=c000003e syscall=59 success=yes exit=0 ppid=100 pid=101 uid=0 ses=1 comm="curl" exe="/usr/bin/curl"
type=EXECVE msg=audit(1588205001.000:2): argc=2 a0="curl" a1="http://192.0.2.7/x"
type=SYSCALL msg=audit(1588205002.000:3): arch=c000003e syscall=59 success=yes exit=0 ppid=101 pid=102 uid=0 ses=1 comm="x" exe="/tmp/x"
type=EXECVE msg=audit(1588205002.000:3): argc=1 a0="./x"
"""  # noqa: E501


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tree")
    (folder / "audit.log").write_text(AUDIT)
    with flowsleuth.open(folder / "case", create=True) as ws:
        assert ws.ingest(folder / "audit.log").rows["process"] == 3
    return folder / "case"


@pytest.fixture
def procs(tmp_path):
    told = [
        ("2019-01-15 05:15:02", "WS1", "0x64", "0x1", "C:/cmd.exe", "cmd"),
        ("2019-01-15 05:15:03", "WS1", "0x65", "0x64", "C:/whoami.exe", "whoami\x1b[2J"),
        ("2019-01-15 05:15:03", "WS2", "0x65", "0x64", "C:/other.exe", None),
    ]
    columns = ["TimeGenerated", "Computer", "NewProcessId", "ProcessId", "NewProcessName", "CommandLine"]
    frame = pd.DataFrame(told, columns=columns)
    frame.to_csv(tmp_path / "procs.csv", index=False)
    return tmp_path / "procs.csv"


def run(capsys, *arguments):
    code = main(["tree", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_workspace(case, capsys):
    code, out, err = run(capsys, "-w", case)
    assert code == 0
    assert "read as flowsleuth" in err
    lines = out.splitlines()
    assert lines[1].startswith("└─ sh [100 2020-04-30 00:03:20]")
    assert lines[3].startswith("      └─ x [102")
    assert lines[-1].startswith("4 processes, 1 of them told by their children only; 1 root, 4 levels")
    _, out, _ = run(capsys, "-w", case, "--root", "CURL", "--most", 1)
    assert out.splitlines()[:2][0].startswith("curl [101") and "… 1 more below" in out
    _, out, _ = run(capsys, "-w", case, "--end", "2020-04-30T00:03:21")
    assert "curl" not in out
    _, out, _ = run(capsys, "-w", case, "--host", "nowhere")
    assert out.splitlines()[-1].startswith("0 processes")


def test_a_file(procs, capsys):
    code, out, err = run(capsys, procs, "--host", "ws1")
    assert code == 0
    assert "windows_4688" in err
    assert "\x1b" not in out
    assert "other.exe" not in out
    code, out, _ = run(capsys, procs, "--format", "json", "--root", "0x64")
    found = json.loads(out)
    assert [row["proc_pid"] for row in found if row["proc_host"] == "WS1"] == [100, 101]
    assert {row["proc_host"] for row in found} == {"WS1", "WS2"}


def test_what_cannot_be(procs, case, capsys, tmp_path):
    assert run(capsys, procs, "--start", "2020-01-01")[0] == 2
    assert run(capsys, procs, "--schema", "sysmon_1")[0] == 2
    assert run(capsys, "-w", case, "--schema", "sysmon_1")[0] == 2
    assert "no such file" in run(capsys, tmp_path / "none.csv")[2]
    (tmp_path / "a.log").write_text("x")
    assert "ingested" in run(capsys, tmp_path / "a.log")[2]


def test_in_hand(case):
    with flowsleuth.open(case) as ws:
        tree = ws.process_tree()
    assert tree.summary()["Processes"] == 4
    assert tree.below("curl").table["proc_name"].to_pylist() == ["curl", "x"]
    assert "<svg" in tree._repr_html_()
    assert get_children(tree, 1)["proc_name"].to_pylist() == ["curl"]
    shown = plot_process_tree(tree)
    shown.pick(3)
    assert shown.value["proc_name"].to_pylist() == ["x"]
    frame = tree.to_pandas()[["start", "host", "pid", "parent_pid", "name"]].dropna(subset=["name"])
    again = Chain(frame).build_process_tree()
    assert again["proc_name"].tolist()[1:] == ["sh", "curl", "x"]
