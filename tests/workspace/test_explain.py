"""Explain: from a flow back to its raw line."""

from __future__ import annotations

import gzip

import pytest
from tests.zeek_writer import conn_line, write_conn

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.workspace.explain import raw_line


@pytest.fixture
def ws(tmp_path):
    with flowsleuth.open(tmp_path / "case", create=True) as opened:
        yield opened


def first_id(ws, uid: str) -> int:
    flow = ws.table("flow")
    return ws.store.arrow(flow.filter(flow.uid == uid))["flow_id"][0].as_py()


@pytest.mark.parametrize("name", ["conn.log", "conn.log.gz"])
def test_the_raw_line_is_shown(ws, tmp_path, name):
    log = write_conn(tmp_path / "plain.log", 3000)
    target = tmp_path / name
    target.write_bytes(gzip.compress(log.read_bytes()) if name.endswith("gz") else log.read_bytes())
    ws.ingest(target)
    found = ws.explain(first_id(ws, f"C{2222:017x}"))
    assert found.raw == conn_line(2222).rstrip("\n")
    assert found.flow["source_row"] == 8 + 2223
    assert found.scores == []
    times = found.around.table["start"].to_pylist()
    assert times == sorted(times)
    assert found.flow["flow_id"] in found.around.table["flow_id"].to_pylist()
    assert set(found.around.table["src_ip"].to_pylist()) == {found.flow["src_ip"]}


def test_a_file_that_is_gone_is_told(ws, tmp_path):
    log = write_conn(tmp_path / "conn.log", 3)
    ws.ingest(log)
    log.unlink()
    found = ws.explain(first_id(ws, f"C{1:017x}"))
    assert found.raw is None
    assert "not there any more" in found.raw_absent


def test_a_file_that_is_shorter_now_is_told(tmp_path):
    log = write_conn(tmp_path / "conn.log", 3)
    assert raw_line(str(log), 11) == (conn_line(2).rstrip("\n"), None)
    assert raw_line(str(log), 12)[0] is None
    assert raw_line(str(log), 1)[0] == "#separator \\x09"


def test_a_wrong_id_is_told(ws):
    with pytest.raises(OptionError, match="flow_id"):
        ws.explain(5)
    with pytest.raises(OptionError, match="whole number"):
        ws.explain("5")
