"""Real alerts of Azure Security Center, published with MSTICPy (MIT): as frames and in a workspace."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import flowsleuth
from flowsleuth.analyze.alerts import (
    SecurityAlert,
    SecurityEvent,
    create_alert_graph,
    format_alert,
    get_related_alerts,
    group_incidents,
    read_alerts,
)
from flowsleuth.schema.entities import Alert

NAMED = "2518547570966661760_526e34b6-6578-4fc0-9db6-e126b4d673f0"
"""An account that looks like a built-in one is made."""


@pytest.fixture(scope="module")
def alerts(shared_data: Path) -> pd.DataFrame:
    return pd.read_csv(shared_data / "alerts" / "alertlist.csv")


@pytest.fixture(scope="module")
def later(shared_data: Path) -> pd.DataFrame:
    return pd.read_csv(shared_data / "alerts" / "alerts_list_2021.csv")


def test_every_alert_is_an_object(alerts: pd.DataFrame, later: pd.DataFrame) -> None:
    listed = [*read_alerts(alerts), *read_alerts(later)]
    assert len(listed) == 230 and len({one.id for one in listed}) == 230
    assert all(one.first_seen and one.severity for one in listed)
    assert sum(one.primary_host is not None for one in listed) == 218
    assert sum(one.primary_process is not None for one in listed) == 147
    assert sum(one.get_logon_id() is not None for one in listed) > 130
    assert not any("0x0" in (one.get_logon_id(), one.query_params.get("logon_session_id")) for one in listed)
    assert all(format_alert(one, show_entities=True).html.count("<script") == 0 for one in listed)


def test_the_chief_things_of_one(alerts: pd.DataFrame) -> None:
    one = SecurityAlert(alerts[alerts.SystemAlertId == NAMED].iloc[0])
    assert one.query_params == {
        "host_name": "MSTICALERTSWIN1",
        "account_name": "MSTICAdmin",
        "process_name": "c:\\windows\\system32\\net.exe",
        "process_id": "0x141c",
        "commandline": "net  user adm1nistrator bob_testing /add",
        "logon_session_id": "0x13bded7",
        "system_alert_id": NAMED,
    }
    related = get_related_alerts(one, alerts, window="1h")
    assert 20 < len(related) < len(alerts) and related["host_match"].all()
    graph = create_alert_graph(one, alerts)
    assert len(graph) == 9 and len(graph.expand("MSTICADMIN")) == 20


def test_incidents(alerts: pd.DataFrame, later: pd.DataFrame) -> None:
    found = group_incidents(alerts)
    assert found.alerts["incident_id"].notna().all() and sum(found.table["alerts"].to_pylist()) == 189
    biggest = max(found.table.to_pylist(), key=lambda row: row["alerts"])
    assert (biggest["alerts"], biggest["severity"], biggest["hosts"]) == (138, "high", "MSTICALERTSWIN1")
    said = [one for one in read_alerts(later) if one.is_incident]
    assert len(said) == 3 and sum(len(one.of_kind(Alert)) for one in said) == 10
    place = dict(zip(later["SystemAlertId"], group_incidents(later).alerts["incident_id"], strict=True))
    for one in said:
        ids = {place[text] for alert in one.alerts for text in alert.SystemAlertIds if text in place}
        assert ids <= {place[one.id]}


def test_events_of_a_host(shared_data: Path) -> None:
    rows = pd.read_csv(shared_data / "host" / "processes_on_host.csv")
    events = [SecurityEvent(row) for _, row in rows.iterrows()]
    assert len(events) == 363
    for one in events:
        process = one.primary_process
        assert process is not None and process.Host is not None and process.Account is not None
        assert process.ParentProcess is not None and process.ParentProcess.pid != process.pid


def test_in_a_workspace(shared_data: Path, tmp_path: Path) -> None:
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        ws.ingest(shared_data / "alerts", shared_data / "host" / "processes_on_host.csv")
        assert len(ws.alerts()) == 230
        found = ws.alert(NAMED)
        assert found.alert.SourceComputerId and len(found.entities) == 8
        assert len(found.related("1h")) > 20
        assert len(found.events(before="6h", after="6h")["host processes"]) > 100
        graph = found.graph()
        assert {graph[at].kind for at in graph.expand("MSTICALERTSWIN1")} == {"alert"}
        assert len(ws.incidents()) < 40
