"""Ranges: the most specific one, checked at both ends, for IPv4 and IPv6."""

from __future__ import annotations

import ipaddress
import itertools

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsleuth.enrich.facts import with_facts
from flowsleuth.schema import Column
from flowsleuth.schema.ranges import NONE, Range, RangeMap, cut, parse_range, range_between


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=12), st.sampled_from([4, 6]))
def test_the_smallest_range_counts_and_of_equal_ones_the_later(spans, version):
    kind = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    ranges = [Range(version, low, low + more) for low, more in spans]
    addresses = [str(kind(n)) for n in range(60)]
    expected = []
    for n in range(60):
        over = [(r.high - r.low, -at) for at, r in enumerate(ranges) if r.low <= n <= r.high]
        expected.append(-min(over)[1] if over else NONE)
    assert RangeMap(ranges).find(pa.array(addresses)).tolist() == expected


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=12))
def test_pieces_do_not_overlap(spans):
    pieces = cut([(low, low + more, at) for at, (low, more) in enumerate(spans)])
    assert all(a[1] < b[0] for a, b in itertools.pairwise(pieces))


def test_the_last_addresses_of_each_family():
    everything = RangeMap([parse_range("0.0.0.0/0"), parse_range("::/0")])
    assert everything.find(pa.array(["255.255.255.255", "0.0.0.0", "::", "f" * 4 + ":ffff" * 7])).tolist() == [
        0,
        0,
        1,
        1,
    ]


def test_ipv4_and_ipv6_do_not_mix():
    only6 = RangeMap([parse_range("::/96")])
    assert only6.find(pa.array(["0.0.0.1", "::1"])).tolist() == [NONE, 0]


@pytest.mark.parametrize("text", ["10.0.0.9-10.0.0.1", "10.0.0.1-::1", "host", "", "10.0.0.0/33", "-", "1.2.3.4-"])
def test_what_is_no_range_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011
        parse_range(text)


def test_numbers_are_addresses_too():
    assert range_between("167772160", "10.0.0.255") == parse_range("10.0.0.0/24")


class Tells:
    """A source made for this test."""

    absent = None

    def __init__(self, name: str, known: dict[str, str]) -> None:
        self.name, self.known, self.asked = name, known, 0
        self.columns = (Column("network", "string", ""),)

    def look_up(self, addresses: pa.Array) -> pa.Table:
        self.asked += len(addresses)
        return pa.table({"network": pa.array([self.known.get(a) for a in addresses.to_pylist()], pa.string())})


def test_the_first_source_that_knows_is_believed_and_asked_once_an_address():
    one, two = Tells("one", {"10.0.0.1": "a"}), Tells("two", {"10.0.0.1": "b", "10.0.0.2": "c"})
    rows = pa.table({"peer": ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.1"]})
    assert with_facts(rows, "peer", [one, two])["network"].to_pylist() == ["a", "c", None, "a"]
    assert (one.asked, two.asked) == (3, 3)
