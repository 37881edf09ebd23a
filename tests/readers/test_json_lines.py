"""Lines of JSON to columns, and the proof that nothing was left out."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsleuth.store.json_lines import JsonLines, MalformedLineError, as_lines, line_starts

SPEC = {"a": "BIGINT", "b": "VARCHAR", "o": {"x": "JSON", "y": "DOUBLE"}}


@pytest.fixture(scope="module")
def engine() -> Any:
    with JsonLines() as made:
        yield made


def whole(engine: JsonLines, *lines: str) -> list[bool]:
    found = engine.extract(pa.array(lines, pa.large_string()), SPEC).is_whole
    return [True] * len(lines) if found is None else found.tolist()


def test_lines_over_the_same_memory() -> None:
    data = b'{"a":1}\n\n{"a":2}'
    lines = as_lines(data, line_starts(data))
    assert lines.to_pylist() == ['{"a":1}\n', "\n", '{"a":2}']


def test_values_by_path(engine: JsonLines) -> None:
    found = engine.extract(pa.array(['{"a":1,"o":{"x":[1,{"z":"u"}],"y":2.5}}']), SPEC)
    values = {path: column.to_pylist() for path, column in found.columns.items()}
    assert values == {("a",): [1], ("b",): [None], ("o", "x"): ['[1,{"z":"u"}]'], ("o", "y"): [2.5]}
    assert found.is_whole is None


@pytest.mark.parametrize(
    "line",
    [
        '{"a":1,"c":2}',
        '{"a":"one"}',
        '{"a":1,"a":2}',
        '{"a":9223372036854775808}',
        '{"o":7}',
        '{"o":{}}',
        '{"o":[1]}',
        '{"o":{"q":1}}',
        '{"o":{"y":NaN}}',
        '{"o":{"x":[NaN]}}',
        '{"a":1,"c" :2}',
        '{"a":1,"c":{"d":null}}',
        '{"c":{"a":1}}',
        '{"b":":null","c":1}',
    ],
)
def test_a_line_that_holds_more_is_told(engine: JsonLines, line: str) -> None:
    assert whole(engine, '{"a":1}', line) == [True, False]


@pytest.mark.parametrize("line", ['{"a":null,"b": null}', '{"o":null}', '{"o":{"x":{"k":null,"l":"m"}}}', "{}"])
def test_a_line_that_holds_no_more(engine: JsonLines, line: str) -> None:
    assert whole(engine, '{"a":1}', line, '{"zz":1}') == [True, True, False]


def test_malformed_lines_are_named(engine: JsonLines) -> None:
    lines = pa.array(['{"a":1}', '{"a":', '{"a":1,}'])
    with pytest.raises(MalformedLineError):
        engine.extract(lines, SPEC)
    assert engine.are_json(lines) == [True, False, True]
    assert engine.normal(lines) == ['{"a":1}', None, '{"a":1}']


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(alphabet='ab":,{}[]\\n\u00e9 ', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from('abx":'), inner, max_size=3),
    max_leaves=6,
)
RECORDS = st.dictionaries(st.sampled_from(["a", "b", "o", "c", 'q":', "x"]), VALUES, max_size=5)


@settings(deadline=None, max_examples=100)
@given(st.lists(RECORDS, min_size=1, max_size=8), st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")]))
def test_whole_means_every_value_came_out(records: list[dict[str, Any]], separators: tuple[str, str]) -> None:
    """A line that is said to be whole has no key that was not asked for, at any depth."""
    texts = [json.dumps(record, separators=separators, ensure_ascii=False) for record in records]
    with JsonLines() as engine:
        found = engine.extract(pa.array(texts), SPEC)
    marks = [True] * len(texts) if found.is_whole is None else found.is_whole.tolist()
    for at, (record, is_whole) in enumerate(zip(records, marks, strict=True)):
        if not is_whole:
            continue
        values = {path: column[at].as_py() for path, column in found.columns.items()}
        given_keys = {key for key, value in record.items() if value is not None}
        assert given_keys <= {"a", "b", "o"}
        inner = record.get("o") or {}
        assert isinstance(inner, dict)
        assert {key for key, value in inner.items() if value is not None} <= {"x", "y"}
        for path, value in ((("a",), record.get("a")), (("o", "y"), inner.get("y"))):
            assert (values[path] is None) == (value is None)
        assert (values[("b",)] is None) == (record.get("b") is None)
        if inner.get("x") is not None:
            assert json.loads(values[("o", "x")]) == inner["x"]
