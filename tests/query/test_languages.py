"""Hostile values in every language: what was put in is data, wherever its parameter stands."""

from __future__ import annotations

import json
import re

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsleuth.errors import QueryFileError, QueryParameterError
from flowsleuth.query.definitions import Parameter, QueryDefinition
from flowsleuth.query.languages import renderer
from flowsleuth.query.languages.values import Value

HOSTILE = [
    '" | union SecurityEvent //',
    "' | delete",
    '\\" | take 1',
    "\\",
    "a\nb | take 1",
    "x' OR 1=1 --",
    '*:* OR "',
    "{start}",
    "}} {{",
    '"}}, "match_all": {}',
    "`macro`",
    "```",
    "// comment",
    "\u2028| take 1",
]


def query(text, **parameters) -> QueryDefinition:
    return QueryDefinition("q", ("F",), ("X",), text, {n: Parameter(n, *kind) for n, kind in parameters.items()})


def write(language, text, kind, value, origin="given"):
    return renderer(language)(query(text, v=kind), {"v": Value(value, origin)})


def kql_strings(text: str) -> list[str]:
    """String literals of a text by KQL's own rules, unescaped; what is left must be the template's."""
    found, rest, at = [], [], 0
    token = re.compile(r'@"((?:[^"]|"")*)"|"((?:[^"\\\n]|\\.)*)"', re.S)
    for match in token.finditer(text):
        rest.append(text[at : match.start()])
        at = match.end()
        if match[1] is not None:
            found.append(match[1].replace('""', '"'))
        else:
            found.append(json.loads(f'"{match[2]}"', strict=False))
    rest.append(text[at:])
    return found, "§".join(rest)


@pytest.mark.parametrize("value", HOSTILE)
def test_kql_strings_hold_anything(value):
    text = write("kql", 'T | where a == "{v}" | take 5', ("str",), value).text
    assert kql_strings(text) == ([value], "T | where a == § | take 5")


@settings(max_examples=40, deadline=None)
@given(st.text())
def test_kql_strings_hold_any_text(value):
    text = write("kql", 'T | where a has "{v}" and b in ("c")', ("str",), value).text
    assert kql_strings(text) == ([value, "c"], "T | where a has § and b in (§)")
    assert not set(text) & set("\n\r\u2028\u2029\x85")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(), min_size=1))
def test_kql_lists_hold_any_text(values):
    text = write("kql", "T | where a in ({v})", ("list",), values).text
    found, rest = kql_strings(text)
    assert found == values and rest == f"T | where a in ({', '.join('§' for _ in values)})"


def test_kql_other_quotes():
    assert write("kql", "T | where a == '{v}'", ("str",), "it's \\").text == "T | where a == 'it\\'s \\\\'"
    assert write("kql", 'T | where a == @"{v}"', ("str",), 'C:\\x"y').text == 'T | where a == @"C:\\x""y"'
    assert write("kql", "T // {v}\n| take 1", ("str",), "a\n| take 9").text == "T // a | take 9\n| take 1"
    with pytest.raises(QueryParameterError, match="line end"):
        write("kql", 'T | where a == @"{v}"', ("str",), "a\nb")
    with pytest.raises(QueryParameterError, match="backtick"):
        write("kql", "T | where a == ```{v}```", ("str",), "a```b")


@pytest.mark.parametrize("value", ["T | take 1", "a;b", "a//b", 'a"b', "a b", "a(b)", "--", "/*x*/"])
def test_kql_outside_quotes_only_a_word(value):
    assert write("kql", "{v} | take 1", ("str",), "DeviceEvents").text == "DeviceEvents | take 1"
    with pytest.raises(QueryParameterError, match="outside quotes"):
        write("kql", "{v} | take 1", ("str",), value)


@pytest.mark.parametrize("value", [one for one in HOSTILE if one != "\\"])
@pytest.mark.parametrize("before", ["a == ", "a has ", "a has_any (", "a in~ (", "a !~ ", "a startswith_cs "])
def test_kql_values_after_a_comparison_are_quoted(before, value):
    text = write("kql", f"T | where {before}{{v}}", ("str",), value).text
    assert kql_strings(text) == ([value], f"T | where {before}§")
    assert write("kql", f"T | where {before}{{v}}", ("str",), "443").text == f"T | where {before}443"


def test_a_piece_of_the_query_is_for_callers_not_for_data():
    kind = ("str", "", "")  # a default that is empty: msticpy's add_query_items
    assert write("kql", "T {v}", kind, "| take 1").text == "T | take 1"
    with pytest.raises(QueryParameterError, match="not taken from data"):
        write("kql", "T {v}", kind, "| take 1", "object")
    with pytest.raises(QueryParameterError, match="leaves a string open"):
        write("kql", 'T {v} | where a == "b"', kind, '| where c == "')
    with pytest.raises(QueryParameterError, match="no name"):
        write("kql", "{v}", ("name",), "T | take 1")


def spl_strings(text: str) -> tuple[list[str], str]:
    token = re.compile(r'"((?:[^"\\]|\\.)*)"', re.S)
    found = [re.sub(r"\\(.)", r"\1", one[1], flags=re.S) for one in token.finditer(text)]
    return found, token.sub("§", text)


@pytest.mark.parametrize("value", [one for one in HOSTILE if "`" not in one])
@pytest.mark.parametrize("template", ['search host="{v}" | head 5', "search host={v} | head 5"])
def test_spl_strings_hold_anything(template, value):
    text = write("spl", template, ("str",), value).text
    assert spl_strings(text) == ([value], "search host=§ | head 5")


@settings(max_examples=40, deadline=None)
@given(st.text().filter(lambda text: "`" not in text and "\0" not in text))
def test_spl_strings_hold_any_text(value):
    text = write("spl", 'search host="{v}" | head 5', ("str",), value).text
    assert spl_strings(text) == ([value], "search host=§ | head 5")


def test_spl_macros_and_wildcards():
    with pytest.raises(QueryParameterError, match="macro"):
        write("spl", 'search a="{v}"', ("str",), "x`drop`")
    with pytest.raises(QueryParameterError, match="macro"):
        write("spl", "search a IN ({v})", ("list",), ["x`drop`"])
    assert write("spl", 'search a="{v}"', ("str",), "web*").text == 'search a="web*"'
    with pytest.raises(QueryParameterError, match="wildcard"):
        write("spl", 'search a="{v}"', ("str",), "web*", "object")


@pytest.mark.parametrize("value", HOSTILE)
def test_elastic_json_holds_anything(value):
    document = {"query": {"bool": {"filter": [{"term": {"host.name": "{v}"}}, {"match": {"m": "to {v}"}}]}}}
    found = write("elastic", document, ("str",), value).document
    assert found == {"query": {"bool": {"filter": [{"term": {"host.name": value}}, {"match": {"m": f"to {value}"}}]}}}
    assert write("elastic", json.dumps(document), ("str",), value).document == found
    assert json.loads(write("elastic", document, ("str",), value).text) == found


@settings(max_examples=40, deadline=None)
@given(st.text())
def test_lucene_holds_any_text(value):
    line = write("elastic", "host:{v} AND a:b", ("str",), value).document["query"]["query_string"]["query"]
    assert line.startswith("host:") and line.endswith(" AND a:b")
    term = line.removeprefix("host:").removesuffix(" AND a:b")
    if term.startswith('"'):
        assert re.fullmatch(r'"(?:[^"\\]|\\.)*"', term, re.S)
        assert re.sub(r"\\(.)", r"\1", term[1:-1], flags=re.S) == value
    else:
        assert term == value and re.fullmatch(r"[A-Za-z0-9_.]+", term) and term not in ("AND", "OR", "NOT", "TO")


def test_lucene_within_quotes_and_patterns():
    within = {"query": {"query_string": {"query": 'm:"say {v}"'}}}
    line = write("elastic", within, ("str",), 'x" OR *:*').document["query"]["query_string"]["query"]
    assert line == 'm:"say x\\" OR *:*"'
    wild = {"query": {"wildcard": {"name": {"value": "*.{v}"}}}}
    assert write("elastic", wild, ("str",), "a*b").document == {"query": {"wildcard": {"name": {"value": "*.a\\*b"}}}}
    with pytest.raises(QueryParameterError, match="name of a field"):
        write("elastic", {"query": {"term": {"{v}": 1}}}, ("str",), 'a": {}')


@settings(max_examples=40, deadline=None)
@given(st.text())
def test_sql_values_are_bound(value):
    made = write("sql", "SELECT {v} AS x, 'it''s' AS y", ("str",), value)
    assert made.bound_text == "SELECT $v AS x, 'it''s' AS y" and made.bound == {"v": value}
    if "\0" not in value:
        assert duckdb.sql(made.text).fetchone() == (value, "it's")


def test_sql_refuses_values_within_quotes_and_odd_names():
    with pytest.raises(QueryFileError, match="within quotes"):
        write("sql", "SELECT * FROM t WHERE a LIKE '%{v}%'", ("str",), "x")
    with pytest.raises(QueryParameterError, match="no name"):
        write("sql", "SELECT * FROM {v}", ("name",), "t; DROP TABLE t")
    assert write("sql", "SELECT * FROM {v}", ("name",), "order").text == 'SELECT * FROM "order"'


@pytest.mark.parametrize("language", ["kql", "spl", "sql", "elastic"])
def test_a_parameter_that_is_not_declared_is_an_error_of_the_file(language):
    with pytest.raises(QueryFileError, match="not declared: w"):
        renderer(language)(query("a {w}", v=("str",)), {"v": Value("x")})
