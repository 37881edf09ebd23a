"""Addresses that mean nothing outside of where they are used: what IANA's registries do not call globally reachable,
and multicast. The registries are :mod:`flowsleuth.schema.special_networks`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from flowsleuth.schema.special_networks import SpecialNetwork, special_networks

NOT_ANSWERED = ("multicast", "reserved")
"""Types that nobody is asked about though the registries do not say that they are unreachable."""
WORDS = {
    "this_network": "of this network",
    "shared": "shared by carriers",
    "link_local": "link local",
    "protocol": "for protocols",
    "documentation": "for documentation",
    "benchmarking": "for benchmarks",
    "translation": "for local translation",
    "discard": "discarded",
}
"""What a type is called where it is a reason; others by their name."""
_RFC = re.compile(r"RFC \d+")
_TRANSLATED = ip_network("64:ff9b::/96")


@lru_cache(maxsize=1)
def _blocks() -> list[tuple[IPv4Network | IPv6Network, str | None]]:
    blocks = [(ip_network(one.network), _why(one)) for one in special_networks()]
    return sorted(blocks, key=lambda pair: -pair[0].prefixlen)


def _why(one: SpecialNetwork) -> str | None:
    """Why addresses of a network are not global; None when they are."""
    if one.is_globally_reachable or (one.is_globally_reachable is None and one.type not in NOT_ANSWERED):
        return None
    rfc = _RFC.search(one.rfc)
    return WORDS.get(one.type, one.type) + (f" ({rfc[0]})" if rfc else "")


def why_not_global(address: str) -> str | None:
    """What an address is when it is not globally reachable; None for one that is.

    An IPv4 address inside an IPv6 address (mapped, translated, 6to4) is judged by itself.

    Raises
    ------
    ValueError
        The text is no IP address.

    Examples
    --------
    >>> why_not_global("100.64.3.1"), why_not_global("::ffff:10.0.0.1"), why_not_global("8.8.8.8")
    ('shared by carriers (RFC 6598)', 'private (RFC 1918)', None)
    """
    found = ip_address(address)
    inner = _inner(found) if isinstance(found, IPv6Address) else None
    if inner is not None:
        return why_not_global(str(inner))
    for block, why in _blocks():
        if found.version == block.version and found in block:
            return why
    return None


def _inner(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour
