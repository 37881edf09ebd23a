"""What in a text is encoded: base64 of either alphabet, and hex in its spellings; what it decodes to.

A run of letters is taken for an encoded text because of what it decodes to - a text that reads like one, a known file,
a stream that unpacks -; hashes, GUIDs, paths and words decode to nothing of the kind. By its looks alone only what is
long, stands alone, and has the letters of base64 in their shares.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flowsleuth.extract.decoding.alphabets import PRINTED, alphabet_of, decode_base64
from flowsleuth.extract.decoding.contents import TEXT, Content, content_of
from flowsleuth.extract.decoding.lines import continued
from flowsleuth.extract.decoding.runs import SHORTEST, Run, find_runs
from flowsleuth.extract.decoding.texts import is_of_script, reads_well

SHORTEST_TOLD = 3
SHORTEST_BINARY = 60
"""Characters of the shortest base64 of bytes that are of no known kind; a random id in a URL is shorter."""
_HEX = re.compile(r"(?:0x|x)?((?:[0-9A-Fa-f]{2}){8,})\Z")
_HEX_BYTE = re.compile(r"(?:0x)?([0-9A-Fa-f]{1,2})")
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_WORDS = re.compile(r"[-/_+]*(?:(?:[A-Z]?[a-z]+|[A-Z]+|[0-9]+)[-/_+]+)*(?:[A-Z]?[a-z]+|[A-Z]+|[0-9]+)?\Z")
_SPLIT = re.compile("[/_+-]")
_MIXED = re.compile(r"(?=.{0,255}[a-z])(?=.{0,255}[A-Z])(?=.{0,255}[0-9])")
_MOST_CUTS = 12
_MOST_JOINED, _FREE_JOINED = 4, 1 << 16
_HASH_LENGTHS = (32, 40, 48, 56, 64, 96, 128)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_BETWEEN = re.compile(r"[ ._:/\\-]+")
_WORD = re.compile(r"(?:[a-z]+|[A-Z]+|[A-Z][a-z]+(?:[A-Z][a-z]+)?)\d*\Z|\d+\Z")
_VOWEL = re.compile("[aeiouyAEIOUY]")
_STREAMS = ("zlib", "deflate")


@dataclass(slots=True)
class _Joins:
    """Characters of further lines that may be looked at yet; else lines without end would be, from each line anew."""

    left: int


@dataclass(frozen=True, slots=True)
class Found:
    """One encoded text.

    Attributes
    ----------
    start, end : int
        Where it stands, in characters.
    encoding : str
        ``base64``, ``base64url`` or ``hex``.
    data : bytes
        What it decodes to.
    content : Content
        What that is.
    """

    start: int
    end: int
    encoding: str
    data: bytes
    content: Content


def find_encoded(text: str) -> Iterator[Found]:
    """Encoded texts from left to right; they do not overlap.

    Examples
    --------
    >>> [(one.start, one.content.text) for one in find_encoded("echo Y2FsYy5leGU= && echo System32/drivers")]
    [(5, 'calc.exe')]
    """
    at, joins = 0, _Joins(_MOST_JOINED * len(text) + _FREE_JOINED)
    for run in find_runs(text):
        start, end, is_spelled, is_told, *_ = run
        if start < at:
            continue
        word = text[start:end]
        if not (is_told or is_spelled) and (end - start < SHORTEST or _WORDS.match(word)):
            continue
        for found in _in_run(text, run, word, joins):
            at = found.end
            yield found


def _in_run(text: str, run: Run, word: str, joins: _Joins) -> Iterator[Found]:
    if run.is_spelled:
        return _spelled_hex(run, word)
    hexed = _HEX.match(word.rstrip("="))
    if hexed:
        return _plain_hex(run, hexed[1], word)
    return _base64(text, run, joins) if "-" not in word or not _GUID.search(word) else iter(())


def _plain_hex(run: Run, digits: str, word: str) -> Iterator[Found]:
    """A run of hex digits; decimal numbers are hex digits too, so those must read well."""
    data = bytes.fromhex(digits)
    content = content_of(data)
    if content is None or content.kind in _STREAMS or (len(digits) in _HASH_LENGTHS and not _is_no_hash(data, content)):
        return
    if content.kind == TEXT:
        is_number = digits.isdigit() and not word.startswith("0x") and len(data) < 2 * SHORTEST
        if is_number or not reads_well(content.text or ""):
            return
    yield Found(run.start, run.end, "hex", data, content)


def _is_no_hash(data: bytes, content: Content) -> bool:
    """As long as a hash, but ASCII throughout, in one byte for each letter or two."""
    return content.kind == TEXT and (content.text or "").isascii() and len(data.replace(b"\x00", b"")) >= len(data) // 2


def _spelled_hex(run: Run, word: str) -> Iterator[Found]:
    """Bytes that are written one by one; as code they may be of no known kind."""
    data = bytes(int(one, 16) for one in _HEX_BYTE.findall(word.replace("\\x", " ")))
    content = content_of(data)
    is_code = word.startswith(("0x", "\\x"))
    if is_code and content is None and len(data) >= SHORTEST_BINARY // 2:
        content = Content("bin")
    if content is None or (not is_code and content.kind in _STREAMS):
        return
    if content.kind == TEXT and not (is_code and len(data) >= SHORTEST) and not reads_well(content.text or ""):
        return
    yield Found(run.start, run.end, "hex", data, content)


def _base64(text: str, run: Run, joins: _Joins) -> Iterator[Found]:
    """The whole run, or what follows or precedes a character that paths and switches have as well."""
    start, end = run.start, run.end
    while end - start > SHORTEST_TOLD and text[start] in "-_":
        start += 1
    run = run._replace(start=start)
    found = _judged(text, run, joins)
    if found is None:
        found = next(filter(None, (_judged(text, cut, joins) for cut in _cuts(text, start, end))), None)
    if found is not None:
        yield found
        if end - found.end >= SHORTEST:  # another one may follow in the same run
            yield from _base64(text, Run(found.end, end), joins)


def _cuts(text: str, start: int, end: int) -> Iterator[Run]:
    """Parts of a run: what stands behind a separator, to the end of the run or to the next separator."""
    marks = [one.start() for one in _SPLIT.finditer(text, start, end)][:_MOST_CUTS]
    if not marks:
        return
    for mark in marks:
        if end - mark - 1 >= SHORTEST:
            yield Run(mark + 1, end, is_part=True)
    for here, following in zip([start - 1, *marks], [*marks, end], strict=True):
        if following - here - 1 >= SHORTEST:
            yield Run(here + 1, following, is_part=True)


def _judged(text: str, run: Run, joins: _Joins) -> Found | None:
    """One run, and the lines that continue it, as what it decodes to; None where that is nothing."""
    word = text[run.start : run.end]
    if not run.is_told and (len(word) < SHORTEST or not _may_begin(word)):
        return None
    bare = word.rstrip("=")
    alphabet = alphabet_of(bare)
    if alphabet is None:
        return None
    pieces, last = [bare], run.end
    if joins.left > 0:
        pieces, last = continued(text, bare, word != bare, run.end, alphabet)
        joins.left -= last - run.end
    ways = [(pieces, last), ([bare], run.end)] if len(pieces) > 1 else [(pieces, run.end)]
    for parts, end in ways:
        joined = "".join(parts)
        data = decode_base64(joined, alphabet)
        content = _accepted(data, joined, word, run, _is_free(text, run.start)) if data else None
        if data and content:
            return Found(run.start, end, alphabet, data, content)
    return None


def _may_begin(word: str) -> bool:
    """The first bytes are those of a text or of a file, or the run is long and mixed enough to be tried."""
    head = decode_base64(word[:8].rstrip("="), alphabet_of(word[:8]) or "base64")
    if not head:
        return False
    if not head.translate(None, PRINTED) or head.count(0) >= 2:
        return True
    if len(word) >= 2 * SHORTEST and _MIXED.match(word):
        return True
    return 0xC2 <= head[0] <= 0xF4 and len(head) > 1 and 0x80 <= head[1] <= 0xBF  # UTF-8 of other scripts


def _is_free(text: str, start: int) -> bool:
    """It is no part of a path, URL or name."""
    return start == 0 or text[start - 1] in " \t\r\n\"'`(,;:"


def _accepted(data: bytes, joined: str, word: str, run: Run, is_free: bool) -> Content | None:
    content = content_of(data, is_utf16=run.is_command)
    if content is None:
        if run.is_told:
            return Content("bin") if len(joined) >= 2 * SHORTEST else None
        is_whole = is_free and (len(joined) % 4 == 0 or word.endswith("="))
        return Content("bin") if is_whole and _looks_random(joined) else None
    if run.is_told:
        is_sure = len(word) >= SHORTEST or word.endswith("=") or content.encoding != "utf-8"
        return content if is_sure or _is_written(content.text or "") else None
    if content.kind != TEXT:
        return None if run.is_part and len(joined) < SHORTEST_BINARY else content
    return content if _is_sure(content, joined, run.is_part) else None


def _is_sure(content: Content, joined: str, is_part: bool) -> bool:
    """What decodes to text by chance is short: the shorter the run, the more it must look as if somebody wrote it."""
    text = content.text or ""
    if content.encoding != "utf-8":
        return reads_well(text) or len(text) >= 4 * SHORTEST
    if len(joined) >= (6 if is_part else 4) * SHORTEST:
        return reads_well(text) or len(text) >= 6 * SHORTEST
    if not text.isascii():
        return is_of_script(text)
    if _CONTROL.search(_COLOURS.sub("", text)) or not reads_well(text):
        return False
    if len(joined) >= 2 * SHORTEST and not is_part:
        return True
    has_both = any(map(str.islower, joined)) and any(map(str.isupper, joined))
    return has_both and _is_written(text)


def _is_written(text: str) -> bool:
    """Words of small letters or capitals, one of them with a vowel, and letters that stand alone no more than words.

    Examples
    --------
    >>> [_is_written(text) for text in ("cmd /c dir", "calc.exe", "RC.B.B", "JxgPJL", "YN=HKM")]
    [True, True, False, False, False]
    """
    words = [word for word in _BETWEEN.split(text.strip()) if word]
    if not all(map(_WORD.match, words)):
        return False
    long = [word for word in words if len(word) > 1]
    return len(words) <= 2 * len(long) and any(map(_VOWEL.search, long))


def _looks_random(joined: str) -> bool:
    """The letters of base64 of bytes without any order: capitals, small letters and digits in their shares."""
    if len(joined) < SHORTEST_BINARY or "-" in joined or "_" in joined:
        return False
    head = joined[:1024]
    size = len(head)
    upper, lower = sum(map(str.isupper, head)) / size, sum(map(str.islower, head)) / size
    digits = sum(map(str.isdigit, head)) / size
    return 0.22 <= upper <= 0.6 and 0.22 <= lower <= 0.6 and 0.05 <= digits <= 0.4 and len(set(head)) >= 20
