"""Ingest: nothing lost, nothing doubled, nothing silent."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
from pathlib import Path

import pyarrow as pa
import pytest
from tests.zeek_writer import CONN, conn_line, header, write_conn, write_http, write_ssl

import flowsleuth
from flowsleuth.errors import OptionError, ReaderError, StoreError, UnknownFormatError, WorkspaceError
from flowsleuth.workspace import Workspace, init, row_writer


@pytest.fixture
def ws(tmp_path: Path):
    with flowsleuth.open(tmp_path / "case", create=True) as opened:
        yield opened


def flows(ws: Workspace) -> int:
    return ws.info()["tables"].get("flow", {}).get("rows", 0)


def flow_ids(ws: Workspace) -> list[int]:
    return sorted(ws.store.arrow(ws.table("flow").select("flow_id"))["flow_id"].to_pylist())


def test_a_log_becomes_rows_that_lead_back_to_their_line(ws, tmp_path):
    log = write_conn(tmp_path / "conn.log", 3, close=True)
    report = ws.ingest(log)
    assert (report.rows, report.rejects, report.files, report.failed) == ({"flow": 3}, 0, 1, [])
    row = ws.store.arrow(ws.table("flow").order_by("start")).to_pylist()[1]
    assert row["source_file"] == str(log)
    assert row["source_row"] == 10
    assert log.read_text().split("\n")[9] == conn_line(1).strip()
    assert row["direction"] == "outbound"


def test_ingesting_twice_adds_nothing(ws, tmp_path):
    log = write_conn(tmp_path / "conn.log", 50)
    ws.ingest(log)
    before = flow_ids(ws)
    report = ws.ingest(log)
    assert (report.rows, report.unchanged) == ({}, 1)
    os.utime(log, (1, 1))
    assert ws.ingest(log).rows == {}
    assert flow_ids(ws) == before
    assert ws.info()["sources"][0]["records"] == 50


def test_a_copy_under_another_name_and_compression_adds_nothing(ws, tmp_path):
    log = write_conn(tmp_path / "conn.log", 50)
    ws.ingest(log)
    for name, compress in (("a.gz", gzip.compress), ("b.bz2", bz2.compress), ("c.xz", lzma.compress)):
        (tmp_path / name).write_bytes(compress(log.read_bytes()))
        assert ws.ingest(tmp_path / name).rows == {}
    zst = pa.compress(log.read_bytes(), codec="zstd", asbytes=True)
    (tmp_path / "d.zst").write_bytes(zst)
    assert ws.ingest(tmp_path / "d.zst").rows == {}
    assert flows(ws) == 50


def test_a_grown_file_adds_its_new_rows_with_the_ids_a_single_read_gives(ws, tmp_path):
    log = write_conn(tmp_path / "conn.log", 700)
    ws.ingest(log)
    with log.open("a") as file:
        file.writelines(conn_line(n) for n in range(700, 900))
    assert ws.ingest(log).rows == {"flow": 200}
    assert flows(ws) == 900
    with flowsleuth.open(tmp_path / "other", create=True) as other:
        other.ingest(log)
        assert flow_ids(other) == flow_ids(ws)


def test_a_grown_small_file_keeps_its_ids_apart(ws, tmp_path):
    log = write_conn(tmp_path / "conn.log", 0)
    ws.ingest(log)
    with log.open("a") as file:
        file.writelines(conn_line(n) for n in range(5))
    ws.ingest(log)
    with log.open("a") as file:
        file.writelines(conn_line(n) for n in range(5, 9))
    ws.ingest(log)
    assert len(set(flow_ids(ws))) == 9


def test_two_files_that_begin_alike_are_two_files(ws, tmp_path):
    first = write_conn(tmp_path / "a.log", 0)
    ws.ingest(first)
    ws.ingest(write_conn(tmp_path / "b.log", 4))
    ws.ingest(write_conn(tmp_path / "c.log", 4, first=1000))
    assert flows(ws) == 8
    assert len(set(flow_ids(ws))) == 8


def test_an_unfinished_last_line_is_read_again_when_the_file_grows(ws, tmp_path):
    log = write_conn(tmp_path / "conn.log", 3)
    whole = log.read_text()
    log.write_text(whole[:-2])
    ws.ingest(log)
    assert flows(ws) == 3
    log.write_text(whole + conn_line(3))
    ws.ingest(log)
    rows = ws.store.arrow(ws.table("flow").order_by("start")).to_pylist()
    assert [row["dst_bytes"] for row in rows] == [400, 401, 402, 403]
    source = ws.info()["sources"][0]
    assert (source["records"], source["rows"], source["rejects"]) == (4, 4, 0)


def test_a_truncated_archive_gives_what_could_be_read_and_a_reject(ws, tmp_path):
    log = write_conn(tmp_path / "conn.log", 5000)
    whole = gzip.compress(log.read_bytes())
    cut = tmp_path / "conn.log.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    report = ws.ingest(cut)
    assert 1000 < report.rows["flow"] < 5000
    assert report.rejects >= 1
    assert "damaged archive" in ws.info()["rejects"]["by_reason"]
    cut.write_bytes(whole)
    ws.ingest(cut)
    assert flows(ws) == 5000
    assert ws.info()["rejects"]["rows"] == 0


def test_a_corrupt_archive_gives_what_could_be_read_and_a_reject(ws, tmp_path):
    data = bytearray(gzip.compress(write_conn(tmp_path / "conn.log", 5000).read_bytes()))
    data[len(data) // 2 : len(data) // 2 + 200] = b"\x00" * 200
    (tmp_path / "bad.gz").write_bytes(data)
    ws.ingest(tmp_path / "bad.gz")
    assert 0 < flows(ws) < 5000
    assert ws.info()["rejects"]["by_reason"]["damaged archive"] == 1


def test_a_bad_line_is_a_reject_with_its_text(ws, tmp_path):
    log = tmp_path / "conn.log"
    lines = [conn_line(0), conn_line(1).replace("10.0.0.2", "10.0.0.999"), "too\tshort\n", conn_line(3)]
    log.write_text(header("conn", CONN) + "".join(lines))
    report = ws.ingest(log)
    assert (report.rows, report.rejects) == ({"flow": 2}, 2)
    rejects = ws.store.arrow(ws.table("reject").order_by("source_row")).to_pylist()
    assert [r["source_row"] for r in rejects] == [10, 11]
    assert rejects[0]["reason"] == "not an IP address"
    assert "10.0.0.999" in rejects[0]["detail"]
    assert rejects[0]["raw"] == lines[1].strip()
    assert rejects[1]["raw"] == "too\tshort"
    source = ws.info()["sources"][0]
    assert source["records"] == source["rows"] + source["rejects"] == 4


def test_strict_keeps_nothing_of_a_file_with_a_reject(ws, tmp_path):
    good = write_conn(tmp_path / "a.log", 10)
    bad = write_conn(tmp_path / "b.log", 10, first=500)
    with bad.open("a") as file:
        file.write("not a record\n")
    report = ws.ingest(good, bad, strict=True)
    assert len(report.failed) == 1
    assert "b.log, row 19" in str(report.failed[0])
    assert flows(ws) == 10
    assert [s["file"] for s in ws.info()["sources"]] == [str(good)]
    assert ws.ingest(bad).rows == {"flow": 10}


def test_a_named_file_that_no_reader_knows_is_refused_by_name(ws, tmp_path):
    junk = tmp_path / "junk.log"
    junk.write_bytes(bytes(range(256)) * 20)
    log = write_conn(tmp_path / "conn.log", 2)
    report = ws.ingest(junk, log)
    assert [type(e) for e in report.failed] == [UnknownFormatError]
    assert "junk.log" in str(report.failed[0])
    assert "zeek" in report.failed[0].available
    assert flows(ws) == 2


def test_in_a_folder_unknown_files_and_logs_without_a_table_are_listed(ws, tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    write_conn(folder / "conn.log", 2)
    (folder / "notes.txt").write_text("one\ntwo\n")
    (folder / "picture").write_bytes(b"\x00\x01\x02" * 50)
    (folder / "empty").write_bytes(b"")
    columns = (("ts", "time"), ("uid", "string"), ("name", "string"))
    (folder / "weird.log").write_text(header("weird", columns) + "1700000000.0\tC1\tx\n" * 3)
    report = ws.ingest(folder)
    assert report.failed == []
    skipped = {Path(s["file"]).name: s for s in ws.info()["skipped"]}
    assert set(skipped) == {"notes.txt", "picture", "empty", "weird.log"}
    assert skipped["weird.log"]["records"] == 3
    assert "weird" in skipped["weird.log"]["kind"]
    assert skipped["notes.txt"]["records"] == 2
    assert skipped["picture"]["records"] is None
    ws.ingest(folder)
    assert {Path(s["file"]).name: s["records"] for s in ws.info()["skipped"]}["weird.log"] == 3


def test_a_missing_path_is_an_error(ws, tmp_path):
    with pytest.raises(ReaderError, match=r"absent\.log"):
        ws.ingest(tmp_path / "absent.log")
    with pytest.raises(ReaderError, match="no file matches"):
        ws.ingest(str(tmp_path / "*.log"))


def test_patterns_and_standard_input(ws, tmp_path):
    write_conn(tmp_path / "a.log", 3)
    write_conn(tmp_path / "b.log", 3, first=100)
    assert ws.ingest(str(tmp_path / "*.log")).rows == {"flow": 6}
    text = gzip.compress((header("conn", CONN) + conn_line(7) + conn_line(8)).encode())
    assert ws.ingest("-", stdin=io.BytesIO(text)).rows == {"flow": 2}
    assert ws.ingest("-", stdin=io.BytesIO(text)).rows == {}
    row = ws.table("flow").filter(ws.table("flow").source_file == "-").limit(1)
    assert ws.explain(ws.store.arrow(row)["flow_id"][0].as_py()).raw_absent == "- was not a file on disk"


@pytest.mark.parametrize("order", [["conn.log", "ssl.log", "http.log"], ["http.log", "ssl.log", "conn.log"]])
def test_flows_gain_server_names_by_uid_in_any_order(ws, tmp_path, order):
    write_conn(tmp_path / "conn.log", 4)
    write_ssl(tmp_path / "ssl.log", {0: "tls.example", 2: "-"})
    write_http(tmp_path / "http.log", {0: "plain.example", 1: "web.example", 2: "web2.example"})
    for name in order:
        ws.ingest(tmp_path / name)
    rows = ws.store.arrow(ws.table("flow").order_by("start")).to_pylist()
    assert [row["server_name"] for row in rows] == ["tls.example", "web.example", "web2.example", None]
    assert ws.ingest(*[tmp_path / name for name in order]).rows == {}
    assert flows(ws) == 4


def test_server_names_survive_a_kill_before_they_were_joined(ws, tmp_path, monkeypatch):
    from flowsleuth.workspace import ingest

    write_conn(tmp_path / "conn.log", 2)
    write_ssl(tmp_path / "ssl.log", {1: "late.example"})
    monkeypatch.setattr(ingest, "tidy", lambda store: None)
    ws.ingest(tmp_path / "conn.log", tmp_path / "ssl.log")
    monkeypatch.undo()
    ws.ingest(tmp_path / "conn.log")
    names = ws.store.arrow(ws.table("flow").order_by("start"))["server_name"].to_pylist()
    assert names == [None, "late.example"]


def test_chunked_commits_give_what_one_commit_gives(tmp_path, monkeypatch):
    log = write_conn(tmp_path / "conn.log", 3000)
    (tmp_path / "gz").mkdir()
    with flowsleuth.open(tmp_path / "one", create=True) as ws:
        ws.ingest(log)
        whole = ws.store.arrow(ws.table("flow").order_by("flow_id"))
    monkeypatch.setattr(row_writer, "ROWS_PER_COMMIT", 7)
    with flowsleuth.open(tmp_path / "many", create=True) as ws:
        ws.ingest(log)
        assert ws.store.arrow(ws.table("flow").order_by("flow_id")) == whole


def test_many_small_files_leave_few_parts(ws, tmp_path):
    for n in range(30):
        ws.ingest(write_conn(tmp_path / f"{n}.log", 3, first=n * 10))
    assert flows(ws) == 90
    assert len(ws.store.catalog.parts("flow")) <= 5


def test_one_writer_at_a_time(ws, tmp_path):
    log = write_conn(tmp_path / "conn.log", 2)
    other = flowsleuth.open(tmp_path / "case")
    with other, other.store.writing(), pytest.raises(StoreError, match="another process"):
        ws.ingest(log)
    assert ws.ingest(log).rows == {"flow": 2}


def test_times_without_a_zone_take_tz(tmp_path):
    text = (
        "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,Label\n"
        "2011/08/16 10:01:46.972101,1.5,tcp,10.0.0.1,1025,   ->,192.0.2.1,80,FSPA_FSPA,0,0,10,1000,400,x\n"
    )
    (tmp_path / "a.binetflow").write_text(text)
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        ws.ingest(tmp_path / "a.binetflow", tz="Europe/Prague")
        assert ws.info()["tables"]["flow"]["first"] == "2011-08-16T08:01:46.972101Z"


def test_home_networks_give_direction(tmp_path):
    init(tmp_path / "case", home=["192.0.2.0/24"])
    with flowsleuth.open(tmp_path / "case") as ws:
        ws.ingest(write_conn(tmp_path / "conn.log", 2))
        assert ws.store.arrow(ws.table("flow"))["direction"].to_pylist() == ["inbound", "inbound"]


def test_wrong_usage_is_told(tmp_path):
    with pytest.raises(WorkspaceError, match="flowsleuth init"):
        flowsleuth.open(tmp_path / "nowhere")
    init(tmp_path / "case")
    with pytest.raises(WorkspaceError, match="already"):
        init(tmp_path / "case")
    with pytest.raises(OptionError, match=r"10\.0\.0\.1/8"):
        init(tmp_path / "other", home=["10.0.0.1/8"])
    with flowsleuth.open(tmp_path / "case") as ws:
        with pytest.raises(OptionError, match="no such option"):
            ws.ingest("-", reader="zeek", options={"colour": "red"}, stdin=io.BytesIO(b""))
        with pytest.raises(OptionError, match="Europe"):
            ws.ingest("-", tz="Mars/Olympus", stdin=io.BytesIO(b""))


def test_a_killed_writers_files_are_cleared_away(ws, tmp_path):
    ws.ingest(write_conn(tmp_path / "conn.log", 2))
    stray = ws.folder / "tables/flow/date=2023-11-14/part-stray.parquet"
    stray.write_bytes(b"half a file")
    assert flows(ws) == 2
    ws.ingest(write_conn(tmp_path / "more.log", 2, first=10))
    assert not stray.exists()
    assert flows(ws) == 4
