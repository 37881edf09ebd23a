"""Observables of columns, files and streams of text as Arrow tables: type, value, place, and the spelling found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from flowsleuth.extract.ioc.engine import ScanOptions, scan
from flowsleuth.extract.ioc.finishing import finish
from flowsleuth.extract.ioc.found import Found
from flowsleuth.extract.ioc.kinds import NAMES, NUMBERS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

DEFAULT_OPTIONS = ScanOptions()
INPUT_BYTES = 500_000_000
"""How many bytes the texts beside findings may take, all together."""
BLOCK_BYTES = 16_000_000
"""How much of a file is held at a time; a longer line is cut."""
PRIORITIES = {
    "url": 0, "ipv4": 0, "ipv6": 0, "email": 1, "md5_hash": 1, "sha1_hash": 1, "sha256_hash": 1, "sha512_hash": 1,
    "dns": 2, "file_name": 2, "windows_path": 3, "linux_path": 4,
}  # fmt: skip
"""Which type a text is of when one of somebody's own is found at the very same place: the lower wins. Others have 1."""


@dataclass(frozen=True)
class OwnType:
    """A type of somebody's own.

    Attributes
    ----------
    pattern : re.Pattern
    priority : int
        Wins over built-in types of the same or a higher number that are found at the very same place.
    group : str or int
        Which group of the pattern is the observable; 0 is all of it.
    """

    pattern: re.Pattern[str]
    priority: int = 0
    group: str | int = 0


def find(
    texts: pa.Array | pa.ChunkedArray,
    types: Sequence[str],
    options: ScanOptions = DEFAULT_OPTIONS,
    own_types: Mapping[str, OwnType] | None = None,
) -> pa.Table:
    """Observables of a column of text.

    Parameters
    ----------
    texts : pyarrow.Array or ChunkedArray of string
        Nulls hold nothing.
    types : sequence of str
        Names of :mod:`.kinds` or of ``own_types``.
    options : ScanOptions
    own_types : mapping of str to OwnType, optional

    Returns
    -------
    pyarrow.Table
        ``type``, ``observable`` (canonical), ``row`` (from 0), ``start`` (characters from the text's begin) and
        ``found`` (the spelling there), in the order of rows and places.

    Examples
    --------
    >>> import pyarrow as pa
    >>> find(pa.array([None, "see hxxp://evil[.]com/a"]), ["url", "dns"]).to_pylist()[0]
    {'type': 'url', 'observable': 'http://evil.com/a', 'row': 1, 'start': 4, 'found': 'hxxp://evil[.]com/a'}
    """
    import pyarrow as pa

    chunks = texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]
    tables, before = [], 0
    for chunk in chunks:
        tables.append(_find_in(chunk, types, options, own_types or {}, before))
        before += len(chunk)
    return pa.concat_tables(tables) if tables else _table([], [], [], [], [])


def find_in_lines(
    stream: IO[bytes], types: Sequence[str], options: ScanOptions = DEFAULT_OPTIONS,
    own_types: Mapping[str, OwnType] | None = None,
) -> Iterator[tuple[pa.Table, pa.Array]]:  # fmt: skip
    """Observables of a file of any size, a block of lines at a time.

    Parameters
    ----------
    stream : binary file
        Text; what is no UTF-8 is read with replacement.
    types, options, own_types
        As of :func:`find`.

    Yields
    ------
    pyarrow.Table, pyarrow.Array
        As of :func:`find`, ``row`` the number of the line from 1; and for each finding its line.
    """
    import pyarrow.compute as pc

    done = 0
    for lines in _blocks(stream):
        found = find(lines, types, options, own_types)
        rows = pc.add(found["row"], done + 1)
        yield found.set_column(2, "row", rows), texts_of(lines, found["row"])
        done += len(lines)


def texts_of(texts: pa.Array | pa.ChunkedArray, rows: pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """The text of each row named; null for the longest ones where all together would be over :data:`INPUT_BYTES`.

    A text of a megabyte with ten thousand findings would be there ten thousand times.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    at = rows.combine_chunks()
    sizes = pc.binary_length(texts).take(at).fill_null(0).to_numpy().astype(np.int64)
    if sizes.sum() > INPUT_BYTES:
        order = np.argsort(sizes, kind="stable")
        is_too_much = np.zeros(len(sizes), dtype=bool)
        is_too_much[order[np.cumsum(sizes[order]) > INPUT_BYTES]] = True
        at = pa.array(np.asarray(at), mask=is_too_much)
    return texts.take(at)


def _blocks(stream: IO[bytes]) -> Iterator[pa.Array]:

    rest = b""
    while True:
        block = stream.read(BLOCK_BYTES)
        if not block:
            break
        text = rest + block
        cut = text.rfind(b"\n") + 1
        if cut == 0 and len(text) < 2 * BLOCK_BYTES:
            rest = text
            continue
        whole, rest = (text[:cut], text[cut:]) if cut else (text, b"")
        yield _lines(whole)
    if rest:
        yield _lines(rest)


def _lines(text: bytes) -> pa.Array:
    import pyarrow as pa

    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError:
        decoded = text.decode("utf-8", "replace")
    lines = decoded.removesuffix("\n").split("\n")
    return pa.array([line.removesuffix("\r") for line in lines], pa.string())


def _find_in(
    texts: pa.Array, types: Sequence[str], options: ScanOptions, own_types: Mapping[str, OwnType], before: int
) -> pa.Table:
    kinds = frozenset(NUMBERS[name] for name in types if name in NUMBERS)
    found = finish(texts, scan(texts, options, kinds), options, kinds)
    own = {name: one for name, one in own_types.items() if name in types}
    return _with_own(texts, found, own, before) if own else _as_table(found, before)


def _as_table(found: Found, before: int) -> pa.Table:
    return _table(_type_column(found.kinds), found.values, found.rows + before, found.chars, found.spellings)


def _type_column(kinds: npt.NDArray[np.int64]) -> pa.Array:
    import numpy as np
    import pyarrow as pa

    names = pa.array(["", *NAMES.values()])
    return pa.DictionaryArray.from_arrays(pa.array(kinds.astype(np.int8)), names).cast(pa.string())


def _table(*columns: Any) -> pa.Table:
    import pyarrow as pa

    kinds = (pa.string(), pa.string(), pa.int64(), pa.int64(), pa.string())
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    return pa.table(arrays, names=["type", "observable", "row", "start", "found"])


def _with_own(texts: pa.Array, found: Found, own: Mapping[str, OwnType], before: int) -> pa.Table:
    """Built-in findings and those of own types, of which the one with the lower priority is kept at the same place."""
    mine = [(row, start, name, text) for name, one in own.items() for row, start, text in _matches(texts, one)]
    taken: dict[tuple[int, int, int], int] = {}
    for row, start, name, text in mine:
        place = (row, start, len(text))
        taken[place] = min(own[name].priority, taken.get(place, own[name].priority))
    rows: list[tuple[int, int, int, str, str, str]] = []
    beaten: set[tuple[int, int, int]] = set()
    for item in _as_table(found, 0).to_pylist():
        priority = PRIORITIES.get(item["type"], 1)
        place = (item["row"], item["start"], len(item["found"]))
        if priority < taken.get(place, priority + 1):
            beaten.add(place)
            rows.append((item["row"], item["start"], priority, item["type"], item["observable"], item["found"]))
    rows += [
        (row, start, own[name].priority, name, text, text)
        for row, start, name, text in mine
        if (row, start, len(text)) not in beaten
    ]
    rows.sort(key=lambda row: (row[0], row[1], -len(row[5]), row[2]))
    columns = list(zip(*rows, strict=True)) or [()] * 6
    return _table(columns[3], columns[4], [row + before for row in columns[0]], columns[1], columns[5])


def _matches(texts: pa.Array, own: OwnType) -> Iterator[tuple[int, int, str]]:
    for row, text in enumerate(texts.to_pylist()):
        for match in own.pattern.finditer(text or ""):
            found = match[own.group]
            if found:
                yield row, match.start(own.group), found


def by_type(tables: Iterable[pa.Table]) -> dict[str, set[str]]:
    """Distinct observables of tables of :func:`find`, by their type."""
    found: dict[str, set[str]] = {}
    for table in tables:
        for name, value in zip(table["type"].to_pylist(), table["observable"].to_pylist(), strict=True):
            found.setdefault(name, set()).add(value)
    return found
