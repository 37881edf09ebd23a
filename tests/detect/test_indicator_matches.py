"""Indicators and what meets them, beside the matching of ``enrich``."""

from __future__ import annotations

import pyarrow as pa

from flowsleuth.detect.indicator_matches import match_addresses, match_names
from flowsleuth.extract.indicator_matching import Matcher

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


def pairs(found: object) -> set[tuple[int, int]]:
    values, owners = found  # type: ignore[misc]
    return set(zip(values.tolist(), owners.tolist(), strict=True))


def test_addresses_meet_addresses_and_networks_of_every_length() -> None:
    found = pairs(match_addresses(pa.array(ADDRESSES), LISTED))
    assert {pair for pair in found if pair[1] != 9} == {
        (0, 0), (0, 1), (0, 2), (1, 0), (3, 3), (4, 4), (4, 5),
    }  # fmt: skip
    assert {value for value, owner in found if owner == 9} == {0, 1, 2, 3}


def test_names_meet_domains_and_what_is_below_them() -> None:
    found = pairs(match_names(pa.array(NAMES), LISTED))
    assert found == {(0, 6), (1, 6), (1, 8), (2, 6), (2, 8), (4, 7)}


def test_the_same_as_what_the_user_is_told_of_matches() -> None:
    matcher = Matcher(LISTED)
    addresses, names = matcher.addresses(pa.array(ADDRESSES)), matcher.domains(pa.array(NAMES))
    assert pairs((names.values, names.indicators)) == pairs(match_names(pa.array(NAMES), LISTED))
    mine = pairs(match_addresses(pa.array(ADDRESSES), LISTED))
    assert pairs((addresses.values, addresses.indicators)) <= mine


def test_nothing_listed_and_nothing_seen() -> None:
    empty = pa.array([], pa.string())
    assert pairs(match_addresses(empty, LISTED)) == pairs(match_names(empty, LISTED)) == set()
    assert pairs(match_addresses(pa.array(ADDRESSES), LISTED.slice(0, 0))) == set()
    assert pairs(match_names(pa.array(NAMES), LISTED.slice(0, 0))) == set()
