"""The provider: queries as methods, help, search, browse."""

from __future__ import annotations

import inspect

import pytest

import flowsleuth
from flowsleuth.errors import CatalogueError, QueryParameterError
from flowsleuth.query import QueryProvider
from flowsleuth.query.browser import QueryBrowser


@pytest.fixture(scope="module")
def sentinel():
    return QueryProvider("MSSentinel")


def test_completion_signature_and_help(sentinel):
    assert {"Network", "SecurityAlert", "WindowsSecurity", "Azure", "DNS"} <= set(dir(sentinel))
    assert "list_alerts_for_ip" in dir(sentinel.SecurityAlert)
    flows = sentinel.Network.list_nta_flows_by_ip
    assert list(inspect.signature(flows).parameters)[:4] == ["objects", "start", "end", "ip_address_list"]
    assert "NTANetAnalytics" in inspect.getdoc(flows)
    assert "{ip_address_list}" in sentinel.Network.list_nta_flows_by_ip("help")
    assert sentinel.help("SecurityAlert.list_alerts_for_ip").startswith(
        "SecurityAlert.list_alerts_for_ip (Sentinel)\nAlerts with addresses"
    )


def test_the_queries_that_notebooklets_call_are_there(sentinel):
    called = [
        "Network.list_azure_network_flows_by_ip",
        "Network.list_azure_network_flows_by_host",
        "Network.get_heartbeat_for_host",
        "Network.get_heartbeat_for_ip",
        "Network.get_ips_for_host",
        "Network.get_host_for_ip",
        "SecurityAlert.list_alerts_for_ip",
        "AzureSentinel.list_bookmarks_for_entity",
        "Azure.list_aad_signins_for_ip",
        "Azure.list_azure_activity_for_ip",
        "Office365.list_activity_for_ip",
        "LinuxSyslog.list_logons_for_source_ip",
    ]
    assert set(called) <= set(sentinel.list_queries())


def test_print_asks_nobody(sentinel):
    call = sentinel.SecurityAlert.list_alerts_for_ip
    text = call("print", ("2024-05-01", "2024-05-02"), source_ip_list="192.0.2.7")
    assert text == call(print_query=True, start="2024-05-01", end="2024-05-02", ip_address="192.0.2.7")
    assert text == (
        "SecurityAlert\n"
        "| where TimeGenerated >= datetime(2024-05-01T00:00:00.000000Z) "
        "and TimeGenerated < datetime(2024-05-02T00:00:00.000000Z)\n"
        '| where Entities has_any ("192.0.2.7") or CompromisedEntity in~ ("192.0.2.7")\n'
        "| summarize arg_max(TimeGenerated, *) by SystemAlertId"
    )


def test_the_same_query_on_two_systems():
    """Device tables have their time in another column on Sentinel than in Defender."""
    for place, column in (("Sentinel", "TimeGenerated"), ("DefenderXDR", "Timestamp")):
        text = QueryProvider(place).MDE.list_device_processes("print", {"DeviceName": "web1"})
        assert f"| where {column} >= datetime(" in text and 'DeviceName =~ "web1"' in text


def test_names_that_are_not_there(sentinel):
    with pytest.raises(AttributeError, match="no group 'Netwrok'"):
        sentinel.Netwrok  # noqa: B018
    with pytest.raises(AttributeError, match="no query 'x'"):
        sentinel.Network.x  # noqa: B018
    with pytest.raises(CatalogueError, match="no such query"):
        sentinel.definition("nothing")
    with pytest.raises(CatalogueError):
        QueryProvider("Sumologic")
    with pytest.raises(QueryParameterError, match="unexpected keyword"):
        QueryProvider("Sentinel", workspase_id="x")
    with pytest.raises(QueryParameterError, match="workspace_id is not set"):
        sentinel.connect()


def test_your_queries_go_before_ours(tmp_path, sentinel):
    (tmp_path / "a.yaml").write_text(
        "metadata: {version: 1, data_environments: [LogAnalytics], data_families: [SecurityAlert]}\n"
        "sources: {list_alerts: {description: Mine, args: {query: 'MyAlerts'}}}\n"
    )
    mine = QueryProvider("Sentinel", query_paths=[tmp_path])
    assert mine.SecurityAlert.list_alerts("print") == "MyAlerts"
    assert len(mine.list_queries()) == len(sentinel.list_queries())
    assert QueryProvider("Sentinel", own_queries=False).add_queries(tmp_path) == 1


def test_browse_escapes(sentinel, tmp_path):
    (tmp_path / "a.yaml").write_text(
        "metadata: {version: 1, data_environments: [Sentinel], data_families: [Evil]}\n"
        "sources: {q: {description: '<img src=x onerror=alert(1)>', args: {query: '</pre><script>1</script>'}}}\n"
    )
    page = QueryProvider("Sentinel", query_paths=tmp_path).browse("Evil.q")
    assert isinstance(page, QueryBrowser) and len(page) == 1
    assert "<img" not in page._repr_html_() and "<script" not in page._repr_html_()
    assert "&lt;script&gt;" in page.widget().children[1].value
    assert "Network.list_nta_flows_by_ip" in repr(sentinel.browse("nta"))


def test_the_package_offers_it():
    assert flowsleuth.QueryProvider is QueryProvider


def test_what_a_workspace_stores_is_asked_in_sql(demo_case):
    with flowsleuth.open(demo_case) as ws:
        peers = ws.queries.Network.list_peers(ip_address="10.0.1.4")
        flows = ws.queries.Network.list_flows_by_ip(ip_address_list=["10.0.1.4", "x' OR 1=1 --"])
        ours = ws.table("flow").filter(lambda t: (t.src_ip == "10.0.1.4") | (t.dst_ip == "10.0.1.4")).count()
        assert len(flows) == peers["flows"].sum() == ours.execute() > 0
        assert str(flows["start"].dtype) == "datetime64[us, UTC]"
        last = flows["start"].max()
        split = ws.queries.Network.list_flows_by_ip(
            ip_address_list="10.0.1.4", start=flows["start"].min(), end=last, split_by="30m"
        )
        assert len(split) == (flows["start"] < last).sum()
        ours = ws.queries
        for name in ours:
            sample = {"str": "a1", "list": ["1"], "int": 1}
            needed = {
                key: sample[one.type]
                for key, one in ours.definition(name).parameters.items()
                if one.is_required and key not in ("start", "end")
            }
            needed = {key: [443] if key == "ports" else value for key, value in needed.items()}
            assert ours.query(name).arrow(**needed).num_columns > 0, name


@pytest.mark.parametrize(
    "text", ["DROP TABLE flow", "SELECT 1", "SELECT * FROM secrets", "SELECT * FROM read_csv('x')", "x("]
)
def test_only_questions_about_stored_tables(demo_case, text):
    with flowsleuth.open(demo_case) as ws, pytest.raises(flowsleuth.errors.QueryError):
        ws.queries.exec_query(text)


def test_connection_strings_and_keywords_of_connect():
    provider = QueryProvider("Sentinel", token="s3cret")
    with pytest.raises(QueryParameterError, match="workspace_id is not set"):
        provider.connect()
    with pytest.raises(QueryParameterError, match="no form") as caught:
        provider.connect("s3cret")
    assert "s3cret" not in str(caught.value)
    pytest.importorskip("azure.monitor.query")
    provider.connect("loganalytics://code().tenant('t-1').workspace('w-1')")
    assert provider.driver._workspace_id == "w-1"
    provider.connect(workspace_id="w-2")
    assert provider.driver._workspace_id == "w-2"
    provider.close()


def test_every_query_about_a_workspace_is_answered(demo_case):
    """Each text is SQL that the engine takes, about columns that there are."""
    sample = {"str": "a1", "int": 1, "list": ["10.0.1.4"], "name": "flow"}
    with QueryProvider("Workspace", folder=demo_case) as case:
        for name in case:
            parameters = case.definition(name).parameters
            needed = {k: sample.get(one.type) for k, one in parameters.items() if one.is_required}
            given = {key: value for key, value in needed.items() if key not in ("start", "end")}
            given |= {"ports": [443]} if "ports" in given else {}
            assert case.query(name).arrow(**given).num_columns > 0, name
