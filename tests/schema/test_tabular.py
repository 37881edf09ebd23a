"""Tables of any make: the same answers, and nothing in a cell that stops the rest."""

from __future__ import annotations

import pandas as pd
import polars
import pyarrow as pa
import pytest

from flowsleuth.errors import OptionError
from flowsleuth.schema.tabular import as_pandas, column_names, like, need_columns, row_labels, text_column, to_table

ROWS = {"host": ["a", "b", "b"], "cmd": ["whoami", None, "id"], "pid": [4, 8, 8]}
MAKES = {"pandas": pd.DataFrame, "polars": polars.DataFrame, "arrow": pa.table}


@pytest.mark.parametrize("make", MAKES)
def test_every_make_is_read_alike_and_given_back(make: str) -> None:
    data = MAKES[make](ROWS)
    assert column_names(data) == ["host", "cmd", "pid"]
    assert text_column(data, "cmd").to_pylist() == ROWS["cmd"]
    assert text_column(data, "pid").to_pylist() == ["4", "8", "8"]
    assert row_labels(data).to_pylist() == [0, 1, 2]
    assert as_pandas(data)["pid"].tolist() == [4, 8, 8]
    back = like(pa.table({"n": [1]}), data)
    assert type(back) is type(data)


@pytest.mark.parametrize("make", MAKES)
def test_a_missing_column_is_named_with_what_was_meant(make: str) -> None:
    with pytest.raises(OptionError, match=r"cdm: no such column .*did you mean cmd\?"):
        need_columns(MAKES[make](ROWS), ["host", "cdm"])


def test_what_is_no_table_is_said() -> None:
    with pytest.raises(OptionError, match="not a table"):
        text_column([1, 2], "x")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, None), (float("nan"), None), (pd.NA, None), (pd.NaT, None), (7, "7"), (2.5, "2.5"),
        (b"id\xff", "id\ufffd"),
        ("a\ud800b", "a?b"), (["x", 1], "['x', 1]"), ({"a": None}, "{'a': None}"), (True, "True"),
    ],
)  # fmt: skip
def test_any_cell_beside_text_is_harmless(cell: object, text: str | None) -> None:
    frame = pd.DataFrame({"cmd": ["whoami", cell, "id"]}, index=[5, 6, 7], dtype=object)
    before = frame.copy(deep=True)
    assert text_column(frame, "cmd").to_pylist() == ["whoami", text, "id"]
    assert row_labels(frame).to_pylist() == [5, 6, 7]
    pd.testing.assert_frame_equal(frame, before)


def test_categories_lists_bytes_and_names_that_occur_twice() -> None:
    frame = pd.DataFrame([["a", "x"], ["b", "y"]], columns=["cmd", "cmd"])
    assert text_column(frame, "cmd").to_pylist() == ["a", "b"]
    assert text_column(pd.DataFrame({"c": pd.Categorical(["x", None])}), "c").to_pylist() == ["x", None]
    assert text_column(pa.table({"c": pa.array([[1, 2], None])}), "c").to_pylist() == ["[1, 2]", None]
    assert text_column(pa.table({"c": pa.array([b"\xc3\xa9", None])}), "c").to_pylist() == ["é", None]


def test_labels_of_any_index() -> None:
    frame = pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([("h", 1), ("h", 2)]))
    assert row_labels(frame).to_pylist() == ["('h', 1)", "('h', 2)"]


def test_numbers_beyond_64_bits_and_lone_surrogates_are_text() -> None:
    frame = pd.DataFrame({"mixed": [2**70, "\ud800", None, [1]], "wide": [2**70, 1, None, 3]}, dtype=object)
    assert to_table(frame)["mixed"].to_pylist() == [str(2**70), "?", None, "[1]"]
    assert text_column(frame, "wide").to_pylist() == [str(2**70), "1", None, "3"]
