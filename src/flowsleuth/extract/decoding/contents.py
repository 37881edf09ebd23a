"""What some decoded bytes are: a text, a file, a compressed stream, or nothing that anybody encoded on purpose."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from flowsleuth.extract.decoding.file_types import file_type
from flowsleuth.extract.decoding.texts import is_text, reads_well, text_of

LEAST_STREAM = 12
"""Bytes: shorter ones unpack by chance."""
LEAST_RAW = 20
"""Bytes that raw deflate, which has no mark at all, must have before and after."""
TRIED = 4_096
TEXT = "string"


@dataclass(frozen=True, slots=True)
class Content:
    """What some bytes are.

    Attributes
    ----------
    kind : str
        ``string``, a kind of file (``exe``, ``gz``, ``zip`` …), or ``bin``.
    text, encoding : str or None
        The text, and the name of its encoding; None for what is no text.
    """

    kind: str
    text: str | None = None
    encoding: str | None = None


def content_of(data: bytes, *, is_utf16: bool = False) -> Content | None:
    """What some bytes are; None where they look like chance.

    Examples
    --------
    >>> content_of(b"whoami").text, content_of(zlib.compress(b"whoami /all /fo csv")).kind
    ('whoami', 'zlib')
    >>> content_of(bytes([7, 250, 143, 20, 99, 1])) is None
    True
    """
    kind = file_type(data)
    if kind:
        return Content(kind)
    found = text_of(data, is_utf16=is_utf16)
    if found:
        return Content(TEXT, *found)
    stream = _stream(data)
    return Content(stream) if stream else None


def _stream(data: bytes) -> str | None:
    """zlib and raw deflate have no mark of their own: they must go on, and give a text or a known file.

    The usual first bytes of zlib, and a stream that goes on for long or to its end, are enough by themselves.
    """
    if len(data) < LEAST_STREAM:
        return None
    if data[0] & 0x0F == 8 and data[0] >> 4 <= 7 and (data[0] << 8 | data[1]) % 31 == 0:
        out, is_whole = _tried(data, 15)
        if out and ((data[0] == 0x78 and (is_whole or len(out) >= TRIED)) or _is_sense(out)):
            return "zlib"
    out, is_whole = _tried(data, -15)
    is_long = len(data) >= LEAST_RAW and (is_whole or len(out) > 64) and len(set(out)) >= LEAST_RAW // 2
    return "deflate" if is_long and _is_sense(out) and _is_no_chance(out) else None


def _tried(data: bytes, window: int) -> tuple[bytes, bool]:
    """The first of what a stream unpacks to, and whether it came to its end; nothing where it is none."""
    unit = zlib.decompressobj(window)
    try:
        out = unit.decompress(data, TRIED)
    except zlib.error:
        return b"", False
    if unit.eof and len(unit.unused_data) > 8:
        return b"", False
    return out, unit.eof


def _is_sense(out: bytes) -> bool:
    if file_type(out):
        return True
    found = text_of(out)
    return found is not None and is_text(found[0]) and reads_well(found[0])


def _is_no_chance(out: bytes) -> bool:
    """What a stream without a mark gave is a file, or a text that is ASCII for the most part."""
    found = None if file_type(out) else text_of(out)
    return found is None or sum(map(str.isascii, found[0])) >= 0.9 * len(found[0])
