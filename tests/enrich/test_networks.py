"""Networks as whole columns: the smallest range counts, at both ends of the address space, however they are cut."""

from __future__ import annotations

import ipaddress

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsleuth.enrich import networks
from flowsleuth.enrich.networks import parse_ends, parse_networks

TOP = {4: 2**32 - 64, 6: 2**128 - 64}
KIND = {4: ipaddress.IPv4Address, 6: ipaddress.IPv6Address}


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(st.integers(0, 63), st.integers(0, 20)), max_size=14),
    st.sampled_from([4, 6]),
    st.sampled_from(["bottom", "top"]),
    st.booleans(),
)
def test_the_smallest_range_counts_and_of_equal_ones_the_later(spans, version, where, one_by_one):
    base = TOP[version] if where == "top" else 0
    ranges = [(base + low, base + min(63, low + more)) for low, more in spans]
    texts = [[str(KIND[version](end)) for end in pair] for pair in ranges]
    read = parse_ends(pa.array([t[0] for t in texts], pa.string()), pa.array([t[1] for t in texts], pa.string()))
    asked = [base + n for n in range(64)]
    expected = []
    for n in asked:
        over = [(high - low, -at) for at, (low, high) in enumerate(ranges) if low <= n <= high]
        expected.append(-min(over)[1] if over else -1)
    with pytest.MonkeyPatch.context() as patch:
        if one_by_one:
            patch.setattr(networks, "LAID_AT_MOST", 0)
        made = read.to_map()
    assert made.find(pa.array([str(KIND[version](n)) for n in asked])).tolist() == expected


def test_nested_prefixes_of_every_length():
    texts = [f"10.128.0.0/{bits}" for bits in range(33)] + [f"2001:db8::/{bits}" for bits in range(129)]
    made = parse_networks(pa.array(texts)).to_map()
    asked = ["10.128.0.0", "10.128.0.1", "10.192.0.0", "11.0.0.0", "255.255.255.255"]
    assert made.find(pa.array(asked)).tolist() == [32, 31, 9, 7, 0]
    asked = ["2001:db8::", "2001:db8::1", "2001:db8:8000::", "2001:db9::", "::", "ffff::"]
    assert [at - 33 for at in made.find(pa.array(asked)).tolist()] == [128, 127, 32, 31, 2, 0]


@pytest.mark.parametrize("text", ["10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/", "/8", "10.0.0/8", "a/8", ""])
def test_what_is_no_network_is_told(text):
    assert parse_networks(pa.array(["10.0.0.0/8", text])).bad.tolist() == [1]


def test_ends_in_the_wrong_order_or_of_two_versions_are_told():
    low = pa.array(["10.0.0.9", "10.0.0.1", "5", "4294967296", "::1"])
    high = pa.array(["10.0.0.1", "::1", "4", "4294967297", "::"])
    assert parse_ends(low, high).bad.tolist() == [0, 1, 2, 3, 4]
