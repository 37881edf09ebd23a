"""An investigation: one example worked out by hand, then what Apache Spot got wrong."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsleuth.errors import OptionError
from flowsleuth.investigate import findings as module
from flowsleuth.investigate.findings import Inquiry, investigate
from flowsleuth.investigate.peers import TOPS
from flowsleuth.investigate.sides import Inside
from flowsleuth.investigate.target import Target
from tests.investigate.flows import DAY, ask, flow, in_memory

HOME = Inside(("10.0.0.0/8",))
X, A, B, C, V6 = "10.0.0.5", "198.51.100.1", "198.51.100.2", "10.0.0.9", "2001:db8::1"
EXAMPLE = [
    flow(0, X, A, 443, lasts=10, src_bytes=100, dst_bytes=1000, src_packets=1, dst_packets=2),
    flow(60, X, A, 443, lasts=1, src_bytes=300, dst_bytes=3000, src_packets=3, dst_packets=4),
    flow(120, X, A, 80, src_bytes=50),
    flow(30, B, X, 22, lasts=1, src_bytes=70, dst_bytes=7),
    flow(90, B, X, 22, src_bytes=30, dst_bytes=3),
    flow(200, C, X, 445, src_bytes=10, dst_bytes=20),
    flow(210, X, C, 445, src_bytes=1, dst_bytes=2),
    flow(220, X, X, 8080, src_bytes=5, dst_bytes=5),
    flow(230, A, C, 25, src_bytes=9, dst_bytes=9),
    flow(240, X, V6, 443, "udp"),
]


def find(rows, target=X, inside=HOME, **more):
    return investigate(ask, in_memory(rows), Inquiry(Target.parse(target), **more), inside=inside)


def at(seconds):
    return DAY + dt.timedelta(seconds=seconds)


def test_the_example_worked_out_by_hand():
    found = find(EXAMPLE)
    assert found.is_internal is True
    assert [(*list(row.values())[:4], row["connections"]) for row in found.search.to_pylist()] == [
        (X, A, 443, "tcp", 2),
        (B, X, 22, "tcp", 2),
        (X, X, 8080, "tcp", 1),
        (X, C, 445, "tcp", 1),
        (X, A, 80, "tcp", 1),
        (X, V6, 443, "udp", 1),
        (C, X, 445, "tcp", 1),
    ]
    first = found.search.to_pylist()[0]
    assert first == {
        "src_ip": X, "dst_ip": A, "dst_port": 443, "proto": "tcp", "first_seen": at(0), "last_seen": at(61),
        "connections": 2, "max_src_bytes": 300, "mean_src_bytes": 200.0, "total_src_bytes": 400,
        "max_src_packets": 3, "mean_src_packets": 2.0, "total_src_packets": 4,
        "max_dst_bytes": 3000, "mean_dst_bytes": 2000.0, "total_dst_bytes": 4000,
        "max_dst_packets": 4, "mean_dst_packets": 3.0, "total_dst_packets": 6,
        "service": None, "server_name": None, "src_as": None, "dst_as": None,
    }  # fmt: skip
    told = (
        "peer",
        "way",
        "is_internal",
        "connections",
        "connections_to_peer",
        "bytes_out",
        "bytes_in",
        "ports",
        "services",
    )
    assert [tuple(row[name] for name in told) for row in found.peers.to_pylist()] == [
        (A, "outbound", False, 3, 3, 450, 4000, 2, "tcp/443, tcp/80"),
        (B, "inbound", False, 2, 0, 10, 100, 1, "tcp/22"),
        (C, "two way", True, 2, 1, 21, 12, 1, "tcp/445"),
        (V6, "outbound", False, 1, 1, None, None, 1, "udp/443"),
    ]
    assert found.peers["last_seen"].to_pylist()[0] == at(120)
    assert found.totals == {
        "connections": 8, "within": 1, "peers": 4, "external_peers": 3, "inbound": 1, "outbound": 2, "two way": 1,
        "bytes_out": 481, "bytes_in": 4112, "bytes": 4593, "first_seen": at(0), "last_seen": at(240),
    }  # fmt: skip
    assert found.top("sources_by_connections")["peer"].to_pylist() == [B, C]
    assert found.top("destinations_by_bytes").select(["peer", "connections", "bytes", "max_bytes"]).to_pylist() == [
        {"peer": A, "connections": 3, "bytes": 4450, "max_bytes": 3000},
        {"peer": C, "connections": 1, "bytes": 3, "max_bytes": 2},
        {"peer": V6, "connections": 1, "bytes": None, "max_bytes": None},
    ]


# what Spot got wrong --------------------------------------------------------------------------------------------------


def test_ways_are_from_the_own_side():
    """Spot: a peer that only receives was "inbound", whoever was asked about."""
    ways = {row["peer"]: row["way"] for row in find(EXAMPLE).peers.to_pylist()}
    assert ways == {A: "outbound", B: "inbound", C: "two way", V6: "outbound"}
    assert find(EXAMPLE, B).peers["way"].to_pylist() == ["inbound"]  # external, it came in
    assert {r["peer"]: r["way"] for r in find(EXAMPLE, A).peers.to_pylist()} == {X: "outbound", C: "inbound"}


def test_home_networks_decide_what_the_own_side_is():
    elsewhere = find(EXAMPLE, inside=Inside(("198.51.100.0/24",)))
    assert elsewhere.is_internal is False
    assert {row["peer"]: row["way"] for row in elsewhere.peers.to_pylist()} == {
        A: "inbound", B: "outbound", C: "two way", V6: "inbound",
    }  # fmt: skip


def test_numbers_are_sums_and_not_those_of_the_last_row():
    rows = [flow(n, X, A, 1000 + n, src_bytes=10, dst_bytes=1) for n in range(5)]
    peer = find(rows).peers.to_pylist()[0]
    assert (peer["connections"], peer["bytes_out"], peer["bytes_in"], peer["ports"]) == (5, 50, 5, 5)


def test_the_target_is_not_among_its_peers():
    found = find(EXAMPLE)
    assert X not in found.peers["peer"].to_pylist()
    assert found.totals["within"] == 1
    assert X not in found.timeline.marks["lane"].to_pylist()


@pytest.mark.parametrize("kind", TOPS)
def test_top_is_honoured_and_no_peer_repeats(kind):
    """Spot: rows per pair of ports, so a peer repeated; and the number of rows never reached the server."""
    rows = [flow(n, X, f"198.51.100.{n % 30}", n % 7, src_bytes=n) for n in range(600)]
    rows += [flow(n, f"203.0.113.{n % 30}", X, n % 7, src_bytes=n) for n in range(600)]
    peers = find(rows, top=5).top(kind)["peer"].to_pylist()
    assert len(peers) == len(set(peers)) == 5


def test_default_top_is_twenty():
    rows = [flow(n, X, f"198.51.100.{n}", src_bytes=n) for n in range(40)]
    assert [len(find(rows).top(kind)) for kind in TOPS] == [0, 20, 0, 20]


def test_ties_are_in_the_same_order_whatever_the_order_of_rows():
    rows = [flow(n, X, f"198.51.100.{n}", src_bytes=7) for n in range(40)]
    assert find(rows, top=9).top("destinations_by_bytes").equals(find(rows[::-1], top=9).top("destinations_by_bytes"))


def test_counters_have_64_bits():
    rows = [flow(n, X, A, src_bytes=2**40, dst_bytes=2**61) for n in range(3)]
    peer = find(rows).peers.to_pylist()[0]
    assert (peer["bytes_out"], peer["bytes_in"]) == (3 * 2**40, 3 * 2**61)


def test_ipv6_targets_and_networks():
    rows = [
        flow(0, "2001:db8:0:1::5", A, src_bytes=1),
        flow(1, "2001:db8::9", A, src_bytes=2),
        flow(2, A, "2001:db9::1", src_bytes=4),
    ]
    assert find(rows, "2001:DB8:0:1:0:0:0:5").peers["bytes_out"].to_pylist() == [1]
    assert find(rows, "2001:db8::/32").peers["bytes_out"].to_pylist() == [3]
    assert find(rows, "2001:db8:0:1::/64").peers["bytes_out"].to_pylist() == [1]
    assert find(rows, "2000::/3").totals["connections"] == 3


def test_the_window_is_half_open():
    rows = [flow(n, X, A, src_bytes=1) for n in range(10)]
    assert find(rows, start=at(2), end=at(5)).totals["connections"] == 3


def test_a_timeline_is_never_cut_in_silence():
    """Spot: the first 1000 rows, without a word."""
    rows = [flow(n * 10, X, f"198.51.100.{n % 3}", 443, src_bytes=1) for n in range(1500)]
    few = find(rows).timeline
    assert (len(few.marks), few.binned_s, few.note) == (1500, None, "")
    many = find([flow(n, X, A, 443 if n % 3 else 80, lasts=2, src_bytes=1, dst_bytes=2) for n in range(6000)]).timeline
    assert many.binned_s == 2
    assert sum(many.marks["connections"].to_pylist()) == 6000
    assert sum(many.marks["bytes"].to_pylist()) == 18_000
    assert "6,000 connections are put together by peer and 2 seconds" in many.note
    assert max(many.marks["end"].to_pylist()) == at(6001)


def test_the_most_used_port_of_a_bin():
    rows = [flow(0.0001 * n, X, A, port, src_bytes=1) for n, port in enumerate([80, 443, 443] * 1700)]
    marks = find(rows).timeline.marks
    assert marks["dst_port"].to_pylist() == [443]
    assert marks["connections"].to_pylist() == [5100]


def test_peers_without_a_lane_are_counted():
    rows = [flow(n, X, f"198.51.{n // 250}.{n % 250}", src_bytes=n + 1) for n in range(300)]
    assert find(rows, top=10).timeline.note == "290 more peers have no lane"


# sizes ---------------------------------------------------------------------------------------------------------------


def rows_of_many():
    return [flow(n, X if n % 3 else B, f"198.51.{n % 5}.{n % 40}", n % 7, src_bytes=n, dst_bytes=1) for n in range(900)]


@contextmanager
def keep(expression):
    yield ibis.memtable(ask(expression))


@pytest.mark.parametrize("most", [10, 900])
def test_kept_or_asked_again_it_is_the_same(monkeypatch, most):
    """Of more flows than may be kept the first ones are not taken for all: the store is asked for each sum."""
    monkeypatch.setattr(module, "KEPT_FLOWS", most)
    inquiry, rows = Inquiry(Target.parse("198.51.0.0/16")), in_memory(rows_of_many())
    held = investigate(ask, rows, inquiry, inside=HOME, keep=keep)
    monkeypatch.undo()
    summed = find(rows_of_many(), "198.51.0.0/16")
    for name in ("search", "peers", "seen"):
        assert getattr(held, name).equals(getattr(summed, name)), name
    assert held.timeline.marks.equals(summed.timeline.marks)
    assert held.totals == summed.totals


def test_more_rows_than_can_be_held_are_told(monkeypatch):
    whole = find(rows_of_many())
    monkeypatch.setattr(module, "SEARCH_ROWS", 120)
    cut = find(rows_of_many())
    assert len(cut.search) == 120
    assert cut.notes == ("only the 120 rows with most bytes are in the search",)
    sums = ("peer", "way", "connections", "bytes_out", "bytes_in", "first_seen", "last_seen")
    assert cut.peers.select(sums).equals(whole.peers.select(sums))
    assert {k: v for k, v in cut.totals.items() if k in whole.totals} == whole.totals


def test_nothing_found():
    found = find(EXAMPLE, "192.0.2.200")
    assert (len(found.search), len(found.peers), len(found.timeline.marks)) == (0, 0, 0)
    assert found.totals["connections"] == 0
    assert found.totals["first_seen"] is None
    assert [len(found.top(kind)) for kind in TOPS] == [0, 0, 0, 0]


@pytest.mark.parametrize("wrong", [{"top": 0}, {"top": True}, {"start": DAY, "end": DAY}])
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(OptionError):
        Inquiry(Target.parse(X), **wrong)


addresses = st.sampled_from([X, A, B, C, V6, "10.1.2.3", "203.0.113.9"])
flows = st.builds(
    flow,
    st.integers(0, 5000),
    addresses,
    addresses,
    st.one_of(st.none(), st.integers(0, 3)),
    st.sampled_from(["tcp", "udp", "icmp"]),
    src_bytes=st.one_of(st.none(), st.integers(0, 2**40)),
    dst_bytes=st.one_of(st.none(), st.integers(0, 2**40)),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(flows, max_size=40), st.sampled_from([X, A, "10.0.0.0/8", "10.0.0.0/29"]))
def test_peers_agree_with_counting_one_by_one(rows, target):
    found = find(rows, target)
    mine = Target.parse(target)
    expected: dict[str, list[int | None]] = {}
    for row in rows:
        own_src, own_dst = (bool(mine.owns(pa.array([row[end]]))[0]) for end in ("src_ip", "dst_ip"))
        if own_src == own_dst:
            continue
        peer = row["dst_ip"] if own_src else row["src_ip"]
        sums = expected.setdefault(peer, [0, None, None])
        sums[0] += 1
        ends = ("src_bytes", "dst_bytes") if own_src else ("dst_bytes", "src_bytes")
        for place, name in enumerate(ends, 1):
            if row[name] is not None:
                sums[place] = (sums[place] or 0) + row[name]
    got = {r["peer"]: [r["connections"], r["bytes_out"], r["bytes_in"]] for r in found.peers.to_pylist()}
    assert got == expected
