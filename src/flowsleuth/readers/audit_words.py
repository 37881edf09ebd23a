"""Values of the audit log's usual lines, whole columns at a time: decoded, and as text of JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import Mask, mask_of
from flowsleuth.readers.audit_events import ENCODED, NOTHING, decoded
from flowsleuth.readers.audit_lines import AuditLines, Codes, Ints, slices
from flowsleuth.readers.mapped_json import as_json_text

_ARGUMENT = re.compile(r"a(\d+)(?:\[(\d+)\])?")
_NO_ARGUMENT, _TOO_MANY = -1, -2
_MOST_DIGITS = 9
_MOST_ARGUMENTS = 10**_MOST_DIGITS
_HEX = r"^([0-9A-F]{2})+$"
_CONTROL = "[\x01-\x1f]"


@dataclass
class AuditWords:
    """Values of all words of some lines: decoded, and as text of JSON.

    Attributes
    ----------
    lines : AuditLines
    is_kept : array of bool, by word
        It says something.
    """

    lines: AuditLines
    is_kept: Mask
    _pieces: pa.Array
    _text: Ints
    _json: Ints

    def values(self, words: Ints) -> pa.Array:
        """Decoded values of some words."""
        return self._pieces.take(pa.array(self._text[words]))

    def json(self, words: Ints) -> pa.Array:
        """The same as they stand between quotes in JSON."""
        return self._pieces.take(pa.array(self._json[words]))


def refuse_arguments(lines: AuditLines) -> None:
    """EXECVE records whose arguments are not in order (a0, a1[0], a1[1], a2, …) are not usual."""
    number, piece = argument_numbers(lines)
    words = np.flatnonzero((number != _NO_ARGUMENT)[lines.name] & of_kind(lines, "EXECVE")[lines.line])
    name, line = lines.name[words], lines.line[words]
    place = number[name] * _MOST_ARGUMENTS + piece[name]
    lines.is_usual[line[place < 0]] = False
    lines.is_usual[line[1:][(line[1:] == line[:-1]) & (place[1:] <= place[:-1])]] = False


def argument_numbers(lines: AuditLines) -> tuple[Ints, Ints]:
    """For each name, the number of the argument that it stands for (negative: none) and that of the piece of it."""
    found = [_argument_number(name) for name in lines.names] or [(_NO_ARGUMENT, 0)]
    number, piece = np.array(found, dtype=np.int64).T
    return number, piece


def _argument_number(name: str) -> tuple[int, int]:
    found = _ARGUMENT.fullmatch(name)
    if found is None:
        return _NO_ARGUMENT, 0
    digits = found[1] + (found[2] or "")
    return (int(found[1]), int(found[2] or 0)) if len(digits) <= _MOST_DIGITS else (_TOO_MANY, 0)


def of_kind(lines: AuditLines, *kinds: str) -> Mask:
    """Which lines are usual and of one of some types."""
    return np.array([kind in kinds for kind in lines.kinds] or [False], dtype=bool)[lines.kind] & lines.is_usual


def words_of(lines: AuditLines) -> AuditWords:
    """Decode the values of usual lines."""
    begin, end = lines.value_begin, lines.value_end
    size = end - begin
    is_argument = (argument_numbers(lines)[0] != _NO_ARGUMENT)[lines.name]
    is_argument &= of_kind(lines, "EXECVE")[lines.line]
    is_encoded = np.array([name in ENCODED for name in lines.names], dtype=bool)[lines.name] | is_argument
    is_bare = ~lines.is_quoted
    first = np.frombuffer(lines.text, dtype=np.uint8)[np.minimum(begin, len(lines.text) - 1)]
    is_kept = ~is_bare | is_argument | (size > 0)
    doubtful = np.flatnonzero(is_bare & ~is_argument & ((first == ord("?")) | (first == ord("("))) & (size > 0))
    is_kept[doubtful] = ~mask_of(pc.is_in(slices(lines.text, begin[doubtful], end[doubtful]), texts_of(NOTHING)))
    hexed = np.flatnonzero(is_bare & is_encoded & (size > 0) & (size % 2 == 0))
    said = slices(lines.text, begin[hexed], end[hexed])
    is_hex = mask_of(pc.match_substring_regex(said, _HEX))
    hexed, texts = hexed[is_hex], _unhexed(said.filter(pa.array(is_hex)))
    escaped = _with_backslash(lines)
    escaped = escaped[~np.isin(escaped, hexed)]
    as_json = _escaped(pa.concat_arrays([texts, slices(lines.text, begin[escaped], end[escaped])]))
    places = np.arange(len(begin)) * 2
    text, json = places.copy(), places
    text[hexed] = 2 * len(begin) + np.arange(len(hexed))
    json[np.concatenate([hexed, escaped])] = 2 * len(begin) + len(hexed) + np.arange(len(as_json))
    return AuditWords(lines, is_kept, _behind(lines.text, begin, end, texts, as_json), text, json)


def texts_of(words: frozenset[str]) -> pa.Array:
    """Words as a column."""
    return pa.array(sorted(words), pa.string())


def _with_backslash(lines: AuditLines) -> Ints:
    """Words with a backslash, which JSON escapes."""
    if b"\\" not in lines.text or not len(lines.line):
        return np.zeros(0, dtype=np.int64)
    found = np.flatnonzero(np.frombuffer(lines.text, dtype=np.uint8) == ord("\\"))
    word = np.maximum(np.searchsorted(lines.value_begin, found, side="right") - 1, 0)
    return np.unique(word[(found >= lines.value_begin[word]) & (found < lines.value_end[word])])


def _unhexed(texts: pa.Array) -> pa.Array:
    """Hexadecimal digits as the text they stand for."""
    if not len(texts):
        return texts
    data = bytes.fromhex("".join(texts.to_pylist()))
    bounds = np.zeros(len(texts) + 1, dtype=np.int32)
    np.cumsum(pc.binary_length(texts).to_numpy() // 2, out=bounds[1:])
    if _is_text(data, bounds):
        return pa.StringArray.from_buffers(len(texts), pa.py_buffer(bounds), pa.py_buffer(data))
    return pa.array([decoded(text) for text in texts.to_pylist()], pa.string())


def _is_text(data: bytes, bounds: Codes) -> bool:
    """Whether bytes are UTF-8, and so are their parts."""
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    begins = np.frombuffer(data, dtype=np.uint8)[bounds[:-1][np.diff(bounds) > 0]]
    return not bool(((begins & 0xC0) == 0x80).any())


def _escaped(texts: pa.Array) -> pa.Array:
    """Texts as they stand between quotes in JSON."""
    made = texts
    for plain, written in (("\\", "\\\\"), ('"', '\\"'), ("\0", "\\u0000")):
        made = pc.replace_substring(made, plain, written)
    rest = np.flatnonzero(mask_of(pc.match_substring_regex(texts, _CONTROL)))
    if len(rest):
        others = made.to_pylist()
        for at in rest.tolist():
            others[at] = as_json_text(texts[at].as_py())[1:-1]
        made = pa.array(others, pa.string())
    return made


def _behind(text: bytes, begin: Ints, end: Ints, *more: pa.Array) -> pa.Array:
    """Pieces of a text (each the second one after the one before) and behind them other texts, in one column."""
    bounds = np.empty(2 * len(begin), dtype=np.int32)
    bounds[0::2], bounds[1::2] = begin, end
    data, sizes = [text], []
    for column in more:
        sizes.append(pc.binary_length(column).to_numpy())
        offset = np.frombuffer(column.buffers()[1], dtype=np.int32) if len(column) else np.zeros(1, dtype=np.int32)
        low, high = int(offset[column.offset]), int(offset[column.offset + len(column)]) if len(column) else 0
        data.append(column.buffers()[2].to_pybytes()[low:high] if high > low else b"")
    behind = len(text) + np.cumsum(np.concatenate([np.zeros(1, dtype=np.int64), *sizes]))
    bounds = np.concatenate([bounds, behind.astype(np.int32)])
    return pa.StringArray.from_buffers(len(bounds) - 1, pa.py_buffer(bounds), pa.py_buffer(b"".join(data)))
