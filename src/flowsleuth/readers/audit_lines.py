"""Lines of the raw audit log as whole columns: header and ``name=value`` words of many lines at once.

A line is **usual** when it is ASCII, its header is ``[node=…] type=… msg=audit(seconds:serial):``, every word with a
``=`` is a name and a value, and a value is in double quotes as a whole or not at all; ``msg='…'`` of programs may stand
around some of them. That is what auditd writes. All other lines are left to :mod:`.audit_events`, which reads one line
at a time: both give the same fields.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import Mask, mask_of

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

_EVENT_ID = r"^audit\([0-9]{1,12}(\.[0-9]{1,6})?:[0-9]+\):$"
_TYPE = r"^[A-Za-z0-9_\[\]]+$"
_NAME = re.compile(r"[A-Za-z_][\w.\-]*(?:\[\d+\])?", re.ASCII)
_SPACE, _LINE, _RETURN, _EQUALS, _QUOTE, _APOSTROPHE, _ODD = range(1, 8)
_SEPARATOR = 0x1D
"""Parts what the kernel wrote from what auditd added (``log_format = ENRICHED``)."""
_PADDING = 16
"""Bytes behind the text, so that a word at its end may be compared with a longer one."""
_SLOTS = 48
"""Bits in which names of a record are marked to find twins; few enough for sums of them to stay below 2**64."""


def _classes() -> bytes:
    table = np.zeros(256, dtype=np.uint8)
    table[:32] = table[127:] = _ODD
    for letters, one in ((f" {chr(_SEPARATOR)}", _SPACE), ("\n", _LINE), ("\r", _RETURN), ("=", _EQUALS)):
        for letter in letters:
            table[ord(letter)] = one
    table[ord('"')], table[ord("'")] = _QUOTE, _APOSTROPHE
    return table.tobytes()


_CLASS = _classes()


@dataclass
class AuditLines:
    """Lines of an audit log.

    Attributes
    ----------
    begin, end : array of int64, by line
        Where it lies in ``text``, its end not counted.
    is_usual : array of bool, by line
        The following is told of usual lines only.
    kind : array of int32, by line; ``kinds`` : list of str
        Type of the record.
    event : array of int32, by line; ``events`` : pyarrow.Array of string
        ``audit(time:serial):``, with the node behind it.
    node : pyarrow.Array of string, by line
    body : array of int64, by line
        Where what follows the header begins.
    line : array of int64, by word
        Which line it is in.
    name : array of int32, by word; ``names`` : list of str
        What stands before ``=``.
    value_begin, value_end : array of int64, by word
        Where its value lies, quotes not counted.
    is_quoted : array of bool, by word
    """

    text: bytes
    begin: Ints
    end: Ints
    is_usual: Mask
    kind: Codes
    kinds: list[str]
    event: Codes
    events: pa.Array
    node: pa.Array
    body: Ints
    line: Ints
    name: Codes
    names: list[str]
    value_begin: Ints
    value_end: Ints
    is_quoted: Mask

    def __len__(self) -> int:
        return len(self.begin)

    def raw(self, at: int) -> bytes:
        """One line."""
        return self.text[self.begin[at] : self.end[at]]

    def slices(self, begin: Ints, end: Ints) -> pa.Array:
        """Pieces of the text, in order and apart, as a column."""
        return slices(self.text, begin, end)


def slices(text: bytes, begin: Ints, end: Ints) -> pa.Array:
    """Pieces of ASCII text that lie one behind the other, as a column of strings.

    Examples
    --------
    >>> slices(b"ab cd", np.array([0, 3]), np.array([2, 5])).to_pylist()
    ['ab', 'cd']
    """
    count = len(begin)
    bounds = np.empty(2 * count, dtype=np.int32)
    bounds[0::2], bounds[1::2] = begin, end
    if not count:
        return pa.array([], pa.string())
    pieces = pa.StringArray.from_buffers(2 * count - 1, pa.py_buffer(bounds), pa.py_buffer(text))
    return pieces.take(pa.array(np.arange(count, dtype=np.int32) * 2))


@dataclass
class _Marked:
    """A text with the places of letters that mean something, and the line that each is in."""

    text: bytes
    data: Bytes
    places: Ints
    marks: Bytes
    line: Ints
    ends: Ints
    is_odd: Mask


@dataclass
class _Words:
    """Words of a text (empty ones too), with the line each is in and where its first ``=`` is (-1: there is none), and
    the first word of each line, with the number of words behind them."""

    begin: Ints
    end: Ints
    line: Ints
    equals: Ints
    is_quoted: Mask
    line_starts: Ints


def lines_of(text: bytes) -> AuditLines:
    """Take lines apart, blank ones too.

    Parameters
    ----------
    text : bytes
        Whole lines, each ended by a line feed.

    Examples
    --------
    >>> found = lines_of(b'type=CWD msg=audit(1604994496.155:92733): cwd="/home"' + b"\\n")
    >>> found.kinds, found.events.to_pylist(), found.names, found.is_usual.tolist()
    (['CWD'], ['audit(1604994496.155:92733):'], ['cwd'], [True])
    >>> found.slices(found.value_begin, found.value_end).to_pylist()
    ['/home']
    """
    found = _marked(b"\n" + text)
    words = _words(found)
    begin, end = found.places[found.ends[:-1]] + 1, found.places[found.ends[1:]]
    end = end - ((end > begin) & (found.data[end - 1] == ord("\r")))
    return _taken_apart(found, begin, end, words)


def _marked(text: bytes) -> _Marked:
    marks = np.frombuffer(text.translate(_CLASS), dtype=np.uint8)
    places = np.flatnonzero(marks != 0)
    marks = marks[places]
    text += bytes(_PADDING)
    is_end = marks == _LINE
    line = np.cumsum(is_end) - 1  # a line feed belongs to the line that it begins
    ends = np.flatnonzero(is_end)
    is_odd = np.zeros(len(ends) - 1, dtype=bool)
    return _Marked(text, np.frombuffer(text, dtype=np.uint8), places, marks, line, ends, is_odd)


def _words(found: _Marked) -> _Words:
    """Words of all lines; what is no word makes its line odd."""
    data, places, marks, line, is_odd, ends = (
        found.data, found.places, found.marks, found.line, found.is_odd, found.ends,
    )  # fmt: skip
    quotes = np.cumsum(marks == _QUOTE)
    unpaired = np.flatnonzero((quotes[ends[1:]] - quotes[ends[:-1]]) & 1)
    is_odd[unpaired] = True
    since = quotes[ends][line] if len(unpaired) else 0
    inside = ((quotes - since) & 1) != 0
    is_bad = np.flatnonzero((marks == _ODD) | (marks == _RETURN) & (data[places + 1] != ord("\n")))
    is_odd[line[is_bad]] = True
    is_part = (marks == _SPACE) & ~inside | (marks == _LINE) | (marks == _RETURN)
    _part_nested(found, inside, is_part)
    parts = np.flatnonzero(is_part)
    place, quotes = places[parts], quotes[parts]
    first, last, in_word = parts[:-1], parts[1:], quotes[1:] - quotes[:-1]
    begin, end, at = place[:-1] + 1, place[1:], line[first]
    equals = np.where(marks[first + 1] == _EQUALS, places[first + 1], -1)
    is_quoted = np.zeros(len(begin), dtype=bool)
    with_quotes = np.flatnonzero(in_word)
    first, last = first[with_quotes], last[with_quotes]  # a word with a quote has three marks at least, or is odd
    good = (in_word[with_quotes] == 2) & (last - first > 3)
    good &= (marks[first + 1] == _EQUALS) & (marks[first + 2] == _QUOTE) & (places[first + 2] == places[first + 1] + 1)
    good &= (marks[last - 1] == _QUOTE) & (places[last - 1] == places[last] - 1)
    is_quoted[with_quotes] = good
    is_odd[at[with_quotes[~good]]] = True
    return _Words(begin, end, at, equals, is_quoted, np.flatnonzero(marks[parts] == _LINE))


def _part_nested(found: _Marked, inside: Mask, is_part: Mask) -> None:
    """Let the two apostrophes of ``msg='…'`` part words; a line with other ones outside of quotes is odd."""
    marks, line, is_odd = found.marks, found.line, found.is_odd
    at = np.flatnonzero((marks == _APOSTROPHE) & ~inside)
    if not len(at):
        return
    of_line, begin, count = np.unique(line[at], return_index=True, return_counts=True)
    opens = found.places[at[begin]]
    before = found.data[np.maximum(opens[:, None] + np.arange(-5, 0), 0)]
    is_pair = (count == 2) & (before[:, 1:] == np.frombuffer(b"msg=", dtype=np.uint8)).all(axis=1)
    is_pair &= (before[:, 0] == ord(" ")) | (before[:, 0] == _SEPARATOR)
    is_odd[of_line[~is_pair]] = True
    is_part[at[begin[is_pair]]] = is_part[at[begin[is_pair] + 1]] = True
    apostrophes = np.bincount(line[marks == _APOSTROPHE], minlength=len(is_odd))
    is_odd[of_line[apostrophes[of_line] > 2]] = True  # ``msg='`` ends at the last one, which may be in quotes


def _taken_apart(found: _Marked, begin: Ints, end: Ints, words: _Words) -> AuditLines:
    text, data = found.text, found.data
    count = len(begin)
    first, size = words.line_starts[:-1], np.diff(words.line_starts)
    last = max(len(words.line) - 1, 0)
    has_node = _says(data, words.begin[first], b"node=")
    of_type = np.minimum(first + has_node, last)
    of_event = np.minimum(of_type + 1, last)
    is_usual = (
        ~found.is_odd & (size >= 2 + has_node) & (~has_node | (words.end[first] > words.begin[first] + len(b"node=")))
    )
    is_usual &= _says(data, words.begin[of_type], b"type=") & _says(data, words.begin[of_event], b"msg=audit(")
    is_usual &= ~(words.is_quoted[of_type] | words.is_quoted[of_event])
    kind, kinds = _coded(text, words.begin[of_type] + 5, words.end[of_type], is_usual, _TYPE)
    event, events = _coded(text, words.begin[of_event] + 4, words.end[of_event], is_usual, _EVENT_ID)
    node = pa.nulls(count, pa.string())
    at = np.flatnonzero(is_usual & has_node)
    if len(at):
        said = slices(text, words.begin[first[at]] + 5, words.end[first[at]])
        node = _placed(said, at, count)
        both = pc.binary_join_element_wise(events.take(pa.array(event)), pc.fill_null(node, ""), " ")
        coded = both.dictionary_encode()
        event, events = coded.indices.to_numpy(), coded.dictionary
    body = np.minimum(words.end[of_event] + 1, end)
    equals = words.equals
    equals[first] = equals[of_type] = equals[of_event] = -1
    is_field = equals >= 0
    if not is_usual.all():
        is_field &= is_usual[words.line]
    field = np.flatnonzero(is_field)
    equals, is_quoted = equals[field], words.is_quoted[field]
    coded = slices(text, words.begin[field], equals).dictionary_encode()
    made = AuditLines(
        text, begin, end, is_usual, kind, kinds.to_pylist(), event, events, node, body, words.line[field],
        coded.indices.to_numpy(), coded.dictionary.to_pylist(), equals + 1 + is_quoted,
        words.end[field] - is_quoted, is_quoted,
    )  # fmt: skip
    _refuse_lines(made)
    return made


def _says(data: Bytes, begin: Ints, word: bytes) -> Mask:
    """Whether the text goes on with a word."""
    wanted = np.frombuffer(word, dtype=np.uint8)
    return np.asarray((data[begin[:, None] + np.arange(len(word))] == wanted).all(axis=1))


def _coded(text: bytes, begin: Ints, end: Ints, is_usual: Mask, pattern: str) -> tuple[Codes, pa.Array]:
    """Distinct texts of usual lines, and which of them each line has; lines that do not fit are not usual."""
    at = np.flatnonzero(is_usual)
    coded = slices(text, begin[at], end[at]).dictionary_encode()
    fits = mask_of(pc.match_substring_regex(coded.dictionary, pattern))
    codes = np.zeros(len(is_usual), dtype=np.int32)
    codes[at] = coded.indices.to_numpy()
    if not fits.all():
        is_usual[at] &= fits[codes[at]]
    return codes, coded.dictionary


def _placed(values: pa.Array, at: Ints, count: int) -> pa.Array:
    """Values at some places of a longer column, null elsewhere."""
    index = np.full(count, -1, dtype=np.int64)
    index[at] = np.arange(len(at))
    return values.take(pa.array(index, mask=index < 0))


def _refuse_lines(made: AuditLines) -> None:
    """Lines with a name that is none, or with one name twice, are not usual."""
    is_name = np.array([_NAME.fullmatch(name) is not None for name in made.names], dtype=bool)
    if not is_name.all():
        made.is_usual[made.line[~is_name[made.name]]] = False
    if not len(made.line):
        return
    starts = np.flatnonzero(np.append(True, made.line[1:] != made.line[:-1]))
    bits = np.left_shift(np.uint64(1), (made.name % _SLOTS).astype(np.uint64))
    # a sum of different bits is what they are together; bits that meet may be of twins
    doubtful = np.add.reduceat(bits, starts) != np.bitwise_or.reduceat(bits, starts)
    if doubtful.any():
        is_in = np.isin(made.line, made.line[starts[doubtful]])
        pairs = made.line[is_in] * len(made.names) + made.name[is_in]
        pairs.sort()
        made.is_usual[pairs[1:][pairs[1:] == pairs[:-1]] // len(made.names)] = False
