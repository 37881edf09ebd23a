"""What a reader's answers have to do with the pieces it was given and the lines they stand in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flowsleuth.readers.contract import Position, Reader, Reject
from flowsleuth.readers.streams import printable
from flowsleuth.schema.addresses import canonical_address
from flowsleuth.testing.reading import ReadResult, join_batches, read_all

RAW_LIES = ("line", "lines", "inside")
"""Where a reader may say that its records lie: each is a line, spans many lines, or stands inside of lines."""

_MAX_PIECES = 400
_MAX_RESUMES = 12
_TOKENS = re.compile(r"[0-9A-Fa-f:.]+(?:%[0-9A-Za-z]+)?")

LineTest = Callable[[Mapping[str, Any], str], bool]


@dataclass(frozen=True)
class ReaderCase:
    """One reader on one sample, with what must not change between two readings of it."""

    reader: Reader
    path: Path
    options: object
    tz: str

    def read(self, path: Path | None = None, **how: Any) -> ReadResult:
        how = {"tz": self.tz, **how}
        return read_all(self.reader, path or self.path, source_file=str(self.path), options=self.options, **how)


def has_both_addresses(row: Mapping[str, Any], line: str) -> bool:
    """Whether the addresses of a row are in a raw line, however they are written there."""
    wanted = {row[name] for name in ("src_ip", "dst_ip") if row.get(name) is not None}
    found = set()
    for token in _TOKENS.findall(line):
        for text in (token, token.strip(".:")):
            try:
                found.add(canonical_address(text))
            except ValueError:
                continue
    return wanted <= found


def first_of(rejects: Sequence[Reject]) -> str:
    return "; ".join(str(reject) for reject in rejects[:3]) or "none"


def _assert_same(case: ReaderCase, wanted: ReadResult, found: ReadResult, how: str) -> None:
    """Equal rows, rejects and counts, or say where they part."""
    assert found.rows == wanted.rows, f"{case.path}: {how}: rows {found.rows}, read whole {wanted.rows}"
    for name, table in wanted.tables.items():
        if not len(table) or table.equals(found.tables[name]):
            continue
        for row, other in zip(table.to_pylist(), found.tables[name].to_pylist(), strict=True):
            parts = {key: (value, other[key]) for key, value in row.items() if value != other[key]}
            assert not parts, f"{case.path}: {how}: {name} at source_row {row['source_row']} (whole, now): {parts}"
    assert found.rejects == wanted.rejects, (
        f"{case.path}: {how}: rejects {first_of(found.rejects)}; read whole {first_of(wanted.rejects)}"
    )
    assert found.skipped == wanted.skipped, f"{case.path}: {how}: skipped {found.skipped}, whole {wanted.skipped}"


def check_pieces(case: ReaderCase, whole: ReadResult, size: int) -> None:
    smallest = size // _MAX_PIECES + 1
    for piece in sorted({max(smallest, wanted) for wanted in (1, 97, 4_096)}):
        _assert_same(case, whole, case.read(chunk_size=piece), f"in pieces of {piece} bytes")


def check_resume(case: ReaderCase, whole: ReadResult, size: int) -> None:
    pieces = case.read(chunk_size=size // _MAX_RESUMES + 1)
    ends = [(at, batch.end) for at, batch in enumerate(pieces.batches, 1) if not batch.is_tail]
    for at, end in ends:
        how = f"continued from {replace(end, state=end.state[:80])}"
        rest = case.read(start=end)
        both = join_batches([*pieces.batches[:at], *rest.batches])
        _assert_same(case, whole, both, how)


def check_growth(case: ReaderCase, whole: ReadResult, data: bytes, path: Path) -> None:
    """A file read while its last line is being written, then read on when it is complete."""
    newlines = [at for at, byte in enumerate(data[:-1]) if byte == 10]
    if len(newlines) < 2:
        return
    last_whole = newlines[len(newlines) * 2 // 3]
    next_end = data.find(b"\n", last_whole + 1)
    cut = (last_whole + (next_end if next_end > 0 else len(data))) // 2
    path.write_bytes(data[:cut])
    young = case.read(path)
    kept = [batch for batch in young.batches if not batch.is_tail]
    if cut > last_whole + 1:
        assert len(kept) < len(young.batches), f"{case.path}: the cut-off last line is not in a batch with is_tail"
    path.write_bytes(data)
    start = kept[-1].end if kept else Position()
    assert start.offset <= cut, f"{case.path}: the position {start} is behind the cut at byte {cut}"
    rest = case.read(path, start=start)
    _assert_same(case, whole, join_batches([*kept, *rest.batches]), f"grown after byte {cut}")


def check_lines(case: ReaderCase, whole: ReadResult, data: bytes, is_row_of_line: LineTest) -> None:
    lines = [printable(line.rstrip(b"\r")) for line in data.split(b"\n")]
    for name, table in whole.tables.items():
        for row in table.to_pylist():
            number = row["source_row"]
            assert 1 <= number <= len(lines), f"{case.path}: {name} has source_row {number} of {len(lines)} lines"
            assert is_row_of_line(row, lines[number - 1]), (
                f"{case.path}: {name} row with source_row {number} does not come from that line: "
                f"{lines[number - 1][:200]!r} → {row.get('src_ip')} {row.get('dst_ip')}"
            )
    for reject in whole.rejects:
        assert reject.reason, f"{case.path}: {reject} has no reason"
        if reject.source_row:
            _check_raw(case, reject, lines[reject.source_row - 1])


def _check_raw(case: ReaderCase, reject: Reject, line: str) -> None:
    """The raw text of a reject begins its line, unless the reader says that its records lie otherwise."""
    assert reject.raw is not None, f"{case.path}: {reject} has no raw text"
    lies = getattr(case.reader, "raw_lies", "line")
    assert lies in RAW_LIES, f"{case.reader.name}: raw_lies is {lies!r}, not one of {RAW_LIES}"
    raw = reject.raw[:1_000] if lies == "line" else reject.raw[:1_000].split("\n")[0]
    fits = raw in line if lies == "inside" else line.startswith(raw)
    assert fits, f"{case.path}: {reject} has not the text of its line: {line[:200]!r}"


def check_bad_line(case: ReaderCase, whole: ReadResult, data: bytes, path: Path, bad_line: bytes) -> None:
    """Put a line that is no record behind the first record that became a row."""
    numbers = [number for table in whole.tables.values() for number in table["source_row"].to_pylist()]
    if not numbers:
        return
    lines = data.split(b"\n")
    after = min(numbers)
    path.write_bytes(b"\n".join([*lines[:after], bad_line, *lines[after:]]))
    found = case.read(path)
    assert found.rows == whole.rows, (
        f"{case.path}: a bad line put in as line {after + 1} changed the rows from {whole.rows} to {found.rows}"
    )
    known = {(r.source_row + (r.source_row > after), r.reason, r.raw) for r in whole.rejects}
    new = [r for r in found.rejects if (r.source_row, r.reason, r.raw) not in known]
    assert [r.source_row for r in new] == [after + 1], (
        f"{case.path}: a bad line put in as line {after + 1} must be one reject of that source_row,"
        f" not: {first_of(new)}"
    )
    assert new[0].raw == printable(bad_line), f"{case.path}: the bad line's reject has raw text {new[0].raw!r}"
