"""Suppressions: every kind, in force from the next page on, ending, lifted, never hiding a flow that is not covered."""

from __future__ import annotations

import datetime as dt

import pytest

from flowsleuth.errors import OptionError
from flowsleuth.triage.conditions import Condition
from flowsleuth.triage.filters import QueueFilter
from flowsleuth.triage.suppressions import KINDS, canonical_value, scope


@pytest.mark.parametrize(
    ("kind", "value", "sources"),
    [
        ("address", "203.0.113.77", {"10.9.0.9", "10.9.0.7"}),
        ("cidr", "10.9.0.8/31", {"10.9.0.8", "10.9.0.9"}),
        ("pair", "203.0.113.9 10.9.0.7", {"10.9.0.7"}),
        ("port", "6667", {"10.9.0.9"}),
        ("port", "6667/tcp", {"10.9.0.9"}),
        ("port", "6667/udp", set()),
        ("port", "0", {"10.9.0.8"}),
        ("cidr", "192.0.2.0/26", {"10.9.0.66"}),
    ],
)
def test_kinds(ws, rows, kind, value, sources):
    before = {row["suspect_id"]: row["src_ip"] for row in rows()}
    found = ws.preview_suppression(kind, value)
    one = ws.suppress(kind, value, reason="known")
    hidden = {key: ip for key, ip in before.items() if key not in {row["suspect_id"] for row in rows()}}
    assert {ip for ip in hidden.values() if ip.startswith("10.9.")} == sources
    assert found.suspects == len(hidden)
    assert ws.queue().counts["suppressed"] == len(hidden)
    shown = rows(include_suppressed=True)
    assert {row["suspect_id"] for row in shown if row["is_suppressed"]} == set(hidden)
    assert len(shown) == len(before)
    ws.lift(one.suppression_id)
    assert {row["suspect_id"] for row in rows()} == set(before)
    assert [row["verb"] for row in ws.audit().table.to_pylist()] == ["lift", "suppress"]


def test_a_sweep_is_not_hidden_for_one_of_its_addresses(ws, rows):
    ws.suppress("address", "192.0.2.5", reason="honeypot")
    assert len([row for row in rows() if row["src_ip"] == "10.9.0.66"]) == 1
    ws.rate(3, src_ip="10.9.0.66", filter=None)
    assert ws.queue(QueueFilter(state="rated", src_ip="10.9.0.66")).total == 1


def test_two_suppressions_together_cover_a_sweep(ws, rows):
    ws.suppress("cidr", "192.0.2.0/27", reason="a")
    assert [row for row in rows() if row["src_ip"] == "10.9.0.66"]
    ws.suppress("cidr", "192.0.2.32/27", reason="b")
    assert not [row for row in rows() if row["src_ip"] == "10.9.0.66"]


def test_what_is_left_of_a_suspect_can_be_hidden(ws, rows):
    ws.rate(3, src_ip="10.9.0.66", dst_ip="192.0.2.0/27")
    ws.suppress("cidr", "192.0.2.32/27", reason="b")
    assert not [row for row in rows(src_ip="10.9.0.66") if row["dst_ip"].startswith("192.0.2.")]


def test_a_detector_and_only_in_one(ws):
    ws.suppress("detector", "spot", reason="not used")
    assert ws.queue(detector="spot").total == 0
    assert ws.queue(detector="suspicious").total > 0
    ws.suppress("address", "10.9.0.9", reason="x", detector="spot")
    assert ws.queue(QueueFilter(src_ip="10.9.0.9"), detector="suspicious").total == 1


def test_one_that_ends(ws, monkeypatch):
    one = ws.suppress("address", "10.9.0.9", reason="maintenance", days=2)
    assert one.until - one.made == dt.timedelta(days=2)
    assert ws.queue(QueueFilter(src_ip="10.9.0.9")).total == 0
    with ws.case.transaction("ana") as case:
        past = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
        case.update("suppression", {"until": past}, {"suppression_id": one.suppression_id})
    assert ws.queue(QueueFilter(src_ip="10.9.0.9")).total == 1
    assert len(ws.suppressions()) == 0
    assert ws.suppressions(every=True).table["in_force"].to_pylist() == [False]


@pytest.mark.parametrize(
    ("kind", "value", "more"),
    [
        ("host", "x", {}),
        ("address", "10.0.0.0/8", {}),
        ("cidr", "10.0.0.1", {}),
        ("address", "10.0.0.1,10.0.0.2", {}),
        ("pair", "10.0.0.1", {}),
        ("port", "70000", {}),
        ("port", "http", {}),
        ("as", "x", {}),
        ("name", "a b", {}),
        ("name", "a*b", {}),
        ("address", "10.0.0.1", {"reason": " "}),
        ("address", "10.0.0.1", {"days": 0}),
        ("address", "10.0.0.1", {"until": "2001-01-01"}),
        ("address", "10.0.0.1", {"until": "2101-01-01", "days": 1}),
        ("address", "10.0.0.1", {"detector": "no-such"}),
    ],
)
def test_what_cannot_be_suppressed(ws, kind, value, more):
    with pytest.raises((OptionError, KeyError)):
        ws.suppress(kind, value, **({"reason": "x"} | more))
    assert len(ws.suppressions(every=True)) == len(ws.audit()) == 0


def test_names():
    import pyarrow as pa

    names = pa.table(
        {"server_name": ["example.com", "a.example.com", "notexample.com", "a.exampleXcom", "A.EXAMPLE.COM", None]}
    )
    below = scope("name", canonical_value("name", "*.Example.com")).judge(names, of_groups=False).to_pylist()
    assert below == [False, True, False, False, True, False]
    assert scope("name", "example.com").judge(names, of_groups=False).to_pylist() == [True] + [False] * 5
    assert isinstance(scope("as", canonical_value("as", "AS64500")), Condition)
    assert len(KINDS) == 7


def test_lifting_twice(ws):
    one = ws.suppress("port", "53", reason="dns")
    ws.lift(one.suppression_id)
    with pytest.raises(OptionError, match="no suppression in force"):
        ws.lift(one.suppression_id)
