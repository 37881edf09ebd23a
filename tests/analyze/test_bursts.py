"""Bursts: windows of so many events within so many seconds, by host and user, compared with a count by hand."""

from __future__ import annotations

import random

import numpy as np
import pandas
import pyarrow as pa
import pytest

from flowsleuth.analyze.bursts import cmd_speed, command_bursts
from flowsleuth.errors import OptionError


def _frame(seconds: list[float], hosts: list[str] | None = None) -> pandas.DataFrame:
    times = pandas.Timestamp("2024-01-01", tz="UTC") + pandas.to_timedelta(seconds, unit="s")
    frame = pandas.DataFrame({"TimeGenerated": times, "Command": [f"cmd {at}" for at in range(len(seconds))]})
    return frame if hosts is None else frame.assign(Computer=hosts)


def _by_hand(seconds: list[float], hosts: list[str], events: int, within: float) -> set[tuple[int, ...]]:
    """Rows of each burst: every window compared with every event, windows that share one joined."""
    found: list[set[int]] = []
    for host in dict.fromkeys(hosts):
        rows = sorted((at for at, name in enumerate(hosts) if name == host), key=lambda at: (seconds[at], at))
        for at in range(len(rows) - events + 1):
            window = rows[at : at + events]
            if seconds[window[-1]] - seconds[window[0]] <= within:
                if found and found[-1] & set(window):
                    found[-1] |= set(window)
                else:
                    found.append(set(window))
    return {tuple(sorted(one)) for one in found}


@pytest.mark.parametrize("seed", range(30))
def test_as_by_hand(seed: int) -> None:
    dice = random.Random(seed)
    count = dice.randrange(0, 60)
    seconds = [float(dice.randrange(0, 60)) for _ in range(count)]
    hosts = [dice.choice("abc") for _ in range(count)]
    events, within = dice.randrange(2, 6), float(dice.randrange(0, 8))
    found = command_bursts(_frame(seconds, hosts), events=events, within_s=within)
    assert {tuple(sorted(rows)) for rows in found["rows"]} == _by_hand(seconds, hosts, events, within)


def test_one_burst_in_full() -> None:
    frame = _frame([0, 1, 2, 3, 100, 200], ["a"] * 6).assign(user="eve")
    found = command_bursts(pa.Table.from_pandas(frame), events=3, within_s=2)
    start = pandas.Timestamp("2024-01-01", tz="UTC")
    assert found.to_pylist() == [
        {
            "Computer": "a",
            "user": "eve",
            "start": start,
            "end": start + pandas.Timedelta(seconds=3),
            "duration_s": 3.0,
            "events": 4,
            "fastest_s": 2.0,
            "distinct": 4,
            "first_command": "cmd 0",
            "rows": [0, 1, 2, 3],
        }
    ]


def test_a_burst_does_not_cross_hosts_unless_told() -> None:
    frame = _frame([0, 0, 0, 0], ["a", "a", "b", "b"])
    assert len(command_bursts(frame, events=3)) == 0
    assert command_bursts(frame, events=3, by=())["events"].tolist() == [4]
    assert command_bursts(frame, events=2)["Computer"].tolist() == ["a", "b"]


def test_rows_without_time_or_command_are_passed_over_and_order_does_not_matter() -> None:
    frame = _frame([0, 1, 2, 3])
    frame.loc[1, "Command"] = None
    frame.loc[2, "Command"] = ""
    frame.loc[3, "TimeGenerated"] = pandas.NaT
    assert len(command_bursts(frame, events=2)) == 0
    shuffled = _frame([2, 0, 1, 500])
    assert [list(rows) for rows in command_bursts(shuffled, events=3, within_s=2)["rows"]] == [[1, 2, 0]]


def test_times_as_text_and_labels_of_rows() -> None:
    frame = pandas.DataFrame(
        {"EventTime": ["2019-07-10T15:13:25Z"] * 3, "Command": ["a", "b", "c"]}, index=["x", "y", "z"]
    )
    found = cmd_speed(frame, "Command", time=1, events=3)
    assert list(found["rows"][0]) == ["x", "y", "z"]


def test_wrong_use_is_told() -> None:
    frame = _frame([0, 1])
    for wrong in ({"events": 1}, {"within_s": -1.0}, {"within_s": float("nan")}):
        with pytest.raises(OptionError, match="at least 2 events"):
            command_bursts(frame, **wrong)
    with pytest.raises(OptionError, match="times"):
        command_bursts(frame[["Command"]])
    with pytest.raises(OptionError, match="no such column"):
        command_bursts(frame, by="Compter")


def test_a_million_events_take_seconds() -> None:
    import time

    count = 1_000_000
    frame = pa.table({"time": np.arange(count) * 100_000, "cmd": np.resize(["a", "b", "c"], count)})
    began = time.process_time()
    found = command_bursts(frame, "cmd", events=10, within_s=0.5, by=())
    assert len(found) == 0 and time.process_time() - began < 20
