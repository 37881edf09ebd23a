"""Hosts of ours that met what is listed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from flowsleuth.detect.intelligence_hits import IntelligenceFinder, IntelligenceOptions
from flowsleuth.schema import TABLES
from flowsleuth.testing.detectors import make_flows
from flowsleuth.testing.findings import check_finder, run_finder

NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)


def listed(*indicators: str, feed: str = "c2", **other: Any) -> list[dict[str, Any]]:
    kinds = ["cidr" if "/" in i else "ipv4" if i[-1].isdigit() else "domain" for i in indicators]
    return [
        {"feed": feed, "indicator": text, "indicator_type": kind, "is_exact": False, "severity": "high", "mentions": 1,
         "feed_format": "plain", "as_of": NOON, "source_file": "made", "source_row": n + 1, **other}
        for n, (text, kind) in enumerate(zip(indicators, kinds, strict=True))
    ]  # fmt: skip


def table(rows: list[dict[str, Any]]) -> dict[str, pa.Table]:
    return {"indicator": pa.Table.from_pylist(rows, schema=TABLES["indicator"].arrow_schema())}


def out(source: str, peer: str, **other: Any) -> dict[str, Any]:
    return {"src_ip": source, "dst_ip": peer, "dst_port": 443, "proto": "tcp", "direction": "outbound",
            "src_bytes": 100, "dst_bytes": 4000, "conn_state": "SF", **other}  # fmt: skip


def office(hosts: int = 40) -> list[dict[str, Any]]:
    return [out(f"10.0.0.{n + 1}", "203.0.113.5", server_name="www.example.org") for n in range(hosts)]


VAIN = {"conn_state": "S0", "dst_bytes": 0}


def test_one_host_that_talks_to_a_listed_address_is_told_in_full() -> None:
    feed = table(listed("198.51.100.9", "192.0.2.77", threat="Emotet", valid_from=NOON - dt.timedelta(days=30)))
    flows = make_flows([*office(), *[out("10.0.0.7", "198.51.100.9")] * 3])
    (row,) = check_finder(IntelligenceFinder, flows, tables=feed).to_pylist()
    assert (row["host"], row["src_ip"], row["dst_ip"]) == ("10.0.0.7", "10.0.0.7", "198.51.100.9")
    assert (row["flows"], row["src_bytes"], row["dst_bytes"], row["technique"]) == (3, 300, 12000, "T1071")
    random = 1 - (1 - 2 / 3.7e9) ** 2  # two addresses listed, two peers
    assert row["p_value"] == pytest.approx(10 * random / 49, rel=1e-6)
    assert row["reason"] == (
        "3 connections, answered, to 198.51.100.9 of the feed c2 (Emotet, severity high, listed for 30 days), "
        "300 bytes there, 12.0 kB back; 0 of 39 other hosts of ours met that feed so"
    )


def test_a_network_and_a_name_below_a_listed_domain_are_met() -> None:
    flows = make_flows(
        [*office(), out("10.0.0.7", "198.51.100.9"), out("10.0.0.8", "203.0.113.6", server_name="a.evil.com")]
    )
    found = run_finder(IntelligenceFinder(), flows, tables=table(listed("198.51.100.0/24", "evil.com"))).to_pylist()
    assert [(row["host"], row["dst_ip"], row["server_name"]) for row in found] == [
        ("10.0.0.7", "198.51.100.9", None), ("10.0.0.8", "203.0.113.6", "a.evil.com"),
    ]  # fmt: skip


def test_a_feed_that_hits_every_host_says_little() -> None:
    feed = table(listed("203.0.113.5"))
    assert len(run_finder(IntelligenceFinder(), make_flows(office()), tables=feed)) == 0
    every = run_finder(IntelligenceFinder(IntelligenceOptions(most_p=1.0)), make_flows(office()), tables=feed)
    assert every["p_value"].to_numpy() == pytest.approx(np.full(40, 39 / 49), rel=1e-6)


def test_a_long_list_is_met_by_chance() -> None:
    flows = make_flows([*office(), out("10.0.0.7", "198.51.100.9")])
    short = run_finder(IntelligenceFinder(), flows, tables=table(listed("198.51.100.9")))
    long = run_finder(IntelligenceFinder(), flows, tables=table(listed("198.0.0.0/7")))
    assert long["p_value"][0].as_py() > 1e6 * short["p_value"][0].as_py()
    half = IntelligenceFinder(IntelligenceOptions(most_p=1.0))
    assert run_finder(half, flows, tables=table(listed("128.0.0.0/1")))["p_value"][0].as_py() > 0.05


def test_scanners_that_were_refused_met_nothing_and_answers_to_them_are_weak() -> None:
    feed, inward = table(listed("198.51.100.9")), {"direction": "inbound", "dst_port": 22}
    refused = [out("198.51.100.9", f"10.0.0.{n}", **inward, **VAIN) for n in range(1, 30)]
    finder = IntelligenceFinder(IntelligenceOptions(most_p=1.0))
    assert len(run_finder(finder, make_flows([*office(), *refused]), tables=feed)) == 0
    answered = make_flows([*office(), out("198.51.100.9", "10.0.0.7", **inward)])
    (row,) = run_finder(finder, answered, tables=feed).to_pylist()
    assert (row["host"], row["src_ip"], row["dst_ip"], row["technique"]) == (
        "10.0.0.7", "198.51.100.9", "10.0.0.7", "T1190",
    )  # fmt: skip
    assert row["p_value"] == pytest.approx(10 * 0.5 / 49)


def test_a_connection_in_vain_counts_with_all_that_are_as_strong() -> None:
    rows = [*office(), out("10.0.0.7", "198.51.100.9", **VAIN), out("10.0.0.8", "198.51.100.10")]
    feed = table(listed("198.51.100.9", "198.51.100.10"))
    finder = IntelligenceFinder(IntelligenceOptions(most_p=1.0))
    found = {row["host"]: row for row in run_finder(finder, make_flows(rows), tables=feed).to_pylist()}
    assert found["10.0.0.7"]["p_value"] == pytest.approx(1 / 49, rel=1e-6)
    assert "never answered" in found["10.0.0.7"]["reason"]
    assert found["10.0.0.8"]["p_value"] < 1e-6


def test_questions_to_dns_for_listed_names() -> None:
    question = {"event_id": 1, "source_row": 1, "source_kind": "made", "source_file": "made", "start": NOON,
                "src_ip": "10.0.0.7", "dst_ip": "10.0.0.53", "query": "C2.Evil.com"}  # fmt: skip
    dns = pa.Table.from_pylist([question, {**question, "event_id": 2}], schema=TABLES["dns"].arrow_schema())
    tables = {**table(listed("evil.com")), "dns": dns}
    (row,) = check_finder(IntelligenceFinder, make_flows(office()), tables=tables).to_pylist()
    assert (row["host"], row["server_name"], row["dst_ip"], row["flows"]) == ("10.0.0.7", "c2.evil.com", None, 2)
    assert (row["technique"], row["src_bytes"]) == ("T1071.004", None)
    assert row["reason"].startswith("2 questions to DNS for evil.com of the feed c2 (no threat named, severity high)")
    neighbours = pa.Table.from_pylist([{**question, "dst_port": 5355}], schema=TABLES["dns"].arrow_schema())
    assert len(run_finder(IntelligenceFinder(), make_flows(office()), tables={**tables, "dns": neighbours})) == 0


def event(table: str, source: str, event_id: int = 1, **other: Any) -> dict[str, pa.Table]:
    row = {"event_id": event_id, "source_row": 1, "source_kind": "made", "source_file": "made", "start": NOON,
           "src_ip": source, **other}  # fmt: skip
    return {table: pa.Table.from_pylist([row], schema=TABLES[table].arrow_schema())}


def test_addresses_that_dns_answered_with_unless_connected_to() -> None:
    asked = event("dns", "10.0.0.7", query="cdn.example", answers='["alias.example", "198.51.100.9", "203.0.113.80"]')
    feed = table(listed("198.51.100.0/24", "2001:db8::/32"))
    (row,) = check_finder(IntelligenceFinder, make_flows(office()), tables=feed | asked).to_pylist()
    assert (row["host"], row["dst_ip"], row["server_name"], row["flows"]) == ("10.0.0.7", None, None, 1)
    assert row["technique"] == "T1071.004"
    assert row["reason"].startswith(
        "1 question to DNS, answered with 198.51.100.9, in 198.51.100.0/24 of the feed c2 ("
    )
    covered = 1 - (1 - 256 / 3.7e9) ** 2  # two addresses were answered
    assert row["p_value"] == pytest.approx(10 * covered / 49, rel=1e-6)
    seen = make_flows([*office(), out("10.0.0.8", "198.51.100.9")])
    rows = run_finder(IntelligenceFinder(IntelligenceOptions(most_p=1.0)), seen, tables=feed | asked).to_pylist()
    assert {(row["host"], row["dst_ip"]) for row in rows} == {
        ("10.0.0.7", "198.51.100.9"),
        ("10.0.0.8", "198.51.100.9"),
    }
    met = make_flows([*office(), out("10.0.0.7", "198.51.100.9")])
    (row,) = run_finder(IntelligenceFinder(), met, tables=feed | asked).to_pylist()
    assert row["reason"].startswith("1 connection, answered, to 198.51.100.0/24")


@pytest.mark.parametrize("answers", ["", "[]", "[", "not JSON", '["\\u0031"]', "[1, null]", '"198.51.100.9"'])
def test_answers_of_any_form_are_read(answers: str) -> None:
    asked = event("dns", "10.0.0.7", query="cdn.example", answers=answers)
    found = run_finder(IntelligenceFinder(), make_flows(office()), tables=table(listed("198.51.100.9")) | asked)
    assert len(found) == ("198.51" in answers)


def test_requests_for_listed_urls() -> None:
    """A URL is met whatever its scheme; others of the same site, and what only looks alike, are not."""
    bad = listed("http://evil.example:8080/a.exe?x=1", "https://good.example/login.php", feed="urls")
    feed = table([{**row, "indicator_type": "url"} for row in bad])
    flows = make_flows([*office(), out("10.0.0.7", "198.51.100.9", dst_port=80)])
    where = {"dst_ip": "198.51.100.9", "dst_port": 80, "method": "GET"}
    met = event("http", "10.0.0.7", host="GOOD.example", uri="/login.php", **where)
    (row,) = check_finder(IntelligenceFinder, flows, tables=feed | met).to_pylist()
    assert (row["host"], row["dst_ip"], row["technique"]) == ("10.0.0.7", "198.51.100.9", "T1071.001")
    assert row["reason"].startswith("1 request for https://good.example/login.php of the feed urls")
    assert row["p_value"] < 1e-6
    again = [{**met["http"].to_pylist()[0], "event_id": n, "src_port": 50_000 + n // 2} for n in range(3)]
    often = {"http": pa.Table.from_pylist(again, schema=met["http"].schema)}
    (row,) = run_finder(IntelligenceFinder(), flows, tables=feed | often).to_pylist()
    assert (row["reason"].partition(" for ")[0], row["flows"]) == ("3 requests", 2)
    proxied = event("http", "10.0.0.7", host="evil.example:8080", uri="http://evil.example:8080/a.exe?x=1", **where)
    assert len(run_finder(IntelligenceFinder(), flows, tables=feed | proxied)) == 1
    for host, uri in (("good.example", "/login"), ("evil.example", "/a.exe?x=1"), ("notgood.example", "/login.php")):
        other = event("http", "10.0.0.7", host=host, uri=uri, **where)
        assert len(run_finder(IntelligenceFinder(), flows, tables=feed | other)) == 0


def test_certificates_and_fingerprints_of_tls() -> None:
    """A listed certificate is hardly met by chance; a fingerprint is that of a library, and of many programs."""
    ja3, sha1 = "6734f37431670b3ab4292b8f60f29984", "aabbccddeeff00112233445566778899aabbccdd"
    rows = [{**row, "indicator": text, "indicator_type": kind}
            for row, text, kind in zip(listed("a1", "a2"), (ja3, sha1), ("md5", "sha1"), strict=True)]  # fmt: skip
    flows = make_flows([*office(), out("10.0.0.7", "198.51.100.9")])
    end = {"dst_ip": "198.51.100.9", "dst_port": 443}
    shown = event("tls", "10.0.0.7", ja3=ja3, **end)
    (row,) = check_finder(IntelligenceFinder, flows, tables=table(rows) | shown).to_pylist()
    assert row["p_value"] == pytest.approx(10 * 0.02 / 49)
    assert row["reason"].startswith(f"1 TLS handshake with the fingerprint {ja3} of the feed c2")
    spelled = ":".join(sha1[n : n + 2] for n in range(0, 40, 2)).upper()
    certified = event("tls", "10.0.0.7", fingerprint=spelled, **end)
    (row,) = check_finder(IntelligenceFinder, flows, tables=table(rows) | certified).to_pylist()
    assert row["p_value"] == pytest.approx(10 * 2 / 3.6e8 / 49, rel=1e-6)
    assert row["reason"].startswith("1 TLS handshake with a server whose certificate is aabb")
    assert row["technique"] == "T1573"
    inward = event("tls", "198.51.100.9", ja3=ja3, dst_ip="10.0.0.7", dst_port=443)
    assert len(run_finder(IntelligenceFinder(), flows, tables=table(rows) | inward)) == 0


def test_what_ended_before_the_day_is_left_out_and_the_gravest_indicator_is_told() -> None:
    flows = make_flows([*office(), out("10.0.0.7", "198.51.100.9")])
    ended = listed("198.51.100.9", valid_until=NOON - dt.timedelta(days=2))
    assert len(run_finder(IntelligenceFinder(), flows, tables=table(ended))) == 0
    two = [*listed("198.51.100.9", severity="unknown", threat="x"), *listed("198.51.100.0/24", threat="y")]
    (row,) = run_finder(IntelligenceFinder(), flows, tables=table(two)).to_pylist()
    assert "198.51.100.0/24 of the feed c2 (y, severity high)" in row["reason"]


def test_no_indicators_no_findings() -> None:
    assert len(run_finder(IntelligenceFinder(), make_flows(office()))) == 0


@pytest.mark.slow
def test_the_chance_under_the_null_is_not_smaller_than_told() -> None:
    """A feed that each host meets by chance: the share told is not above the level."""
    chance = np.random.default_rng(9)
    for rate in (0.02, 0.1, 0.5):
        told = 0
        for _ in range(4):
            met = chance.random(80) < rate
            rows = [*office(80), *(out(f"10.0.0.{n + 1}", "198.51.100.9") for n in np.flatnonzero(met))]
            told += len(run_finder(IntelligenceFinder(), make_flows(rows), tables=table(listed("198.51.100.9"))))
        assert told / 320 <= 0.05
