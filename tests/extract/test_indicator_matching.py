"""Indicators and what meets them."""

from __future__ import annotations

import pyarrow as pa

from flowsleuth.extract.indicator_matching import Matcher, Pairs

LISTED = pa.table(
    {
        "indicator": ["198.51.100.0/24", "198.51.100.7", "198.51.100.7", "10.0.0.0/8", "2001:db8::/32", "2001:db8::5",
                      "evil.com", "only.this.net", "www.evil.com", "0.0.0.0/0"],
        "indicator_type": ["cidr", "ipv4", "ipv4", "cidr", "cidr", "ipv6", "domain", "domain", "domain", "cidr"],
        "is_exact": [False] * 7 + [True, False, False],
        "feed": ["a", "a", "b", "a", "c", "c", "a", "a", "b", "z"],
    }
)  # fmt: skip
ADDRESSES = ["198.51.100.7", "198.51.100.8", "198.51.101.8", "10.255.0.1", "2001:db8::5", "2001:db9::5", None, "x"]
NAMES = ["evil.com", "WWW.evil.com.", "a.www.evil.com", "notevil.com", "only.this.net", "a.only.this.net", "com", None]


def pairs(found: Pairs) -> list[tuple[int, int]]:
    return sorted(zip(found.values.tolist(), found.indicators.tolist(), strict=True))


def test_addresses_meet_addresses_and_networks_of_every_length() -> None:
    found = pairs(Matcher(LISTED).addresses(pa.array(ADDRESSES)))
    assert [pair for pair in found if pair[1] != 9] == [(0, 0), (0, 1), (0, 2), (1, 0), (3, 3), (4, 4), (4, 5)]
    assert [value for value, owner in found if owner == 9] == [0, 1, 2, 3]


def test_of_the_networks_of_a_feed_the_most_specific_is_met() -> None:
    feeds = LISTED.set_column(LISTED.column_names.index("feed"), "feed", pa.array(["a"] * 10))
    found = Matcher(feeds).addresses(pa.array(["198.51.100.8", "10.1.1.1", "8.8.8.8"]))
    assert pairs(found) == [(0, 0), (1, 3), (2, 9)]


def test_names_meet_domains_and_what_is_below_them() -> None:
    found = pairs(Matcher(LISTED).domains(pa.array(NAMES)))
    assert found == [(0, 6), (1, 6), (1, 8), (2, 6), (2, 8), (4, 7)]


def test_nothing_listed_and_nothing_seen() -> None:
    empty, nothing = pa.array([], pa.string()), Matcher(LISTED.slice(0, 0))
    assert pairs(Matcher(LISTED).addresses(empty)) == pairs(Matcher(LISTED).domains(empty)) == []
    assert pairs(nothing.addresses(pa.array(ADDRESSES))) == pairs(nothing.domains(pa.array(NAMES))) == []
