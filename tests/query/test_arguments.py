"""What queries are called with: names, aliases, objects, windows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from flowsleuth.errors import QueryParameterError
from flowsleuth.query.arguments import look_up, resolve
from flowsleuth.query.definitions import Parameter, QueryDefinition
from flowsleuth.query.ranges import border_risk, has_closed_end, parts_of
from flowsleuth.schema.entities import Alert, File, Process
from flowsleuth.schema.entities import Host as Host_
from flowsleuth.schema.time_range import TimeRange

NOW = dt.datetime(2024, 5, 2, 12, tzinfo=dt.UTC)
DAY = TimeRange.of("2024-05-01")
PARAMETERS = [
    Parameter("start", "datetime"),
    Parameter("end", "datetime"),
    Parameter("host_name", "str", aliases=("hostname",)),
    Parameter("ip_address_list", "list", default=["192.0.2.1"]),
    Parameter("add_query_items", "str", default=""),
]
QUERY = QueryDefinition("q", (), (), "T", {one.name: one for one in PARAMETERS})


def values(*objects, **given):
    return {name: one.value for name, one in resolve(QUERY, objects, given, window=DAY, now=NOW).items()}


def test_names_aliases_and_the_window_of_the_provider():
    assert values(hostname="web1") == {
        "start": dt.datetime(2024, 5, 1, tzinfo=dt.UTC),
        "end": dt.datetime(2024, 5, 2, tzinfo=dt.UTC),
        "host_name": "web1",
        "ip_address_list": ["192.0.2.1"],
        "add_query_items": "",
    }


@dataclass
class Host:
    HostName: str
    Type: str = "host"


@pytest.mark.parametrize(
    "thing",
    [
        Host("web1"),
        {"Computer": "web1"},
        {"CompromisedEntity": "web1", "Severity": "High"},
        pd.Series({"Computer": "web1", "n": 1}),
        {"Entities": '[{"$id": "2", "Type": "ip", "Address": "192.0.2.7"}, {"Type": "host", "HostName": "web1"}]'},
        SimpleNamespace(query_params={"host_name": "web1"}),
        SimpleNamespace(Host=Host("web1"), host_name=None, hostname=Host("web1")),
        {"type": "host", "name": "web1"},
    ],
    ids=str,
)
def test_objects_that_know(thing):
    assert values(thing)["host_name"] == "web1"
    assert values(thing, host_name="db1")["host_name"] == "db1"


def test_our_entities_and_alerts_with_entities():
    host, process = Host_(HostName="web1"), Process(ImageFile=File(Name="evil.exe", Directory="c:\\x"))
    entities = [{"$id": "1", "Type": "host", "HostName": "web9"}, {"$id": "2", "Type": "ip", "Address": "192.0.2.7"}]
    alert = Alert.from_json({"AlertDisplayName": "x", "SystemAlertId": "id-1", "Entities": entities})
    assert values(host)["host_name"] == "web1"
    assert (values(alert)["host_name"], values(alert)["ip_address_list"]) == ("web9", ["192.0.2.7"])
    assert look_up(alert, "system_alert_id") == "id-1"
    assert look_up(process, "process_name") == "evil.exe"
    assert look_up(host, "account_name") is None


def test_an_address_for_a_list():
    found = values({"Type": "ip", "Address": "192.0.2.7"}, host_name="x")
    assert found["ip_address_list"] == ["192.0.2.7"]
    assert values(host_name="x", ip_address_list=ip_address("192.0.2.7"))["ip_address_list"] == ["192.0.2.7"]
    assert values(host_name="x", ip_address_list="192.0.2.7, 192.0.2.8")["ip_address_list"] == [
        "192.0.2.7",
        "192.0.2.8",
    ]
    column = pd.Series(["192.0.2.7", "192.0.2.8"])
    assert values(host_name="x", ip_address_list=column)["ip_address_list"] == ["192.0.2.7", "192.0.2.8"]


@pytest.mark.parametrize(
    ("window", "start", "end"),
    [
        (TimeRange.of("2021-06-06"), "2021-06-06T00:00", "2021-06-07T00:00"),
        (("2021-06-06", "2021-06-06T01:00"), "2021-06-06T00:00", "2021-06-06T01:00"),
        ("-2d", "2024-04-30T12:00", "2024-05-02T12:00"),
        (dt.timedelta(hours=1), "2024-05-02T11:00", "2024-05-02T12:00"),
        (
            SimpleNamespace(start=dt.datetime(2021, 6, 6), end=dt.datetime(2021, 6, 7)),
            "2021-06-06T00:00",
            "2021-06-07T00:00",
        ),
    ],
    ids=["range", "pair", "text", "length", "widget"],
)
def test_windows(window, start, end):
    for found in (values(window, host_name="x"), values(host_name="x", timespan=window)):
        assert [found[name].isoformat(timespec="minutes")[:16] for name in ("start", "end")] == [start, end]


@pytest.mark.parametrize(
    "start", ["2024-05-01T02:00+02:00", np.datetime64("2024-05-01"), pd.Timestamp("2024-05-01", tz="UTC"), "-1d@d"]
)
def test_times_of_any_kind_are_utc(start):
    assert values(host_name="x", start=start)["start"] == dt.datetime(2024, 5, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, r"q\(host_name=…\): this parameter has no value"),
        ({"host_name": None}, "has no value"),
        ({"host_nmae": "x"}, "did you mean host_name"),
        ({"host_name": ["a", "b"]}, "one value is needed"),
        ({"host_name": "x", "start": "nonsense"}, "not a time"),
        ({"host_name": "x", "start": "2024-05-02", "end": "2024-05-01"}, "ends before"),
        ({"host_name": "x", "ip_address_list": []}, "an empty list"),
        ({"host_name": "x", "start": pd.NaT}, "no time"),
    ],
)
def test_what_is_refused(given, message):
    with pytest.raises(QueryParameterError, match=message):
        values(**given)


def test_a_table_is_no_value():
    with pytest.raises(QueryParameterError, match="iloc"):
        values(pd.DataFrame({"Computer": ["web1"]}))


def test_data_do_not_become_part_of_the_query():
    """A row with a column named like a piece of the query fills it with data; the languages refuse that."""
    found = resolve(QUERY, [{"host_name": "x", "add_query_items": "| take 1"}], {}, window=DAY, now=NOW)
    assert found["add_query_items"].origin == "object"


def test_parts_cover_the_window_once():
    start, end = dt.datetime(2024, 5, 1, tzinfo=dt.UTC), dt.datetime(2024, 5, 3, 6, tzinfo=dt.UTC)
    parts = list(parts_of(start, end, dt.timedelta(days=1), closed=False))
    assert [(a.isoformat(), b.isoformat()) for a, b in parts][-1] == ("2024-05-03T00:00:00+00:00", end.isoformat())
    assert all(before[1] == after[0] for before, after in pairwise(parts))
    closed = list(parts_of(start, end, dt.timedelta(days=1), closed=True))
    assert closed[0][1].isoformat() == "2024-05-01T23:59:59.999999+00:00" and closed[-1][1] == end
    with pytest.raises(QueryParameterError, match="more than 1000 parts"):
        list(parts_of(start, end, dt.timedelta(seconds=1), closed=False))


@pytest.mark.parametrize(
    ("text", "closed", "risk"),
    [
        ("T | where A >= datetime({start}) and A < datetime({end})", False, ""),
        ("T | where A >= datetime({start}) | where A <= datetime({end})", True, ""),
        ("T | where A between (datetime({start}) .. datetime({end}))", True, ""),
        ('T | where A >= todatetime("{start}") | where B <= todatetime("{end}")', True, "start is compared with A"),
        ({"range": {"t": {"gte": "{start}", "lte": "{end}"}}}, True, ""),
        ({"range": {"t": {"gte": "{start}", "lt": "{end}"}}}, False, ""),
    ],
)
def test_whether_the_end_is_taken_in(text, closed, risk):
    one = QueryDefinition("q", (), (), text)
    assert has_closed_end(one) is closed
    assert border_risk(one).startswith(risk) and bool(border_risk(one)) is bool(risk)
