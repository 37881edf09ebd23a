"""IPv4, IPv6, networks and MAC addresses, by parsers; and what only looks like them."""

from __future__ import annotations

from typing import Any

from flowsleuth.extract.ioc.kernels.marks import (
    DIGIT,
    HEX,
    LETTER,
    all_of,
    bits_before,
    colon_unit,
    dot_unit,
    is_alnum_at,
    is_word_at,
    low,
    word_bits,
    word_end,
)
from flowsleuth.extract.ioc.kernels.names import name_at
from flowsleuth.extract.ioc.words import OF_VERSION, PACKAGE, PRODUCT, TOP


def ipv4_at(data: Any, i: int, b: int, T: Any) -> Any:
    """Where the IPv4 address at ``i`` ends, and its number; -1 when there is none. Octets have no leading zeros."""
    value = 0
    for part in range(4):
        if part:
            size = dot_unit(data, i, b, T)
            if size == 0:
                return -1, 0
            i += size
        first = i
        octet = 0
        while i < b and i - first < 4 and 48 <= data[i] <= 57:
            octet = octet * 10 + data[i] - 48
            i += 1
        if i == first or i - first > 3 or octet > 255 or (i - first > 1 and data[first] == 48):
            return -1, 0
        value = value * 256 + octet
    return i, value


def is_netmask(value: int) -> Any:
    """A mask such as 255.255.252.0, which is nobody's address; the broadcast address is not one."""
    rest = 0xFFFFFFFF - value
    return value >= 0xFF000000 and rest > 0 and rest & (rest + 1) == 0


def prefix_at(data: Any, i: int, b: int, longest: int, T: Any) -> Any:
    """Where ``/24`` at ``i`` ends, and its number; -1 when none is there."""
    if i >= b or data[i] != 47:
        return -1, 0
    j = i + 1
    bits = 0
    while j < b and j - i < 5 and 48 <= data[j] <= 57:
        bits = bits * 10 + data[j] - 48
        j += 1
    if j == i + 1 or bits > longest or (data[i + 1] == 48 and j > i + 2) or is_word_at(data, j, b, T):
        return -1, 0
    if j < b and (data[j] == 47 or (data[j] == 46 and is_alnum_at(data, j + 1, b, T))):
        return -1, 0
    return j, bits


def is_product(data: Any, a: int, s: int, T: Any) -> Any:
    """``Chrome/`` stands before ``s``: a name with a capital or a known one, with a slash."""
    if s - 1 <= a or data[s - 1] != 47:
        return False
    end = s - 1
    j = end
    while j > a and end - j < 32 and data[j - 1] < 0x80 and T[data[j - 1]] & (LETTER | DIGIT) | (data[j - 1] == 45):
        j -= 1
    if j == end or data[end - 1] < 0x41:
        return False
    is_titled = 65 <= data[j] <= 90 and end - j > 1 and 97 <= data[end - 1] <= 122
    return is_titled or word_bits(data, j, end, T) & PRODUCT != 0


def is_dump(data: Any, a: int, s: int, b: int, end: int, T: Any) -> Any:
    """A fifth number after an address is a port, as tcpdump writes: ``IP 192.0.2.1.443 > 192.0.2.9.50123:``."""
    j = end + 1
    port = 0
    while j < b and j - end < 8 and 48 <= data[j] <= 57:
        port = port * 10 + data[j] - 48
        j += 1
    if j == end + 1 or port > 65535:
        return False
    if j + 2 < b and data[j] == 32 and data[j + 1] == 62 and data[j + 2] == 32:
        return True
    is_second = s - 3 >= a and data[s - 1] == 32 and data[s - 2] == 62 and data[s - 3] == 32
    return is_second and (j >= b or data[j] == 58 or data[j] == 32)


def is_ipv4(data: Any, a: int, b: int, s: int, end: int, T: Any) -> Any:
    """An address of the right form at ``s`` is one by what stands around it."""
    before = data[s - 1] if s > a else 0
    is_joined = s - 2 >= a and is_alnum_at(data, s - 2, b, T)
    if (before == 46 and is_joined) or before == 36:
        return False
    after = data[end] if end < b else 0
    if after < 0x80 and T[after] & (LETTER | DIGIT):
        return False
    if before == 47 and is_product(data, a, s, T):
        return False
    is_of_letters = is_joined and (before == 45 or before == 95) and not 48 <= data[s - 2] <= 57
    if after == 45 and end + 1 < b and data[end + 1] < 0x80 and T[data[end + 1]] & LETTER:
        return False
    if is_of_letters and (after == 45 or after == 95 or after == 46) and is_alnum_at(data, end + 1, b, T):
        return False
    size = dot_unit(data, end, b, T)
    if size and is_word_at(data, end + size, b, T):
        if 48 <= data[end + size] <= 57:
            return after == 46 and is_dump(data, a, s, b, end, T)
        name_end, _, last, _ = name_at(data, end + size, b, T)
        if word_bits(data, last, name_end, T) & TOP:
            return False
        if word_bits(data, end + size, word_end(data, end + size, b, T), T) & PACKAGE:
            return False
    return bits_before(data, a, s, b, T) & OF_VERSION == 0


def ipv6_at(data: Any, i: int, b: int, g: Any, T: Any) -> Any:
    """Where the IPv6 address at ``i`` ends, its groups in ``g``; -1 when there is none.

    ``g[8]`` says whether it ends as an IPv4 address does.
    """
    n = 0
    gap = -1
    g[8] = 0
    size = colon_unit(data, i, b)
    if size:
        second = colon_unit(data, i + size, b)
        if second == 0:
            return -1
        i += size + second
        gap = 0
    end = i
    while n < 8:
        first = i
        value = 0
        while i < b and i - first < 5 and data[i] < 0x80 and T[data[i]] & HEX:
            c = data[i]
            value = value * 16 + (c - 48 if c < 58 else low(c) - 87)
            i += 1
        if i == first:
            break
        if i - first > 4:
            return -1
        if n <= 6 and (n == 6 or gap >= 0) and dot_unit(data, i, b, T):
            end4, number = ipv4_at(data, first, b, T)
            if end4 >= 0:
                g[n] = number >> 16
                g[n + 1] = number & 0xFFFF
                g[8] = 1
                n += 2
                end = end4
                break
        g[n] = value
        n += 1
        end = i
        size = colon_unit(data, i, b)
        if size == 0:
            break
        second = colon_unit(data, i + size, b)
        if second:
            if gap >= 0:
                return -1
            gap = n
            i += size + second
            end = i
        else:
            i += size
    if n > 8 or (gap < 0 and n < 8) or (gap >= 0 and n == 8):
        return -1
    if gap >= 0:
        fill = 8 - n
        for k in range(7, gap + fill - 1, -1):
            g[k] = g[k - fill]
        for k in range(gap, gap + fill):
            g[k] = 0
    return end


def is_ipv6(data: Any, a: int, b: int, s: int, end: int, T: Any) -> Any:
    """An address of the right form is one by what stands in and around it: no part of a longer row of numbers, no
    ``a::b`` of a programming language, no row of eight bytes.
    """
    if s > a and (is_alnum_at(data, s - 1, b, T) or data[s - 1] in (58, 95, 46, 36)):
        return False
    if is_alnum_at(data, end, b, T) or (end < b and data[end] == 95):
        return False
    size = colon_unit(data, end, b)
    if size and data[end - 1] == 58:
        return False
    if size and is_word_at(data, end + size, b, T) and all_of(data, end + size, end + size + 1, HEX, T):
        return False
    digits, groups, letters, run, longest, shortest = 0, 0, 0, 0, 0, 9
    for i in range(s, end + 1):
        if i < end and data[i] < 0x80 and T[data[i]] & HEX:
            run += 1
            if 48 <= data[i] <= 57:
                digits += 1
            else:
                letters += 1
        elif run:
            groups += 1
            longest = max(longest, run)
            shortest = min(shortest, run)
            run = 0
    if groups == 0 or (groups <= 2 and digits == 0):
        return False
    return not (groups == 8 and longest == 2 and shortest == 2)


def mac_at(data: Any, s: int, b: int, T: Any) -> Any:
    """How many pairs of hexadecimal digits, joined by colons or hyphens, stand at ``s``; and where they end."""
    joint = data[s + 2] if s + 2 < b else 0
    if joint != 58 and joint != 45:
        return 0, s
    n = 0
    i = s
    while i + 1 < b and all_of(data, i, i + 2, HEX, T):
        n += 1
        i += 2
        if i + 2 < b and data[i] == joint and all_of(data, i + 1, i + 3, HEX, T):
            i += 1
        else:
            break
    if is_alnum_at(data, i, b, T) or (i < b and data[i] == joint and is_alnum_at(data, i + 1, b, T)):
        return 0, i
    return n, i


def is_mac(data: Any, s: int, end: int, T: Any) -> Any:
    """It is somebody's: not all zeros, not the broadcast address, not a date with dashes."""
    zeros, ones, letters = 0, 0, 0
    for i in range(s, end):
        c = low(data[i])
        zeros += 1 if c == 48 else 0
        ones += 1 if c == 102 else 0
        letters += 1 if c >= 97 else 0
    return zeros < 12 and ones < 12 and (letters > 0 or data[s + 2] == 58 or (data[s] == 48 and data[s + 1] == 48))
