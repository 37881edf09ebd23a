"""Process trees, clusters of the developer data set, where it is."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import flowsleuth
from flowsleuth.analyze import relatives
from flowsleuth.analyze.clusters import cluster_events
from flowsleuth.analyze.process_tree import build_process_tree, process_tree

HOST = Path(__file__).resolve().parents[3] / "shared" / "data" / "host"
pytestmark = [pytest.mark.real, pytest.mark.skipif(not HOST.exists(), reason="the developer data set is not here")]


def test_the_session_of_an_alert():
    """msticpy wrote down what each process is to the one of the alert; the tree must say the same."""
    rows = pd.read_csv(HOST / "process_tree.csv")
    tree = build_process_tree(rows)
    assert tree.attrs["process_schema"]["name"] == "windows_4688"
    (source,) = tree.loc[tree["NodeRole"] == "source", "node"]
    assert set(relatives.get_siblings(tree, source, include_source=False)["NodeRole"]) == {"sibling"}
    assert relatives.get_parent(tree, source)["NodeRole"] == "parent"
    assert (tree["NodeRole"] == "sibling").sum() == len(relatives.get_siblings(tree, source)) - 1


@pytest.mark.parametrize(("file", "schema", "rows", "missing", "levels"), [
    ("processes_on_host.csv", "windows_4688", 363, 6, 5),
    ("win_processes_22979.csv.gz", "windows_4688", 22_971, 22, 839),
    ("mde_proc_cs1.csv.gz", "mde_internal", 1_564, 78, 16),
    ("linux_proc_execve.csv.gz", "auditd", 1_000, 29, 5),
])  # fmt: skip
def test_tables_of_four_makes(file, schema, rows, missing, levels):
    made = process_tree(pd.read_csv(HOST / file))
    told = relatives.get_summary_info(made.table)
    assert made.schema.name == schema
    assert told["Processes"] - told["InferredProcesses"] == rows
    assert told["InferredProcesses"] == missing
    assert told["LargestTreeDepth"] == levels
    assert made.repeated + rows == told["Records"]


def test_how_the_phish_went_on():
    tree = build_process_tree(pd.read_csv(HOST / "mde_proc_cs1.csv.gz"))
    first = tree[tree["proc_name"] == "mshta.exe"].iloc[0]
    assert relatives.get_path(tree, first).endswith("explorer.exe / WinRAR.exe / cmd.exe / mshta.exe")


def test_sysmon_and_windows_tell_of_one_process(tmp_path):
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        ws.ingest(HOST / "evtx", HOST / "otrf" / "empire_launcher_vbs.zip", HOST / "auditd_log.txt")
        tree = ws.process_tree()
    twice = [row["host"] for row in tree.table.to_pylist() if row["record_count"] > 1]
    assert len(twice) >= 4
    found = tree.of_host("IEWIN7").table
    assert found["proc_name"].to_pylist()[:3] == ["cmd.exe", "python.exe", "makecab.exe"]
    assert found["linked_by"].to_pylist()[1:3] == ["inferred", "guid"]


def test_clusters_of_what_a_host_did_for_a_week():
    rows = pd.read_csv(HOST / "win_processes_22979.csv.gz")
    found = cluster_events(rows)
    assert found["count"].sum() == len(rows)
    assert len(found) < 450
    assert found["template"].iloc[0] == r"c:\windows\system32\conhost.exe · conhost.exe <n> -ForceV<n>"
