"""The audit log as frames with the column names that MSTICPy's users know."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from flowsleuth.errors import OptionError
from flowsleuth.readers.audit_frames import extract_events_to_df, get_event_subset, read_from_file

MIXED = "auditd/interleaved_and_encoded/audit.log"
NODES = "auditd/interpreted_with_nodes/audit.log"


def test_one_row_is_one_event(data: Path) -> None:
    frame = read_from_file(data / MIXED)
    assert frame["mssg_id"].tolist() == [
        "1700000000.100:9", "1700000000.100:7", "1700000001.000:10", "1700000000.100:8", "1700000004.000:11",
    ]  # fmt: skip
    assert frame["EventType"].tolist() == ["USER_LOGIN", "SYSCALL_EXECVE", "USER_CMD", "SYSCALL_EXECVE", "AVC"]
    assert frame["cmdline"].tolist()[1] == "tar -c a b  é long 10"
    assert frame["source_row"].tolist() == [6, 1, 10, 2, 11]
    row = frame.iloc[1]
    assert (row["a0"], row["pid"], row["uid"], row["exe"], row["success"]) == ("tar", 101, 0, "/usr/bin/tar", "yes")
    assert row["TimeGenerated"] == pd.Timestamp("2023-11-14 22:13:20.1", tz="UTC")
    assert [path["name"] for path in json.loads(row["records"])["PATH"]] == ["/usr/bin/tar", "/lib64/ld.so"]
    assert "name" not in frame.columns or pd.isna(row["name"])  # PATH is in `records`: there may be several


def test_what_is_not_set_is_minus_one_and_what_is_not_said_is_missing(data: Path) -> None:
    frame = read_from_file(data / MIXED).set_index("mssg_id")
    assert frame.loc["1700000000.100:8", "auid"] == -1
    assert pd.isna(frame.loc["1700000004.000:11", "cwd"])
    assert frame.loc["1700000001.000:10", "cmd"] == "ls -l"


def test_nodes_and_interpreted_logs_are_read(data: Path) -> None:
    frame = read_from_file(data / NODES, "SYSCALL_EXECVE", tz="Europe/Prague")
    assert frame["Computer"].tolist() == ["web1", "web2"]
    assert frame["cmdline"].tolist() == ["ls 10", "id"]
    assert frame["TimeGenerated"].iloc[0] == pd.Timestamp("2023-11-14 21:13:20.5", tz="UTC")


def test_an_empty_file_and_lines_that_are_none(tmp_path: Path) -> None:
    empty, junk = tmp_path / "empty.log", tmp_path / "junk.log"
    empty.write_bytes(b"")
    junk.write_bytes(b'\xff\x00 junk\ntype=CWD msg=audit(1.000:1): cwd="/"\n\x01')
    assert list(read_from_file(empty).columns)[:4] == ["EventType", "mssg_id", "TimeGenerated", "cmdline"]
    frame = read_from_file(junk)
    assert frame["cwd"].tolist() == ["/"]
    assert [reject.source_row for reject in frame.attrs["rejects"]] == [1, 3]


def test_raw_lines_in_a_column(data: Path) -> None:
    lines = (data / MIXED).read_text().splitlines()
    frame = pd.DataFrame({"raw": [*lines, None, 7], "Computer": "h1"}, index=range(100, 114))
    before = frame.copy()
    found = extract_events_to_df(frame, "raw")
    assert frame.equals(before)
    assert found["cmdline"].tolist() == read_from_file(data / MIXED)["cmdline"].tolist()
    assert found["source_row"].tolist() == [105, 100, 109, 101, 110]
    assert set(found["Computer"]) == {"h1"}
    table = extract_events_to_df(pa.table({"raw": lines}), "raw")
    assert isinstance(table, pa.Table)
    assert table["cmdline"].to_pylist()[1] == "tar -c a b  é long 10"


@pytest.mark.parametrize("as_lists", [False, True])
def test_packed_records_of_log_analytics(as_lists: bool) -> None:
    records = [
        {"SYSCALL": ["success=yes", "a0=7f", "pid=9", 'exe="/bin/sh"']},
        {"EXECVE": ["argc=2", 'a0="sh"', "a1=612062"]},
        {"PATH": ["item=0", 'name="/a"']},
        {"PATH": ["item=1", 'name="/b"']},
    ]
    cells = [records, [{"LOGIN": ["pid=1"]}], "[7]", None, "[{'CWD': ['cwd=\"/\"'"]
    frame = pd.DataFrame(
        {
            "mssg_id": [f"1.100:{n}" for n in range(5)],
            "AuditdMessage": [cell if as_lists or cell is None else str(cell) for cell in cells],
            "TenantId": "t",
        }
    )
    found = extract_events_to_df(frame)
    assert found["mssg_id"].tolist() == ["1.100:0", "1.100:1"]
    assert (found["cmdline"].iloc[0], found["a0"].iloc[0], found["TenantId"].iloc[0]) == ("sh a b", "sh", "t")
    assert len(json.loads(found["records"].iloc[0])["PATH"]) == 2
    login = get_event_subset(found, "LOGIN")
    assert "exe" not in login.columns
    assert login["pid"].tolist() == [1]


def test_a_column_that_is_not_there_is_said() -> None:
    with pytest.raises(OptionError, match="AuditdMessage"):
        extract_events_to_df(pd.DataFrame({"raw": []}))
    with pytest.raises(OptionError, match="EventType"):
        get_event_subset(pd.DataFrame({"raw": []}), "x")
    assert extract_events_to_df(pd.DataFrame({"raw": pd.Series([], dtype=object)}), "raw").empty
