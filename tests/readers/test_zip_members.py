"""Zip archives of several files: each a file of its own, and what a hostile archive cannot do."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

import flowsleuth
from flowsleuth.errors import FlowsleuthError
from flowsleuth.readers import zip_members
from flowsleuth.readers.streams import Source
from flowsleuth.readers.zeek import ZeekReader
from flowsleuth.testing import check_reader, read_all
from tests.zeek_writer import CONN, conn_line, header


def conn(*numbers: int) -> bytes:
    return (header("conn", CONN) + "".join(map(conn_line, numbers))).encode()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Two logs (one compressed), one that nobody knows, an archive, and what macOS adds."""
    path = tmp_path / "logs.zip"
    inner = tmp_path / "inner.zip"
    with zipfile.ZipFile(inner, "w") as made:
        made.writestr("conn.log", conn(9))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("day/", "")
        made.writestr("day/conn.log", conn(1, 2, 3))
        made.writestr("day/conn2.log.gz", gzip.compress(conn(4, 5)[:-3]))
        made.writestr("notes!.txt", "nothing that a reader knows\n")
        made.write(inner, "inner.zip")
        made.writestr("__MACOSX/day/._conn.log", conn(7))
        made.writestr(".hidden", conn(8))
    inner.unlink()
    return path


def test_every_member_is_a_file_of_its_own(archive: Path, tmp_path: Path) -> None:
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        report = ws.ingest(archive)
        assert (report.rows, report.files, report.failed) == ({"flow": 5}, 2, [])
        skipped = {one.file.removeprefix(f"{archive}!"): one.reason for one in report.skipped}
        assert skipped["inner.zip"] == "zip: inside of another archive: unpack it"
        assert skipped["notes!.txt"].startswith("unknown format") and len(skipped) == 2
        rows = ws.table("flow").to_pyarrow().to_pylist()
        files = sorted((row["source_file"], row["source_row"] > 0) for row in rows)
        assert files == [(f"{archive}!day/conn.log", True)] * 3 + [(f"{archive}!day/conn2.log.gz", True)] * 2
        first = min((row for row in rows if row["source_file"].endswith(".gz")), key=lambda row: row["source_row"])
        told = ws.explain(first["flow_id"])
        assert told.raw is not None and told.raw.startswith(conn_line(4).split("\t")[0])
        again = ws.ingest(archive)
        assert (again.rows, again.unchanged) == ({}, 2)
        plain = tmp_path / "conn.log"
        plain.write_bytes(conn(1, 2, 3))
        assert ws.ingest(plain).rows == {}, "the same content under another name"


def test_one_member_is_named(archive: Path, tmp_path: Path) -> None:
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        assert ws.ingest(f"{archive}!day/conn.log").rows == {"flow": 3}
        [fault] = ws.ingest(f"{archive}!day/none.log").failed
        assert "no file 'day/none.log' in it" in str(fault)
    with Source(str(archive)) as source:
        assert source.fault == "zip: 4 files in it: name one as archive.zip!file"


def test_member_keeps_every_promise(archive: Path) -> None:
    check_reader(ZeekReader(), f"{archive}!day/conn.log", expect_rows={"flow": 3}, records=3)
    found = read_all(ZeekReader(), f"{archive}!day/conn2.log.gz")
    assert (found.rows, found.rejects) == ({"flow": 2}, [])


def test_an_archive_that_grew_adds_what_is_new(archive: Path, tmp_path: Path) -> None:
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        ws.ingest(archive)
        with zipfile.ZipFile(archive, "a") as made:
            made.writestr("day/conn3.log", conn(10, 11))
        assert ws.ingest(archive).rows == {"flow": 2}


def test_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_members, "HARMLESS", 1 << 20)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("conn.log", conn(1, 2))
        made.writestr("zeros", bytes(4 << 20))
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        report = ws.ingest(path)
    assert report.rows == {"flow": 2}
    [told] = report.skipped
    assert told.file.endswith("!zeros") and "unpacks to 4,194,304 bytes, over 250 times its size" in told.reason


def overlapping(path: Path) -> None:
    """Two members whose directory entries lead to the same bytes, as in a bomb without nesting."""
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a", conn(1) * 3)
        made.writestr("b", b"b")
    data = bytearray(path.read_bytes())
    first, second = (at for at in range(len(data)) if data[at : at + 4] == b"PK\x01\x02")
    data[second + 16 : second + 28] = data[first + 16 : first + 28]
    data[second + 42 : second + 46] = data[first + 42 : first + 46]
    path.write_bytes(data)


def same_names(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            made.writestr("a", b"2")


def too_many(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as made:
        for number in range(4):
            made.writestr(str(number), b"")


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (overlapping, "its files share bytes, or are longer than the archive"),
        (same_names, "2 files of the name 'a'"),
        (too_many, "4 files in it, more than 3"),
    ],
)
def test_archives_that_are_refused(make, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_members, "MOST_MEMBERS", 3)
    path = tmp_path / "refused.zip"
    make(path)
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        [error] = ws.ingest(path).failed
    assert isinstance(error, FlowsleuthError) and fault in str(error)


def test_a_damaged_member_gives_what_could_be_read(tmp_path: Path) -> None:
    path = tmp_path / "logs.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a.log", conn(*range(5_000)))
        made.writestr("b.log", conn(1, 2))
    data = bytearray(path.read_bytes())
    data[data.index(conn_line(4_999).encode()[:40])] ^= 1
    path.write_bytes(data)
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        report = ws.ingest(path)
        assert 4_800 < report.rows["flow"] < 5_002
        rejects = ws.table("reject").to_pyarrow().to_pylist()
    told = [f"{one['reason']} {one['detail']}" for one in rejects]
    assert len(told) == 2 and sum("corrupt" in one for one in told) == 1, (
        "the archive, and the line that it broke off in"
    )


def test_office_documents_in_a_folder_are_one_file(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "report.docx", "w") as made:
        made.writestr("[Content_Types].xml", "<Types/>")
        made.writestr("word/document.xml", "<document/>")
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        [told] = ws.ingest(tmp_path / "report.docx").failed
        assert "2 files in it" in str(told)
