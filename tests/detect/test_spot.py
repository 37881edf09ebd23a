"""Apache Spot's golden vectors and toy corpus (its FlowWordCreatorTest and FlowSuspiciousConnectsAnalysisTest)."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from flowsleuth.detect.clues.spot_words import add_words, spell
from flowsleuth.detect.spot import MAX_SURPRISE, SpotDetector, SpotOptions
from flowsleuth.testing.detectors import MemoryDay, check_detector, explain, make_flows, run_detector

NOON = dt.datetime(2016, 5, 5, 12, 30, tzinfo=dt.UTC)


def words_of(rows: list[dict]) -> list[tuple[str, str]]:
    flows = make_flows([{"start": NOON, **row} for row in rows])
    protos = sorted({row["proto"] for row in rows if row.get("proto")})
    with MemoryDay(flows) as day:
        found = day.arrow(add_words(day.flows, protos).select("flow_id", "src_word", "dst_word")).sort_by("flow_id")
    sides = (spell(found[name].to_numpy(), protos) for name in ("src_word", "dst_word"))
    return list(zip(*sides, strict=True))


@pytest.mark.parametrize(
    ("sport", "dport", "source", "destination"),
    [
        (2132, 23, "23_UDP_12_8_2", "-1_23_UDP_12_8_2"),
        (23, 2132, "-1_23_UDP_12_8_2", "23_UDP_12_8_2"),
        (8392, 9874, "333333_UDP_12_8_2", "333333_UDP_12_8_2"),
        (1024, 80, "111111_UDP_12_8_2", "111111_UDP_12_8_2"),
        (80, 0, "-1_80_UDP_12_8_2", "80_UDP_12_8_2"),
        (0, 80, "80_UDP_12_8_2", "-1_80_UDP_12_8_2"),
        (0, 2435, "2435_UDP_12_8_2", "-1_2435_UDP_12_8_2"),
        (2435, 0, "-1_2435_UDP_12_8_2", "2435_UDP_12_8_2"),
        (0, 0, "0_UDP_12_8_2", "0_UDP_12_8_2"),
        (1025, 1024, "1024_UDP_12_8_2", "-1_1024_UDP_12_8_2"),
        (1025, 1025, "333333_UDP_12_8_2", "333333_UDP_12_8_2"),
        (65535, 1, "1_UDP_12_8_2", "-1_1_UDP_12_8_2"),
    ],
)
def test_golden_words(sport: int, dport: int, source: str, destination: str) -> None:
    row = {"src_port": sport, "dst_port": dport, "proto": "udp", "src_bytes": 222, "src_packets": 3}
    assert words_of([row]) == [(source, destination)]


@pytest.mark.parametrize(
    ("size", "bin_"),
    [
        (0, 0),
        (1, 1),
        (2, 2),
        (3, 2),
        (4, 3),
        (7, 3),
        (222, 8),
        (1026, 11),
        (2**62 - 1, 62),
        (2**62, 63),
        (2**63 - 1, 63),
    ],
)
def test_bins_are_bit_lengths(size: int, bin_: int) -> None:
    row = {"src_port": 2132, "dst_port": 23, "proto": "tcp", "src_bytes": size, "src_packets": size}
    assert words_of([row])[0][0] == f"23_TCP_12_{bin_}_{bin_}"


def test_missing_values_are_zero_and_lose_no_row() -> None:
    """2.1: Spot drops such rows, or loses them."""
    assert words_of([{"proto": None}]) == [("0_-_12_0_0", "0_-_12_0_0")]
    flows = make_flows([{"proto": None}, {"proto": "icmp", "icmp_type": 8}, {"proto": "tcp", "dst_port": 80}])
    with MemoryDay(flows) as day:
        scored, report = run_detector(SpotDetector(), day)
    assert report.scored == len(scored) == 3


def toy() -> list[dict]:
    """Nine flows at 13 h and one at midnight, 172.16.0.129:1024 → 10.0.2.202:80."""
    pair = {"src_ip": "172.16.0.129", "dst_ip": "10.0.2.202", "src_port": 1024, "dst_port": 80, "proto": "tcp"}
    size = {"src_packets": 39, "src_bytes": 12_522}
    hours = [13] * 9 + [0]
    return [{**pair, **size, "start": dt.datetime(2016, 5, 5, hour, 54, tzinfo=dt.UTC)} for hour in hours]


def test_toy_corpus() -> None:
    flows = make_flows(toy())
    with MemoryDay(flows) as day:
        scored, report = run_detector(SpotDetector(), day)
    p = 1.0 - scored["score"].to_numpy()
    assert p[:9] == pytest.approx(0.9, abs=0.01)
    assert p[9] == pytest.approx(0.1, abs=0.01)
    assert scored["surprise"].to_numpy() == pytest.approx(-np.log(p))
    assert (report.notes["topics"], report.notes["iterations"]) == (20, 20)
    assert (report.notes["alpha"], report.notes["beta"], report.notes["seed"]) == (1.02, 1.001, 0)
    assert report.notes["protocols"] == ["tcp"]
    text = explain(SpotDetector(), flows, scored)[9]
    assert text == (
        "word 111111_TCP_0_14_6 at 172.16.0.129: probability 0.1; word 111111_TCP_0_14_6 at 10.0.2.202: probability 0.1"
    )


def test_score_is_the_less_probable_side() -> None:
    rows = [*toy(), {**toy()[0], "src_ip": "172.16.0.130", "start": dt.datetime(2016, 5, 5, 4, tzinfo=dt.UTC)}]
    flows = make_flows(rows)
    with MemoryDay(flows) as day:
        scored, _ = run_detector(SpotDetector(), day)
    evidence = np.array(scored["evidence"].to_pylist())
    assert 1.0 - scored["score"].to_numpy() == pytest.approx(evidence[:, :2].min(axis=1))
    assert evidence[10, 0] > evidence[10, 1], "the new source knows only this word, the destination others as well"
    assert explain(SpotDetector(), flows, scored)[10].startswith("word 111111_TCP_4_14_6 at 10.0.2.202")


def test_contract() -> None:
    rng = np.random.default_rng(3)
    rows = [
        {
            "src_ip": f"10.0.0.{rng.integers(9)}" if rng.random() < 0.8 else f"fd00::{rng.integers(9)}",
            "dst_ip": f"10.0.1.{rng.integers(9)}",
            "src_port": int(rng.integers(1, 65536)) if rng.random() < 0.9 else None,
            "dst_port": int(rng.choice([53, 80, 443, 8080])) if rng.random() < 0.9 else None,
            "proto": str(rng.choice(["tcp", "udp", "icmp", "sctp"])) if rng.random() < 0.9 else None,
            "src_bytes": int(rng.integers(2**40)) if rng.random() < 0.9 else None,
            "src_packets": int(rng.integers(2**10)) if rng.random() < 0.9 else None,
        }
        for _ in range(300)
    ]
    scored = check_detector(SpotDetector, make_flows(rows))
    assert scored["surprise"].to_numpy().max() <= MAX_SURPRISE


def test_another_seed_is_another_start() -> None:
    rows = [{"src_ip": f"10.0.0.{i % 7}", "dst_port": 50 + i % 11, "src_port": 4000, "proto": "tcp"} for i in range(80)]
    with MemoryDay(make_flows(rows)) as day:
        one, other = (run_detector(SpotDetector(SpotOptions(seed=seed)), day)[0] for seed in (0, 1))
    assert one["score"].to_pylist() != other["score"].to_pylist()
