"""nfdump's CSV and nfcapd's binary of the developer data set: the same flows, the same table."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from flowsleuth.readers.nfcapd import NfcapdReader
from flowsleuth.readers.nfdump import NfdumpReader
from flowsleuth.testing import ReadResult, check_reader, count_lines, read_all

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("nfdump") is None, reason="the program nfdump is not installed"),
]

PAIRS = [
    ("nfcapd-large-bz2", "nfcapd-large.csv.gz", 100_000),
    ("nfcapd.scan-malicious.nfdump", "nfcapd.scan-malicious.csv.gz", 4_593),
]
OF_THE_FILE = ("flow_id", "source_kind", "source_file", "source_row")


@pytest.mark.parametrize(("binary", "printed", "flows"), PAIRS)
def test_binary_and_csv_are_the_same_table(shared_data: Path, binary: str, printed: str, flows: int) -> None:
    one = read_all(NfcapdReader(), shared_data / "nfdump" / binary)
    other = read_all(NfdumpReader(), shared_data / "nfdump" / printed)
    for found in (one, other):
        assert (found.rows, found.rejects) == ({"flow": flows}, [])
    for name in one.tables["flow"].column_names:
        if name in OF_THE_FILE:
            continue
        column = one.tables["flow"][name]
        if name in ("start", "end"):  # nfdump prints whole seconds in CSV
            column = pc.floor_temporal(column, unit="second")
        assert column.equals(other.tables["flow"][name]), f"{name} differs"


def totals(found: ReadResult) -> dict[str, int]:
    table = found.tables["flow"]
    return {
        "Flows": len(table),
        "Bytes": pc.sum(table["src_bytes"]).as_py(),
        "Packets": pc.sum(table["src_packets"]).as_py(),
    }


@pytest.mark.parametrize("name", [pair[0] for pair in PAIRS])
def test_sums_are_nfdumps_own(shared_data: Path, name: str) -> None:
    path = shared_data / "nfdump" / name
    said = subprocess.run(["nfdump", "-r", str(path), "-I"], capture_output=True, check=True, text=True).stdout
    own = dict(line.split(": ", 1) for line in said.splitlines() if ": " in line)
    assert totals(read_all(NfcapdReader(), path)) == {word: int(own[word]) for word in ("Flows", "Bytes", "Packets")}


def test_protocols_of_the_large_file(shared_data: Path) -> None:
    table = read_all(NfdumpReader(), shared_data / "nfdump/nfcapd-large.csv.gz").tables["flow"]
    counts = {row["values"]: row["counts"] for row in table["proto"].value_counts().to_pylist()}
    assert (counts["tcp"], counts["udp"], counts["icmp"], counts["ipv6-icmp"]) == (77_733, 21_024, 862, 130)
    icmp = table.filter(pc.is_in(table["proto"], value_set=pa.array(["icmp", "ipv6-icmp"])))
    assert icmp["icmp_type"].null_count == icmp["icmp_code"].null_count == 0
    assert icmp["src_port"].null_count == icmp["dst_port"].null_count == len(icmp)


def test_small_files_keep_every_promise(shared_data: Path) -> None:
    folder = shared_data / "nfdump"
    check_reader(
        NfdumpReader(),
        folder / "nfcapd.scan-malicious.csv.gz",
        expect_rows={"flow": 4_593},
        records=count_lines(header=4),
        has_zone=False,
    )
    check_reader(
        NfcapdReader(),
        folder / "nfcapd.scan-malicious.nfdump",
        expect_rows={"flow": 4_593},
        records=4_593,
        has_zone=True,
    )


@pytest.mark.parametrize("damage", ["cut", "overwritten"])
def test_damaged_layout_1_gives_what_could_be_read(shared_data: Path, tmp_path: Path, damage: str) -> None:
    raw = bytearray((shared_data / "nfdump/nfcapd-large-bz2").read_bytes())
    path = tmp_path / "nfcapd.damaged"
    if damage == "cut":
        raw = raw[:1_500_000]
    else:
        raw[1_500_000:1_520_000] = b"\x5a" * 20_000
    path.write_bytes(raw)
    found = read_all(NfcapdReader(), path)
    flows = found.rows["flow"]
    assert 0 < flows < 100_000
    assert found.skipped == {"nfdump record type 9": 2_405}
    reasons = {reject.reason: reject.detail for reject in found.rejects}
    assert reasons["fewer records than the file counts"] == f"{flows} of 100000 records could be read"
    if damage == "cut":
        assert "Short read" in (reasons["nfdump reports a fault"] or "")
