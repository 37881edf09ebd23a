"""Rules: all of them applied, to what is there and what comes, below any rating by a person."""

from __future__ import annotations

import time
from pathlib import Path

import pyarrow as pa
import pytest
from tests.triage.conftest import lines_of_a_day
from tests.zeek_writer import CONN, header

from flowsleuth.errors import OptionError
from flowsleuth.triage.conditions import Condition
from flowsleuth.triage.fields import FIELDS
from flowsleuth.triage.rules import Rule, load_rules, parse_condition

DEMO = """\
rules:
  - {name: a, severity: 2, where: [dst_port <= 1024, bytes <= 54]}
  - name: b
    severity: medium-is-2
"""


def rule(name: str, *where: object, severity: int = 2) -> Rule:
    return Rule.parse({"name": name, "severity": severity, "where": list(where)})


def rated(rows):
    return {(row["src_ip"], row["dst_ip"]): row["severity"] for row in rows(state="rated")}


def test_every_declared_rule_is_applied(ws, rows):
    """Spot 4.2: the third of the four rules was declared and never called."""
    (ws.folder / "rules.yaml").write_text(
        "- {name: one, severity: 2, where: dst_port = 4444}\n"
        "- {name: two, severity: 3, where: [dst_port = 6667]}\n"
        "- {name: three, severity: 1, where: [src_port = 0, dst_port <= 1023]}\n"
    )
    reports = ws.apply_rules()
    assert [(one.name, one.suspects, one.problem) for one in reports] == [
        ("one", 4, None),
        ("two", 2, None),
        ("three", 2, None),
    ]
    assert rated(rows)[("10.9.0.8", "203.0.113.9")] == 1
    assert rated(rows)[("10.9.0.9", "203.0.113.77")] == 3
    told = ws.rules().table.to_pylist()
    assert [(row["name"], row["origin"], row["matched"]) for row in told] == [
        ("one", "file", 4),
        ("two", "file", 2),
        ("three", "file", 2),
    ]
    assert all(row["last_match"] and row["last_run"] for row in told)
    assert [one.suspects for one in ws.apply_rules()] == [0, 0, 0]
    assert all(row["last_match"] < row["last_run"] for row in ws.rules().table.to_pylist())


def test_a_rule_rates_exactly_the_flows_that_match(ws, rows):
    ws.add_rule(rule("one port", "src_port = 60001"))
    (report,) = ws.apply_rules()
    assert report.flows == 2, "one flow, in the queues of two detectors"
    pair = next(row for row in rows() if (row["src_ip"], row["dst_ip"]) == ("10.9.0.7", "203.0.113.9"))
    assert pair["flows"] == 2


def test_a_rule_never_overrides_a_person(ws, rows):
    ws.rate(1, dst_port=4444)
    ws.add_rule(rule("low", "dst_port = 4444", severity=3))
    ws.apply_rules()
    assert set(rated(rows).values()) == {1}
    ws.undo()
    assert set(rated(rows).values()) == {3}
    ws.rate(2, dst_port=4444)
    assert set(rated(rows).values()) == {2}


def test_undo_without_a_number_is_about_ones_own_ratings(ws, rows):
    ws.add_rule(rule("low", "dst_port = 4444", severity=3))
    ws.apply_rules()
    with pytest.raises(OptionError, match="nothing to take back"):
        ws.undo()


def test_what_a_person_takes_back_of_a_rule_stays_taken_back(ws, rows):
    ws.add_rule(rule("low", "dst_port = 4444", severity=3))
    ws.apply_rules()
    for row in ws.ratings().table.to_pylist():
        ws.undo(row["rating_id"])
    assert rated(rows) == {}
    ws.apply_rules()
    assert rated(rows) == {}


def test_removing_or_changing_a_rule_takes_its_ratings_back(ws, rows):
    number = ws.add_rule(rule("low", "dst_port = 4444", severity=3))
    ws.apply_rules()
    assert ws.remove_rule(number) == 2, "one in each detector's queue"
    assert rated(rows) == {}
    file = ws.folder / "rules.yaml"
    file.write_text("- {name: irc, severity: 2, where: dst_port = 6667}\n")
    ws.apply_rules()
    assert set(rated(rows).values()) == {2}
    file.write_text("- {name: irc, severity: 1, where: dst_port = 6667}\n")
    ws.apply_rules()
    assert set(rated(rows).values()) == {1}
    with pytest.raises(OptionError, match="declared in a file"):
        ws.remove_rule(ws.rules().table["rule_id"][0].as_py())
    file.unlink()
    ws.apply_rules()
    assert rated(rows) == {}
    assert len(ws.rules()) == 0


def test_rules_are_applied_to_what_comes(ws, rows, tmp_path):
    ws.add_rule(rule("irc", "dst_port = 6667", severity=1))
    ws.apply_rules()
    log = tmp_path / "next.log"
    log.write_text(header("conn", CONN) + "".join(lines_of_a_day(1)))
    ws.ingest(log)
    ws.score("suspicious")
    found = [row["first_seen"].day for row in rows(state="rated")]
    assert sorted(found) == [14, 15]


def test_a_preview_changes_nothing(ws):
    found = ws.preview_rule(rule("x", "dst_port = 4444"))
    assert (found.suspects, found.flows) == (2, 4)
    assert len(ws.rules()) == len(ws.ratings()) == 0


def test_two_rules_of_one_name(ws):
    ws.add_rule(rule("x", "dst_port = 4444"))
    with pytest.raises(OptionError, match="of this name"):
        ws.add_rule(rule("x", "dst_port = 6667"))
    (ws.folder / "rules.yaml").write_text("- {name: x, severity: 2, where: dst_port = 6667}\n")
    with pytest.raises(OptionError, match="of this name"):
        ws.apply_rules()


@pytest.mark.parametrize(
    ("condition", "flows"),
    [
        ("src_ip cidr 10.9.0.0/24", 46),
        ("dst_ip != 203.0.113.9", 42),
        ("ip = 203.0.113.77", 2),
        ("dst_port >= 6667", 1),
        ("port in 0", 1),
        ("src_port in 60000-60002,61001", 4),
        ("conn_state in S0", 40),
        ("conn_state != SF", 40),
        ("service matches ^(http|ssl)$", None),
        ("dst_port = 3389", 40),
        ({"field": "dst_port", "op": "in", "value": [4444]}, 4),
    ],
)
def test_operators_mean_the_same_for_groups_as_for_their_flows(ws, condition, flows):
    found = ws.preview_rule(rule("x", condition, "src_ip cidr 10.9.0.0/24"))
    table = ws.store.arrow(ws.table("flow"))
    expected = rule("x", condition, "src_ip cidr 10.9.0.0/24").expression().judge(table, of_groups=False)
    assert found.flows == pa.compute.sum(expected).as_py()
    if flows is not None:
        assert found.flows == flows


@pytest.mark.parametrize(
    "condition",
    [
        "dst_port < 3",
        "nothing = 1",
        "dst_port",
        "",
        "dst_port = 70000",
        "dst_port = http",
        "src_ip >= 10.0.0.1",
        "proto cidr 10.0.0.0/8",
        "bytes = many",
        "bytes = nan",
        "server_name matches (",
        "server_name matches (?=x)",
        "server_name matches " + "a" * 2_000,
        "suspect_id = 1",
        {"field": "dst_port"},
        {"field": "x", "op": "=", "value": 1},
        "start >= yesterday",
        "bytes in 1,x",
        "dst_port = " + " " * 10_000 + "x",
    ],
)
def test_what_is_no_condition_is_refused(condition):
    with pytest.raises(OptionError):
        rule("x", condition)


@pytest.mark.parametrize(
    "text",
    [
        "just text",
        "- 5",
        "- {name: x}",
        "- {name: x, severity: 2}",
        "rules: {a: 1}",
        "- {name: x, severity: 2, were: a}",
        "- !!python/object/apply:os.system ['true']",
        "a: [",
        "- {name: x, severity: 9, where: dst_port = 1}",
        "- {name: x, severity: 2, where: dst_port = 1}\n- {name: x, severity: 2, where: dst_port = 1}",
    ],
)
def test_a_file_that_is_no_list_of_rules(tmp_path, text):
    (tmp_path / "rules.yaml").write_text(text)
    with pytest.raises(OptionError):
        load_rules(tmp_path / "rules.yaml")


def test_expressions_take_linear_time():
    """A name chosen to make a backtracking engine run for years."""
    names = pa.table({"server_name": ["a" * 10_000 + "!"] * 20})
    began = time.process_time()
    found = parse_condition("server_name matches ^(a+)+$").judge(names, of_groups=False)
    assert not any(found.to_pylist())
    assert time.process_time() - began < 5


def test_a_missing_value_meets_no_condition():
    rows = pa.table({"dst_port": pa.array([None, 443], pa.int32()), "server_name": pa.array([None, "a"])})
    assert Condition("dst_port", "!=", 80).judge(rows, of_groups=False).to_pylist() == [False, True]
    assert Condition("server_name", "!=", "b").judge(rows, of_groups=False).to_pylist() == [False, True]
    assert "dst_port" in FIELDS


def test_the_demo_rules_are_four(ws, rows):
    """Spot 4.2: set_rules."""
    file = Path(__file__).parents[2] / "docs" / "assets" / "demo-rules.yaml"
    declared = load_rules(file)
    assert [len(one.conditions) for one in declared] == [2, 3, 3, 2]
    assert {one.severity for one in declared} == {2}
    (ws.folder / "rules.yaml").write_text(file.read_text())
    assert {one.name: one.suspects for one in ws.apply_rules()}["from port 0"] == 2
    assert rated(rows)[("10.9.0.8", "203.0.113.9")] == 2
