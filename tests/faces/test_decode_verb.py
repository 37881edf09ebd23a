"""``flowsleuth decode`` and ``df.fs.b64extract``."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from flowsleuth.faces.cli.main import main
from flowsleuth.faces.frames import Chain

WHOAMI = "powershell -enc dwBoAG8AYQBtAGkA"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "host"


def test_a_text(capsys):
    assert main(["decode", WHOAMI]) == 0
    out = capsys.readouterr().out
    assert out.startswith(
        "powershell -enc <decoded type='string' name='[None]' index='1' depth='1'>whoami</decoded>\n\n"
    )
    assert "base64 > utf-16-le" in out


def test_nothing(capsys):
    assert main(["decode", "ipconfig /all"]) == 0
    assert capsys.readouterr().out == "ipconfig /all\n\nnothing encoded in it\n"


def test_control_characters_do_not_reach_the_terminal(capsys):
    assert main(["decode", "echo G1szMW1yZWQgYWxlcnQbWzBt"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\\x1b[31mred alert" in out


def test_standard_input(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"id=Y2FsYy5leGU=")))
    assert main(["decode", "-", "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["decoded_string"], row["offset"]) == ("calc.exe", 3)


def test_an_archive_and_a_limit(capsys, tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(WHOAMI.encode()))
    assert main(["decode", str(path), "--format", "json"]) == 0
    assert [row["decoded_string"] for row in json.loads(capsys.readouterr().out)] == [None, WHOAMI, "whoami"]
    assert main(["decode", str(path), "--format", "json", "--max-depth", "1"]) == 0
    assert json.loads(capsys.readouterr().out)[-1]["status"] == "limit"


@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl"])
def test_a_column_of_a_table(form, capsys, tmp_path):
    frame = pd.DataFrame({"id": ["007", "008"], "cmd": ["dir", WHOAMI]})
    path = tmp_path / f"a.{form}"
    if form == "csv":
        frame.to_csv(path, index=False)
    elif form == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_json(path, orient="records", lines=True)
    out = tmp_path / "out.parquet"
    assert main(["decode", str(path), "--column", "cmd", "--format", "parquet", "--output", str(out)]) == 0
    (row,) = pq.read_table(out).to_pylist()
    assert (row["src_index"], row["decoded_string"], row["cmd"]) == (1, "whoami", WHOAMI)
    assert main(["decode", str(path), "--column", "cmd"]) == 0
    assert "whoami" in capsys.readouterr().out


def test_faults_are_told(capsys, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("cmd\ndir\n")
    assert main(["decode", str(path), "--column", "Cmd"]) == 2
    assert "did you mean cmd?" in capsys.readouterr().err
    assert main(["decode", str(tmp_path / "absent.csv"), "--column", "cmd"]) == 2
    assert "cannot be read" in capsys.readouterr().err
    path.write_bytes(b"PAR1 but no more")
    assert main(["decode", str(path), "--column", "cmd"]) == 2
    assert "no table" in capsys.readouterr().err
    assert main(["decode", "text", "--max-depth", "0"]) == 2


def test_the_step_on_a_frame():
    frame = pd.DataFrame({"CommandLine": [None, WHOAMI]}, index=["a", "b"])
    assert Chain(frame).b64extract("CommandLine")[["src_index", "decoded_string"]].values.tolist() == [["b", "whoami"]]


@pytest.mark.real
@pytest.mark.skipif(not SHARED.exists(), reason="the developer data set is not there")
def test_a_message_with_an_archive_in_wrapped_lines(capsys):
    """A tar and a zip over many lines each, with a gzip in both and UTF-16 in that."""
    assert main(["decode", str(SHARED / "base64msg.txt"), "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["file_type"] for row in rows if row["depth"] == 1 and not row["file_name"]] == ["tar", "zip"]
    assert {row["status"] for row in rows} <= {"decoded", "binary"}
    assert [row["decoded_string"] for row in rows].count("text\r\nfile\r\n") == 4


@pytest.mark.real
@pytest.mark.skipif(not SHARED.exists(), reason="the developer data set is not there")
def test_encoded_commands_of_real_attacks(capsys):
    path = SHARED / "encoded_powershell_commands.csv"
    frame = pd.read_csv(path)
    column = max(frame.columns, key=lambda name: frame[name].astype(str).str.len().sum())
    found = Chain(frame).b64extract(column)
    assert found["src_index"].nunique() >= len(frame) * 0.9
    assert found["decoded_string"].str.contains("PSVersionTable", case=False, na=False).any()
