"""Windows and Sysmon events as JSON and as EVTX, and the one file of a zip archive."""

from __future__ import annotations

import builtins
import gzip
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flowsleuth.errors import MissingExtraError
from flowsleuth.readers.evtx import EvtxReader
from flowsleuth.readers.streams import Source
from flowsleuth.readers.windows_events import WindowsReader
from flowsleuth.schema import FLOW, PROCESS
from flowsleuth.testing import check_reader, count_lines, read_all

READER = WindowsReader()
NXLOG = "windows/nxlog_lines/events.json"
THREE = "windows/three_writers/events.json"


def test_keeps_every_promise(data: Path) -> None:
    check_reader(
        READER,
        data / NXLOG,
        expect_rows={"process": 2, "logon": 1, "flow": 1},
        expect_skipped={"Security 4634": 1, "Microsoft-Windows-Sysmon/Operational 22": 1},
        records=count_lines(),
        has_zone=True,
    )
    check_reader(
        READER,
        data / THREE,
        expect_rows={"process": 2, "logon": 1},
        expect_skipped={"System 7036": 1},
        expect_rejects=1,
        records=count_lines(),
        is_row_of_line=lambda row, line: row["host"] in line,
    )
    check_reader(
        READER,
        data / "windows/array/events.json",
        expect_rows={"process": 2, "logon": 1},
        expect_skipped={"System 7036": 1},
        records=4,
        bad_line=None,
        resumes=False,
        is_row_of_line=lambda row, line: line.strip() == "{",
    )


def test_a_sysmon_process_in_full(data: Path) -> None:
    row = next(
        row
        for row in read_all(READER, data / NXLOG, source_file="x").tables["process"].to_pylist()
        if row["event_type"] == "Sysmon 1"
    )
    extra = json.loads(row.pop("extra"))
    assert extra["Hashes"].startswith("SHA1=") and "Image" not in extra and extra["ThreadID"]
    assert row == dict.fromkeys(name for name in PROCESS.names if name != "extra") | {
        "event_id": 2**31 + row["source_row"],
        "start": datetime(2020, 8, 6, 15, 56, 14, 44_000, tzinfo=UTC),
        "host": "WORKSTATION6.theshire.local",
        "pid": 7540,
        "process_guid": "49a15388-281e-5f2c-4205-000000000400",
        "name": "taskhostw.exe",
        "path": r"C:\Windows\System32\taskhostw.exe",
        "command_line": "taskhostw.exe Install $(Arg0)",
        "cwd": "C:\\windows\\system32\\",
        "user": "sbeavers",
        "domain": "THESHIRE",
        "logon_id": "0x2b88b1",
        "integrity": "medium",
        "parent_pid": 1272,
        "parent_guid": "49a15388-5c3b-5f2b-1c00-000000000400",
        "parent_name": "svchost.exe",
        "parent_path": r"C:\Windows\System32\svchost.exe",
        "parent_command_line": r"C:\windows\system32\svchost.exe -k netsvcs -p -s Schedule",
        "md5": "8ac325c757fa721b272ecea19ebcf745",
        "sha1": "9245f36aa783167e0afe948b1c0e8e7f3b81e3d4",
        "sha256": "0bec3128b241fa533dc5a9d3f62aa41323d205defc30dcde228c5ecc2d1e50a9",
        "is_success": True,
        "event_type": "Sysmon 1",
        "record_id": "478491",
        "source_kind": "windows",
        "source_file": "x",
        "source_row": row["source_row"],
    }


def test_the_same_process_by_both_logs(data: Path) -> None:
    rows = read_all(READER, data / NXLOG).tables["process"].to_pylist()
    same = ("host", "pid", "path", "command_line", "user", "domain", "logon_id", "integrity", "parent_pid")
    assert len({tuple(row[name] for name in same) for row in rows}) == 1


def test_a_connection(data: Path) -> None:
    [row] = read_all(READER, data / NXLOG).tables["flow"].to_pylist()
    said = {name: value for name, value in row.items() if value is not None and name in FLOW.names[1:-4]}
    assert said == {
        "start": datetime(2020, 8, 6, 15, 56, 4, 580_000, tzinfo=UTC),
        "src_ip": "172.18.38.5", "src_port": 49318, "dst_ip": "64.4.48.201", "dst_port": 53, "proto": "udp",
        "direction": "outbound", "sensor": "MORDORDC.theshire.local",
    }  # fmt: skip


def test_three_writers(data: Path) -> None:
    found = read_all(READER, data / THREE, tz="Europe/Prague")
    logon, process, local = found.row("logon", 1), found.row("process", 2), found.row("process", 3)
    assert (logon["host"], logon["user"], logon["src_ip"], logon["reason"], logon["record_id"]) == (
        "HOST1", "eve", "2001:db8::9", "no such user", "77",
    )  # fmt: skip
    assert logon["start"] == datetime(2024, 3, 1, 10, 0, 0, 123_456, tzinfo=UTC)
    assert (process["host"], process["pid"], process["md5"], process["sha1"], process["process_guid"]) == (
        "HOST2", 44, "aa", None, "abc",
    )  # fmt: skip
    assert local["start"] == datetime(2024, 3, 1, 11, 0, 2, tzinfo=UTC)


def test_one_file_in_a_zip_is_read_under_its_name(data: Path, tmp_path: Path) -> None:
    one = tmp_path / "one.zip"
    with zipfile.ZipFile(one, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(data / NXLOG, "folder/events.json")
    assert read_all(READER, one).rows == {"process": 2, "logon": 1, "flow": 1}
    broken = tmp_path / "broken.zip"
    broken.write_bytes(one.read_bytes()[:200])
    with Source(str(broken)) as source:
        assert source.fault is not None and source.fault.startswith("zip: corrupt")


def test_evtx_without_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "x.evtx"
    log.write_bytes(b"ElfFile\x00")
    plain = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name == "evtx":
            raise ModuleNotFoundError(name="evtx")
        return plain(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtraError, match=r'pip install "flowsleuth\[evtx\]"'):
        read_all(EvtxReader(), log)


@pytest.mark.real
def test_evtx_keeps_every_promise(shared_data: Path, tmp_path: Path) -> None:
    pytest.importorskip("evtx")
    log = shared_data / "host/evtx/privesc_rotten_potato_from_webshell_metasploit_sysmon_1_8_3.evtx.gz"
    channel = "Microsoft-Windows-Sysmon/Operational"
    found = check_reader(
        EvtxReader(),
        log,
        expect_rows={"process": 2, "flow": 7},
        expect_skipped={f"{channel} 10": 2, f"{channel} 8": 2},
        records=13,
        has_zone=True,
    )
    first = found.row("process", 1)
    assert (first["host"], first["user"], first["domain"], first["pid"]) == (
        "IEWIN7", "DefaultAppPool", "IIS APPPOOL", 3388,
    )  # fmt: skip
    cut = tmp_path / "cut.evtx"
    for size in (6_000, 20_000):
        cut.write_bytes(gzip.decompress(log.read_bytes())[:size])
        [reject] = read_all(EvtxReader(), cut).rejects
        assert (reject.source_row, reject.reason, reject.detail) == (
            0, "fewer records than the file counts", "0 of 13 records could be read",
        )  # fmt: skip
