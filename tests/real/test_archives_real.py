"""Archives and event logs of the developer data set, each as a user would ingest it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

import flowsleuth

pytestmark = pytest.mark.real


@pytest.mark.parametrize(
    ("name", "conn"),
    [
        ("labelled/apt29_day1_zeek/NASHUA-zeek_logs.zip", 479),
        ("labelled/apt29_day1_zeek/SCRANTON-zeek_logs.zip", 134),
        ("host/otrf/metasploit_logonpasswords_lsass_memory_dump_zeek_logs.zip", 112),
    ],
)
def test_zeek_logs_of_a_host(shared_data: Path, tmp_path: Path, name: str, conn: int) -> None:
    """A row for each line of the logs that have a table, a skipped record for each line of the others."""
    path = shared_data / name
    with zipfile.ZipFile(path) as archive:
        lines = {
            one: sum(1 for line in archive.read(one).splitlines() if line and not line.startswith(b"#"))
            for one in archive.namelist()
        }
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        report = ws.ingest(path)
        assert (report.failed, report.rejects) == ([], 0)
        assert report.rows["flow"] == lines["conn.log"] == conn
        assert report.rows["dns"] == lines["dns.log"]
        skipped = {one.file.partition("!")[2]: one.records for one in report.skipped}
        assert all(lines[name] == records for name, records in skipped.items())
        assert sum(report.rows.values()) + sum(skipped.values()) == sum(lines.values())
        files = set(ws.table("flow").to_pyarrow()["source_file"].to_pylist())
    assert files == {f"{path}!conn.log"}
