"""The conformance kit of readers: what every reader, ours or a plug-in, must satisfy on its sample.

``check_reader`` runs all of it; each promise is one function here, and its message says what was broken and where.
"""

from __future__ import annotations

import dataclasses
import math
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from flowsleuth import schema
from flowsleuth.readers.contract import Reader
from flowsleuth.readers.streams import Source
from flowsleuth.testing.reader_pieces import (
    LineTest,
    ReaderCase,
    check_bad_line,
    check_growth,
    check_lines,
    check_pieces,
    check_resume,
    first_of,
    has_both_addresses,
)
from flowsleuth.testing.reading import ReadResult

GARBAGE = b"\x01 no record \xff at all"
"""A line that is no record in any text format."""


def count_lines(comment: str = "#", header: int = 0) -> Callable[[bytes], int]:
    """Make a records counter for line formats: lines that are neither blank nor a comment, less the header lines.

    Examples
    --------
    >>> count_lines(header=1)(b"a,b\\n1,2\\n\\n3,4")
    2
    """

    def count(data: bytes) -> int:
        lines = [line.strip() for line in data.split(b"\n")]
        return sum(1 for line in lines if line and not (comment and line.startswith(comment.encode()))) - header

    return count


def check_reader(
    reader: Reader,
    sample_path: str | os.PathLike[str],
    *,
    expect_rows: Mapping[str, int],
    expect_rejects: int = 0,
    expect_skipped: Mapping[str, int] | None = None,
    records: int | Callable[[bytes], int] | None = None,
    other_readers: Iterable[Reader] | None = None,
    options: object = None,
    tz: str = "UTC",
    sniffs: bool = True,
    has_zone: bool | None = None,
    null_columns: Mapping[str, Iterable[str]] | None = None,
    is_row_of_line: LineTest | None = None,
    bad_line: bytes | None = GARBAGE,
    resumes: bool = True,
) -> ReadResult:
    """Assert that a reader keeps every promise on a sample.

    It sniffs its sample and nobody else does; rows + rejects + skipped = records; tables have the canonical schema,
    with times in UTC and ids that are unique and repeat; missing stays null; pieces of any size give the same rows;
    reading on from a position gives the rest; a file that grows gives what the grown file gives; a bad line becomes a
    reject with its line and text; ``source_row`` is the raw line.

    Parameters
    ----------
    reader : Reader
        An instance.
    sample_path : path
        A sample; may be compressed.
    expect_rows : mapping of str to int
        Rows by table; tables that are not named must have none.
    expect_rejects : int
        Rejects, those of the file as a whole included.
    expect_skipped : mapping of str to int, optional
        Records without a table, by kind.
    records : int or callable, optional
        Records in the sample, counted without the reader: a number, or a function of the decompressed content such as
        :func:`count_lines`. Without it, the sum is not checked independently.
    other_readers : iterable of Reader, optional
        Who must not claim the sample; by default every other reader of the catalogue.
    options : object, optional
        The reader's options; ``reader.Options()`` by default.
    tz : str
        Zone of times that name none.
    sniffs : bool
        False for a reader that is only used when asked for by name: it must not claim its sample then.
    has_zone : bool, optional
        Whether times in the sample name their zone: another ``tz`` must then change nothing, or else everything.
    null_columns : mapping of str to iterable of str, optional
        Columns, by table, that the sample says nothing about: they must be null in every row.
    is_row_of_line : callable, optional
        Whether a row (a dictionary) was made of a raw line; by default, whether both its addresses are in the line.
    bad_line : bytes or None
        A line that must become a reject when it is put between two records; None where the format allows none.
    resumes : bool
        False for a format that can only be read whole (one JSON document).

    Returns
    -------
    ReadResult
        Of the sample read whole, for further assertions.

    Raises
    ------
    AssertionError
        A promise is broken; the message says which one, on which sample and where.
    """
    case = ReaderCase(reader, Path(sample_path), options, tz)
    _check_description(reader)
    _check_sniff(case, other_readers, sniffs)
    whole = case.read()
    _check_counts(case, whole, expect_rows, expect_rejects, expect_skipped or {})
    for name, table in whole.tables.items():
        _check_schema(case, name, table)
        _check_values(case, name, table, set((null_columns or {}).get(name, ())))
    _check_ids(case, whole)
    data, is_text = _content(case.path)
    if records is not None:
        _check_sum(case, whole, records if isinstance(records, int) else records(data))
    if has_zone is not None:
        _check_zone(case, whole, has_zone)
    if is_text:
        check_lines(case, whole, data, is_row_of_line or has_both_addresses)
    check_pieces(case, whole, len(data))
    if resumes:
        check_resume(case, whole, len(data))
    if is_text:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / _plain_name(case.path)
            if resumes:
                check_growth(case, whole, data, path)
            if bad_line is not None:
                check_bad_line(case, whole, data, path, bad_line)
    return whole


def check_refuses(reader: Reader, sample_paths: Iterable[str | os.PathLike[str]]) -> None:
    """Assert that a reader claims none of these files, which belong to other readers."""
    for path in sample_paths:
        with Source(os.fspath(path)) as source:
            kind = reader.sniff(source.sample)
        assert kind is None, f"{reader.name} claims {os.fspath(path)} as {kind!r}, which is another reader's"


def _content(path: Path) -> tuple[bytes, bool]:
    """Decompressed content, and whether it is text."""
    with Source(str(path)) as source:
        is_text = source.sample.is_text()
        return b"".join(source.blocks()), is_text


def _plain_name(path: Path) -> str:
    return path.stem if path.suffix in (".gz", ".bz2", ".xz", ".zst") else path.name


def _check_description(reader: Reader) -> None:
    who = type(reader).__name__
    for word in ("name", "summary"):
        assert isinstance(getattr(reader, word, None), str), f"{who}.{word} must be a text"
    made = reader.Options
    assert dataclasses.is_dataclass(made), f"{who}.Options must be a frozen dataclass"
    assert made.__dataclass_params__.frozen, f"{who}.Options must be frozen"  # type: ignore[attr-defined]
    for option in dataclasses.fields(made):
        has_default = option.default is not dataclasses.MISSING or option.default_factory is not dataclasses.MISSING
        assert has_default, f"{who}.Options.{option.name} needs a default"
        assert option.metadata.get("help"), f"{who}.Options.{option.name} needs metadata={{'help': …}}"


def catalogue_readers(but: str) -> list[Reader]:
    """Every reader of the catalogue but one; a reader of ours whose module is not written yet is left out."""
    from flowsleuth.readers import READERS

    found: list[Reader] = []
    for name in READERS.names():
        if name == but:
            continue
        try:
            found.append(READERS.load(name)())
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith("flowsleuth.readers."):
                raise
    return found


def _check_sniff(case: ReaderCase, other_readers: Iterable[Reader] | None, sniffs: bool) -> None:
    others = catalogue_readers(case.reader.name) if other_readers is None else other_readers
    with Source(str(case.path)) as source:
        kind = case.reader.sniff(source.sample)
        if sniffs:
            assert kind, f"{case.reader.name} does not recognise its own sample {case.path}"
        else:
            assert kind is None, f"{case.reader.name} is used by name only, yet claims {case.path} as {kind!r}"
        for other in others:
            claim = other.sniff(source.sample)
            assert claim is None, f"{other.name} claims {case.path}, a sample of {case.reader.name}, as {claim!r}"


def _check_counts(
    case: ReaderCase,
    whole: ReadResult,
    expect_rows: Mapping[str, int],
    expect_rejects: int,
    expect_skipped: Mapping[str, int],
) -> None:
    wanted = {name: count for name, count in expect_rows.items() if count}
    assert whole.rows == wanted, (
        f"{case.path}: rows {whole.rows}, expected {wanted}; rejects: {first_of(whole.rejects)}"
    )
    found = len(whole.rejects)
    assert found == expect_rejects, (
        f"{case.path}: {found} rejects, expected {expect_rejects}: {first_of(whole.rejects)}"
    )
    assert whole.skipped == dict(expect_skipped), f"{case.path}: skipped {whole.skipped}, expected {expect_skipped}"


def _check_sum(case: ReaderCase, whole: ReadResult, total: int) -> None:
    """Rows + rejects + skipped = records; several rows of one record count once."""
    made = len(set().union(*(_ids(name, table) for name, table in whole.tables.items())))
    refused = sum(1 for reject in whole.rejects if reject.source_row > 0)
    skipped = sum(whole.skipped.values())
    assert made + refused + skipped == total, (
        f"{case.path}: {made} records became rows + {refused} rejects + {skipped} skipped, "
        f"but there are {total} records"
    )


def _ids(name: str, table: Any) -> list[int]:
    column = schema.table(name).id_column
    return table[column].to_pylist() if column else []


def _check_schema(case: ReaderCase, name: str, table: Any) -> None:
    wanted = schema.table(name).arrow_schema()
    differing = [f"{f.name}: {f.type}" for f in table.schema if f.name not in wanted.names or f != wanted.field(f.name)]
    assert table.schema.equals(wanted), (
        f"{case.path}: the {name} table has not the canonical schema; differing: {differing or 'order or absence'}"
    )


def _check_values(case: ReaderCase, name: str, table: Any, null_columns: set[str]) -> None:
    """Missing is null, not a stand-in; what is never null is not; what the sample does not say is null."""
    for column in schema.table(name).columns:
        values = table[column.name]
        where = f"{case.path}: {name}.{column.name}"
        if column.null == "never null":
            assert not values.null_count, f"{where} is null in {values.null_count} rows, but is never null"
        if column.name in null_columns:
            assert values.null_count == len(values), f"{where} must be null: the sample does not say it"
        if column.type == "string":
            stand_ins = {"", "-", "null", "None", "nan", "NaN", "(empty)"} & set(values.unique().to_pylist())
            assert not stand_ins, f"{where} has {stand_ins} where null is meant"
        if column.type == "float64":
            odd = [v for v in values.to_pylist() if v is not None and not math.isfinite(v)]
            assert not odd, f"{where} has {odd[:3]} where null is meant"
        if column.type == "timestamp":
            rows = [n for n, v in zip(table["source_row"].to_pylist(), _micros(values), strict=True) if v == 0]
            assert not rows, f"{where} is 1970-01-01 00:00:00 where null is meant, at source_row {rows[:3]}"
        if column.name == "duration_s":
            odd = [v for v in values.to_pylist() if v is not None and v < 0]
            assert not odd, f"{where} is negative: {odd[:3]}"


def _micros(values: Any) -> list[int | None]:
    """Timestamps as integers."""
    return list(values.cast("int64").to_pylist())


def _check_ids(case: ReaderCase, whole: ReadResult) -> None:
    again, other = case.read(), case.read(file_key=2)
    for name, table in whole.tables.items():
        ids = _ids(name, table)
        assert len(set(ids)) == len(ids), f"{case.path}: {len(ids) - len(set(ids))} ids of {name} are not unique"
        assert ids == _ids(name, again.tables[name]), f"{case.path}: ids of {name} differ on a second reading"
        assert not set(ids) & set(_ids(name, other.tables[name])), (
            f"{case.path}: ids of {name} do not depend on the file's key"
        )


def _check_zone(case: ReaderCase, whole: ReadResult, has_zone: bool) -> None:
    elsewhere = case.read(tz="Pacific/Kiritimati")
    for name, table in whole.tables.items():
        column = schema.table(name).time_column
        if not column or not len(table):
            continue
        here, there = (
            dict(zip(t["source_row"].to_pylist(), _micros(t[column]), strict=True))
            for t in (table, elsewhere.tables[name])
        )
        pairs = [(micros, there.get(row)) for row, micros in here.items()]
        if has_zone:
            assert all(a == b for a, b in pairs), f"{case.path}: {name}.{column} names its zone, yet tz changes it"
        else:
            assert all(a != b for a, b in pairs), f"{case.path}: {name}.{column} names no zone, yet tz changes nothing"
