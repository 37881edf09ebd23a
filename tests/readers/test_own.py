"""flowsleuth's own Parquet."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flowsleuth.errors import ReaderError
from flowsleuth.readers.argus import ArgusReader
from flowsleuth.readers.own import OwnReader, table_of
from flowsleuth.schema import DNS, FLOW, SCORE
from flowsleuth.testing import check_reader, read_all

READER = OwnReader()
CTU = "argus/ctu_15_columns/flows.binetflow"


@pytest.fixture
def exported(data: Path, tmp_path: Path) -> tuple[pa.Table, Path]:
    """Fourteen flows of Argus, and the Parquet file of them in row groups of five."""
    table = read_all(ArgusReader(), data / CTU, source_file="part.binetflow").tables["flow"]
    path = tmp_path / "flows.parquet"
    pq.write_table(table, path, row_group_size=5)
    return table, path


def test_keeps_every_promise(exported: tuple[pa.Table, Path]) -> None:
    table, path = exported
    found = check_reader(READER, path, expect_rows={"flow": 14}, records=14, has_zone=True)
    assert found.tables["flow"].drop_columns("flow_id").equals(table.drop_columns("flow_id"))


def test_provenance_is_the_original_and_ids_are_this_files(exported: tuple[pa.Table, Path]) -> None:
    _, path = exported
    row = read_all(READER, path, file_key=9).tables["flow"].to_pylist()[11]
    assert (row["source_kind"], row["source_file"], row["source_row"]) == ("argus", "part.binetflow", 14)
    assert row["flow_id"] == 9 * 2**31 + 12


def test_direction_is_worked_out_anew(exported: tuple[pa.Table, Path]) -> None:
    _, path = exported
    assert read_all(READER, path, home=["192.0.2.0/24"]).row("flow", 2)["direction"] == "outbound"
    assert read_all(READER, path, home=["198.51.100.0/24"]).row("flow", 2)["direction"] == "inbound"


def test_other_types_and_missing_columns(exported: tuple[pa.Table, Path], tmp_path: Path) -> None:
    table, _ = exported
    names = ["flow_id", "start", "src_ip", "dst_ip", "dst_port", "source_kind", "source_file", "source_row"]
    slim = table.select(names)
    slim = slim.set_column(4, "dst_port", slim["dst_port"].cast(pa.uint16()))
    slim = slim.set_column(1, "start", slim["start"].cast(pa.timestamp("ns")))
    path = tmp_path / "slim.parquet"
    pq.write_table(slim.append_column("date", pa.array(["2011-08-16"] * 14)), path)
    found = check_reader(READER, path, expect_rows={"flow": 14}, records=14)
    assert found.tables["flow"]["start"].equals(table["start"])
    assert found.tables["flow"]["proto"].null_count == 14


def test_rows_that_are_none_are_rejects(exported: tuple[pa.Table, Path], tmp_path: Path) -> None:
    table, _ = exported
    addresses = table["src_ip"].to_pylist()
    addresses[3] = "not an address"
    path = tmp_path / "bad.parquet"
    pq.write_table(table.set_column(table.column_names.index("src_ip"), "src_ip", pa.array(addresses)), path)
    found = check_reader(READER, path, expect_rows={"flow": 13}, expect_rejects=1, records=14)
    assert (found.rejects[0].source_row, found.rejects[0].reason) == (4, "not an IP address")
    assert "not an address" in (found.rejects[0].raw or "")


def test_damaged_data_gives_what_could_be_read(exported: tuple[pa.Table, Path]) -> None:
    _, path = exported
    second = pq.ParquetFile(path).metadata.row_group(1).column(0)
    raw = bytearray(path.read_bytes())
    at = second.data_page_offset if second.dictionary_page_offset is None else second.dictionary_page_offset
    raw[at : at + second.total_compressed_size] = b"\xff" * second.total_compressed_size
    path.write_bytes(raw)
    found = read_all(READER, path)
    assert found.rows == {"flow": 5}
    assert [(r.source_row, r.reason) for r in found.rejects] == [(0, "Parquet data cannot be read")]
    assert "9 records from record 6 on" in (found.rejects[0].detail or "")


def test_truncated_file_is_refused(exported: tuple[pa.Table, Path]) -> None:
    _, path = exported
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ReaderError, match="Parquet cannot be opened"):
        read_all(READER, path)


def test_column_that_does_not_fit_is_named(exported: tuple[pa.Table, Path], tmp_path: Path) -> None:
    table, _ = exported
    path = tmp_path / "odd.parquet"
    at = table.column_names.index("src_port")
    pq.write_table(table.set_column(at, "src_port", pa.array(["many"] * 14)), path)
    with pytest.raises(ReaderError, match=r"flow\.src_port.*string does not fit int32"):
        read_all(READER, path)


def test_reads_a_compressed_copy_when_asked(exported: tuple[pa.Table, Path], tmp_path: Path) -> None:
    _, path = exported
    packed = tmp_path / "flows.parquet.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read_all(READER, packed).rows == {"flow": 14}


def test_knows_the_tables_that_readers_fill() -> None:
    assert table_of(list(FLOW.names)) is FLOW
    assert table_of([*DNS.names, "date"]) is DNS
    assert table_of(list(SCORE.names)) is None
    assert table_of([*FLOW.names, "more"]) is None
