"""What was found, written in its canonical form; and texts whose percent escapes are undone."""

from __future__ import annotations

from typing import Any

from flowsleuth.extract.ioc.kernels.addresses import ipv6_at
from flowsleuth.extract.ioc.kernels.marks import (
    HEX,
    POOL,
    TO_PLACES,
    TO_SIZES,
    WORD,
    all_of,
    at_unit,
    colon_unit,
    dot_unit,
    low,
    word_end,
    word_index,
)
from flowsleuth.extract.ioc.kernels.urls import DOTS, ESCAPED, after_scheme
from flowsleuth.extract.ioc.kinds import (
    ATTACK,
    CIDR,
    CVE,
    DNS,
    EMAIL,
    FILE,
    IPV4,
    IPV6,
    LINUX_PATH,
    MAC,
    MD5,
    REGISTRY,
    SHA512,
    URL,
    WINDOWS_PATH,
)


def put_text(data: Any, s: int, e: int, to: Any, o: int) -> Any:
    """As it stands."""
    for i in range(s, e):
        to[o] = data[i]
        o += 1
    return o


def put_low(data: Any, s: int, e: int, to: Any, o: int) -> Any:
    """In lower case."""
    for i in range(s, e):
        to[o] = low(data[i])
        o += 1
    return o


def put_meaning(n: int, T: Any, to: Any, o: int) -> Any:
    """What the word of a number stands for: ``http`` for ``hxxp``, ``HKLM`` for ``HKEY_LOCAL_MACHINE``."""
    first = T[POOL] + T[T[TO_PLACES] + n]
    for k in range(T[T[TO_SIZES] + n]):
        to[o] = T[first + k]
        o += 1
    return o


def put_host(data: Any, s: int, e: int, is_low: int, T: Any, to: Any, o: int) -> Any:
    """With plain dots, colons and at signs."""
    i = s
    while i < e:
        if T[data[i]] & WORD:
            to[o] = low(data[i]) if is_low else data[i]
            i += 1
            o += 1
            continue
        size = dot_unit(data, i, e, T)
        if size:
            to[o] = 46
        else:
            size = colon_unit(data, i, e)
            if size:
                to[o] = 58
            else:
                size = at_unit(data, i, e)
                if size:
                    to[o] = 64
                else:
                    size = 1
                    to[o] = low(data[i]) if is_low else data[i]
        i += size
        o += 1
    return o


def put_number(value: int, base: int, to: Any, o: int) -> Any:
    """A number below 65,536 without leading zeros."""
    unit = base
    while unit <= value:
        unit *= base
    unit //= base
    while unit > 0:
        digit = value // unit
        to[o] = 48 + digit if digit < 10 else 87 + digit
        value -= digit * unit
        unit //= base
        o += 1
    return o


def put_ipv6(data: Any, s: int, e: int, g: Any, T: Any, to: Any, o: int) -> Any:
    """As RFC 5952 asks: the longest run of zeros shortened, the first of several; an IPv4 address inside as such."""
    ipv6_at(data, s, e, g, T)
    best, length, run = -1, 1, 0
    for k in range(8):
        run = run + 1 if g[k] == 0 else 0
        if run > length:
            best, length = k + 1 - run, run
    is_mixed = best == 0 and (length == 6 or (length == 5 and g[5] == 0xFFFF))
    k = 0
    while k < (6 if is_mixed else 8):
        if k == best:
            to[o] = 58
            to[o + 1] = 58
            o += 2
            k += length
            continue
        o = put_number(g[k], 16, to, o)
        k += 1
        if k < 8 and k != best:
            to[o] = 58
            o += 1
    if is_mixed:
        for k in range(4):
            value = g[6 + k // 2]
            o = put_number(value >> 8 if k % 2 == 0 else value & 0xFF, 10, to, o)
            if k < 3:
                to[o] = 46
                o += 1
    return o


def put_url(data: Any, s: int, e: int, h: int, mixed: int, g: Any, T: Any, to: Any, o: int) -> Any:
    """Scheme and host in lower case and refanged, what follows as it stands."""
    h_end, flags = mixed >> 3, mixed & 7
    i = s
    while i < h and data[i] not in (58, 91, 40, 123, 32):
        i += 1
    n = word_index(data, s, i, T)
    o = put_meaning(n, T, to, o)
    for c in (58, 47, 47):
        to[o] = c
        o += 1
    p, _ = after_scheme(data, i, e)
    o = put_host(data, p, h, 0, T, to, o)
    if h < h_end and data[h] == 91:
        to[o] = 91
        o = put_ipv6(data, h + 1, h_end - 1, g, T, to, o + 1)
        to[o] = 93
        o += 1
    else:
        o = put_host(data, h, h_end, 1, T, to, o)
    i = h_end
    size = colon_unit(data, i, e)
    if size:
        to[o] = 58
        o += 1
        i += size
    while i < e:
        c = data[i]
        if c == 91 and flags & DOTS and i + 2 < e and data[i + 1] in (46, 47) and data[i + 2] == 93:
            to[o] = data[i + 1]
            i += 2
        elif c == 92 and flags & ESCAPED and i + 1 < e and data[i + 1] == 47:
            to[o] = 47
            i += 1
        else:
            to[o] = c
        o += 1
        i += 1
    return o


def put_pairs(data: Any, s: int, e: int, T: Any, to: Any, o: int) -> Any:
    """A MAC address with colons."""
    n = 0
    for i in range(s, e):
        if data[i] < 0x80 and T[data[i]] & HEX:
            if n and n % 2 == 0:
                to[o] = 58
                o += 1
            to[o] = low(data[i])
            o += 1
            n += 1
    return o


def put_path(data: Any, s: int, e: int, to: Any, o: int) -> Any:
    """Doubled backslashes as one, but for the two that begin a share."""
    i = s
    if e - s > 1 and data[s] == 92 and data[s + 1] == 92:
        k = 0
        while i < e and data[i] == 92:
            i += 1
            k += 1
        is_device = k == 2 and e - i > 6 and low(data[i]) == 100 and data[i + 6] == 92
        to[o] = 92
        o += 1
        if not is_device:
            to[o] = 92
            o += 1
    return put_path_rest(data, i, e, to, o)


def put_key(data: Any, s: int, e: int, T: Any, to: Any, o: int) -> Any:
    """A registry key with its hive's short name."""
    i = s
    if data[i] == 92:  # \REGISTRY\MACHINE\
        while i < e and data[i] == 92:
            i += 1
        i = word_end(data, i, e, T)
        while i < e and data[i] == 92:
            i += 1
    stop = word_end(data, i, e, T)
    n = word_index(data, i, stop, T)
    o = put_meaning(n, T, to, o)
    i = stop + 1 if data[stop] == 58 else stop
    return put_path_rest(data, i, e, to, o)


def put_path_rest(data: Any, i: int, e: int, to: Any, o: int) -> Any:
    """Doubled backslashes as one."""
    while i < e:
        to[o] = data[i]
        o += 1
        i += 2 if data[i] == 92 and i + 1 < e and data[i + 1] == 92 else 1
    return o


def put_linux(data: Any, s: int, e: int, to: Any, o: int) -> Any:
    """Blanks without the backslash before them."""
    for i in range(s, e):
        if not (data[i] == 92 and i + 1 < e and data[i + 1] == 32):
            to[o] = data[i]
            o += 1
    return o


def put_upper(data: Any, s: int, e: int, to: Any, o: int) -> Any:
    """In capitals."""
    for i in range(s, e):
        c = data[i]
        to[o] = c - 32 if 97 <= c <= 122 else c
        o += 1
    return o


def put_canonical(data: Any, kind: int, s: int, e: int, x: int, y: int, g: Any, T: Any, to: Any, o: int) -> Any:
    """One finding; where the next one is written."""
    if kind == IPV4:
        return put_host(data, s, e, 1, T, to, o)
    if kind == DNS or kind == FILE:
        return put_host(data, s, e, 1 if kind == DNS else 0, T, to, o)
    if kind == URL:
        return put_url(data, s, e, x, y, g, T, to, o)
    if kind == IPV6:
        return put_ipv6(data, s, e, g, T, to, o)
    if kind == CIDR:
        is_ipv4 = data[s] != 58 and dot_unit(data, word_end(data, s, e, T), e, T)
        o = put_host(data, s, x, 1, T, to, o) if is_ipv4 else put_ipv6(data, s, x, g, T, to, o)
        return put_text(data, x, e, to, o)
    if kind == EMAIL:
        o = put_host(data, s, x, 0, T, to, o)
        to[o] = 64
        return put_host(data, y, e, 1, T, to, o + 1)
    if MD5 <= kind <= SHA512:
        return put_low(data, s, e, to, o)
    if kind == MAC:
        return put_pairs(data, s, e, T, to, o)
    if kind == WINDOWS_PATH:
        return put_path(data, s, e, to, o)
    if kind == REGISTRY:
        return put_key(data, s, e, T, to, o)
    if kind == LINUX_PATH:
        return put_linux(data, s, e, to, o)
    if kind == CVE or kind == ATTACK:
        return put_upper(data, s, e, to, o)
    return put_text(data, s, e, to, o)


def write_canonical(data: Any, found: Any, n: int, g: Any, T: Any, to: Any, ends: Any) -> Any:
    """Write the canonical forms of ``n`` findings one after the other into ``to``, where each ends into ``ends``."""
    o = 0
    for k in range(n):
        at = k * 6
        o = put_canonical(data, found[at], found[at + 2], found[at + 3], found[at + 4], found[at + 5], g, T, to, o)
        ends[k] = o
    return o


def copy_spans(data: Any, starts: Any, ends: Any, n: int, to: Any, to_ends: Any) -> Any:
    """Copy ``n`` pieces of the text one after the other."""
    o = 0
    for k in range(n):
        for i in range(starts[k], ends[k]):
            to[o] = data[i]
            o += 1
        to_ends[k] = o
    return o


def undo_escapes(data: Any, s: int, e: int, T: Any, to: Any, places: Any, o: int) -> Any:
    """The text ``s:e`` with its percent escapes undone, and for each byte where it stood; where the next is written.

    What is beyond ASCII stays escaped, so that the text stays UTF-8. ``&``, ``#`` and ``;`` that are not escaped become
    blanks: they end what is inside.
    """
    i = s
    while i < e:
        places[o] = i
        c = data[i]
        if c == 37 and i + 2 < e and all_of(data, i + 1, i + 3, HEX, T):
            d, f = data[i + 1], low(data[i + 2])
            value = ((d - 48 if d < 58 else low(d) - 87) << 4) + (f - 48 if f < 58 else f - 87)
            if value < 0x80:
                to[o] = value
                o += 1
                i += 3
                continue
        to[o] = 32 if c == 38 or c == 35 or c == 59 else c
        o += 1
        i += 1
    places[o] = e
    return o


def undo_all(data: Any, starts: Any, ends: Any, n: int, T: Any, to: Any, places: Any, to_ends: Any) -> Any:
    """:func:`undo_escapes` for ``n`` pieces of the text, one after the other; ``places`` has one more for each."""
    o = 0
    for k in range(n):
        o = undo_escapes(data, starts[k], ends[k], T, to, places, o)
        to[o] = 32
        o += 1
        to_ends[k] = o
    return o
