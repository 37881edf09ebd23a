"""URLs: where they begin, what their host is, and where they end."""

from __future__ import annotations

from typing import Any

from flowsleuth.extract.ioc.kernels.addresses import ipv4_at, ipv6_at
from flowsleuth.extract.ioc.kernels.marks import (
    DIGIT,
    LETTER,
    WORD,
    at_unit,
    bracketed,
    colon_unit,
    dot_unit,
    is_alnum_at,
    is_word_at,
    low,
    nested,
    whole_end,
    wide,
    word_bits,
    word_end,
    word_index,
)
from flowsleuth.extract.ioc.kernels.names import BAD, name_at
from flowsleuth.extract.ioc.kinds import DNS, IPV4, IPV6
from flowsleuth.extract.ioc.words import SCHEME, SPECIAL, TOP

LONGEST_URL = 8192
LONGEST_USER = 256
ESCAPED = 1  # the slashes are written \/
DOTS = 2  # [.] in the path means a dot, as it does in the host
HAS_ESCAPES = 4  # percent escapes hide what may be more observables


def scheme_start(data: Any, a: int, s: int, e: int, b: int, T: Any) -> Any:
    """Where the URL scheme begins that ends the word ``s:e`` - or ``h**p`` at ``s`` -, and where it ends; -1."""
    if e == s + 1 and low(data[s]) == 104 and e + 2 < b and data[e] == 42 and data[e + 1] == 42:
        end = word_end(data, e + 2, b, T)
        return (s, end) if word_index(data, s, end, T) >= 0 else (-1, e)
    i = e
    while i > s and e - i < 12 and data[i - 1] < 0x80 and T[data[i - 1]] & (LETTER | DIGIT):
        i -= 1
    if word_bits(data, i, e, T) & SCHEME:
        return i, e
    while i < e and T[data[i]] & DIGIT:  # 1http://
        i += 1
    if i > s and word_bits(data, i, e, T) & SCHEME:
        return i, e
    if s > a and data[s - 1] == 92 and low(data[s]) in (110, 114, 116) and word_bits(data, s + 1, e, T) & SCHEME:
        return s + 1, e  # \nhttp:// in a JSON text
    if e - s > 3 and word_bits(data, s, e, T) & SCHEME:  # h__p
        return s, e
    return -1, e


def slashes_at(data: Any, i: int, b: int) -> Any:
    """Where ``//`` or a spelling of it at ``i`` ends, and whether it was written ``\\/\\/``; -1 when none is there."""
    if i + 1 < b and data[i] == 47 and data[i + 1] == 47:
        return i + 2, 0
    if i + 3 < b and data[i] == 92 and data[i + 1] == 47 and data[i + 2] == 92 and data[i + 3] == 47:
        return i + 4, ESCAPED
    if i + 3 < b and data[i] == 91 and data[i + 1] == 47 and data[i + 2] == 47 and data[i + 3] == 93:
        return i + 4, 0
    if i + 5 < b and bracketed(data, i, b, 47) == 3 and bracketed(data, i + 3, b, 47) == 3:
        return i + 6, 0
    return -1, 0


def after_scheme(data: Any, e: int, b: int) -> Any:
    """Where the host may begin after a scheme that ends at ``e``; -1 when no ``://`` follows. And ``ESCAPED``."""
    i = e
    if i < b and data[i] in (91, 40, 123) and i + 4 < b and data[i + 1] == 58 and data[i + 2] == 47:
        return (i + 5, 0) if data[i + 3] == 47 and data[i + 4] in (93, 41, 125) else (-1, 0)
    if i + 1 < b and data[i] == 32 and (data[i + 1] == 58 or data[i + 1] == 91):
        i += 1
    size = colon_unit(data, i, b)
    return slashes_at(data, i + size, b) if size else (-1, 0)


def host_start(data: Any, p: int, b: int, T: Any) -> Any:
    """Where the host begins after user and password, if there are any."""
    i = p
    found = p
    while i < b and i - p < LONGEST_USER:
        c = data[i]
        if (c <= 32 and at_unit(data, i, b) == 0) or c in (
            47,
            63,
            35,
            34,
            39,
            60,
            62,
            92,
            44,
            59,
            96,
            124,
            123,
            125,
            127,
        ):
            break
        size = at_unit(data, i, b)
        if size:
            found = i + size
            i += size
        else:
            i += 1
    return found


def host_at(data: Any, h: int, b: int, g: Any, T: Any) -> Any:
    """Kind of the host at ``h`` - 0 for one that others cannot know -, and where it ends; -1 when none is there."""
    if h >= b:
        return 0, -1
    if data[h] == 91:
        end = ipv6_at(data, h + 1, b, g, T)
        if end < 0:
            return 0, -1
        if end < b and data[end] == 37:
            end = word_end(data, end + 1, b, T)
        return (IPV6, end + 1) if end < b and data[end] == 93 else (0, -1)
    if 48 <= data[h] <= 57:
        end, _ = ipv4_at(data, h, b, T)
        if end >= 0 and not is_word_at(data, end, b, T):
            size = dot_unit(data, end, b, T)
            if size == 0 or not is_word_at(data, end + size, b, T):
                return IPV4, end
    if not is_word_at(data, h, b, T):
        return 0, -1
    end, n, last, what = name_at(data, h, b, T)
    if n == 0:
        return 0, -1
    is_known = n > 1 and what & BAD == 0 and (word_bits(data, last, end, T) & (TOP | SPECIAL) or data[last] >= 0xC3)
    return (DNS if is_known else 0), end


def port_end(data: Any, i: int, b: int) -> Any:
    """Where a port at ``i`` with its colon ends; ``i`` when none is there."""
    size = colon_unit(data, i, b)
    if size == 0:
        return i
    j = i + size
    while j < b and j - i - size < 6 and 48 <= data[j] <= 57:
        j += 1
    return j if 0 < j - i - size < 6 else i


def ends_url(data: Any, i: int, b: int, start: int, a: int, escaped: int, T: Any) -> Any:
    """The character at ``i`` cannot belong to the URL that begins at ``start``."""
    c = data[i]
    if c <= 32 or c in (34, 60, 62, 96, 124, 94, 127):
        return True
    after = data[i + 1] if i + 1 < b else 0
    before = data[start - 1] if start > a else 0
    if c == 92:
        return not (escaped and after == 47)
    if c == 39:
        return before == 39 or not is_alnum_at(data, i + 1, b, T)
    if c == 44:
        if before == 44 or not is_word_at(data, i + 1, b, T) or leads_on(data, i + 1, b, T):
            return True
        return before not in (34, 39) and is_of_list(data, a, start)
    if c == 59:
        return not is_parameter(data, i + 1, b, T)
    if c == 38:
        if after == 38:
            return True
        e = word_end(data, i + 1, b, T)
        if after == 35:
            return i + 4 < b and data[i + 2] == 51 and data[i + 3] == 57 and data[i + 4] == 59
        return (e < b and data[e] == 59 and e - i == 5 and low(data[i + 1]) == 113) or is_angle(data, i + 1, e, b)
    return False


def is_of_list(data: Any, a: int, start: int) -> Any:
    """Three commas or more without a blank after them stand before the URL: the text is a row of CSV."""
    n = 0
    for i in range(max(a, start - 200), start - 1):
        if data[i] == 44 and data[i + 1] != 32:
            n += 1
    return n >= 3


def is_angle(data: Any, s: int, e: int, b: int) -> Any:
    """``lt;`` or ``gt;`` of HTML."""
    return e - s == 2 and e < b and data[e] == 59 and low(data[s + 1]) == 116 and low(data[s]) in (103, 108)


def leads_on(data: Any, i: int, b: int, T: Any) -> Any:
    """``name=`` or ``scheme://`` at ``i``: after a comma, the next item of a list."""
    e = word_end(data, i, b, T)
    if e < b and data[e] == 61:
        return True
    return e + 2 < b and data[e] == 58 and data[e + 1] == 47 and data[e + 2] == 47


def is_parameter(data: Any, i: int, b: int, T: Any) -> Any:
    """``name=`` at ``i``, as in ``;jsessionid=1F``; after ``&amp;`` too."""
    e = word_end(data, i, b, T)
    return e > i and e < b and data[e] == 61


def tail_end(data: Any, i: int, b: int, start: int, a: int, flags: int, T: Any) -> Any:
    """Where path, query and fragment at ``i`` end, by what encloses the URL and by the balance of brackets."""
    depth = 0
    stop = min(b, start + LONGEST_URL)
    while i < stop:
        c = data[i]
        if c >= 0x80:
            size = wide(data, i, b)
            if size < 0:
                break
            i += size
            continue
        if T[c] & WORD == 0:
            if ends_url(data, i, b, start, a, flags & ESCAPED, T):
                break
            depth = nested(depth, c)
            if depth < 0:
                break
        i += 2 if c == 92 else 1
    i = whole_end(data, min(i, stop), start, b)
    while i > start and is_loose(data[i - 1]):
        i -= 1
    return opened(data, start, i)


def is_loose(c: int) -> Any:
    """Punctuation that ends a sentence rather than a URL."""
    return c in (46, 44, 59, 58, 33, 63, 39, 42, 126, 92, 40, 91, 123)


def opened(data: Any, start: int, i: int) -> Any:
    """``i``, or the place of the last bracket that was opened and not closed, with what follows it cut off."""
    for opening in (40, 91, 123):
        depth = 0
        closing = 41 if opening == 40 else opening + 2
        j = i - 1
        while j >= start:
            if data[j] == closing:
                depth += 1
            elif data[j] == opening:
                if depth == 0:
                    i = j
                    break
                depth -= 1
            j -= 1
    return i


def url_at(data: Any, a: int, b: int, s: int, e: int, g: Any, T: Any) -> Any:
    """The URL whose scheme is the word ``s:e``: its begin, end, begin of its host, end of it, kind of it, and flags."""
    start, e = scheme_start(data, a, s, e, b, T)
    if start < 0:
        return -1, 0, 0, 0, 0, 0
    p, flags = after_scheme(data, e, b)
    if p < 0 or p >= b:
        return -1, 0, 0, 0, 0, 0
    h = host_start(data, p, b, T)
    kind, end = host_at(data, h, b, g, T)
    if end < 0:
        is_file = e - start == 4 and low(data[start]) == 102 and low(data[start + 1]) == 105 and data[p] == 47
        if not is_file:
            return -1, 0, 0, 0, 0, 0
        h, end = p, p
    for i in range(h, end):
        if data[i] == 91 and i > h:
            flags |= DOTS
    if data[p - 1] == 93:  # [://] or [/][/]
        flags |= DOTS
    rest = port_end(data, end, b)
    after = data[rest] if rest < b else 0
    if after == 47 or after == 63 or after == 35 or (after == 92 and flags & ESCAPED) or bracketed_slash(data, rest, b):
        stop = tail_end(data, rest + 3 if after == 91 else rest, b, start, a, flags, T)
        return start, max(stop, rest), h, end, kind, flags
    return start, rest, h, end, kind, flags


def bracketed_slash(data: Any, i: int, b: int) -> Any:
    """``[/]`` stands at ``i``."""
    return i + 2 < b and data[i] == 91 and data[i + 1] == 47 and data[i + 2] == 93


def has_escapes(data: Any, s: int, e: int, T: Any) -> Any:
    """A percent escape of ``:``, ``/``, ``.`` or ``@`` stands within."""
    for i in range(s, e - 2):
        if data[i] == 37:
            c, d = data[i + 1], low(data[i + 2])
            if (c == 51 and d == 97) or (c == 50 and (d == 102 or d == 101)) or (c == 52 and d == 48):
                return True
    return False
