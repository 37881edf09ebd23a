"""SQL over stored tables: values bound, other files out of reach, the same on an empty workspace."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import pytest

import flowsleuth
from flowsleuth.errors import EngineError

LOG = (
    "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n"
    "2023-11-14 22:13:20.500,0.250,TCP,10.0.0.5,50000,192.0.2.7,443,4,900,1\n"
    "2023-11-14 22:13:21.500,0.250,UDP,10.0.0.6,50001,192.0.2.8,53,1,80,1\n"
)


@pytest.fixture
def ws(tmp_path):
    (tmp_path / "flows.csv").write_text(LOG)
    with flowsleuth.open(tmp_path / "case", create=True) as opened:
        opened.ingest(tmp_path / "flows.csv")
        yield opened


def test_an_answer(ws):
    found = ws.sql("SELECT src_ip, sum(src_bytes) AS bytes, min(start) AS first FROM flow GROUP BY 1 ORDER BY 2 DESC")
    assert found.table.to_pylist() == [
        {"src_ip": "10.0.0.5", "bytes": 900, "first": dt.datetime(2023, 11, 14, 22, 13, 20, 500_000, dt.UTC)},
        {"src_ip": "10.0.0.6", "bytes": 80, "first": dt.datetime(2023, 11, 14, 22, 13, 21, 500_000, dt.UTC)},
    ]


@pytest.mark.parametrize("value", ["x' OR '1'='1", "\\' OR 1=1 --", "'; DROP VIEW flow; --", "$ip", "\u2019 OR 1"])
def test_values_are_bound(ws, value):
    assert ws.sql("SELECT * FROM flow WHERE src_ip = $ip", ip=value).table.num_rows == 0
    assert ws.sql("SELECT $ip AS said, count(*) AS n FROM flow", ip=value).table.to_pylist() == [
        {"said": value, "n": 2}
    ]


def test_kinds_of_values(ws):
    after = dt.datetime(2023, 11, 14, 22, 13, 21, tzinfo=dt.UTC)
    where = "start >= $after AND dst_port IN (SELECT unnest($ports)) AND $yes AND $no IS NULL"
    found = ws.sql(f"SELECT src_ip FROM flow WHERE {where}", after=after, ports=[53, 443], yes=True, no=None)
    assert found.table["src_ip"].to_pylist() == ["10.0.0.6"]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_csv('/etc/passwd'), flow",
        "SELECT * FROM flow, '/etc/passwd'",
        "COPY (SELECT * FROM flow) TO '{folder}/out.csv'",
        "ATTACH '{folder}/flow.db'",
        "SET enable_external_access = true; SELECT * FROM flow",
        "SELECT 1",
        "SELEC * FROM flow",
        "SELECT * FROM flow WHERE src_ip = $unknown",
    ],
)
def test_nothing_else_is_within_reach(ws, text, tmp_path):
    with pytest.raises(EngineError):
        ws.sql(text.format(folder=tmp_path))
    assert not (tmp_path / "out.csv").exists() and not (tmp_path / "flow.db").exists()


@pytest.mark.parametrize(
    "text",
    [
        "COPY (SELECT 1 AS a) TO '{part}' (FORMAT parquet, USE_TMP_FILE false)",
        "EXPLAIN ANALYZE COPY (SELECT 1 AS a) TO '{part}' (FORMAT parquet, USE_TMP_FILE false)",
        "SELECT 1; COPY (SELECT 1 AS a) TO '{part}' (FORMAT parquet, USE_TMP_FILE false); SELECT 2",
        "CREATE TABLE flow2 AS SELECT 1",
        "SELECT * FROM flow; DROP VIEW flow",
        "-- flow",
    ],
)
def test_what_is_stored_cannot_be_written_over(ws, text):
    (part,) = (ws.folder / "tables" / "flow").rglob("[!e]*.parquet")
    before = part.read_bytes()
    with pytest.raises(EngineError, match=r"not a question|asks no table"):
        ws.sql(text.format(part=part) + "  -- flow")
    assert part.read_bytes() == before


def test_a_pivot_is_a_question(ws):
    assert ws.sql("PIVOT flow ON proto USING count(*) GROUP BY src_port").table.num_rows == 2


@pytest.mark.parametrize("name", ["ip) UNION SELECT 1 --", "", "a b"])
def test_names_of_values_are_names(ws, name):
    with pytest.raises(EngineError, match="name of a value"):
        ws.sql("SELECT * FROM flow", **{name: 1})


def test_a_nul_is_refused(ws):
    with pytest.raises(EngineError, match="NUL"):
        ws.sql("SELECT * FROM flow WHERE src_ip = $ip", ip="a\0b")


def test_an_empty_table(ws):
    assert ws.sql("SELECT count(*) AS n FROM dns").table.to_pylist() == [{"n": 0}]


def test_the_command(ws, tmp_path):
    def run(*words):
        command = [sys.executable, "-m", "flowsleuth", "sql", "-w", str(ws.folder), *words]
        return subprocess.run(command, check=False, capture_output=True, text=True)

    done = run("SELECT src_ip, dst_port FROM flow WHERE dst_port = $port", "--value", "port=53", "--format", "json")
    assert json.loads(done.stdout) == [{"src_ip": "10.0.0.6", "dst_port": 53}], done.stderr
    assert "10.0.0.6" in run("SELECT * FROM flow").stdout
    out = tmp_path / "rows.parquet"
    assert run("SELECT * FROM flow", "--format", "parquet", "--output", str(out)).returncode == 0
    assert out.stat().st_size
    done = run("SELECT * FROM nothing_there")
    assert done.returncode == 1 and "asks no table" in done.stderr


def test_it_loads_little(ws):
    """Half of the time of a short question is imports: no Ibis, no pandas."""
    code = (
        "import sys, flowsleuth\n"
        f"with flowsleuth.open({str(ws.folder)!r}) as ws:\n"
        "    ws.sql('SELECT * FROM flow WHERE src_ip = $ip', ip='10.0.0.5')\n"
        "print(sorted({'ibis', 'pandas', 'sqlglot'} & set(sys.modules)))\n"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
    assert Path(ws.folder).exists()


def test_words_of_sql_are_names_of_values_too(ws):
    end = dt.datetime(2023, 11, 14, 22, 13, 21, tzinfo=dt.UTC)
    assert ws.sql("SELECT src_ip FROM flow WHERE start < $end", end=end).table["src_ip"].to_pylist() == ["10.0.0.5"]
