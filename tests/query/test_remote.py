"""Drivers to other systems, by their official clients, against local servers that speak their protocol."""

from __future__ import annotations

import datetime as dt
import json
import sys
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest

from flowsleuth.errors import MissingExtraError, QueryError, QueryLoginError, QueryParameterError
from flowsleuth.query import PartialResultWarning, QueryProvider, report_of
from flowsleuth.query.runner import Patience
from tests.query.servers import Elasticsearch, Fault, hunting, kusto, log_analytics, serving, splunk

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
KQL = {"Sentinel": log_analytics, "DefenderXDR": hunting, "Kusto": kusto}
MADE_FOR = {"Sentinel": "azure.monitor.query", "DefenderXDR": "httpx", "Kusto": "azure.kusto.data"}
WEEK = {"start": "2024-05-01", "end": "2024-05-03"}
FILE = """
metadata: {version: 1, data_environments: [LogAnalytics, M365D, Kusto], data_families: [Mine]}
sources:
  flows:
    description: Flows
    args:
      query: T | where TimeGenerated >= datetime({start}) and TimeGenerated < datetime({end}) | where SrcIp has "{ip}"
    parameters:
      start: {description: s, type: datetime}
      end: {description: e, type: datetime}
      ip: {description: i, type: str, default: '10.'}
"""


class Waits:
    """Sleeps that are counted instead of slept."""

    def __init__(self):
        self.waits = []

    def __call__(self, seconds):
        self.waits.append(seconds)


@pytest.fixture
def waits():
    return Waits()


def connect(name, server, waits, tmp_path, **more):
    pytest.importorskip(MADE_FOR[name])
    (tmp_path / "mine.yaml").write_text(FILE)
    url = {"Sentinel": "endpoint", "DefenderXDR": "endpoint", "Kusto": "cluster"}[name]
    fixed = {"Sentinel": {"workspace_id": "w-1"}, "Kusto": {"database": "db"}}.get(name, {})
    patience = Patience(sleep=waits)
    given = {url: server.url, "token": "secret-token", **fixed, **more}
    return QueryProvider(name, query_paths=[tmp_path], patience=patience, **given)


@pytest.fixture(params=list(KQL))
def place(request, waits, tmp_path):
    with serving(KQL[request.param]) as server, connect(request.param, server, waits, tmp_path) as provider:
        yield server, provider


def test_rows_with_their_types(place):
    server, provider = place
    flows = provider.Mine.flows.arrow(**WEEK)
    assert flows.to_pylist() == [
        {
            "TimeGenerated": dt.datetime(2024, 5, 1, 0, 0, 0, 123456, tzinfo=dt.UTC),
            "SrcIp": "10.0.0.5",
            "DestPort": 443,
            "Seconds": 12.5,
            "Allowed": True,
            "Tags": '["a", "b"]',
        },
        {
            "TimeGenerated": dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC),
            "SrcIp": "10.0.0.5",
            "DestPort": None,
            "Seconds": None,
            "Allowed": None,
            "Tags": None,
        },
        {
            "TimeGenerated": dt.datetime(2024, 5, 2, tzinfo=dt.UTC),
            "SrcIp": "10.0.0.6",
            "DestPort": 53,
            "Seconds": 1.0,
            "Allowed": False,
            "Tags": '{"k": 1}',
        },
    ]
    assert all(one.headers["authorization"] == "Bearer secret-token" for one in server.asked)


def test_parts_at_once_have_each_row_once(place):
    server, provider = place
    flows = provider.Mine.flows(**WEEK, split_by="12h")
    assert len(flows) == 3 and flows["TimeGenerated"].is_monotonic_increasing
    assert [part.rows for part in report_of(flows).parts] == [1, 1, 1, 0]
    assert len(server.asked) == 4


def test_throttling_is_waited_for(place, waits):
    server, provider = place
    server.faults.append(Fault(429, b'{"error": {"code": "Throttled", "message": "slow"}}', {"Retry-After": "7"}, 2))
    assert len(provider.Mine.flows(**WEEK)) == 3
    assert waits.waits == [7.0, 7.0]


def test_a_busy_side_that_does_not_say_when(place, waits):
    server, provider = place
    server.faults.append(Fault(503, b'{"error": {"code": "Busy", "message": "busy"}}', {}, 9))
    with pytest.raises(QueryError, match="asked 4 times"):
        provider.Mine.flows(**WEEK)
    assert len(waits.waits) == 3 and waits.waits[0] < waits.waits[1] < waits.waits[2] <= 6


@pytest.mark.parametrize("status", [401, 403])
def test_who_is_not_let_in(place, status):
    server, provider = place
    server.faults.append(Fault(status, b'{"error": {"code": "Forbidden", "message": "not you"}}', {}, 9))
    with pytest.raises(QueryLoginError) as caught:
        provider.Mine.flows(**WEEK, split_by="1d")
    assert "secret-token" not in str(caught.value) and "secret-token" not in repr(provider.driver.__dict__)


@pytest.mark.parametrize(
    "body", [b'{"error": {"code": "BadArgumentError", "message": "Semantic error: no table T"}}', b"<html>"]
)
def test_a_failed_part_is_told_with_its_reason(place, body):
    server, provider = place
    server.faults.append(Fault(400, body, {}, 1, lambda asked: b"2024-05-02T00:00:00.000000Z) and" in asked.body))
    with pytest.warns(PartialResultWarning, match="1 of 2 parts"):
        flows = provider.Mine.flows(**WEEK, split_by="1d")
    assert [part.status for part in report_of(flows).parts] == ["complete", "failed"]
    assert len(flows) == 2


def test_hostile_values_stay_values(place):
    server, provider = place
    provider.Mine.flows(**WEEK, ip='x" | union SecurityEvent //')
    sent = server.asked[0].json()
    text = sent.get("query") or sent.get("Query") or sent["csl"]
    assert text.endswith('SrcIp has "x\\" | union SecurityEvent //"')


def test_answers_that_are_no_answers(place):
    server, provider = place
    for body in (b"not json", b'{"some": "thing"}'):
        server.faults.append(Fault(200, body))
        with pytest.raises(QueryError):
            provider.Mine.flows(**WEEK)


def test_a_side_that_is_not_there(waits, tmp_path):
    for name, answer in KQL.items():
        with serving(answer) as server:
            pass
        with pytest.raises(QueryError, match="cannot be reached"):
            connect(name, server, waits, tmp_path).Mine.flows(**WEEK)


@pytest.mark.parametrize("name", list(KQL))
def test_secrets_do_not_go_over_plain_http(name, tmp_path, waits):
    with serving(KQL[name]) as server:
        server.url = "http://example.com"
        with pytest.raises(QueryParameterError, match="readable by all"):
            connect(name, server, waits, tmp_path).connect()


def test_sentinel_partial_results(waits, tmp_path):
    def partial_answer(asked):
        status, headers, body = log_analytics(asked)
        error = {"code": "PartialError", "message": "There were some errors", "details": []}
        return status, headers, json.dumps(json.loads(body) | {"error": error}).encode()

    with serving(partial_answer) as server, connect("Sentinel", server, waits, tmp_path) as provider:
        with pytest.warns(PartialResultWarning, match="There were some errors"):
            flows = provider.Mine.flows(**WEEK)
        assert len(flows) == 3 and report_of(flows).parts[0].status == "partial"


def test_sentinel_sends_a_window_beside_your_own_text_only(waits, tmp_path):
    with serving(log_analytics) as server, connect("Sentinel", server, waits, tmp_path) as provider:
        provider.Mine.flows(**WEEK)
        provider.exec_query("T", start="2024-05-01", end="2024-05-02")
        provider.exec_query("T")
        spans = [one.json().get("timespan") for one in server.asked]
        assert spans == [None, "2024-05-01T00:00:00.000Z/2024-05-02T00:00:00.000Z", None]
        assert server.asked[0].path == "/v1/workspaces/w-1/query"
        assert server.asked[0].headers["prefer"] == "wait=180"


def test_sentinel_asks_several_workspaces_together(waits, tmp_path):
    more = {"additional_workspaces": ["w-2", "w-3"], "timeout_s": 300}
    with serving(log_analytics) as server, connect("Sentinel", server, waits, tmp_path, **more) as provider:
        provider.Mine.flows(**WEEK)
        assert server.asked[0].json()["workspaces"] == ["w-2", "w-3"]
        assert server.asked[0].headers["prefer"] == "wait=300"


def test_defender_sends_what_graph_takes(waits, tmp_path):
    """https://learn.microsoft.com/graph/api/security-security-runhuntingquery: Query, and Timespan in ISO 8601."""
    with serving(hunting) as server, connect("DefenderXDR", server, waits, tmp_path) as provider:
        provider.exec_query("T", start="2024-05-01", end="2024-05-02")
        asked = server.asked[0]
        assert (asked.method, asked.path) == ("POST", "/v1.0/security/runHuntingQuery")
        assert asked.json() == {"Query": "T", "Timespan": "2024-05-01T00:00:00+00:00/2024-05-02T00:00:00+00:00"}


def test_kusto_sends_what_the_cluster_takes(waits, tmp_path):
    """https://learn.microsoft.com/kusto/api/rest/request: db, csl, and properties with options."""
    with serving(kusto) as server, connect("Kusto", server, waits, tmp_path) as provider:
        provider.Mine.flows(**WEEK, query_options={"timeout_s": 90})
        asked = server.asked[-1]
        assert (asked.method, asked.path) == ("POST", "/v2/rest/query")
        sent = asked.json()
        assert sent["db"] == "db" and sent["csl"].startswith("T |")
        properties = sent["properties"]
        properties = json.loads(properties) if isinstance(properties, str) else properties
        assert properties["Options"]["servertimeout"] == "0:01:30"


def test_kusto_errors_among_rows(waits, tmp_path):
    with serving(partial(kusto, errors=True)) as server, pytest.raises(QueryError, match="too much"):
        connect("Kusto", server, waits, tmp_path).Mine.flows(**WEEK)


def test_kusto_database_of_the_call(waits, tmp_path):
    with serving(kusto) as server, connect("Kusto", server, waits, tmp_path) as provider:
        provider.Mine.flows(**WEEK, query_options={"database": "other"})
        assert server.asked[-1].json()["db"] == "other"


def test_kusto_tables_are_told(waits, tmp_path):
    """Commands have an answer of the older kind: https://learn.microsoft.com/kusto/api/rest/response-v1"""
    names = ["TableName", "ColumnName", "ColumnType"]
    columns = [{"ColumnName": name, "DataType": "String", "ColumnType": "string"} for name in names]
    table = {"TableName": "Table_0", "Columns": columns, "Rows": [["T", "a", "long"], ["T", "b", "string"]]}

    def answer(asked):
        assert asked.path == "/v1/rest/mgmt" and asked.json()["csl"].startswith(".show database schema")
        return 200, {}, json.dumps({"Tables": [table]}).encode()

    with serving(answer) as server, connect("Kusto", server, waits, tmp_path) as provider:
        assert provider.tables() == {"T": {"a": "long", "b": "string"}}


@pytest.mark.parametrize(
    ("name", "package", "extra", "given"),
    [
        ("Sentinel", "azure.monitor.query", "sentinel", {"workspace_id": "w"}),
        ("DefenderXDR", "httpx", "defender", {}),
        ("Kusto", "azure.kusto.data", "kusto", {"cluster": "https://x.example"}),
        ("Splunk", "splunklib.client", "splunk", {"host": "x.example", "bearer_token": "t"}),
        ("Elastic", "elasticsearch", "elastic", {"url": "https://x.example"}),
        ("OpenSearch", "opensearchpy", "opensearch", {"url": "https://x.example"}),
    ],
)
def test_a_missing_package_is_told_with_its_extra(name, package, extra, given, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf'pip install "flowsleuth\[{extra}\]"'):
        QueryProvider(name, **given).connect()


@pytest.mark.parametrize("name", list(KQL))
def test_ways_to_log_in(name, monkeypatch):
    identity = pytest.importorskip("azure.identity")
    pytest.importorskip(MADE_FOR[name])
    fixed = {"Sentinel": {"workspace_id": "w"}, "Kusto": {"cluster": "https://x.example"}}.get(name, {})
    asked = []
    for kind in ("ClientSecretCredential", "AzureCliCredential", "ManagedIdentityCredential"):
        monkeypatch.setattr(identity, kind, lambda *a, kind=kind, **k: asked.append((kind, a, k)) or _Credential())
    for login in (
        {"tenant_id": "t", "client_id": "c", "client_secret": "s"},
        {"auth": "cli", "tenant_id": "t"},
        {"auth": "msi", "tenant_id": "t"},
    ):
        QueryProvider(name, **fixed, **login).connect()
    assert asked == [
        ("ClientSecretCredential", ("t", "c", "s"), {}),
        ("AzureCliCredential", (), {"tenant_id": "t"}),
        ("ManagedIdentityCredential", (), {}),
    ]
    for wrong, told in (({"auth": "magic"}, "no such way"), ({"client_secret": "s"}, "tenant_id is not set")):
        with pytest.raises(QueryParameterError, match=told):
            QueryProvider(name, **fixed, **wrong).connect()
    with pytest.raises(QueryParameterError, match="unexpected keyword argument 'pasword'"):
        QueryProvider(name, pasword="x")


class _Credential:
    def get_token(self, *scopes, **_):
        raise AssertionError("nobody asks for a token yet")


# Splunk ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def search_head(waits):
    pytest.importorskip("splunklib")
    with serving(splunk) as server:
        port = urlsplit(server.url).port
        given = {"host": "127.0.0.1", "port": port, "scheme": "http", "patience": Patience(sleep=waits)}
        yield server, partial(QueryProvider, "Splunk", **given)


def test_splunk_rows_and_text(search_head):
    server, provider = search_head
    with provider(bearer_token="t-1") as splunk_provider:
        flows = splunk_provider.Network.list_flows_by_ip(ip_address_list=["10.0.0.5", 'x" | delete'], **WEEK)
    assert flows["src_ip"].tolist() == ["10.0.0.5"] * 2
    assert flows["_time"].iloc[0].isoformat() == "2024-05-01T00:00:00+00:00"
    assert flows["tag"].tolist()[1] == '["network", "communicate"]'
    asked = next(one for one in server.asked if "export" in one.path)
    sent = parse_qs(asked.body.decode())
    assert asked.headers["authorization"] == "Bearer t-1"
    assert sent["search"][0].startswith("search index=* earliest=1714521600.000000 latest=1714694400.000000")
    assert 'src_ip IN ("10.0.0.5", "x\\" | delete")' in sent["search"][0]
    assert "earliest_time" not in sent


def test_splunk_own_text_gets_its_window_beside_it(search_head):
    server, provider = search_head
    with provider(bearer_token="t-1") as splunk_provider:
        splunk_provider.exec_query("index=main", start="2024-05-01", end="2024-05-02")
        splunk_provider.exec_query("| tstats count")
    first, second = (parse_qs(one.body.decode()) for one in server.asked if "export" in one.path)
    assert (first["search"], first["earliest_time"]) == (["search index=main"], ["1714521600.000000"])
    assert second["search"] == ["| tstats count"] and "latest_time" not in second


def test_splunk_login(search_head):
    _, provider = search_head
    assert len(provider(username="ana", password="right").Network.list_flows_by_ip(ip_address_list="10.0.0.5")) == 2
    with pytest.raises(QueryLoginError) as caught:
        provider(username="ana", password="wrong-secret").connect()
    assert "wrong-secret" not in str(caught.value)
    with pytest.raises(QueryParameterError, match="bearer_token"):
        provider().connect()


def test_splunk_that_does_not_tell_its_indexes(search_head):
    server, provider = search_head
    with provider(bearer_token="t-1") as splunk_provider:
        splunk_provider.connect()
        server.faults.append(Fault(403, b"<response/>", {}, 9))
        with pytest.raises(QueryLoginError):
            splunk_provider.tables()


def test_splunk_faults(search_head, waits):
    server, provider = search_head
    on_search = {"when": lambda asked: "export" in asked.path}
    splunk_provider = provider(bearer_token="t-1")
    call = partial(splunk_provider.Network.list_flows_by_ip, ip_address_list="10.0.0.5")
    server.faults.append(Fault(503, b"<response/>", {"Retry-After": "3"}, 1, **on_search))
    assert len(call()) == 2 and waits.waits == [3.0]
    server.faults.append(Fault(401, b"<response/>", {}, 9, **on_search))
    with pytest.raises(QueryLoginError):
        call()
    server.faults.clear()
    fatal = b'{"messages": [{"type": "FATAL", "text": "Error in search: unknown command"}]}\n'
    server.faults.append(Fault(200, fatal, {}, 1, **on_search))
    with pytest.raises(QueryError, match="unknown command"):
        call()
    cut = b'{"preview":false,"result":{"a":"1"}}\n{"messages":[{"type":"WARN","text":"peer down"}]}\n'
    server.faults.append(Fault(200, cut, {}, 1, **on_search))
    with pytest.warns(PartialResultWarning, match="peer down"):
        assert len(call()) == 1
    server.faults.append(Fault(200, b'{"preview":false,"result":{"a":', {}, 1, **on_search))
    with pytest.raises(QueryError, match="broke off"):
        call()


# Elasticsearch and OpenSearch -----------------------------------------------------------------------------------------


@pytest.fixture(params=["Elastic", "OpenSearch"])
def cluster(request, waits, monkeypatch):
    pytest.importorskip({"Elastic": "elasticsearch", "OpenSearch": "opensearchpy"}[request.param])
    monkeypatch.setattr("flowsleuth.query.drivers.elastic.PAGE", 3)
    answer = Elasticsearch()
    with serving(answer) as server:
        login = {"username": "ana", "password": "pass-word"}
        with QueryProvider(request.param, url=server.url, patience=Patience(sleep=waits), **login) as provider:
            yield server, provider, answer


def test_elastic_pages_and_rows(cluster):
    server, provider, answer = cluster
    flows = provider.Network.list_flows_by_ip(ip_address_list=["10.0.0.5"], index="logs-a,logs-b*", **WEEK)
    assert flows["source.bytes"].tolist() == list(range(7)) and flows["source.ip"].unique().tolist() == ["10.0.0.5"]
    assert str(flows["@timestamp"].dtype) == "datetime64[us, UTC]"
    assert not answer.open or answer.open == {"s-3-3", "s-3-6"}
    assert server.asked[0].path.startswith("/logs-a,logs-b*/_search")
    assert server.asked[0].headers["authorization"].startswith("Basic ")
    window = server.asked[0].json()["query"]["bool"]["filter"][0]["range"]["@timestamp"]
    assert (window["gte"], window["lt"]) == ("2024-05-01T00:00:00.000000Z", "2024-05-03T00:00:00.000000Z")


def test_elastic_hostile_values_and_sizes(cluster):
    server, provider, _ = cluster
    provider.Network.list_dns_by_domain(domain='a"}}, "match_all": {}', **WEEK)
    should = server.asked[0].json()["query"]["bool"]["filter"][1]["bool"]["should"]
    assert should[0]["term"]["dns.question.name"]["value"] == 'a"}}, "match_all": {}'
    assert len(provider.exec_query("host.name:web1", size=4)) == 4
    assert len(provider.Network.get_heartbeat_for_host(host_name="web1")) == 1


def test_elastic_aggregations(cluster):
    _, provider, _ = cluster
    peers = provider.Network.list_peers(ip_address="10.0.0.5")
    assert peers.to_dict("records") == [{"destination.ip": "192.0.2.7", "doc_count": 3, "source.bytes": 12.0}]


def test_elastic_failed_shards_are_told(cluster):
    _, provider, answer = cluster
    answer.failed = 2
    with pytest.warns(PartialResultWarning, match="2 of 5 shards failed: node left"):
        assert len(provider.Network.list_flows_by_ip(ip_address_list="10.0.0.5")) == 7


def test_elastic_faults(cluster, waits):
    server, provider, _ = cluster
    product = {"X-Elastic-Product": "Elasticsearch"}
    call = partial(provider.Network.list_flows_by_ip, ip_address_list="10.0.0.5")
    error = {"error": {"type": "search_phase_execution_exception", "reason": "all shards failed", "root_cause": []}}
    server.faults.append(Fault(429, json.dumps(error).encode(), product | {"Retry-After": "5"}, 1))
    assert len(call()) == 7 and len(waits.waits) == 1
    if type(provider.driver).__name__ == "Elastic":
        assert waits.waits == [5.0]  # OpenSearch's client keeps no headers of an error
    for status, kind in ((401, QueryLoginError), (403, QueryLoginError), (400, QueryError)):
        server.faults.append(Fault(status, json.dumps(error).encode(), product, 1))
        with pytest.raises(kind, match="all shards failed"):
            call()
    server.faults.append(Fault(200, b"<html>", product, 1))
    with pytest.raises(QueryError):
        call()


def test_elastic_that_is_not_there(cluster):
    _, provider, _ = cluster
    gone = QueryProvider(provider.driver.__class__(url="http://127.0.0.1:9"))
    with pytest.raises(QueryError, match="cannot be reached"):
        gone.Network.list_flows_by_ip(ip_address_list="10.0.0.5")


def test_elastic_over_http_only_without_a_login(cluster):
    _, provider, _ = cluster
    kind = provider.driver.__class__
    kind(url="http://es.example:9200").connect()
    with pytest.raises(QueryParameterError, match="readable by all"):
        kind(url="http://es.example:9200", username="ana", password="x").connect()
