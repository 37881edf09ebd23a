"""Beacons of a day: by its own connections, by two weeks, by DNS; not what everybody does."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from flowsleuth.detect.clues.common_conduct import others_share, sources_of
from flowsleuth.detect.daily_beacons import DailyBeaconFinder, DailyBeaconOptions
from flowsleuth.errors import OptionError
from flowsleuth.schema import DNS
from flowsleuth.testing.detectors import make_flows
from flowsleuth.testing.findings import check_finder, run_finder

MIDNIGHT = dt.datetime(2024, 5, 10, tzinfo=dt.UTC)
DAY = 86_400.0
Rows = list[dict[str, Any]]


def connect(source: str, peer: str, seconds: Any, day: int = 0, **more: Any) -> Rows:
    """Connections at some seconds of a day."""
    usual = {"dst_port": 443, "proto": "tcp", "direction": "outbound", "duration_s": 0.2, "dst_bytes": 10, **more}
    begin = MIDNIGHT + dt.timedelta(days=day)
    return [
        {"src_ip": source, "dst_ip": peer, "start": begin + dt.timedelta(seconds=float(s)), **usual} for s in seconds
    ]


def office(rng: np.random.Generator, hosts: int = 40, peers: int = 10) -> Rows:
    """Hosts that connect to peers without memory."""
    pairs = [(f"10.0.0.{host + 1}", f"198.51.{peer}.{host + 1}") for host in range(hosts) for peer in range(peers)]
    return [row for s, p in pairs for row in connect(s, p, np.sort(rng.uniform(0, DAY, rng.integers(1, 30))))]


def every(period: float, jitter: float = 0.0, begin: float = 5.0, end: float = DAY) -> np.ndarray:
    rng = np.random.default_rng(3)
    at = begin + np.cumsum(period * (1 + rng.uniform(-jitter, jitter, int(2 * (end - begin) / period))))
    return at[at < end]


def days_of(seconds: np.ndarray, source: str, peer: str) -> dict[dt.date, pa.Table]:
    """Flows of earlier days from seconds before or after midnight of the day."""
    on = np.floor(seconds / DAY).astype(int)
    return {
        (MIDNIGHT + dt.timedelta(days=int(day))).date(): make_flows(
            connect(source, peer, seconds[on == day] - day * DAY, int(day))
        )
        for day in np.unique(on[on < 0])
    }


def told(found: pa.Table, source: str) -> Rows:
    return [row for row in found.to_pylist() if row["src_ip"] == source]


def test_a_beacon_of_the_day_is_found_and_told_in_full():
    rows = office(np.random.default_rng(1))
    rows += connect("10.0.0.7", "203.0.113.9", every(600, 0.2), src_bytes=100)
    found = check_finder(DailyBeaconFinder, make_flows(rows)).sort_by("p_value").to_pylist()
    row = found[0]
    assert (row["host"], row["src_ip"], row["dst_ip"], row["server_name"]) == (
        "10.0.0.7",
        "10.0.0.7",
        "203.0.113.9",
        None,
    )
    assert (row["proto"], row["service_port"], row["technique"]) == ("tcp", 443, "T1071")
    assert row["flows"] == len(every(600, 0.2)) and row["src_bytes"] == 100 * row["flows"]
    assert row["p_value"] == pytest.approx(1 / 401, rel=0.1)  # the most even of 401 pairs, and as even as 1 in 401
    assert row["score"] > 0.8
    assert row["reason"].startswith("every 10 min ± ") and "; not by chance; " in row["reason"]
    assert row["reason"].endswith("; no other host of ours does")


@pytest.mark.slow
@pytest.mark.parametrize("hours", [8, 24, 72])
def test_sleepers_of_hours_and_days_are_found_over_the_days_before(hours):
    seconds = np.arange(-14 * DAY + 3_000, DAY, hours * 3_600.0)
    rows = office(np.random.default_rng(1))
    rows += connect("10.0.0.8", "203.0.113.10", seconds[seconds >= 0] if hours < 72 else [3_000.0])
    if hours == 72:
        seconds = np.arange(-12 * DAY + 3_000, DAY, 3 * DAY)
    earlier = days_of(seconds, "10.0.0.8", "203.0.113.10")
    (row,) = [r for r in told(run_finder(DailyBeaconFinder(), make_flows(rows), earlier=earlier), "10.0.0.8")
              if r["dst_ip"] == "203.0.113.10"]  # fmt: skip
    assert row["p_value"] < 0.01
    assert f"every {hours}.0 h, {seconds.size} beats on " in row["reason"]
    assert row["flows"] == np.sum(seconds >= 0)  # those of the day
    alone = run_finder(DailyBeaconFinder(), make_flows(rows))
    assert not [r for r in told(alone, "10.0.0.8") if r["dst_ip"] == "203.0.113.10"]


def test_office_hours_and_weekends_do_not_hide_a_slow_beacon():
    workdays = [day for day in range(-14, 1) if (MIDNIGHT + dt.timedelta(days=day)).weekday() < 5]
    seconds = np.concatenate([day * DAY + np.arange(9, 17) * 3_600.0 for day in workdays])
    rows = office(np.random.default_rng(2)) + connect("10.0.0.9", "203.0.113.11", seconds[seconds >= 0])
    found = run_finder(DailyBeaconFinder(), make_flows(rows), earlier=days_of(seconds, "10.0.0.9", "203.0.113.11"))
    row = next(r for r in told(found, "10.0.0.9") if r["dst_ip"] == "203.0.113.11")
    assert row["p_value"] < 0.01 and f"{seconds.size} beats on 11 days" in row["reason"]


def test_one_name_behind_many_addresses_is_one_peer():
    rows = office(np.random.default_rng(1))
    for n, at in enumerate(every(900)):
        rows += connect(
            "10.0.0.3", f"192.0.2.{n % 7}", [at], server_name="Cdn.Example.org" if n % 2 else "cdn.example.org"
        )
    row = next(r for r in told(run_finder(DailyBeaconFinder(), make_flows(rows)), "10.0.0.3") if r["server_name"])
    assert (row["server_name"], row["dst_ip"], row["flows"]) == ("cdn.example.org", None, len(every(900)))


def questions(source: str, name: str, seconds: Any, port: int = 53, day: int = 0) -> pa.Table:
    begin = MIDNIGHT + dt.timedelta(days=day)
    rows = [
        {"event_id": n, "start": begin + dt.timedelta(seconds=float(at)), "src_ip": source, "dst_ip": "10.0.0.53",
         "dst_port": port, "proto": "udp", "query": name, "source_kind": "made", "source_file": "made", "source_row": n}
        for n, at in enumerate(seconds)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=DNS.arrow_schema())


def test_who_asks_for_a_name_at_regular_times_is_found():
    rng = np.random.default_rng(4)
    some = [questions(f"10.0.0.{n % 20 + 1}", f"w{n}.example", np.sort(rng.uniform(0, DAY, 8))) for n in range(100)]
    asked = pa.concat_tables([*some, questions("10.0.0.5", "C2.example.net", every(1_200, 0.1)),
                              questions("10.0.0.6", "printer._tcp.local", every(60), port=5_353)])  # fmt: skip
    flows = make_flows(office(rng, hosts=20, peers=1))
    (row, *others) = check_finder(DailyBeaconFinder, flows, tables={"dns": asked}).sort_by("p_value").to_pylist()
    assert (row["src_ip"], row["server_name"], row["dst_ip"]) == ("10.0.0.5", "c2.example.net", None)
    assert (row["proto"], row["service_port"], row["technique"]) == ("udp", 53, "T1071.004")
    assert row["flows"] == len(every(1_200, 0.1)) and row["src_bytes"] is None
    assert all(one["server_name"] != "printer._tcp.local" for one in others)


def test_a_resolver_is_a_peer_only_where_no_names_are_told():
    rows = office(np.random.default_rng(1))
    rows += connect("10.0.0.5", "9.9.9.9", every(600), dst_port=53, proto="udp")
    asked = questions("10.0.0.5", "w.example", [1, 2])
    for tables, found in (({}, True), ({"dns": asked}, False)):
        told_of = run_finder(DailyBeaconFinder(), make_flows(rows), tables=tables)["dst_ip"].to_pylist()
        assert ("9.9.9.9" in told_of) == found


def test_what_everybody_beats_to_is_no_finding():
    rows = office(np.random.default_rng(5))
    for host in range(30):  # updates of three quarters of all; and clocks, each of another server
        rows += connect(f"10.0.0.{host + 1}", "192.0.2.77", every(1_800, 0.05, begin=host))
        rows += connect(f"10.0.0.{host + 1}", f"192.0.3.{host}", every(1_024), dst_port=123, proto="udp")
        rows += connect(f"10.0.0.{host + 1}", f"192.0.4.{host}", every(700), dst_port=8_883)
    found = run_finder(DailyBeaconFinder(), make_flows(rows))
    assert not {row["dst_ip"].rsplit(".", 1)[0] for row in found.to_pylist()} & {"192.0.2", "192.0.3", "192.0.4"}


def test_without_memory_p_values_are_no_smaller_than_they_say():
    rng = np.random.default_rng(6)
    p_values = np.concatenate(
        [run_finder(DailyBeaconFinder(), make_flows(office(rng, 30, 10)))["p_value"].to_numpy() for _ in range(8)]
    )
    for level in (0.05, 0.02, 0.01):
        assert np.sum(p_values <= level) / (8 * 300) <= level * 1.1


def test_a_scan_makes_nobody_look_rare():
    rows = office(np.random.default_rng(1), hosts=10) + connect("10.0.0.3", "203.0.113.9", every(600))
    scan = [
        row for n in range(2_000) for row in connect("10.0.0.9", f"172.16.{n // 250}.{n % 250}", [n], conn_state="S0")
    ]
    plain, scanned = (
        min(row["p_value"] for row in told(run_finder(DailyBeaconFinder(), make_flows(flows)), "10.0.0.3"))
        for flows in (rows, rows + scan)
    )
    assert scanned == pytest.approx(plain, rel=0.2)


def test_what_comes_from_outside_and_goes_to_groups_is_left_out():
    rows = office(np.random.default_rng(1))
    rows += connect("203.0.113.5", "10.0.0.1", every(600), direction="inbound")
    rows += connect("10.0.0.2", "239.255.255.250", every(600)) + connect("10.0.0.2", "10.0.0.255", every(600))
    found = run_finder(DailyBeaconFinder(), make_flows(rows)).to_pylist()
    assert not {row["dst_ip"] for row in found} & {"10.0.0.1", "239.255.255.250", "10.0.0.255"}


def test_shares_of_others_by_hand():
    strength = np.array([9.0, 9.0, 1.0, 9.0, 9.0])
    src, peer, service = np.array([0, 1, 2, 0, 0]), np.array([5, 5, 5, 6, 7]), np.array([443, 443, 443, 81, 81])
    # One of two others beats to peer 5; nobody else uses 81, and a host's own two pairs do not vouch for one another.
    assert others_share(strength, src, peer, service, np.array([0, 3, 4])).tolist() == [0.5, 0.0, 0.0]
    assert sources_of(src, peer).tolist() == [3, 3, 3, 1, 1]
    assert others_share(strength[:1], src[:1], peer[:1], service[:1], np.array([0])).tolist() == [0.0]


def test_options():
    with pytest.raises(OptionError):
        DailyBeaconOptions(least=4)
