"""CSV whose quoted cells may hold line ends: records that take several lines, told apart whole columns at a time.

A line end ends a record where an even number of quotes stands before it. What is left at the end of a chunk waits for
the next one, and is part of the reader's state, so that a file can be continued anywhere. Where the quick way fails,
records are read one by one: one with a wrong number of fields is a reject, and after a quote that is never closed
reading goes on at the next line that begins a whole record.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pacsv

from flowsleuth.readers.contract import MAX_RAW, Reject
from flowsleuth.readers.delimited import UNBALANCED, WRONG_WIDTH
from flowsleuth.readers.streams import Chunk, printable

LONGEST_RECORD = 1 << 20
"""Bytes after which a record that has not ended is taken for one with a stray quote."""
FARTHEST = 10_000
"""Lines looked at for the beginning of the next record, behind one that is none."""
_BOM = b"\xef\xbb\xbf"
_FIELD_LIMIT = 8 << 20

Lines = npt.NDArray[np.int64]


@dataclass
class CsvRecords:
    """Some consecutive records: their fields as text by name, the line each begins on, its raw text, and rejects."""

    table: pa.Table
    lines: Lines
    raws: list[bytes]
    rejects: list[Reject] = field(default_factory=list)


def header_of(line: str, delimiter: str = ",") -> list[str]:
    """Names of the columns; one that comes again gets its place as a suffix.

    Examples
    --------
    >>> header_of('\\ufeff,a,"b c",a')
    ['', 'a', 'b c', 'a_4']
    """
    words = next(csv.reader([line.removeprefix("\ufeff")], delimiter=delimiter), [])
    names: list[str] = []
    for at, word in enumerate(words, 1):
        name = word.strip().removesuffix(" [UTC]")
        names.append(name if name not in names else f"{name}_{at}")
    return names


class QuotedCsv:
    """Reads chunks of a CSV text with a header line.

    Parameters
    ----------
    state : str
        What :meth:`state` gave where reading stopped; empty at the beginning.

    Examples
    --------
    >>> reader = QuotedCsv()
    >>> found = reader.take(Chunk(b'a,b\\n1,"x\\ny"\\n2,z\\n', 1, 0, False))
    >>> found.table.to_pylist(), found.lines.tolist()
    ([{'a': '1', 'b': 'x\\ny'}, {'a': '2', 'b': 'z'}], [2, 4])
    """

    def __init__(self, state: str = "") -> None:
        saved = json.loads(state) if state else {}
        self.names: list[str] = saved.get("names", [])
        self._pending = saved.get("pending", "").encode("latin-1")
        self._line: int = saved.get("line", 0)

    def state(self) -> str:
        """What is needed to go on from here."""
        return json.dumps({"names": self.names, "pending": self._pending.decode("latin-1"), "line": self._line})

    @property
    def has_rest(self) -> bool:
        """Whether the last record has not ended."""
        return bool(self._pending)

    def take(self, chunk: Chunk) -> CsvRecords:
        """Records that end in a chunk; an unfinished one is kept for the next (of a tail, all are taken)."""
        data = self._pending + chunk.data
        line = self._line if self._pending else chunk.first_line
        if not self.names:
            data, line = self._take_header(data, line)
        found, used = self._parse(data, line, is_last=chunk.is_tail)
        if not chunk.is_tail:
            self._pending, self._line = data[used:], line + data.count(b"\n", 0, used)
        return found

    def rest(self) -> CsvRecords:
        """What was left unfinished at the end of the file."""
        return self._parse(self._pending, self._line, is_last=True)[0]

    def _take_header(self, data: bytes, line: int) -> tuple[bytes, int]:
        head, _, rest = data.removeprefix(_BOM).partition(b"\n")
        self.names = header_of(head.decode("utf-8", "replace").rstrip("\r"))
        return rest, line + 1

    def _parse(self, data: bytes, line: int, *, is_last: bool) -> tuple[CsvRecords, int]:
        """Records, and how many bytes they take."""
        used = len(data) if is_last else _last_end(data)
        is_closed = data.count(b'"', 0, used) % 2 == 0
        if is_closed and len(data) - used <= LONGEST_RECORD:
            ends = _record_ends(data[:used])
            raws = [data[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)] if ends else []
            counts = np.array([raw.count(b"\n") for raw in raws], dtype=np.int64)
            lines = line + np.cumsum(counts) - counts
            keep = [at for at, raw in enumerate(raws) if raw.strip(b"\r\n")]
            if len(keep) < len(raws):
                raws, lines = [raws[at] for at in keep], lines[keep]
            table = _quickly(b"".join(raws), self.names, len(raws))
            if table is not None:
                return CsvRecords(table, lines, raws), used
        return _Careful(data, self.names).read(line, is_last)


class _Careful:
    """Reads record after record, and finds where reading can go on behind one that is none."""

    def __init__(self, data: bytes, names: list[str]) -> None:
        self._names = names
        self._lines = _split_lines(data)
        self._quotes = [line.count(b'"') for line in self._lines]

    def read(self, first_line: int, is_last: bool) -> tuple[CsvRecords, int]:
        """Records from line ``first_line`` on, and the bytes they take; an unfinished one is left if more may come."""
        rows: list[list[str | None]] = []
        places: list[int] = []
        raws: list[bytes] = []
        rejects: list[Reject] = []
        at = 0
        while at < len(self._lines):
            end = self._end(at)
            if end is None and not is_last and not self._is_too_long(at):
                break
            raw = b"".join(self._lines[at : end or len(self._lines)])
            if not raw.strip(b"\r\n"):
                at += 1
                continue
            cells, stop = self._record(at, end, raw)
            if cells is not None:
                rows.append([cell or None for cell in cells])
                places.append(at)
                raws.append(b"".join(self._lines[at:stop]))
            else:
                rejects.append(self._reject(first_line, at, stop, end))
            at = stop
        columns = [pa.array([row[number] for row in rows], pa.string()) for number in range(len(self._names))]
        table = pa.table(columns, names=self._names)
        lines = first_line + np.array(places, dtype=np.int64)
        return CsvRecords(table, lines, raws, rejects), sum(map(len, self._lines[:at]))

    def _record(self, at: int, end: int | None, raw: bytes) -> tuple[list[str] | None, int]:
        """The fields of the record that begins on a line (None when it is none), and the line to go on from."""
        cells = None if end is None else _cells(raw)
        if cells is not None and len(cells) == len(self._names):
            return cells, end or at + 1
        loose = _cells(self._lines[at])
        if loose is not None and len(loose) == len(self._names):
            return loose, at + 1  # a quote within a cell that its writer did not double
        limit = min(end or len(self._lines), at + FARTHEST)
        return None, next((start for start in range(at + 1, limit) if self._begins_record(start)), limit)

    def _begins_record(self, at: int) -> bool:
        end = self._end(at)
        cells = _cells(b"".join(self._lines[at:end])) if end is not None else None
        return cells is not None and len(cells) == len(self._names)

    def _end(self, at: int) -> int | None:
        """The line behind the record that begins on a line; None when it does not end."""
        quotes = size = 0
        for place in range(at, len(self._lines)):
            quotes += self._quotes[place]
            size += len(self._lines[place])
            if quotes % 2 == 0:
                return place + 1
            if size > LONGEST_RECORD:
                return None
        return None

    def _is_too_long(self, at: int) -> bool:
        size = 0
        for line in self._lines[at:]:
            size += len(line)
            if size > LONGEST_RECORD:
                return True
        return False

    def _reject(self, first_line: int, at: int, stop: int, end: int | None) -> Reject:
        raw = b"".join(self._lines[at:stop])
        cells = _cells(raw) if end == stop else None
        detail = None if cells is None else f"{len(cells)} fields, expected {len(self._names)}"
        reason = UNBALANCED if cells is None else WRONG_WIDTH
        return Reject(first_line + at, reason, detail, printable(raw.rstrip(b"\r\n"))[:MAX_RAW])


def _split_lines(data: bytes) -> list[bytes]:
    lines = [line + b"\n" for line in data.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _record_ends(data: bytes) -> list[int]:
    """Where each record ends; the last one at the end of the data."""
    view = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(view == 10)
    if b'"' in data:
        quotes = np.flatnonzero(view == 34)
        ends = ends[np.searchsorted(quotes, ends) % 2 == 0]
    found = (ends + 1).tolist()
    return found if not data or (found and found[-1] == len(data)) else [*found, len(data)]


def _last_end(data: bytes) -> int:
    """Where the last record that has ended ends."""
    ends = _record_ends(data)
    if ends and (data.count(b'"') % 2 or not data.endswith(b"\n")):
        ends.pop()
    return ends[-1] if ends else 0


def _cells(raw: bytes) -> list[str] | None:
    """The fields of one record; None when it is not one."""
    csv.field_size_limit(_FIELD_LIMIT)
    try:
        text = printable(raw).removesuffix("\n").removesuffix("\r")
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _quickly(data: bytes, names: list[str], count: int) -> pa.Table | None:
    """Arrow's CSV parser; None where it fails or finds another number of records."""
    if not count:
        return pa.table([pa.array([], pa.string()) for _ in names], names=names)
    unique = [str(at) for at in range(len(names))]
    try:
        table = pacsv.read_csv(
            pa.BufferReader(data),
            read_options=pacsv.ReadOptions(column_names=unique, block_size=len(data) + 1),
            parse_options=pacsv.ParseOptions(newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(unique, pa.string()), null_values=[""], strings_can_be_null=True
            ),
        )
    except pa.ArrowInvalid:
        return None
    return table.rename_columns(names) if len(table) == count else None
