"""Delimited text (CSV, TSV): a whole chunk at once, and line by line only where a chunk does not parse cleanly.

The fast road hands the chunk to Arrow's CSV parser. When that fails, or gives another number of rows than there are
lines, the careful road finds the lines at fault: a wrong number of fields, an unbalanced quote, text where a number
belongs. Those become rejects with their line, reason and raw text; all others become rows, so that rows + rejects =
lines - blank lines - skipped lines, always. One record is one line: line ends inside quotes are not supported.

API for readers::

    parsed = read_delimited(chunk, names, types, delimiter="\\t", null_values=("-",), quote=None, skip=mask)
    built = build_rows(FLOW, {"src_ip": parsed.table["id.orig_h"], …}, chunk.first_line + parsed.lines, context)
    rejects = parsed.rejects + bad_row_rejects(chunk, parsed.lines, built.bad)
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from flowsleuth.readers.contract import MAX_RAW, Reject
from flowsleuth.readers.rows import BadRow
from flowsleuth.readers.streams import Chunk, printable

WRONG_WIDTH = "wrong number of fields"
UNBALANCED = "unbalanced quote"
STRAY_CR = "carriage return inside the line"
NOT_A_NUMBER = "not a number"

_BLOCK = 4 << 20
_PATTERNS = {"integer": r"^\s*[+-]?[0-9]+\s*$", "number": r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"}

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Dialect:
    """How the text is written, and what its fields become."""

    types: Mapping[str, pa.DataType]
    delimiter: str
    null_values: tuple[str, ...]
    quote: str | None

    def nothing(self) -> pa.Table:
        return pa.schema(list(self.types.items())).empty_table()


@dataclass
class Delimited:
    """Result of :func:`read_delimited`.

    Attributes
    ----------
    table : pyarrow.Table
        The fields by name, typed as asked.
    lines : numpy array of int64
        For each row, the index of its line in the chunk (``chunk.first_line`` + this is its ``source_row``).
    rejects : list of Reject
        Lines that are no record, in order.
    """

    table: pa.Table
    lines: npt.NDArray[np.int64]
    rejects: list[Reject]


def line_reject(chunk: Chunk, at: int, reason: str, detail: str | None = None) -> Reject:
    """Make a reject of one line of a chunk, with its number and raw text."""
    return Reject(chunk.first_line + int(at), reason, detail, printable(chunk.line(int(at)))[:MAX_RAW])


def bad_row_rejects(chunk: Chunk, lines: npt.NDArray[np.int64], bad: Iterable[BadRow]) -> list[Reject]:
    """Make rejects of the rows that :func:`~flowsleuth.readers.rows.build_rows` refused."""
    return [line_reject(chunk, int(lines[row.index]), row.reason, row.detail) for row in bad]


def lines_like(chunk: Chunk, beginnings: Sequence[bytes]) -> Mask:
    """Which lines of a chunk begin with one of these texts.

    Examples
    --------
    >>> lines_like(Chunk(b"#fields\\n1\\n", 1, 0, False), [b"#"]).tolist()
    [True, False]
    """
    found = np.zeros(len(chunk), dtype=bool)
    for text in beginnings:
        at = 0 if chunk.data.startswith(text) else chunk.data.find(b"\n" + text) + 1 or -1
        while at >= 0:
            found[np.searchsorted(chunk.starts, at)] = True
            at = chunk.data.find(b"\n" + text, at) + 1 or -1
    return found


def read_delimited(
    chunk: Chunk,
    names: Sequence[str],
    types: Mapping[str, pa.DataType],
    *,
    delimiter: str = ",",
    null_values: Sequence[str] = ("",),
    quote: str | None = '"',
    skip: Mask | None = None,
) -> Delimited:
    """Parse the records of a chunk.

    Parameters
    ----------
    chunk : Chunk
        Whole lines.
    names : sequence of str
        Names of the fields, unique, in order.
    types : mapping of str to pyarrow type
        Types by name; text where a name is missing. Numbers may have spaces around them.
    delimiter : str
        One character between the fields.
    null_values : sequence of str
        What stands for null, in every field.
    quote : str, optional
        The quote character; None where quotes mean nothing.
    skip : array of bool, optional
        Lines that are no records (header, comment, summary). Blank lines never are.

    Returns
    -------
    Delimited
    """
    dialect = _Dialect({name: types.get(name, pa.string()) for name in names}, delimiter, tuple(null_values), quote)
    lines = np.arange(len(chunk), dtype=np.int64) if skip is None else np.flatnonzero(~skip)
    data = chunk.data if len(lines) == len(chunk) else _joined(chunk, lines)
    if len(lines) and _looks_clean(data):
        table = _parse(data, dialect)
        if table is not None and len(table) == len(lines):
            return Delimited(table, lines.astype(np.int64), [])
    return _read_carefully(chunk, dialect, skip)


def _looks_clean(data: bytes) -> bool:
    """No blank line and no carriage return inside a line: they could make up for each other in the count of rows."""
    return (
        data.count(b"\r") == data.count(b"\r\n")
        and b"\n\n" not in data
        and b"\n\r\n" not in data
        and not data.startswith((b"\n", b"\r"))
    )


def _parse(data: bytes, dialect: _Dialect, block: int = _BLOCK) -> pa.Table | None:
    """Arrow's CSV parser; None where it fails."""
    quote = dialect.quote
    try:
        return pacsv.read_csv(
            pa.BufferReader(pa.py_buffer(data)),
            read_options=pacsv.ReadOptions(column_names=list(dialect.types), block_size=block),
            parse_options=pacsv.ParseOptions(
                delimiter=dialect.delimiter, quote_char=quote or False, double_quote=bool(quote), escape_char=False
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict(dialect.types), null_values=list(dialect.null_values), strings_can_be_null=True
            ),
        )
    except pa.ArrowInvalid:
        return None


def _read_carefully(chunk: Chunk, dialect: _Dialect, skip: Mask | None) -> Delimited:
    """Take out what is no record, then parse the rest; find the cells at fault if that fails too."""
    keep, rejects = _well_formed(chunk, dialect, skip)
    lines = np.flatnonzero(keep).astype(np.int64)
    data = _joined(chunk, lines)
    table = _parse_all(data, dialect, len(lines))
    if table is None:
        text = replace(dialect, types=dict.fromkeys(dialect.types, pa.string()))
        strings = _parse_all(data, text, len(lines))
        if strings is None:  # not even as text: what is not UTF-8 is written as \xNN
            data = b"\n".join(printable(line).encode() for line in data.split(b"\n"))
            strings = _parse_all(data, text, len(lines))
        if strings is None:
            rejects += [line_reject(chunk, int(at), WRONG_WIDTH, "the line cannot be told apart") for at in lines]
            table, lines = dialect.nothing(), lines[:0]
        else:
            table, good, refused = _convert(strings, dialect.types)
            rejects += [line_reject(chunk, int(lines[row]), NOT_A_NUMBER, detail) for row, detail in refused]
            lines = lines[good]
    rejects.sort(key=lambda reject: reject.source_row)
    return Delimited(table, lines, rejects)


def _parse_all(data: bytes, dialect: _Dialect, count: int) -> pa.Table | None:
    """Parse so many lines; None where that fails or gives another number of rows."""
    if not count:
        return dialect.nothing()
    table = _parse(data, dialect, max(_BLOCK, len(data) + 1))
    return table if table is not None and len(table) == count else None


def _joined(chunk: Chunk, lines: npt.NDArray[np.int64]) -> bytes:
    """The bytes of some lines, runs of neighbours at once."""
    if not len(lines):
        return b""
    breaks = np.flatnonzero(np.diff(lines) != 1) + 1
    firsts = lines[np.concatenate([[0], breaks])]
    lasts = lines[np.concatenate([breaks - 1, [len(lines) - 1]])]
    starts = chunk.starts
    return b"".join(chunk.data[starts[a] : starts[b + 1]] for a, b in zip(firsts, lasts, strict=True))


def _counts(chunk: Chunk, character: bytes) -> npt.NDArray[np.int64]:
    """How often a byte occurs in each line."""
    places = np.flatnonzero(np.frombuffer(chunk.data, dtype=np.uint8) == character[0])
    return np.diff(np.searchsorted(places, chunk.starts)).astype(np.int64)


def _well_formed(chunk: Chunk, dialect: _Dialect, skip: Mask | None) -> tuple[Mask, list[Reject]]:
    """Which lines have the right number of fields; the others are rejects, but for blank and skipped lines."""
    returns = _counts(chunk, b"\r")
    blank = np.diff(chunk.starts) - _counts(chunk, b"\n") - returns == 0
    keep = ~blank if skip is None else ~blank & ~skip
    rejects: list[Reject] = []
    for at in map(int, np.flatnonzero(keep & (returns > 0))):
        if b"\r" in chunk.line(at):
            rejects.append(line_reject(chunk, at, STRAY_CR))
            keep[at] = False
    fields, width = _widths(chunk, dialect, keep), len(dialect.types)
    for at in map(int, np.flatnonzero(keep & (fields != width))):
        detail = None if fields[at] < 0 else f"{fields[at]} fields, expected {width}"
        rejects.append(line_reject(chunk, at, UNBALANCED if fields[at] < 0 else WRONG_WIDTH, detail))
        keep[at] = False
    return keep, rejects


def _widths(chunk: Chunk, dialect: _Dialect, keep: Mask) -> npt.NDArray[np.int64]:
    """How many fields each line has; -1 where a quote is not closed."""
    fields = _counts(chunk, dialect.delimiter.encode()) + 1
    if dialect.quote:
        quotes = _counts(chunk, dialect.quote.encode())
        for at in map(int, np.flatnonzero(keep & (quotes > 0))):
            odd = quotes[at] % 2
            fields[at] = -1 if odd else _quoted_width(chunk.line(at), dialect.delimiter, dialect.quote)
    return fields


def _quoted_width(line: bytes, delimiter: str, quote: str) -> int:
    try:
        return len(next(csv.reader([printable(line)], delimiter=delimiter, quotechar=quote)))
    except (csv.Error, StopIteration):
        return -1


def _convert(strings: pa.Table, types: Mapping[str, pa.DataType]) -> tuple[pa.Table, Mask, list[tuple[int, str]]]:
    """Text columns to their types; which rows are good, and for each of the others the field and its value."""
    good = np.ones(len(strings), dtype=bool)
    faults: dict[int, str] = {}
    for name, kind in types.items():
        for row in np.flatnonzero(_not_of(strings[name], kind)):
            good[row] = False
            faults.setdefault(int(row), f"{name}={strings[name][int(row)].as_py()!r}"[:300])
    kept = strings.filter(pa.array(good))
    columns = [_typed(kept[name], kind) for name, kind in types.items()]
    return pa.table(columns, names=list(types)), good, sorted(faults.items())


def _not_of(column: pa.ChunkedArray, kind: pa.DataType) -> Mask:
    """Which texts are no value of a number type (null is fine)."""
    if pa.types.is_integer(kind):
        bad = pc.invert(pc.match_substring_regex(column, _PATTERNS["integer"]))
        info = np.iinfo(kind.to_pandas_dtype())
        for row in np.flatnonzero(pc.greater(pc.utf8_length(column), 4).to_numpy(zero_copy_only=False) == 1):
            text = column[int(row)].as_py()
            if text is not None and text.strip().lstrip("+-").isdecimal() and not info.min <= int(text) <= info.max:
                bad = pc.or_(bad, pa.array(np.arange(len(column)) == row))
    elif pa.types.is_floating(kind):
        bad = pc.invert(pc.match_substring_regex(column, _PATTERNS["number"]))
    else:
        return np.zeros(len(column), dtype=bool)
    return np.asarray(pc.fill_null(bad, False).to_numpy(zero_copy_only=False), dtype=bool)


def _typed(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        trimmed = pc.replace_substring_regex(pc.utf8_trim_whitespace(column), r"^\+", "")
        return trimmed.cast(kind)
    if pa.types.is_dictionary(kind):
        return column.dictionary_encode().cast(kind)
    return column.cast(kind)
