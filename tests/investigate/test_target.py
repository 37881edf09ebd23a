"""Targets: what the condition for an engine says is what the mask says, for every network."""

from __future__ import annotations

import ipaddress

import ibis
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flowsleuth.errors import OptionError
from flowsleuth.investigate.target import Target, condition, is_listable
from flowsleuth.schema.addresses import canonical_address

ipv4 = st.ip_addresses(v=4).map(str)
ipv6 = st.one_of(
    st.ip_addresses(v=6),
    st.lists(st.sampled_from([0, 0, 0, 1, 0x2001, 0xDB8, 0xFE80]), min_size=8, max_size=8).map(
        lambda groups: ipaddress.IPv6Address(int("".join(f"{g:04x}" for g in groups), 16))
    ),
).map(lambda a: canonical_address(str(a)))


@st.composite
def networks(draw):
    """A network, and addresses of which some are in it, some just beside it."""
    version = draw(st.sampled_from([4, 6]))
    text = draw(ipv4 if version == 4 else ipv6)
    network = ipaddress.ip_network(f"{text}/{draw(st.integers(0, 32 if version == 4 else 128))}", strict=False)
    inside = draw(st.lists(st.integers(0, network.num_addresses - 1), max_size=8))
    edge = [int(network[0]), int(network[-1]), int(network[0]) - 1, int(network[-1]) + 1]
    made = {int(network[0]) + n for n in inside} | set(edge)
    kind = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    near = [canonical_address(str(kind(n))) for n in made if 0 <= n < 2 ** (32 if version == 4 else 128)]
    return network, near + draw(st.lists(ipv4, max_size=8)) + draw(st.lists(ipv6, max_size=8))


@settings(max_examples=150, deadline=None)
@given(networks())
@example((ipaddress.ip_network("::ffff:0:0/128"), ["::ffff:0.0.0.0", "::ffff:0.0.0.1"]))
def test_condition_and_mask_agree_with_ipaddress(case):
    network, addresses = case
    target = Target.parse(str(network))
    expected = [ipaddress.ip_address(a) in network for a in addresses]
    column = pa.array(addresses, pa.string())
    assert target.owns(column).tolist() == expected
    known = None if is_listable(target) else [a for a, is_in in zip(addresses, expected, strict=True) if is_in]
    rows = ibis.memtable(pa.table({"n": list(range(len(addresses))), "ip": column}))
    answered = rows.select("n", found=condition(target, known)(rows.ip)).order_by("n").to_pyarrow()
    assert answered["found"].to_pylist() == expected


def test_many_known_addresses_are_joined():
    known = [f"2001:db8::{n:x}" for n in range(1, 1500)]
    rows = ibis.memtable(pa.table({"ip": ["2001:db8::5", "::1"]}))
    mine = condition(Target("2001:db8::/48"), known)
    assert rows.filter(mine(rows.ip)).to_pyarrow()["ip"].to_pylist() == ["2001:db8::5"]


@pytest.mark.parametrize(
    "text", ["", "host", "10.0.0", "10.0.0.0/33", "1'; DROP TABLE flow --", "10.0.0.1/", "::1/129"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(OptionError, match="neither an address nor a network"):
        Target.parse(text)


def test_a_network_of_one_is_an_address():
    assert Target.parse("10.0.0.5/32") == Target.parse("10.0.0.5")
    assert Target.parse("2001:db8::1/128").is_address
