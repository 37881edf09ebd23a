"""Azure's flow tables in hand: the same flows as of an export, whatever the order of rows."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from flowsleuth.errors import ReaderError
from flowsleuth.readers.azure_frames import flows_of_frame
from flowsleuth.readers.azure_tables import AzureTableReader
from flowsleuth.testing import read_all

HOME = ["10.0.0.0/8"]
BOTH = ["198.51.100.7", "203.0.113.9"]


def record(**more):
    row = {
        "FlowStartTime_t": pd.Timestamp("2024-03-14T12:00Z"), "VMIP_s": "10.0.0.5", "L4Protocol_s": "T",
        "DestPort_d": 443.0, "FlowDirection_s": "O", "AllowedOutFlows_d": 4.0, "TimeGenerated": "2024-03-14T13:00Z",
    }  # fmt: skip
    return {**row, **more}


def flows(rows):
    found, rejects = flows_of_frame(pa.Table.from_pylist(rows), HOME)
    return found.to_pylist(), rejects


def test_rows_of_one_record_need_not_be_neighbours():
    rows = [record(AllExtIPs=one, PublicIPs=BOTH) for one in BOTH]
    rows.insert(1, record(AllExtIPs=BOTH[0], PublicIPs=BOTH, TimeGenerated="2024-03-14T14:00Z"))
    found, rejects = flows(rows)
    assert [(row["dst_ip"], row["flow_count"]) for row in found] == [(BOTH[0], 4), (BOTH[0], 4), (BOTH[1], None)]
    assert rejects == []
    assert found[0]["direction"] == "outbound"
    assert found[0]["start"] == pd.Timestamp("2024-03-14T12:00Z")
    assert [row["source_row"] for row in found] == [1, 2, 3]


def test_two_records_of_the_same_columns_are_two():
    found, _ = flows([record(AllExtIPs=one, PublicIPs=BOTH) for one in (*BOTH, *BOTH)])
    assert sum(row["flow_count"] or 0 for row in found) == 8


def test_a_line_per_address_with_the_whole_cell_in_each():
    cell = "198.51.100.7|5|5|50|40|5000|4000 203.0.113.9|2|2|20|10|2000|1000"
    rows = [record(AllExtIPs=one, DestPublicIPs_s=cell) for one in BOTH]
    found, rejects = flows(rows)
    assert [(row["dst_ip"], row["flow_count"], row["src_bytes"]) for row in found] == [
        (BOTH[0], 5, 5_000),
        (BOTH[1], 2, 2_000),
    ]
    assert rejects == []


def test_the_same_from_a_file(tmp_path: Path):
    cell = "198.51.100.7|5|5|50|40|5000|4000 203.0.113.9|2|2|20|10|2000|1000"
    rows = [record(AllExtIPs=one, DestPublicIPs_s=cell, FlowStartTime_t="2024-03-14T12:00:00Z") for one in BOTH]
    path = tmp_path / "flows.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    table = read_all(AzureTableReader(), path).tables["flow"]
    assert table["flow_count"].to_pylist() == [5, 2]


def test_what_is_no_flow_is_told():
    found, rejects = flows(
        [record(FlowStartTime_t=None, TimeGenerated=None, DestIP_s=BOTH[0]), record(DestIP_s=BOTH[0])]
    )
    assert len(found) == 1
    assert [one.partition(":")[0] for one in rejects] == ["row 1"]
    with pytest.raises(ReaderError, match="no Azure flow table"):
        flows_of_frame(pa.table({"a": [1]}), HOME)
