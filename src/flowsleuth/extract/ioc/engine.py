"""The scan over columns of text: in chunks, on threads where numba is, and what it found as columns."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from flowsleuth.errors import OptionError
from flowsleuth.extract.ioc.found import Found, join
from flowsleuth.extract.ioc.kernels.urls import HAS_ESCAPES
from flowsleuth.extract.ioc.kinds import URL
from flowsleuth.extract.ioc.words import FILE_ENDINGS, Tables, table_array, tables

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    Ints = npt.NDArray[np.int64]

Engine = Literal["auto", "numba", "python"]
ENGINES = ("auto", "numba", "python")
WORTH_LOADING = 1_000_000
"""Bytes from which on numba is loaded of its own accord, where the scan was compiled before."""
WORTH_COMPILING = 20_000_000
"""Bytes from which on it compiles of its own accord, which takes as long as plain Python for some 20 MB."""
CHUNK_BYTES = 1_000_000
FIELDS = 6
INSTALL = "pip install 'flowsleuth[fast]'"
_GROWTH = 48
"""Bytes by which a canonical form may be longer than what was found: an IPv6 address, a MAC address of Cisco's."""


@dataclass(frozen=True)
class ScanOptions:
    """What is looked for, and how.

    Attributes
    ----------
    file_endings : frozenset of str
        Top-level domains that are taken for ends of file names where nothing speaks for a domain; none: all are
        domains.
    local_names : bool
        Names below ``.local``, ``.lan``, ``.internal`` and the like, which nobody outside knows, are names too.
    engine : {"auto", "numba", "python"}
        ``auto`` takes numba where it is installed, for 1 MB of text and more; for 20 MB and more where it was never
        taken before, as it then compiles for half a minute. The findings are the same.
    n_threads : int, optional
        Threads for numba, at least 1; default: every processor that may be used.
    """

    file_endings: frozenset[str] = FILE_ENDINGS
    local_names: bool = False
    engine: Engine = "auto"
    n_threads: int | None = None

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise OptionError("no such engine", where=str(self.engine), available=ENGINES)
        if self.n_threads is not None and self.n_threads < 1:
            raise OptionError(f"{self.n_threads} threads", where="n_threads", hint="give 1 or more")
        object.__setattr__(self, "file_endings", frozenset(one.lower().lstrip(".") for one in self.file_endings))


class Texts(NamedTuple):
    """A column of text as bytes, and where each text begins in them; the last entry ends the last text."""

    data: Any
    offsets: Ints

    def chunks(self) -> Iterator[tuple[int, int]]:
        """Rows of some :data:`CHUNK_BYTES` each, at least one."""
        import numpy as np

        first, n = 0, len(self.offsets) - 1
        while first < n:
            last = int(np.searchsorted(self.offsets, self.offsets[first] + CHUNK_BYTES, side="right")) - 1
            last = min(max(last, first + 1), n)
            yield first, last
            first = last


def scan(texts: pa.Array, options: ScanOptions, kinds: frozenset[int]) -> Found:
    """Everything of some kinds in a column of text.

    Parameters
    ----------
    texts : pyarrow.Array of string
        Nulls hold nothing.
    options : ScanOptions
    kinds : frozenset of int
        Numbers of :mod:`flowsleuth.extract.ioc.kinds`. URLs in which escapes hide something come with them.

    Returns
    -------
    Found
        Check sums are not checked and names of other scripts not canonical yet, see :mod:`.finishing`.

    Raises
    ------
    OptionError
        numba is asked for and missing.
    """
    column = as_texts(texts)
    size = int(column.offsets[-1] - column.offsets[0])
    if not takes_numba(options.engine, size):
        plain = tables(options.file_endings, options.local_names)
        return join([_scan_plain(column, span, plain, kinds) for span in column.chunks()])
    n_threads = options.n_threads or usable_processors()
    with ThreadPoolExecutor(n_threads, "flowsleuth-ioc") as pool:
        work = _Compiled(column, options, kinds)
        return join(list(pool.map(work.scan, column.chunks())))


def usable_processors() -> int:
    """Processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # absent on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def takes_numba(engine: Engine, size: int) -> bool:
    """Whether text of some size, in bytes, is scanned by compiled code."""
    if engine == "python" or (engine == "auto" and size < WORTH_LOADING):
        return False
    from flowsleuth.extract.ioc.compiled import is_kept, numba_or_none

    if numba_or_none() is not None:
        return engine == "numba" or size >= WORTH_COMPILING or is_kept()
    if engine == "numba":
        raise OptionError("numba is not installed, or not for this numpy", where="engine", hint=INSTALL)
    return False


def as_texts(texts: pa.Array) -> Texts:
    """The buffers of a column; nulls are empty."""
    import numpy as np
    import pyarrow as pa

    if texts.type != pa.string() or texts.null_count:
        texts = texts.cast(pa.string()).fill_null("")
    _, where, held = texts.buffers()
    if len(texts) == 0 or held is None:
        return Texts(np.frombuffer(b"", np.uint8), np.zeros(len(texts) + 1, np.int64))
    offsets = np.frombuffer(where, dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    data = np.frombuffer(held, dtype=np.uint8)
    data.flags.writeable = False  # some of Arrow's buffers could be written to, which would be another type to numba
    return Texts(data, offsets)


class _Compiled:
    """Chunks of a column scanned by compiled code."""

    def __init__(self, column: Texts, options: ScanOptions, kinds: frozenset[int]) -> None:
        from flowsleuth.extract.ioc.compiled import compiled

        self._column = column
        self._kernel = compiled()
        self._tables = table_array(options.file_endings, options.local_names)
        self._kinds = kinds

    def scan(self, span: tuple[int, int]) -> Found:
        import numpy as np

        data, offsets = self._column
        first, last = span
        room = int(offsets[last] - offsets[first]) // 2 + 2 * (last - first) + 2
        out, groups = np.empty(room * FIELDS, np.int64), np.zeros(9, np.int64)
        _, n = self._kernel.scan_rows(data, offsets, first, last, groups, self._tables, out, room)
        found = _chosen(out[: n * FIELDS].reshape(n, FIELDS), self._kinds)
        n = len(found)
        starts, ends = found[:, 2].copy(), found[:, 3].copy()
        length = int((ends - starts).sum())
        values, value_ends = np.empty(length + _GROWTH * n, np.uint8), np.empty(n, np.int64)
        self._kernel.write_canonical(data, found.reshape(-1), n, groups, self._tables, values, value_ends)
        spellings, spelling_ends = np.empty(length, np.uint8), np.empty(n, np.int64)
        self._kernel.copy_spans(data, starts, ends, n, spellings, spelling_ends)
        return _piece(found, _strings(values, value_ends), _strings(spellings, spelling_ends), self._column, span)


def _scan_plain(column: Texts, span: tuple[int, int], plain: Tables, kinds: frozenset[int]) -> Found:
    """The same functions as they stand, on bytes and lists, which Python reads faster than arrays."""
    import numpy as np
    import pyarrow as pa

    from flowsleuth.extract.ioc.kernels.canonical import put_canonical
    from flowsleuth.extract.ioc.kernels.scan import scan_row

    first, last = span
    begin = int(column.offsets[first])
    whole = column.data[begin : int(column.offsets[last])].tobytes()
    places = (column.offsets[first : last + 1] - begin).tolist()
    groups = [0] * 9
    numbers: list[int] = []
    for row, (a, b) in enumerate(pairwise(places)):
        out = [0] * (((b - a) // 2 + 2) * FIELDS)
        n = scan_row(whole, a, b, first + row, groups, plain, out, 0)
        numbers += out[: n * FIELDS]
    found = _chosen(np.array(numbers, dtype=np.int64).reshape(-1, FIELDS), kinds)
    values: list[bytes] = []
    spellings: list[bytes] = []
    for kind, _, s, e, x, y in found.tolist():
        to = bytearray(e - s + _GROWTH)
        values.append(bytes(to[: put_canonical(whole, kind, s, e, x, y, groups, plain, to, 0)]))
        spellings.append(whole[s:e])
    found[:, 2:4] += begin
    written = [pa.array(texts, pa.binary()).cast(pa.string()) for texts in (values, spellings)]
    return _piece(found, written[0], written[1], column, span)


def _chosen(found: Ints, kinds: frozenset[int]) -> Ints:
    import numpy as np

    wanted = np.zeros(64, dtype=bool)
    wanted[list(kinds)] = True
    keep = wanted[found[:, 0]]
    if URL not in kinds:
        keep |= (found[:, 0] == URL) & (found[:, 5] & HAS_ESCAPES != 0)
    chosen: Ints = np.ascontiguousarray(found if keep.all() else found[keep])
    return chosen


def _strings(text: Any, ends: Ints) -> pa.Array:
    import numpy as np
    import pyarrow as pa

    offsets = np.zeros(len(ends) + 1, np.int32)
    offsets[1:] = ends
    return pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(text[: offsets[-1]].copy()))


def _piece(found: Ints, values: pa.Array, spellings: pa.Array, column: Texts, span: tuple[int, int]) -> Found:
    """Findings with places within their texts, in the order of these."""
    import numpy as np

    rows, starts = found[:, 1].copy(), found[:, 2]
    begins = column.offsets[rows]
    marks = np.where(found[:, 0] == URL, found[:, 5] & HAS_ESCAPES, 0)
    chars = starts - begins
    low, high = int(column.offsets[span[0]]), int(column.offsets[span[1]])
    text = column.data[low:high]
    if len(found) and len(text) and text.max() >= 0x80:
        before = np.zeros(len(text) + 1, np.int32)
        np.cumsum((text & 0xC0) == 0x80, out=before[1:])
        chars = chars - (before[starts - low] - before[begins - low])
    piece = Found(found[:, 0].copy(), rows, starts - begins, found[:, 3] - begins, chars, values, spellings, marks)
    return piece if (np.diff(starts) >= 0).all() else piece.take(np.argsort(starts, kind="stable"))
