"""Sigma rules of our own: each modifier and kind of condition against what it means; what cannot be judged is told."""

from __future__ import annotations

import re
from pathlib import Path

import pandas
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsleuth.analyze.sigma import load_sigma, match_sigma
from flowsleuth.analyze.sigma.fields import ProcessFields
from flowsleuth.errors import OptionError

pytest.importorskip("sigma.collection")

STARTS = pandas.DataFrame(
    {
        "path": [
            r"C:\Windows\System32\cmd.exe", r"C:\Windows\System32\whoami.exe", "/usr/bin/curl", None, "powershell.exe",
            "bash",
        ],
        "command_line": [
            "cmd.exe /c Whoami /all", "whoami", "curl -s http://192.0.2.7/a*b", None, "powershell -enc AAAA", "",
        ],
        "parent_path": ["explorer.exe", r"C:\Windows\System32\cmd.exe", "bash", None, "winword.exe", "sshd"],
        "user": ["bob", "SYSTEM", "root", None, "bob", "root"],
        "domain": ["CORP", "NT AUTHORITY", None, None, "CORP", None],
        "pid": [100, 200, 300, None, 500, 600],
        "sha256": ["aa", "bb", None, None, "cc", None],
        "integrity": ["medium", "system", None, None, "high", None],
    }
)  # fmt: skip


def _rule(detection: str, source: str = "{category: process_creation}", more: str = "") -> str:
    body = "\n".join("  " + line for line in detection.strip("\n").split("\n"))
    return f"title: Own\nid: 0b1f2d4e-0000-4000-8000-000000000001\nlogsource: {source}\ndetection:\n{body}\n{more}\n"


def _load(tmp_path: Path, text: str):
    file = tmp_path / "rule.yml"
    file.write_text(text, encoding="utf-8")
    return load_sigma(file)


def _rows(tmp_path: Path, detection: str, data=STARTS, **options) -> list[int]:
    found = match_sigma(data, _load(tmp_path, _rule(detection)), **options)
    assert found.report["status"].tolist() == ["judged"], found.report["why"].tolist()
    assert found.report["hits"].tolist() == [len(found.hits)]
    return found.hits["row"].tolist()


@pytest.mark.parametrize(
    ("selection", "rows"),
    [
        ("CommandLine: whoami", [1]),
        ("CommandLine: WHOAMI", [1]),
        ("CommandLine|cased: WHOAMI", []),
        ("CommandLine|contains: whoami", [0, 1]),
        ("CommandLine|contains: [all, http]", [0, 2]),
        ("CommandLine|contains|all: [whoami, all]", [0]),
        ("CommandLine|contains|cased: Whoami", [0]),
        ("CommandLine|startswith: curl", [2]),
        ("CommandLine|endswith: [/ALL, aaaa]", [0, 4]),
        ("CommandLine: '*who*'", [0, 1]),
        ("CommandLine: 'w?oami'", [1]),
        ("CommandLine: 'c*/c*/all'", [0]),
        (r"CommandLine: '*a\*b'", [2]),
        (r"CommandLine|contains: 'a\*b'", [2]),
        (r"CommandLine|re: 'who\w+\s+/'", []),
        (r"CommandLine|re|i: 'WHO\w+\s+/'", [0]),
        ("CommandLine: null", [3, 5]),
        ("CommandLine: ''", [5]),
        ("CommandLine|exists: true", [0, 1, 2, 4, 5]),
        ("CommandLine|exists: false", [3]),
        ("commandline: whoami", [1]),
        (r"Image|endswith: '\cmd.exe'", [0]),
        (r"Image|endswith: '\powershell.exe'", [4]),
        ("Image|endswith: /bash", [5]),
        (r"ParentImage|endswith: ['\cmd.exe', '\winword.exe', /bash]", [1, 2, 4]),
        (r"User|contains: 'AUTHORI'", [1]),
        (r"User: 'CORP\bob'", [0, 4]),
        ("User: root", [2, 5]),
        ("ProcessId: 300", [2]),
        ("ProcessId|gte: 300", [2, 4, 5]),
        ("ProcessId|lt: 200", [0]),
        ("Hashes|contains: SHA256=BB", [1]),
        ("sha256: cc", [4]),
        ("IntegrityLevel: [System, High]", [1, 4]),
        ("CommandLine|contains|windash: ' -all'", [0]),
        ("CommandLine|base64offset|contains: nothing", []),
        ("CommandLine|contains: 192.0.2.7", [2]),
    ],
)
def test_each_modifier(tmp_path: Path, selection: str, rows: list[int]) -> None:
    assert _rows(tmp_path, f"sel:\n  {selection}\ncondition: sel") == rows


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ("a and b", [0]),
        ("a or c", [0, 1, 2]),
        ("not a", [2, 3, 4, 5]),
        ("a and not b", [1]),
        ("(a or c) and not 1 of filter_*", [0, 2]),
        ("1 of sel_*", [2, 4]),
        ("all of sel_*", []),
        ("all of them", []),
        ("1 of them", [0, 1, 2, 4]),
        ("not (a or c)", [3, 4, 5]),
    ],
)
def test_each_condition(tmp_path: Path, condition: str, rows: list[int]) -> None:
    detection = f"""
a: {{CommandLine|contains: whoami}}
b: {{CommandLine|contains: /all}}
c: {{Image|endswith: curl}}
sel_one: {{CommandLine|startswith: curl}}
sel_two: {{CommandLine|startswith: powershell}}
filter_x: {{User|endswith: SYSTEM}}
condition: {condition}
"""
    assert _rows(tmp_path, detection) == rows


def test_lists_of_mappings_and_keywords(tmp_path: Path) -> None:
    detection = "sel:\n  - CommandLine: whoami\n  - {Image|endswith: curl, CommandLine|contains: http}\ncondition: sel"
    assert _rows(tmp_path, detection) == [1, 2]
    assert _rows(tmp_path, "keywords:\n  - '192.0.2'\n  - winword\ncondition: keywords") == [2, 4]


def test_a_network(tmp_path: Path) -> None:
    starts = pandas.DataFrame({"CommandLine": ["a"] * 4, "DestinationIp": ["192.0.2.9", "198.51.100.1", "no", None]})
    assert _rows(tmp_path, "sel: {DestinationIp|cidr: 192.0.2.0/24}\ncondition: sel", starts) == [0]


def test_one_field_the_same_as_another(tmp_path: Path) -> None:
    starts = pandas.DataFrame({"Image": [r"C:\a.exe", r"C:\a.exe"], "ParentImage": [r"c:\A.exe", r"C:\b.exe"]})
    assert _rows(tmp_path, "sel: {Image|fieldref: ParentImage}\ncondition: sel", starts) == [0]


SCHEMAS = [
    ("NewProcessName", "CommandLine", "ParentProcessName"),
    ("Image", "CommandLine", "ParentImage"),
    ("FolderPath", "ProcessCommandLine", "InitiatingProcessFolderPath"),
    ("CreatedProcessName", "CreatedProcessCommandLine", "InitiatingProcessName"),
    ("process.executable", "process.command_line", "process.parent.executable"),
]


@pytest.mark.parametrize("columns", SCHEMAS, ids=lambda columns: columns[0])
@pytest.mark.parametrize("folder", ["C:\\x\\", ""])
def test_tables_of_any_schema(tmp_path: Path, columns: tuple[str, ...], folder: str) -> None:
    detection = (
        r"sel: {Image|endswith: '\vssadmin.exe', CommandLine|contains: delete, ParentImage|endswith: '\cmd.exe'}"
        "\ncondition: sel"
    )
    cells = (f"{folder}vssadmin.exe", "vssadmin delete", f"{folder}cmd.exe")
    starts = pandas.DataFrame({name: [cell, "x"] for name, cell in zip(columns, cells, strict=True)})
    assert _rows(tmp_path, detection, starts) == [0]


def test_a_schema_of_ones_own(tmp_path: Path) -> None:
    starts = pandas.DataFrame({"prog": [r"C:\a.exe"], "args": ["x"]})
    assert _rows(
        tmp_path, r"sel: {Image|endswith: '\a.exe'}" + "\ncondition: sel", starts, columns={"Image": "prog"}
    ) == [0]
    with pytest.raises(OptionError, match="no such column"):
        match_sigma(starts, _load(tmp_path, _rule("sel: {Image: a}\ncondition: sel")), columns={"Image": "progg"})


def test_the_make_of_the_table_and_the_hit_in_full(tmp_path: Path) -> None:
    more = "level: high\ndescription: Why.\ntags: [attack.execution, attack.t1059.001, attack.t1027]"
    rules = _load(tmp_path, _rule("sel: {CommandLine|contains: enc}\ncondition: sel", more=more))
    found = match_sigma(pa.Table.from_pandas(STARTS), rules)
    assert found.hits.to_pylist() == [
        {
            "row": 4,
            "level": "high",
            "rule": "0b1f2d4e-0000-4000-8000-000000000001",
            "title": "Own",
            "technique": "T1059.001, T1027",
            "description": "Why.",
            "command_line": "powershell -enc AAAA",
            "file": str(tmp_path / "rule.yml"),
        }
    ]
    labelled = match_sigma(STARTS.set_axis(list("abcdef")), rules)
    assert labelled.hits["row"].tolist() == ["e"]


@pytest.mark.parametrize(
    ("text", "status", "why"),
    [
        (_rule("sel: {CommandLine|re: '(?=x)y'}\ncondition: sel"), "not read", "Regular expression"),
        (_rule("sel: {CommandLine|expand: '%tools%'}\ncondition: sel"), "not judged", "placeholders"),
        (_rule("sel: {CommandLine|nosuch: x}\ncondition: sel"), "not read", "nosuch"),
        (_rule("sel: {CommandLine: x}\ncondition: other"), "not judged", "other"),
        (_rule("sel: {CommandLine: x}\ncondition: sel | count() > 5"), "not judged", ""),
        (_rule("sel: {QueryName: x}\ncondition: sel", "{category: dns_query}"), "not judged", "dns_query"),
        ("- just\n- a list", "not read", ""),
        ("title: [", "not read", "Error"),
        ("", "not read", "no rule"),
        ("title: x", "not read", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_told_and_spoils_nothing(tmp_path: Path, text: str, status: str, why: str) -> None:
    (tmp_path / "bad.yml").write_text(text)
    (tmp_path / "good.yml").write_text(_rule("sel: {CommandLine: whoami}\ncondition: sel"))
    (tmp_path / "ignored.txt").write_text("no rule")
    found = match_sigma(STARTS, load_sigma(tmp_path))
    assert found.hits["row"].tolist() == [1]
    bad = found.report[found.report["file"].str.endswith("bad.yml")]
    assert set(bad["status"]) == {status} and bad["why"].str.contains(why, regex=False).any()


def test_fields_that_the_table_does_not_tell_are_named(tmp_path: Path) -> None:
    text = _rule("a: {OriginalFileName: x.exe}\nb: {CommandLine: whoami}\ncondition: a or b")
    report = match_sigma(STARTS, _load(tmp_path, text)).report
    assert report[["status", "missing", "hits"]].values.tolist() == [["judged", "OriginalFileName", 1]]


def test_correlations_and_filters_are_told(tmp_path: Path) -> None:
    text = (
        "title: Many\n"
        "correlation: {type: event_count, rules: [x], group-by: [User], timespan: 1m, condition: {gte: 5}}\n"
    )
    problems = _load(tmp_path, text).problems
    assert problems and "not supported" in problems[0][1]


def test_a_bomb_of_aliases_is_refused(tmp_path: Path) -> None:
    layers = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12))
    rules = _load(tmp_path, f"title: x\nl0: &l0 [a]\n{layers}\n")
    assert len(rules) == 0 and rules.problems


def test_nothing_to_judge(tmp_path: Path) -> None:
    rules = _load(tmp_path, _rule("sel: {CommandLine: x}\ncondition: sel"))
    assert len(match_sigma(STARTS.iloc[:0], rules).hits) == 0
    assert len(match_sigma(pandas.DataFrame({"a": [1]}), rules).hits) == 0
    with pytest.raises(OptionError, match="no such file"):
        load_sigma(tmp_path / "none")


WORDS = st.text(alphabet="ab*?\\ .A", max_size=6)


def _means(pattern: str) -> re.Pattern[str]:
    """What a pattern of Sigma means, by its specification: ``*`` and ``?`` unless escaped."""
    out, at = "", 0
    while at < len(pattern):
        one, then = pattern[at], pattern[at + 1 : at + 2]
        if one == "\\" and then in ("*", "?", "\\"):
            out += re.escape(then)
            at += 1
        else:
            out += {"*": ".*", "?": "."}.get(one) or re.escape(one)
        at += 1
    return re.compile(out, re.S | re.I)


@settings(max_examples=150, deadline=None)
@given(WORDS, st.lists(WORDS, min_size=1, max_size=8))
def test_wildcards_mean_what_the_specification_says(pattern: str, texts: list[str]) -> None:
    from sigma.types import SigmaString

    from flowsleuth.analyze.sigma.values import value_test

    found = value_test(SigmaString(pattern)).judge(pa.array(texts, pa.string())).to_pylist()
    assert found == [bool(_means(pattern).fullmatch(text)) for text in texts]


def test_rows_without_any_hash_stay_rows() -> None:
    rows = pa.table({"Image": ["a", "b", "c"], "md5": ["x", None, "y"], "sha1": [None, None, "z"]})
    found = ProcessFields(rows).text("hashes")
    assert found is not None
    assert found.to_pylist() == ["MD5=x", None, "MD5=y,SHA1=z"]
