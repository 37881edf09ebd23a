"""JSON objects of a stream that is not one object per line: an array, pretty-printed or not, or objects in a row.

Objects are told apart by their braces outside of strings, block by block, so memory stays flat.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_QUOTE, _BACKSLASH, _OPEN, _CLOSE = 34, 92, 123, 125
_WATCHED = np.zeros(256, dtype=bool)
_WATCHED[[_QUOTE, _OPEN, _CLOSE]] = True
LONGEST_OBJECT = 4 << 20
"""Bytes after which an object that has not ended is taken for broken."""
_BETWEEN = b" \t\r\n,[]\xef\xbb\xbf"


class Found(NamedTuple):
    """One element of the stream: its text, and the 1-based line it begins on."""

    text: bytes
    line: int


class Piece(NamedTuple):
    """Some consecutive elements.

    Attributes
    ----------
    found : list of Found
    end : int
        Offset behind the last of them.
    line : int
        Line ends before ``end``.
    is_rest : bool
        The stream ended within this one element.
    """

    found: list[Found]
    end: int
    line: int
    is_rest: bool = False


def pieces(blocks: Iterable[bytes], size: int, offset: int = 0, line: int = 0) -> Iterator[Piece]:
    """Elements of a stream, some ``size`` bytes at a time.

    What stands between objects and is neither white space, a comma nor a bracket is an element too, so that nothing
    is lost.

    Parameters
    ----------
    blocks : iterable of bytes
    size : int
    offset, line : int
        Bytes and line ends before the first block.

    Examples
    --------
    >>> [(f.text, f.line) for piece in pieces([b'[{"a":1},\\n', b'{"b":{}}]'], 4) for f in piece.found]
    [(b'{"a":1}', 1), (b'{"b":{}}', 2)]
    """
    pending: list[bytes] = []
    length, wanted = 0, size
    for block in blocks:
        pending.append(block)
        length += len(block)
        if length < wanted:
            continue
        data = b"".join(pending)
        found, used = _take(data, line, is_last=False)
        if used:
            line += data.count(b"\n", 0, used)
            offset += used
            yield Piece(found, offset, line)
        pending = [data[used:]]
        length = len(data) - used
        wanted = max(size, 2 * length)
    data = b"".join(pending)
    found, used = _take(data, line, is_last=True)
    if used:
        line += data.count(b"\n", 0, used)
        offset += used
        yield Piece(found, offset, line)
    rest = data[used:]
    if rest:
        start = len(rest) - len(rest.lstrip(_BETWEEN))
        first = line + rest.count(b"\n", 0, start) + 1
        yield Piece([Found(rest[start:].rstrip(), first)], offset + len(rest), line + rest.count(b"\n"), True)


def _take(data: bytes, line: int, *, is_last: bool) -> tuple[list[Found], int]:
    """Elements of a text and how many bytes they take; an object that cannot end is given up at the next one."""
    found: list[Found] = []
    used = 0
    while True:
        more, size = _split(data[used:], line)
        found += more
        line += data.count(b"\n", used, used + size)
        used += size
        rest = data[used:]
        opening, closing = rest.find(b"{"), rest.find(b"}")
        if closing >= 0 and (opening < 0 or closing < opening):
            cut: int | None = closing + 1
        elif opening < 0:
            cut = len(rest) if is_last else None
        else:
            cut = _next_start(rest, opening) if is_last or len(rest) > LONGEST_OBJECT else None
        if not cut:
            return found, used
        line = _add_between(rest, 0, cut, line, found)
        used += cut


def _next_start(rest: bytes, opening: int) -> int | None:
    """Where the next object begins, if it begins a line and is not set in deeper than the one at ``opening``."""
    margin = opening - (rest.rfind(b"\n", 0, opening) + 1)
    found = re.compile(rb"\n[ \t]{0,%d}\{" % margin).search(rest, opening)
    return None if found is None else found.start() + 1


def _split(data: bytes, line: int) -> tuple[list[Found], int]:
    """Whole objects in a text, and how many bytes they take; what stands between them is cut into elements as well."""
    starts, ends = _objects(data)
    found: list[Found] = []
    at = 0
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        line = _add_between(data, at, start, line, found)
        found.append(Found(data[start:end], line + 1))
        line += data.count(b"\n", start, end)
        at = end
    return found, at


def _add_between(data: bytes, low: int, high: int, line: int, found: list[Found]) -> int:
    """Take up what stands between two objects; returns the line ends before ``high``."""
    text = data[low:high]
    if text.strip(_BETWEEN):
        start = len(text) - len(text.lstrip(_BETWEEN))
        first = line + text.count(b"\n", 0, start) + 1
        inner = text.strip(_BETWEEN)
        try:
            values = json.loads(b"[" + inner + b"]")
        except (ValueError, RecursionError):
            found.append(Found(inner, first))
        else:
            found += [Found(json.dumps(value).encode(), first) for value in values]
    return line + text.count(b"\n")


def _objects(data: bytes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where the outermost objects of a text begin and end; the text begins outside of them."""
    view = np.frombuffer(data, dtype=np.uint8)
    places = np.flatnonzero(_WATCHED[view])
    signs = view[places]
    is_quote = signs == _QUOTE
    if b'\\"' in data:
        is_quote &= ~_escaped(data, places, is_quote)
    in_string = (np.cumsum(is_quote) - is_quote) % 2 == 1
    step = np.where(in_string | (signs == _QUOTE), 0, np.where(signs == _OPEN, 1, -1))
    depth = np.cumsum(step)
    starts = places[(step == 1) & (depth == 1)]
    ends = places[(step == -1) & (depth == 0)] + 1
    if (depth < 0).any():
        first = int(places[np.flatnonzero(depth < 0)[0]])
        starts, ends = starts[starts < first], ends[ends <= first]
    return starts[: len(ends)], ends


def _escaped(data: bytes, places: npt.NDArray[np.int64], is_quote: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which quotes stand behind an odd number of backslashes."""
    view = np.frombuffer(data, dtype=np.uint8)
    is_escaped = np.zeros(len(places), dtype=bool)
    suspects = np.flatnonzero(is_quote & (places > 0) & (view[np.maximum(places - 1, 0)] == _BACKSLASH))
    for at in suspects.tolist():
        low = place = int(places[at])
        while low and data[low - 1] == _BACKSLASH:
            low -= 1
        is_escaped[at] = (place - low) % 2 == 1
    return is_escaped
