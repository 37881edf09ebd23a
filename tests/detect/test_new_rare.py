"""New and rare destinations, services and programs."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pyarrow as pa
import pytest

from flowsleuth.detect.new_rare import NewRareFinder, NewRareOptions
from flowsleuth.schema import TABLES
from flowsleuth.testing.detectors import make_flows
from flowsleuth.testing.findings import check_finder, run_finder

DAY = dt.date(2024, 5, 1)
ROUTINE = ("mail.example.com", "www.example.org", "cdn.example.net", "files.example.edu")


def at(day: dt.date, second: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(8), dt.UTC) + dt.timedelta(seconds=second)


def talk(source: str, peer: str, day: dt.date = DAY, second: int = 0, **other: Any) -> dict[str, Any]:
    return {
        "src_ip": source, "dst_ip": peer, "src_port": 50000, "dst_port": 443, "proto": "tcp", "direction": "outbound",
        "start": at(day, second), "src_bytes": 100, "dst_bytes": 200, "conn_state": "SF", **other,
    }  # fmt: skip


def office(day: dt.date, hosts: int = 40) -> list[dict[str, Any]]:
    """Everybody meets the same four names, at addresses that change."""
    return [
        talk(f"10.0.0.{host + 1}", f"203.0.113.{(host + n + day.day) % 200 + 1}", day, 60 * n, server_name=name)
        for host in range(hosts)
        for n, name in enumerate(ROUTINE)
    ]


def history(days: int = 6) -> dict[dt.date, pa.Table]:
    dates = [DAY - dt.timedelta(days=n + 1) for n in range(days)]
    return {date: make_flows(office(date)) for date in dates}


def beacon(source: str, times: int, **other: Any) -> list[dict[str, Any]]:
    return [talk(source, "198.51.100.9", second=900 * n, **other) for n in range(times)]


def test_a_name_that_nobody_met_is_found_and_told_in_full() -> None:
    flows = make_flows([*office(DAY), *beacon("10.0.0.7", 24, server_name="c2.evil.test")])
    (row,) = check_finder(NewRareFinder, flows, earlier=history()).to_pylist()
    assert (row["host"], row["src_ip"], row["dst_ip"]) == ("10.0.0.7", "10.0.0.7", "198.51.100.9")
    assert (row["server_name"], row["proto"], row["service_port"], row["flows"]) == ("c2.evil.test", "tcp", 443, 24)
    assert (row["src_bytes"], row["dst_bytes"], row["technique"]) == (2400, 4800, "T1071")
    assert (row["first_seen"], row["last_seen"]) == (at(DAY, 0), at(DAY, 23 * 900))
    chance = 10 * (1 / 29) / 40 / (28 + 10)  # none of its 28 others; one of 29 meetings of one of 40 hosts
    assert row["p_value"] == pytest.approx(chance * (1 - math.log(chance)))
    assert row["reason"] == (
        "no other host met it, first seen today, in 7 days; of this host's 28 other meetings none was so unfamiliar; "
        "of everybody's 0.086 %; 24 connections in 6 hours, as much as 100 % of hosts that met such"
    )


def test_one_that_meets_strangers_all_day_is_not_found_for_one_more() -> None:
    strangers = [talk("10.0.0.7", "198.51.100.9", second=n, server_name=f"www.stranger{n}.test") for n in range(60)]
    flows = make_flows([*office(DAY), *strangers])
    assert len(run_finder(NewRareFinder(), flows, earlier=history())) == 0


def cloud(day: dt.date, number: int | None = None) -> list[dict[str, Any]]:
    """Everybody meets an address of his own each day, as behind a content network."""
    return [talk(f"10.0.0.{host}", f"203.0.113.{host + day.day * 7}", day, dst_as=number) for host in range(1, 31)]


def test_an_address_of_a_network_that_everybody_meets_says_little() -> None:
    dates = [DAY - dt.timedelta(days=n) for n in range(1, 5)]
    plain = {date: make_flows(cloud(date)) for date in dates}
    told = {date: make_flows(cloud(date, 64500)) for date in dates}
    rows = [{"observable": f"203.0.113.{n}", "observable_type": "ip", "fact": "asn", "value": "64500", "source": "x"}
            for n in range(256)]  # fmt: skip
    facts = {"fact": pa.Table.from_pylist(rows, schema=TABLES["fact"].arrow_schema())}
    odd = beacon("10.0.0.7", 30)
    assert len(run_finder(NewRareFinder(), make_flows([*cloud(DAY), *odd]), earlier=plain)) == 0
    by_flows = run_finder(NewRareFinder(), make_flows([*cloud(DAY, 64500), *odd]), earlier=told)
    by_facts = run_finder(NewRareFinder(), make_flows([*cloud(DAY), *odd]), earlier=plain, tables=facts)
    assert by_flows["dst_ip"].to_pylist() == ["198.51.100.9"]
    assert by_facts.equals(by_flows)


def test_a_port_that_nobody_asks_for_is_found_where_few_ports_are_in_use() -> None:
    flows = make_flows([*office(DAY), talk("10.0.0.7", "203.0.113.8", server_name=ROUTINE[0], dst_port=4444)])
    found = run_finder(NewRareFinder(), flows, earlier=history()).to_pylist()
    (row,) = [row for row in found if row["technique"] == "T1571"]
    assert (row["host"], row["service_port"], row["dst_ip"]) == ("10.0.0.7", 4444, "203.0.113.8")
    assert row["reason"].startswith("asks for 4444/tcp: no other host met it, first seen today, in 7 days; ")


def test_what_failed_was_multicast_or_came_from_outside_is_no_meeting() -> None:
    rows = [
        *office(DAY),
        talk("10.0.0.7", "198.51.100.9", conn_state="S0", dst_bytes=0, server_name="down.evil.test"),
        talk("10.0.0.7", "239.1.2.3", proto="udp", dst_port=9999, conn_state=None),
        talk("198.51.100.44", "10.0.0.9", direction="inbound", dst_port=8888),
    ]
    assert len(run_finder(NewRareFinder(), make_flows(rows), earlier=history())) == 0


def test_a_protocol_that_the_records_do_not_name_is_no_new_service() -> None:
    """What a sensor could not name may be one protocol or many, old ones among them."""
    to = {"server_name": ROUTINE[0], "src_port": None}
    told = {
        name: run_finder(NewRareFinder(), make_flows([*office(DAY), *rows]), earlier=history())
        for name, rows in {
            "esp": [talk("10.0.0.7", "203.0.113.8", proto="esp", dst_port=None, **to)],
            "unnamed": [talk("10.0.0.7", "203.0.113.8", proto=None, dst_port=None, **to)],
        }.items()
    }
    assert [row["reason"].split(":")[0] for row in told["esp"].to_pylist()] == ["asks for esp"]
    assert not len(told["unnamed"])


def test_fewer_days_are_looked_at_when_told() -> None:
    flows = make_flows([*office(DAY), *beacon("10.0.0.7", 24, server_name="c2.evil.test")])
    found = run_finder(NewRareFinder(NewRareOptions(days=2)), flows, earlier=history())
    assert "in 3 days" in found["reason"][0].as_py()


def events(table: str, rows: list[dict[str, Any]]) -> pa.Table:
    usual = {"source_kind": "made", "source_file": "made"}
    whole = [{**usual, "event_id": n + 1, "source_row": n + 1, **row} for n, row in enumerate(rows)]
    return pa.Table.from_pylist(whole, schema=TABLES[table].arrow_schema())


def shake(source: str, day: dt.date, **other: Any) -> dict[str, Any]:
    return {"src_ip": source, "dst_ip": "203.0.113.9", "dst_port": 443, "start": at(day, 5), "ja3": "a" * 32,
            "issuer": "CN=A Trusted Authority", "subject": "CN=www.example.org", **other}  # fmt: skip


@pytest.mark.parametrize(
    ("table", "odd", "technique", "words"),
    [
        ("tls", {"ja3": "b" * 32}, "T1071.001", f"TLS client {'b' * 32}: no other host met it, first seen today"),
        ("tls", {"ja4": "t13d1516h2"}, "T1071.001", "TLS client t13d1516h2: "),
        ("tls", {"issuer": "CN=x", "subject": "CN=x"}, "T1573", "certificate by self-signed CN=x: "),
        ("http", {"user_agent": "Evil/1.0"}, "T1071.001", "user agent Evil/1.0: no other host met it"),
    ],
)
def test_a_program_that_nobody_else_has_is_found(table: str, odd: dict[str, str], technique: str, words: str) -> None:
    def usual(day: dt.date) -> list[dict[str, Any]]:
        rows = [shake(f"10.0.0.{host + 1}", day) for host in range(40)]
        if table == "tls":
            return rows
        keep = ("src_ip", "dst_ip", "dst_port", "start")
        return [{**{k: row[k] for k in keep}, "user_agent": f"Browser/{day.day}.0"} for row in rows]

    base = usual(DAY)
    strange = [{**base[6], **odd, "dst_ip": "198.51.100.9", "start": at(DAY, 600 * n)} for n in range(20)]
    days = history(2)
    find = check_finder if "ja3" in odd else lambda make, *day, **more: run_finder(make(), *day, **more)
    found = find(
        NewRareFinder,
        make_flows([*office(DAY), talk("10.0.0.7", "198.51.100.9", server_name=ROUTINE[0])]),
        earlier=days,
        tables={table: events(table, [*base, *strange])},
        earlier_tables={date: {table: events(table, usual(date))} for date in days},
    ).to_pylist()
    (row,) = found
    assert (row["host"], row["dst_ip"], row["technique"], row["flows"]) == (
        "10.0.0.7", "198.51.100.9", technique, 20,
    )  # fmt: skip
    assert row["reason"].startswith(words)
