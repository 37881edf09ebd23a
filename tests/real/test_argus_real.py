"""Argus captures of the developer data set."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
import pytest

from flowsleuth.readers.argus import ArgusReader
from flowsleuth.testing import check_reader, count_lines, read_all

pytestmark = pytest.mark.real

READER = ArgusReader()
CTU = "labelled/ctu13_scenario6/capture20110816.part1_1001-1129.binetflow.gz"


def test_ctu13_all_records(shared_data: Path) -> None:
    found = read_all(READER, shared_data / CTU, tz="Europe/Prague")
    table = found.tables["flow"]
    assert len(table) + len(found.rejects) == 394_168
    assert [(r.source_row, r.reason) for r in found.rejects] == [
        (85, "not an IP address"),
        (239_684, "not an IP address"),
        (274_765, "not an IP address"),
    ]
    assert all(",ipx/spx," in (reject.raw or "") for reject in found.rejects), "LLC between MAC addresses"
    botnet = pc.sum(pc.match_substring(table["extra"], "Botnet")).as_py()
    normal = pc.sum(pc.match_substring(table["extra"], "Normal")).as_py()
    assert (botnet, normal) == (3_109, 4_810)
    assert str(table["start"][0]) == "2011-08-16 08:01:46.972101+00:00"
    assert pc.min(table["dst_bytes"]).as_py() == 0
    assert table["src_bytes"].null_count == 0


def test_ctu13_icmp(shared_data: Path) -> None:
    table = read_all(READER, shared_data / CTU).tables["flow"]
    icmp = table.filter(pc.equal(table["proto"], "icmp"))
    assert (len(icmp), icmp["icmp_type"].null_count, icmp["src_port"].null_count) == (5_688, 0, 5_688)
    kinds = {row["values"]: row["counts"] for row in icmp["icmp_type"].value_counts().to_pylist()}
    assert (kinds[3], kinds[8], kinds[0], kinds[5], kinds[11]) == (2_843, 558, 1_227, 982, 73)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("2013-10-21_capture-1.normal.binetflow", 2_398),
        ("test11-portscan.binetflow", 66),
        ("test2-malicious.binetflow.gz", 6_751),
        ("test4-malicious.binetflow", 394),
    ],
)
def test_captures_keep_every_promise(shared_data: Path, name: str, rows: int) -> None:
    path = shared_data / "labelled/argus_capture_level" / name
    check_reader(READER, path, expect_rows={"flow": rows}, records=count_lines(header=1), has_zone=False)
