"""The scan itself: from word to word, and at each word or sign the question what may begin there."""

from __future__ import annotations

from typing import Any

from flowsleuth.extract.ioc.kernels.finds import (
    SHORTEST_BITCOIN,
    find_hashes,
    find_in_word,
    find_ipv4,
    find_ipv6,
    find_mail,
    find_name,
    find_numbered,
    find_numbers,
    find_url,
)
from flowsleuth.extract.ioc.kernels.marks import BRACKET, DIGIT, JOINS, OPENS, WORD, dot_unit, low, put, wide, word_end
from flowsleuth.extract.ioc.kernels.paths import (
    drive_at,
    linux_at,
    machine_at,
    registry_at,
    run_end,
    share_at,
    variable_at,
)
from flowsleuth.extract.ioc.kinds import LINUX_PATH, REGISTRY, WINDOWS_PATH


def at_sign(data: Any, a: int, b: int, i: int, floor: int, row: int, g: Any, T: Any, out: Any, n: int) -> Any:
    """What begins at a sign: their number, where the scan goes on, and up to where names are parts of a path."""
    c = data[i]
    if c == 58:
        if i + 1 < b and data[i + 1] == 58:
            n, end = find_ipv6(data, a, b, i, row, g, T, out, n)
            if end > i:
                return n, end, i
            while i < b and data[i] == 58:
                i += 1
            return n, i, a
        return n, i + 1, a
    if c == 47:
        end = linux_at(data, a, b, i, T)
        if end > i + 1:
            s = i - 1 if i > a and data[i - 1] == 126 else i
            return put(out, n, LINUX_PATH, row, s, end, 0, 0), i + 1, end
        return n, i + 1, a
    if c == 92:
        end = machine_at(data, b, i, T)
        if end > i:
            return put(out, n, REGISTRY, row, i, end, 0, 0), i + 1, end
        end = share_at(data, a, b, i, T)
        if end > i:
            return put(out, n, WINDOWS_PATH, row, i, end, 0, 0), i + 1, end
        while i < b and data[i] == 92:
            i += 1
        return n, i, a
    if c == 37:
        end = variable_at(data, a, b, i, T)
        if end > i:
            return put(out, n, WINDOWS_PATH, row, i, end, 0, 0), i + 1, end
        return n, i + 1, a
    n, end = find_mail(data, a, b, i, floor, row, T, out, n)
    return n, (end if end > i else i + 1), a


def at_word(data: Any, a: int, b: int, s: int, e: int, hush: int, row: int, g: Any, T: Any, out: Any, n: int) -> Any:
    """What begins at the word ``s:e``: their number, where the scan goes on, and where a path ends."""
    c = data[s]
    if e - s >= SHORTEST_BITCOIN:
        n = find_hashes(data, a, b, s, e, row, T, out, n)
    after = data[e] if e < b else 0
    if after == 58 and e - s == 1 and s >= hush:
        end = drive_at(data, a, b, s, T)
        if end >= 0:
            return put(out, n, WINDOWS_PATH, row, s, end, 0, 0), s + 2, end
    if s >= hush and (after == 92 or (after == 58 and e + 1 < b and data[e + 1] == 92)):
        end = registry_at(data, a, b, s, e, T)
        if end >= 0:
            return put(out, n, REGISTRY, row, s, end, 0, 0), e, end
    if low(c) == 99 or c == 84:
        n, end = find_numbered(data, a, b, s, e, row, T, out, n)
        if end >= 0:
            return n, end, a
    if s >= hush:
        n, end = find_numbers(data, a, b, s, e, row, g, T, out, n)
        if end >= 0:
            return n, end, a
        if dot_unit(data, e, b, T):
            n, end = find_name(data, a, b, s, e, row, T, out, n)
            return n, end, (run_end(data, end, b, T) if end < b and data[end] == 47 else a)
    elif 48 <= c <= 57 and s > a and data[s - 1] in (61, 47, 92, 45, 95):
        n, end = find_ipv4(data, a, b, s, row, T, out, n)
        if end >= 0:
            return n, end, a
    if s >= hush:
        n, end = find_in_word(data, a, b, s, e, row, T, out, n)
        return n, max(end, e), a
    return n, e, a


def may_lead_url(data: Any, e: int, b: int) -> Any:
    """What stands after a scheme: a colon, a defanged one, or the stars of ``h**p``."""
    c = data[e]
    after = data[e + 1] if e + 1 < b else 0
    if c == 58:
        return after == 47 or after == 92 or after == 91
    if c == 91 or c == 40 or c == 123:
        return after == 58
    if c == 42:
        return after == 42
    return c == 32 and e + 1 < b and (data[e + 1] == 58 or data[e + 1] == 91)


def may_open(data: Any, a: int, i: int, b: int, T: Any) -> Any:
    """What the sign at ``i`` would begin can follow what is before it, and what is after it can follow the sign."""
    c = data[i]
    if c == 47:
        return i == a or T[data[i - 1]] & WORD == 0
    after = data[i + 1] if i + 1 < b else 0
    if c == 58:
        return after == 58
    if c == 91 or c == 40 or c == 123:
        return after == 64 or after == 97 or after == 65 or after == 32
    return True


def is_plain_word(data: Any, s: int, e: int, b: int, T: Any) -> Any:
    """Nothing can begin with this word: it is short, and nothing joins it to the next."""
    if e - s >= SHORTEST_BITCOIN or data[s] in (67, 84, 99):
        return False
    if e >= b:
        return True
    after = data[e]
    if after == 32:
        return e + 1 >= b or (T[data[e + 1]] & BRACKET == 0 and data[e + 1] != 58)
    return T[after] & JOINS == 0


def scan_row(data: Any, a: int, b: int, row: int, g: Any, T: Any, out: Any, n: int) -> Any:
    """Find everything in one text; how many findings there are now."""
    i = a
    hush = a  # names before it are parts of a path or a URL
    url_end = a
    floor = a  # where the last finding ended: no mail address begins before it
    while i < b:
        c = data[i]
        if c < 0x80 and T[c] & WORD == 0:
            if T[c] & OPENS and may_open(data, a, i, b, T):
                if i < hush and c != 64:
                    i += 1
                    continue
                n, i, quiet = at_sign(data, a, b, i, floor, row, g, T, out, n)
                hush = max(hush, quiet)
                if c == 64 and i > floor:
                    floor = i
            else:
                i += 1
            continue
        if c >= 0x80:
            size = wide(data, i, b)
            if size < 0:
                i -= size
                continue
        s = i
        e = i + 1
        while e < b and T[data[e]] & WORD:
            e += 1
        if c >= 0x80 or (e < b and data[e] >= 0x80):
            e = word_end(data, s, b, T)
        if is_plain_word(data, s, e, b, T):
            i = e
            continue
        if T[c] & DIGIT and e + 1 < b and data[e] == 46 and T[data[e + 1]] & DIGIT and e - s < SHORTEST_BITCOIN:
            after = e + 1
            while after < b and T[data[after]] & WORD:
                after += 1
            if is_plain_word(data, e + 1, after, b, T) and (after >= b or data[after] < 0x80):
                i = after  # 537.36
                continue
        if e < b and may_lead_url(data, e, b):
            stop = url_end if s < url_end else b
            found, goes_on, end = find_url(data, a, stop, s, e, row, g, T, out, n)
            if goes_on >= 0:
                n = found
                if s < url_end:
                    i = end  # within a URL: nothing more is looked for in it
                else:
                    i, url_end = goes_on, end
                    hush = max(hush, end)
                floor = i
                continue
        n, i, quiet = at_word(data, a, b, s, e, hush, row, g, T, out, n)
        hush = max(hush, quiet)
    return n


def scan_rows(data: Any, offsets: Any, first: int, last: int, g: Any, T: Any, out: Any, room: int) -> Any:
    """Scan the texts ``first`` to ``last``; the next one, and how many findings there are.

    It stops before a text for which ``out`` may have no room: ``room`` findings, and a text has fewer than half as
    many as it has bytes.
    """
    n = 0
    for row in range(first, last):
        a, b = offsets[row], offsets[row + 1]
        if n + (b - a) // 2 + 2 > room:
            return row, n
        n = scan_row(data, a, b, row, g, T, out, n)
    return last, n
