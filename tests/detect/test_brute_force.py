"""Password guessing: at one target, at many, by connections and by failed logons."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from flowsleuth.detect.brute_force import BruteForceFinder
from flowsleuth.schema import LOGON
from flowsleuth.testing.detectors import make_flows
from flowsleuth.testing.findings import check_finder, run_finder

MIDNIGHT = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)


def talk(src: str, dst: str, at_s: float, port: int = 22, **other: Any) -> dict[str, Any]:
    inside = dst.startswith("10.")
    return {
        "src_ip": src, "dst_ip": dst, "src_port": 50_000, "dst_port": port, "proto": "tcp", "conn_state": "SF",
        "start": MIDNIGHT + dt.timedelta(seconds=at_s), "direction": "internal" if inside else "outbound",
        "src_bytes": 1_900 + int(at_s) % 7, "dst_bytes": 2_400, "src_packets": 14, "dst_packets": 12, "duration_s": 3.0,
    } | other  # fmt: skip


def admins() -> list[dict[str, Any]]:
    """Thirty hosts with a few shells each, of some minutes and many bytes."""
    return [
        talk(f"10.0.0.{host}", f"10.0.5.{n}", 900 * host + 60 * n, src_bytes=90_000, duration_s=700.0)
        for host in range(1, 31) for n in range(1, 4)
    ]  # fmt: skip


def guesses(n: int = 40, src: str = "10.0.0.9", step_s: float = 30.0, **other: Any) -> list[dict[str, Any]]:
    return [talk(src, "10.0.5.77", 3_600 + step_s * k, **other) for k in range(n)]


def test_forty_tries_at_one_shell_are_found() -> None:
    (row,) = check_finder(BruteForceFinder, make_flows([*admins(), *guesses()])).to_pylist()
    assert (row["src_ip"], row["dst_ip"], row["service_port"]) == ("10.0.0.9", "10.0.5.77", 22)
    assert (row["technique"], row["flows"], row["host"]) == ("T1110.001", 40, "10.0.0.9")
    assert row["p_value"] < 1e-3
    assert row["reason"] == (
        "40 short connections of like size to 22/tcp in 20 min, one every 30 s; others on the service: 1.2 (geometric "
        "mean)"
    )
    assert json.loads(row["evidence"])["likely_success"] == 0


def test_the_chance_of_a_lone_guesser_by_hand() -> None:
    """Nobody to compare with: a geometric mean of 1.25, so a scale of e / 4."""
    (row,) = run_finder(BruteForceFinder(), make_flows(guesses())).to_pylist()
    scale = np.e / 4
    assert row["p_value"] == pytest.approx(scale * (scale + 1) / ((scale + 39) * (scale + 40)))


def test_a_large_connection_after_the_tries_is_a_likely_success() -> None:
    opened = talk("10.0.0.9", "10.0.5.77", 5_000, src_bytes=40_000, dst_bytes=2_000_000, duration_s=1_800.0)
    (row,) = run_finder(BruteForceFinder(), make_flows([*admins(), *guesses(), opened])).to_pylist()
    assert row["reason"].endswith("; then a connection of 2.0 MB: a guess may have been right (T1078)")
    assert (row["flows"], json.loads(row["evidence"])["likely_success"]) == (41, 1)


def test_what_a_monitor_does_each_day_is_no_guessing() -> None:
    rows = make_flows([*admins(), *guesses(300, step_s=60.0)])
    earlier = {
        MIDNIGHT.date() - dt.timedelta(days=1): make_flows(
            [row | {"start": row["start"] - dt.timedelta(days=1)} for row in guesses(280, step_s=60.0)]
        )
    }
    assert len(run_finder(BruteForceFinder(), rows)) == 1
    assert len(run_finder(BruteForceFinder(), rows, earlier=earlier)) == 0


def test_mail_that_is_fetched_every_few_minutes_is_no_guessing() -> None:
    fetched = [
        talk(f"10.0.0.{host}", "10.0.5.5", 300 * n + host, port=993) for host in range(1, 12) for n in range(280)
    ]
    assert len(run_finder(BruteForceFinder(), make_flows(fetched))) == 0
    assert len(run_finder(BruteForceFinder(), make_flows(fetched[:280]))) == 0


def test_few_tries_at_each_of_many_targets_is_spraying() -> None:
    spray = [talk("10.0.0.9", f"10.0.7.{n}", 600 * n + k, port=3389) for n in range(1, 31) for k in range(2)]
    some = [talk(f"10.0.0.{host}", "10.0.7.1", 100 * host, port=3389) for host in range(20, 40)]
    (row,) = check_finder(BruteForceFinder, make_flows([*some, *spray])).to_pylist()
    assert (row["src_ip"], row["dst_ip"], row["service_port"]) == ("10.0.0.9", None, 3389)
    assert (row["technique"], row["flows"]) == ("T1110.003", 60)
    assert row["reason"].startswith("60 short connections to 3389/tcp of 30 targets, at most 10 each; others have 1.2")


def test_refusals_and_connections_of_any_size_are_no_tries() -> None:
    refused = guesses(80, conn_state="REJ", dst_packets=1)
    taken_only = guesses(80, src="10.0.0.10", dst_packets=2)
    work = [row | {"src_bytes": 4 ** (1 + n % 6)} for n, row in enumerate(guesses(48, src="10.0.0.11"))]
    assert len(run_finder(BruteForceFinder(), make_flows([*admins(), *refused, *taken_only]))) == 0
    (row,) = run_finder(BruteForceFinder(), make_flows([*admins(), *work])).to_pylist() or [{"p_value": 0.05}]
    assert row["p_value"] > 0.01


def test_records_of_one_way_tell_tries_by_their_packets() -> None:
    rows = guesses(40, conn_state=None, dst_packets=None, dst_bytes=None)
    (row,) = run_finder(BruteForceFinder(), make_flows(rows)).to_pylist()
    assert (row["src_bytes"], row["dst_bytes"]) == (sum(row["src_bytes"] for row in rows), None)


def test_the_null_holds_among_sources_that_differ_wildly() -> None:
    chance = np.random.default_rng(2)
    told = tested = 0
    for _ in range(5):
        counts = chance.geometric(1.0 - chance.beta(3.0, 2.0, size=60))
        rows = [talk(f"10.0.0.{n}", "10.0.5.1", k, port=445) for n, c in enumerate(counts) for k in range(min(c, 500))]
        found = run_finder(BruteForceFinder(), make_flows(rows))
        told, tested = told + len(found), tested + counts.size
    assert told / tested <= 0.05


def logons(rows: list[tuple[str, str, float, bool]]) -> pa.Table:
    """Source, account, second, success."""
    whole = [
        {
            "logon_id": None, "event_id": n, "start": MIDNIGHT + dt.timedelta(seconds=at), "host": "dc1", "user": user,
            "src_ip": src, "is_success": ok,
        }
        for n, (src, user, at, ok) in enumerate(rows)
    ]  # fmt: skip
    schema = LOGON.arrow_schema()
    filled = []
    for row in whole:
        named = {name: row.get(name) for name in schema.names}
        for field in schema:
            if named[field.name] is None and not field.nullable:
                named[field.name] = 1 if pa.types.is_integer(field.type) else "made"
        filled.append(named)
    return pa.Table.from_pylist(filled, schema=schema)


def test_failed_logons_of_one_account_and_of_many() -> None:
    flows = make_flows(admins())
    usual = [(f"10.0.0.{host}", f"user{host}", 50.0 * host + n, n > 0) for host in range(1, 31) for n in range(3)]
    guessed = [("10.0.0.3", "root", 7_000.0 + n, n == 60) for n in range(61)]
    sprayed = [("10.0.0.4", f"user{n}", 9_000.0 + n, False) for n in range(40)]
    tables = {"logon": logons([*usual, *guessed, *sprayed])}
    found = check_finder(BruteForceFinder, flows, tables=tables).to_pylist()
    told = {row["src_ip"]: row for row in found}
    assert set(told) == {"10.0.0.3", "10.0.0.4"}
    assert (told["10.0.0.3"]["technique"], told["10.0.0.4"]["technique"]) == ("T1110.001", "T1110.003")
    assert told["10.0.0.3"]["reason"].startswith("61 failed logons for 2 accounts within")
    assert "; 2 of them then succeeded (T1078)" in told["10.0.0.3"]["reason"]
    assert told["10.0.0.4"]["reason"].startswith("41 failed logons for 40 accounts within")
    assert max(row["p_value"] for row in found) < 2e-3
