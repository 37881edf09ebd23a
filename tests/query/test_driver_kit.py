"""The kit over drivers of ours, and over drivers that break a promise."""

from __future__ import annotations

import re
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest

from flowsleuth.errors import QueryError
from flowsleuth.query.definitions import Parameter, QueryDefinition
from flowsleuth.query.drivers.contract import Answer
from flowsleuth.query.drivers.defender import DefenderXDR
from flowsleuth.query.drivers.elastic import Elastic
from flowsleuth.query.drivers.kusto import Kusto
from flowsleuth.query.drivers.local_files import LocalFiles
from flowsleuth.query.drivers.sentinel import Sentinel
from flowsleuth.query.drivers.splunk import Splunk
from flowsleuth.query.drivers.workspace_tables import WorkspaceTables
from flowsleuth.testing import check_driver
from tests.query.servers import Elasticsearch, hunting, kusto, log_analytics, serving, splunk

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
KQL = 'T | where SrcIp == "{value}"'


def asks(text) -> QueryDefinition:
    return QueryDefinition("q", (), (), text, {"value": Parameter("value")})


def exactly(answer, rows_of, none):
    """An answer for the one value that finds rows; every other finds none; a wrong text is refused."""

    def serve(asked):
        found = rows_of(asked)
        if found == "wrong":
            return 400, {}, b'{"error": {"code": "BadArgumentError", "message": "no such table"}}'
        return answer(asked) if found else none(asked)

    return serve


def kql_value(key, asked):
    text = asked.json()[key]
    if text == "wrong":
        return text
    found = re.fullmatch(r'T \| where SrcIp == "((?:[^"\\\n]|\\.)*)"', text)
    assert found, f"something got out of its string: {text}"
    return found[1] == "10.0.0.5"


def emptied(answer, **change):
    def none(asked):
        import json

        status, headers, body = answer(asked)
        content = json.loads(body)
        if isinstance(content, list):
            content[1]["Rows"] = []
        elif "tables" in content:
            content["tables"][0]["rows"] = []
        else:
            content["results"] = []
        return status, headers, json.dumps(content).encode()

    return none


@pytest.mark.parametrize(
    ("make", "answer", "key"),
    [
        (lambda url: Sentinel("w", endpoint=url, token="s3cret"), log_analytics, "query"),
        (lambda url: DefenderXDR(endpoint=url, token="s3cret"), hunting, "Query"),
        (lambda url: Kusto(url, "db", token="s3cret"), kusto, "csl"),
    ],
    ids=["Sentinel", "DefenderXDR", "Kusto"],
)
def test_drivers_of_kql(make, answer, key):
    pytest.importorskip("azure.monitor.query")
    with serving(exactly(answer, partial(kql_value, key), emptied(answer))) as server:
        wrong = QueryDefinition("q", (), (), "wrong")
        check_driver(make(server.url), asks(KQL), value="10.0.0.5", expect_rows=3, wrong=wrong, secrets=["s3cret"])


def test_splunk():
    pytest.importorskip("splunklib")

    def answer(asked):
        if "export" in asked.path:
            text = parse_qs(asked.body.decode())["search"][0]
            found = re.fullmatch(r'search src_ip="((?:[^"\\]|\\.)*)"', text, re.S)
            if text == "search wrong":
                return 400, {"Connection": "Keep-Alive"}, b"<response><messages><msg>bad</msg></messages></response>"
            assert found, text
            if found[1] != "10.0.0.5":
                return 200, {"Connection": "Keep-Alive"}, b""
        return splunk(asked)

    with serving(answer) as server:
        driver = Splunk("127.0.0.1", urlsplit(server.url).port, scheme="http", bearer_token="s3cret")
        wrong = QueryDefinition("q", (), (), "search wrong")
        question = asks('search src_ip="{value}"')
        check_driver(driver, question, value="10.0.0.5", expect_rows=2, wrong=wrong, secrets=["s3cret"])


def test_elastic():
    pytest.importorskip("elasticsearch")
    many, none = Elasticsearch(), Elasticsearch(rows=0)

    def answer(asked):
        body = asked.json()
        term = body.get("query", {}).get("term", {}).get("source.ip")
        if "wrong" in body.get("query", {}):
            return (
                400,
                {"X-Elastic-Product": "Elasticsearch"},
                b'{"error": {"type": "parsing_exception", "reason": "x"}}',
            )
        return (many if term in (None, "10.0.0.5") else none)(asked)

    with serving(answer) as server:
        question = asks({"query": {"term": {"source.ip": "{value}"}}})
        wrong = QueryDefinition("q", (), (), {"query": {"wrong": {}}})
        driver = Elastic(server.url, api_key="s3cret")
        check_driver(driver, question, value="10.0.0.5", expect_rows=7, wrong=wrong, secrets=["s3cret"])


def test_local_files(data):
    question = asks("SELECT * FROM AzureNetworkAnalytics WHERE VMName = {value}")
    wrong = QueryDefinition("q", (), (), "SELECT * FROM nowhere")
    driver = LocalFiles(data / "query" / "az_net_flows_2019")
    rows = check_driver(driver, question, value="msticalertswin1", expect_rows=38, wrong=wrong)
    assert str(rows.schema.field("FlowStartTime").type) == "timestamp[us, tz=UTC]"


def test_workspace(demo_case):
    question = asks("SELECT * FROM flow WHERE src_ip = {value} ORDER BY flow_id")
    wrong = QueryDefinition("q", (), (), "SELECT * FROM nowhere")
    check_driver(WorkspaceTables(demo_case), question, value="10.0.1.4", expect_rows=178, wrong=wrong)


class _Broken(LocalFiles):
    def run(self, request):
        raise QueryError("no")


class _Talks(LocalFiles):
    def run(self, request):
        print("Connected.")
        return super().run(request)


class _Formats(LocalFiles):
    """Puts values into the text."""

    def run(self, request):
        value = str(request.query.bound.get("value", ""))
        session = self._open
        return Answer(session.run(request.query.bound_text.replace("$value", f"'{value}'"), {}))


@pytest.mark.parametrize(
    ("kind", "message"), [(_Broken, "no"), (_Talks, "it prints"), (_Formats, "became part of the query")]
)
def test_the_kit_finds_broken_promises(kind, message, data):
    question = asks("SELECT * FROM SecurityEvent WHERE Computer = {value}")
    value = "MSTICAlertsWin1"
    with pytest.raises((AssertionError, QueryError), match=message):
        check_driver(kind(data / "query" / "az_net_flows_2019"), question, value=value, expect_rows=14)
