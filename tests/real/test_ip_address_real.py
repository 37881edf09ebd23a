"""IpAddressSummary on real exports: Azure flows, alerts, sign-ins, a firewall's log."""

from __future__ import annotations

import pandas as pd
import pytest

import flowsleuth
from flowsleuth.notebooklets.ip_address import IpAddressSummary
from flowsleuth.workspace import init

pytestmark = pytest.mark.real

FILES = (
    "azure/AzureNetworkAnalytics_az_net_comms.csv", "alerts", "host/aad_signin_logs.csv", "host/host_logons.csv",
    "paloalto",
)  # fmt: skip


@pytest.fixture(scope="module")
def case(shared_data, tmp_path_factory):
    made = init(tmp_path_factory.mktemp("real") / "case")
    with flowsleuth.open(made) as ws:
        for name in FILES:
            ws.ingest(shared_data / name)
        yield ws


def test_azure_totals_are_the_records_totals(case, shared_data):
    """N4 said of a sample of this table: flows were counted once for each address of a record."""
    rows = pd.read_csv(shared_data / FILES[0])
    records = rows.drop_duplicates([name for name in rows.columns if name not in ("Unnamed: 0", "AllExtIPs")])
    address = "10.0.3.5"
    mine = records[(records["VMIPAddress"] == address) | (records["SrcIP"] == address) | (records["DestIP"] == address)]
    told = case.ip(address).ip_address_summary(options=["az_netflow", "device_info"])
    summary = told.az_network_flow_summary
    assert summary["TotalAllowedFlows"].sum() == mine[["AllowedInFlows", "AllowedOutFlows"]].sum().sum()
    assert summary["DeniedFlows"].sum() == mine[["DeniedInFlows", "DeniedOutFlows"]].sum().sum()
    assert (
        sum(told.section("az_network_flows_timeline").table["flows"].to_pylist())
        == mine[["AllowedInFlows", "AllowedOutFlows", "DeniedInFlows", "DeniedOutFlows"]].sum().sum()
    )
    assert [host.name for host in told.host_entities] == ["msticalertswin1"]


def test_sign_ins_of_an_address_outside(case):
    told = case.ip("109.88.218.99").ip_address_summary(options=["az_activity", "related_accounts"])
    assert (told.ip_type, told.ip_origin, len(told.aad_signins)) == ("Public", "External", 61)
    assert told.azure_activity_summary["OperationCount"].sum() == told.related_accounts["Count"].sum() == 61
    assert set(told.related_accounts["Account"]) == {"seb@seccxp.ninja", "meganb@seccxp.ninja"}


def test_an_address_of_the_laboratory(case):
    result = IpAddressSummary(case).run("192.168.4.51")
    assert not [step for step in result.steps if step.status == "failed"]
    assert result.tables_with_ip[["table", "rows"]].values.tolist() == [["flow", 62_020], ["alert", 144]]
    assert len(result.related_alerts) == 144
    assert sum(result.section("alert_timeline").table["alerts"].to_pylist()) == 144
    sent = case.sql(
        "SELECT sum(CASE WHEN src_ip = $ip THEN src_bytes ELSE dst_bytes END) AS sent FROM flow "
        "WHERE (src_ip = $ip OR dst_ip = $ip) AND src_ip <> dst_ip",
        ip="192.168.4.51",
    )
    assert result.outbound_volume["bytes"].sum() == sent.to_pandas()["sent"][0]
    around = result.recentre(-1, before="1h", after="1h")
    assert 0 < len(around.related_alerts) < 144
