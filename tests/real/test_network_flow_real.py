"""NetworkFlowSummary on the sample that msticnb's own tests come from."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from flowsleuth.notebooklets.network_flow import NetworkFlowSummary
from flowsleuth.testing import check_notebooklet
from flowsleuth.workspace.frames import open_frames

pytestmark = pytest.mark.real
RECORDS, LINES, FLOWS = 921, 1_360, 4_909
"""Records, lines (one for each address of a record), and flows by the records' own counts."""


@pytest.fixture
def frame(shared_data: Path) -> pd.DataFrame:
    return pd.read_csv(shared_data / "azure/AzureNetworkAnalytics_az_net_comms.csv")


def test_totals_are_the_records_totals(frame: pd.DataFrame) -> None:
    counts = ["AllowedInFlows", "AllowedOutFlows"]
    keys = [name for name in frame.columns if name not in ("AllExtIPs", "TotalAllowedFlows")]
    records = frame[keys].drop_duplicates()
    assert (len(records), int(records[counts].to_numpy().sum())) == (RECORDS, FLOWS), "what the file holds"
    assert int(frame["TotalAllowedFlows"].sum()) > FLOWS, "what msticnb adds up"
    for data in (frame, frame.sample(frac=1, random_state=7)):
        result = NetworkFlowSummary().run("msticalertswin1", data, options="+geo_map", strict=True)
        assert (result.totals["TotalAllowedFlows"], result.totals["records"]) == (FLOWS, LINES)
        for name in ("flow_index_data", "flow_index", "flow_summary", "asn_rarity", "peer_rarity", "port_rarity"):
            assert int(getattr(result, name)["TotalAllowedFlows"].sum()) == FLOWS, name
        for name in ("plot_flows_by_protocol", "plot_flows_by_direction", "plot_flow_values"):
            assert int(getattr(result, name).section.table.to_pandas()["flows"].sum()) == FLOWS, name
        assert set(result.flow_index["FlowDirection"]) <= {"inbound", "outbound"}
        assert result.host_entity.name == "msticalertswin1"


def test_by_address_as_by_name(frame: pd.DataFrame) -> None:
    result = NetworkFlowSummary().run("10.0.3.5", frame, strict=True)
    assert result.totals["TotalAllowedFlows"] == FLOWS, "all of its 921 records are this machine's"
    assert result.host_entity.name == "msticalertswin1"


def test_the_kit(frame: pd.DataFrame) -> None:
    from flowsleuth.notebooklets.network_flow.foreign import as_flows

    with open_frames({"flow": as_flows(frame, ["10.0.0.0/8"])}) as ws:
        check_notebooklet(ws, NetworkFlowSummary, "10.0.3.5")
