"""``flowsleuth inject`` and ``flowsleuth blind-spots`` as a user calls them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import pytest

import flowsleuth
from flowsleuth.attacks import TECHNIQUES
from flowsleuth.faces.cli import main
from flowsleuth.testing.detectors import make_flows
from flowsleuth.workspace import Workspace

pytestmark = pytest.mark.slow

MORNING = dt.datetime(2024, 5, 1, 8, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """Twelve hosts that read the web for eight hours; a sensor with a name that no terminal should see."""
    folder = tmp_path_factory.mktemp("self-test") / "case"
    rows = [
        {
            "start": MORNING + dt.timedelta(seconds=60 * number + host), "src_ip": f"10.0.0.{host + 1}",
            "dst_ip": f"192.0.2.{(number * 7 + host) % 30 + 1}", "src_port": 40_000 + number, "dst_port": 443,
            "proto": "tcp", "direction": "outbound", "src_bytes": 900 + number, "dst_bytes": 5_000, "src_packets": 9,
            "dst_packets": 9, "conn_state": "SF", "sensor": "edge\x1b[31m", "sampling_rate": None,
        }
        for host in range(12)
        for number in range(480)
    ]  # fmt: skip
    with flowsleuth.open(folder, create=True) as ws, ws.store.writing():
        ws.store.replace([], ws.store.write("flow", make_flows(rows)))
    return str(folder)


def test_the_techniques_are_listed(capsys):
    assert main(["inject", "--list"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in TECHNIQUES)


def test_recall_as_a_table_and_as_rows(case, capsys, tmp_path, monkeypatch):
    """All three forms ask the same of the workspace, so one self-test serves them."""
    play, asked, found = Workspace.inject, [], []

    def once(ws, *techniques, **options):
        asked.append((techniques, options))
        found.extend([] if found else [play(ws, *techniques, **options)])
        return found[0]

    monkeypatch.setattr(Workspace, "inject", once)
    words = ["inject", "-w", case, "--date", "2024-05-01", "--only", "exfiltration-drip", "--draws", "2", "--quiet"]
    assert main(words) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "attacked host among the first hosts of a day:" in shown.out
    assert "2024-05-01 00:00 to 2024-05-02 00:00 UTC, 0 days of history, 12 active internal addresses" in shown.out
    assert "2 attacks in 2 scorings, at most 2 at once; seed 0" in shown.out
    assert main([*words, "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["technique"], row["by"], row["attacks"]) for row in rows] == [
        (name, by, "2") for by in ("host", "pair") for name in ("exfiltration-drip", "all")
    ]
    target = tmp_path / "recall.json"
    assert main([*words, "--format", "json", "--output", str(target)]) == 0
    told = json.loads(target.read_text())
    assert told["about"]["attacks"] == 2 and len(told["attacks"]) == 2
    assert told["recall"][0]["found_250"] == int(rows[0]["found_250"])
    assert asked == [asked[0]] * 3


def test_what_is_done_is_told_aside(case, capsys):
    assert main(["inject", "-w", case, "--only", "new-destination", "--draws", "1", "--format", "csv"]) == 0
    shown = capsys.readouterr()
    assert "scoring 1 of 2: the same flows without an attack" in shown.err
    assert "scoring" not in shown.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--only", "magic"], "no such technique"),
        (["--date", "2024-05-01", "--last", "2d"], "--date and another window together"),
        (["--date", "2023-01-01"], "no flows in this time range"),
        (["--draws", "0"], "from 1 to"),
    ],
)
def test_wrong_usage_is_told(case, capsys, words, told):
    assert main(["inject", "-w", case, *words]) != 0
    assert told in capsys.readouterr().err


def test_blind_spots_as_blocks_and_as_rows(case, capsys):
    assert main(["blind-spots", "-w", case]) == 0
    out = capsys.readouterr().out
    assert "HIDDEN NAMES" in out and "what to do: ingest TLS logs" in out
    assert "\x1b" not in out
    assert main(["blind-spots", "-w", case, "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert f"{len(rows)} blind spots" in out
    (hidden,) = [row for row in rows if row["kind"] == "hidden names"]
    assert (hidden["place"], hidden["share"]) == ("sensor edge\x1b[31m", 1.0)
    assert hidden["how_much"] == "100 % of 5,760 flows to port 443 have no server name"
