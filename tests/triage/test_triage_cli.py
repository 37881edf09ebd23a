"""The terminal's triage, as a user would do it."""

from __future__ import annotations

import json

import pytest

from flowsleuth.faces.cli import main


@pytest.fixture
def run(case, capsys):
    def go(verb: str, *arguments: object, code: int = 0) -> str:
        got = main([verb, *map(str, arguments), "-w", str(case), "--analyst", "ana"])
        out = capsys.readouterr()
        assert got == code, out.err
        return out.out if code == 0 else out.err

    return go


def test_the_whole_loop(run):
    before = json.loads(run("queue", "--format", "json", "--size", 1000))
    said = run("rate", "high", "--src-ip", "10.9.0.7", "--dst-ip", "203.0.113.9", "--dry-run")
    assert said.startswith("would rate 1 suspects (3 flows); 0 of them are rated already")
    assert "rated 1 suspects (3 flows) high" in run("rate", "high", "--src-ip", "10.9.0.7", "--dst-ip", "203.0.113.9")
    assert len(json.loads(run("queue", "--format", "json", "--size", 1000))) == len(before) - 1
    assert "high" in run("queue", "--severity", "high")
    made = json.loads(run("rate", "3", "--dst-port", 0, "--why", "noise", "--format", "json"))
    assert (made["severity"], made["flows"]) == (3, 1)
    assert "noise" in run("rate", "list")
    assert run("rate", "undo").strip() == "rating 2 was taken back"
    assert "criteria" in run("audit")
    assert "ana" in run("audit", "--format", "csv")


def test_lists_and_filters(run):
    lists = json.loads(run("queue", "--values", "--dst-ip", "203.0.113.9", "--format", "json"))
    assert sorted(value for value, _ in lists["src_ip"] if value.startswith("10.9.")) == ["10.9.0.7", "10.9.0.8"]
    assert len(lists["dst_ip"]) > 1, "a list is not narrowed by its own choice"
    one = json.loads(run("queue", "--text", "6667/tcp", "--src-ip", "10.9.0.0/24", "--format", "json"))
    assert [row["dst_port"] for row in one] == [6667]
    assert json.loads(run("queue", "--start", "2030-01-01", "--format", "json")) == []


def test_rules(run, case):
    add = ("rules", "add", "irc", "--where", "dst_port = 6667", "--severity", "medium")
    assert "would rate 1 suspects" in run(*add, "--dry-run")
    assert "rule 1 is kept" in run(*add)
    assert "irc: 2 suspects (2 flows) newly rated medium" in run("rules", "apply")
    assert "dst_port = 6667" in run("rules")
    assert "add --yes" in run("rules", "remove", 1, code=2)
    assert "taken back" in run("rules", "remove", 1, "--yes")
    assert "there are no rules" in run("rules", "apply")


def test_suppressions(run):
    ask = ("suppress", "address", "203.0.113.77", "--reason", "sinkhole")
    assert "would hide 2 suspects" in run(*ask, "--dry-run")
    assert "hides 2 suspects (2 flows)" in run(*ask, "--days", 30)
    assert "in force" in run("suppress")
    assert "2 suppressed" in run("queue")
    assert "is lifted" in run("suppress", "lift", 1)
    assert "lifted" in run("suppress", "list", "--all")
    assert "say why" in run("suppress", "address", "203.0.113.77", code=2)


def test_a_day_is_reset_only_when_that_is_sure(run):
    run("rate", "high", "--ip", "203.0.113.77")
    assert "add --yes" in run("rate", "reset", "2023-11-14", code=2)
    done = json.loads(run("rate", "reset", "2023-11-14", "--yes", "--format", "json"))
    assert json.loads(run("rate", "list", "--format", "json")) == []
    assert "1 ratings hold again" in run("rate", "restore", done["reset_id"])


def test_heuristics(run):
    assert "10.9.0.66 reached 40 distinct addresses" in run("heuristics", "fan_out")
    assert "turned off" in run("heuristics", "--turn-off", "fan_out")
    assert "10.9.0.66 reached" not in run("heuristics")
    assert json.loads(run("heuristics", "fan_out", "--format", "json"))[0]["count"] == 40


@pytest.mark.parametrize(
    "arguments",
    [
        ("rate", "high"),
        ("rate", "grave", "--ip", "10.0.0.1"),
        ("rate", "high", "10.0.0.1"),
        ("rate", "undo", "x"),
        ("rate", "high", "--ip", "x"),
        ("queue", "--sort", "x"),
        ("queue", "--page", 0),
        ("queue", "--dst-port", "x"),
        ("rules", "add", "x", "--severity", "high"),
        ("rules", "add", "x", "--where", "dst_port = 1"),
        ("rules", "remove"),
        ("suppress", "address"),
        ("suppress", "sun", "x", "--reason", "y"),
        ("labels", "import"),
        ("labels", "import", "/no/x.csv"),
        ("heuristics", "no_such"),
        ("rate", "reset"),
        ("rate", "restore", 5),
    ],
)
def test_wrong_usage_exits_2(run, arguments):
    assert run(*arguments, code=2).startswith("flowsleuth: ")


def test_control_characters_do_not_reach_the_terminal(run):
    run("rate", "high", "--dst-port", 0, "--why", "red \x1b[31m alert\x07")
    assert "\x1b" not in run("rate", "list")
    assert "\x07" not in run("rate", "list")
