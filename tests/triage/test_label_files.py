"""Labels out and in again, through every kind of file."""

from __future__ import annotations

import csv
import json

import pytest
from tests.triage.conftest import lines_of_a_day
from tests.zeek_writer import CONN, header

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.faces.cli import main

EVIL = '=HYPERLINK("http://x","a")'


@pytest.fixture
def rated(ws):
    ws.rate(1, src_ip="10.9.0.7", why=EVIL)
    ws.rate(3, src_port=50_003)
    return ws


@pytest.mark.parametrize("suffix", ["csv", "json", "parquet"])
def test_there_and_back_in_another_workspace(rated, tmp_path, suffix):
    """The ids are made of content, so labels name the same flows wherever the same log was read."""
    file = tmp_path / f"labels.{suffix}"
    assert main(["labels", "export", "-w", str(rated.folder), "--format", suffix, "--output", str(file)]) == 0
    log = tmp_path / "again.log"
    log.write_text(header("conn", CONN) + "".join(lines_of_a_day()))
    with flowsleuth.open(tmp_path / "other", create=True, analyst="bob") as other:
        other.ingest(log)
        other.score("suspicious", "spot")
        assert other.import_labels(file) == {"labels": 3, "new": 3, "ratings": 2}
        assert other.import_labels(file) == {"labels": 3, "new": 0, "ratings": 0}
        keys = ("detector", "suspect_id", "flow_id", "severity", "flows", "src_bytes", "surprise", "date", "comment")
        mine, theirs = (
            sorted(ws.labels().table.select(keys).to_pylist(), key=lambda row: row["suspect_id"])
            for ws in (rated, other)
        )
        assert mine == theirs
        assert other.queue().counts == rated.queue().counts
        assert other.ratings().table["origin"].to_pylist() == ["import", "import"]
        other.undo()
        other.undo()
        assert other.queue().counts["rated"] == 0


def test_a_comment_is_no_formula_in_a_spreadsheet(rated, capsys):
    for ask in (["labels", "export"], ["rate", "list", "--format", "csv"]):
        assert main([*ask, "-w", str(rated.folder)]) == 0
        rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
        assert {row["comment"] for row in rows} - {""} == {"'" + EVIL}
        assert not [cell for row in rows for cell in row.values() if cell and cell[0] in "=+@"]
    assert main(["rate", "list", "--format", "json", "-w", str(rated.folder)]) == 0
    assert EVIL in {row["comment"] for row in json.loads(capsys.readouterr().out)}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "severity,detector,date\n1,spot,2023-11-14\n"),
        ("a.csv", "severity,detector,date,suspect_id\n9,s,d,1\n"),
        ("a.csv", "severity,detector,date,suspect_id\n1,s,d,x\n"),
        ("a.json", "{}"),
        ("a.json", "nothing"),
        ("a.txt", ""),
        ("a.parquet", "no"),
        ("a.csv", ""),
        ("a.csv", "severity,detector,date,suspect_id\n1,s,,1\n"),
    ],
)
def test_a_file_that_holds_no_labels(ws, tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(OptionError):
        ws.import_labels(tmp_path / name)
    assert len(ws.ratings()) == 0
