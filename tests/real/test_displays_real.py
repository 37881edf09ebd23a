"""Displays of the data that MSTICPy's own notebooks show."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from flowsleuth.toolkit import (
    display_timeline,
    display_timeline_duration,
    display_timeline_values,
    display_timeseries_anomalies,
    plot_matrix,
    plot_network,
)

pytestmark = pytest.mark.real
NAIVE = "times without a zone are taken as UTC"


def test_alerts_by_severity(shared_data: Path) -> None:
    alerts = pd.read_csv(shared_data / "alerts/alertlist.csv", index_col=0)
    shown = display_timeline(
        alerts, "StartTimeUtc", ["AlertName", "CompromisedEntity"], group_by="Severity", alert=alerts.iloc[5]
    )
    assert {lane["name"]: lane["total"] for lane in shown.spec["lanes"]} == alerts["Severity"].value_counts().to_dict()
    assert shown.spec["refs"][0][1] == alerts.iloc[5]["AlertDisplayName"]
    assert shown.note == NAIVE


def test_processes_of_a_host(shared_data: Path) -> None:
    processes = pd.read_csv(shared_data / "host/processes_on_host.csv")
    shown = display_timeline_duration(processes, "Account", "TimeGenerated", source_columns=["NewProcessName"])
    assert sum(lane["total"] for lane in shown.spec["lanes"]) == 363
    assert all(lane["span"][0] <= lane["span"][1] for lane in shown.spec["lanes"])


def test_flows_of_a_host(shared_data: Path) -> None:
    flows = pd.read_csv(shared_data / "azure/AzureNetworkAnalytics_az_net_comms.csv")
    other = flows[flows["L7Protocol"] != "https"]
    shown = display_timeline_values(
        other, y="TotalAllowedFlows", time_column="FlowStartTime", group_by="L7Protocol", kind=["vbar", "circle"]
    )
    assert {one["name"]: one["total"] for one in shown.spec["series"]} == other["L7Protocol"].value_counts().to_dict()
    matrix = plot_matrix(flows, "L7Protocol", "AllExtIPs", value_col="TotalAllowedFlows")
    assert sum(cell[2] for cell in matrix.spec["cells"]) == flows["TotalAllowedFlows"].sum()
    network = plot_network(flows, "VMIPAddress", "AllExtIPs", edge_attrs=["L7Protocol"])
    assert len(network.to_html()) < 1_000_000


def test_a_series_with_anomalies_both_ways(shared_data: Path) -> None:
    hours = pd.read_csv(shared_data / "timeseries/TimeSeriesDemo.csv")
    spec = display_timeseries_anomalies(hours, "TotalBytesSent").spec
    sides = [side for _, _, side in spec["anomalies"]]
    assert len(sides) == (hours["anomalies"] != 0).sum()
    assert {"above", "below"} == set(sides)
    assert len(spec["band"]) == len(hours)
