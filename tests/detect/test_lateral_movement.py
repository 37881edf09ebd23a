"""New ways between hosts of ours, and paths of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from flowsleuth.detect.kernels.p_values import both, least_of
from flowsleuth.detect.lateral_movement import LateralMovementFinder, LateralMovementOptions
from flowsleuth.testing.detectors import make_flows
from flowsleuth.testing.findings import check_finder, run_finder

DAY = dt.date(2024, 5, 1)


def step(source: str, peer: str, minute: int, port: int = 445, day: dt.date = DAY, **other: Any) -> dict[str, Any]:
    start = dt.datetime.combine(day, dt.time(9), dt.UTC) + dt.timedelta(minutes=minute)
    return {
        "src_ip": source, "dst_ip": peer, "dst_port": port, "proto": "tcp", "direction": "internal", "start": start,
        "src_bytes": 500, "dst_bytes": 900, "conn_state": "SF", **other,
    }  # fmt: skip


def office(day: dt.date = DAY, hosts: int = 60) -> list[dict[str, Any]]:
    """Everybody uses the file server; a management server reaches everybody."""
    names = [f"10.0.0.{n}" for n in range(1, hosts + 1)]
    return [
        *(step(name, "10.0.9.1", n % 50, day=day) for n, name in enumerate(names)),
        *(step("10.0.9.2", name, n % 50, 5985, day=day) for n, name in enumerate(names)),
    ]


def history(days: int = 3) -> dict[dt.date, pa.Table]:
    dates = [DAY - dt.timedelta(days=n) for n in range(1, days + 1)]
    return {date: make_flows(office(date)) for date in dates}


PATH = [
    step("10.0.0.7", "10.0.0.20", 100, src_bytes=100), step("10.0.0.20", "10.0.0.31", 130, 3389),
    step("10.0.0.31", "10.0.9.9", 170, 22),
]  # fmt: skip


def test_a_path_is_told_hop_by_hop_and_each_hop_for_its_source() -> None:
    found = check_finder(LateralMovementFinder, make_flows([*office(), *PATH]), earlier=history()).to_pylist()
    edges = {(r["src_ip"], r["dst_ip"]): r for r in found if r["dst_ip"]}
    assert set(edges) == {("10.0.0.7", "10.0.0.20"), ("10.0.0.20", "10.0.0.31"), ("10.0.0.31", "10.0.9.9")}
    assert [r["technique"] for r in edges.values()].count("T1021.002") == 1
    # rare: of 4 other meetings none; of 61 hosts 3 have a fifth of theirs so, and the management server all of its own
    rare = 10 * ((1 + 3 / 5) / 61) / 14
    new = 5 * (3 / (61 * 3)) / 7  # new edges on 0 of 2 days, and on 3 of 61 x 3 days of hosts
    first = edges["10.0.0.7", "10.0.0.20"]
    assert first["p_value"] == pytest.approx(max(rare, new))
    assert first["reason"] == (
        "SMB and RPC to a host of ours, for the first time in 4 days; nobody else did so there; of its 4 other such "
        "meetings none were as rare, of all our hosts' 2.6 %"
    )
    (path,) = [r for r in found if r["dst_ip"] is None and r["host"] == "10.0.0.7"]
    assert path["reason"].startswith(
        "path of 3 hops: 10.0.0.7 → 10.0.0.20 (SMB and RPC at 10:40 UTC, p 0.019) → "
        "10.0.0.31 (RDP at 11:10 UTC, p 0.019) → 10.0.9.9 (SSH at 11:50 UTC, p "
    )
    assert (path["technique"], path["flows"], path["src_bytes"]) == ("T1021", 3, 1100)
    p = [np.array([edges[row["src_ip"], row["dst_ip"]]["p_value"]]) for row in PATH]
    two = np.full(1, 2)  # edges of 10.0.0.7, of which the path's is one; the other hosts' first edges were too early
    assert path["p_value"] == pytest.approx(least_of(3 * both(p[0], both(p[1], p[2])), two)[0])
    assert path["p_value"] < first["p_value"] / 3


def test_who_reaches_everybody_every_day_is_no_lead() -> None:
    assert len(run_finder(LateralMovementFinder(), make_flows(office()), earlier=history())) == 0
    more = make_flows([*office(), step("10.0.9.2", "10.0.0.99", 5, 5985)])
    found = run_finder(LateralMovementFinder(), more, earlier=history()).to_pylist()
    assert found == []


def test_an_edge_of_an_earlier_day_is_no_news() -> None:
    known = {date: make_flows([*office(date), *(step(r["src_ip"], r["dst_ip"], 5, r["dst_port"], date) for r in PATH)])
             for date in history()}  # fmt: skip
    assert len(run_finder(LateralMovementFinder(), make_flows([*office(), *PATH]), earlier=known)) == 0


def test_without_history_rarity_tells() -> None:
    found = run_finder(LateralMovementFinder(), make_flows([*office(), *PATH])).to_pylist()
    assert {row["src_ip"] for row in found} == {"10.0.0.7", "10.0.0.20", "10.0.0.31"}
    (path,) = [row for row in found if row["dst_ip"] is None and row["src_ip"] == "10.0.0.7"]
    assert path["evidence"] == '{"hops": 3}'


def test_no_path_in_the_wrong_order_or_after_too_long() -> None:
    def paths(rows: list[dict[str, Any]], **options: Any) -> list[str]:
        finder = LateralMovementFinder(LateralMovementOptions(**options))
        found = run_finder(finder, make_flows([*office(), *rows]), earlier=history()).to_pylist()
        return [row["src_ip"] for row in found if row["dst_ip"] is None]

    assert paths(PATH) == ["10.0.0.20", "10.0.0.7"]
    assert paths(PATH, hops=1) == []
    assert paths(PATH, wait_h=0.6) == ["10.0.0.7"]
    assert paths([step("10.0.0.7", "10.0.0.20", 100), step("10.0.0.20", "10.0.0.31", 60, 3389)]) == []


def test_failures_other_services_and_hosts_outside_are_no_edges() -> None:
    rows = [
        step("10.0.0.7", "10.0.0.20", 100, conn_state="S0", dst_bytes=0),
        step("10.0.0.7", "10.0.0.21", 100, 443),
        step("10.0.0.7", "203.0.113.5", 100, 22, direction="outbound"),
        step("203.0.113.5", "10.0.0.7", 100, 22, direction="inbound"),
    ]
    assert len(run_finder(LateralMovementFinder(), make_flows([*office(), *rows]), earlier=history())) == 0


@pytest.mark.slow
def test_the_chance_under_the_null_is_not_smaller_than_told() -> None:
    """Hosts that each open administration at a rate of their own, to anybody: few are told."""
    chance = np.random.default_rng(11)
    told = 0
    for _ in range(3):
        days = []
        rates = chance.gamma(0.5, 0.2, size=60)
        for age in range(4):
            day = DAY - dt.timedelta(days=age)
            rows = office(day)
            for host, edges in enumerate(chance.poisson(rates)):
                peers = chance.integers(1, 61, size=edges)
                rows += [step(f"10.0.0.{host + 1}", f"10.0.1.{peer}", int(peer), 22, day) for peer in peers]
            days.append(make_flows(rows))
        found = run_finder(LateralMovementFinder(), days[0],
                           earlier={DAY - dt.timedelta(days=n): days[n] for n in (1, 2, 3)})  # fmt: skip
        told += len({row for row, p in zip(found["host"].to_pylist(), found["p_value"].to_pylist(), strict=True)
                     if p <= 0.02})  # fmt: skip
    assert told / (3 * 61) <= 0.05
