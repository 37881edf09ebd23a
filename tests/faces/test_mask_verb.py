"""``flowsleuth mask`` and ``df.fs.mask``."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest

from flowsleuth.faces.cli.main import main
from flowsleuth.faces.frames import Chain

LINES = "Account,src_ip,Note,n\nCONTOSO\\ana,10.1.2.7,ana was here,007\nSYSTEM,10.1.2.9,,8\n"


@pytest.fixture
def events(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text(LINES)
    return path


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_file(events, capsys):
    assert main(["mask", str(events)]) == 0
    out = capsys.readouterr().out
    first, second = rows(out)
    assert "ana" not in out
    assert first["src_ip"].rsplit(".", 1)[0] == second["src_ip"].rsplit(".", 1)[0] != "10.1.2"
    assert (second["Account"], second["Note"]) == ("SYSTEM", "")
    assert [first["n"], second["n"]] == ["007", "8"]


def test_the_plan_and_other_kinds(events, capsys):
    assert main(["mask", str(events), "--plan"]) == 0
    assert capsys.readouterr().out.split() == [
        "column", "masked", "as", "Account", "account", "src_ip", "address", "Note", "text", "n", "text",
    ]  # fmt: skip
    assert main(["mask", str(events), "--column", "Note=keep", "--column", "src_ip=opaque"]) == 0
    first, _ = rows(capsys.readouterr().out)
    assert first["Note"] == "ana was here"
    assert first["src_ip"].isalnum()


def test_a_key_is_read_from_a_file_and_told_nowhere(events, tmp_path, capsys):
    key = tmp_path / "key"
    key.write_bytes(b"a key of the tests, long enough")
    outs = []
    for _ in range(2):
        assert main(["mask", str(events), "--key-file", str(key)]) == 0
        said = capsys.readouterr()
        assert "a key of the tests" not in said.out + said.err
        outs.append(said.out)
    assert outs[0] == outs[1]
    key.write_bytes(b"short")
    assert main(["mask", str(events), "--key-file", str(key)]) == 2
    said = capsys.readouterr().err
    assert "shorter than 16" in said
    assert "short " not in said.replace("shorter", "")
    assert main(["mask", str(events), "--key-file", str(tmp_path / "absent")]) == 2


def test_a_file_that_is_written(events, tmp_path, capsys):
    out = tmp_path / "shared.parquet"
    assert main(["mask", str(events), "--format", "parquet", "--output", str(out)]) == 0
    assert "2 rows in" in capsys.readouterr().err
    assert "ana" not in pd.read_parquet(out).to_string()


def test_wrong_kinds_are_told(events, capsys):
    assert main(["mask", str(events), "--column", "Note=kept"]) == 2
    assert "did you mean keep?" in capsys.readouterr().err


def test_the_step_on_a_frame():
    shared = Chain(pd.DataFrame({"user": ["ana"], "cmd": ["su ana"]})).mask(key=b"a key of the tests")
    assert shared["cmd"][0] == f"su {shared['user'][0]}" != "su ana"
