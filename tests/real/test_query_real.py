"""Saved results of the developer data set, asked by the query library."""

from __future__ import annotations

import pytest

from flowsleuth.query import QueryProvider

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def local(shared_data):
    tables = {
        "AzureNetworkAnalytics": shared_data / "azure" / "AzureNetworkAnalytics_az_net_comms.csv",
        "SecurityAlert": shared_data / "alerts" / "alertlist.csv",
        "SecurityEvent": shared_data / "host" / "processes_on_host.csv",
        "SigninLogs": shared_data / "host" / "aad_signin_logs.csv",
    }
    return QueryProvider("LocalData", tables=tables)


def test_whole_files_and_their_questions(local):
    whole = local.exec_query("SELECT count(*) AS n FROM AzureNetworkAnalytics")
    assert whole["n"].tolist() == [1_360]
    flows = local.Network.list_azure_network_flows_by_host(host_name="MSTICAlertsWin1")
    nameless = local.exec_query("SELECT count(*) AS n FROM AzureNetworkAnalytics WHERE VMName IS NULL")
    assert len(flows) + nameless["n"][0] == 1_360
    assert len(local.SecurityAlert.list_alerts()) == 189
    assert len(local.WindowsSecurity.list_host_processes(host_name="MSTICAlertsWin1")) == 363
    signins = local.exec_query("SELECT IPAddress, count(*) AS n FROM SigninLogs GROUP BY 1 ORDER BY n DESC LIMIT 1")
    found = local.Azure.list_aad_signins_for_ip(ip_address=signins["IPAddress"][0])
    assert len(found) == signins["n"][0]


def test_an_alert_asks_for_itself(local):
    alerts = local.SecurityAlert.list_alerts()
    alert = alerts[alerts["CompromisedEntity"].str.upper() == "MSTICALERTSWIN1"].iloc[0]
    flows = local.Network.list_azure_network_flows_by_host(alert)
    assert len(flows) == len(local.Network.list_azure_network_flows_by_host(host_name="MSTICAlertsWin1")) > 0
