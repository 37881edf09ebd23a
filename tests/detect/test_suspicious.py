"""The `suspicious` detector on small networks; each fault of Spot's that it mends (spot.md 7.3, 2.1) has a test here.

Tests that compare with Spot show the fault as well: they fail when `suspicious` does as Spot did.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from flowsleuth.detect.contract import Detector
from flowsleuth.detect.kernels.topics_counts import TopicModel
from flowsleuth.detect.spot import SpotDetector
from flowsleuth.detect.surprise import habits
from flowsleuth.detect.suspicious import SuspiciousDetector, SuspiciousOptions
from flowsleuth.schema import FLOW
from flowsleuth.testing.detectors import MemoryDay, check_detector, explain, make_flows, run_detector

Rows = list[dict[str, Any]]
DAY = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
NAMES = SuspiciousDetector.evidence_names


def conversation(client: str, server: str, port: int, **more: Any) -> dict[str, Any]:
    usual = {"src_port": 50_000, "proto": "tcp", "conn_state": "SF", "src_bytes": 900, "dst_bytes": 5_000}
    sizes = {"src_packets": 9, "dst_packets": 11, "duration_s": 0.5, "direction": "outbound"}
    return {**usual, **sizes, "src_ip": client, "dst_ip": server, "dst_port": port, **more}


def office(seed: int = 1, clients: int = 30) -> Rows:
    """Some thirty hosts that look up names and read the web, now and then over a proxy on port 8080."""
    rng = np.random.default_rng(seed)
    rows = []
    for client in range(clients):
        ip = f"10.0.0.{client + 1}"
        sizes = [
            {"src_bytes": int(np.exp(rng.normal(7, 1))), "dst_bytes": int(np.exp(rng.normal(9, 1)))} for _ in range(40)
        ]
        for turn, size in enumerate(sizes):
            more = {**size, "src_port": int(rng.integers(32_768, 61_000)), "duration_s": float(rng.exponential(2))}
            start = DAY + dt.timedelta(hours=float(rng.uniform(8, 18)))
            if turn % 4 == 0:
                udp = {"proto": "udp", "direction": "internal"}
                rows.append(conversation(ip, "10.0.9.53", 53, **{**more, **udp, "start": start}))
            elif turn % 10 == 5:
                rows.append(conversation(ip, "10.0.9.80", 8080, **{**more, "direction": "internal", "start": start}))
            else:
                rows.append(conversation(ip, f"198.51.100.{rng.integers(60)}", 443, **{**more, "start": start}))
    return rows


def attempt(client: str, server: str, port: int, **more: Any) -> dict[str, Any]:
    nothing = {
        "conn_state": "S0",
        "src_bytes": 60,
        "dst_bytes": 0,
        "src_packets": 1,
        "dst_packets": 0,
        "duration_s": 0.0,
    }
    return conversation(client, server, port, **{**nothing, **more})


def scored(rows: Rows, detector: Detector | None = None, **more: Any) -> pa.Table:
    with MemoryDay(make_flows(rows), **more) as day:
        return run_detector(detector or SuspiciousDetector(), day)[0]


def surprise(rows: Rows, detector: Detector | None = None, **more: Any) -> np.ndarray:
    return scored(rows, detector, **more)["surprise"].to_numpy()


def part(table: pa.Table, name: str) -> np.ndarray:
    return np.array(table["evidence"].to_pylist())[:, NAMES.index(name)]


def lowest_rank(values: np.ndarray, odd: slice) -> int:
    """Place of the last of the odd rows, if ties go against them."""
    return int((values >= values[odd].min()).sum())


def test_contract() -> None:
    rows = office(clients=8) + [attempt("10.0.0.3", f"203.0.113.{i}", 25) for i in range(30)]
    rows += [conversation("fd00::1", "2001:db8::5", 4444), {"proto": "icmp", "icmp_type": 8, "icmp_code": 0}]
    yesterday = {DAY.date() - dt.timedelta(days=1): make_flows(office(2, clients=6))}
    check_detector(SuspiciousDetector, make_flows(rows))
    check_detector(SuspiciousDetector, make_flows(rows), earlier=yesterday)


def test_a_flood_does_not_hide_itself() -> None:
    """7.3 no. 2: to Spot the flood is the most probable thing of the day."""
    rows = office()
    flood = slice(len(rows), len(rows) + 3_000)
    rows += [attempt("10.0.0.7", "203.0.113.9", 9999, src_port=40_000 + i % 20_000, start=DAY) for i in range(3_000)]
    ours, spots = surprise(rows), surprise(rows, SpotDetector())
    assert lowest_rank(ours, flood) == 3_000
    assert np.median(spots[flood]) < np.median(spots[: flood.start])


def test_more_of_the_same_is_no_less_surprising() -> None:
    few, many = (
        surprise(office() + [conversation("10.0.0.7", "203.0.113.9", 9999)] * n)[len(office())] for n in (1, 2_000)
    )
    assert many == pytest.approx(few, abs=0.7)


def test_a_flood_does_not_lower_its_own_score() -> None:
    rows = office() + [attempt("10.0.0.7", "203.0.113.9", 9999)] * 5_000
    assert scored(rows)["score"].to_numpy()[-1] > 0.995


def test_a_sweep_is_one_suspect_on_top() -> None:
    """7.3 no. 2 and 6: and it does not make failing normal for its source."""
    rows = office()
    sweep = slice(len(rows), len(rows) + 300)
    rows += [attempt("10.0.0.7", f"203.0.{i // 250}.{i % 250}", 25, start=DAY) for i in range(300)]
    table = scored(rows)
    assert lowest_rank(table["surprise"].to_numpy(), sweep) == 300
    assert len(set(table["suspect_id"].to_pylist()[sweep])) == 1
    assert part(table, "failed_peers")[sweep].tolist() == [300.0] * 300
    assert part(table, "outcome")[sweep].min() > 1.0
    assert lowest_rank(surprise(rows, SpotDetector()), sweep) > 600


def test_a_port_scan_is_one_suspect() -> None:
    rows = office() + [attempt("10.0.0.7", "203.0.113.9", 2000 + i) for i in range(50)]
    table = scored(rows)
    assert len(set(table["suspect_id"].to_pylist()[-50:])) == 1
    assert part(table, "failed_ports")[-50:].tolist() == [50.0] * 50


def test_the_last_bits_of_a_sum_put_no_order_on_equally_rare_services(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ports of one sweep have one chance; which of them rounded up is no reason to call some rarer than others."""
    fit = habits.fit_topics
    sweep = [attempt("10.0.0.7", "10.0.9.7", port, direction="internal") for port in range(7000, 7060)]
    found = []
    for seed in range(3):
        chance = np.random.default_rng(seed)

        def rounded(*given: Any, chance: np.random.Generator = chance, **more: Any) -> TopicModel:
            model = fit(*given, **more)
            even = np.exp2(np.round(np.log2(model.phi)))
            noise = 1.0 + 1e-12 * chance.uniform(-1.0, 1.0, even.shape)
            return replace(model, phi=even / even.sum(axis=1, keepdims=True) * noise)

        monkeypatch.setattr(habits, "fit_topics", rounded)
        found.append(part(scored(office() + sweep), "service"))
    np.testing.assert_allclose(found[1:], [found[0]] * 2, rtol=1e-6)


def test_a_busy_service_is_no_sweep() -> None:
    """Attempts that fail beside many that succeed are not counted as a sweep."""
    rows = office()
    rows += [conversation("10.0.0.7", f"203.0.113.{i}", 25) for i in range(200)]
    rows += [attempt("10.0.0.7", f"192.0.2.{i}", 25) for i in range(50)]
    assert part(scored(rows), "sweep")[-50:].max() == 0.0


def test_ports_above_1024_are_learnt() -> None:
    """7.3 no. 3: both are 333333 to Spot."""
    rows = [*office(), *(conversation("10.0.0.7", "203.0.113.9", port, start=DAY) for port in (8080, 4444))]
    ours, spots = scored(rows), scored(rows, SpotDetector())
    values = ours["surprise"].to_numpy()
    assert values[-1] == values.max() > values[-2] + 1
    assert part(ours, "port_hosts")[-2:].tolist() == [30.0, 1.0]
    assert spots["surprise"][-1] == spots["surprise"][-2]


def test_replies_and_requests_are_one_service() -> None:
    """A record whose ends are swapped (mid-stream, one-way exports) is known by the busier port."""
    rows = office()
    reply = {"src_ip": "10.0.9.80", "dst_ip": "10.0.0.4", "src_port": 8080, "dst_port": 51_234}
    rows.append({**conversation("", "", 0), **reply})
    table = scored(rows)
    assert part(table, "owner")[-1] == 1.0
    assert part(table, "owner")[:-1].max() == 0.0
    assert part(table, "port_flows")[-1] == sum(row["dst_port"] == 8080 for row in rows) + 1


def test_a_fixed_source_port_is_not_taken_for_a_service() -> None:
    rows = office() + [attempt("203.0.113.66", f"10.0.0.{1 + i % 30}", 1024 + i, src_port=40_000) for i in range(400)]
    assert part(scored(rows), "owner").max() == 0.0


def icmp(src: str, dst: str, kind: int, code: int) -> dict[str, Any]:
    bare = {"src_port": None, "dst_port": None, "conn_state": None}
    return conversation(src, dst, 0, **{**bare, "proto": "icmp", "icmp_type": kind, "icmp_code": code})


def test_icmp_type_and_code_count() -> None:
    """7.3 no. 3: to Spot every ICMP flow is port 0."""
    pings = [icmp(f"10.0.0.{i}", f"198.51.100.{i}", 8, 0) for i in range(1, 31)]
    rows = office() + pings + [icmp("10.0.0.8", "198.51.100.8", 5, 1)]
    flows, table = make_flows(rows), scored(rows)
    values = table["surprise"].to_numpy()
    assert values[-1] > values[-31:-1].max()
    assert "icmp type 5 code 1" in explain(SuspiciousDetector(), flows, table)[-1]
    spots = surprise(rows, SpotDetector())
    assert spots[-1] == pytest.approx(spots[-24], abs=0.2)


def test_the_hour_alone_means_nothing_without_earlier_days() -> None:
    """7.3 no. 4: to Spot 09:59 and 10:01 are different words."""
    rows = office()
    early = [{**row, "start": row["start"] - dt.timedelta(minutes=30)} for row in rows]
    assert surprise(rows) == pytest.approx(surprise(early))
    assert surprise(rows, SpotDetector()) != pytest.approx(surprise(early, SpotDetector()), rel=0.01)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dst_bytes": 40_000_000}, "40.0 MB in is above"),
        ({"src_bytes": 40_000_000}, "40.0 MB out is above"),
        ({"duration_s": 40_000.0}, "11.1 h of duration is above"),
    ],
)
def test_both_directions_and_duration_count(change: dict[str, Any], words: str) -> None:
    """7.3 no. 5: Spot looks at the source's bytes and packets only."""
    usual = conversation("10.0.0.7", "198.51.100.8", 443, start=DAY + dt.timedelta(hours=9))
    rows = [*office(), usual, {**usual, **change}]
    flows, table = make_flows(rows), scored(rows)
    values = table["surprise"].to_numpy()
    assert values[-1] > values[-2] + 2
    assert words in explain(SuspiciousDetector(), flows, table)[-1]
    if "src_bytes" not in change:
        spots = surprise(rows, SpotDetector())
        assert spots[-1] == spots[-2]


def test_no_massive_ties() -> None:
    """7.3 no. 6."""
    rng = np.random.default_rng(5)
    answers = [int(size) for size in rng.integers(1_000, 90_000, 200)]
    rows = [*office(), *(conversation("10.0.0.7", "203.0.113.9", 443, start=DAY, dst_bytes=size) for size in answers)]
    ours, spots = surprise(rows)[-200:], surprise(rows, SpotDetector())[-200:]
    assert len(set(ours.tolist())) == len(set(answers))
    assert len(set(spots.tolist())) == 1


def test_ipv6_is_like_ipv4() -> None:
    """7.3 no. 9."""

    def widen(row: dict[str, Any]) -> dict[str, Any]:
        return {**row, **{end: "fd00::" + row[end].replace(".", ":") for end in ("src_ip", "dst_ip")}}

    rows = [*office(), conversation("10.0.0.7", "203.0.113.9", 4444)]
    old, new = surprise(rows), surprise([widen(row) for row in rows])
    assert np.argmax(new) == np.argmax(old) == len(rows) - 1
    assert new == pytest.approx(old, abs=0.2)


def test_rare_talkers_are_judged_by_all_hosts() -> None:
    """7.3 no. 6: a host that speaks once is not surprising for doing what everybody does."""
    rows = [
        *office(),
        conversation("10.0.0.200", "198.51.100.8", 443),
        conversation("10.0.0.201", "198.51.100.8", 4444),
    ]
    table = scored(rows)
    usual, odd = part(table, "service")[-2:]
    assert usual < 0.7 < 2.0 < odd


def test_every_null_is_scored() -> None:
    """2.1: no row is lost."""
    nullable = [c.name for c in FLOW.columns if c.null != "never null"]
    full = conversation("10.0.0.7", "198.51.100.8", 443)
    rows = office(clients=4) + [{**full, name: None} for name in nullable] + [dict.fromkeys(nullable), {}]
    flows, table = make_flows(rows), scored(rows)
    assert table["flow_id"].to_pylist() == list(range(1, len(rows) + 1))
    assert np.isfinite(table["surprise"].to_numpy()).all()
    assert all(explain(SuspiciousDetector(), flows, table))


@pytest.mark.parametrize("row", [{}, conversation("10.0.0.7", "203.0.113.9", 443), attempt("::1", "ff02::fb", 5353)])
def test_one_flow(row: dict[str, Any]) -> None:
    table = check_detector(SuspiciousDetector, make_flows([row]))
    assert 0 <= table["score"][0].as_py() <= 0.5


def test_multicast_is_no_failure() -> None:
    rows = [
        *office(),
        attempt("10.0.0.7", "224.0.0.251", 5353, proto="udp"),
        attempt("10.0.0.7", "203.0.113.9", 5353, proto="udp"),
    ]
    assert part(scored(rows), "is_failed")[-2:].tolist() == [0.0, 1.0]


def test_reasons_are_true() -> None:
    """Every number, counted by hand."""
    rows = [conversation("10.0.0.1", "198.51.100.1", 443, src_bytes=2**i) for i in range(10)]
    rows += [conversation("10.0.0.1", "198.51.100.2", 443, src_bytes=100) for _ in range(29)]
    rows += [conversation("10.0.0.2", "198.51.100.1", 443), conversation("10.0.0.3", "198.51.100.1", 443)]
    rows += [conversation("10.0.0.1", "203.0.113.9", 4444, src_bytes=3_100_000)]
    rows += [attempt("10.0.0.2", f"203.0.113.{i}", 25) for i in range(12)]
    flows, table = make_flows(rows), scored(rows)
    texts = explain(SuspiciousDetector(), flows, table)
    exfiltration, spam = texts[41], texts[42]
    assert "port 4444/tcp in 1 of 54 flows, by 1 client" in exfiltration
    assert "3.1 MB out is above 97 % of 10.0.0.1's uploads" in exfiltration  # 39 of its 40 are smaller
    assert "203.0.113.9 was talked to by 1 host" in exfiltration  # the sweep's attempt is no talk
    assert "10.0.0.2 got no answer on 25/tcp from 12 addresses" in spam
    assert part(table, "peer_hosts")[[0, 39, 41]].tolist() == [3.0, 3.0, 1.0]
    assert part(table, "port_hosts")[[0, 41, 42]].tolist() == [3.0, 1.0, 1.0]


def test_parts_add_up_and_the_strongest_come_first() -> None:
    rows = office() + [attempt("10.0.0.7", f"203.0.113.{i}", 25) for i in range(40)]
    flows, table = make_flows(rows), scored(rows)
    evidence = np.array(table["evidence"].to_pylist())
    assert evidence[:, :8].sum(axis=1) == pytest.approx(table["surprise"].to_numpy())
    assert (evidence[:, :8] >= 0).all()
    last = explain(SuspiciousDetector(), flows, table)[-1]
    assert NAMES[int(evidence[-1, :8].argmax())] == "sweep"
    assert last.startswith("10.0.0.7 got no answer on 25/tcp from 40 addresses")


def days_before(n: int, rows: Rows) -> dict[dt.date, pa.Table]:
    """The same rows on each of n earlier days."""
    back = [dt.timedelta(days=k + 1) for k in range(n)]
    return {(DAY - b).date(): make_flows([{**row, "start": row["start"] - b} for row in rows]) for b in back}


def test_what_was_usual_before_is_less_surprising() -> None:
    """7.3 no. 1: Spot knows no earlier day."""
    backup = conversation("10.0.0.7", "203.0.113.9", 9102, start=DAY + dt.timedelta(hours=9), src_bytes=10**8)
    rows = [*office(), backup]
    known, unknown = (surprise(rows, earlier=days_before(3, e))[-1] for e in (rows, office()))
    assert unknown > known + 2


def test_first_contact_and_first_use_are_told() -> None:
    rows = [*office(), conversation("10.0.0.7", "203.0.113.9", 4444, start=DAY + dt.timedelta(hours=9))]
    table = scored(rows, earlier=days_before(2, office()))
    assert part(table, "new")[-1] > 1.0
    assert part(table, "flows_before")[-1] == 0.0
    text = explain(SuspiciousDetector(), make_flows(rows), table)[-1]
    assert "10.0.0.7 never used 4444/tcp on the 2 days before" in text
    assert part(table, "new")[:-1].max() == 0.0
    assert part(table, "days_before").tolist() == [2.0] * len(rows)


def test_a_persistent_attack_is_measured_against_the_days_before() -> None:
    """7.3 no. 1: Spot trains on the day it scores."""
    rows = office() + [attempt("10.0.0.7", f"203.0.113.{i % 100}", 25) for i in range(2_000)]
    table = scored(rows, earlier=days_before(1, office()))
    assert table["score"].to_numpy()[-2_000:].min() > 0.999


def test_a_quiet_hour_is_told_from_three_days_on() -> None:
    night = conversation("10.0.0.7", "198.51.100.8", 443, start=DAY + dt.timedelta(hours=3))
    noon = {**night, "start": DAY + dt.timedelta(hours=12, minutes=1)}
    rows = [*office(), noon, night]
    two, three = (scored(rows, earlier=days_before(n, office())) for n in (2, 3))
    assert part(two, "hour").max() == 0.0
    assert part(three, "hour")[-2] < 1.0 < 3.0 < part(three, "hour")[-1]
    assert "10.0.0.7 is usually quiet at 03:00 UTC (" in explain(SuspiciousDetector(), make_flows(rows), three)[-1]
    close = [{**night, "start": DAY + dt.timedelta(hours=9, minutes=m)} for m in (59, 61)]
    smooth = part(scored([*office(), *close], earlier=days_before(3, office())), "hour")[-2:]
    assert smooth[0] == pytest.approx(smooth[1], abs=0.1)


def test_old_days_count_less() -> None:
    backup = conversation("10.0.0.7", "203.0.113.9", 9102, start=DAY + dt.timedelta(hours=9))
    rows = [*office(), backup]
    base = days_before(1, office())
    with_backup = make_flows([{**row, "start": row["start"] - dt.timedelta(days=2)} for row in rows])
    earlier = {**base, (DAY - dt.timedelta(days=2)).date(): with_backup}
    fresh, faded = (
        surprise(rows, SuspiciousDetector(SuspiciousOptions(half_life_days=h)), earlier=earlier)[-1]
        for h in (1000.0, 0.2)
    )
    assert faded > fresh


def test_a_window_changes_no_score() -> None:
    """Counts are of whole days, so --start and --end only leave flows out."""
    rows = office() + [attempt("10.0.0.7", f"203.0.113.{i}", 25, start=DAY) for i in range(30)]
    with MemoryDay(make_flows(rows)) as day:
        whole, _ = run_detector(SuspiciousDetector(), day)
    with MemoryDay(make_flows(rows)) as day:
        day.flows, day.is_whole = day.flows.filter(day.flows.flow_id > 1200), False
        some, report = run_detector(SuspiciousDetector(), day)
    assert report.scored == len(some) == 30
    assert some["score"].to_pylist() == whole["score"].to_pylist()[1200:]


def test_the_run_is_told() -> None:
    with MemoryDay(make_flows(office())) as day:
        _, report = run_detector(SuspiciousDetector(SuspiciousOptions(seed=5, topics=7)), day)
    assert (report.notes["seed"], report.notes["topics"]) == (5, 7)
    assert report.notes["reference"] == "the day itself"
    assert report.notes["log_likelihood"] < 0
