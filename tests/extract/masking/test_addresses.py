"""Addresses masked: networks stay networks, private stays private, nothing stays itself."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsleuth.extract.masking.addresses import KEPT_4, KEPT_6, AddressMask
from flowsleuth.extract.masking.keys import MaskKey

MASK = AddressMask(MaskKey(b"a key of the tests"))
V4 = st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address)
V6 = st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address)
FIXED = {"0.0.0.0", "127.0.0.1", "255.255.255.255", "239.255.255.250"}


def shared(one, other) -> int:
    """How many first bits two addresses share."""
    bits = one.max_prefixlen
    return bits - (int(one) ^ int(other)).bit_length()


def is_fixed(address) -> bool:
    return str(address) in FIXED or str(address).startswith(("224.0.0.", "ff02::", "::"))


@given(V4, V4)
def test_shared_bits_stay_shared_v4(one, other):
    if not is_fixed(one) and not is_fixed(other):
        assert shared(MASK.address(one), MASK.address(other)) == shared(one, other)


@given(V4, st.integers(0, 255), st.integers(0, 32))
def test_neighbours_stay_neighbours_v4(one, bits, size):
    other = ipaddress.IPv4Address(int(one) ^ (bits >> size))
    if not is_fixed(one) and not is_fixed(other):
        assert shared(MASK.address(one), MASK.address(other)) == shared(one, other)


@given(V6, V6, st.integers(0, 128))
def test_shared_bits_stay_shared_v6(one, other, size):
    other = ipaddress.IPv6Address(int(one) ^ (int(other) >> size))
    if not is_fixed(one) and not is_fixed(other) and "64:ff9b" not in f"{one}{other}":
        assert shared(MASK.address(one), MASK.address(other)) == shared(one, other)


@pytest.mark.parametrize("network", [*KEPT_4, *KEPT_6])
def test_special_networks_map_to_themselves(network):
    network = ipaddress.ip_network(network)
    for step in range(1, 200):
        address = network[network.num_addresses * step // 201]
        masked = MASK.address(address)
        assert masked in network
        assert masked != address or is_fixed(address)


@given(st.one_of(V4, V6))
def test_no_address_stays_itself_and_its_class_stays(address):
    masked = MASK.address(address)
    if is_fixed(address):
        return
    assert masked != address
    networks = KEPT_4 if address.version == 4 else KEPT_6
    for network in map(ipaddress.ip_network, networks):
        assert (masked in network) == (address in network)


def test_those_that_mean_the_same_everywhere_stay():
    for text in ("127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.251", "::1", "::", "ff02::fb"):
        assert MASK.text(text) == text


def test_a_v4_address_in_v6_is_masked_as_itself():
    inner = MASK.text("192.0.2.7")
    assert ipaddress.ip_address(MASK.text("::ffff:192.0.2.7")).ipv4_mapped == ipaddress.ip_address(inner)


def test_networks_and_what_is_no_address():
    assert MASK.text("10.1.2.0/24") == str(ipaddress.ip_network(f"{MASK.text('10.1.2.99')}/24", strict=False))
    for text in ("", "10.1.2", "12:34:56", "10.1.2.0/64", "10.1.2.3/x", "web1"):
        assert MASK.text(text) is None


def test_another_key_gives_another_address():
    other = AddressMask(MaskKey(b"another key of tests"))
    same = AddressMask(MaskKey(b"a key of the tests"))
    addresses = [f"10.{n}.{n * 7 % 256}.1" for n in range(64)]
    assert [same.text(one) for one in addresses] == [MASK.text(one) for one in addresses]
    assert sum(other.text(one) == MASK.text(one) for one in addresses) < 4


def test_bits_are_flipped_about_half_the_time():
    """Over many keys each free bit but the first takes both values."""
    address = ipaddress.IPv4Address("8.8.8.8")
    flips = [int(AddressMask(MaskKey(bytes([n]) * 16)).address(address)) ^ int(address) for n in range(200)]
    for bit in range(20):
        assert 60 <= sum(flip >> bit & 1 for flip in flips) <= 140
