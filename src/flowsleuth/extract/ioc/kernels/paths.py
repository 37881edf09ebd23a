"""Paths of Windows and Linux, and registry keys: where they begin and end, blanks within them included."""

from __future__ import annotations

from typing import Any

from flowsleuth.extract.ioc.kernels.marks import (
    DIGIT,
    LETTER,
    TO_SIZES,
    WORD,
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
from flowsleuth.extract.ioc.words import DOCUMENT, HIVE, METHOD, PROGRAMS, ROOT

LONGEST_PATH = 4096
AHEAD = 64
"""How far after a blank the next backslash may stand."""
MORE_WORDS = 3
"""How many words with blanks between them the last part of a path may have after the first."""


def separator(data: Any, i: int, b: int) -> Any:
    """Length of the backslash at ``i``, 2 where it is doubled."""
    if i >= b or data[i] != 92:
        return 0
    return 2 if i + 1 < b and data[i + 1] == 92 else 1


def is_no_path(c: int) -> Any:
    """A character that no name of Windows has."""
    return c < 32 or c in (34, 42, 58, 60, 62, 63, 124, 127)


def has_ending(data: Any, first: int, i: int, T: Any) -> Any:
    """The part ``first:i`` ends with a dot and some letters that files end with."""
    j = i
    while j > first and i - j < 6 and data[j - 1] < 0x80 and T[data[j - 1]] & (LETTER | DIGIT):
        j -= 1
    return j > first + 1 and data[j - 1] == 46 and word_bits(data, j, i, T) & DOCUMENT != 0


def goes_on(data: Any, first: int, i: int, b: int, doubled: int, T: Any) -> Any:
    """The path goes on after the blank at ``i``: a backslash or a file's ending comes, no option and no new path."""
    if has_ending(data, first, i, T) or i == first or i + 1 >= b:
        return False
    j = i + 1
    if data[j] in (32, 45, 47, 92, 38, 36, 37, 64, 61, 59, 44):
        return False
    stop = min(b, i + AHEAD)
    blanks = 0
    depth = 0
    word = j
    for j in range(i + 1, stop):
        c = data[j]
        if c == 92:
            return j > i + 1 and (not doubled or separator(data, j, b) == 2)
        if c == 40:
            depth += 1
        elif c == 41:
            depth -= 1
            if depth < 0:
                return has_ending(data, word, j, T) and blanks < MORE_WORDS
        if is_no_path(c) or c in (39, 44, 59, 61, 47, 38, 37):
            return has_ending(data, word, j, T) and blanks < MORE_WORDS
        if c == 32:
            if has_ending(data, word, j, T) and blanks < MORE_WORDS:
                return True
            blanks += 1
            word = j + 1
            if j + 1 < b and data[j + 1] in (45, 47, 32):
                return False
    return stop == b and blanks < MORE_WORDS and has_ending(data, word, stop, T)


def windows_end(data: Any, p: int, b: int, quote: int, doubled: int, T: Any) -> Any:
    """Where the path ends whose parts begin at ``p``; ``quote`` is the sign before the path, 0 for none."""
    i = p
    first = p
    depth = 0
    stop = min(b, p + LONGEST_PATH)
    while i < stop:
        c = data[i]
        if c >= 0x80:
            size = wide(data, i, b)
            if size < 0 and not (quote and c < 0xE2):
                break
            i += abs(size)
            continue
        if T[c] & WORD:
            i += 1
            continue
        if c == 92:
            size = separator(data, i, b)
            if (doubled and size == 1) or (not doubled and size == 2 and i > p):
                break
            i += size
            first = i
            continue
        if is_no_path(c) or c in (59, 96) or (c == quote and quote):
            break
        if c == 39 and not is_alnum_at(data, i + 1, b, T):
            break
        if c == 44 and not (quote == 34 and is_word_at(data, i + 1, b, T)):
            break
        if c == 47:
            first = i + 1
        elif c == 32 and not goes_on(data, first, i, b, doubled, T) and not is_quoted(data, first, i, b, quote, T):
            break
        depth = nested(depth, c)
        if depth < 0:
            break
        i += 1
    i = whole_end(data, min(i, stop), p, b)
    while i > p and data[i - 1] in (46, 44, 33, 39, 32, 61, 38, 40, 91, 123, 43, 64):
        i -= 1
    return i


def is_quoted(data: Any, first: int, i: int, b: int, quote: int, T: Any) -> Any:
    """The blank at ``i`` stands in a quoted path: its quote closes right after the name, and no option comes before."""
    if quote != 34 or has_ending(data, first, i, T):
        return False
    for j in range(i, min(b, i + AHEAD * 2)):
        c = data[j]
        if c == 34:
            return j > i + 1 and data[j - 1] != 32 and (has_ending(data, first, j, T) or is_plain(data, i, j))
        if is_no_path(c) or c in (47, 61, 38):
            return False
    return False


def is_plain(data: Any, i: int, j: int) -> Any:
    """No option begins between two places."""
    for k in range(i, j - 1):
        if data[k] == 32 and data[k + 1] in (45, 47):
            return False
    return True


def drive_at(data: Any, a: int, b: int, s: int, T: Any) -> Any:
    """Where the path ends whose drive letter stands at ``s``; -1 when none begins there."""
    if s + 3 >= b or data[s + 1] != 58 or not T[data[s]] & LETTER:
        return -1
    size = separator(data, s + 2, b)
    if size == 0:
        if data[s + 2] != 47 or data[s + 3] == 47 or not is_alnum_at(data, s + 3, b, T):
            return -1
        size = 1
    quote = data[s - 1] if s > a else 0
    p = s + 2 + size
    end = windows_end(data, p, b, quote if quote in (34, 39) else 0, size == 2, T)
    return end if end > p else -1


def share_at(data: Any, a: int, b: int, s: int, T: Any) -> Any:
    """Where the path ends that begins with the backslashes at ``s``: a share, or a device of the kernel; -1."""
    if s > a and (is_alnum_at(data, s - 1, b, T) or data[s - 1] in (92, 93, 41, 58, 37, 42, 46, 47)):
        return -1
    n = 0
    while s + n < b and n < 5 and data[s + n] == 92:
        n += 1
    e = word_end(data, s + n, b, T)
    if e == s + n:
        return -1
    quote = data[s - 1] if s > a and data[s - 1] in (34, 39) else 0
    is_device = e - s - n == 6 and low(data[s + n]) == 100 and low(data[e - 1]) == 101
    if is_device and n <= 2 and separator(data, e, b) == n:
        end = windows_end(data, e + n, b, quote, n == 2, T)
        return end if end > e + n else -1
    if n != 2 and n != 4:
        return -1
    while e < b and (data[e] == 46 or data[e] == 36) and is_word_at(data, e + 1, b, T):
        e = word_end(data, e + 1, b, T)
    if separator(data, e, b) != n // 2 or not (
        is_word_at(data, e + n // 2, b, T) or data[min(e + n // 2, b - 1)] in (37, 36)
    ):
        return -1
    return windows_end(data, e + n // 2, b, quote, n == 4, T)


def variable_at(data: Any, a: int, b: int, s: int, T: Any) -> Any:
    """Where the path ends that begins with the variable at ``s``: ``%APPDATA%\\x.exe``; -1."""
    if s > a and (is_alnum_at(data, s - 1, b, T) or data[s - 1] == 37):
        return -1
    e = s + 1
    while e < b and e - s < 40 and (data[e] in (40, 41) or (data[e] < 0x80 and T[data[e]] & WORD)):
        e += 1
    if e < s + 4 or e >= b or data[e] != 37:
        return -1
    size = separator(data, e + 1, b)
    if size == 0:
        return -1
    quote = data[s - 1] if s > a and data[s - 1] in (34, 39) else 0
    end = windows_end(data, e + 1 + size, b, quote, size == 2, T)
    return end if end > e + 1 + size else -1


def registry_at(data: Any, a: int, b: int, s: int, e: int, T: Any) -> Any:
    """Where the registry key ends whose hive is the word ``s:e``; -1."""
    if word_bits(data, s, e, T) & HIVE == 0:
        return -1
    i = e + 1 if e < b and data[e] == 58 else e
    size = separator(data, i, b)
    if size == 0:
        return -1
    quote = data[s - 1] if s > a and data[s - 1] in (34, 39) else 0
    end = windows_end(data, i + size, b, quote, size == 2, T)
    return end if end > i + size else -1


def machine_at(data: Any, b: int, s: int, T: Any) -> Any:
    """Where the key ends that is written ``\\REGISTRY\\MACHINE\\…`` at ``s``; -1."""
    size = separator(data, s, b)
    e = word_end(data, s + size, b, T)
    if e - s - size != 8 or low(data[s + size]) != 114 or low(data[e - 1]) != 121 or separator(data, e, b) != size:
        return -1
    f = word_end(data, e + size, b, T)
    n = word_index(data, e + size, f, T)
    if n < 0 or T[T[TO_SIZES] + n] == 0 or separator(data, f, b) != size:
        return -1
    end = windows_end(data, f + size, b, 0, size == 2, T)
    return end if end > f + size else -1


def linux_part(data: Any, i: int, b: int, quote: int, first: int, T: Any) -> Any:
    """Where the part of a Linux path at ``i`` ends."""
    while i < b:
        c = data[i]
        if c >= 0x80:
            size = wide(data, i, b)
            if size < 0:
                break
            i += size
        elif T[c] & WORD or c in (46, 43, 37, 64, 126, 35):
            i += 1
        elif c == 92 and i + 1 < b and data[i + 1] == 32:
            i += 2
        elif c == 44 and is_word_at(data, i + 1, b, T) and data[i - 1] != 47 and quote:
            i += 1
        elif c == 32 and quote and first and is_linux_blank(data, i, b, quote, T):
            i += 1
        else:
            break
    return i


def is_linux_blank(data: Any, i: int, b: int, quote: int, T: Any) -> Any:
    """The blank at ``i`` belongs to a quoted path, of which a slash or a file's ending comes before its quote."""
    if i + 1 >= b or data[i + 1] in (32, 45, 47, 46, 36, 38, 124, 62, 60):
        return False
    word = i + 1
    for j in range(i + 1, min(b, i + AHEAD)):
        c = data[j]
        if c == quote:
            return has_ending(data, word, j, T)
        if c == 32:
            word = j + 1
            if j + 1 < b and data[j + 1] in (45, 47, 46):
                return False
        if c == 47:
            return data[j - 1] != 32
        if c < 32 or c in (34, 39, 59, 61, 124, 38, 60, 62, 58):
            return False
    return False


def linux_at(data: Any, a: int, b: int, s: int, T: Any) -> Any:
    """Where the Linux path ends that begins with the slash at ``s``; -1. A home (``~/x``) begins with its tilde."""
    before = data[s - 1] if s > a else 0
    is_home = before == 126
    if is_home:
        before = data[s - 2] if s - 2 >= a else 0
    if before >= 0x80 or (before and (T[before] & WORD or before in (47, 92, 46, 37, 41, 93, 126, 43, 125, 64))):
        return -1
    e = word_end(data, s + 1, b, T)
    bits = ROOT if is_home else word_bits(data, s + 1, e, T)
    if bits & ROOT == 0 or (e == s + 1 and not (is_home and e < b and data[e] == 46)) or follows_method(data, a, s, T):
        return -1
    if not is_home and e < b and data[e] != 47 and (data[e] in (46, 63, 37) and is_alnum_at(data, e + 1, b, T)):
        return -1  # /system.php
    quote = before if before in (34, 39) else 0
    is_name = bits & PROGRAMS == 0
    i = s
    stop = min(b, s + LONGEST_PATH)
    while i < stop and data[i] == 47:
        first = i + 1
        i = linux_part(data, first, stop, quote, is_name, T)
        if word_bits(data, first, i, T) & PROGRAMS:
            is_name = False
    i = whole_end(data, i, s, b)
    while i > s + 1 and data[i - 1] in (46, 44, 35, 64, 37, 43):
        i -= 1
    return i


def follows_method(data: Any, a: int, s: int, T: Any) -> Any:
    """The method of an HTTP request stands before ``s``."""
    e = s
    if e > a and data[e - 1] == 32:
        e -= 1
    j = e
    while j > a and e - j < 9 and data[j - 1] < 0x80 and T[data[j - 1]] & LETTER:
        j -= 1
    return e < s and j < e and data[j] < 97 and word_bits(data, j, e, T) & METHOD != 0


def run_end(data: Any, i: int, b: int, T: Any) -> Any:
    """Where the text ends that has neither blanks nor quotes."""
    while i < b and data[i] > 32 and data[i] not in (34, 39, 60, 62, 96, 44, 59, 124):
        i += 1
    return i
