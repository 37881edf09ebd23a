"""Logons: what is counted, and what is odd, with reasons and the rows it is from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from flowsleuth.analyze.logons import (
    LogonOptions,
    LogonSchema,
    cluster_logons,
    find_logon_patterns,
    summarize_logons,
)
from flowsleuth.analyze.logons.schema import read_logons
from flowsleuth.errors import OptionError

SHARED = Path(__file__).parents[3] / "shared" / "data" / "host"
START = pd.Timestamp("2024-03-04 09:00", tz="UTC")


def logons(*rows: tuple[float, str, str | None, bool], **more: Any) -> pd.DataFrame:
    """Minutes after the start, account, source, success."""
    frame = pd.DataFrame(rows, columns=["at", "user", "src_ip", "is_success"])
    frame["start"] = START + pd.to_timedelta(frame.pop("at"), unit="min")
    return frame.assign(**more)


def habit(user: str = "bob", count: int = 60, source: str = "10.0.0.1") -> list[tuple[float, str, str | None, bool]]:
    """A logon at nine every day."""
    return [(day * 1440.0, user, source, True) for day in range(count)]


def found(frame: Any, *patterns: str, **options: Any) -> pd.DataFrame:
    return find_logon_patterns(frame, patterns=patterns, options=LogonOptions(**options))


def test_a_burst_and_the_success_that_follows() -> None:
    frame = logons(*[(n / 6, "bob", "192.0.2.7", False) for n in range(6)], (1.5, "bob", "192.0.2.7", True))
    [row] = found(frame, "bursts").to_dict("records")
    assert row["pattern"] == "failed burst, then success"
    assert row["reason"] == "6 failures of bob from 192.0.2.7 within 50 s; 40 s later it succeeded"
    assert (row["logons"], row["failures"], row["account"], row["source"]) == (7, 6, "bob", "192.0.2.7")
    assert row["rows"].tolist() == list(range(7))


@pytest.mark.parametrize(
    ("rows", "patterns"),
    [
        ([(n, "bob", "x", False) for n in range(4)], []),
        ([(n * 6.0, "bob", "x", False) for n in range(9)], []),
        ([(n, f"u{n}", "x", False) for n in range(5)], []),
        ([(n, "bob", f"x{n}", False) for n in range(5)], []),
        ([(n, "bob", "x", False) for n in range(5)] + [(30, "bob", "x", True)], ["failed burst"]),
        ([(n, "bob", "x", False) for n in range(5)] + [(5, "bob", "y", True)], ["failed burst"]),
        ([(n, "bob", None, False) for n in range(5)], ["failed burst"]),
        (
            [(n, "bob", "x", False) for n in range(5)]
            + [(5, "bob", "x", True)]
            + [(6 + n, "bob", "x", False) for n in range(2)],
            ["failed burst, then success"],
        ),
    ],
)
def test_what_is_a_burst_and_what_is_none(rows: list[Any], patterns: list[str]) -> None:
    assert found(logons(*rows), "bursts")["pattern"].tolist() == patterns


def test_many_accounts_from_one_source() -> None:
    rows = [(n, f"u{n % 12}", "203.0.113.9", False) for n in range(24)] + [(25, "u3", "203.0.113.9", True)]
    rows += [(n, f"u{n}", None, False) for n in range(12)] + [(26, "else", "203.0.113.9", True)]
    [row] = found(logons(*rows), "sprays").to_dict("records")
    assert row["reason"] == (
        "12 accounts failed from 203.0.113.9 within 23 min, 2 tries each (median); then 1 of them succeeded: u3"
    )
    assert (row["logons"], row["failures"], row["source"]) == (25, 24, "203.0.113.9")


def test_a_first_logon_from_elsewhere_and_none_for_whom_nothing_is_known() -> None:
    frame = logons(*habit(), (60 * 1440, "bob", "198.51.100.4", True), (1.0, "new", "10.9.9.9", True))
    [row] = found(frame, "new").to_dict("records")
    assert row["reason"] == "first logon of bob from 198.51.100.4, after 60 logons from 1 other before"
    assert row["rows"].tolist() == [60]
    roving = logons(*((n * 60.0, "bob", f"10.0.0.{n}", True) for n in range(60)))
    assert found(roving, "new").empty
    failed = logons(*habit(), (60 * 1440, "bob", "198.51.100.4", False))
    assert found(failed, "new").empty


def test_rare_hours_go_over_midnight_and_rare_types() -> None:
    frame = logons(*habit(), (700.0 + 1440 * 60, "bob", "10.0.0.1", True), logon_type="network")
    [row] = found(frame, "rare").to_dict("records")
    assert row["reason"] == "1 of 61 logons of bob are within an hour of 20 h UTC"
    midnight = [(day * 1440.0 + 15 * 60 - 5 * (day % 2), "bob", "x", True) for day in range(60)]
    assert found(logons(*midnight), "rare").empty
    kinds = logons(*habit(), logon_type=["10.0", *["3"] * 59])
    [row] = found(kinds, "rare").to_dict("records")
    assert row["reason"] == "1 of 60 logons of bob are of type remote_interactive"


def test_places_that_nobody_travels_between_only_where_they_are_told() -> None:
    frame = logons((0, "bob", "a", True), (35, "bob", "b", True), (36, "bob", "c", True), (37, "ana", "a", True))
    assert found(frame, "travel").empty
    places = pd.DataFrame({"source": ["A", "b"], "latitude": [50.08, 35.68], "longitude": [14.44, 139.69]})
    table = find_logon_patterns(frame, patterns=["travel"], places=places)
    [row] = table.to_dict("records")
    assert row["reason"] == "bob from a, then 35 min later from b, 9,071 km away: 15,550 km/h"
    assert row["rows"].tolist() == [0, 1]
    between = frame.assign(latitude=["50.08", "35.68", "x", "inf"], longitude=["14.44", "139.69", "1", "1"])
    assert len(found(between, "travel")) == 1
    nowhere = frame.assign(latitude=[50.08, 950.0, 35.68, 0.0], longitude=[14.44, 0.0, 139.69, 0.0])
    assert found(nowhere, "travel")["rows"].tolist()[0].tolist() == [0, 2]
    slow = logons((0, "bob", "a", True), (900, "bob", "b", True))
    assert find_logon_patterns(slow, patterns=["travel"], places=places).empty
    tried = logons((0, "bob", "a", True), (35, "bob", "b", False))
    assert find_logon_patterns(tried, patterns=["travel"], places=places).empty
    at_once = logons((0, "bob", "a", True), (0, "bob", "b", True))
    assert "9,071 km away" in find_logon_patterns(at_once, patterns=["travel"], places=places)["reason"][0]


def test_windows_events_by_their_own_columns() -> None:
    frame = pd.DataFrame(
        {
            "TimeGenerated": ["2020-04-30 00:03:00", "2020-04-30 00:03:09", "2020-04-30 00:03:10", None],
            "EventID": [4625, 4624, 4688, 4624],
            "TargetUserName": ["Pam", "pam", "x", "y"],
            "TargetDomainName": ["DMEVALS", "dmevals", "-", "-"],
            "IpAddress": ["10.0.1.6", "-", None, None],
            "WorkstationName": ["W", "SCRANTON", None, None],
            "LogonType": [3, 10.0, None, None],
        },
        index=["a", "b", "c", "d"],
    )
    before = frame.copy()
    read = read_logons(frame)
    assert frame.equals(before)
    assert read.label.to_pylist() == ["a", "b"]
    assert read.table.drop_columns(["start", "latitude", "longitude"]).to_pylist() == [
        {"account": r"dmevals\pam", "source": "10.0.1.6", "host": None, "logon_type": "network", "is_success": False},
        {
            "account": r"dmevals\pam", "source": "scranton", "host": None, "logon_type": "remote_interactive",
            "is_success": True,
        },
    ]  # fmt: skip


def test_any_table_by_mapping() -> None:
    table = pa.table({"when": [1.7e9, 1.7e9 + 1], "who": ["bob", b"bob"], "ok": [True, None], "n": [1, 2]})
    schema = LogonSchema(time="when", account="who", outcome="ok")
    assert summarize_logons(table, schema=schema).to_pylist()[0]["logons"] == 1
    with pytest.raises(OptionError, match="LogonSchema"):
        summarize_logons(table)
    with pytest.raises(OptionError, match="no such column"):
        summarize_logons(table, schema=LogonSchema(time="when", account="nobody"))
    with pytest.raises(OptionError, match="available: account"):
        summarize_logons(table, by="moon", schema=schema)
    with pytest.raises(OptionError, match="no such pattern"):
        find_logon_patterns(table, schema, patterns=["ghosts"])


def test_nothing_gives_nothing() -> None:
    empty = logons()
    assert found(empty, "bursts", "sprays", "new", "rare", "travel").empty
    assert summarize_logons(empty).empty
    assert cluster_logons(empty).empty


def test_order_of_the_rows_does_not_matter() -> None:
    rows = [*habit(), *[(7.0 + n / 10, "bob", "6.6.6.6", False) for n in range(9)], (60 * 1440, "bob", "z", True)]
    frame = logons(*rows)
    shuffled = frame.sample(frac=1, random_state=3)
    one, other = find_logon_patterns(frame), find_logon_patterns(shuffled)
    assert one.drop(columns="rows").equals(other.drop(columns="rows"))
    assert [sorted(rows) for rows in one["rows"]] == [sorted(rows) for rows in other["rows"]]


def test_counts_by_account_source_and_alike() -> None:
    frame = logons((0, "bob", "a", True), (1, "bob", "b", False), (2, "ana", "a", True), host="h")
    by_source = summarize_logons(frame, "source").set_index("source")
    assert by_source.loc["a", ["logons", "failures", "accounts"]].tolist() == [2, 0, 2]
    assert by_source.loc["b", "last_success"] is pd.NaT
    alike = cluster_logons(pd.concat([frame, frame.iloc[:1]], ignore_index=True))
    assert alike["cluster_size"].tolist() == [1, 1, 2]
    assert alike["row"].tolist() == [1, 2, 0]


@pytest.mark.skipif(not SHARED.exists(), reason="the development data is not here")
def test_real_sign_ins_and_windows_logons() -> None:
    signs = pd.read_csv(SHARED / "aad_signin_logs.csv")
    counted = summarize_logons(signs).set_index("account")
    assert counted.loc["meganb@seccxp.ninja", ["logons", "failures", "sources"]].tolist() == [17, 2, 2]
    near = find_logon_patterns(signs, patterns=["travel"], options=LogonOptions(speed_km_h=800))
    assert near["account"].tolist() == ["ctfuser3@seccxp.ninja"]
    assert find_logon_patterns(signs, patterns=["travel"]).empty
    windows = summarize_logons(pd.read_csv(SHARED / "host_logons.csv"))
    assert windows["logons"].tolist() == [11, 2, 1]


@pytest.mark.parametrize(
    ("column", "said", "failures"),
    [
        ("status", [0, 50126, 0, 50053], [1, 3]),
        ("status", ["0.0", "530032", None, "0"], [1]),
        ("ResultType", ["0", "50126", "Success", "x"], [1]),
        ("ResultType", ["0", "-1", "9" * 5_000, "x"], [1, 2]),
        ("ok", [1, 0, 1, 0], [1, 3]),
        ("is_ok", [0, 0, 0, 0], [0, 1, 2, 3]),
        ("code", [4624, 4625, 4634, 4625], [1, 3]),
        ("EventID", [4634, 4688, 4672, 1], []),
        ("said", ["Success", "FAILED", "maybe", "no"], [1, 3]),
    ],
)
def test_what_an_outcome_says(column: str, said: list[Any], failures: list[int]) -> None:
    frame = logons(*((n, "bob", "x", True) for n in range(4))).rename(columns={"is_success": "_"})
    schema = LogonSchema(time="start", account="user", outcome=column)
    read = read_logons(frame.assign(**{column: said}), schema)
    assert read.label.to_pylist() == [at for at in range(4) if at in failures or at in _good(column, said)]
    assert [at for at, good in zip(read.label.to_pylist(), read.is_success, strict=True) if not good] == failures


def _good(column: str, said: list[Any]) -> list[int]:
    """Places of successes, as they are written above."""
    wanted = ("1",) if column in ("ok", "is_ok") else ("0", "0.0", "4624", "Success")
    return [at for at, one in enumerate(said) if str(one) in wanted]
