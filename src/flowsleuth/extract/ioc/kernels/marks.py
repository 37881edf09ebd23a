"""Characters, words, and the spellings of dots, colons and at signs that defanged text has."""

from __future__ import annotations

from typing import Any

WORD, DIGIT, HEX, LETTER, OPENS, LOCAL, JOINS, BRACKET = 1, 2, 4, 8, 16, 32, 64, 128
"""Classes of bytes: of a word, digit, hexadecimal, letter, may begin something, before an at sign, may join two words,
opening bracket. Only `JOINS` has bytes beyond ASCII: first ones of dots of East Asia.
"""
POOL, SLOTS, MASK, PLACES, SIZES, BITS, TO_PLACES, TO_SIZES, LOGS, LIMITS = range(256, 266)
"""Where in the dictionary it says where its parts begin; before stand the classes of the bytes. See :mod:`..words`."""
ROUND, SQUARE_AND_ROUND = 0xFFFF, 0xFFFFFFFF
"""Masks of the counts of :func:`nested`; no path or URL has as many brackets as would run over."""
FNV_START, FNV_PRIME, FNV_MASK = 2166136261, 16777619, 0xFFFFFFFF


def low(c: int) -> Any:
    """The lower-case letter of an ASCII one."""
    return c + 32 if 65 <= c <= 90 else c + 0


def wide(data: Any, i: int, b: int) -> Any:
    """Length of the character beyond ASCII at ``i``; negative for punctuation and symbols, which no word has."""
    c = data[i]
    if c < 0xC3:
        size = -1 if c < 0xC0 else -2
    elif c < 0xE0:
        size = 2
    elif c < 0xF0:
        d = data[i + 1] if i + 1 < b else 0
        is_mark = c == 0xE2 or (c == 0xE3 and d == 0x80) or (c == 0xEF and d >= 0xBB)
        size = -3 if is_mark else 3
    else:
        size = -4
    return max(size, i - b) if size < 0 else min(size, b - i)


def word_end(data: Any, i: int, b: int, T: Any) -> Any:
    """Where the word that begins at ``i`` ends; the scripts of East Asia, written without blanks, are words apart."""
    if i >= b:
        return i
    is_eastern = data[i] >= 0xE3
    while i < b:
        c = data[i]
        if c < 0x80:
            if is_eastern or T[c] & WORD == 0:
                break
            i += 1
        else:
            size = wide(data, i, b)
            if size < 0 or (c >= 0xE3) != is_eastern:
                break
            i += size
    return i


def whole_end(data: Any, i: int, s: int, b: int) -> Any:
    """``i``, or the begin of the character that it would cut in two."""
    while s < i < b and 0x80 <= data[i] < 0xC0:
        i -= 1
    return i


def is_word_at(data: Any, i: int, b: int, T: Any) -> Any:
    """A character of a word stands at ``i``."""
    if i >= b:
        return False
    c = data[i]
    if c < 0x80:
        return T[c] & WORD != 0
    return wide(data, i, b) > 0


def is_alnum_at(data: Any, i: int, b: int, T: Any) -> Any:
    """An ASCII letter or digit stands at ``i``."""
    return i < b and data[i] < 0x80 and T[data[i]] & (DIGIT | LETTER) != 0


def all_of(data: Any, s: int, e: int, bits: int, T: Any) -> Any:
    """All characters are ASCII and of one of the classes."""
    for i in range(s, e):
        if data[i] >= 0x80 or T[data[i]] & bits == 0:
            return False
    return True


def word_index(data: Any, s: int, e: int, T: Any) -> Any:
    """The number of a word in the dictionary, whatever its case; -1 when it is not in it."""
    if e - s > 32 or e <= s:
        return -1
    h = FNV_START
    for i in range(s, e):
        h = ((h ^ low(data[i])) * FNV_PRIME) & FNV_MASK
    mask = T[MASK]
    at = h & mask
    while T[T[SLOTS] + at] > 0:
        n = T[T[SLOTS] + at] - 1
        if T[T[SIZES] + n] == e - s:
            first = T[T[PLACES] + n]
            is_same = True
            for i in range(s, e):
                if T[T[POOL] + first + i - s] != low(data[i]):
                    is_same = False
                    break
            if is_same:
                return n
        at = (at + 1) & mask
    return -1


def word_bits(data: Any, s: int, e: int, T: Any) -> Any:
    """What the dictionary says of a word; 0 when it is not in it."""
    n = word_index(data, s, e, T)
    return T[T[BITS] + n] if n >= 0 else 0


def bits_before(data: Any, a: int, s: int, b: int, T: Any) -> Any:
    """What the dictionary says of the word before ``s``, blanks, quotes, ``=`` and ``:`` between them aside."""
    j = s
    while j > a and s - j < 4 and data[j - 1] in (32, 34, 39, 40, 58, 61, 9, 91, 92):
        j -= 1
    if j > a and j < s and data[j - 1] == 93:  # query[A]
        k = j - 1
        while k > a and j - k < 9 and data[k] != 91:
            k -= 1
        j = k
    end = j
    while j > a and end - j < 20 and data[j - 1] < 0x80 and T[data[j - 1]] & LETTER:
        j -= 1
    bits = word_bits(data, j, end, T)
    while bits == 0 and end - j > 3:  # FileVersion, app_ver
        j += 1
        if 65 <= data[j] <= 90:
            bits = word_bits(data, j, end, T)
    return bits


def is_text_at(data: Any, i: int, b: int, c: int, d: int) -> Any:
    """Two ASCII letters stand at ``i``, whatever their case; ``d`` 0 for one only."""
    if i >= b or low(data[i]) != c:
        return False
    return d == 0 or (i + 1 < b and low(data[i + 1]) == d)


def bracketed(data: Any, i: int, b: int, what: int) -> Any:
    """Length of ``[.]``, ``(dot)``, ``{at}``, ``[:]``, ``[/]`` …; ``what`` is the sign meant. ``[.`` is one too."""
    opening = data[i]
    if opening == 91:
        closing = 93
    elif opening == 40:
        closing = 41
    elif opening == 123:
        closing = 125
    else:
        return 0
    j = i + 1
    if j < b and data[j] == 32:
        j += 1
    if j < b and data[j] == what:
        j += 1
    elif what == 46 and is_text_at(data, j, b, 100, 111) and is_text_at(data, j + 2, b, 116, 0):
        j += 3
    elif what == 64 and is_text_at(data, j, b, 97, 116):
        j += 2
    elif what == 46 and opening == 91 and j < b and data[j] == 44:
        j += 1
    else:
        return 0
    if j < b and data[j] == 32:
        j += 1
    return j + 1 - i if j < b and data[j] == closing else 0


def dot_unit(data: Any, i: int, b: int, T: Any) -> Any:
    """Length of what stands for a dot at ``i``: ``.``, ``[.]``, ``(dot)``, `` [.] ``, ``\\.``, ``[.``, ``.]`` …"""
    if i >= b:
        return 0
    c = data[i]
    if c == 46:
        return 2 if i + 1 < b and data[i + 1] == 93 and is_alnum_at(data, i + 2, b, T) else 1
    if c == 91 or c == 40 or c == 123:
        size = bracketed(data, i, b, 46)
        if size == 0 and c == 91 and i + 1 < b and data[i + 1] == 46 and is_alnum_at(data, i + 2, b, T):
            size = 2
        return size
    if c == 32:
        size = bracketed(data, i + 1, b, 46) if i + 1 < b else 0
        if size == 0:
            return 0
        return size + 2 if i + 1 + size < b and data[i + 1 + size] == 32 else size + 1
    if c == 92:
        return 2 if i + 1 < b and data[i + 1] == 46 else 0
    if c >= 0xE3 and i + 2 < b:
        d, f = data[i + 1], data[i + 2]
        if (c == 0xE3 and d == 0x80 and f == 0x82) or (c == 0xEF and d == 0xBC and f == 0x8E):
            return 3
        return 3 if c == 0xEF and d == 0xBD and f == 0xA1 else 0
    return 0


def colon_unit(data: Any, i: int, b: int) -> Any:
    """Length of what stands for a colon at ``i``: ``:``, ``[:]``, ``(:)``, ``{:}``."""
    if i >= b:
        return 0
    return 1 if data[i] == 58 else bracketed(data, i, b, 58)


def at_unit(data: Any, i: int, b: int) -> Any:
    """Length of what stands for an at sign at ``i``: ``@``, ``[at]``, ``(@)``, `` [at] `` …"""
    if i >= b:
        return 0
    if data[i] == 64:
        return 1
    if data[i] != 32:
        return bracketed(data, i, b, 64)
    size = bracketed(data, i + 1, b, 64) if i + 1 < b else 0
    if size == 0:
        return 0
    return size + 2 if i + 1 + size < b and data[i + 1 + size] == 32 else size + 1


def nested(depth: int, c: int) -> Any:
    """How deep in brackets it is after the character ``c``; -1 when it closes one that is not open.

    Round ones count by 1, square ones by 2**16, curly ones by 2**32.
    """
    if c == 40:
        return depth + 1
    if c == 91:
        return depth + ROUND + 1
    if c == 123:
        return depth + SQUARE_AND_ROUND + 1
    if c == 41:
        return depth - 1 if depth & ROUND else -1
    if c == 93:
        return depth - ROUND - 1 if depth & (SQUARE_AND_ROUND - ROUND) else -1
    if c == 125:
        return depth - SQUARE_AND_ROUND - 1 if depth > SQUARE_AND_ROUND else -1
    return depth


def put(out: Any, n: int, kind: int, row: int, s: int, e: int, x: int, y: int) -> Any:
    """Keep one finding: kind, row, begin, end, and two places within that its canonical form needs."""
    at = n * 6
    out[at] = kind
    out[at + 1] = row
    out[at + 2] = s
    out[at + 3] = e
    out[at + 4] = x
    out[at + 5] = y
    return n + 1
