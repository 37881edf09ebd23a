"""Rare sessions: against a direct computation with dictionaries, and on anomalies that were planted."""

from __future__ import annotations

import itertools
import json
import math
import random
import time
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pandas
import pyarrow as pa
import pytest

from flowsleuth.analyze.sessions import (
    SessionModel,
    SessionOptions,
    rare_sessions,
    score_sessions,
    session_numbers,
    sessionize_data,
)
from flowsleuth.analyze.sessions.events import session_events
from flowsleuth.errors import OptionError

Event = tuple[str, dict[str, str | None]]
START, END = "(start)", "(end)"


class Direct:
    """The same model, one event at a time, with dictionaries."""

    def __init__(self, sessions: dict[str, list[Event]], options: SessionOptions) -> None:
        self.s, self.level, self.window = options.smoothing, options.level, options.window
        self.pairs, self.out, self.of = Counter(), Counter(), Counter()
        self.present, self.valued = Counter(), defaultdict(Counter)
        for events in sessions.values():
            names = [START, *(name for name, _ in events), END]
            for before, after in itertools.pairwise(names):
                self.pairs[before, after] += 1
                self.out[before] += 1
            for name, params in events:
                self.of[name] += 1
                for param, value in params.items():
                    self.present[name, param] += 1
                    if value is not None:
                        self.valued[name, param][value] += 1
        self.most_values = options.most_values

    def transition(self, before: str, after: str) -> float:
        return math.log((self.pairs[before, after] + self.s) / (self.out[before] + self.s * (len(self.of) + 2)))

    def parameters(self, name: str, params: dict[str, str | None]) -> float:
        known = [param for command, param in self.present if command == name]
        logs = []
        for param in known:
            there = (self.present[name, param] + self.s) / (self.of[name] + 2 * self.s)
            logs.append(math.log(there if param in params else 1 - there))
        logs += [math.log(self.s / (self.of[name] + 2 * self.s)) for param in params if param not in known]
        return sum(logs) / len(logs) if logs else 0.0

    def values(self, name: str, params: dict[str, str | None]) -> float:
        logs = []
        for param, value in params.items():
            counts = self.valued.get((name, param))
            total, different = (sum(counts.values()), len(counts)) if counts else (0, 0)
            if value is None or not counts or different > self.most_values or 2 * different > total:
                continue
            logs.append(math.log((counts[value] + self.s) / (total + self.s * (different + 1))))
        return sum(logs) / len(logs) if logs else 0.0

    def steps(self, events: list[Event]) -> list[float]:
        found, before = [], START
        for name, params in events:
            step = self.transition(before, name)
            step += self.parameters(name, params) if self.level != "commands" else 0.0
            step += self.values(name, params) if self.level == "values" else 0.0
            found.append(step)
            before = name
        return [*found, self.transition(before, END)]

    def rarest(self, events: list[Event]) -> float:
        steps = self.steps(events)
        size = min(self.window, len(steps))
        return min(sum(steps[at : at + size]) / size for at in range(len(steps) - size + 1))


def _random_sessions(seed: int) -> dict[str, list[Event]]:
    dice = random.Random(seed)
    params = {"a": ("p", "q"), "b": ("p",), "c": (), "d": ("q", "r", "id")}

    def event() -> Event:
        name = dice.choice("aaabbcd")
        given = {param: dice.choice(["x", "x", "y", None]) for param in params[name] if dice.random() < 0.6}
        if "id" in given:
            given["id"] = str(dice.random())
        return name, given

    return {f"s{at}": [event() for _ in range(dice.randrange(1, 9))] for at in range(dice.randrange(1, 40))}


def _frame(sessions: dict[str, list[Event]]) -> pandas.DataFrame:
    rows = [(key, name, params) for key, events in sessions.items() for name, params in events]
    return pandas.DataFrame(rows, columns=["session", "command", "params"])


@pytest.mark.parametrize("level", ["commands", "parameters", "values"])
@pytest.mark.parametrize("seed", range(8))
def test_as_a_direct_computation(level: str, seed: int) -> None:
    sessions = _random_sessions(seed)
    options = SessionOptions(level, window=1 + seed % 4, smoothing=(0.5, 1.0, 2.0)[seed % 3])
    direct = Direct(sessions, options)
    found = rare_sessions(_frame(sessions), "session", "command", parameters="params", options=options)
    assert sorted(found["session"]) == sorted(sessions)
    for one in found.to_dict("records"):
        steps = direct.steps(sessions[one["session"]])
        assert one["events"] == len(steps) - 1
        assert one["log_likelihood"] == pytest.approx(sum(steps))
        assert one["likelihood"] == pytest.approx(math.exp(sum(steps) / len(steps)))
        assert math.log(one["rarest_likelihood"]) == pytest.approx(direct.rarest(sessions[one["session"]]))
    means = [sum(direct.steps(sessions[key])) / len(direct.steps(sessions[key])) for key in found["session"]]
    assert means == sorted(means)


@pytest.mark.parametrize("level", ["commands", "parameters", "values"])
def test_sessions_that_were_not_learned_from(level: str) -> None:
    options = SessionOptions(level)
    learned, others = _random_sessions(1), _random_sessions(2)
    others["new"] = [("zzz", {"p": "x"}), ("a", {"never": "x", "p": "never"})]
    model = SessionModel(session_events(_frame(learned), "session", "command", "params", None), options)
    found = rare_sessions(_frame(others), "session", "command", parameters="params", model=model)
    direct = Direct(learned, options)
    for one in found.to_dict("records"):
        assert one["log_likelihood"] == pytest.approx(sum(direct.steps(others[one["session"]])))
    assert found.loc[found["session"] == "new", "reason"].str.contains("never").all()


USUAL: list[Event] = [
    ("Login", {}),
    ("Search", {"Scope": "Inbox"}),
    ("Read", {"Folder": "Inbox", "Format": "html"}),
    ("Logout", {}),
]


def _with_planted(planted: list[Event]) -> pandas.DataFrame:
    dice = random.Random(3)
    sessions = {f"s{at}": [one for one in USUAL if one[0] != "Search" or dice.random() < 0.7] for at in range(200)}
    sessions["planted"] = planted
    keys = list(sessions)
    dice.shuffle(keys)
    return _frame({key: sessions[key] for key in keys})


@pytest.mark.parametrize(
    ("planted", "level", "rarest", "reason"),
    [
        (
            [USUAL[0], ("NewForwardingRule", {}), USUAL[3]],
            "commands",
            "Login → NewForwardingRule → Logout",
            "NewForwardingRule after Login: 1 of 201 times",
        ),
        ([USUAL[3], USUAL[0]], "commands", "Logout → Login → (end)", "a session begins with Logout: 1 of 201 times"),
        (
            [USUAL[0], ("Read", {"Folder": "Inbox", "Format": "html", "ForwardTo": "x"}), USUAL[3]],
            "parameters",
            "Login → Read → Logout",
            "Read with ForwardTo: 1 of 201 times",
        ),
        (
            [USUAL[0], ("Read", {"Folder": "Inbox"}), USUAL[3]],
            "parameters",
            "Login → Read → Logout",
            "Read without Format: 1 of 201 times",
        ),
        (
            [USUAL[0], ("Read", {"Folder": "Payroll", "Format": "html"}), USUAL[3]],
            "values",
            "Login → Read → Logout",
            "Read with Folder = Payroll: 1 of 201 times",
        ),
    ],
)
def test_what_was_planted_is_the_rarest_with_its_reason(
    planted: list[Event], level: str, rarest: str, reason: str
) -> None:
    data = _with_planted(planted)
    found = rare_sessions(data, "session", "command", parameters="params", options=SessionOptions(level))
    first = found.iloc[0]
    assert (first["session"], first["score"], first["rarest"], first["reason"]) == ("planted", 1.0, rarest, reason)
    assert data.loc[first["rarest_row"], "session"] == "planted"
    assert found["score"].is_monotonic_decreasing and found["score"].between(0, 1).all()


def test_a_level_sees_only_what_it_looks_at() -> None:
    data = _with_planted([USUAL[0], ("Read", {"Folder": "Payroll", "Format": "html"}), USUAL[3]])
    for level in ("commands", "parameters"):
        found = rare_sessions(data, "session", "command", parameters="params", options=SessionOptions(level))
        assert found.iloc[0]["session"] != "planted"


def test_long_sessions_are_not_rare_for_their_length() -> None:
    sessions = {f"s{at}": USUAL * 2 for at in range(50)} | {"long": USUAL * 40}
    found = rare_sessions(_frame(sessions), "session", "command")
    assert found.iloc[-1]["session"] == "long"


def test_order_of_time_not_of_rows() -> None:
    data = _with_planted([USUAL[0], USUAL[3]])
    data["time"] = pandas.Timestamp("2024-01-01") + pandas.to_timedelta(np.arange(len(data)), unit="s")
    wanted = rare_sessions(data, "session", "command", time_column="time")
    shuffled = data.sample(frac=1, random_state=5)
    found = rare_sessions(shuffled, "session", "command", time_column="time")
    columns = ["session", "log_likelihood", "rarest_row"]
    assert (
        found[columns].sort_values("session").values.tolist() == wanted[columns].sort_values("session").values.tolist()
    )


@pytest.mark.parametrize("make", ["dict", "json", "list", "records", "set"])
def test_parameters_as_mappings_lists_and_json(make: str) -> None:
    def cell(params: dict[str, str]) -> Any:
        return {
            "dict": params,
            "json": json.dumps(params),
            "list": list(params),
            "records": [{"Name": name, "Value": value} for name, value in params.items()],
            "set": set(params),
        }[make]

    data = _with_planted([USUAL[0], ("Read", {"Folder": "Inbox", "Format": "html", "ForwardTo": "x"}), USUAL[3]])
    data["params"] = [cell(params) for params in data["params"]]
    found = rare_sessions(data, "session", "command", parameters="params")
    assert found.iloc[0][["session", "reason"]].tolist() == ["planted", "Read with ForwardTo: 1 of 201 times"]


def test_any_content_and_make_of_table() -> None:
    data = pandas.DataFrame(
        {
            "user": ["a", "a", None, None, "b", "b"],
            "command": ["x", None, 7, "x", "x", "é\x00"],
            "params": [None, "{not json", 5, float("nan"), [None, 3, {"Name": "n"}], {"k": None, "m": {"z": 1}}],
        },
        index=list("uvwxyz"),
    )
    before = data.copy(deep=True)
    found = rare_sessions(data, "user", "command", parameters="params")
    assert found["events"].sum() == 5 and len(found) == 3
    assert data.equals(before)
    arrow = rare_sessions(pa.table({"s": ["a", "b"], "c": ["x", "y"]}), "s", "c")
    assert isinstance(arrow, pa.Table) and len(arrow) == 2
    for empty in (data.iloc[:0], data.assign(command=None)):
        assert len(rare_sessions(empty, "user", "command", parameters="params")) == 0
    assert len(rare_sessions(data, ["user", "command"], "command")) == 5


def test_wrong_use_is_told() -> None:
    data = _frame({"s": USUAL})
    with pytest.raises(OptionError, match="no such column"):
        rare_sessions(data, "session", "commands")
    with pytest.raises(OptionError, match="no such level"):
        SessionOptions("words")
    for wrong in ({"window": 0}, {"smoothing": 0.0}, {"smoothing": float("nan")}, {"most_values": 0}):
        with pytest.raises(OptionError, match="above 0"):
            SessionOptions(**wrong)


def test_two_hundred_thousand_events_take_seconds() -> None:
    dice = np.random.default_rng(1)
    count = 200_000
    data = pa.table(
        {"s": pa.array(dice.integers(0, 20_000, count)), "c": pa.array([f"op{n}" for n in dice.integers(0, 60, count)])}
    )
    began = time.process_time()
    assert len(rare_sessions(data, "s", "c")) == len(set(data["s"].to_pylist()))
    assert time.process_time() - began < 15


def test_sessions_by_gaps_and_longest() -> None:
    minutes = [0, 5, 20, 21, 100, 3, 500]
    times = pandas.Timestamp("2024-01-01", tz="UTC") + pandas.to_timedelta(minutes, unit="min")
    data = pandas.DataFrame({"user": ["a"] * 5 + ["b"] * 2, "time": times, "op": list("ABCDEFG")})
    assert session_numbers(data, "user", "time", gap_s=600).to_pylist() == [0, 0, 1, 1, 2, 3, 4]
    assert session_numbers(data, "user", "time", gap_s=3_600, longest_s=1_200).to_pylist() == [0, 0, 0, 1, 2, 3, 4]
    data.loc[1, "time"] = pandas.NaT
    assert session_numbers(data, "user", "time", gap_s=600).to_pylist() == [0, None, 1, 1, 2, 3, 4]
    found = sessionize_data(data, ["user"], "time", 60, 10, "op")
    assert [list(ops) for ops in found["op_list"]] == [["A"], ["F"], ["C", "D"], ["E"], ["G"]]
    assert found["duration_s"].tolist() == [0.0, 0.0, 60.0, 0.0, 0.0]
    with pytest.raises(OptionError, match="not above 0"):
        session_numbers(data, "user", "time", gap_s=0)


def test_sessions_in_cells_as_msticpy_has_them() -> None:
    usual = [("Read", {"Folder": "Inbox"}), ("Logout", {})]
    cells = [usual] * 30 + [[("Read", {"Folder": "Payroll"}), ("Logout", {})], [], None]
    data = pandas.DataFrame({"session": cells})
    before = data.copy()
    found = score_sessions(data, "session", 2)
    assert found["rarest_window2_likelihood"].idxmin() == 30
    assert found.loc[30, "reason"] == "Read with Folder = Payroll: 1 of 31 times"
    assert found["reason"].isna().tolist() == [False] * 31 + [True, True]
    assert data.equals(before)


def test_tables_without_rows_or_with_nothing_but_nulls() -> None:
    for empty in (
        pa.table({"s": pa.chunked_array([], pa.string()), "time": pa.chunked_array([], pa.timestamp("us"))}),
        pa.table({"s": pa.nulls(3), "time": pa.nulls(3)}),
    ):
        assert len(sessionize_data(empty, ["s"], "time", 1, 1, "s")) == 0
        assert session_numbers(empty, "s", "time").null_count == len(empty)
        assert len(rare_sessions(empty, "s", "s")) == 0
    assert score_sessions(pandas.DataFrame({"session": []}), "session", 3).empty
