"""Address types: every row of the registries, and what is between them."""

from __future__ import annotations

import ipaddress

import pyarrow as pa
import pytest

from flowsleuth.enrich.address_types import AddressTypes, address_type, address_types, is_global, registry

KNOWN = {
    "10.255.255.255": "private",
    "11.0.0.0": "global",
    "172.15.255.255": "global",
    "172.31.255.255": "private",
    "192.168.0.1": "private",
    "100.63.255.255": "global",
    "100.64.0.0": "shared",
    "100.127.255.255": "shared",
    "100.128.0.0": "global",
    "127.0.0.53": "loopback",
    "169.254.169.254": "link_local",
    "0.0.0.0": "unspecified",
    "0.1.2.3": "this_network",
    "192.0.0.5": "protocol",
    "192.0.0.9": "global",
    "192.0.0.170": "protocol",
    "192.0.0.200": "protocol",
    "192.0.2.1": "documentation",
    "198.51.100.7": "documentation",
    "203.0.113.9": "documentation",
    "198.18.0.1": "benchmarking",
    "198.20.0.0": "global",
    "192.88.99.1": "reserved",
    "192.88.99.2": "protocol",
    "224.0.0.1": "multicast",
    "239.255.255.255": "multicast",
    "240.0.0.0": "reserved",
    "255.255.255.254": "reserved",
    "255.255.255.255": "broadcast",
    "::": "unspecified",
    "::1": "loopback",
    "::2": "reserved",
    "::ffff:8.8.8.8": "mapped",
    "64:ff9b::808:808": "translation",
    "64:ff9b:1::7f00:1": "translation",
    "100::1": "discard",
    "100:0:0:1::1": "protocol",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2": "tunnel",
    "2001:1::1": "global",
    "2001:1::4": "protocol",
    "2001:2::1": "benchmarking",
    "2001:10::1": "reserved",
    "2001:db8::1": "documentation",
    "2001:db9::1": "global",
    "2002:808:808::1": "tunnel",
    "2606:4700:4700::1111": "global",
    "3fff::1": "documentation",
    "4000::1": "reserved",
    "5f00::1": "protocol",
    "fd12:3456::1": "private",
    "fe80::1": "link_local",
    "fec0::1": "reserved",
    "ff02::fb": "multicast",
}
INVALID = ("", "10.0.0.256", "10.0.0", "10.0.0.01", "host7", "1.2.3.4/24", ":::", "2001:db8::g", " 10.0.0.1")


def test_known_addresses():
    assert dict(zip(KNOWN, address_types(pa.array(list(KNOWN))).to_pylist(), strict=True)) == KNOWN


@pytest.mark.parametrize("text", INVALID)
def test_what_is_no_address_is_invalid_and_not_global(text):
    assert address_type(text) == "invalid"
    assert is_global(pa.array([text])).to_pylist() == [False]


def test_null_is_null():
    assert address_types(pa.array([None, "8.8.8.8"], pa.string())).to_pylist() == [None, "global"]
    assert len(address_types(pa.array([], pa.string()))) == 0


def test_every_row_of_the_registries_answers_for_itself_at_both_ends():
    rows = registry().rows.to_pylist()
    networks = [ipaddress.ip_network(row["network"]) for row in rows]
    assert len(rows) == 55
    for end in (0, -1):
        asked = [network[end] for network in networks]
        found = address_types(pa.array([str(address) for address in asked])).to_pylist()
        for address, answer in zip(asked, found, strict=True):
            over = [(n.prefixlen, row["type"]) for n, row in zip(networks, rows, strict=True) if address in n]
            assert answer == max(over)[1], address


def test_globally_reachable_agrees_with_the_type():
    """The registry says which blocks are reachable; ours that are not called global are no hosts of the Internet."""
    for row in registry().rows.to_pylist():
        if row["type"] == "global":
            assert row["is_globally_reachable"] is True, row
        if row["is_globally_reachable"] is True:
            assert row["type"] in ("global", "protocol", "translation"), row


def test_the_door():
    told = AddressTypes().look_up(pa.array(["10.0.0.1", "zz"]))
    assert told.to_pydict() == {"address_type": ["private", "invalid"]}


def test_the_table_of_first_bits_agrees_with_the_search():
    """Every border of the registries, and a step to either side."""
    for row in registry().rows.to_pylist():
        network = ipaddress.ip_network(row["network"])
        if network.version == 6:
            continue
        ends = (int(network[0]), int(network[-1]))
        asked = [value for end in ends for value in (end - 1, end, end + 1) if 0 <= value < 2**32]
        texts = [str(ipaddress.IPv4Address(value)) for value in asked]
        at = registry().ranges.find(pa.array(texts))
        known = registry().rows["type"].to_pylist()
        assert address_types(pa.array(texts)).to_pylist() == [known[one] if one >= 0 else "global" for one in at]


def test_words_that_users_of_msticpy_know():
    import pandas as pd
    import polars as pl

    from flowsleuth.enrich.ip_types import get_ip_type

    assert get_ip_type("8.8.8.8") == get_ip_type(ip_str="8.8.8.8") == "Public"
    assert (get_ip_type("240.0.0.1"), get_ip_type("100.64.0.1")) == ("Reserved", "Shared")
    assert get_ip_type("") == get_ip_type("web1") == "Invalid"
    given = ["8.8.8.8", None, " 10.0.0.1", 5]
    assert get_ip_type(given) == ["Public", None, "Private", "Invalid"]
    found = get_ip_type(pd.Series(given, index=list("abcd"), name="ip"))
    assert (list(found.index), found.name, found.isna().tolist()) == (list("abcd"), "ip", [False, True, False, False])
    assert get_ip_type(pl.Series("ip", ["fe80::1", None])).to_list() == ["Link Local", None]
    many = ["10.0.0.1", "x ", None] * 2_000  # a column that repeats itself
    assert get_ip_type(many) == ["Private", "Invalid", None] * 2_000
