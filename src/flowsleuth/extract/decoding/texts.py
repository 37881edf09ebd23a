"""Bytes as text: UTF-8, UTF-16 of either order, and cp1252, detected; and whether a text reads like one."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from flowsleuth.extract.decoding.alphabets import PRINTED

_ALNUM = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_WORD = re.compile(r"[A-Za-z]{3}|[^\W\d_]{2}")
_ENDS_OF_UTF8 = (0, 1, 2, 3)
MOST_CONTROL = 0.02
"""Share of control characters in a text that still is one: scripts with escape codes, strings with a stray NUL."""
SAMPLE = 4_096
LEAST_ASCII = 0.9
LEAST_OF_SCRIPT = 0.9
LEAST_LATIN = 0.7
LEAST_LETTERS = 4
LEAST_OF_EAST = 12
"""Characters: every third pair of bytes is a Han character, so fewer are chance."""
_CHARSETS = ("gb2312", "big5", "shift_jis", "euc_kr")
_SCRIPTS = (
    "CYRILLIC",
    "GREEK",
    "ARABIC",
    "HEBREW",
    "ARMENIAN",
    "GEORGIAN",
    "DEVANAGARI",
    "THAI",
    "LATIN",
    "HIRAGANA",
    "KATAKANA",
)
_MARKS = (("\u2010", "\u203a"), ("\u3000", "\u301f"), ("\uff01", "\uff1f"))


def text_of(data: bytes, *, is_utf16: bool = False) -> tuple[str, str] | None:
    """Bytes as text with the name of its encoding; None where they are none.

    Parameters
    ----------
    data : bytes
    is_utf16 : bool
        It stands where only UTF-16 is possible (``powershell -EncodedCommand``), so less evidence will do.

    Examples
    --------
    >>> text_of("whoami".encode("utf-16-le")), text_of("naïve".encode()), text_of(bytes(range(200, 240)))
    (('whoami', 'utf-16-le'), ('naïve', 'utf-8'), None)
    """
    if not data:
        return None
    return _with_mark(data) or _utf16_by_zeros(data) or _utf8(data) or _other_utf16(data, is_utf16) or _cp1252(data)


def is_text(text: str) -> bool:
    """It has characters that are meant to be read, and next to no control characters.

    Examples
    --------
    >>> is_text("a\\tb"), is_text("a\\x00b"), is_text("")
    (True, False, False)
    """
    if not text:
        return False
    head = text[:SAMPLE]
    if head.isascii() and head.isprintable():
        return True
    return len(_CONTROL.findall(head)) <= MOST_CONTROL * len(head) and not _is_odd(head)


def reads_well(text: str) -> bool:
    """It looks like something that was written: letters and digits for the most part, and a word somewhere.

    Examples
    --------
    >>> reads_well("calc.exe"), reads_well("R)'+;_%q")
    (True, False)
    """
    head = text[:SAMPLE]
    told = sum(map(head.count, " \t\r\n"))
    if head.isascii():
        letters = len(head) - len(head.encode("ascii").translate(None, _ALNUM))
    else:
        letters = sum(map(str.isalnum, head))
    return letters + told >= 0.6 * len(head) and letters >= 0.4 * len(head) and _WORD.search(head) is not None


def is_of_script(text: str) -> bool:
    """A short text that is not ASCII is of one script, and half of it, four at least, are that script's letters.

    Examples
    --------
    >>> is_of_script("Привет"), is_of_script("z%sé9p!M"), is_of_script("wʘN4ц")
    (True, False, False)
    """
    others = sum(1 for c in text if not c.isascii() and c.isalpha())
    return others >= max(LEAST_LETTERS, len(text) / 2) and _CONTROL.search(text) is None and _is_of_one_script(text)


def _is_odd(text: str) -> bool:
    """Characters that no script has assigned, or that are for private use, for more than a few."""
    odd = sum(1 for c in text if not c.isascii() and unicodedata.category(c) in ("Cn", "Co", "Cs"))
    return odd > MOST_CONTROL * len(text)


def _with_mark(data: bytes) -> tuple[str, str] | None:
    for mark, name in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark) and len(data) > len(mark):
            text = data[len(mark) :].decode(name, "replace")
            broken = text[:SAMPLE].count("\ufffd")
            is_sense = name == "utf-8" or _is_latin_or_of_one_script(text[:SAMPLE])
            return (text, name) if broken <= MOST_CONTROL * len(text) + 1 and is_text(text) and is_sense else None
    return None


def _utf16_by_zeros(data: bytes) -> tuple[str, str] | None:
    """UTF-16 of a text with Latin letters: every other byte is zero for the most part."""
    head = data[: SAMPLE * 2]
    if len(head) < 4 or b"\x00" not in head:
        return None
    low, high = head[0::2].count(0) / ((len(head) + 1) // 2), head[1::2].count(0) / (len(head) // 2)
    if max(low, high) < 0.5 or min(low, high) > 0.1:
        return None
    name = "utf-16-le" if high > low else "utf-16-be"
    text = data[: len(data) // 2 * 2].decode(name, "replace")
    if not _is_latin_or_of_one_script(text[:SAMPLE]):
        return None
    return (text, name) if is_text(text) and text[:SAMPLE].count("\ufffd") <= MOST_CONTROL * len(text) else None


def _utf8(data: bytes) -> tuple[str, str] | None:
    if 0 in data[:SAMPLE] and not data[:SAMPLE].translate(None, PRINTED + b"\x00") and b"\x00\x00" not in data[:SAMPLE]:
        data = data.replace(b"\x00", b" ")  # arguments of a command line, as Linux keeps them
    head = data[:SAMPLE]
    if not head.translate(None, PRINTED) and len(data) <= SAMPLE:
        return data.decode("ascii"), "utf-8"
    for cut in _ENDS_OF_UTF8:  # a character that the end cuts in two
        try:
            text = data[: len(data) - cut].decode("utf-8")
        except UnicodeDecodeError as error:
            if error.start < len(data) - 4:
                return None
            continue
        return (text, "utf-8") if is_text(text) else None
    return None


def _other_utf16(data: bytes, is_expected: bool) -> tuple[str, str] | None:
    """UTF-16 of a script that is not Latin: its letters are of one script."""
    if len(data) < 8:
        return None
    for name in ("utf-16-le", "utf-16-be"):
        try:
            text = data[: len(data) // 2 * 2].decode(name)
        except UnicodeDecodeError:
            continue
        if is_text(text) and (is_expected or _is_of_one_script(text[:SAMPLE])):
            return text, name
    return None


def _is_latin_or_of_one_script(text: str) -> bool:
    return sum(map(str.isascii, text)) >= LEAST_LATIN * len(text) or _is_of_one_script(text)


def _is_of_one_script(text: str) -> bool:
    """Letters of one script but for ASCII; those of East Asia only such as are in common use."""
    scripts = Counter(_script(c) for c in text)
    plain = scripts.pop("ASCII", 0)
    marks = scripts.pop("MARK", 0)
    if plain == len(text) or not scripts:
        return plain == len(text)
    if scripts["CJK"] + scripts["HANGUL"]:
        return len(text) >= LEAST_OF_EAST and any(_is_written_in(text, charset) for charset in _CHARSETS)
    script, count = scripts.most_common(1)[0]
    return script in _SCRIPTS and count + plain + marks >= LEAST_OF_SCRIPT * len(text)


def _is_written_in(text: str, charset: str) -> bool:
    """All its characters are among those in common use, which are a tenth of all there are."""
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _script(character: str) -> str:
    if character.isascii():
        return "ASCII"
    if character in "«»№" or any(first <= character <= last for first, last in _MARKS):
        return "MARK"
    return unicodedata.name(character, "").partition(" ")[0] if unicodedata.category(character)[0] in "LM" else ""


def _cp1252(data: bytes) -> tuple[str, str] | None:
    """Western text of old: nearly all ASCII, and what is not are letters."""
    head = data[:SAMPLE]
    others = head.translate(None, PRINTED)
    if len(data) < 16 or len(others) > (1 - LEAST_ASCII) * len(head) or min(others, default=0) < 0x80:
        return None
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    return (text, "cp1252") if reads_well(text) and all(c.isalpha() for c in others.decode("cp1252")) else None
