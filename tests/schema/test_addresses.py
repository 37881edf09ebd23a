"""Addresses as whole columns, against the standard library's ipaddress."""

from __future__ import annotations

import ipaddress

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsleuth.schema.addresses import (
    NOT_ROUTED,
    HomeNetworks,
    canonical_address,
    canonical_addresses,
)

HOME = HomeNetworks(["10.0.0.0/8", "192.168.0.0/16", "fc00::/7", "2001:db8:1::/48"])
NETWORKS = [
    ipaddress.ip_network(text) for text in ("10.0.0.0/8", "192.168.0.0/16", "fc00::/7", "2001:db8:1::/48", *NOT_ROUTED)
]

IPV4 = st.ip_addresses(v=4)
IPV6 = st.ip_addresses(v=6)
DIGITS = st.text(alphabet="0123456789. -+x:", max_size=17)


def is_home(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return any(address in network for network in NETWORKS if network.version == address.version)


@given(IPV6, st.booleans(), st.booleans())
def test_ipv6_is_written_as_in_rfc_5952(address: ipaddress.IPv6Address, exploded: bool, upper: bool) -> None:
    text = address.exploded if exploded else str(address)
    found = canonical_address(text.upper() if upper else text)
    assert ipaddress.IPv6Address(found) == address
    assert found == found.lower()
    assert canonical_address(found) == found
    if address.ipv4_mapped is None and int(address) >> 32:
        assert found == str(address)


@given(st.lists(st.one_of(IPV4, IPV6), max_size=40))
def test_home_is_membership_in_a_network(addresses: list[ipaddress.IPv4Address | ipaddress.IPv6Address]) -> None:
    found = canonical_addresses(pa.array([str(address) for address in addresses], type=pa.string()), HOME)
    assert found.is_home.tolist() == [is_home(address) for address in addresses]
    assert not found.is_bad.any()


@pytest.mark.parametrize("network", [n for n in NETWORKS if n.version == 4])
def test_home_at_the_borders(network: ipaddress.IPv4Network) -> None:
    first, last = int(network.network_address), int(network.broadcast_address)
    around = [value for value in (first - 1, first, last, last + 1) if 0 <= value < 2**32]
    wanted = [is_home(ipaddress.IPv4Address(value)) for value in around]
    assert HOME.contains_ipv4(np.array(around, dtype=np.uint32)).tolist() == wanted


def test_neighbouring_and_nested_networks() -> None:
    home = HomeNetworks(["10.0.0.0/9", "10.128.0.0/9", "10.1.0.0/16", "11.0.0.0/32"])
    values = [
        int(ipaddress.IPv4Address(t)) for t in ("9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0", "11.0.0.1")
    ]
    assert home.contains_ipv4(np.array(values, dtype=np.uint32)).tolist() == [False, True, True, True, False]


TEXTS = st.one_of(IPV4.map(str), IPV6.map(str), IPV6.map(lambda a: a.exploded.upper()), DIGITS, st.none())


@given(st.lists(TEXTS, max_size=30), st.booleans(), st.booleans())
def test_columns_are_the_single_address(texts: list[str | None], encoded: bool, chunked: bool) -> None:
    column = pa.array(texts, type=pa.string())
    column = column.dictionary_encode() if encoded else column
    if chunked:
        column = pa.chunked_array([column[: len(texts) // 2], column[len(texts) // 2 :]])
    found = canonical_addresses(column, HOME)
    for text, made, is_bad in zip(texts, found.text.to_pylist(), found.is_bad.tolist(), strict=True):
        try:
            wanted = None if text is None else canonical_address(text)
        except ValueError:
            wanted = None
        assert made == wanted
        assert is_bad == (text is not None and wanted is None)


def test_zone_ids_are_dropped() -> None:
    found = canonical_addresses(pa.array(["fe80::1%eth0", "FE80::1"]), HOME)
    assert found.text.to_pylist() == ["fe80::1"] * 2
    assert found.is_home.tolist() == [True, True]


@pytest.mark.parametrize(
    "text", ["", "%eth0", "::g", "1::2::3", "10.0.0.1%eth0", "00:15:17:2c:e5:2d", "host", "1.2.3.4\0", "::\0"]
)
def test_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="not an IP address"):
        canonical_address(text)
    assert canonical_addresses(pa.array([text]), HOME).is_bad.tolist() == [True]
