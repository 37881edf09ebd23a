"""Clusters of events: templates stay apart, one-offs stand alone, nothing is lost."""

from __future__ import annotations

import importlib.util
import random
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsleuth.analyze.clusters import assign_clusters, cluster_events, find_clusters
from flowsleuth.analyze.process_features import add_process_features
from flowsleuth.errors import OptionError

BENCH = Path(__file__).resolve().parents[2] / "bench"


def bench(name):
    spec = importlib.util.spec_from_file_location(name, BENCH / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    file = tmp_path_factory.mktemp("events") / "events.csv"
    bench("process_events").main(["10000", str(file), "11"])
    return pd.read_csv(file)


def test_forty_templates_and_all_one_offs(events):
    """Where MSTICPy's documented settings mix programs in 15 of 36 clusters and isolate 20 of 47 one-offs."""
    found = find_clusters(events.drop(columns="truth"))
    told = bench("cluster_quality").quality(found.of_row.tolist(), events["truth"].tolist())
    assert told["mixed"] == 0
    assert told["purity"] == 1.0
    assert told["one_offs"] > 30
    assert told["alone"] == told["one_offs"]
    assert told["clusters"] < 2 * (40 + told["one_offs"]) + 60


def test_what_is_told_of_each_cluster(events):
    made = cluster_events(events.drop(columns="truth"))
    assert made["count"].sum() == len(events)
    assert made["count"].is_monotonic_decreasing
    assert made["cluster_id"].tolist() == list(range(len(made)))
    assert (made["is_one_off"] == (made["count"] < 2)).all()
    assert (made["variants"] <= made["count"]).all()
    mine = events[find_clusters(events.drop(columns="truth")).of_row == 3]
    row = made.iloc[3]
    times = pd.to_datetime(mine["TimeGenerated"], utc=True, format="ISO8601")
    assert (row["first_seen"], row["last_seen"]) == (times.min(), times.max())
    assert row["source_index"] == times.idxmin()
    assert row["CommandLine"] == mine.loc[times.idxmin(), "CommandLine"]
    assert row["variants"] == mine["CommandLine"].nunique()


def test_the_order_of_rows_changes_nothing_but_ties(events):
    few = events.head(2_000).drop(columns="truth")
    one = find_clusters(few).of_row
    mixed = few.sample(frac=1, random_state=4)
    other = pd.Series(find_clusters(mixed).of_row, index=mixed.index).sort_index().to_numpy()
    assert len(np.unique(one)) == len(np.unique(other)) == len(np.unique(np.c_[one, other], axis=0))


def test_a_choice_is_not_data_and_data_is():
    draw = random.Random(1)
    hosts = [
        f"{a}{b}" for a in ("oak", "elm", "ash", "fir", "yew") for b in ("low", "top", "bay", "end", "gap", "hill")
    ]
    lines = [
        f"svchost.exe -k {draw.choice(('netsvcs', 'LocalService', 'rpcss', 'dcom', 'wsapp', 'print'))}"
        for _ in range(300)
    ]
    lines += ["svchost.exe -k evil"] + [f"copy -to {host} now" for host in hosts]
    made = cluster_events(pd.DataFrame({"CommandLine": lines}))
    told = dict(zip(made["template"], made["count"], strict=True))
    assert told["svchost.exe -k evil"] == 1
    assert told["copy -to <*> now"] == 30
    assert sum(text.startswith("svchost") for text in told) == 7


def test_times_are_optional_and_any_cell_is_harmless():
    events = pd.DataFrame(
        {"CommandLine": ["a -x 1", None, float("nan"), 7, b"\xff", ["x"], "a -x 2", ""], "n": range(8)}
    )
    before = events.copy(deep=True)
    made = cluster_events(events)
    assert made["first_seen"].isna().all()
    assert made["count"].tolist() == [2, 2, 1, 1, 1, 1]
    assert made["source_index"].tolist()[:2] == [0, 1]
    pd.testing.assert_frame_equal(events, before)
    late = cluster_events(
        events.assign(at=["2024-03-15", "x", None, "2024-03-14", "", "", "2024-03-13", ""]), time_column="at"
    )
    first = late[late["template"] == "a -x <n>"].iloc[0]
    assert (first["source_index"], str(first["first_seen"])[:10], str(first["last_seen"])[:10]) == (
        6,
        "2024-03-13",
        "2024-03-15",
    )


def test_other_columns_count_as_they_are():
    events = pd.DataFrame({"CommandLine": ["a 1", "a 2", "a 3"], "port": [443, 80, 443], "count": [1, 2, 3]})
    made = cluster_events(events, ["CommandLine", "port"])
    assert made["count"].tolist() == [2, 1]
    assert made["count_given"].tolist() == [1, 2]
    assert made["port"].tolist() == [443, 80]
    assert cluster_events(events, ["port"])["template"].isna().all()
    assert assign_clusters(events, ["port"])["cluster_size"].tolist() == [2, 1, 2]


def test_makes_and_mistakes():
    empty = cluster_events(pd.DataFrame({"CommandLine": pd.Series(dtype="object")}))
    assert len(empty) == 0
    arrow = cluster_events(pa.table({"cmdline": ["ls /a/b", "ls /c/d"]}))
    assert arrow["template"].to_pylist() == ["ls <path>"]
    assert assign_clusters(pa.table({"cmdline": ["ls"], "cluster_id": [9]}))["cluster_id"].to_pylist() == [0]
    with pytest.raises(OptionError, match="no such column"):
        cluster_events(pd.DataFrame({"a": [1]}), ["CommandLine"])
    with pytest.raises(OptionError, match="no program and no command line"):
        cluster_events(pd.DataFrame({"a": [1]}))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=40))
def test_texts_of_any_kind(texts):
    found = find_clusters(
        pa.table({"cmdline": pa.array([t.encode("utf-8", "replace").decode() for t in texts], pa.string())})
    )
    assert found.count.sum() == len(texts)
    assert sorted(set(found.of_row.tolist())) == list(range(len(found.count)))


def test_features():
    events = pd.DataFrame({
        "NewProcessName": [r"C:\W\cmd.exe", "/bin/sh", None], "CommandLine": ["cmd /c dir", None, ""],
        "SubjectUserSid": ["S-1-5-18", "S-1-5-21-1-2-3-500", None], "pathHash": [1, 2, 3],
    })  # fmt: skip
    made = add_process_features(events)
    assert made["processName"].tolist()[:2] == ["cmd.exe", "sh"]
    assert made["pathScore"].tolist()[:2] == [sum(map(ord, r"c:\w\cmd.exe")), sum(map(ord, "/bin/sh"))]
    assert made["commandlineLen"].tolist()[0] == 10
    assert made["commandlineTokensFull"].tolist()[0] == 3
    assert made["isSystemSession"].tolist()[:2] == [True, False]
    assert made["pathHash"].tolist() == [1, 2, 3]
    assert add_process_features(events, force=True)["pathHash"].tolist()[0] != 1
    assert "pathScore" not in events
