"""IANA protocol numbers and the names that sources give them."""

from __future__ import annotations

KEYWORDS: dict[int, str] = {
    0: "hopopt", 1: "icmp", 2: "igmp", 3: "ggp", 4: "ipv4", 5: "st", 6: "tcp", 8: "egp", 9: "igp", 17: "udp",
    27: "rdp", 33: "dccp", 36: "xtp", 41: "ipv6", 43: "ipv6-route", 44: "ipv6-frag", 45: "idrp", 46: "rsvp",
    47: "gre", 50: "esp", 51: "ah", 54: "narp", 55: "min-ipv4", 57: "skip", 58: "ipv6-icmp", 59: "ipv6-nonxt",
    60: "ipv6-opts", 80: "iso-ip", 88: "eigrp", 89: "ospfigp", 94: "ipip", 97: "etherip", 98: "encap", 103: "pim",
    108: "ipcomp", 112: "vrrp", 115: "l2tp", 124: "isis", 132: "sctp", 136: "udplite", 137: "mpls-in-ip",
}  # fmt: skip
"""Assigned Internet Protocol Numbers: the ones that are met in flow logs."""

SYNONYMS: dict[str, str] = {
    "icmp6": "ipv6-icmp",
    "icmpv6": "ipv6-icmp",
    "icmp-v6": "ipv6-icmp",
    "ospf": "ospfigp",
    "ipip": "ipv4",
}
"""What sources write for a keyword."""

ICMP = ("icmp", "ipv6-icmp")


def protocol_keyword(name: str) -> str:
    """The IANA keyword, lower case, of a protocol name or number; an unknown name stays as it is.

    Examples
    --------
    >>> protocol_keyword("TCP"), protocol_keyword("17"), protocol_keyword("ICMP6"), protocol_keyword("253")
    ('tcp', 'udp', 'ipv6-icmp', '253')
    """
    text = name.strip().lower()
    if text.isdecimal():
        return KEYWORDS.get(int(text), text)
    return SYNONYMS.get(text, text)
