"""The kit of figures over its whole catalogue, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pyarrow as pa
import pytest

from flowsleuth.faces.views.timelines import display_timeline
from flowsleuth.faces.views.value_timelines import display_timeseries_anomalies
from flowsleuth.investigate.dossier import Section
from flowsleuth.testing import check_figure
from flowsleuth.toolkit import build_process_tree
from flowsleuth.viz import FIGURES
from flowsleuth.viz.process_tree import process_tree_section
from tests.viz.tables import binned, placed

TIME = pa.timestamp("us", tz="UTC")
TREE = {
    "node": [0, 1, 2, 3], "parent": [None, 0, 1, 2], "name": ["10.0.0.5", "outbound", "servers", "192.0.2.7"],
    "role": ["target", "way", "network", "peer"], "note": ["", "", "", "x"], "peers": [1] * 4,
    "connections": [9] * 4, "bytes": [70] * 4,
}  # fmt: skip
MARKS = {
    "lane": ["192.0.2.7", "192.0.2.8"], "way": ["outbound", "inbound"], "start": pa.array([10**9, 2 * 10**9], TIME),
    "end": pa.array([2 * 10**9, 3 * 10**9], TIME), "connections": [1, 4], "bytes": [900, None],
    "dst_port": pa.array([443, None], pa.int32()), "binned_s": pa.nulls(2, pa.int64()),
}  # fmt: skip
NAMES = pa.table({"name": ["a", "b"], "is_internal": [True, False]})
PAIR = pa.table({"source": ["a"], "target": ["b"], "bytes": [900], "packets": [3]})
POINTS = pa.table(
    {
        "ip": ["a", "b"], "lat": [52.4, -33.9], "lon": [4.9, 151.2], "label": ["Amsterdam", None],
        "owner": ["we", None], "role": ["target", "peer"],
    }
)  # fmt: skip
ARCS = pa.table({"source": ["a"], "target": ["b"], "kind": ["two way"], "bytes": [900], "connections": [3]})
ADDRESSES = pa.table({"id": ["a", "b"], "is_internal": [True, False], "suspects": [4, 1]})
WEIGHTS = pa.table({"source": ["a"], "target": ["b"], "weight": [0.9], "suspects": [1]})
HOURS = pa.table({"weekday": [1, 7], "hour": [0, 23], "failed_logons": [3, 4]})
MATRIX = pa.table({"source": ["a", "b"], "destination": ["c", "d"], "flows": [1, 2]})
ENTITIES = pa.table(
    {
        "id": ["a", "b"], "kind": ["host", "account"], "label": ["WEB", None], "is_centre": [True, False],
        "severity": [None, "high"], "events": [3, 3], "facts": [["os: Linux"], []],
    }
)  # fmt: skip
RELATIONS = pa.table({"source": ["b"], "target": ["a"], "label": ["logged on"], "events": [3]})
PLACES = placed(
    [
        ("192.0.2.1", 52.4, 4.9, "Amsterdam", "peer", "outbound", None, "ACME", 3, 900),
        ("192.0.2.2", -33.9, 151.2, "Sydney", "peer", "inbound", "high", None, 1, None),
    ]
)
ALERTS = pd.DataFrame({"start": ["2019-02-14", "2019-02-15"], "Severity": ["Low", "High"], "Name": ["x", "y"]})
TOTALS = pd.DataFrame(
    {
        "start": ["2019-02-14", "2019-02-15", "2019-02-16"],
        "Total": [9, 1, -4],
        "baseline": [8, 8, 8],
        "anomalies": [0, 1, 1],
    }
)
PROCESSES = pd.DataFrame(
    {
        "TimeGenerated": pd.to_datetime(["2019-02-14 12:00", "2019-02-14 12:01"], utc=True),
        "Computer": ["WEB", "WEB"], "NewProcessId": ["0x10", "0x20"], "ProcessId": ["0x4", "0x10"],
        "NewProcessName": ["C:\\cmd.exe", "C:\\whoami.exe"], "ParentProcessName": ["C:\\explorer.exe", "C:\\cmd.exe"],
        "CommandLine": ["cmd", "whoami"], "Account": ["bob", "bob"], "SubjectUserName": ["bob", "bob"],
        "EventID": [4688, 4688], "TargetLogonId": ["0x1"] * 2, "SubjectLogonId": ["0x1"] * 2,
    }
)  # fmt: skip


def graph(figure, nodes, edges=None):
    return Section(figure, "T", "graph", figure=figure, nodes=nodes, edges=edges)


def series(figure, table):
    return Section(figure, "T", "series", figure=figure, table=table, note="UTC")


SAMPLES = {
    "tree": (graph("tree", pa.table(TREE)), ["name"]),
    "bars": (graph("bars", pa.table(TREE)), []),
    "map": (graph("map", POINTS, ARCS), ["label", "owner"]),
    "timeline": (series("timeline", pa.table(MARKS)), ["lane"]),
    "chord": (graph("chord", NAMES, PAIR), ["name", "source", "target"]),
    "network": (graph("network", ADDRESSES, WEIGHTS), ["id", "source", "target"]),
    "histogram": (series("histogram", binned([(0, "dns", 2), (2, "https", 7)], "flows")), ["series"]),
    "lanes": (series("lanes", binned([(0, "dns", 2), (2, "https", 7)], "flows")), ["series"]),
    "heat": (series("heat", HOURS), []),
    "matrix": (series("matrix", MATRIX), ["source", "destination"]),
    "relations": (graph("relations", ENTITIES, RELATIONS), ["id", "kind", "label", "severity", "source", "target"]),
    "places": (series("places", PLACES), ["ip", "place", "as_name", "severity"]),
    "events": (display_timeline(ALERTS, group_by="Severity", ref_time="2019-02-14").section, ["tip_0", "tip_1"]),
    "series": (display_timeseries_anomalies(TOTALS, source_columns="start").section, ["tip_0"]),
    "process_tree": (process_tree_section(build_process_tree(PROCESSES)), []),
}  # fmt: skip


def test_every_figure_has_a_sample():
    assert set(SAMPLES) == set(FIGURES.names())


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_the_kit_over_the_catalogue(name):
    section, texts = SAMPLES[name]
    assert check_figure(section, texts)["kind"] == name


def test_a_figure_that_forgets_its_rows_or_its_note_is_found(monkeypatch):
    section, _ = SAMPLES["matrix"]
    with pytest.raises(AssertionError, match="there is something to show"):
        check_figure(replace(section, table=MATRIX.slice(0, 0)))
    honest = FIGURES.load("matrix")
    monkeypatch.setattr("flowsleuth.viz.matrix.matrix", lambda one: honest(one) | {"note": ""})
    with pytest.raises(AssertionError, match="what the section says is said"):
        check_figure(section)


def test_a_figure_that_draws_beside_its_page_is_found(monkeypatch):
    section, _ = SAMPLES["matrix"]
    monkeypatch.setattr("flowsleuth.viz.drawn_grid.WIDTH", 150.0)
    with pytest.raises(AssertionError, match="beside the page"):
        check_figure(section)
