"""``flowsleuth suspects --by host|pair``, ``explain`` of what it lists, and ``rate --lead``: what is printed."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import flowsleuth
from flowsleuth.faces.cli import main
from tests.leads.conftest import FAR, FOURTH


@pytest.fixture
def run(capsys):
    def go(*arguments: object):
        code = main([str(argument) for argument in arguments])
        out = capsys.readouterr()
        return code, out.out, out.err

    return go


def listed(run, case, *more) -> list[dict]:
    code, out, _ = run("suspects", "-w", case, "--format", "json", *more)
    assert code == 0
    return json.loads(out)


def test_a_list_of_hosts(case: Path, run):
    code, out, err = run("suspects", "-w", case, "--by", "host", "--date", FOURTH)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    seen = ["seen", "(UTC)"]
    assert lines[0].split() == ["rank", "score", "q", "host", "flows", "first", *seen, "last", *seen, "lead_id"]
    first = lines[1].replace(" (device)", "").split()
    assert (first[0], first[4], float(first[1]) > 0.99) == ("1", "10.0.0.9", True)
    assert first[5:10] == ["20,000", "2024-05-04", "00:00:00", "2024-05-04", "22:13:16"]
    assert lines[2].startswith("      [T1071] strobes (far.example 443/tcp): 20,000 connections, one every 4 s")
    assert " if it connected as often as others do" in out
    rows = listed(run, case, "--by", "host", "--date", FOURTH)
    share = rows[1]["q_value"]
    assert f"2 leads; some {2 * share:,.1f} of them are expected to be false (q {share:.3f})" in out
    assert lines[-1] == f"what is behind one, with its raw flows: flowsleuth explain -w {case} LEAD_ID"


def test_a_list_of_pairs_names_the_peer_and_says_how_many_are_false(case, run):
    code, out, _ = run("suspects", "-w", case, "--by", "pair", "--top", 1)
    assert code == 0
    assert "far.example (203.0.113.9)    443/tcp" in out.replace("  443/tcp", "    443/tcp").replace("      ", "    ")
    assert re.search(r"1 lead; some 0\.0 of them are expected to be false \(q 0\.0\d\d\)", out)
    _, out, _ = run("suspects", "-w", case, "--by", "pair", "--ip", "203.0.113.10")
    assert re.search(r"1 lead; of the (\d) down to rank \1 some \d\.\d are expected to be false \(q 0\.\d+\)", out)


def test_forms(case, run, tmp_path):
    rows = listed(run, case, "--by", "pair", "--ip", FAR)
    assert {row["dst_ip"] for row in rows} == {FAR}
    code, out, _ = run("suspects", "-w", case, "--by", "pair", "--ip", FAR, "--format", "csv")
    assert code == 0
    assert [int(row["lead_id"]) for row in csv.DictReader(io.StringIO(out))] == [row["lead_id"] for row in rows]
    target = tmp_path / "leads.parquet"
    code, _, err = run("suspects", "-w", case, "--by", "pair", "--ip", FAR, "--format", "parquet", "--output", target)
    assert (code, err) == (0, f"{len(rows)} rows in {target}\n")
    assert pq.read_table(target)["lead_id"].to_pylist() == [row["lead_id"] for row in rows]
    assert run("suspects", "-w", case, "--by", "host", "--format", "parquet")[0] == 2
    assert run("suspects", "-w", case, "--by", "host", "--date", "yesterday")[0] == 2
    assert [row["technique"] for row in listed(run, case, "--by", "pair", "--technique", "T1071")] == ["T1071"] * 3


def test_explain_a_lead_a_finding_and_a_flow(case, run):
    row = listed(run, case, "--by", "pair")[0]
    code, out, _ = run("explain", "-w", case, row["lead_id"])
    assert code == 0
    assert out.startswith(f"lead {row['lead_id']}: 10.0.0.9 (device) and far.example (203.0.113.9) 443/tcp, {FOURTH}\n")
    assert "rank 1 of the day's pairs, score " in out
    assert "strobes: p 1e-06, T1071; 10.0.0.9 far.example (203.0.113.9) 443/tcp" in out
    assert "connections                  20000" in out
    assert "office.log:23941" in out
    code, out, _ = run("explain", "-w", case, row["lead_id"], "--format", "json", "--flows", 2)
    told = json.loads(out)
    assert [one["detector"] for one in told["findings"]] == ["strobes", "suspicious"]
    assert [flow["dst_ip"] for flow in told["findings"][0]["raw_flows"]] == [FAR, FAR]
    finding, flow = told["findings"][0]["finding_id"], told["findings"][0]["raw_flows"][0]["flow_id"]
    code, out, _ = run("explain", "-w", case, finding)
    assert code == 0
    assert "lead" not in out.splitlines()[0]
    assert "20,000 connections, one every 4 s" in out
    code, out, _ = run("explain", "-w", case, flow)
    assert code == 0
    assert out.startswith(f"flow {flow}: ")
    code, _, err = run("explain", "-w", case, 7)
    assert code == 2
    assert "no flow has this id" in err


def test_rate_and_hide_leads(case, run):
    row = listed(run, case, "--by", "pair")[0]
    _, out, _ = run("rate", "low", "--lead", row["lead_id"], "-w", case, "--dry-run")
    assert out.startswith("would rate 1 leads (20,000 flows); 0 of them are rated already\n")
    assert "far.example" in out
    assert len(listed(run, case, "--by", "pair")) > 2
    _, out, _ = run("rate", "low", "--lead", row["lead_id"], "-w", case, "--why", "monitoring")
    assert out == f"rated 1 leads (20,000 flows) low; take it back with: flowsleuth rate undo 1 -w {case}\n"
    assert row["lead_id"] not in [one["lead_id"] for one in listed(run, case, "--by", "pair")]
    _, out, _ = run("suspects", "-w", case, "--by", "pair")
    assert "1 more are rated low or suppressed: --hidden shows them" in out
    before = re.search(r"of them are expected to be false \(q .*\)", out)
    _, out, _ = run("suspects", "-w", case, "--by", "pair", "--hidden")
    assert re.search(r"of them are expected to be false \(q .*\)", out)[0] == before[0]
    hidden = listed(run, case, "--by", "pair", "--hidden")
    assert [one["severity"] for one in hidden if one["is_hidden"]] == [3]
    assert run("rate", "undo", "-w", case)[0] == 0
    assert row["lead_id"] in [one["lead_id"] for one in listed(run, case, "--by", "pair")]
    _, out, _ = run("rate", "high", "--by", "pair", "--name", "*.example", "--date", FOURTH, "-w", case)
    assert out.startswith("rated 3 leads (43,500 flows) high")


def test_suppress_says_how_many_leads_it_hides(case, run):
    code, out, _ = run("suppress", "detector", "strobes", "--reason", "new monitoring", "-w", case)
    assert code == 0
    assert "hides 0 suspects (0 flows), and 0 hosts and 1 pair as leads" in out
    _, out, err = run("suspects", "-w", case, "--by", "pair", "--ip", FAR, "--detector", "strobes")
    assert (out, err) == ("", "no lead of this kind; 1 are rated low or suppressed: --hidden\n")


def test_nothing_was_scored(tmp_path, run):
    with flowsleuth.open(tmp_path / "case", create=True):
        pass
    code, out, err = run("suspects", "-w", tmp_path / "case", "--by", "host")
    assert (code, out) == (0, "")
    assert "flowsleuth score" in err
    assert listed(run, tmp_path / "case", "--by", "pair") == []


def test_control_characters_never_reach_the_terminal(case, run):
    with flowsleuth.open(case) as ws:
        old = ws.store.catalog.parts("lead", [FOURTH])
        rows = ws.store.arrow(ws.store.view("lead", old))
        hostile = ["\x1b[31mred\u202e" for _ in range(len(rows))]
        import pyarrow as pa

        for name in ("reason", "normal_if", "server_name", "role", "technique"):
            rows = rows.set_column(rows.column_names.index(name), name, pa.array(hostile))
        with ws.store.writing():
            ws.store.replace(old, ws.store.write("lead", rows, tag="leads"))
    _, out, _ = run("suspects", "-w", case, "--by", "pair")
    lead = listed(run, case, "--by", "pair")[0]
    _, more, _ = run("explain", "-w", case, lead["lead_id"])
    for text in (out, more):
        assert "\\x1b[31mred\\u202e" in text
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_a_host_on_one_page(case, run, tmp_path):
    code, out, err = run("host", "10.0.0.7", "-w", case, "--top", 2)
    assert (code, err) == (0, "")
    assert out.startswith(f"Host 10.0.0.7\nStands: rank 2 of the hosts of {FOURTH}, score 0.99")
    assert re.search(r"  2024-05-04 +\d\.\d\d  █+\n", out)
    days = out.partition("By day\n")[2].partition("\nFindings\n")[0].splitlines()
    assert days[0].split()[:4] == ["rank", "score", "q", "host"]
    assert [line.split()[0] for line in days[1:] if not line.startswith("      ")] == ["1", "2"]
    assert "office.log:67" in out
    code, out, _ = run("host", "10.0.0.7", "-w", case, "--format", "json")
    assert json.loads(out)["title"] == "Host 10.0.0.7"
    target = tmp_path / "host.html"
    assert run("host", "10.0.0.7", "-w", case, "--format", "html", "--output", target)[0] == 0
    page = target.read_text(encoding="utf-8")
    assert "<svg" in page
    assert "office.log:67" in page
    code, _, err = run("host", "nowhere", "-w", case)
    assert code == 2
    assert "nowhere" in err
