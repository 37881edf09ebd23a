"""Query files: msticpy's format read as it is, inheritance, and errors that name file and query."""

from __future__ import annotations

import datetime as dt
import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from flowsleuth.errors import OptionError, QueryFileError
from flowsleuth.query import QueryProvider
from flowsleuth.query.files import OWN, read_file, read_library
from flowsleuth.query.moments import parse_moment

NOW = dt.datetime(2024, 3, 31, 12, 30, 15, 500, tzinfo=dt.UTC)
HEAD = "metadata: {version: 1, data_environments: [LocalData], data_families: [Network]}\n"


@pytest.fixture
def foreign(data) -> Path:
    return data / "query" / "foreign_library" / "network.yaml"


def test_a_file_in_msticpys_format_in_full(foreign):
    first, second = read_file(foreign)
    assert (first.name, first.families) == ("list_flows_of_vm", ("AzureNetwork", "Sentinel.hunting"))
    assert first.environments == ("LogAnalytics", "Kusto")
    assert first.metadata["data_source"] == "network"
    assert list(first.parameters) == ["add_query_items", "start", "end", "table", "host_name", "query_project"]
    assert first.parameters["host_name"].is_required and not first.parameters["start"].is_required
    assert first.parameter_of("hostname") == "host_name"
    assert '| where VM_s has "{host_name}"' in first.text and "$<" not in first.text
    assert second.families == ("AzureNetwork",)
    assert (second.parameters["start"].type, second.parameters["start"].default) == ("datetime", "-3d@d")


def test_the_query_as_it_is_sent(foreign):
    sentinel = QueryProvider("Sentinel", query_paths=[foreign], own_queries=False)
    assert sentinel.list_queries() == [
        "AzureNetwork.list_by_vendor",
        "AzureNetwork.list_flows_of_vm",
        "Sentinel.hunting.list_flows_of_vm",
    ]
    text = sentinel.Sentinel.hunting.list_flows_of_vm(
        "print", hostname="web1", start="2024-05-01", end="2024-05-02T01:30:00+02:00"
    )
    assert " ".join(text.split()) == (
        "AzureNetworkAnalytics_CL | where FlowStartTime_t >= datetime(2024-05-01T00:00:00.000000Z) | where "
        'FlowEndTime_t <= datetime(2024-05-01T23:30:00.000000Z) | where VM_s has "web1" | project '
        'FlowStartTime = FlowStartTime_t, VMName = split(VM_s, "/")[1]'
    )


def test_every_query_of_ours_is_whole_and_takes_its_values():
    ours = read_library()
    assert len({(one.file, one.name) for one in ours}) == len(ours) >= 110
    for one in ours:
        assert one.description and one.families and one.environments, one.where
        assert all(parameter.description for parameter in one.parameters.values()), one.where


@pytest.mark.parametrize("place", ["Sentinel", "DefenderXDR", "Splunk", "Elastic", "LocalData", "Workspace"])
def test_every_query_of_ours_can_be_written(place, tmp_path):
    connection = {"folder": tmp_path} if place == "Workspace" else {}
    provider = QueryProvider(place, **connection)
    sample = {"str": "a1", "int": 1, "list": ["192.0.2.7"], "name": "Table1"}
    assert provider.list_queries()
    for name in provider:
        needed = {
            key: sample[one.type]
            for key, one in provider.definition(name).parameters.items()
            if one.is_required and key not in ("start", "end")
        }
        text = provider.query(name).text(**needed)
        assert "$<" not in text, name
        assert place == "Elastic" or "{" not in text, name


@pytest.mark.skipif(find_spec("msticpy") is None and not os.environ.get("MSTICPY_QUERIES"), reason="no msticpy")
def test_all_of_msticpys_own_files_load():
    folder = os.environ.get("MSTICPY_QUERIES") or Path(find_spec("msticpy").origin).parent / "data" / "queries"
    assert len(read_library([folder], own=False)) >= 300


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is no query file"),
        ("a: [", "is no YAML"),
        ("- 1", "is no query file"),
        (HEAD, "has no sources"),
        ("sources: {q: {args: {query: x}}}", "has no metadata"),
        ("metadata: {data_families: [N]}\nsources: {q: {args: {query: x}}}", "has no metadata.data_environments"),
        (HEAD + "sources: {q: {args: {}}}", "mine.yaml: q: has no text"),
        (HEAD + "sources: {q: }", "mine.yaml: q: a query is a mapping"),
        (
            HEAD + "sources: {q: {args: {query: x}, parameters: {p: {type: blob}}}}",
            "q: parameter p: no such type: blob",
        ),
        (HEAD + "sources: {q: !!python/object/apply:os.system [echo]}", "is no YAML"),
    ],
)
def test_errors_name_file_and_query(tmp_path, content, message):
    file = tmp_path / "mine.yaml"
    file.write_text(content)
    with pytest.raises(QueryFileError, match=message) as caught:
        read_file(file)
    assert str(file) in str(caught.value)


def test_a_brace_that_is_no_parameter_is_told(tmp_path):
    (tmp_path / "q.yaml").write_text(HEAD + "sources: {q: {args: {query: 'SELECT {x.__class__}'}}}")
    provider = QueryProvider("LocalData", query_paths=tmp_path, own_queries=False)
    with pytest.raises(QueryFileError, match="a brace that is no parameter"):
        provider.query("q").text()


def test_the_library_is_in_the_package():
    assert {"workspace.yaml", "sentinel_network.yaml"} <= {path.name for path in OWN.glob("*.yaml")}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("-1", "2024-03-30T12:30:15.000500"),
        (-1, "2024-03-30T12:30:15.000500"),
        (0.5, "2024-04-01T00:30:15.000500"),
        ("0", "2024-03-31T12:30:15.000500"),
        ("now", "2024-03-31T12:30:15.000500"),
        ("-2h", "2024-03-31T10:30:15.000500"),
        ("-1mon", "2024-02-29T12:30:15.000500"),
        ("-1y", "2023-03-31T12:30:15.000500"),
        ("-3d@d", "2024-03-28T00:00:00"),
        ("-1w@w", "2024-03-18T00:00:00"),
        ("-1d@mon", "2024-03-01T00:00:00"),
        ("-1d@y", "2024-01-01T00:00:00"),
        ("+1d@h", "2024-04-01T13:00:00"),
        ("+1d@mon", "2024-05-01T00:00:00"),
        ("2021-06-06T12:00+02:00", "2021-06-06T10:00:00"),
        ("20210606", "2021-06-06T00:00:00"),
        (dt.date(2021, 6, 6), "2021-06-06T00:00:00"),
    ],
)
def test_moments(text, moment):
    assert parse_moment(text, NOW).replace(tzinfo=None).isoformat() == moment


@pytest.mark.parametrize("text", ["", "yesterday", "-2x", "2021-13-01", None, True, "-99999999999d", "99999y"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(OptionError):
        parse_moment(text, NOW)
