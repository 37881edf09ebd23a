"""Every alert of the developer data set: entities read, references resolved, written and read back the same."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import Counter

import pytest

from flowsleuth.schema.entities import Alert, UnknownEntity, entities_to_json, entity_graph, parse_entities

pytestmark = pytest.mark.real


def rows_of(path):
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("name", "alerts", "kinds"),
    [
        ("alertlist.csv", 189, {"Account": 205, "File": 272, "Host": 176, "HostLogonSession": 137, "IpAddress": 26,
                                "Process": 272, "RegistryKey": 5, "RegistryValue": 10}),
        ("alerts_list_2021.csv", 41, {"Account": 38, "Alert": 10, "File": 9, "Host": 38, "HostLogonSession": 7,
                                      "IpAddress": 34, "Process": 14}),
    ],
)  # fmt: skip
def test_every_alert_and_its_entities(shared_data, name, alerts, kinds):
    rows = rows_of(shared_data / "alerts" / name)
    found = [Alert.from_row(row) for row in rows]
    assert len(found) == alerts
    assert Counter(type(one).__name__ for alert in found for one in alert.Entities) == kinds
    for alert, row in zip(found, rows, strict=True):
        assert alert.SystemAlertId == row["SystemAlertId"] and not alert.of_kind(UnknownEntity)
        assert '{"$ref"' not in str([dict(one.additional) for one in alert.Entities])  # all of them resolved
        again = parse_entities(entities_to_json(alert.Entities))
        assert [one.identity for one in again] == [one.identity for one in alert.Entities]
        assert len(entity_graph(alert).entities) == len({alert, *alert.Entities} | locations(alert))


def locations(alert):
    return {one.Location for one in alert.Entities if getattr(one, "Location", None) is not None}


def test_written_json_has_what_was_read(shared_data):
    """Ids and references aside, and with times cut to microseconds, every field comes back."""
    for row in rows_of(shared_data / "alerts" / "alertlist.csv"):
        if row["Entities"]:
            given, back = json.loads(row["Entities"]), json.loads(entities_to_json(parse_entities(row["Entities"])))
            assert [plain(one) for one in back] == [plain(one) for one in given]


def plain(value):
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items() if name not in ("$id", "$ref")}
    if isinstance(value, str) and (time := re.fullmatch(r"(\d{4}-\d\d-\d\dT[\d:]{8})(\.\d+)?Z", value)):
        return time[1] + (time[2] or "")[:7].rstrip("0")
    return value


def test_alerts_of_hosts_addresses_accounts_are_those_that_name_them(shared_data, tmp_path):
    """Counted here by looking through every alert's JSON by hand."""
    import flowsleuth

    path = shared_data / "alerts" / "alertlist.csv"
    rows = [(row, json.loads(row["Entities"] or "[]")) for row in rows_of(path)]

    def named(kind, field, value):
        def is_it(one):
            return one.get("Type") == kind and one.get(field, "").lower() == value

        return [row for row, entities in rows if any(map(is_it, entities))]

    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        assert ws.ingest(path).rows == {"alert": 189}
        assert len(ws.ip("75.10.91.22").alerts()) == len(named("ip", "Address", "75.10.91.22")) > 0
        assert len(ws.account("ADMINISTRATOR").alerts()) == len(named("account", "Name", "administrator")) > 0
        by_entity = {row[""] for row in named("host", "HostName", "msticalertswin1")}
        by_column = {row[""] for row, _ in rows if row["CompromisedEntity"].lower() == "msticalertswin1"}
        assert len(ws.host("MSTICAlertsWin1").alerts()) == len(by_entity | by_column) > 100
        assert len(ws.file("REG.exe").alerts()) == len(named("file", "Name", "reg.exe")) > 0
