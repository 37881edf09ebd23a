"""``flowsleuth investigate`` and ``flowsleuth story``."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from flowsleuth.faces.cli import main

HOSTILE = "=HYPERLINK(1)"
FLOWS = """\
{"ts":1710410398.0,"uid":"C1","id.orig_h":"10.0.0.5","id.orig_p":50000,"id.resp_h":"198.51.100.1","id.resp_p":443,"proto":"tcp","duration":1.0,"orig_ip_bytes":900,"resp_ip_bytes":100,"orig_pkts":4,"resp_pkts":2}
{"ts":1710410458.0,"uid":"C2","id.orig_h":"10.0.0.5","id.orig_p":50001,"id.resp_h":"198.51.100.1","id.resp_p":443,"proto":"tcp","duration":1.0,"orig_ip_bytes":900,"resp_ip_bytes":100,"orig_pkts":4,"resp_pkts":2}
{"ts":1710410459.0,"uid":"C3","id.orig_h":"203.0.113.7","id.orig_p":40000,"id.resp_h":"10.0.0.5","id.resp_p":22,"proto":"tcp","duration":1.0,"orig_ip_bytes":60,"resp_ip_bytes":40,"orig_pkts":1,"resp_pkts":1}
"""
SERVER = """\
{"ts":1710410398.1,"uid":"C1","id.orig_h":"10.0.0.5","id.orig_p":50000,"id.resp_h":"198.51.100.1","id.resp_p":443,"version":"TLSv12","server_name":"=HYPERLINK(1)","resumed":false,"established":true}
"""


@pytest.fixture
def run(capsys):
    def go(*arguments: object):
        code = main([str(argument) for argument in arguments])
        out = capsys.readouterr()
        return code, out.out, out.err

    return go


@pytest.fixture
def case(tmp_path, run) -> Path:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "conn.log").write_text(FLOWS)
    (tmp_path / "logs" / "ssl.log").write_text(SERVER)
    folder = tmp_path / "case"
    assert run("init", folder)[0] == 0
    assert run("ingest", tmp_path / "logs", "-w", folder)[0] == 0
    return folder


def test_the_answer_for_people(run, case):
    code, out, err = run("investigate", "10.0.0.5", "-w", case)
    assert (code, err) == (0, "")
    assert "10.0.0.5 (internal)" in out
    assert "3 connections with 2 peers (2 external; 1 inbound, 1 outbound)" in out
    assert "198.51.100.1  → outbound  external" in out
    assert "203.0.113.7   ← inbound" in out
    assert "note: iploc.csv: there is no iploc.csv in the folder context" in out


def test_nothing_found_is_said(run, case):
    code, out, _ = run("investigate", "192.0.2.1", "-w", case)
    assert code == 0
    assert "no flow of it in this window" in out


def test_csv_is_the_search_and_runs_no_formula(run, case):
    code, out, err = run("investigate", "10.0.0.5", "-w", case, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert (code, err) == (0, "")
    assert [(row["src_ip"], row["dst_port"], row["connections"]) for row in rows] == [
        ("10.0.0.5", "443", "2"),
        ("203.0.113.7", "22", "1"),
    ]
    assert rows[0]["server_name"] == "'" + HOSTILE


def test_json_holds_everything(run, case):
    _, out, _ = run("investigate", "10.0.0.0/24", "-w", case, "--format", "json", "--top", 1)
    told = json.loads(out)
    assert told["target"] == "10.0.0.0/24"
    assert len(told["search"]) == len(told["peers"]) == 2
    assert len(told["sources_by_bytes"]) == 1
    assert told["timeline"][0]["lane"] == "198.51.100.1"


def test_one_table_as_parquet(run, case, tmp_path):
    code, _, err = run(
        "investigate", "10.0.0.5", "-w", case, "--table", "peers", "--format", "parquet", "--output", tmp_path / "p"
    )
    assert code == 0
    assert "2 rows" in err
    assert pq.read_table(tmp_path / "p")["peer"].to_pylist() == ["198.51.100.1", "203.0.113.7"]


def test_a_window(run, case):
    _, out, _ = run("investigate", "10.0.0.5", "-w", case, "--start", "2024-03-14T10:00:50", "--format", "json")
    assert json.loads(out)["totals"]["connections"] == 2


def test_a_story_from_beginning_to_end(run, case, tmp_path):
    code, _, err = run("investigate", "10.0.0.5", "-w", case, "--save", "Implant \x1b[31m", "--text", "Called home.")
    assert code == 0
    assert "saved as story 1" in err
    assert "\x1b" not in run("story", "list", "-w", case)[1]
    assert json.loads(run("story", "list", "-w", case, "--format", "json")[1])[0]["target"] == "10.0.0.5"
    code, out, _ = run("story", "show", 1, "-w", case)
    assert "Called home." in out
    assert "10.0.0.5, an internal address, exchanged 3 connections with 2 peers" in out
    assert "\x1b" not in out
    assert json.loads(run("story", "show", 1, "-w", case, "--format", "json")[1])["dossier"]["sections"]
    code, out, _ = run("story", "export", 1, tmp_path / "story.html", "-w", case)
    assert (code, out.strip()) == (0, str(tmp_path / "story.html"))
    assert run("story", "export", 1, tmp_path / "spot", "--format", "spot-csv", "-w", case)[1].count("\n") == 7
    assert run("story", "remove", 1, "-w", case)[0] == 0
    code, out, err = run("story", "list", "-w", case)
    assert (code, out) == (0, "")
    assert "no stories" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["investigate"],
        ["investigate", "nonsense"],
        ["investigate", "10.0.0.5", "--top", "0"],
        ["investigate", "10.0.0.5", "--start", "2024-03-15", "--end", "2024-03-14"],
        ["investigate", "10.0.0.5", "--save", " "],
        ["story"],
        ["story", "show", "7"],
        ["story", "export", "7", "x", "--format", "docx"],
    ],
)
def test_wrong_usage_exits_2(run, case, arguments):
    extra = ["-w", case] if len(arguments) > 1 else []
    code, _, err = run(*arguments, *extra)
    assert code == 2
    assert "Traceback" not in err
