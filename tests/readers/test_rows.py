"""From a reader's columns to canonical rows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsleuth.errors import ReaderError
from flowsleuth.readers.contract import ReadContext
from flowsleuth.readers.rows import Built, build_rows, json_extra
from flowsleuth.schema import DNS, FLOW, Table
from flowsleuth.schema.addresses import HomeNetworks
from flowsleuth.schema.identity import MAX_ROW

CONTEXT = ReadContext("a.log", "test", 5, HomeNetworks(["10.0.0.0/8"]), ZoneInfo("UTC"))
START = datetime(2024, 3, 2, 11, 5, 9, tzinfo=UTC)


def build(columns: dict[str, list[Any]], table: Table = FLOW, **more: Any) -> Built:
    """Build rows of plain lists, with what a flow needs filled in."""
    size = len(next(iter(columns.values())))
    needed: dict[str, list[Any]] = {"start": [START] * size}
    if table is FLOW:
        needed |= {"src_ip": ["10.0.0.1"] * size, "dst_ip": ["192.0.2.1"] * size}
    given_columns = {
        name: pa.array(values, type=table[name].arrow_type() if values != [None] else None)
        for name, values in (needed | columns).items()
    }
    return build_rows(table, given_columns, np.arange(1, size + 1), CONTEXT, **more)


def test_schema_ids_and_provenance() -> None:
    table = build({"proto": ["tcp", "udp"]}).table
    assert table.schema.equals(FLOW.arrow_schema())
    assert table["flow_id"].to_pylist() == [5 * 2**31 + 1, 5 * 2**31 + 2]
    assert table["source_kind"].to_pylist() == ["test"] * 2
    assert table["source_file"].to_pylist() == ["a.log"] * 2
    assert table["source_row"].to_pylist() == [1, 2]


def test_ordinals_make_ids_where_rows_share_a_line() -> None:
    table = build({"proto": ["tcp", "udp"]}, ordinal=np.array([7, 8])).table
    assert [identity & MAX_ROW for identity in table["flow_id"].to_pylist()] == [7, 8]
    assert table["source_row"].to_pylist() == [1, 2]


@pytest.mark.parametrize(
    ("columns", "reason", "detail"),
    [
        ({"start": [None]}, "no start time", "start"),
        ({"src_ip": [None]}, "no address", "src_ip"),
        ({"dst_ip": ["host-7"]}, "not an IP address", "dst_ip=host-7"),
        ({"dst_ip": ["10.0.0.256"]}, "not an IP address", "dst_ip=10.0.0.256"),
        ({"dst_ip": ["1.2.3"]}, "not an IP address", "dst_ip=1.2.3"),
        ({"dst_ip": [""]}, "not an IP address", "dst_ip="),
        ({"src_port": [65_536]}, "port out of range", "src_port=65536"),
        ({"dst_port": [-1]}, "port out of range", "dst_port=-1"),
        ({"src_bytes": [-1]}, "negative counter", "src_bytes=-1"),
        ({"flow_count": [-5]}, "negative counter", "flow_count=-5"),
    ],
)
def test_refuses(columns: dict[str, list[Any]], reason: str, detail: str) -> None:
    built = build(columns)
    assert len(built.table) == 0
    assert [(bad.index, bad.reason, bad.detail) for bad in built.bad] == [(0, reason, detail)]


def test_bad_rows_leave_the_others_alone() -> None:
    built = build({"src_port": [1, 70_000, 2], "dst_ip": ["192.0.2.1", "x", "::ffff:192.0.2.1"]})
    assert built.table["src_port"].to_pylist() == [1, 2]
    assert built.table["dst_ip"].to_pylist() == ["192.0.2.1", "::ffff:192.0.2.1"]
    assert built.table["source_row"].to_pylist() == [1, 3]
    assert [bad.index for bad in built.bad] == [1]


def test_nulls_stay_null_and_limits_are_in() -> None:
    table = build({"src_port": [None, 0, 65_535], "src_bytes": [None, 0, 2**62]}).table
    assert table["src_port"].to_pylist() == [None, 0, 65_535]
    assert table["src_bytes"].to_pylist() == [None, 0, 2**62]
    assert table["dst_bytes"].to_pylist() == [None] * 3


def test_direction_is_home_first_then_the_sensors_word() -> None:
    addresses = {
        "src_ip": ["10.0.0.1", "10.0.0.1", "192.0.2.1", "192.0.2.1", "192.0.2.1"],
        "dst_ip": ["192.0.2.1", "10.9.9.9", "10.0.0.1", "192.0.2.2", "192.0.2.2"],
    }
    said = pa.array(["inbound", "inbound", "outbound", "outbound", None])
    assert build(addresses, sensor_direction=said).table["direction"].to_pylist() == [
        "outbound",
        "internal",
        "inbound",
        "outbound",
        "external",
    ]


def test_event_tables_take_rows_without_addresses() -> None:
    built = build({"query": ["a", "b"], "src_ip": ["192.0.2.1", None]}, table=DNS)
    assert built.table["src_ip"].to_pylist() == ["192.0.2.1", None]
    assert built.table.schema.equals(DNS.arrow_schema())


def test_dictionary_columns_are_taken() -> None:
    columns = {
        "start": pa.array([START, START]),
        "src_ip": pa.array(["10.0.0.1", "2001:DB8::1"]).dictionary_encode(),
        "dst_ip": pa.chunked_array([pa.array(["192.0.2.1"]), pa.array(["192.0.2.1"])]).dictionary_encode(),
        "proto": pa.array(["tcp", None]).dictionary_encode(),
    }
    table = build_rows(FLOW, columns, np.array([1, 2]), CONTEXT).table
    assert table["src_ip"].to_pylist() == ["10.0.0.1", "2001:db8::1"]
    assert table["dst_ip"].to_pylist() == ["192.0.2.1"] * 2
    assert table["proto"].to_pylist() == ["tcp", None]


def test_no_rows_at_all() -> None:
    built = build({"proto": []})
    assert built.table.schema.equals(FLOW.arrow_schema()) and len(built.table) == 0


def test_too_many_records_are_refused() -> None:
    columns = {"start": pa.array([START]), "src_ip": pa.array(["10.0.0.1"]), "dst_ip": pa.array(["10.0.0.1"])}
    with pytest.raises(ReaderError, match=r"more than .* records"):
        build_rows(FLOW, columns, np.array([MAX_ROW + 1]), CONTEXT)


VALUES = st.one_of(st.none(), st.text(max_size=12), st.sampled_from(['"', "\\", "\x00", "\x7f", "é\n"]))


@given(st.lists(st.tuples(VALUES, VALUES), max_size=6), st.lists(st.one_of(st.none(), st.integers(-5, 5)), max_size=6))
def test_json_extra_is_json(texts: list[tuple[str | None, str | None]], numbers: list[int | None]) -> None:
    size = min(len(texts), len(numbers))
    columns: dict[str, list[Any]] = {
        "a": [one for one, _ in texts[:size]],
        'b"': [other for _, other in texts[:size]],
        "n": numbers[:size],
        "ok": [None if n is None else n > 0 for n in numbers[:size]],
    }
    types = {"a": pa.string(), 'b"': pa.string(), "n": pa.int64(), "ok": pa.bool_()}
    packed = json_extra({name: pa.array(values, type=types[name]) for name, values in columns.items()}, size)
    for row, text in enumerate(packed.to_pylist()):
        wanted = {name: values[row] for name, values in columns.items() if values[row] is not None}
        assert (json.loads(text) if text is not None else {}) == wanted
        assert text != "{}"


def test_json_extra_of_floats() -> None:
    packed = json_extra({"x": pa.array([1.5, float("nan"), 1e-9, 1e300])}, 4)
    assert [None if text is None else json.loads(text)["x"] for text in packed.to_pylist()] == [1.5, None, 1e-9, 1e300]
