"""A workspace on Spark does everything that one on DuckDB does, with the same answers."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.store.spark_cluster import SparkCluster
from tests.zeek_writer import conn_line, write_conn

import flowsleuth
from flowsleuth.errors import QueryError
from flowsleuth.faces.cli import main
from flowsleuth.query import QueryProvider
from flowsleuth.testing.same_rows import same_rows
from flowsleuth.triage.filters import QueueFilter
from flowsleuth.triage.rules import Rule

pytestmark = pytest.mark.spark

DETECTORS = ("suspicious", "spot")
REJECTS = 13
"""Records of ``tests/data/zeek/bad_records`` that are none."""
TOLERANCE = 1e-9


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Real Zeek logs of a day, one full of bad records, and a made one with an oddity."""
    samples = Path(__file__).resolve().parents[1] / "data" / "zeek"
    made = write_conn(tmp_path_factory.mktemp("logs") / "conn.log", 400)
    odd = conn_line(400).split("\t")
    odd[4], odd[5], odd[9] = "203.0.113.9", "4444", "3100000"
    with made.open("a") as log:
        log.write("\t".join(odd))
    return [samples / "tsv_2014_fields", samples / "bad_records", made]


@pytest.fixture(scope="module")
def cases(spark: SparkCluster, logs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same logs in two workspaces, each ingested and scored with its own engine."""
    folders = {}
    for name, engine in (("duckdb", "duckdb"), ("spark", spark.sc_url)):
        folders[name] = tmp_path_factory.mktemp(name) / "case [1]"
        with flowsleuth.open(folders[name], create=True, engine=engine) as ws:
            report = ws.ingest(*logs)
            assert (report.failed, report.rejects) == ([], REJECTS)
            assert all(day.is_new for day in ws.score(*DETECTORS))
    return folders


@pytest.fixture
def both(spark: SparkCluster, cases: dict[str, Path]):
    """Both workspaces, open."""
    with flowsleuth.open(cases["duckdb"]) as one, flowsleuth.open(cases["spark"], engine=spark.sc_url) as other:
        yield one, other


@pytest.fixture
def run(capsys):
    def go(*arguments: object) -> str:
        assert main([str(argument) for argument in arguments]) == 0
        return capsys.readouterr().out

    return go


def at_rest(folder: Path, table: str) -> pa.Table:
    """What a workspace holds, whoever wrote it."""
    with flowsleuth.open(folder, engine="duckdb") as ws:
        return ws.store.arrow(ws.table(table))


@pytest.mark.parametrize("table", ["flow", "reject"])
def test_rows_are_the_same(cases, table):
    keys = ["source_file", "source_row"]
    same_rows(at_rest(cases["duckdb"], table), at_rest(cases["spark"], table), keys)


def test_scores_and_suspects_are_the_same(cases):
    scores = [at_rest(cases[name], "score") for name in ("duckdb", "spark")]
    suspects = [at_rest(cases[name], "suspect") for name in ("duckdb", "spark")]
    assert len(scores[0]) == len(DETECTORS) * len(at_rest(cases["duckdb"], "flow"))
    same_rows(*scores, ["detector", "flow_id"], TOLERANCE)
    same_rows(*suspects, ["detector", "suspect_id"], TOLERANCE)


def test_info_is_the_same(both):
    one, other = (ws.info() for ws in both)
    assert one["rejects"]["rows"] == REJECTS
    assert one["rows_per_minute"]["peak"] > 1
    for facts in (one, other):
        facts.pop("workspace")
        for scored in facts["scores"]:
            scored.pop("run")
            scored["notes"].pop("log_likelihood", None)
    assert one == other


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize("by", ["group", "flow"])
@pytest.mark.parametrize("top", [20, None])
def test_suspects_are_the_same(both, detector, by, top):
    one, other = (ws.suspects(top, by=by, detector=detector).to_arrow() for ws in both)
    assert len(one) == (20 if top else len(one)) > 0
    same_rows(one, other, ["rank"], TOLERANCE)


def test_suspects_of_one_address(both):
    one, other = (ws.suspects(None, by="flow", ip="203.0.113.9").to_arrow() for ws in both)
    assert one["dst_port"].to_pylist() == [4444]
    same_rows(one, other, ["rank"], TOLERANCE)
    assert len(both[1].suspects(ip="198.51.100.77")) == 0


def test_explain_is_the_same(both):
    flow_id = both[0].suspects(1, ip="203.0.113.9").to_arrow()["flow_id"][0].as_py()
    one, other = (ws.explain(flow_id) for ws in both)
    assert "203.0.113.9" in other.raw
    assert one.flow == other.flow
    assert [(s["reason"], s["group"]["flows"]) for s in one.scores] == [
        (s["reason"], s["group"]["flows"]) for s in other.scores
    ]
    same_rows(one.around.to_arrow(), other.around.to_arrow(), ["flow_id"])


def test_questions_of_ones_own(both):
    for ws in both:
        flow = ws.table("flow")
        odd = flow.filter(flow.dst_port == 4444)
        found = odd.group_by("dst_ip").aggregate(n=odd.count(), last=odd.start.max()).execute()
        assert found[["dst_ip", "n"]].to_numpy().tolist() == [["203.0.113.9", 1]]
        assert str(found["last"].dt.tz) == "UTC"


def test_nothing_new_is_done_twice(both, logs):
    for ws in both:
        assert ws.ingest(*logs).rows == {}
        assert not any(day.is_new for day in ws.score(*DETECTORS))


def test_a_time_range_on_a_workspace_of_another_engine(spark, cases, tmp_path):
    """Made with DuckDB, scored again with Spark."""
    start, end = dt.datetime(2023, 11, 14, 22, 14, tzinfo=dt.UTC), dt.datetime(2023, 11, 14, 22, 15, tzinfo=dt.UTC)
    found = []
    for engine in ("duckdb", spark.sc_url):
        folder = tmp_path / engine.partition(":")[0]
        with flowsleuth.open(folder, create=True, engine=engine) as ws:
            ws.ingest(write_conn(tmp_path / "conn.log", 400))
            (day,) = ws.score("spot", start=start, end=end)
            assert day.flows == 120
        found.append(at_rest(folder, "score"))
    same_rows(*found, ["flow_id"], TOLERANCE)


@pytest.mark.parametrize("form", ["table", "json", "csv"])
@pytest.mark.parametrize("by", ["group", "flow"])
def test_command_line_prints_the_same(run, spark, cases, form, by):
    ask = ("suspects", "-w", cases["duckdb"], "--by", by, "--top", 15, "--format", form)
    said = run(*ask, "--engine", spark.sc_url)
    assert "203.0.113.9" in said
    assert said == run(*ask)


def test_command_line_writes_the_same_parquet(run, spark, cases, tmp_path):
    ask = ("suspects", "-w", cases["duckdb"], "--by", "flow", "--all", "--format", "parquet", "--output")
    run(*ask, tmp_path / "duckdb.parquet")
    run(*ask, tmp_path / "spark.parquet", "--engine", spark.sc_url)
    one, other = (pq.read_table(tmp_path / f"{name}.parquet") for name in ("duckdb", "spark"))
    assert one.num_rows == len(at_rest(cases["duckdb"], "flow"))
    same_rows(one, other, ["rank"])


def test_command_line_explains_and_informs(run, spark, cases):
    folder = cases["duckdb"]
    flow_id = json.loads(run("suspects", "-w", folder, "--top", 1, "--format", "json"))[0]["flow_id"]
    for ask in (("explain", "-w", folder, flow_id), ("info", "-w", folder, "--format", "json")):
        assert run(*ask, "--engine", spark.sc_url) == run(*ask)


def test_standard_output_is_clean_and_the_engine_can_be_the_workspaces_own(spark, logs, tmp_path):
    """The whole job by the program itself, on a workspace whose settings name the engine."""
    case = tmp_path / "case"

    def command(*words: object) -> str:
        line = [sys.executable, "-m", "flowsleuth", *map(str, words)]
        return subprocess.run(line, capture_output=True, text=True, check=True, timeout=300).stdout

    command("init", case, "--engine", spark.sc_url)
    command("ingest", logs[-1], "-w", case)
    command("score", "-w", case)
    found = json.loads(command("suspects", "-w", case, "--format", "json", "--ip", "203.0.113.9"))
    assert [row["dst_port"] for row in found] == [4444]


def test_the_analysts_loop_is_the_same(spark, cases, tmp_path):
    """Queue, ratings (also inside a group), rules, checks, the next score, investigation, story."""
    told = []
    for name, engine in (("duckdb", "duckdb"), ("spark", spark.sc_url)):
        case = Path(shutil.copytree(cases[name], tmp_path / name))
        with flowsleuth.open(case, engine=engine, analyst="ana") as ws:
            told.append(_loop(ws))
    assert told[0] == told[1]


def _loop(ws):
    facts = [ws.queue().rows.to_pandas()[["rank", "src_ip", "dst_ip", "dst_port", "flows", "reason"]].to_dict()]
    group = next(row for row in ws.queue(size=500).rows.table.to_pylist() if row["src_ports"] > 1)
    one = ws.rate(3, suspects=[group["suspect_id"]], src_port=group["src_port"], why="one flow of a group")
    all_of = ws.rate(1, ip="203.0.113.9")
    facts += [(one.suspects, one.flows), (all_of.suspects, all_of.flows), ws.queue().counts]
    left = ws.queue(QueueFilter(ip=group["src_ip"], state="all"), size=500).rows.table
    facts.append(left.select(["src_ip", "dst_ip", "src_port", "flows", "severity"]).to_pylist())
    facts.append([(f.name, f.src_ip, f.count) for f in ws.heuristics(scope="day", fan_out=3)])
    ws.add_rule(Rule.parse({"name": "odd", "severity": 2, "where": ["dst_port >= 1024", "ip cidr 203.0.113.0/24"]}))
    facts.append([(report.suspects, report.flows) for report in ws.apply_rules()])
    facts.append([(day.detector, day.is_new) for day in ws.score()])
    facts.append(ws.suspects(10).to_pandas()[["src_ip", "dst_ip", "reason"]].to_dict())
    found = ws.investigate("203.0.113.9")
    facts += [found.search.table.to_pylist(), found.peers.table.to_pylist(), found.timeline.table.to_pylist()]
    facts.append(found.save_story("On Spark", "too").title)
    facts.append(ws.details(_odd_flow(ws)).table.num_rows)
    facts.append(ws.ingest_summary().table.to_pylist())
    return facts


def _odd_flow(ws):
    return ws.suspects(1, ip="203.0.113.9").table["flow_id"][0].as_py()


def test_the_other_door(spark, logs, tmp_path):
    """``spark://``: a driver in this process."""
    found = []
    for name, engine in (("duckdb", "duckdb"), ("spark", spark.spark_url)):
        with flowsleuth.open(tmp_path / name, create=True, engine=engine) as ws:
            ws.ingest(logs[-1])
            assert [day.flows for day in ws.score(*DETECTORS)] == [401, 401]
            found.append([ws.suspects(None, by="flow", detector=detector).to_arrow() for detector in DETECTORS])
            assert "203.0.113.9" in ws.explain(ws.suspects(1, ip="203.0.113.9").to_arrow()["flow_id"][0].as_py()).raw
    for wanted, other in zip(*found, strict=True):
        same_rows(wanted, other, ["rank"], TOLERANCE)


@pytest.mark.real
def test_scores_of_a_real_network_are_the_same(spark, shared_data, tmp_path):
    """154,727 connections of MACCDC 2012, hour 6 (README of ``../shared/data``)."""
    log = shared_data / "zeek" / "maccdc2012_hour06_json" / "conn.log.gz"
    scores = []
    for name, engine in (("duckdb", "duckdb"), ("spark", spark.sc_url)):
        with flowsleuth.open(tmp_path / name, create=True, engine=engine) as ws:
            rows = ws.ingest(log).rows["flow"]
            ws.score(*DETECTORS)
        scores.append(at_rest(tmp_path / name, "score"))
        assert len(scores[-1]) == len(DETECTORS) * rows > 100_000
    same_rows(*scores, ["detector", "flow_id"], TOLERANCE)


LIBRARY = {
    "list_flows_by_ip": {"ip_address_list": ["203.0.113.9"]},
    "list_flows_by_host": {"host_name": "nobody"},
    "list_flows_by_port": {"ports": [4444, 443]},
    "list_peers": {"ip_address": "203.0.113.9"},
}


def test_the_query_library_is_the_same(spark, cases):
    """Queries with bound texts, lists, numbers and times, and one of one's own, put to both engines."""
    with (
        QueryProvider("Workspace", folder=cases["duckdb"]) as one,
        QueryProvider("Workspace", folder=cases["duckdb"], engine=spark.sc_url) as other,
    ):
        for name, given in LIBRARY.items():
            rows = [
                place.query(f"Network.{name}").arrow(**given).replace_schema_metadata(None) for place in (one, other)
            ]
            assert name == "list_flows_by_host" or len(rows[0]) > 0
            same_rows(*rows, [column for column in ("flow_id", "peer") if column in rows[0].column_names])
        for text in ("SELECT sum(src_bytes) AS n, min(start) AS first FROM flow", "SELECT count(*) AS n FROM dns"):
            assert one.exec_arrow(text).to_pylist() == other.exec_arrow(text).to_pylist()
        for wrong in ("SELECT * FROM nothing_there", "SELECT no_such FROM flow", "DROP TABLE flow"):
            for place in (one, other):
                with pytest.raises(QueryError):
                    place.exec_arrow(wrong)
