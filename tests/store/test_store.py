"""The store: what is listed exists, what is not listed does not, and days are kept apart."""

from __future__ import annotations

import sqlite3

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flowsleuth.errors import EngineError, StoreError
from flowsleuth.schema import FLOW, REJECT, TABLES
from flowsleuth.store import Store
from flowsleuth.store.catalog import FORMAT, Catalog
from flowsleuth.store.engine import connect
from flowsleuth.store.parquet import write_options

DAY_US = 86_400_000_000


def flow_rows(starts: list[int]) -> pa.Table:
    """Flows that start at these microseconds; the other columns are null or constant."""
    schema = FLOW.arrow_schema()
    size = len(starts)
    given = {
        "flow_id": pa.array(range(1, size + 1), pa.int64()),
        "start": pa.array(starts, pa.timestamp("us", tz="UTC")),
        "src_ip": pa.array(["10.0.0.1"] * size),
        "dst_ip": pa.array(["192.0.2.1"] * size),
    }
    return pa.table([given.get(f.name, pa.nulls(size, f.type)) for f in schema], schema=schema)


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path)
    yield opened
    opened.close()


def test_every_table_is_there_and_empty_at_first(store):
    for name, table in TABLES.items():
        rows = store.arrow(store.table(name))
        assert len(rows) == 0
        assert rows.schema.names == list(table.names)
    assert store.catalog.tables() == {}


def test_rows_come_back_as_they_were_written(store):
    rows = flow_rows([0, 1, DAY_US + 5])
    parts = store.write("flow", rows)
    assert len(store.arrow(store.table("flow"))) == 0
    store.replace([], parts)
    back = store.arrow(store.table("flow").order_by("flow_id"))
    assert back == rows
    assert [part.date for part in parts] == ["1970-01-01", "1970-01-02"]
    assert store.catalog.dates("flow") == ["1970-01-01", "1970-01-02"]
    assert store.catalog.tables()["flow"] == {"rows": 3, "first_us": 0, "last_us": DAY_US + 5}
    assert len(store.arrow(store.table("flow", ["1970-01-02"]))) == 1
    assert len(store.arrow(store.table("flow", ["1999-01-01"]))) == 0


def test_replacing_is_one_step_and_keeps_files_for_those_who_read(store):
    old = store.write("flow", flow_rows([0]))
    store.replace([], old)
    new = store.write("flow", flow_rows([1, 2]))
    store.replace(old, new)
    assert len(store.arrow(store.table("flow"))) == 2
    with store.writing():
        assert (store.folder / old[0].path).exists()
    store.catalog._db.execute("UPDATE dead SET since = 0")
    with store.writing():
        assert not (store.folder / old[0].path).exists()
    assert (store.folder / new[0].path).exists()


def test_a_failed_transaction_changes_nothing(store):
    part = store.write("flow", flow_rows([0]))[0]
    with pytest.raises(sqlite3.IntegrityError), store.catalog.transaction():
        store.catalog.add([part, part])
    assert store.catalog.parts("flow") == []


def test_a_days_version_changes_with_its_rows_only(store):
    store.replace([], store.write("flow", flow_rows([0])))
    before = store.catalog.version("flow", "1970-01-01")
    store.replace([], store.write("flow", flow_rows([DAY_US])))
    assert store.catalog.version("flow", "1970-01-01") == before
    store.replace([], store.write("flow", flow_rows([5])))
    assert store.catalog.version("flow", "1970-01-01") != before


def test_rejects_are_not_dated(store):
    rows = pa.table(
        [["zeek"], ["a.log"], [3], ["not JSON"], [None], ["x"]],
        schema=REJECT.arrow_schema(),
    )
    parts = store.write("reject", rows)
    assert [part.date for part in parts] == [None]


def test_the_files_are_plain_parquet(store):
    part = store.write("flow", flow_rows([0]))[0]
    assert part.path.startswith("tables/flow/date=1970-01-01/part-")
    assert pq.read_schema(store.folder / part.path).names == list(FLOW.names)


@pytest.mark.parametrize("name", list(TABLES))
def test_every_column_is_packed(tmp_path, name):
    """Arrow leaves a column unpacked that it is given no codec for, and a list has a name of its own in Parquet."""
    schema = TABLES[name].arrow_schema()
    pq.write_table(schema.empty_table(), tmp_path / "none.parquet", **write_options(schema))
    rows = pa.table([pa.nulls(1, field.type) for field in schema], schema=schema)
    pq.write_table(rows, tmp_path / "rows.parquet", **write_options(schema))
    group = pq.read_metadata(tmp_path / "rows.parquet").row_group(0)
    codecs = {group.column(at).path_in_schema: group.column(at).compression for at in range(group.num_columns)}
    assert set(codecs.values()) <= {"LZ4", "ZSTD"} and len(codecs) == len(schema)
    assert {codecs[one] for one in ("src_ip", "dst_ip", "start") if one in codecs} <= {"LZ4"}


def test_parts_of_earlier_versions_are_read_beside_new_ones(store):
    """They were packed with zstd throughout, in pages of Arrow's choice."""
    parts = [store.write("flow", flow_rows([start]))[0] for start in (0, 1)]
    pq.write_table(flow_rows([0]), store.folder / parts[0].path, compression="zstd")
    store.replace([], parts)
    back = store.arrow(store.table("flow").order_by("start"))
    assert back.column("start").cast(pa.int64()).to_pylist() == [0, 1] and back.column("src_ip").null_count == 0


def test_a_newer_or_damaged_catalogue_is_told(tmp_path):
    Catalog(tmp_path).close()
    db = sqlite3.connect(tmp_path / "catalog.db")
    db.execute(f"PRAGMA user_version={FORMAT + 1}")
    db.commit()
    db.close()
    with pytest.raises(StoreError, match="newer"):
        Catalog(tmp_path)
    (tmp_path / "catalog.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreError, match="cannot be opened"):
        Catalog(tmp_path)


def test_an_unknown_engine_is_told(tmp_path):
    with pytest.raises(EngineError, match="duckdb"):
        connect("mysql://x", tmp_path)
    with pytest.raises(EngineError, match="no address"):
        connect("duckdb://x", tmp_path)


def test_no_extension_is_ever_downloaded(store):
    from flowsleuth.store.duckdb_engine import connect_duckdb

    connection = connect_duckdb()
    settings = dict(
        connection.execute(
            "SELECT name, value FROM duckdb_settings() WHERE name LIKE 'auto%known_extensions'"
        ).fetchall()
    )
    assert settings == {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    connection.close()
