"""nfcapd's binary files, read with the real nfdump."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.compute as pc
import pytest

from flowsleuth.errors import MissingProgramError, ReaderError
from flowsleuth.readers import nfcapd
from flowsleuth.readers.contract import ReadContext
from flowsleuth.readers.nfcapd import NfcapdReader
from flowsleuth.readers.nfdump import NfdumpReader
from flowsleuth.readers.streams import Sample, Source
from flowsleuth.schema import FLOW
from flowsleuth.schema.addresses import HomeNetworks
from flowsleuth.testing import ReadResult, check_reader, read_all

READER = NfcapdReader()
SMALL = "nfcapd/layout2_lz4/nfcapd.small"
IPV6 = "nfcapd/layout2_ipv6_icmp/nfcapd.small"

needs_nfdump = pytest.mark.skipif(shutil.which("nfdump") is None, reason="the program nfdump is not installed")


def assert_same_table(binary: ReadResult, printed: ReadResult) -> None:
    """Equal in every column but ids, provenance, and the parts of a second that nfdump's CSV leaves out."""
    one, other = binary.tables["flow"], printed.tables["flow"]
    assert len(one) == len(other)
    for name in one.column_names:
        if name in ("flow_id", "source_kind", "source_file", "source_row"):
            continue
        column = one[name]
        if name in ("start", "end"):
            column = pc.floor_temporal(column, unit="second")
        assert column.equals(other[name]), f"{name} differs between the binary and its CSV"


@needs_nfdump
@pytest.mark.parametrize(("sample", "flows"), [(SMALL, 60), (IPV6, 25)])
def test_keeps_every_promise(data: Path, sample: str, flows: int) -> None:
    check_reader(READER, data / sample, expect_rows={"flow": flows}, records=flows, has_zone=True)


@needs_nfdump
def test_row_in_full(data: Path) -> None:
    row = read_all(READER, data / SMALL, file_key=2, source_file="nfcapd.small").row("flow", 3)
    row["extra"] = json.loads(row["extra"])
    expected = dict.fromkeys(FLOW.names) | {
        "flow_id": 2 * 2**31 + 3,
        "start": datetime(2019, 8, 12, 18, 15, 48, 49_000, tzinfo=UTC),
        "end": datetime(2019, 8, 12, 18, 51, 43, 101_000, tzinfo=UTC),
        "duration_s": 2155.052,
        "src_ip": "35.141.129.42",
        "src_port": 60589,
        "dst_ip": "209.197.26.66",
        "dst_port": 443,
        "proto": "udp",
        "src_bytes": 74_868_000,
        "src_packets": 78_000,
        "direction": "external",
        "src_as": 33363,
        "dst_as": 12989,
        "sensor": "66.110.1.17",
        "in_if": "1170",
        "out_if": "1112",
        "vlan": 2,
        "tos": 0,
        "source_kind": "nfcapd",
        "source_file": "nfcapd.small",
        "source_row": 3,
        "extra": {
            "srcMask": 17,
            "dstMask": 24,
            "nextIP": "64.86.79.34",
            "exporterID": 1224,
            "received": "2019-08-12 18:51:57.000Z",
        },
    }
    assert row == expected


@needs_nfdump
@pytest.mark.parametrize("sample", [SMALL, IPV6])
def test_binary_and_its_csv_are_the_same_table(data: Path, tmp_path: Path, sample: str) -> None:
    path = data / sample
    said = subprocess.run(
        ["nfdump", "-r", str(path), "-o", "csv"], capture_output=True, check=True, env={"TZ": "UTC", "PATH": "/usr/bin"}
    )
    printed = tmp_path / "flows.csv"
    printed.write_bytes(said.stdout)
    if not said.stdout.startswith(b"ts,"):
        pytest.skip("this nfdump prints another CSV")
    assert_same_table(read_all(READER, path), read_all(NfdumpReader(), printed))


@needs_nfdump
def test_asking_for_event_fields_changes_nothing_where_there_are_none(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = read_all(READER, data / IPV6)
    monkeypatch.setattr(nfcapd, "_EVENT_WORDS", re.compile(b""))
    assert read_all(READER, data / IPV6).tables["flow"].equals(plain.tables["flow"])


@needs_nfdump
def test_compressed_file_is_read_too(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "nfcapd.gz"
    path.write_bytes(gzip.compress((data / SMALL).read_bytes()))
    plain, packed = (read_all(READER, name, source_file="x") for name in (data / SMALL, path))
    assert plain.tables["flow"].equals(packed.tables["flow"])


@needs_nfdump
@pytest.mark.parametrize("name", ["-w", "with space and 'quotes'", "ünïcode"])
def test_any_file_name(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes((data / SMALL).read_bytes())
    assert read_all(READER, name).rows == {"flow": 60}


@needs_nfdump
def test_cut_off_layout_2_has_no_directory_and_is_refused_in_nfdumps_words(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "nfcapd.cut"
    path.write_bytes((data / SMALL).read_bytes()[:20_000])
    with pytest.raises(ReaderError, match=r"nfdump cannot read it: .*cut"):
        read_all(READER, path)


@needs_nfdump
def test_garbage_behind_the_magic_is_refused_in_nfdumps_words(tmp_path: Path) -> None:
    path = tmp_path / "nfcapd.bad"
    path.write_bytes(b"\x0c\xa5\x01\x00" + b"\xff" * 400)
    with pytest.raises(ReaderError, match="nfdump cannot read it"):
        read_all(READER, path)


@needs_nfdump
def test_file_without_flows(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "nfcapd.empty"
    subprocess.run(["nfdump", "-r", str(data / SMALL), "-w", str(path), "port 1 and port 2"], check=True)
    found = read_all(READER, path)
    assert (found.rows, found.rejects) == ({}, [])


@needs_nfdump
def test_a_killed_reader_leaves_no_process(data: Path) -> None:
    context = ReadContext("x", "nfcapd", 1, HomeNetworks([]), ZoneInfo("UTC"))
    with Source(str(data / SMALL)) as source:
        batches = READER.read(source, context)
        next(batches)
        batches.close()
    running = subprocess.run(["ps", "--ppid", str(os.getpid()), "-o", "comm="], capture_output=True, check=False).stdout
    assert b"nfdump" not in running


def test_says_which_package_is_missing(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingProgramError, match="Debian package nfdump"):
        read_all(READER, data / SMALL)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x0c\xa5\x01\x00", "flows (nfcapd layout 1)"),
        (b"\x0c\xa5\x02\x00", "flows (nfcapd layout 2)"),
        (b"\xa5\x0c\x00\x01", "flows (nfcapd layout 1)"),
        (b"\x0c\xa5\x09\x00", None),
        (b"\x0c\xa5", None),
        (b"PAR1", None),
    ],
)
def test_sniffs_magic_and_layout(head: bytes, kind: str | None) -> None:
    assert READER.sniff(Sample("x", head, "", True, None)) == kind
