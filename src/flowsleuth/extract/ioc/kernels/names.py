"""Domain names, mail addresses, hashes and identifiers; and what only looks like them."""

from __future__ import annotations

from typing import Any

from flowsleuth.extract.ioc.kernels.marks import (
    DIGIT,
    HEX,
    LETTER,
    LIMITS,
    LOCAL,
    LOGS,
    all_of,
    at_unit,
    bits_before,
    dot_unit,
    is_alnum_at,
    is_word_at,
    low,
    word_bits,
    word_end,
)
from flowsleuth.extract.ioc.kinds import BITCOIN, DNS, FILE, MD5, SHA1, SHA256, SHA512
from flowsleuth.extract.ioc.words import COMMON, IDENTIFIER, OF_CODE, OF_FILE, OF_NAMES, OWNER, SPECIAL, TOP

DEFANGED, WIDE, BAD = 1, 2, 4


def name_at(data: Any, i: int, b: int, T: Any) -> Any:
    """The dotted words at ``i``: where they end, how many, where the last begins, and what is special about them."""
    first = i
    end = i
    last = i
    n = 0
    what = 0
    while True:
        e = word_end(data, i, b, T)
        if e == i or data[i] == 45:
            break
        n += 1
        last = i
        end = e
        if e - i > 63:
            what |= BAD
        if not all_of(data, i, e, LETTER | DIGIT | 1, T):
            what |= WIDE
        size = dot_unit(data, e, b, T)
        if size == 0 or not is_word_at(data, e + size, b, T):
            break
        if data[e + size] == 45:
            break
        if size > 1:
            what |= DEFANGED
        i = e + size
    while end > last + 1 and (data[end - 1] == 45 or data[end - 1] == 95):
        end -= 1
    if end - first > 253:
        what |= BAD
    return end, n, last, what


def label_before(data: Any, first: int, last: int) -> Any:
    """Where the label before the last one begins, and where it ends."""
    e = last
    while e > first and (data[e - 1] < 48 or data[e - 1] in (91, 93, 92, 123, 125)):
        e -= 1
    s = e
    while s > first and not (data[s - 1] == 46 or data[s - 1] in (93, 41, 125, 91, 32)):
        s -= 1
    return s, e


def is_titled(data: Any, s: int, e: int) -> Any:
    """A capital first, small letters after it."""
    return e - s > 1 and 65 <= data[s] <= 90 and not 65 <= data[e - 1] <= 90


def reads_like_code(data: Any, first: int, last: int, end: int, n: int, bits: int, T: Any) -> Any:
    """``System.Net``, ``WScript.Shell``, ``user.name``, ``done.It``: names of programs' things, ends of sentences."""
    s, e = label_before(data, first, last)
    capital = 65 <= data[last] <= 90
    if capital and is_titled(data, last, end):
        return bits & COMMON == 0 or word_bits(data, first, word_end(data, first, last, T), T) & OWNER != 0
    lowers, humps, digits = 0, 0, 0
    for i in range(first, last):
        c = data[i]
        lowers += 1 if 97 <= c <= 122 else 0
        humps += 1 if 65 <= c <= 90 and i > first and 97 <= data[i - 1] <= 122 else 0
        digits += 1 if 48 <= c <= 57 else 0
    if bits & COMMON:
        return False
    if capital:
        return lowers > 0
    if humps and end - last > 2:
        return True
    if bits & OF_CODE and (is_titled(data, s, e) or (n == 2 and word_bits(data, s, e, T) & OWNER)):
        return True
    letters = 0
    for i in range(first, last):
        c = data[i]
        letters += 1 if c >= 0x80 or 97 <= low(c) <= 122 else 0
    return letters == 0 and not (low(data[last]) == 99 and low(data[end - 1]) == 110)  # numbers only: but 360.cn


def stands_as_name(data: Any, a: int, b: int, s: int, end: int, what: int, bits: int, T: Any) -> Any:
    """What stands around dotted words lets them be a name: no path, no call of a function, no key."""
    before = data[s - 1] if s > a else 0
    earlier = data[s - 2] if s - 2 >= a else 0
    after = data[end] if end < b else 0
    if before == 36 or (before == 62 and earlier == 45) or (before == 45 and earlier != 32 and earlier != 0):
        return False
    if before == 47 and earlier != 47 and earlier != 61:
        return False
    if before == 92 and earlier != 92:
        return False
    if before == 37 or (before == 58 and earlier == 58) or (before == 46 and is_alnum_at(data, s - 2, b, T)):
        return False
    if at_unit(data, end, b) or (after == 43 and is_alnum_at(data, end + 1, b, T)):
        return False
    if what & DEFANGED:
        return True
    if after == 40:
        return bits & OF_CODE == 0 and end + 1 < b and 48 <= data[end + 1] <= 57
    if after == 61:
        return False
    is_key = bits & OF_CODE and (after == 34 or after == 39) and end + 1 < b and data[end + 1] == 58
    return not is_key


def name_kind(data: Any, a: int, b: int, s: int, T: Any) -> Any:
    """Kind of the dotted words at ``s`` - name, file name or 0 - and where they end."""
    end, n, last, what = name_at(data, s, b, T)
    if n < 2 or what & BAD:
        return 0, end
    if 48 <= data[last] <= 57:
        return 0, end
    bits = word_bits(data, last, end, T)
    if bits & (TOP | SPECIAL) == 0 and not (what & WIDE and data[last] >= 0xC3):
        return 0, end
    if not stands_as_name(data, a, b, s, end, what, bits, T):
        return 0, end
    if what & DEFANGED:
        return DNS, end
    if bits & OF_FILE and is_file(data, s, last, n, T) and not is_asked_for(data, a, b, s, end, T):
        return FILE, end
    if bits & TOP and reads_like_code(data, s, last, end, n, bits, T):
        return 0, end
    return DNS, end


def is_asked_for(data: Any, a: int, b: int, s: int, end: int, T: Any) -> Any:
    """A log of name servers, proxies or clients says that it is a name: ``query: evil.sh IN A``, ``Host: evil.sh``."""
    after = data[end] if end < b else 0
    if (after == 91 or after == 40) and end + 1 < b and 48 <= data[end + 1] <= 57:
        return True  # mx.evil.pl[192.0.2.1]
    if end + 3 < b and data[end] == 32 and data[end + 1] == 73 and data[end + 2] == 78 and data[end + 3] == 32:
        return True
    return bits_before(data, a, s, b, T) & OF_NAMES != 0


def is_file(data: Any, s: int, last: int, n: int, T: Any) -> Any:
    """Of names that end as files do, those of two labels, and those with a number before the end."""
    if n == 2:
        return True
    first, e = label_before(data, s, last)
    return all_of(data, first, e, DIGIT, T) or word_bits(data, first, e, T) & OF_FILE != 0


def mail_start(data: Any, a: int, i: int, T: Any) -> Any:
    """Where the mail address begins whose at sign stands at ``i``; ``i`` when nothing stands before it."""
    s = i
    while s > a and i - s <= 64:
        c = data[s - 1]
        if c < 0x80 and T[c] & LOCAL:
            s -= 1
        elif c in (93, 41, 125) and s - 3 >= a and dot_unit(data, s - 3, s, T) == 3:
            s -= 3
        elif c in (93, 41, 125) and s - 5 >= a and dot_unit(data, s - 5, s, T) == 5:
            s -= 5
        else:
            break
    while s < i and not ((data[s] < 0x80 and T[data[s]] & (LETTER | DIGIT)) or data[s] == 95):
        s += 1
    return i if i - s > 64 else s


def is_message_id(data: Any, a: int, s: int) -> Any:
    """The address at ``s`` is the id of a message: ``message-id=<…``, ``Message-ID: <…``."""
    j = s - 1
    if j <= a or data[j] != 60:
        return False
    j -= 1
    while j > a and data[j] == 32:
        j -= 1
    if data[j] == 61 or data[j] == 58:
        j -= 1
    return j - 1 >= a and low(data[j]) == 100 and low(data[j - 1]) == 105


def scatter(data: Any, s: int, e: int, T: Any) -> Any:
    """Sum of n·log2(n) of the counts of hexadecimal digits, in millionths; small when they are even."""
    lower = 0  # the counts of eight digits, a byte each
    upper = 0
    for i in range(s, e):
        digit = data[i] - 48 if data[i] < 58 else low(data[i]) - 87
        if digit < 8:
            lower += 1 << (8 * digit)
        else:
            upper += 1 << (8 * digit - 64)
    total = 0
    for digit in range(8):
        total += T[T[LOGS] + ((lower >> (8 * digit)) & 0xFF)] + T[T[LOGS] + ((upper >> (8 * digit)) & 0xFF)]
    return total


def hash_kind(data: Any, a: int, b: int, s: int, e: int, T: Any) -> Any:
    """Kind of the letters and digits at ``s``, alone among others: a hash by its length, or a Bitcoin address."""
    size = e - s
    if size in (32, 40, 64, 128) and all_of(data, s, e, HEX, T):
        if all_of(data, s, e, DIGIT, T) or all_of(data, s, e, LETTER, T):
            return 0
        if scatter(data, s, e, T) > T[T[LIMITS] + size] or is_hex_text(data, s, e):
            return 0
        if size == 32:
            return 0 if is_identifier(data, a, s, T) else MD5
        return SHA1 if size == 40 else SHA256 if size == 64 else SHA512
    if 26 <= size <= 35 and (data[s] == 49 or data[s] == 51):
        return BITCOIN if may_be_base58(data, s, e) else 0
    is_segwit = 14 <= size <= 74 and low(data[s]) == 98 and low(data[s + 1]) == 99 and data[s + 2] == 49
    return BITCOIN if is_segwit else 0


def is_hex_text(data: Any, s: int, e: int) -> Any:
    """The digits spell printable text, as the audit log writes arguments with blanks; of a hash's 16 bytes few do."""
    for i in range(s, e, 2):
        high = data[i] - 48 if data[i] < 58 else low(data[i]) - 87
        rest = data[i + 1] - 48 if data[i + 1] < 58 else low(data[i + 1]) - 87
        value = high * 16 + rest
        if value > 126 or (value < 32 and value not in (0, 9, 10, 13)):
            return False
    return True


def is_identifier(data: Any, a: int, s: int, T: Any) -> Any:
    """A key such as ``trace_id=`` or ``"requestId":"`` stands before ``s``."""
    j = s
    while j > a and s - j < 4 and data[j - 1] in (32, 34, 39, 58, 61, 123):
        j -= 1
    if j == s:
        return False
    end = j
    while j > a and end - j < 24 and data[j - 1] < 0x80 and T[data[j - 1]] & LETTER:
        j -= 1
    if word_bits(data, j, end, T) & IDENTIFIER:
        return True
    return end - j > 2 and data[end - 2] == 73 and low(data[end - 1]) == 100  # requestId, RequestID


def may_be_base58(data: Any, s: int, e: int) -> Any:
    """No ``0OIl``, and capitals, small letters and digits mixed; whether its check sum is right is asked later."""
    capitals, smalls = 0, 0
    for i in range(s, e):
        c = data[i]
        if c == 48 or c == 79 or c == 73 or c == 108:
            return False
        capitals += 1 if 65 <= c <= 90 else 0
        smalls += 1 if 97 <= c <= 122 else 0
    return capitals > 0 and smalls > 0
