"""What stands at a place is told from what only looks like it, and kept: addresses, hashes, names, URLs, numbers."""

from __future__ import annotations

from typing import Any

from flowsleuth.extract.ioc.kernels.addresses import (
    ipv4_at,
    ipv6_at,
    is_ipv4,
    is_ipv6,
    is_mac,
    is_netmask,
    mac_at,
    prefix_at,
)
from flowsleuth.extract.ioc.kernels.marks import (
    DIGIT,
    HEX,
    LETTER,
    all_of,
    at_unit,
    colon_unit,
    dot_unit,
    is_alnum_at,
    is_word_at,
    low,
    put,
    word_bits,
    word_end,
)
from flowsleuth.extract.ioc.kernels.names import BAD, hash_kind, is_message_id, mail_start, name_at, name_kind
from flowsleuth.extract.ioc.kernels.urls import HAS_ESCAPES, has_escapes, url_at
from flowsleuth.extract.ioc.kinds import ATTACK, CIDR, CVE, DNS, EMAIL, IPV4, IPV6, MAC, URL
from flowsleuth.extract.ioc.words import SPECIAL, TOP

FIRST_TECHNIQUE, LAST_TECHNIQUE = 1001, 1699
SHORTEST_HASH, SHORTEST_BITCOIN = 26, 14
IN_NETFILTER = 14
"""Pairs in the MAC field of the Linux firewall: to, from, and the type of what is carried."""


def find_hashes(data: Any, a: int, b: int, s: int, e: int, row: int, T: Any, out: Any, n: int) -> Any:
    """Hashes and Bitcoin addresses among the letters and digits of a word."""
    i = s
    while i < e:
        first = i
        while i < e and data[i] < 0x80 and T[data[i]] & (LETTER | DIGIT):
            i += 1
        if i - first >= SHORTEST_BITCOIN:
            kind = hash_kind(data, a, b, first, i, T)
            if kind and not (first > a and data[first - 1] == 43) and not (i < b and data[i] == 43):
                n = put(out, n, kind, row, first, i, 0, 0)
        while i < e and not (data[i] < 0x80 and T[data[i]] & (LETTER | DIGIT)):
            i += 1
    return n


def find_url(data: Any, a: int, b: int, s: int, e: int, row: int, g: Any, T: Any, out: Any, n: int) -> Any:
    """A URL that begins with the word ``s:e``, and its host: their number, and where scan and URL go on."""
    start, end, h, h_end, kind, flags = url_at(data, a, b, s, e, g, T)
    if start < 0:
        return n, -1, -1
    if has_escapes(data, h_end, end, T):
        flags |= HAS_ESCAPES
    n = put(out, n, URL, row, start, end, h, h_end * 8 + flags)
    if kind == IPV6:
        n = put(out, n, IPV6, row, h + 1, ipv6_at(data, h + 1, b, g, T), 0, 0)
    elif kind:
        n = put(out, n, kind, row, h, h_end, 0, 0)
    return n, max(h_end, start + 1), end


def find_ipv4(data: Any, a: int, b: int, s: int, row: int, T: Any, out: Any, n: int) -> Any:
    """An IPv4 address or network at ``s``, and where it ends; -1 when none is there."""
    end, value = ipv4_at(data, s, b, T)
    if end < 0:
        return n, -1
    if not is_ipv4(data, a, b, s, end, T):
        return n, -1
    stop, bits = prefix_at(data, end, b, 32, T)
    if stop >= 0 and value & ((1 << (32 - bits)) - 1) == 0:
        n = put(out, n, CIDR, row, s, stop, end, 0)
        return (n if bits < 32 else put(out, n, IPV4, row, s, end, 0, 0)), stop
    if is_netmask(value):
        return n, end
    return put(out, n, IPV4, row, s, end, 0, 0), end


def find_ipv6(data: Any, a: int, b: int, s: int, row: int, g: Any, T: Any, out: Any, n: int) -> Any:
    """An IPv6 address or network at ``s``, and where it ends; -1 when none is there."""
    end = ipv6_at(data, s, b, g, T)
    if end < 0 or not is_ipv6(data, a, b, s, end, T):
        return n, -1
    stop, bits = prefix_at(data, end, b, 128, T)
    if stop >= 0 and bits < 128:
        is_network = True
        for k in range(8):
            kept = min(16, max(0, bits - 16 * k))
            if g[k] & ((1 << (16 - kept)) - 1):
                is_network = False
        if is_network:
            return put(out, n, CIDR, row, s, stop, end, 0), stop
    return put(out, n, IPV6, row, s, end, 0, 0), end


def skip_groups(data: Any, s: int, b: int, T: Any) -> Any:
    """Where a row of hexadecimal groups with colons ends that is neither address nor MAC: a clock time, a port."""
    i = s
    while True:
        e = word_end(data, i, b, T)
        if e - i > 4 or e == i or not all_of(data, i, e, HEX, T):
            return max(i, s + 1)
        if e >= b or data[e] != 58:
            return i if i > s and dot_unit(data, e, b, T) else e
        i = e + 1


def find_macs(data: Any, s: int, b: int, row: int, T: Any, out: Any, n: int) -> Any:
    """MAC addresses at ``s``, and where they end; -1 when there are none."""
    pairs, end = mac_at(data, s, b, T)
    if pairs == 6 and is_mac(data, s, end, T):
        return put(out, n, MAC, row, s, end, 0, 0), end
    if pairs == IN_NETFILTER:
        for first in (s, s + 18):
            if is_mac(data, first, first + 17, T):
                n = put(out, n, MAC, row, first, first + 17, 0, 0)
        return n, end
    return n, (end if pairs >= 6 else -1)


def cisco_mac(data: Any, a: int, s: int, b: int, T: Any) -> Any:
    """Where ``0011.2233.44ff`` at ``s`` ends; -1."""
    i = s
    for part in range(3):
        if i + 4 > b or not all_of(data, i, i + 4, HEX, T):
            return -1
        i += 4
        if part < 2:
            if i >= b or data[i] != 46:
                return -1
            i += 1
    if is_word_at(data, i, b, T) or (i < b and data[i] == 46 and is_word_at(data, i + 1, b, T)):
        return -1
    return -1 if all_of(data, s, s + 4, LETTER, T) or (s > a and data[s - 1] == 46) else i


def cve_end(data: Any, s: int, e: int, T: Any) -> Any:
    """Where ``CVE-2021-44228`` at ``s`` ends; -1."""
    if e - s < 13 or low(data[s]) != 99 or low(data[s + 1]) != 118 or low(data[s + 2]) != 101 or data[s + 3] != 45:
        return -1
    if not all_of(data, s + 4, s + 8, DIGIT, T) or data[s + 8] != 45 or data[s + 4] not in (49, 50):
        return -1
    i = s + 9
    while i < e and 48 <= data[i] <= 57:
        i += 1
    return i if 4 <= i - s - 9 <= 7 and not is_alnum_at(data, i, e, T) else -1


def technique_end(data: Any, a: int, s: int, e: int, b: int, T: Any) -> Any:
    """Where ``T1059.001`` at ``s`` ends; -1."""
    if e - s != 5 or not all_of(data, s + 1, e, DIGIT, T):
        return -1
    if data[s] == 116 and not (s - 7 >= a and data[s - 1] == 46 and word_end(data, s - 7, b, T) == s - 1):
        return -1
    number = (data[s + 1] - 48) * 1000 + (data[s + 2] - 48) * 100 + (data[s + 3] - 48) * 10 + data[s + 4] - 48
    if not FIRST_TECHNIQUE <= number <= LAST_TECHNIQUE or (s > a and data[s - 1] == 58 and data[s] == 116):
        return -1
    if e + 3 < b + 0 and data[e] == 46 and all_of(data, e + 1, e + 4, DIGIT, T) and not is_word_at(data, e + 4, b, T):
        return e + 4
    if e + 4 == b and data[e] == 46 and all_of(data, e + 1, e + 4, DIGIT, T):
        return e + 4
    return e


def find_mail(data: Any, a: int, b: int, i: int, floor: int, row: int, T: Any, out: Any, n: int) -> Any:
    """A mail address whose at sign stands at ``i``, and its host; where it ends, -1 when there is none."""
    size = at_unit(data, i, b)
    if size == 0:
        return n, -1
    before = i - 1 if size > 1 and i > floor and data[i - 1] == 32 else i
    s = mail_start(data, floor, before, T)
    h = i + size
    if before < i and h < b and data[h] == 32:
        h += 1
    if s == before or not is_word_at(data, h, b, T):
        return n, -1
    end, labels, last, what = name_at(data, h, b, T)
    bits = word_bits(data, last, end, T)
    is_known = bits & (TOP | SPECIAL) or data[last] >= 0xC3
    if labels < 2 or what & BAD or not is_known:
        return n, -1
    after = data[end] if end < b else 0
    is_remote_path = after == 58 and end + 1 < b and data[end + 1] > 57  # git@host.org:project
    if not is_remote_path and not is_message_id(data, a, s):
        n = put(out, n, EMAIL, row, s, end, before, h)
    return put(out, n, DNS, row, h, end, 0, 0), end


def find_numbers(data: Any, a: int, b: int, s: int, e: int, row: int, g: Any, T: Any, out: Any, n: int) -> Any:
    """Addresses, networks and MACs at the word ``s:e``, and where they end; -1 when there are none."""
    after = data[e] if e < b else 0
    if e - s <= 4 and colon_unit(data, e, b) and all_of(data, s, e, HEX, T):
        n, end = find_ipv6(data, a, b, s, row, g, T, out, n)
        if end < 0 and e - s == 2:
            n, end = find_macs(data, s, b, row, T, out, n)
        return n, (end if end >= 0 else skip_groups(data, s, b, T))
    if 48 <= data[s] <= 57 and e - s <= 20:
        n, end = find_ipv4(data, a, b, s, row, T, out, n)
        if end >= 0:
            return n, end
    if e - s == 17 and data[s + 2] == 45:
        n, end = find_macs(data, s, e, row, T, out, n)
        if end >= 0:
            return n, end
    if e - s == 4 and after == 46:
        end = cisco_mac(data, a, s, b, T)
        if end >= 0:
            return put(out, n, MAC, row, s, end, 0, 0), end
    return n, -1


def find_in_word(data: Any, a: int, b: int, s: int, e: int, row: int, T: Any, out: Any, n: int) -> Any:
    """An address after a hyphen or an underscore: ``host_192.0.2.1``, ``\\n192.0.2.1``; where it ends, -1."""
    i = e
    while i > s and 48 <= data[i - 1] <= 57:
        i -= 1
    if i == e or i == s:
        return n, -1
    is_escape = i == s + 1 and s > a and data[s - 1] == 92
    if not is_escape and data[i - 1] != 45 and data[i - 1] != 95:
        return n, -1
    return find_ipv4(data, a, b, i, row, T, out, n)


def find_name(data: Any, a: int, b: int, s: int, e: int, row: int, T: Any, out: Any, n: int) -> Any:
    """A name at the word ``s:e``; where its dotted words end."""
    kind, end = name_kind(data, a, b, s, T)
    if kind:
        return put(out, n, kind, row, s, end, 0, 0), max(end, e)
    n, stop = find_in_word(data, a, b, s, e, row, T, out, n)
    if stop >= 0:
        return n, stop
    i = e
    while i < end:
        i += max(dot_unit(data, i, b, T), 1)
        first = i
        i = word_end(data, i, end, T)
        if i - first >= SHORTEST_HASH:
            n = find_hashes(data, a, b, first, i, row, T, out, n)
        if i - first == 5 and low(data[first]) == 116:
            stop = technique_end(data, a, first, i, b, T)
            if stop > 0:
                return put(out, n, ATTACK, row, first, stop, 0, 0), max(stop, end)
    return n, max(end, e)


def find_numbered(data: Any, a: int, b: int, s: int, e: int, row: int, T: Any, out: Any, n: int) -> Any:
    """A CVE or ATT&CK number at the word ``s:e``; where it ends, -1 when none is there."""
    end = cve_end(data, s, e, T)
    if end >= 0:
        return put(out, n, CVE, row, s, end, 0, 0), end
    if data[s] == 84:
        end = technique_end(data, a, s, e, b, T)
        if end >= 0:
            return put(out, n, ATTACK, row, s, end, 0, 0), end
    return n, -1
