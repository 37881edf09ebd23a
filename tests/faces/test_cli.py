"""The command line: what it prints, where, and its exit codes."""

from __future__ import annotations

import csv
import io
import itertools
import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.zeek_writer import CONN, conn_line, header, write_conn

from flowsleuth.faces.cli import main


@pytest.fixture
def run(capsys):
    def go(*arguments: object):
        code = main([str(argument) for argument in arguments])
        out = capsys.readouterr()
        return code, out.out, out.err

    return go


@pytest.fixture
def case(tmp_path, run) -> Path:
    folder = tmp_path / "case"
    assert run("init", folder)[0] == 0
    log = write_conn(tmp_path / "conn.log", 400)
    with log.open("a") as file:
        odd = conn_line(400).split("\t")
        odd[4], odd[5], odd[14] = "203.0.113.9", "4444", "3100000"
        file.write("\t".join(odd))
    assert run("ingest", log, "-w", folder)[0] == 0
    return folder


@pytest.fixture
def scored(case, run) -> Path:
    assert run("score", "-w", case)[0] == 0
    return case


def test_nothing_asked_is_wrong_usage(run):
    code, out, err = run()
    assert code == 2
    assert "ingest" in err
    assert out == ""


@pytest.mark.parametrize("arguments", [["fly"], ["suspects", "--top", "x"], ["score", "--no-such"], ["explain", "abc"]])
def test_wrong_usage_exits_2_and_names_the_option(run, arguments):
    code, out, err = run(*arguments)
    assert code == 2
    assert "Traceback" not in err
    assert arguments[-1] in err or arguments[-2] in err
    assert out == ""


def test_words_that_are_not_understood_are_told_with_the_verb_whose_help_knows(run):
    _, _, err = run("suspects", "--no-such")
    assert err == "flowsleuth: suspects: not understood: --no-such; see flowsleuth suspects --help\n"


def test_ingest_tells_rows_rejects_and_speed(tmp_path, run):
    run("init", tmp_path / "case")
    log = tmp_path / "conn.log"
    log.write_text(header("conn", CONN) + conn_line(0) + "broken\n")
    code, out, _ = run("ingest", log, "-w", tmp_path / "case")
    assert code == 0
    assert "1 flow from 1 files" in out
    assert "rows/s" in out
    assert "1 records rejected" in out


def test_an_unknown_file_exits_1_and_is_named(tmp_path, run):
    run("init", tmp_path / "case")
    (tmp_path / "junk.log").write_bytes(b"\x00\xff" * 100)
    code, _, err = run("ingest", tmp_path / "junk.log", "-w", tmp_path / "case")
    assert code == 1
    assert "junk.log" in err
    assert "zeek" in err


def test_strict_exits_1_with_file_and_row(tmp_path, run):
    run("init", tmp_path / "case")
    log = tmp_path / "conn.log"
    log.write_text(header("conn", CONN) + conn_line(0) + "broken\n")
    code, _, err = run("ingest", log, "-w", tmp_path / "case", "--strict")
    assert code == 1
    assert "conn.log, row 10" in err


def test_no_workspace_is_told_with_the_way_out(tmp_path, run):
    code, _, err = run("score", "-w", tmp_path / "nowhere")
    assert code == 1
    assert "flowsleuth init" in err


def test_nothing_to_score_is_told(tmp_path, run):
    run("init", tmp_path / "case")
    code, _, err = run("score", "-w", tmp_path / "case")
    assert code == 1
    assert "ingest" in err
    code, out, err = run("suspects", "-w", tmp_path / "case", "--format", "json")
    assert (code, json.loads(out)) == (0, [])


def test_info_as_json_holds_what_it_promises(case, run):
    code, out, _ = run("info", "-w", case, "--format", "json")
    facts = json.loads(out)
    assert code == 0
    assert facts["tables"]["flow"]["rows"] == 401
    assert facts["tables"]["flow"]["first"] == "2023-11-14T22:13:20.000000Z"
    assert facts["rejects"] == {"rows": 0, "by_reason": {}}
    assert {"file", "reader", "records", "rows", "rejects"} <= set(facts["sources"][0])
    assert facts["skipped"] == []
    assert facts["rows_per_minute"]["peak"] == 120
    assert facts["gaps"] == []


def test_info_on_a_terminal_shows_gaps_and_rejects(tmp_path, run):
    run("init", tmp_path / "case")
    log = tmp_path / "conn.log"
    log.write_text(header("conn", CONN) + conn_line(0) + conn_line(10_000) + "broken\n")
    run("ingest", log, "-w", tmp_path / "case")
    code, out, _ = run("info", "-w", tmp_path / "case")
    assert code == 0
    assert "gap: 2023-11-14T22:14Z to 2023-11-14T23:36Z, 82 minutes" in out
    assert "1 records rejected" in out


def test_suspects_as_json_csv_parquet_agree(scored, tmp_path, run):
    code, out, err = run("suspects", "-w", scored, "--by", "flow", "--all", "--format", "json")
    rows = json.loads(out)
    assert (code, err, len(rows)) == (0, "", 401)
    assert [row["rank"] for row in rows] == list(range(1, 402))
    assert all(0 <= row["score"] <= 1 and row["reason"] for row in rows)
    assert all(a["score"] >= b["score"] for a, b in itertools.pairwise(rows))
    _, text, _ = run("suspects", "-w", scored, "--by", "flow", "--all", "--format", "csv")
    table = list(csv.DictReader(io.StringIO(text)))
    assert [int(row["flow_id"]) for row in table] == [row["flow_id"] for row in rows]
    assert [float(row["score"]) for row in table] == [row["score"] for row in rows]
    assert table[0]["start"] == rows[0]["start"]
    target = tmp_path / "all.parquet"
    assert run("suspects", "-w", scored, "--by", "flow", "--all", "--format", "parquet", "--output", target)[0] == 0
    stored = pq.read_table(target)
    assert stored["flow_id"].to_pylist() == [row["flow_id"] for row in rows]
    assert {"rank", "score", "detector", "reason", "source_file", "source_row", "src_ip"} <= set(stored.column_names)


def test_parquet_needs_a_file(scored, run):
    code, _, err = run("suspects", "-w", scored, "--format", "parquet")
    assert code == 2
    assert "--output" in err


def test_the_odd_flow_is_on_top_and_is_explained(scored, run):
    _, out, _ = run("suspects", "-w", scored, "--top", "1", "--format", "json")
    top = json.loads(out)[0]
    assert (top["dst_ip"], top["dst_port"]) == ("203.0.113.9", 4444)
    code, out, _ = run("explain", "-w", scored, top["flow_id"])
    assert code == 0
    assert "203.0.113.9" in out
    assert "C00000000000000190" in out
    code, out, _ = run("explain", "-w", scored, top["flow_id"], "--format", "json")
    told = json.loads(out)
    assert told["raw"].split("\t")[1] == "C00000000000000190"
    assert told["scores"][0]["reason"] == top["reason"]
    assert any(row["flow_id"] == top["flow_id"] for row in told["around"])


def test_groups_count_near_identical_flows(scored, run):
    _, out, _ = run("suspects", "-w", scored, "--all", "--format", "json")
    groups = json.loads(out)
    assert sum(group["flows"] for group in groups) == 401
    assert all(group["first_seen"] <= group["last_seen"] for group in groups)


def test_suspects_of_one_address(scored, run):
    _, out, _ = run("suspects", "-w", scored, "--by", "flow", "--ip", "203.0.113.9", "--format", "json")
    assert [row["dst_ip"] for row in json.loads(out)] == ["203.0.113.9"]
    code, _, err = run("suspects", "-w", scored, "--ip", "not-an-ip")
    assert code == 2
    assert "--ip" in err


def test_an_unknown_flow_is_told(scored, run):
    code, _, err = run("explain", "-w", scored, "1")
    assert code == 2
    assert "flow_id" in err


def test_a_detector_that_has_not_run_is_told(scored, run):
    code, _, err = run("suspects", "-w", scored, "--detector", "spot")
    assert code == 2
    assert "flowsleuth score" in err
    code, _, err = run("score", "-w", scored, "oracle")
    assert code == 2
    assert "suspicious" in err


def test_scoring_again_is_quick_and_told(scored, run):
    _, out, _ = run("score", "-w", scored)
    assert "was up to date" in out
    _, out, _ = run("score", "-w", scored, "--again")
    assert "groups\n" in out


def test_a_time_range_scores_a_part(case, run):
    code, _, _ = run("score", "-w", case, "--start", "2023-11-14T22:14", "--end", "2023-11-14T23:15+01:00")
    assert code == 0
    _, out, _ = run("suspects", "-w", case, "--by", "flow", "--all", "--format", "json")
    starts = [row["start"] for row in json.loads(out)]
    assert len(starts) == 120
    assert min(starts) == "2023-11-14T22:14:00.000000Z"
    code, _, err = run("score", "-w", case, "--start", "tomorrow")
    assert code == 2
    assert "tomorrow" in err
    code, _, err = run("score", "-w", case, "--start", "2030-01-01")
    assert code == 1


def test_readers_and_detectors_are_listed(run):
    _, out, _ = run("readers")
    assert {"zeek", "suricata", "nfdump", "nfcapd", "argus", "table"} <= {
        line.split(" ")[0] for line in out.split("\n")
    }
    _, out, _ = run("detectors", "--format", "json")
    listed = {one["name"]: one for one in json.loads(out)}
    assert listed["suspicious"]["is_default"]
    assert not listed["spot"]["is_default"]
    assert all(option["help"] for one in listed.values() for option in one["options"])


def test_control_characters_of_a_log_never_reach_the_terminal(tmp_path, run):
    run("init", tmp_path / "case")
    evil = conn_line(0).split("\t")
    evil[7] = "http\x1b[2J"
    log = tmp_path / "conn\x1b[31m.log"
    log.write_text(header("conn", CONN) + "\t".join(evil) + "bad\x1b]0;x\x07\n")
    run("ingest", log, "-w", tmp_path / "case")
    run("score", "-w", tmp_path / "case")
    _, out, _ = run("suspects", "-w", tmp_path / "case", "--format", "json")
    flow_id = json.loads(out)[0]["flow_id"]
    for arguments in (["info"], ["suspects"], ["explain", flow_id]):
        _, out, err = run(*arguments, "-w", tmp_path / "case")
        assert "\x1b" not in out + err
        assert "\x07" not in out + err


def test_importing_loads_nothing_heavy():
    code = (
        "import sys, flowsleuth; "
        "heavy = {'numpy', 'pandas', 'pyarrow', 'duckdb', 'ibis', 'pyspark', 'rich'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
