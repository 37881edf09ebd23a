"""Addresses that mean nothing outside of where they are used: what the IANA special-purpose registries do not call
globally reachable, and multicast.

Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, RFC 8190) and the IPv4 and IPv6 multicast
address spaces. Of overlapping blocks the smaller one counts, so the few global addresses inside 192.0.0.0/24 and
2001::/23 are listed as such.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

GLOBAL = ""
_BLOCKS = {
    "0.0.0.0/8": "of this network (RFC 791)",
    "10.0.0.0/8": "private (RFC 1918)",
    "100.64.0.0/10": "shared by carriers (RFC 6598)",
    "127.0.0.0/8": "loopback (RFC 1122)",
    "169.254.0.0/16": "link local (RFC 3927)",
    "172.16.0.0/12": "private (RFC 1918)",
    "192.0.0.0/24": "for protocols (RFC 6890)",
    "192.0.0.9/32": GLOBAL,
    "192.0.0.10/32": GLOBAL,
    "192.0.2.0/24": "for documentation (RFC 5737)",
    "192.168.0.0/16": "private (RFC 1918)",
    "198.18.0.0/15": "for benchmarks (RFC 2544)",
    "198.51.100.0/24": "for documentation (RFC 5737)",
    "203.0.113.0/24": "for documentation (RFC 5737)",
    "224.0.0.0/4": "multicast (RFC 5771)",
    "240.0.0.0/4": "reserved (RFC 1112)",
    "255.255.255.255/32": "broadcast (RFC 919)",
    "::/128": "unspecified (RFC 4291)",
    "::1/128": "loopback (RFC 4291)",
    "64:ff9b:1::/48": "for local translation (RFC 8215)",
    "100::/64": "discarded (RFC 6666)",
    "100:0:0:1::/64": "a dummy prefix (RFC 9780)",
    "2001::/23": "for protocols (RFC 2928)",
    "2001::/32": GLOBAL,
    "2001:1::1/128": GLOBAL,
    "2001:1::2/128": GLOBAL,
    "2001:1::3/128": GLOBAL,
    "2001:2::/48": "for benchmarks (RFC 5180)",
    "2001:3::/32": GLOBAL,
    "2001:4:112::/48": GLOBAL,
    "2001:20::/28": GLOBAL,
    "2001:30::/28": GLOBAL,
    "2001:db8::/32": "for documentation (RFC 3849)",
    "3fff::/20": "for documentation (RFC 9637)",
    "5f00::/16": "of segment routing (RFC 9602)",
    "fc00::/7": "unique local (RFC 4193)",
    "fe80::/10": "link local (RFC 4291)",
    "fec0::/10": "site local, given up (RFC 3879)",
    "ff00::/8": "multicast (RFC 4291)",
}
_TRANSLATED = ip_network("64:ff9b::/96")


@lru_cache(maxsize=1)
def _blocks() -> list[tuple[IPv4Network | IPv6Network, str]]:
    return sorted(((ip_network(block), why) for block, why in _BLOCKS.items()), key=lambda pair: -pair[0].prefixlen)


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
            return why or None
    if found.version == 6 and found not in ip_network("2000::/3"):
        return "not given out by IANA (RFC 4291)"
    return None


def _inner(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour
