"""Connections from flowsleuth.toml and msticpyconfig.yaml; secrets by reference, never shown."""

from __future__ import annotations

import pytest

import flowsleuth
from flowsleuth.errors import CatalogueError, OptionError, QueryParameterError, WorkspaceError
from flowsleuth.provider_settings import Secret, find_msticpy_config, read_msticpy_config, read_toml
from flowsleuth.settings import Settings
from flowsleuth.workspace.queries import open_provider, provider_settings

TOML = """
home = ["10.0.0.0/8"]
[query]
paths = ["queries"]
[query.prod]
environment = "Sentinel"
workspace_id = "w-1"
client_id = "c-1"
tenant_id = "t-1"
client_secret = { env = "PROD_SECRET" }
[query.Splunk]
host = "splunk.example"
password = "plain-secret"
username = "ana"
[query.LocalData]
data_paths = ["saved"]
"""
MSTICPY = """
AzureSentinel:
  Workspaces:
    Default: {WorkspaceId: d973e3d2, TenantId: 4cdf87a8}
    Blue: {WorkspaceId: c88dd3c2, TenantId: f1f64e65, SubscriptionId: s, ResourceGroup: r}
QueryDefinitions:
  Custom: [/var/global-queries, ~/queries]
TIProviders:
  OTX: {Args: {AuthKey: plain-otx-key}, Primary: true, Provider: OTX}
  XForce: {Args: {ApiID: id, AuthKey: {EnvironmentVar: XFORCE_KEY}}, Primary: false, Provider: XForce}
DataProviders:
  AzureCLI: {Args: {auth_methods: [cli]}}
  Splunk: {Args: {host: splunk.example, port: '8089', username: ana, password: {EnvironmentVar: SPLUNK_PW}}}
  Kusto-help: {Args: {Cluster: https://help.kusto.windows.net, ClusterDefaultDb: Samples}}
  MicrosoftDefender: {Args: {ClientId: c, TenantId: t, ClientSecret: {KeyVault: }}}
"""


@pytest.fixture
def case(tmp_path):
    (tmp_path / "flowsleuth.toml").write_text(TOML)
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "mine.yaml").write_text(
        "metadata: {version: 1, data_environments: [LocalData, LogAnalytics], data_families: [Mine]}\n"
        "sources: {all_flows: {description: All, args: {query: flows.csv}}}\n"
    )
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "flows.csv").write_text("a\n1\n")
    return tmp_path


def test_sections_of_a_workspace(case):
    settings = provider_settings(case, environ={})
    assert list(settings.providers) == ["prod", "Splunk", "LocalData"]
    assert settings.need("prod").connection({"PROD_SECRET": "xyz"})["client_secret"] == "xyz"
    with pytest.raises(OptionError, match="PROD_SECRET: this environment variable is not set"):
        open_provider("prod", settings, {})
    provider = open_provider("PROD", settings, {"PROD_SECRET": "xyz"})
    assert provider.environment == "Sentinel" and "Mine.all_flows" in provider.list_queries()
    with flowsleuth.open(case) as ws:
        assert ws.query_provider("LocalData").Mine.all_flows()["a"].tolist() == [1]
        assert ws.query_provider("Sentinel").list_queries()
        with pytest.raises(CatalogueError, match="no such place to ask"):
            ws.query_provider("nowhere")


def test_nothing_shows_a_secret(case):
    settings = provider_settings(case, environ={})
    provider = open_provider("Splunk", settings, {})
    for shown in (settings, settings.need("Splunk"), provider, provider.driver, Settings.load(case)):
        assert "plain-secret" not in repr(shown) and "plain-secret" not in str(shown)
    assert settings.need("Splunk").connection({})["password"] == "plain-secret"


def test_msticpys_settings(tmp_path):
    file = tmp_path / "msticpyconfig.yaml"
    file.write_text(MSTICPY)
    found = read_msticpy_config(file)
    assert found.need("Sentinel").values == {"workspace_id": "d973e3d2", "tenant_id": "4cdf87a8"}
    assert found.need("Sentinel.Blue").values == found.need("Blue").values == {
        "workspace_id": "c88dd3c2",
        "tenant_id": "f1f64e65",
    }  # fmt: skip
    assert found.need("Splunk").values["password"] == Secret(env="SPLUNK_PW")
    assert found.need("Kusto-help").values == {"cluster": "https://help.kusto.windows.net", "database": "Samples"}
    assert found.need("Kusto").environment == "Kusto"
    with pytest.raises(OptionError, match="Key Vault"):
        found.need("DefenderXDR").connection({})
    assert found.query_paths == ("/var/global-queries", "~/queries")
    assert found.intel["XForce"]["Args"] == {"ApiID": "id", "AuthKey": Secret(env="XFORCE_KEY")}
    assert found.intel["OTX"]["Args"]["AuthKey"].reveal({}) == "plain-otx-key"
    assert "plain-otx-key" not in repr(found)


def test_where_msticpys_settings_are(tmp_path):
    file = tmp_path / "msticpyconfig.yaml"
    file.write_text("QueryDefinitions:\n")
    assert find_msticpy_config({}) is None
    assert find_msticpy_config({"MSTICPYCONFIG": str(file)}) == file
    assert read_msticpy_config(file).providers == {}
    with pytest.raises(OptionError, match="no such file"):
        find_msticpy_config({"MSTICPYCONFIG": str(tmp_path / "x")})
    file.write_text("a: [")
    with pytest.raises(WorkspaceError, match="cannot read the settings"):
        read_msticpy_config(file)


def test_ours_go_before_msticpys(case, tmp_path_factory):
    file = tmp_path_factory.mktemp("m") / "msticpyconfig.yaml"
    file.write_text(
        "DataProviders: {Splunk: {Args: {host: other.example}}, Elastic: {Args: {url: https://e.example}}}\n"
    )
    settings = provider_settings(case, file, environ={})
    assert settings.need("Splunk").values["host"] == "splunk.example"
    assert settings.need("Elastic").values == {"url": "https://e.example"}


@pytest.mark.parametrize(
    "text", ["query = 1", "[query]\npaths = 'x'", "[query]\nprod = 1", "[query", "[query.x]\nenvironment = 'Nil'"]
)
def test_settings_that_are_wrong_are_told(tmp_path, text):
    (tmp_path / "flowsleuth.toml").write_text(text)
    with pytest.raises((WorkspaceError, CatalogueError)):
        open_provider("x", read_toml(tmp_path / "flowsleuth.toml"), {})


def test_a_setting_that_the_driver_does_not_know(tmp_path):
    (tmp_path / "flowsleuth.toml").write_text("[query.Splunk]\nhots = 'x'")
    with pytest.raises(QueryParameterError, match="hots"):
        open_provider("Splunk", read_toml(tmp_path / "flowsleuth.toml"), {})
