"""Exfiltration: what is told, what is not, and that the chance is honest."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from flowsleuth.detect.exfiltration import ExfiltrationFinder, ExfiltrationOptions
from flowsleuth.detect.findings import no_findings
from flowsleuth.errors import OptionError
from flowsleuth.testing.detectors import make_flows
from flowsleuth.testing.findings import check_finder, run_finder

MIDNIGHT = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
MB = 1_000_000


def flow(source: str, peer: str, sent: int | None, got: int | None, **other: Any) -> dict[str, Any]:
    at = MIDNIGHT + dt.timedelta(days=other.pop("day", 0), hours=other.pop("hour", 10), seconds=other.pop("second", 0))
    usual = {"dst_port": 443, "src_port": 50_000, "proto": "tcp", "direction": "outbound", "start": at}
    return {"src_ip": source, "dst_ip": peer, "src_bytes": sent, "dst_bytes": got, **usual, **other}


def office(day: int = 0, hosts: int = 30, seed: int = 3) -> list[dict[str, Any]]:
    """Everybody browses: what is got is more than what is sent, but for a few."""
    chance = np.random.default_rng([seed, day + 50])
    sizes = chance.lognormal(8.0, 1.0, (hosts, 12, 2)).astype(int).tolist()
    return [
        flow(f"10.0.0.{host + 1}", f"198.51.100.{site + 1}", sizes[host][site][0], sizes[host][site][1] * 3, day=day)
        for host in range(hosts)
        for site in range(12)
    ]


def day_of(day: int) -> dt.date:
    return (MIDNIGHT + dt.timedelta(days=day)).date()


def find(rows: list[dict[str, Any]], **history: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run_finder(ExfiltrationFinder(), make_flows(rows), **history).to_pylist()
    return found


LEAK = [flow("10.0.0.7", "203.0.113.9", 100 * MB, 50_000, second=n) for n in range(4)]


def test_a_leak_is_found_and_told_in_full() -> None:
    earlier = {day_of(-n): make_flows(office(-n)) for n in (1, 2, 3)}
    (row,) = check_finder(ExfiltrationFinder, make_flows([*office(), *LEAK]), earlier=earlier).to_pylist()
    assert (row["host"], row["src_ip"], row["dst_ip"]) == ("10.0.0.7", "10.0.0.7", "203.0.113.9")
    assert (row["proto"], row["service_port"], row["flows"], row["technique"]) == ("tcp", 443, 4, "T1567")
    assert (row["src_bytes"], row["dst_bytes"]) == (400 * MB, 200_000)
    assert row["first_seen"] == MIDNIGHT + dt.timedelta(hours=10)
    assert row["reason"] == (
        "sent 400 MB to 203.0.113.9 over 443/tcp in 4 flows, got 200 kB; on 3 earlier days never 10.0 kB net to one "
        "that it does not send to regularly; 1 of our 30 senders deals with it; no other sent anyone over 30.2 kB net "
        "over 443/tcp"
    )
    # one of four days, and 400 MB less 200 kB is 3,998 times what is worth a look, which no day before had
    assert row["p_value"] == pytest.approx(1 / 4 / 3998, rel=1e-9)
    assert json.loads(row["evidence"])["hosts_there"] == 1


def test_an_office_that_browses_has_none() -> None:
    assert find(office()) == []


def test_what_is_sent_every_night_is_usual_and_hides_nothing_else() -> None:
    night = {day: [flow("10.0.0.5", "203.0.113.50", 900 * MB, MB, day=day)] for day in range(-7, 1)}
    earlier = {day_of(day): make_flows([*office(day), *night[day]]) for day in range(-7, 0)}
    assert find([*office(), *night[0]], earlier=earlier) == []
    assert len(find([*office(), *night[0]])) == 1  # nobody can know without the days before
    leak = [flow("10.0.0.5", "203.0.113.9", 400 * MB, 50_000)]
    (row,) = find([*office(), *night[0], *leak], earlier=earlier)
    assert row["dst_ip"] == "203.0.113.9"
    assert "on 7 earlier days at most 21.7 kB net to one that it does not send to regularly" in row["reason"]


def test_a_host_that_sends_much_to_somebody_new_each_day_is_usual() -> None:
    def relay(day: int) -> list[dict[str, Any]]:
        return [flow("10.0.0.5", f"203.0.113.{100 + day}", 300 * MB, MB, dst_port=25, day=day)]

    earlier = {day_of(day): make_flows([*office(day), *relay(day)]) for day in range(-7, 0)}
    assert find([*office(), *relay(0)], earlier=earlier) == []


def test_a_video_call_and_a_download_are_none() -> None:
    call = [flow("10.0.0.7", "203.0.113.9", 800 * MB, 810 * MB)]
    download = [flow("10.0.0.8", "203.0.113.10", 20 * MB, 4_000 * MB)]
    assert find([*office(), *call, *download]) == []


def test_what_all_hosts_send_to_is_no_drop_off() -> None:
    backup = [flow(f"10.0.0.{host + 1}", "203.0.113.50", (100 + host) * MB, MB) for host in range(30)]
    assert [row["p_value"] for row in find([*office(), *backup])] == [pytest.approx(127 / 128 / 30)]  # by rank alone


def test_sent_inside_is_not_sent_out_but_named_when_it_is_collected() -> None:
    inside = [
        flow(f"10.0.0.{host}", "10.0.0.7", 90 * MB, 9_000, dst_port=445, direction="internal", hour=9)
        for host in range(20, 25)
    ]
    assert find([*office(), *inside]) == []
    (row,) = find([*office(), *inside, *LEAK])
    assert row["reason"].endswith("; had got 450 MB from 5 of our hosts")
    (row,) = find([*office(), *[one | {"start": MIDNIGHT + dt.timedelta(hours=11)} for one in inside], *LEAK])
    assert "had got" not in row["reason"]  # only afterwards


def test_a_slow_drip_is_compared_with_the_like() -> None:
    drip = [flow("10.0.0.7", "203.0.113.9", 9_000, 400, second=60 * n) for n in range(400)]
    large = [flow(f"10.0.0.{host}", "203.0.113.77", 5 * MB, 9_000) for host in range(10, 20)]
    found = {row["dst_ip"]: row for row in find([*office(), *large, *drip])}
    assert "sent 3.6 MB to 203.0.113.9 over 443/tcp in 400 flows of at most 9.0 kB" in found["203.0.113.9"]["reason"]
    assert "203.0.113.77" not in found


def test_many_receivers_of_earlier_days_are_not_one() -> None:
    def mail(day: int) -> list[dict[str, Any]]:
        return [flow("10.0.0.7", f"192.0.{2 - day}.{n}", 40_000, 400, dst_port=25, day=day) for n in range(200)]

    drip = [flow("10.0.0.7", "203.0.113.9", 9_000, 400, second=60 * n) for n in range(400)]
    earlier = {day_of(day): make_flows([*office(day), *mail(day)]) for day in (-3, -2, -1)}
    assert [row["dst_ip"] for row in find([*office(), *drip], earlier=earlier)] == ["203.0.113.9"]


def test_one_way_records_give_the_same_and_half_of_them_say_what_is_not_known() -> None:
    halves = [
        one
        for row in [*office(), *LEAK]
        for one in (
            row | {"dst_bytes": None},
            row
            | {"src_ip": row["dst_ip"], "dst_ip": row["src_ip"], "src_port": 443, "dst_port": 50_000}
            | {"src_bytes": row["dst_bytes"], "dst_bytes": None, "direction": "inbound"},
        )
    ]
    halves = [
        row | {("src_port" if row["dst_port"] == 443 else "dst_port"): 40_000 + place // 2}
        for place, row in enumerate(halves)
    ]
    (both,), (split,) = find([*office(), *LEAK]), find(halves)
    assert split["p_value"] == pytest.approx(both["p_value"])
    assert (split["src_bytes"], split["dst_bytes"], split["flows"]) == (400 * MB, 200_000, 8)
    half = [row | {"dst_bytes": None} for row in [*office(), *LEAK]]
    (only,) = [row for row in find(half) if row["dst_ip"] == "203.0.113.9"]
    assert "in 4 flows; what came back is not told; no earlier day" in only["reason"]
    assert only["dst_bytes"] is None


def test_who_is_asked_for_much_is_told_as_the_server_that_it_is() -> None:
    asked = [
        flow(f"203.0.113.{n + 1}", "10.0.0.9", 2_000, 30_000 + n, dst_port=8443, direction="inbound") for n in range(60)
    ]
    leak = [flow("203.0.113.200", "10.0.0.9", 90_000, 700 * MB, dst_port=8443, direction="inbound")]
    (row,) = find([*office(), *asked, *leak])
    assert (row["host"], row["src_ip"], row["dst_ip"]) == ("10.0.0.9", "203.0.113.200", "10.0.0.9")
    assert (row["src_bytes"], row["dst_bytes"]) == (90_000, 700 * MB)
    assert "sent 700 MB to 203.0.113.200 from its own 8443/tcp in 1 flow, got 90.0 kB" in row["reason"]


def test_one_name_of_many_addresses_is_one_receiver() -> None:
    parts = [flow("10.0.0.7", f"203.0.113.{n}", 40 * MB, 900, server_name="Drop.Example") for n in range(10)]
    (row,) = find([*office(), *parts])
    assert (row["dst_ip"], row["server_name"], row["src_bytes"]) == (None, "drop.example", 400 * MB)


def test_much_to_many_is_told_of_the_host() -> None:
    spam = [flow("10.0.0.7", f"203.0.113.{n}", 90_000, 2_000, dst_port=25) for n in range(200)]
    row = next(row for row in find([*office(), *spam]) if row["dst_ip"] is None)
    assert row["reason"] == (
        "sent 17.6 MB more than it got to 200 receivers, at most 88.0 kB to one; no earlier day to compare with; "
        "no other of our 29 sent over 59.1 kB"
    )
    assert (row["flows"], row["service_port"], row["proto"]) == (212, None, None)


def test_nothing_to_count_is_nothing_found() -> None:
    assert find([row | {"src_bytes": None, "dst_bytes": None} for row in [*office(), *LEAK]]) == []
    assert find([flow("10.0.0.7", "203.0.113.9", 400 * MB, 100)]) == []  # nobody and nothing to compare with
    assert find([row | {"conn_state": "S0"} for row in LEAK] + office()) == []


def test_multicast_is_nobody_and_hides_nothing_else() -> None:
    def camera(day: int) -> list[dict[str, Any]]:
        return [flow("10.0.0.7", f"239.1.2.{9 - day}", 900 * MB, 0, proto="udp", dst_port=5004, day=day)]

    assert find([*office(), *camera(0)]) == []
    earlier = {day_of(day): make_flows([*office(day), *camera(day)]) for day in (-3, -2, -1)}
    assert [row["dst_ip"] for row in find([*office(), *LEAK], earlier=earlier)] == ["203.0.113.9"]


@pytest.mark.slow
def test_the_chance_under_the_null_is_not_smaller_than_told() -> None:
    chance = np.random.default_rng(11)
    told: list[float] = []
    tested = 0
    for _ in range(12):
        sizes = chance.lognormal(13.0, 2.5, (40, 10)).astype(int).tolist()
        rows = [
            flow(f"10.0.0.{host}", f"198.51.{host}.{site}", sizes[host][site], 0)
            for host in range(40)
            for site in range(10)
        ]
        found = run_finder(ExfiltrationFinder(), make_flows(rows))
        told += [row["p_value"] for row in found.to_pylist() if row["dst_ip"]]
        tested += 400
    p_value = np.array(told)
    assert len(p_value) / tested <= 0.055
    assert np.count_nonzero(p_value <= 0.01) / tested <= 0.0125
    assert np.count_nonzero(p_value <= 0.001) / tested <= 0.002


def test_the_least_is_an_option_with_bounds() -> None:
    small = [flow("10.0.0.7", "203.0.113.9", 60_000, 500)]
    assert find([*office(), *small]) == []
    rows = run_finder(ExfiltrationFinder(ExfiltrationOptions(least=20_000.0)), make_flows([*office(), *small]))
    assert "203.0.113.9" in rows["dst_ip"].to_pylist()
    with pytest.raises(OptionError):
        ExfiltrationOptions(least=10.0)


def test_a_day_without_flows_has_no_findings() -> None:
    empty: pa.Table = run_finder(ExfiltrationFinder(), make_flows([]))
    assert empty.schema == no_findings().schema
