"""Tunnels in names and generated domains: what is told, what is usual, and that the chance is honest."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from flowsleuth.detect.dns_tunnels import DnsTunnelFinder
from flowsleuth.schema import DNS
from flowsleuth.testing.detectors import make_flows
from flowsleuth.testing.findings import check_finder, run_finder

MIDNIGHT = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
WORDS = [
    "mail", "shop", "news", "cloud", "static", "images", "login", "account", "update", "video", "media", "api",
    "assets", "portal", "search", "maps", "drive", "docs", "blog", "store", "support", "help", "music", "photo",
    "travel", "weather", "sport", "bank", "school", "office",
]  # fmt: skip


def at(day: int, second: int = 0) -> dt.datetime:
    return MIDNIGHT + dt.timedelta(days=day, hours=9, seconds=second)


def ask(source: str, query: str, day: int = 0, second: int = 0, **other: Any) -> dict[str, Any]:
    usual = {"start": at(day, second), "dst_ip": "10.0.0.254", "dst_port": 53, "proto": "udp", "qtype": "A"}
    return {"src_ip": source, "query": query, "rcode": "NOERROR", **usual, **other}


def dns(rows: list[dict[str, Any]]) -> pa.Table:
    origin = {"source_kind": "made", "source_file": "made", "source_row": 1}
    whole = [{"event_id": place, **origin, **row} for place, row in enumerate(rows)]
    return pa.Table.from_pylist(whole, schema=DNS.arrow_schema())


def office(day: int = 0, hosts: int = 30) -> list[dict[str, Any]]:
    """Everybody asks for names that others ask, too, and for some that nobody else does."""
    chance = np.random.default_rng([7, day + 50])
    picks = chance.integers(0, len(WORDS), (hosts, 25, 2)).tolist()
    return [
        ask(f"10.0.0.{host + 1}", f"{WORDS[one]}.{WORDS[two]}{host if place < 10 else ''}.com", day, host)
        for host in range(hosts)
        for place, (one, two) in enumerate(picks[host])
    ]


def flows(day: int = 0, hosts: int = 30) -> pa.Table:
    return make_flows(
        [
            {
                "src_ip": f"10.0.0.{host + 1}", "dst_ip": "10.0.0.254", "dst_port": 53, "src_port": 40_000 + host,
                "proto": "udp", "direction": "internal", "start": at(day), "src_bytes": 70, "dst_bytes": 150,
            }
            for host in range(hosts)
        ]
    )  # fmt: skip


def hidden(
    source: str, domain: str, queries: int, seed: int = 1, day: int = 0, length: int = 20
) -> list[dict[str, Any]]:
    """Data in names, 20 octets each as base32."""
    chance = np.random.default_rng([seed, day + 50])
    return [
        ask(
            source, f"{base64.b32encode(chance.bytes(length)).decode().rstrip('=')}.{domain}", day, 300 * n, qtype="TXT"
        )
        for n in range(queries)
    ]


def find(rows: list[dict[str, Any]], earlier: dict[int, list[dict[str, Any]]] | None = None) -> list[dict[str, Any]]:
    days = {at(day).date(): then for day, then in (earlier or {}).items()}
    found: list[dict[str, Any]] = run_finder(
        DnsTunnelFinder(),
        flows(),
        tables={"dns": dns(rows)},
        earlier={date: flows(-1) for date in days},
        earlier_tables={date: {"dns": dns(then)} for date, then in days.items()},
    ).to_pylist()
    return found


def test_a_quiet_tunnel_is_found_and_told_in_full() -> None:
    rows = [*office(), *hidden("10.0.0.7", "t.evil.example.com", 100)]
    (row,) = check_finder(DnsTunnelFinder, flows(), tables={"dns": dns(rows)}).to_pylist()
    assert (row["host"], row["src_ip"], row["dst_ip"], row["server_name"]) == (
        "10.0.0.7",
        "10.0.0.7",
        None,
        "example.com",
    )
    assert (row["proto"], row["service_port"], row["flows"], row["technique"]) == ("udp", 53, 100, "T1071.004")
    assert (row["first_seen"], row["last_seen"]) == (at(0), at(0, 300 * 99))
    assert row["reason"] == (
        "asked for 100 names below the domain in 100 questions; 102 different labels of 31 characters on average hold "
        "1.9 kB: 4.8 bits a character, usual is 2.7, 100 % of a type seldom asked (TXT, NULL …); no earlier day to "
        "compare with; 1 of 30 sources asks there"
    )
    assert row["p_value"] < 0.01


def test_an_office_has_none() -> None:
    assert find(office()) == []


def test_what_all_ask_is_no_tunnel() -> None:
    scanner = [row for host in range(30) for row in hidden(f"10.0.0.{host + 1}", "av.example.net", 60 + host, host)]
    assert all(row["p_value"] > 0.03 for row in find([*office(), *scanner]))


def test_what_it_asks_every_day_is_usual_and_hides_nothing_else() -> None:
    look_ups = {day: hidden("10.0.0.5", "telemetry.example.net", 200, 2, day) for day in range(-6, 1)}
    earlier = {day: [*office(day), *look_ups[day]] for day in range(-6, 0)}
    assert find([*office(), *look_ups[0]], earlier) == []
    assert len(find([*office(), *look_ups[0]])) == 1
    both = [*office(), *look_ups[0], *hidden("10.0.0.5", "evil.example.org", 150)]
    (row,) = find(both, earlier)
    assert row["server_name"] == "example.org"
    assert "; on 6 earlier days at most " in row["reason"]


def test_asking_the_same_again_and_counters_hold_little() -> None:
    again = [ask("10.0.0.7", "c2-checkin-node.example.org", second=n) for n in range(2_000)]
    block_list = [ask("10.0.0.8", f"{n}.0.113.203.bl.example.net", second=n) for n in range(200)]
    assert find([*office(), *again, *block_list]) == []


def test_names_of_the_neighbourhood_are_left_out() -> None:
    local = [
        row | {"query": row["query"].replace("example.org", "corp")} for row in hidden("10.0.0.7", "example.org", 99)
    ]
    near = [row | {"dst_port": 5353} for row in hidden("10.0.0.8", "example.org", 99)]
    reverse = [ask("10.0.0.9", f"{n % 256}.{n // 256}.0.10.in-addr.arpa", qtype="PTR") for n in range(900)]
    assert find([*office(), *local, *near, *reverse]) == []


def test_much_in_names_is_a_leak() -> None:
    rows = hidden("10.0.0.7", "evil.example", 900, length=110)
    split = [row | {"query": ".".join([row["query"][:60], row["query"][60:120], row["query"][120:]])} for row in rows]
    (row,) = find([*office(), *split])
    assert row["technique"] == "T1048.003"


def test_generated_domains_are_told_of_the_host() -> None:
    chance = np.random.default_rng(5)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    made = ["".join(chance.choice(letters, 12)) + ".com" for _ in range(60)]
    rows = [ask("10.0.0.7", name, second=n, rcode="NXDOMAIN") for n, name in enumerate(made)]
    typing = [ask("10.0.0.8", f"{word}{word}.com", rcode="NXDOMAIN") for word in WORDS[:4]]
    (row,) = find([*office(), *typing, *rows])
    assert (row["host"], row["server_name"], row["dst_ip"]) == ("10.0.0.7", None, None)
    assert (row["technique"], row["flows"]) == ("T1568.002", 60)
    assert row["reason"].startswith("asked for 60 domains that nobody found in 60 questions: 4.8 bits a ")
    assert row["reason"].endswith("; no other of 30 sources more than 4")
    usual = {day: [*office(day), *[one | {"start": at(day)} for one in rows]] for day in (-1, -2, -3)}
    assert find([*office(), *rows], usual) == []  # a mail server, a crawler


@pytest.mark.slow
def test_the_chance_under_the_null_is_not_smaller_than_told() -> None:
    chance = np.random.default_rng(17)
    told = tested = 0
    for _ in range(8):
        rows = [
            row
            for host in range(30)
            for site in range(6)
            for row in hidden(
                f"10.0.0.{host + 1}", f"s{host}x{site}.com", 1 + int(chance.pareto(1.2) * 9), host * 7 + site
            )
        ]
        found = find(rows)
        told += len(found)
        tested += 180
    assert 0 < told / tested <= 0.055


def find_in(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run_finder(DnsTunnelFinder(), make_flows(rows)).to_pylist()
    return found


def test_without_names_long_questions_are_told() -> None:
    def asks(source: str, size: int, packets: int = 60) -> list[dict[str, Any]]:
        return [
            {
                "src_ip": source, "dst_ip": "10.0.0.254", "dst_port": 53, "src_port": 30_000 + n, "proto": "udp",
                "direction": "internal", "start": at(0, n),
                "src_bytes": size * packets // 10, "src_packets": packets // 10,
            }
            for n in range(10)
        ]  # fmt: skip

    usual = [row for host in range(60) for row in asks(f"10.0.1.{host + 1}", 60 + host % 12)]
    rows = [*usual, *asks("10.0.1.200", 230), *asks("10.0.1.201", 61, 90_000)]
    (row,) = find_in(rows)
    assert (row["host"], row["dst_ip"], row["flows"]) == ("10.0.1.200", "10.0.0.254", 10)
    assert row["reason"] == (
        "asked names in 60 packets of 230 bytes on average, usual is 65 bytes; 62 sources ask this resolver so often; "
        "no earlier day to compare with; the names are not told"
    )
    assert row["p_value"] == pytest.approx(2_000 / (60 * 130) / 62)  # one of 62; nobody else asks too long
    untold = [row | {"src_packets": None} for row in rows]
    assert ["in 10 flows of 1.4 kB" in row["reason"] for row in find_in(untold)] == [True, False]
    before = {at(-1).date(): make_flows([row | {"start": row["start"] - dt.timedelta(days=1)} for row in rows])}
    assert len(run_finder(DnsTunnelFinder(), make_flows(rows), earlier=before)) == 0


def test_long_questions_beside_the_day_before() -> None:
    def asks(source: str, size: int, packets: int, day: int) -> dict[str, Any]:
        return {
            "src_ip": source, "dst_ip": "10.0.0.254", "dst_port": 53, "src_port": 30_000, "proto": "udp",
            "direction": "internal", "start": at(day), "src_bytes": size * packets, "src_packets": packets,
        }  # fmt: skip

    usual = {day: [asks(f"10.0.1.{n % 60}", 60, 6, day) for n in range(240)] for day in (0, -1)}
    long = [asks("10.0.1.200", 230, 200, 0)] * 3
    earlier = {at(-1).date(): make_flows([*usual[-1], *[asks("10.0.1.200", 101, 90, -1)] * 3])}
    (row,) = run_finder(DnsTunnelFinder(), make_flows([*usual[0], *long]), earlier=earlier).to_pylist()
    assert "; on the day before 270 bytes too long at most; the names" in row["reason"]
