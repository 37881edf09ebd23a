"""Cloud flow logs of the developer data set."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pyarrow.compute as pc
import pytest

from flowsleuth.readers.aws_vpc import AwsVpcReader
from flowsleuth.readers.azure_blob import AzureBlobReader
from flowsleuth.readers.azure_tables import AzureTableReader
from flowsleuth.readers.paloalto import PaloAltoReader
from flowsleuth.testing import check_reader, count_lines, read_all

pytestmark = pytest.mark.real


def test_nsg_v2_all_tuples(shared_data: Path) -> None:
    found = read_all(AzureBlobReader(50_000), shared_data / "azure/nsg_flow_PT1H.json.gz")
    table = found.tables["flow"]
    assert (found.rejects, found.skipped, pc.sum(table["flow_count"]).as_py()) == ([], {}, 8_203)
    states = pc.utf8_slice_codeunits(pc.list_element(pc.split_pattern(table["extra"], '"states":"'), 1), 0, 2)
    allowed = pc.equal(table["action"], "allowed")
    assert len(table.filter(allowed)) == 5_054, "flows that began: their E is in the same row"
    assert (pc.sum(pc.equal(states, "BE")).as_py(), pc.sum(pc.invert(allowed)).as_py()) == (3_142, 7)
    ended = table.filter(pc.is_valid(table["end"]))
    assert (len(ended), pc.sum(ended["src_bytes"]).as_py(), pc.sum(ended["dst_bytes"]).as_py()) == SUMS
    assert str(pc.min(table["start"])) == "2020-07-08 20:03:56+00:00"


SUMS = (3_142, 1_507_812, 37_404_504)


def test_traffic_analytics_counted_once(shared_data: Path) -> None:
    path = shared_data / "azure/AzureNetworkAnalytics_az_net_comms.csv"
    found = read_all(AzureTableReader(), path)
    table = found.tables["flow"]
    assert (len(table), found.rejects, pc.sum(table["flow_count"]).as_py()) == (1_360, [], 4_909), "of 921 records"
    assert read_all(AzureTableReader(), path, chunk_size=40_000).tables["flow"].equals(table)
    other = read_all(AzureTableReader(), shared_data / "azure/AzureNetworkAnalytics_az_net_flows.csv")
    assert (other.rows, other.rejects) == ({"flow": 460}, [])


def test_vm_connection(shared_data: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(shared_data / "azure/vmconnection_log4shell.zip") as archive:
        archive.extractall(tmp_path)
    found = read_all(AzureTableReader(), next(tmp_path.glob("*.json")))
    assert (found.rows, found.rejects) == ({"flow": 5}, [])


def test_vpc_examples_of_the_manual(shared_data: Path) -> None:
    found = check_reader(
        AwsVpcReader(),
        shared_data / "aws/vpc_flow_v2_default_examples.log",
        expect_rows={"flow": 10, "health": 4},
        records=count_lines(),
        has_zone=True,
    )
    assert found.tables["health"]["status"].to_pylist() == ["no data", "lost"] * 2
    check_reader(
        AwsVpcReader(),
        shared_data / "aws/vpc_flow_v3_custom_tcpflags_examples.log",
        expect_rows={"flow": 8},
        records=count_lines(header=1),
        has_zone=True,
    )


def test_palo_alto_every_record(shared_data: Path) -> None:
    traffic = read_all(PaloAltoReader(), shared_data / "paloalto/pan_traffic_2017-05-31.csv.gz")
    assert (traffic.rows, traffic.rejects, traffic.skipped) == ({"flow": 65_532}, [], {}), "65,533 lines with header"
    threat = read_all(PaloAltoReader(), shared_data / "paloalto/pan_threat_2017.csv")
    assert (threat.rows, threat.rejects) == ({"alert": 347}, [])
    assert threat.tables["alert"]["name"].null_count == 0
