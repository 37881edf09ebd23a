"""Columns beside those of a frame: of every make, with its types, index and itself untouched."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from flowsleuth.schema.joined_columns import with_columns

MORE = {"n": pa.array([1, None]), "at": pa.array([0, 1]).cast(pa.timestamp("us", tz="UTC"))}


def test_a_pandas_frame_keeps_index_and_types() -> None:
    frame = pd.DataFrame({"kind": pd.Categorical(["a", "b"]), "n": [7, 8]}, index=["x", "x"])
    before = frame.copy(deep=True)
    made = with_columns(frame, MORE)
    assert made.columns.tolist() == ["kind", "n", "n_", "at"]
    pd.testing.assert_frame_equal(made[["kind", "n"]], before)
    assert str(made["at"].iloc[1]) == "1970-01-01 00:00:00.000001+00:00"
    replaced = with_columns(frame, MORE, replace=True)
    assert replaced.columns.tolist() == ["kind", "n", "at"]
    assert replaced["n"].isna().tolist() == [False, True]
    pd.testing.assert_frame_equal(frame, before)


def test_a_polars_frame_keeps_types() -> None:
    frame = pl.DataFrame({"kind": [{"a": 1}, {"a": 2}], "n": [7, 8]})
    made = with_columns(frame, MORE, replace=True)
    assert made.schema["kind"] == frame.schema["kind"]
    assert made["n"].to_list() == [1, None]
    assert with_columns(frame, {}).equals(frame)


def test_an_arrow_table_keeps_types_and_columns_are_as_long() -> None:
    table = pa.table({"kind": pa.array(["a", "b"]).dictionary_encode()})
    made = with_columns(table, MORE)
    assert made.schema.field("kind").type == table.schema.field("kind").type
    assert made["n"].to_pylist() == [1, None]
    with pytest.raises(pa.ArrowInvalid):
        with_columns(table, {"n": pa.array([1])})
