"""Cloud flow logs of the developer data set."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
import pytest

from flowsleuth.readers.azure_blob import AzureBlobReader
from flowsleuth.testing import read_all

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
