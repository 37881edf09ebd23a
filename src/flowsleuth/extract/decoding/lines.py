"""Base64 that goes on behind a line break, a blank, or the ``" + "`` of a script."""

from __future__ import annotations

import re

from flowsleuth.extract.decoding.alphabets import decode_base64, share_printed
from flowsleuth.extract.decoding.runs import SHORTEST

_BREAK = re.compile(r"[ \t]*(?:\r\n|\n|\r|\\r\\n|\\n)[ \t]*|['\"]\s*\+\s*['\"]|`?\s?\"\s?&\s?_?\s*\"")
_BLANK = re.compile(r"[ \t]")
_NEXT = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_ENDS_OF_LINE = ("", "\n", "\r", "\\", '"', "'", " ", "<")
_NOT_OF = {"base64": "-_", "base64url": "+/"}
_TEXT_SHARE = 0.9


def continued(text: str, bare: str, is_padded: bool, end: int, alphabet: str) -> tuple[list[str], int]:
    """The pieces of a run that goes on behind line breaks, a blank, or ``" + "``, and where it ends."""
    pieces, size = [bare], len(bare)
    shares = [share_printed(decode_base64(bare[:64], alphabet) or b"")]
    while not is_padded:
        gap = _BREAK.match(text, end) or _BLANK.match(text, end)
        following = _NEXT.match(text, gap.end()) if gap else None
        if gap is None or following is None:
            break
        more = following[0].rstrip("=")
        is_padded = following[0] != more
        is_line = gap.re is _BREAK
        fills_line = is_line and (is_padded or text[following.end() : following.end() + 1] in _ENDS_OF_LINE)
        is_enough = len(more) >= 2 * SHORTEST or is_padded or (is_line and len(pieces[-1]) >= 6 * SHORTEST)
        if not is_enough or any(mark in more for mark in _NOT_OF[alphabet]):
            break
        shares.append(_share_of_next(pieces[-1], more, size % 4, alphabet))
        if not _goes_on(shares, fills_line):
            break
        pieces.append(more)
        size += len(more)
        end = following.end()
    return pieces, end


def _goes_on(shares: list[float], fills_line: bool) -> bool:
    """The next piece is more of the same kind of bytes; those of a file are so by the line that they fill."""
    *_, before, share = shares
    if before >= _TEXT_SHARE / 2 and abs(before - share) < 0.3:
        return True
    return fills_line and min(shares[:-1]) < _TEXT_SHARE


def _share_of_next(before: str, more: str, carried: int, alphabet: str) -> float:
    """Of the bytes that the next piece adds, what share is printed; the bytes that both pieces have a part in too."""
    kept = before[len(before) - carried :] if carried <= len(before) else ""
    return share_printed(decode_base64((kept + more)[:64], alphabet) or b"")
