"""Alerts put together: by things within a while, and by what their source says."""

from __future__ import annotations

import json

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsleuth.analyze.alerts import group_incidents, read_incidents
from flowsleuth.errors import OptionError
from tests.analyze.test_security_alerts import about, host


def groups(rows: list[dict[str, object]], **options: object) -> set[frozenset[str]]:
    found = group_incidents(rows, **options)
    return {frozenset(str(one.id) for one in group) for group in found.groups}


def parted(*texts: str) -> set[frozenset[str]]:
    return {frozenset(text.split()) for text in texts}


def test_one_row_in_full() -> None:
    rows = [
        about("b", host("WEB1"), {"Type": "ip", "Address": "192.0.2.7"}, start="2024-05-01T10:00:00"),
        about("a", host("web1"), {"Type": "account", "Name": "ana"}, start="2024-05-01T09:00:00")
        | {"Severity": "High", "Tactics": "Execution", "ProviderName": "MDE", "EndTimeUtc": "2024-05-01T12:00:00"},
        about("c", host("db")),
    ]  # fmt: skip
    found = group_incidents(pd.DataFrame(rows))
    assert found.alerts["incident_id"].tolist() == [2, 2, 1]
    assert list(found.alerts["SystemAlertId"]) == ["b", "a", "c"]
    row = found.table.to_pylist()[1]
    assert str(row.pop("first_seen")) == "2024-05-01 09:00:00+00:00"
    assert str(row.pop("last_seen")) == "2024-05-01 12:00:00+00:00"
    assert row == {
        "incident_id": 2, "title": "a and 1 other", "severity": "high", "alerts": 2, "hosts": "web1",
        "accounts": "ana", "addresses": "192.0.2.7", "shared": "Host web1", "tactics": "Execution", "providers": "MDE",
        "alert_ids": ["a", "b"],
    }  # fmt: skip


def test_the_window_is_between_neighbours() -> None:
    rows = [about(str(day), host("web1"), start=f"2024-05-{day:02}") for day in (1, 2, 3, 6)]
    assert groups(rows) == parted("1 2 3", "6")
    assert groups(rows, window="12h") == parted("1", "2", "3", "6")
    assert groups(rows, window="3d") == parted("1 2 3 6")


def test_a_long_alert_reaches_over_short_ones() -> None:
    long = about("long", host("web1"), start="2024-05-01") | {"EndTimeUtc": "2024-05-09"}
    rows = [
        long,
        about("short", host("web1"), start="2024-05-02"),
        about("late", host("web1"), start="2024-05-09T12:00"),
    ]
    assert groups(rows) == parted("long short late")


def test_what_every_machine_has_holds_nothing_together() -> None:
    system = {"Type": "account", "Name": "SYSTEM", "NTDomain": "NT AUTHORITY"}
    by_sid = {"Type": "account", "Name": "LokalesSystem", "Sid": "S-1-5-18"}
    rows = [about("a", host("web1"), system), about("b", host("db"), system), about("c", by_sid), about("d", by_sid)]
    assert groups(rows) == parted("a", "b", "c", "d")


def test_a_bare_name_is_the_only_one_of_that_name() -> None:
    rows = [about("a", host("web1")), about("b", host("WEB1.example.org"))]
    assert groups(rows) == parted("a b")
    rows.append(about("c", host("web1.example.com")))
    assert groups(rows) == parted("a", "b", "c")  # either may be meant: neither is taken


def test_a_thing_in_too_many_alerts_says_nothing() -> None:
    rows = [about(str(at), {"Type": "ip", "Address": "192.0.2.7"}) for at in range(5)]
    found = group_incidents(rows, most_alerts=4)
    assert len(found) == 5
    assert found.notes == ("IpAddress 192.0.2.7 is in 5 alerts and joins none",)
    with pytest.raises(OptionError, match="most_alerts=1"):
        group_incidents(rows, most_alerts=1)
    with pytest.raises(OptionError, match="colour"):
        group_incidents(rows, by=("colour",))


def test_an_alert_that_stands_for_others_has_them() -> None:
    said = about("I", {"Type": "alerts", "SystemAlertIds": ["A"], "DisplayName": "x"}, start="2024-06-01")
    rows = [about("a", host("web1")), said | {"IsIncident": True}, about("b", host("db"))]
    assert groups(rows) == parted("a I", "b")


def test_without_a_time_alone() -> None:
    rows = [about("a", host("web1")), about("b", host("web1")) | {"StartTimeUtc": None}]
    assert groups(rows) == parted("a", "b")


def test_nothing_gives_nothing() -> None:
    found = group_incidents(pd.DataFrame({"SystemAlertId": pd.Series([], dtype=str)}))
    assert len(found) == 0 and len(found.table) == 0 and "incident_id" in found.alerts.columns


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(1, 28)), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
)
def test_the_order_of_rows_does_not_matter(told: list[tuple[int, int, int]], random: object) -> None:
    rows = [
        about(str(at), host(f"web{a}"), {"Type": "ip", "Address": f"192.0.2.{b}"}, start=f"2024-05-{day:02}")
        for at, (a, b, day) in enumerate(told)
    ]
    mixed = list(rows)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert groups(rows, window="2d") == groups(mixed, window="2d")
    one, other = group_incidents(rows), group_incidents(pa.Table.from_pylist(rows))
    assert one.table.equals(other.table)


# incidents of Sentinel ----------------------------------------------------------------------------------------------

INCIDENT = {
    "IncidentName": "0f1e", "IncidentNumber": 7, "Title": "Odd logon", "Severity": "High", "Status": "New",
    "AlertIds": '["A", "x"]', "CreatedTime": "2024-05-01", "LastModifiedTime": "2024-05-01T00:00:00Z",
}  # fmt: skip
"""After the documented columns of SecurityIncident."""


def test_incidents_of_sentinel() -> None:
    changed = INCIDENT | {"Status": "Closed", "LastModifiedTime": "2024-05-02T00:00:00Z"}
    rows = pd.DataFrame([changed, INCIDENT, {"Title": "no name"}])
    found = read_incidents(rows, pd.DataFrame([about("a", host("web1")), about("b", host("db"))]))
    first = next(one for one in found if one.IncidentName)
    assert (first.IncidentNumber, first.Status, first.AlertIds) == (7, "Closed", ("A", "x"))
    assert [one.SystemAlertId for one in first.Alerts] == ["a"]
    assert [one.label for one in first.Entities] == ["web1"]
    assert json.loads(first.to_json())["Title"] == "Odd logon"
