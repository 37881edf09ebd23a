"""Lines of JSON to columns, whole blocks at a time, and which lines hold more than what was asked for.

The embedded engine parses the lines; nothing is read from disk and no extension is loaded. What it leaves out without
a word (a key that was not asked for, a value that does not fit its type) is found by counting: the number of keys in
the text of a line must equal the number of values that came out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Path = tuple[str, ...]
Spec = Mapping[str, Any]
"""What to take out of a line: key to type (``BIGINT``, ``DOUBLE``, ``VARCHAR``, ``BOOLEAN``, ``JSON``) or to a Spec."""

_BLOCK = 1 << 18
"""Bytes counted at a time: small enough for the processor's cache."""
_NOT_A_NUMBER = r"(^|[\[:,])-?(?i:nan|inf)"
_QUOTE, _COLON, _BACKSLASH, _SPACE = 34, 58, 92, 32
_OPENS = np.zeros(256, dtype=bool)
_OPENS[list(b"\\[,:{")] = True


class MalformedLineError(ValueError):
    """At least one line is not JSON."""


class Extracted(NamedTuple):
    """Result of :meth:`JsonLines.extract`.

    Attributes
    ----------
    columns : dict of path to pyarrow array
        A column for each leaf of the spec; ``JSON`` leaves are JSON text.
    is_whole : numpy array of bool, or None
        Which lines gave everything they hold; None says all of them did.
    """

    columns: dict[Path, pa.ChunkedArray]
    is_whole: npt.NDArray[np.bool_] | None


def line_starts(data: bytes) -> npt.NDArray[np.int64]:
    """Where each line of a text begins, and at the end the length of the text.

    Examples
    --------
    >>> line_starts(b"{}\\n[]").tolist()
    [0, 3, 5]
    """
    view = np.frombuffer(data, dtype=np.uint8)
    blocks = range(0, len(view), _BLOCK)
    found = [np.flatnonzero(view[low : low + _BLOCK] == 10) + (low + 1) for low in blocks]
    starts = np.concatenate([np.zeros(1, dtype=np.int64), *found])
    return starts if starts[-1] == len(data) else np.append(starts, len(data))


def as_lines(data: bytes, starts: npt.NDArray[np.int64]) -> pa.Array:
    """Lines as an Arrow array of text over the same memory (line ends stay on them)."""
    buffers = [None, pa.py_buffer(starts), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.large_string(), len(starts) - 1, buffers)


class JsonLines:
    """A private engine that takes columns out of lines of JSON.

    Examples
    --------
    >>> import pyarrow as pa
    >>> with JsonLines() as engine:
    ...     got = engine.extract(pa.array(['{"a":1}', '{"a":2,"b":3}']), {"a": "BIGINT"})
    >>> got.columns[("a",)].to_pylist(), got.is_whole.tolist()
    ([1, 2], [True, False])
    """

    def __init__(self) -> None:
        config: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "threads": 1,  # a block of lines is one unit of work
        }
        self._engine = duckdb.connect(config=config)
        self._engine.execute("SET TimeZone = 'UTC'")

    def __enter__(self) -> JsonLines:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the engine's memory back."""
        self._engine.close()

    def extract(self, lines: pa.Array, spec: Spec) -> Extracted:
        """Take the columns of ``spec`` out of each line.

        Parameters
        ----------
        lines : pyarrow.Array of string or large_string
            One JSON document each, valid UTF-8; white space around it is allowed.
        spec : mapping
            Keys of one level must differ by more than case.

        Raises
        ------
        MalformedLineError
            Some line is not JSON; :meth:`normal` tells which.
        """
        try:
            table = self._query("SELECT unnest(json_transform(line, $1)) FROM lines", lines, json.dumps(spec))
        except duckdb.Error as error:
            raise MalformedLineError(str(error)) from None
        columns: dict[Path, pa.ChunkedArray] = {}
        objects: list[pa.ChunkedArray] = []
        for name in spec:
            _flatten((name,), spec[name], table.column(name), columns, objects)
        kinds = dict(_leaves(spec))
        return Extracted(columns, _whole(lines, columns, objects, kinds))

    def normal(self, lines: pa.Array) -> list[str | None]:
        """Each line as the engine's own JSON text; None where it is not JSON."""
        sql = "SELECT CASE WHEN json_valid(line) THEN json(line)::VARCHAR END AS text FROM lines"
        return list(self._query(sql, lines).column("text").to_pylist())

    def are_json(self, lines: pa.Array) -> list[bool]:
        """Which lines are JSON."""
        return list(self._query("SELECT json_valid(line) AS is_json FROM lines", lines).column("is_json").to_pylist())

    def _query(self, sql: str, lines: pa.Array, *values: str) -> pa.Table:
        self._engine.register("lines", pa.table({"line": lines}))
        try:
            # The size of the batch matters: the engine sets memory for a whole batch aside, a million rows if not told.
            return self._engine.execute(sql, list(values)).to_arrow_table(max(1, len(lines)))
        finally:
            self._engine.unregister("lines")


def _leaves(spec: Spec, above: Path = ()) -> Iterator[tuple[Path, str]]:
    for name, kind in spec.items():
        if isinstance(kind, str):
            yield (*above, name), kind
        else:
            yield from _leaves(kind, (*above, name))


def _flatten(
    path: Path,
    spec: Any,
    column: pa.ChunkedArray,
    columns: dict[Path, pa.ChunkedArray],
    objects: list[pa.ChunkedArray],
) -> None:
    if isinstance(spec, str):
        columns[path] = column
        return
    objects.append(column)
    for at, (name, below) in enumerate(spec.items()):
        _flatten((*path, name), below, pc.struct_field(column, [at]), columns, objects)


def _whole(
    lines: pa.Array,
    columns: Mapping[Path, pa.ChunkedArray],
    objects: list[pa.ChunkedArray],
    kinds: Mapping[Path, str],
) -> npt.NDArray[np.bool_] | None:
    """Compare keys with values: over all lines first, line by line only when those differ.

    An object asked for that came out without any value was something else, or held nothing: not whole either.
    """
    found = sum(len(c) - c.null_count for c in (*columns.values(), *objects))
    texts = [columns[path] for path, kind in kinds.items() if kind == "JSON" and columns[path].null_count < len(lines)]
    found += sum(_Keys(chunk, inner=True).total() for column in texts for chunk in column.chunks)
    keys = _Keys(lines)
    odd = _odd_numbers(columns, kinds)
    for column in objects:
        hollow = _hollow(column)
        if hollow.any():
            odd = hollow if odd is None else odd | hollow
    if keys.total() == found and not keys.has_space_before_colon and odd is None:
        return None
    per_line = np.zeros(len(lines), dtype=np.int64)
    for column in (*columns.values(), *objects):
        per_line += column.is_valid().to_numpy()
    for column in texts:
        per_line += np.concatenate([_Keys(chunk, inner=True).per_row() for chunk in column.chunks])
    is_whole: npt.NDArray[np.bool_] = (keys.per_row() == per_line) & ~keys.rows_with_space_before_colon()
    return is_whole if odd is None else is_whole & ~odd


def _hollow(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """Objects without any value in them."""
    is_hollow: npt.NDArray[np.bool_] = column.is_valid().to_numpy()
    for at in range(column.type.num_fields):
        is_hollow = is_hollow & ~pc.struct_field(column, [at]).is_valid().to_numpy()
    return is_hollow


def _odd_numbers(columns: Mapping[Path, pa.ChunkedArray], kinds: Mapping[Path, str]) -> npt.NDArray[np.bool_] | None:
    """Lines with a number that is none (the engine lets NaN and Infinity pass), or None."""
    odd: npt.NDArray[np.bool_] | None = None
    for path, column in columns.items():
        flags = None
        if kinds[path] == "DOUBLE":
            flags = pc.invert(pc.is_finite(column))
        elif kinds[path] == "JSON" and column.null_count < len(column) and _may_hold_nan(column):
            flags = pc.match_substring_regex(column, _NOT_A_NUMBER)
        if flags is not None and pc.any(flags).as_py():
            marks = flags.fill_null(False).to_numpy()
            odd = marks if odd is None else odd | marks
    return odd


def _may_hold_nan(column: pa.ChunkedArray) -> bool:
    for chunk in column.chunks:
        data = _bytes_of(chunk)[0].tobytes()
        if any(word in data for word in (b"NaN", b"nan", b"NAN", b"inf", b"Inf", b"INF")):
            return True
    return False


def _bytes_of(texts: pa.Array) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The bytes of a text array without a copy, and where each row begins in them."""
    width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, dtype=width)[texts.offset : texts.offset + len(texts) + 1]
    if data is None:
        return np.zeros(0, dtype=np.uint8), np.zeros(len(texts) + 1, dtype=np.int64)
    return np.frombuffer(data, dtype=np.uint8)[ends[0] : ends[-1]], (ends - ends[0]).astype(np.int64)


class _Keys:
    """How many keys with a value the objects in a text hold.

    A key ends with ``":``. That may also stand in a string, so for whole lines the count is never too low; for the
    text of a value that was taken out (``inner``) it is never too high. So equal counts prove that nothing is missing.
    """

    def __init__(self, texts: pa.Array, inner: bool = False) -> None:
        self._data, self._starts = _bytes_of(texts)
        self._inner = inner
        self.has_space_before_colon = False
        self._is_spaced = b'": ' in self._data[:_BLOCK].tobytes()

    def _blocks(self) -> Iterator[tuple[int, npt.NDArray[np.uint8], npt.NDArray[np.bool_]]]:
        """Position, block (with one byte before and four behind) and where in it a key ends with ``":``."""
        data = self._data
        for low in range(0, len(data), _BLOCK):
            block = data[low : low + _BLOCK + 4]
            if low + _BLOCK + 4 > len(data):
                block = np.concatenate([data[low:], np.zeros(4, dtype=np.uint8)])
            is_end = (block[:-4] == _QUOTE) & (block[1:-3] == _COLON)
            if self._inner:
                before = data[low - 1 : low - 1 + len(is_end)] if low else np.concatenate([data[:1], block[:-5]])
                is_end &= ~_OPENS[before[: len(is_end)]]
            yield low, block, is_end

    def total(self) -> int:
        """Keys less nulls, in all rows together."""
        total = 0
        for _, block, is_end in self._blocks():
            total += int(np.count_nonzero(is_end)) - int(np.count_nonzero(self._nulls(block, is_end)))
            if not self._inner and not self.has_space_before_colon:
                self.has_space_before_colon = bool(((block[:-4] <= _SPACE) & (block[1:-3] == _COLON)).any())
        return total

    def _nulls(self, block: npt.NDArray[np.uint8], is_end: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Where the value behind a key begins with ``nu`` (behind a space, where the text is written so)."""
        is_null: npt.NDArray[np.bool_] = is_end & (block[2:-2] == 110) & (block[3:-1] == 117)
        if self._is_spaced:
            is_null = is_null | (is_end & (block[2:-2] == _SPACE) & (block[3:-1] == 110) & (block[4:] == 117))
        return is_null

    def per_row(self) -> npt.NDArray[np.int64]:
        """Keys less nulls, row by row."""
        ends, nulls = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for low, block, is_end in self._blocks():
            ends.append(np.flatnonzero(is_end) + low)
            nulls.append(np.flatnonzero(self._nulls(block, is_end)) + low)
        return self._count(ends) - self._count(nulls)

    def rows_with_space_before_colon(self) -> npt.NDArray[np.bool_]:
        """Rows whose keys cannot be counted this way."""
        if not self.has_space_before_colon:
            return np.zeros(len(self._starts) - 1, dtype=bool)
        found = [np.zeros(0, dtype=np.int64)]
        for low, block, _ in self._blocks():
            found.append(np.flatnonzero((block[:-4] <= _SPACE) & (block[1:-3] == _COLON)) + low)
        return self._count(found) > 0

    def _count(self, positions: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
        """How many of the positions fall in each row."""
        return np.diff(np.searchsorted(np.concatenate(positions), self._starts)).astype(np.int64)
