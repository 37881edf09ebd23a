"""The queries name no engine: each can be written for DuckDB and for Spark."""

from __future__ import annotations

import datetime as dt

import ibis
import pytest

from flowsleuth.investigate import queries
from flowsleuth.investigate.target import Target, condition
from flowsleuth.schema import FLOW

FLOWS = ibis.table(ibis.Schema.from_pyarrow(FLOW.arrow_schema()), name="flow")
MINE = condition(Target.parse("10.1.16.0/20"))
WHEN = dt.datetime(2024, 3, 14, tzinfo=dt.UTC)
ASKED = {
    "search": queries.expanded_search(queries.flows_of(queries.within(FLOWS, WHEN, WHEN), MINE)),
    "strongest": queries.strongest(queries.expanded_search(FLOWS), 10),
    "pairs": queries.pairs(FLOWS, MINE, 10),
    "totals": queries.totals(FLOWS, MINE),
    "addresses": queries.addresses_of(FLOWS),
    "marks": queries.marks(FLOWS, MINE, ["10.0.0.5"]),
    "binned": queries.binned_marks(queries.marks(FLOWS, MINE, ["10.0.0.5"]), 60),
    "between": queries.between(FLOWS, "10.0.0.5", "10.0.0.6", WHEN, WHEN),
    "volume": queries.volume_with(FLOWS, "10.0.0.5", ["10.0.0.6"]),
    "bins": queries.rows_per_bin(FLOWS, 60),
}


@pytest.mark.parametrize("dialect", ["duckdb", "pyspark"])
@pytest.mark.parametrize("name", ASKED)
def test_it_can_be_written_for_every_engine(name, dialect):
    if dialect == "pyspark":
        pytest.importorskip("pyspark")
        assert ibis.pyspark  # loads its options; starts nothing
    assert "SELECT" in str(ibis.to_sql(ASKED[name], dialect=dialect))


def test_values_are_never_part_of_the_text():
    hostile = "10.0.0.5' OR '1'='1"
    text = str(ibis.to_sql(queries.volume_with(FLOWS, hostile, [hostile]), dialect="duckdb"))
    assert "'10.0.0.5'' OR ''1''=''1'" in text
