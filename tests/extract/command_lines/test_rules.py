"""The bundled rules: each matches its examples and not its counterexamples; ordinary work is left alone."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from flowsleuth.errors import OptionError
from flowsleuth.extract.command_lines.matching import match_rules
from flowsleuth.extract.command_lines.rule import CommandRule, RuleSet, bundled_rules, load_rules

RULES = bundled_rules()

HERE = Path(__file__).parent
ORDINARY = (HERE / "ordinary.txt").read_text(encoding="utf-8").splitlines()
"""What administrators, developers and the systems themselves run every day."""
RISKY = [line.split("\t", 1) for line in (HERE / "risky.txt").read_text(encoding="utf-8").splitlines()]
"""Rule and command line, none of them an example of the rule."""


def _hits(lines: list[str], rules: RuleSet = RULES) -> list[set[str]]:
    found: list[set[str]] = [set() for _ in lines]
    for one in match_rules(pa.array(lines, pa.string()), rules).to_pylist():
        found[one["text"]].add(rules.rules[one["rule"]].id)
    return found


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.id)
def test_a_rule_matches_its_examples_and_not_its_counterexamples(rule: CommandRule) -> None:
    assert rule.examples and rule.counterexamples
    alone = RuleSet((rule,))
    assert [
        line for line, found in zip(rule.examples, _hits(list(rule.examples), alone), strict=True) if not found
    ] == []
    assert [
        line
        for line, found in zip(rule.counterexamples, _hits(list(rule.counterexamples), alone), strict=True)
        if found
    ] == []


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.id)
def test_a_rule_is_written_as_the_others(rule: CommandRule) -> None:
    assert rule.reason.endswith(".") and not rule.title.endswith(".")
    assert rule.title[0].isupper() or rule.title.startswith(
        ("mshta", "rundll32", "regsvr32", "certutil", "bitsadmin", "wmic", "msiexec", "curl", "/dev")
    )
    assert len(set(rule.techniques)) == len(rule.techniques)


def test_every_example_is_found_with_all_rules_together() -> None:
    lines = [(line, rule.id) for rule in RULES.rules for line in rule.examples]
    found = _hits([line for line, _ in lines])
    assert [(line, id) for (line, id), hits in zip(lines, found, strict=True) if id not in hits] == []


def test_ordinary_work_is_left_alone() -> None:
    assert {line: hits for line, hits in zip(ORDINARY, _hits(ORDINARY), strict=True) if hits} == {}


@pytest.mark.parametrize(("rule", "line"), RISKY)
def test_what_is_risky_is_found(rule: str, line: str) -> None:
    assert rule in _hits([line])[0]


def test_matched_text_stands_at_its_offset() -> None:
    lines = [line for rule in RULES.rules for line in rule.examples] + [f"é ☃ && {line}" for _, line in RISKY]
    for one in match_rules(pa.array(lines), RULES).to_pylist():
        line = lines[one["text"]]
        assert one["matched"] and line[one["offset"] :].startswith(one["matched"])


def test_the_same_whatever_the_order_and_the_size_of_parts() -> None:
    lines = [line for rule in RULES.rules for line in rule.examples]
    many = lines * 70  # more than one part
    found = _hits(many)
    assert found[: len(lines)] == found[-len(lines) :] == _hits(lines)
    assert list(reversed(_hits(list(reversed(lines))))) == _hits(lines)


HOSTILE = (
    "a^" * 200_000, "-e" * 300_000, "powershell " * 50_000, "curl http://x " + "| " * 200_000, "(" * 300_000,
    "\\" * 500_000,
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
def test_a_hostile_line_does_not_hold_anything_up(text: str) -> None:
    began = time.process_time()
    match_rules(pa.array([text]), RULES)
    assert time.process_time() - began < 20


def test_rules_of_ones_own(tmp_path) -> None:
    text = RULE.format(id="own", expression="secret-tool")
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / "b.yml").write_text(RULE.format(id="other", expression="x"))
    own = load_rules(tmp_path)
    assert [rule.id for rule in own.rules] == ["own", "other"]
    both = RULES + own
    assert len(both) == len(RULES) + 2 and both["own"].severity == "high"
    replaced = both + load_rules(tmp_path / "a.yaml")
    assert len(replaced) == len(both)


RULE = """
- id: {id}
  title: A title
  reason: A reason.
  techniques: [T1059]
  severity: high
  platform: any
  needs: [secret]
  match: ['{expression}']
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not YAML"),
        ("a: b", "not a list of rules"),
        ("- 5", "a rule is a mapping"),
        ("- id: x", "missing"),
        (RULE.format(id="Bad Id", expression="x"), "not an id"),
        (RULE.format(id="bad", expression="("), "not an expression of RE2"),
        (RULE.format(id="bad", expression="(?=x)"), "not an expression of RE2"),
        (RULE.format(id="bad", expression="@prog(x"), "not closed"),
        (RULE.format(id="bad", expression="x").replace("high", "huge"), "choices"),
        (RULE.format(id="bad", expression="x").replace("T1059", "T10590"), "ATT&CK"),
        (RULE.format(id="bad", expression="x").replace("[secret]", "[Secret]"), "lower case"),
        (RULE.format(id="bad", expression="x").replace("  match", "  mtach"), "mtach"),
        (RULE.format(id="bad", expression="x") * 2, "used twice"),
    ],
)
def test_a_wrong_rule_is_told_with_its_file_and_part(tmp_path, text: str, said: str) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(text)
    with pytest.raises(OptionError, match=re.escape(said)) as told:
        load_rules(file)
    assert "rules.yaml" in str(told.value)


def test_a_file_that_is_not_there_is_told(tmp_path) -> None:
    with pytest.raises(OptionError, match="cannot be read"):
        load_rules(tmp_path / "none.yaml")


def test_only_some() -> None:
    linux = RULES.only(platform="linux", least="high")
    assert linux.rules and {rule.severity for rule in linux.rules} == {"high"}
    assert {rule.platform for rule in linux.rules} == {"linux", "any"}
    with pytest.raises(OptionError, match="no such platform"):
        RULES.only(platform="amiga")
    with pytest.raises(OptionError, match="no such severity"):
        RULES.only(least="awful")
    with pytest.raises(OptionError, match="did you mean fork-bomb"):
        RULES["fork-bom"]


def test_no_match_is_lost_for_want_of_a_literal() -> None:
    """Every expression on every line that is known here, without looking at what a rule needs first."""

    lines = [line for rule in RULES.rules for line in (*rule.examples, *rule.counterexamples)]
    lines = list(dict.fromkeys([*lines, *ORDINARY, *(line for _, line in RISKY)]))
    spaced = (line.replace(" ", blanks) for blanks in ("  ", "\t", "\u00a0") for line in lines)
    texts = pa.array([*lines, *(line.upper() for line in lines), *spaced])
    quick = {(one["text"], one["rule"]) for one in match_rules(texts, RULES).to_pylist()}
    slow = set()
    for number, rule in enumerate(RULES.rules):
        found = pc.match_substring_regex(texts, rule.expression)
        if rule.exception:
            found = pc.and_not(found, pc.match_substring_regex(texts, rule.exception))
        slow |= {(text, number) for text in pc.indices_nonzero(found).to_pylist()}
    lost = {(RULES.rules[rule].id, texts[text].as_py()) for text, rule in slow - quick}
    assert not lost and quick == slow
